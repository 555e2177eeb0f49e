"""Rule files: what they hold, and that everything that is wrong is told with its place."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.monitors.conditions.vocabulary import WORDS
from watchkeeper.core.alert import Severity
from watchkeeper.core.errors import InputError
from watchkeeper.monitors.rule import Budget, Group, Rule
from watchkeeper.monitors.rule_file import GROUP_KEYS, RULE_KEYS, RuleFileError, read_rules
from watchkeeper.monitors.rule_file_schema import GROUP, RULE, rule_schema
from watchkeeper.monitors.rule_file_writing import write_rules

FULL = """
groups:
  - name: quality
    interval: 5m
    model: flights
    labels: {team: airline}
    rules:
      - alert: Low
        expr: accuracy < 0.9
        clear: accuracy > 0.92
        for: 1h30m
        keep_firing_for: 10m
        severity: P1
        window: 6h
        segment: airport
        by_version: true
        min_rows: 200
        no_data: {policy: keep, after: 3}
        on_error: ok
        limit: 10
        labels: {kind: performance}
        annotations:
          summary: "{{ $labels.model }}: {{ $value }}"
          runbook_url: https://example.org/low
      - alert: Drift
        budget: {false_alarms: 2, per: 30d, confidence: 0.95, watch: [psi, accuracy]}
        severity: P2
"""


def problems(text, words=WORDS):
    """Line, column and message of everything that is wrong."""
    with pytest.raises(RuleFileError) as caught:
        read_rules(text, source="rules.yaml", vocabulary=words)
    return [(one.line, one.column, one.message) for one in caught.value.problems]


# ---- what is read ----------------------------------------------------------------------------


def test_everything_that_a_rule_can_say():
    """Each key becomes its field."""
    (group,) = read_rules(FULL, vocabulary=WORDS)
    assert (group.name, group.model, group.labels) == ("quality", "flights", {"team": "airline"})
    assert group.interval == timedelta(minutes=5)
    low, drift = group.rules
    assert low == Rule(
        "Low", "accuracy < 0.9", timedelta(minutes=90), timedelta(minutes=10), timedelta(hours=6),
        "airport", by_version=True, min_rows=200, clear="accuracy > 0.92", no_data="keep",
        no_data_after=3, on_error="ok", severity=Severity.P1, labels={"kind": "performance"},
        annotations={"summary": "{{ $labels.model }}: {{ $value }}",
                     "runbook_url": "https://example.org/low"},
        limit=10, line=8, column=9,
    )  # fmt: skip
    assert drift.budget == Budget(2.0, timedelta(days=30), 0.95, ("psi", "accuracy"))
    assert drift.expr == ""


def test_what_is_not_said_is_as_by_default():
    """The least rule."""
    (group,) = read_rules("groups: [{name: g, rules: [{alert: A, expr: f1 < 0.5}]}]")
    assert group == Group("g", (Rule("A", "f1 < 0.5", line=1, column=28),))


@pytest.mark.parametrize(
    "text",
    [
        "- alert: HighLatency\n  expr: latency_p95 > 200\n  for: 10m\n  severity: P1",
        "alert: HighLatency\nexpr: latency_p95 > 200\nfor: 10m\nseverity: P1",
        "\ufeff- {alert: HighLatency, expr: latency_p95 > 200, for: 10m, labels: {severity: P1}}",
    ],
    ids=["list", "one", "severity among labels"],
)
def test_rules_without_groups(text):
    """A list of rules, or one rule, is a group; a severity may be a label."""
    (group,) = read_rules(text, vocabulary=WORDS)
    (rule,) = group.rules
    assert (group.name, rule.alert, rule.for_) == ("rules", "HighLatency", timedelta(minutes=10))
    assert (rule.severity, rule.labels) == (Severity.P1, {})


def test_words_for_severities():
    """critical, warning and info stand for P1, P2 and P3; as labels they stay what they are."""
    (group,) = read_rules(
        "- {alert: a, expr: f1 < 1.0, severity: critical}\n"
        "- {alert: b, expr: f1 < 1.0, severity: warning}\n"
        "- {alert: c, expr: f1 < 1.0, labels: {severity: page}}"
    )
    assert [rule.severity for rule in group.rules] == [Severity.P1, Severity.P2, None]
    assert group.rules[2].labels == {"severity": "page"}


def test_anchors_and_merges():
    """A part may be named and used again; what stands beside a merge wins."""
    text = """
groups:
  - name: g
    rules:
      - &base {alert: A, expr: f1 < 0.5, for: 5m, labels: &labels {team: a}}
      - {<<: *base, alert: B}
      - {alert: C, expr: f1 < 0.1, labels: *labels}
"""
    rules = read_rules(text, vocabulary=WORDS)[0].rules
    assert [(rule.alert, rule.expr) for rule in rules] == [
        ("A", "f1 < 0.5"), ("B", "f1 < 0.5"), ("C", "f1 < 0.1"),
    ]  # fmt: skip
    assert rules[1].for_ == timedelta(minutes=5)
    assert rules[2].labels == {"team": "a"}


def test_texts_stay_as_they_are_written():
    """YAML 1.1 would make a truth of `no`, a number of 1e3 and a time of 12:30."""
    (group,) = read_rules("alert: no\nexpr: f1 < 0.5\nlabels: {a: 1e3, b: 12:30, c: true, d: }")
    assert group.rules[0].alert == "no"
    assert group.rules[0].labels == {"a": "1e3", "b": "12:30", "c": "true", "d": ""}


@pytest.mark.parametrize("text", ["", "# nothing\n", "groups: []"])
def test_a_file_without_rules(text):
    """There is nothing in it, and nothing wrong with it."""
    assert read_rules(text, vocabulary=WORDS) == ()


# ---- what is wrong ---------------------------------------------------------------------------


def test_all_problems_are_told_at_once():
    """In the order of the file, each with line and column."""
    found = problems("""groups:
  - name: a
    interval: 1 minute
    rules:
      - alert: X
        expr: |
          acuracy < 0.9
            && f1 > 2
        fro: 5m
        severity: P7
        labels: {alertname: x, 1a: b}
      - alert: Y
        expr: f1 < 0.5
        expr: f1 < 0.4
      - record: r
        expr: f1
      - budget: {per: 0d, confidence: 3, watch: [pis]}
  - name: a
    rulez: []
""")
    assert [(line, column) for line, column, _ in found] == [
        (3, 15), (7, 11), (9, 9), (10, 19), (11, 18), (11, 32), (14, 9), (15, 9), (17, 9),
        (17, 23), (17, 39), (17, 50), (18, 5), (18, 5), (19, 5),
    ]  # fmt: skip
    told = [message for *_, message in found]
    assert "did you mean 'accuracy'" in told[1]
    assert told[2] == "unknown key 'fro'; did you mean 'for'?"
    assert "did you mean 'psi'?" in told[11]
    assert told[14] == "unknown key 'rulez'; did you mean 'rules'?"


@pytest.mark.parametrize(
    ("text", "place", "told"),
    [
        ("alert: A\nexpr: f1 < 0.5\nname: B", (3, 1), "did you mean 'alert'?"),
        ("alert: A\nexpr: f1 < 0.5\nxyz: B", (3, 1), "; a rule has alert, expr, budget"),
        ("alert: A", (1, 1), "has no `expr`"),
        ("expr: f1 < 0.5", (1, 1), "has no `alert`"),
        ("alert:\nexpr: f1 < 0.5", (1, 7), "alert is empty"),
        ("alert: A\nexpr:", (2, 6), "expr is empty"),
        ("alert: [A]\nexpr: f1 < 0.5", (1, 8), "alert is a text; here is a list"),
        ("alert: A\nexpr: f1 < 0.5\nfor: 5", (3, 6), "for: '5' is no length of time"),
        ("alert: A\nexpr: f1 < 0.5\nwindow: 0s", (3, 9), "window is no time at all"),
        ("alert: A\nexpr: f1 < 0.5\nmin_rows: many", (3, 11), "is a whole number; here is 'many'"),
        ("alert: A\nexpr: f1 < 0.5\nmin_rows: 0", (3, 11), "it must be at least 1"),
        ("alert: A\nexpr: f1 < 0.5\nmin_rows: 1.5", (3, 11), "is a whole number"),
        ("alert: A\nexpr: f1 < 0.5\nlimit: .inf", (3, 8), "limit is a whole number"),
        ("alert: A\nexpr: f1 < 0.5\nlimit: inf", (3, 8), "limit is a whole number"),
        ("alert: A\nexpr: f1 < 0.5\nlimit: nan", (3, 8), "limit is a whole number"),
        ("alert: A\nexpr: f1 < 0.5\nby_version: yes", (3, 13), "is true or false"),
        ("alert: A\nexpr: f1 < 0.5\nno_data: alrt", (3, 10), "did you mean 'alert'?"),
        ("alert: A\nexpr: f1 < 0.5\nno_data: {policy: ok, for: 2}", (3, 23), "unknown key 'for'"),
        ("alert: A\nexpr: f1 < 0.5\nno_data: {after: 0}", (3, 18), "it must be at least 1"),
        ("alert: A\nexpr: f1 < 0.5\non_error: {policy: ok}", (3, 11), "is one of alert, keep, ok"),
        ("alert: A\nexpr: f1 < 0.5\nlabels: [a]", (3, 9), "holds keys and values; here is a list"),
        ("alert: A\nexpr: f1 < 0.5\nlabels: {a: [b]}", (3, 13), "a is a text; here is a list"),
        ("alert: A\nexpr: f1 < 0.5\nlabels: {a-b: c}", (3, 10), "'a-b' is no name of a label"),
        ("alert: A\nexpr: f1 < 0.5\nseverity: P1\nlabels: {severity: P2}", (3, 11), "is P1 here"),
        ("alert: A\nexpr: f1 < 0.5\nseverity: P1\nlabels: {severity: x}", (3, 11), "remove one"),
        ("alert: A\nexpr: f1 < 0.5\nbudget: {}", (2, 7), "the budget decides"),
        ("alert: A\nbudget: {}\nclear: f1 > 0.5", (3, 8), "has no `clear`"),
        ("alert: A\nclear: f1 > 0.5", (1, 1), "has no `expr`"),
        ("alert: A\nexpr: f1 < 0.5\nclear: f1 > x", (3, 13), "clear: there is no metric 'x'"),
        ("alert: A\nbudget: 1 in 90d", (2, 9), "a budget holds keys and values"),
        ("alert: A\nexpr: f1 < 0.5\nfor: 5m\nfor: 6m", (4, 1), "'for' stands twice"),
        ("record: a\nexpr: f1", (1, 1), "recording rules"),
        ("groups: {}", (1, 9), "groups is a list"),
        ("groups:\n- name: a", (2, 3), "has no 'rules'"),
        ("groups:\n- rules: []", (2, 3), "has no 'name'"),
        ("groups:\n- 5", (2, 3), "a group holds keys and values; here is '5'"),
        ("group: []", (1, 1), "did you mean 'groups'?"),
        ("{}", (1, 1), "begin with `groups:`"),
        ("just text", (1, 1), "a rule file holds keys and values"),
        ("groups: []\n? [a]\n: b", (2, 3), "a key of a rule file is a plain word"),
        ("- a\n- {alert: A, expr: f1 < 0.5}", (1, 3), "a rule holds keys and values"),
        ("a: b: c", (1, 5), "this is no YAML"),
        ("a: *b", (1, 4), "this is no YAML"),
        ("a: b\n---\nc: d", (2, 1), "this is no YAML"),
        ("a: \x01", (1, 1), "this is no YAML"),
        ("[" * 5000, (1, 1), "this is no YAML"),
    ],
)  # fmt: skip
def test_one_thing_that_is_wrong(text, place, told):
    """It is told with its place."""
    found = problems(text)
    assert (found[0][:2], told in found[0][2]) == (place, True), found


@pytest.mark.parametrize(
    ("text", "place", "told"),
    [
        ("alert: A\nexpr: f1 < 0.5\nlabels: {a: '{{ $value }}'}", (3, 17), "label cannot hold"),
        ("alert: A\nexpr: f1 < 0.5\nannotations:\n  a: |\n    x\n    {{ $valu }}", (6, 8), "$valu"),
    ],
)
def test_templates_are_checked(text, place, told):
    """What could not be filled in later is refused, inside of blocks too."""
    found = problems(text)
    assert (found[0][:2], told in found[0][2]) == (place, True), found


def test_the_error_names_the_file():
    """One line for each problem, with the file's name."""
    with pytest.raises(InputError) as caught:
        read_rules("- {alert: A}\n- {expr: f1 < 0.5}", source="rules.yaml")
    assert str(caught.value) == (
        "rules.yaml, line 1, column 3: the rule has no `expr`; write a condition such as "
        "accuracy < 0.9, or give it a `budget`\n"
        "rules.yaml, line 2, column 3: the rule has no `alert`; give it a name"
    )


def test_without_a_vocabulary_conditions_are_parsed():
    """Names are not looked up, syntax is checked."""
    (group,) = read_rules("alert: A\nexpr: anything < 0.5")
    assert group.rules[0].expr == "anything < 0.5"
    assert problems("alert: A\nexpr: anything <<", None)[0][0] == 2


STYLES = {
    "plain": ("expr: {0}", " "),
    "single": ("expr: '{0}'", " "),
    "double": ('expr: "{0}"', " "),
    "literal": ("expr: |\n    {0}", "\n    "),
    "folded": ("expr: >-\n    {0}", "\n    "),
    "folded deeper": ("expr: >2\n    {0}", "\n      "),
    "plain lines": ("expr: {0}", "\n    "),
    "single lines": ("expr: '{0}'", "\n\n    "),
    "double lines": ('expr: "{0}"', "\n    "),
    "anchored": ("expr: &here {0}", " "),
    "tagged": ('expr: !!str "{0}"', " "),
}


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(sorted(STYLES)),
    st.lists(
        st.sampled_from(["f1 > 0.5", 'psi("temp") > 0.2', "psi('temp') > 0.2"]),
        min_size=0, max_size=4,
    ),
    st.integers(0, 4),
    st.integers(0, 3),
)  # fmt: skip
def test_places_inside_of_conditions_are_those_of_the_file(style, parts, at, above):
    """An unknown name is told where it stands in the file, however the text is quoted."""
    template, gap = STYLES[style]
    parts = [*parts[:at], "wrong_name > 1.5", *parts[at:]]
    joined = f"{gap}&&{gap}".join(parts)
    if "'{0}'" in template:
        joined = joined.replace("'", "''")
    if '"{0}"' in template:
        joined = joined.replace('"', '\\"')
    text = "# a comment\n" * above + "alert: A\n" + template.format(joined) + "\nfor: 5m\n"
    before = text[: text.index("wrong_name")]
    place = (before.count("\n") + 1, len(before) - before.rfind("\n"))
    assert [found[:2] for found in problems(text)] == [place]


# ---- the way back ----------------------------------------------------------------------------

words = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=8)
lines = st.one_of(words, st.just("two\nlines"), st.sampled_from(["yes", "1", "null", "a: b", "#x"]))
lengths = st.integers(1, 10**6).map(lambda count: timedelta(seconds=count))
texts = st.dictionaries(
    st.from_regex(r"[a-z_][a-z0-9_]{0,5}", fullmatch=True).filter(
        lambda name: name not in ("alertname", "severity")
    ),
    lines.filter(lambda text: "{{" not in text),
    max_size=2,
)
rules = st.builds(
    Rule,
    alert=lines,
    expr=st.sampled_from(["f1 < 0.5", 'psi("a b") > 0.2', "f1 < 0.5\n  && accuracy > 0.5"]),
    for_=lengths,
    keep_firing_for=lengths,
    window=lengths,
    segment=st.none() | lines,
    by_version=st.booleans(),
    min_rows=st.integers(1, 10**9),
    clear=st.none() | st.just("f1 > 0.5"),
    no_data=st.sampled_from(["alert", "keep", "ok"]),
    no_data_after=st.integers(1, 9),
    on_error=st.sampled_from(["alert", "keep", "ok"]),
    severity=st.none() | st.sampled_from(list(Severity)),
    labels=texts,
    annotations=texts,
    limit=st.integers(0, 9),
    budget=st.none(),
    line=st.just(0),
    column=st.just(0),
)
budgets = st.builds(
    Rule, alert=lines,
    budget=st.builds(
        Budget, st.floats(0.1, 10), lengths, st.floats(0.5, 0.99),
        st.lists(st.sampled_from(["psi", "f1"]), max_size=2).map(tuple),
    ),
)  # fmt: skip
groups = st.lists(
    st.builds(
        Group, lines, st.lists(rules | budgets, max_size=2).map(tuple), st.none() | lines, lengths,
        texts,
    ),
    max_size=2, unique_by=lambda group: group.name,
)  # fmt: skip


def placeless(found):
    """Groups without the places of their rules."""
    return [
        Group(
            group.name,
            tuple(
                Rule(**{**{f: getattr(rule, f) for f in Rule.__slots__}, "line": 0, "column": 0})
                for rule in group.rules
            ),
            group.model, group.interval, group.labels,
        )
        for group in found
    ]  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(groups)
def test_what_is_written_is_read_again(held):
    """Every rule comes back, and the text is what the schema allows."""
    text = write_rules(held)
    assert placeless(read_rules(text, vocabulary=WORDS)) == held
    jsonschema.validate(yaml.safe_load(text), rule_schema())


def test_what_is_written_is_pleasant():
    """Keys in the order in which people read them, defaults left out, lines kept."""
    rule = Rule("A", "f1 < 0.5\n  && f1 > 0.1\n", annotations={"summary": "a: b"})
    assert write_rules([Group("g", (rule,), "m", timedelta(hours=1))]) == (
        "groups:\n  - name: g\n    model: m\n    interval: 1h\n    rules:\n      - alert: A\n"
        "        expr: |\n          f1 < 0.5\n            && f1 > 0.1\n        annotations:\n"
        "          summary: 'a: b'\n"
    )


# ---- the schema ------------------------------------------------------------------------------


def test_the_schema_has_every_key():
    """The reader and the schema know the same keys."""
    assert set(RULE) == set(RULE_KEYS)
    assert set(GROUP) == set(GROUP_KEYS)


def test_the_schema_is_one_and_takes_what_is_read():
    """It is a schema of its own draft, and allows a file with everything in it."""
    jsonschema.Draft202012Validator.check_schema(rule_schema())
    jsonschema.validate(yaml.safe_load(FULL), rule_schema())
    jsonschema.validate([{"alert": "a", "expr": "f1 < 1.0"}], rule_schema())


@pytest.mark.parametrize(
    "wrong",
    [
        {"alert": "a", "expr": "f1 < 1.0", "fro": "5m"},
        {"alert": "a"},
        {"alert": "a", "expr": "f1 < 1.0", "budget": {}},
        {"alert": "a", "expr": "f1 < 1.0", "for": "5 minutes"},
        {"alert": "a", "expr": "f1 < 1.0", "severity": "P9"},
        {"alert": "a", "expr": "f1 < 1.0", "min_rows": 0},
        {"groups": [{"name": "g"}]},
        "text",
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(wrong):
    """Both say no."""
    assert not jsonschema.Draft202012Validator(rule_schema()).is_valid(wrong)
    assert problems(yaml.safe_dump(wrong))


def test_examples_of_the_reader_fit_the_schema(tmp_path: Path):
    """A file that Prometheus users have is taken by both."""
    text = "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: f1 < 0.5\n    for: 0s\n"
    (tmp_path / "rules.yaml").write_text(text)
    jsonschema.validate(yaml.safe_load(text), rule_schema())
    assert read_rules((tmp_path / "rules.yaml").read_text())[0].rules[0].for_ == timedelta()


def test_time_zones_holidays_and_accepted_levels():
    """They stand with the group and the rule, and every rule of the group knows them."""
    text = """
groups:
  - name: g
    time_zone: America/New_York
    holidays: [2026-12-25, 2026-07-04]
    rules:
      - {alert: A, expr: f1 < 0.5, accepted: 2026-11-21, allow_noisy: true}
      - {alert: B, expr: f1 < 0.4, accepted: 2026-11-21T08:30:00+02:00}
      - {alert: C, expr: f1 < 0.3}
"""
    (group,) = read_rules(text)
    assert group.calendar.time_zone == "America/New_York"
    assert {day.isoformat() for day in group.calendar.holidays} == {"2026-12-25", "2026-07-04"}
    first, second, third = group.rules
    assert first.calendar.accepted == datetime(2026, 11, 21, tzinfo=UTC)
    assert second.calendar.accepted == datetime(2026, 11, 21, 6, 30, tzinfo=UTC)
    assert third.calendar == group.calendar
    assert [rule.allow_noisy for rule in group.rules] == [True, False, False]
    jsonschema.validate(yaml.safe_load(write_rules([group])), rule_schema())
    (again,) = read_rules(write_rules([group]))
    for held, rule in zip(again.rules, group.rules, strict=True):
        assert replace(held, line=0, column=0) == replace(rule, line=0, column=0)
    assert again.calendar == group.calendar


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("time_zone: America/New_Yrk", "'America/New_Yrk' is no time zone; did you mean"),
        ("holidays: [2026-13-01]", "a holiday is '2026-13-01'; write a date such as 2026-01-05"),
        ("holidays: [Christmas]", "a holiday is 'Christmas'; write a date"),
    ],
)
def test_calendars_that_cannot_be(line, told):
    """With the place, and what to write."""
    with pytest.raises(RuleFileError) as refused:
        read_rules(f"groups:\n  - name: g\n    {line}\n    rules: []")
    assert told in str(refused.value)
    assert "line 3" in str(refused.value)
