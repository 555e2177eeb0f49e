"""What goes wrong on a database while it is read is one clear error, never a wrong profile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

import watchkeeper
from tests.engines.conftest import Loaded, Server
from watchkeeper.core.errors import InputError
from watchkeeper.core.model import Column, Kind, Model
from watchkeeper.profiles.fit import fit_layout
from watchkeeper.store.engines.opening import open_url
from watchkeeper.store.engines.postgres import PostgresEngine
from watchkeeper.store.engines.rows import TableRows

pytestmark = pytest.mark.xdist_group("postgres")

ROWS = pa.table({"x": [1.0, 2.0, 3.0, 4.0] * 50, "c": ["a", "b", None, "1"] * 50})
LAYOUT = fit_layout(
    Model("m", (Column("x", Kind.NUMERIC), Column("c", Kind.CATEGORICAL)), segments=("c",)), ROWS
)


@pytest.fixture
def opened(server: Server, postgres_loaded: Loaded) -> Iterator[TableRows]:
    """A table, opened by its URL."""
    postgres_loaded.load(ROWS, "failing")
    rows = open_url(f"{server.url()}?table=failing")
    assert isinstance(rows, TableRows)
    yield rows
    rows.close()


def told(error: pytest.ExceptionInfo[InputError]) -> str:
    """The error's sentence, which is one, and behind which there is no other."""
    assert "\n" not in str(error.value)
    assert error.value.__suppress_context__ or error.value.__context__ is None
    return str(error.value)


@pytest.mark.parametrize(
    "change",
    [
        "ALTER COLUMN x TYPE text",
        "ALTER COLUMN x TYPE integer",
        "ALTER COLUMN x TYPE numeric(4, 1)",
        "ALTER COLUMN c TYPE varchar(3)",
        "ADD COLUMN y int",
        "DROP COLUMN c",
        "RENAME COLUMN c TO d",
    ],
)
def test_a_column_that_is_changed(opened: TableRows, postgres_loaded: Loaded, change: str) -> None:
    """Columns that change after they were looked at are an error, whatever is asked."""
    con = postgres_loaded.engine.backend.con  # type: ignore[attr-defined]
    assert opened.profile(LAYOUT).whole.rows == 200
    con.execute(f"ALTER TABLE failing {change}")
    for work in (lambda: opened.profile(LAYOUT), lambda: opened.sample(10)):
        with pytest.raises(InputError) as caught:
            work()
        assert told(caught).startswith(("postgres://127.0.0.1", "the columns of postgres://"))


def test_a_column_that_may_not_be_read(server: Server, postgres_loaded: Loaded) -> None:
    """A right that is missing on one column is said when the table is opened; a query avoids it."""
    postgres_loaded.load(ROWS, "partly")
    con = postgres_loaded.engine.backend.con  # type: ignore[attr-defined]
    con.execute("DROP ROLE IF EXISTS partial; CREATE ROLE partial LOGIN")
    con.execute("GRANT SELECT (x) ON partly TO partial")
    url = server.url(user="partial")
    with pytest.raises(InputError, match="permission denied for table partly") as caught:
        open_url(f"{url}?table=partly")
    told(caught)
    profile = watchkeeper.profile(f"{url}?query=SELECT x FROM partly")
    assert profile.whole.columns["x"].rows == 200


def test_the_rights_that_the_documentation_names(server: Server, postgres_loaded: Loaded) -> None:
    """What `docs/engines/postgres.md` grants is enough, for a role that may write nothing."""
    page = Path(__file__).parents[2] / "docs" / "engines" / "postgres.md"
    grants = page.read_text(encoding="utf-8").split("```sql\n")[1].split("```")[0]
    con = postgres_loaded.engine.backend.con  # type: ignore[attr-defined]
    con.execute("DROP SCHEMA IF EXISTS shop CASCADE; CREATE SCHEMA shop")
    con.execute(
        "CREATE TABLE shop.orders AS SELECT x::float8, 'a' AS c FROM generate_series(1, 9) x"
    )
    con.execute("DROP ROLE IF EXISTS watchkeeper")
    con.execute(grants.replace("DATABASE sales", "DATABASE postgres"))
    url = f"{server.url(user='watchkeeper')}?table=shop.orders"
    report = watchkeeper.compare(url, url, segments=["c"])
    assert report.passed
    con.execute("DROP SCHEMA shop CASCADE; DROP OWNED BY watchkeeper; DROP ROLE watchkeeper")


def test_a_connection_that_is_lost_at_any_query(
    server: Server, postgres_loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever query it is that the server does not answer, there is no profile."""
    postgres_loaded.load(ROWS, "cut")
    con = postgres_loaded.engine.backend.con  # type: ignore[attr-defined]
    asked = 0
    cut_at: int | None = None
    true_run = PostgresEngine.run

    def run(engine: PostgresEngine, expr: object) -> pa.Table:
        nonlocal asked
        asked += 1
        if asked == cut_at:
            pid = engine.backend.con.info.backend_pid
            con.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        return true_run(engine, expr)

    monkeypatch.setattr(PostgresEngine, "run", run)
    rows = open_url(f"{server.url()}?table=cut")
    rows.profile(LAYOUT)  # type: ignore[union-attr]  # on its engine
    rows.close()
    queries = asked
    assert queries >= 3
    for number in range(1, queries + 1):
        asked, cut_at = 0, number
        rows = open_url(f"{server.url()}?table=cut")
        with pytest.raises(InputError) as caught:
            rows.profile(LAYOUT)  # type: ignore[union-attr]
        assert "postgres://127.0.0.1" in told(caught)
        rows.close()


def test_a_server_that_stops_in_the_middle_of_rows(server: Server, postgres_loaded: Loaded) -> None:
    """Rows that come piece by piece and break off are not taken for all rows."""
    rows = pa.table({"x": [float(i) for i in range(300_000)]})
    con = postgres_loaded.engine.backend.con  # type: ignore[attr-defined]
    con.execute("DROP TABLE IF EXISTS broken_off")
    con.execute("CREATE TABLE broken_off AS SELECT x::float8 FROM generate_series(1, 300000) AS x")
    opened = open_url(f"{server.url()}?table=broken_off")
    assert isinstance(opened, TableRows)
    batches = opened.engine.batches(opened.table)
    assert next(batches).num_rows < rows.num_rows
    pid = opened.engine.backend.con.info.backend_pid  # type: ignore[attr-defined]
    con.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    with pytest.raises(InputError) as caught:
        list(batches)
    told(caught)
    opened.close()
    con.execute("DROP TABLE broken_off")
