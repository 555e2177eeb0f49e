"""A platform in memory for tests of the server: it answers as `app.live` does, or misbehaves."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from watchkeeper.app.alarms.desk import AlarmDesk
from watchkeeper.app.alarms.evaluating import Surroundings
from watchkeeper.app.alarms.incident_desk import IncidentDesk
from watchkeeper.app.alarms.runbooks.allowed import AutomationFile
from watchkeeper.app.alarms.runbooks.desk import RunbookDesk
from watchkeeper.app.dashboards.desk import DashboardDesk
from watchkeeper.app.live.questions import Ingest, ReferenceRequest, RowsQuery, SeriesQuery
from watchkeeper.app.live.settings import Settings
from watchkeeper.app.people.access_log import Entry
from watchkeeper.core.errors import NotFoundError
from watchkeeper.store.catalogue.alarms import AlarmStore

MORNING = datetime(2013, 6, 3, 14, tzinfo=UTC)
MODEL = "late-arrivals"
METRICS = (
    '# HELP watchkeeper_psi PSI\n# TYPE watchkeeper_psi gauge\nwatchkeeper_psi{model="a"} 0.2\n'
)


@dataclass(frozen=True)
class FakeKey:
    """A key as the catalogue gives it."""

    id: str
    name: str
    scopes: frozenset[str]
    created: datetime = MORNING
    expires: datetime | None = None
    last_used: datetime | None = None
    revoked: datetime | None = None

    def as_dict(self) -> dict[str, Any]:
        """All but the secret."""
        return asdict(self) | {"scopes": sorted(self.scopes)}


@dataclass
class FakeKeys:
    """Keys whose secret is `wk_` and their id."""

    held: dict[str, FakeKey] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def create(
        self, name: str, scopes: Collection[str], *, expires: datetime | None = None
    ) -> tuple[FakeKey, str]:
        """Make a key."""
        key = FakeKey(f"k{len(self.held) + 1}", name, frozenset(scopes), expires=expires)
        self.held[key.id] = key
        return key, f"wk_{key.id}"

    def verify(self, secret: str) -> FakeKey | None:
        """Find a key."""
        self.asked.append(secret)
        key = self.held.get(secret.removeprefix("wk_"))
        return None if key is None or key.revoked else key

    def list(self) -> list[FakeKey]:
        """All keys."""
        return list(self.held.values())

    def revoke(self, key: str, /) -> FakeKey:
        """End a key."""
        if key not in self.held:
            raise NotFoundError(f"there is no key {key!r}")
        self.held[key] = replace(self.held[key], revoked=MORNING)
        return self.held[key]


@dataclass
class NoPeople:
    """Nobody signs in; what the access log would note is kept."""

    oidc: None = None
    noted: list[Entry] = field(default_factory=list)

    @property
    def log(self) -> NoPeople:
        """The access log."""
        return self

    def add(self, entry: Entry) -> None:
        """Keep a row."""
        self.noted.append(entry)

    def any(self) -> bool:
        """Nobody."""
        return False

    @property
    def sessions(self) -> NoPeople:
        """The sessions."""
        return self

    def list(self, user: str | None = None) -> list[dict[str, Any]]:
        """None."""
        del user
        return []

    def end(self, id_: str, *, user: str | None = None) -> None:
        """There is none."""
        raise NotFoundError(f"there is no session {id_!r} of {user!r}")


@dataclass
class FakeRegistry:
    """Models by name."""

    applied: list[tuple[object, str | None, bool, str | None]] = field(default_factory=list)

    def apply(
        self,
        content: Mapping[str, object] | str,
        *,
        name: str | None = None,
        force: bool = False,
        who: str | None = None,
    ) -> dict[str, Any]:
        """Note a model file."""
        self.applied.append((content, name, force, who))
        return {"name": name, "outcome": "created", "changes": ["new model"], "notes": []}

    def versions(self, name: str) -> list[dict[str, Any]]:
        """Two versions."""
        known(name)
        return [{"version": v, "first_seen": MORNING, "last_seen": MORNING} for v in ("8", "7")]


def known(model: str) -> None:
    """Raise for every model but one, and those with a slash."""
    if model not in {MODEL, "a/b %41"}:
        raise NotFoundError(f"there is no model {model!r}")


def taken(request: Ingest) -> dict[str, Any]:
    """The answer to a request whose records are all good."""
    return {
        "batch": request.key or "made", "accepted": 1, "rejected": 0, "duplicate": False,
        "errors": [],
    }  # fmt: skip


class FakePlatform:
    """Answers at once, unless a test puts a function in the way.

    Attributes
    ----------
    on_ingest
        What an ingest call does; it may raise, block, or return a future of its own.
    """

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.settings = Settings(folder, **settings)
        self.registry = FakeRegistry()
        self.keys = FakeKeys()
        self.people: Any = NoPeople()
        self.begin()

    def begin(self) -> None:
        """As new, but the same object."""
        self.registry.applied.clear()
        self.keys.held.clear()
        self.keys.asked.clear()
        self.requests: list[Ingest] = []
        self.threads: list[str] = []
        self.references: list[tuple[ReferenceRequest, bytes | None]] = []
        self.queries: list[SeriesQuery | RowsQuery] = []
        self.on_ingest: Callable[[Ingest], Future[dict[str, Any]] | None] = lambda _: None
        self.on_status: Callable[[], None] = lambda: None
        self.pieces: Callable[[], Iterator[bytes]] = lambda: iter([b"id,x\n", b"1,2\n"])
        self.trouble: list[str] = []
        self.removed: list[str] = []
        self.whose: list[str | None] = []
        self.closed = False

    @cached_property
    def alarms(self) -> AlarmDesk:
        """The real one, over a store of its own."""
        return AlarmDesk(
            self.alarm_store, models=lambda: [MODEL], around=self._around, clock=lambda: MORNING
        )

    @cached_property
    def incidents(self) -> IncidentDesk:
        """The real one, over the store of alarms."""
        return IncidentDesk(self.alarm_store, config=self.alarms.config, clock=lambda: MORNING)

    @cached_property
    def runbooks(self) -> RunbookDesk:
        """The real one, over the store of alarms; the operator's file is in the folder."""
        allowed = AutomationFile(self.settings.automation_file)
        return RunbookDesk(
            self.alarm_store, around=self._around, clock=lambda: MORNING, automation=allowed
        )

    @cached_property
    def dashboards(self) -> DashboardDesk:
        """The real one, over the store of alarms."""
        return DashboardDesk(self.alarm_store, clock=lambda: MORNING)

    @cached_property
    def alarm_store(self) -> AlarmStore:
        """Its store."""
        return AlarmStore(self.settings.folder / "alarms.db")

    def let_go(self) -> None:
        """Close the store of alarms, where it was asked for."""
        if "alarm_store" in self.__dict__:
            self.alarm_store.close()

    @staticmethod
    def _around(model: str) -> Surroundings:
        known(model)
        raise NotFoundError("this platform has measured nothing")

    def ingest(self, request: Ingest) -> Future[dict[str, Any]]:
        """Keep a request."""
        self.requests.append(request)
        self.threads.append(threading.current_thread().name)
        future = self.on_ingest(request)
        if future is None:
            future = Future()
            future.set_result(taken(request))
        return future

    def models(self) -> list[dict[str, Any]]:
        """One model."""
        return [self._line()]

    def _line(self) -> dict[str, Any]:
        return {
            "name": MODEL, "task": "binary", "rows": 1200, "last_event": MORNING, "versions": 2,
            "reference": {"kind": "data", "set_at": MORNING},
        }  # fmt: skip

    def model(self, name: str) -> dict[str, Any]:
        """That model."""
        known(name)
        columns = [{"name": "temp", "role": "feature", "kind": "numeric"}]
        more = {"columns": columns, "versions": self.registry.versions(name), "file": {},
                "segments": {"origin": ["JFK"]}}  # fmt: skip
        return {**self._line(), "name": name, **more}

    def remove_model(self, name: str) -> dict[str, Any]:
        """Forget it."""
        known(name)
        self.removed.append(name)
        return {"name": name, "outcome": "removed"}

    def reference(self, model: str) -> dict[str, Any] | None:
        """What was set last."""
        known(model)
        if not self.references:
            return None
        request = self.references[-1][0]
        return {"kind": request.kind, "origin": dict(request.origin), "set_at": MORNING}

    def set_reference(
        self, model: str, request: ReferenceRequest, *, who: str | None = None
    ) -> dict[str, Any]:
        """Keep a reference and what its file holds."""
        known(model)
        self.whose.append(who)
        self.references.append((request, request.path.read_bytes() if request.path else None))
        outcome = "set" if request.path else "wanted"
        return {
            "model": model, "outcome": outcome, "kind": request.kind, "layout": None, "rows": None,
            "origin": dict(request.origin), "notes": [],
        }  # fmt: skip

    def series(self, model: str, query: SeriesQuery) -> dict[str, Any]:
        """One series of one point that has a value and one that has none."""
        known(model)
        self.queries.append(query)
        point = {"value": 0.21, "low": 0.2, "high": 0.22, "n_reference": 900, "n_current": 120}
        empty = {"value": float("nan"), "low": None, "high": None, "note": "not enough data"}
        ends = {"start": MORNING, "end": MORNING}
        return {
            "model": model, "window": ends, "step": "1h",
            "series": [{
                "metric": query.metrics[0], "column": "temp", "version": query.version,
                "segment": query.segment, "unit": "",
                "points": [{**ends, **point}, {**ends, **empty}],
            }],
        }  # fmt: skip

    def lines(self, model: str, query: SeriesQuery) -> dict[str, Any]:
        """One line with a value and a gap, as long as its step says."""
        known(model)
        self.queries.append(query)
        ends = {"start": MORNING, "end": MORNING}
        times = 20_000 if query.step == "1h" else 1
        return {
            "model": model, "window": ends, "step": "1h", "step_s": 3600.0,
            "starts": [3600 * n for n in range(2 * times)],
            "lines": [{
                "metric": query.metrics[0], "column": "temp", "version": query.version,
                "segment": query.segment, "unit": "", "values": [0.21, float("nan")] * times,
            }],
        }  # fmt: skip

    def overview(
        self, model: str, *, window: str, version: str | None, segment: str | None
    ) -> dict[str, Any]:
        """A page."""
        known(model)
        return {
            "model": model, "version": version, "segment": segment, "rows": 12.5,
            "window": {"start": MORNING, "end": MORNING}, "traffic": {"volume": {"value": 12.5}},
            "labels": {}, "outcomes": {}, "reference": None, "report": None,
        }  # fmt: skip

    def glance(self, model: str, *, window: str) -> dict[str, Any]:
        """A line with nothing in it."""
        held = {
            "model": model,
            "window": {"start": MORNING, "end": MORNING},
            "rows": 0.0,
            "service": {},
            "labels": {},
        }
        empty = ("verdict", "status", "headline", "performance", "drift", "quality")
        return {**held, **dict.fromkeys(empty), "step_s": 3600.0, "series": []}

    def track(
        self, model: str, *, window: str, step: str | None, version: str | None, segment: str | None
    ) -> dict[str, Any]:
        """Drift and quality of two steps."""
        known(model)
        step_of = {
            "start": MORNING,
            "end": MORNING,
            "rows": 5,
            "labelled": 0,
            "drifted": 1,
            "columns": 1,
        }
        column = {
            "kind": "numeric", "role": "feature", "effect": [0.2], "low": [0.1], "high": [0.3],
            "verdicts": ["drifted"], "missing": [0.0],
        }  # fmt: skip
        return {
            "model": model, "version": version, "segment": segment, "step": "1d", "step_s": 86400.0,
            "window": {"start": MORNING, "end": MORNING}, "tolerance": 0.05, "steps": [step_of],
            "drift": {"temp": column}, "ranking": ["temp"],
            "quality": {"validity": {"target": 0.99, "points": [1.0]}},
        }  # fmt: skip

    def distributions(
        self, model: str, column: str, *, window: str, step: str | None, version: str | None,
        segment: str | None,
    ) -> dict[str, Any]:  # fmt: skip
        """A column without rows."""
        known(model)
        return {
            "model": model, "column": column, "role": "feature", "kind": "numeric",
            "version": version, "segment": segment, "step": "1d", "edges": [0.0, 1.0],
            "window": {"start": MORNING, "end": MORNING}, "categories": None, "reference": None,
            "points": [],
        }  # fmt: skip

    def decisions(
        self, model: str, *, window: str, version: str | None, segment: str | None
    ) -> dict[str, Any]:
        """A model without labels."""
        known(model)
        return {
            "model": model, "version": version, "segment": segment, "threshold": 0.5,
            "window": {"start": MORNING, "end": MORNING}, "classes": ["0", "1"],
            "thresholds": [0.0, 0.5], "current": None, "reference": None,
        }  # fmt: skip

    def compare_versions(
        self, model: str, a: str, b: str, *, window: str, segment: str | None
    ) -> dict[str, Any]:
        """Two versions."""
        known(model)
        service = {
            "a": None, "b": {"value": 2.0}, "change": {"value": None, "note": "no rows"},
            "p_value": None, "p_adjusted": None, "different": None,
        }  # fmt: skip
        return {
            "model": model, "a": a, "b": b, "segment": segment, "rows": {"a": 1, "b": 2},
            "window": {"start": MORNING, "end": MORNING}, "service": {"volume": service},
            "performance": {}, "inputs": None,
        }  # fmt: skip

    def rows(self, model: str, query: RowsQuery) -> dict[str, Any]:
        """One row."""
        known(model)
        self.queries.append(query)
        row = {"id": "1", "time": MORNING, "features": {"temp": 88.0}, "label": "1"}
        return {"rows": [row], "next": "c2"}

    def export(self, model: str, what: str, query: object, form: str) -> Iterator[bytes]:
        """A file in pieces."""
        known(model)
        return self.pieces()

    def report(self, model: str, *, window: str, version: str | None) -> dict[str, Any]:
        """A report document."""
        known(model)
        return {"summary": {"headline": "stable"}}

    def changes(self, model: str | None, *, window: str) -> list[dict[str, Any]]:
        """One change."""
        return [{"model": model, "kind": "deployment", "title": "Version 8",
                 "time": MORNING}]  # fmt: skip

    def storage(self) -> dict[str, Any]:
        """Little."""
        return {"parts": [{"name": "tables", "holds": "what was sent", "bytes": 900}], "tables": []}

    def status(self) -> dict[str, Any]:
        """All well."""
        self.on_status()
        account = {"model": MODEL, "accepted": 1200, "rejected": 3, "duplicates": 2}
        return {
            "accounting": [{**account, "signal": "predictions"}, {**account, "signal": "labels"}],
            "journal": {"entries": 4, "bytes": 900, "oldest": MORNING, "oldest_age_s": 1.5,
                        "last_position": 77},
            "disk": {"free_bytes": 5_000_000, "total_bytes": 9_000_000},
            "worker": {"last_step": MORNING, "last_step_age_s": 0.4},
            "problems": self.trouble,
        }  # fmt: skip

    def problems(self) -> list[str]:
        """What a test says."""
        self.on_status()
        return self.trouble

    def model_metrics(self) -> str:
        """One gauge."""
        return METRICS

    def close(self) -> None:
        """Note that it was closed."""
        self.closed = True


def record(**more: object) -> bytes:
    """A prediction as JSON."""
    return json.dumps({"id": "1", "model": MODEL, "features": {"temp": 1.0}, **more}).encode()
