"""Apache Spark: the kernel runs over Arrow batches on the executors, in one scan.

Only profiles leave the executors, and the driver gets one, or one for each window: parts are merged
on the executors first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import msgspec
import pyarrow as pa
from msgspec.structs import replace

from watchkeeper import __version__
from watchkeeper.core.errors import InputError
from watchkeeper.core.model import Task
from watchkeeper.core.progress import Progress, silent
from watchkeeper.core.windows import from_seconds
from watchkeeper.profiles.codec import encode
from watchkeeper.profiles.kernel import empty_profile
from watchkeeper.profiles.layout import Layout
from watchkeeper.profiles.profile import Profile, Tally
from watchkeeper.profiles.remote import RemoteRows
from watchkeeper.profiles.tallies import checks_of, reference_values
from watchkeeper.profiles.values import dtypes_of
from watchkeeper.profiles.windows import row_seconds
from watchkeeper.store.engines.spark_columns import (
    arrow_schema,
    functions_of,
    is_connect,
    needed,
    numbered,
    quoted,
    rules_of,
)
from watchkeeper.store.engines.spark_errors import failing
from watchkeeper.store.engines.spark_jobs import finished
from watchkeeper.store.engines.spark_sessions import open_frame, open_session
from watchkeeper.store.engines.spark_tasks import PARTS, Work, merge_parts, merge_rows, profile_rows
from watchkeeper.store.engines.urls import Address

_FEW = 4
"""Tasks that one task can merge the profiles of at once, without tasks in between."""

_PARALLEL = 16
"""Tasks in between where the number of cores is not known (Spark Connect)."""


class SparkRows(RemoteRows):
    """A Spark DataFrame, classic or of Spark Connect.

    Parameters
    ----------
    frame
        The DataFrame.
    name
        What to call it.
    timeout
        Seconds that an answer may take; None for no limit.
    release
        Called by `close`.
    """

    def __init__(
        self,
        frame: Any,
        name: str,
        *,
        timeout: float | None = None,
        release: Callable[[], None] | None = None,
    ) -> None:
        self.frame = frame
        self._name = name
        self._timeout = timeout
        self._release = release
        with failing(name):
            self._schema = arrow_schema(frame, name)

    @property
    def name(self) -> str:
        """What to call them."""
        return self._name

    @property
    def schema(self) -> pa.Schema:
        """The columns and the Arrow types in which the executors count them."""
        return self._schema

    def sample(self, rows: int, *, seed: float = 0.5) -> pa.Table:
        """About `rows` rows at random, or all where there are no more.

        The same seed draws the same rows as long as Spark cuts the table in the same way.
        """
        total = self._finished(self.frame.count)
        frame = numbered(self.frame, self.schema.names)
        if total > rows:
            frame = frame.sample(fraction=rows / total, seed=int(seed * 2**31))
        drawn: pa.Table = self._finished(frame.toArrow)
        return drawn.rename_columns(self.schema.names).cast(self.schema)

    def profile(self, layout: Layout, *, progress: Progress = silent) -> Profile:
        """The profile of all rows, from one scan."""
        checks = self._checks(layout)
        found = self._profiles(layout, Work(b"", ()), progress)
        if found:
            return found[0]
        nothing = empty_profile(layout)
        whole = replace(nothing.whole, tallies=dict.fromkeys(checks, Tally()))
        return replace(nothing, whole=whole, observed=dtypes_of(self.schema))

    def profile_windows(
        self,
        layout: Layout,
        timestamp: str,
        edges: Sequence[float],
        *,
        progress: Progress = silent,
    ) -> dict[int, Profile]:
        """A profile for each window with rows, all from one scan."""
        self._refuse_untimed(timestamp)
        work = Work(b"", (), timestamp=timestamp, edges=tuple(edges))
        return self._profiles(layout, work, progress)

    def span(self, timestamp: str) -> tuple[float, float] | None:
        """The first and last time in a column, in seconds since 1970; None where there is none."""
        self._refuse_untimed(timestamp)
        sf = functions_of(self.frame)
        column = sf.col("c0")
        timed = numbered(self.frame, [timestamp]).toDF("c0")
        ends = timed.agg(sf.min(column).alias("low"), sf.max(column).alias("high"))
        found = self._finished(ends.toArrow)
        if found["low"].null_count:
            return None
        low, high = (row_seconds(found[end].combine_chunks(), timestamp)[0] for end in ends.columns)
        return float(low), float(high)

    def between(self, timestamp: str, start: float, end: float) -> SparkRows:
        """The rows with `start <= timestamp < end`, in the same session."""
        self._refuse_untimed(timestamp)
        sf = functions_of(self.frame)
        type_ = self.schema.field(timestamp).type
        column = self.frame[quoted(timestamp)]
        low, high = (sf.expr(_moment(type_, at)) for at in (start, end))
        with failing(self.name):
            kept = self.frame.filter((column >= low) & (column < high))
        return SparkRows(kept, self.name, timeout=self._timeout)

    def close(self) -> None:
        """Give the session back, where it was opened for these rows."""
        if self._release is not None:
            self._release()

    def _finished(self, action: Callable[[], Any], progress: Progress = silent) -> Any:
        return finished(
            self.frame.sparkSession, action, self.name, progress=progress, timeout=self._timeout
        )

    def _checks(self, layout: Layout) -> Mapping[str, Any]:
        return checks_of(layout.model, self.schema.names, reference=reference_values(layout))

    def _profiles(self, layout: Layout, work: Work, progress: Progress) -> dict[int, Profile]:
        """The profile of each window that has rows."""
        model = layout.model
        rules = rules_of(self.schema, self._checks(layout))
        further = (*(rules.columns if rules else ()), work.timestamp)
        names = needed(layout, self.schema, further)
        group = model.group if model.task is Task.RANKING and model.group in names else None
        work = replace(
            work, layout=encode(empty_profile(layout)), names=names, group=group, rules=rules
        )
        with failing(self.name):
            parts = self._parts(work)
        progress(0.0, f"profiling {self.name}")
        rows = self._finished(parts.collect, progress)
        found = merge_rows((row.asDict() for row in rows), layout)
        observed = dtypes_of(self.schema)
        return {window: replace(profile, observed=observed) for window, profile in found.items()}

    def _parts(self, work: Work) -> Any:
        """The plan: tasks that profile, tasks that merge, one row for each window."""
        packed = msgspec.msgpack.encode(work)
        frame = numbered(self.frame, work.names)
        if work.group is not None:
            column = f"{frame.columns[work.names.index(work.group)]}"
            frame = frame.repartition(column).sortWithinPartitions(column)
        merge = partial(merge_parts, __version__, packed)
        parts = frame.mapInArrow(partial(profile_rows, __version__, packed), PARTS)
        parallel = _parallel(frame.sparkSession)
        if parallel > _FEW:
            parts = parts.repartition(parallel).mapInArrow(merge, PARTS)
        windows = max(len(work.edges) - 1, 1)
        return parts.repartition(min(windows, parallel), "window").mapInArrow(merge, PARTS)

    def _refuse_untimed(self, timestamp: str) -> None:
        type_ = self.schema.field(timestamp).type
        if not (pa.types.is_timestamp(type_) or pa.types.is_date(type_)):
            raise InputError(
                f"the timestamp column {timestamp!r} of {self.name} is of type {type_}; "
                "give a query that casts it to a timestamp"
            )


def _parallel(session: Any) -> int:
    return _PARALLEL if is_connect(session) else int(session.sparkContext.defaultParallelism)


def _moment(type_: pa.DataType, seconds: float) -> str:
    """A time as a literal of the column's own type, so that partitions and statistics serve."""
    at = from_seconds(seconds)
    if pa.types.is_date(type_):
        # A day counts as its midnight, so the first day within begins at or after the bound.
        midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
        return f"date '{(midnight if at == midnight else midnight + timedelta(days=1)):%Y-%m-%d}'"
    if type_.tz is None:
        return f"timestamp_ntz '{at.replace(tzinfo=None).isoformat(sep=' ')}'"
    return f"timestamp_ltz '{at.isoformat(sep=' ')}'"


def rows_of(data: Any, name: str) -> SparkRows | None:
    """The rows of a Spark DataFrame, or of a pandas DataFrame on Spark; None for anything else."""
    # By type, since a DataFrame has an attribute for each of its columns.
    kind = type(data)
    if kind.__name__ != "DataFrame":
        return None
    return SparkRows(data.to_spark() if hasattr(kind, "to_spark") else data, name)


def open_rows(address: Address) -> SparkRows:
    """The rows that a URL names; errors as for `open_session` and `open_frame`."""
    session, release = open_session(address)
    try:
        frame = open_frame(session, address)
        name = address.label
        if "path" in address.options:
            name = f"{address.shown}?path={address.options['path']}"
        return SparkRows(frame, name, timeout=address.timeout, release=release)
    except BaseException:
        release()
        raise
