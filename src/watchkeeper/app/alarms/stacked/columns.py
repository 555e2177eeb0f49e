"""Drift of a column in many windows, beside a reference that does not move."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from watchkeeper.app.alarms.stacked.hours import Spans, Stack
from watchkeeper.metrics import hellinger, jensen_shannon, kl_divergence, psi
from watchkeeper.metrics.divergence import Formula
from watchkeeper.metrics.divergence_many import Many, measure_many, pool_many
from watchkeeper.metrics.find import Found
from watchkeeper.metrics.intervals import wilson
from watchkeeper.metrics.mean_shift import mean_shifts
from watchkeeper.metrics.pairs import CategoricalPair, NumericPair, Pair, missing
from watchkeeper.metrics.proportions import newcombe
from watchkeeper.monitors.source import Counts, Floats, Points
from watchkeeper.profiles.base import Ints
from watchkeeper.profiles.categorical import OTHERS

_FORMULAS: dict[str, tuple[Formula, bool]] = {
    "psi": (psi.FORMULA, False),
    "psi_corrected": (psi.FORMULA, True),
    "kl_divergence": (kl_divergence.FORMULA, False),
    "kl_divergence_corrected": (kl_divergence.FORMULA, True),
    "jensen_shannon": (jensen_shannon.FORMULA, False),
    "jensen_shannon_corrected": (jensen_shannon.FORMULA, True),
    "hellinger": (hellinger.FORMULA, False),
}
"""The formula of a divergence, and whether its bias is taken off."""

_CELLS = 1 << 21
"""So many numbers of windows and groups are held at once."""


@dataclass(frozen=True)
class Question:
    """A metric of a column over runs of its hours.

    Attributes
    ----------
    stack, spans
        The hours, and the runs.
    pair
        The reference on both sides.
    intervals
        Whether intervals are wanted.
    """

    stack: Stack
    spans: Spans
    pair: Pair
    intervals: bool


def is_column_metric(found: Found) -> bool:
    """Whether `column_points` may know a metric."""
    return found.part == "column" and (found.name in _FORMULAS or found.name in _OTHERS)


def column_points(found: Found, asked: Question) -> Points | None:
    """The metric of each window; None where it has to be taken one by one."""
    if found.name in _FORMULAS:
        return _divergences(asked, found.name)
    return _OTHERS[found.name](asked)


# ---- shares of groups ------------------------------------------------------------------------


def _divergences(asked: Question, name: str) -> Points | None:
    counts = _groups(asked) if isinstance(asked.pair, NumericPair) else _categories(asked)
    if counts is None:
        return None
    reference, hours = counts
    sums = asked.spans.sums(hours)
    size = max(1, _CELLS // (reference.size + 1))
    pieces = [
        _divergence(asked, name, reference, sums[at : at + size].astype(np.float64))
        for at in range(0, len(sums), size)
    ]
    value, low, high = (np.concatenate(ends) for ends in zip(*pieces, strict=True))
    return Points(value, low, high, sums.sum(axis=1).astype(np.int64))


def _divergence(
    asked: Question, name: str, reference: Floats, current: Floats
) -> tuple[Floats, Floats, Floats]:
    """Value, low and high of some windows."""
    formula, corrected = _FORMULAS[name]
    if isinstance(asked.pair, CategoricalPair):
        before, after, rare = pool_many(reference, current)
    else:
        before, after = np.broadcast_to(reference, current.shape), current
        rare = np.zeros(len(current), dtype=np.bool_)
    many = measure_many(before, after, formula)
    value = many.values(formula, corrected=corrected)
    value[rare] = np.nan
    low, high = _intervals(many, formula, value) if asked.intervals else _none(value.size)
    if name == "hellinger":
        value, low, high = (np.sqrt(end) for end in (value, low, high))
    return value, low, high


def _intervals(many: Many, formula: Formula, values: Floats) -> tuple[Floats, Floats]:
    low, high = many.intervals(formula, values)
    unknown = np.isnan(values)
    low[unknown], high[unknown] = np.nan, np.nan
    return low, high


def _groups(asked: Question) -> tuple[Floats, NDArray[Any]]:
    """Rows in each decile group: of the reference, and of each hour."""
    pair = asked.pair
    assert isinstance(pair, NumericPair)  # noqa: S101  # the caller has looked
    starts = np.concatenate(([0], pair.boundaries))
    cells = _cells(asked.stack)
    return (
        np.add.reduceat(pair.counts[0], starts),
        np.add.reduceat(cells, starts, axis=1, dtype=np.int64),
    )


def _cells(stack: Stack) -> NDArray[Any]:
    """Rows in each cell of each hour: minus infinity, the bins, plus infinity."""
    held = stack.fields
    ends = (held["negative_infinities"], held["positive_infinities"])
    return np.column_stack((ends[0], held["counts"], ends[1]))


def _categories(asked: Question) -> tuple[Floats, NDArray[Any]] | None:
    """Rows of each category and, last, of those without a name; None where names are missing."""
    pair = asked.pair
    assert isinstance(pair, CategoricalPair)  # noqa: S101  # the caller has looked
    others = asked.stack.fields["others"]
    names = set(pair.reference.others).union(*others.tolist())
    if len(names) >= OTHERS or pair.truncated:
        return None
    place = {name: at for at, name in enumerate(sorted(names))}
    named = np.zeros((len(others) + 1, len(names)), dtype=np.int64)
    for at, held in enumerate((*others.tolist(), pair.reference.others)):
        for name, count in held.items():
            named[at, place[name]] = count
    unnamed = asked.stack.fields["other_rows"] - named[:-1].sum(axis=1)
    own = pair.reference.other_rows - named[-1].sum()
    reference = np.concatenate((pair.reference.counts, named[-1], [own])).astype(np.float64)
    return reference, np.column_stack((asked.stack.fields["counts"], named[:-1], unnamed))


def _new(asked: Question) -> Points | None:
    """`new_category_share` where all names are known."""
    if not isinstance(asked.pair, CategoricalPair):
        return None
    counts = _categories(asked)
    if counts is None or counts[0][-1] or counts[1][:, -1].any():
        return None
    reference, hours = counts
    fresh = asked.spans.sums(hours[:, reference == 0].sum(axis=1))
    rows = asked.spans.sums(hours.sum(axis=1))
    value = _ratio(fresh, rows) if asked.pair.n_reference else np.full(rows.size, np.nan)
    return Points(value, *_each(asked, value, rows, lambda k, m: wilson(k / m * m, m), fresh), rows)


# ---- counts and moments ----------------------------------------------------------------------


def _missing(asked: Question) -> Points:
    """`missing_share`."""
    held, spans = asked.stack.fields, asked.spans
    rows = spans.sums(held["rows"])
    absent = spans.sums(held["nulls"] + held.get("nans", 0))
    n, before = asked.pair.reference.rows, missing(asked.pair)[0]
    value = _ratio(absent, rows) - before / n if n else np.full(rows.size, np.nan)
    ends = _each(asked, value, rows, lambda k, m: newcombe(k, m, before, n), absent)
    return Points(value, *ends, rows)


def _moved(asked: Question) -> Points | None:
    """`mean_shift`."""
    pair, spans = asked.pair, asked.spans
    if not isinstance(pair, NumericPair):
        return None
    held = asked.stack.fields
    without = ("nulls", "nans", "negative_infinities", "positive_infinities")
    finite = spans.sums(held["rows"]) - sum(spans.sums(held[name]) for name in without)
    moments = finite, spans.sums(held["total"]), spans.sums(held["squares"])
    ends = spans.least(held["minimum"]), spans.most(held["maximum"])
    value, low, high = mean_shifts(pair.reference, pair.grid, moments, ends)
    if not asked.intervals:
        low, high = _none(value.size)
    return Points(value, low, high, finite)


def _farthest(asked: Question) -> Points | None:
    """`ks`, without its interval."""
    pair = asked.pair
    if not isinstance(pair, NumericPair) or asked.intervals or not pair.n_reference:
        return None
    cells = _cells(asked.stack)
    reference = pair.cdf[0]
    pieces, size = [], max(1, _CELLS // reference.size)
    for at in range(0, asked.spans.first.size, size):
        some = Spans(asked.spans.first[at : at + size], asked.spans.last[at : at + size])
        upto = np.cumsum(some.sums(cells), axis=1)
        rows = upto[:, -1]
        gaps = np.abs(upto / np.maximum(rows, 1)[:, None] - reference)
        pieces.append((np.where(rows > 0, np.minimum(gaps.max(axis=1), 1.0), np.nan), rows))
    value, rows = (np.concatenate(held) for held in zip(*pieces, strict=True))
    return Points(value, *_none(value.size), rows)


def _each(
    asked: Question,
    value: Floats,
    rows: Counts,
    interval: Callable[[float, float], tuple[float, float]],
    hits: Ints,
) -> tuple[Floats, Floats]:
    """The interval of each share that there is, from its hits and rows."""
    low, high = _none(value.size)
    if asked.intervals:
        for at in np.flatnonzero(~np.isnan(value)).tolist():
            low[at], high[at] = interval(int(hits[at]), int(rows[at]))
    return low, high


def _ratio(hits: Ints, rows: Counts) -> Floats:
    """Shares; NaN without rows."""
    found: Floats = np.divide(hits, rows, out=np.full(rows.size, np.nan), where=rows > 0)
    return found


def _none(size: int) -> tuple[Floats, Floats]:
    """Ends of intervals that there are not."""
    return np.full(size, np.nan), np.full(size, np.nan)


_OTHERS: dict[str, Callable[[Question], Points | None]] = {
    "missing_share": _missing,
    "new_category_share": _new,
    "mean_shift": _moved,
    "ks": _farthest,
}
