"""Tables on object storage, and ClickHouse beside them: the sink follows them there as well."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.engines.clickhouse_server import running_clickhouse
from tests.store.batches import MODEL, START
from tests.store.object_server import ObjectServer, object_server, objects
from tests.store.sinks import Followed
from watchkeeper.store.tables import Tables
from watchkeeper.store.upkeep import Upkeep

__all__ = ["object_server", "objects"]

pytestmark = pytest.mark.xdist_group("objects")


def test_tables_on_object_storage_are_followed(objects: ObjectServer, tmp_path: Path) -> None:
    """Commits, deleted rows, a lost history and a storage that is away, as for a folder."""
    with running_clickhouse() as server:
        held = Followed(tmp_path, server.url())
        held.tables = Tables(f"{objects.bucket()}/tables", history=timedelta(0))
        for days in range(3):
            held.add(f"a{days}", f"b{days}", time=START + timedelta(days=days))
        sink = held.sink()
        assert sink.step() == 6
        assert held.check() == 6
        Upkeep(held.tables).delete_ids(MODEL, ["a1"])
        held.add("c", time=START + timedelta(days=1))
        sink.step()
        assert held.check() == 6
        held.add("d")
        held.tables.handle(MODEL, "predictions").checkpoint()
        Upkeep(held.tables).maintain(datetime(2100, 1, 1, tzinfo=UTC), {})
        sink.step()
        assert sink.failing == {}
        assert held.check() == 7
        assert held.sink().step() == 0
        held.tables.remove(MODEL)
        sink.step()
        assert not held.database.exists("churn_predictions")
