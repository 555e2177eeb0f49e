"""The minutes of the last days, through the whole pipeline: they are the hours, cut finer."""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.live.stations import START, Station, flights, labels, predictions, station
from watchkeeper.app.live.backups import back_up_folder, restore_folder
from watchkeeper.app.live.measured import Measured
from watchkeeper.app.live.minutes import MINUTES
from watchkeeper.core.envelope import Signal
from watchkeeper.core.windows import Window
from watchkeeper.profiles.parts import merge_all
from watchkeeper.store.buckets import Buckets, Change, minutes_since
from watchkeeper.testing.statistics import same

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NOW = START + 5 * DAY + timedelta(minutes=20, seconds=30)
REFERENCE = flights(2_000, seed=1, start=START - timedelta(days=60))

Record = dict[str, Any]


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Station]:
    """A station with a reference."""
    with station(tmp_path / "data", NOW) as made:
        made.refer(REFERENCE)
        yield made


def traffic(rng: np.random.Generator, records: list[Record]) -> list[Record]:
    """The records with what arrival may bring: versions, errors, times, tokens, weights."""
    told = []
    for record in records:
        more: Record = {"version": str(rng.choice(["1", "2", "3"], p=[0.6, 0.39, 0.01]))}
        more["time"] = record["time"] + timedelta(microseconds=int(rng.integers(60_000_000)))
        more["latency_ms"] = float(rng.lognormal(3))
        if rng.random() < 0.1:
            more |= {"error": "no", "error_class": str(rng.choice(["timeout", "5xx"]))}
        if rng.random() < 0.5:
            more |= {"tokens_in": int(rng.integers(99)), "inference_ms": float(rng.random())}
        if rng.random() < 0.2:
            more["weight"] = 10.0
        told.append(record | more)
    return told


def counted(records: list[Record], since: datetime, version: str | None) -> Counter[datetime]:
    """The records of each minute from a time on, counted one by one."""
    return Counter(
        record["time"].replace(second=0, microsecond=0)
        for record in records
        if record["time"] >= since and version in (None, record["version"])
    )


def buckets_of(held: Station) -> Buckets:
    """What the worker writes."""
    buckets: Buckets = held.worker._buckets
    return buckets


def check(held: Station, records: list[Record]) -> None:
    """Each minute holds its rows, and the minutes of an hour are the hour, field by field."""
    buckets = buckets_of(held)
    since = minutes_since(held.now)
    span = {"start": START - 9 * DAY, "end": held.now.replace(second=0, microsecond=0) + DAY}
    for version in (None, "1", "2", "3"):
        minutes = buckets.read_minutes("late", step_s=60, version=version, **span)
        rows = {at: parts["traffic"].rows.rows for at, parts in minutes}
        assert rows == counted(records, since, version)
        sums = defaultdict(list)
        for at, parts in minutes:
            sums[at.replace(minute=0)].append(parts["traffic"])
        end = span["end"].replace(minute=0)
        hours = buckets.read(
            "late", layout="", parts=["traffic"], start=since, end=end, step_s=3600, version=version
        )
        assert [at for at, _ in hours] == list(sums)
        for at, parts in hours:
            same(merge_all(sums[at]), parts["traffic"], 1e-9, f"{at} is the sum of its minutes")


def lying(held: Station) -> int:
    """The minutes that lie on disk, of all versions."""
    connection = sqlite3.connect(held.folder / "buckets.db")
    try:
        count: int = connection.execute("SELECT count(*) FROM minutes").fetchone()[0]
        return count
    finally:
        connection.close()


@pytest.mark.parametrize(("seed", "at_once"), [(0, 200_000), (1, 200_000), (2, 5)])
def test_the_minutes_of_an_hour_are_the_hour(
    held: Station, monkeypatch: pytest.MonkeyPatch, seed: int, at_once: int
) -> None:
    """Records of many days in many pieces, labels, corrections, restarts, another reference."""
    monkeypatch.setattr("watchkeeper.app.live.measuring.ROWS_AT_ONCE", at_once)
    rng = np.random.default_rng(seed)
    rows = flights(700, seed=seed, hours=120)
    records = traffic(rng, predictions(rows))
    order = rng.permutation(len(records))
    told = labels(rows)
    sent: list[Record] = []
    for piece, chosen in enumerate(np.array_split(order, 6)):
        new = [records[index] for index in chosen]
        sent += new
        held.send(Signal.PREDICTIONS, new)
        if rng.random() < 0.7:
            held.work()
        held.send(Signal.LABELS, [told[index] for index in rng.choice(order, 50)])
        if piece == 2:
            held.refer(flights(1_000, seed=9, start=START - timedelta(days=30)))
        if piece == 3:
            held.close()
            held.open()
        if piece == 4:
            held.now += timedelta(hours=int(rng.integers(30)))
            held.worker.keep_up()
    held.work()
    held.worker.keep_up()
    held.work()
    check(held, sent)
    assert 200 < lying(held) < 700


def test_an_hour_that_does_not_fit_memory_has_all_its_minutes(
    held: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Measured again in pieces, whose minutes overlap."""
    monkeypatch.setattr("watchkeeper.app.live.measuring.ROWS_AT_ONCE", 50)
    rows = flights(360, start=NOW.replace(minute=0, second=0) - HOUR, hours=1)
    records = traffic(np.random.default_rng(0), predictions(rows))
    for start in range(6):
        held.send(Signal.PREDICTIONS, records[start::6])
        held.work()
    held.refer(flights(1_000, seed=9, start=START - timedelta(days=30)))
    held.work()
    check(held, records)


def test_records_of_older_days_make_no_minutes(held: Station) -> None:
    """A replay of old data writes hours alone; minutes begin with the hour three days ago."""
    old = traffic(np.random.default_rng(0), predictions(flights(400, hours=48)))
    held.send(Signal.PREDICTIONS, old)
    held.work()
    assert lying(held) == 0
    assert buckets_of(held).last_minute("late") is None
    edge = minutes_since(NOW)
    times = [edge - timedelta(seconds=1), edge, NOW]
    late = [{**old[0], "id": f"edge-{n}", "time": time} for n, time in enumerate(times)]
    held.send(Signal.PREDICTIONS, late)
    held.work()
    check(held, old + late)
    assert lying(held) == 2
    assert buckets_of(held).last_minute("late") == NOW.replace(second=0)


def test_minutes_go_when_their_time_is_over(held: Station) -> None:
    """The worker drops them with its upkeep; late records of these hours are counted in hours."""
    records = traffic(np.random.default_rng(0), predictions(flights(500, hours=120)))
    held.send(Signal.PREDICTIONS, records[:450])
    held.work()
    before = lying(held)
    held.now += timedelta(hours=40)
    held.send(Signal.PREDICTIONS, records[450:])
    held.work()
    held.worker.keep_up()
    check(held, records)
    assert 0 < lying(held) < before
    held.now += timedelta(days=4)
    held.worker.keep_up()
    assert lying(held) == 0


def test_a_commit_that_fails_half_way_is_counted_once(
    held: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hours, minutes and the place up to which all is folded in are one transaction."""
    records = traffic(
        np.random.default_rng(0), predictions(flights(300, start=NOW - 3 * HOUR, hours=3))
    )
    held.send(Signal.PREDICTIONS, records[:200])
    held.work()
    held.send(Signal.PREDICTIONS, records[200:])
    follow = Change.follow

    def fail(change: Change, model: str, signal: str, version: int) -> None:
        follow(change, model, signal, version)
        raise OSError("the power is gone")

    with monkeypatch.context() as broken:
        broken.setattr(Change, "follow", fail)
        for _ in range(3):
            held.worker.step()
        assert "late" in held.worker._measurer.failing
    check(held, records[:200])
    held.close()
    held.open()
    held.work()
    check(held, records)


def test_a_folder_of_an_earlier_release_gets_its_minutes(tmp_path: Path) -> None:
    """From its rows; only for the last days, and once."""
    records = traffic(np.random.default_rng(0), predictions(flights(400, hours=120)))
    with station(tmp_path / "data", NOW) as held:
        held.refer(REFERENCE)
        held.send(Signal.PREDICTIONS, records[:390])
        held.work()
    connection = sqlite3.connect(tmp_path / "data" / "buckets.db")
    with connection:
        connection.execute("DROP TABLE minutes")
        connection.execute("DELETE FROM followed WHERE signal = ?", (MINUTES,))
        connection.execute("PRAGMA user_version = 1")
    connection.close()
    with station(tmp_path / "data", NOW) as held:
        held.send(Signal.PREDICTIONS, records[390:])
        while held.worker._writer.step():
            pass
        held.worker._measurer.step(seconds=0)
        stale = {one.hour for one in buckets_of(held).stale_hours("late")}
        hours = {r["time"].replace(minute=0, second=0, microsecond=0) for r in records[:390]}
        assert stale == {hour for hour in hours if hour >= minutes_since(NOW)}
        held.work()
        check(held, records)
        held.close()
        held.open()
        held.worker._measurer.step(seconds=0)
        assert buckets_of(held).stale_count("late") == 0


def test_a_restored_folder_has_its_minutes(held: Station, tmp_path: Path) -> None:
    """They are in the copy, and go on where they were."""
    records = traffic(np.random.default_rng(0), predictions(flights(400, hours=120)))
    held.send(Signal.PREDICTIONS, records[:300])
    held.work()
    back_up_folder(held.folder, tmp_path / "copy")
    restore_folder(tmp_path / "copy", tmp_path / "home")
    with station(tmp_path / "home", NOW) as there:
        check(there, records[:300])
        there.send(Signal.PREDICTIONS, records[300:])
        there.work()
        check(there, records)


def test_only_live_versions_are_written(held: Station) -> None:
    """A hundred versions were there; the minutes are those of the two that answer."""
    base = predictions(flights(100, start=NOW - 4 * DAY, hours=1))
    held.send(Signal.PREDICTIONS, [{**r, "version": str(n)} for n, r in enumerate(base, start=1)])
    held.work()
    live = [
        {**record, "id": f"live-{n}", "time": NOW - n * MINUTE, "version": str(n % 2 + 1)}
        for n, record in enumerate(base[:20])
    ]
    held.send(Signal.PREDICTIONS, live)
    held.work()
    assert lying(held) == 20
    check(held, live)


def test_windows_of_minutes(held: Station) -> None:
    """They are widened to whole minutes; a segment has none."""
    at = NOW.replace(second=0)
    base = predictions(flights(6))
    times = [at - timedelta(seconds=s) for s in (1, 59, 61, 170, 299, 301)]
    held.send(
        Signal.PREDICTIONS,
        [
            {**r, "time": t, "version": "12"[n % 2]}
            for n, (r, t) in enumerate(zip(base, times, strict=True))
        ],
    )
    held.work()
    measured = Measured("late", buckets_of(held), None)
    window = Window(NOW - 5 * MINUTE, NOW)

    def rows(
        model: Measured, asked: Window, step_s: int | None
    ) -> list[tuple[datetime, datetime, int]]:
        return [
            (step.start, step.end, parts["traffic"].rows.rows)
            for step, parts in model.minutes(asked, step_s)
        ]

    assert rows(measured, window, 60) == [
        (at - 5 * MINUTE, at - 4 * MINUTE, 1),
        (at - 3 * MINUTE, at - 2 * MINUTE, 1),
        (at - 2 * MINUTE, at - MINUTE, 1),
        (at - MINUTE, at, 2),
    ]
    assert rows(measured, window, None) == [(window.start, window.end, 5)]
    assert rows(measured, Window(at - 6 * MINUTE, at), 600) == [
        (at - 10 * MINUTE, at, 6),
    ]
    one = Measured("late", buckets_of(held), None, version="1")
    assert rows(one, window, None) == [(window.start, window.end, 3)]
    segment = Measured("late", buckets_of(held), None, segment=("airport", "JFK"))
    assert segment.minutes(window, 60) == []


def test_the_time_of_the_last_event(held: Station) -> None:
    """To the microsecond from minutes and hours; within one of them, no age is made up."""
    base = predictions(flights(6))
    edge = NOW.replace(minute=10, second=0)
    old = START + timedelta(hours=7, minutes=5, seconds=1)
    times = [
        old,
        old + 20 * MINUTE,
        edge - timedelta(microseconds=7),
        edge,
        edge + timedelta(seconds=9),
        edge + timedelta(seconds=20),
    ]
    records = [
        {**r, "time": t, "version": "2" if t == edge else "1"}
        for r, t in zip(base, times, strict=True)
    ]
    held.send(Signal.PREDICTIONS, records)
    held.work()
    every = Measured("late", buckets_of(held), None)
    second = Measured("late", buckets_of(held), None, version="2")
    assert every.last_event(NOW) == times[5]
    assert second.last_event(NOW) == edge
    assert every.last_event(edge) == times[2]
    assert every.last_event(edge + timedelta(seconds=5)) == edge
    assert every.last_event(edge + timedelta(seconds=15)) == edge + timedelta(seconds=15)
    assert every.last_event(edge - HOUR) == times[1]
    assert every.last_event(times[1]) == times[1]
    assert every.last_event(old + timedelta(microseconds=1)) is not None
    assert every.last_event(old) is None
    assert second.last_event(edge) is None
    assert Measured("nobody", buckets_of(held), None).last_event(NOW) is None
    buckets_of(held).drop_before(START + DAY, keep="days", what="all")
    assert every.last_event(edge - HOUR) == times[1]
    held.now += 9 * DAY
    held.worker.keep_up()
    assert every.last_event(held.now) == times[5]
