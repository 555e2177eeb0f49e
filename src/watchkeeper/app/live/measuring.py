"""What the tables gained, measured into the buckets of every hour.

New predictions are profiled once and merged into their hours. A label or an outcome marks the hour
of its prediction as stale, and stale hours are profiled again, only as far as labels decide. A new
reference makes every hour stale as a whole.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby

import numpy as np
import pyarrow as pa

from watchkeeper.app.live.event_rows import LABEL_COLUMNS, joined, last_of, role_columns
from watchkeeper.app.live.folding import Bucket, fold, fold_labels, hours_of
from watchkeeper.app.live.known_ids import LEAD, lead_days, make_ids_again
from watchkeeper.app.live.minutes import begin_minutes, few_with_minutes
from watchkeeper.app.live.registry import Registry
from watchkeeper.core import envelope
from watchkeeper.core.envelope import Signal
from watchkeeper.core.errors import ConflictError, NotFoundError, WatchkeeperError
from watchkeeper.core.model import Task
from watchkeeper.core.windows import Window, from_seconds
from watchkeeper.profiles.base import Ints
from watchkeeper.profiles.layout import Layout
from watchkeeper.store.buckets import Buckets, Change, Slot, minutes_since
from watchkeeper.store.ids import IdIndex
from watchkeeper.store.tables import Tables, Wanted

log = logging.getLogger("watchkeeper.measuring")

ROWS_AT_ONCE = 200_000
"""Rows that are held in memory while they are measured."""

HOURS_AT_ONCE = 24 * 31

_KEYS = (
    envelope.ID, envelope.TIME, envelope.RECEIVED, envelope.VERSION, envelope.WEIGHT,
    envelope.ERROR, envelope.VIOLATIONS,
)  # fmt: skip


class Measurer:
    """Follows the tables of all models and keeps the buckets true.

    Parameters
    ----------
    registry, tables, buckets, ids
        The stores; only one measurer writes to buckets and ids at a time.
    clock
        Gives the time.
    """

    def __init__(
        self,
        registry: Registry,
        tables: Tables,
        buckets: Buckets,
        ids: IdIndex,
        clock: Callable[[], datetime],
    ) -> None:
        self._registry = registry
        self._tables = tables
        self._buckets = buckets
        self._ids = ids
        self._clock = clock
        self._sure: set[str] = set()
        self.failing: dict[str, str] = {}
        """Models that could not be measured, with why; tried again with every step."""

    def step(self, *, seconds: float = 2.0) -> int:
        """Measure what is new, then what is stale, until some time has passed.

        Returns
        -------
        int
            Pieces of work done; 0 when all is measured.
        """
        until = time.monotonic() + seconds
        done = 0
        for model in self._tables.models():
            done += self._guarded(model, lambda model: self._follow(model, until))
        # The rows of a model that could not be followed would be counted now, and once more later.
        waiting = [
            model
            for model in self._tables.models()
            if model not in self.failing and self._buckets.stale_count(model)
        ]
        while waiting and time.monotonic() < until:
            worked = {model: self._guarded(model, self._refresh) for model in waiting}
            done += sum(worked.values())
            waiting = [model for model in waiting if worked[model]]
        return done

    def _guarded(self, model: str, work: Callable[[str], int]) -> int:
        """Do work for a model; what goes wrong there keeps no other model waiting."""
        try:
            done = work(model)
        except Exception as error:  # told and counted, tried again with the next step
            if model not in self.failing:
                defect = not isinstance(error, WatchkeeperError)
                told = error if defect else None
                log.error("model %r could not be measured: %s", model, error, exc_info=told)  # noqa: TRY400
            self.failing[model] = f"{type(error).__name__}: {error}"
            return 0
        self.failing.pop(model, None)
        return done

    def _follow(self, model: str, until: float) -> int:
        if model not in self._sure:
            self._check(model)
            self._sure.add(model)
        self._renew(model)
        done = self._follow_predictions(model, until)
        done += self._follow_truths(model, Signal.LABELS)
        return done + self._follow_truths(model, Signal.OUTCOMES)

    def _check(self, model: str) -> None:
        """Before the first step: see that the stores fit together, and make good what does not."""
        for signal in (Signal.PREDICTIONS, Signal.LABELS, Signal.OUTCOMES):
            version = self._tables.version(model, signal)
            if 0 <= version < self._buckets.followed(model, signal):
                log.warning("the profiles of %r are of other tables: they are made again", model)
                self._buckets.remove(model)
                break
        make_ids_again(model, self._tables, self._buckets, self._ids, self._clock())
        begin_minutes(model, self._buckets, self._clock())

    def rows_between(self, model: str, windows: Sequence[Window]) -> pa.Table:
        """All predictions of some windows, with their labels: what a reference is fitted on."""
        held = []
        for window in windows:
            wanted = Wanted(window.start, window.end)
            rows = _table(self._tables.batches(model, Signal.PREDICTIONS, wanted))
            if rows.num_rows:
                held.append(self._with_truths(model, rows, window.start)[0])
        return pa.concat_tables(held, promote_options="permissive") if held else pa.table({})

    # ---- what is new -------------------------------------------------------------------------

    def _renew(self, model: str) -> None:
        """Mark every hour as stale where the model has a layout that none was measured on."""
        layout = self._layout(model)
        if layout is None or self._buckets.followed(model, f"layout:{layout.id}") >= 0:
            return
        span = self._buckets.span(model)
        hours: list[datetime] = []
        if span is not None:
            held = self._buckets.buckets(model, layout="", start=span[0], end=span[1])
            for bucket in held:
                hours += [bucket.start + timedelta(hours=n) for n in range(bucket.hours)]
        with self._buckets.transaction(now=self._clock()) as change:
            change.stale(model, hours, "rows")
            change.follow(model, f"layout:{layout.id}", 0)

    def _follow_predictions(self, model: str, until: float) -> int:
        done = 0
        last = self._tables.version(model, Signal.PREDICTIONS)
        version = self._buckets.followed(model, Signal.PREDICTIONS)
        while version < last and (done == 0 or time.monotonic() < until):
            held: list[pa.Table] = []
            rows = 0
            try:
                while version < last and rows < ROWS_AT_ONCE:
                    version += 1
                    held.append(self._tables.added(model, Signal.PREDICTIONS, version))
                    rows += held[-1].num_rows
            except NotFoundError:
                self._catch_up(model, last)
                return done + 1
            self._fold(model, pa.concat_tables(held, promote_options="permissive"), version)
            done += 1
        return done

    def _fold(self, model: str, rows: pa.Table, version: int) -> None:
        """Merge new predictions into their hours, all of them or none."""
        signal = Signal.PREDICTIONS
        if rows.num_rows == 0:
            with self._buckets.transaction(now=self._clock()) as change:
                change.follow(model, signal, version)
            return
        self._sight(model, rows)
        layout = self._layout(model)
        hours = hours_of(rows)
        ids = rows.column(envelope.ID)
        self._ids.add(model, ids, hours)
        early = self._ids.arrived(model, ids)
        lead = self._lead(model, rows.filter(pa.array(early))) if early.any() else None
        name = "" if layout is None else layout.id
        ranking = layout is not None and layout.model.task is Task.RANKING
        with self._buckets.transaction(now=self._clock()) as change:
            if ranking:
                # A list of a ranking may come in several commits, and only whole lists count.
                change.stale(model, _times(hours), "rows")
            else:
                since = minutes_since(self._clock())
                for bucket in fold(rows, layout, minutes_since=since):
                    _merge(change, model, name, bucket)
            if lead is not None:
                change.stale(model, _times(hours[early]), "labels")
                change.follow(model, LEAD, lead)
            change.follow(model, signal, version)
        if early.any():
            self._ids.settle(model, ids.filter(pa.array(early)))

    def _sight(self, model: str, rows: pa.Table) -> None:
        """Note the versions that the records are of, and their first and last time."""
        seen = rows.group_by(envelope.VERSION).aggregate(
            [(envelope.TIME, "min"), (envelope.TIME, "max")]
        )
        for end in ("min", "max"):
            times = seen.column(f"{envelope.TIME}_{end}").to_pylist()
            names = [name or "" for name in seen.column(envelope.VERSION).to_pylist()]
            self._registry.seen_versions(model, dict(zip(names, times, strict=True)))

    def _catch_up(self, model: str, last: int) -> None:
        """Profile everything again: commits that were not followed have been cleaned away."""
        days = self._tables.days(model, Signal.PREDICTIONS)
        for day in days:
            start = datetime.combine(day, datetime.min.time(), tzinfo=self._clock().tzinfo)
            wanted = Wanted(start, start + timedelta(days=1), columns=(envelope.ID, envelope.TIME))
            for batch in self._tables.batches(model, Signal.PREDICTIONS, wanted):
                rows = pa.Table.from_batches([batch])
                hours = hours_of(rows)
                ids = rows.column(envelope.ID)
                self._ids.add(model, ids, hours)
                early = rows.filter(pa.array(self._ids.arrived(model, ids)))
                lead = self._lead(model, early) if early.num_rows else None
                with self._buckets.transaction(now=self._clock()) as change:
                    change.stale(model, _times(hours), "rows")
                    if lead is not None:
                        change.follow(model, LEAD, lead)
                if early.num_rows:
                    self._ids.settle(model, early.column(envelope.ID))
        with self._buckets.transaction(now=self._clock()) as change:
            change.follow(model, Signal.PREDICTIONS, last)

    def _follow_truths(self, model: str, signal: Signal) -> int:
        """Mark the hours as stale whose predictions got labels or outcomes."""
        last = self._tables.version(model, signal)
        version = self._buckets.followed(model, signal)
        if version >= last:
            return 0
        held = []
        while version < last:
            version += 1
            try:
                held.append(
                    self._tables.added(model, signal, version, [envelope.ID, envelope.TIME])
                )
            except NotFoundError:
                held = [self._all_of(model, signal)]
                version = last
        rows = pa.concat_tables(held, promote_options="permissive")
        ids = rows.column(envelope.ID)
        hours = self._ids.find(model, ids)
        unknown = hours < 0
        if unknown.any():
            now = int(self._clock().timestamp() // 3600)
            self._ids.wait(model, ids.filter(pa.array(unknown)), now)
        lead = self._buckets.followed(model, LEAD)
        days = lead_days(hours[~unknown], hours_of(rows)[~unknown])
        with self._buckets.transaction(now=self._clock()) as change:
            change.stale(model, _times(hours[~unknown]), "labels")
            change.follow(model, LEAD, max([lead, *days]))
            change.follow(model, signal, version)
        return 1

    def _all_of(self, model: str, signal: Signal) -> pa.Table:
        wanted = Wanted(columns=(envelope.ID, envelope.TIME))
        return _table(self._tables.batches(model, signal, wanted))

    def _lead(self, model: str, rows: pa.Table) -> int:
        """Days by which labels or outcomes came before these predictions, at most."""
        lead = self._buckets.followed(model, LEAD)
        hours = dict(
            zip(rows.column(envelope.ID).to_pylist(), hours_of(rows).tolist(), strict=True)
        )
        wanted = Wanted(columns=(envelope.ID, envelope.TIME), ids=list(hours))
        for signal in (Signal.LABELS, Signal.OUTCOMES):
            found = _table(self._tables.batches(model, signal, wanted))
            if found.num_rows:
                for name, hour in zip(
                    found.column(envelope.ID).to_pylist(), hours_of(found).tolist(), strict=True
                ):
                    lead = max(lead, (hours[name] - hour) // 24 + 1)
        return lead

    # ---- what is stale -----------------------------------------------------------------------

    def _refresh(self, model: str) -> int:
        """Profile some stale hours of a model again; the number of hours done."""
        stale = self._buckets.stale_hours(model, limit=HOURS_AT_ONCE)
        if not stale:
            return 0
        what = stale[0].what
        hours = sorted(s.hour for s in stale if s.what == what)
        held = set(self._tables.days(model, Signal.PREDICTIONS))
        gone = [hour for hour in hours if hour.date() not in held]
        if gone:
            # Their rows were dropped as the retention says; what was measured of them stays.
            with self._buckets.transaction(now=self._clock()) as change:
                change.fresh(model, gone)
            return len(gone)
        chosen = self._near(model, hours)
        if what == "labels":
            try:
                self._again(model, chosen, whole=False)
            except ConflictError:
                # Only day profiles are left of some of these days, so whole days are due.
                self._whole_days(model, chosen)
        else:
            chosen = few_with_minutes(chosen, self._clock())
            self._again(model, chosen, whole=True)
        return len(chosen)

    def _near(self, model: str, hours: Sequence[datetime]) -> list[datetime]:
        """The first of the hours that lie together and do not hold too many rows."""
        held = self._buckets.buckets(
            model, layout="", start=hours[0], end=hours[-1] + timedelta(hours=1)
        )
        rows = {bucket.start: bucket.rows for bucket in held}
        if any(hour not in rows for hour in hours):
            rows |= self._counted(model, hours)
        chosen = [hours[0]]
        total = rows.get(hours[0], 0)
        for hour in hours[1:]:
            total += rows.get(hour, 0)
            if total > ROWS_AT_ONCE or hour - chosen[-1] > timedelta(days=2):
                break
            chosen.append(hour)
        return chosen

    def _counted(self, model: str, hours: Sequence[datetime]) -> dict[datetime, int]:
        """The rows of each hour, for hours of which nothing has been measured yet."""
        wanted = Wanted(hours[0], hours[-1] + timedelta(hours=1), columns=(envelope.TIME,))
        rows: Counter[int] = Counter()
        for batch in self._tables.batches(model, Signal.PREDICTIONS, wanted):
            found, counts = np.unique(hours_of(pa.Table.from_batches([batch])), return_counts=True)
            rows.update(dict(zip(found.tolist(), counts.tolist(), strict=True)))
        return {from_seconds(hour * 3600): count for hour, count in rows.items()}

    def _with_whole_days(
        self, model: str, layout: str, hours: Sequence[datetime]
    ) -> Sequence[datetime]:
        """The hours, and all hours of a day of which only the day profile is left."""
        coarse = {*self._buckets.coarse_days(model, ""), *self._buckets.coarse_days(model, layout)}
        days = {hour.replace(hour=0) for hour in hours} & coarse
        return sorted({*hours, *(day + timedelta(hours=n) for day in days for n in range(24))})

    def _whole_days(self, model: str, hours: Iterable[datetime]) -> None:
        days = sorted({hour.replace(hour=0) for hour in hours})
        with self._buckets.transaction(now=self._clock()) as change:
            for day in days:
                change.stale(model, [day + timedelta(hours=n) for n in range(24)], "rows")

    def _again(self, model: str, hours: Sequence[datetime], *, whole: bool) -> None:
        layout = self._layout(model)
        name = "" if layout is None else layout.id
        if whole:
            hours = self._with_whole_days(model, name, hours)
        # The lists of a ranking count only whole, so they are read at once.
        ranking = layout is not None and layout.model.task is Task.RANKING
        pieces = self._rows_of(model, hours, None if whole else _label_columns(layout))
        folded: dict[tuple[datetime, str], Bucket] = {}
        since = minutes_since(self._clock())
        for piece in [_joint(pieces)] if ranking else pieces:
            if piece.num_rows == 0:
                continue
            rows, outcomes = self._with_truths(model, piece, hours[0])
            again = (
                fold(rows, layout, outcomes, minutes_since=since)
                if whole
                else fold_labels(rows, layout, outcomes)
            )
            for bucket in again:
                key = bucket.hour, bucket.version
                folded[key] = folded[key] | bucket if key in folded else bucket
        with self._buckets.transaction(now=self._clock()) as change:
            if whole:
                _clear(change, self._buckets, model, layout, hours)
            put = _merge if whole else _replace
            for bucket in folded.values():
                put(change, model, name, bucket)
            change.fresh(model, hours)

    def _rows_of(
        self, model: str, hours: Sequence[datetime], columns: tuple[str, ...] | None
    ) -> Iterator[pa.Table]:
        """The predictions of some hours, in pieces that fit memory whatever an hour holds."""
        wanted = Wanted(hours[0], hours[-1] + timedelta(hours=1), columns=columns)
        due = np.array([int(hour.timestamp() // 3600) for hour in hours])
        held: list[pa.Table] = []
        for batch in self._tables.batches(model, Signal.PREDICTIONS, wanted):
            rows = pa.Table.from_batches([batch])
            held.append(rows.filter(pa.array(np.isin(hours_of(rows), due))))
            if sum(map(len, held)) >= ROWS_AT_ONCE:
                yield pa.concat_tables(held)
                held = []
        if any(map(len, held)):
            yield pa.concat_tables(held)

    def _with_truths(
        self, model: str, rows: pa.Table, first: datetime
    ) -> tuple[pa.Table, pa.Table | None]:
        """The predictions with their last labels, and their outcomes."""
        lead = max(self._buckets.followed(model, LEAD), 0)
        ids = rows.column(envelope.ID).combine_chunks()
        since = first - timedelta(days=lead + 1)
        labels = _table(
            self._tables.batches(
                model, Signal.LABELS, Wanted(since, columns=LABEL_COLUMNS, ids=ids)
            )
        )
        if labels.num_rows:
            rows = joined(rows, labels)
        outcomes = _table(self._tables.batches(model, Signal.OUTCOMES, Wanted(since, ids=ids)))
        if outcomes.num_rows == 0:
            return rows, None
        return rows, last_of(outcomes, [envelope.ID, "_name"])

    def _layout(self, model: str) -> Layout | None:
        try:
            reference = self._registry.reference(model)
        except NotFoundError:
            return None
        return None if reference is None else reference.profile.layout


def _label_columns(layout: Layout | None) -> tuple[str, ...]:
    """What has to be read to count labels."""
    if layout is None:
        return (*_KEYS, envelope.PREDICTION, envelope.SCORE)
    roles = role_columns(layout.model)
    label = layout.model.label
    held = [source for name, source in roles.items() if name != label]
    segments = [roles.get(name, name) for name in layout.segments if name != label]
    return tuple(dict.fromkeys((*_KEYS, envelope.PREDICTION, envelope.SCORE, *held, *segments)))


def _merge(change: Change, model: str, layout: str, bucket: Bucket) -> None:
    change.merge(
        bucket.hour, Slot(model, "", bucket.version), bucket.free,
        rows=bucket.rows, labelled=bucket.labelled, minutes=bucket.minutes,
    )  # fmt: skip
    for (column, value), parts in bucket.segments.items():
        slot = Slot(model, layout, bucket.version, column, value)
        change.merge(bucket.hour, slot, parts, rows=bucket.rows, labelled=bucket.labelled)


def _replace(change: Change, model: str, layout: str, bucket: Bucket) -> None:
    slot = Slot(model, "", bucket.version)
    change.replace(bucket.hour, slot, bucket.free, labelled=bucket.labelled)
    for (column, value), parts in bucket.segments.items():
        slot = Slot(model, layout, bucket.version, column, value)
        change.replace(bucket.hour, slot, parts, labelled=bucket.labelled)


def _clear(
    change: Change, buckets: Buckets, model: str, layout: Layout | None, hours: Sequence[datetime]
) -> None:
    """Empty the hours; of a day of which only the day profile is left, the day."""
    for name in ("",) if layout is None else ("", layout.id):
        coarse = set(buckets.coarse_days(model, name))
        for day, held in groupby(hours, key=lambda hour: hour.replace(hour=0)):
            if day in coarse:
                change.clear_day(model, name, day)
            else:
                for hour in held:
                    change.clear(model, name, hour)


def _times(hours: Ints) -> list[datetime]:
    return [from_seconds(hour * 3600) for hour in np.unique(hours).tolist()]


def _joint(pieces: Iterable[pa.Table]) -> pa.Table:
    held = list(pieces)
    return pa.concat_tables(held) if held else pa.table({})


def _table(batches: Iterable[pa.RecordBatch]) -> pa.Table:
    """Batches as one table, with no column where there is none."""
    held = list(batches)
    return pa.Table.from_batches(held) if held else pa.table({})
