"""Values of JSON and MessagePack in the types of columns: what fits, is coerced, or is not."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from watchkeeper.profiles.values import text_of

EXACT = 2**53
"""Whole numbers up to this size are exact in a double."""

SMALLEST, LARGEST = -(2**63), 2**63 - 1
EARLIEST_US, LATEST_US = -9_223_372_036_854_775, 9_223_372_036_854_775
"""The sane range of times, 1677 to 2262: what nanoseconds of 64 bits can say."""

NAMED = {
    "NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf,
}  # fmt: skip
"""How JSON, which has no such numbers, writes them for a column of doubles."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d{1,19}", re.ASCII)
_TRUTH = {"true": True, "false": False, "True": True, "False": False}
_NONE = type(None)
_TIMES = list[datetime | None]
_NOT_SAID = "is no"


class Unpaired(str):
    """Text with a lone surrogate: JSON can write it, UTF-8 cannot, so it fits no column."""

    __slots__ = ()


class Fitted(msgspec.Struct, frozen=True, gc=False):
    """A column in its type, and the rows where that took more than reading.

    Parameters
    ----------
    values
        The column; null where a value did not fit. Times are microseconds since 1970.
    bad
        Rows whose value did not fit.
    changed
        Rows whose value had another type and was coerced.
    """

    values: Any
    bad: Sequence[int] = ()
    changed: Sequence[int] = ()


def fit_list(values: list[Any], want: str) -> Fitted:
    """Bring a list of Python values into the type of a column.

    Parameters
    ----------
    values
        Scalars, None, and anything else that JSON or MessagePack can hold.
    want
        `double`, `int64`, `string`, `bool` or `timestamp`.

    Examples
    --------
    >>> fit_list([1, "3.2", None, [1]], "double")
    Fitted(values=[1.0, 3.2, None, None], bad=[3], changed=[1])
    >>> fit_list(["2024-01-01T00:00:00Z", 0.5], "timestamp").values
    [1704067200000000, 500000]
    """
    kinds = set(map(type, values))
    kinds.discard(_NONE)
    if _fits(values, want, kinds):
        return Fitted(values)
    if want == "timestamp" and kinds <= {str, datetime}:
        try:
            return Fitted(_all_micros(values))
        except (msgspec.ValidationError, OverflowError):
            pass  # Value by value, to say which.
    return _one_by_one(values, want)


def _fits(values: list[Any], want: str, kinds: set[type]) -> bool:
    """Whether every value has the type already, or one that loses nothing."""
    if not kinds:
        return True
    if want == "double":
        return kinds == {float} or (kinds <= {float, int} and _within(values, EXACT))
    if want == "int64":
        return kinds == {int} and _within(values, LARGEST)
    return (want == "string" and kinds == {str}) or (want == "bool" and kinds == {bool})


def _within(values: list[Any], limit: int) -> bool:
    whole = [value for value in values if type(value) is int]
    return max(whole) <= limit and min(whole) >= -limit


def _one_by_one(values: list[Any], want: str) -> Fitted:
    convert = _CONVERT[want]
    fitted: list[Any] = []
    bad, changed = [], []
    for row, value in enumerate(values):
        if value is None:
            fitted.append(None)
            continue
        try:
            got, same = convert(value)
        except (ValueError, OverflowError):
            got, same = None, True
            bad.append(row)
        fitted.append(got)
        if not same:
            changed.append(row)
    return Fitted(fitted, bad, changed)


def to_double(value: Any) -> tuple[float, bool]:
    """A value as a double, and whether it was a number already; ValueError where it would lose.

    >>> to_double(3), to_double("3.2"), to_double("NaN"), to_double(True)
    ((3.0, True), (3.2, False), (nan, True), (1.0, False))
    """
    kind = type(value)
    if kind is float:
        return value, True
    if kind is int:
        number = float(value)
        if int(number) != value:
            raise ValueError(_NOT_SAID)
        return number, True
    if kind is Decimal:
        return _spelt(str(value)), True
    if kind is bool:
        return float(value), False
    if kind is str:
        return (NAMED[value], True) if value in NAMED else (_spelt(value), False)
    raise ValueError(_NOT_SAID)


def _spelt(text: str) -> float:
    """The number that a text spells, where a double holds it."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(_NOT_SAID)
    number = float(text)
    if not math.isfinite(number) or (abs(number) >= EXACT and Decimal(text) != Decimal(number)):
        raise ValueError(_NOT_SAID)
    return number


def to_whole(value: Any) -> tuple[int, bool]:
    """A value as a whole number of 64 bits, and whether it was one; ValueError where it is none.

    >>> to_whole(3.0), to_whole("3")
    ((3, True), (3, False))
    """
    kind = type(value)
    if (kind is str and _WHOLE.fullmatch(value)) or kind is bool:
        number, same = int(value), False
    elif kind is int or (kind in {float, Decimal} and value == value // 1):
        number, same = int(value), True
    else:
        raise ValueError(_NOT_SAID)
    if not SMALLEST <= number <= LARGEST:
        raise ValueError(_NOT_SAID)
    return number, same


def to_text(value: Any) -> tuple[str, bool]:
    """A scalar as the text by which its category goes, and whether it was text.

    >>> to_text("a"), to_text(1.0), to_text(True)
    (('a', True), ('1', False), ('true', False))
    """
    kind = type(value)
    if kind is str:
        return value, True
    if kind in {bool, int, float, Decimal}:
        return text_of(value), False
    if kind is datetime:
        return value.isoformat(), False
    raise ValueError(_NOT_SAID)


def to_truth(value: Any) -> tuple[bool, bool]:
    """A value as true or false, and whether it was that: 0, 1, `true` and `false` are coerced.

    >>> to_truth(1), to_truth("false")
    ((True, False), (False, False))
    """
    kind = type(value)
    if kind is bool:
        return value, True
    if kind in {int, float} and value in {0, 1}:
        return bool(value), False
    if kind is str and value in _TRUTH:
        return _TRUTH[value], False
    raise ValueError(_NOT_SAID)


def to_micros(value: Any) -> tuple[int, bool]:
    """A time as microseconds since 1970: RFC 3339 text, a datetime, or seconds since 1970.

    A time without an offset is in UTC; a date alone is its midnight. Seconds outside of the years
    1677 to 2262 raise ValueError, since they are milliseconds or worse.

    >>> to_micros("1970-01-02"), to_micros(1.5), to_micros("1970-01-01T01:00:00+01:00")
    ((86400000000, True), (1500000, True), (0, True))
    """
    kind = type(value)
    if kind in {int, float}:
        micros = round(value * 1_000_000)
        if not EARLIEST_US <= micros <= LATEST_US:
            raise ValueError(_NOT_SAID)
        return micros, True
    if kind is datetime:
        return _micros(value), True
    if kind is str:
        if len(value) == 10:
            value = f"{date.fromisoformat(value).isoformat()}T00:00:00Z"
        try:
            return _micros(msgspec.convert(value, datetime)), True
        except msgspec.ValidationError as error:  # No ValueError in older releases of msgspec.
            raise ValueError(str(error)) from error
    raise ValueError(_NOT_SAID)


def _all_micros(values: list[Any]) -> list[int | None]:
    times = msgspec.convert(values, _TIMES)
    return [None if time is None else _micros(time) for time in times]


def _micros(time: datetime) -> int:
    since: timedelta = (time if time.tzinfo else time.replace(tzinfo=UTC)) - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


_CONVERT: dict[str, Callable[[Any], tuple[Any, bool]]] = {
    "double": to_double,
    "int64": to_whole,
    "string": to_text,
    "bool": to_truth,
    "timestamp": to_micros,
}


def type_of(values: list[Any]) -> str | None:
    """The type that a column of these values gets: its first value decides.

    Numbers are doubles, since a whole first number says nothing of the rest; `int64` only where
    all are whole and some exceed what a double holds exactly. Texts such as `"NaN"` count as
    numbers where no other text says differently.

    Returns
    -------
    str or None
        None where no value is a scalar.

    Examples
    --------
    >>> type_of([None, 3]), type_of([2**60]), type_of(["NaN", 2]), type_of([True]), type_of([[1]])
    ('double', 'int64', 'double', 'bool', None)
    """
    named = False
    for value in values:
        kind = type(value)
        if kind in {int, float, Decimal}:
            return _number_type(values)
        if kind is bool:
            return "bool"
        if kind is datetime:
            return "timestamp"
        if kind is str:
            if value not in NAMED:
                return "string"
            named = True
    return "double" if named else None


def _number_type(values: list[Any]) -> str:
    numbers = [value for value in values if type(value) in {int, float, Decimal}]
    if any(type(value) is not int for value in numbers):
        return "double"
    if all(-EXACT <= value <= EXACT for value in numbers):
        return "double"
    return "int64" if all(SMALLEST <= value <= LARGEST for value in numbers) else "double"
