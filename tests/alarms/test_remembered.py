"""Series that are remembered are those that would be read anew, whatever is written meanwhile."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.alarms.test_stacked import _batch, _model
from tests.live.stations import START
from watchkeeper.app.alarms.remembered import Remembered
from watchkeeper.app.alarms.source import MeasuredSource
from watchkeeper.app.live.measured import Measured
from watchkeeper.app.live.registered import Reference
from watchkeeper.core.model import Task
from watchkeeper.monitors.bands.band import band
from watchkeeper.monitors.bands.settings import History
from watchkeeper.monitors.source import Asked, Points, Times
from watchkeeper.profiles.fit import fit_layout, with_bounds
from watchkeeper.profiles.kernel import profile_batch
from watchkeeper.profiles.label_traffic import LabelTraffic
from watchkeeper.profiles.layout import Layout
from watchkeeper.profiles.parts import WHOLE, split_profile
from watchkeeper.profiles.profile import Profile
from watchkeeper.profiles.traffic import Traffic
from watchkeeper.profiles.weighted import Weighted
from watchkeeper.store.buckets import Buckets, Slot

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
HOURS = 72
LABELLED = ("performance",)
EXACT = [
    Asked("prediction_count", None, HOUR), Asked("error_rate", None, 6 * HOUR),
    Asked("psi", "x", HOUR), Asked("missing_share", "kind", 6 * HOUR),
    Asked("mean_shift", "x", 6 * HOUR), Asked("ks", "x", 3 * HOUR),
    Asked("accuracy", None, 6 * HOUR), Asked("f1", None, HOUR, offset=5 * HOUR),
    Asked("label_coverage", None, 6 * HOUR),
]  # fmt: skip
NEARLY = [Asked("psi", "kind", 6 * HOUR), Asked("wasserstein", "x", 6 * HOUR)]
"""What depends on how hours are grouped while they are added, also where nothing is remembered."""


def _made() -> tuple[Layout, Profile]:
    import pyarrow as pa

    sample = _batch(Task.BINARY, 400, 1)
    layout = fit_layout(_model(Task.BINARY), pa.Table.from_batches([sample]))
    return layout, with_bounds(profile_batch(sample, layout))


LAYOUT, PROFILE = _made()
PARTS = [split_profile(profile_batch(_batch(Task.BINARY, 20, n), LAYOUT))[WHOLE] for n in range(6)]


@dataclass
class Scene:
    """A store that is written to, and what is remembered of it, at a time that is moved."""

    buckets: Buckets
    now: datetime
    limit: int = 1 << 20

    def __post_init__(self) -> None:
        self.memory = Remembered(lambda: self.now, self.limit, long=20)
        reference = Reference(1, "data", {}, LAYOUT.id, PROFILE, START)
        self.measured = Measured("m", self.buckets, reference)

    def rows(self, hour: int, which: int) -> None:
        """Rows of an hour come in, late or not."""
        parts, at = PARTS[which], START + hour * HOUR
        weight = Weighted(20, 20.0, 20.0)
        errors = {"timeout": Weighted(which, float(which), float(which))}
        traffic = Traffic(rows=weight, errors=errors if which else {})
        with self.buckets.transaction(now=self.now) as change:
            change.merge(at, Slot("m", LAYOUT.id, "1"), parts, rows=20, labelled=which)
            free = {"traffic": traffic, "labels": arrived(which)}
            change.merge(at, Slot("m", "", "1"), free, rows=20)

    def labels(self, hour: int, which: int) -> None:
        """An hour is profiled again, since labels have come: numbers of rows may stay."""
        parts = {name: PARTS[which][name] for name in LABELLED}
        with self.buckets.transaction(now=self.now) as change:
            change.replace(START + hour * HOUR, Slot("m", LAYOUT.id, "1"), parts)
            free = {"labels": arrived(which)}
            change.replace(START + hour * HOUR, Slot("m", "", "1"), free)

    def forget(self, hour: int) -> None:
        """An hour is cleared, as before it is profiled anew."""
        with self.buckets.transaction(now=self.now) as change:
            change.clear("m", LAYOUT.id, START + hour * HOUR)

    def roll_up(self) -> None:
        """Hours are merged to days."""
        self.buckets.roll_up(before=START + 2 * DAY)

    def compare(self, asked: Asked, hours: tuple[int, int], version: str | None = None) -> Points:
        """What is remembered, once it is found to be what is read anew."""
        plain = MeasuredSource(replace(self.measured, version=version))
        times = ends(*hours)
        ours = self.memory.source(plain).points(asked, times)
        theirs = plain.points(asked, times)
        for name, one, other in zip(Points._fields, ours, theirs, strict=True):
            told = f"{asked} {name}"
            if asked in NEARLY:
                np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-14, err_msg=told)
            else:
                np.testing.assert_array_equal(one, other, err_msg=told)
        return ours


def arrived(labelled: int) -> LabelTraffic:
    """Twenty rows that labels were expected for, and so many that have them."""
    rows = Weighted(20, 20.0, 20.0)
    return LabelTraffic(rows, rows, Weighted(labelled, float(labelled), float(labelled)))


def ends(first: int, last: int) -> Times:
    """The ends of hours."""
    start = np.datetime64(START.replace(tzinfo=None), "s")
    return start + np.arange(first, last + 1) * np.timedelta64(3600, "s")


@contextmanager
def scene(limit: int = 1 << 20) -> Iterator[Scene]:
    """Three days of hours, written long ago."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Buckets(Path(folder) / "b.db") as buckets,
    ):
        held = Scene(buckets, START - 10 * DAY, limit)
        for hour in range(0, HOURS, 2):
            held.rows(hour, hour % 6)
        held.now = START + 4 * DAY
        yield held


hour = st.integers(0, HOURS + 20)
which = st.integers(0, len(PARTS) - 1)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("rows"), hour, which),
        st.tuples(st.just("labels"), hour, which),
        st.tuples(st.just("forget"), hour),
        st.tuples(st.just("roll_up")),
        st.tuples(st.just("wait"), st.sampled_from([0.0, 0.4, 1.0, 3.0, 7_200.0, -3_600.0])),
        st.tuples(st.just("ask"), st.integers(0, 20), st.integers(25, HOURS + 20)),
    ),
    min_size=4,
    max_size=14,
)


@settings(max_examples=60, deadline=None)
@given(steps=steps, asked=st.lists(st.sampled_from(EXACT + NEARLY), min_size=1, max_size=3))
def test_what_is_remembered_is_what_is_read_anew(steps: list[tuple], asked: list[Asked]) -> None:  # type: ignore[type-arg]
    """After late rows and labels, within a second too, days that are merged, hours forgotten."""
    with scene() as held:
        for name, *arguments in steps:
            if name == "wait":
                held.now += timedelta(seconds=arguments[0])
            elif name == "ask":
                for one in asked:
                    held.compare(one, (arguments[0], arguments[1]))
            else:
                getattr(held, name)(*arguments)
        for one in asked:
            held.compare(one, (5, HOURS + 10))


@pytest.mark.parametrize("asked", EXACT + NEARLY)
def test_each_series_is_remembered_and_follows_its_hours(asked: Asked) -> None:
    """Late labels and rows of one hour change what is said of the windows that hold it."""
    with scene() as held:
        first = held.compare(asked, (5, HOURS))
        held.now += HOUR
        again = held.compare(asked, (5, HOURS))
        assert all(one is other for one, other in zip(again, first, strict=True))
        held.labels(20, 5)
        held.rows(21, 3)
        changed = held.compare(asked, (5, HOURS))
        differs = np.flatnonzero(~np.isclose(changed.value, first.value, equal_nan=True)) + 5
        offset, window = asked.offset // HOUR, asked.window // HOUR
        reached = {h + 1 + offset + w for h in (20, 21) for w in range(window)}
        assert set(differs.tolist()) <= reached
        assert len(differs)


def test_only_what_changed_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A minute later nothing, an hour later the last hour, after a late label its surroundings."""
    read: list[int] = []
    plain = MeasuredSource.points

    def points(self: MeasuredSource, asked: Asked, times: Times) -> Points:
        read.append(len(times))
        return plain(self, asked, times)

    with scene() as held:
        asked = Asked("accuracy", None, 6 * HOUR)

        def ask(first: int, last: int) -> list[int]:
            read.clear()
            held.memory.source(MeasuredSource(held.measured)).points(asked, ends(first, last))
            return list(read)

        monkeypatch.setattr(MeasuredSource, "points", points)
        assert ask(5, 70) == [66]
        held.now += HOUR
        assert ask(5, 70) == []
        assert ask(6, 71) == [8]
        held.labels(10, 2)
        held.now += HOUR
        assert ask(6, 71) == [8]
        held.now += HOUR
        assert ask(6, 71) == []


def test_versions_and_models_are_told_apart() -> None:
    """What one of them was measured as is not the other's."""
    asked = Asked("accuracy", None, 6 * HOUR)
    with scene() as held:
        with held.buckets.transaction(now=held.now) as change:
            change.merge(START + 12 * HOUR, Slot("m", LAYOUT.id, "2"), PARTS[4], rows=20)
        held.now += HOUR
        found = [held.compare(asked, (5, HOURS), version) for version in (None, "1", "2", None)]
        assert found[0].rows.sum() == found[1].rows.sum() + found[2].rows.sum()
        np.testing.assert_array_equal(found[0].value, found[3].value)


def test_a_small_memory_answers_all_the_same() -> None:
    """What was not asked for longest goes; another layout is another series."""
    with scene(limit=3_000) as held:
        for _ in range(2):
            for one in EXACT:
                held.compare(one, (5, HOURS))
                held.now += HOUR
        assert held.memory._size <= 3_000


def test_a_band_is_learnt_once_of_the_same_history() -> None:
    """And anew where any value of it is another one."""
    memory = Remembered(lambda: START)
    times = ends(0, 24 * 12)
    values = 100 + 20 * np.sin(np.arange(times.size) / 24 * 2 * np.pi)
    values += np.random.default_rng(1).normal(0, 2, times.size)
    first = memory.band(History(times, values), times[-1:])
    assert memory.band(History(times, values.copy()), times[-1:]) is first
    wanted = band(History(times, values), times[-1:])
    np.testing.assert_array_equal(first.lower, wanted.lower)
    values[-24] += 60
    other = memory.band(History(times, values), times[-1:])
    assert other is not first
    np.testing.assert_array_equal(other.upper, band(History(times, values), times[-1:]).upper)
