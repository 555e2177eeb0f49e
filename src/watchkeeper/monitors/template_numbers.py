"""Numbers as Prometheus' templates write them, to the last digit."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Final

import numpy as np

_LARGE: Final = ("", "k", "M", "G", "T", "P", "E", "Z", "Y")
_LARGE_1024: Final = ("", "ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi")
_SMALL: Final = ("", "m", "u", "n", "p", "f", "a", "z", "y")
_VERB: Final = re.compile(r"%([+\- 0]*\d{0,2}(?:\.\d{1,2})?)([feEgG])")


def plain(value: float) -> str:
    """A number with as many digits as tell it from its neighbours, as Go's `%v` writes it.

    >>> plain(0.85), plain(1200.0), plain(21000000.0), plain(0.00001)
    ('0.85', '1200', '2.1e+07', '1e-05')
    """
    if not math.isfinite(value):
        return _special(value)
    if value == 0 or 1e-4 <= abs(value) < 1e6:
        return np.format_float_positional(value, trim="-")
    return np.format_float_scientific(value, trim="-")


def humanize(value: float) -> str:
    """With a metric prefix, to four digits.

    >>> humanize(12345.6), humanize(0.0042), humanize(0.0)
    ('12.35k', '4.2m', '0')
    """
    if value == 0 or not math.isfinite(value):
        return _four(value)
    return _scaled(value, 1000, _LARGE) if abs(value) >= 1 else _shrunk(value)


def humanize1024(value: float) -> str:
    """With a prefix of powers of 1024.

    >>> humanize1024(2048.0)
    '2ki'
    """
    if abs(value) <= 1 or not math.isfinite(value):
        return _four(value)
    return _scaled(value, 1024, _LARGE_1024)


def humanize_duration(value: float) -> str:
    """Seconds as days, hours, minutes and seconds.

    >>> humanize_duration(3725.0), humanize_duration(0.25)
    ('1h 2m 5s', '250ms')
    """
    if value == 0 or not math.isfinite(value):
        return _four(value) + ("s" if value == 0 else "")
    if abs(value) < 1:
        return _shrunk(value) + "s"
    sign = "-" if value < 0 else ""
    minutes, seconds = divmod(int(abs(value)), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{sign}{days}d {hours}h {minutes}m {seconds}s"
    if hours:
        return f"{sign}{hours}h {minutes}m {seconds}s"
    if minutes:
        return f"{sign}{minutes}m {seconds}s"
    return f"{sign}{_four(abs(value))}s"


def humanize_percentage(value: float) -> str:
    """A share in per cent, to four digits.

    >>> humanize_percentage(0.8254)
    '82.54%'
    """
    return _four(value * 100) + "%"


FORMATS: Final[dict[str, Callable[[float], str]]] = {
    "humanize": humanize,
    "humanize1024": humanize1024,
    "humanizeDuration": humanize_duration,
    "humanizePercentage": humanize_percentage,
}
"""What may stand after `|`, besides `printf`."""


def printf(layout: str) -> Callable[[float], str]:
    """A function that writes a number into a layout with one verb: `%.2f`, `%e`, `%.3g`.

    Raises
    ------
    ValueError
        The layout has another verb, none, or more than one; the message says which.

    Examples
    --------
    >>> printf("%.1f%%")(82.54)
    '82.5%'
    """
    pieces = layout.split("%%")
    verbs = [match for piece in pieces for match in _VERB.finditer(piece)]
    if len(verbs) != 1 or sum(piece.count("%") for piece in pieces) != 1:
        raise ValueError(f'"{layout}" needs one verb such as %.2f, %.3g or %e, and %% for a %')
    flags, verb = verbs[0].groups()

    def written(value: float) -> str:
        if not math.isfinite(value):
            number = _special(value)
        elif verb in "gG" and "." not in flags:
            number = plain(value) if verb == "g" else plain(value).upper()
        else:
            number = f"%{flags}{verb}" % value
        return "%".join(_VERB.sub(lambda _: number, piece) for piece in pieces)

    return written


def _special(value: float) -> str:
    return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"


def _four(value: float) -> str:
    return f"{value:.4g}" if math.isfinite(value) else _special(value)


def _scaled(value: float, base: int, prefixes: tuple[str, ...]) -> str:
    index = 0
    while abs(value) >= base and index < len(prefixes) - 1:
        value /= base
        index += 1
    return _four(value) + prefixes[index]


def _shrunk(value: float) -> str:
    index = 0
    while abs(value) < 1 and index < len(_SMALL) - 1:
        value *= 1000
        index += 1
    return _four(value) + _SMALL[index]
