"""A measured number with what one needs to trust it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """What a comparison concludes about one column, metric or data set."""

    DRIFTED = "drifted"
    STABLE = "stable"
    NOT_ENOUGH_DATA = "not_enough_data"


class Status(StrEnum):
    """The outcome of one check against a threshold."""

    PASS = "pass"  # noqa: S105  # no password
    WARN = "warn"
    FAIL = "fail"
    NOT_ENOUGH_DATA = "not_enough_data"


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value, its confidence interval, and the rows behind it.

    Attributes
    ----------
    value
        The number, or None where it is undefined (never NaN, never a stand-in such as 0).
    low, high
        The ends of the confidence interval (95 % unless stated), None where there is none.
    p_value
        The chance of a value at least this extreme had nothing changed, where a test has one.
    n_reference, n_current
        Rows behind the value on either side; 0 where a side plays no part.
    note
        Why the value is undefined, or a caveat that a reader must see.
    bound
        The largest error that binning may add to `value`; None where the value is exact.

    Examples
    --------
    >>> Estimate(0.25, low=0.2, high=0.3, n_current=100).to_dict()["value"]
    0.25
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    n_reference: int = 0
    n_current: int = 0
    note: str | None = None
    bound: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """The shape that reports write: the six documented keys, and `note`/`bound` where set."""
        out: dict[str, Any] = {
            "value": finite(self.value),
            "low": finite(self.low),
            "high": finite(self.high),
            "p_value": finite(self.p_value),
            "n_reference": self.n_reference,
            "n_current": self.n_current,
        }
        if self.note is not None:
            out["note"] = self.note
        if self.bound is not None:
            out["bound"] = finite(self.bound)
        return out


def finite(value: float | None) -> float | None:
    """`value` as a plain float, or None where it is None, NaN or infinite.

    >>> finite(float("nan")) is None
    True
    """
    if value is None or not math.isfinite(value):
        return None
    return float(value)
