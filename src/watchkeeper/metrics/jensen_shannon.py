"""Jensen-Shannon divergence."""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from watchkeeper.core.estimate import Estimate
from watchkeeper.metrics.base import Metric
from watchkeeper.metrics.divergence import INFINITIES, INTERVAL, NULLS, POOLING, Formula, estimate
from watchkeeper.metrics.pairs import Pair
from watchkeeper.profiles.base import Floats


def jensen_shannon(pair: Pair) -> Estimate:
    """Jensen-Shannon divergence to base 2: in bits, from 0 to 1, without the square root.

    Measures how well one can tell from a row's group which side it is of. Direction: larger is
    worse; 0 is no change, 1 nothing in common. Misleads: most libraries report its square root,
    the distance, under the same name: a distance of 0.1 is a divergence of 0.01.

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
    Lin (1991), "Divergence measures based on the Shannon entropy".
    `KL(p || m) / 2 + KL(q || m) / 2` with `m = (p + q) / 2`.

    Examples
    --------
    >>> from watchkeeper.metrics.pairs import CategoricalPair
    >>> from watchkeeper.profiles.categorical import Vocabulary, measure
    >>> axis = Vocabulary(("a",))
    >>> one, two = measure({"a": 500}, 0, axis), measure({"z": 500}, 0, axis)
    >>> jensen_shannon(CategoricalPair(one, two, axis)).value
    1.0
    """
    return estimate(pair, FORMULA)


def jensen_shannon_corrected(pair: Pair) -> Estimate:
    """Jensen-Shannon divergence less what two samples of one distribution show on average.

    Direction: larger is worse; without change it is 0 on average and not clipped there.

    Examples
    --------
    >>> from watchkeeper.metrics.pairs import CategoricalPair
    >>> from watchkeeper.profiles.categorical import Vocabulary, measure
    >>> axis = Vocabulary(("a", "b"))
    >>> same = measure({"a": 500, "b": 500}, 0, axis)
    >>> round(jensen_shannon_corrected(CategoricalPair(same, same, axis)).value, 5)
    -0.00036
    """
    return estimate(pair, FORMULA, corrected=True)


def _terms(p: Floats, q: Floats) -> tuple[Floats, Floats, Floats]:
    middle = (p + q) / 2
    terms = (special.xlogy(p, p / middle) + special.xlogy(q, q / middle)) / 2
    # An empty group has an endless slope but no rows to move along it.
    by_p = np.log(np.where(p > 0, p / middle, 1.0)) / 2
    by_q = np.log(np.where(q > 0, q / middle, 1.0)) / 2
    return terms, by_p, by_q


FORMULA = Formula(_terms, factor=8.0, second=(3 / 8, 3 / 8), unit=1 / math.log(2), highest=1.0)
JENSEN_SHANNON = Metric(
    name="jensen_shannon",
    title="Jensen–Shannon divergence",
    group="drift",
    function=jensen_shannon,
    needs=("numeric", "categorical"),
    measures="How well one can tell from a row's group whether it is of the reference or current.",
    misleads="Libraries report the divergence or its root, to base 2 or e, under one name: a limit "
    "of 0.1 means four different things.",
    formula=r"\mathrm{JS}=\tfrac12\sum_b p_b\log_2\frac{2p_b}{p_b+q_b}"
    r"+\tfrac12\sum_b q_b\log_2\frac{2q_b}{p_b+q_b},\quad\text{groups as for PSI; no root}",
    source="Lin (1991), Divergence measures based on the Shannon entropy",
    oracle="scipy.spatial.distance.jensenshannon(base=2) squared",
    unit="bits",
    worse="higher",
    best=0.0,
    lowest=0.0,
    highest=1.0,
    nulls=NULLS,
    infinities=INFINITIES,
    unseen=POOLING,
    interval=INTERVAL + "; k = 8 ln 2",
    p_value="chi-squared with B - 1 degrees of freedom of 8·ln 2·JS·nm/(n+m), Bartlett-corrected",
    peers={
        "evidently": "distance (root), base e, Sturges bins over both samples",
        "nannyml": "distance (root), base 2, Doane bins of the reference",
        "frouros": "distance (root), base e, integrated over 10 points",
        "whylogs": "distance (root), base e, 30 bins",
        "tensorflow data validation": "divergence, base 2, as here, on other bins",
        "scipy": "distance (root), base e by default",
    },
    defaults={"groups": 10},
    symmetric=None,
    zero_when_equal=True,
)
JENSEN_SHANNON_CORRECTED = Metric(
    name="jensen_shannon_corrected",
    title="Jensen–Shannon divergence, bias-corrected",
    group="drift",
    function=jensen_shannon_corrected,
    needs=("numeric", "categorical"),
    measures="The divergence beyond what chance alone shows.",
    misleads="It is slightly negative half of the time without change.",
    formula=r"\mathrm{JS}-\tfrac{B-1}{8\ln 2}\left(\tfrac1n+\tfrac1m\right)",
    source="Grosse et al. (2002), Analysis of symbolic sequences using the Jensen-Shannon "
    "divergence",
    oracle="its mean over samples of one distribution is 0",
    unit="bits",
    worse="higher",
    best=0.0,
    highest=1.0,
    nulls=NULLS,
    infinities=INFINITIES,
    unseen=JENSEN_SHANNON.unseen,
    interval=JENSEN_SHANNON.interval,
    p_value=JENSEN_SHANNON.p_value,
    peers={"all known peers": "report the uncorrected value only"},
    defaults={"groups": 10},
    symmetric=None,
    zero_when_equal=False,
)
