"""Rules: what they mean on hand-made rows, and what each mistake is told."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import ibis
import pyarrow as pa
import pytest

from watchkeeper.core.errors import RuleError
from watchkeeper.profiles import cel
from watchkeeper.profiles.rules import translate

UTC_NOON = dt.datetime(2024, 1, 1, 12, tzinfo=dt.UTC)
ROWS = pa.table(
    {
        "n": [3, 0, None],
        "big": [2**62, -(2**63) + 1, None],
        "x": [1.5, float("nan"), float("inf")],
        "price": pa.array([Decimal("1.10"), Decimal("-2.00"), None], pa.decimal128(10, 2)),
        "country": pa.array(["DE", "FR", None]).dictionary_encode(),
        "name": ["Ada\n", "", None],
        "ok": [True, False, None],
        "day": [dt.date(2024, 1, 1), dt.date(2024, 1, 2), None],
        "at": pa.array(["2024-01-01T12:00", "2024-01-01T00:00", None]).cast(pa.timestamp("us")),
        "zoned": pa.array([UTC_NOON, UTC_NOON, None], pa.timestamp("us", "UTC")),
        "count u64": pa.array([2**64 - 1, 1, None], pa.uint64()),
        "list": [[1], [2], None],
    }
)
REFERENCE = {"country": ("DE", "AT"), "n": ("3", "4"), "ok": ("true",)}


@pytest.fixture(scope="module")
def duckdb() -> Any:
    """One engine for all tests, in universal time."""
    engine = ibis.duckdb.connect()
    engine.raw_sql("SET TimeZone = 'UTC'")
    return engine


CASES: list[tuple[str, list[bool | None]]] = [
    ("n > 1", [True, False, None]),
    ("n == null", [False, False, True]),
    ("null != n", [True, True, False]),
    ("has(x)", [True, False, True]),
    ("x > 1.0", [True, None, True]),
    ("x - x == 0.0", [True, None, None]),
    ("n / 0 == 1", [None, None, None]),
    ("1.0 / n > 0.3", [True, None, None]),
    ("7 % n == 1", [True, None, None]),
    ("-7 / 2 == -3 && -7 % 2 == -1", [True, True, True]),
    ("n < 2.5", [False, True, None]),
    ("n + 0.5 == 3.5", [True, False, None]),
    ("n in [3, 4.0]", [True, False, None]),
    ("big * 4 > 0", [None, None, None]),
    ("big - 1 < big", [True, None, None]),
    ("big / 3 * 3 + big % 3 == big", [True, None, None]),
    ("price > 0", [True, False, None]),
    ("price == 1.1", [True, False, None]),
    ('country in ["DE", "AT"]', [True, False, None]),
    ('country in reference("country")', [True, False, None]),
    ('n in reference("n")', [True, False, None]),
    ('ok in reference("ok")', [True, False, None]),
    ("country.startsWith('D')", [True, False, None]),
    ("country + '!' == 'DE!'", [True, False, None]),
    (r"name.matches('^A')", [True, False, None]),
    ("size(name) == 4", [True, False, None]),
    ("ok", [True, False, None]),
    ("ok ? n > 1 : n < 0", [True, False, None]),
    ("ok || true", [True, True, True]),
    ("ok && false", [False, False, False]),
    ('day < timestamp("2024-01-02T00:00:00Z")', [True, False, None]),
    ("at >= day", [True, False, None]),
    ("at == zoned", [True, False, None]),
    ('zoned <= timestamp("2024-01-01T13:00:00+01:00")', [True, True, None]),
    ('zoned - at < duration("1h")', [True, False, None]),
    ('at + duration("12h") > timestamp("2024-01-01T12:00:00Z")', [True, False, None]),
    ("zoned.getHours() == 12", [True, True, None]),
    ("int(at) == 1704110400", [True, False, None]),
    ('row["count u64"] > 1', [True, False, None]),
    ("row.n == 3", [True, False, None]),
    ("int(x) == 1", [True, None, None]),
    ("int(country) == 1", [None, None, None]),
    ("int('12') == 12 && double('-1.5e2') == -150.0", [True, True, True]),
    ("string(n) == '3' || string(ok) == 'false'", [True, True, None]),
    ("'\\u0041' == \"A\" && r'\\d' != 'd' && 0x10 == 16", [True, True, True]),
]
"""Rules, and what they say of each row; the engines are held to the same list."""


@pytest.mark.parametrize(("rule", "want"), CASES)
def test_meaning(duckdb: Any, rule: str, want: list[bool | None]) -> None:
    """A rule holds, fails or is unknown exactly as its documentation says."""
    table = ibis.memtable(ROWS)
    query = table.select(holds=translate(rule, table, reference=REFERENCE))
    assert duckdb.to_pyarrow(query)["holds"].to_pylist() == want


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("", "the rule is empty"),
        ("n = 3", "line 1, column 3, near '= 3'; write == for ="),
        ("n > 1 and n < 3", "column 7, near 'and n < 3'; write && for and"),
        ("n >", "cannot be read"),
        ("not ok", "write ! for not"),
        ("prize > 0", "names the column 'prize' at line 1, column 1, which is not in the data"),
        ("prize > 0", "did you mean 'price'?"),
        ("zzz > 0", "columns are n, big, x, price, country, name, ok, day, at, zoned and 2 more"),
        ("n > 'a'", "do not fit together: a whole number and a text"),
        ("0 < n < 3", "join comparisons with &&"),
        ("n", "gives a whole number; a rule is a condition"),
        ("n && ok", "needs truth values, at line 1, column 1 stands a whole number"),
        ("n > null", "null at line 1, column 1 may only be compared with a column"),
        ("n in [1, null]", "only constants without null"),
        ("n in []", "is empty"),
        ("n in country", 'stands a list of constants or reference("column")'),
        ('n in reference("x")', "holds no complete list"),
        ('country in reference("contry")', "did you mean 'country'?"),
        ("country.matches(name)", "must be a constant text"),
        ("country.matches('(?=a)')", "engines read differently"),
        ("country.matches('(')", "is no regular expression"),
        ("country.lower() == 'a'", "the function lower() at line 1, column 1 is not supported"),
        ("country.startswith('a')", "did you mean 'startsWith'"),
        ("[1, 2].exists(x, x > n)", "exists() at line 1, column 1 is not supported"),
        ("list == null", "of type array<int64>, which rules cannot use"),
        ("n.field > 1", 'written row["a.b"]'),
        ("n[0] > 1", 'row["the name"]'),
        ("row == 1", "row at line 1, column 1 is the whole row"),
        ("{'a': 1} == n", "not supported in rules"),
        ("b'x' == name", "bytes"),
        ("x % 2.0 == 0.0", "needs whole numbers"),
        ("ok + 1 > 0", "needs numbers, there are a truth value and a whole number"),
        ("at + at > day", "a duration can be added"),
        ('timestamp("yesterday") < at', "is no time"),
        ('at - day < duration("1 day")', "is no duration"),
        ("99999999999999999999 > n", "does not fit into 64 bits"),
        ("n ? ok : ok", "before ?"),
        ("size(n) > 1", "takes a text, there is a whole number"),
        ("(" * 200 + "ok" + ")" * 200, "nested too deeply"),
        ("n" * 20_000, "20000 characters"),
    ],
)  # fmt: skip
def test_mistakes(rule: str, message: str) -> None:
    """Each mistake is told where it is and what is allowed."""
    with pytest.raises(RuleError) as error:
        translate(rule, ibis.memtable(ROWS), reference=REFERENCE)
    assert message in str(error.value)


def test_long_chains(duckdb: Any) -> None:
    """A chain of a hundred conditions, or of fifty sums that could overflow, is evaluated."""
    table = ibis.memtable(ROWS)
    for rule in (" && ".join(["n >= 0"] * 100), " + ".join(["big"] * 2 + ["n"] * 40) + " != 0"):
        query = table.select(holds=translate(rule, table))
        assert duckdb.to_pyarrow(query).num_rows == 3


def test_columns_of() -> None:
    """The columns that a rule reads are found wherever they stand, each once."""
    text = 'a in [1] && (b ? has(c) : row["d d"] == null) || size(e) > 1 && a < 2'
    assert cel.columns_of(text) == ("a", "b", "c", "d d", "e")
