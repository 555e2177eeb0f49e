"""Whether predictions arrive in time, and as the schema says."""

from __future__ import annotations

from functools import partial

from watchkeeper.core.estimate import Estimate
from watchkeeper.metrics.base import Metric
from watchkeeper.metrics.service_intervals import quantile, share
from watchkeeper.profiles.log_grid import SECONDS
from watchkeeper.profiles.traffic import Traffic

ARRIVAL_POINTS = (0.5, 0.95, 0.99)
"""The quantiles of the delay that are shown unless others are asked for."""

_NO_ROWS = "no predictions"


def schema_violation_rate(traffic: Traffic) -> Estimate:
    """The share of predictions that broke the schema in any way.

    Examples
    --------
    >>> from watchkeeper.profiles.weighted import Weighted
    >>> rows, broken = Weighted(50, 50.0, 50.0), Weighted(1, 1.0, 1.0)
    >>> schema_violation_rate(Traffic(rows=rows, violating=broken)).value
    0.02
    """
    return share(traffic.violating, traffic.rows, _NO_ROWS)


def overflow_rate(traffic: Traffic) -> Estimate:
    """The share of predictions with a value that fitted no column."""
    return share(traffic.overflowing, traffic.rows, _NO_ROWS)


def arrival_delay_s_at_p(traffic: Traffic, point: float) -> Estimate:
    """The seconds within which a share of the predictions had arrived after it was made."""
    return quantile(traffic.arrival, SECONDS, point, "no row has both its time and its receipt")


def freshness_s(traffic: Traffic, now: float | None) -> Estimate:
    """The seconds since the latest prediction was made.

    Parameters
    ----------
    traffic
        The rows of a window that reaches up to now.
    now
        The time of asking, in seconds since 1970.

    Examples
    --------
    >>> freshness_s(Traffic(last=1000.0), 1060.0).value
    60.0
    """
    rows = traffic.rows.rows
    if traffic.last is None:
        return Estimate(None, n_current=rows, note=_NO_ROWS if not rows else "no row has a time")
    if now is None:
        return Estimate(None, n_current=rows, note="the time of asking was not given")
    age = now - traffic.last
    ahead = f"the latest row is dated {-age:.0f} s ahead of now" if age < 0 else None
    return Estimate(max(age, 0.0), n_current=rows, note=ahead)


_record = partial(
    Metric,
    group="quality",
    needs=("traffic",),
    worse="higher",
    best=0.0,
    lowest=0.0,
    infinities="not applicable",
    unseen="not applicable",
)
_share = partial(
    _record,
    unit="share",
    highest=1.0,
    nulls="a row without any is as it should be; one without a weight weighs 1",
    interval="Wilson's, with the rows that are as sure as the weighted ones",
    p_value="Fisher's exact test, twice the smaller tail",
    source="Wilson (1927), Probable inference, the law of succession, and statistical inference",
    oracle="scipy.stats.binomtest",
)

INGEST: tuple[Metric, ...] = (
    _share(
        name="schema_violation_rate",
        title="Schema violations",
        function=schema_violation_rate,
        measures="Which share of predictions had a feature that is unknown, missing, or of "
        "another type.",
        misleads="Records that the model's policy rejects never become rows: they are in the "
        "counts of ingest, not in it.",
        formula=r"\frac{\sum_{i:\text{any violation}} w_i}{\sum_i w_i}",
    ),
    _share(
        name="overflow_rate",
        title="Overflow",
        function=overflow_rate,
        measures="Which share of predictions had a value that fitted no column and was kept "
        "beside them.",
        misleads="A value that was coerced to its column's type is a violation, not overflow.",
        formula=r"\frac{\sum_{i:\text{overflow}} w_i}{\sum_i w_i}",
    ),
    _record(
        name="arrival_delay_s_at_p",
        title="Arrival delay",
        function=arrival_delay_s_at_p,
        unit="s",
        measures="Within how many seconds a share of the predictions had arrived, as "
        "`arrival_delay_s@p95`.",
        misleads="It is the difference of two clocks, so a client's wrong clock moves it; a "
        "receipt before the event counts as 0. What has not arrived yet is not in it.",
        formula=r"\min\{x:\sum_{i:x_i\le x} w_i \ge p\sum_i w_i\},\quad x_i=\max("
        r"\text{received}_i-\text{time}_i,\,0)",
        nulls="rows without both times are left out",
        interval="binomial interval between order statistics, out to the ends of their bins",
        p_value="the level at which the interval of the difference (MOVER) touches zero",
        source="Conover (1999), Practical nonparametric statistics, section 3.2",
        oracle="numpy.quantile(method='inverted_cdf', weights=…) within the stated bound",
        defaults={"p": ARRIVAL_POINTS},
    ),
    _record(
        name="freshness_s",
        title="Freshness",
        function=freshness_s,
        unit="s",
        measures="How many seconds ago the latest prediction was made.",
        misleads="A model that nobody asks at night looks stale; compare with the same hour of "
        "other days.",
        formula=r"\text{now}-\max_i\text{time}_i,\quad\text{0 where that lies ahead of now}",
        nulls="rows without a time are left out",
        source="Batini and Scannapieco (2016), Data and information quality (currency)",
        oracle="hand calculation",
    ),
)
