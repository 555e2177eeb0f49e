"""Families of tests: p-values adjusted so that many columns do not alarm by luck."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from watchkeeper.core.errors import ModelError

CORRECTIONS = (
    "benjamini-hochberg",
    "benjamini-yekutieli",
    "bonferroni",
    "holm",
    "none",
)
"""The corrections that `Thresholds.correction` may name."""


def adjust(p_values: Mapping[str, float], correction: str) -> dict[str, float]:
    """P-values adjusted for being one of a family: reject where they are at most alpha.

    Parameters
    ----------
    p_values
        One for each hypothesis, in [0, 1]; hypotheses that were not tested are left out.
    correction
        `benjamini-hochberg` (false discovery rate, for independent or positively dependent tests),
        `benjamini-yekutieli` (under any dependence), `bonferroni` or `holm` (chance of even one
        false alarm, under any dependence), `none`.

    Returns
    -------
    dict
        In the order given.

    Raises
    ------
    ModelError
        The correction is none of these.

    References
    ----------
    Benjamini, Hochberg (1995); Benjamini, Yekutieli (2001); Holm (1979), "A simple sequentially
    rejective multiple test procedure".

    Examples
    --------
    >>> adjust({"a": 0.01, "b": 0.04}, "benjamini-hochberg")
    {'a': 0.02, 'b': 0.04}
    """
    check_correction(correction)
    names = list(p_values)
    if not names or correction == "none":
        return dict(p_values)
    p = np.array([p_values[name] for name in names])
    order = np.argsort(p, kind="stable")
    ranks = np.arange(1, len(p) + 1)
    if correction == "bonferroni":
        steps = p[order] * len(p)
    elif correction == "holm":
        steps = np.maximum.accumulate(p[order] * (len(p) - ranks + 1))
    else:
        scale = len(p) * (harmonic(len(p)) if correction == "benjamini-yekutieli" else 1.0)
        steps = np.minimum.accumulate((p[order] * scale / ranks)[::-1])[::-1]
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(steps, 1.0)
    return dict(zip(names, adjusted.tolist(), strict=True))


def strictest(alpha: float, size: int, correction: str) -> float:
    """The p-value that is enough for the strongest of `size` tests, all others being quiet.

    Examples
    --------
    >>> strictest(0.05, 10, "benjamini-hochberg")
    0.005
    """
    check_correction(correction)
    if correction == "none":
        return alpha
    level = alpha / max(size, 1)
    return level / harmonic(size) if correction == "benjamini-yekutieli" else level


def harmonic(size: int) -> float:
    """The sum of 1/i up to `size`: what any dependence costs Benjamini and Yekutieli.

    >>> round(harmonic(10), 3)
    2.929
    """
    return float(np.sum(1.0 / np.arange(1, max(size, 1) + 1)))


def check_correction(correction: str) -> None:
    """Raise `ModelError` where `correction` is not one of `CORRECTIONS`."""
    if correction not in CORRECTIONS:
        raise ModelError(
            f"thresholds.correction is {correction!r}; write one of {', '.join(CORRECTIONS)}"
        )
