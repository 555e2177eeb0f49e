"""Lengths of time as rule files write them: `5m`, `1h30m`, `0s`."""

from __future__ import annotations

import re
from datetime import timedelta

from watchkeeper.core.errors import InputError

_UNITS = {
    "w": timedelta(weeks=1), "d": timedelta(days=1), "h": timedelta(hours=1),
    "m": timedelta(minutes=1), "s": timedelta(seconds=1), "ms": timedelta(milliseconds=1),
}  # fmt: skip
_WHOLE = re.compile(r"(?:(\d{1,9})w)?(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?"
                    r"(?:(\d{1,9})s)?(?:(\d{1,9})ms)?")  # fmt: skip


def parse_duration(text: str) -> timedelta:
    """A length of time in the notation of Prometheus: whole numbers with units, largest first.

    Raises
    ------
    InputError
        The text is none.

    Examples
    --------
    >>> parse_duration("1h30m")
    datetime.timedelta(seconds=5400)
    >>> parse_duration("90 minutes")
    Traceback (most recent call last):
    watchkeeper.core.errors.InputError: '90 minutes' is no length of time; ...
    """
    match = _WHOLE.fullmatch(text.strip())
    if text.strip() == "0":
        return timedelta()
    if match is None or not any(match.groups()):
        raise InputError(f"{text!r} is no length of time; write 30s, 5m, 1h30m or 7d")
    try:
        parts = zip(match.groups(), _UNITS.values(), strict=True)
        return sum((int(count) * unit for count, unit in parts if count), timedelta())
    except OverflowError:
        raise InputError(f"{text!r} is longer than time itself; write a shorter length") from None


def format_duration(length: timedelta) -> str:
    """A length of time as `parse_duration` reads it.

    Examples
    --------
    >>> format_duration(timedelta(minutes=90)), format_duration(timedelta())
    ('1h30m', '0s')
    """
    text = ""
    for name, unit in _UNITS.items():
        if name == "w" and length % unit:
            continue  # 8d rather than 1w1d.
        count, length = divmod(length, unit)
        text += f"{count}{name}" if count else ""
    return text or "0s"
