"""Who is on call when, as people write it down: layers of rotations, and overrides on top."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import msgspec

EVERY_DAY = (0, 1, 2, 3, 4, 5, 6)


class Hours(msgspec.Struct, frozen=True):
    """Hours of certain weekdays, on the wall of the layer's zone.

    Attributes
    ----------
    days
        0 is Monday; of hours that go past midnight, the day on which they begin.
    start, end
        From when until when; an end that is not after the start is on the next day, so that
        00:00 to 00:00 is a whole day.
    """

    days: tuple[int, ...] = EVERY_DAY
    start: time = time()
    end: time = time()


class Rotation(msgspec.Struct, frozen=True):
    """People who take turns.

    Attributes
    ----------
    users
        In the order of their turns; a name may stand there more than once.
    first
        The wall-clock time at which the first one begins; hand-overs are at this time of day.
    every
        The length of a turn on the wall: a day, a week, twelve hours.
    until
        The wall-clock time at which the rotation ends; never where None.
    """

    users: tuple[str, ...]
    first: datetime
    every: timedelta
    until: datetime | None = None


class Occurrence(msgspec.Struct, frozen=True):
    """An event of a calendar: who is on call, when, and how it recurs.

    Attributes
    ----------
    user
        Who.
    start, end
        On the wall of `zone`; `end` is left out.
    zone
        The zone of the event; that of the layer where it is empty.
    rule
        A recurrence rule of RFC 5545, such as `FREQ=WEEKLY;INTERVAL=2`; empty for a single event.
    also, not_on
        Further starts, and starts that are left out.
    """

    user: str
    start: datetime
    end: datetime
    zone: str = ""
    rule: str = ""
    also: tuple[datetime, ...] = ()
    not_on: tuple[datetime, ...] = ()


class Layer(msgspec.Struct, frozen=True):
    """A rotation or a calendar, and the hours that it covers.

    Attributes
    ----------
    name
        What to call it.
    rotation, calendar
        Either of both.
    priority
        Where two layers have somebody at one time the higher one counts; of equals the first.
    hours
        Only then; always where empty.
    zone
        The zone of its wall-clock times; that of the schedule where empty.
    """

    name: str
    rotation: Rotation | None = None
    calendar: tuple[Occurrence, ...] = ()
    priority: int = 0
    hours: tuple[Hours, ...] = ()
    zone: str = ""


class Override(msgspec.Struct, frozen=True):
    """Somebody stands in, whatever the layers say; of two at one time the later one counts."""

    user: str
    start: datetime
    end: datetime


class Schedule(msgspec.Struct, frozen=True):
    """Layers with overrides on top; `shifts.shifts` says what comes of it."""

    name: str
    zone: str = "UTC"
    layers: tuple[Layer, ...] = ()
    overrides: tuple[Override, ...] = ()


class Shift(msgspec.Struct, frozen=True):
    """Somebody is on call from `start` until `end`, which is left out; both in UTC."""

    start: datetime
    end: datetime
    user: str
    layer: str = ""

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.end - self.start


class Gap(msgspec.Struct, frozen=True):
    """Nobody is on call from `start` until `end`, which is left out; both in UTC."""

    start: datetime
    end: datetime
