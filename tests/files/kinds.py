"""The kinds of files that people write: how each is read, its schema, and examples."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from watchkeeper.alerts.reading import read_config
from watchkeeper.app.dashboards.file import read_dashboard
from watchkeeper.app.model_file import parse_model
from watchkeeper.app.people.oidc.config import SECRET, parse_oidc
from watchkeeper.cli.schema import Subject, schema_of
from watchkeeper.core.errors import InputError, ModelError
from watchkeeper.files.composing import CoreLoader
from watchkeeper.files.reader import Reader
from watchkeeper.incidents.oncall.file import read_on_call
from watchkeeper.incidents.runbooks.automation import read_automation
from watchkeeper.incidents.runbooks.parse import Block
from watchkeeper.incidents.runbooks.parse import blocks as fenced
from watchkeeper.monitors.conditions.names import Known, Vocabulary
from watchkeeper.monitors.rule_file import read_rules
from watchkeeper.monitors.rule_tests_file import read_rule_tests
from watchkeeper.monitors.slo.openslo import parse_openslo
from watchkeeper.monitors.slo.reading import parse_slos

DOCS = Path(__file__).parents[2] / "docs"
SECRETS = {SECRET: "x", "MINE": "y"}
WORDS = Vocabulary([Known("accuracy", worse="lower"), Known("f1", worse="lower")])

RULES = """
groups:
  - name: quality
    model: flights
    interval: 5m
    labels: {team: ml, tier: 1}
    time_zone: Europe/Berlin
    holidays: [2026-12-25, 2026-12-26]
    rules:
      - alert: LowAccuracy
        expr: accuracy < 0.9
        clear: accuracy > 0.92
        for: 10m
        keep_firing_for: 0
        window: 1d
        segment: origin
        by_version: true
        min_rows: 500
        no_data: {policy: ok, after: 3}
        on_error: keep
        limit: 10
        accepted: 2026-03-01T00:00
        allow_noisy: true
        severity: P1
        annotations: {summary: 'low', runbook_url: https://example.org/low}
      - alert: Drift
        no_data: keep
        budget: {false_alarms: 2, per: 30d, confidence: 0.95, watch: [accuracy, f1]}
"""
RULE_TESTS = """
rule_files: [rules.yaml]
evaluation_interval: 1m
group_eval_order: [quality]
tests:
  - name: accuracy falls
    interval: 1m
    constants: {a: 1.5}
    input_series:
      - {series: accuracy, values: 0.95x10 0.80x5 _x3, rows: 1000x20, low: 1x3, high: 1}
    input_events: [{slo: a, objective: 0.9, bad: 1 2, total: 3 4}]
    alert_rule_test:
      - eval_time: 12m
        alertname: LowAccuracy
        exp_alerts: [{exp_labels: {model: flights, severity: P1}, exp_annotations: {a: 1}}]
      - {eval_time: 1m, alertname: LowAccuracy, exp_alerts: }
"""
SLOS = """
slos:
  - name: answers
    model: flights
    description: in time
    objective: 99.9%
    window: 30d
    sli: {kind: latency, under_ms: 200}
    min_bad: 3
    labels: {team: ml}
    alerts: [{long: 1h, short: 5m, share: 2%, severity: page}, {long: 1d, share: 0.1}]
    maintenance: [2026-01-01..2026-01-02]
  - {name: accurate, sli: {kind: quality, metric: accuracy, target: 0.9, better: higher}}
  - {name: up, objective: 0.999, window: month, sli: availability}
  - {name: fresh, sli: {kind: freshness, within: 15m}, slice: 1h, no_data: bad}
  - {name: good, sli: {good: accuracy > 0.8}, budgeting: timeslices}
  - {name: sliced, objective: 95%, sli: availability, budgeting: timeslices, slice_target: 99%}
"""
ON_CALL = """
users:
  ana:
    name: Ana Ruiz
    zone: Europe/Madrid
    contacts: [{email: ana@example.com}, {receiver: ana-phone}, {slack: U1}, {phone: "+41"},
               {apprise: "tgram://x"}]
  bo: {}
schedules:
  primary:
    zone: Europe/Zurich
    layers:
      - name: week
        rotation: weekly
        every: 2
        users: [ana, bo]
        start: 2026-01-05
        handover: 10:30
        until: 2027-01-01T00:00
        priority: 1
        only: [{days: [mon-thu, sun], from: 08:00, to: 20:00}, {days: Friday, to: 24:00}]
      - {rotation: custom, every: 12h, users: bo, start: 2026-01-01, handover: "07:00"}
      - {calendar: "BEGIN:VCALENDAR\\r\\nVERSION:2.0\\r\\nPRODID:x\\r\\nEND:VCALENDAR\\r\\n"}
    overrides: [{user: bo, from: 2026-03-29T03:00, to: 2026-03-30T09:00+02:00}]
escalations:
  default:
    repeat: 2
    steps:
      - {notify: {schedule: primary}}
      - notify: [{user: ana}, {receiver: team}]
        wait: 15m
        when: {severity: [P0, SEV-0], zone: Europe/Zurich, hours: {from: 22:00, to: 06:00}}
"""
AUTOMATION = """
mode: approve
exceptions: {webhook: dry_run, latency/scale-up: auto}
limits:
  per_pair: 2
  per_pair_daily: 5
  per_pair_span: 15m
  in_all: 10
  in_all_span: 1h
  proven: 3
  freeze_after: 3
  freeze_span: 1h
  auto_off: 24h
  longest: 10m
  auto_when_major: false
freezes:
  - {days: [fri-sun], from: 16:00, to: "24:00", zone: Europe/Zurich, reason: weekend}
  - {start: 2026-12-20, end: 2027-01-04T09:00, reason: the year ends}
programs: [/opt/restart]
playbooks: [/srv/playbooks]
addresses: ["https://example.org/"]
namespaces: [ml]
secrets: [TOKEN]
mlflow_url: http://127.0.0.1:5000
fallback: {url: "https://example.org/on", off_url: "https://example.org/off", secret: TOKEN}
rollback: high-error-rate/previous-version
slack: {U024BE7LH: ann}
"""
ROUTING = """
global:
  resolve_timeout: 5m
  smtp_smarthost: smtp.example.com:587
  http_config: {follow_redirects: true}
route:
  receiver: chat
  group_by: [model, alertname]
  group_wait: 0s
  group_interval: 5m
  repeat_interval: 1y2d
  routes:
    - {matchers: ['severity=~"P0|P1"'], receiver: pager, continue: yes, group_by: ['...']}
    - match: {team: ml}
      match_re: {tier: '1|2'}
      mute_time_intervals: [weekends]
      active_time_intervals: [nights]
      routes: [{receiver: pager}]
receivers:
  - {name: chat, slack_configs: [{channel: '#ml'}], apprise_configs: []}
  - {name: pager, pagerduty_configs: [{routing_key: KEY}], webhook_configs: }
time_intervals:
  - name: weekends
    time_intervals: [{weekdays: [saturday, sunday], location: Europe/Berlin}]
mute_time_intervals:
  - name: nights
    time_intervals:
      - times: [{start_time: "22:00", end_time: "24:00"}]
        days_of_month: ["1:5", -1]
        months: ["january:march", 5]
        years: [2026, "2027:2028"]
inhibit_rules:
  - {source_matchers: [alertname=NoData], target_matchers: [kind=drift], equal: [model]}
  - {name: old, source_match: {a: 1}, source_match_re: {b: x}, target_match: {c: d},
     target_match_re: {e: f}}
templates: [a.tmpl]
"""
OPENSLO = """
apiVersion: openslo/v1
kind: SLO
metadata:
  name: answers
  labels: {team: [ml, ops], tier: 1}
  annotations: {watchkeeper/min-bad: 3, other: [1]}
spec:
  description: in time
  service: flights
  indicator:
    metadata: {name: in-time}
    spec:
      description: fast
      ratioMetric:
        counter: true
        good: {metricSource: {type: Watchkeeper, spec: {kind: latency, under_ms: 200}}}
        total: {metricSource: {type: Watchkeeper, spec: {kind: availability}}}
  timeWindow: [{duration: 1M, isRolling: false, calendar: {timeZone: UTC}}]
  budgetingMethod: Timeslices
  objectives:
    - {displayName: most, targetPercent: 95, timeSliceTarget: 0.95, timeSliceWindow: 1h}
  alertPolicies:
    - metadata: {name: burn}
      spec:
        conditions:
          - spec:
              severity: page
              condition: {kind: burnrate, op: gt, threshold: 2, lookbackWindow: 3d}
"""
OPENSLO_METRIC = """
apiVersion: openslo/v1
kind: SLO
metadata: {name: accurate}
spec:
  indicator:
    spec: {thresholdMetric: {metricSource: {type: Watchkeeper, spec: {metric: accuracy}}}}
  timeWindow: [{duration: 4w, isRolling: true}]
  budgetingMethod: Timeslices
  objectives: [{op: gte, value: 0.9, target: 0.95}]
"""
OIDC = """
issuer: https://id.example.org/realms/main
client_id: watchkeeper
client_secret_env: MINE
label: Sign in with Example
name_claim: email
role_claim: realm_access.roles
scopes: [profile, roles]
roles: {viewer: 7, editor: ml-team, admin: [ml-admins]}
default_role: viewer
"""
MODEL = """
name: late flights
task: binary
label: late
prediction: predicted
classes: ["false", "true"]
segments: [origin]
columns:
  temp: {kind: numeric, max_missing: 0.05, minimum: -30, maximum: 120}
  tailnum: text
  wind:
rules: [{name: departs, expr: temp < 3, target: 0.99}]
checks: [{metric: recall, fail_below: 0.4}]
thresholds: {max_missing: 0.1, fail_on: [performance, schema]}
"""

DASHBOARD = """
title: Late flights
description: By origin
window: 30d
panels:
  - kind: lines
    title: By origin
    size: full
    metrics: [roc_auc, latency_ms@p95]
    columns: temp
    model: flights
    version: 1
    segment: "origin:*"
    step: 1d
  - {kind: text, title: Words, text: look}
  - {kind: alerts, title: What fires, model: "*"}
"""


def read_routing(text: str) -> None:
    """A configuration of which nothing is passed over."""
    passed = [f"line {one.line}: {one.text}" for one in read_config(text).notices]
    said = [text for text in passed if text.endswith("is passed over")]
    if said:
        raise InputError("\n".join(said))


class Kind(NamedTuple):
    """A kind of file."""

    read: Callable[[str], object]
    schema: dict[str, Any]
    example: str

    def refused(self, text: str) -> str:
        """What its reader says is wrong with a text; empty where nothing is."""
        try:
            self.read(text)
        except (InputError, ModelError) as error:
            return str(error)
        return ""


KINDS = {
    "rules": Kind(lambda text: read_rules(text, vocabulary=WORDS), schema_of(Subject.RULES), RULES),
    "rule-tests": Kind(
        lambda text: read_rule_tests(text, WORDS), schema_of(Subject.RULE_TESTS), RULE_TESTS
    ),
    "slos": Kind(parse_slos, schema_of(Subject.SLOS), SLOS),
    "openslo": Kind(parse_openslo, schema_of(Subject.OPENSLO), OPENSLO),
    "openslo of a metric": Kind(parse_openslo, schema_of(Subject.OPENSLO), OPENSLO_METRIC),
    "alertmanager": Kind(read_routing, schema_of(Subject.ALERTMANAGER), ROUTING),
    "oncall": Kind(read_on_call, schema_of(Subject.ONCALL), ON_CALL),
    "automation": Kind(read_automation, schema_of(Subject.AUTOMATION), AUTOMATION),
    "oidc": Kind(lambda text: parse_oidc(text, SECRETS), schema_of(Subject.OIDC), OIDC),
    "dashboard": Kind(read_dashboard, schema_of(Subject.DASHBOARD), DASHBOARD),
    "model": Kind(parse_model, schema_of(Subject.MODEL), MODEL),
}


class _Core(Reader):
    LOADER = CoreLoader


def seen_by_an_editor(text: str) -> list[Any]:
    """The documents of a text as an editor has them before it looks at the schema: by YAML 1.2."""
    reader = _Core()
    found = [reader.plain(node, "the file") for node in reader.documents(text)]
    reader.finish()
    return found or [None]


def blocks(page: Path) -> Iterator[Block]:
    """The YAML in a page, fenced, wherever it stands."""
    text = page.read_text(encoding="utf-8")
    return (block for block in fenced(text) if block.info.lower() in {"yaml", "yml"})
