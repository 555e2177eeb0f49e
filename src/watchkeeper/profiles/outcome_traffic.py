"""Business values that were reported for predictions, by name."""

from __future__ import annotations

from typing import Self

import msgspec
import numpy as np
import pyarrow as pa

from watchkeeper.profiles.base import Floats, highest
from watchkeeper.profiles.events import Events, codes, is_number, keep_first
from watchkeeper.profiles.weighted import Moments, measure_moments, merge_named

NAMES_KEPT = 100
"""Different names of outcomes that are kept, the first in alphabetical order."""

UNITS_KEPT = 4
"""Different units that are kept for a name."""


class Outcome(msgspec.Struct, frozen=True):
    """What is counted of one kind of outcome.

    Attributes
    ----------
    moments
        Count, sum, squares, minimum and maximum of its values.
    invalid
        Rows without a finite value: they are in nothing else.
    units
        The units stated, in alphabetical order, the first `UNITS_KEPT` of them.
    heaviest
        The largest weight of a row with a value, None without any.
    """

    moments: Moments = Moments()
    invalid: int = 0
    units: tuple[str, ...] = ()
    heaviest: float | None = None

    def __or__(self, other: Self) -> Self:
        """Merge two disjoint sets of rows."""
        return type(self)(
            self.moments | other.moments,
            self.invalid + other.invalid,
            tuple(sorted({*self.units, *other.units})[:UNITS_KEPT]),
            highest(self.heaviest, other.heaviest),
        )


class OutcomeTraffic(msgspec.Struct, frozen=True):
    """What is counted of outcomes.

    Attributes
    ----------
    names
        What was counted of each name.
    other_rows
        Rows without a name, and rows of names beyond the `NAMES_KEPT` that are kept.
    """

    names: dict[str, Outcome] = {}
    other_rows: int = 0

    def __or__(self, other: Self) -> Self:
        """Merge two disjoint sets of rows."""
        every = merge_named(self.names, other.names)
        names, dropped = keep_first(every, NAMES_KEPT, _place)
        beyond = sum(held.moments.rows + held.invalid for held in dropped)
        return type(self)(names, self.other_rows + other.other_rows + beyond)


def measure_outcomes(batch: pa.RecordBatch) -> OutcomeTraffic:
    """The outcomes of a batch of outcome rows.

    Parameters
    ----------
    batch
        Columns `_name`, `_value` and, where known, `_unit` and `_weight` (that of the prediction,
        joined by the caller).

    Examples
    --------
    >>> rows = {"_name": ["sale", "sale"], "_value": [10.0, 30.0], "_unit": ["EUR", None]}
    >>> found = measure_outcomes(pa.RecordBatch.from_pydict(rows)).names["sale"]
    >>> found.moments.total, found.units
    (40.0, ('EUR',))
    """
    events = Events(batch)
    names = events.array("_name")
    if names is None:
        return OutcomeTraffic({}, events.rows)
    texts, places = codes(names)
    every = dict.fromkeys(text for text in texts if text is not None)
    known = sorted(keep_first(every, NAMES_KEPT, _place)[0])
    index: dict[str | None, int] = {name: place for place, name in enumerate(known)}
    groups = np.array([index.get(text, -1) for text in texts])[places]
    order = np.argsort(groups, kind="stable")
    starts = np.searchsorted(groups[order], np.arange(len(known) + 1), side="left")
    values, units = _values(events), events.array("_unit")
    held: dict[str, Outcome] = {}
    for place, name in enumerate(known):
        rows = order[starts[place] : starts[place + 1]]
        weights = None if events.weights is None else events.weights[rows]
        held[name] = _outcome(
            values[rows], weights, None if units is None else units.take(pa.array(rows))
        )
    return OutcomeTraffic(held, int(starts[0]))


def _place(name: str) -> tuple[int, str]:
    return 0, name


def _values(events: Events) -> Floats:
    """The value of each row, NaN where it has none."""
    array = events.array("_value")
    if array is None or not is_number(array.type):
        return np.full(events.rows, np.nan)
    every = array.cast(pa.float64(), safe=False).fill_null(np.nan)
    values: Floats = every.to_numpy(zero_copy_only=False)
    return values


def _outcome(values: Floats, weights: Floats | None, units: pa.Array | None) -> Outcome:
    good = np.isfinite(values)
    invalid = int(values.size - np.count_nonzero(good))
    held = None if weights is None else weights[good]
    heaviest = None
    if invalid < values.size:
        heaviest = 1.0 if held is None else float(held.max())
    moments = measure_moments(values[good], held)
    return Outcome(moments, invalid, () if units is None else _units(units), heaviest)


def _units(units: pa.Array) -> tuple[str, ...]:
    texts = {text for text in codes(units)[0] if text is not None}
    return tuple(sorted(texts)[:UNITS_KEPT])
