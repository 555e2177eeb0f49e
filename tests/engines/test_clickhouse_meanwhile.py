"""ClickHouse has no snapshots: rows that are written while they are counted."""

from __future__ import annotations

import threading

import numpy as np
import pyarrow as pa
import pytest

from watchkeeper.core.errors import InputError
from watchkeeper.core.model import Column, Kind, Model, Rule
from watchkeeper.profiles.fit import fit_layout
from watchkeeper.profiles.kernel import profile_batch
from watchkeeper.profiles.query import profile_table
from watchkeeper.store.engines.clickhouse import ClickHouseEngine
from watchkeeper.testing.engines import as_batch, assert_same_profile

pytestmark = pytest.mark.xdist_group("clickhouse")

MODEL = Model(
    "m",
    (Column("x", Kind.NUMERIC), Column("c", Kind.CATEGORICAL), Column("s", Kind.NUMERIC)),
    rules=(Rule("even", "x < 100"),),
    segments=("c",),
)
FIRST = 50


def numbered(n: int) -> pa.Table:
    """The first rows of a table that grows."""
    x = np.arange(n)
    return pa.table({"x": x * 1.0, "c": pa.array(["a", "b", None]).take(x % 3), "s": x % 7 * 1.0})


class Busy:
    """A wire by which, while it is read, rows are written: before each of some statements."""

    def __init__(self, wire, write, times):
        self.wire, self.write, self.times, self.ran = wire, write, times, 0

    def __getattr__(self, name):
        """The wire's own."""
        return getattr(self.wire, name)

    def table(self, sql, name):
        """The result, after the next row is written."""
        self.ran += 1
        if self.ran in self.times:
            self.write()
        return self.wire.table(sql, name)


def growing(loaded):
    """A table of numbered rows, and what writes the next."""
    table = loaded.load(numbered(FIRST), "growing")
    held = [FIRST]

    def write():
        n = held[0]
        c = ("'a'", "'b'", "NULL")[n % 3]
        loaded.execute(f"INSERT INTO growing VALUES ({n}, {c}, {n % 7})")
        held[0] += 1

    return table, write


@pytest.mark.parametrize("at", [2, 3, 4])
def test_rows_written_meanwhile_are_counted_again(chdb_loaded, at):
    """Wherever a row comes in between, the profile is of all rows of one moment."""
    table, write = growing(chdb_loaded)
    wire = Busy(chdb_loaded.engine.wire, write, {at})
    layout = fit_layout(MODEL, numbered(FIRST))
    found = profile_table(table, layout, ClickHouseEngine(wire))
    assert wire.ran > 4, "counted once"
    assert_same_profile(found, profile_batch(as_batch(numbered(found.whole.rows)), layout))
    assert found.whole.rows == FIRST + 1
    assert found.whole.tallies["rule:even"].rows == FIRST + 1


def test_rows_that_never_rest_are_an_error(chdb_loaded):
    """Rather than a profile of several moments."""
    table, write = growing(chdb_loaded)
    engine = ClickHouseEngine(Busy(chdb_loaded.engine.wire, write, range(99)))
    with pytest.raises(InputError, match="rows were written while they were counted"):
        profile_table(table, fit_layout(MODEL, numbered(FIRST)), engine)


def test_another_thread_that_writes(clickhouse_loaded):
    """A profile is right of the rows that there were at one moment, or there is none."""
    table, write = growing(clickhouse_loaded)
    layout = fit_layout(MODEL, numbered(FIRST))
    stop = threading.Event()

    def work():
        while not stop.wait(0.03):
            write()

    # A client takes one statement at a time in its session, and this one has no session.
    writer = threading.Thread(target=work)
    writer.start()
    try:
        for _ in range(4):
            try:
                found = profile_table(table, layout, clickhouse_loaded.engine)
            except InputError as error:
                assert "rows were written" in str(error)  # noqa: PT017  # either is right
            else:
                expected = profile_batch(as_batch(numbered(found.whole.rows)), layout)
                assert_same_profile(found, expected)
    finally:
        stop.set()
        writer.join()
