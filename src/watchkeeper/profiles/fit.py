"""From a sample of the reference to the layout that every profile of the model stands on."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from msgspec.structs import replace

from watchkeeper.core.model import Column, Kind, Model, Task
from watchkeeper.profiles.base import Floats
from watchkeeper.profiles.categorical import CATEGORIES, Vocabulary
from watchkeeper.profiles.grid import Grid, fit_grid, measure_bound
from watchkeeper.profiles.layout import Axis, Layout
from watchkeeper.profiles.numeric import Numeric
from watchkeeper.profiles.performance import fit_performance
from watchkeeper.profiles.profile import Profile
from watchkeeper.profiles.values import counted, dtypes_of, numbers

MAX_CATEGORY_LENGTH = 200
"""Categories longer than this many characters are not taken into a vocabulary."""


def fit_layout(model: Model, sample: pa.Table) -> Layout:
    """Choose grids, vocabularies and segments from a sample of the reference.

    Parameters
    ----------
    model
        Columns, kinds and roles.
    sample
        Rows drawn at random from the reference, or all of it.

    Returns
    -------
    Layout
        With grids whose bound is not yet measured: see `with_bounds`.
    """
    axes: dict[str, Axis] = {}
    for column in model.measured:
        array = _column(sample, column.name)
        axes[column.name] = _fit_axis(column, array, model)
    wanted = dict.fromkeys((*model.segments, *model.sensitive))
    segments = {
        name: frequent(_column(sample, name), model.segment_limit).values for name in wanted
    }
    dtypes = dtypes_of(sample.schema)
    return Layout(model, axes, segments, dtypes, fit_performance(model, sample))


def with_bounds(profile: Profile) -> Profile:
    """The profile of the whole reference, with the bound of each grid measured on it."""
    axes = dict(profile.layout.axes)
    for name, axis in axes.items():
        held = profile.whole.columns[name]
        if isinstance(axis, Grid) and isinstance(held, Numeric):
            axes[name] = replace(axis, bound=measure_bound(axis, held.counts))
    return replace(profile, layout=replace(profile.layout, axes=axes))


def frequent(array: pa.Array, limit: int) -> Vocabulary:
    """The `limit` most frequent values, the most frequent first, ties by name."""
    counts, _ = counted(array)
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    kept = (value for value, _ in ranked if len(value) <= MAX_CATEGORY_LENGTH)
    return Vocabulary(tuple(value for value, _ in zip(kept, range(limit), strict=False)))


def _fit_axis(column: Column, array: pa.Array, model: Model) -> Axis:
    """A vocabulary for categories, a grid for everything else."""
    if column.kind is Kind.CATEGORICAL:
        return frequent(array, CATEGORIES)
    values, _ = numbers(array, column.kind)
    return fit_grid(values, extra=_extra_edges(column, model))


def _extra_edges(column: Column, model: Model) -> Floats | None:
    """Edges at the limits of a constraint and at a score's threshold, so both count exactly."""
    wanted: list[float] = []
    low, high = column.constraint.limits()
    if low is not None:
        wanted.append(low)
    if high is not None:
        wanted.append(float(np.nextafter(high, np.inf)))
    if column.name == model.score and model.task is Task.BINARY:
        wanted.append(model.threshold)
    return np.array(wanted) if wanted else None


def _column(table: pa.Table, name: str) -> pa.Array:
    """One column as a single array; nulls where the table has no such column."""
    index = table.schema.get_field_index(name)
    if index < 0:
        return pa.nulls(table.num_rows)
    return table.column(index).combine_chunks()
