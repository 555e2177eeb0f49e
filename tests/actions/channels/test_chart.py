"""Charts: what is drawn where, read back from the picture."""

from __future__ import annotations

import io
import math
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from watchkeeper.actions.channels.chart import Chart, chart_png, draw
from watchkeeper.actions.channels.chart_scale import Scale, time_ticks, value_ticks
from watchkeeper.core.errors import InputError

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
BLUE, RED, ROSE = (47, 95, 168), (179, 38, 30), (251, 230, 227)


def pixels(png: bytes) -> np.ndarray:
    """The colours of a picture, row by row."""
    image = Image.open(io.BytesIO(png))
    assert image.format == "PNG"
    assert image.size == (1520, 680)
    return np.asarray(image.convert("RGB")).astype(int)


def near(picture: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    """Where a colour is, but for what making the palette changed."""
    return np.abs(picture - np.array(colour)).max(axis=2) < 12


def hours(values: list[float | None]) -> list[tuple[datetime, float | None]]:
    """A value each hour."""
    return [(NOON + timedelta(hours=n), value) for n, value in enumerate(values)]


def test_the_line_goes_where_the_values_are():
    """A rise is drawn from the lower left to the upper right."""
    picture = near(pixels(chart_png(hours([float(n) for n in range(50)]))), BLUE)[110:590]
    rows, columns = np.nonzero(picture)
    assert np.corrcoef(rows, columns)[0, 1] < -0.99
    assert columns.min() < 180
    assert columns.max() > 1440


def test_the_limit_is_a_dashed_line_across():
    """In one row, from side to side, with gaps."""
    picture = near(pixels(chart_png(hours([1.0, 3.0, 1.0]), limit=2.0)), RED)[110:590]
    row = picture[picture.sum(axis=1).argmax()]
    assert row.sum() > 600
    assert not row[130:1470].all()
    between = np.nonzero(picture.any(axis=1))[0]
    assert between.max() - between.min() < 8


def test_the_firing_span_is_shaded():
    """Only there."""
    firing = (NOON + timedelta(hours=25), NOON + timedelta(hours=50))
    picture = pixels(chart_png(hours([5.0] * 51), firing=firing))
    shaded = near(picture, ROSE)[570]
    columns = np.nonzero(shaded)[0]
    middle = (124 + 16 + 1476 - 16) / 2
    assert abs(columns.min() - middle) < 30
    assert columns.max() > 1440


def test_a_gap_in_the_data_is_a_gap_in_the_line():
    """None and NaN are drawn as nothing, never as zero."""
    values: list[float | None] = [5.0] * 20 + [None] * 10 + [math.nan] * 10 + [5.0] * 20
    picture = near(pixels(chart_png(hours(values))), BLUE)[110:590]
    columns = np.nonzero(picture.any(axis=0))[0]
    assert np.diff(columns).max() > 300


def test_the_band_is_behind_the_line():
    """Its colour is there, and a point without a band leaves a hole."""
    band: list[tuple[float, float] | None] = [(4.0, 6.0)] * 20 + [None] * 20 + [(4.0, 6.0)] * 20
    picture = near(pixels(chart_png(hours([5.0] * 60), band=band)), (219, 229, 244))
    columns = np.nonzero(picture[110:590].sum(axis=0) > 100)[0]
    assert np.diff(columns).max() > 300


SERIES = [
    [(NOON, 1.0)],
    hours([0.0, 0.0, 0.0]),
    hours([1e-12, 2e-12]),
    hours([1e12, 3e15]),
    hours([-5.0, -5.0, None]),
    hours([0.1 + 0.2, 0.3]),
    hours([None, 7.0, None]),
    [(NOON, 1.0), (NOON, 2.0)],
    hours([1e300, -1e300]),
    [(NOON + timedelta(days=400 * n), float(n)) for n in range(9)],
    [(NOON + timedelta(milliseconds=n), float(n)) for n in range(9)],
]


@pytest.mark.parametrize("series", SERIES, ids=[str(n) for n in range(len(SERIES))])
@pytest.mark.parametrize("limit", [None, 0.0, 1e6, math.nan, math.inf])
def test_odd_series_are_drawn_too(series, limit):
    """One point, all alike, tiny, huge, negative, all at once, years."""
    outside = (NOON - timedelta(days=9), NOON - timedelta(days=8))
    pixels(chart_png(series, limit, title="x" * 500, firing=outside))
    pixels(draw(Chart(series, "t", limit, firing=(NOON, NOON), unit="m" * 99)))


def test_what_cannot_be_drawn_is_an_error():
    """No value at all, no point at all, a band that does not fit."""
    for series in ([], hours([None, math.nan])):
        with pytest.raises(InputError, match="at least one point"):
            chart_png(series)
    with pytest.raises(InputError, match="the band has 1 points and the series 2"):
        chart_png(hours([1.0, 2.0]), band=[(0.0, 1.0)])


def test_the_same_chart_is_the_same_bytes():
    """Nothing in it depends on the machine's time or locale."""
    series = hours([1.0, 2.0, 1.5])
    assert chart_png(series, 1.8, title="a") == chart_png(series, 1.8, title="a")


@given(
    values=st.lists(
        st.floats(-1e9, 1e9, allow_subnormal=False).filter(lambda v: v == 0 or abs(v) > 1e-9),
        min_size=1, max_size=20,
    )
)  # fmt: skip
def test_ticks_are_round_few_and_within(values):
    """The range covers all values; its ticks are evenly spaced and told apart."""
    low, high, ticks = value_ticks(values)
    assert low <= min(values) <= max(values) <= high
    assert low < high
    places = [place for place, _ in ticks]
    assert 2 <= len(ticks) <= 8
    assert all(low - 1e-6 * (high - low) <= place <= high + 1e-6 * (high - low) for place in places)
    assert len({label for _, label in ticks}) == len(ticks)


@given(
    start=st.integers(0, 3 * 365 * 86_400),
    span=st.floats(1, 10 * 365 * 86_400),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu"]),
)
def test_times_are_few_and_within(start, span, zone):
    """At most eight, ascending, none outside, over changes of the clocks too."""
    first = NOON + timedelta(seconds=start)
    last = first + timedelta(seconds=span)
    ticks = time_ticks(first, last, ZoneInfo(zone))
    places = [place for place, _ in ticks]
    assert len(ticks) <= 9
    assert places == sorted(places)
    assert all(first.timestamp() <= place <= last.timestamp() for place in places)


def test_ticks_stay_round_when_the_clocks_change():
    """Midnight and noon by the clock on the wall, before and after 29 March in Berlin."""
    zone = ZoneInfo("Europe/Berlin")
    first = datetime(2026, 3, 28, tzinfo=zone)
    labels = [label for _, label in time_ticks(first, first + timedelta(days=3), zone)]
    assert labels == ["28 Mar 00:00", "12:00", "29 Mar 00:00", "12:00", "30 Mar 00:00", "12:00",
                      "31 Mar 00:00"]  # fmt: skip


def test_a_scale_is_a_straight_line():
    """Its ends are where they are said to be."""
    scale = Scale(2.0, 4.0, 10.0, 30.0)
    assert [scale.at(value) for value in (2.0, 3.0, 4.0)] == [10.0, 20.0, 30.0]
