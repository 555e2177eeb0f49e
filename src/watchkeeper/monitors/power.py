"""What a sample could have seen: the smallest change that would have been found 4 times in 5."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy import special

POWER = 0.8
"""The chance of detection that 'detectable' means."""


@dataclass(frozen=True, slots=True)
class Detectable:
    """The smallest change that this many rows would have shown beyond the tolerance.

    Attributes
    ----------
    metric
        `ks` or `total_variation`.
    value
        The true distance that is found with chance `power`; None where even 1 is not.
    mean_shift
        For numbers, the shift of a normal column with that distance, in reference standard
        deviations.
    power
        The chance of detection.
    text
        The same as one plain sentence.
    """

    metric: str
    value: float | None
    mean_shift: float | None
    power: float
    text: str


def detectable(
    metric: str,
    n_reference: int,
    n_current: int,
    *,
    tolerance: float,
    level: float,
    chance: float = 0.0,
) -> Detectable:
    """The smallest change that the test against a tolerance would have found.

    Parameters
    ----------
    metric
        `ks` or `total_variation`.
    n_reference, n_current
        Rows with a value.
    tolerance
        The change that does not matter.
    level
        The p-value that is enough for an alarm, after correction for the family.
    chance
        The total variation that two samples of one distribution show on average.

    Examples
    --------
    >>> found = detectable("ks", 10_000, 1_000, tolerance=0.05, level=0.001)
    >>> round(found.value, 3), round(found.mean_shift, 2)
    (0.128, 0.32)
    """
    value = _distance(metric, n_reference, n_current, tolerance, level, chance)
    shift = None
    if value is not None and metric == "ks":
        # Two normals a shift apart are 2 Φ(shift / 2) - 1 apart at the midpoint.
        shift = float(2 * special.ndtri((1 + value) / 2))
    return Detectable(metric, value, shift, POWER, _sentence(value, shift))


def _distance(
    metric: str, n: int, m: int, tolerance: float, level: float, chance: float
) -> float | None:
    if n == 0 or m == 0:
        return None
    root = math.sqrt(n * m / (n + m))
    deviation = 0.5 / root  # The largest that a difference of two shares can have.
    if metric == "ks":
        limit = float(special.kolmogi(level)) / (root + 0.12 + 0.11 / root)
    else:
        limit = chance + float(special.ndtri(1 - level)) * deviation
    value = tolerance + limit + float(special.ndtri(POWER)) * deviation
    return value if value < 1 else None


def _sentence(value: float | None, shift: float | None) -> str:
    if value is None:
        return "the rows are too few to show even a complete change reliably"
    if shift is not None:
        return (
            f"a shift of {shift:.2f} reference standard deviations would have been seen 4 times "
            "in 5"
        )
    return (
        f"a change of category in {100 * value:.1f} % of the rows would have been seen 4 times in 5"
    )
