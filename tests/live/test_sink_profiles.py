"""Rows that the sink wrote: profiled in ClickHouse as the kernel profiles those of the tables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from tests.engines.clickhouse_server import ClickHouse, running_clickhouse
from tests.store import sinks
from tests.store.batches import MODEL
from tests.store.sinks import Followed, new_database
from watchkeeper.profiles.fit import fit_layout
from watchkeeper.store.engines.clickhouse import connect
from watchkeeper.store.engines.urls import parse_url
from watchkeeper.testing import NASTY
from watchkeeper.testing.engines import compare

pytestmark = pytest.mark.xdist_group("clickhouse-sink")


@pytest.fixture(scope="module")
def server() -> Iterator[ClickHouse]:
    """A ClickHouse of these tests."""
    with running_clickhouse() as held:
        yield held


@pytest.mark.parametrize("name", [name for name in NASTY if NASTY[name].current.num_rows])
def test_a_nasty_table_is_profiled_there_as_here(
    server: ClickHouse, tmp_path: Path, name: str
) -> None:
    """Counts equal, sums up to reordering, after Delta's types and ClickHouse's."""
    example = NASTY[name]
    rows = example.current
    held = Followed(tmp_path, new_database(server, "profiled"))
    ids = [f"{number}" for number in range(rows.num_rows)]
    table = sinks.rows(ids, 1)
    for column in rows.column_names:
        table = table.append_column(column, rows.column(column))
    held.tables.append(MODEL, "predictions", table, position=1)
    held.position = 1
    sink = held.sink()
    sink.step()
    assert sink.failing == {}
    engine = connect(parse_url(held.url))
    there = engine.table("churn_predictions")
    here = pa.Table.from_batches(list(held.tables.batches(MODEL, "predictions")))
    here = here.sort_by([("_row", "ascending")])
    names = [column for column in rows.column_names if column in here.column_names]
    layout = fit_layout(example.model, example.reference)
    compare(engine, there.select(names), here.select(names), layout)
    engine.close()
