"""Bands against what they are learnt from: known seasons, planted anomalies, the normal tail."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tests.monitors.bands.made import WEEK, days, hours, season, series
from watchkeeper.core.errors import InputError
from watchkeeper.monitors.bands import (
    CRITICAL,
    BandSettings,
    History,
    Season,
    band,
    outside,
)
from watchkeeper.monitors.calendar import Calendar
from watchkeeper.monitors.truths import FALSE, NO_DATA, TRUE


def judged(values, times=None, settings=None, errors=None, rows=None):
    """A series judged at all its times: the band, and what lies outside."""
    times = hours(len(values)) if times is None else times
    found = band(History(times, values, errors, rows), times, settings)
    return found, outside(found, values)


def share(codes, where):
    """The share of values that lie outside."""
    return np.mean(codes[where] == TRUE)


def test_planted_anomalies_and_nothing_else():
    """In a week of a known season exactly the planted anomalies are critical."""
    values = series(10 * WEEK, seed=1)
    planted = 10 * WEEK - np.array([150, 90, 89, 20])
    values[planted] += [25, -25, -25, 30]
    _, codes = judged(values, settings=BandSettings(level=CRITICAL))
    assert np.flatnonzero(codes[-WEEK:] == TRUE).tolist() == (planted - 9 * WEEK).tolist()


def test_false_alarms_at_the_stated_rate():
    """Of normal noise on a season 0.27 % lie outside three standard deviations."""
    flagged = total = 0
    for seed in range(8):
        found, codes = judged(series(20 * WEEK, seed))
        late = found.season == Season.WEEK
        flagged, total = flagged + np.sum(codes[late] == TRUE), total + np.sum(late)
    nominal = 2 * stats.norm.sf(3)
    # A third of the rate for what learning from finite history adds, and four standard errors.
    tolerance = nominal / 3 + 4 * np.sqrt(nominal / total)
    assert abs(flagged / total - nominal) < tolerance


def test_false_alarms_of_days():
    """Daily values keep the rate too, although few weekends tell their scatter."""
    flagged = total = 0
    for seed in range(30):
        noise = np.random.default_rng(seed).normal(0, 3, 365)
        values = 100 - 40.0 * (np.arange(365) % 7 >= 5) + noise
        found, codes = judged(values, days(365))
        late = found.season == Season.WEEK
        flagged, total = flagged + np.sum(codes[late] == TRUE), total + np.sum(late)
        assert found.shifts == ()
    nominal = 2 * stats.norm.sf(3)
    assert abs(flagged / total - nominal) < nominal / 3 + 4 * np.sqrt(nominal / total)


def test_a_wider_level_is_wider():
    """The band at 4.5 is one and a half times as wide as at 3, about the same centre."""
    values = series(6 * WEEK)
    three, _ = judged(values)
    more, _ = judged(values, settings=BandSettings(level=CRITICAL))
    there = ~np.isnan(three.centre)
    assert more.centre[there] == pytest.approx(three.centre[there])
    widths = (more.upper - more.lower)[there] / (three.upper - three.lower)[there]
    assert widths == pytest.approx(np.full(widths.shape, 1.5))


def test_seasons_by_length_of_history():
    """Hour of day from seven days, hour of week from four weeks; before, the latest values."""
    found, _ = judged(series(6 * WEEK))
    assert set(found.season[:24]) == {Season.NOTHING}
    assert found.season[100] == Season.NONE
    assert set(found.season[8 * 24 : 27 * 24]) == {Season.DAY}
    assert set(found.season[29 * 24 :]) == {Season.WEEK}
    assert "no guarantee" in found.note


def test_what_comes_later_plays_no_part():
    """The band of a point is the same whatever follows it, itself included."""
    values = series(6 * WEEK)
    times = hours(6 * WEEK)
    whole = band(History(times, values), times)
    changed = values.copy()
    changed[5 * WEEK :] += 1000
    again = band(History(times, changed), times)
    for before, after in ((whole.lower, again.lower), (whole.upper, again.upper)):
        assert before[: 5 * WEEK + 1] == pytest.approx(after[: 5 * WEEK + 1], nan_ok=True)


def test_one_time_is_as_many():
    """A band asked for the last time alone is that of all times at once, value known or not."""
    values, times = series(6 * WEEK), hours(6 * WEEK)
    whole = band(History(times, values), times)
    last = band(History(times, values), times[-1:])
    unseen = band(History(times[:-1], values[:-1]), times[-1:])
    for found in (last, unseen):
        assert found.lower[0] == pytest.approx(whole.lower[-1])
        assert found.upper[0] == pytest.approx(whole.upper[-1])


def test_a_tenth_of_rubbish_barely_matters():
    """With a tenth of the history spoilt the centre stays within a deviation, the width near."""
    rng = np.random.default_rng(2)
    values = series(10 * WEEK, seed=2)
    spoilt = values.copy()
    chosen = rng.random(10 * WEEK) < 0.1
    chosen[-24:] = False
    spoilt[chosen] += rng.choice([-1, 1], chosen.sum()) * rng.uniform(20, 300, chosen.sum())
    clean, _ = judged(values)
    found, _ = judged(spoilt)
    assert np.abs(found.centre - clean.centre)[-24:].max() < 3
    widths = (found.upper - found.lower)[-24:] / (clean.upper - clean.lower)[-24:]
    assert np.all((widths > 0.9) & (widths < 1.4))


def test_sampling_error_widens():
    """A point of few rows gets the root of the squares of process and sampling noise."""
    values, times = series(6 * WEEK), hours(6 * WEEK)
    small = np.zeros(6 * WEEK)
    large = small.copy()
    large[-1] = 12.0
    one = band(History(times, values, small), times[-1:])
    other = band(History(times, values, large), times[-1:])
    half, wide = (one.upper - one.lower)[0] / 6, (other.upper - other.lower)[0] / 6
    assert wide == pytest.approx(np.hypot(half, 12.0))


def test_the_error_of_a_time_without_value():
    """A sampling error that is given for a time of which nothing is known yet widens alike."""
    values, times = series(6 * WEEK), hours(6 * WEEK)
    history = History(times[:-1], values[:-1], np.zeros(6 * WEEK - 1))
    plain = band(history, times[-1:], errors=np.array([0.0]))
    wide = band(history, times[-1:], errors=np.array([12.0]))
    half = (plain.upper - plain.lower)[0] / 6
    assert (wide.upper - wide.lower)[0] / 6 == pytest.approx(np.hypot(half, 12.0))


def test_noise_of_sampling_is_not_counted_twice():
    """Where sampling explains all noise the band is three sampling errors wide, not 3 √2."""
    rng = np.random.default_rng(3)
    values = season(12 * WEEK) + rng.normal(0, 3, 12 * WEEK)
    found, codes = judged(values, errors=np.full(12 * WEEK, 3.0))
    late = found.season == Season.WEEK
    assert np.median((found.upper - found.lower)[late]) / 6 == pytest.approx(3.3, abs=0.5)
    assert share(codes, late) < 0.008


def test_a_level_that_lasts_is_learnt_after_a_week():
    """A lasting shift alarms for seven days, not longer, and is told."""
    values = series(10 * WEEK, seed=1)
    values[-3 * WEEK :] += 40
    found, codes = judged(values)
    after = codes[-3 * WEEK :]
    assert np.mean(after[: 7 * 24] == TRUE) == 1.0
    assert np.mean(after[8 * 24 :] == TRUE) < 0.02
    [shift] = found.shifts
    start = datetime(2025, 1, 6, 1, tzinfo=UTC) + timedelta(weeks=7)
    assert abs(shift.since - start) <= timedelta(hours=1)
    assert timedelta(days=7) <= shift.seen - shift.since + timedelta(hours=1) < timedelta(days=8)
    widths = found.upper - found.lower
    assert widths[-WEEK] < 1.2 * widths[-4 * WEEK]
    assert shift.change == pytest.approx(40, abs=2)
    assert shift.ratio is None
    assert not shift.accepted


def test_a_short_shift_is_no_level():
    """Five days on another level alarm, teach nothing, and the old level is still expected."""
    values = series(10 * WEEK, seed=1)
    values[-2 * WEEK : -2 * WEEK + 5 * 24] += 40
    found, codes = judged(values)
    assert share(codes, slice(-2 * WEEK, -2 * WEEK + 5 * 24)) == 1.0
    assert share(codes, slice(-2 * WEEK + 5 * 24, None)) < 0.02
    assert found.shifts == ()


def test_a_short_shift_among_days():
    """Before there are weeks, five days of eight on another level teach nothing either."""
    values = series(20 * 24, noise=3)
    values[10 * 24 : 15 * 24] += 60
    found, codes = judged(values)
    assert share(codes, slice(10 * 24, 15 * 24)) == 1.0
    clean, _ = judged(series(20 * 24, noise=3))
    assert found.centre[15 * 24 + 12 :] == pytest.approx(clean.centre[15 * 24 + 12 :], abs=20)


def test_a_slow_drift_is_noticed():
    """The level follows by no more than the width of the band, so a creeping rise is told."""
    values = series(8 * WEEK, noise=1)
    values[-10 * 24 :] += np.arange(10 * 24) * 0.05
    _, codes = judged(values)
    assert share(codes, slice(-3 * 24, None)) > 0.5


def test_an_accepted_level_is_learnt_at_once():
    """From the acceptance on half a day is enough, and it is told as accepted."""
    values = series(10 * WEEK, seed=1)
    values[-3 * WEEK :] += 40
    since = datetime(2025, 1, 6, 1, tzinfo=UTC) + timedelta(weeks=7)
    found, codes = judged(values, settings=BandSettings(calendar=Calendar(accepted=since)))
    assert share(codes, slice(-3 * WEEK + 36, None)) < 0.02
    assert [shift.accepted for shift in found.shifts] == [True]
    long_ago, _ = judged(
        values, settings=BandSettings(calendar=Calendar(accepted=datetime(2020, 1, 1, tzinfo=UTC)))
    )
    assert [shift.accepted for shift in long_ago.shifts] == [False]


def test_a_shift_of_some_hours_is_learnt_in_weeks():
    """Only the afternoons rise: no level shift, and half of the slots' values learn it."""
    values = series(12 * WEEK, seed=1)
    hour = np.arange(12 * WEEK)
    values[(hour % 24 >= 12) & (hour % 24 < 20) & (hour >= 6 * WEEK)] += 40
    found, codes = judged(values)
    afternoons = (hour % 24 >= 12) & (hour % 24 < 20)
    assert share(codes, afternoons & (hour >= 6 * WEEK) & (hour < 9 * WEEK)) > 0.95
    assert share(codes, hour >= 11 * WEEK) < 0.02
    assert found.shifts == ()


def test_holidays_are_sundays():
    """A Friday that runs like a Sunday alarms, unless it is named as a holiday."""
    rng = np.random.default_rng(5)
    count = 10 * WEEK
    hour = np.arange(count)
    weekday = hour // 24 % 7
    friday = (weekday == 4) & (hour >= 9 * WEEK)
    off = (weekday >= 5) | friday
    values = 100 + 20 * np.sin(hour * 2 * np.pi / 24) - 50 * off + rng.normal(0, 3, count)
    day = date(2025, 1, 6) + timedelta(weeks=9, days=4)
    _, plain = judged(values)
    _, told = judged(values, settings=BandSettings(calendar=Calendar(holidays=frozenset({day}))))
    assert share(plain, friday) == 1.0
    assert share(told, friday) <= 1 / 24
    assert share(told, ~friday & (hour >= 9 * WEEK)) < 0.02


def test_cold_start_uses_the_reference():
    """Below 24 values the reference decides, widened by the tolerance; without it nothing does."""
    values = np.full(10, 0.9)
    at = BandSettings(reference=(0.8, 0.95), tolerance=0.05, worse="lower")
    found, codes = judged(values, settings=at)
    assert found.lower == pytest.approx(np.full(10, 0.8 * 0.95))
    assert np.all(np.isinf(found.upper))
    assert set(found.season) == {Season.REFERENCE}
    assert "too little history" in found.note
    assert set(codes) == {FALSE}
    _, none = judged(values)
    assert set(none) == {NO_DATA}


@pytest.mark.parametrize(("worse", "side"), [("lower", -25), ("higher", 25)])
def test_only_the_worse_side_alarms(worse, side):
    """A value far on the better side is not outside, and is not learnt from either."""
    values = series(6 * WEEK)
    values[-10] += side
    values[-20] -= side
    _, codes = judged(values, settings=BandSettings(worse=worse))
    assert (codes[-10], codes[-20]) == (TRUE, FALSE)


def test_shares_stay_within_their_bounds():
    """On the logit scale no band passes 1, and values of 1 are within it where 1 is likely."""
    rng = np.random.default_rng(6)
    rows = np.full(6 * WEEK, 40)
    values = rng.binomial(40, 0.97, 6 * WEEK) / 40
    assert np.any(values == 1)
    errors = np.sqrt(values * (1 - values) / 40)
    found, codes = judged(values, None, BandSettings(scale="logit"), errors, rows)
    there = ~np.isnan(found.lower)
    assert np.all((found.lower[there] > 0) & (found.upper[there] <= 1))
    assert share(codes, there) < 0.01
    assert share(codes, values == 1) < 0.02
    values[-1] = 0.6
    _, codes = judged(values, None, BandSettings(scale="logit"), errors, rows)
    assert codes[-1] == TRUE


def test_counts():
    """Poisson counts keep the rate; an hour without any is outside where there are many."""
    rng = np.random.default_rng(7)
    rates = np.exp(4.5 + np.sin(np.arange(8 * WEEK) * 2 * np.pi / 24))
    counts = rng.poisson(rates).astype(float)
    at = BandSettings(scale="count")
    found, codes = judged(counts, settings=at)
    assert share(codes, found.season == Season.WEEK) < 0.01
    counts[-1] = 0
    _, codes = judged(counts, settings=at)
    assert codes[-1] == TRUE
    few = rng.poisson(1.0, 8 * WEEK).astype(float)
    found, codes = judged(few, settings=at)
    assert TRUE not in codes[few == 0]
    assert found.lower[-1] == 0


def test_a_level_on_the_log_scale_is_a_ratio():
    """Latencies that double and stay are told as twice as high."""
    values = np.exp(series(8 * WEEK, noise=3) / 50)
    values[-2 * WEEK :] *= 2
    found, _ = judged(values, settings=BandSettings(scale="log"))
    assert [shift.ratio for shift in found.shifts] == [pytest.approx(2, rel=0.05)]


@pytest.mark.parametrize("weeks", [2, 6])
def test_overlapping_windows_do_not_judge_themselves(weeks):
    """Of windows of three days that end every hour, those since three days before play no part."""
    values, times = series(weeks * WEEK), hours(weeks * WEEK)
    other = values.copy()
    other[-72:-1] += 8
    days = BandSettings(gap=timedelta(days=3))
    one, same = (band(History(times, held), times[-1:], days) for held in (values, other))
    assert one.upper[0] == same.upper[0]
    other[-96:-72] += 8
    changed = band(History(times, other), times[-1:], days)
    assert changed.upper[0] != one.upper[0]


def test_holes_are_no_data():
    """Where there is no value there is a band and no verdict; no rows are no value."""
    values = series(6 * WEEK)
    values[-5] = np.nan
    rows = np.full(6 * WEEK, 100)
    rows[-3] = 0
    found, codes = judged(values, rows=rows)
    assert codes[-5] == NO_DATA
    assert not np.isnan(found.lower[-5])
    values[-3] = 1e9
    again, _ = judged(values, rows=rows)
    assert again.upper[-1] == pytest.approx(found.upper[-1])


def test_missing_times_are_holes():
    """Times that are left out are as times without value."""
    values, times = series(6 * WEEK), hours(6 * WEEK)
    kept = np.ones(6 * WEEK, bool)
    kept[[50, 700, 701, 900]] = False
    holes = np.where(kept, values, np.nan)
    step = BandSettings(step=timedelta(hours=1))
    one = band(History(times, holes), times[-24:], step)
    other = band(History(times[kept], values[kept]), times[-24:], step)
    assert one.lower == pytest.approx(other.lower)


def test_a_constant_series_has_a_band():
    """No noise at all leaves the floor of 1 % of the centre, not a band of no width."""
    found, codes = judged(np.full(6 * WEEK, 200.0))
    assert found.upper[-1] == pytest.approx(206)
    assert found.lower[-1] == pytest.approx(194)
    assert TRUE not in codes


def test_nothing_at_all():
    """No history and no times are answered, not refused."""
    nothing = np.array([], dtype="datetime64[s]")
    empty = band(History(nothing, np.array([])), hours(2))
    assert np.isnan(empty.lower).all()
    assert len(band(History(hours(2), np.ones(2)), nothing).lower) == 0
    found, _ = judged(np.full(100, np.nan))
    assert np.isnan(found.lower).all()


def test_bad_input_is_refused():
    """Lengths that differ, times that do not ascend, levels and spans that make no sense."""
    with pytest.raises(InputError, match="2 times has 3 values"):
        History(hours(2), np.ones(3))
    with pytest.raises(InputError, match="must ascend"):
        band(History(hours(3)[::-1], np.ones(3)), hours(1))
    with pytest.raises(InputError, match="level of a band is 0"):
        BandSettings(level=0)
    with pytest.raises(InputError, match="less than a second"):
        BandSettings(step=timedelta())
    far = np.array(["1970-01-01", "2970-01-01"], dtype="datetime64[s]")
    with pytest.raises(InputError, match="too long"):
        band(History(far, np.ones(2)), far, BandSettings(step=timedelta(hours=1)))


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.one_of(st.floats(-1e9, 1e9), st.just(float("nan"))), min_size=1, max_size=24 * 12),
    st.sampled_from(["linear", "log", "logit", "count"]),
    st.sampled_from([0, 24]),
)
def test_any_series_has_an_ordered_band(values, scale, gap):
    """Whatever the values, the ends are in order about the centre, or there are none."""
    at = BandSettings(scale=scale, gap=timedelta(hours=gap))
    found, _ = judged(np.array(values), settings=at)
    there = ~np.isnan(found.centre)
    assert np.array_equal(there, ~np.isnan(found.lower))
    assert np.all(found.lower[there] <= found.centre[there])
    assert np.all(found.centre[there] <= found.upper[there])
