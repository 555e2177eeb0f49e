"""The kernel: an Arrow batch and a layout in, a profile out.

Rows are grouped first and each group's column is sorted then, so grouping costs one `take`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from functools import reduce
from operator import or_

import numpy as np
import pyarrow as pa

from watchkeeper.core.model import Column, Model, Role
from watchkeeper.profiles import categorical, numeric
from watchkeeper.profiles.base import Ints
from watchkeeper.profiles.grid import Grid
from watchkeeper.profiles.hashes import hash_rows
from watchkeeper.profiles.layout import Layout, named_segments
from watchkeeper.profiles.performance import empty_performance, measure_performance
from watchkeeper.profiles.profile import ColumnStatistic, Profile, Statistics
from watchkeeper.profiles.ranking import RankingLayout
from watchkeeper.profiles.rows import RowSketch, sketch
from watchkeeper.profiles.values import codes, counted, dtypes_of, numbers

Groups = Callable[[pa.RecordBatch], Ints]
"""The group of each row of a batch, shape (rows,); negative for rows to leave out."""


def profile_batch(
    batch: pa.RecordBatch, layout: Layout, *, executor: Executor | None = None
) -> Profile:
    """The profile of the rows of one batch.

    Parameters
    ----------
    batch
        Columns in any order; absent ones count as null, further ones only as observed.
    layout
        What to count.
    executor
        Measures columns side by side where given (NumPy sorts outside the interpreter lock).
    """
    segments = {
        name: named_segments(
            (
                (code, measure(part, layout, executor=executor, whole=False))
                for code, part in split_by_segment(batch, name, values)
            ),
            values,
        )
        for name, values in layout.segments.items()
    }
    parts = next(iter(segments.values()), None)
    if parts:
        added = reduce(or_, parts.values())
        performance = added.performance
        if isinstance(layout.performance, RankingLayout):
            # A list may lie in several segments; the metrics of a list need all of it.
            performance = measure_performance(layout.performance, layout.model, batch)
        whole = Statistics(added.rows, added.columns, performance, {}, _sketch(batch, layout))
    else:
        whole = measure(batch, layout, executor=executor)
    return Profile(layout, whole, segments, dtypes_of(batch.schema))


def profile_groups(
    batches: Iterable[pa.RecordBatch],
    layout: Layout,
    groups: Groups,
    *,
    executor: Executor | None = None,
) -> dict[int, Profile]:
    """A profile for each group of rows, such as each week."""
    profiles: dict[int, Profile] = {}
    for batch in batches:
        for group, part in split(batch, groups(batch)):
            if group >= 0:
                profile = profile_batch(part, layout, executor=executor)
                profiles[group] = profiles[group] | profile if group in profiles else profile
    return profiles


def empty_profile(layout: Layout) -> Profile:
    """The profile of no rows: the identity of merging."""
    columns: dict[str, ColumnStatistic] = {
        name: numeric.empty(axis) if isinstance(axis, Grid) else categorical.empty(axis)
        for name, axis in layout.axes.items()
    }
    whole = Statistics(
        0, columns, empty_performance(layout.performance), {}, sketch(np.empty(0, dtype=np.uint64))
    )
    return Profile(layout, whole, {name: {} for name in layout.segments}, {})


def measure(
    batch: pa.RecordBatch,
    layout: Layout,
    *,
    executor: Executor | None = None,
    whole: bool = True,
) -> Statistics:
    """The statistics of all rows of a batch; the sketch of whole rows only for the whole."""
    present = set(batch.schema.names)

    def one(column: Column) -> tuple[str, ColumnStatistic]:
        array = batch.column(column.name) if column.name in present else pa.nulls(batch.num_rows)
        return column.name, _measure_column(array, column, layout)

    each = map if executor is None else executor.map
    columns = dict(each(one, layout.model.measured))
    performance = None
    if layout.performance is not None:
        performance = measure_performance(layout.performance, layout.model, batch)
    rows = _sketch(batch, layout) if whole else None
    return Statistics(batch.num_rows, columns, performance, {}, rows)


def split(batch: pa.RecordBatch, groups: Ints) -> Iterator[tuple[int, pa.RecordBatch]]:
    """The rows of each group, in ascending order of group, their own order kept."""
    if groups.size and groups[0] == groups[-1] and (groups == groups[0]).all():
        yield int(groups[0]), batch
        return
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    stops = np.append(starts[1:], ordered.size)
    grouped = batch.take(pa.array(order))
    for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
        if stop > start:
            yield int(ordered[start]), grouped.slice(start, stop - start)


def split_by_segment(
    batch: pa.RecordBatch, name: str, values: tuple[str, ...]
) -> Iterator[tuple[int, pa.RecordBatch]]:
    """The rows of each segment of a column by its code; the segments add up to the batch."""
    if name in batch.schema.names:
        vocabulary = {value: index for index, value in enumerate(values)}
        groups = codes(batch.column(name), vocabulary)
    else:
        groups = np.full(batch.num_rows, -1, dtype=np.int64)
    yield from split(batch, groups)


def _measure_column(array: pa.Array, column: Column, layout: Layout) -> ColumnStatistic:
    axis = layout.axes[column.name]
    if isinstance(axis, Grid):
        values, nulls = numbers(array, column.kind)
        return numeric.measure(values, nulls, axis)
    counts, nulls = counted(array)
    return categorical.measure(counts, nulls, axis)


def _sketch(batch: pa.RecordBatch, layout: Layout) -> RowSketch:
    names = identity_columns(layout.model)
    present = set(batch.schema.names)
    return sketch(hash_rows(batch, [name for name in names if name in present]))


def identity_columns(model: Model) -> list[str]:
    """What makes two rows the same: their id where the model has one, else every column."""
    if model.id is not None:
        return [model.id]
    return [column.name for column in model.columns if column.role is not Role.IGNORED]
