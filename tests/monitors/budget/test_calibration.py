"""What streams are held against: bounds, dispersion, autocorrelation, season, groups."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import numpy as np
import pytest
from scipy import stats

from tests.monitors.budget.days import DAY, buckets, columns, counted, rates
from watchkeeper.core.errors import InputError
from watchkeeper.monitors.budget import Calibration, Stream, calibrate
from watchkeeper.monitors.budget.reference import scatter

ERRORS = Stream("errors", "rate")


def test_the_null_of_a_rate():
    """The 95 % upper bound of the reference rate (SciPy's beta), a twentieth higher."""
    ks = [20, 18, 22, 19, 21] * 6  # Less scatter than chance: the dispersion is one, almost.
    found = calibrate([ERRORS], buckets(rates("errors", ks)), DAY).baselines[0]
    n, k = 200 * 30 / found.dispersion, sum(ks) / found.dispersion
    bound = stats.beta.ppf(0.95, k + 1, n - k)
    assert found.center[0] + found.above == pytest.approx(1.05 * bound, rel=1e-6)
    assert 1.0 <= found.dispersion < 1.1
    assert found.notes == ()


def test_a_rate_above_one_half_is_tolerated_by_its_complement():
    """A share of 0.98 may not rise to 1.03: the tolerance is a twentieth of the smaller side."""
    found = calibrate([ERRORS], buckets(rates("errors", [196] * 28)), DAY).baselines[0]
    assert found.center[0] + found.above < 0.99
    assert found.tolerance < 0.001


@pytest.mark.parametrize("ks", [[0] * 28, [200] * 28])
def test_rates_of_none_and_all_have_a_null(ks):
    """Without an event, and with nothing else, both ends stay inside 0 and 1."""
    found = calibrate([ERRORS], buckets(rates("errors", ks)), DAY).baselines[0]
    assert 0 < found.above < 0.01 or found.center[0] == 1.0
    assert np.isfinite([found.above, found.below, found.dispersion]).all()


def test_dispersion_is_pearsons():
    """Counts whose level wanders by two points at 2,000 rows: 1 + 2000 * 0.02² / 0.09, about."""
    rng = np.random.default_rng(2)
    k = rng.binomial(2000, np.clip(0.1 + 0.02 * rng.normal(size=(200, 1)), 0.01, 1))
    rate = k.sum() / 200 / 2000
    pearson = ((k - 2000 * rate) ** 2 / (2000 * rate * (1 - rate))).sum() / 199
    measured = scatter(
        k / 2000, np.full((200, 1), rate * (1 - rate) / 2000), np.zeros(200, dtype=np.int64)
    )
    assert measured.dispersion == pytest.approx(pearson * (1 + 1 / 200), rel=1e-9)
    assert measured.wanders


def test_few_windows_are_assumed_to_scatter():
    """Below 14 windows the dispersion is 1.5 at least, and a note says so."""
    calibration = calibrate([ERRORS], buckets(rates("errors", [20] * 10)), DAY)
    assert calibration.baselines[0].dispersion == 1.5
    assert "10 windows" in calibration.notes[0]
    assert "assumed" in calibration.baselines[0].notes[0]


@pytest.mark.parametrize(("rho", "times"), [(0.0, 1.0), (0.5, 2.0), (0.85, 4.0)])
def test_autocorrelation_widens_the_tolerance(rho, times):
    """5 % without, 10 % from 0.3 on, 20 % from 0.6 on, and the note names it."""
    rng = np.random.default_rng(5)
    level = np.zeros(400)
    for day in range(1, 400):
        level[day] = rho * level[day - 1] + np.sqrt(1 - rho**2) * rng.normal()
    k = rng.binomial(5000, np.clip(0.1 + 0.02 * level, 0.01, 1))
    found = calibrate([ERRORS], columns(counted(k[:, None], 5000)), DAY).baselines[0]
    assert found.autocorrelation == pytest.approx(rho, abs=0.12)
    bound = found.center[0] + found.above - found.tolerance
    assert found.tolerance == pytest.approx(0.05 * times * bound)
    assert bool(found.notes) == (times > 1)


def test_a_season_is_found_where_it_explains_the_scatter():
    """Hours of a day differ: 24 levels. Without that there is one, and none that is asked for."""
    rng = np.random.default_rng(6)
    hour = np.arange(24 * 28) % 24
    k = rng.binomial(500, 0.1 + 0.05 * (hour >= 12))[:, None]
    streams, step = [ERRORS], timedelta(hours=1)
    table = columns(counted(k, 500), step=step)
    found = calibrate(streams, table, step)
    assert found.season == 86_400
    assert found.phases == len(found.baselines[0].center) == 24
    assert found.baselines[0].center[3] == pytest.approx(0.1, abs=0.01)
    assert found.baselines[0].center[20] == pytest.approx(0.15, abs=0.01)
    assert found.baselines[0].dispersion < 1.3
    assert "1d" in found.notes[0]
    assert calibrate(streams, table, step, season=timedelta()).season == 0
    flat = columns(counted(rng.binomial(500, 0.1, k.shape), 500), step=step)
    assert calibrate(streams, flat, step).season == 0


def test_groups_of_distributions():
    """Numbers fall in neighbouring groups of about a tenth, texts keep frequent ones by name."""
    rng = np.random.default_rng(7)
    cells = rng.multinomial(2000, np.full(100, 0.01), 28).astype(float)
    names = rng.multinomial(2000, [0.5, 0.3, *[0.2 / 48] * 48], 28).astype(float)
    streams = [Stream("x", "distribution"), Stream("c", "distribution", ordered=False)]
    table = columns(np.full((28, 2, 3), np.nan), {0: cells, 1: names})
    number, text = calibrate(streams, table, DAY).baselines
    assert len(number.shares[0]) == 10
    assert sorted(number.groups) == list(number.groups)
    assert number.shares[0] == pytest.approx([0.1] * 10, abs=0.01)
    assert text.groups[0] != text.groups[1]
    assert len(text.shares[0]) == 10
    assert sum(text.shares[0]) == pytest.approx(1.0)


def test_a_stream_without_data_is_not_watched():
    """The other one is, and a note says why the first is not."""
    found = calibrate([ERRORS, Stream("b", "rate")], buckets(rates("errors", [20] * 20)), DAY)
    assert "not watched" in found.baselines[1].notes[0]


def test_a_calibration_is_json():
    """What is written is what is read."""
    found = calibrate([ERRORS], buckets(rates("errors", [20] * 20)), DAY)
    assert msgspec.json.decode(msgspec.json.encode(found), type=Calibration) == found


@pytest.mark.parametrize(
    ("streams", "held", "window", "message"),
    [
        ([], rates("a", [1]), DAY, "watches no stream"),
        ([ERRORS, ERRORS], rates("errors", [1]), DAY, "there twice"),
        ([Stream("errors", "rate", weight=-1)], rates("errors", [1]), DAY, "weight -1"),
        (
            [Stream("errors", "ratio")],
            rates("errors", [1]),
            DAY,
            "'ratio'; write one of rate, mean",
        ),
        (
            [Stream("errors", "rate", alternatives=(0.1, -1))],
            rates("errors", [1]),
            DAY,
            "sizes above",
        ),
        ([ERRORS], rates("error", [1]), DAY, "did you mean 'errors'"),
        ([ERRORS], rates("errors", [201]), DAY, "201 events in 200 rows"),
        ([ERRORS], rates("errors", []), DAY, "there is none"),
        ([ERRORS], rates("errors", [1]), timedelta(), "no length"),
    ],
)
def test_what_cannot_be_is_refused(streams, held, window, message):
    """Each with what is wrong and what to write."""
    with pytest.raises(InputError, match=message):
        calibrate(streams, buckets(held), window)


def test_a_season_must_fit_the_window():
    """Seven hours are no season of days."""
    with pytest.raises(InputError, match="7h is no multiple of the window of 1d"):
        calibrate([ERRORS], buckets(rates("errors", [1])), DAY, season=timedelta(hours=7))
