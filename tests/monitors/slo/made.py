"""SLOs and events, for tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from watchkeeper.monitors.slo.burn import Events
from watchkeeper.monitors.slo.objective import SLICE_PAIRS, Indicator, Kind, Slo

START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTES_5 = timedelta(minutes=5)


def events(bad, total, bucket=MINUTES_5, start=START):
    """Events from lists."""
    return Events(np.asarray(bad, float), np.asarray(total, float), start, bucket)


def answers(objective=0.999, **changes):
    """An SLO of answers without an error."""
    changes = {"model": "flights", **changes}
    return Slo("answers", objective, Indicator(Kind.AVAILABILITY), **changes)


def accuracy(objective=0.95, **changes):
    """An SLO of hours in which the accuracy met its target."""
    what = Indicator(Kind.QUALITY, metric="accuracy", target=0.9)
    changes = {"model": "flights", "budgeting": "timeslices", "pairs": SLICE_PAIRS, **changes}
    return Slo("accurate", objective, what, **changes)
