"""A server whose tables lie on object storage: killed at work, cut off from it, backed up."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import msgspec
import pytest
from deltalake import DeltaTable

import watchkeeper as wk
from tests.live.loads import Poster, as_lines, shipments
from tests.live.processes import Serving, ids_once, register, serving, wait_until
from tests.live.stations import (
    MODEL_FILE,
    START,
    differences,
    flights,
    labels,
    predictions,
    station,
)
from tests.store.object_server import KEYS, ObjectServer, object_server, objects
from watchkeeper.app.live.backups import back_up_folder, restore_folder
from watchkeeper.app.live.platform import Platform
from watchkeeper.app.live.questions import RowsQuery
from watchkeeper.app.live.settings import Settings
from watchkeeper.app.live.storage import measure_storage
from watchkeeper.app.live.tables_place import claim_tables
from watchkeeper.app.live.upkeep import compact_folder
from watchkeeper.core.envelope import Signal
from watchkeeper.core.errors import ConflictError, InputError, UnavailableError
from watchkeeper.store.object_store import storage_options
from watchkeeper.store.tables import Tables

__all__ = ["object_server", "objects"]

pytestmark = pytest.mark.xdist_group("objects")

DAYS_AGO = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=3)
REFERENCE = flights(1_000, seed=1, start=DAYS_AGO - timedelta(days=60))
WINDOW = "2026-03-02..2026-03-05"


def stored(url: str, signal: str) -> set[str]:
    """Ids in a table, each there once, read by Delta's own library."""
    table = DeltaTable(f"{url}/late/{signal}", storage_options=storage_options())
    return ids_once(table.to_pyarrow_table(columns=["_id"]))


def test_nothing_is_lost_or_doubled(objects: ObjectServer, tmp_path: Path) -> None:
    """Over kills of server and worker, and while the storage is away, which nobody notices."""
    url = f"{objects.bucket()}/events"
    told = predictions(flights(12_000, seed=5, start=DAYS_AGO))
    with serving(tmp_path, "--tables", url) as held, ExitStack() as running:
        register(held, MODEL_FILE, REFERENCE)
        lines = Poster(held.url, shipments("lines", "predictions", told, as_lines))
        running.enter_context(lines)
        for kind in ("worker", "both"):
            wait_written(held)
            if kind == "worker":
                held.kill_worker()
            else:
                held.kill(worker=kind == "both")
                held.start()
        wait_until(lambda: bool(held.value("late", "prediction_count")), "some is measured")
        cut_off(objects, held, lines)
        lines.finish()
        held.settle()
        assert lines.refused == []
        assert stored(url, "predictions") == lines.ids()
        assert held.account("late", "predictions")["written"] == len(lines.ids())
        assert held.value("late", "prediction_count") == len(lines.ids())
        assert not (held.data / "tables").exists()
        assert held.stop() == 0
    said = held.log.read_text()
    assert KEYS["AWS_SECRET_ACCESS_KEY"] not in said


def cut_off(objects: ObjectServer, held: Serving, lines: Poster) -> None:
    """The storage is away for a while: records are taken in, and questions say why they fail."""
    objects.relay.leave()
    try:
        before = len(lines.acknowledged)
        wait_until(lambda: len(lines.acknowledged) > before + 3, "records are still taken in")

        def failing() -> bool:
            return "cannot be reached" in str(held.ask("/v1/status")["worker"]["failing"])

        wait_until(failing, "the status says that the writer waits")
        window = {"window": f"{DAYS_AGO:%Y-%m-%d}..{DAYS_AGO + timedelta(days=2):%Y-%m-%d}"}
        answer = httpx.get(f"{held.url}/v1/models/late/rows", params=window, timeout=60)
        assert answer.status_code == 503, answer.text
        assert "cannot be reached" in answer.json()["error"]["message"]
        assert httpx.get(f"{held.url}/v1/models", timeout=60).status_code == 200
        said = held.ask("/v1/status")
        assert said["journal"]["entries"] > 0
        assert KEYS["AWS_SECRET_ACCESS_KEY"] not in f"{said} {answer.text}"
    finally:
        objects.relay.come_back()


def wait_written(held: Serving) -> None:
    """Wait until the worker has written more."""

    def written() -> int:
        return held.account("late", "predictions")["written"]

    before = written()
    wait_until(lambda: written() > before, "the worker writes")


def test_a_folder_with_tables_elsewhere(objects: ObjectServer, tmp_path: Path) -> None:
    """Reports, rows, room, upkeep, backup, restoring and removal: all of them find the tables."""
    url = f"{objects.bucket()}/events"
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "tables.json").write_bytes(msgspec.json.encode({"tables": url}))
    rows = flights(600, hours=72)
    with station(folder) as held:
        held.refer(REFERENCE)
        for signal, records in (
            (Signal.PREDICTIONS, predictions(rows)),
            (Signal.LABELS, labels(rows)),
        ):
            held.send(signal, records)
            held.work()
        platform = held.platform
        ours = platform.report("late", window=WINDOW)
        theirs = wk.compare(REFERENCE, rows, model=platform.registry.get("late").file).to_dict()
        for part in ("drift", "performance"):
            assert differences(ours[part], theirs[part]) == []
        assert len(platform.rows("late", RowsQuery(window=WINDOW, limit=10))["rows"]) == 10
        room = measure_storage(platform.settings, platform.registry, Tables(url))
        assert {one["signal"] for one in room["tables"]} == {"predictions", "labels"}
        assert all(one["bytes"] > 0 and one["first_day"] is not None for one in room["tables"])
        assert [one.error for one in compact_folder(folder)] == [None, None]
        copied = back_up_folder(folder, tmp_path / "backup")
        assert copied.elsewhere == url
        assert {(one.signal, one.rows) for one in copied.tables} == {
            ("predictions", 600), ("labels", 600)
        }  # fmt: skip
    assert not (folder / "tables").exists()
    restore_folder(tmp_path / "backup", tmp_path / "restored")
    with pytest.raises(ConflictError, match="of another server"):
        Platform(Settings(tmp_path / "restored"))
    Tables(url).remove("_owner")  # As its user is told to: that server is gone.
    with station(tmp_path / "restored") as again:
        late = predictions(flights(40, hours=72, seed=9))
        again.send(Signal.PREDICTIONS, [{**one, "id": f"new-{one['id']}"} for one in late])
        again.work()
        assert len(stored(url, "predictions")) == 640
        assert again.platform.report("late", window=WINDOW)["current"]["rows"] == 640
        again.platform.remove_model("late")
        assert Tables(url).models() == []


def test_a_folder_keeps_to_its_tables(objects: ObjectServer, tmp_path: Path) -> None:
    """Whoever names others is told; and where they are, the folder knows by itself."""
    bucket = objects.bucket()
    folder, shared = tmp_path / "data", tmp_path / "shared"
    with pytest.raises(InputError, match="there is no such bucket"):
        Platform(Settings(folder, tables_url="s3://nobody-made-this/x"))
    with ThreadPoolExecutor() as several:  # Servers that share a folder may begin at once.
        list(several.map(claim_tables, [Settings(shared, tables_url=f"{bucket}/shared")] * 4))
    assert [path.name for path in shared.iterdir()] == ["tables.json"]
    Platform(Settings(folder, tables_url=f"{bucket}/one/")).close()
    assert Settings(folder).tables == f"{bucket}/one"
    Platform(Settings(folder)).close()
    with pytest.raises(ConflictError, match=f"lie in {bucket}/one, not in {bucket}/two"):
        Platform(Settings(folder, tables_url=f"{bucket}/two"))
    with pytest.raises(ConflictError, match="of another server"):
        Platform(Settings(tmp_path / "other", tables_url=f"{bucket}/one"))
    shutil.copytree(folder, tmp_path / "copy")
    (tmp_path / "copy" / "tables.json").write_text("{")
    with pytest.raises(ConflictError, match="cannot be read"):
        Platform(Settings(tmp_path / "copy"))
    with station(tmp_path / "local") as held:
        held.refer(REFERENCE)
        held.send(Signal.PREDICTIONS, predictions(flights(5, start=START)))
        held.work()
    with pytest.raises(ConflictError, match="has tables of its own"):
        Platform(Settings(tmp_path / "local", tables_url=f"{bucket}/three"))
    objects.relay.leave()
    with pytest.raises(UnavailableError, match="cannot be reached"):
        Platform(Settings(folder))
