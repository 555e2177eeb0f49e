"""Rules, messages and alerts as the API and the command line show them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from watchkeeper.app.alarms import states
from watchkeeper.core.alert import SEVERITY
from watchkeeper.core.durations import format_duration
from watchkeeper.core.errors import InputError
from watchkeeper.monitors.rule import Group, Rule
from watchkeeper.monitors.rule_file import read_rules
from watchkeeper.store.catalogue.alarms import MessageRow

Answer = dict[str, Any]


def groups_of(text: str) -> tuple[Group, ...]:
    """The groups of a rule file that is in force."""
    try:
        return read_rules(text)
    except InputError:  # From another release.
        return ()


def group_shown(group: Group) -> Answer:
    """A group of rules."""
    seen: dict[str, int] = {}
    rules = []
    for rule in group.rules:
        number = seen[rule.alert] = seen.get(rule.alert, -1) + 1
        rules.append(rule_shown(rule) | {"number": number})
    return {
        "name": group.name, "model": group.model, "interval": format_duration(group.interval),
        "labels": dict(group.labels), "rules": rules,
    }  # fmt: skip


def rule_shown(rule: Rule) -> Answer:
    """A rule."""
    return {
        "alert": rule.alert, "expr": rule.expr or None, "for": format_duration(rule.for_),
        "window": format_duration(rule.window), "segment": rule.segment,
        "severity": rule.severity, "labels": dict(rule.labels),
        "annotations": dict(rule.annotations), "line": rule.line, "clear": rule.clear,
        "keep_firing_for": format_duration(rule.keep_firing_for), "min_rows": rule.min_rows,
        "by_version": rule.by_version, "no_data": rule.no_data,
        "no_data_after": rule.no_data_after, "on_error": rule.on_error, "limit": rule.limit,
        "has_budget": rule.budget is not None,
    }  # fmt: skip


def message_shown(row: MessageRow) -> Answer:
    """A message, and what became of it."""
    message = states.message_of(row.body)
    return {
        "id": row.id, "key": row.key, "receiver": row.receiver, "channel": row.channel,
        "state": row.state, "status": message.status, "reason": message.reason,
        "alerts": len(message.alerts), "group": message.group_labels, "attempts": row.attempts,
        "said": row.said, "made": row.made, "due": row.due, "done": row.done,
    }  # fmt: skip


_RANK = {"firing": 0, "recovering": 1, "error": 2, "no_data": 3, "pending": 4, "inactive": 5}


def urgency(alert: Answer) -> tuple[int, str, datetime]:
    """What sorts alerts, the worst and oldest first."""
    return _RANK[alert["state"]], alert["labels"].get(SEVERITY, "P9"), alert["since"]


def check_name(name: str) -> None:
    """Refuse a name that no file can be applied under."""
    if not name or len(name) > 200 or not name.isprintable():
        raise InputError(
            f"{name[:50]!r} cannot name a file; use printable characters, such as 'flights'"
        )
