"""What a budget says that it would find, against the detector itself."""

from __future__ import annotations

import numpy as np
import pytest

from tests.monitors.budget.days import DAY, columns, counted
from tests.monitors.budget.test_detector import kinds
from watchkeeper.core.errors import InputError
from watchkeeper.monitors.budget import (
    BudgetConfig,
    Detector,
    Stream,
    calibrate,
    detectable,
    power_table,
)


@pytest.fixture
def errors():
    """A detector of one error rate of 10 % at 200 rows a day."""
    k = np.random.default_rng(20).binomial(200, 0.1, (28, 1))
    streams = [Stream("errors", "rate", title="the error rate")]
    return Detector(BudgetConfig(), calibrate(streams, columns(counted(k, 200)), DAY))


def test_what_is_said_is_what_is_found(errors):
    """The change that it names raises the alarm within seven buckets about four times in five."""
    found = detectable(errors, "errors", np.random.default_rng(1))
    baseline, rng, seen = errors.calibration.baselines[0], np.random.default_rng(2), 0
    for _ in range(200):
        spread = (baseline.dispersion - 1) / 199
        total = 1 / max(spread, 1e-9) - 1
        rate = baseline.center[0] + found.shift
        share = rng.beta(rate * total, (1 - rate) * total, (7, 1))
        table = columns(counted(rng.binomial(200, share), 200))
        seen += bool(errors.run(errors.start(), table).pages)
    # Three standard deviations of two such shares of 200 runs.
    assert seen / 200 == pytest.approx(0.8, abs=0.12)


def test_more_rows_show_less(errors):
    """The table falls with the volume and never below the tolerance."""
    table = power_table(errors, "errors", (50, 200, 1000, 10_000), np.random.default_rng(1))
    shifts = [found.shift for found in table]
    assert shifts == sorted(shifts, reverse=True)
    assert shifts[-1] > errors.calibration.baselines[0].above
    assert [found.rows for found in table] == [50, 200, 1000, 10_000]


def test_more_time_shows_less(errors):
    """Within a month smaller changes are found than within a week, within two days none."""
    one, two = (
        detectable(errors, "errors", np.random.default_rng(1), windows=days).shift
        for days in (28, 7)
    )
    assert one < two
    none = detectable(errors, "errors", np.random.default_rng(1), windows=2)
    assert none.shift is None
    assert "no change is found within 2 buckets" in none.text


def test_the_same_generator_gives_the_same(errors):
    """Draws come from the generator that is passed in and nowhere else."""
    one, two = (detectable(errors, "errors", np.random.default_rng(5)) for _ in range(2))
    assert one == two
    assert "the error rate: at 200 rows a bucket a change of" in one.text


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [("mean", 0.1, 0.5), ("groups", 0.02, 0.3), ("auc", 0.01, 0.1), ("rmse", 0.3, 2.0)],
)
def test_every_kind(name, least, most):
    """A mean in deviations, a distribution as PSI, estimates in their unit."""
    streams, bucket = kinds()
    detector = Detector(BudgetConfig(), calibrate(streams, [bucket(i, 0) for i in range(28)], DAY))
    assert least < detectable(detector, name, np.random.default_rng(1)).shift < most


def test_unknown_streams_are_refused(errors):
    """With the names that there are."""
    with pytest.raises(InputError, match="'error'; there are errors"):
        detectable(errors, "error", np.random.default_rng(1))
