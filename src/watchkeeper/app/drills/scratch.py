"""A copy of what a server's folder holds of a model; the folder itself is only read."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pyarrow as pa

from watchkeeper.app.live.event_rows import LABEL_COLUMNS, joined, last_of
from watchkeeper.app.live.folding import Bucket, fold, hours_of
from watchkeeper.app.live.known_ids import LEAD
from watchkeeper.app.live.settings import Settings
from watchkeeper.core import envelope
from watchkeeper.core.envelope import Signal
from watchkeeper.core.errors import ConflictError, InputError, UnavailableError
from watchkeeper.core.windows import Window, from_seconds
from watchkeeper.profiles.layout import Layout
from watchkeeper.store.buckets import Buckets, Change, Slot
from watchkeeper.store.tables import Tables, Wanted

ROWS_AT_ONCE = 200_000
_HOUR = timedelta(hours=1)


def copy_store(source: Path, target: Path) -> None:
    """Copy a SQLite file as it is now, without writing anything beside it.

    A file that no process has open is read as it lies there: opening it in the usual way would
    leave files of SQLite behind.

    Raises
    ------
    InputError
        There is no such file.
    UnavailableError
        It cannot be read, or there is no room for the copy.
    """
    if not source.is_file():
        raise InputError(
            f"{source.parent} is no folder of a server with records: it holds no {source.name}; "
            "name the one that `watchkeeper serve` was given"
        )
    log = source.with_name(f"{source.name}-wal")
    used = log.exists() and log.stat().st_size > 0
    uri = f"file:{quote(str(source.absolute()))}?mode=ro{'' if used else '&immutable=1'}"
    try:
        with (
            contextlib.closing(sqlite3.connect(uri, uri=True)) as here,
            contextlib.closing(sqlite3.connect(target)) as there,
        ):
            here.backup(there)
    except sqlite3.Error as error:
        raise UnavailableError(
            f"{source} could not be copied for the drill ({error}); see that it may be read and "
            "that the folder of temporary files has room"
        ) from error


@dataclass(frozen=True, slots=True)
class Copied:
    """Rows of a window, with their labels, in files of their own.

    Attributes
    ----------
    files
        In the order of time; each fits memory.
    outcomes
        As many: the outcomes of these rows, where there are some.
    rows
        How many rows.
    """

    files: tuple[Path, ...]
    outcomes: tuple[Path | None, ...]
    rows: int

    def pieces(self) -> Iterator[tuple[pa.Table, pa.Table | None]]:
        """The rows and their outcomes, piece by piece."""
        for file, outcomes in zip(self.files, self.outcomes, strict=True):
            yield _read(file), None if outcomes is None else _read(outcomes)

    def hours(self) -> set[datetime]:
        """The hours that have rows."""
        found: set[datetime] = set()
        for file in self.files:
            found |= {
                from_seconds(hour * 3600) for hour in np.unique(hours_of(_read(file))).tolist()
            }
        return found


def copy_rows(  # noqa: PLR0913  # what a copy is made of
    settings: Settings,
    model: str,
    window: Window,
    buckets: Buckets,
    target: Path,
    *,
    whole: bool = False,
    told: Callable[[float], None] = lambda _: None,
) -> Copied:
    """Write the predictions of a window, with their last labels, to files of Arrow.

    Parameters
    ----------
    settings
        Of the folder.
    model, window
        Which rows.
    buckets
        They know how long before a prediction its label may have come.
    target
        Where the files go.
    whole
        Whether all rows go into one file: the lists of a ranking count only whole.
    told
        Is given the share that is done.
    """
    place = settings.tables
    if isinstance(place, Path) and not place.is_dir():
        raise InputError(f"{settings.folder} holds no records yet")
    tables = Tables(place)
    lead = timedelta(days=max(buckets.followed(model, LEAD), 0) + 1)
    files: list[Path] = []
    outcomes: list[Path | None] = []
    rows = 0
    for piece in _pieces(tables, model, window, whole=whole):
        found, results = _with_truths(tables, model, piece, window.start - lead)
        files.append(_written(found, target / f"rows-{len(files)}.arrow"))
        named = target / f"outcomes-{len(outcomes)}.arrow"
        outcomes.append(None if results is None else _written(results, named))
        rows += found.num_rows
        last = found.column(envelope.TIME)[-1].as_py()
        told((last - window.start) / (window.end - window.start))
    return Copied(tuple(files), tuple(outcomes), rows)


def _pieces(tables: Tables, model: str, window: Window, *, whole: bool) -> Iterator[pa.Table]:
    wanted = Wanted(window.start, window.end)
    held: list[pa.Table] = []
    for batch in tables.batches(model, Signal.PREDICTIONS, wanted):
        held.append(pa.Table.from_batches([batch]))
        if not whole and sum(map(len, held)) >= ROWS_AT_ONCE:
            yield pa.concat_tables(held, promote_options="permissive")
            held = []
    if held:
        yield pa.concat_tables(held, promote_options="permissive")


def _with_truths(
    tables: Tables, model: str, rows: pa.Table, since: datetime
) -> tuple[pa.Table, pa.Table | None]:
    """The predictions with their last labels, and their outcomes."""
    ids = rows.column(envelope.ID).combine_chunks()
    wanted = Wanted(since, columns=LABEL_COLUMNS, ids=ids)
    labels = list(tables.batches(model, Signal.LABELS, wanted))
    if labels:
        rows = joined(rows, pa.Table.from_batches(labels))
    outcomes = list(tables.batches(model, Signal.OUTCOMES, Wanted(since, ids=ids)))
    if not outcomes:
        return rows, None
    return rows, last_of(pa.Table.from_batches(outcomes), [envelope.ID, "_name"])


@dataclass(frozen=True, slots=True)
class Anew:
    """What is to be measured again.

    Attributes
    ----------
    model, layout
        Which, and what its profiles stand on; None where it has no reference.
    hours
        They are emptied first.
    minutes
        The first hour whose traffic is measured by the minute too.
    """

    model: str
    layout: Layout | None
    hours: Sequence[datetime]
    minutes: datetime

    @property
    def name(self) -> str:
        """The layout's id; empty where there is none."""
        return "" if self.layout is None else self.layout.id


def measure_anew(
    buckets: Buckets,
    anew: Anew,
    pieces: Iterator[tuple[pa.Table, pa.Table | None]],
    now: datetime,
) -> None:
    """Put the statistics of some rows in the place of those that some hours have.

    Parameters
    ----------
    buckets
        A copy.
    anew
        Which hours of which model.
    pieces
        The rows and their outcomes; they are measured as the worker of a server does it.
    now
        The time of writing.

    Raises
    ------
    InputError
        Only days are left of these hours.
    """
    with buckets.transaction(now=now) as change:
        for hour in anew.hours:
            for name in {"", anew.name}:
                try:
                    change.clear(anew.model, name, hour)
                except ConflictError as error:
                    raise InputError(
                        f"of {hour:%Y-%m-%d} only the profile of the day is left; choose a later "
                        "window for the drill"
                    ) from error
        for rows, outcomes in pieces:
            if rows.num_rows:
                for bucket in fold(rows, anew.layout, outcomes, minutes_since=anew.minutes):
                    _merge(change, anew, bucket)


def _merge(change: Change, anew: Anew, bucket: Bucket) -> None:
    counts = bucket.rows, bucket.labelled
    change.merge(
        bucket.hour, Slot(anew.model, "", bucket.version), bucket.free,
        rows=counts[0], labelled=counts[1], minutes=bucket.minutes,
    )  # fmt: skip
    for (column, value), parts in bucket.segments.items():
        slot = Slot(anew.model, anew.name, bucket.version, column, value)
        change.merge(bucket.hour, slot, parts, rows=counts[0], labelled=counts[1])


@contextlib.contextmanager
def fresh_copy(base: Path, target: Path) -> Iterator[Buckets]:
    """The buckets once more, for one run; they are gone afterwards."""
    try:
        shutil.copyfile(base, target)
    except OSError as error:
        raise UnavailableError(
            f"{target.parent} has no room for the copy of a drill ({error.strerror}); set TMPDIR "
            "to a folder that has"
        ) from error
    buckets = Buckets(target)
    try:
        yield buckets
    finally:
        buckets.close()
        for suffix in ("", "-wal", "-shm"):
            target.with_name(target.name + suffix).unlink(missing_ok=True)


def hours_between(buckets: Buckets, model: str, window: Window) -> dict[datetime, int]:
    """The hours of a window that have rows, with how many."""
    held = buckets.buckets(model, layout="", start=window.start, end=window.end)
    rows: dict[datetime, int] = {}
    for bucket in held:
        for step in range(bucket.hours):
            hour = bucket.start + step * _HOUR
            rows[hour] = rows.get(hour, 0) + bucket.rows // bucket.hours
    return rows


def _written(table: pa.Table, path: Path) -> Path:
    try:
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
    except OSError as error:
        raise UnavailableError(
            f"{path.parent} has no room for the rows of a drill ({error}); set TMPDIR to a folder "
            "that has"
        ) from error
    return path


def _read(path: Path) -> pa.Table:
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).read_all()
