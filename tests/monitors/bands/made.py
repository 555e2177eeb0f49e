"""Series of a known season, for tests of bands."""

from __future__ import annotations

import numpy as np

WEEK = 24 * 7


def hours(count, start="2025-01-06T01"):
    """Ends of hours, the first that of a Monday's first."""
    return np.datetime64(start, "s") + np.arange(count) * np.timedelta64(3600, "s")


def days(count):
    """Ends of days, the first that of a Monday."""
    return np.datetime64("2025-01-07", "s") + np.arange(count) * np.timedelta64(86_400, "s")


def season(count):
    """A wave a day, one a week, and a nightly job at two that stands alone."""
    hour = np.arange(count)
    waves = 30 * np.sin(hour * 2 * np.pi / 24) + 15 * np.sin(hour * 2 * np.pi / WEEK)
    return 100 + waves + 60 * (hour % 24 == 2)


def series(count, seed=0, noise=3.0):
    """The season with normal noise."""
    return season(count) + np.random.default_rng(seed).normal(0, noise, count)
