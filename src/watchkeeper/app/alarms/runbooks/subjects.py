"""What a run is about: the alert and the incident that it is for, and what is known of them now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from watchkeeper.app.alarms import states
from watchkeeper.app.alarms.evaluating import MODEL
from watchkeeper.app.alarms.incident_records import all_incidents, incident_of
from watchkeeper.app.alarms.rule_book import RULES, Key, RuleBook, key_of
from watchkeeper.app.alarms.slos import SLOS, of_model, read_slos, slo_group
from watchkeeper.app.alarms.vocabulary import vocabulary_of
from watchkeeper.core.alert import NAME, SEVERITY, fingerprint
from watchkeeper.core.errors import InputError, NotFoundError
from watchkeeper.incidents.incident import Incident, Sev, sev_of
from watchkeeper.incidents.runbooks.limits import Evidence
from watchkeeper.monitors.rule import Group, Rule
from watchkeeper.store.catalogue.alarms import AlarmStore, Work

HOUR = timedelta(hours=1)
POSTED_WINDOW = timedelta(minutes=15)
"""What the effect on an alert of another program is looked at over: nobody says its window."""


@dataclass(frozen=True, slots=True)
class About:
    """What somebody names: one of an incident, an alert, and a model or another target."""

    incident: int | None = None
    alert: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True)
class FoundAlert:
    """An alert as it stands; `key` is None for one that another program has raised."""

    fingerprint: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    since: datetime
    firing: bool
    evaluated_at: datetime
    key: Key | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """What a run is for.

    Attributes
    ----------
    values
        Variables by their full names.
    alert
        The fingerprint; empty where no alert asks for it.
    severity, incident
        Of the incident, where there is one; else the severity of the alert.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    alert: str = ""
    severity: Sev | None = None
    incident: int | None = None


class Subjects:
    """Finds what runs are about.

    Parameters
    ----------
    store
        What alarms remember.
    clock
        Gives the time.
    """

    def __init__(self, store: AlarmStore, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._book = RuleBook(vocabulary_of)

    def subject(self, about: About) -> Subject:
        """What a run is for that somebody asks for.

        Raises
        ------
        NotFoundError, InputError
            There is no such incident or alert; or nothing is named, or too much.
        """
        named = [about.incident is not None, bool(about.alert), bool(about.target)]
        if sum(named) > 1:
            raise InputError("name one of an incident, an alert and a target; not several")
        if about.incident is not None:
            return self._of_incident(incident_of(self._store, about.incident))
        if about.alert:
            return self.of_alert(self.alert(about.alert))
        values = {f"alert.labels.{MODEL}": about.target} if about.target else {}
        return Subject(values)

    def of_alert(self, alert: FoundAlert, incident: Incident | None = None) -> Subject:
        """What a run is for that an alert asks for."""
        incident = incident or self._incident_with(alert.fingerprint)
        severity = incident.severity if incident else sev_of(alert.labels.get(SEVERITY))
        values = {f"alert.labels.{name}": text for name, text in alert.labels.items()}
        values |= {f"alert.annotations.{name}": text for name, text in alert.annotations.items()}
        values |= {
            "alert.name": alert.labels.get(NAME, ""), "alert.fingerprint": alert.fingerprint,
            "alert.severity": alert.labels.get(SEVERITY, ""),
            "alert.starts_at": alert.since.isoformat(),
        }  # fmt: skip
        if incident is not None:
            values |= _of(incident)
        number = incident.number if incident else None
        return Subject(values, alert.fingerprint, severity, number)

    def alert(self, name: str) -> FoundAlert:
        """The alert of a fingerprint.

        Raises
        ------
        NotFoundError
            There is none.
        """
        found = self.find(name)
        if found is None:
            raise NotFoundError(
                f"there is no alert {name!r}; `watchkeeper incidents show` and GET "
                "/api/v2/alerts have the fingerprints"
            )
        return found

    def find(self, name: str, store: AlarmStore | Work | None = None) -> FoundAlert | None:
        """The alert of a fingerprint; None where there is none."""
        store = store or self._store
        for row in store.states(states.INSTANCE):
            found = states.instances([row])[row.key]
            if fingerprint(found.labels) == name:
                at = found.evaluated_at or found.seen_at or found.since
                return FoundAlert(
                    name, found.labels, found.annotations, found.fired_at or found.since,
                    found.fires, at, key_of(row.key),
                )  # fmt: skip
        now = self._clock()
        for group in states.groups(store.states(states.GROUP)).values():
            alert = group.alerts.get(name)
            if alert is not None:
                firing = not group.is_over(name, now)
                return FoundAlert(
                    name, alert.labels, alert.annotations, alert.starts_at, firing, now
                )
        return None

    def evidence(self, alert: str) -> Evidence | None:
        """What is known of an alert now; None where nothing is."""
        found = self.find(alert) if alert else None
        if found is None:
            return None
        rule = self.rule(found.key) if found.key else None
        if found.key is not None and rule is None:
            return None
        window = rule.window if rule else POSTED_WINDOW
        return Evidence(found.firing, found.evaluated_at, window)

    def window(self, alert: str) -> timedelta:
        """How long to wait until the effect on an alert is measured.

        A whole window after the deed, in whole hours where hours are what is measured: the hour
        in which it was done is left out.
        """
        found = self.find(alert) if alert else None
        rule = self.rule(found.key) if found is not None and found.key else None
        if rule is None:
            return POSTED_WINDOW if alert else timedelta()
        return -(-rule.window // HOUR) * HOUR + HOUR

    def rule(self, key: Key) -> Rule | None:
        """The rule of an alert as it is now; None where it is gone."""
        for group in self._groups(key):
            named = [rule for rule in group.rules if rule.alert == key.alert]
            if group.name == key.group and key.number < len(named):
                return named[key.number]
        return None

    def _groups(self, key: Key) -> list[Group]:
        if key.file == SLOS:
            texts = [(row.name, row.text) for row in self._store.files(SLOS)]
            mine = of_model(read_slos(texts), key.model).values()
            return [slo_group(slo, key.model) for slo in mine]
        files = [row for row in self._store.files(RULES) if row.name == key.file]
        try:
            return [group for row in files for group in self._book.groups(row.name, row.text)]
        except InputError:
            return []

    def _of_incident(self, incident: Incident) -> Subject:
        """The latest alert of an incident that fires asks; else nothing but the incident does."""
        firing = [one for one in incident.alerts if one.ends_at is None]
        for one in sorted(firing, key=lambda alert: alert.starts_at, reverse=True):
            found = self.find(one.fingerprint)
            if found is not None:
                return self.of_alert(found, incident)
        values = _of(incident)
        if incident.models:
            values[f"alert.labels.{MODEL}"] = incident.models[0]
        return Subject(values, "", incident.severity, incident.number)

    def _incident_with(self, alert: str) -> Incident | None:
        """The latest incident that is worked on and has an alert."""
        for one in reversed(all_incidents(self._store)):
            if one.state.active and any(linked.fingerprint == alert for linked in one.alerts):
                return one
        return None


def _of(incident: Incident) -> dict[str, str]:
    return {
        "incident.number": str(incident.number), "incident.severity": incident.severity.value,
        "incident.title": incident.title,
    }  # fmt: skip
