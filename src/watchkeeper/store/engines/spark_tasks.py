"""What runs on a Spark executor: Arrow batches in, encoded profiles out.

A task profiles the rows of its partition and gives a row for each window: the partition, the
window, the counts. Further tasks merge such rows, in the order of the partitions, so that a scan
that is done again gives the same profile bit by bit. Nothing here knows Spark.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
from msgspec.structs import replace

from watchkeeper import __version__
from watchkeeper.core.errors import InputError, RuleError
from watchkeeper.profiles.base import Ints
from watchkeeper.profiles.codec import decode, decode_counts, encode_counts
from watchkeeper.profiles.kernel import Groups, profile_groups
from watchkeeper.profiles.layout import Layout
from watchkeeper.profiles.lists import whole_lists
from watchkeeper.profiles.profile import Profile, Tally, merge_maps
from watchkeeper.profiles.tallies import read_tallies
from watchkeeper.profiles.windows import window_groups

PARTS = "part bigint, window bigint, counts binary"
"""The columns of a task's output, as Spark writes them."""

WINDOW = "watchkeeper window"
"""The window of each row, beside the columns that the row rules name."""

_SCHEMA = pa.schema({"part": pa.int64(), "window": pa.int64(), "counts": pa.binary()})

_BATCH_CELLS, _BATCH_BYTES = 1 << 22, 1 << 26


class Rules(msgspec.Struct, frozen=True):
    """How row rules are counted: SQL over `rows`, the columns it names, what its answer holds."""

    sql: str
    columns: tuple[str, ...]
    checks: tuple[str, ...]


class Work(msgspec.Struct, frozen=True):
    """What a task is told.

    Attributes
    ----------
    layout
        A profile of no rows on the layout, as `codec.encode` writes it.
    names
        The columns, in the order in which they come.
    edges
        Bounds of windows in seconds since 1970; empty for one profile of all rows.
    group
        The column whose lists must lie whole in one batch.
    """

    layout: bytes
    names: tuple[str, ...]
    timestamp: str = ""
    edges: tuple[float, ...] = ()
    group: str | None = None
    rules: Rules | None = None


def profile_rows(
    version: str, work: bytes, batches: Iterable[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    """The profiles of the rows of one partition, as rows of `PARTS`.

    Parameters
    ----------
    version
        The version of Watchkeeper that asks.
    work
        A `Work` in MessagePack.
    batches
        The rows, columns in the order of `Work.names`.
    """
    told = _told(version, work)
    layout = decode(told.layout).layout
    groups = window_groups(told.timestamp, told.edges) if told.edges else _all
    tallies: dict[int, dict[str, Tally]] = {}
    rows = _large(batches, told.names)
    rows = whole_lists(rows, told.group) if told.group else rows
    rows = _counting(rows, told.rules, groups, tallies) if told.rules else rows
    profiles = profile_groups(rows, layout, groups)
    yield _as_rows(_partition(), {w: _with(p, tallies.get(w)) for w, p in profiles.items()})


def merge_parts(
    version: str, work: bytes, batches: Iterable[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    """The rows of `PARTS` that stand for the same window, merged; parameters as above."""
    layout = decode(_told(version, work).layout).layout
    merged = merge_rows((row for batch in batches for row in batch.to_pylist()), layout)
    yield _as_rows(_partition(), merged)


def merge_rows(rows: Iterable[dict[str, Any]], layout: Layout) -> dict[int, Profile]:
    """The profile of each window from rows of `PARTS`, merged in the order of their parts."""
    profiles: dict[int, Profile] = {}
    for row in sorted(rows, key=lambda row: (row["window"], row["part"])):
        window, profile = row["window"], decode_counts(row["counts"], layout)
        profiles[window] = profiles[window] | profile if window in profiles else profile
    return profiles


def _told(version: str, work: bytes) -> Work:
    if version != __version__:
        raise InputError(
            f"a Spark worker has watchkeeper {__version__}, here it is {version}; install "
            f"watchkeeper=={version} in the Python of the workers"
        )
    return msgspec.msgpack.decode(work, type=Work)


def _partition() -> int:
    from pyspark import TaskContext  # there on every executor

    context = TaskContext.get()
    return 0 if context is None else context.partitionId()


def _large(batches: Iterable[pa.RecordBatch], names: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
    """The rows in batches large enough for the kernel; Spark's have 10,000 rows."""
    most = max(1 << 13, min(1 << 17, _BATCH_CELLS // max(len(names), 1)))
    held: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in batches:
        held.append(_plain(batch, names))
        rows, size = rows + batch.num_rows, size + batch.nbytes
        if rows >= most or size >= _BATCH_BYTES:
            yield from _joined(held)
            held, rows, size = [], 0, 0
    if rows:
        yield from _joined(held)


def _joined(batches: list[pa.RecordBatch]) -> list[pa.RecordBatch]:
    joined: list[pa.RecordBatch] = pa.Table.from_batches(batches).combine_chunks().to_batches()
    return joined


def _plain(batch: pa.RecordBatch, names: tuple[str, ...]) -> pa.RecordBatch:
    """The batch under the data's own names, each time in UTC and microseconds."""
    arrays = [
        column if (wanted := plain_type(column.type)) == column.type else column.cast(wanted)
        for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(arrays, names=list(names))


def plain_type(type_: pa.DataType) -> pa.DataType:
    """The type in which a column of Spark is counted: times in UTC and microseconds.

    >>> plain_type(pa.timestamp("us", "Europe/Berlin"))
    TimestampType(timestamp[us, tz=UTC])
    """
    if pa.types.is_timestamp(type_):
        return pa.timestamp("us", "UTC" if type_.tz else None)
    return pa.time64("us") if pa.types.is_time64(type_) else type_


def _all(batch: pa.RecordBatch) -> Ints:
    """Every row in window 0."""
    return np.zeros(batch.num_rows, dtype=np.int64)


def _counting(
    batches: Iterable[pa.RecordBatch],
    rules: Rules,
    groups: Groups,
    found: dict[int, dict[str, Tally]],
) -> Iterator[pa.RecordBatch]:
    """The same batches, while the row rules are counted on each into `found`."""
    import duckdb  # only where there are rules

    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'; SET threads = 1")
        for batch in batches:
            rows = pa.Table.from_batches([batch.select(list(rules.columns))])
            connection.register("rows", rows.append_column(WINDOW, pa.array(groups(batch))))
            for window, held in _counted(connection, rules).items():
                found[window] = merge_maps(found.get(window, {}), held)
            yield batch


def _counted(connection: Any, rules: Rules) -> dict[int, dict[str, Tally]]:
    """The tallies of each window of the rows that are registered."""
    try:
        answer = connection.execute(rules.sql)
        names = [column[0] for column in answer.description]
        rows = [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
    except Exception as error:
        reason = str(error).strip().splitlines()[0]
        raise RuleError(
            f"the row rules cannot be evaluated ({reason}); check that they compare columns with "
            "values of their own type"
        ) from error
    tallies = read_tallies(pa.Table.from_pylist(rows), rules.checks, by=[WINDOW])
    return {window: held for (window,), held in tallies.items()}


def _with(profile: Profile, tallies: dict[str, Tally] | None) -> Profile:
    whole = replace(profile.whole, tallies=tallies or {})
    return replace(profile, whole=whole, observed={})


def _as_rows(part: int, profiles: dict[int, Profile]) -> pa.RecordBatch:
    counts = [encode_counts(profile) for profile in profiles.values()]
    return pa.RecordBatch.from_arrays(
        [
            pa.array([part] * len(counts), pa.int64()),
            pa.array(list(profiles), pa.int64()),
            pa.array(counts, pa.binary()),
        ],
        schema=_SCHEMA,
    )
