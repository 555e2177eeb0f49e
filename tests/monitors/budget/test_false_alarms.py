"""The budget itself, by simulation: without change few false alarms, with change a short delay.

Short forms of suites A to G of section 8.4; the long ones are `benchmarks/budget.py`. A bound on a
number of alarms is the 99.9 % point of the binomial law at the budget: a detector that spends more
than twice the budget fails.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec
import numpy as np
import pytest
from scipy import stats

from tests.monitors.budget.days import DAY, columns, counted
from watchkeeper.monitors.budget import BudgetConfig, Detector, Stream, calibrate

RUNS = 100
BOUND = stats.binom.ppf(0.999, RUNS, 0.1)
ERRORS = [Stream("errors", "rate")]


def wander(rng, count, *, n=200, sd=0.0, rho=0.0):
    """Counts of a rate of 10 % that wanders by `sd` from day to day."""
    level = np.empty(count)
    level[0] = rng.normal()
    for day in range(1, count):
        level[day] = rho * level[day - 1] + np.sqrt(1 - rho**2) * rng.normal()
    return rng.binomial(n, np.clip(0.1 + sd * level, 0.001, 0.9))[:, None]


def pages(table, reference, streams=ERRORS, step=DAY, change=None, **settings):
    """The alarms of a detector after a reference; `change` edits the calibration."""
    calibration = calibrate(streams, table.head(reference), step)
    if change is not None:
        calibration = change(calibration)
    detector = Detector(BudgetConfig(**settings), calibration)
    return detector.run(detector.start(), table.tail(reference)).pages


def trusting(calibration):
    """The textbook version: chance explains all scatter, the reference is exact, no tolerance."""
    plain = [
        msgspec.structs.replace(b, dispersion=1.0, extreme=0.0, above=1e-6)
        for b in calibration.baselines
    ]
    return msgspec.structs.replace(calibration, baselines=tuple(plain))


@pytest.mark.parametrize(
    ("n", "sd", "rho"), [(200, 0.0, 0.0), (200, 0.02, 0.0), (2000, 0.02, 0.0), (2000, 0.01, 0.7)]
)
def test_the_budget_holds(n, sd, rho):
    """B and G: of 90 days without change at most one in ten has an alarm, however days scatter."""
    rng = np.random.default_rng(n + int(1000 * sd))
    false = sum(
        bool(pages(columns(counted(wander(rng, 118, n=n, sd=sd, rho=rho), n)), 28))
        for _ in range(RUNS)
    )
    assert false <= BOUND


def test_the_textbook_version_does_not_hold_it():
    """G: without dispersion, bound and tolerance most quarters alarm; the test above could fail."""
    rng = np.random.default_rng(11)
    runs = 40
    false = sum(
        bool(pages(columns(counted(wander(rng, 118, n=2000, sd=0.02), 2000)), 28, change=trusting))
        for _ in range(runs)
    )
    assert false > 0.5 * runs


def test_daily_p_values_do_not_hold_it():
    """B: one-sided p < 0.05 on the same days alarms in nearly every quarter, the budget in few."""
    rng = np.random.default_rng(12)
    k = rng.binomial(200, 0.1, (RUNS, 90))
    assert np.mean((stats.binom.sf(k - 1, 200, 0.1) < 0.05).any(axis=1)) > 0.95


@pytest.mark.parametrize(("rate", "slowest"), [(0.13, 30), (0.15, 10), (0.20, 4)])
def test_the_delay_after_a_jump(rate, slowest):
    """D: 200 labels a day, 10 % before: the median delay in days."""
    rng = np.random.default_rng(13)
    delays = []
    for _ in range(40):
        before, after = rng.binomial(200, 0.1, (28, 1)), rng.binomial(200, rate, (90, 1))
        found = pages(columns(counted(np.concatenate((before, after)), 200)), 28)
        last = np.datetime64(found[0].at.replace(tzinfo=None)) if found else None
        start = np.datetime64("2026-01-05") + 28
        delays.append((last - start).astype("timedelta64[D]").astype(int) + 1 if found else 91)
    assert 3 <= np.median(delays) <= slowest


def groups(rng, hours, features, *, moved=0, by=0.0):
    """Counts of twenty equal groups of normal features, the first of which have moved."""
    edges = stats.norm.ppf(np.arange(1, 20) / 20)
    cells = {}
    for at in range(features):
        shift = by if at < moved else 0.0
        p = np.diff(stats.norm.cdf(np.concatenate(([-np.inf], edges, [np.inf])) - shift))
        cells[at] = rng.multinomial(500, p, hours).astype(float)
    return cells


def joined(before, after):
    """One table of a reference and what follows it."""
    cells = {at: np.concatenate((before[at], after[at])) for at in before}
    hours = len(cells[0])
    return columns(np.full((hours, len(cells), 3), np.nan), cells, step=timedelta(hours=1))


FEATURES = [Stream(f"x{i}", "distribution") for i in range(50)]


def test_fifty_features_every_hour():
    """A and F: a week of hours of fifty unchanged features is quiet; p < 0.05 is never."""
    rng = np.random.default_rng(14)
    table = joined(groups(rng, 14 * 24, 50), groups(rng, 168, 50))
    assert pages(table, 14 * 24, FEATURES, timedelta(hours=1)) == ()
    p_values = np.array(
        [stats.chisquare(counts[-168:], axis=1).pvalue for counts in table.cells.values()]
    )
    assert (p_values < 0.05).any(axis=0).mean() > 0.8


def test_three_of_fifty_features_move():
    """F: by a quarter of a deviation; found within hours, in one alarm that names those three."""
    rng = np.random.default_rng(15)
    table = joined(groups(rng, 14 * 24, 50), groups(rng, 48, 50, moved=3, by=0.25))
    (alarm,) = pages(table, 14 * 24, FEATURES, timedelta(hours=1))
    delay = (alarm.at.replace(tzinfo=None) - table.starts[14 * 24].item()) / timedelta(hours=1) + 1
    assert 3 <= delay <= 12
    assert {effect.stream for effect in alarm.suspects} <= {"x0", "x1", "x2"}
    assert all(effect.low > effect.tolerated for effect in alarm.suspects)


def test_a_small_reference_does_not_carry_a_big_window():
    """E: windows of 5,000 rows against 28 windows of 100: the bound is wide, nothing alarms."""
    rng = np.random.default_rng(16)
    small = counted(rng.binomial(100, 0.1, (28, 1)), 100)
    false = sum(
        bool(
            pages(
                columns(np.concatenate((small, counted(rng.binomial(5000, 0.1, (90, 1)), 5000)))),
                28,
            )
        )
        for _ in range(40)
    )
    assert false <= stats.binom.ppf(0.999, 40, 0.1)


def test_dependence_does_not_break_it():
    """Fifty copies of one stream alarm no more often than the one."""
    rng = np.random.default_rng(17)
    copies = [Stream(f"e{i}", "rate") for i in range(50)]
    false = sum(
        bool(pages(columns(counted(np.repeat(wander(rng, 118), 50, axis=1), 200)), 28, copies))
        for _ in range(25)
    )
    assert false <= stats.binom.ppf(0.999, 25, 0.1)


def test_one_freak_day_is_no_alarm():
    """Where days wander, one that is far outside all others of the reference is not enough."""
    rng = np.random.default_rng(18)
    k = wander(rng, 60, n=2000, sd=0.02)
    k[40] = 1200
    assert pages(columns(counted(k, 2000)), 28) == ()
    k[40:50] = 1200
    assert len(pages(columns(counted(k, 2000)), 28)) == 1
