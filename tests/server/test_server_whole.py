"""`watchkeeper serve` on an empty folder: the program as people start it, over the real stores."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from prometheus_client.parser import text_string_to_metric_families

PROGRAM = "from watchkeeper.cli.main import run; run()"
RECORDS = [
    {"id": f"p{i}", "version": "1", "prediction": "late" if i % 3 else "on time",
     "features": {"origin": "LGA", "temp": 60.0 + i}, "score": 0.5, "latency_ms": 10 + i}
    for i in range(20)
]  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A server started with settings from the environment and the command line."""
    folder = tmp_path_factory.mktemp("whole")
    ready = folder / "ready.json"
    environment = {**os.environ, "WATCHKEEPER_READY_FILE": str(ready), "WATCHKEEPER_PORT": "0"}
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "serve", "--data", "data", "--max-body", "1M"],
        cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        end = time.monotonic() + 60
        while not ready.exists():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < end, "the server did not come up"
            time.sleep(0.02)
        said = json.loads(ready.read_text())
        assert Path(said["folder"]) == folder / "data"
        with httpx.Client(base_url=said["url"], timeout=60) as client:
            yield client
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def measured(server: httpx.Client) -> httpx.Client:
    """The same, with a model, a label, an outcome and a change that have been measured."""
    sent = server.post("/v1/predictions?model=flights", json={"records": RECORDS})
    assert sent.json()["accepted"] == len(RECORDS)
    label = {"id": "p1", "model": "flights", "label": "late"}
    outcome = {"id": "p1", "model": "flights", "name": "cost", "value": 2.5}
    change = {"model": "flights", "kind": "deployment", "title": "Version 1"}
    for path, record in (("labels", label), ("outcomes", outcome), ("changes", change)):
        assert server.post(f"/v1/{path}", json=record).json()["accepted"] == 1
    end = time.monotonic() + 60
    while True:
        (model,) = server.get("/v1/models").json()["models"]
        status = server.get("/v1/status").json()
        if model["rows"] == len(RECORDS) and not status["journal"]["entries"]:
            return server
        assert time.monotonic() < end, (model, status)
        time.sleep(0.1)


@pytest.mark.parametrize(
    "path",
    [
        "/healthz", "/readyz", "/v1/status", "/v1/metrics", "/v1/keys", "/v1/models",
        "/v1/models/flights", "/v1/models/flights/versions", "/v1/models/flights/overview",
        "/v1/models/flights/rows?limit=3", "/v1/models/flights/changes", "/v1/changes",
        "/v1/models/flights/metrics?metric=prediction_count&step=1h", "/v1/models/flights/glance",
        "/v1/storage", "/v1/dashboards", "/v1/routes",
    ],
)  # fmt: skip
def test_answers_of_the_real_platform_are_as_described(measured: httpx.Client, path: str) -> None:
    """What programs are generated from is what they get."""
    described = measured.get("/openapi.json").json()
    template = path.partition("?")[0].replace("/flights", "/{model}")
    answers = described["paths"][template]["get"]["responses"]
    schema: dict[str, Any] = answers["200"]["content"]["application/json"]["schema"]
    answer = measured.get(path)
    assert answer.status_code == 200, answer.text
    Draft202012Validator({**schema, "components": described["components"]}).validate(answer.json())


def test_what_is_kept_takes_room(measured: httpx.Client) -> None:
    """Each table stands with its days and how long it is kept."""
    told = measured.get("/v1/storage").json()
    held = {(table["model"], table["signal"]): table for table in told["tables"]}
    predictions = held["flights", "predictions"]
    assert predictions["bytes"] > 1000
    assert predictions["first_day"] <= predictions["last_day"]
    assert predictions["days"] is None
    parts = {part["name"]: part["bytes"] for part in told["parts"]}
    assert parts["tables"] >= sum(table["bytes"] for table in held.values())
    assert parts["catalogue"] > 0


def test_records_come_back(measured: httpx.Client) -> None:
    """What was sent is what is asked for, page by page and as a file."""
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = measured.get("/v1/models/flights/rows", params={"limit": 7, **cursor}).json()
        found += page["rows"]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert {row["id"] for row in found} == {record["id"] for record in RECORDS}
    csv = measured.get("/v1/models/flights/rows?format=csv").text
    assert len(csv.strip().splitlines()) == 1 + len(RECORDS)


def test_a_batch_is_counted_once(measured: httpx.Client) -> None:
    """The same key again is a duplicate."""
    sent = [
        measured.post(
            "/v1/outcomes", headers={"Idempotency-Key": "b1"},
            json={"id": "p2", "model": "flights", "name": "cost", "value": 1},
        ).json()
        for _ in range(2)
    ]  # fmt: skip
    assert [answer["duplicate"] for answer in sent] == [False, True]


def test_bombs_are_too_large(measured: httpx.Client) -> None:
    """A body that inflates beyond the limit is refused, and the server goes on."""
    import gzip

    bomb = gzip.compress(b'{"id": "' + b"x" * 50_000_000 + b'"}')
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    assert measured.post("/v1/labels", content=bomb, headers=headers).status_code == 413
    assert measured.post("/v1/labels", content=b"x" * (1 << 20) + b"x").status_code == 413
    assert measured.get("/readyz").status_code == 200


@pytest.mark.parametrize(
    ("body", "type_", "status"),
    [(b"{", "application/json", 400), (b"<a/>", "application/xml", 415)],
)
def test_bodies_that_cannot_be_read_have_their_status(
    measured: httpx.Client, body: bytes, type_: str, status: int
) -> None:
    """Final ones, since the same would fail again."""
    answer = measured.post("/v1/labels", content=body, headers={"Content-Type": type_})
    assert answer.status_code == status, answer.text


def test_prometheus_reads_it(measured: httpx.Client) -> None:
    """Its own health and the models', in one valid text."""
    families = {f.name for f in text_string_to_metric_families(measured.get("/metrics").text)}
    assert "watchkeeper_server_records" in families
    assert any(not name.startswith("watchkeeper_server_") for name in families)
