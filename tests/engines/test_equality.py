"""For the same rows every engine gives the kernel's profile: counts exactly, sums reordered."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engines.conftest import ENGINES, Loaded, grouped
from watchkeeper.core.model import Column, Kind, Model, Role, Task
from watchkeeper.profiles.fit import fit_layout
from watchkeeper.profiles.grid import fit_grid
from watchkeeper.profiles.query import profile_table
from watchkeeper.testing import NASTY, check_engine
from watchkeeper.testing.engines import compare
from watchkeeper.testing.tables import Example

GAPS = {
    ("duckdb", "names that differ by case"): (
        "names are the same to DuckDB whatever their case, so such a table cannot exist there",
        AssertionError,
    ),
}
"""What an engine cannot do, with the reason and the error; each must fail with just that error."""

NAMES = itertools.count()
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def cases():
    """Each engine with each example, gaps marked."""
    for engine, name in itertools.product(ENGINES, NASTY):
        reason, error = GAPS.get((engine, name), (None, None))
        gap = (pytest.mark.xfail(reason=reason, raises=error, strict=True),) if reason else ()
        yield pytest.param(engine, name, marks=gap + grouped(engine), id=f"{engine}-{name}")


@pytest.mark.parametrize(("engine", "name"), list(cases()))
def test_nasty_table(request, engine, name):
    """The query's profile of a nasty table is the kernel's."""
    found: Loaded = request.getfixturevalue(f"{engine}_loaded")
    check_engine(found.engine, found.load, {name: NASTY[name]})


def same_as_kernel(loaded: Loaded, example: Example) -> None:
    """Load an example under a new name and compare."""
    table = loaded.load(example.current, f"generated {next(NAMES) % 4}")
    compare(loaded.engine, table, example.current, fit_layout(example.model, example.reference))


def of_columns(columns, split, *segments):
    """The example of some columns, whose first rows fix the layout."""
    table = pa.table({name: array for name, (_, array) in columns.items()})
    model = Model(
        "generated",
        tuple(Column(name, kind) for name, (kind, _) in columns.items()),
        segments=segments,
        segment_limit=3,
    )
    return Example(model, table.slice(0, split), table)


FLOATS = st.one_of(
    st.none(),
    st.floats(width=64),
    st.sampled_from(
        [0.0, -0.0, float("nan"), float("inf"), -float("inf"), 5e-324, 1.7e308, 1e-160]
    ),
    st.integers(-3, 3).map(float),
)


@settings(max_examples=40)
@given(values=st.lists(FLOATS, min_size=1, max_size=40), split=st.integers(0, 40))
def test_any_floats(every_engine, values, split):
    """Floats of any size, with ties, NaN, infinities and zeros of both signs."""
    columns = {"x": (Kind.NUMERIC, pa.array(values, pa.float64()))}
    for loaded in every_engine:
        same_as_kernel(loaded, of_columns(columns, split))


@settings(max_examples=40)
@given(
    exponent=st.integers(-1070, 1020),
    other=st.integers(-1070, 1020),
    steps=st.lists(st.integers(-4, 4), min_size=2, max_size=20),
)
def test_grid_and_rows_of_unlike_size(every_engine, exponent, other, steps):
    """Rows on a grid that was made for numbers many powers of two smaller or larger."""
    reference = [step * 2.0**exponent for step in steps]
    current = [step * 2.0**other for step in steps]
    columns = {"x": (Kind.NUMERIC, pa.array(reference + current, pa.float64()))}
    for loaded in every_engine:
        same_as_kernel(loaded, of_columns(columns, len(steps)))


INTEGERS = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.integers(2**53 - 2, 2**53 + 2),
    st.integers(-2, 2),
)


@settings(max_examples=40)
@given(values=st.lists(INTEGERS, min_size=1, max_size=40), split=st.integers(1, 40))
def test_any_integers(every_engine, values, split):
    """64-bit integers as numbers, categories and segments, beyond 2**53 too."""
    array = pa.array(values, pa.int64())
    columns = {"x": (Kind.NUMERIC, array), "c": (Kind.CATEGORICAL, array)}
    for loaded in every_engine:
        same_as_kernel(loaded, of_columns(columns, split, "c"))


TEXTS = st.one_of(
    st.none(),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8),
    st.sampled_from(["", "a", "A", "a ", "1", "true", "NaN", "'", '"', "\\", "%", "é", "e\u0301"]),
)


@settings(max_examples=40)
@given(values=st.lists(TEXTS, min_size=1, max_size=40), split=st.integers(1, 40))
def test_any_texts(every_engine, values, split):
    """Texts as categories, lengths, spelt numbers and segments."""
    array = pa.array(values, pa.string())
    columns = {
        "c": (Kind.CATEGORICAL, array),
        "length": (Kind.TEXT, array),
        "spelt": (Kind.NUMERIC, array),
    }
    for loaded in every_engine:
        same_as_kernel(loaded, of_columns(columns, split, "c"))


STAMPS = st.one_of(
    st.none(), st.integers(-(2**55), 2**53).map(lambda us: EPOCH + timedelta(microseconds=us))
)


@settings(max_examples=30)
@given(values=st.lists(STAMPS, min_size=1, max_size=30), split=st.integers(1, 30))
def test_any_times(every_engine, values, split):
    """Dates and timestamps as seconds since 1970 in UTC, and dates as segments."""
    days = [None if value is None else value.date() for value in values]
    plain = [None if value is None else value.replace(tzinfo=None) for value in values]
    columns = {
        "stamp": (Kind.DATETIME, pa.array(plain, pa.timestamp("us"))),
        "zoned": (Kind.DATETIME, pa.array(values, pa.timestamp("us", "UTC"))),
        "day": (Kind.DATETIME, pa.array(days, pa.date32())),
        "class": (Kind.CATEGORICAL, pa.array(days, pa.date32())),
    }
    for loaded in every_engine:
        same_as_kernel(loaded, of_columns(columns, split, "class"))


@settings(max_examples=30)
@given(
    values=st.lists(
        st.one_of(st.none(), st.decimals(Decimal(-99999), Decimal(99999), places=3)),
        min_size=1,
        max_size=30,
    ),
    split=st.integers(1, 30),
)
def test_any_decimals(every_engine, values, split):
    """A decimal counts as the float64 nearest to it, and as a category by its digits."""
    array = pa.array(values, pa.decimal128(8, 3))
    columns = {"x": (Kind.NUMERIC, array), "c": (Kind.CATEGORICAL, array)}
    for loaded in every_engine:
        same_as_kernel(loaded, of_columns(columns, split, "c"))


@pytest.mark.parametrize(
    "model",
    [
        Model("m", (), Task.REGRESSION, label="y", prediction="p"),
        Model("m", (), Task.MULTICLASS, label="c", prediction="d"),
        Model("m", (), Task.RANKING, label="rank", score="p", group="list"),
    ],
    ids=lambda model: str(model.task),
)
def test_labels_against_predictions(loaded, model):
    """What a task counts of labels and predictions is the kernel's, in each segment too."""
    n = 500
    steps = np.arange(n)
    table = pa.table(
        {
            "y": pa.array(np.sin(steps), mask=steps % 7 == 0),
            "p": pa.array(np.sin(steps + 0.2), mask=steps % 11 == 0),
            "c": pa.array(["a", "b", "c", None]).take(steps * 7 % 4),
            "d": pa.array(["a", "b", "c", None]).take(steps * 5 % 4),
            "rank": pa.array(steps * 31 % 3),
            "list": pa.array(steps // 9),
            "part": pa.array(["s", "t"]).take(steps // 9 % 2),
        }
    )
    kinds = dict.fromkeys(("y", "p", "rank"), Kind.NUMERIC)
    roles = {"list": Role.GROUP}
    columns = tuple(
        Column(name, kinds.get(name, Kind.CATEGORICAL), roles.get(name, Role.FEATURE))
        for name in table.column_names
    )
    whole = Model(
        "m", columns, model.task, model.label, model.prediction, model.score, group=model.group,
        segments=("part",),
    )  # fmt: skip
    same_as_kernel(loaded, Example(whole, table, table))


@settings(max_examples=25)
@given(
    values=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=30),
    edges=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=30),
)
def test_bucket_is_the_number_of_edges_at_or_below(every_engine, values, edges):
    """The bin of each row is what NumPy's search from the right finds."""
    sorted_edges = np.unique(np.array(edges)) + 0.0
    sorted_edges = np.unique(sorted_edges)
    expected = np.searchsorted(sorted_edges, np.array(values), side="right").tolist()
    for loaded in every_engine:
        rows = pa.table({"i": pa.array(range(len(values))), "x": pa.array(values)})
        table = loaded.load(rows, f"generated {next(NAMES) % 4}")
        wanted = table.select("i", bin=loaded.engine.bucket(table.x, sorted_edges)).order_by("i")
        assert loaded.engine.run(wanted)["bin"].to_pylist() == expected


def test_the_widest_grid(loaded):
    """A grid of every bin that a reference can make, with rows on, beside and between its edges."""
    generator = np.random.default_rng(7)
    reference = np.concatenate((generator.lognormal(0, 3, 20000), generator.integers(0, 9, 5000)))
    edges = fit_grid(reference).edges
    assert len(edges) > 400
    beside = np.concatenate((edges, np.nextafter(edges, np.inf), np.nextafter(edges, -np.inf)))
    table = pa.table({"x": np.concatenate((reference, beside))})
    model = Model("m", (Column("x", Kind.NUMERIC),))
    same_as_kernel(loaded, Example(model, table.slice(0, len(reference)), table))


def test_the_columns_observed_are_those_of_the_table(loaded):
    """A profile says which columns the table had and of which type, further ones included."""
    example = NASTY["changed columns"]
    table = loaded.load(example.current, "observed")
    profile = profile_table(table, fit_layout(example.model, example.reference), loaded.engine)
    assert profile.observed == {
        "new": "int64",
        "number to text": "string",
        "text to number": "int64",
        "class to float": "double",
    }


def test_a_date_at_infinity(postgres_loaded):
    """PostgreSQL's dates at plus and minus infinity count as infinities, and break nothing."""
    con = postgres_loaded.engine.backend.con
    con.execute("DROP TABLE IF EXISTS ages; CREATE TABLE ages (d date, t timestamptz)")
    con.execute("INSERT INTO ages VALUES ('infinity', '-infinity'), ('2024-01-01', NULL)")
    model = Model("m", (Column("d", Kind.DATETIME), Column("t", Kind.DATETIME)))
    reference = pa.table({"d": [date(2024, 1, 1)], "t": [datetime(2024, 1, 1, tzinfo=UTC)]})
    engine = postgres_loaded.engine
    profile = profile_table(engine.table("ages"), fit_layout(model, reference), engine)
    assert profile.whole.columns["d"].positive_infinities == 1
    assert profile.whole.columns["t"].negative_infinities == 1
    assert profile.whole.columns["t"].nulls == 1


def test_types_that_only_postgres_has(postgres_loaded):
    """Enumerations, identifiers, JSON and decimals without scale count as text and numbers."""
    con = postgres_loaded.engine.backend.con
    con.execute(
        "DROP TABLE IF EXISTS odd; DROP TYPE IF EXISTS mood;"
        "CREATE TYPE mood AS ENUM ('sad', 'ok');"
        "CREATE TABLE odd (mood mood, padded char(3), id uuid, doc json, free numeric, blob bytea,"
        " list int[]);"
        "INSERT INTO odd VALUES "
        "('ok', 'a', '00000000-0000-0000-0000-000000000001', '{}', 0.1, 'x', '{1}'),"
        "(NULL, NULL, NULL, NULL, 'NaN', NULL, NULL)"
    )
    expected = {
        "mood": ["ok", None],
        "padded": ["a", None],
        "id": ["00000000-0000-0000-0000-000000000001", None],
        "doc": ["{}", None],
        "free": [0.1, float("nan")],
        "blob": [b"x", None],
        "list": [[1], None],
    }
    rows = pa.table({name: pa.array(values) for name, values in expected.items()})
    columns = tuple(
        Column(name, Kind.NUMERIC if name == "free" else Kind.CATEGORICAL) for name in expected
    )
    model = Model("m", columns, segments=("mood",))
    engine = postgres_loaded.engine
    # Most layouts are older than the table: `zzz` is no mood, and must not be an error.
    older = rows.set_column(0, "mood", pa.array(["ok", "zzz"]))
    compare(engine, engine.table("odd"), rows, fit_layout(model, older))


def test_a_profile_is_of_one_moment(postgres_loaded, server):
    """Rows that others write while a profile is taken are in all of its counts or in none."""
    psycopg = pytest.importorskip("psycopg")
    engine = postgres_loaded.engine
    table = postgres_loaded.load(pa.table({"x": [1.0, 2.0]}), "written")
    with engine.snapshot():
        before = engine.run(table.agg(n=table.count()))["n"][0].as_py()
        with psycopg.connect(server.url()) as other:
            other.execute("INSERT INTO written VALUES (3.0)")
        after = engine.run(table.agg(n=table.count()))["n"][0].as_py()
    assert before == after == 2
    assert engine.run(table.agg(n=table.count()))["n"][0].as_py() == 3
