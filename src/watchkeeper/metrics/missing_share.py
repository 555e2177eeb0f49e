"""Change of the share of missing values."""

from __future__ import annotations

from watchkeeper.core.estimate import Estimate
from watchkeeper.metrics.base import Metric
from watchkeeper.metrics.pairs import Pair, missing
from watchkeeper.metrics.proportions import change_p, newcombe


def missing_share(pair: Pair) -> Estimate:
    """Current minus reference share of rows without a value: null or NaN.

    Measures how many more rows lack a value than did. Direction: away from 0 is worse, on either
    side. Misleads: a value that stands for missing (-1, 'unknown') is a value to it.

    Parameters
    ----------
    pair
        The two statistics of a column.

    Returns
    -------
    Estimate
        From -1 to 1; None where a side has no rows. `n_reference` and `n_current` are all rows.

    References
    ----------
    Newcombe (1998), "Interval estimation for the difference between independent proportions".

    Examples
    --------
    >>> from watchkeeper.metrics.pairs import CategoricalPair
    >>> from watchkeeper.profiles.categorical import Vocabulary, measure
    >>> axis = Vocabulary(("a",))
    >>> one, two = measure({"a": 100}, 0, axis), measure({"a": 50}, 50, axis)
    >>> missing_share(CategoricalPair(one, two, axis)).value
    0.5
    """
    n, m = pair.reference.rows, pair.current.rows
    if not n or not m:
        side = "reference has" if not n else "current data have"
        return Estimate(None, n_reference=n, n_current=m, note=f"the {side} no rows")
    before, after = missing(pair)
    low, high = newcombe(after, m, before, n)
    return Estimate(after / m - before / n, low, high, change_p(after, m, before, n), n, m)


MISSING_SHARE = Metric(
    name="missing_share",
    title="Change of missing values",
    group="drift",
    function=missing_share,
    needs=("numeric", "categorical"),
    measures="How many more rows lack a value than did, as a share of rows, with its sign.",
    misleads="A value that stands for missing, such as -1, is a value to it.",
    formula=r"\frac{\text{missing}_\text{cur}}{N_\text{cur}}-\frac{\text{missing}_\text{ref}}"
    r"{N_\text{ref}},\quad\text{missing = null or NaN}",
    source="Newcombe (1998), Interval estimation for the difference between independent "
    "proportions; Fay, Proschan, Brittain (2015)",
    oracle="Newcombe's worked example; scipy.stats.fisher_exact (one-sided, doubled)",
    unit="share",
    worse="either",
    best=0.0,
    lowest=-1.0,
    highest=1.0,
    nulls="are what it counts, with NaN",
    infinities="are values",
    unseen="are values",
    interval="95 %, Newcombe's hybrid score",
    p_value="Fisher's exact test, twice the smaller tail",
    peers={
        "evidently": "drops missing values from drift: a column half null is 'not drifted'",
        "nannyml": "a calculator of its own",
        "deepchecks": "drops missing values from drift",
    },
    defaults={"tolerance": 0.02},
    symmetric=False,
    zero_when_equal=True,
)
