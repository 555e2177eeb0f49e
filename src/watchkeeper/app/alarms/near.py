"""What was changed about the time of an incident: versions, rules, and what people reported."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from watchkeeper.app.live.registry import Registry
from watchkeeper.core.envelope import Signal
from watchkeeper.core.errors import NotFoundError
from watchkeeper.incidents.incident import Incident
from watchkeeper.incidents.opening import ChangeNear
from watchkeeper.store.catalogue.alarms import AlarmStore

BEFORE = timedelta(hours=24)
AFTER = timedelta(minutes=5)
_FILES = {"rules": "The rule file", "slos": "The file of SLOs", "routes": "The routing file"}


def change_finder(
    store: AlarmStore, registry: Registry, tables: Path | str | None = None
) -> Callable[[Incident], Iterator[ChangeNear]]:
    """What finds the changes about the time of an incident.

    Parameters
    ----------
    store
        Knows the files of rules.
    registry
        Knows the versions of models.
    tables
        Where the records lie, of which those of changes are read; None: they are not.
    """

    def find(incident: Incident) -> Iterator[ChangeNear]:
        began = incident.began_at or incident.opened_at
        start, end = began - BEFORE, began + AFTER
        for model in incident.models:
            yield from _versions(registry, model, start, end)
        yield from _files(store, start, end)
        if tables is not None:
            for model in ("", *incident.models):
                yield from _reported(tables, model, start, end)

    return find


def _versions(
    registry: Registry, model: str, start: datetime, end: datetime
) -> Iterator[ChangeNear]:
    try:
        held = registry.versions(model)
    except NotFoundError:
        return
    for one in held:
        seen, version = one["first_seen"], one["version"]
        if seen is not None and version and start <= seen <= end:
            text = f"Version {version} of {model} was seen for the first time"
            yield ChangeNear(f"version:{model}:{version}", text, seen, model)


def _files(store: AlarmStore, start: datetime, end: datetime) -> Iterator[ChangeNear]:
    for row in store.history(kinds=list(_FILES), start=start, end=end, limit=100):
        told = msgspec.json.decode(row.body)
        outcome = told.get("outcome") if isinstance(told, dict) else None
        who = told.get("who") if isinstance(told, dict) else None
        if outcome == "unchanged":
            continue
        text = f"{_FILES[row.kind]} {row.subject!r} was {outcome or 'applied'}"
        yield ChangeNear(f"history:{row.id}", text + (f" by {who}" if who else ""), row.at)


def _reported(
    tables: Path | str, model: str, start: datetime, end: datetime
) -> Iterator[ChangeNear]:
    """Records of changes: what other programs told of deployments and the like."""
    # Only once there is an incident: the library of the tables is large.
    from watchkeeper.store.tables import Tables, Wanted

    for batch in Tables(tables).batches(model, Signal.CHANGES, Wanted(start, end)):
        for row in batch.to_pylist():
            kind, title = row.get("_kind") or "change", row.get("_title") or "without a title"
            author = f" by {row['_author']}" if row.get("_author") else ""
            key = f"record:{model}:{row['_time'].isoformat()}:{title}"
            link = row.get("_link") or ""
            yield ChangeNear(key, f"{kind}: {title}{author}", row["_time"], model, link)
