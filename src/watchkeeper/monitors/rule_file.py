"""Rule files in the shape that Prometheus has: groups of rules, each with everything that is wrong.

A file may also be a list of rules, or one rule; they make one group.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from watchkeeper.core.alert import NAME, SEVERITY, Severity
from watchkeeper.core.errors import InputError, RuleError
from watchkeeper.expressions.nodes import Position
from watchkeeper.expressions.parsing import ExpressionError
from watchkeeper.files.nodes import Fields, Node, is_list, is_mapping, is_text
from watchkeeper.files.problems import Problem
from watchkeeper.monitors.calendar import EVERYWHERE, Calendar
from watchkeeper.monitors.conditions.compiling import compile_condition
from watchkeeper.monitors.conditions.dialect import read
from watchkeeper.monitors.conditions.names import Vocabulary
from watchkeeper.monitors.rule import Budget, Group, Rule
from watchkeeper.monitors.rule_file_nodes import Document
from watchkeeper.monitors.templates import find_problem

GROUP_KEYS = ("name", "interval", "model", "labels", "time_zone", "holidays", "rules")
RULE_KEYS = (
    "alert", "expr", "budget", "for", "keep_firing_for", "severity", "labels", "annotations",
    "window", "segment", "by_version", "min_rows", "clear", "no_data", "on_error", "limit",
    "accepted", "allow_noisy",
)  # fmt: skip
BUDGET_KEYS = ("false_alarms", "per", "confidence", "watch")
NO_DATA_KEYS = ("policy", "after")
POLICIES = ("alert", "keep", "ok")
SEVERITIES = {
    **{severity.value: severity for severity in Severity},
    "critical": Severity.P1, "warning": Severity.P2, "info": Severity.P3,
}  # fmt: skip
"""What `severity` may be; words stand for one each."""

UNGROUPED = "rules"
"""The name of the group of rules that stand in none."""

_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class RuleFileError(InputError):
    """A rule file that cannot be used.

    Attributes
    ----------
    problems
        Everything that is wrong with it, in the order of the file.
    """

    def __init__(self, source: str, problems: list[Problem]) -> None:
        self.problems = sorted(problems, key=lambda problem: (problem.line, problem.column))
        super().__init__("\n".join(f"{source}, {problem}" for problem in self.problems))


def read_rules(
    text: str, *, source: str = "the rule file", vocabulary: Vocabulary | None = None
) -> tuple[Group, ...]:
    r"""The groups of a rule file.

    Parameters
    ----------
    text
        YAML.
    source
        What to call it in an error.
    vocabulary
        The names that conditions may use; None: conditions are only parsed.

    Raises
    ------
    RuleFileError
        With everything that is wrong, each with line, column and the nearest valid name.

    Examples
    --------
    >>> (group,) = read_rules("- alert: Late\n  expr: latency_p95 > 200\n  for: 10m")
    >>> group.rules[0].alert, group.rules[0].for_.total_seconds()
    ('Late', 600.0)
    >>> read_rules("alert: Late\nexpr: latency_p95 >")
    Traceback (most recent call last):
    watchkeeper.monitors.rule_file.RuleFileError: the rule file, line 2, column 19: ...
    """
    reader = _Reader(Document(source), vocabulary)
    groups = reader.groups(text)
    if reader.document.problems:
        raise RuleFileError(source, reader.document.problems)
    return groups


@dataclass
class _Reader:
    """Reads one file."""

    document: Document
    vocabulary: Vocabulary | None

    def groups(self, text: str) -> tuple[Group, ...]:
        """Every group."""
        root = self.document.compose(text)
        if root is None:
            return ()
        if is_list(root):
            return (Group(UNGROUPED, self._rules(root)),)
        if is_mapping(root) and any(
            key.value in ("alert", "expr", "record") for key, _ in root.value
        ):
            rule = self._rule(root)
            return () if rule is None else (Group(UNGROUPED, (rule,)),)
        fields = self.document.mapping(root, "a rule file", ("groups",))
        if "groups" not in fields:
            if is_mapping(root) and not root.value:
                self.document.wrong(root, "the file holds no rules; begin with `groups:`")
            return ()
        return self._unique(self.document.items(fields["groups"], "groups"))

    def _unique(self, nodes: list[Node]) -> tuple[Group, ...]:
        found: dict[str, Group] = {}
        for node in nodes:
            group = self._group(node)
            if group is None:
                continue
            if group.name in found:
                told = f"the group {group.name!r} is there already; give it another name"
                self.document.wrong(node, told)
            found[group.name] = group
        return tuple(found.values())

    def _group(self, node: Node) -> Group | None:
        document = self.document
        fields = document.mapping(node, "a group", GROUP_KEYS)
        for key in ("name", "rules"):
            if key not in fields and is_mapping(node):
                document.wrong(node, f"the group has no {key!r}; add it")
        given: dict[str, Any] = {}
        if "name" in fields:
            given["name"] = document.content(fields["name"], "name")
        if "model" in fields:
            given["model"] = document.content(fields["model"], "model")
        if "interval" in fields:
            given["interval"] = document.duration(fields["interval"], "interval", positive=True)
        if "labels" in fields:
            given["labels"] = self._labels(fields["labels"], "labels")
        calendar = self._calendar(fields)
        rules = self._rules(fields["rules"], calendar) if "rules" in fields else ()
        given = {key: value for key, value in given.items() if value is not None}
        return Group(rules=rules, calendar=calendar, **given) if "name" in given else None

    def _calendar(self, fields: Fields) -> Calendar:
        """The time zone and the holidays of a group."""
        document = self.document
        named = fields.get("time_zone")
        zone = None if named is None else document.time_zone(named, "time_zone")
        days = document.each(fields["holidays"]) if "holidays" in fields else ()
        read = [document.day(day, "a holiday") for day in days]
        return Calendar(zone or "", frozenset(day for day in read if day is not None))

    def _rules(self, node: Node, calendar: Calendar = EVERYWHERE) -> tuple[Rule, ...]:
        read = (self._rule(one) for one in self.document.items(node, "rules"))
        return tuple(_dated(rule, calendar) for rule in read if rule is not None)

    def _rule(self, node: Node) -> Rule | None:
        """A rule; None where it has no name."""
        document = self.document
        if is_mapping(node) and any(key.value == "record" for key, _ in node.value):
            document.wrong(
                node,
                "recording rules (`record`) are not supported: every metric is kept by hour as it "
                "is; write the metric into the `expr` of an alert",
            )
            return None
        fields = document.mapping(node, "a rule", RULE_KEYS)
        given = {
            name: value
            for key, (name, read) in _READ.items()
            if key in fields and (value := read(self, fields[key], key)) is not None
        }
        self._complete(node, fields)
        if "alert" not in given:
            return None
        mark = node.start_mark
        if (accepted := given.pop("accepted", None)) is not None:
            given["calendar"] = Calendar(accepted=accepted)
        rule = Rule(**given, line=mark.line + 1, column=mark.column + 1)
        return self._settle(rule, fields)

    def _complete(self, node: Node, fields: Fields) -> None:
        """A rule needs a name, and one way to decide."""
        if not is_mapping(node):
            return
        if "alert" not in fields:
            self.document.wrong(node, "the rule has no `alert`; give it a name")
        if "expr" not in fields and "budget" not in fields:
            self.document.wrong(node, "the rule has no `expr`; write a condition such as "
                                "accuracy < 0.9, or give it a `budget`")  # fmt: skip
        for key in ("expr", "clear"):
            if key in fields and "budget" in fields:
                told = f"a rule with a `budget` has no `{key}`: the budget decides; remove one"
                self.document.wrong(fields[key], told)
        if "clear" in fields and "expr" not in fields and "budget" not in fields:
            self.document.wrong(fields["clear"], "`clear` belongs to an `expr`; add it")

    def _settle(self, rule: Rule, fields: Fields) -> Rule:
        """A severity may also stand among the labels, and no data may have its own delay."""
        label = rule.labels.get(SEVERITY)
        after = self._no_data_after(fields["no_data"]) if "no_data" in fields else None
        if after is not None:
            rule = replace(rule, no_data_after=after)
        if label is None or label not in Severity.__members__:
            if label is not None and rule.severity is not None:
                told = "the severity stands here and among the labels; remove one"
                self.document.wrong(fields["severity"], told)
            return rule
        if rule.severity is not None and rule.severity != label:
            told = f"the severity is {rule.severity} here and {label} among the labels; remove one"
            self.document.wrong(fields["severity"], told)
        labels = {name: value for name, value in rule.labels.items() if name != SEVERITY}
        return replace(rule, severity=Severity(label), labels=labels)

    # ---- values of a rule --------------------------------------------------------------------

    def text(self, node: Node, what: str) -> str | None:
        """A text."""
        return self.document.content(node, what)

    def condition(self, node: Node, what: str) -> str | None:
        """A condition that can be compiled."""
        text = self.document.content(node, what)
        if text is None:
            return None
        try:
            if self.vocabulary is None:
                read(text)
            else:
                compile_condition(text, self.vocabulary)
        except ExpressionError as error:
            self.document.wrong_inside(node, error.at, f"{what}: {error.reason}")
        except RuleError as error:
            self.document.wrong(node, f"{what}: {error}")
        return text

    def duration(self, node: Node, what: str) -> Any:
        """A length of time; a window is longer than none."""
        return self.document.duration(node, what, positive=what == "window")

    def moment(self, node: Node, what: str) -> datetime | None:
        """A time; of UTC where it does not say otherwise."""
        found = self.document.moment(node, what)
        return found if found is None or found.tzinfo is not None else found.replace(tzinfo=UTC)

    def truth(self, node: Node, what: str) -> bool | None:
        """`true` or `false`."""
        return self.document.flag(node, what)

    def count(self, node: Node, what: str) -> int | None:
        """A whole number."""
        return self.document.at_least(node, what, 1 if what == "min_rows" else 0)

    def severity(self, node: Node, what: str) -> Severity | None:
        """P0 to P3, or a word for one of them."""
        text = self.document.choice(node, what, SEVERITIES)
        return None if text is None else SEVERITIES[text]

    def labels(self, node: Node, what: str) -> Mapping[str, str] | None:
        """Labels or annotations."""
        return self._labels(node, what)

    def policy(self, node: Node, what: str) -> str | None:
        """A policy, by itself or with a delay."""
        if is_mapping(node):
            if what != "no_data":
                self.document.wrong(node, f"{what} is one of {', '.join(POLICIES)}")
                return None
            fields = self.document.mapping(node, what, NO_DATA_KEYS)
            if "policy" not in fields:
                return None
            return self.document.choice(fields["policy"], "policy", POLICIES)
        return self.document.choice(node, what, POLICIES)

    def budget(self, node: Node, what: str) -> Budget | None:
        """A false-alarm budget."""
        document = self.document
        fields = document.mapping(node, f"a {what}", BUDGET_KEYS)
        given: dict[str, Any] = {}
        if "false_alarms" in fields:
            given["false_alarms"] = document.number(
                fields["false_alarms"], "false_alarms", 1e-6, float("inf")
            )
        if "per" in fields:
            given["per"] = document.duration(fields["per"], "per", positive=True)
        if "confidence" in fields:
            given["confidence"] = document.number(fields["confidence"], "confidence", 0.5, 0.9999)
        if "watch" in fields:
            given["watch"] = self._watched(fields["watch"])
        return Budget(**{key: value for key, value in given.items() if value is not None})

    # ---- inside ------------------------------------------------------------------------------

    def _labels(self, node: Node, what: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, value in self.document.mapping(node, what).items():
            if _LABEL.fullmatch(name) is None:
                told = f"{name!r} is no name of a label; use letters, digits and _"
                self.document.wrong_key(node, name, told)
            elif name == NAME and what == "labels":
                told = f"{NAME} is the rule's `alert`; remove this label"
                self.document.wrong_key(node, name, told)
            elif is_text(value):
                self._template(value, name, identity=what == "labels")
                found[name] = str(value.value)
            else:
                self.document.content(value, name)  # It is none, and says so.
        return found

    def _template(self, node: Node, name: str, *, identity: bool) -> None:
        """Note what a template holds that could not be filled in later."""
        text = str(node.value)
        problem = find_problem(text, identity=identity)
        if problem is not None:
            line = text.count("\n", 0, problem.offset) + 1
            at = Position(line, problem.offset - text.rfind("\n", 0, problem.offset))
            self.document.wrong_inside(node, at, f"{name}: {problem.message}")

    def _watched(self, node: Node) -> tuple[str, ...]:
        """Names of metrics, one or a list."""
        single = is_text(node)
        nodes = [node] if single else self.document.items(node, "watch")
        names: list[str] = []
        for one in nodes:
            name = self.document.content(one, "a metric")
            if name is None:
                continue
            names.append(name)
            if self.vocabulary is not None and self.vocabulary.find(name) is None:
                hint = self.vocabulary.hint(name) or "; `watchkeeper metrics` lists them"
                self.document.wrong(one, f"there is no metric {name!r}{hint}")
        return tuple(names)

    def _no_data_after(self, node: Node) -> int | None:
        if not is_mapping(node):
            return None
        after = self.document.mapping(node, "no_data").get("after")
        return None if after is None else self.document.at_least(after, "after", 1)


def _dated(rule: Rule, calendar: Calendar) -> Rule:
    """A rule in the hours and days of its group."""
    return replace(rule, calendar=replace(calendar, accepted=rule.calendar.accepted))


_READ: dict[str, tuple[str, Any]] = {
    "alert": ("alert", _Reader.text),
    "expr": ("expr", _Reader.condition),
    "budget": ("budget", _Reader.budget),
    "for": ("for_", _Reader.duration),
    "keep_firing_for": ("keep_firing_for", _Reader.duration),
    "severity": ("severity", _Reader.severity),
    "labels": ("labels", _Reader.labels),
    "annotations": ("annotations", _Reader.labels),
    "window": ("window", _Reader.duration),
    "segment": ("segment", _Reader.text),
    "by_version": ("by_version", _Reader.truth),
    "min_rows": ("min_rows", _Reader.count),
    "clear": ("clear", _Reader.condition),
    "no_data": ("no_data", _Reader.policy),
    "on_error": ("on_error", _Reader.policy),
    "limit": ("limit", _Reader.count),
    "accepted": ("accepted", _Reader.moment),
    "allow_noisy": ("allow_noisy", _Reader.truth),
}
"""The field of `Rule` for each key, and what reads it."""
