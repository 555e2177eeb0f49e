"""Hellinger distance."""

from __future__ import annotations

import math

import numpy as np

from watchkeeper.core.estimate import Estimate
from watchkeeper.metrics.base import Metric
from watchkeeper.metrics.divergence import (
    INFINITIES,
    INTERVAL,
    NULLS,
    POOLING,
    Formula,
    estimate,
)
from watchkeeper.metrics.pairs import Pair
from watchkeeper.profiles.base import Floats


def hellinger(pair: Pair) -> Estimate:
    """Hellinger distance of the shares, from 0 to 1.

    Measures the distance between the square roots of the shares. Direction: larger is worse; 0 is
    no change, 1 nothing in common. Misleads: it is a root, so pure chance looks large: about
    sqrt((B - 1)(1/n + 1/m) / 8).

    Parameters
    ----------
    pair
        The two statistics of a column.

    Returns
    -------
    Estimate
        From 0 to 1; None where a side has no rows with a value.

    References
    ----------
    Hellinger (1909); Le Cam, Yang (2000), "Asymptotics in Statistics".
    `sqrt(sum((sqrt(p) - sqrt(q))²) / 2)`.

    Examples
    --------
    >>> from watchkeeper.metrics.pairs import CategoricalPair
    >>> from watchkeeper.profiles.categorical import Vocabulary, measure
    >>> axis = Vocabulary(("a",))
    >>> one, two = measure({"a": 500}, 0, axis), measure({"z": 500}, 0, axis)
    >>> hellinger(CategoricalPair(one, two, axis)).value
    1.0
    """
    square = estimate(pair, FORMULA)
    if square.value is None:
        return square
    return Estimate(
        math.sqrt(square.value),
        _root(square.low),
        _root(square.high),
        square.p_value,
        square.n_reference,
        square.n_current,
    )


def _root(value: float | None) -> float | None:
    return None if value is None else math.sqrt(value)


def _terms(p: Floats, q: Floats) -> tuple[Floats, Floats, Floats]:
    # An empty group has an endless slope but no rows to move along it.
    both = (p > 0) & (q > 0)
    ratio = np.sqrt(np.divide(q, p, out=np.ones_like(p), where=both))
    terms = (np.sqrt(p) - np.sqrt(q)) ** 2 / 2
    return terms, (1 - ratio) / 2, (1 - 1 / ratio) / 2


FORMULA = Formula(_terms, factor=8.0, second=(7 / 16, 7 / 16), highest=1.0)
HELLINGER = Metric(
    name="hellinger",
    title="Hellinger distance",
    group="drift",
    function=hellinger,
    needs=("numeric", "categorical"),
    measures="The distance between the square roots of the shares of the groups.",
    misleads="Pure chance looks large, since it is a root: 0.1 at 100 rows and ten groups.",
    formula=r"H=\sqrt{\tfrac12\sum_b(\sqrt{p_b}-\sqrt{q_b})^2},\quad\text{groups as for PSI}",
    source="Hellinger (1909); Le Cam, Yang (2000), Asymptotics in Statistics",
    oracle="sqrt(1 - sum(sqrt(p q))) in NumPy",
    worse="higher",
    best=0.0,
    lowest=0.0,
    highest=1.0,
    nulls=NULLS,
    infinities=INFINITIES,
    unseen=POOLING,
    interval=INTERVAL + "; of the square, k = 8, then the root",
    p_value="chi-squared with B - 1 degrees of freedom of 8·H²·nm/(n+m), Bartlett-corrected",
    peers={
        "evidently": "Sturges bins over the distinct values of both samples",
        "nannyml": "Doane bins of the reference and one for what lies outside",
        "whylogs": "30 equal-width bins",
    },
    defaults={"groups": 10},
    symmetric=None,
    zero_when_equal=True,
)
