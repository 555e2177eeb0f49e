"""Rules as the text of a rule file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import yaml

from watchkeeper.core.durations import format_duration
from watchkeeper.monitors.rule import Budget, Group, Rule

_RULE = Rule("")
_GROUP = Group("", ())
_BUDGET = Budget()
_WIDTH = 100


def write_rules(groups: Sequence[Group]) -> str:
    """Groups as the text of a rule file; what is as by default is left out.

    `read_rules` makes equal groups of it, but for the places in the file.

    Examples
    --------
    >>> rule = Rule("Low", "accuracy < 0.9", for_=timedelta(minutes=90))
    >>> print(write_rules([Group("quality", (rule,))]))
    groups:
      - name: quality
        rules:
          - alert: Low
            expr: accuracy < 0.9
            for: 1h30m
    <BLANKLINE>
    """
    content = {"groups": [_group(group) for group in groups]}
    text: str = yaml.dump(
        content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH
    )
    return text


def _group(group: Group) -> dict[str, Any]:
    given = {
        "name": group.name,
        "model": group.model,
        "interval": _length(group.interval, _GROUP.interval),
        "labels": dict(group.labels) or None,
        "time_zone": group.calendar.time_zone or None,
        "holidays": [day.isoformat() for day in sorted(group.calendar.holidays)] or None,
    }
    return {**_said(given), "rules": [_rule(rule) for rule in group.rules]}


def _rule(rule: Rule) -> dict[str, Any]:
    return _said({
        "alert": rule.alert,
        "expr": rule.expr or None,
        "budget": None if rule.budget is None else _budget(rule.budget),
        "clear": rule.clear,
        "for": _length(rule.for_, _RULE.for_),
        "keep_firing_for": _length(rule.keep_firing_for, _RULE.keep_firing_for),
        "window": _length(rule.window, _RULE.window),
        "segment": rule.segment,
        "by_version": rule.by_version or None,
        "min_rows": rule.min_rows if rule.min_rows != _RULE.min_rows else None,
        "no_data": _no_data(rule),
        "on_error": rule.on_error if rule.on_error != _RULE.on_error else None,
        "limit": rule.limit or None,
        "accepted": _moment(rule.calendar.accepted),
        "allow_noisy": rule.allow_noisy or None,
        "severity": None if rule.severity is None else rule.severity.value,
        "labels": dict(rule.labels) or None,
        "annotations": dict(rule.annotations) or None,
    })  # fmt: skip


def _budget(budget: Budget) -> dict[str, Any]:
    return _said({
        "false_alarms": budget.false_alarms,
        "per": format_duration(budget.per),
        "confidence": budget.confidence if budget.confidence != _BUDGET.confidence else None,
        "watch": list(budget.watch) or None,
    })  # fmt: skip


def _no_data(rule: Rule) -> Any:
    if rule.no_data_after != _RULE.no_data_after:
        return {"policy": rule.no_data, "after": rule.no_data_after}
    return rule.no_data if rule.no_data != _RULE.no_data else None


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _length(length: timedelta, usual: timedelta) -> str | None:
    return None if length == usual else format_duration(length)


def _said(given: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in given.items() if value is not None}


class _Dumper(yaml.SafeDumper):
    """Lists are indented, texts of several lines stand as they are, nothing is an alias."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002  # as in the base class
        """Lists are indented below their key."""
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  # as in the base class
        """Equal parts are written out."""
        return True


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
