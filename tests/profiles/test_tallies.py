"""Tallies: counts of rules, patterns and lengths, by group."""

from __future__ import annotations

import ibis
import pyarrow as pa
import pytest

from watchkeeper.core.errors import RuleError
from watchkeeper.core.model import Column, Constraint, Kind, Model, Role, Rule
from watchkeeper.profiles.patterns import NAMED, expand, matches_whole
from watchkeeper.profiles.profile import Tally
from watchkeeper.profiles.tallies import checks_of, read_tallies, tally_query

ROWS = pa.table(
    {
        "day": ["mon", "mon", "tue", "tue", "tue"],
        "low": [1, 5, None, 2, 9],
        "high": [2, 3, 4, None, 9],
        "mail": ["a@b.de", "nobody", None, "c@d.org", "é@x"],
    }
)
MODEL = Model(
    "m",
    (
        Column("low", Kind.NUMERIC),
        Column("high", Kind.NUMERIC),
        Column("mail", Kind.TEXT, constraint=Constraint(pattern="email", max_length=6)),
        Column("gone", Kind.TEXT, constraint=Constraint(pattern="[A-Z]")),
        Column("day", Kind.TEXT, Role.IGNORED, Constraint(min_length=99)),
    ),
    rules=(Rule("ordered", "low <= high"), Rule("low", "low < 5")),
)


def test_counts_by_group() -> None:
    """Each check counts its failed and unknown rows, in each group and overall."""
    checks = checks_of(MODEL, ROWS.column_names)
    table = ibis.memtable(ROWS)
    engine = ibis.duckdb.connect()
    whole = read_tallies(engine.to_pyarrow(tally_query(table, checks)), checks)
    assert whole == {
        (): {
            "rule:ordered": Tally(5, 1, 2),
            "rule:low": Tally(5, 2, 1),
            "rules": Tally(5, 2, 2),
            "pattern:mail": Tally(5, 2, 1),
            "length:mail": Tally(5, 1, 1),
            "form:mail": Tally(5, 3, 1),
        }
    }
    query = tally_query(table, checks, by=["day"])
    parts = read_tallies(engine.to_pyarrow(query), checks, by=["day"])
    assert parts.keys() == {("mon",), ("tue",)}
    for name in checks:
        assert parts["mon",][name] | parts["tue",][name] == whole[()][name]


@pytest.mark.parametrize(
    ("rule", "failed", "unknown"),
    [
        ("mail != null", 1, 0), ("mail == null", 4, 0), ("!(mail == null)", 1, 0),
        ("!(low < 5)", 2, 1), ("!(low < 5 || mail != null)", 4, 1), ("!(!(low < 5))", 2, 1),
        ("!(low <= high) || mail == null", 2, 1),
    ],
)  # fmt: skip
def test_negations_are_known_where_what_they_negate_is(
    rule: str, failed: int, unknown: int
) -> None:
    """SQL reads `NOT x IS NULL` in another way than it looks."""
    checks = checks_of(Model("m", (), rules=(Rule("r", rule),)), ROWS.column_names)
    result = ibis.duckdb.connect().to_pyarrow(tally_query(ibis.memtable(ROWS), checks))
    assert read_tallies(result, checks) == {(): {"rule:r": Tally(5, failed, unknown)}}


@pytest.mark.parametrize(("rule", "failed"), [("1 < 2", 0), ("1 > 2", 5)])
def test_a_rule_that_names_no_column(rule: str, failed: int) -> None:
    """It says the same of each row, in groups too."""
    checks = checks_of(Model("m", (), rules=(Rule("r", rule),)), ROWS.column_names)
    engine = ibis.duckdb.connect()
    result = engine.to_pyarrow(tally_query(ibis.memtable(ROWS), checks))
    assert read_tallies(result, checks) == {(): {"rule:r": Tally(5, failed, 0)}}
    parts = engine.to_pyarrow(tally_query(ibis.memtable(ROWS), checks, by=["day"]))
    assert read_tallies(parts, checks, by=["day"])["mon",]["rule:r"].failed == min(failed, 2)


def test_no_rows() -> None:
    """A table without rows gives tallies of zero."""
    checks = checks_of(MODEL, ROWS.column_names)
    query = tally_query(ibis.memtable(ROWS.slice(0, 0)), checks)
    found = read_tallies(ibis.duckdb.connect().to_pyarrow(query), checks)
    assert set(found[()].values()) == {Tally(0, 0, 0)}


def test_an_error_names_its_rule() -> None:
    """A rule that does not fit the data is named in the error."""
    model = Model("m", (), rules=(Rule("ordered", "low <= hihg"),))
    with pytest.raises(RuleError, match=r"rule 'ordered': .* did you mean 'high'"):
        tally_query(ibis.memtable(ROWS), checks_of(model, ROWS.column_names))


GOOD = {
    "email": ["a@b.de", "first.last+tag@sub.example.co.uk"],
    "phone": ["+49 30 901820", "(030) 901820"[1:].replace(")", ""), "555-0100-22"],
    "url": ["https://example.org/a?b=1#c", "s3://bucket/key"],
    "uuid": ["123e4567-e89b-12d3-a456-426614174000"],
    "date": ["2024-02-29"],
}
BAD = {
    "email": ["a@b", "@b.de", "a b@c.de", "a@b.de\n"],
    "phone": ["12345", "call me", "+"],
    "url": ["example.org", "http:/x", "http://", "http://a b"],
    "uuid": ["123e4567e89b12d3a456426614174000"],
    "date": ["2024-13-01", "2024-1-1", "2024-01-01T00:00"],
}


@pytest.mark.parametrize("name", NAMED)
def test_named_patterns(name: str) -> None:
    """Python and the engine find the same texts to match a named pattern."""
    texts = GOOD[name] + BAD[name]
    want = [True] * len(GOOD[name]) + [False] * len(BAD[name])
    assert [matches_whole(name, text) for text in texts] == want
    column = Column("c", Kind.TEXT, constraint=Constraint(pattern=name))
    check = checks_of(Model("m", (column,)), ["c"])["pattern:c"]
    table = ibis.memtable(pa.table({"c": texts}))
    found = ibis.duckdb.connect().to_pyarrow(table.select(x=check(table)))["x"].to_pylist()
    assert found == want


@pytest.mark.parametrize(
    "pattern", ["(", r"a\b", r"(?i)a", r"(a)\1", r"\p{L}", "(?P<x>a)", "[[:alpha:]]"]
)
def test_patterns_that_engines_read_differently(pattern: str) -> None:
    """A pattern outside the common subset is refused."""
    with pytest.raises(RuleError, match="pattern"):
        expand(pattern)


def test_a_column_of_the_model_that_the_data_lack_is_missing_in_each_row() -> None:
    """A feature that nobody sends leaves its rules open; one that no model has is an error."""
    rules = (
        Rule("shorter", "low <= size"), Rule("there", "name != null"), Rule("after", "low > at"),
        Rule("listed", "name in ['a', 'b']"), Rule("low", "low < 5"),
    )  # fmt: skip
    columns = (
        Column("low", Kind.NUMERIC), Column("size", Kind.NUMERIC), Column("at", Kind.NUMERIC),
        Column("name", Kind.CATEGORICAL),
    )  # fmt: skip
    checks = checks_of(Model("m", columns, rules=rules), ROWS.column_names)
    result = ibis.duckdb.connect().to_pyarrow(tally_query(ibis.memtable(ROWS), checks))
    (found,) = read_tallies(result, checks).values()
    assert found["rule:shorter"] == found["rule:after"] == Tally(5, 0, 5)
    assert found["rule:there"] == Tally(5, 5, 0)
    assert found["rule:listed"].unknown == 5
    assert found["rule:low"] == Tally(5, 2, 1)
    unknown = Model("m", columns[:1], rules=(Rule("shorter", "low <= size"),))
    with pytest.raises(RuleError, match="names the column 'size'"):
        tally_query(ibis.memtable(ROWS), checks_of(unknown, ROWS.column_names))
