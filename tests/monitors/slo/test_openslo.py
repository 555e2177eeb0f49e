"""OpenSLO v1: what is written is read back; what others write is read, or refused with why."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.core.errors import InputError
from watchkeeper.core.windows import Window
from watchkeeper.monitors.slo.check import check_slo
from watchkeeper.monitors.slo.objective import (
    DAYS,
    EVENT_PAIRS,
    SLICE_PAIRS,
    Indicator,
    Kind,
    Pair,
    Slo,
    Urgency,
)
from watchkeeper.monitors.slo.openslo import parse_openslo
from watchkeeper.monitors.slo.openslo_writing import write_openslo

INDICATORS = st.one_of(
    st.just(Indicator(Kind.AVAILABILITY)),
    st.builds(Indicator, st.just(Kind.LATENCY), under_ms=st.sampled_from([5.0, 200.0, 1e-3])),
    st.builds(Indicator, st.just(Kind.FRESHNESS), within=st.just(timedelta(minutes=90))),
    st.builds(
        Indicator,
        st.just(Kind.QUALITY),
        metric=st.sampled_from(["accuracy", "latency_ms@p95"]),
        target=st.sampled_from([0.9, -3.5, 1e-7]),
        better=st.sampled_from(["higher", "lower"]),
    ),
    st.just(Indicator(Kind.DRIFT_FREE)),
    st.builds(Indicator, st.just(Kind.CONDITION), good=st.sampled_from(["f1 > 0.5", "a: 'b'"])),
)


@st.composite
def objectives(draw):
    """SLOs that would be loaded."""
    indicator = draw(INDICATORS)
    sliced = indicator.kind.by_slice or draw(st.booleans())
    pairs = SLICE_PAIRS if sliced else EVENT_PAIRS
    pairs = draw(st.sampled_from([pairs, pairs[1:], ()]))
    start = datetime(2026, 3, 1, 12, tzinfo=UTC)
    calendar = draw(st.sampled_from([None, *DAYS]))
    period = timedelta(days=DAYS[calendar] if calendar else draw(st.sampled_from([28, 30])))
    slo = Slo(
        draw(st.sampled_from(["answers", "P95.EU_x", "0"])),
        draw(st.sampled_from([0.95, 0.9])) if sliced else draw(st.sampled_from([0.99, 0.9995])),
        indicator,
        draw(st.sampled_from([None, "flights", "all-models"])),
        draw(st.sampled_from(["", "two\nlines: 'and' more"])),
        period,
        calendar,
        budgeting="timeslices" if sliced else "occurrences",
        slice_target=0.99 if sliced and not indicator.kind.by_slice else None,
        no_data=draw(st.sampled_from(["ignore", "bad"])),
        min_bad=draw(st.sampled_from([1, 3])),
        pairs=pairs,
        maintenance=draw(st.sampled_from([(), (Window(start, start + timedelta(hours=1)),)])),
        labels=draw(st.sampled_from([{}, {"team": "ramp"}])),
    )
    bad = any(found.level == "error" for found in check_slo(slo))
    return slo if not bad else Slo("answers", 0.99, Indicator(Kind.AVAILABILITY))


def plain(slo):
    """An SLO without the place where it stood."""
    return {name: getattr(slo, name) for name in Slo.__slots__ if name not in {"line", "column"}}


@given(objectives())
def test_what_is_written_is_read_back(slo):
    """Nothing is lost on the way out and in."""
    [found] = parse_openslo(write_openslo([slo]))
    assert plain(found) == plain(slo)


def test_the_form_of_what_is_written():
    """Kinds, names and required fields are those of the specification."""
    slo = Slo("P95_fast", 0.99, Indicator(Kind.LATENCY, under_ms=200), "Flights EU")
    documents = list(yaml.safe_load_all(write_openslo([slo])))
    assert [d["kind"] for d in documents] == ["Service", "AlertNotificationTarget", "SLO"]
    for document in documents:
        assert document["apiVersion"] == "openslo/v1"
        assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", document["metadata"]["name"])
    spec = documents[-1]["spec"]
    assert spec["budgetingMethod"] == "Occurrences"
    assert spec["objectives"][0]["target"] == 0.99
    assert spec["timeWindow"] == [{"duration": "30d", "isRolling": True}]
    conditions = [policy["spec"]["conditions"] for policy in spec["alertPolicies"]]
    assert [len(held) for held in conditions] == [1, 1, 1, 1]
    first = conditions[0][0]["spec"]
    assert (first["severity"], first["condition"]["lookbackWindow"]) == ("page", "1h")
    assert first["condition"]["threshold"] == 14.4


FOREIGN = """\
apiVersion: openslo/v1
kind: SLI
metadata: {name: fast}
spec:
  ratioMetric:
    counter: true
    good: {metricSource: {type: Watchkeeper, spec: {kind: latency, under_ms: 100}}}
    total: {metricSource: {type: Watchkeeper, spec: {kind: all}}}
---
apiVersion: openslo/v1
kind: AlertCondition
metadata: {name: fast-burn}
spec:
  severity: page
  condition: {kind: burnrate, op: gte, threshold: 14.4, lookbackWindow: 1h, alertAfter: 5m}
---
apiVersion: openslo/v1
kind: AlertPolicy
metadata: {name: burns}
spec:
  alertWhenBreaching: true
  conditions: [{conditionRef: fast-burn}]
  notificationTargets: [{targetRef: people}]
---
apiVersion: openslo/v1
kind: AlertNotificationTarget
metadata: {name: people}
spec: {target: email}
---
apiVersion: openslo/v1
kind: SLO
metadata:
  name: fast
  labels: {team: [a, b]}
spec:
  service: flights
  indicatorRef: fast
  timeWindow: [{duration: 1M, calendar: {startTime: 2026-01-01 00:00:00, timeZone: UTC}}]
  budgetingMethod: Occurrences
  objectives:
    - {displayName: ours, targetPercent: 99.95}
    - {displayName: theirs, target: 0.999}
  alertPolicies: [{alertPolicyRef: burns}]
"""


def test_objects_that_refer_to_one_another():
    """SLI, policy and condition stand apart; two objectives are two SLOs."""
    one, two = parse_openslo(FOREIGN)
    assert (one.name, two.name) == ("fast", "fast-2")
    assert (one.objective, two.objective) == (0.9995, 0.999)
    assert (one.model, one.calendar, one.period) == ("flights", "month", timedelta(days=30))
    assert one.indicator == Indicator(Kind.LATENCY, under_ms=100)
    hour = timedelta(hours=1)
    assert one.pairs == (Pair(hour, hour / 12, 0.02, Urgency.PAGE),)
    assert one.labels == {"team": "a,b"}


def test_thresholds_over_slices():
    """A metric against a value, by slices of five minutes."""
    text = FOREIGN.replace("indicatorRef: fast", "indicatorRef: good")
    text = text.replace("Occurrences", "Timeslices").replace(
        "- {displayName: ours, targetPercent: 99.95}\n    - {displayName: theirs, target: 0.999}",
        "- {op: lte, value: 0.2, target: 0.95, timeSliceTarget: 1, timeSliceWindow: 5}",
    )
    text += """\
---
apiVersion: openslo/v1
kind: SLI
metadata: {name: good}
spec: {thresholdMetric: {metricSource: {type: Watchkeeper, spec: {metric: log_loss}}}}
"""
    text = text.replace("threshold: 14.4, lookbackWindow: 1h", "threshold: 3, lookbackWindow: 1d")
    [slo] = parse_openslo(text)
    assert slo.indicator == Indicator(Kind.QUALITY, metric="log_loss", target=0.2, better="lower")
    assert (slo.budgeting, slo.slice) == ("timeslices", timedelta(minutes=5))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            "openslo/v1\nkind: SLO",
            "openslo/v2\nkind: SLO",
            "apiVersion is 'openslo/v2'; openslo/v1",
        ),
        ("kind: SLO\n", "kind: SLOO\n", "'SLOO' is not allowed; use Service, SLI, SLO"),
        ("indicatorRef: fast", "indicatorRef: fats", "there is no SLI 'fats'; did you mean 'fast'"),
        ("alertPolicyRef: burns", "alertPolicyRef: x", "there is no AlertPolicy 'x'"),
        ("conditionRef: fast-burn", "conditionRef: fast_burn", "did you mean 'fast-burn'"),
        (
            "type: Watchkeeper, spec: {kind: lat",
            "type: Datadog, spec: {kind: lat",
            "from 'Datadog'",
        ),
        ("kind: latency, under_ms", "kind: latency, under", "needs under_ms"),
        ("timeZone: UTC", "timeZone: America/New_York", "calendar windows begin at midnight UTC"),
        ("duration: 1M", "duration: 5d", "a calendar window is 1w, 1M, 1Q or 1Y here"),
        ("duration: 1M", "duration: 1 month", "'1 month' is no length"),
        (
            "target: 0.999}",
            "target: 0.999, targetPercent: 9}",
            "either `target` or `targetPercent`",
        ),
        ("targetPercent: 99.95", "targetPercent: 100", "under 100"),
        ("budgetingMethod: Occurrences", "budgetingMethod: occurences", "use Occurrences, Timesl"),
        ("threshold: 14.4, ", "", "threshold is missing from a burn-rate condition"),
        ("metadata: {name: burns}", "metadata: {}", "metadata.name is missing"),
        ("objectives:", "objctives:", "did you mean 'objectives'"),
        ("  indicatorRef: fast\n", "", "either `indicator` or `indicatorRef`"),
    ],
)
def test_what_is_wrong_is_told(before, after, said):
    """Each problem with its line and the nearest name."""
    assert before in FOREIGN
    with pytest.raises(InputError) as error:
        parse_openslo(FOREIGN.replace(before, after), name="o.yaml")
    assert said in str(error.value)
    assert str(error.value).startswith("o.yaml, line ")


def test_unreachable_alerts_of_others_are_refused():
    """A policy that could never fire is no better in another format."""
    text = FOREIGN.replace("99.95", "90")
    with pytest.raises(InputError, match="can never fire"):
        parse_openslo(text)


def test_a_broken_annotation():
    """A pair that cannot be read names itself."""
    slo = Slo("answers", 0.99, Indicator(Kind.AVAILABILITY))
    text = write_openslo([slo]).replace("page 1h/5m 2%", "page 1h 2%")
    with pytest.raises(InputError, match="'page 1h 2%' is no pair of windows"):
        parse_openslo(text)
