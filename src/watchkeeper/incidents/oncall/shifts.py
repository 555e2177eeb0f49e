"""The shifts that come of a schedule: one function for the preview and for whom to tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from watchkeeper.core.errors import InputError
from watchkeeper.files.zones import zone
from watchkeeper.incidents.oncall.calendar import occurrences
from watchkeeper.incidents.oncall.schedule import (
    Gap,
    Hours,
    Layer,
    Rotation,
    Schedule,
    Shift,
)
from watchkeeper.incidents.oncall.walltime import instant, on_the_wall

LONGEST = timedelta(days=2000)
"""The longest span that shifts are computed for at once."""

_DAY = timedelta(days=1)
_MOMENT = timedelta(microseconds=1)


def shifts(schedule: Schedule, start: datetime, end: datetime) -> tuple[Shift, ...]:
    """Who is on call in a span of time.

    Parameters
    ----------
    schedule
        The schedule.
    start, end
        The span, `start <= t < end`; shifts are cut at both.

    Returns
    -------
    tuple[Shift, ...]
        In order, without overlap; where nobody is on call there is none. Neighbours of one person
        and one layer are one shift.

    Raises
    ------
    InputError
        The span is no span, or longer than five years.

    Examples
    --------
    >>> from watchkeeper.incidents.oncall.schedule import Rotation
    >>> week = Rotation(("ana", "bo"), datetime(2026, 1, 5, 9), timedelta(days=7))
    >>> schedule = Schedule("primary", "Europe/Zurich", (Layer("week", week),))
    >>> span = datetime(2026, 3, 23, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
    >>> [(f"{shift.start:%d %H:%M}", shift.user) for shift in shifts(schedule, *span)]
    [('23 00:00', 'ana'), ('23 08:00', 'bo'), ('30 07:00', 'ana')]
    """
    if start.tzinfo is None or end.tzinfo is None or start >= end:
        raise InputError("shifts are asked for from a time to a later one, both with a zone")
    if end - start > LONGEST:
        raise InputError(f"shifts are computed for at most {LONGEST.days} days at once")
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    taken: list[Shift] = []
    for override in reversed(schedule.overrides):
        one = Shift(override.start, override.end, override.user, "override")
        taken = _below(taken, _clip([one], start, end))
    ranked = sorted(schedule.layers, key=lambda layer: -layer.priority)  # Stable: the first wins.
    for layer in ranked:
        taken = _below(taken, _layer_shifts(layer, schedule.zone, start, end))
    return tuple(_joined(taken))


def on_call(schedule: Schedule, at: datetime) -> str | None:
    """Who is on call at a time; None where nobody is."""
    found = shifts(schedule, at, at + _MOMENT)
    return found[0].user if found else None


def gaps(schedule: Schedule, start: datetime, end: datetime) -> tuple[Gap, ...]:
    """When nobody is on call in a span of time."""
    found = []
    last = start.astimezone(UTC)
    for shift in shifts(schedule, start, end):
        if shift.start > last:
            found.append(Gap(last, shift.start))
        last = shift.end
    end = end.astimezone(UTC)
    return tuple([*found, Gap(last, end)] if last < end else found)


def turns(
    rotation: Rotation, place: ZoneInfo, start: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime, str]]:
    """The turns of a rotation that overlap a span: from, until, who."""
    if not rotation.users or rotation.every <= timedelta():
        return
    last = end if rotation.until is None else min(end, instant(rotation.until, place))
    # `instant` keeps the order, so the turn of what the wall shows never begins after `start`.
    index = max(0, (on_the_wall(start, place) - rotation.first) // rotation.every)
    since = instant(rotation.first + index * rotation.every, place)
    while since < last:
        index += 1
        until = instant(rotation.first + index * rotation.every, place)
        if until > start and until > since:
            yield since, min(until, last), rotation.users[(index - 1) % len(rotation.users)]
        since = until


def covered(hours: Iterable[Hours], place: ZoneInfo, start: datetime, end: datetime) -> list[Gap]:
    """The spans of time that hours of weekdays cover, in order and joined."""
    spans = []
    day = on_the_wall(start, place).replace(hour=0, minute=0, second=0, microsecond=0) - 2 * _DAY
    last = on_the_wall(end, place) + 2 * _DAY
    listed = tuple(hours)
    while day < last:
        for one in listed:
            if day.weekday() in one.days:
                until = day + _DAY if one.end <= one.start else day
                spans.append(
                    Gap(
                        instant(datetime.combine(day, one.start), place),
                        instant(datetime.combine(until, one.end), place),
                    )
                )
        day += _DAY
    spans.sort(key=lambda span: span.start)
    out: list[Gap] = []
    for span in spans:
        if out and span.start <= out[-1].end:
            out[-1] = Gap(out[-1].start, max(out[-1].end, span.end))
        elif span.start < span.end:
            out.append(span)
    return out


def _layer_shifts(layer: Layer, default: str, start: datetime, end: datetime) -> list[Shift]:
    """The shifts of one layer in a span, without overlap."""
    place = zone(layer.zone or default)
    found: list[Shift] = []
    if layer.rotation is not None:
        for since, until, user in turns(layer.rotation, place, start, end):
            found.append(Shift(since, until, user, layer.name))
    for since, until, user in occurrences(layer.calendar, place, start, end):
        found = _below(found, [Shift(since, until, user, layer.name)])
    found = _clip(found, start, end)
    if not layer.hours:
        return found
    open_hours = covered(layer.hours, place, start, end)
    return [
        Shift(max(shift.start, span.start), min(shift.end, span.end), shift.user, layer.name)
        for shift in found
        for span in open_hours
        if shift.start < span.end and span.start < shift.end
    ]


def _clip(found: Iterable[Shift], start: datetime, end: datetime) -> list[Shift]:
    """Shifts within a span."""
    return [
        Shift(max(shift.start, start), min(shift.end, end), shift.user, shift.layer)
        for shift in found
        if shift.start < end and start < shift.end and shift.start < shift.end
    ]


def _below(taken: list[Shift], found: Iterable[Shift]) -> list[Shift]:
    """Shifts that count, and of further ones what they leave free; in order."""
    out = list(taken)
    for shift in found:
        since = shift.start
        for above in taken:
            if above.end <= since:
                continue
            if above.start >= shift.end:
                break
            if above.start > since:
                out.append(Shift(since, above.start, shift.user, shift.layer))
            since = max(since, above.end)
        if since < shift.end:
            out.append(Shift(since, shift.end, shift.user, shift.layer))
    return sorted(out, key=lambda shift: shift.start)


def _joined(found: Iterable[Shift]) -> Iterator[Shift]:
    """Shifts with neighbours of one person and layer made one."""
    last: Shift | None = None
    for shift in found:
        if last and (last.end, last.user, last.layer) == (shift.start, shift.user, shift.layer):
            last = Shift(last.start, shift.end, last.user, last.layer)
        else:
            if last is not None:
                yield last
            last = shift
    if last is not None:
        yield last
