"""What a server keeps, how much room it takes, and until when it is kept."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from watchkeeper.app.live.registry import Registry
from watchkeeper.app.live.settings import Settings
from watchkeeper.core.errors import NotFoundError
from watchkeeper.store.tables import Tables

Answer = dict[str, Any]


def measure_storage(settings: Settings, registry: Registry, tables: Tables) -> Answer:
    """The room that each part of the folder takes, and each table by its model and signal.

    Returns
    -------
    dict
        `parts`, a list of `name`, `holds` and `bytes`; and `tables`, a list of `model`, `signal`,
        `bytes`, `first_day`, `last_day` and `days` (None: kept for ever).
    """
    return {"parts": list(_parts(settings, tables)), "tables": list(_tables(registry, tables))}


def _parts(settings: Settings, tables: Tables) -> Iterator[Answer]:
    yield {"name": "tables", "holds": "what was sent, as Delta tables", "bytes": tables.size()}
    held: tuple[tuple[str, Path, str], ...] = (
        ("buckets", settings.buckets, "profiles of every hour; derived from the tables"),
        ("journal", settings.journal, "what was acknowledged and is not in the tables yet"),
        ("ids", settings.ids, "which hours hold which predictions; derived"),
        ("halves", settings.halves, "requests and responses that wait for each other"),
        ("catalogue", settings.catalogue_file, "models, rules, incidents, users"),
    )
    for name, path, holds in held:
        yield {"name": name, "holds": holds, "bytes": _size(path)}


def _tables(registry: Registry, tables: Tables) -> Iterator[Answer]:
    for model, signal in tables.names():
        try:
            days = registry.get(model).retention.days(signal)
        except NotFoundError:
            days = None  # It is being removed.
        held = tables.days(model, signal)
        yield {
            "model": model, "signal": str(signal), "bytes": tables.table_size(model, signal),
            "first_day": min(held, default=None), "last_day": max(held, default=None),
            "days": days,
        }  # fmt: skip


def _size(path: Path) -> int:
    """Bytes of a folder, or of a database with its log; what goes meanwhile does not count."""
    if path.is_dir():
        return sum(_of(Path(at) / name) for at, _, names in os.walk(path) for name in names)
    return sum(_of(path.with_name(path.name + end)) for end in ("", "-wal", "-shm"))


def _of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
