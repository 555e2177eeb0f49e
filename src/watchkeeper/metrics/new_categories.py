"""Share of rows with a category that the reference does not have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from watchkeeper.core.estimate import Estimate
from watchkeeper.metrics.base import Metric
from watchkeeper.metrics.intervals import wilson
from watchkeeper.metrics.pairs import CategoricalPair, undefined
from watchkeeper.metrics.proportions import excess_p


@dataclass(frozen=True, slots=True)
class NewRows:
    """Rows of unseen categories.

    Attributes
    ----------
    certain
        Current rows whose category the reference surely does not have.
    share
        Estimated share of the current rows, equal to `certain` over the rows unless `truncated`.
    singles, doubles
        Categories that occur once and twice in the reference: from these Good and Turing tell
        how much of a further sample is of categories not seen yet.
    truncated
        Whether a side had more categories than it keeps by name.
    """

    certain: float
    share: float
    singles: float
    doubles: float
    truncated: bool


def new_category_share(pair: CategoricalPair) -> Estimate:
    """Share of the current rows whose category does not occur in the reference.

    Measures how many rows are of kinds that the model has never seen. Direction: larger is worse.
    Misleads: a small reference of many categories meets new ones without any change; the p-value
    knows that, the share does not.

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
    Good (1953), "The population frequencies of species and the estimation of population
    parameters"; Esty (1983), for the variance.

    Examples
    --------
    >>> from watchkeeper.profiles.categorical import Vocabulary, measure
    >>> axis = Vocabulary(("a",))
    >>> one, two = measure({"a": 100}, 0, axis), measure({"a": 90, "new": 10}, 0, axis)
    >>> new_category_share(CategoricalPair(one, two, axis)).value
    0.1
    """
    n, m = pair.n_reference, pair.n_current
    reason = undefined(pair)
    if reason is not None:
        return Estimate(None, n_reference=n, n_current=m, note=reason)
    found = new_rows(pair)
    low, high = wilson(found.share * m, m)
    if found.truncated:
        low, high = wilson(found.certain, m)[0], 1.0
    note = "estimated from the categories that are kept by name" if found.truncated else None
    return Estimate(found.share, low, high, unseen_p(pair, 0.0), n, m, note=note)


def new_rows(pair: CategoricalPair) -> NewRows:
    """Count the rows of unseen categories; needs rows with a value on both sides."""
    reference, current = (side[:-1] for side in pair.known)
    unnamed = pair.known[1][-1]
    certain = float(current[reference == 0].sum())
    share = certain / pair.n_current
    tail = slice(len(pair.vocabulary.values), None)
    others = float(current[tail].sum())
    if unnamed and others:
        # Names are kept by hash, so they are a fair sample of the categories without.
        fresh = float(current[tail][reference[tail] == 0].sum())
        share += float(unnamed) * fresh / others / pair.n_current
    singles = float(np.count_nonzero(reference == 1))
    doubles = float(np.count_nonzero(reference == 2))
    kept = float(reference[tail].sum())
    if kept:
        grow = float(pair.known[0][-1]) / kept
        singles += grow * float(np.count_nonzero(reference[tail] == 1))
        doubles += grow * float(np.count_nonzero(reference[tail] == 2))
    return NewRows(certain, share, singles, doubles, pair.truncated)


def unseen_p(pair: CategoricalPair, tolerance: float) -> float:
    """P-value of 'new categories have at most `tolerance` more rows than chance would bring'.

    Without change, a further row is of an unseen category with the chance that the reference left
    over: on average its singletons over its rows (Good and Turing). The spread of that estimate
    (Esty) makes the reference count as fewer rows.
    """
    if undefined(pair) is not None:
        return 1.0
    found = new_rows(pair)
    n, m = pair.n_reference, pair.n_current
    if found.certain / m <= tolerance:
        return 1.0
    weight = (found.singles + 1) / (found.singles + 2 * found.doubles + 1)
    return excess_p(found.certain, m, found.singles * weight, max(n * weight, 1.0), tolerance)


NEW_CATEGORY_SHARE = Metric(
    name="new_category_share",
    title="New categories",
    group="drift",
    function=new_category_share,
    needs=("categorical",),
    measures="The share of current rows whose category does not occur in the reference.",
    misleads="A small reference of many categories meets new ones without any change.",
    formula=r"\frac{1}{m}\sum_{k:\,O_{\text{ref},k}=0}O_{\text{cur},k},\quad m\text{ current rows "
    r"with a value}",
    source="Good (1953), The population frequencies of species; Esty (1983)",
    oracle="a set difference in Python",
    unit="share",
    worse="higher",
    best=0.0,
    lowest=0.0,
    highest=1.0,
    nulls="left out; they are no category",
    unseen="are what it counts",
    interval="95 %, Wilson; with more categories than are kept by name, from the certain rows to 1",
    p_value="exact test against the share that Good and Turing expect of categories not seen yet",
    peers={
        "popmon": "a yes or no",
        "nannyml": "pooled into a left-over bin of other metrics",
        "evidently": "makes its chi-squared p-value 0",
    },
    defaults={"max_unseen": 0.01},
    symmetric=False,
    zero_when_equal=True,
)
