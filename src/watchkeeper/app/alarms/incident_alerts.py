"""What alerts do to incidents, whoever raised them: our rules, or another program.

An alert of which nobody would be told, since it is silenced, inhibited or muted, opens none and
joins none; it is kept, with the time at which to ask again. So is one that is over by itself at a
time, as posted alerts are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

from watchkeeper.alerts.suppression import Context, held_back
from watchkeeper.app.alarms import states
from watchkeeper.app.alarms.dispatching import context_of
from watchkeeper.app.alarms.incident_records import Case, all_incidents, next_number
from watchkeeper.app.alarms.paging import Reach, begin
from watchkeeper.core.alert import SEVERITY, Alert
from watchkeeper.incidents import events, lifecycle
from watchkeeper.incidents.incident import Incident, State, sev_of
from watchkeeper.incidents.opening import (
    Joins,
    OpeningPolicy,
    Opens,
    Reopens,
    consider,
)
from watchkeeper.store.catalogue.alarms import StateRow, Work

WATCH: Final = "incident_alert"
"""An alert that incidents are to look at again, under its fingerprint."""

LOOK: Final = "incident_changes"
"""An incident of which it is to be looked up what was changed before it, under its number."""

RUNBOOK: Final = "runbook"
"""Under which a line of a timeline keeps the runbook that it names."""

_DAYS = timedelta(days=2)
"""Incidents that were over longer ago are not opened again, by alerts or by people."""


def tell_incidents(
    work: Work, alerts: Iterable[Alert], reach: Reach, policy: OpeningPolicy, at: datetime
) -> None:
    """What alerts do to incidents, in the transaction that keeps the alerts."""
    arrived = list(alerts)
    if not arrived:
        return
    work.in_turn()
    held = _Held(work, at, reach, policy)
    kept = {row.key for row in work.states(WATCH, keys=[one.fingerprint for one in arrived])}
    for alert in arrived:
        again = held.take(alert)
        if again is not None:
            body = states.encode(replace(alert, evidence={}))
            work.put_state(StateRow(WATCH, alert.fingerprint, body, again), at=at)
        elif alert.fingerprint in kept:
            work.drop_state(WATCH, alert.fingerprint)
    held.keep()


def look_at_alert(work: Work, key: str, reach: Reach, policy: OpeningPolicy, now: datetime) -> None:
    """Look again at an alert that was kept, where its time has come."""
    for row in work.states(WATCH, keys=[key]):
        if row.due is not None and row.due <= now:
            tell_incidents(work, [states.decode(row, Alert)], reach, policy, now)


def wake_alerts(work: Work, now: datetime) -> None:
    """Have every alert that is kept looked at now: silences or routes have changed."""
    for row in work.states(WATCH):
        if row.due is None or row.due > now:
            work.put_state(replace(row, due=now), at=now)


def ask_for_changes(work: Work, case: Case) -> None:
    """Have it looked up what was changed before an incident, outside of this transaction."""
    work.put_state(StateRow(LOOK, case.key, "null", case.at), at=case.at)


class _Held:
    """The incidents that alerts of one evaluation may touch."""

    def __init__(self, work: Work, at: datetime, reach: Reach, policy: OpeningPolicy) -> None:
        self._work = work
        self._at = at
        self._reach = reach
        self._policy = policy
        self._all = all_incidents(work)
        self._cases = {
            one.number: Case(work, one, at) for one in self._all if _matters(one, at)
        }  # fmt: skip
        self._touched: dict[int, Case] = {}
        self._opened: dict[int, Case] = {}

    def take(self, alert: Alert) -> datetime | None:
        """Let an alert do what it does; when to look at it again, None where not."""
        if alert.is_over(self._at):
            self._over(alert)
            return None
        until = self._fires(alert)
        ends = alert.ends_at if until is not None or self._knowing(alert) else None
        return min((one for one in (until, ends) if one is not None), default=None)

    def keep(self) -> None:
        """Tell of what was opened, and keep what has changed."""
        for number, case in self._touched.items():
            if number in self._opened:
                begin(case, self._reach)
            case.keep()

    def _over(self, alert: Alert) -> None:
        """An alert is over: every incident that knows it hears of it."""
        ends = alert.ends_at or self._at
        for case in self._cases.values():
            if _fires_in(case.incident, alert) and case.incident.state is not State.MERGED:
                self._touch(case).apply(events.AlertOver(alert.fingerprint, ends))

    def _fires(self, alert: Alert) -> datetime | None:
        """Open an incident, join one, open one again, or nothing; until when it is held back."""
        incidents = [case.incident for case in self._cases.values()]
        knowing = self._knowing(alert)
        if knowing and not any(one.state.active for one in knowing):
            return None  # It was called over although the alert fires: until its end that stands.
        wanted = consider(alert, incidents, self._policy, self._at)
        if wanted is None:
            return None
        if not knowing and (held := held_back(alert, self._context, self._at)):
            return held.until
        match wanted:
            case Opens():
                self._link(self._open(wanted), alert, "")
            case Joins(number, why):
                self._link(self._cases[number], alert, why)
            case Reopens(number, why):
                found = self._touch(self._cases[number])
                found.apply(events.Reopen(why))
                self._opened[number] = found
                self._link(found, alert, "")
        return None

    def _knowing(self, alert: Alert) -> list[Incident]:
        """The incidents that take an alert for one that fires."""
        return [one.incident for one in self._cases.values() if _fires_in(one.incident, alert)]

    @cached_property
    def _context(self) -> Context:
        """Silences, hours and inhibiting alerts; asked for only by alerts that want an incident."""
        return context_of(self._work, self._reach.config, self._at)

    def _open(self, wanted: Opens) -> Case:
        number = next_number([*self._all, *(case.incident for case in self._cases.values())])
        done = lifecycle.open_incident(
            number, wanted.title, wanted.severity, wanted.kind, self._at, models=wanted.models
        )
        found = Case(self._work, done.incident, self._at, list(done.entries))
        self._cases[number] = self._touched[number] = self._opened[number] = found
        ask_for_changes(self._work, found)
        return found

    def _link(self, case: Case, alert: Alert, why: str) -> None:
        severity = sev_of(alert.labels.get(SEVERITY))
        news = not _fires_in(case.incident, alert)
        told = any(one.name == alert.name for one in case.incident.alerts)
        if not news and severity >= case.incident.severity:
            return
        self._touch(case).apply(events.alert_fires(alert, severity))
        if news and not told and (runbook := alert.annotations.get("runbook", "")):
            link = alert.annotations.get("runbook_url", "")
            text = f"What to do about {alert.name}: runbook {runbook}"
            case.apply(events.Note(text, link, data={RUNBOOK: runbook}))
        if news and why:
            case.apply(events.Note(f"{alert.name} belongs to this incident: {why}"))

    def _touch(self, case: Case) -> Case:
        self._touched[case.incident.number] = case
        return case


def _matters(incident: Incident, at: datetime) -> bool:
    """Whether an alert may still do something to an incident."""
    ended = incident.stamps[-1].at if incident.stamps else incident.opened_at
    waits = any(alert.ends_at is None for alert in incident.alerts)
    return incident.state.active or waits or at - ended <= _DAYS


def _fires_in(incident: Incident, alert: Alert) -> bool:
    """Whether an incident takes an alert for one that fires."""
    return any(
        one.fingerprint == alert.fingerprint and one.ends_at is None for one in incident.alerts
    )
