"""Texts of users made safe to stand in a message, and times and lengths for people."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta, tzinfo
from urllib.parse import urlsplit

_DIRECTIONS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean(text: object, most: int) -> str:
    r"""A text as one line, without control characters, and at most so long.

    Marks that turn the direction of writing are left out as well: they make one thing look like
    another.

    Examples
    --------
    >>> clean("two\r\nlines ", 20), clean("too long a text", 9)
    ('two lines', 'too long…')
    """
    words = "".join(_plain(letter) for letter in str(text)[: 10 * most + 100]).split()
    return shorten(" ".join(words), most)


def paragraph(text: str, most: int) -> str:
    """A text whose lines are kept, each as `clean` makes it."""
    lines = [clean(line, most) for line in text[: 4 * most].splitlines()]
    return shorten("\n".join(line for line in lines if line), most)


def shorten(text: str, most: int) -> str:
    """A text of at most so many characters, with an ellipsis where some were cut."""
    return text if len(text) <= most else text[: max(0, most - 1)].rstrip() + "…"


def shorten_bytes(text: str, most: int) -> str:
    """A text of at most so many bytes of UTF-8, with an ellipsis where some were cut.

    Examples
    --------
    >>> shorten_bytes("äöü", 6), shorten_bytes("äöü", 5)
    ('äöü', 'ä…')
    """
    data = text.encode()
    if len(data) <= most:
        return text
    return data[: max(0, most - 3)].decode(errors="ignore").rstrip() + "…"


def _plain(letter: str) -> str:
    if letter in _DIRECTIONS:
        return ""
    return " " if unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"} else letter


def web_address(text: str) -> str:
    """An http(s) address; empty where the text is none, so that no link runs a script.

    Examples
    --------
    >>> web_address("https://example.com/a b"), web_address("javascript:alert(1)")
    ('https://example.com/a%20b', '')
    """
    text = clean(text, 2000).replace(" ", "%20")
    try:
        url = urlsplit(text)
        good = url.scheme in {"http", "https"} and bool(url.hostname)
    except ValueError:
        good = False
    return "".join(_QUOTED.get(letter, letter) for letter in text) if good else ""


_QUOTED = {letter: f"%{ord(letter):02X}" for letter in "<>\"'`|\\^{}"}


def time_text(time: datetime, zone: tzinfo = UTC) -> str:
    """A time to the minute, with its zone.

    Examples
    --------
    >>> time_text(datetime(2026, 3, 4, 5, 6, tzinfo=UTC))
    '2026-03-04 05:06 UTC'
    """
    local = time.astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M} {local.tzname() or local.strftime('%z')}"


def length(span: timedelta) -> str:
    """A length of time in its two largest units.

    Examples
    --------
    >>> length(timedelta(hours=26, minutes=5)), length(timedelta(minutes=90)), length(timedelta())
    ('1 d 2 h', '1 h 30 min', 'less than a minute')
    """
    minutes = int(span.total_seconds() // 60)
    if minutes < 1:
        return "less than a minute"
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [(days, "d"), (hours, "h"), (rest, "min")]
    first = next(index for index, (count, _) in enumerate(parts) if count)
    return " ".join(f"{count} {unit}" for count, unit in parts[first : first + 2] if count)
