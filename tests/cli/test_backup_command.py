"""`backup`, `restore` and `compact` as commands: what they print, and what they refuse."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

pytest.importorskip("deltalake", reason="the server needs the extra 'server'")

from tests.cli.conftest import Call
from tests.live.stations import MODEL_FILE, Station, flights, predictions, station
from watchkeeper.app.live.clock import now
from watchkeeper.core.envelope import Signal

TODAY = now().replace(hour=0, minute=0, second=0, microsecond=0)
ROWS = flights(200, start=TODAY - timedelta(days=3), hours=48)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with predictions of two days, in several commits; one batch is not yet written."""
    folder = tmp_path_factory.mktemp("server") / "data"
    with station(folder) as held:
        held.now = now()
        held.platform.registry.apply(MODEL_FILE)
        for start in range(0, 200, 10):
            held.send(Signal.PREDICTIONS, predictions(ROWS.slice(start, 10)))
            held.work()
        held.send(Signal.CHANGES, [{"kind": "deployment", "title": "new"}])
    return folder


@pytest.fixture
def data(measured: Path, tmp_path: Path) -> Path:
    """A folder of one's own like it."""
    return Path(shutil.copytree(measured, tmp_path / "data"))


@pytest.fixture
def opened(data: Path) -> Iterator[Station]:
    """A server that runs on the folder."""
    with station(data) as held:
        held.now = now()
        yield held


def test_there_and_back(call: Call, opened: Station, tmp_path: Path) -> None:
    """Both tell what they copied; a server runs on what was restored."""
    copy, home = tmp_path / "copy", tmp_path / "home"
    done = call("backup", copy, "--data", opened.folder)
    assert (done.code, done.err) == (0, "")
    for text in ("catalogue.db", "journal.db", "buckets.db", "predictions of late", "200"):
        assert text in done.out
    assert f"copied to {copy}; batches that wait for their tables: 1." in " ".join(done.out.split())
    back = call("restore", copy, "--data", home)
    assert back.code == 0
    assert f"watchkeeper serve --data {home}" in back.err
    with station(home) as held:
        held.now = opened.now
        held.work()
        assert held.platform.models()[0]["rows"] == 200
        window = f"{TODAY - timedelta(days=1):%Y-%m-%d}..{TODAY + timedelta(days=2):%Y-%m-%d}"
        (change,) = held.platform.changes(None, window=window)
        assert change["title"] == "new"


def test_as_json(call: Call, data: Path, tmp_path: Path) -> None:
    """One document, with the numbers of bytes and rows, and nothing beside it."""
    done = call("backup", tmp_path / "copy", "--data", data, "--json")
    told = json.loads(done.out)
    assert done.err == ""
    assert (told["folder"], told["waiting"]) == (str(tmp_path / "copy"), 1)
    (table,) = told["tables"]
    assert (table["model"], table["signal"], table["rows"]) == ("late", "predictions", 200)
    held = [path for path in (tmp_path / "copy").rglob("*") if path.is_file()]
    assert told["bytes"] == sum(p.stat().st_size for p in held if p.name != "backup.json")
    back = call("restore", tmp_path / "copy", "--data", tmp_path / "home", "--json")
    assert json.loads(back.out) == {**told, "folder": str(tmp_path / "home")}
    assert back.err == ""


def test_the_folder_may_be_named_by_the_environment(
    call: Call, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for the server itself; without either, the sentence says how."""
    monkeypatch.delenv("WATCHKEEPER_DATA", raising=False)
    done = call("backup", tmp_path / "copy")
    assert done.code == 2
    assert "--data DIR (or WATCHKEEPER_DATA)" in done.err
    monkeypatch.setenv("WATCHKEEPER_DATA", str(data))
    assert call("backup", tmp_path / "copy").code == 0


def test_nothing_is_overwritten(call: Call, data: Path, tmp_path: Path) -> None:
    """In either direction; nor is half a backup restored, nor what is none."""
    copy = tmp_path / "copy"
    assert call("backup", copy, "--data", data).code == 0
    for refused, why in (
        (call("backup", copy, "--data", data), "empty folder"),
        (call("restore", copy, "--data", data), "empty folder"),
        (call("restore", data, "--data", tmp_path / "home"), "not a finished backup"),
        (call("backup", tmp_path / "other", "--data", copy.parent), "no folder of a server"),
        (call("compact", "--data", copy.parent), "no folder of a server"),
    ):
        assert refused.code == 2
        assert why in refused.err
        assert refused.err.startswith("watchkeeper: ")
        assert refused.err.count("\n") == 1
    assert not (tmp_path / "home").exists()


def test_compaction_says_what_it_did(call: Call, opened: Station) -> None:
    """By table; the second time there is nothing to do, and the server goes on."""
    opened.platform.registry.apply(MODEL_FILE + "retention: {predictions: 2d}\n")
    done = call("compact", "--data", opened.folder, "--model", "late")
    assert done.code == 0
    assert "predictions of late" in done.out
    again = call("compact", "--data", opened.folder)
    assert (again.code, again.out) == (0, "")
    assert "Nothing was due" in again.err
    opened.send(Signal.PREDICTIONS, predictions(flights(10, seed=3, start=TODAY, hours=1)))
    opened.work()
    assert opened.platform.models()[0]["rows"] == 210


def test_compaction_as_json_and_of_an_unknown_model(call: Call, data: Path) -> None:
    """Days by name; and a sentence."""
    (table,) = json.loads(call("compact", "--data", data, "--json").out)
    assert (table["model"], table["dropped"], table["error"]) == ("late", [], None)
    assert len(table["compacted"]) >= 1
    unknown = call("compact", "--data", data, "--model", "nobody")
    assert unknown.code == 2
    assert "nobody" in unknown.err


def test_a_table_that_fails_is_an_error_of_compaction(call: Call, data: Path) -> None:
    """The exit code tells a script."""
    log = next(data.rglob("_delta_log"))
    for path in log.glob("*.parquet"):
        path.unlink()
    for path in log.glob("*.json"):
        path.write_text("garbage")
    done = call("compact", "--data", data)
    assert done.code == 2
    assert "predictions of 'late'" in done.err
