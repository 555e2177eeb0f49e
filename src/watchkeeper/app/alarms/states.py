"""What alarms keep in their store: which kinds there are, and how they are written."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final, TypeVar

import msgspec

from watchkeeper.alerts.silences import Silence
from watchkeeper.alerts.state import GroupState, Sent
from watchkeeper.core.alert import Notification
from watchkeeper.monitors.instance import Instance
from watchkeeper.store.catalogue.alarms import AlarmStore, StateRow, Work

INSTANCE: Final = "instance"
"""An alert of a rule, under `Key.text`."""

CLOCK: Final = "clock"
"""When a group of rules was last evaluated on a model, under `Watched.key`."""

GROUP: Final = "group"
"""Alerts that are told together; due at their next look."""

SENT: Final = "sent"
"""What the receivers of a group have been told, under the group's key."""

SILENCE: Final = "silence"
"""A silence, under its id; due at its end."""

IN_FORCE: Final = "in_force"
"""The configuration that took effect last, by kind."""

T = TypeVar("T")


class Clock(msgspec.Struct, frozen=True):
    """When a group of rules was last evaluated on a model, and what went wrong then."""

    at: datetime
    took_ms: float = 0.0
    error: str = ""


def encode(value: object) -> str:
    """A state as text."""
    return msgspec.json.encode(value).decode()


def decode(row: StateRow, kind: type[T]) -> T:
    """The state of a row."""
    return msgspec.json.decode(row.body, type=kind)


def instances(rows: Iterable[StateRow]) -> dict[str, Instance]:
    """Alerts of rules, by key."""
    return {row.key: decode(row, Instance) for row in rows}


def groups(rows: Iterable[StateRow]) -> dict[str, GroupState]:
    """Groups of alerts, by key."""
    return {row.key: decode(row, GroupState) for row in rows}


def silences(store: AlarmStore | Work) -> tuple[Silence, ...]:
    """All silences that are kept."""
    return tuple(decode(row, Silence) for row in store.states(SILENCE))


def told(work: AlarmStore | Work, group: str) -> tuple[Sent, ...]:
    """What the receivers of a group have been told."""
    found = work.states(SENT, keys=[group])
    return decode(found[0], tuple[Sent, ...]) if found else ()


def put_group(work: Work, group: GroupState, at: datetime) -> None:
    """Keep a group; it is looked at when it is due."""
    work.put_state(StateRow(GROUP, group.key, encode(group), group.next_flush), at=at)


def put_told(work: Work, group: str, sent: Iterable[Sent], at: datetime) -> None:
    """Keep what the receivers of a group have been told."""
    work.put_state(StateRow(SENT, group, encode(tuple(sent))), at=at)


def message_of(body: str) -> Notification:
    """The message that was put into the line."""
    return msgspec.json.decode(body, type=Notification)
