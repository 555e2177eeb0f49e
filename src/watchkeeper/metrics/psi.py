"""Population stability index."""

from __future__ import annotations

import numpy as np

from watchkeeper.core.estimate import Estimate
from watchkeeper.metrics.base import Metric
from watchkeeper.metrics.divergence import INFINITIES, INTERVAL, NULLS, POOLING, Formula, estimate
from watchkeeper.metrics.pairs import Pair
from watchkeeper.profiles.base import Floats


def psi(pair: Pair) -> Estimate:
    """Population stability index on reference deciles, or on categories.

    Measures how far the shares of ten groups have moved, each weighed by its log ratio.
    Direction: larger is worse; 0 is no change. Misleads: without any change it is about
    (B - 1)(1/n + 1/m), so 100 rows read as 'moderate' one time in three; use `psi_corrected` and
    the interval.

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
    Lewis (1994), "An Introduction to Credit Scoring"; Yurdakul (2018), "Statistical properties of
    population stability index". `sum((q - p) ln(q / p))`, p reference and q current shares.

    Examples
    --------
    >>> from watchkeeper.metrics.pairs import CategoricalPair
    >>> from watchkeeper.profiles.categorical import Vocabulary, measure
    >>> axis = Vocabulary(("a", "b"))
    >>> one = measure({"a": 500, "b": 500}, 0, axis)
    >>> two = measure({"a": 600, "b": 400}, 0, axis)
    >>> round(psi(CategoricalPair(one, two, axis)).value, 4)
    0.0405
    """
    return estimate(pair, FORMULA)


def psi_corrected(pair: Pair) -> Estimate:
    """Population stability index less what two samples of one distribution show on average.

    Direction: larger is worse; without change it is 0 on average, so it may be slightly negative
    and is not clipped.

    Examples
    --------
    >>> from watchkeeper.metrics.pairs import CategoricalPair
    >>> from watchkeeper.profiles.categorical import Vocabulary, measure
    >>> axis = Vocabulary(("a", "b"))
    >>> same = measure({"a": 500, "b": 500}, 0, axis)
    >>> round(psi_corrected(CategoricalPair(same, same, axis)).value, 4)
    -0.002
    """
    return estimate(pair, FORMULA, corrected=True)


def _terms(p: Floats, q: Floats) -> tuple[Floats, Floats, Floats]:
    log = np.log(q / p)
    return (q - p) * log, 1.0 - q / p - log, log + 1.0 - p / q


FORMULA = Formula(_terms, factor=1.0, second=(1 / 2, 1 / 2), half_row=True)
_PEERS = {
    "evidently": "Sturges bins over both samples together (n_bins is ignored); empty bins 0.0001",
    "deepchecks": "categories only; shares floored at 0.01; rare categories pooled below 1 %",
    "frouros": "10 equal-width bins; an empty bin counts 2e-308 and adds some 700 times its share",
    "whylogs": "30 equal-width bins from sketches; shares clipped at 1e-7",
    "popmon": "sums over raw counts instead of shares, so it grows with the number of rows",
    "credit-risk convention": "10 reference deciles with open ends, as here",
}
PSI = Metric(
    name="psi",
    title="Population stability index",
    group="drift",
    function=psi,
    needs=("numeric", "categorical"),
    measures="How far the shares of ten reference deciles, or of the categories, have moved.",
    misleads="It grows with groups / rows without any change: compare the corrected value and the "
    "interval, not the bare number, with a limit.",
    formula=r"\mathrm{PSI}=\sum_{b=1}^{B}(q_b-p_b)\ln\frac{q_b}{p_b},\quad p\text{ reference, }"
    r"q\text{ current; groups are the 10 reference deciles with open ends (edges of the grid "
    r"nearest to them; ties merge; a value with a tenth or more of the reference is its own group),"
    r" or the categories; natural logarithm; a group empty on one side counts half a row there}",
    source="Lewis (1994), An Introduction to Credit Scoring; Yurdakul (2018), Statistical "
    "properties of population stability index",
    oracle="15.2: reference 10 x 1000 gives 0.0120825; NumPy on exact deciles",
    worse="higher",
    best=0.0,
    lowest=0.0,
    nulls=NULLS,
    infinities=INFINITIES,
    unseen=POOLING + "; never infinite, since an empty group counts half a row",
    interval=INTERVAL + "; k = 1",
    p_value="chi-squared with B - 1 degrees of freedom of PSI·nm/(n+m), Bartlett-corrected",
    peers=_PEERS,
    defaults={"groups": 10, "moderate": 0.1, "significant": 0.2},
    symmetric=None,
    zero_when_equal=True,
)
PSI_CORRECTED = Metric(
    name="psi_corrected",
    title="Population stability index, bias-corrected",
    group="drift",
    function=psi_corrected,
    needs=("numeric", "categorical"),
    measures="The population stability index beyond what chance alone shows.",
    misleads="The words 'moderate' and 'significant' were coined for the uncorrected index on "
    "large samples.",
    formula=r"\mathrm{PSI}-(B-1)\left(\tfrac1n+\tfrac1m\right)",
    source="Yurdakul (2018), Statistical properties of population stability index",
    oracle="15.2: reference 10 x 1000 gives 0.0021825",
    worse="higher",
    best=0.0,
    nulls=NULLS,
    infinities=INFINITIES,
    unseen=PSI.unseen,
    interval=PSI.interval,
    p_value=PSI.p_value,
    peers={"all known peers": "report the uncorrected value only"},
    defaults=PSI.defaults,
    symmetric=None,
    zero_when_equal=False,
)
