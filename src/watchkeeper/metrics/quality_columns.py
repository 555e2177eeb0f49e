"""Data quality of one column: a few shares, each with its limit and its status."""

from __future__ import annotations

from typing import Any

import numpy as np

from watchkeeper.core.estimate import Status
from watchkeeper.core.model import Column, Kind, Role, Thresholds
from watchkeeper.metrics.intervals import wilson
from watchkeeper.metrics.quality_status import judge_excess, worst
from watchkeeper.metrics.quality_support import (
    change_beyond,
    expected_distinct,
    frequencies,
    range_excess,
    unseen_excess,
)
from watchkeeper.profiles.categorical import Categorical, Vocabulary
from watchkeeper.profiles.grid import Grid
from watchkeeper.profiles.layout import Axis
from watchkeeper.profiles.numeric import Numeric
from watchkeeper.profiles.profile import ColumnStatistic, Statistics, Tally

Item = dict[str, Any]
_LUCK = 0.001
"""A constant window fails where the reference makes it less likely than this."""


def measure_column(
    column: Column, axis: Axis, reference: Statistics, current: Statistics, thresholds: Thresholds
) -> Item:
    """Everything about the quality of a column.

    Parameters
    ----------
    column
        Its kind, role and constraint.
    axis
        Its grid or vocabulary.
    reference, current
        Both sides; the column is taken from them by its name.
    thresholds
        Limits where the constraint declares none.

    Returns
    -------
    dict
        `missing`, `out_of_range`, `unseen`, `infinities`, `nans`, `constant`, `cardinality`,
        `pattern`, `length` (None where they do not apply) and the worst `status`.
    """
    before, now = reference.columns[column.name], current.columns[column.name]
    item: Item = {
        "missing": _missing(column, before, now, thresholds),
        "out_of_range": None,
        "unseen": None,
        "infinities": None,
        "nans": None,
        "constant": _constant(column, before, now),
        "cardinality": None,
    }
    if isinstance(axis, Grid) and isinstance(before, Numeric) and isinstance(now, Numeric):
        item["out_of_range"] = _out_of_range(column, axis, before, now, thresholds)
        item["infinities"] = _odd(before.infinities, now.infinities, before, now, Status.FAIL)
        item["nans"] = _odd(before.nans, now.nans, before, now, Status.WARN)
    elif (
        isinstance(axis, Vocabulary)
        and isinstance(before, Categorical)
        and isinstance(now, Categorical)
    ):
        item["unseen"] = _unseen(column, axis, before, now, thresholds)
        item["cardinality"] = _cardinality(before, now, thresholds)
    item["pattern"] = _form(column, "pattern", reference, current, thresholds)
    item["length"] = _form(column, "length", reference, current, thresholds)
    statuses = [held["status"] for held in item.values() if held is not None]
    return {**item, "status": worst(statuses).value}


def missing(held: ColumnStatistic) -> int:
    """Rows without a value; NaN is none."""
    return held.missing if isinstance(held, Numeric) else held.nulls


def outside(held: Numeric, grid: Grid, low: float | None, high: float | None) -> tuple[int, bool]:
    """Rows outside `[low, high]`, infinities among them, and whether that is exact.

    Parameters
    ----------
    held
        The counts of a column.
    grid
        Its grid; where a limit is an edge of it, as `fit_layout` makes it, counts are exact.
    low, high
        The limits, None for none.

    Returns
    -------
    tuple[int, bool]
        Where it is not exact, the rows that are outside for certain.

    Examples
    --------
    >>> from watchkeeper.profiles.grid import fit_grid
    >>> from watchkeeper.profiles.numeric import measure
    >>> values = np.array([1.0, 2.0, 3.0, np.inf])
    >>> grid = fit_grid(values)
    >>> outside(measure(values, 0, grid), grid, 2.0, None)
    (1, True)
    """
    hits, exact = 0, True
    if low is not None:
        hits += held.negative_infinities
        at = int(np.searchsorted(grid.edges, low, side="left"))
        edge = at < grid.edges.size and grid.edges[at] == low
        if held.minimum is not None and held.minimum < low:
            hits += int(held.counts[: at + 1].sum() if edge else held.counts[:at].sum())
            exact &= bool(edge) or held.counts[at] == 0
    if high is not None:
        hits += held.positive_infinities
        over = np.nextafter(high, np.inf)
        at = int(np.searchsorted(grid.edges, over, side="left"))
        edge = at < grid.edges.size and grid.edges[at] == over
        if held.maximum is not None and held.maximum > high:
            hits += int(held.counts[at + 1 :].sum())
            exact &= bool(edge) or held.counts[at] == 0
    return hits, bool(exact)


def limits(column: Column, axis: Grid) -> tuple[float | None, float | None, str | None]:
    """The range of a column and where it comes from: `declared`, `reference`, or none.

    Times have only a declared range, since they go on; texts none, since their grid is of lengths.
    """
    low, high = column.constraint.limits()
    if column.kind is Kind.TEXT:
        return None, None, None
    if low is not None or high is not None:
        return low, high, "declared"
    if column.kind is Kind.DATETIME:
        return None, None, None
    return axis.low, axis.high, "reference"


def unseen(
    held: Categorical, axis: Vocabulary, before: ColumnStatistic, declared: tuple[str, ...] | None
) -> int | None:
    """Rows with a category that is not allowed, or that the reference does not have.

    None where it is not known: both the window and the list have more further categories than
    are kept by name.
    """
    if declared is not None:
        allowed = set(declared)
        counted = zip(axis.values, held.counts.tolist(), strict=True)
        known: int = sum(count for value, count in counted if value not in allowed)
        late = sum(count for value, count in held.others.items() if value in allowed)
        return known + held.other_rows - late
    if not isinstance(before, Categorical) or not before.other_rows:
        return held.other_rows
    if before.truncated or held.truncated:
        return None
    return sum(count for value, count in held.others.items() if value not in before.others)


def _share(hits: int, rows: int) -> float | None:
    return hits / rows if rows else None


def _missing(
    column: Column, before: ColumnStatistic, now: ColumnStatistic, thresholds: Thresholds
) -> Item:
    """Undeclared, the limit is the default, or what the reference itself may well miss."""
    limit = column.constraint.max_missing
    if limit is None and column.role is not Role.LABEL:
        limit = thresholds.max_missing
        if before.rows:
            limit = max(limit, wilson(missing(before), before.rows)[1])
    hits = missing(now)
    # Labels are late by nature; their share is the coverage, not a flaw.
    declared = column.constraint.max_missing is not None
    status = Status.PASS
    if limit is not None:
        status = judge_excess(hits, now.rows, limit, declared=declared)
    return {
        "reference": _share(missing(before), before.rows),
        "current": _share(hits, now.rows),
        "threshold": limit,
        "status": status.value,
    }


def _out_of_range(
    column: Column, grid: Grid, before: Numeric, now: Numeric, thresholds: Thresholds
) -> Item | None:
    low, high, source = limits(column, grid)
    if source is None or (before.finite == 0 and source == "reference"):
        return None
    limit = column.constraint.max_out_of_range
    limit = thresholds.max_out_of_range if limit is None else limit
    if source == "reference":
        limit = max(limit, range_excess(before.finite))
    hits, exact = outside(now, grid, low, high)
    rows = now.rows - now.missing
    then, _ = outside(before, grid, low, high)
    return {
        "reference": _share(then, before.rows - before.missing),
        "current": _share(hits, rows),
        "threshold": limit,
        "minimum": low,
        "maximum": high,
        "source": source,
        "exact": exact,
        "status": judge_excess(hits, rows, limit, declared=source == "declared").value,
    }


def _unseen(
    column: Column, axis: Vocabulary, before: Categorical, now: Categorical, thresholds: Thresholds
) -> Item | None:
    declared = column.constraint.values
    if declared is None and before.valued == 0:
        return None
    limit = column.constraint.max_unseen
    limit = thresholds.max_unseen if limit is None else limit
    if declared is None:
        limit = max(limit, unseen_excess(before))
    hits = unseen(now, axis, before, declared)
    then = unseen(before, axis, before, declared) if declared is not None else 0
    item: Item = {
        "reference": None if then is None else _share(then, before.valued),
        "current": None if hits is None else _share(hits, now.valued),
        "threshold": limit,
        "source": "reference" if declared is None else "declared",
        "status": None,
    }
    if hits is None:
        return {**item, "note": "too many categories to know which of them are new"}
    status = judge_excess(hits, now.valued, limit, declared=declared is not None)
    return {**item, "status": status.value}


def _odd(then: int, hits: int, before: Numeric, now: Numeric, status: Status) -> Item:
    """Values that are no numbers are flaws where the reference has none of them."""
    found = status if hits else Status.PASS
    if then > 0:
        found = judge_excess(hits, now.rows, wilson(then, before.rows)[1])
        found = status if found is Status.FAIL else found
    return {
        "reference": _share(then, before.rows),
        "current": _share(hits, now.rows),
        "status": found.value,
    }


def _is_constant(held: ColumnStatistic) -> bool:
    if isinstance(held, Categorical):
        return held.valued > 0 and held.distinct() == 1
    return held.finite > 0 and held.minimum == held.maximum and held.infinities == 0


def _constant(column: Column, before: ColumnStatistic, now: ColumnStatistic) -> Item:
    then, constant = _is_constant(before), _is_constant(now)
    allowed = column.constraint.allow_constant
    status = Status.PASS
    if constant and not (then if allowed is None else allowed):
        rows = now.finite if isinstance(now, Numeric) else now.valued
        luck = _most_common(before) ** rows
        # A window may well be constant by luck where it is short or one value is common.
        status = Status.FAIL if luck < _LUCK else Status.WARN if luck < 0.05 else Status.PASS
    return {"reference": then, "current": constant, "status": status.value}


def _most_common(held: ColumnStatistic) -> float:
    """The share of the most frequent value or, of a numeric column, bin."""
    counts = frequencies(held) if isinstance(held, Categorical) else held.counts
    total = int(counts.sum())
    return float(counts.max()) / total if total else 0.0


def _cardinality(before: Categorical, now: Categorical, thresholds: Thresholds) -> Item | None:
    """The number of categories against what a sample of that size would show."""
    if before.valued == 0:
        return None
    then, found = before.distinct(), now.distinct()
    item: Item = {
        "reference": then,
        "current": found,
        "expected": None,
        "threshold": thresholds.cardinality_change,
        "status": Status.NOT_ENOUGH_DATA.value,
    }
    if now.valued == 0:
        return item
    if now.valued <= before.valued:
        expected, error = expected_distinct(before, now.valued)
        base, shown = expected, float(found)
    else:
        shown, error = expected_distinct(now, before.valued)
        base = float(then)
        expected = base * found / shown
    change = (shown - base) / base
    beyond = change_beyond(change, error / base)
    limit = thresholds.cardinality_change
    surely = abs(change) > limit and beyond > 0
    status = Status.FAIL if beyond > limit else Status.WARN if surely else Status.PASS
    # One category more or less than expected is luck; unseen ones are counted on their own.
    status = Status.PASS if abs(shown - base) <= 1 else status
    return {**item, "expected": round(expected, 1), "change": change, "status": status.value}


def _form(
    column: Column, kind: str, reference: Statistics, current: Statistics, thresholds: Thresholds
) -> Item | None:
    """A pattern or lengths, as the engine has counted them."""
    now = current.tallies.get(f"{kind}:{column.name}")
    if now is None:
        return None
    limit = column.constraint.max_pattern_mismatch
    limit = thresholds.max_pattern_mismatch if limit is None else limit
    before = reference.tallies.get(f"{kind}:{column.name}", Tally())
    said: Item = (
        {"pattern": column.constraint.pattern}
        if kind == "pattern"
        else {"minimum": column.constraint.min_length, "maximum": column.constraint.max_length}
    )
    return {
        **said,
        "reference": _share(before.failed, before.rows - before.unknown),
        "current": _share(now.failed, now.rows - now.unknown),
        "threshold": limit,
        "status": judge_excess(now.failed, now.rows - now.unknown, limit).value,
    }
