"""What alarms keep in their store: which kinds there are, and how they are written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, MutableMapping
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

JUDGED: Final = "judged"
"""What the conditions of a group of rules were found to be on a model, under `Watched.key`."""

MEMORY: Final = "memory"
"""What a channel keeps of earlier messages."""

AUDIT: Final = "audit"
"""The kind of history that says who did what with runbooks: it is never forgotten."""

IN_FORCE: Final = "in_force"
"""The configuration that took effect last, by kind."""

WATCHED: Final = "watched"
"""When somebody kept watch last."""

T = TypeVar("T")


class Clock(msgspec.Struct, frozen=True):
    """When a group of rules was last evaluated on a model, and what went wrong then.

    Attributes
    ----------
    at
        The time of the last evaluation.
    took_ms, error
        How long it took, and why nothing could be evaluated.
    missed
        The last evaluation before the data could not be read, while they cannot: those after it
        are made up for.
    """

    at: datetime
    took_ms: float = 0.0
    error: str = ""
    missed: datetime | None = None


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


def told_of(work: AlarmStore | Work, groups: Iterable[str]) -> dict[str, tuple[Sent, ...]]:
    """The same of several groups at once, by the group's key."""
    found = work.states(SENT, keys=groups)
    return {row.key: decode(row, tuple[Sent, ...]) for row in found}


def put_group(work: Work, group: GroupState, at: datetime) -> None:
    """Keep a group; it is looked at when it is due."""
    work.put_state(StateRow(GROUP, group.key, encode(group), group.next_flush), at=at)


def put_told(work: Work, group: str, sent: Iterable[Sent], at: datetime) -> None:
    """Keep what the receivers of a group have been told."""
    work.put_state(StateRow(SENT, group, encode(tuple(sent))), at=at)


class KeptMemory(MutableMapping[str, str]):
    """What channels keep of earlier messages, such as which message of theirs is to be edited."""

    def __init__(self, store: AlarmStore, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def __getitem__(self, key: str) -> str:
        found = self._store.states(MEMORY, keys=[key])
        if not found:
            raise KeyError(key)
        return decode(found[0], str)

    def __setitem__(self, key: str, value: str) -> None:
        with self._store.work() as work:
            work.put_state(StateRow(MEMORY, key, encode(value)), at=self._clock())

    def __delitem__(self, key: str) -> None:
        with self._store.work() as work:
            work.drop_state(MEMORY, key)

    def __iter__(self) -> Iterator[str]:
        return iter([row.key for row in self._store.states(MEMORY)])

    def __len__(self) -> int:
        return len(self._store.states(MEMORY))


def message_of(body: str) -> Notification:
    """The message that was put into the line."""
    return msgspec.json.decode(body, type=Notification)
