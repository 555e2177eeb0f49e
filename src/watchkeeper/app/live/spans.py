"""What a person writes for a window and a step, as times."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from watchkeeper.core.errors import InputError
from watchkeeper.core.windows import (
    Every,
    Window,
    add_months,
    from_seconds,
    parse_every,
    parse_window,
)

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

MAX_POINTS = 1_500
"""Points of one series: more than a screen has pixels for would only take time."""

_STEPS = ("1h", "2h", "3h", "6h", "12h", "1d", "7d")
_WANTED = 400


def window_of(text: str, *, now: datetime, held: Window | None) -> Window:
    """The window that `text` names, on whole hours.

    Parameters
    ----------
    text
        `24h`, `7d`, `1mo` (up to now); `latest:7d` (up to the last hour with data); `all`;
        or `START..END` in ISO 8601, half-open, UTC where no offset is named.
    now
        The time of asking.
    held
        From the first to the last hour with data; None where there is none.

    Raises
    ------
    InputError
        It is none of these.

    Examples
    --------
    >>> from datetime import UTC
    >>> at = datetime(2013, 4, 2, 10, 30, tzinfo=UTC)
    >>> window_of("24h", now=at, held=None).start
    datetime.datetime(2013, 4, 1, 11, 0, tzinfo=datetime.timezone.utc)
    """
    text = text.strip()
    if ".." in text:
        return _between(text)
    end = hour_after(now)
    if text == "all":
        return held or Window(end - DAY, end)
    if text.startswith("latest:"):
        text = text.removeprefix("latest:")
        end = held.end if held else end
    try:
        length = parse_every(text)
    except InputError as error:
        raise InputError(
            f"the window is {text!r}; write a length such as 24h, 7d or 1mo, latest:7d for the "
            "last days with data, all, or START..END such as 2013-04-01..2013-05-01"
        ) from error
    if length.delta is None:
        return Window(add_months(hour_before(end), -length.months), end)
    return Window(hour_before(end - length.delta), end)


def steps(window: Window, text: str | None, *, most: int = MAX_POINTS) -> Every:
    """The length of a step of a series of the window.

    Parameters
    ----------
    window
        What to cover.
    text
        Whole hours, days or months; None for the shortest that gives at most some 400 points.
    most
        Points of one series.

    Raises
    ------
    InputError
        The step is no whole number of hours, or the points would be too many.

    Examples
    --------
    >>> from datetime import UTC
    >>> year = Window(datetime(2013, 1, 1, tzinfo=UTC), datetime(2014, 1, 1, tzinfo=UTC))
    >>> steps(year, None).text
    '1d'
    """
    every = parse_every(text or _chosen(window))
    if every.delta is not None and every.delta % HOUR:
        raise InputError(f"the step is {every.text!r}; profiles are kept by the hour, so write 1h")
    length = every.delta or timedelta(days=28 * every.months)
    points = (window.end - window.start) / length
    if points > most:
        raise InputError(
            f"steps of {every.text} in this window are {math.ceil(points)} points; "
            f"choose a longer step, at most {most} points"
        )
    return every


def hour_before(time: datetime) -> datetime:
    """The whole hour at or before a time.

    >>> from datetime import UTC
    >>> hour_before(datetime(2013, 4, 1, 10, 30, tzinfo=UTC)).hour
    10
    """
    return from_seconds(math.floor(time.timestamp() / 3600) * 3600)


def hour_after(time: datetime) -> datetime:
    """The first whole hour after a time."""
    return hour_before(time) + HOUR


def _chosen(window: Window) -> str:
    """The shortest step that gives few enough points."""
    length = window.end - window.start
    for text in _STEPS:
        delta = parse_every(text).delta
        if delta is not None and length / delta <= _WANTED:
            return text
    return f"{math.ceil(length / (_WANTED * DAY))}d"


def _between(text: str) -> Window:
    try:
        named = parse_window(text)
    except ValueError as error:
        raise InputError(f"the window {error}") from error
    last = hour_before(named.end)
    return Window(hour_before(named.start), named.end if named.end == last else last + HOUR)
