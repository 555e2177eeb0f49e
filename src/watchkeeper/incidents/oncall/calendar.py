"""Events of a calendar with recurrence rules (RFC 5545), unrolled on the wall of their zone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from watchkeeper.core.errors import InputError
from watchkeeper.files.zones import zone
from watchkeeper.incidents.oncall.schedule import Occurrence
from watchkeeper.incidents.oncall.walltime import instant, on_the_wall

_MANY = 20_000


def occurrences(
    events: Iterable[Occurrence], place: ZoneInfo, start: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime, str]]:
    """The occurrences that overlap a span: from, until, who.

    A recurrence is computed on the wall: an event at 09:00 each week is at 09:00 in summer and in
    winter.

    Raises
    ------
    InputError
        A rule cannot be read, or has far too many occurrences in the span.
    """
    for event in events:
        there = zone(event.zone) if event.zone else place
        length = event.end - event.start
        for wall in _starts(event, there, start, end, length):
            since, until = instant(wall, there), instant(wall + length, there)
            if since < end and start < until and since < until:
                yield since, until, event.user


def check_rule(rule: str, start: datetime) -> None:
    """Raise `InputError` where a recurrence rule cannot be read, or recurs every second."""
    _rule(rule, start)
    frequency = dict(part.split("=", 1) for part in rule.upper().split(";") if "=" in part)
    if frequency.get("FREQ") in {"SECONDLY", "MINUTELY"}:
        raise InputError(f"the recurrence rule {rule!r} recurs more often than people take turns")


def _starts(
    event: Occurrence, place: ZoneInfo, start: datetime, end: datetime, length: timedelta
) -> Iterator[datetime]:
    """Wall-clock starts near a span, ascending, those that are left out gone."""
    day = timedelta(days=1)
    low, high = on_the_wall(start, place) - length - 2 * day, on_the_wall(end, place) + 2 * day
    found = {event.start, *event.also}
    if event.rule:
        found |= set(_recurring(event, place, low, high))
    skipped = set(event.not_on)
    yield from (wall for wall in sorted(found) if wall not in skipped)


def _recurring(
    event: Occurrence, place: ZoneInfo, low: datetime, high: datetime
) -> Iterator[datetime]:
    rule = _rule(_until_on_the_wall(event.rule, place), event.start)
    for count, wall in enumerate(rule.xafter(low, inc=True), 1):
        if wall >= high:
            return
        if count > _MANY:
            raise InputError(
                f"the recurrence rule {event.rule!r} has more than {_MANY} occurrences"
            )
        yield wall


def _until_on_the_wall(rule: str, place: ZoneInfo) -> str:
    """A rule whose UNTIL, which RFC 5545 gives in UTC, is on the wall as its starts are."""
    parts = []
    for part in rule.split(";"):
        name, _, value = part.partition("=")
        if name.upper() == "UNTIL" and value.upper().endswith("Z"):
            at = datetime.strptime(value.upper(), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            parts.append(f"UNTIL={on_the_wall(at, place):%Y%m%dT%H%M%S}")
        elif name.upper() == "UNTIL" and len(value) == 8:
            parts.append(f"UNTIL={value}T235959")  # A day counts as a whole.
        else:
            parts.append(part)
    return ";".join(parts)


@lru_cache(maxsize=1024)
def _rule(rule: str, start: datetime) -> Any:
    from dateutil.rrule import rrulestr  # type: ignore[import-untyped]

    try:
        return rrulestr(_plain(rule), dtstart=start)
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise InputError(
            f"the recurrence rule {rule!r} cannot be read ({error}); write one such as "
            "'FREQ=WEEKLY;INTERVAL=2;BYDAY=MO'"
        ) from None


def _plain(rule: str) -> str:
    """A rule whose UNTIL has no zone, as its start has none."""
    return rule.replace("Z;", ";").removesuffix("Z") if "UNTIL" in rule.upper() else rule
