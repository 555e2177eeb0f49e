"""Users, how to reach them, and whom a name stands for at a time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import msgspec

from watchkeeper.incidents.oncall.schedule import Schedule
from watchkeeper.incidents.oncall.shifts import on_call

ContactKind = Literal["receiver", "email", "slack", "phone", "apprise"]
CONTACTS: tuple[ContactKind, ...] = ("receiver", "email", "slack", "phone", "apprise")


class Contact(msgspec.Struct, frozen=True):
    """A way to reach somebody: the name of a receiver, or an address of a kind."""

    kind: ContactKind
    address: str


class User(msgspec.Struct, frozen=True):
    """Somebody who can be on call; `contacts` in the order in which they are tried."""

    id: str
    name: str = ""
    zone: str = "UTC"
    contacts: tuple[Contact, ...] = ()


class Directory(msgspec.Struct, frozen=True):
    """Users and schedules by name."""

    users: Mapping[str, User] = {}
    schedules: Mapping[str, Schedule] = {}

    def on_call(self, schedule: str, at: datetime) -> User | None:
        """Who a schedule names at a time; None where it names nobody, or is not there."""
        found = self.schedules.get(schedule)
        name = on_call(found, at) if found is not None else None
        return None if name is None else self.users.get(name, User(name))
