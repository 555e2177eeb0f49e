"""The statistics of every hour, and of every day, that questions about time are answered from.

A bucket is one hour (UTC) of one slot: a model, a layout, a version and a segment. It holds parts,
each the statistic of one column or of one aspect. Merged they give any window at any step. Parts
that stand on no layout may be kept by the minute as well, for the last days.
Everything here follows from the tables of events, so the file can be lost: it is built again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Self

from watchkeeper.core.windows import from_seconds
from watchkeeper.profiles.part_codec import PartCodec
from watchkeeper.store.bucket_changes import Change
from watchkeeper.store.bucket_file import BucketFile
from watchkeeper.store.bucket_lists import BucketLists
from watchkeeper.store.bucket_minutes import (
    drop_minutes,
    newest_parts,
    read_minutes,
    series_with_minutes,
)
from watchkeeper.store.bucket_reading import Question, coarse_days, read_steps, slots_of
from watchkeeper.store.bucket_times import (
    DAY_HOURS,
    HOUR_S,
    MINUTES_KEPT,
    align,
    align_minutes,
    from_minute,
    minutes_before,
    minutes_since,
    step_hours,
    step_minutes,
    to_hour,
    to_minute,
    to_time,
)
from watchkeeper.store.bucket_types import Bucket, Slot, Stale, What, Written
from watchkeeper.store.roll_up import (
    Keep,
    coarsen,
    dirty_days,
    forget_before,
    hourly_days,
    remove_slots,
    roll_up_day,
)

__all__ = [
    "MINUTES_KEPT",
    "Bucket",
    "Buckets",
    "Change",
    "Slot",
    "Stale",
    "What",
    "Written",
    "align",
    "align_minutes",
    "minutes_since",
]


class Buckets(BucketLists):
    """The store of buckets: a SQLite file that one process writes and several read.

    Parameters
    ----------
    path
        The file, made where there is none.
    codec
        How parts become bytes; by default one that knows the statistics of a profile.

    Raises
    ------
    ProfileError
        The file is damaged, not ours, or of a later version; every method may find damage.

    Notes
    -----
    Transactions survive the death of the process at any moment. After a power failure the last of
    them may be missing (`PRAGMA synchronous = NORMAL`), each as a whole, with what it said was
    folded in: then those commits are folded in again.
    """

    def __init__(self, path: Path, *, codec: PartCodec | None = None) -> None:
        super().__init__(BucketFile(path))
        self._codec = codec or PartCodec()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @contextmanager
    def transaction(self, *, now: datetime) -> Iterator[Change]:
        """Changes that are kept whole at the end of the block, or not at all after an error.

        Parameters
        ----------
        now
            The time of writing, for `Bucket.measured_at` and `Stale.since`.

        Raises
        ------
        BusyError
            Another transaction has not ended for 30 s.
        UnavailableError
            The disk is full or does not answer.
        """
        with self._file.write() as connection:
            yield Change(connection, self._codec, now)

    def read(  # noqa: PLR0913  # what a series is asked by, all by name
        self,
        model: str,
        *,
        layout: str,
        parts: Collection[str] | None,
        start: datetime,
        end: datetime,
        step_s: int | None,
        version: str | None = None,
        segment: tuple[str, str] | None = None,
    ) -> list[tuple[datetime, dict[str, Any]]]:
        """The statistics of a window, merged to steps.

        Parameters
        ----------
        model, layout, version, segment
            Whose: an empty layout for parts that stand on none, None for all versions together,
            None for all rows.
        parts
            The names of the parts, None for all.
        start, end
            Hours that begin in `[start, end)`; both are whole hours in UTC.
        step_s
            The length of a step in seconds, a multiple of an hour. Steps lie on a grid counted
            from 1970 (weeks from a Monday), so the first and the last may be cut by the window:
            see `align`. None for one step, which begins at `start`.

        Returns
        -------
        list of (datetime, dict)
            The beginning of each step that has any part, in ascending order, and its parts.

        Raises
        ------
        InputError
            A time or step is no whole hour, or a step or an end of the window cuts a day of which
            no hours are left: see `finest_step`.
        ProfileError
            A part is damaged.
        """
        asked = _question(model, layout, version, segment, start, end)
        hours = None if step_s is None else step_hours(step_s)
        if asked.first >= asked.end:
            return []
        with self._file.read() as connection:
            found = read_steps(connection, self._codec, asked, parts=parts, hours=hours)
        return [(to_time(step), held) for step, held in found.items()]

    def read_minutes(
        self,
        model: str,
        *,
        start: datetime,
        end: datetime,
        step_s: int | None,
        parts: Collection[str] = ("traffic",),
        version: str | None = None,
    ) -> list[tuple[datetime, dict[str, Any]]]:
        """The statistics of a window of the last days, merged to steps of whole minutes.

        An hour has the minutes of all its rows, or none: those before `minutes_since` of now have
        none, nor has an hour that waits to be profiled again by the minute.

        Parameters
        ----------
        model, version
            Whose; None for all versions together.
        start, end
            Minutes that begin in `[start, end)`; both are whole minutes.
        step_s
            The length of a step in seconds, a multiple of 60; steps are counted from 1970, so the
            first and the last may be cut by the window: see `align_minutes`. None for one step,
            which begins at `start`.
        parts
            The names of the parts.

        Returns
        -------
        list of (datetime, dict)
            The beginning of each step that has any part, in ascending order, and its parts.

        Raises
        ------
        InputError
            A time or step is no whole minute.
        ProfileError
            A part is damaged.
        """
        asked = Question(model, "", version, ("", ""), to_minute(start), to_minute(end))
        step = None if step_s is None else step_minutes(step_s)
        with self._file.read() as connection:
            found = read_minutes(connection, self._codec, asked, parts=parts, step=step)
        return [(from_minute(at), held) for at, held in found.items()]

    def newest(
        self, model: str, part: str, *, before: datetime, version: str | None = None
    ) -> list[Any]:
        """The last statistics of a part that begin before a moment, as fine as they are held.

        Parameters
        ----------
        model, part, version
            Whose: a part that stands on no layout; None for all versions.
        before
            Any moment. A part in which it lies may hold rows of both sides; then the part before
            it is given too.
        """
        asked = Question(model, "", version, ("", ""), 0, minutes_before(before))
        with self._file.read() as connection:
            return newest_parts(connection, self._codec, asked, part)

    def drop_minutes(self, now: datetime) -> int:
        """Drop the minutes that are not kept any more; their hours stay.

        Parameters
        ----------
        now
            The time now: minutes before `minutes_since` of it go.

        Returns
        -------
        int
            How many went.
        """
        before = to_minute(minutes_since(now))
        with self._file.read() as connection:
            held = list(series_with_minutes(connection))
        gone = 0
        for series in held:
            with self._file.write() as connection:
                gone += drop_minutes(connection, series, before)
        return gone

    def finest_step(
        self,
        model: str,
        *,
        layout: str,
        start: datetime,
        end: datetime,
        version: str | None = None,
        segment: tuple[str, str] | None = None,
    ) -> int:
        """The shortest step in seconds that `read` answers: an hour, or a day."""
        asked = _question(model, layout, version, segment, start, end)
        with self._file.read() as connection:
            slots = slots_of(connection, asked)
            coarse = any(coarse_days(connection, slot, asked) for slot in slots)
        return HOUR_S * DAY_HOURS if coarse else HOUR_S

    def buckets(
        self,
        model: str,
        *,
        layout: str,
        start: datetime,
        end: datetime,
        version: str | None = None,
        segment: tuple[str, str] | None = None,
    ) -> list[Bucket]:
        """The buckets that overlap a window, in order of time, without their statistics."""
        asked = _question(model, layout, version, segment, start, end)
        with self._file.read() as connection:
            rows = [
                row
                for slot in slots_of(connection, asked)
                for row in connection.execute(
                    "SELECT start, hours, rows, labelled, measured_at FROM buckets "
                    "WHERE slot = ? AND start > ? AND start < ? AND start + hours > ?",
                    (slot, asked.first - DAY_HOURS, asked.end, asked.first),
                )
            ]
        return _by_time(rows)

    def written(
        self,
        model: str,
        *,
        layout: str,
        start: datetime,
        end: datetime,
        version: str | None = None,
        segment: tuple[str, str] | None = None,
    ) -> Written:
        """What tells whether the buckets of `buckets` have changed, at the cost of a glance.

        Two writes within a second that leave all numbers of rows alike cannot be told apart:
        ask again once `Written.newest` lies behind.
        """
        asked = _question(model, layout, version, segment, start, end)
        with self._file.read() as connection:
            sums = [
                connection.execute(
                    "SELECT count(*), total(rows), total(labelled), max(measured_at), "
                    "total(measured_at), total(start) FROM buckets "
                    "WHERE slot = ? AND start > ? AND start < ? AND start + hours > ?",
                    (slot, asked.first - DAY_HOURS, asked.end, asked.first),
                ).fetchone()
                for slot in slots_of(connection, asked)
            ]
        newest = max((row[3] for row in sums if row[3] is not None), default=None)
        return Written(tuple(sums), None if newest is None else from_seconds(newest))

    def roll_up(self, *, before: datetime, limit: int = 100) -> int:
        """Merge hours to days, so that long windows read less; no answer depends on it.

        Parameters
        ----------
        before
            Only days that end at or before it; a day that is still written to is not worth it.
        limit
            At most so many days of slots, each in a transaction of its own.

        Returns
        -------
        int
            How many were done: call it again until it is 0.
        """
        day = to_hour(_whole_hour(before)) // DAY_HOURS
        with self._file.read() as connection:
            due = dirty_days(connection, day, limit)
        for slot, at in due:
            with self._file.write() as connection:
                roll_up_day(connection, self._codec, slot, at)
        return len(due)

    def drop_before(
        self,
        before: datetime,
        *,
        keep: Keep,
        what: Literal["segments", "all"] = "segments",
        model: str | None = None,
    ) -> int:
        """Drop what is older than a day.

        Parameters
        ----------
        before
            Days that end at or before it.
        keep
            `days`: hour parts go and day parts stay, so the days become coarse; `nothing`.
        what
            Only segments, or all rows too.
        model
            Only of this model.

        Returns
        -------
        int
            The number of days of slots that became coarse, or of parts that are gone.
        """
        day = to_hour(_whole_hour(before)) // DAY_HOURS
        segments = what == "segments"
        if keep == "nothing":
            with self._file.write() as connection:
                return forget_before(connection, day, model, segments=segments)
        with self._file.read() as connection:
            due = hourly_days(connection, day, model, segments=segments)
        for slot, at in due:
            with self._file.write() as connection:
                coarsen(connection, self._codec, slot, at)
        return len(due)

    def remove(self, model: str, *, layout: str | None = None) -> None:
        """Forget a model, or one layout of it."""
        with self._file.write() as connection:
            remove_slots(connection, model, layout)
            if layout is None:
                connection.execute("DELETE FROM followed WHERE model = ?", (model,))
                connection.execute("DELETE FROM stale WHERE model = ?", (model,))

    def back_up(self, path: Path) -> None:
        """Copy the store as it is now to a file, while others read and write."""
        self._file.back_up(path)

    def close(self) -> None:
        """Close the file; no thread may be using it."""
        self._file.close()


def _question(
    model: str,
    layout: str,
    version: str | None,
    segment: tuple[str, str] | None,
    start: datetime,
    end: datetime,
) -> Question:
    return Question(model, layout, version, segment or ("", ""), to_hour(start), to_hour(end))


def _by_time(rows: list[Any]) -> list[Bucket]:
    """Buckets of several versions added up where they are of one time."""
    held: dict[tuple[int, int], tuple[int, int, int]] = {}
    for start, hours, count, labelled, at in rows:
        before = held.get((start, hours), (0, 0, 0))
        held[start, hours] = (before[0] + count, before[1] + labelled, max(before[2], at))
    return [
        Bucket(to_time(start), hours, count, labelled, from_seconds(at))
        for (start, hours), (count, labelled, at) in sorted(held.items())
    ]


def _whole_hour(time: datetime) -> datetime:
    return time.replace(minute=0, second=0, microsecond=0)
