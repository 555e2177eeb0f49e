"""One plain sentence for a verdict: what moved, by how much."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from watchkeeper.core.estimate import Estimate


class Aspect(Protocol):
    """The parts of a component that a sentence needs."""

    @property
    def metric(self) -> str:
        """The name of the metric."""
        ...

    @property
    def estimate(self) -> Estimate:
        """The change, with the p-value of 'nothing changed'."""
        ...

    @property
    def tolerance(self) -> float:
        """The change that does not matter."""
        ...

    @property
    def reference(self) -> float | None:
        """The share in the reference, None for distances."""
        ...

    @property
    def current(self) -> float | None:
        """The share in the current rows, None for distances."""
        ...


def reason_of(
    change: str, aspect: Aspect | None, metrics: Mapping[str, Estimate], min_rows: int
) -> str:
    """The sentence for a change of `none`, `harmless`, `relevant` or `unknown`.

    Examples
    --------
    >>> reason_of("unknown", None, {}, 100)
    'nothing to compare'
    """
    if aspect is None:
        return "nothing to compare"
    estimate = aspect.estimate
    if change == "unknown" or estimate.value is None:
        return _unknown(estimate, min_rows)
    moved = _moved(aspect, metrics)
    if change == "relevant":
        return f"{moved}, beyond the tolerance of {_number(aspect)(aspect.tolerance)}"
    if change == "harmless":
        return (
            f"{moved}: more than luck, but not surely beyond the tolerance of "
            f"{_number(aspect)(aspect.tolerance)}"
        )
    return f"no change beyond luck ({_distance(aspect)})"


def _unknown(estimate: Estimate, min_rows: int) -> str:
    n, m = estimate.n_reference, estimate.n_current
    if min(n, m) < min_rows:
        return (
            f"{n} reference and {m} current rows with a value; a verdict needs {min_rows} on "
            "either side"
        )
    return estimate.note or "the distribution cannot be compared"


def _moved(aspect: Aspect, metrics: Mapping[str, Estimate]) -> str:
    value = aspect.estimate.value or 0.0
    if aspect.metric == "missing_share" and aspect.reference is not None:
        verb = "rose" if value > 0 else "fell"
        before, after = _percent(aspect.reference), _percent(aspect.current or 0.0)
        return f"missing values {verb} from {before} to {after}"
    if aspect.metric == "new_category_share":
        return f"{_percent(value)} of the rows have a category that the reference does not know"
    if aspect.metric == "total_variation":
        return f"the shares of the categories moved ({_distance(aspect)})"
    shift = metrics.get("mean_shift")
    if shift is not None and shift.value is not None and _clear(shift):
        way = "up" if shift.value > 0 else "down"
        size = f"{abs(shift.value):.2f} reference standard deviations"
        return f"the mean moved {way} by {size} ({_distance(aspect)})"
    return f"the distribution changed its shape ({_distance(aspect)})"


def _clear(shift: Estimate) -> bool:
    """Whether the sign of the shift is beyond doubt, and its size worth a word."""
    known = shift.low is not None and shift.high is not None
    return bool(
        known and (shift.low or 0.0) * (shift.high or 0.0) > 0 and abs(shift.value or 0.0) >= 0.005
    )


_TITLES = {
    "ks": "Kolmogorov–Smirnov distance",
    "total_variation": "total variation",
    "missing_share": "change of missing values",
    "new_category_share": "rows of new categories",
}


def _distance(aspect: Aspect) -> str:
    estimate, number = aspect.estimate, _number(aspect)
    text = f"{_TITLES.get(aspect.metric, aspect.metric)} {number(estimate.value or 0.0)}"
    if estimate.low is None or estimate.high is None:
        return text
    return f"{text}, 95 % interval {number(estimate.low)} to {number(estimate.high)}"


def _number(aspect: Aspect) -> Callable[[float], str]:
    return _percent if aspect.metric.endswith("_share") else _plain


def _plain(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".") if abs(value) < 0.1 else f"{value:.2f}"


def _percent(share: float) -> str:
    """A share in percent with as many digits as it needs.

    >>> _percent(0.5), _percent(0.0123)
    ('50 %', '1.2 %')
    """
    text = f"{100 * share:.1f}" if abs(share) >= 0.001 or share == 0 else f"{100 * share:.2g}"
    return f"{text.removesuffix('.0')} %"
