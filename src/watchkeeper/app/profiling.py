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
from watchkeeper.profiles.kernel import empty_profile, profile_batch, profile_groups
from watchkeeper.profiles.layout import Layout
from watchkeeper.profiles.lists import whole_lists
from watchkeeper.profiles.profile import Profile
from watchkeeper.profiles.remote import RemoteRows
from watchkeeper.profiles.windows import window_groups

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
    with ThreadPoolExecutor(os.cpu_count()) as executor:
        batches = _batches(source, layout.model, progress)
        groups = window_groups(timestamp, edges)
        return profile_groups(batches, layout, groups, executor=executor)


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
    ordered = source.table().order_by(group)
    return whole_lists(table_batches(ordered, batch_rows(len(source.schema))), group)
