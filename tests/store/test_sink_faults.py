"""Whatever dies, and whenever: each row is in ClickHouse once."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engines.clickhouse_server import ClickHouse, running_clickhouse
from tests.store import sinks
from tests.store.batches import MODEL, START
from tests.store.sinks import Followed, new_database
from watchkeeper.core.errors import UnavailableError
from watchkeeper.store.sinks.clickhouse import ClickHouseSink
from watchkeeper.store.sinks.clickhouse_database import AwayError, Database
from watchkeeper.store.sinks.clickhouse_url import address_of
from watchkeeper.store.upkeep import Upkeep

pytestmark = pytest.mark.xdist_group("clickhouse-sink-faults")

_NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def server() -> Iterator[ClickHouse]:
    """A ClickHouse that some of these tests kill, and start again."""
    with running_clickhouse() as held:
        yield held


@pytest.fixture
def held(server: ClickHouse, tmp_path: Path) -> Followed:
    """Tables, and an empty database."""
    return Followed(tmp_path, new_database(server, f"faults_{next(_NUMBERS)}"))


def test_a_token_counts_once(held: Followed) -> None:
    """What all else stands on: ClickHouse takes rows once for a token, and other rows for others.

    The table holds the same rows of the same token twice only where the token differs.
    """
    held.add("a", "b")
    held.sink().step()
    rows = pa.Table.from_batches(list(held.tables.batches(MODEL, "predictions")))
    for token in ("x", "x", "y", "x"):
        held.database.insert("churn_predictions", rows, token)
    assert held.database.counts("churn_predictions") == {START.date(): 2 + 2 + 2}


@pytest.mark.parametrize("where", ["noted", "between", "inserted"])
def test_killed_on_the_way(held: Followed, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    """`kill -9` before the insert, between two inserts of a span, and before it is noted.

    Tokens alone make it good: no day is made again.
    """
    for number in range(3):
        held.add(*(f"{number}-{n}" for n in range(4)))
        held.add(f"late-{number}", time=START - timedelta(days=200 + number))
    dying = sinks.start(sinks.follow_and_die, held.folder, held.url, where)
    dying.join()
    assert dying.exitcode == -9
    arrived = sum(held.database.counts("churn_predictions").values())
    assert arrived == (0 if where == "noted" else 15)
    held.add("after")  # The span that was on its way must stay the same.
    monkeypatch.setattr(ClickHouseSink, "_make_again", _never)
    sink = held.sink()
    sink.step()
    assert sink.failing == {}
    assert held.check() == 16


def test_killed_between_pieces(held: Followed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a span of more days than an insert may have, the first piece is there, the others not."""
    for number in range(0, 250, 50):
        held.add(f"{number}", time=START - timedelta(days=number))
    days = [START - timedelta(days=number) for number in range(250)]
    rows = sinks.rows([f"b{number}" for number in range(250)], 6)
    stamps = pa.array(days, pa.timestamp("us", "UTC"))
    held.tables.append(MODEL, "predictions", rows.set_column(1, "_time", stamps), position=6)
    held.position = 6
    dying = sinks.start(sinks.follow_and_die, held.folder, held.url, "between")
    dying.join()
    arrived = sum(held.database.counts("churn_predictions").values())
    assert 0 < arrived < 255
    held.add("after", more=pa.array([1.0]))  # It must be no matter that the table grows wider.
    monkeypatch.setattr(ClickHouseSink, "_make_again", _never)
    sink = held.sink()
    sink.step()
    assert sink.failing == {}
    assert held.check() == 256


def _never(*_: Any) -> int:
    raise AssertionError("a day was made again")


def test_killed_at_random_points(held: Followed) -> None:
    """The sink's process is killed ten times while the tables grow; then all is there once."""
    generator = np.random.default_rng(20260302)
    for number in range(10):
        process = sinks.start(sinks.follow, held.folder, held.url)
        until = time.monotonic() + generator.uniform(0.05, 0.4)
        while time.monotonic() < until:
            held.add(f"{number}-{held.position}", f"{number}-{held.position}b")
        process.kill()
        process.join()
    sink = held.sink()
    sink.step()
    assert sink.failing == {}
    assert held.check() == 2 * held.position
    assert held.position > 20


def test_clickhouse_is_away_for_a_while(held: Followed, server: ClickHouse) -> None:
    """The tables go on; the sink says so in one sentence, and sends all of it when it is back."""
    held.add("a")
    sink = held.sink()
    sink.step()
    server.kill()
    for number in range(3):
        held.add(f"b{number}")
        with pytest.raises(AwayError, match=r"clickhouse://127.0.0.1:\d+/\w+: no answer"):
            sink.step()
    server.start()
    assert sink.step() == 3
    assert held.check() == 4


def test_clickhouse_is_killed_while_it_is_written_to(held: Followed, server: ClickHouse) -> None:
    """Five times at random points; whether an insert was there or not is known by its token."""
    generator = np.random.default_rng(20260303)
    for _ in range(5):
        process = sinks.start(sinks.follow, held.folder, held.url)
        until = time.monotonic() + generator.uniform(0.2, 0.6)
        while time.monotonic() < until:
            held.add(f"{held.position}", f"{held.position}b")
        server.kill()
        process.join(5)
        process.kill()
        server.start()
    held.sink().step()
    assert held.check() == 2 * held.position


class _Unsure(Database):
    """A connection that fails now and then, before or after what it was asked to do is done."""

    def __init__(self, url: str, draw: Any) -> None:
        super().__init__(address_of(url))
        self._draw = draw
        self.sound = False

    def _command(self, sql: str, **settings: int) -> None:
        self._fails()
        super()._command(sql, **settings)
        self._fails()

    def _insert(self, table: str, rows: pa.Table, token: str) -> None:
        self._fails()
        super()._insert(table, rows, token)
        self._fails()

    def _fails(self) -> None:
        if not self.sound and self._draw(st.integers(0, 6)) == 0:
            raise self._draw(st.sampled_from([AwayError, UnavailableError]))("the line is cut")


_DEEDS = ("add", "add", "late", "label", "step", "step", "again", "compact", "drop", "delete")


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_any_order_of_deeds_and_failures(
    server: ClickHouse, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Rows come, move and go, processes end, the line is cut anywhere: both end up equal."""
    number = next(_NUMBERS)
    url = new_database(server, f"any_{number}")
    held = Followed(tmp_path_factory.mktemp("any"), url)
    database = _Unsure(url, data.draw)
    sink = held.sink(database)
    for deed in data.draw(st.lists(st.sampled_from(_DEEDS), min_size=5, max_size=25)):
        if deed == "again":  # Another process begins.
            database = _Unsure(url, data.draw)
            sink = held.sink(database)
        elif deed == "step":
            _try(sink)
        else:
            _do(held, deed)
    database.sound = True
    sink.step()
    sink.step()
    assert sink.failing == {}
    for name, signal in held.tables.names():
        held.check(name, signal.value)


def _try(sink: ClickHouseSink) -> None:
    try:
        sink.step()
    except UnavailableError as error:
        assert str(error) == "the line is cut"  # noqa: PT017  # not every step fails


def _do(held: Followed, deed: str) -> None:
    upkeep = Upkeep(held.tables)
    name = f"{held.position}"
    if deed == "add":
        held.add(name, f"{name}b", **{f"f{held.position % 3}": pa.array([1.0, None])})
    elif deed == "late":
        held.add(name, time=START - timedelta(days=held.position % 4))
    elif deed == "label":
        held.add(name, signal_="labels", _label=pa.array(["1"]))
    elif held.tables.version(MODEL, "predictions") >= 0:
        if deed == "compact":
            upkeep.compact(MODEL, "predictions", today=START.date() + timedelta(days=9))
        elif deed == "drop":
            upkeep.drop_days(MODEL, "predictions", START.date() - timedelta(days=1))
        else:
            upkeep.delete_ids(MODEL, [f"{held.position // 2}"])
