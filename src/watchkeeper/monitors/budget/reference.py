"""How much the windows of the reference scatter: level, dispersion, autocorrelation, season."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from watchkeeper.monitors.budget.evalues import Floats

Phases: TypeAlias = npt.NDArray[np.int64]

ENOUGH = 14
"""Windows from which dispersion and autocorrelation are measured rather than assumed."""

ASSUMED = 1.5
"""The dispersion that is assumed below `ENOUGH` windows."""

STRONG, VERY_STRONG = 0.3, 0.6
"""Autocorrelations from which the tolerance is doubled, and doubled again."""

_MOST = 0.9


@dataclass(frozen=True, slots=True)
class Scatter:
    """What the windows of a reference show about one stream.

    Attributes
    ----------
    center
        The level in each phase of the season, shape (phases, groups); one group but for
        distributions.
    dispersion
        The variance of windows over that of chance, at least 1.
    freedom
        Independent directions in which a distribution scatters.
    autocorrelation
        Of a window with the one before, corrected upwards for what short series lose.
    windows
        Those with data.
    extreme
        The largest sum of squares of a window, in units of what chance explains.
    """

    center: Floats
    dispersion: float
    freedom: float
    autocorrelation: float
    windows: int
    extreme: float

    @property
    def long_run(self) -> float:
        """The dispersion of long sums: more than that of single windows where they go together."""
        rho = min(max(self.autocorrelation, 0.0), _MOST)
        return self.dispersion * (1.0 + rho) / (1.0 - rho)

    @property
    def wanders(self) -> bool:
        """Whether levels change from window to window by more than chance, beyond doubt."""
        return self.dispersion > 1.0 + 3.0 * math.sqrt(2.0 / (self.freedom * max(self.windows, 1)))

    @property
    def factor(self) -> float:
        """How many times the tolerance applies: 1, 2 from 0.3 autocorrelation, 4 from 0.6."""
        rho = self.autocorrelation
        return 4.0 if rho > VERY_STRONG else 2.0 if rho > STRONG else 1.0


def scatter(values: Floats, chance: Floats, phase: Phases, phases: int = 1) -> Scatter:
    """Measure the windows of a reference.

    Parameters
    ----------
    values
        Shape (windows, groups), NaN where a window has no data.
    chance
        The variance that sampling alone gives each of them, the same shape.
    phase
        Where in the season each window lies.
    phases
        How many phases there are.

    Examples
    --------
    >>> alike = scatter(np.array([[1.0], [2.0], [3.0]]), np.ones((3, 1)), np.zeros(3, int))
    >>> float(alike.center[0, 0]), alike.dispersion, alike.windows
    (2.0, 1.5, 3)
    """
    known = _known(values, chance)
    center = levels(values, chance, phase, phases, known)
    z = (values - center[phase]) / np.sqrt(np.where(chance > 0, chance, 1.0))
    used = np.unique(phase[known]).size
    windows = int(known.sum())
    spare = max(windows - used, 1)
    held = z[known]
    squares = (held**2).sum(axis=1)
    total, extreme = float(squares.sum()) / spare, float(squares.max(initial=0.0))
    if windows < ENOUGH:
        freedom = max(values.shape[1] - 1.0, 1.0)
        return Scatter(center, max(ASSUMED, total / freedom), freedom, 0.0, windows, extreme)
    dispersion, freedom = _directions(held, spare)
    # The level of a phase is itself estimated from windows / used of them.
    dispersion = max(dispersion, 1.0) * (1.0 + used / windows)
    return Scatter(center, dispersion, freedom, _autocorrelation(z, known), windows, extreme)


def _known(values: Floats, chance: Floats) -> npt.NDArray[np.bool_]:
    return np.asarray((np.isfinite(values) & (chance > 0)).all(axis=1))


def levels(
    values: Floats, chance: Floats, phase: Phases, phases: int, known: npt.NDArray[np.bool_]
) -> Floats:
    """The weighted mean of each phase, of all windows where a phase has none."""
    weight = np.where(known[:, None], 1.0 / np.where(chance > 0, chance, np.inf), 0.0)
    held = np.where(known[:, None], values, 0.0) * weight
    sums, weights = (np.zeros((phases, values.shape[1])) for _ in range(2))
    np.add.at(sums, phase, held)
    np.add.at(weights, phase, weight)
    overall = held.sum(axis=0) / np.maximum(weight.sum(axis=0), 1e-300)
    return np.asarray(np.where(weights > 0, sums / np.maximum(weights, 1e-300), overall))


def _directions(z: Floats, spare: int) -> tuple[float, float]:
    """Dispersion and degrees of freedom that match mean and variance of the sum of squares.

    One group has one direction. Several scatter in few directions where one cause moves them; a
    scaled chi-squared law with fewer degrees of freedom has their heavier tail (Rao, Scott 1984).
    """
    if z.shape[1] == 1:
        return float((z**2).sum()) / spare, 1.0
    inner = z @ z.T / spare
    total = float(np.trace(inner))
    squares = float((inner**2).sum())
    if total <= 0:
        return 1.0, z.shape[1] - 1.0
    freedom = min(max(total**2 / squares, 1.0), z.shape[1] - 1.0)
    return max(squares / total, total / freedom), freedom


def _autocorrelation(z: Floats, known: npt.NDArray[np.bool_]) -> float:
    """Lag-1 autocorrelation; where it is beyond chance, with what the estimate falls short of.

    Marriott and Pope (1954): it is low by about (1 + 4 r) / n on average.
    """
    pairs = known[1:] & known[:-1]
    power = float((z[known] ** 2).mean())
    if not pairs.any() or power <= 0:
        return 0.0
    rho = float((z[1:][pairs] * z[:-1][pairs]).mean()) / power
    n = int(known.sum())
    return min(rho + (1.0 + 4.0 * rho) / n, _MOST) if rho > 2.0 / math.sqrt(n) else rho


def explained(values: Floats, chance: Floats, phase: Phases, phases: int) -> float:
    """The share of the scatter that the season explains, less what chance would; 0 to 1."""
    known = _known(values, chance)
    used, windows = np.unique(phase[known]).size, int(known.sum())
    if windows <= used + 1:
        return 0.0
    rest = [
        _spread(values, chance, where, count, known) / (windows - parts)
        for where, count, parts in ((phase, phases, used), (np.zeros_like(phase), 1, 1))
    ]
    return max(0.0, 1.0 - rest[0] / rest[1]) if rest[1] > 0 else 0.0


def _spread(
    values: Floats, chance: Floats, phase: Phases, phases: int, known: npt.NDArray[np.bool_]
) -> float:
    """The sum of squares that the levels of the phases leave."""
    away = values - levels(values, chance, phase, phases, known)[phase]
    return float((away[known] ** 2 / chance[known]).sum())
