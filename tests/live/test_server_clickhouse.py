"""`watchkeeper serve --clickhouse`: a whole server beside which ClickHouse comes and goes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from tests.engines.clickhouse_server import ClickHouse, running_clickhouse
from tests.live.processes import Serving, serving, wait_until
from tests.live.stations import flights, labels, predictions
from tests.store.batches import START
from tests.store.sinks import Followed, new_database
from watchkeeper.app.live import sinking as module
from watchkeeper.app.live.settings import Settings
from watchkeeper.app.live.sinking import Sinking
from watchkeeper.store.tables import Tables
from watchkeeper_client import Client

pytestmark = pytest.mark.xdist_group("clickhouse-server")

ROWS = flights(300, seed=4)


@pytest.fixture(scope="module")
def clickhouse() -> Iterator[ClickHouse]:
    """A ClickHouse that is killed meanwhile."""
    with running_clickhouse() as held:
        yield held


def test_rows_reach_clickhouse_whatever_dies(clickhouse: ClickHouse, tmp_path: Path) -> None:
    """Server and worker are killed, ClickHouse is away: nobody waits, and all is there once."""
    url = new_database(clickhouse, "whole")
    parts = [ROWS.slice(start, 100) for start in (0, 100, 200)]
    with serving(tmp_path, "--clickhouse", url) as server:
        _send(server, parts[0])
        wait_until(lambda: _caught_up(server, 100), "the first part is there")
        server.kill(worker=True)
        server.start()
        _send(server, parts[1])
        clickhouse.kill()
        _send(server, parts[2])
        server.settle()  # The tables and what is measured do not wait for ClickHouse.
        assert server.rows("late", "predictions", "_id").num_rows == 300
        wait_until(lambda: bool(_sink(server)["failing"]), "it is told that it is away")
        status = server.ask("/v1/status")
        (problem,) = status["problems"]
        assert problem.startswith("rows of every table do not reach ClickHouse")
        assert "no answer" in problem
        assert "watchkeeper_server_clickhouse_failing 1.0" in _metrics(server)
        assert server.ask("/readyz")["status"] == "ready"
        clickhouse.start()
        wait_until(lambda: _caught_up(server, 0), "all of it is there", every_s=0.5)
        assert "watchkeeper_server_clickhouse_behind_commits 0.0" in _metrics(server)
        assert "watchkeeper_server_clickhouse_behind_seconds" in _metrics(server)
    held = Followed(tmp_path, url)
    held.tables = Tables(server.data / "tables")
    assert held.check("late") == 300
    assert held.check("late", "labels") == 300
    assert _documented(held) == pytest.approx(_accuracies(ROWS))


def _documented(held: Followed) -> dict[str, float]:
    """What the query in the documentation answers."""
    page = (Path(__file__).parents[2] / "docs" / "clickhouse-beside.md").read_text("utf-8")
    query = page[page.index("SELECT p.airport") : page.index("GROUP BY p.airport")]
    return {row[0]: row[1] for row in held.database._rows(f"{query} GROUP BY p.airport")}


def _accuracies(rows: pa.Table) -> dict[str, float]:
    right = pc.equal(rows["guess"], rows["late"]).cast(pa.float64())
    means = rows.append_column("right", right).group_by("airport").aggregate([("right", "mean")])
    return dict(zip(means["airport"].to_pylist(), means["right_mean"].to_pylist(), strict=True))


def test_days_are_compared_every_hour(
    clickhouse: ClickHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What ClickHouse lost meanwhile comes back, without a start."""
    held, sinking = _beside(clickhouse, tmp_path, "hourly")
    held.add("a", "b")
    sinking.step()
    assert sinking.state().caught_up == START
    held.database._command("TRUNCATE TABLE churn_predictions")
    sinking.step()
    assert held.database.counts("churn_predictions") == {}
    monkeypatch.setattr(module, "DOUBT_S", -1.0)
    sinking.step()
    assert held.check() == 2
    assert sinking.state().rows == 4
    sinking.stop()


def test_a_copy_of_a_folder_is_told_that_the_database_is_taken(
    clickhouse: ClickHouse, tmp_path: Path
) -> None:
    """A restored folder has no note of its own; the first folder goes on, also after a start."""
    held, sinking = _beside(clickhouse, tmp_path, "taken")
    held.add("a")
    sinking.step()
    sinking.stop()
    other = Settings(tmp_path / "copy", clickhouse_url=held.url)
    other.folder.mkdir()
    copy = Sinking(other, held.tables, held.tables.models, lambda: START)
    copy.step()
    assert "filled by another Watchkeeper" in copy.state().failing["all"]
    assert copy.state().caught_up is None
    _, again = _beside(clickhouse, tmp_path, None)
    again.step()
    assert again.state().failing == {}


def _beside(clickhouse: ClickHouse, folder: Path, name: str | None) -> tuple[Followed, Sinking]:
    """Tables in a folder and what sends them on; into a new database where it has a name."""
    note = folder / "url"
    if name is not None:
        note.write_text(new_database(clickhouse, name))
    held = Followed(folder, note.read_text())
    settings = Settings(folder, clickhouse_url=held.url)
    return held, Sinking(settings, held.tables, held.tables.models, lambda: START)


def _send(server: Serving, rows: object) -> None:
    with Client(server.url, model="late", version="1") as client:
        for record in predictions(rows):  # type: ignore[arg-type]
            client.log(
                record["features"], record["prediction"], id=record["id"], time=record["time"]
            )
        for label in labels(rows):  # type: ignore[arg-type]
            client.label(label["id"], label["label"], time=label["time"])
        client.flush()


def _sink(server: Serving) -> dict[str, object]:
    found: dict[str, object] = server.ask("/v1/status")["sink"] or {"failing": {}, "behind_s": None}
    return found


def _caught_up(server: Serving, rows: int) -> bool:
    sink = _sink(server)
    if sink["behind_s"] is None or sink["failing"] or sink["behind"]:
        return False
    return server.ask("/v1/status")["journal"]["entries"] == 0 and sink["rows"] >= rows


def _metrics(server: Serving) -> str:
    return httpx.get(f"{server.url}/metrics").text
