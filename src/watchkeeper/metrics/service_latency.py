"""How long predictions took, as a whole and stage by stage."""

from __future__ import annotations

from functools import partial

from watchkeeper.core.envelope import STAGES
from watchkeeper.core.estimate import Estimate
from watchkeeper.metrics.base import Metric
from watchkeeper.metrics.service_intervals import mean, quantile
from watchkeeper.profiles.durations import Durations
from watchkeeper.profiles.log_grid import MILLISECONDS
from watchkeeper.profiles.traffic import Traffic

POINTS = (0.5, 0.75, 0.9, 0.95, 0.99, 0.999)
"""The quantiles that are shown unless others are asked for."""

_UNTIMED = "no row has its latency"


def latency_ms_at_p(traffic: Traffic, point: float) -> Estimate:
    """The milliseconds within which a share of the predictions was answered.

    Parameters
    ----------
    traffic
        The rows of a window.
    point
        The share, such as 0.95 for `latency_ms@p95`.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from watchkeeper.profiles.traffic import measure_traffic
    >>> held = measure_traffic(pa.RecordBatch.from_pydict({"_latency_ms": [20.0] * 100}))
    >>> latency_ms_at_p(held, 0.95).value
    20.0
    """
    return quantile(traffic.latency, MILLISECONDS, point, _UNTIMED)


def latency_ms_mean(traffic: Traffic) -> Estimate:
    """The mean milliseconds of a prediction."""
    return mean(traffic.latency.moments, _UNTIMED, positive_only=True)


def stage_ms_at_p(traffic: Traffic, point: float, *, stage: str) -> Estimate:
    """The milliseconds within which a stage was done for a share of the predictions.

    Parameters
    ----------
    traffic
        The rows of a window.
    point
        The share, such as 0.95 for `queue_ms@p95`.
    stage
        One of `core.envelope.STAGES`.

    Examples
    --------
    >>> stage_ms_at_p(Traffic(), 0.5, stage="queue").note
    'no row has the time of its stage queue'
    """
    held = traffic.stages.get(stage, Durations())
    return quantile(held, MILLISECONDS, point, f"no row has the time of its stage {stage}")


_record = partial(
    Metric,
    group="service",
    needs=("traffic",),
    unit="ms",
    worse="higher",
    best=0.0,
    lowest=0.0,
    nulls="rows that were not timed are left out; rows with an error are in where they were timed",
    infinities="rows with an infinite latency, or one below 0, are left out",
    unseen="not applicable",
    p_value="the level at which the interval of the difference (MOVER) touches zero",
)
_quantile = partial(
    _record,
    formula=r"\min\{x:\sum_{i:x_i\le x} w_i \ge p\sum_i w_i\},\quad\text{read from bins "
    r"that are 4.0 to 4.9 % wide, on a straight line inside the bin}",
    interval="binomial interval between order statistics, out to the ends of their bins; Woodruff's"
    " number of rows where rows have weights",
    source="Conover (1999), Practical nonparametric statistics, section 3.2; Woodruff (1952), "
    "Confidence intervals for medians and other position measures",
    oracle="numpy.quantile(method='inverted_cdf', weights=…) within the stated bound",
    peers={
        "prometheus": "histogram_quantile: on a straight line through buckets that the service "
        "chose, off by the bucket's width, without saying so",
        "opentelemetry": "exponential histogram at scale 4: the same bins",
        "datadog": "DDSketch: 1 % wide at best, without interval",
    },
    defaults={"p": POINTS},
)
_WORK = {
    "queue": "waiting before the work began",
    "preprocess": "making features of the request",
    "inference": "in the model itself",
    "postprocess": "making an answer of what the model said",
    "network": "on the way between services",
}

LATENCY: tuple[Metric, ...] = (
    _quantile(
        name="latency_ms_at_p",
        title="Latency",
        function=latency_ms_at_p,
        measures="Within how many milliseconds a share of the predictions was answered, as "
        "`latency_ms@p95`.",
        misleads="As the service measured it: what a caller waits before and after is not in it. "
        "Quantiles of windows cannot be averaged; ask for the longer window instead.",
    ),
    _record(
        name="latency_ms_mean",
        title="Mean latency",
        function=latency_ms_mean,
        measures="How many milliseconds a prediction took on average.",
        misleads="Latencies are skewed: few callers see the mean, and few slow answers move it.",
        formula=r"\frac{\sum_i w_i x_i}{\sum_i w_i}",
        interval="Student's t for the mean, on the logarithmic scale",
        source="Horvitz and Thompson (1952), A generalization of sampling without replacement",
        oracle="numpy.average; scipy.stats.t",
    ),
    *(
        _quantile(
            name=f"{stage}_ms_at_p",
            title=f"Time of the stage {stage}",
            function=partial(stage_ms_at_p, stage=stage),
            measures=f"Within how many milliseconds a share of the predictions was done {work}, "
            f"as `{stage}_ms@p95`.",
            misleads="Quantiles of stages do not add up to that of the whole, since a request is "
            "rarely slow in all of them.",
        )
        for stage, work in zip(STAGES, (_WORK[stage] for stage in STAGES), strict=True)
    ),
)
