"""A profile as parts that are stored one by one, and their merge.

A part is what one question needs: the statistic of a column, labels against predictions, the
tallies of row rules, the sketch of whole rows, or how many rows there were. A series of one metric
over a year then reads one part a day and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Any, Self, TypeAlias, TypeVar

import msgspec
import numpy as np

from watchkeeper.core.errors import ProfileError
from watchkeeper.profiles.base import Ints
from watchkeeper.profiles.categorical import Categorical, smallest
from watchkeeper.profiles.grid import Grid
from watchkeeper.profiles.layout import Layout
from watchkeeper.profiles.numeric import Numeric
from watchkeeper.profiles.performance import PerformanceStatistic, fits_performance
from watchkeeper.profiles.profile import Profile, Statistics, Tally, join_types, merge_maps
from watchkeeper.profiles.rows import KEPT, RowSketch

PERFORMANCE = "performance"
TALLIES = "tallies"
SKETCH = "sketch"
ROWS = "rows"
_COLUMN = "column:"

Segment: TypeAlias = tuple[str, str]
"""A segment column and one of its values."""

WHOLE: Segment = ("", "")
"""All rows."""

T = TypeVar("T")


class Rows(msgspec.Struct, frozen=True):
    """How many rows there were, and the Arrow types seen of each column."""

    rows: int = 0
    observed: dict[str, str] = {}

    def __or__(self, other: Self) -> Self:
        """Merge two disjoint sets of rows."""
        return type(self)(self.rows + other.rows, join_types(self.observed, other.observed))


class Tallies(msgspec.Struct, frozen=True):
    """The tallies of row rules, patterns and lengths, by the name of the check."""

    held: dict[str, Tally] = {}

    def __or__(self, other: Self) -> Self:
        """Merge two disjoint sets of rows."""
        return type(self)(merge_maps(self.held, other.held))


Part: TypeAlias = Numeric | Categorical | PerformanceStatistic | Tallies | RowSketch | Rows
"""What a profile is made of."""


def column_part(name: str) -> str:
    """The name of the part that holds a column.

    Columns have a prefix, since one may be called `performance`.

    >>> column_part("age")
    'column:age'
    """
    return _COLUMN + name


def column_of_part(part: str) -> str | None:
    """The column whose part it is; None for the parts that belong to no column.

    >>> column_of_part("column:age"), column_of_part("performance")
    ('age', None)
    """
    return part.removeprefix(_COLUMN) if part.startswith(_COLUMN) else None


def split_profile(profile: Profile) -> dict[Segment, dict[str, Part]]:
    """The parts of the whole and of every segment; what a profile has not is no part.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from watchkeeper.core.model import Column, Kind, Model
    >>> from watchkeeper.profiles.fit import fit_layout
    >>> from watchkeeper.profiles.kernel import profile_batch
    >>> batch = pa.record_batch({"age": [31, 42]})
    >>> layout = fit_layout(Model("m", (Column("age", Kind.NUMERIC),)), pa.table(batch))
    >>> sorted(split_profile(profile_batch(batch, layout))[WHOLE])
    ['column:age', 'rows', 'sketch']
    """
    found: dict[Segment, dict[str, Part]] = {WHOLE: _split(profile.whole, profile.observed)}
    for column, values in profile.segments.items():
        for value, statistics in values.items():
            found[column, value] = _split(statistics, {})
    return found


def join_profile(layout: Layout, parts: Mapping[Segment, Mapping[str, Part]]) -> Profile:
    """The profile that some of its parts make.

    Parameters
    ----------
    layout
        What the parts were measured on.
    parts
        By segment and name, the whole among them. Columns whose part is not given are absent
        from the profile's statistics: it will do for metrics of those that are there.

    Raises
    ------
    ProfileError
        A part does not fit the layout, or the whole is not among the parts.
    """
    if WHOLE not in parts:
        raise ProfileError("the parts of a profile must hold those of all rows, ('', '')")
    segments: dict[str, dict[str, Statistics]] = {name: {} for name in layout.segments}
    for (column, value), held in parts.items():
        if (column, value) != WHOLE:
            segments.setdefault(column, {})[value] = _join(layout, held)
    rows = parts[WHOLE].get(ROWS)
    observed = rows.observed if isinstance(rows, Rows) else {}
    return Profile(layout, _join(layout, parts[WHOLE]), segments, observed)


def merge_all(statistics: Sequence[T]) -> T:
    """The merge of many statistics of one kind, quicker than one by one.

    It is what `functools.reduce(or_, …)` gives, up to the reordering of floating-point sums.

    Raises
    ------
    ValueError
        There is none: only a layout knows the statistic of no rows.
    ProfileError
        They stand on different layouts.

    Examples
    --------
    >>> merge_all([Rows(1), Rows(2), Rows(3)]).rows
    6
    """
    if not statistics:
        raise ValueError("there is no statistic to merge")
    first: Any = statistics[0]
    several: Any = statistics
    if len(statistics) == 1:
        return statistics[0]
    if isinstance(first, Numeric):
        merged: Any = _merge_numeric(several)
    elif isinstance(first, Categorical):
        merged = _merge_categorical(several)
    elif isinstance(first, RowSketch):
        merged = _merge_sketches(several)
    else:
        merged = reduce(or_, several)
    return merged  # type: ignore[no-any-return]  # of the type of the first


def _split(statistics: Statistics, observed: dict[str, str]) -> dict[str, Part]:
    parts: dict[str, Part] = {ROWS: Rows(statistics.rows, observed)}
    for name, column in statistics.columns.items():
        parts[column_part(name)] = column
    if statistics.performance is not None:
        parts[PERFORMANCE] = statistics.performance
    if statistics.tallies:
        parts[TALLIES] = Tallies(statistics.tallies)
    if statistics.sketch is not None:
        parts[SKETCH] = statistics.sketch
    return parts


def _join(layout: Layout, parts: Mapping[str, Part]) -> Statistics:
    columns: dict[str, Numeric | Categorical] = {}
    for name, part in parts.items():
        column = column_of_part(name)
        if column is not None:
            columns[column] = _fitting(layout, column, part)
    performance: Any = parts.get(PERFORMANCE)
    if not fits_performance(layout.performance, performance):
        raise ProfileError("labels and predictions were counted on another layout")
    tallies, sketch = parts.get(TALLIES), parts.get(SKETCH)
    held = [parts.get(ROWS), *columns.values(), performance]
    return Statistics(
        next((part.rows for part in held if part is not None), 0),
        columns,
        performance,
        tallies.held if isinstance(tallies, Tallies) else {},
        sketch if isinstance(sketch, RowSketch) else None,
    )


def _fitting(layout: Layout, column: str, part: Part) -> Numeric | Categorical:
    """The part of a column, if it was counted along the column's axis."""
    axis = layout.axes.get(column)
    if isinstance(part, Numeric) and isinstance(axis, Grid):
        fits = part.counts.shape == (axis.bins,)
    elif isinstance(part, Categorical) and axis is not None and not isinstance(axis, Grid):
        fits = part.counts.shape == (len(axis.values),)
    else:
        fits = False
    if not fits:
        raise ProfileError(
            f"the part of column {column!r} was counted on another layout; remove the parts of "
            "old layouts and profile the rows again"
        )
    return part  # type: ignore[return-value]  # one of the two, checked above


def _counts(parts: Iterable[Ints], what: str) -> Ints:
    """The sum of arrays of one shape."""
    held = list(parts)
    if len({counts.shape for counts in held}) > 1:
        raise ProfileError(f"two profiles of one column stand on different {what}")
    total: Ints = np.add.reduce(held)
    return total


def _merge_numeric(parts: Sequence[Numeric]) -> Numeric:
    lows = [part.minimum for part in parts if part.minimum is not None]
    highs = [part.maximum for part in parts if part.maximum is not None]
    return Numeric(
        sum(part.rows for part in parts),
        sum(part.nulls for part in parts),
        sum(part.nans for part in parts),
        sum(part.negative_infinities for part in parts),
        sum(part.positive_infinities for part in parts),
        sum(part.total for part in parts),
        sum(part.squares for part in parts),
        min(lows, default=None),
        max(highs, default=None),
        _counts((part.counts for part in parts), "grids"),
    )


def _merge_categorical(parts: Sequence[Categorical]) -> Categorical:
    others: dict[str, int] = {}
    for part in parts:
        for value, count in part.others.items():
            others[value] = others.get(value, 0) + count
    return Categorical(
        sum(part.rows for part in parts),
        sum(part.nulls for part in parts),
        _counts((part.counts for part in parts), "vocabularies"),
        smallest(others),
        sum(part.other_rows for part in parts),
    )


def _merge_sketches(parts: Sequence[RowSketch]) -> RowSketch:
    """One sort of what may be kept: nothing beyond the last hash of a full part is."""
    hashes = np.concatenate([part.hashes for part in parts])
    counts = np.concatenate([part.counts for part in parts])
    full = [part.hashes[-1] for part in parts if part.hashes.size >= KEPT]
    if full:
        near = hashes <= min(full)
        hashes, counts = hashes[near], counts[near]
    kept, where = np.unique(hashes, return_inverse=True)
    summed = np.zeros(kept.size, dtype=np.int64)
    np.add.at(summed, where, counts)
    return RowSketch(kept[:KEPT], summed[:KEPT])
