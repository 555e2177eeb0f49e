"""What is remembered of one alert of a rule between two evaluations, and the alerts it raises."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from watchkeeper.core.alert import NAME, Alert
from watchkeeper.monitors.rule import State

RETENTION: Final = timedelta(minutes=15)
"""How long an alert that is over is handed on again and again, as Prometheus does."""

NO_DATA_NAME: Final = "NoData"
ERROR_NAME: Final = "EvaluationError"
RULE_LABEL: Final = "rulename"
"""The label with the rule's name on alerts about the rule itself."""


class Told(msgspec.Struct, frozen=True, omit_defaults=True):
    """An alert that was handed on as firing; who was told of it is told that it is over.

    Attributes
    ----------
    since
        Its `starts_at`.
    until
        Its `ends_at`; None while it fires.
    """

    since: datetime
    until: datetime | None = None


class Instance(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One alert of a rule: the rule on one segment, version and model.

    `msgspec.json` writes and reads it without loss. Times are those of evaluations.

    Attributes
    ----------
    labels
        Those of its alert, with `alertname` and `severity`.
    annotations
        As they were when the condition was last true.
    state, since
        Where it stands, and since when.
    under
        Where it stands apart from missing data and errors: inactive, pending, firing, recovering.
    seen_at, evaluated_at
        The last evaluation, and the last that had an answer. Evaluations after `evaluated_at` may
        be made good once data are there.
    active_at
        Since when the condition holds; None where it is inactive.
    fired_at, resolved_at
        When it last fired, and when that was over. It fires where `resolved_at` is None.
    keep_since
        The first evaluation after which it may resolve; `keep_firing_for` counts from here.
    last_true_at
        When the condition was last true.
    no_data_count
        Evaluations in a row without data or with an error, up to now.
    flips
        One bit for each of the last 24 evaluations, the latest lowest: whether it began to fire or
        ceased to.
    flapping
        Whether at least four of these are set.
    value, low, high, rows
        Of the last evaluation that had an answer.
    note
        Of the last evaluation.
    amended_at
        The evaluation of the past that late data have changed last.
    told, told_no_data, told_error
        The alerts that were handed on: its own, that data are missing, that it cannot be evaluated.
    """

    labels: dict[str, str]
    annotations: dict[str, str] = {}
    state: State = State.INACTIVE
    since: datetime
    under: State = State.INACTIVE
    seen_at: datetime | None = None
    evaluated_at: datetime | None = None
    active_at: datetime | None = None
    fired_at: datetime | None = None
    resolved_at: datetime | None = None
    keep_since: datetime | None = None
    last_true_at: datetime | None = None
    no_data_count: int = 0
    flips: int = 0
    flapping: bool = False
    value: float | None = None
    low: float | None = None
    high: float | None = None
    rows: int = 0
    note: str = ""
    amended_at: datetime | None = None
    told: Told | None = None
    told_no_data: Told | None = None
    told_error: Told | None = None

    @property
    def fires(self) -> bool:
        """Whether it fires, be its data missing now or not.

        >>> from datetime import UTC
        >>> Instance(labels={}, since=datetime(2026, 1, 1, tzinfo=UTC)).fires
        False
        """
        return self.fired_at is not None and self.resolved_at is None

    @property
    def name(self) -> str:
        """The name of its rule."""
        return self.labels.get(NAME, "")


def is_idle(instance: Instance) -> bool:
    """Whether nothing of it needs to be remembered."""
    told = instance.told or instance.told_no_data or instance.told_error
    return (
        instance.state is State.INACTIVE
        and told is None
        and not instance.flips
        and not instance.no_data_count
    )


def told_next(
    told: Told | None, at: datetime, begun: datetime | None, *, hold: bool
) -> Told | None:
    """What was told after an evaluation.

    Parameters
    ----------
    told
        What was told before.
    at
        The time of evaluation.
    begun
        Since when it fires; None where it does not.
    hold
        Whether what no longer fires is told as firing for the time being.

    Examples
    --------
    >>> from datetime import UTC
    >>> noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    >>> told = told_next(None, noon, noon, hold=False)
    >>> told_next(told, noon + timedelta(hours=1), None, hold=False).until.hour
    13
    """
    told = told and told_by(told, at)
    if told is not None and told.until is None:
        return told if begun is not None or hold else Told(told.since, at)
    if begun is not None:
        return Told(begun)
    if told is None or told.until is None or at - told.until > RETENTION:
        return None
    return told


def told_by(told: Told, at: datetime) -> Told:
    """The same with no time after `at`: nothing that was told lies in the future."""
    return Told(min(told.since, at), told.until and min(told.until, at))


def alerts_of(instance: Instance) -> tuple[Alert, ...]:
    """The alerts to hand on after an evaluation: those that fire, and those lately over."""
    found = []
    if instance.told is not None:
        found.append(_alert(instance.labels, instance.annotations, instance.told, instance))
    troubles = (
        (instance.told_no_data, NO_DATA_NAME, f"{instance.name} has no data"),
        (instance.told_error, ERROR_NAME, f"{instance.name} cannot be evaluated"),
    )
    for told, name, summary in troubles:
        if told is not None:
            labels = {**instance.labels, RULE_LABEL: instance.name, NAME: name}
            texts = {"summary": summary}
            if instance.note:
                texts["description"] = instance.note
            found.append(_alert(labels, texts, told, instance))
    return tuple(found)


def _alert(
    labels: dict[str, str], annotations: dict[str, str], told: Told, instance: Instance
) -> Alert:
    return Alert(labels, annotations, told.since, told.until, evidence=_evidence(instance))


def _evidence(instance: Instance) -> dict[str, Any]:
    """What is known of it; only what there is."""
    known: dict[str, Any] = {
        "value": instance.value,
        "low": instance.low,
        "high": instance.high,
        "rows": instance.rows or None,
        "note": instance.note or None,
        "flapping": instance.flapping or None,
        "amended_at": instance.amended_at and instance.amended_at.isoformat(),
    }
    return {name: value for name, value in known.items() if value is not None}
