"""Backups of a server at work, restored; and stores that follow from the tables, made again."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

import watchkeeper as wk
from tests.live.loads import Poster, as_arrow, as_lines, shipments
from tests.live.processes import ids_once, register, serving, wait_until
from tests.live.stations import (
    MODEL_FILE,
    START,
    Station,
    differences,
    flights,
    labels,
    predictions,
    station,
)
from watchkeeper.app.live.backups import back_up_folder, restore_folder
from watchkeeper.app.live.platform import Platform
from watchkeeper.app.live.questions import Ingest, RowsQuery, SeriesQuery
from watchkeeper.app.live.settings import Settings
from watchkeeper.app.live.upkeep import compact_folder
from watchkeeper.core.envelope import Signal
from watchkeeper.core.errors import ConflictError, InputError, NotFoundError, UnavailableError
from watchkeeper.store import backup as backups
from watchkeeper.store.journal import Journal

REFERENCE = flights(2_000, seed=1, start=START - timedelta(days=60))
ROWS = flights(600)
WINDOW = "2026-03-02..2026-03-04"


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Station]:
    """A station with a reference."""
    with station(tmp_path / "data") as made:
        made.refer(REFERENCE)
        yield made


def value(held: Station, metric: str) -> object:
    """One metric of the whole window."""
    asked = SeriesQuery((metric,), window=WINDOW, step="window")
    points = held.platform.series("late", asked)["series"][0]["points"]
    return points[0]["value"] if points else None


def everything(held: Station) -> dict[str, object]:
    """What the server says of the model."""
    count = SeriesQuery(
        ("prediction_count", "label_coverage", "accuracy"), window=WINDOW, step="1h"
    )
    report = held.platform.report("late", window=WINDOW)
    return {
        "report": {key: report[key] for key in ("performance", "drift", "quality", "current")},
        "series": held.platform.series("late", count)["series"],
        "overview": held.platform.overview("late", window=WINDOW),
        "rows": held.platform.rows("late", RowsQuery(window=WINDOW, limit=1000))["rows"],
    }


def as_of_the_rows(held: Station) -> list[str]:
    """Where the server's report differs from that of the rows with all labels."""
    ours = held.platform.report("late", window=WINDOW)
    model = held.platform.registry.get("late").file
    theirs = wk.compare(REFERENCE, ROWS, model=model).to_dict()
    parts = ("performance", "drift")
    return [text for part in parts for text in differences(ours[part], theirs[part], part)]


Move = Callable[[], Station]
"""Backs up what is there now, restores it elsewhere, and opens that; the first station goes on."""


@pytest.fixture
def move(held: Station, tmp_path: Path) -> Iterator[Move]:
    """The way from a station to its copy."""
    with ExitStack() as opened:

        def go() -> Station:
            back_up_folder(held.folder, tmp_path / "copy")
            restore_folder(tmp_path / "copy", tmp_path / "home")
            return opened.enter_context(station(tmp_path / "home"))

        yield go


def test_a_restored_server_says_the_same(held: Station, move: Move) -> None:
    """Models, keys, records, measurements and accounts; and what had not been written yet."""
    _, secret = held.platform.keys.create("k", ["read"])
    held.send(Signal.PREDICTIONS, predictions(ROWS), key="one")
    held.send(Signal.LABELS, labels(ROWS.slice(0, 300)))
    held.work()
    held.send(Signal.LABELS, labels(ROWS.slice(300)))
    there = move()
    for one in (held, there):
        one.work()
    assert differences(everything(held), everything(there)) == []
    assert as_of_the_rows(there) == []
    assert there.platform.keys.verify(secret) is not None
    assert there.send(Signal.PREDICTIONS, predictions(ROWS), key="one")["duplicate"]
    there.work()
    assert value(there, "prediction_count") == 600


def test_labels_that_come_after_find_predictions_from_before(held: Station, move: Move) -> None:
    """The index of ids is made again from the tables."""
    held.send(Signal.PREDICTIONS, predictions(ROWS))
    held.work()
    there = move()
    assert not there.worker._ids.holds("late")
    there.send(Signal.LABELS, labels(ROWS))
    there.work()
    assert as_of_the_rows(there) == []


def test_labels_from_before_find_predictions_that_come_after(held: Station, move: Move) -> None:
    """They wait on, however long before their prediction they came."""
    held.send(Signal.LABELS, labels(ROWS, delay=-timedelta(days=9)))
    held.work()
    there = move()
    there.send(Signal.PREDICTIONS, predictions(ROWS))
    there.work()
    assert as_of_the_rows(there) == []
    assert there.worker._ids.waiting("late") == 0


@pytest.mark.parametrize("cleaned", [True, False])
def test_predictions_that_were_written_and_not_measured(
    held: Station, move: Move, cleaned: bool
) -> None:
    """Their labels had come before them, and are joined; also where the commits are gone."""
    held.send(Signal.LABELS, labels(ROWS, delay=-timedelta(days=9)))
    held.work()
    held.send(Signal.PREDICTIONS, predictions(ROWS))
    held.worker._writer.step()
    there = move()
    if cleaned:
        there.now = datetime.now(UTC) + timedelta(days=1)
        there.worker.keep_up()
    there.work()
    assert as_of_the_rows(there) == []


def test_an_index_of_ids_that_was_half_made_is_made_again(
    held: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash on the way leaves an index that holds something."""
    held.send(Signal.PREDICTIONS, predictions(ROWS))
    held.work()
    held.close()
    shutil.rmtree(held.folder / "ids")
    held.open()
    ids = held.worker._ids
    add = ids.add

    def crash(model: str, names: object, hours: object) -> None:
        add(model, names[:100], hours[:100])  # type: ignore[index]
        raise OSError("killed")

    monkeypatch.setattr(ids, "add", crash)
    held.worker.step()
    assert ids.holds("late")
    held.close()
    held.open()
    held.send(Signal.LABELS, labels(ROWS))
    held.work()
    assert as_of_the_rows(held) == []


@pytest.mark.parametrize("with_ids", [True, False])
@pytest.mark.parametrize("cleaned", [True, False])
def test_lost_measurements_are_made_again(held: Station, cleaned: bool, with_ids: bool) -> None:
    """From the commits, or from the rows where the commits were cleaned away."""
    sent, told = predictions(ROWS), labels(ROWS, delay=-timedelta(days=3))
    keys = ROWS.column("key").to_pylist()
    for start in (300, 0):
        held.send(Signal.LABELS, told[start : start + 300])
        held.work()
        held.send(Signal.PREDICTIONS, sent[start : start + 300])
        held.work()
    paid = [{"id": key, "model": "late", "name": "paid", "value": 2.0} for key in keys]
    held.send(Signal.OUTCOMES, paid)
    held.work()
    if cleaned:
        held.now = datetime.now(UTC) + timedelta(days=1)
        held.worker.keep_up()
        with pytest.raises(NotFoundError):
            held.worker._tables.added("late", Signal.PREDICTIONS, 1)
    before = everything(held)
    held.close()
    for path in held.folder.glob("buckets.db*"):
        path.unlink()
    if not with_ids:
        shutil.rmtree(held.folder / "ids")
    held.open()
    held.work()
    assert value(held, "label_coverage") == 1.0
    assert value(held, "outcome_sum@paid") == 1200
    assert differences(before, everything(held)) == []
    assert as_of_the_rows(held) == []


def test_hours_that_are_measured_again_are_bounded_by_their_rows(
    held: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where no bucket says how many there are."""
    from watchkeeper.app.live import measuring

    held.send(Signal.PREDICTIONS, predictions(ROWS))
    held.work()
    held.now = datetime.now(UTC) + timedelta(days=1)
    held.worker.keep_up()
    held.close()
    (held.folder / "buckets.db").unlink()
    held.open()
    monkeypatch.setattr(measuring, "ROWS_AT_ONCE", 100)
    read: list[int] = []
    original = measuring.Measurer._rows_of

    def counted(self: measuring.Measurer, *args: object) -> Iterator[pa.Table]:
        for rows in original(self, *args):  # type: ignore[arg-type]
            read.append(rows.num_rows)
            yield rows

    monkeypatch.setattr(measuring.Measurer, "_rows_of", counted)
    held.work()
    assert sum(read) == 600
    assert max(read) <= 100
    assert value(held, "prediction_count") == 600


def test_measurements_of_tables_that_were_made_anew_are_forgotten(held: Station) -> None:
    """Else nothing would be measured until the new table has as many commits as the old one."""
    for start in range(0, 600, 200):
        held.send(Signal.PREDICTIONS, predictions(ROWS.slice(start, 200)))
        held.work()
    held.worker._tables.remove("late")
    held.close()
    held.open()
    held.send(Signal.PREDICTIONS, predictions(ROWS.slice(0, 150)))
    held.work()
    assert value(held, "prediction_count") == 150


def test_a_model_that_cannot_be_followed_is_not_profiled_again_meanwhile(
    held: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its new rows would be counted twice."""
    held.send(Signal.PREDICTIONS, predictions(ROWS.slice(0, 300)))
    held.work()
    held.send(Signal.PREDICTIONS, predictions(ROWS.slice(300)))
    held.refer(flights(2_000, seed=5, start=START - timedelta(days=30)))
    time.sleep(0.3)
    with monkeypatch.context() as broken:

        def fail(*_: object) -> None:
            raise OSError("the disk is slow")

        broken.setattr(held.worker._measurer, "_fold", fail)
        held.worker.step()
        assert "late" in held.worker._measurer.failing
    held.work()
    assert value(held, "prediction_count") == 600


def test_a_model_registered_during_a_backup_is_in_it(
    held: Station, move: Move, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its records could not be written without what the catalogue knows of it."""
    original = Journal.back_up

    def slow(journal: Journal, target: Path) -> None:
        held.send(Signal.PREDICTIONS, [{"id": "a", "model": "new", "prediction": 1.0}])
        original(journal, target)

    monkeypatch.setattr(Journal, "back_up", slow)
    there = move()
    there.work()
    assert there.worker._tables.version("new", Signal.PREDICTIONS) == 1
    assert there.platform._journal.asides() == []


def test_half_of_a_pair_waits_in_the_backup(held: Station, move: Move) -> None:
    """A payload logger's request from before meets its response from after."""

    def log(there: Station, kind: str, body: bytes) -> None:
        headers = {
            "ce-id": "1", "ce-type": f"org.kubeflow.serving.inference.{kind}",
            "ce-source": "http://localhost", "ce-specversion": "1.0",
            "ce-inferenceservicename": "served",
        }  # fmt: skip
        asked = Ingest(None, body, content_type="application/json", headers=headers)
        there.platform.ingest(asked).result(timeout=10)

    log(held, "request", b'{"instances": [[1.0, 2.0]]}')
    there = move()
    log(there, "response", b'{"predictions": [1.0]}')
    there.work()
    assert there.platform.status()["payload_loggers"]["waiting"] == 0
    table = there.worker._tables
    assert sum(b.num_rows for b in table.batches("served", Signal.PREDICTIONS)) == 1


def test_a_restore_that_was_interrupted_is_not_served(
    held: Station, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of the data would look like all of it."""
    held.send(Signal.PREDICTIONS, predictions(ROWS))
    held.work()
    back_up_folder(held.folder, tmp_path / "copy")
    copies = itertools.count()

    def full(source: Path, target: Path) -> None:
        if next(copies) == 3:
            raise OSError("No space left on device")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)

    monkeypatch.setattr(backups, "copy_durably", full)
    with pytest.raises(UnavailableError, match="make room"):
        restore_folder(tmp_path / "copy", tmp_path / "home")
    with pytest.raises(ConflictError, match="interrupted"):
        Platform(Settings(tmp_path / "home"))


@pytest.mark.parametrize("name", ["journal.db", "*.parquet", "*.json"])
def test_a_backup_that_lost_a_file_is_refused(held: Station, tmp_path: Path, name: str) -> None:
    """As one that was copied elsewhere and did not get there as a whole."""
    held.send(Signal.PREDICTIONS, predictions(ROWS))
    held.work()
    back_up_folder(held.folder, tmp_path / "copy")
    place = tmp_path / "copy" if name == "journal.db" else tmp_path / "copy" / "tables"
    next(place.rglob(name)).unlink()
    with pytest.raises(InputError, match="not as it was made"):
        restore_folder(tmp_path / "copy", tmp_path / "home")
    assert not (tmp_path / "home").exists()


def test_a_backup_goes_neither_into_the_data_nor_out_of_nothing(
    held: Station, tmp_path: Path
) -> None:
    """Nor does a restored server lie in its backup."""
    with pytest.raises(InputError, match="outside"):
        back_up_folder(held.folder, held.folder / "tables" / "copy")
    with pytest.raises(InputError, match="no folder of a server"):
        back_up_folder(tmp_path / "nothing", tmp_path / "copy")
    assert not (tmp_path / "nothing").exists()
    back_up_folder(held.folder, tmp_path / "copy")
    with pytest.raises(InputError, match="outside"):
        restore_folder(tmp_path / "copy", tmp_path / "copy" / "home")


def test_compaction_beside_a_worker(held: Station) -> None:
    """Files are merged and days dropped at once; what was measured stays, and more comes."""
    for start in range(0, 600, 30):
        held.send(Signal.PREDICTIONS, predictions(ROWS.slice(start, 30)))
        held.work()
    held.platform.registry.apply(MODEL_FILE + "retention: {predictions: 2d}\n")
    now = START + timedelta(days=3, hours=1)
    kept = compact_folder(held.folder, model="late", clock=lambda: now)
    (done,) = kept
    assert (done.signal, done.error) == (Signal.PREDICTIONS, None)
    assert [day.day for day in done.dropped] == [2]
    assert [day.day for day in done.compacted] == [3]
    again = compact_folder(held.folder, clock=lambda: now)
    assert [(one.compacted, one.dropped) for one in again] == [((), ())]
    held.send(Signal.PREDICTIONS, predictions(flights(50, seed=7)))
    held.send(Signal.LABELS, labels(ROWS))
    held.work()
    assert value(held, "prediction_count") == 650
    held.now = now
    held.worker.keep_up()
    first = ROWS.slice(0, 1).column("key")
    assert held.worker._ids.find("late", first).tolist() == [-1]
    with pytest.raises(NotFoundError):
        compact_folder(held.folder, model="nobody", clock=lambda: now)


def test_a_backup_of_a_server_under_load(tmp_path: Path) -> None:
    """By the command; what was acknowledged before it began is there, once, and labels find it."""
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=3)
    parts = [flights(8_000, seed=n, start=start) for n in (11, 12)]
    with serving(tmp_path / "first") as held, ExitStack() as running:
        register(held, MODEL_FILE, flights(2_000, seed=1, start=start - timedelta(days=60)))
        lines = Poster(held.url, shipments("lines", "predictions", predictions(parts[0]), as_lines))
        arrow = Poster(held.url, shipments("arrow", "predictions", predictions(parts[1]), as_arrow))
        truth = Poster(held.url, shipments("truth", "labels", labels(parts[0]), as_lines), 0.05)
        posters = [lines, arrow, truth]
        for poster in posters:
            running.enter_context(poster)
        wait_until(lambda: all(len(one.acknowledged) > 30 for one in posters), "records come in")
        before = {
            key: held_.ids for one in posters for key, held_ in list(one.acknowledged.items())
        }
        command("backup", tmp_path / "copy", "--data", held.data)
        command("compact", "--data", held.data)
        for poster in posters:
            poster.finish()
            assert poster.refused == []
        held.settle()
        predicted = {one for key, ids in before.items() if "truth" not in key for one in ids}
        assert predicted <= ids_once(held.rows("late", "predictions", "_id"))
    command("restore", tmp_path / "copy", "--data", tmp_path / "second" / "data")
    with serving(tmp_path / "second") as held:
        held.settle()
        there = ids_once(held.rows("late", "predictions", "_id"))
        assert predicted <= there
        told = ids_once(held.rows("late", "labels", "_id"))
        assert {one for key, ids in before.items() if "truth" in key for one in ids} <= told
        records = [label for part in parts for label in labels(part) if label["id"] in there]
        with Poster(held.url, shipments("later", "labels", records, as_lines, size=500)) as poster:
            wait_until(lambda: len(poster.ids()) == len(records), "all labels are acknowledged")
        held.settle()
        assert held.value("late", "prediction_count") == len(there)
        assert held.value("late", "label_coverage") == 1.0


def command(*arguments: object) -> None:
    """Run a command of ours in a process of its own, as a person does beside the server."""
    line = [sys.executable, "-m", "watchkeeper", *map(str, arguments)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
