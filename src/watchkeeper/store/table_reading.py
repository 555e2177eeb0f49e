"""Rows of a table's files as Arrow batches: only the files, columns and rows that are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import PurePath
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.fs as pafs

from watchkeeper.core.envelope import DAY, ID, POSITION, TIME, Signal
from watchkeeper.store.table_columns import TIMESTAMP, fixed_types, model_name

_BATCH_ROWS = 32_768

_STATISTIC_STEP = timedelta(milliseconds=1)
"""The log rounds times down to milliseconds, so the greatest may be a little later than it says."""


class Wanted(msgspec.Struct, frozen=True):
    """Which rows and columns of a table.

    Parameters
    ----------
    start
        Rows with `_time` from here on.
    end
        Rows with `_time` before this.
    columns
        Their names; one that no row has is null. None: all there are.
    ids
        Only rows with one of these in `_id`.
    version
        As the table stood at this version, as long as its history is kept.
    position
        Only rows that came at or before this position of the journal: what could be known then,
        less what was deleted since.
    """

    start: datetime | None = None
    end: datetime | None = None
    columns: tuple[str, ...] | None = None
    ids: Sequence[str] | None = None
    version: int | None = None
    position: int | None = None


class DataFile(msgspec.Struct, frozen=True):
    """One file of a table: where it lies, its day, rows and bytes, and the span of its times."""

    path: PurePath
    day: date
    rows: int
    size: int
    first: datetime | None = None
    last: datetime | None = None


class Snapshot(msgspec.Struct, frozen=True):
    """A table at one version: its columns as they are stored, its files, and what reads them."""

    signal: Signal
    version: int
    stored: pa.Schema
    files: tuple[DataFile, ...]
    system: pafs.FileSystem

    def schema(self) -> pa.Schema:
        """The columns under the names that the model has for them."""
        return pa.schema([field.with_name(model_name(field.name)) for field in self.stored])


def read_snapshot(snapshot: Snapshot, wanted: Wanted) -> Iterator[pa.RecordBatch]:
    """Rows of a table at one version.

    Parameters
    ----------
    snapshot
        The table.
    wanted
        Which rows and columns.

    Yields
    ------
    pyarrow.RecordBatch
        Never empty; days ascend.

    Raises
    ------
    FileNotFoundError
        A file is gone: the version is older than the history that is kept.
    """
    files = [file for file in snapshot.files if _may_hold(file, wanted)]
    if not files:
        return
    scanner = _dataset(snapshot, files).scanner(
        columns=_projection(snapshot, wanted.columns),
        filter=_condition(wanted),
        batch_size=_BATCH_ROWS,
        # A table may be wide: without limits a scan reads far ahead of who takes the batches.
        batch_readahead=4,
        fragment_readahead=2,
    )
    for batch in scanner.to_batches():
        if batch.num_rows:
            yield batch


def empty_table(snapshot: Snapshot, columns: Sequence[str] | None) -> pa.Table:
    """A table without rows, in the types that `read_snapshot` gives."""
    fields = {field.name: field for field in snapshot.schema()}
    if columns is None:
        return pa.schema(fields.values()).empty_table()
    absent = fixed_types(snapshot.signal)
    names = [
        fields[name] if name in fields else pa.field(name, absent.get(name, pa.null()))
        for name in columns
    ]
    return pa.schema(names).empty_table()


def _dataset(snapshot: Snapshot, files: Sequence[DataFile]) -> ds.Dataset:
    form = ds.ParquetFileFormat()
    system = snapshot.system
    fragments = [
        form.make_fragment(
            str(file.path),
            filesystem=system,
            partition_expression=pc.field(DAY) == pa.scalar(file.day, pa.date32()),
        )
        for file in sorted(files, key=_order)
    ]
    return ds.FileSystemDataset(fragments, snapshot.stored, form, system)


def _order(file: DataFile) -> tuple[date, str, str]:
    """Days ascend; within one the files that begin first come first."""
    return file.day, "" if file.first is None else file.first.isoformat(), file.path.name


def _may_hold(file: DataFile, wanted: Wanted) -> bool:
    start, end = wanted.start, wanted.end
    if start is not None and (
        file.day < start.astimezone(UTC).date()
        or (file.last is not None and file.last + _STATISTIC_STEP < start)
    ):
        return False
    return end is None or (
        file.day <= end.astimezone(UTC).date() and (file.first is None or file.first < end)
    )


def _condition(wanted: Wanted) -> Any:
    parts = []
    if wanted.start is not None:
        parts.append(pc.field(TIME) >= pa.scalar(wanted.start, TIMESTAMP))
    if wanted.end is not None:
        parts.append(pc.field(TIME) < pa.scalar(wanted.end, TIMESTAMP))
    if wanted.position is not None:
        parts.append(pc.field(POSITION) <= wanted.position)
    if wanted.ids is not None:
        parts.append(pc.field(ID).isin(pa.array(wanted.ids, pa.string())))
    condition = None
    for part in parts:
        condition = part if condition is None else condition & part
    return condition


def _projection(snapshot: Snapshot, columns: Sequence[str] | None) -> dict[str, Any]:
    known = snapshot.stored.names
    if columns is None:
        return {model_name(name): pc.field(name) for name in known}
    absent = fixed_types(snapshot.signal)
    names = {model_name(name): name for name in known}
    return {
        name: pc.field(names[name])
        if name in names
        else pc.scalar(pa.scalar(None, absent.get(name, pa.null())))
        for name in columns
    }
