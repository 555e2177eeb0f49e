"""A disk that is full, and a table that cannot be written: what is said, and how it goes on."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from tests.live.loads import Record, as_lines
from tests.live.processes import Serving, ids_once, serving, wait_until
from tests.live.stations import flights, labels, predictions

YESTERDAY = datetime.now(UTC) - timedelta(days=1)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 48 MiB."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(folder)]
    made = subprocess.run(mount, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        pytest.skip(f"no small disk can be mounted here: {made.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path, leave: int) -> Path:
    """Take all room on a disk but some bytes; the file that takes it.

    The server may write between the look and the taking, so a look that was too late is repeated.
    """
    ballast = folder / "ballast"
    with ballast.open("wb") as file:
        while (free := shutil.disk_usage(folder).free) > leave:
            try:
                os.posix_fallocate(file.fileno(), 0, file.seek(0, os.SEEK_END) + free - leave)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
    return ballast


def post(
    held: Serving, records: list[Record], key: str, signal: str = "predictions"
) -> httpx.Response:
    """Send records once."""
    content_type, body = as_lines(records)
    headers = {"Content-Type": content_type, "Idempotency-Key": key}
    return httpx.post(f"{held.url}/v1/{signal}", content=body, headers=headers, timeout=60)


@pytest.mark.parametrize("kept_free", ["16M", "0"])
def test_a_full_disk_refuses_records_and_answers_questions(
    tmp_path: Path, small_disk: Path, kept_free: str
) -> None:
    """By the limit, or when the disk has not a byte left; with room again all is as before."""
    rows = predictions(flights(600, start=YESTERDAY, hours=12))
    with serving(tmp_path / "server", "--min-free", kept_free, data=small_disk / "data") as held:
        assert post(held, rows[:200], "first").status_code == 200
        held.settle()
        ballast = fill(small_disk, leave=0 if kept_free == "0" else 8 << 20)
        refused = [post(held, rows[200:400], "second") for _ in range(3)]
        assert {answer.status_code for answer in refused} == {503}
        assert all(int(answer.headers["Retry-After"]) >= 1 for answer in refused)
        assert refused[0].json()["error"]["code"] == "unavailable"
        assert "full" in refused[0].json()["error"]["message"]
        check_questions(held)
        ballast.unlink()
        sent = []

        def taken() -> bool:
            sent.append(post(held, rows[200:400], "second"))
            return sent[-1].status_code == 200

        wait_until(taken, "records are taken again")
        assert sent[-1].json()["duplicate"] is False
        assert post(held, rows[400:], "third").status_code == 200
        held.settle()
        assert ids_once(held.rows("late", "predictions", "_id")) == {row["id"] for row in rows}
        assert held.value("late", "prediction_count") == 600


def check_questions(held: Serving) -> None:
    """All that can be asked is answered."""
    assert held.value("late", "prediction_count") == 200
    assert [model["name"] for model in held.ask("/v1/models")["models"]] == ["late"]
    assert len(held.ask("/v1/models/late/rows", window="all", limit=50)["rows"]) == 50
    assert "watchkeeper" in httpx.get(f"{held.url}/metrics", timeout=60).text
    assert any("full" in problem for problem in held.ask("/v1/status")["problems"])
    assert httpx.get(f"{held.url}/healthz", timeout=60).status_code == 200
    assert httpx.get(f"{held.url}/readyz", timeout=60).status_code == 503


def test_what_was_acknowledged_outlives_a_disk_that_then_fills_up(
    tmp_path: Path, small_disk: Path
) -> None:
    """The tables have no room for it; a worker and a server that are killed meanwhile neither."""
    rows = predictions(flights(400, start=YESTERDAY, hours=12))
    with serving(tmp_path / "server", "--min-free", "0", data=small_disk / "data") as held:
        assert post(held, rows[:200], "first").status_code == 200
        held.settle()
        worker = held.worker()
        os.kill(worker, signal.SIGSTOP)
        assert post(held, rows[200:], "second").status_code == 200
        ballast = fill(small_disk, leave=0)
        os.kill(worker, signal.SIGCONT)
        wait_until(lambda: "full" in held.log.read_text(), "the worker meets it")
        before = held.value("late", "prediction_count")
        held.kill(worker=True)
        ballast.unlink()
        held.start()
        assert before == 200
        assert post(held, rows[200:], "second").json()["duplicate"] is True
        held.settle()
        assert ids_once(held.rows("late", "predictions", "_id")) == {row["id"] for row in rows}
        assert held.value("late", "prediction_count") == 400


# ---- a table that cannot be written --------------------------------------------------------------


def named(model: str, records: list[Record]) -> list[Record]:
    """Records as those of another model."""
    return [{**record, "model": model} for record in records]


def damage(held: Serving, model: str) -> None:
    """Break the log of a model's table, as a bad disk does; the sound one lies beside it."""
    log = held.data / "tables" / model / "predictions" / "_delta_log"
    shutil.copytree(log, log.with_name("sound"))
    first, *_, last = sorted(log.glob("*.json"))
    first.write_bytes(bytes(first.stat().st_size))
    last.touch()


def repair(held: Serving, model: str) -> None:
    """Put the sound log back."""
    log = held.data / "tables" / model / "predictions" / "_delta_log"
    shutil.rmtree(log)
    log.with_name("sound").rename(log)


def failing(held: Serving) -> dict[str, str]:
    """What the worker says of tables it cannot write."""
    found: dict[str, str] = held.ask("/v1/status")["worker"]["failing"]
    return found


@pytest.mark.parametrize("restarted", [False, True], ids=["running", "restarted"])
def test_one_broken_table_stops_no_other_model(tmp_path: Path, restarted: bool) -> None:
    """Its records are kept up to the limit, then 429; nothing is missing once it is repaired."""
    told = predictions(flights(3_000, start=YESTERDAY, hours=12))
    batches = [told[start : start + 100] for start in range(0, len(told), 100)]
    with serving(tmp_path, "--max-backlog", "128K") as held:
        for model in ("sick", "well"):
            assert post(held, named(model, batches[0]), f"{model}-0").status_code == 200
        held.settle()
        damage(held, "sick")
        if restarted:
            held.kill(worker=True)
            held.start()
        assert post(held, named("sick", batches[1]), "sick-1").status_code == 200
        wait_until(lambda: any(name.startswith("sick") for name in failing(held)), "it is told")
        assert all(not name.startswith("well") for name in failing(held))
        assert "restore the table" in json.dumps(failing(held))
        assert post(held, named("well", batches[1]), "well-1").status_code == 200
        wait_until(lambda: held.value("well", "prediction_count") == 200, "the other is measured")
        full = fill_up(held, "sick", batches[2:])
        repair(held, "sick")
        wait_until(
            lambda: post(held, named("sick", batches[full]), f"sick-{full}").is_success,
            "the broken table takes records again",
        )
        held.settle()
        check_whole(held, "sick", told[: 100 * (full + 1)])
        assert failing(held) == {}


def fill_up(held: Serving, model: str, batches: list[list[Record]]) -> int:
    """Send batches from number 2 on until one is refused; its number."""
    for number, batch in enumerate(batches, start=2):
        answer = post(held, named(model, batch), f"{model}-{number}")
        if answer.status_code != 200:
            break
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) >= 1
    assert held.account(model, "predictions")["accepted"] == 100 * number
    assert any("wait to be written" in told for told in held.ask("/v1/status")["problems"])
    return number


def check_whole(held: Serving, model: str, records: list[Record]) -> None:
    """All records are in the table, once, and measured."""
    assert ids_once(held.rows(model, "predictions", "_id")) == {one["id"] for one in records}
    account = held.account(model, "predictions")
    assert account["accepted"] == account["written"] == len(records)
    assert account["aside"] == 0
    assert held.value(model, "prediction_count") == len(records)


def test_a_file_in_place_of_a_table_is_told_and_can_be_taken_away(tmp_path: Path) -> None:
    """Labels of a model whose folder of labels is none; its predictions go on."""
    rows = flights(200, start=YESTERDAY, hours=12)
    with serving(tmp_path) as held:
        assert post(held, predictions(rows), "predictions").status_code == 200
        held.settle()
        place = held.data / "tables" / "late" / "labels"
        place.write_text("no folder")
        answer = post(held, labels(rows, delay=timedelta(hours=1)), "labels", "labels")
        assert answer.json()["accepted"] == 200
        wait_until(lambda: "late labels" in failing(held), "it is told")
        more = predictions(flights(50, seed=2, start=YESTERDAY, hours=12))
        assert post(held, more, "more").status_code == 200
        wait_until(lambda: held.value("late", "prediction_count") == 250, "predictions go on")
        place.unlink()
        held.settle()
        assert ids_once(held.rows("late", "labels", "_id")) == set(rows["key"].to_pylist())
        assert held.value("late", "label_coverage") == 0.8
