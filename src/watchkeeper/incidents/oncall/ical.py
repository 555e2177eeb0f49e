"""Schedules from and to calendar files (iCalendar, RFC 5545)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from unicodedata import category

from watchkeeper.core.errors import InputError
from watchkeeper.files.zones import zone
from watchkeeper.incidents.oncall.calendar import check_rule
from watchkeeper.incidents.oncall.schedule import Layer, Occurrence, Shift
from watchkeeper.incidents.oncall.walltime import on_the_wall

if TYPE_CHECKING:
    from icalendar import Component

MAX_EVENTS = 10_000
_USER = "X-WATCHKEEPER-USER"


def read_calendar(
    text: str, *, place: str = "UTC", users: Mapping[str, str] | None = None, name: str = "calendar"
) -> Layer:
    """A layer from a calendar file, as Google Calendar, Outlook or PagerDuty write one.

    Parameters
    ----------
    text
        The content of the file.
    place
        The zone of all-day events and of times without a zone.
    users
        The user of each address or name that events have; names are taken as they are where None.
    name
        What to call the layer.

    Returns
    -------
    Layer
        Its events. Who is on call is the first attendee whose address is known, else the summary;
        in a file of `write_calendar` it is whom the event names.
        An event that was moved (RECURRENCE-ID) takes the place of the occurrence that it replaces;
        cancelled events are left out. Of two at one time a single event counts before one that
        recurs, and else the first in the file.

    Raises
    ------
    InputError
        The text is no calendar, or an event of it cannot be read; all of them are named.

    Examples
    --------
    >>> text = '''BEGIN:VCALENDAR
    ... VERSION:2.0
    ... PRODID:x
    ... BEGIN:VEVENT
    ... UID:1
    ... DTSTART;TZID=Europe/Zurich:20260105T090000
    ... DTEND;TZID=Europe/Zurich:20260112T090000
    ... RRULE:FREQ=WEEKLY;INTERVAL=2
    ... SUMMARY:ana
    ... END:VEVENT
    ... END:VCALENDAR'''
    >>> event = read_calendar(text).calendar[0]
    >>> event.user, event.zone, event.rule
    ('ana', 'Europe/Zurich', 'FREQ=WEEKLY;INTERVAL=2')
    """
    from icalendar import Calendar

    try:
        calendar = Calendar.from_ical(text)
        events = list(calendar.walk("VEVENT"))
    except (ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{name} is no calendar (iCalendar, .ics): {error}") from None
    if len(events) > MAX_EVENTS:
        raise InputError(f"{name} has {len(events)} events; at most {MAX_EVENTS} are read")
    found: dict[str, list[tuple[datetime | None, Occurrence]]] = {}
    problems = []
    for event in events:
        title = str(event.get("SUMMARY", "")).strip()
        try:
            read = _occurrence(event, place, users)
        except (InputError, ValueError, TypeError, AttributeError) as error:
            problems.append(f"{name}: the event {title or event.get('UID')!r}: {error}")
            continue
        moved = event.get("RECURRENCE-ID")
        instead = None if moved is None else _wall(moved.dt, read.zone or place)
        found.setdefault(str(event.get("UID", len(found))), []).append((instead, read))
    if problems:
        raise InputError("\n".join(problems))
    kept = [event for series in found.values() for event in _with_moves(series)]
    kept.sort(key=lambda event: bool(event.rule))  # Stable; who stands in once comes first.
    return Layer(name, calendar=tuple(event for event in kept if event.user))


def write_calendar(
    rota: Mapping[str, Iterable[Shift]],
    *,
    name: str,
    now: datetime,
    people: Mapping[str, str] | None = None,
    host: str = "watchkeeper",
) -> str:
    """A calendar file of shifts, for those who want them in their own calendar.

    Parameters
    ----------
    rota
        What `shifts.shifts` says, by the name of the schedule.
    name
        The name of the calendar.
    now
        The time that the file says it was written at.
    people
        The names of users; who is not there is called by the user's id.
    host
        The second half of each event's identifier, which stays the same from file to file, so that
        a calendar that reads the file again changes events rather than adds them.

    Returns
    -------
    str
        An event for each shift, in UTC, that keeps nobody from being invited elsewhere. Its
        `X-WATCHKEEPER-USER` is the user, by which `read_calendar` knows it again.

    Examples
    --------
    >>> at = datetime(2026, 1, 5, 9, tzinfo=UTC)
    >>> text = write_calendar({"primary": [Shift(at, at.replace(day=12), "ana")]}, name="on call",
    ...     now=at, people={"ana": "Ana"})
    >>> [line for line in text.splitlines() if line.startswith(("SUMMARY", "DTEND"))]
    ['SUMMARY:Ana on call (primary)', 'DTEND:20260112T090000Z']
    """
    from icalendar import Calendar

    calendar = Calendar()
    calendar.add("PRODID", "-//Watchkeeper//on call//EN")
    calendar.add("VERSION", "2.0")
    calendar.add("X-WR-CALNAME", _plain(name))
    known = people or {}
    for schedule, shifts in rota.items():
        for shift in shifts:
            who = known.get(shift.user) or shift.user
            event = _event(shift, schedule, f"{who} on call ({schedule})", now, host)
            calendar.add_component(event)
    return str(calendar.to_ical().decode())


def _event(shift: Shift, schedule: str, title: str, now: datetime, host: str) -> Component:
    from icalendar import Event

    event = Event()
    event.add("UID", _plain(f"{schedule}-{shift.start:%Y%m%dT%H%M%SZ}-{shift.user}@{host}"))
    event.add("DTSTAMP", now.astimezone(UTC))
    event.add("DTSTART", shift.start.astimezone(UTC))
    event.add("DTEND", shift.end.astimezone(UTC))
    event.add("SUMMARY", _plain(title))
    event.add("TRANSP", "TRANSPARENT")
    event.add(_USER, _plain(shift.user))
    if shift.layer:
        event.add("DESCRIPTION", _plain(f"{schedule}, {shift.layer}"))
    return event


def _plain(text: str) -> str:
    r"""Text without line breaks and control characters, which a calendar file cannot hold.

    >>> _plain("Ana,\non leave")
    'Ana, on leave'
    """
    return "".join(" " if category(one) in {"Cc", "Zl", "Zp"} else one for one in text)


def _occurrence(event: Component, place: str, users: Mapping[str, str] | None) -> Occurrence:
    """An event of the file as ours; its user is empty where it is cancelled."""
    start = event.get("DTSTART")
    if start is None:
        raise InputError("it has no DTSTART")
    there = _zone_of(start.dt, start.params.get("TZID"), place)
    begins = _wall(start.dt, there)
    length = _length(event, start.dt, there)
    if length <= timedelta():
        raise InputError("it ends before it begins")
    rules = event.get("RRULE")
    if isinstance(rules, list):
        raise InputError("it has several RRULEs, which RFC 5545 advises against; split the event")
    rule = "" if rules is None else rules.to_ical().decode()
    if rule:
        check_rule(rule, begins)
    user = "" if str(event.get("STATUS", "")).upper() == "CANCELLED" else _user(event, users)
    return Occurrence(
        user=user,
        start=begins,
        end=begins + length,
        zone=there,
        rule=rule,
        also=_dates(event, "RDATE", there),
        not_on=_dates(event, "EXDATE", there),
    )


def _length(event: Component, start: date, place: str) -> timedelta:
    """How long an event is on the wall; one of dates alone lasts a day."""
    end, duration = event.get("DTEND"), event.get("DURATION")
    if end is not None:
        return _wall(end.dt, place) - _wall(start, place)
    if duration is not None:
        found: timedelta = duration.dt
        return found
    return timedelta() if isinstance(start, datetime) else timedelta(days=1)


def _user(event: Component, users: Mapping[str, str] | None) -> str:
    """Who an event is about."""
    attendees = event.get("ATTENDEE", [])
    given = attendees if isinstance(attendees, list) else [attendees]
    names = [str(one).strip() for one in given] + [str(event.get("SUMMARY", "")).strip()]
    ours = str(event.get(_USER, "")).strip()
    if users is None:
        if not (ours or names[-1]):
            raise InputError("it has no SUMMARY; write there who is on call")
        return ours or names[-1]
    names = [ours, *names] if ours else names
    known = {key.lower(): user for key, user in users.items()}
    for name in names:
        plain = name.lower().removeprefix("mailto:")
        if plain in known:
            return known[plain]
    raise InputError(f"nobody is known as {names[-1]!r}; known are {', '.join(sorted(users))}")


def _with_moves(series: list[tuple[datetime | None, Occurrence]]) -> list[Occurrence]:
    """A series without the occurrences that were moved, and those where they were moved to."""
    moved = tuple(instead for instead, _ in series if instead is not None)
    out = []
    for instead, event in series:
        if instead is None:
            skipped = (*event.not_on, *moved)
            out.append(
                Occurrence(
                    event.user, event.start, event.end, event.zone, event.rule, event.also, skipped
                )
            )
        else:
            out.append(event)
    return out


def _dates(event: Component, name: str, place: str) -> tuple[datetime, ...]:
    """The times of RDATE or EXDATE, on the wall."""
    found: Any = event.get(name, [])
    lists = found if isinstance(found, list) else [found]
    times = [one.dt for given in lists for one in given.dts]
    if any(isinstance(time, tuple) for time in times):
        raise InputError(f"its {name} holds periods, which are not read; write starts")
    return tuple(_wall(time, place) for time in times)


def _zone_of(start: date, named: str | None, place: str) -> str:
    """The zone that an event recurs in: the one that it names, UTC, or the default."""
    if not isinstance(start, datetime) or start.tzinfo is None:
        return place
    key = getattr(start.tzinfo, "key", None) or named or "UTC"
    return zone(str(key)).key


def _wall(at: date, place: str) -> datetime:
    """A date or time of the file on the wall of a zone."""
    if not isinstance(at, datetime):
        return datetime(at.year, at.month, at.day)  # noqa: DTZ001  # on the wall
    return at if at.tzinfo is None else on_the_wall(at, zone(place))
