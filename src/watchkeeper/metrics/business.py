"""What predictions were worth, by what was reported for them afterwards."""

from __future__ import annotations

from functools import partial

from watchkeeper.core.estimate import Estimate
from watchkeeper.metrics.base import Metric
from watchkeeper.metrics.service_intervals import count, mean, total
from watchkeeper.profiles.outcome_traffic import Outcome, OutcomeTraffic


def outcome_mean_by_name(outcomes: OutcomeTraffic, name: str) -> Estimate:
    """The mean of the values that were reported under one name."""
    held, absent = _named(outcomes, name)
    return _warned(mean(held.moments, absent, positive_only=False), held)


def outcome_sum_by_name(outcomes: OutcomeTraffic, name: str) -> Estimate:
    """The sum of the values that were reported under one name.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from watchkeeper.profiles.outcome_traffic import measure_outcomes
    >>> rows = {"_name": ["sale", "sale"], "_value": [10.0, 30.0]}
    >>> outcome_sum_by_name(measure_outcomes(pa.RecordBatch.from_pydict(rows)), "sale").value
    40.0
    """
    held, absent = _named(outcomes, name)
    return _warned(total(held.moments, absent, positive_only=False), held)


def outcome_count_by_name(outcomes: OutcomeTraffic, name: str) -> Estimate:
    """How many values were reported under one name; 0 where none was."""
    held, _ = _named(outcomes, name)
    return count(held.moments.weighted, held.heaviest)


def outcome_metrics(outcomes: OutcomeTraffic) -> dict[str, Estimate]:
    """Every metric of each outcome, as `outcome_mean@NAME`, `outcome_sum@NAME` and so on.

    Examples
    --------
    >>> outcome_metrics(OutcomeTraffic())
    {}
    """
    return {
        f"{metric.name.removesuffix('_by_name')}@{name}": metric.function(outcomes, name)
        for name in sorted(outcomes.names)
        for metric in OUTCOMES
    }


def _named(outcomes: OutcomeTraffic, name: str) -> tuple[Outcome, str]:
    """What is held of a name, and what to say where that is nothing."""
    known = ", ".join(sorted(outcomes.names)[:5])
    others = f"; there are {known}" if known and name not in outcomes.names else ""
    return outcomes.names.get(name, Outcome()), f"no outcome {name!r} with a value{others}"


def _warned(estimate: Estimate, held: Outcome) -> Estimate:
    """The estimate, with a note where values of several units were added up."""
    if len(held.units) < 2 or estimate.value is None:
        return estimate
    note = f"values of several units are taken together: {', '.join(held.units)}"
    return Estimate(
        estimate.value, estimate.low, estimate.high, n_current=estimate.n_current, note=note
    )


_record = partial(
    Metric,
    group="business",
    needs=("outcomes",),
    worse="either",
    nulls="rows without a value are left out; one without a weight weighs 1",
    infinities="rows with an infinite value are left out",
    unseen="not applicable",
    p_value="the level at which the interval of the difference (MOVER) touches zero",
)
_ht = "Horvitz and Thompson (1952), A generalization of sampling without replacement"

OUTCOMES: tuple[Metric, ...] = (
    _record(
        name="outcome_mean_by_name",
        title="Mean outcome",
        function=outcome_mean_by_name,
        unit="outcome unit",
        measures="What one reported outcome is worth on average, as `outcome_mean@revenue`.",
        misleads="The mean over outcomes that were reported, not over predictions; those without "
        "an outcome are not zeros to it.",
        formula=r"\frac{\sum_i w_i x_i}{\sum_i w_i}",
        interval="Student's t for the mean",
        source=_ht,
        oracle="numpy.average; scipy.stats.t",
    ),
    _record(
        name="outcome_sum_by_name",
        title="Sum of outcomes",
        function=outcome_sum_by_name,
        unit="outcome unit",
        measures="What all reported outcomes are worth together, as `outcome_sum@revenue`.",
        misleads="Outcomes come late: the newest windows are always low. Few large values make "
        "most of many sums.",
        formula=r"\sum_i w_i x_i",
        interval="compound Poisson, normal",
        source=_ht,
        oracle="numpy.sum; the unsampled sum of simulated outcomes",
    ),
    _record(
        name="outcome_count_by_name",
        title="Outcomes",
        function=outcome_count_by_name,
        unit="rows",
        lowest=0.0,
        measures="How many outcomes were reported, as `outcome_count@revenue`.",
        misleads="Several outcomes of one prediction count each; the newest windows are low.",
        formula=r"\sum_i w_i",
        interval="Garwood's for a Poisson count; Fay and Feuer's where rows have weights",
        source="Garwood (1936), Fiducial limits for the Poisson distribution",
        oracle="scipy.stats.chi2 quantiles (Garwood)",
    ),
)
