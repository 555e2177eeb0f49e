"""Which share of predictions failed, and how."""

from __future__ import annotations

from functools import partial

from watchkeeper.core.envelope import ERROR_CLASSES
from watchkeeper.core.errors import InputError
from watchkeeper.core.estimate import Estimate
from watchkeeper.metrics.base import Metric
from watchkeeper.metrics.service_intervals import share
from watchkeeper.profiles.traffic import Traffic
from watchkeeper.profiles.weighted import Weighted

NO_ROWS = "no predictions"


def error_rate(traffic: Traffic) -> Estimate:
    """The share of predictions that failed, of all that were asked for.

    Examples
    --------
    >>> timeouts, rows = Weighted(5, 5.0, 5.0), Weighted(100, 100.0, 100.0)
    >>> error_rate(Traffic(rows=rows, errors={"timeout": timeouts})).value
    0.05
    """
    return share(traffic.failed, traffic.rows, NO_ROWS)


def error_rate_by_class(traffic: Traffic, name: str) -> Estimate:
    """The share of predictions that failed in one way, of all that were asked for.

    Raises
    ------
    InputError
        There is no such class of error.
    """
    if name not in ERROR_CLASSES:
        allowed = ", ".join(ERROR_CLASSES)
        raise InputError(f"there is no class of error {name!r}; the classes are {allowed}")
    return share(traffic.errors.get(name, Weighted()), traffic.rows, NO_ROWS)


_record = partial(
    Metric,
    group="service",
    needs=("traffic",),
    unit="share",
    worse="higher",
    best=0.0,
    lowest=0.0,
    highest=1.0,
    nulls="a row without error and class of error succeeded; one without a weight weighs 1",
    infinities="a prediction that is NaN or infinite is an error where the service says so",
    unseen="a class that is not known counts as application",
    interval="Wilson's, with the rows that are as sure as the weighted ones",
    p_value="Fisher's exact test, twice the smaller tail",
    source="Wilson (1927), Probable inference; Korn and Graubard (1998), Confidence intervals for "
    "proportions with small expected number of positive counts estimated from survey data",
    oracle="scipy.stats.binomtest; the unsampled share of simulated traffic",
)

ERRORS: tuple[Metric, ...] = (
    _record(
        name="error_rate",
        title="Error rate",
        function=error_rate,
        measures="Which share of the predictions that were asked for failed.",
        misleads="A request that never reached the service, and a wrong answer that looks like an "
        "answer, are no errors to it.",
        formula=r"\frac{\sum_{i\in\text{error}} w_i}{\sum_i w_i}",
        defaults={"warning": 0.01, "critical": 0.05, "emergency": 0.1},
    ),
    _record(
        name="error_rate_by_class",
        title="Error rate by class",
        function=error_rate_by_class,
        measures="Which share of the predictions that were asked for failed in one way, as "
        "`error_rate@timeout`.",
        misleads="A row is in one class only: a time limit that an upstream service caused is "
        "what the service called it.",
        formula=r"\frac{\sum_{i\in\text{class}} w_i}{\sum_i w_i}",
        defaults={"class": ERROR_CLASSES},
    ),
)
