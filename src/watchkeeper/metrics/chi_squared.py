"""Chi-squared test of homogeneity."""

from __future__ import annotations

import numpy as np
from scipy import special

from watchkeeper.core.estimate import Estimate
from watchkeeper.metrics.base import Metric
from watchkeeper.metrics.divergence import NULLS, POOLING
from watchkeeper.metrics.pairs import MIN_EXPECTED, TOO_RARE, CategoricalPair, too_rare, undefined
from watchkeeper.profiles.base import Floats


def chi_squared(pair: CategoricalPair) -> Estimate:
    """Pearson's chi-squared statistic of the 2 x K table of categories.

    Measures evidence that the categories are distributed differently. Direction: larger is worse;
    K - 1 on average without change. Misleads: it is a test statistic and grows with the rows.

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
    Pearson (1900); Haldane (1940), "The mean and variance of chi-squared, when used as a test of
    homogeneity, when expectations are small". `sum((O - E)² / E)` over both rows of the table.

    Examples
    --------
    >>> from watchkeeper.profiles.categorical import Vocabulary, measure
    >>> axis = Vocabulary(("a", "b"))
    >>> one = measure({"a": 50, "b": 50}, 0, axis)
    >>> two = measure({"a": 60, "b": 40}, 0, axis)
    >>> round(chi_squared(CategoricalPair(one, two, axis)).value, 4)
    2.0202
    """
    table = contingency(pair)
    n, m = pair.n_reference, pair.n_current
    if isinstance(table, str):
        return Estimate(None, n_reference=n, n_current=m, note=table)
    reference, current = table
    expected = (reference + current) * (n / (n + m))
    # Both rows of a column deviate by the same number of rows.
    value = float(np.sum((reference - expected) ** 2 / expected)) * (n + m) / m
    return Estimate(value, None, None, homogeneity_p(value, reference, current), n, m)


def contingency(pair: CategoricalPair) -> tuple[Floats, Floats] | str:
    """The two rows of the table, rare categories pooled; or why there is none."""
    reason = undefined(pair)
    if reason is not None:
        return reason
    return TOO_RARE if too_rare(pair) else pair.groups


def homogeneity_p(value: float, reference: Floats, current: Floats) -> float | None:
    """Chance of so large a statistic had nothing changed; None for a single category.

    Chi-squared with K - 1 degrees of freedom; where the pooled rare categories have fewer than
    `MIN_EXPECTED` expected rows, a gamma law with the exact mean and variance given both margins
    (Haldane 1940), which is heavier.
    """
    groups = len(reference)
    if groups < 2:
        return None
    n, m = float(reference.sum()), float(current.sum())
    both, rows = reference + current, n + m
    if both.min() * min(n, m) / rows >= MIN_EXPECTED or rows < 5:
        return float(special.chdtrc(groups - 1, value))
    mean = (groups - 1) * rows / (rows - 1)
    one = (rows - 2) / (rows - 1) - (rows * (1 / n + 1 / m) - 4) / (rows - 2)
    crowd = (rows * float(np.sum(1 / both)) - groups**2) / (rows - 2)
    two = (groups - 1) * (rows - groups) / (rows - 1) - crowd
    variance = 2 * rows / (rows - 3) * one * two
    variance += rows**2 / (rows - 1) * crowd * (rows * (1 / n + 1 / m) - 4) / (rows - 2)
    if variance <= 0:
        return float(special.chdtrc(groups - 1, value))
    return float(special.gammaincc(mean * mean / variance, value * mean / variance))


CHI_SQUARED = Metric(
    name="chi_squared",
    title="Chi-squared statistic",
    group="drift",
    function=chi_squared,
    needs=("categorical",),
    measures="Evidence that the categories are distributed differently.",
    misleads="It grows with the number of rows: a test statistic, no effect size.",
    formula=r"\chi^2=\sum_{s\in\{\text{ref},\text{cur}\}}\sum_k\frac{(O_{sk}-E_{sk})^2}{E_{sk}},"
    r"\quad E_{sk}=\frac{N_s N_k}{N};\ \text{no continuity correction}",
    source="Pearson (1900); Haldane (1940), The mean and variance of chi-squared when expectations "
    "are small",
    oracle="scipy.stats.chi2_contingency(correction=False)",
    worse="higher",
    lowest=0.0,
    nulls=NULLS,
    unseen=POOLING + "; never infinite, since expected rows come from both sides",
    interval="",
    p_value="chi-squared with K - 1 degrees of freedom; with a pooled group of fewer than 5 "
    "expected rows the gamma law of the exact mean and variance",
    peers={
        "evidently": "goodness of fit to the reference as if exact: p = 0 for one unseen category",
        "whylogs": "goodness of fit on rounded expectations: infinite for one unseen category",
        "nannyml": "the 2 x K table, as here, without pooling",
        "alibi-detect": "the 2 x K table, p-value",
        "deepchecks": "Cramér's V on size-balanced counts",
    },
    defaults={"min_expected": 5},
    symmetric=True,
    zero_when_equal=True,
)
