"""Series as rule tests write them: a name with labels, and values such as `0.95x10 _x3 stale`."""

from __future__ import annotations

import re
from typing import Final

import numpy as np

from watchkeeper.core.errors import InputError
from watchkeeper.monitors.source import Floats

_MOST: Final = 1_000_000
"""Values of one series; a year of minutes is half of it."""

_NUMBER = r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|NaN|Inf"
_ITEM = re.compile(
    rf"(?:(?P<blank>_)|(?P<first>[+-]?(?:{_NUMBER})|stale)(?P<step>[+-](?:{_NUMBER}))?)"
    r"(?:x(?P<times>\d{1,9}))?"
)
_NAME = re.compile(r"(?P<side>reference\.)?(?P<name>[A-Za-z_]\w*)\s*(?:\{(?P<labels>.*)\})?")
_LABEL = re.compile(r'\s*(?P<name>[A-Za-z_]\w*)\s*=\s*(?P<text>"[^"\\]*"|\'[^\'\\]*\')\s*(?:,|\Z)')


def expand(text: str) -> Floats:
    """The values of a series, NaN where there is none.

    `a+bxn` is `a`, `a+b`, … `a+b*n`; `a-bxn` likewise; `axn` is `a`, n times more; `_` is a time
    without a value, `_xn` are n of them; `stale` ends a series, which here is the same.

    Raises
    ------
    InputError
        Part of it is none of these.

    Examples
    --------
    >>> expand("0.9x2 1-0.5x1 _x1 stale 7").tolist()
    [0.9, 0.9, 0.9, 1.0, 0.5, nan, nan, 7.0]
    """
    parts = [_item(word) for word in text.split()]
    values = np.concatenate(parts) if parts else np.array([])
    if values.size > _MOST:
        raise InputError(f"{values.size:,} values are more than the {_MOST:,} of a series")
    return values


def _item(word: str) -> Floats:
    match = _ITEM.fullmatch(word)
    if match is None or _is_odd(match):
        raise InputError(
            f"{word!r} is no value; write 0.9, 0.9x10, 1+2x10, 1-2x10, _, _x10 or stale"
        )
    times = int(match["times"] or 0)
    if times > _MOST:
        raise InputError(f"{word!r} is more than the {_MOST:,} values of a series")
    if match["blank"]:
        return np.full(times if match["times"] else 1, np.nan)
    first = np.nan if match["first"] == "stale" else float(match["first"])
    steps = np.full(times + 1, float(match["step"] or 0))
    steps[0] = first
    return np.cumsum(steps)


def _is_odd(match: re.Match[str]) -> bool:
    """Whether it steps a number of times that it does not say, or steps from no number."""
    if match["first"] == "stale":
        return match["step"] is not None or match["times"] is not None
    return match["step"] is not None and match["times"] is None


def parse_series(text: str) -> tuple[str, bool, dict[str, str]]:
    """The metric of a series, whether it is of the reference, and its labels.

    Raises
    ------
    InputError
        It is no series.

    Examples
    --------
    >>> parse_series('reference.psi{model="flights", column="temp"}')
    ('psi', True, {'model': 'flights', 'column': 'temp'})
    """
    match = _NAME.fullmatch(text.strip())
    labels: dict[str, str] = {}
    rest = match["labels"] or "" if match else "?"
    while rest.strip():
        label = _LABEL.match(rest)
        if match is None or label is None:
            raise InputError(f'{text!r} is no series; write accuracy{{model="flights"}}')
        if label["name"] in labels:
            raise InputError(f"{text!r} has the label {label['name']!r} twice")
        labels[label["name"]] = label["text"][1:-1]
        rest = rest[label.end() :]
    if match is None:
        raise InputError(f'{text!r} is no series; write accuracy{{model="flights"}}')
    return match["name"], match["side"] is not None, labels
