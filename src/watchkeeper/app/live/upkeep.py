"""What is done to a folder a few times an hour: compaction, and what the models' retention says.

The worker does it; `watchkeeper compact` does it at once, also beside a worker.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from watchkeeper.app.live.clock import Clock, now
from watchkeeper.app.live.folder import open_folder
from watchkeeper.app.live.registry import Registry
from watchkeeper.app.live.settings import Settings
from watchkeeper.core.envelope import Signal
from watchkeeper.store.buckets import Buckets
from watchkeeper.store.journal import Journal, Limits
from watchkeeper.store.tables import Tables
from watchkeeper.store.upkeep import Kept, Upkeep


def keep_up(
    registry: Registry,
    buckets: Buckets,
    upkeep: Upkeep,
    at: datetime,
    *,
    model: str | None = None,
) -> list[Kept]:
    """Compact the tables, and drop what the models' retention says.

    Safe beside others that do the same, or that write and read.

    Parameters
    ----------
    registry, buckets, upkeep
        The models, their measurements, and what looks after their tables.
    at
        The time now.
    model
        The only model that is looked after; None: all.

    Returns
    -------
    list[Kept]
        What was done to each table, or why not.
    """
    retention: dict[tuple[str, str], int] = {}
    for name in registry.names() if model is None else (model,):
        held = registry.get(name).retention
        for kind in Signal:
            days = held.days(kind)
            if days is not None:
                retention[name, kind] = days
        hours = held.days("hours")
        if hours is not None:
            buckets.drop_before(at - timedelta(days=hours), keep="days", model=name)
    buckets.drop_minutes(at)
    return upkeep.maintain(at, retention, model=model)


def compact_folder(
    folder: Path, *, model: str | None = None, clock: Clock = now, catalogue: str | None = None
) -> list[Kept]:
    """Do now what the worker of a folder does every ten minutes; a server may run on it.

    The worker alone writes to the index of ids, and forgets there what was dropped when it is next
    due.

    Parameters
    ----------
    folder
        Of a server.
    model
        The only model that is looked after; None: all.
    clock
        Gives the time.
    catalogue
        As of `open_folder`.

    Returns
    -------
    list[Kept]
        What was done to each table, or why not.

    Raises
    ------
    InputError
        It is no folder of a server.
    NotFoundError
        There is no such model.
    """
    settings = Settings(folder, catalogue_url=catalogue)
    with (
        open_folder(folder, make=False, catalogue=catalogue) as opened,
        Buckets(settings.buckets) as buckets,
    ):
        upkeep = Upkeep(Tables(settings.tables))
        kept = keep_up(opened.registry, buckets, upkeep, clock(), model=model)
    if model is None:
        journal = Journal(settings.journal, limits=Limits(min_free=0))
        try:
            journal.maintain(clock())
        finally:
            journal.close()
    return kept
