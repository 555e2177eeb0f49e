"""Scales: there and back, and sampling errors by the delta method."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.monitors.bands.made import hours
from watchkeeper.monitors.bands.scales import error_at, floor_at, from_scale, to_scale
from watchkeeper.monitors.bands.settings import BandSettings, History


@pytest.mark.parametrize("scale", ["linear", "log", "logit", "count"])
@given(share=st.floats(1e-4, 1 - 1e-4), rows=st.integers(1, 100_000))
def test_there_and_back(scale, share, rows):
    """A value comes back from its scale."""
    value = np.array([share if scale == "logit" else 1 + share * rows])
    settings = BandSettings(scale=scale)
    counted = np.array([rows])
    there, _ = to_scale(History(hours(1), value, rows=counted), settings)
    back = from_scale(there, settings, counted.astype(float))
    assert back == pytest.approx(value, rel=1e-6, abs=1e-9)


def test_errors_of_shares():
    """The error of a share of n rows becomes 1/sqrt(n p q), at whatever p is expected."""
    value, rows = 0.8, 400
    error = np.sqrt(value * (1 - value) / rows)
    held = History(hours(1), np.array([value]), np.array([error]), np.array([rows]))
    scaled, spread = to_scale(held, BandSettings(scale="logit"))
    assert error_at(spread[0], scaled[0], "logit") == pytest.approx(
        1 / np.sqrt(rows * 0.8 * 0.2), rel=0.01
    )
    expected = np.log(0.95 / 0.05)
    assert error_at(spread[0], expected, "logit") == pytest.approx(
        1 / np.sqrt(rows * 0.95 * 0.05), rel=0.01
    )


def test_errors_of_counts():
    """A count of 100 is known to a tenth of it; of a stated error ten times as large, to one."""
    held = History(hours(2), np.array([100.0, 0.0]))
    _, spread = to_scale(held, BandSettings(scale="count"))
    assert error_at(spread[0], np.log(100), "count") == pytest.approx(0.1)
    assert error_at(spread[1], np.log(100), "count") == pytest.approx(0.1)
    stated = History(hours(1), np.array([100.0]), np.array([100.0]))
    _, spread = to_scale(stated, BandSettings(scale="count"))
    assert error_at(spread[0], np.log(100), "count") == pytest.approx(1.0)


def test_errors_of_latencies():
    """On the log scale an error is a share of the value."""
    held = History(hours(1), np.array([200.0]), np.array([10.0]))
    _, spread = to_scale(held, BandSettings(scale="log"))
    assert error_at(spread[0], 5.0, "log") == pytest.approx(0.05)


def test_what_is_no_value_or_error():
    """Infinities are no values, negative errors are unknown."""
    held = History(hours(2), np.array([np.inf, 1.0]), np.array([1.0, -1.0]))
    values, errors = to_scale(held, BandSettings())
    assert np.isnan(values).tolist() == [True, False]
    assert np.isnan(errors).tolist() == [False, True]


def test_floors():
    """One per cent of the centre, of a share the lesser of it and its rest, or the resolution."""
    assert floor_at(-200.0, BandSettings()) == 2.0
    assert floor_at(1.0, BandSettings(resolution=0.5)) == 0.5
    assert floor_at(3.0, BandSettings(scale="log")) == 0.01
    logit = np.log(0.99 / 0.01)
    moved = 0.99 * 0.01 * floor_at(logit, BandSettings(scale="logit"))
    assert moved == pytest.approx(0.0001, rel=1e-6)
