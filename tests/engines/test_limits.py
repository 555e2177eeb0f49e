"""A time limit and Ctrl-C end a query where it runs; a bar shows while an engine is silent."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from tests.engines.conftest import Loaded, Server
from watchkeeper.app.sources import reading
from watchkeeper.core.errors import InputError
from watchkeeper.store.engines.base import sample
from watchkeeper.store.engines.opening import open_url
from watchkeeper.store.engines.urls import parse_url
from watchkeeper.store.engines.watched import Watch

pytestmark = pytest.mark.xdist_group("postgres")

PROGRAM = "from watchkeeper.cli.main import run; run()"
WAIT_S = 60.0

STOPPED = """
import os, signal, threading, time
def stop():
    while not any(t.name.startswith("watchkeeper-query") for t in threading.enumerate()):
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=stop, daemon=True).start()
"""
"""Ctrl-C as soon as a query runs."""


@pytest.fixture(scope="module")
def endless(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DuckDB file with a view that takes years, and one of many rows."""
    path = tmp_path_factory.mktemp("endless") / "data.db"
    with duckdb.connect(str(path)) as con:
        con.execute(
            "CREATE VIEW endless AS SELECT sum(a.range * b.range)::DOUBLE AS x"
            " FROM range(3000000) a, range(100000000) b"
        )
        con.execute("CREATE VIEW long AS SELECT range::DOUBLE AS x FROM range(1000000000000)")
    return path


def until(reached: Callable[[], bool], what: str) -> None:
    """Wait for something that another process does."""
    end = time.monotonic() + WAIT_S
    while not reached():
        assert time.monotonic() < end, f"not within {WAIT_S} s: {what}"
        time.sleep(0.02)


def running(loaded: Loaded, application: str) -> int:
    """Queries of an application that the server works on."""
    found = loaded.engine.backend.con.execute(  # type: ignore[attr-defined]
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s AND state = 'active'",
        [application],
    )
    return int(found.fetchone()[0])


def test_a_limit_is_read_from_the_url() -> None:
    """Any engine finds it in its address; one that is no length of time is refused."""
    assert parse_url("postgres://h/d?table=t&timeout=90s").timeout == 90.0
    assert parse_url("delta://t?timeout=2h").timeout == 7200.0
    assert parse_url("delta://t").timeout is None
    for wrong in ("10", "1mo", "-1s", "", "soon"):
        with pytest.raises(InputError, match="such as 90s, 10m or 2h"):
            parse_url(f"postgres://h/d?timeout={wrong}")


def test_postgres_ends_a_query_over_its_limit(server: Server) -> None:
    """The server ends it, and the sentence says how to allow more."""
    with reading(f"{server.url()}?query=SELECT 1 AS x FROM pg_sleep(99)&timeout=1s") as rows:
        with pytest.raises(InputError, match=r"longer than 1 s, .*timeout=1h") as caught:
            rows.sample(10)  # type: ignore[union-attr]  # on an engine
        assert "\n" not in str(caught.value)


def test_the_servers_own_limit_is_said_alike(postgres_loaded: Loaded, server: Server) -> None:
    """A limit that the database's keeper has set can be raised in the URL as well."""
    con = postgres_loaded.engine.backend.con  # type: ignore[attr-defined]
    con.execute("DROP ROLE IF EXISTS hasty; CREATE ROLE hasty LOGIN")
    con.execute("ALTER ROLE hasty SET statement_timeout = '50ms'")
    url = f"{server.url(user='hasty')}?query=SELECT 1 AS x FROM pg_sleep(0.2)"
    with reading(url) as rows, pytest.raises(InputError, match="timeout=1h"):
        rows.sample(10)  # type: ignore[union-attr]
    with reading(f"{url}&timeout=1m") as rows:
        assert rows.sample(10).num_rows == 1  # type: ignore[union-attr]


@pytest.mark.parametrize("view", ["endless", "long"])
def test_duckdb_ends_a_query_over_its_limit(endless: Path, view: str) -> None:
    """In one query without an end, and in one whose rows come without end."""
    rows = open_url(f"duckdb://{endless}?table={view}&timeout=1s")
    with pytest.raises(InputError, match=r"longer than 1 s, .*timeout=1h"):
        for _ in rows.batches():  # type: ignore[union-attr]  # streamed
            pass
    # The connection is still of use.
    assert rows.engine.query("SELECT 1 AS x").columns == ("x",)  # type: ignore[union-attr]
    rows.close()


def test_time_that_the_reader_takes_does_not_count() -> None:
    """The limit is on the engine, not on who works with its rows."""
    watch = Watch("it", lambda: None, 0.2)
    assert watch(lambda: 1) == 1
    time.sleep(0.3)
    assert watch(lambda: 2) == 2


def test_an_error_of_the_engine_passes() -> None:
    """What the work raises is raised, even where it is called a time-out."""

    def fail() -> None:
        raise TimeoutError("the engine's own")

    with pytest.raises(TimeoutError, match="own"):
        Watch("it", lambda: None, 60.0)(fail)


def test_interrupting_goes_on_until_it_helps() -> None:
    """An interrupt that comes before the engine has begun is repeated."""
    heard = threading.Event()
    calls: list[int] = []

    def interrupt() -> None:
        calls.append(1)
        if len(calls) == 3:
            heard.set()

    with pytest.raises(InputError, match="it: a query took"):
        Watch("it", interrupt, 0.01)(heard.wait)
    assert len(calls) >= 3


@contextmanager
def on_a_terminal(*arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], Callable[[], str]]]:
    """A command whose errors and progress go to a terminal, and what that shows so far."""
    ours, theirs = pty.openpty()
    os.set_blocking(ours, False)
    shown = bytearray()

    def read() -> str:
        with suppress(OSError):  # nothing new, or nobody there any more
            shown.extend(os.read(ours, 1 << 16))
        return shown.decode(errors="replace")

    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        stderr=theirs, stdout=subprocess.DEVNULL, env={**os.environ, "COLUMNS": "120"},
    )  # fmt: skip
    os.close(theirs)
    try:
        yield process, read
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def test_ctrl_c_cancels_the_query_on_postgres(
    server: Server, postgres_loaded: Loaded, tmp_path: Path
) -> None:
    """Meanwhile the bar shows, though the engine says nothing; afterwards nothing runs there."""
    postgres_loaded.load(pa.table({"x": [1.0, 2.0]}), "two rows")
    con = postgres_loaded.engine.backend.con  # type: ignore[attr-defined]
    con.execute("DROP VIEW IF EXISTS slow")
    con.execute('CREATE VIEW slow AS SELECT x FROM "two rows", pg_sleep(600)')
    url = f"{server.url()}?table=slow&application_name=interrupted"
    out = tmp_path / "out.profile"
    with on_a_terminal("profile", url, "-o", str(out)) as (process, shown):
        until(lambda: running(postgres_loaded, "interrupted") == 1, "the query runs")
        until(lambda: "reading a sample of postgres://" in shown(), "the bar shows")
        process.send_signal(signal.SIGINT)
        assert process.wait(WAIT_S) == 130
        until(lambda: "Stopped." in shown(), "the program says that it stopped")
    until(lambda: running(postgres_loaded, "interrupted") == 0, "the query is cancelled")
    assert not out.exists()


@pytest.mark.parametrize("view", ["endless", "long"])
def test_ctrl_c_ends_a_query_on_duckdb(endless: Path, tmp_path: Path, view: str) -> None:
    """The process ends at once, as after Ctrl-C in any other work."""
    out = tmp_path / "out.profile"
    done = subprocess.run(
        [sys.executable, "-c", STOPPED + PROGRAM, "profile", f"duckdb://{endless}?table={view}",
         "-o", str(out)],
        capture_output=True, text=True, timeout=WAIT_S, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "Stopped.\n")
    assert not out.exists()


def test_a_limit_leaves_quick_work_alone(loaded: Loaded) -> None:
    """A sample under a limit is what it is without."""
    table = loaded.load(pa.table({"x": [1, 2, 3]}), "limited")
    assert sample(loaded.engine, table, 10)["x"].to_pylist() == [1, 2, 3]
