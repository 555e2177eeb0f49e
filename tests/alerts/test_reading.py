"""Alertmanager's configuration file: what is read, and what is said where it is wrong."""

from __future__ import annotations

import subprocess
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.alerts.alertmanager import AMTOOL, needs_amtool
from watchkeeper.alerts.config import default_config
from watchkeeper.alerts.reading import read_config
from watchkeeper.alerts.routing import routes_for, walk
from watchkeeper.core.errors import InputError

WHOLE = """
global:
  resolve_timeout: 10m
  smtp_smarthost: 'localhost:25'
  smtp_from: 'wk@example.org'
  slack_api_url: 'http://localhost/slack'
  victorops_api_key: key
  opsgenie_api_key: key
  smtp_require_tls: false
templates: ['templates/*.tmpl']
time_intervals:
- name: night
  time_intervals:
  - times: [{start_time: '22:00', end_time: '24:00'}, {start_time: 00:00, end_time: '06:00'}]
    weekdays: ['monday:friday', Sunday]
    days_of_month: ['1:5', '-3:-1', '20']
    months: ['january:march', '12']
    years: ['2026:2030', 2040]
    location: Europe/Berlin
mute_time_intervals:
- name: ever
  time_intervals: [{}]
route: &root
  receiver: chat
  group_by: [model, alertname]
  group_wait: 10s
  group_interval: 1m30s
  repeat_interval: 1w2d
  routes:
  - match: {team: ml}
    match_re: {model: 'fl.*|taxis'}
    receiver: pager
    group_by: ['...']
    continue: true
    mute_time_intervals: [night]
    routes:
    - matchers: ['severity="P0"', 'kind!~"a|b"']
      active_time_intervals: [night, ever]
      group_wait: 0s
      repeat_interval: 1y
  - matchers: ['{team=~"data|web", x!=""}']
    group_by: []
inhibit_rules:
- source_match: {alertname: NoData}
  source_match_re: {severity: 'P0|P1'}
  target_matchers: ['severity=~"P2|P3"', 'kind="drift"']
  equal: [model, version]
receivers:
- name: chat
  slack_configs:
  - {channel: '#ml', title: '{{ .CommonLabels.alertname }}', send_resolved: true}
  - channel: '#data'
- name: pager
  pagerduty_configs: [{routing_key: key}]
  webhook_configs: [{url: 'http://localhost/', max_alerts: 5, http_config: {bearer_token: x}}]
  email_configs: [{to: 'ml@example.org'}]
  opsgenie_configs: [{}]
  victorops_configs: [{routing_key: key}]
"""


def test_everything_is_read():
    """Routes with what they inherit, receivers by kind, hours, inhibition, global settings."""
    config = read_config(WHOLE)
    root, ml, p0, data = walk(config.route)
    assert (root.receiver, root.group_by) == ("chat", ("model", "alertname"))
    assert root.group_interval == timedelta(seconds=90)
    assert root.repeat_interval == timedelta(days=9)
    assert (ml.receiver, ml.group_by, ml.goes_on, ml.mute) == ("pager", None, True, ("night",))
    assert [str(one) for one in ml.matchers] == ['model=~"^(?:fl.*|taxis)$"', 'team="ml"']
    assert (p0.receiver, p0.group_by, p0.mute) == ("pager", None, ())
    assert (p0.group_wait, p0.group_interval) == (timedelta(), timedelta(seconds=90))
    assert p0.repeat_interval == timedelta(days=365)
    assert p0.active == ("night", "ever")
    assert (data.receiver, data.group_by) == ("chat", ("model", "alertname"))
    assert config.resolve_timeout == timedelta(minutes=10)
    assert config.globals["smtp_from"] == "wk@example.org"
    assert config.globals["smtp_require_tls"] is False
    kinds = [(one.kind, one.send_resolved) for one in config.receivers["pager"].integrations]
    assert kinds == [
        ("pagerduty", True),
        ("webhook", True),
        ("email", False),
        ("opsgenie", True),
        ("victorops", True),
    ]
    assert [one.send_resolved for one in config.receivers["chat"].integrations] == [True, False]
    assert config.receivers["pager"].integrations[1].settings["http_config"] == {
        "bearer_token": "x"
    }
    (night,) = config.intervals["night"]
    assert night.times == ((1320, 1440), (0, 360))
    assert night.weekdays == ((1, 5), (0, 0))
    assert night.days == ((1, 5), (-3, -1), (20, 20))
    assert night.months == ((1, 3), (12, 12))
    assert night.years == ((2026, 2030), (2040, 2040))
    assert night.zone == "Europe/Berlin"
    (rule,) = config.inhibit_rules
    assert [str(one) for one in rule.source] == ['alertname="NoData"', 'severity=~"^(?:P0|P1)$"']
    assert rule.equal == ("model", "version")
    assert [one.line for one in config.notices] == [10, 51]


@needs_amtool
def test_amtool_takes_the_same_file(tmp_path):
    """What is read here is a file that Alertmanager takes."""
    assert check(WHOLE, tmp_path) == 0


def check(text, folder):
    """The exit status of Alertmanager's own check."""
    path = folder / "alertmanager.yml"
    path.write_text(text, encoding="utf-8")
    words = [str(AMTOOL), "check-config", str(path)]
    return subprocess.run(words, capture_output=True, timeout=60, check=False).returncode


END = "\nreceivers: [{name: a}]\n"
WRONG = [
    ("route: {receiver: b}" + END, 1, 19, "no receiver 'b'; there are: a"),
    ("route: {receiver: a, group_wat: 5s}" + END, 1, 22, "no key 'group_wat'; did you mean"),
    ("route: {group_by: [x]}" + END, 1, 8, "the root route has no receiver"),
    ("receivers: [{name: a}]", 1, 1, "there is no route"),
    ("route: {receiver: a, matchers: [x=1]}" + END, 1, 32, "move matchers to a child"),
    ("route: {receiver: a, continue: true}" + END, 1, 32, "nothing after it"),
    ("route: {receiver: a, group_wait: 5x}" + END, 1, 34, "'5x' is no length of time"),
    ("route: {receiver: a, group_interval: 0s}" + END, 1, 38, "group_interval is 0"),
    ("route: {receiver: a, repeat_interval: 0s}" + END, 1, 39, "repeat_interval is 0"),
    ("route: {receiver: a, group_by: [x, x]}" + END, 1, 32, "the label 'x' twice"),
    ("route: {receiver: a, group_by: [x, '...']}" + END, 1, 32, "`...` and other labels"),
    ("route: {receiver: a, routes: [{matchers: ['x~1']}]}" + END, 1, 43, "'x~1' is no matcher"),
    ("route: {receiver: a, routes: [{matchers: ['x=~(']}]}" + END, 1, 43, "no regular expression"),
    ("route: {receiver: a, routes: [{match_re: {x: '('}}]}" + END, 1, 46, "no regular expression"),
    ("route: {receiver: a, routes: [{mute_time_intervals: [n]}]}" + END, 1, 54, "no time interval"),
    ("route: {receiver: a, routes: {}}" + END, 1, 30, "routes is a list"),
    ("route: {receiver: a}\nreceivers: [{name: a}, {name: a}]", 2, 31, "two receivers 'a'"),
    ("route: {receiver: a}\nreceivers: [{name: a}, {}]", 2, 24, "a receiver has no name"),
    ("route: {receiver: a}\nreceivers: [{name: a, slack_config: []}]", 2, 37, "'slack_configs'?"),
    ("inhibit_rules: [{source_match: {a: 1}, eqal: [b]}]\nroute: {receiver: a}" + END, 1, 40, "eq"),
    ("tim_intervals: []\nroute: {receiver: a}" + END, 1, 16, "did you mean 'time_intervals'?"),
    ("global: {resolve_timout: 5m}\nroute: {receiver: a}" + END, 1, 26, "'resolve_timeout'?"),
    ("route: {receiver: a, receiver: a}" + END, 1, 22, "the key 'receiver' twice"),
]
INTERVALS = [
    ("times: [{start_time: '25:00', end_time: '24:00'}]", "'25:00' is no time of day"),
    ("times: [{start_time: '12:00', end_time: '08:00'}]", "start_time is not before end_time"),
    ("times: [{start_time: '12:00'}]", "no end_time"),
    ("weekdays: [fryday]", "did you mean 'friday'?"),
    ("weekdays: ['friday:monday']", "ends before it begins"),
    ("days_of_month: ['0']", "'0' is no day"),
    ("days_of_month: ['32']", "'32' is no day"),
    ("days_of_month: ['-1:5']", "begins at the month's end"),
    ("days_of_month: ['5:1']", "ends before it begins"),
    ("months: ['13']", "there is no '13'"),
    ("years: ['now']", "'now' is no whole number"),
    ("location: Europe/Berln", "did you mean 'Europe/Berlin'?"),
]


@pytest.mark.parametrize(("text", "line", "column", "told"), WRONG, ids=range(len(WRONG)))
def test_what_is_wrong_is_told_with_its_place(text, line, column, told):
    """Line, column, and the nearest valid name."""
    with pytest.raises(InputError) as caught:
        read_config(text, name="am.yml")
    first = str(caught.value).splitlines()[0]
    assert first.startswith(f"am.yml, line {line}, column {column}: ")
    assert told in first


@needs_amtool
@pytest.mark.parametrize("text", [one[0] for one in WRONG], ids=range(len(WRONG)))
def test_what_is_wrong_here_is_wrong_there(text, tmp_path):
    """Nothing is refused that Alertmanager takes."""
    assert check(text, tmp_path) != 0


@pytest.mark.parametrize(("spec", "told"), INTERVALS, ids=range(len(INTERVALS)))
def test_wrong_hours(spec, told):
    """Hours that are none, with the reason."""
    text = f"time_intervals: [{{name: n, time_intervals: [{{{spec}}}]}}]\nroute: {{receiver: a}}"
    with pytest.raises(InputError, match=r"line 1, column \d+: ") as caught:
        read_config(text + END)
    assert told in str(caught.value)


@needs_amtool
@pytest.mark.parametrize("spec", [one[0] for one in INTERVALS if "13" not in one[0]])
def test_wrong_hours_are_wrong_there(spec, tmp_path):
    """Nothing is refused that Alertmanager takes, but a month that never comes."""
    text = f"time_intervals: [{{name: n, time_intervals: [{{{spec}}}]}}]\nroute: {{receiver: a}}"
    assert check(text + END, tmp_path) != 0


def test_all_problems_are_told_at_once():
    """One line each, in the order of the file."""
    with pytest.raises(InputError) as caught:
        read_config("route: {receiver: b, group_wait: x}\nreceivers: [{name: a}, {name: a}]\nx: 1")
    assert [line.split(":")[0] for line in str(caught.value).splitlines()] == [
        "alertmanager.yml, line 1, column 19",
        "alertmanager.yml, line 1, column 34",
        "alertmanager.yml, line 2, column 31",
    ]


def test_no_yaml_at_all():
    """The place where the reader gave up."""
    with pytest.raises(InputError, match=r"am.yml, line 1, column \d+: this is no YAML"):
        read_config("route: {", name="am.yml")


def test_unknown_kinds_are_kept_by_name():
    """Another part says what it cannot deliver; settings that are new are passed over and told."""
    config = read_config(
        "route: {receiver: a}\nreceivers: [{name: a, pigeon_configs: [{loft: 3}]}]\n"
        "quantum: {x: 1}\nglobal: {pigeon_speed: 80}"
    )
    (pigeon,) = config.receivers["a"].integrations
    assert (pigeon.kind, pigeon.settings, pigeon.send_resolved) == ("pigeon", {"loft": 3}, False)
    assert [one.text for one in config.notices] == [
        "the setting 'quantum' is passed over",
        "the setting 'pigeon_speed' is passed over",
    ]


def test_anchors_and_merges_are_followed():
    """What YAML lets one write once is read in each place."""
    config = read_config(
        "route:\n  receiver: a\n  routes:\n  - &one\n    matchers: [x=1]\n    group_wait: 5s\n"
        "  - <<: *one\n    group_wait: 7s\n" + END
    )
    waits = [route.group_wait.seconds for route in config.route.routes]
    assert waits == [5, 7]


def test_twins_have_keys_of_their_own():
    """Two routes with the same matchers, and what is below them, do not share groups."""
    child = "{matchers: [x=1], continue: true, routes: [{matchers: [y=2]}]}"
    config = read_config(f"route: {{receiver: a, routes: [{child}, {child}]}}" + END)
    keys = [route.key for route in walk(config.route)]
    assert keys == [
        "{}",
        '{}/{x="1"}',
        '{}/{x="1"}/{y="2"}',
        '{}/{x="1"}#2',
        '{}/{x="1"}#2/{y="2"}',
    ]
    assert len(routes_for(config, {"x": "1", "y": "2"})) == 2


def test_routes_that_hold_themselves():
    """An anchor within itself is refused, not followed for ever."""
    with pytest.raises(InputError, match="nested more than 64 deep"):
        read_config("route: &r {receiver: a, routes: [*r]}" + END)


def test_the_default_reads_back():
    """The configuration where there is none is that of the text that it shows."""
    default = default_config()
    read = read_config(default.text)
    assert (read.route, dict(read.receivers)) == (default.route, dict(default.receivers))


words = st.sampled_from(
    ["route", "receiver", "receivers", "name", "a", "routes", "matchers", "x=1", "group_by", "5m",
     "time_intervals", "times", "match", "global", "continue", "true", "inhibit_rules", "equal"]
)  # fmt: skip
trees = st.recursive(
    words | st.none() | st.integers(0, 9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(words, trees, max_size=5))
def test_any_tree_is_read_or_refused(tree):
    """Nothing but our own error comes out of a file of the wrong shape."""
    import yaml

    try:
        config = read_config(yaml.safe_dump(tree))
    except InputError as error:
        assert "alertmanager.yml, line" in str(error)  # noqa: PT017 (either is right)
    else:
        assert config.route.receiver in config.receivers
