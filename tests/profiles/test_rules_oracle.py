"""Rules on DuckDB against cel-python, row by row, on expressions and rows drawn at random."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import celpy
import ibis
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from watchkeeper.profiles.rules import translate


def at(micros: int) -> dt.datetime:
    """A time without a zone, so many microseconds after 1970."""
    return (dt.datetime.fromtimestamp(0, dt.UTC) + dt.timedelta(microseconds=micros)).replace(
        tzinfo=None
    )


COLUMNS: dict[str, tuple[str, pa.DataType]] = {
    "a": ("whole", pa.int64()),
    "b": ("whole", pa.int64()),
    "small": ("whole", pa.int8()),
    "f": ("number", pa.float64()),
    "g": ("number", pa.float64()),
    "s": ("text", pa.string()),
    "odd name": ("text", pa.string()),
    "p": ("truth", pa.bool_()),
    "q": ("truth", pa.bool_()),
    "t": ("time", pa.timestamp("us")),
    "u": ("time", pa.timestamp("us")),
}
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "a": st.one_of(st.integers(-4, 4), st.integers(-(2**63) + 1, 2**63 - 1)),
    "b": st.integers(-4, 4),
    "small": st.integers(-128, 127),
    "f": st.integers(-8, 8).map(lambda n: n / 2),
    "g": st.floats(-1e6, 1e6, width=32),
    "s": st.text("abAé€😀.", max_size=3),
    "odd name": st.sampled_from(["", "a", "ab", "é"]),
    "p": st.booleans(),
    "q": st.booleans(),
    "t": st.integers(-315_619_200_000_000, 1_893_456_000_000_000).map(at),
    "u": st.sampled_from([1_709_251_199_999_999, -86_400_000_000]).map(at),
}


PARTS = (
    "FullYear", "Month", "Date", "DayOfMonth", "DayOfWeek", "Hours", "Minutes", "Seconds",
)  # fmt: skip


@dataclass(frozen=True)
class Text:
    """One expression as a rule, and as CEL with missing values as absent fields."""

    rule: str
    oracle: str


def join(template: str, *parts: Text) -> Text:
    """The template with the parts put in, on both sides."""
    return Text(
        template.format(*(p.rule for p in parts)), template.format(*(p.oracle for p in parts))
    )


def name(column: str) -> Text:
    """A column as both sides write it."""
    plain = column.isidentifier()
    return Text(column, column) if plain else Text(f'row["{column}"]', f'row["{column}"]')


def of_kind(kind: str) -> st.SearchStrategy[Text]:
    """Any column of a kind."""
    return st.sampled_from([name(c) for c, (k, _) in COLUMNS.items() if k == kind])


def same(text: str) -> Text:
    """What both sides write alike."""
    return Text(text, text)


def applied(template: str, *parts: st.SearchStrategy[Text]) -> st.SearchStrategy[Text]:
    """The template filled with drawn parts."""
    return st.builds(lambda *drawn: join(template, *drawn), *parts)


def build(depth: int) -> dict[str, st.SearchStrategy[Text]]:
    """Expressions of each kind, at most so deep."""
    leaves: dict[str, st.SearchStrategy[Text]] = {
        "whole": of_kind("whole") | st.integers(-5, 5).map(lambda n: same(f"({n})")),
        "number": of_kind("number")
        | st.sampled_from([0.5, -2.0, 3.25]).map(lambda x: same(f"({x})")),
        "text": of_kind("text") | st.sampled_from(["'a'", "'é'", '""', "'b😀'"]).map(same),
        "truth": of_kind("truth") | st.sampled_from(["true", "false"]).map(same),
        "time": of_kind("time") | st.just(same('timestamp("2024-02-29T12:00:00Z")')),
        "span": st.sampled_from(["1h30m", "1.5s", "-24h", "250us"]).map(
            lambda d: same(f'duration("{d}")')
        ),
    }
    if depth == 0:
        return leaves
    below = build(depth - 1)
    whole, number, text, truth = (below[k] for k in ("whole", "number", "text", "truth"))
    time, span = below["time"], below["span"]
    choice = {k: applied("({} ? {} : {})", truth, below[k], below[k]) for k in below}
    anything = st.sampled_from(list(COLUMNS))
    present = anything.map(
        lambda c: Text(f"has({name(c).rule})", f"('{c}' in row)")
    ) | anything.map(lambda c: Text(f"({name(c).rule} == null)", f"(!('{c}' in row))"))
    comparisons = [
        applied("({} " + op + " {})", side, side)
        for side in (whole, number, text, time, span)
        for op in ("<", "<=", ">", ">=", "==", "!=")
    ]
    return {
        "whole": leaves["whole"] | choice["whole"]
        | st.one_of(*(applied("({} " + op + " {})", whole, whole) for op in "+-*/%"))
        | applied("size({})", text) | applied("{}.size()", of_kind("text"))
        | applied("int({})", number) | applied("(-({}))", whole)
        | st.one_of(*(applied("{}.get" + part + "()", leaves["time"]) for part in PARTS)),
        "number": leaves["number"] | choice["number"]
        | st.one_of(*(applied("({} " + op + " {})", number, number) for op in "+-*"))
        | applied("({} / 4.0)", number) | applied("double({})", of_kind("whole")),
        "text": leaves["text"] | choice["text"] | applied("({} + {})", text, text),
        "truth": leaves["truth"] | choice["truth"] | present
        | applied("({} && {})", truth, truth) | applied("({} || {})", truth, truth)
        | applied("(!{})", truth) | st.one_of(*comparisons)
        | applied("({} == {})", truth, truth) | applied("({} != {})", truth, truth)
        | applied("({} in [1, -2, 3])", whole) | applied("({} in ['a', 'ab', 'é'])", text)
        | st.one_of(*(applied("{}." + f + "({})", of_kind("text"), text)
                      for f in ("startsWith", "endsWith", "contains")))
        | st.sampled_from(["^a", "a+b?$", "[^a]", "^(a|é)*$", "b|😀"]).flatmap(
            lambda p: applied("{}.matches('" + p + "')", of_kind("text"))),
        "time": leaves["time"] | applied("({} + {})", time, span)
        | applied("({} - {})", time, span),
        "span": leaves["span"] | applied("({} - {})", of_kind("time"), of_kind("time")),
    }  # fmt: skip


TRUTH = build(3)["truth"]
ROWS = st.lists(
    st.fixed_dictionaries({c: st.none() | v for c, v in VALUES.items()}), min_size=1, max_size=12
)
ENVIRONMENT = celpy.Environment()


def to_cel(value: Any) -> Any:
    """A value of a row as CEL has it; times are UTC."""
    if isinstance(value, dt.datetime):
        return celpy.celtypes.TimestampType(value.replace(tzinfo=dt.UTC))
    return celpy.json_to_cel(value)


def expected(program: celpy.Runner, row: dict[str, Any]) -> bool | None:
    """What CEL says of one row, an error as None."""
    held = {column: to_cel(value) for column, value in row.items() if value is not None}
    whole = celpy.celtypes.MapType({celpy.celtypes.StringType(k): v for k, v in held.items()})
    names = {column: value for column, value in held.items() if column.isidentifier()}
    try:
        result = program.evaluate({**names, "row": whole})
    except celpy.CELEvalError:
        return None
    return bool(result)


@pytest.fixture(scope="module")
def duckdb() -> Any:
    """One engine for all examples."""
    return ibis.duckdb.connect()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(rules=st.lists(TRUTH, min_size=4, max_size=12), rows=ROWS)
def test_rules_mean_what_cel_says(
    duckdb: Any, rules: list[Text], rows: list[dict[str, Any]]
) -> None:
    """On every row the engine says what CEL says; where CEL has an error the row is unknown."""
    schema = pa.schema([(column, type_) for column, (_, type_) in COLUMNS.items()])
    table = ibis.memtable(pa.Table.from_pylist(rows, schema=schema))
    query = table.select(**{f"r{i}": translate(rule.rule, table) for i, rule in enumerate(rules)})
    found = duckdb.to_pyarrow(query)
    for i, rule in enumerate(rules):
        program = ENVIRONMENT.program(ENVIRONMENT.compile(rule.oracle))
        want = [expected(program, row) for row in rows]
        assert found[f"r{i}"].to_pylist() == want, rule.rule
