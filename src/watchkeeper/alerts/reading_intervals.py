"""The time intervals of a configuration file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial

from watchkeeper.alerts.document import Document, nearest
from watchkeeper.alerts.intervals import LOCAL, Range, TimeInterval
from watchkeeper.core.errors import InputError
from watchkeeper.files.nodes import Node, is_nothing

DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
KEYS = ("times", "weekdays", "days_of_month", "months", "years", "location")
_CLOCK = re.compile(r"(?:([01]\d|2[0-3]):([0-5]\d))|24:00", re.ASCII)


def read_intervals(document: Document, *nodes: Node | None) -> dict[str, tuple[TimeInterval, ...]]:
    """The named intervals of the lists `mute_time_intervals` and `time_intervals`.

    Examples
    --------
    >>> times = "{start_time: '22:00', end_time: '24:00'}"
    >>> text = "[{name: night, time_intervals: [{times: [" + times + "]}]}]"
    >>> document = Document()
    >>> read_intervals(document, document.compose(text))["night"][0].times
    ((1320, 1440),)
    """
    found: dict[str, tuple[TimeInterval, ...]] = {}
    for item in (item for node in nodes for item in document.items(node, "time_intervals")):
        parts = document.mapping(item, "a time interval", ("name", "time_intervals"))
        name = document.written(parts.get("name"), "the name of a time interval")
        if not name:
            document.wrong(item, "a time interval has no name; give it one")
        elif name in found:
            document.wrong(parts["name"], f"there are two time intervals {name!r}; rename one")
        specs = document.items(parts.get("time_intervals"), "time_intervals")
        found.setdefault(name, tuple(_interval(document, spec) for spec in specs))
    return found


def _interval(document: Document, node: Node) -> TimeInterval:
    parts = document.mapping(node, "a time interval", KEYS)
    return TimeInterval(
        times=_times(document, parts.get("times")),
        weekdays=_ranges(document, parts, "weekdays", partial(_named, DAYS, 0)),
        days=_ranges(document, parts, "days_of_month", _day),
        months=_ranges(document, parts, "months", partial(_named, MONTHS, 1)),
        years=_ranges(document, parts, "years", _number),
        zone=_zone(document, parts.get("location")),
    )


def _times(document: Document, node: Node | None) -> tuple[Range, ...]:
    found = []
    for item in document.items(node, "times"):
        parts = document.mapping(item, "an item of times", ("start_time", "end_time"))
        ends = [_minute(document, item, parts.get(key), key) for key in ("start_time", "end_time")]
        if None not in ends and ends[0] >= ends[1]:  # type: ignore[operator]
            document.wrong(
                item,
                "start_time is not before end_time; a night is two items: to 24:00, from 00:00",
            )
        found.append((ends[0] or 0, ends[1] or 0))
    return tuple(found)


def _minute(document: Document, item: Node, node: Node | None, key: str) -> int | None:
    if is_nothing(node):
        document.wrong(item, f"an item of times has no {key}")
        return None
    text = document.written(node, key)
    match = _CLOCK.fullmatch(text)
    if match is None:
        document.wrong(node, f"{text!r} is no time of day; write '09:00', up to '24:00'")
        return None
    return int(match[1]) * 60 + int(match[2]) if match[1] else 1440


def _ranges(
    document: Document, parts: Mapping[str, Node], key: str, read: Callable[[str], int]
) -> tuple[Range, ...]:
    found = []
    for node, text in document.texts(parts.get(key), key):
        first, colon, last = text.partition(":")
        try:
            pair = (read(first), read(last if colon else first))
            _check(key, pair)
            found.append(pair)
        except InputError as error:
            document.wrong(node, f"{key}: {error}")
    return tuple(found)


def _check(key: str, pair: Range) -> None:
    first, last = pair
    if key == "days_of_month":
        if first < 0 < last:
            raise InputError(f"{first}:{last} begins at the month's end; write -3:-1 or 1:-1")
        # Only what ends before it begins in every month, the shortest of which has 28 days.
        first, last = (day if day > 0 else 28 + day for day in pair)
    if first > last:
        raise InputError("a range ends before it begins; write the smaller end first")


def _named(names: tuple[str, ...], base: int, text: str) -> int:
    lower = text.strip().lower()
    if lower in names:
        return names.index(lower) + base
    if base and lower.isdecimal() and 1 <= int(lower) <= len(names):
        return int(lower)
    raise InputError(f"there is no {text!r}{nearest(lower, names)}")


def _day(text: str) -> int:
    day = _number(text)
    if day == 0 or abs(day) > 31:
        raise InputError(f"{text!r} is no day of a month; write 1 to 31, or -1 to -31 from its end")
    return day


def _number(text: str) -> int:
    if not re.fullmatch(r"\s*-?\d{1,6}\s*", text, re.ASCII):
        raise InputError(f"{text!r} is no whole number")
    return int(text)


def _zone(document: Document, node: Node | None) -> str | None:
    if node is None or is_nothing(node):
        return None
    if document.written(node, "location") == LOCAL:
        return LOCAL
    return document.time_zone(node, "location")
