"""What the operator allows: read with line and column, as its schema says; by default nothing."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.files.kinds import seen_by_an_editor
from watchkeeper.core.errors import InputError
from watchkeeper.incidents.oncall.schedule import Hours
from watchkeeper.incidents.runbooks.addresses import may_reach, why_not_allowed
from watchkeeper.incidents.runbooks.automation import Automation, Fallback, read_automation
from watchkeeper.incidents.runbooks.automation_schema import automation_schema
from watchkeeper.incidents.runbooks.freezes import Closed, closed_now
from watchkeeper.incidents.runbooks.limits import Mode, Policy

wall = datetime.fromisoformat

WHOLE = """
mode: approve
exceptions:
  latency/scale-up: auto
  webhook: "off"
limits: {per_pair: 2, per_pair_span: 30m, in_all: 5, auto_when_major: true, longest: 90s}
programs: [/opt/restart]
playbooks: [/srv/playbooks]
addresses: ["https://models.example.com/admin"]
namespaces: [models]
secrets: [HOOK_SECRET]
mlflow_url: http://127.0.0.1:5000
fallback: {url: "https://models.example.com/fallback", secret: HOOK_SECRET}
freezes:
  - {days: fri-sun, from: "16:00", zone: Europe/Zurich, reason: the weekend}
  - {start: 2026-12-20, end: 2027-01-02T12:00, reason: the year ends}
rollback: latency/previous-version
slack: {U024BE7LH: ann}
"""


def test_a_whole_file() -> None:
    """Every key is read."""
    assert read_automation(WHOLE) == Automation(
        Policy(
            Mode.APPROVE,
            {"latency/scale-up": Mode.AUTO, "webhook": Mode.OFF},
            per_pair=2,
            per_pair_span=timedelta(minutes=30),
            in_all=5,
            auto_when_major=True,
            longest=timedelta(seconds=90),
            closed=(
                Closed("the weekend", "Europe/Zurich", Hours((4, 5, 6), time(16))),
                Closed("the year ends", start=wall("2026-12-20"), end=wall("2027-01-02T12:00")),
            ),
        ),
        ("/opt/restart",), ("/srv/playbooks",), ("https://models.example.com/admin",), ("models",),
        ("HOOK_SECRET",), "http://127.0.0.1:5000",
        Fallback("https://models.example.com/fallback", "", "HOOK_SECRET"),
        "latency/previous-version", {"U024BE7LH": "ann"},
    )  # fmt: skip


@pytest.mark.parametrize("text", ["", "# nothing\n", "mode: off", "{}"])
def test_nothing_is_allowed_by_default(text: str) -> None:
    """Neither by an empty file nor by one that says off."""
    assert read_automation(text).is_off
    assert read_automation(text) == Automation()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mode: aprove", "line 1, column 7: mode is 'aprove'; it may be .* did you mean 'approve'"),
        ("mod: approve", "line 1, column 1: the file has no 'mod'; did you mean 'mode'"),
        ("mode: auto\nlimits: {in_all: many}", "line 2, column 18: in_all is 'many'"),
        ("limits: {per_pair: 0}", "line 1, column 20: per_pair is '0'"),
        ("limits: {per_pair_span: 5s}", "line 1, column 25: per_pair_span is from 1m to 30d"),
        ("exceptions: {webhok: auto}", "column 22: 'webhok' is neither .* did you mean 'webhook'"),
        ("exceptions: {a/b: never}", "line 1, column 19: the mode of a/b is 'never'"),
        ("addresses: ['https://u:p@host/x']", "line 1, column 13: addresses is"),
        ("addresses: [example.com]", "line 1, column 13: addresses is 'example.com'"),
        ("secrets: ['my secret']", "line 1, column 11: secrets is 'my secret'"),
        ("playbooks: [here]", "line 1, column 13: playbooks is 'here'"),
        ("slack: {ann: ann}", "line 1, column 14: 'ann' is no id of a Slack user"),
        ("slack: [U024BE7LH]", "line 1, column 8: slack must hold keys and values"),
        ("rollback: latency", "line 1, column 11: rollback is 'latency'; write RUNBOOK/STEP"),
        ("limits: {longest: 1h}", "line 1, column 19: longest is from 1s to 30m"),
        ("freezes: [{reason: a}]", "line 1, column 11: a freeze has either `days`"),
        ("freezes: [{days: sat}]", "line 1, column 11: a freeze needs 'reason'"),
        ("freezes: [{reason: a, days: sat, end: 2026-01-01}]", "column 11: a freeze has either"),
        ("freezes: [{reason: a, days: satan-x}]", "column 29: 'satan-x' is no weekday"),
        ("freezes: [{reason: a, start: 2026-01-02, end: 2026-01-01}]", "column 47: .* ends before"),
        ("freezes: [{reason: a, start: 2026-01-02T00:00Z}]", "column 30: .* leave the offset out"),
        ("freezes: [{reason: a, days: sat, zone: X/Y}]", "column 40: zone: 'X/Y' is no time zone"),
        ("fallback: {off_url: 'https://a/b'}", "line 1, column 11: fallback needs 'url'"),
        ("- approve", "line 1, column 1: the file must hold keys and values"),
        ("mode: [", "this is no YAML"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, said: str) -> None:
    """Line, column, and what was perhaps meant."""
    with pytest.raises(InputError, match=f"automation.yaml, .*{said}"):
        read_automation(text)


def test_the_schema_takes_what_is_read() -> None:
    """And refuses what is refused."""
    schema = automation_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(seen_by_an_editor(WHOLE)[0], schema)
    for wrong in ({"mode": "aprove"}, {"mod": "auto"}, {"limits": {"in_all": 0}},
                  {"exceptions": {"webhok": "auto"}}, {"secrets": ["a b"]}, {"fallback": {}},
                  {"freezes": [{"days": "sat"}]}, {"slack": {"ann": "ann"}}):  # fmt: skip
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema)


WEEKEND = Closed("the weekend", "Europe/Zurich", Hours((4, 5, 6), time(16)))
YEAR = Closed("the year ends", "Asia/Tokyo", None, wall("2026-12-20"), wall("2027-01-02"))


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        (wall("2026-07-03T13:59"), ""),  # A Friday in summer: 15:59 in Zurich.
        (wall("2026-07-03T14:00"), "the weekend"),
        (wall("2026-12-04T14:00"), ""),  # A Friday in winter: 15:00.
        (wall("2026-12-04T15:00"), "the weekend"),
        (wall("2026-12-05T12:00"), ""),  # Hours of each of the days, not from one to the other.
        (wall("2026-12-06T22:59"), "the weekend"),
        (wall("2026-12-06T23:00"), ""),
        (wall("2026-12-19T14:59"), ""),
        (wall("2026-12-19T15:00"), "the weekend"),  # Both hold; the first is told.
        (wall("2026-12-22"), "the year ends until 2027-01-02 00:00 (Asia/Tokyo)"),
        (wall("2027-01-01T14:59"), "the year ends until 2027-01-02 00:00 (Asia/Tokyo)"),
    ],
)
def test_times_at_which_nothing_is_begun(at: datetime, reason: str) -> None:
    """On the wall of their zone, both sides of a change of the clocks."""
    found = closed_now([WEEKEND, YEAR], at.replace(tzinfo=UTC))
    assert ("" if found is None else found.said) == reason


ALLOWED = ["https://models.example.com/admin", "http://10.0.0.7:8080"]


@pytest.mark.parametrize(
    ("url", "may"),
    [
        ("https://models.example.com/admin", True),
        ("https://MODELS.example.com:443/admin/fallback?on=1", True),
        ("http://10.0.0.7:8080/anything", True),
        ("http://10.0.0.7/anything", False),
        ("http://models.example.com/admin", False),
        ("https://models.example.com/administrator", False),
        ("https://models.example.com/admin/../secrets", False),
        ("https://models.example.com/admin/%2e%2E/secrets", False),
        ("https://models.example.com/admin\\..\\secrets", False),
        ("https://models.example.com@evil.example/admin", False),
        ("https://models.example.com.evil.example/admin", False),
        ("https://models.example.com#@evil.example/admin", False),
        ("file:///etc/passwd", False),
        ("", False),
    ],
)
def test_addresses_are_those_that_are_named(url: str, may: bool) -> None:
    """Scheme, host and port, and whole segments of the path."""
    assert may_reach(url, ALLOWED) is may


@given(st.text(max_size=60))
def test_no_text_gets_out_of_an_address(tail: str) -> None:
    """Whatever is written behind another host's name, it is another host."""
    assert not may_reach(f"https://evil.example/{tail}", ALLOWED)
    assert not may_reach(f"https://evil.example{tail}", ["https://good.example"])


def test_what_may_not_be_touched() -> None:
    """Without an operator's word no address, no namespace and no other MLflow."""
    nothing = Automation()
    assert "`addresses`" in why_not_allowed("webhook", {"url": "https://a/b"}, nothing)
    assert "`addresses`" in why_not_allowed("mlflow", {"url": "https://a/b"}, nothing)
    assert why_not_allowed("mlflow", {"alias": "champion"}, nothing) == ""
    scale = {"resource": "deployment/a"}
    assert "without a namespace" in why_not_allowed("kubernetes_scale", scale, nothing)
    other = {**scale, "namespace": "kube-system"}
    mine = Automation(namespaces=("models",), addresses=("https://a",))
    assert "'kube-system'" in why_not_allowed("kubernetes_scale", other, mine)
    assert why_not_allowed("kubernetes_scale", {**scale, "namespace": "models"}, mine) == ""
    off = {"url": "https://a/on", "off_url": "https://evil.example/off"}
    assert "evil.example" in why_not_allowed("fallback", off, mine)
