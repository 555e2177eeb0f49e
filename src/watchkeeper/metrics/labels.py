"""How many predictions have got their label, and how late."""

from __future__ import annotations

from functools import partial

from watchkeeper.core.estimate import Estimate
from watchkeeper.metrics.base import Metric
from watchkeeper.metrics.service_intervals import count, quantile, share
from watchkeeper.profiles.label_traffic import LabelTraffic
from watchkeeper.profiles.log_grid import SECONDS

DELAY_POINTS = (0.5, 0.95)
"""The quantiles of the delay that are shown unless others are asked for."""

_NO_ROWS = "no predictions that could get a label"


def label_coverage(labels: LabelTraffic) -> Estimate:
    """The share of predictions that have got their label.

    Examples
    --------
    >>> from watchkeeper.profiles.weighted import Weighted
    >>> expected, labelled = Weighted(10, 10.0, 10.0), Weighted(4, 4.0, 4.0)
    >>> label_coverage(LabelTraffic(expected=expected, labelled=labelled)).value
    0.4
    """
    return share(labels.labelled, labels.expected, _NO_ROWS)


def label_delay_s_at_p(labels: LabelTraffic, point: float) -> Estimate:
    """The seconds within which a share of the labels that came had come."""
    return quantile(labels.delay, SECONDS, point, "no label with a time")


def labels_corrected(labels: LabelTraffic) -> Estimate:
    """How many predictions got more than one label, the last of which counts."""
    if not labels.labelled.rows:
        return Estimate(None, note="no labels")
    return count(labels.corrected, labels.heaviest)


def label_metrics(labels: LabelTraffic) -> dict[str, Estimate]:
    """Every metric of labels, by the name under which reports show it.

    Examples
    --------
    >>> list(label_metrics(LabelTraffic()))
    ['label_coverage', 'label_delay_s@p50', 'label_delay_s@p95', 'labels_corrected']
    """
    delays = {
        f"label_delay_s@p{round(point * 100)}": label_delay_s_at_p(labels, point)
        for point in DELAY_POINTS
    }
    return {
        "label_coverage": label_coverage(labels),
        **delays,
        "labels_corrected": labels_corrected(labels),
    }


_record = partial(
    Metric,
    group="labels",
    needs=("labels",),
    lowest=0.0,
    infinities="not applicable",
    unseen="not applicable",
)

LABELS: tuple[Metric, ...] = (
    _record(
        name="label_coverage",
        title="Label coverage",
        function=label_coverage,
        unit="share",
        worse="lower",
        best=1.0,
        highest=1.0,
        measures="Which share of the predictions of a window have got their label so far.",
        misleads="It grows as labels come in: the newest windows are always low. Where labels "
        "come sooner for one class, performance on the labelled rows is biased meanwhile.",
        formula=r"\frac{\sum_{i:\text{labelled}} w_i}{\sum_{i:\text{predicted}} w_i}",
        nulls="rows without prediction and score (errors) are left out",
        interval="Wilson's, with the rows that are as sure as the weighted ones",
        p_value="the level at which the interval of the difference (MOVER) touches zero",
        source="Wilson (1927), Probable inference, the law of succession, and statistical "
        "inference",
        oracle="scipy.stats.binomtest",
    ),
    _record(
        name="label_delay_s_at_p",
        title="Label delay",
        function=label_delay_s_at_p,
        unit="s",
        worse="higher",
        best=0.0,
        measures="Within how many seconds a share of the labels that came had come, as "
        "`label_delay_s@p95`.",
        misleads="Labels that have not come yet are not in it, so it is too short for the newest "
        "windows; read it beside `label_coverage`.",
        formula=r"\min\{x:\sum_{i:x_i\le x} w_i \ge p\sum_i w_i\},\quad x_i=\max("
        r"\text{label time}_i-\text{time}_i,\,0)",
        nulls="rows without a label are left out; a label without a time counts from its receipt",
        interval="binomial interval between order statistics, out to the ends of their bins",
        p_value="the level at which the interval of the difference (MOVER) touches zero",
        source="Conover (1999), Practical nonparametric statistics, section 3.2",
        oracle="numpy.quantile(method='inverted_cdf', weights=…) within the stated bound",
        defaults={"p": DELAY_POINTS},
    ),
    _record(
        name="labels_corrected",
        title="Corrected labels",
        function=labels_corrected,
        unit="rows",
        worse="higher",
        best=0.0,
        measures="How many predictions got more than one label, the last of which counts.",
        misleads="A label that was sent again unchanged counts as well.",
        formula=r"\sum_{i:\text{labels}_i>1} w_i",
        nulls="rows without a label are left out",
        interval="Garwood's for a Poisson count; Fay and Feuer's where rows have weights",
        p_value="the level at which the interval of the difference (MOVER) touches zero",
        source="Garwood (1936), Fiducial limits for the Poisson distribution",
        oracle="scipy.stats.chi2 quantiles (Garwood)",
    ),
)
