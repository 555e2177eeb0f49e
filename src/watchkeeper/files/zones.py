"""Time zones by their names."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from watchkeeper.core.errors import InputError
from watchkeeper.expressions.hints import suggest


def zone(name: str) -> ZoneInfo:
    """The zone of an IANA name.

    Raises
    ------
    InputError
        There is none of that name; the message has the nearest one.

    Examples
    --------
    >>> zone("Europe/Zurich").key
    'Europe/Zurich'
    >>> zone("Europe/Zürich")
    Traceback (most recent call last):
    watchkeeper.core.errors.InputError: 'Europe/Zürich' is no time zone; did you mean ...
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError):
        near = suggest(str(name), available_timezones(), most=1)
        hint = near or "; write a name such as 'Europe/Zurich'"
        raise InputError(f"{name!r} is no time zone{hint}") from None
