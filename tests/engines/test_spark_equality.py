"""On a real Spark cluster every profile is the kernel's: counts exactly, sums reordered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import watchkeeper as wk
from tests.engines.spark_cluster import to_spark
from tests.profiles.test_rules import CASES, REFERENCE
from tests.profiles.test_rules import ROWS as ROWS_OF_RULES
from watchkeeper.core.model import Column, Constraint, Kind, Model, Role, Rule, Task
from watchkeeper.profiles.codec import decode_counts, encode_counts
from watchkeeper.profiles.fit import fit_layout
from watchkeeper.profiles.kernel import profile_batch, profile_groups
from watchkeeper.profiles.profile import Tally
from watchkeeper.profiles.windows import window_groups
from watchkeeper.store.engines.spark import SparkRows
from watchkeeper.testing import NASTY, Example, assert_same_profile, check_rows
from watchkeeper.testing.engines import as_batch
from watchkeeper.testing.statistics import difference

pytestmark = [
    pytest.mark.xdist_group("spark"),
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
]


@pytest.fixture
def session(spark_session: Any) -> Any:
    """A session with two executors."""
    return spark_session


def parts_of(session: Any, rows: pa.Table, parts: int = 3) -> SparkRows:
    """The rows on the cluster, in more partitions than one."""
    return SparkRows(to_spark(session, rows).repartition(parts), "rows")


@pytest.mark.parametrize("name", NASTY)
def test_nasty_table(session: Any, name: str) -> None:
    """The profile of a nasty table is the kernel's."""
    check_rows(lambda rows, _: parts_of(session, rows, 2), {name: NASTY[name]})


FLOATS = st.one_of(
    st.none(), st.floats(width=64), st.sampled_from([0.0, -0.0, 5e-324, 1.7e308, 1e-160])
)
INTEGERS = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1), st.integers(2**53 - 2, 2**53 + 2))
TEXTS = st.one_of(
    st.none(),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    st.sampled_from(["", "a", "A", "a ", "1", "NaN", "\0", "\\", "é", "e\u0301"]),
)
# The days before the Gregorian calendar too, which some engines shift.
STAMPS = st.one_of(
    st.none(),
    st.integers(-(2**55), 2**53).map(
        lambda us: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)
    ),
)
DECIMALS = st.one_of(st.none(), st.decimals(Decimal(-99999), Decimal(99999), places=3))
ROWS = st.lists(st.tuples(FLOATS, INTEGERS, TEXTS, STAMPS, DECIMALS), min_size=1, max_size=30)


@settings(max_examples=12)
@given(rows=ROWS, split=st.integers(1, 30))
def test_any_rows(spark_session: Any, rows: list[tuple[Any, ...]], split: int) -> None:
    """Rows of every type drawn at random, as numbers, categories and segments."""
    floats, integers, texts, stamps, decimals = map(list, zip(*rows, strict=True))
    plain = [None if stamp is None else stamp.replace(tzinfo=None) for stamp in stamps]
    days = [None if stamp is None else stamp.date() for stamp in stamps]
    columns = {
        "float": (Kind.NUMERIC, pa.array(floats, pa.float64())),
        "integer": (Kind.NUMERIC, pa.array(integers, pa.int64())),
        "class": (Kind.CATEGORICAL, pa.array(integers, pa.int64())),
        "text": (Kind.CATEGORICAL, pa.array(texts, pa.string())),
        "length": (Kind.TEXT, pa.array(texts, pa.string())),
        "spelt": (Kind.NUMERIC, pa.array(texts, pa.string())),
        "stamp": (Kind.DATETIME, pa.array(plain, pa.timestamp("us"))),
        "zoned": (Kind.DATETIME, pa.array(stamps, pa.timestamp("us", "UTC"))),
        "zoned class": (Kind.CATEGORICAL, pa.array(stamps, pa.timestamp("us", "UTC"))),
        "day": (Kind.CATEGORICAL, pa.array(days, pa.date32())),
        "decimal": (Kind.NUMERIC, pa.array(decimals, pa.decimal128(8, 3))),
        "decimal class": (Kind.CATEGORICAL, pa.array(decimals, pa.decimal128(8, 3))),
    }
    table = pa.table({name: array for name, (_, array) in columns.items()})
    model = Model(
        "generated",
        tuple(Column(name, kind) for name, (kind, _) in columns.items()),
        segments=("text", "day"),
        segment_limit=3,
    )
    check_rows(
        lambda rows, _: parts_of(spark_session, rows), {"any": Example(model, table[:split], table)}
    )


def of_tasks() -> pa.Table:
    """Labels and predictions for every task, whose lists lie scattered over the rows."""
    n = 2000
    steps = np.arange(n)
    return pa.table(
        {
            "y": pa.array(np.sin(steps), mask=steps % 7 == 0),
            "p": pa.array(np.sin(steps + 0.2), mask=steps % 11 == 0),
            "c": pa.array(["a", "b", "c", None]).take(steps * 7 % 4),
            "d": pa.array(["a", "b", "c", None]).take(steps * 5 % 4),
            "rank": pa.array(steps * 31 % 3),
            "list": pa.array(steps * 7919 % 222, mask=steps % 97 == 0),
            "part": pa.array(["s", "t"]).take(steps % 2),
        }
    )


@pytest.mark.parametrize(
    "model",
    [
        Model("m", (), Task.REGRESSION, label="y", prediction="p"),
        Model("m", (), Task.MULTICLASS, label="c", prediction="d"),
        Model("m", (), Task.RANKING, label="rank", score="p", group="list"),
    ],
    ids=lambda model: str(model.task),
)
def test_labels_against_predictions(session: Any, model: Model) -> None:
    """What a task counts is the kernel's, a ranking's lists whole, in each segment too."""
    table = of_tasks()
    kinds = dict.fromkeys(("y", "p", "rank"), Kind.NUMERIC)
    columns = tuple(
        Column(
            name,
            kinds.get(name, Kind.CATEGORICAL),
            Role.GROUP if name == model.group else Role.FEATURE,
        )
        for name in table.column_names
    )
    whole = Model(
        "m", columns, model.task, model.label, model.prediction, model.score, group=model.group,
        segments=("part",),
    )  # fmt: skip
    check_rows(
        lambda rows, _: parts_of(session, rows, 5), {str(model.task): Example(whole, table, table)}
    )


MODEL = Model(
    "m",
    (
        Column("t", Kind.DATETIME, Role.TIMESTAMP),
        Column("x", Kind.NUMERIC),
        Column("city", Kind.CATEGORICAL),
        Column("mail", Kind.TEXT, constraint=Constraint(pattern="email", min_length=6)),
    ),
    rules=(Rule("positive", "x >= 0"), Rule("there", "city != null")),
)
EDGES = [1_700_000_000.0 + hour * 3600 for hour in range(0, 20, 4)]


def timed(type_: pa.DataType) -> pa.Table:
    """A day of rows in no order, some without a time."""
    steps = np.arange(3000)
    seconds = 1_700_000_000 + steps * 7919 % 86_400
    return pa.table(
        {
            "t": pa.array(seconds, mask=steps % 101 == 0).cast(pa.timestamp("s")).cast(type_),
            "x": pa.array(np.sin(steps), mask=steps % 13 == 0),
            "city": pa.array(["a", "b", None]).take(steps % 3),
            "mail": pa.array(["ann@example.org", "nobody", None, "b@c.d"]).take(steps % 4),
            "unused": pa.array(steps),
        }
    )


def tallies_of(rows: list[dict[str, Any]]) -> dict[str, Tally]:
    """The tallies of `MODEL` as plain Python counts them."""

    def both(a: bool | None, b: bool | None) -> bool | None:
        return False if False in (a, b) else None if None in (a, b) else True

    positive = [None if row["x"] is None else row["x"] >= 0 for row in rows]
    there = [row["city"] is not None for row in rows]
    pattern = [None if row["mail"] is None else row["mail"][0] == "a" for row in rows]
    length = [None if row["mail"] is None else len(row["mail"]) > 5 for row in rows]
    said = {
        "rule:positive": positive,
        "rule:there": there,
        "rules": list(map(both, positive, there)),
        "pattern:mail": pattern,
        "length:mail": length,
        "form:mail": list(map(both, pattern, length)),
    }
    return {
        name: Tally(len(held), held.count(False), held.count(None)) for name, held in said.items()
    }


@pytest.mark.parametrize(
    "type_", [pa.timestamp("us"), pa.timestamp("us", "UTC"), pa.date32()], ids=str
)
def test_windows(session: Any, type_: pa.DataType) -> None:
    """One scan gives each window the profile, and the tallies, of the rows within it."""
    table = timed(type_)
    layout = fit_layout(MODEL, table)
    rows = parts_of(session, table, 4)
    groups = window_groups("t", EDGES)
    kernel = profile_groups([as_batch(table)], layout, groups)
    found = rows.profile_windows(layout, "t", EDGES)
    assert found.keys() == kernel.keys()
    windows = groups(as_batch(table))
    for window, profile in found.items():
        assert_same_profile(profile, kernel[window])
        mine = table.filter(pa.array(windows == window)).to_pylist()
        assert profile.whole.tallies == tallies_of(mine)
    assert_same_profile(
        rows.between("t", EDGES[1], EDGES[2]).profile(layout),
        kernel.get(1) or profile_batch(as_batch(table.slice(0, 0)), layout),
    )


def test_the_first_and_last_time(session: Any) -> None:
    """What a column spans is told in seconds, and of no times nothing."""
    table = timed(pa.timestamp("us", "UTC"))
    seconds = [at.timestamp() for at in table["t"].to_pylist() if at is not None]
    rows = parts_of(session, table)
    assert rows.span("t") == (min(seconds), max(seconds))
    empty = rows.between("t", 0.0, 1.0)
    assert empty.span("t") is None
    profile = empty.profile(fit_layout(MODEL, table))
    assert profile.whole.tallies == tallies_of([])
    assert profile.observed["unused"] == "int64"


def test_row_rules(session: Any) -> None:
    """Each rule of the list says of each row what its documentation says."""
    table = ROWS_OF_RULES.set_column(
        ROWS_OF_RULES.column_names.index("country"),
        "country",
        ROWS_OF_RULES["country"].cast(pa.string()),
    )
    columns = tuple(
        Column(name, Kind.CATEGORICAL) for name in table.column_names if name in REFERENCE
    )
    model = Model(
        "m", columns, rules=tuple(Rule(f"r{i}", rule) for i, (rule, _) in enumerate(CASES))
    )
    layout = fit_layout(
        model, pa.table({n: pa.array(v + (None,) * (3 - len(v))) for n, v in REFERENCE.items()})
    )
    found = parts_of(session, table, 2).profile(layout).whole.tallies
    for i, (rule, said) in enumerate(CASES):
        assert found[f"rule:r{i}"] == Tally(3, said.count(False), said.count(None)), rule


def test_the_same_profile_again(session: Any) -> None:
    """Two scans give the same bytes, and all rows their sketch."""
    table = timed(pa.timestamp("us"))
    layout = fit_layout(MODEL, table)
    rows = parts_of(session, table, 7)
    first, second = rows.profile(layout), rows.profile(layout)
    assert encode_counts(first) == encode_counts(second)
    kernel = profile_batch(as_batch(table), layout)
    assert difference(first.whole.sketch, kernel.whole.sketch, 0.0) is None
    assert_same_profile(decode_counts(encode_counts(first), layout), kernel)


def test_the_columns_observed_are_those_of_the_table(session: Any) -> None:
    """A profile says which columns the table had and of which type, further ones included."""
    frame = session.sql(
        "SELECT 1L AS n, 'a' AS `a.b`, array(1) AS list, INTERVAL '2' YEAR AS years,"
        " TIMESTAMP '2024-01-01 00:00:00' AS at, X'00' AS bytes, named_struct('f', 1) AS struct"
    )
    model = Model("m", (Column("a.b", Kind.CATEGORICAL), Column("years", Kind.CATEGORICAL)))
    layout = fit_layout(model, pa.table({"a.b": ["a"], "years": ["x"]}))
    profile = SparkRows(frame, "rows").profile(layout)
    assert profile.whole.columns["a.b"].counts.tolist() == [1]
    assert profile.whole.columns["years"].other_rows == 1
    assert profile.observed["at"] == "timestamp[us, tz=UTC]"
    assert profile.observed["years"] == "string"
    assert profile.observed["n"] == "int64"
    assert list(profile.observed) == frame.columns


def test_the_same_report(spark_session: Any) -> None:
    """A comparison of two DataFrames says what that of the same rows in memory says."""
    reference, current = timed(pa.timestamp("us", "UTC")), timed(pa.timestamp("us", "UTC"))
    current = current.set_column(1, "x", pa.array(np.cos(np.arange(3000)) + 0.4))
    roles = {"timestamp": "t", "segments": ["city"]}
    frames = [to_spark(spark_session, rows) for rows in (reference, current)]
    there = wk.compare(*frames, **roles).to_dict()
    here = wk.compare(reference, current, **roles).to_dict()
    for document in (there, here):
        document["reference"].pop("name", None)
        document["current"].pop("name", None)
    assert difference(there["drift"], here["drift"], 1e-9) is None
    assert difference(there["checks"], here["checks"], 1e-9) is None
    weeks = [wk.track(data, every="6h", **roles).to_dict() for data in (frames[0], reference)]
    assert difference(*(found["windows"] for found in weeks), 1e-9) is None
