"""Inhibition: while one alert fires, others that follow from it are not told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from watchkeeper.alerts.config import InhibitRule
from watchkeeper.alerts.matchers import all_match
from watchkeeper.core.alert import Alert, Labels


class Inhibitors:
    """The alerts that inhibit others at one time, found by the labels they must share.

    Parameters
    ----------
    rules
        Of the configuration.
    alerts
        All that are known; those that are over are passed over.
    now
        The time.

    Examples
    --------
    >>> from datetime import UTC
    >>> from watchkeeper.alerts.matchers import parse_matchers
    >>> rule = InhibitRule(parse_matchers("alertname=NoData"), parse_matchers("kind=drift"),
    ...     ("model",))
    >>> now = datetime(2026, 1, 1, tzinfo=UTC)
    >>> cause = Alert({"alertname": "NoData", "model": "a"}, {}, now)
    >>> inhibitors = Inhibitors([rule], [cause], now)
    >>> inhibitors.of({"kind": "drift", "model": "a"}) == (cause.fingerprint,)
    True
    """

    def __init__(
        self, rules: Sequence[InhibitRule], alerts: Iterable[Alert], now: datetime
    ) -> None:
        firing = [alert for alert in alerts if not alert.is_over(now)] if rules else []
        self._rules = [(rule, _sources(rule, firing)) for rule in rules]

    def of(self, labels: Labels) -> tuple[str, ...]:
        """The fingerprints of the alerts that inhibit one with these labels."""
        found: dict[str, None] = {}
        for rule, sources in self._rules:
            if not all_match(rule.target, labels):
                continue
            both = all_match(rule.source, labels)
            for fingerprint, source_is_target in sources.get(_shared(rule, labels), ()):
                # What matches both sides is not inhibited by its like, itself least of all.
                if not (both and source_is_target):
                    found[fingerprint] = None
        return tuple(found)


def _sources(
    rule: InhibitRule, firing: Iterable[Alert]
) -> dict[tuple[str, ...], list[tuple[str, bool]]]:
    """The source alerts of a rule by what they must share, and whether each is a target too."""
    found: dict[tuple[str, ...], list[tuple[str, bool]]] = {}
    for alert in firing:
        if all_match(rule.source, alert.labels):
            entry = (alert.fingerprint, all_match(rule.target, alert.labels))
            found.setdefault(_shared(rule, alert.labels), []).append(entry)
    return found


def _shared(rule: InhibitRule, labels: Labels) -> tuple[str, ...]:
    return tuple(labels.get(name, "") for name in rule.equal)
