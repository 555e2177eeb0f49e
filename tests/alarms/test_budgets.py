"""Rules with a false-alarm budget: they learn, stay quiet, then say what changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tests.live.stations import START, Station, flights, labels, predictions, station
from watchkeeper.app.alarms.backtesting import backtest_group, times_of
from watchkeeper.app.alarms.budgets import (
    LEARNT,
    SETTLED,
    Lessons,
    learn,
    observe_budget,
    streams_of,
    suspects_of,
)
from watchkeeper.app.alarms.evaluating import Surroundings
from watchkeeper.core.envelope import Signal
from watchkeeper.core.errors import InputError
from watchkeeper.core.windows import Window
from watchkeeper.monitors.rule import Budget, Group, Rule, Truth

DAYS = 50
CHANGE = 40
DAY = timedelta(days=1)
RULE = Rule("Changed", budget=Budget())
EVERY = DAYS * 300


def rows() -> pa.Table:
    """Fifty days; from the fortieth on it is warmer, and a fifth of the airports is missing."""
    table = flights(EVERY, seed=5, hours=24 * DAYS)
    days = np.array([(at - START).days for at in table["at"].to_pylist()])
    late = days >= CHANGE
    temp = np.where(late, table["temp"].to_numpy() + 20, table["temp"].to_numpy())
    gone = late & (np.random.default_rng(1).random(EVERY) < 0.2)
    airports = [None if g else a for g, a in zip(gone, table["airport"].to_pylist(), strict=True)]
    table = table.set_column(table.column_names.index("temp"), "temp", pa.array(temp))
    return table.set_column(table.column_names.index("airport"), "airport", pa.array(airports))


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """A station that has measured them."""
    now = START + DAYS * DAY + timedelta(hours=2)
    with station(tmp_path_factory.mktemp("budgets") / "data", now) as made:
        made.refer(flights(3_000, seed=1, start=START - timedelta(days=60)))
        held = rows()
        made.send(Signal.PREDICTIONS, predictions(held))
        made.send(Signal.LABELS, labels(held, delay=timedelta()))
        made.work()
        yield made


def measured(held: Station) -> Any:
    """The model."""
    return held.platform._measured("late")


def test_it_learns_first(held: Station) -> None:
    """Quiet, and no lack of data, until it has seen enough closed windows."""
    found = learn(measured(held), RULE, until=START + 20 * DAY)
    assert found.track is None
    assert f"learns from {LEARNT} closed windows" in found.note
    (seen,) = observe_budget(found, RULE, [START + 20 * DAY])
    assert (seen.truth, seen.note) == (Truth.FALSE, found.note)


def test_a_change_is_told_and_its_streams_are_named(held: Station) -> None:
    """Nothing before it; then one alarm, with effects."""
    until = START + DAYS * DAY + 2 * SETTLED
    found = learn(measured(held), RULE, until=until)
    moments = [START + n * DAY + 2 * SETTLED for n in range(LEARNT + 3, DAYS + 1)]
    seen = observe_budget(found, RULE, moments)
    truths = {moment: one.truth for moment, one in zip(moments, seen, strict=True)}
    assert {truth for at, truth in truths.items() if at <= START + CHANGE * DAY} == {Truth.FALSE}
    assert truths[until] is Truth.TRUE
    named = {one["name"] for one in suspects_of(found)}
    assert {"psi(temp)", "missing_share(airport)"} <= named
    assert not [name for name in named if name.startswith("accuracy")]
    assert "airport" in seen[-1].note


def test_a_back_test_says_the_same(held: Station) -> None:
    """The hours of fifty days: one alarm, some days after the change."""
    times = times_of(Window(START, START + DAYS * DAY), timedelta(hours=1))
    (tried,) = backtest_group(Group("g", (RULE,)), Surroundings(measured(held)), times)
    assert tried.error == ""
    (firing,) = tried.firings.firings if tried.firings else ()
    assert CHANGE * DAY < firing.fired_at - START <= (CHANGE + 5) * DAY


def test_only_what_is_asked_for_is_watched(held: Station) -> None:
    """By the names of metrics; what the model cannot have is refused."""
    names = [one.stream.name for one in streams_of(measured(held), Budget())]
    assert {"psi(temp)", "missing_share(temp)", "error_rate", "accuracy"} <= set(names)
    some = streams_of(measured(held), Budget(watch=("accuracy",)))
    assert [one.stream.name for one in some] == ["accuracy"]
    with pytest.raises(InputError, match="it can watch accuracy, error_rate"):
        streams_of(measured(held), Budget(watch=("mae",)))


def test_lessons_are_kept_for_a_while(held: Station) -> None:
    """A question a minute later is not worth reading all again; a quarter of an hour later is."""
    lessons, at = Lessons(), START + 45 * DAY
    first = lessons.learnt(measured(held), RULE, at)
    assert lessons.learnt(measured(held), RULE, at + timedelta(minutes=1)) is first
    assert lessons.learnt(measured(held), RULE, at + timedelta(minutes=20)) is not first
