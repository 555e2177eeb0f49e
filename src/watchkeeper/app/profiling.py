"""A source of rows in, its profile out."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa

from watchkeeper.collect.engine import table_batches
from watchkeeper.collect.source import Source, batch_rows, sample, sample_rows
from watchkeeper.core.errors import InputError
from watchkeeper.core.model import Model, Task
from watchkeeper.core.progress import Progress, silent
from watchkeeper.profiles.base import Floats, Ints
from watchkeeper.profiles.kernel import empty_profile, profile_batch, profile_groups
from watchkeeper.profiles.layout import Layout
from watchkeeper.profiles.profile import Profile
from watchkeeper.profiles.remote import RemoteRows

SEED = 20130101
"""Seeds the sample that a layout is fitted on: the same data give the same layout."""


def draw_sample(source: Source | RemoteRows, progress: Progress = silent) -> pa.Table:
    """Rows of the source at random, all of them where there are few.

    Raises
    ------
    InputError
        The source has no rows.
    """
    progress(0.0, f"reading a sample of {source.name}")
    if isinstance(source, RemoteRows):
        drawn = source.sample(sample_rows(len(source.schema)))
    else:
        drawn = sample(source, np.random.default_rng(SEED))
    if drawn.num_rows == 0:
        raise InputError(f"{source.name} has no rows; a reference needs at least 100")
    return drawn


def profile_source(
    source: Source | RemoteRows, layout: Layout, *, progress: Progress = silent
) -> Profile:
    """The profile of all rows of a source, made where they are."""
    if isinstance(source, RemoteRows):
        return source.profile(layout, progress=progress)
    profile = empty_profile(layout)
    with ThreadPoolExecutor(os.cpu_count()) as executor:
        for batch in _batches(source, layout.model, progress):
            profile = profile | profile_batch(batch, layout, executor=executor)
    return profile


def profile_windows(
    source: Source | RemoteRows,
    layout: Layout,
    timestamp: str,
    edges: Sequence[float],
    *,
    progress: Progress = silent,
) -> dict[int, Profile]:
    """A profile for each window between two successive `edges` (seconds since 1970) with rows."""
    if isinstance(source, RemoteRows):
        return source.profile_windows(layout, timestamp, edges, progress=progress)
    bounds = np.asarray(edges)

    def groups(batch: pa.RecordBatch) -> Ints:
        seconds = row_seconds(batch.column(timestamp), timestamp)
        found = np.searchsorted(bounds, seconds, side="right") - 1
        outside = np.isnan(seconds) | (found >= len(bounds) - 1)
        return np.where(outside, -1, found).astype(np.int64)

    with ThreadPoolExecutor(os.cpu_count()) as executor:
        batches = _batches(source, layout.model, progress)
        return profile_groups(batches, layout, groups, executor=executor)


def row_seconds(array: pa.Array, name: str) -> Floats:
    """The time of each row in seconds since 1970 (UTC), NaN where it has none.

    Raises
    ------
    InputError
        The column holds no times.
    """
    if not pa.types.is_temporal(array.type):
        try:
            array = array.cast(pa.timestamp("us"))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise InputError(
                f"the timestamp column {name!r} is of type {array.type} and cannot be read as "
                f"times ({error}); convert it to a timestamp"
            ) from error
    micros = array.cast(pa.timestamp("us"), safe=False).cast(pa.int64())
    seconds: Floats = micros.fill_null(0).to_numpy(zero_copy_only=False) / 1e6
    if array.null_count:
        seconds[array.is_null().to_numpy(zero_copy_only=False)] = np.nan
    return seconds


def _batches(source: Source, model: Model, progress: Progress) -> Iterator[pa.RecordBatch]:
    """The rows of a source; for a ranking, the rows of one list all in one batch."""
    ranking = model.task is Task.RANKING and model.group is not None
    batches = _by_group(source, str(model.group)) if ranking else source.batches()
    total = source.rows
    done = 0
    for batch in batches:
        yield batch
        done += batch.num_rows
        progress(min(done / total, 1.0) if total else 0.0, f"profiling {source.name}")


def _by_group(source: Source, group: str) -> Iterator[pa.RecordBatch]:
    """Rows in the order of `group`, cut only where it changes."""
    held: pa.Table | None = None
    ordered = source.table().order_by(group)
    for batch in table_batches(ordered, batch_rows(len(source.schema))):
        table = pa.Table.from_batches([batch])
        table = table if held is None else pa.concat_tables([held, table])
        keys = table.column(group)
        last = keys[len(keys) - 1].as_py()
        first = keys.index(keys[len(keys) - 1]).as_py() if last is not None else len(keys)
        yield from _whole(table.slice(0, first))
        held = table.slice(first)
    if held is not None:
        yield from _whole(held)


def _whole(table: pa.Table) -> Iterator[pa.RecordBatch]:
    if table.num_rows:
        yield table.combine_chunks().to_batches()[0]
