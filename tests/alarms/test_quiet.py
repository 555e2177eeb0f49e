"""The rules that a model begins with are quiet on what is usual, and tell of what is not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.alarms.hours import DAY, HOUR, MONDAY, write_hours
from watchkeeper.app.alarms.backtesting import backtest_group, times_of
from watchkeeper.app.alarms.desk import AlarmDesk
from watchkeeper.app.alarms.evaluating import Surroundings
from watchkeeper.app.alarms.noise import MODELS, Noise, noise_of
from watchkeeper.app.alarms.rule_book import RULES
from watchkeeper.app.alarms.vocabulary import vocabulary_of
from watchkeeper.app.live.measured import Measured
from watchkeeper.core.errors import InputError, UnavailableError
from watchkeeper.core.windows import Window
from watchkeeper.monitors.backtest import Firing
from watchkeeper.monitors.rule import Group
from watchkeeper.monitors.rule_file import read_rules
from watchkeeper.monitors.starter import starter_rules
from watchkeeper.monitors.starter_rules import Portrait
from watchkeeper.store.catalogue.alarms import AlarmStore

WEEKS = 6
END = MONDAY + WEEKS * 7 * DAY
NOON = END - 3 * DAY + timedelta(hours=12, minutes=10)
"""On a Friday of the last week."""
STARTER = read_rules(
    starter_rules(Portrait("m", has_latency=True)), vocabulary=vocabulary_of()
)  # fmt: skip
LOUD = """
groups:
  - name: loud
    model: m
    rules:
      - alert: Nightly
        expr: absent(volume, "15m")
      - alert: Never
        expr: volume > 100000
        window: 1h
"""


def fired(measured: Measured, start: datetime, end: datetime = END) -> dict[str, list[Firing]]:
    """When each rule of the pack would have fired."""
    times, found = times_of(Window(start, end), HOUR), {}
    for group in STARTER:
        for one in backtest_group(group, Surroundings(measured), times):
            assert one.firings is not None, one.error
            found.setdefault(one.alert, []).extend(one.firings.firings)
    return found


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measured]:
    """Weeks in which nothing is wrong."""
    made = write_hours(tmp_path_factory.mktemp("calm") / "b.db", WEEKS * 7)
    yield made
    made.buckets.close()


def test_quiet_nights_are_none(calm: Measured) -> None:
    """Below ten alarms of each rule in 90 days, those of the first days included."""
    told = fired(calm, MONDAY)
    assert told.keys() >= {"NoPredictions", "UnusualVolume", "LateRecords", "HighErrorRate"}
    allowed = 10 * WEEKS * 7 / 90
    # Until there is a week of history, nights are not known to be quiet.
    settled = fired(calm, MONDAY + 14 * DAY)
    for name, firings in settled.items():
        assert len(firings) <= allowed, (name, firings)
    assert settled["NoPredictions"] == settled["LateRecords"] == []


def test_an_outage_is_told_and_its_end(tmp_path: Path) -> None:
    """Within two hours and a half, and for as long as nothing comes, the night included."""
    back = NOON + timedelta(hours=22)
    measured = write_hours(tmp_path / "b.db", WEEKS * 7, silent=(NOON, back))
    told = fired(measured, END - 5 * DAY)
    (firing,) = told["NoPredictions"]
    assert NOON < firing.fired_at <= NOON + 2.5 * HOUR
    assert back <= firing.until <= back + 2 * HOUR  # type: ignore[operator]
    assert len(told["UnusualVolume"]) >= 1
    measured.buckets.close()


def test_an_outage_of_weeks_goes_on_being_told(tmp_path: Path) -> None:
    """That a level has lasted for a week does not make silence usual."""
    measured = write_hours(tmp_path / "b.db", 25, silent=(MONDAY + 25 * DAY, END))
    (firing,) = fired(measured, MONDAY + 20 * DAY)["NoPredictions"]
    assert firing.fired_at < MONDAY + 26 * DAY
    assert firing.until is None
    measured.buckets.close()


def test_a_model_without_history_is_told_after_a_day(tmp_path: Path) -> None:
    """Before anything is known to be usual."""
    start = MONDAY + timedelta(hours=14)
    measured = write_hours(tmp_path / "b.db", 1, silent=(start, END))
    (firing,) = fired(measured, start, MONDAY + 3 * DAY)["NoPredictions"]
    assert timedelta(hours=25) <= firing.fired_at - start <= timedelta(hours=27)
    measured.buckets.close()


def test_records_that_begin_to_come_late_are_told(tmp_path: Path) -> None:
    """Within two hours; not those that always come a day late, nor a replay of years ago."""
    delays = {"late": 3 * 3_600.0, "daily": 86_400.0, "replay": 4e8}
    told = {}
    for name, seconds in delays.items():
        measured = write_hours(
            tmp_path / f"{name}.db", WEEKS * 7,
            delay=lambda at, much=seconds, name=name: (
                2.0 if name == "late" and not NOON <= at + HOUR < NOON + 6 * HOUR else much
            ),
        )  # fmt: skip
        told[name] = fired(measured, END - 10 * DAY)["LateRecords"]
        measured.buckets.close()
    assert told["daily"] == told["replay"] == []
    (firing,) = told["late"]
    assert NOON - HOUR <= firing.fired_at <= NOON + 2 * HOUR


# ---- what is refused --------------------------------------------------------------------------


def noise(text: str, measured: Measured, before: str = "", now: datetime = END) -> Noise:
    """What the past of one model says of a file."""
    groups = [read_rules(one, vocabulary=vocabulary_of()) if one else () for one in (text, before)]
    return noise_of(*groups, lambda _: ("m",), lambda _: Surroundings(measured), now)


def test_a_rule_that_fires_every_night_is_refused(calm: Measured) -> None:
    """With how often, where it stands, and what to do."""
    found = noise(LOUD, calm)
    assert found.told == ()
    with pytest.raises(InputError) as refused:
        found.check()
    told = str(refused.value)
    assert "nothing was put in force: a rule would have fired more than 10 times" in told
    assert re.search(r"line 6: Nightly \(loud\) on m: \d+ alarms in 42 days, \d{2,3} in 90", told)
    assert "`allow_noisy: true`" in told
    assert "Never" not in told


def test_who_wants_it_gets_it(calm: Measured) -> None:
    """A rule that says so, is applied; and one that is in force stays as it is."""
    allowed = LOUD.replace('"15m")', '"15m")\n        allow_noisy: true')
    found = noise(allowed, calm)
    found.check()
    assert [one.split(" on ")[0] for one in found.told] == ["line 6: Nightly (loud)"]
    assert noise("# moved\n" + LOUD, calm, before=LOUD) == Noise()
    assert noise(LOUD.replace("100000", "200000"), calm, before=LOUD) == Noise()
    assert noise(LOUD.replace('"15m"', '"20m"'), calm, before=LOUD).refused


def test_without_history_nothing_is_refused(tmp_path: Path) -> None:
    """And that it was not tried is said; so it is where nothing can be read."""
    none = write_hours(tmp_path / "none.db", 0)
    young = write_hours(tmp_path / "young.db", 3)
    assert noise(LOUD, none).told == ("not tried on the past of m: it has none yet",)
    (told,) = noise(LOUD, young).told
    assert told == "not tried on the past of m: 2d18h were measured, and 1w are needed"

    def away(_: str) -> Surroundings:
        raise UnavailableError("what was measured cannot be read")

    groups = read_rules(LOUD, vocabulary=vocabulary_of())
    found = noise_of(groups, (), lambda _: ("m",), away, END)
    assert found == Noise((), ("not tried on the past of m: what was measured cannot be read",))
    for one in (none, young):
        one.buckets.close()


def test_a_replay_is_judged_by_its_own_last_months(calm: Measured) -> None:
    """Years later too: the past ends with the last hour that was measured."""
    assert noise(LOUD, calm, now=END + 900 * DAY).refused == noise(LOUD, calm).refused


def test_a_file_for_many_models_is_tried_on_some(calm: Measured) -> None:
    """And says so."""
    groups = read_rules(LOUD.replace("    model: m\n", ""), vocabulary=vocabulary_of())

    def models(_: Group) -> list[str]:
        return [f"m{n}" for n in range(MODELS + 5)]

    found = noise_of(groups, (), models, lambda _: Surroundings(calm), END)
    assert len(found.refused) == MODELS
    assert found.told == (
        f"tried on the past of {MODELS} of the {MODELS + 5} models that it watches",
    )


def test_a_refused_file_is_not_in_force(calm: Measured, tmp_path: Path) -> None:
    """Neither are its other rules; who says that it is meant so, is told of it and gets it."""
    store = AlarmStore(tmp_path / "catalogue.db")
    desk = AlarmDesk(
        store, models=lambda: ["m"], around=lambda _: Surroundings(calm), clock=lambda: END
    )
    with pytest.raises(InputError, match="nothing was put in force"):
        desk.put_rules("loud", LOUD)
    assert store.files(RULES) == []
    told = desk.put_rules("loud", LOUD.replace('"15m")', '"15m")\n        allow_noisy: true'))
    assert told["outcome"] == "created"
    assert "Nightly" in told["warnings"][-1]
    assert len(store.files(RULES)) == 1
    store.close()
