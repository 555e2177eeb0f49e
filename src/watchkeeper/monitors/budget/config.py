"""How many false alarms are accepted, and the evidence that follows from it."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from watchkeeper.core.durations import format_duration
from watchkeeper.core.errors import InputError
from watchkeeper.monitors.rule import Budget


class BudgetConfig(msgspec.Struct, frozen=True):
    """How many false alarms are accepted.

    Attributes
    ----------
    false_alarms, per, confidence
        As in `rule.Budget`; `per` in seconds.
    models
        What shares the budget: the alarms that page the same people.
    patience
        Buckets that a change of one stream needs to raise an alarm, however large it is: a freak
        day or two are not enough. Where many streams change together it may be one less. 1 is the
        plain e-process.
    """

    false_alarms: float = 1.0
    per: float = 90 * 86400.0
    confidence: float = 0.9
    models: int = 1
    patience: int = 3

    @classmethod
    def of(cls, budget: Budget, models: int = 1) -> BudgetConfig:
        """The settings of a rule.

        Raises
        ------
        InputError
            A number is out of range.

        Examples
        --------
        >>> round(BudgetConfig.of(Budget()).threshold(timedelta(days=1)), 6)
        900.0
        """
        made = cls(budget.false_alarms, budget.per.total_seconds(), budget.confidence, models)
        if not (made.false_alarms > 0 and made.per > 0 and models >= 1):
            raise InputError(
                f"a budget of {budget.false_alarms:g} false alarms in {budget.per} for {models} "
                "models; write numbers above 0"
            )
        if not 0 <= made.confidence < 1:
            raise InputError(
                f"a budget with the confidence {budget.confidence:g}; write a share from 0 to "
                "below 1, such as 0.9"
            )
        return made

    def threshold(self, window: timedelta) -> float:
        """The evidence at which an alarm is raised: `A = K T / (B (1 - confidence))`.

        K models, T windows, B false alarms. The mean number of false alarms in T windows is at
        most T / A for each model, so by Markov's inequality more than the budget has at most the
        chance `1 - confidence`.

        Raises
        ------
        InputError
            The span of the budget is shorter than a window.
        """
        windows = self.per / window.total_seconds()
        if windows < 1:
            raise InputError(
                f"a budget per {format_duration(timedelta(seconds=self.per))} is shorter than its "
                f"window of {format_duration(window)}; give it a longer span"
            )
        return self.models * windows / self.false_alarms / (1.0 - self.confidence)
