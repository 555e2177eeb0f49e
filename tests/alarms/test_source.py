"""Series for conditions: the same numbers as the API gives, however many times are asked for."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.live.stations import START, Station, flights, labels, predictions, station
from watchkeeper.app.alarms.source import MeasuredSource, Slide
from watchkeeper.app.live.questions import SeriesQuery
from watchkeeper.core.envelope import Signal
from watchkeeper.core.errors import InputError
from watchkeeper.monitors.source import Asked, Times
from watchkeeper.profiles.parts import Rows

ROWS = flights(900)
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """A station with a reference, two days of predictions and their labels."""
    with station(tmp_path_factory.mktemp("source") / "data") as made:
        made.refer(flights(3_000, seed=1, start=START - timedelta(days=60)))
        made.send(Signal.PREDICTIONS, predictions(ROWS))
        made.send(Signal.LABELS, labels(ROWS))
        made.work()
        yield made


def source_of(held: Station, segment: tuple[str, str] | None = None) -> MeasuredSource:
    """The source of the whole model, or of a segment."""
    measured = held.platform._measured("late", segment=":".join(segment) if segment else None)
    return MeasuredSource(measured)


def hours(count: int, start: datetime = START) -> Times:
    """The ends of so many hours."""
    first = np.datetime64(start.replace(tzinfo=None), "s")
    return first + np.arange(1, count + 1) * np.timedelta64(3600, "s")


@pytest.mark.parametrize(
    ("metric", "column"),
    [("f1", None), ("psi", "temp"), ("prediction_count", None), ("latency_ms@p95", None),
     ("label_coverage", None)],
)  # fmt: skip
def test_values_are_those_of_the_api(held: Station, metric: str, column: str | None) -> None:
    """Value, interval and rows of every six hours, from windows that are slid over the hours."""
    points = source_of(held).points(Asked(metric, column, 6 * HOUR), hours(48)[5::6])
    query = SeriesQuery(
        (metric,), (column,) if column else (), window="2026-03-02..2026-03-04", step="6h"
    )
    theirs = held.platform.series("late", query)["series"][0]["points"]
    assert len(theirs) == 8
    for ours, name in ((points.value, "value"), (points.low, "low"), (points.high, "high")):
        wanted = [math.nan if p[name] is None else p[name] for p in theirs]
        np.testing.assert_allclose(ours, wanted, rtol=1e-9)
    assert points.rows.tolist() == [p["n_current"] for p in theirs]


@pytest.mark.parametrize("metric", ["f1", "error_rate", "psi"])
def test_many_times_at_once_are_those_times_one_by_one(held: Station, metric: str) -> None:
    """Sliding changes no number, also across hours without rows."""
    asked = Asked(metric, "temp" if metric == "psi" else None, 5 * HOUR)
    times = hours(60)
    together = source_of(held).points(asked, times)
    for at in (0, 1, 7, 30, 47, 50, 53, 59):
        alone = source_of(held).points(asked, times[at : at + 1])
        for one, all_ in zip(alone, together, strict=True):
            np.testing.assert_allclose(one, all_[at : at + 1], rtol=1e-9)
    assert together.rows[-1] == 0
    assert math.isnan(together.value[-1])


def test_segments_offsets_and_the_reference(held: Station) -> None:
    """Each has its own numbers."""
    day = hours(48)[23::24]
    whole = source_of(held).points(Asked("f1", None, 24 * HOUR), day)
    some = source_of(held, ("airport", "JFK")).points(Asked("f1", None, 24 * HOUR), day)
    assert 0 < some.rows[0] < whole.rows[0]
    before = source_of(held).points(Asked("f1", None, 24 * HOUR, offset=24 * HOUR), day)
    assert before.value[1] == whole.value[0]
    assert math.isnan(before.value[0])
    fixed = source_of(held).points(Asked("f1", None, 24 * HOUR, side="reference"), day)
    assert fixed.value[0] == fixed.value[1] != whole.value[0]
    reference = source_of(held).points(Asked("accuracy", side="reference"), day)
    assert reference.rows.tolist() == [3_000, 3_000]
    assert source_of(held).features() == ("temp", "airport")


def test_age_is_from_the_last_record(held: Station) -> None:
    """Infinite before the first one."""
    newest = max(ROWS["at"].to_pylist())
    times = np.array(
        ["2026-03-01T00:00:00", "2026-03-04T01:00:00", "2026-03-09T00:00:00"], "datetime64[s]"
    )
    ages = source_of(held).age(times)
    assert ages[0] == math.inf
    for time, age in zip(times[1:], ages[1:], strict=True):
        wanted = (time - np.datetime64(newest.replace(tzinfo=None))) / np.timedelta64(1, "s")
        assert age == pytest.approx(wanted)


def test_what_is_not_there_is_said(held: Station) -> None:
    """With the nearest name."""
    source = source_of(held)
    with pytest.raises(InputError, match="did you mean 'temp'"):
        source.points(Asked("psi", "tmp"), hours(1))
    with pytest.raises(InputError, match="did you mean 'recall'"):
        source.points(Asked("recal"), hours(1))
    with pytest.raises(InputError, match="not for each segment"):
        source_of(held, ("airport", "JFK")).points(Asked("throughput"), hours(1))
    with pytest.raises(InputError, match="no SLO"):
        source.events("fast", HOUR, hours(1))


@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=40),
    st.lists(st.integers(0, 6), min_size=1, max_size=20),
    st.integers(1, 9),
)
def test_a_slide_is_the_sum_of_its_hours(counts: list[int], moves: list[int], width: int) -> None:
    """Whatever the gaps and the steps."""
    present = [(START + n * HOUR, Rows(count)) for n, count in enumerate(counts) if count]
    slide = Slide(present)
    start = 0
    for move in moves:
        start += move
        held = slide.over(START + start * HOUR, START + (start + width) * HOUR)
        assert (held.rows if held else 0) == sum(counts[start : start + width])
