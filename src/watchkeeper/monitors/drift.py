"""From the changes of columns to verdicts: beyond a tolerance, and beyond luck."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from watchkeeper.core.estimate import Estimate, Verdict
from watchkeeper.core.model import Thresholds
from watchkeeper.monitors.families import adjust, strictest
from watchkeeper.monitors.power import Detectable, detectable
from watchkeeper.monitors.wording import Aspect, reason_of

Change = Literal["none", "harmless", "relevant", "unknown"]
"""What became of a column: nothing seen, changed within tolerance, beyond it, or not to be said."""

PSI_ROWS = 200
"""Rows on either side below which the words for a population stability index mean nothing."""

REFERENCE_TIMES = 4
"""A reference should have this many times the rows of a window."""


class Component(Aspect, Protocol):
    """One aspect of a column: its distribution, its missing values or its new categories."""

    @property
    def p_beyond(self) -> float:
        """P-value of 'the change is at most `tolerance`'."""
        ...

    @property
    def chance(self) -> float:
        """What chance alone shows on average, where that does not vanish."""
        ...


@dataclass(frozen=True, slots=True)
class ColumnEvidence:
    """What a verdict about one column rests on.

    Attributes
    ----------
    components
        The aspects that are weighed, the distribution first.
    metrics
        All metrics of the column by name; `psi` and `mean_shift` are read, if there.
    """

    components: tuple[Component, ...]
    metrics: Mapping[str, Estimate] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ColumnVerdict:
    """The verdict about one column.

    Attributes
    ----------
    verdict, change
        What is concluded; `change` tells a harmless change from none.
    metric, effect
        The aspect that decides: the one that is most surely beyond its tolerance, else the
        distribution.
    p_value, p_adjusted
        Of 'no aspect changed by more than is tolerated': for this column, and adjusted for all
        columns. None where nothing could be weighed.
    p_change
        Of 'nothing changed at all', adjusted for all columns.
    reason
        One plain sentence.
    psi_reading
        The usual words for the index, where the rows and its interval allow them.
    detectable
        What the rows could have shown.
    """

    verdict: Verdict
    change: Change
    metric: str | None
    effect: Estimate | None
    p_value: float | None
    p_adjusted: float | None
    p_change: float | None
    reason: str
    psi_reading: Literal["none", "moderate", "significant"] | None
    detectable: Detectable | None


def judge(
    columns: Mapping[str, ColumnEvidence], thresholds: Thresholds
) -> dict[str, ColumnVerdict]:
    """Verdicts for the columns of one comparison, corrected for their number.

    A column has drifted where an aspect of it changed by more than its tolerance, and that is
    beyond luck: the p-value of 'at most the tolerance', corrected inside the column for its aspects
    (Bonferroni) and among the columns by `thresholds.correction`, is at most `thresholds.alpha`.
    So ten million rows do not flag noise and a hundred rows do not flag luck.

    Parameters
    ----------
    columns
        The evidence by column.
    thresholds
        `alpha`, `correction` and `min_rows`; the psi limits. The tolerances are in the evidence.

    Returns
    -------
    dict
        In the order given. An aspect with fewer than `min_rows` rows on a side is not weighed; a
        column whose distribution cannot be weighed is 'not_enough_data' unless another aspect of
        it drifted (a column that turned null has no distribution, yet it drifted).

    Raises
    ------
    ModelError
        The correction is unknown.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> change = SimpleNamespace(
    ...     metric="ks", estimate=Estimate(0.4, 0.35, 0.45, 1e-40, 1000, 1000), p_beyond=1e-30,
    ...     tolerance=0.05, reference=None, current=None, chance=0.0)
    >>> judge({"temp": ColumnEvidence((change,))}, Thresholds())["temp"].verdict.value
    'drifted'
    """
    weighed = {name: _weighed(evidence, thresholds) for name, evidence in columns.items()}
    beyond = {name: _combined([c.p_beyond for c in held]) for name, held in weighed.items() if held}
    changed = {
        name: _combined([1.0 if c.estimate.p_value is None else c.estimate.p_value for c in held])
        for name, held in weighed.items()
        if held
    }
    adjusted = adjust(beyond, thresholds.correction)
    adjusted_change = adjust(changed, thresholds.correction)
    level = strictest(thresholds.alpha, len(beyond), thresholds.correction)
    return {
        name: _verdict(
            evidence,
            weighed[name],
            _Chances(beyond.get(name), adjusted.get(name), adjusted_change.get(name), level),
            thresholds,
        )
        for name, evidence in columns.items()
    }


def rank(verdicts: Mapping[str, ColumnVerdict]) -> list[str]:
    """All columns, strongest effect first: the drifted ones, then by what is beyond luck.

    Within each group columns go by the lower end of their effect's interval, then by its value, so
    that a column of many rare categories does not lead by chance.
    """

    def strength(name: str) -> tuple[bool, float, float]:
        verdict = verdicts[name]
        effect = verdict.effect
        value = abs(effect.value) if effect is not None and effect.value is not None else -1.0
        return verdict.verdict is Verdict.DRIFTED, least(effect), value

    return sorted(verdicts, key=strength, reverse=True)


def least(effect: Estimate | None) -> float:
    """The smallest size of a change that its interval allows; 0 where it may be none.

    >>> least(Estimate(-0.3, low=-0.4, high=-0.2))
    0.2
    """
    if effect is None or effect.low is None or effect.high is None:
        return 0.0
    return max(effect.low, -effect.high, 0.0)


def psi_reading(
    psi: Estimate | None, thresholds: Thresholds
) -> Literal["none", "moderate", "significant"] | None:
    """The usual word for a population stability index, or None where the rows do not carry one.

    Both sides need `PSI_ROWS` rows. 'moderate' and 'significant' need the lower end of the interval
    at or above their limit, 'none' a value below the lower limit.

    Examples
    --------
    >>> psi_reading(Estimate(0.3, 0.22, 0.4, None, 5000, 1000), Thresholds())
    'significant'
    """
    if psi is None or psi.value is None or min(psi.n_reference, psi.n_current) < PSI_ROWS:
        return None
    low = 0.0 if psi.low is None else psi.low
    if low >= thresholds.psi_significant:
        return "significant"
    if low >= thresholds.psi_moderate:
        return "moderate"
    return "none" if psi.value < thresholds.psi_moderate else None


def reference_warning(rows_reference: int, rows_current: int, thresholds: Thresholds) -> str | None:
    """A sentence where the reference is too small to carry windows of this size, else None.

    Every window is compared with the same reference, so the reference's own luck is in all of them.
    A test of 'nothing changed' then alarms in every window or in none, whichever the draw of the
    reference decides. The verdicts here stay valid, since a tolerance and the reference's error are
    both granted; what suffers is power, because more rows in the window cannot make up for it.

    Examples
    --------
    >>> reference_warning(20_000, 5_000, Thresholds()) is None
    True
    >>> "20000 rows" in reference_warning(500, 5_000, Thresholds())
    True
    """
    if rows_reference == 0 or rows_current < thresholds.min_rows:
        return None
    if rows_reference >= REFERENCE_TIMES * rows_current:
        return None
    luck = 1.358 / math.sqrt(rows_reference)
    wanted = REFERENCE_TIMES * rows_current
    start = (
        f"The reference ({rows_reference} rows) has less than {REFERENCE_TIMES} times the rows of "
        f"the current data ({rows_current}): its own luck moves every distance by up to "
        f"{luck:.3f} (95 %), in each comparison alike. "
    )
    if luck > thresholds.tolerance:
        return start + (
            f"That is more than the tolerance of {thresholds.tolerance:g}. Verdicts allow for it, "
            "but can miss moderate drift, and p-values of 'any change' repeat the same error in "
            f"every window; use a reference of at least {wanted} rows"
        )
    return start + (
        f"Verdicts allow for it, and the tolerance of {thresholds.tolerance:g} is wider; but what "
        "is shown as 'changed, harmless' may be the reference's luck, again in every window. "
        f"A reference of {wanted} rows would settle it"
    )


def _weighed(evidence: ColumnEvidence, thresholds: Thresholds) -> list[Component]:
    return [
        component
        for component in evidence.components
        if component.estimate.value is not None
        and min(component.estimate.n_reference, component.estimate.n_current) >= thresholds.min_rows
    ]


def _combined(p_values: list[float]) -> float:
    """Bonferroni: the smallest, times their number."""
    return min(min(p_values) * len(p_values), 1.0)


@dataclass(frozen=True, slots=True)
class _Chances:
    """P-values of a column: beyond tolerance raw and adjusted, any change; the strictest level."""

    raw: float | None
    beyond: float | None
    change: float | None
    level: float


def _verdict(
    evidence: ColumnEvidence, weighed: list[Component], chances: _Chances, thresholds: Thresholds
) -> ColumnVerdict:
    drifted = chances.beyond is not None and chances.beyond <= thresholds.alpha
    main = evidence.components[0] if evidence.components else None
    if drifted:
        main = _strongest(weighed)
        verdict, change = Verdict.DRIFTED, "relevant"
    elif not weighed or main not in weighed:
        verdict, change = Verdict.NOT_ENOUGH_DATA, "unknown"
    elif chances.change is not None and chances.change <= thresholds.alpha:
        verdict, change = Verdict.STABLE, "harmless"
        main = _likeliest(weighed)
    else:
        verdict, change = Verdict.STABLE, "none"
    typed: Change = change  # type: ignore[assignment]  # literals of the four branches above
    return ColumnVerdict(
        verdict,
        typed,
        main.metric if main else None,
        main.estimate if main else None,
        chances.raw,
        chances.beyond,
        chances.change,
        reason_of(typed, main, evidence.metrics, thresholds.min_rows),
        psi_reading(evidence.metrics.get("psi"), thresholds),
        _detectable(evidence, weighed, chances.level),
    )


def _strongest(weighed: list[Component]) -> Component:
    """The aspect most surely beyond its tolerance; of equals, the furthest beyond it."""
    return min(weighed, key=lambda c: (c.p_beyond, -_times(c)))


def _likeliest(weighed: list[Component]) -> Component:
    return min(weighed, key=lambda c: (_known(c.estimate.p_value), -_times(c)))


def _times(component: Component) -> float:
    value = abs(component.estimate.value or 0.0)
    return value / component.tolerance if component.tolerance > 0 else value


def _known(p_value: float | None) -> float:
    return 1.0 if p_value is None else p_value


def _detectable(
    evidence: ColumnEvidence, weighed: list[Component], level: float
) -> Detectable | None:
    """Power for the distribution, at the level that the strongest of the columns needs."""
    for component in evidence.components:
        if component.metric in {"ks", "total_variation"} and component.estimate.value is not None:
            return detectable(
                component.metric,
                component.estimate.n_reference,
                component.estimate.n_current,
                tolerance=component.tolerance,
                level=level / max(len(weighed), 1),
                chance=component.chance,
            )
    return None
