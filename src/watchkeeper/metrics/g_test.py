"""Likelihood-ratio (G) test of homogeneity."""

from __future__ import annotations

import numpy as np
from scipy import special

from watchkeeper.core.estimate import Estimate
from watchkeeper.metrics.base import Metric
from watchkeeper.metrics.chi_squared import contingency
from watchkeeper.metrics.divergence import NULLS, POOLING
from watchkeeper.metrics.pairs import CategoricalPair


def g_test(pair: CategoricalPair) -> Estimate:
    """Log-likelihood ratio statistic of the 2 x K table of categories.

    Measures evidence that the categories are distributed differently. Direction: larger is worse;
    about K - 1 without change. Misleads: it is a test statistic and grows with the rows.

    Parameters
    ----------
    pair
        The two statistics of a column.

    Returns
    -------
    Estimate
        From 0 without upper end, never infinite; None where a side has no rows with a value.

    References
    ----------
    Wilks (1935); Williams (1976), "Improved likelihood ratio tests for complete contingency
    tables". `2 sum(O ln(O / E))` over both rows of the table.

    Examples
    --------
    >>> from watchkeeper.profiles.categorical import Vocabulary, measure
    >>> axis = Vocabulary(("a", "b"))
    >>> one = measure({"a": 50, "b": 50}, 0, axis)
    >>> two = measure({"a": 60, "b": 40}, 0, axis)
    >>> round(g_test(CategoricalPair(one, two, axis)).value, 4)
    2.0238
    """
    table = contingency(pair)
    n, m = pair.n_reference, pair.n_current
    if isinstance(table, str):
        return Estimate(None, n_reference=n, n_current=m, note=table)
    reference, current = table
    both, rows = reference + current, n + m
    value = 0.0
    for side, size in ((reference, n), (current, m)):
        value += 2 * float(np.sum(special.xlogy(side, side * rows / (both * size))))
    value = max(value, 0.0)
    groups = len(reference)
    if groups < 2:
        return Estimate(value, n_reference=n, n_current=m)
    # Williams' factor brings the mean of the statistic to that of the chi-squared law.
    crowd = (rows / n + rows / m - 1) * (float(np.sum(rows / both)) - 1)
    factor = 1 + crowd / (6 * rows * (groups - 1))
    return Estimate(value, None, None, float(special.chdtrc(groups - 1, value / factor)), n, m)


G_TEST = Metric(
    name="g_test",
    title="G statistic",
    group="drift",
    function=g_test,
    needs=("categorical",),
    measures="Evidence that the categories are distributed differently.",
    misleads="It grows with the number of rows: a test statistic, no effect size.",
    formula=r"G=2\sum_s\sum_k O_{sk}\ln\frac{O_{sk}}{E_{sk}},\quad E_{sk}=\frac{N_sN_k}{N};\ "
    r"\text{natural logarithm}",
    source="Wilks (1935); Williams (1976), Improved likelihood ratio tests for complete "
    "contingency tables",
    oracle="scipy.stats.chi2_contingency(lambda_='log-likelihood', correction=False)",
    worse="higher",
    lowest=0.0,
    nulls=NULLS,
    unseen=POOLING + "; never infinite, since expected rows come from both sides",
    interval="",
    p_value="chi-squared with K - 1 degrees of freedom of G over Williams' factor",
    peers={"evidently": "G against the scaled reference as if exact"},
    defaults={"min_expected": 5},
    symmetric=True,
    zero_when_equal=True,
)
