"""The e-processes: their mean without change, and the arrays against plain arithmetic."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.monitors.budget.days import DAY, columns, counted
from watchkeeper.monitors.budget import BudgetConfig, Detector, Stream, calibrate
from watchkeeper.monitors.budget.evalues import log_rate
from watchkeeper.monitors.budget.process import log_step, log_sum


def test_the_mean_grows_by_one_a_bucket():
    """E M_t = t exactly where the null holds, for each alternative and their mean."""
    rng = np.random.default_rng(7)
    log_m = np.full((20_000, 2), -np.inf)
    for t in range(1, 16):
        k = rng.binomial(100, 0.10, (20_000, 1))
        log_m = log_step(log_m, log_rate(k, 100, 0.10, np.array([0.11, 0.12])))
        for m in (*np.exp(log_m).T, np.exp(log_m).mean(axis=1)):
            assert abs(m.mean() - t) < 4 * m.std() / math.sqrt(m.size)


def test_the_mean_is_below_the_buckets_within_the_tolerance():
    """Below the null it is clearly below t: a rate of .09 against .10."""
    rng = np.random.default_rng(8)
    log_m = np.full((5_000, 1), -np.inf)
    for _ in range(15):
        k = rng.binomial(100, 0.09, (5_000, 1))
        log_m = log_step(log_m, log_rate(k, 100, 0.10, 0.12))
    m = np.exp(log_m)
    assert m.mean() + 4 * m.std() / math.sqrt(m.size) < 15


def test_a_process_recovers_from_nothing_and_never_overflows():
    """A million buckets of evidence against, then one for; and evidence beyond any float."""
    log_m = log_step(np.array(-1e9), np.array(-1e9))
    assert log_step(log_m, np.array(math.log(5.0))) == pytest.approx(math.log(5.0))
    assert log_step(np.array(-np.inf), np.array(0.5)) == 0.5
    assert log_step(np.array(1e6), np.array(1e6)) == 2e6
    assert log_sum(np.array([-np.inf, -np.inf])) == -np.inf
    assert log_sum(np.array([1e6, 1e6])) == pytest.approx(1e6 + math.log(2))


def plain(detector, ks, n):
    """One rate a stream, its baseline as calibrated, in plain arithmetic without logarithms."""
    held = [[0.0] * 3 for _ in ks[0]]
    found = []
    for row in ks:
        for at, (k, baseline) in enumerate(zip(row, detector.calibration.baselines, strict=True)):
            null = baseline.center[0] + baseline.above
            for i, shift in enumerate((0.02, 0.05, 0.10)):
                q, phi = null + shift, baseline.dispersion
                bet = ((q / null) ** k * ((1 - q) / (1 - null)) ** (n - k)) ** (1 / phi)
                held[at][i] = (held[at][i] + 1) * min(bet, math.exp(detector.limits.cap))
        found.append(sum(sum(one) / 3 for one in held) / len(held))
    return found


def test_arrays_say_what_plain_arithmetic_says():
    """The mean of the streams' means of alternatives, bucket by bucket, without the logarithms."""
    rng = np.random.default_rng(3)
    ks = rng.binomial(200, 0.1, (28 + 25, 4))
    table = columns(counted(ks, 200))
    streams = [Stream(name, "rate") for name in "abcd"]
    calibration = calibrate(streams, table.head(28), DAY)
    if any(baseline.extreme for baseline in calibration.baselines):
        pytest.fail("the seed gives a reference that wanders; take another")
    detector = Detector(BudgetConfig(), calibration)
    track = detector.run(detector.start(), table.tail(28))
    assert np.exp(track.log_m) == pytest.approx(plain(detector, ks[28:].tolist(), 200), rel=1e-9)


def test_a_stream_without_data_keeps_its_evidence():
    """Buckets in which a stream is unknown change nothing about it: no time has passed."""
    rng = np.random.default_rng(4)
    ks = rng.binomial(200, 0.1, (28, 1))
    detector = Detector(
        BudgetConfig(), calibrate([Stream("a", "rate")], columns(counted(ks, 200)), DAY)
    )
    some = counted(np.array([[26], [27]]), 200)
    gap = np.full((5, 1, 3), np.nan)
    whole = detector.run(detector.start(), columns(some)).log_m
    gapped = detector.run(
        detector.start(), columns(np.concatenate((some[:1], gap, some[1:])))
    ).log_m
    assert gapped[:6] == pytest.approx(whole[0])
    assert gapped[-1] == whole[-1]
