"""Share of the reference's rows whose category no longer occurs."""

from __future__ import annotations

from watchkeeper.core.estimate import Estimate
from watchkeeper.metrics.base import Metric
from watchkeeper.metrics.intervals import wilson
from watchkeeper.metrics.pairs import CategoricalPair, undefined


def vanished_category_share(pair: CategoricalPair) -> Estimate:
    """Share of the reference's rows whose category does not occur in the current rows.

    Measures how much of what the model learnt from no longer comes. Direction: larger is worse.
    Misleads: few current rows cannot show every category; it takes no part in a verdict.

    Parameters
    ----------
    pair
        The two statistics of a column.

    Returns
    -------
    Estimate
        From 0 to 1; None where a side has no rows with a value.

    Examples
    --------
    >>> from watchkeeper.profiles.categorical import Vocabulary, measure
    >>> axis = Vocabulary(("a", "b"))
    >>> one, two = measure({"a": 75, "b": 25}, 0, axis), measure({"a": 9}, 0, axis)
    >>> vanished_category_share(CategoricalPair(one, two, axis)).value
    0.25
    """
    n, m = pair.n_reference, pair.n_current
    reason = undefined(pair)
    if reason is not None:
        return Estimate(None, n_reference=n, n_current=m, note=reason)
    reference, current = (side[:-1] for side in pair.known)
    gone = float(reference[current == 0].sum())
    low, high = wilson(gone, n)
    note = None
    if pair.truncated:
        high = min(high + float(pair.known[0][-1]) / n, 1.0)
        note = "categories beyond those kept by name are not counted"
    return Estimate(gone / n, low, high, None, n, m, note=note)


VANISHED_CATEGORY_SHARE = Metric(
    name="vanished_category_share",
    title="Vanished categories",
    group="drift",
    function=vanished_category_share,
    needs=("categorical",),
    measures="The share of reference rows whose category does not occur in the current rows.",
    misleads="Few current rows cannot show every category; it takes no part in a verdict.",
    formula=r"\frac{1}{n}\sum_{k:\,O_{\text{cur},k}=0}O_{\text{ref},k},\quad "
    r"n\text{ reference rows with a value}",
    source="Watchkeeper; the mirror image of new_category_share",
    oracle="a set difference in Python",
    unit="share",
    worse="higher",
    best=0.0,
    lowest=0.0,
    highest=1.0,
    nulls="left out; they are no category",
    unseen="play no part",
    interval="95 %, Wilson",
    p_value="",
    peers={"all known peers": "do not report it"},
    symmetric=False,
    zero_when_equal=True,
)
