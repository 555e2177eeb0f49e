"""A small server in front of ClickHouse's own engine, with what is used of its HTTP interface.

The engine (the package chdb-core) answers the queries and gives the errors; this file adds what
only a server has: users, sessions, settings and identifiers of queries in the URL, compression. It
runs in a process of its own, since the engine keeps state for the whole process.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

SECRET = "tr0ub4dor"  # pragma: allowlist secret

USERS = {"default": "", "ann": SECRET, "guest": SECRET}
"""The password of each user. `ann` may not read tables whose name begins with "hidden", and `guest`
may change no setting, like a user with `readonly = 1`."""

_NO_SETTINGS = {
    "buffer_size", "client_protocol_version", "close_session", "compress", "database", "decompress",
    "default_format", "password", "query", "query_id", "quota_key", "role", "session_check",
    "session_id", "session_timeout", "stacktrace", "user", "wait_end_of_query",
}  # fmt: skip
"""What the HTTP interface takes from the URL for itself; the rest are settings of the query."""

_STATUS = {"62": 400, "36": 400, "60": 404, "81": 404, "159": 408, "193": 401, "516": 403}
"""The HTTP status of some codes of errors; the rest are 500."""

_INSERT = re.compile(rb"(?is)\s*(INSERT\s+INTO\s.+?)\s+FORMAT\s+(\w+)[ \t]*\r?\n?")
_FORMAT = re.compile(rb"(?i)\bFORMAT\s+(\w+)[\s;]*$")
_ANSWERS = re.compile(r"(?is)\s*(/\*.*?\*/\s*)*(SELECT|WITH|SHOW|DESC|EXISTS|EXPLAIN|\()")
_KILL = re.compile(r"(?i)\bKILL\s+QUERY\b")
_PIECE = 1 << 16


@dataclass
class ClickHouse:
    """A running server.

    Attributes
    ----------
    port
        Where it listens, on the loopback interface.
    folder
        Its data, which outlive it.
    zone
        Its time zone.
    """

    folder: Path
    zone: str = "UTC"
    port: int = 0
    process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it, on the port that it had before if any, and wait until it listens."""
        command = [sys.executable, __file__, str(self.folder), str(self.port)]
        around = {"TZ": self.zone, "PATH": os.environ.get("PATH", "")}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=around)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    def kill(self) -> None:
        """End it at once, in the middle of whatever it does."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            if self.process.stdout is not None:
                self.process.stdout.close()

    def url(self, *, user: str = "default", password: str = "", database: str = "default") -> str:
        """How to reach it, without a table."""
        secret = f":{password}" if password else ""
        return f"clickhouse://{user}{secret}@127.0.0.1:{self.port}/{database}"


@contextmanager
def running_clickhouse(zone: str = "UTC") -> Iterator[ClickHouse]:
    """A new server on a free port of the loopback interface, without tables."""
    if find_spec("chdb") is None:
        pytest.skip("the engine of ClickHouse (the package chdb-core) is not installed")
    folder = Path(tempfile.mkdtemp(prefix="watchkeeper-clickhouse-"))
    server = ClickHouse(folder, zone)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)


class _RefusedError(Exception):
    """An error as ClickHouse writes it: `Code: 60. DB::Exception: … (UNKNOWN_TABLE)`."""


@dataclass
class _Answer:
    body: bytes
    headers: dict[str, str]


class _Session:
    """A connection to the engine, whose temporary tables and settings stay."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.lock = threading.Lock()


class _Engine:
    """The engine, with what a server adds to it."""

    def __init__(self, folder: str) -> None:
        import chdb  # in the server's process alone

        self._connect = lambda: _Session(chdb.connect(folder))
        self._first = self._connect()  # keeps the engine up
        self._sessions: dict[tuple[str, str], _Session] = {}
        self._lock = threading.Lock()
        self._run(self._first, "CREATE DATABASE IF NOT EXISTS default")
        self.zone = self._run(self._first, "SELECT timezone()").body.decode().strip()

    def answer(self, user: str, params: Mapping[str, str], body: bytes) -> _Answer:
        """Run one request; `_RefusedError` for an error."""
        session = self._session(user, params.get("session_id"))
        settings = {k: v for k, v in params.items() if _is_setting(k)}
        if not session.lock.acquire(timeout=0.0):
            raise _RefusedError("Code: 373. DB::Exception: Session is locked. (SESSION_IS_LOCKED)")
        try:
            if database := params.get("database"):
                self._run(session, f"USE `{database}`")
            for name, value in settings.items():
                self._run(session, f"SET {name} = {_quoted(value)}")
            return self._query(user, session, params, body)
        finally:
            if "session_id" in params and user != "guest":
                for name in settings:
                    self._run(session, f"SET {name} = DEFAULT")
            session.lock.release()

    def _session(self, user: str, name: str | None) -> _Session:
        with self._lock:
            found = self._sessions.get((user, name)) if name else None
            if found is None:
                found = self._connect()
                if user == "guest":
                    self._run(found, "SET readonly = 1")
                if name:
                    self._sessions[user, name] = found
        return found

    def _query(
        self, user: str, session: _Session, params: Mapping[str, str], body: bytes
    ) -> _Answer:
        head = params.get("query", "").encode()
        sql = head + b"\n" + body if head else body
        insert = _INSERT.match(sql)
        text = (insert[1] if insert else sql).decode()
        if user == "ann":
            _refuse_hidden(text, params.get("database", "default"))
        if insert:
            return self._insert(session, text, insert[2].decode(), sql[insert.end() :])
        if _KILL.search(text):
            # The engine gives its own identifiers; the client's stand in a comment.
            text = re.sub(r"query_id\s*=\s*'([^']*)'", r"startsWith(query, '/* \1 */')", text)
        elif "query_id" in params:
            text = f"/* {params['query_id']} */ {text}"
        default = params.get("default_format", "TabSeparated")
        bound = {k[6:]: v for k, v in params.items() if k.startswith("param_")}
        answer = self._run(session, text, default, bound)
        if _ANSWERS.match(text):
            found = _FORMAT.search(sql)
            answer.headers["X-ClickHouse-Format"] = found[1].decode() if found else default
        return answer

    def _run(
        self, session: _Session, sql: str, form: str = "TabSeparated", bound: Any = None
    ) -> _Answer:
        try:
            result = session.connection.query(sql, form, params=bound or {})
        except RuntimeError as error:
            raise _RefusedError(str(error)) from error
        summary = {"read_rows": result.rows_read(), "read_bytes": result.bytes_read()}
        return _Answer(bytes(result.bytes() or b""), _summary(summary))

    def _insert(self, session: _Session, sql: str, form: str, data: bytes) -> _Answer:
        try:
            with session.connection.send_insert(sql, form) as stream:
                stream.append(data)
                written = stream.finish().rows_written
        except RuntimeError as error:
            raise _RefusedError(str(error)[str(error).find("Code:") :]) from error
        return _Answer(b"", _summary({"written_rows": written}))


def _refuse_hidden(sql: str, database: str) -> None:
    if hidden := re.search(r"\bhidden\w*", sql):
        grant = f"{sql.split(None, 1)[0].upper()} ON {database}.{hidden[0]}"
        raise _RefusedError(
            "Code: 497. DB::Exception: ann: Not enough privileges. To execute this query, it's "
            f"necessary to have the grant {grant}. (ACCESS_DENIED)"
        )


def _is_setting(name: str) -> bool:
    return name not in _NO_SETTINGS and not name.startswith("param_")


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _summary(counts: Mapping[str, int]) -> dict[str, str]:
    return {"X-ClickHouse-Summary": json.dumps({k: str(v) for k, v in counts.items()})}


class _Handler(BaseHTTPRequestHandler):
    """One request after another of one client."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body in one packet
    disable_nagle_algorithm = True
    engine: _Engine

    def do_GET(self) -> None:
        """A query in the URL, or whether the server is there."""
        if self.path.startswith("/ping"):
            self._send(200, b"Ok.\n", {})
        else:
            self._answer(b"")

    def do_POST(self) -> None:
        """A query, or what is inserted, in the body."""
        self._answer(_unpacked(self._body(), self.headers.get("Content-Encoding", "")))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base's name
        """Say nothing."""

    def _answer(self, body: bytes) -> None:
        params = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        wanted = self.headers.get("Accept-Encoding", "")
        packing = wanted if params.get("enable_http_compression") == "1" else ""
        own = {"X-ClickHouse-Timezone": self.engine.zone}
        own["X-ClickHouse-Query-Id"] = params.get("query_id", "")
        for name in ("database", "format"):
            if held := self.headers.get(f"X-ClickHouse-{name}"):
                params[name if name == "database" else "default_format"] = held
        try:
            answer = self.engine.answer(self._user(params), params, body)
        except _RefusedError as error:
            text = f"{str(error).rstrip()} (version 26.9.2.1 (official build))\n"
            code = re.match(r"Code: (\d+)", text)
            number = code[1] if code else "1002"
            own["X-ClickHouse-Exception-Code"] = number
            self._send(_STATUS.get(number, 500), text.encode(), own, packing)
        else:
            self._send(200, answer.body, own | answer.headers, packing)

    def _user(self, params: Mapping[str, str]) -> str:
        if self.headers.get("Content-Type", "").startswith("multipart/"):
            raise _RefusedError("Code: 48. DB::Exception: No external data here. (NOT_IMPLEMENTED)")
        user = self.headers.get("X-ClickHouse-User") or params.get("user", "default")
        password = self.headers.get("X-ClickHouse-Key") or params.get("password", "")
        basic = self.headers.get("Authorization", "")
        if basic.startswith("Basic "):
            user, _, password = base64.b64decode(basic[6:]).decode().partition(":")
        if USERS.get(user) != password:
            raise _RefusedError(
                f"Code: 516. DB::Exception: {user}: Authentication failed: password is incorrect, "
                "or there is no user with such name. (AUTHENTICATION_FAILED)"
            )
        return user

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        pieces = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    def _send(
        self, status: int, body: bytes, headers: Mapping[str, str], packing: str = ""
    ) -> None:
        body, encoding = _packed(body, packing)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if encoding:
            self.send_header("Content-Encoding", encoding)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for start in range(0, len(body), _PIECE):
            piece = body[start : start + _PIECE]
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()


def _packed(body: bytes, accepted: str) -> tuple[bytes, str]:
    """The body, and how it is compressed, by the first encoding that the client accepts."""
    for name in (each.strip().split(";")[0] for each in accepted.split(",")):
        if name == "gzip":
            return gzip.compress(body, 1), name
        if name == "deflate":
            return zlib.compress(body, 1), name
        if name == "lz4":
            import lz4.frame  # comes with the client

            return lz4.frame.compress(body), name
    return body, ""


def _unpacked(body: bytes, encoding: str) -> bytes:
    if encoding == "lz4":
        import lz4.frame  # comes with the client

        return bytes(lz4.frame.decompress(body))
    if encoding == "zstd":
        from backports import zstd  # comes with the client

        return bytes(zstd.decompress(body))
    return {"gzip": gzip.decompress, "deflate": zlib.decompress}.get(encoding, bytes)(body)


def _serve(folder: str, port: int) -> None:
    """Answer until the process is ended."""
    _Handler.engine = _Engine(folder)
    server = ThreadingHTTPServer(("127.0.0.1", port), _Handler)
    print(server.server_address[1], flush=True)  # noqa: T201  # the parent reads it
    server.serve_forever()


if __name__ == "__main__":
    _serve(sys.argv[1], int(sys.argv[2]))
