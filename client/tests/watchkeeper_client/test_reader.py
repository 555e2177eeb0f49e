"""The reader over real HTTP: questions as the server's API has them, answers as typed values."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec
import pandas as pd
import polars as pl
import pytest

from watchkeeper_client.client import Client
from watchkeeper_client.errors import ClientError
from watchkeeper_client.reading import Reader
from watchkeeper_client.stages import request


class Asked(NamedTuple):
    """A request as the server saw it."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: Mapping[str, str]
    body: bytes


class Server:
    """A server that answers by a function and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.answer: Callable[[Asked], Any] = lambda _: {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do(self) -> None:
                parts = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                query = parse_qs(parts.query, keep_blank_values=True)
                asked = Asked(self.command, parts.path, query, dict(self.headers), body)
                outer.asked.append(asked)
                found = outer.answer(asked)
                status, content = found if isinstance(found, tuple) else (200, found)
                data = content if isinstance(content, bytes) else msgspec.json.encode(content)
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_PUT = do_POST = do  # noqa: N815  # the names that http.server calls

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(
            target=self.http.serve_forever, kwargs={"poll_interval": 0.01}
        )
        self.thread.start()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.http.server_port}"

    @property
    def last(self) -> Asked:
        """The last request."""
        return self.asked[-1]

    def close(self) -> None:
        """Stop it."""
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    """A server on the loopback."""
    server = Server()
    yield server
    server.close()


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    """The real client."""
    with Client(server.url, key="wk_secret") as client:
        yield client


@pytest.fixture
def reader(client: Client) -> Reader:
    """A reader over it."""
    return Reader(client)


POINT = {
    "start": "2026-01-01T00:00:00Z", "value": 0.75, "low": 0.7, "high": 0.8, "p_value": None,
    "n_reference": 100, "n_current": 50, "future": "field",
}  # fmt: skip
SERIES = {
    "model": "late arrivals", "step_s": 3600,
    "window": {"start": "2026-01-01T00:00:00Z", "end": "2026-01-02T00:00:00Z"},
    "series": [
        {"metric": "psi", "column": "temp", "version": "7", "segment": None, "unit": None,
         "points": [POINT, {"start": "2026-01-01T01:00:00Z", "value": None, "note": "no rows"}]},
        {"metric": "f1", "points": [POINT]},
    ],
}  # fmt: skip


def test_series_ask_and_answer(server: Server, reader: Reader) -> None:
    """Every part of the question is in the URL; the answer is typed, flat where wanted."""
    server.answer = lambda _: SERIES
    found = reader.series(
        "late arrivals", ["psi", "f1"], columns=["temp"], window="7d", step="1h", version="7",
        segment="origin:JFK",
    )  # fmt: skip
    assert server.last.method == "GET"
    assert unquote(server.last.path) == "/v1/models/late arrivals/metrics"
    assert server.last.headers["Authorization"] == "Bearer wk_secret"
    assert server.last.query == {
        "metric": ["psi", "f1"], "column": ["temp"], "window": ["7d"], "step": ["1h"],
        "version": ["7"], "segment": ["origin:JFK"],
    }  # fmt: skip
    assert found.window.start == dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    rows = found.rows()
    assert [(row["metric"], row["column"], row["value"], row["note"]) for row in rows] == [
        ("psi", "temp", 0.75, None), ("psi", "temp", None, "no rows"), ("f1", None, 0.75, None),
    ]  # fmt: skip
    assert pd.DataFrame(rows).shape == pl.DataFrame(rows).shape == (3, 14)


def test_what_is_not_said_is_not_asked(server: Server, reader: Reader) -> None:
    """The server's defaults are the server's."""
    server.answer = lambda _: SERIES
    reader.series("m", "f1")
    assert server.last.query == {"metric": ["f1"]}
    server.answer = lambda _: {"model": "m", "more": [1]}
    assert reader.overview("m") == {"model": "m", "more": [1]}
    assert server.last.query == {"window": ["24h"]}
    reader.compare("m", "7", "8", segment="origin:JFK")
    assert server.last.query == {
        "a": ["7"], "b": ["8"], "window": ["7d"], "segment": ["origin:JFK"],
    }  # fmt: skip


def test_models(server: Server, reader: Reader) -> None:
    """The list and one model; a name with a slash is one part of the path."""
    line = {"name": "a/b", "task": "binary", "rows": 3, "last_event": None, "versions": 2,
            "reference": {"kind": "rolling"}}  # fmt: skip
    server.answer = lambda asked: (
        {"models": [line]} if asked.path == "/v1/models"
        else {**line, "versions": [{"version": "7", "rows": 3}], "columns": [{"name": "x"}]}
    )  # fmt: skip
    [found] = reader.models()
    assert (found.name, found.rows, found.versions) == ("a/b", 3, 2)
    assert found.reference is not None
    assert found.reference.kind == "rolling"
    detail = reader.model("a/b")
    assert server.last.path == "/v1/models/a%2Fb"
    assert [version.version for version in detail.versions] == ["7"]


@pytest.mark.parametrize(
    ("content", "name", "path", "kind"),
    [
        ("task: binary\nname: late arrivals\n", None, "late%20arrivals", "application/yaml"),
        ("name: a\n", "b", "b", "application/yaml"),
        ({"name": "a", "task": "binary"}, None, "a", "application/json"),
    ],
)
def test_apply(
    server: Server, reader: Reader, content: Any, name: str | None, path: str, kind: str
) -> None:
    """YAML goes as it is, a mapping as JSON; the name is that of the file or the one given."""
    server.answer = lambda _: {"name": "x", "outcome": "created", "changes": ["new"]}
    found = reader.apply(content, name=name)
    assert (found.outcome, found.changes) == ("created", ["new"])
    assert (server.last.method, server.last.path) == ("PUT", f"/v1/models/{path}")
    assert server.last.headers["Content-Type"] == kind
    sent = server.last.body.decode()
    assert (json.loads(sent) if isinstance(content, dict) else sent) == content


def test_a_model_file_without_a_name_is_told(reader: Reader) -> None:
    """Nothing is sent without knowing to which model."""
    for content in ("task: binary\n  name: inner", {"task": "binary"}):
        with pytest.raises(ClientError, match="the model file has no name"):
            reader.apply(content)


def test_references(server: Server, reader: Reader, tmp_path: Path) -> None:
    """A file by its suffix, bytes by how they begin, and a part of production as JSON."""
    server.answer = lambda _: {"kind": "data", "origin": {"name": "x"}}
    file = tmp_path / "may.parquet"
    file.write_bytes(b"PAR1 and more")
    cases: list[tuple[Any, dict[str, Any], str, dict[str, list[str]]]] = [
        (file, {}, "application/vnd.apache.parquet", {"name": ["may.parquet"]}),
        (str(file), {"title": "May"}, "application/vnd.apache.parquet", {"name": ["May"]}),
        (b"PAR1", {}, "application/vnd.apache.parquet", {}),
        (b"\xff\xff\xff\xff", {}, "application/vnd.apache.arrow.stream", {}),
        (b"a,b\n1,2\n", {}, "text/csv", {}),
        (b"?", {"content_type": "application/vnd.watchkeeper.profile"},
         "application/vnd.watchkeeper.profile", {}),
        ({"rolling": "28d"}, {}, "application/json", {}),
    ]  # fmt: skip
    for reference, options, kind, query in cases:
        assert reader.set_reference("m", reference, **options).kind == "data"
        assert server.last.headers["Content-Type"] == kind
        assert server.last.query == query
    assert json.loads(server.last.body) == {"rolling": "28d"}
    with pytest.raises(ClientError, match=r"its suffix may be \.parquet, \.csv"):
        reader.set_reference("m", tmp_path / "may.xlsx")
    assert reader.reference("m").origin == {"name": "x"}


def test_rows_page_by_themselves(server: Server, reader: Reader) -> None:
    """All pages are read, each asked for only when it is needed; a limit ends it."""

    def page(asked: Asked) -> Any:
        begin = int(asked.query.get("cursor", ["0"])[0])
        end = min(begin + int(asked.query["limit"][0]), 25)
        return {
            "rows": [{"n": n} for n in range(begin, end)],
            "next": str(end) if end < 25 else None,
        }

    server.answer = page
    rows = reader.rows(
        "m", page=10, window="all", where="temp > 90", ids=["a", "b"], order="oldest"
    )
    assert server.asked == []
    assert next(rows) == {"n": 0}
    assert len(server.asked) == 1
    assert [row["n"] for row in rows] == list(range(1, 25))
    assert server.last.query == {
        "limit": ["10"], "cursor": ["20"], "window": ["all"], "where": ["temp > 90"],
        "id": ["a", "b"], "order": ["oldest"],
    }  # fmt: skip
    for limit, requests in ((0, 0), (7, 1), (10, 1), (11, 2), (99, 3)):
        before = len(server.asked)
        assert len(list(reader.rows("m", page=10, limit=limit))) == min(limit, 25)
        assert len(server.asked) - before == requests


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_exports(server: Server, reader: Reader, tmp_path: Path, suffix: str) -> None:
    """The form is that of the suffix; the file is there when it is whole."""
    server.answer = lambda _: b"content"
    rows, series = tmp_path / f"rows.{suffix}", tmp_path / f"series.{suffix.upper()}"
    assert reader.export_rows("m", rows, window="7d") == rows
    assert server.last.query == {"format": [suffix], "window": ["7d"]}
    assert reader.export_series("m", "f1", series, step="1d") == series
    assert server.last.query == {"format": [suffix], "metric": ["f1"], "step": ["1d"]}
    assert rows.read_bytes() == series.read_bytes() == b"content"
    assert sorted(tmp_path.iterdir()) == [rows, series]
    with pytest.raises(ClientError, match=r"its suffix may be \.parquet or \.csv"):
        reader.export_rows("m", tmp_path / "rows.xlsx")


def test_an_export_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    """A file that was there stays as it was; nothing half-written is left behind."""

    class Breaking:
        def request(self, *args: Any, **options: Any) -> bytes:
            raise AssertionError

        def stream(self, *args: Any, **options: Any) -> Iterator[bytes]:
            yield b"half"
            raise ClientError("the answer broke off")

    file = tmp_path / "rows.csv"
    file.write_bytes(b"of yesterday")
    with pytest.raises(ClientError, match="broke off"):
        Reader(Breaking()).export_rows("m", file)
    assert file.read_bytes() == b"of yesterday"
    assert list(tmp_path.iterdir()) == [file]


def test_errors_are_the_servers(server: Server, reader: Reader) -> None:
    """The message, the status and the code are those of the answer."""
    error = {"error": {"code": "not_found", "message": "there is no model 'm'; models are a, b"}}
    server.answer = lambda _: (404, error)
    with pytest.raises(ClientError, match="there is no model 'm'; models are a, b") as caught:
        reader.model("m")
    assert (caught.value.status, caught.value.code) == (404, "not_found")


@pytest.mark.parametrize("answer", [b"<html>", {"models": 3}, {"other": []}, []])
def test_another_server_is_told(server: Server, reader: Reader, answer: Any) -> None:
    """What does not answer like Watchkeeper gets a message that says so."""
    server.answer = lambda _: answer
    with pytest.raises(ClientError, match="is the address that of a Watchkeeper server"):
        reader.models()


def test_waiting_ends_when_all_is_measured(server: Server, reader: Reader) -> None:
    """It asks until the server says so."""
    left = [False, False, True]
    server.answer = lambda _: {"name": "m", "measured": left.pop(0)}
    reader.wait_until_measured("m", every_s=0.001)
    assert left == []


def test_waiting_gives_up_and_says_what_waits(server: Server, reader: Reader) -> None:
    """The message has the batches, the hours and what fails."""
    status = {
        "journal": {"entries": 3}, "stale_hours": 2,
        "worker": {"last_step": None, "failing": {"m": "disk full"}},
    }  # fmt: skip
    server.answer = lambda asked: status if asked.path == "/v1/status" else {"name": "m"}
    with pytest.raises(ClientError, match=r"3 batches wait .* 2 hours .* failing: .*disk full"):
        reader.wait_until_measured("m", timeout_s=0.01, every_s=0.001)
    server.answer = lambda _: (404, {"error": {"code": "not_found", "message": "no model m"}})
    with pytest.raises(ClientError, match="no model m"):
        reader.wait_until_measured("m")


def test_the_report_of_a_window(server: Server, reader: Reader) -> None:
    """The document as it is."""
    server.answer = lambda asked: {"kind": "comparison", "path": asked.path}
    assert reader.report("m", window="7d")["path"].startswith("/v1/models/m/report")


def test_a_call_goes_through_the_real_client(server: Server, client: Client) -> None:
    """What the instrumentation attaches arrives as the record that the wire knows."""
    server.answer = lambda _: {"batch": "b", "accepted": 2, "rejected": 0, "errors": []}
    with suppress(TimeoutError), request(client, model="m", request_id="r-1") as call:
        call.predict({"distance": 2475}, "late", score=0.5)
        call.predict({"distance": 1}, float("nan"))
        raise TimeoutError("slow")
    counts = client.flush()
    assert (counts.logged, counts.sent) == (2, 2)
    [asked] = server.asked
    body = asked.body
    if asked.headers.get("Content-Encoding") == "gzip":
        import gzip

        body = gzip.decompress(body)
    first, second = msgspec.msgpack.decode(body)
    assert first["id"] == call.id
    assert first["features"] == {"distance": 2475}
    assert (first["model"], first["request_id"]) == ("m", "r-1")
    assert first["error"] == {"class": "timeout", "type": "TimeoutError", "message": "slow"}
    assert second["error"]["class"] == "invalid"
    assert {"trace_id", "span_id", "latency_ms", "time"} <= first.keys()
