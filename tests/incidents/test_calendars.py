"""Calendar files in and out; recurrence against `recurring-ical-events` where it is installed."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.core.errors import InputError
from watchkeeper.incidents.oncall.ical import read_calendar, write_calendar
from watchkeeper.incidents.oncall.schedule import Layer, Rotation, Schedule, Shift
from watchkeeper.incidents.oncall.shifts import shifts

DAY = timedelta(days=1)


def calendar(*events):
    """A calendar file of events, each a list of lines."""
    body = "\n".join(f"BEGIN:VEVENT\n{event.strip()}\nEND:VEVENT" for event in events)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:test\n{body}\nEND:VCALENDAR\n"


ROTA = calendar(
    """UID:a
DTSTART;TZID=Europe/Zurich:20260302T090000
DTEND;TZID=Europe/Zurich:20260309T090000
RRULE:FREQ=WEEKLY;INTERVAL=2;UNTIL=20260601T000000Z
EXDATE;TZID=Europe/Zurich:20260413T090000
SUMMARY:ana""",
    """UID:b
DTSTART;TZID=Europe/Zurich:20260309T090000
DURATION:P7D
RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=6
SUMMARY:bo""",
    """UID:b
RECURRENCE-ID;TZID=Europe/Zurich:20260323T090000
DTSTART;TZID=Europe/Zurich:20260324T100000
DTEND;TZID=Europe/Zurich:20260330T090000
SUMMARY:cy""",
    """UID:d
DTSTART;VALUE=DATE:20260413
SUMMARY:dan""",
    """UID:e
STATUS:CANCELLED
DTSTART:20260501T000000Z
DTEND:20260502T000000Z
SUMMARY:eve""",
)
SPAN = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 6, 15, tzinfo=UTC)


def schedule_of(text, **more):
    """A schedule of one calendar."""
    return Schedule("s", "Europe/Zurich", (read_calendar(text, place="Europe/Zurich", **more),))


def test_a_rota_by_hand():
    """Every second week at 09:00 in Zurich, before and after clocks change."""
    found = [f"{s.start:%m-%d %H:%M} {s.user}" for s in shifts(schedule_of(ROTA), *SPAN)]
    assert found == [
        "03-02 08:00 ana", "03-09 08:00 bo", "03-16 08:00 ana", "03-24 09:00 cy", "03-30 07:00 ana",
        "04-06 07:00 bo", "04-12 22:00 dan", "04-20 07:00 bo", "04-27 07:00 ana", "05-04 07:00 bo",
        "05-11 07:00 ana", "05-18 07:00 bo", "05-25 07:00 ana",
    ]  # fmt: skip


def test_against_recurring_ical_events():
    """The same occurrences as the library that unrolls calendars."""
    other = pytest.importorskip("recurring_ical_events", reason="recurring-ical-events is not here")
    icalendar = pytest.importorskip("icalendar")
    events = other.of(icalendar.Calendar.from_ical(ROTA)).between(*SPAN)
    starts = {
        event["DTSTART"].dt.astimezone(UTC)
        for event in events
        if isinstance(event["DTSTART"].dt, datetime) and event.get("STATUS") != "CANCELLED"
    }
    ours = {s.start for s in shifts(schedule_of(ROTA), *SPAN) if s.user != "dan"}
    assert ours == starts


def test_out_and_in_again():
    """What is written is read as the same shifts, and twice written is the same text."""
    rotation = Rotation(("ana", "bo"), datetime(2026, 3, 2, 9), 7 * DAY)  # noqa: DTZ001
    found = shifts(Schedule("s", "Europe/Zurich", (Layer("l", rotation),)), *SPAN)
    text = write_calendar({"primary, on call": found}, name="primary, on call", now=SPAN[0])
    assert text == write_calendar({"primary, on call": found}, name="primary, on call", now=SPAN[0])
    again = shifts(schedule_of(text), *SPAN)
    assert [(s.start, s.end, s.user) for s in again] == [(s.start, s.end, s.user) for s in found]


def test_what_is_written_is_a_calendar():
    """By the icalendar package: unique ids, stamps, UTC, short lines; names may need quoting."""
    rotation = Rotation(("ana", "bo"), datetime(2026, 3, 2, 9), 7 * DAY)  # noqa: DTZ001
    schedule = Schedule("s", "Europe/Zurich", (Layer("l; week, 1", rotation),))
    rota = {"a, b; c": shifts(schedule, *SPAN), "d": shifts(schedule, *SPAN)}
    people = {"ana": "Ana, of ML; on\nleave", "bo": ""}
    text = write_calendar(rota, name="On call", now=SPAN[0], people=people)
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    read = icalendar.Calendar.from_ical(text)
    events = list(read.walk("VEVENT"))
    assert read["VERSION"] == "2.0"
    assert len({str(one["UID"]) for one in events}) == len(events) == 2 * len(rota["d"])
    for one in events:
        assert not one.errors
        assert one["DTSTART"].dt.tzname() == one["DTSTAMP"].dt.tzname() == "UTC"
        assert one["DTSTART"].dt < one["DTEND"].dt
        assert str(one["TRANSP"]) == "TRANSPARENT"
    titles = {str(one["SUMMARY"]) for one in events}
    assert titles == {
        f"{who} on call ({name})" for who in ("Ana, of ML; on leave", "bo") for name in rota
    }
    for name, users in (("ana", None), ("Ana", {"ana": "Ana", "bo": "b"})):
        known = read_calendar(text, users=users)
        assert {one.user for one in known.calendar} == {name, "bo" if users is None else "b"}


LINE = re.compile(r"(X-)?[A-Z-]+(;[A-Z-]+=[^;:,\x00-\x1f]+)*:[^\x00-\x08\x0a-\x1f\x7f]*")
"""A content line of RFC 5545, 3.1, once unfolded; no value of ours has quoted parameters."""


@given(
    st.dictionaries(st.text(min_size=1, max_size=60), st.text(max_size=90), min_size=1, max_size=3),
    st.text(min_size=1, max_size=90),
)
def test_names_of_any_kind_make_lines_of_rfc_5545(people: dict[str, str], name: str):
    """By its grammar: folded at 75 octets, ended by CRLF, what an event needs, once each."""
    begin = datetime(2026, 3, 2, 9, tzinfo=UTC)
    rota = [Shift(begin + n * DAY, begin + (n + 1) * DAY, who) for n, who in enumerate(people)]
    text = write_calendar({name: rota}, name=name, now=begin, people=people)
    assert text.endswith("\r\n")
    assert not re.search(r"(?<!\r)\n|\r(?!\n)", text)
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    lines = re.sub(r"\r\n ", "", text).split("\r\n")[:-1]
    assert all(LINE.fullmatch(line) for line in lines), lines
    assert (lines[0], lines[-1]) == ("BEGIN:VCALENDAR", "END:VCALENDAR")
    assert lines.count("BEGIN:VEVENT") == lines.count("END:VEVENT") == len(people)
    for need in ("UID:", "DTSTAMP:", "DTSTART:", "DTEND:", "SUMMARY:"):
        assert sum(line.startswith(need) for line in lines) == len(people)


def test_people_are_known_by_their_address():
    """The first attendee who is known, else the summary."""
    text = calendar(
        "UID:a\nDTSTART:20260302T090000Z\nDTEND:20260303T090000Z\nSUMMARY:On call\n"
        "ATTENDEE:mailto:boss@example.com\nATTENDEE:mailto:Ana@Example.com",
        "UID:b\nDTSTART:20260303T090000Z\nDTEND:20260304T090000Z\nSUMMARY:bo",
    )
    users = {"ana@example.com": "ana", "bo": "bo"}
    assert [e.user for e in read_calendar(text, users=users).calendar] == ["ana", "bo"]
    with pytest.raises(InputError, match="nobody is known as 'bo'"):
        read_calendar(text, users={"ana@example.com": "ana"})


PLAIN = "UID:a\nDTSTART:20260302T090000Z\nDTEND:20260303T090000Z\nSUMMARY:a"


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ("UID:a\nSUMMARY:ana", "no DTSTART"),
        ("UID:a\nDTSTART:20260302T090000Z\nSUMMARY:ana", "ends before it begins"),
        ("UID:a\nDTSTART:20260302T090000Z\nDTEND:20260301T090000Z\nSUMMARY:ana", "ends before"),
        ("UID:a\nDTSTART:20260302T090000Z\nDTEND:20260303T090000Z", "no SUMMARY"),
        (f"{PLAIN}\nRRULE:FREQ=MINUTELY", "more often than people take turns"),
    ],
)
def test_events_that_are_refused(event, said):
    """Each with its name and what is wrong."""
    with pytest.raises(InputError, match=said):
        read_calendar(calendar(event))


@pytest.mark.parametrize("text", ["", "no calendar", "BEGIN:VCALENDAR\n"], ids=range(3))
def test_texts_that_are_no_calendar(text):
    """They are refused, or empty, and never a crash."""
    try:
        assert read_calendar(text).calendar == ()
    except InputError as error:
        assert "is no calendar" in str(error)  # noqa: PT017  # either is right
