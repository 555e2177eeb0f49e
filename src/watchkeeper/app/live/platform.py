"""Everything that the HTTP server asks of the application, in one place."""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any, Literal

import msgspec

from watchkeeper.app.live import overview as pages
from watchkeeper.app.live.catalogue_place import check_catalogue, note_catalogue
from watchkeeper.app.live.clock import Clock, Steady, now
from watchkeeper.app.live.decisions import measure_decisions
from watchkeeper.app.live.distributions import measure_distributions
from watchkeeper.app.live.door import Door
from watchkeeper.app.live.exposition import Exposition
from watchkeeper.app.live.glance import measure_glance
from watchkeeper.app.live.heartbeat import read_heartbeat, sink_problems, sink_status
from watchkeeper.app.live.kept import Kept
from watchkeeper.app.live.keys import Keys
from watchkeeper.app.live.lines import KEPT, measure_lines
from watchkeeper.app.live.measured import Measured, segment_of
from watchkeeper.app.live.pairing import Pairing
from watchkeeper.app.live.questions import Ingest, ReferenceRequest, RowsQuery, SeriesQuery
from watchkeeper.app.live.references import receive_reference
from watchkeeper.app.live.registered import Reference
from watchkeeper.app.live.registry import Registry
from watchkeeper.app.live.rows import RowReader, write_rows
from watchkeeper.app.live.series import measure_series
from watchkeeper.app.live.series_files import write_series
from watchkeeper.app.live.settings import Settings
from watchkeeper.app.live.spans import window_of
from watchkeeper.app.live.storage import measure_storage
from watchkeeper.app.live.tables_place import claim_tables
from watchkeeper.app.live.track import measure_track
from watchkeeper.core.envelope import Signal
from watchkeeper.core.errors import (
    BusyError,
    InputError,
    NotFoundError,
    UnavailableError,
    WatchkeeperError,
)
from watchkeeper.core.windows import Window
from watchkeeper.store.backup import check_restored
from watchkeeper.store.buckets import Buckets
from watchkeeper.store.catalogue.catalogue import Catalogue
from watchkeeper.store.journal import Journal, Limits
from watchkeeper.store.tables import Tables, Wanted

Answer = dict[str, Any]

SETTLE_S = 30.0

_ROOM = 64 << 10
"""A server that could not take a request of so many bytes is not ready."""

log = logging.getLogger("watchkeeper.platform")


class Platform:
    """The use cases of a running server over the stores of one folder.

    Parameters
    ----------
    settings
        Where its data lie, and its limits.
    clock
        Gives the time in UTC.

    Raises
    ------
    UnavailableError, ProfileError, ConflictError
        A store is damaged, or was written by a newer Watchkeeper.
    """

    def __init__(self, settings: Settings, *, clock: Clock = now) -> None:
        self.settings = settings
        self._clock = clock
        check_restored(settings.folder)
        check_catalogue(settings)
        settings.folder.mkdir(parents=True, exist_ok=True)
        self._catalogue = Catalogue(settings.catalogue)
        note_catalogue(settings)
        claim_tables(settings)
        self.registry = Registry(self._catalogue, clock=clock)
        self.keys = Keys(self._catalogue, clock=clock)
        limits = Limits(max_backlog=settings.max_backlog, min_free=settings.min_free)
        self._tables = Tables(settings.tables)
        self._journal = Journal(settings.journal, limits=limits)
        # A restored or emptied journal must not use positions again that tables know already.
        self._journal.advance(self._tables.highest())
        self._halves = Journal(settings.halves, limits=limits)
        self._buckets = Buckets(settings.buckets)
        self._door = Door(
            self.registry,
            self._journal,
            Pairing(self._halves, clock, shared=settings.replica),
            max_body=settings.max_body,
            open_models=settings.open_models,
            clock=Steady(clock),
        )
        self._exposition = Exposition(self.registry, self._measured, self._buckets, clock)
        self._was_measured: dict[str, tuple[int, str | None]] = {}
        self._steps = Kept(4_000)
        self._pages = Kept(200)
        self._weeks = Kept(KEPT)

        self._closing = threading.Event()
        self._settler = threading.Thread(target=self._settle, name="settle", daemon=True)
        self._settler.start()

    def close(self) -> None:
        """Finish what is being written, and let go of the files."""
        self._closing.set()
        self._settler.join()
        self._journal.close()
        self._halves.close()
        self._buckets.close()
        self._catalogue.close()

    # ---- records -----------------------------------------------------------------------------

    def ingest(self, request: Ingest) -> Future[Answer]:
        """Take records in; the future is done once they are on disk. See `Door.take`."""
        return self._door.take(request)

    # ---- models ------------------------------------------------------------------------------

    def models(self) -> list[Answer]:
        """Every model in short."""
        return [self._short(name) for name in self.registry.names()]

    def model(self, name: str) -> Answer:
        """One model: its columns, versions, segments and file."""
        held = self.registry.get(name)
        reference = self.registry.reference(name)
        columns: list[Answer]
        segments: dict[str, list[str]] = {}
        if reference is None:
            columns = [
                {"name": feature, "role": "feature", "kind": kind}
                for feature, kind in held.features.items()
            ]
        else:
            layout = reference.profile.layout
            columns = [
                {"name": c.name, "role": str(c.role), "kind": str(c.kind)}
                for c in layout.model.columns
            ]
            segments = self._buckets.segments(name, layout.id)
        versions = []
        for version in self.registry.versions(name):
            rows = self._rows_of(name, version["version"])
            versions.append({**version, "rows": rows})
        return {
            **self._short(name), "columns": columns, "segments": segments, "versions": versions,
            "file": held.content,
        }  # fmt: skip

    def remove_model(self, name: str) -> Answer:
        """Forget a model with all its records, profiles and references."""
        self.registry.remove(name)
        self._tables.remove(name)
        self._buckets.remove(name)
        return {"name": name, "outcome": "removed"}

    def reference(self, name: str) -> Answer | None:
        """What the model is compared with."""
        reference = self.registry.reference(name)
        return None if reference is None else reference.as_dict()

    def set_reference(
        self, name: str, request: ReferenceRequest, *, who: str | None = None
    ) -> Answer:
        """Take a new reference; one of production is fitted by the worker once there are rows."""
        return receive_reference(self.registry, name, request, who=who)

    # ---- measures ----------------------------------------------------------------------------

    def series(self, model: str, query: SeriesQuery) -> Answer:
        """Metrics over time; see `watchkeeper.app.live.series`."""
        measured = self._measured(model, version=query.version)
        return measure_series(
            measured, query, window=self._window(model, query.window), now=self._clock()
        )

    def lines(self, model: str, query: SeriesQuery) -> Answer:
        """Metrics over time as bare numbers; see `watchkeeper.app.live.lines`."""
        return measure_lines(
            self._measured(model, version=query.version), query,
            window=self._window(model, query.window), now=self._clock(), held=self._weeks,
        )  # fmt: skip

    def overview(
        self, model: str, *, window: str, version: str | None = None, segment: str | None = None
    ) -> Answer:
        """All that a page about the model shows."""
        measured = self._measured(model, version=version, segment=segment)
        return pages.measure_overview(
            measured, window=self._window(model, window), now=self._clock(), held=self._pages
        )

    def glance(self, model: str, *, window: str) -> Answer:
        """What a list of models shows of one."""
        span = self._window(model, window)
        return measure_glance(
            self._measured(model), window=span, now=self._clock(), held=self._pages
        )

    def track(
        self,
        model: str,
        *,
        window: str,
        step: str | None = None,
        version: str | None = None,
        segment: str | None = None,
    ) -> Answer:
        """Drift of every column, and quality, over time."""
        measured = self._measured(model, version=version, segment=segment)
        span = self._window(model, window)
        return measure_track(measured, window=span, step=step, now=self._clock(), held=self._steps)

    def distributions(  # what a picture of a column is asked of
        self,
        model: str,
        column: str,
        *,
        window: str,
        step: str | None = None,
        version: str | None = None,
        segment: str | None = None,
    ) -> Answer:
        """One column's distribution over time."""
        measured = self._measured(model, version=version, segment=segment)
        span = self._window(model, window)
        return measure_distributions(measured, column=column, window=span, step=step)

    def decisions(
        self, model: str, *, window: str, version: str | None = None, segment: str | None = None
    ) -> Answer:
        """What each threshold of a binary model would have decided."""
        measured = self._measured(model, version=version, segment=segment)
        return measure_decisions(measured, window=self._window(model, window))

    def compare_versions(
        self, model: str, a: str, b: str, *, window: str, segment: str | None = None
    ) -> Answer:
        """Two versions over the same window."""
        one = self._measured(model, version=a, segment=segment)
        other = self._measured(model, version=b, segment=segment)
        return pages.measure_difference(one, other, window=self._window(model, window))

    def report(self, model: str, *, window: str, version: str | None = None) -> Answer:
        """The report document of a window against the reference."""
        measured = self._measured(model, version=version)
        return pages.measure_report(measured, window=self._window(model, window), now=self._clock())

    def rows(self, model: str, query: RowsQuery) -> Answer:
        """A page of predictions with their labels."""
        return self._rows(model).page(query, self._window(model, query.window))

    def export(
        self,
        model: str,
        what: Literal["rows", "series"],
        query: RowsQuery | SeriesQuery,
        format: Literal["parquet", "csv", "json"],  # noqa: A002  # the word that users know
    ) -> Iterator[bytes]:
        """Rows or a series as a file, piece by piece."""
        match what, query:
            case "series", SeriesQuery():
                return write_series(self.series(model, query), format)
            case "rows", RowsQuery():
                window = self._window(model, query.window)
                return write_rows(self._rows(model).tables(query, window), format)
        raise InputError(f"{what} cannot be asked for by a {type(query).__name__}")

    def changes(self, model: str | None, *, window: str) -> list[Answer]:
        """Deployments and other changes, those of all models and those of one, oldest first."""
        if model is not None:
            self.registry.get(model)
        names = [""] if model is None else ["", model]
        span = self._window(model, window) if model else self._window_free(window)
        found: list[Answer] = []
        for name in names:
            wanted = Wanted(span.start, span.end)
            for batch in self._tables.batches(name, Signal.CHANGES, wanted):
                found += [_change(row, name) for row in batch.to_pylist()]
        return sorted(found, key=lambda change: change["time"])

    # ---- the server itself -------------------------------------------------------------------

    def status(self) -> Answer:
        """Accounts, backlog, disk and worker."""
        backlog = self._journal.backlog()
        at = self._clock()
        disk = shutil.disk_usage(self.settings.folder)
        beat = read_heartbeat(self.settings.heartbeat)
        oldest = backlog.oldest
        return {
            "accounting": [msgspec.structs.asdict(total) for total in self._journal.totals()],
            "journal": {
                "entries": backlog.entries,
                "bytes": backlog.bytes,
                "oldest": oldest,
                "oldest_age_s": (at - oldest).total_seconds() if oldest else None,
                "last_position": backlog.last_position,
            },
            "stale_hours": self._buckets.stale_count(),
            "payload_loggers": self._door.pairing_counts(),
            "disk": {"free_bytes": disk.free, "total_bytes": disk.total},
            "worker": {
                "last_step": beat.at if beat else None,
                "last_step_age_s": (at - beat.at).total_seconds() if beat else None,
                "failing": beat.failing if beat else {},
            },
            "sink": sink_status(beat, at),
            "problems": [*self.problems(), *self._put_aside(), *sink_problems(beat)],
        }

    def storage(self) -> Answer:
        """What is kept, how much room it takes, and until when it is kept."""
        return measure_storage(self.settings, self.registry, self._tables)

    def problems(self) -> list[str]:
        """Why the server is not ready for records; empty when it is."""
        found: list[str] = []
        try:
            self._journal.check_room(_ROOM)
            self.registry.names()
        except (BusyError, InputError) as error:
            found.append(str(error))
        return found

    def _put_aside(self) -> list[str]:
        """Records that no table could take: acknowledged and kept, but measured nowhere."""
        reasons = self._journal.aside_reasons()
        return [
            f"{total.aside} records of the {total.signal} of {total.model!r} were put aside and "
            f"are not measured; they are kept in the journal ({reasons[total.model, total.signal]})"
            for total in self._journal.totals()
            if (total.model, total.signal) in reasons
        ]

    def measured_until(self, model: str) -> bool:
        """Whether all that was acknowledged of a model has been measured."""
        try:
            return self._is_measured(model)
        except UnavailableError:  # A damaged table of one model must not hide the others.
            return False

    def _is_measured(self, model: str) -> bool:
        backlog = self._journal.backlog()
        if backlog.entries or self._buckets.stale_count(model):
            return False  # Before the tables are asked: they may lie far away.
        reference = self.registry.reference(model)
        known_as = backlog.last_position, None if reference is None else reference.layout_id
        if self._tables.elsewhere and self._was_measured.get(model) == known_as:
            return True  # No record has come since; each question there takes a while.
        if reference is not None:
            known = self._buckets.followed(model, f"layout:{reference.layout_id}") >= 0
            if not known and self._tables.version(model, Signal.PREDICTIONS) >= 0:
                return False
        done = all(
            self._buckets.followed(model, signal) >= self._tables.version(model, signal)
            for signal in (Signal.PREDICTIONS, Signal.LABELS, Signal.OUTCOMES)
        )
        waits = self._journal.backlog().entries or self._buckets.stale_count(model)
        if done and not waits:
            self._was_measured[model] = known_as
        return done and not waits

    def model_metrics(self) -> str:
        """The latest value of each model's metrics, as Prometheus text."""
        return self._exposition.text()

    # ---- inside ------------------------------------------------------------------------------

    def _settle(self) -> None:
        """Join what payload loggers sent before a crash; then give up what was never answered."""
        while True:
            try:
                self._door.settle()
            except WatchkeeperError as error:
                log.warning("halves of payload loggers wait on: %s", error)
            if self._closing.wait(SETTLE_S):
                return

    def _short(self, name: str) -> Answer:
        held = self.registry.get(name)
        reference = self.registry.reference(name)
        span = self._buckets.span(name)
        return {
            "name": name,
            "owner": held.file.owner,
            "tags": held.file.tags,
            "task": held.task,
            "rows": self._rows_of(name, None),
            "first_event": span[0] if span else None,
            "last_event": span[1] if span else None,
            "versions": len(self.registry.versions(name)),
            "reference": _short_reference(reference),
            "measured": self.measured_until(name),
        }

    def _rows_of(self, name: str, version: str | None) -> int:
        """Predictions that have been measured."""
        span = self._buckets.span(name)
        if span is None:
            return 0
        held = self._buckets.buckets(name, layout="", start=span[0], end=span[1], version=version)
        return sum(bucket.rows for bucket in held)

    def _measured(
        self, model: str, *, version: str | None = None, segment: str | None = None
    ) -> Measured:
        self.registry.get(model)
        if version is not None and version not in {
            held["version"] for held in self.registry.versions(model)
        }:
            raise NotFoundError(f"model {model!r} has no version {version!r}")
        reference = self.registry.reference(model)
        return Measured(model, self._buckets, reference, version, segment_of(segment))

    def _window(self, model: str, text: str) -> Window:
        span = self._buckets.span(model)
        held = None if span is None else Window(*span)
        return window_of(text, now=self._clock(), held=held)

    def _window_free(self, text: str) -> Window:
        return window_of(text, now=self._clock(), held=None)

    def _rows(self, model: str) -> RowReader:
        self.registry.get(model)
        reference = self.registry.reference(model)
        layout = None if reference is None else reference.profile.layout
        return RowReader(model, layout, self._tables, self._buckets)


def _short_reference(reference: Reference | None) -> Answer | None:
    if reference is None:
        return None
    return {"kind": reference.kind, "set_at": reference.set_at}


def _change(row: dict[str, Any], model: str) -> Answer:
    details = row.get("_details")
    return {
        "model": model or None,
        "time": row["_time"],
        "kind": row.get("_kind"),
        "title": row.get("_title"),
        "version": row.get("_version") or None,
        "link": row.get("_link"),
        "author": row.get("_author"),
        "details": msgspec.json.decode(details) if details else {},
    }
