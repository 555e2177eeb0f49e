"""Kullback-Leibler divergence."""

from __future__ import annotations

import numpy as np

from watchkeeper.core.estimate import Estimate
from watchkeeper.metrics.base import Metric
from watchkeeper.metrics.divergence import INFINITIES, INTERVAL, NULLS, POOLING, Formula, estimate
from watchkeeper.metrics.pairs import Pair
from watchkeeper.profiles.base import Floats


def kl_divergence(pair: Pair) -> Estimate:
    """Kullback-Leibler divergence of the current rows from the reference, in nats.

    Measures how badly the reference's shares describe the current rows. Direction: larger is
    worse; 0 is no change. Misleads: it is not symmetric, and libraries differ in direction.

    Parameters
    ----------
    pair
        The two statistics of a column.

    Returns
    -------
    Estimate
        From 0 without upper end; None where a side has no rows with a value.

    References
    ----------
    Kullback, Leibler (1951), "On information and sufficiency". `sum(q ln(q / p))`.

    Examples
    --------
    >>> from watchkeeper.metrics.pairs import CategoricalPair
    >>> from watchkeeper.profiles.categorical import Vocabulary, measure
    >>> axis = Vocabulary(("a", "b"))
    >>> one = measure({"a": 500, "b": 500}, 0, axis)
    >>> two = measure({"a": 600, "b": 400}, 0, axis)
    >>> round(kl_divergence(CategoricalPair(one, two, axis)).value, 4)
    0.0201
    """
    return estimate(pair, FORMULA)


def kl_divergence_corrected(pair: Pair) -> Estimate:
    """Kullback-Leibler divergence less what two samples of one distribution show on average.

    Direction: larger is worse; without change it is 0 on average and not clipped there.

    Examples
    --------
    >>> from watchkeeper.metrics.pairs import CategoricalPair
    >>> from watchkeeper.profiles.categorical import Vocabulary, measure
    >>> axis = Vocabulary(("a", "b"))
    >>> same = measure({"a": 500, "b": 500}, 0, axis)
    >>> round(kl_divergence_corrected(CategoricalPair(same, same, axis)).value, 4)
    -0.001
    """
    return estimate(pair, FORMULA, corrected=True)


def _terms(p: Floats, q: Floats) -> tuple[Floats, Floats, Floats]:
    log = np.log(q / p)
    return q * log, -q / p, log + 1.0


FORMULA = Formula(_terms, factor=2.0, second=(5 / 6, 1 / 6), half_row=True)
KL_DIVERGENCE = Metric(
    name="kl_divergence",
    title="Kullback–Leibler divergence",
    group="drift",
    function=kl_divergence,
    needs=("numeric", "categorical"),
    measures="How badly the reference's shares describe the current rows.",
    misleads="It is not symmetric, peers take it in either direction, and it grows with groups / "
    "rows without any change.",
    formula=r"D(q\,\|\,p)=\sum_b q_b\ln\frac{q_b}{p_b},\quad p\text{ reference, }q\text{ current; "
    r"groups as for PSI; natural logarithm; a group empty on one side counts half a row there}",
    source="Kullback, Leibler (1951), On information and sufficiency",
    oracle="scipy.stats.entropy(current, reference)",
    unit="nats",
    worse="higher",
    best=0.0,
    lowest=0.0,
    nulls=NULLS,
    infinities=INFINITIES,
    unseen=POOLING + "; never infinite, since an empty group counts half a row",
    interval=INTERVAL + "; k = 2",
    p_value="chi-squared with B - 1 degrees of freedom of 2·KL·nm/(n+m), Bartlett-corrected",
    peers={
        "evidently": "the other direction, D(reference || current), Sturges bins, epsilon 0.0001",
        "frouros": "D(current || reference) as here, but on equal-width bins without smoothing",
        "whylogs": "clips shares at 1e-7, so an unseen category dominates",
    },
    defaults={"groups": 10},
    symmetric=False,
    zero_when_equal=True,
)
KL_DIVERGENCE_CORRECTED = Metric(
    name="kl_divergence_corrected",
    title="Kullback–Leibler divergence, bias-corrected",
    group="drift",
    function=kl_divergence_corrected,
    needs=("numeric", "categorical"),
    measures="The divergence beyond what chance alone shows.",
    misleads="It is slightly negative half of the time without change.",
    formula=r"D(q\,\|\,p)-\tfrac{B-1}{2}\left(\tfrac1n+\tfrac1m\right)",
    source="Miller (1955), Note on the bias of information estimates",
    oracle="its mean over samples of one distribution is 0",
    unit="nats",
    worse="higher",
    best=0.0,
    nulls=NULLS,
    infinities=INFINITIES,
    unseen=KL_DIVERGENCE.unseen,
    interval=KL_DIVERGENCE.interval,
    p_value=KL_DIVERGENCE.p_value,
    peers={"all known peers": "report the uncorrected value only"},
    defaults={"groups": 10},
    symmetric=False,
    zero_when_equal=False,
)
