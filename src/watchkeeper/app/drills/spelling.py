"""What a person writes for an injection, such as `latency=x3` or `drift:temp=2sd`."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal, TypeAlias, cast

from watchkeeper.core.errors import InputError
from watchkeeper.expressions.hints import suggest

Kind: TypeAlias = Literal[
    "drift", "nulls", "latency", "errors", "labels", "silence", "missing-labels"
]
Way: TypeAlias = Literal["plain", "percent", "add", "times", "sd"]

FORMS: dict[str, str] = {
    "drift": "drift:temp=2sd (or +5, x1.5), drift:airport=30% (or 30%:JFK)",
    "nulls": "nulls:temp=30%",
    "latency": "latency=x3, or latency=+200ms",
    "errors": "errors=10%",
    "labels": "labels=20%; for numbers labels=+5, x1.2 or 0.5sd",
    "silence": "silence, or silence=50%",
    "missing-labels": "missing-labels, or missing-labels=50%",
}
"""Each kind of injection, with how it is written."""

_OF_A_COLUMN = ("drift", "nulls")
_WHOLE = ("silence", "missing-labels")
_WAYS: dict[str, tuple[Way, ...]] = {
    "drift": ("plain", "percent", "add", "times", "sd"),
    "nulls": ("plain", "percent"),
    "latency": ("add", "times"),
    "errors": ("plain", "percent"),
    "labels": ("plain", "percent", "add", "times", "sd"),
    "silence": ("plain", "percent"),
    "missing-labels": ("plain", "percent"),
}
_AMOUNT = re.compile(r"(?P<sign>[x+-]?)(?P<number>\d+(\.\d*)?|\.\d+)(?P<unit>%|sd|ms)?")


@dataclass(frozen=True, slots=True)
class Injection:
    """Harm that is done to rows.

    Attributes
    ----------
    text
        As it was written.
    kind
        What is done.
    column
        To which column; None where it is no column's.
    way, amount
        How strong it is: `plain` is a number whose meaning the column decides, a share (0 to 1) or
        standard deviations; `percent` is a share too, so far divided by 100.
    value
        The category that rows are moved to; None for one that nobody has seen.
    """

    text: str
    kind: Kind
    column: str | None = None
    way: Way = "plain"
    amount: float = 1.0
    value: str | None = None

    def share(self) -> float:
        """The share of rows that it is done to.

        Raises
        ------
        InputError
            It is no share.
        """
        if self.way not in ("plain", "percent") or not 0 <= self.amount <= 1:
            raise InputError(
                f"the injection {self.text!r} asks for a share of rows; write 0 to 1, or 0% to "
                f"100%, as in {FORMS[self.kind]}"
            )
        return self.amount


def read_injection(text: str) -> Injection:
    """The injection that a text names.

    Raises
    ------
    InputError
        It names none.

    Examples
    --------
    >>> read_injection("latency=x3")
    Injection(text='latency=x3', kind='latency', column=None, way='times', amount=3.0, value=None)
    >>> found = read_injection("drift:airport=30%:JFK")
    >>> found.column, found.share(), found.value
    ('airport', 0.3, 'JFK')
    """
    head, equals, rest = text.strip().rpartition("=")
    if not equals:
        head, rest = text.strip(), ""
    kind, colon, column = head.partition(":")
    if kind not in FORMS:
        raise InputError(
            f"the injection {text!r} is of no known kind{suggest(kind, FORMS)}; there are "
            f"{', '.join(FORMS)}"
        )
    if (kind in _OF_A_COLUMN) != bool(column) or (colon and not column):
        raise InputError(f"the injection {text!r} cannot be read; write {FORMS[kind]}")
    if not rest and (equals or kind not in _WHOLE):
        raise InputError(f"the injection {text!r} does not say how much; write {FORMS[kind]}")
    value = None
    if kind == "drift":
        rest, told, value = rest.partition(":")
        value = value if told else None
    way, amount = _amount(rest, text, kind) if rest else ("plain", 1.0)
    found = Injection(text.strip(), cast("Kind", kind), column or None, way, amount, value)
    if _WAYS[kind] == ("plain", "percent"):
        found.share()
    return found


def _amount(text: str, whole: str, kind: str) -> tuple[Way, float]:
    found = _AMOUNT.fullmatch(text)
    way = None if found is None else _way(found["sign"], found["unit"] or "", kind)
    if found is None or way not in _WAYS[kind]:
        raise InputError(f"{text!r} in the injection {whole!r} cannot be read; write {FORMS[kind]}")
    amount = float(found["number"]) * (-1 if found["sign"] == "-" else 1)
    if not math.isfinite(amount):
        raise InputError(f"{text!r} in the injection {whole!r} is too large")
    return way, amount / 100 if way == "percent" else amount


def _way(sign: str, unit: str, kind: str) -> Way | None:
    """What sign and unit say together; None where they say nothing."""
    if unit == "ms" and kind != "latency":
        return None
    if unit == "sd":
        return None if sign == "x" else "sd"
    if unit == "%":
        return "percent" if sign == "" else None
    return cast("Way", {"": "plain", "x": "times", "+": "add", "-": "add"}[sign])
