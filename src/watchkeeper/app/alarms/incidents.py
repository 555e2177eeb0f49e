"""Incidents in the background: opened by alerts, told to who is on call, resolved when quiet.

What an alert does to incidents is decided in the transaction that keeps the alert; what is due
later stands in the store with its time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

from watchkeeper.alerts.config import Config, default_config
from watchkeeper.alerts.silences import silenced_by
from watchkeeper.app.alarms import states
from watchkeeper.app.alarms.incident_records import (
    INCIDENT,
    Case,
    all_incidents,
    incident_of,
    next_number,
)
from watchkeeper.app.alarms.paging import ONCALL, PAGE, Page, Reach, begin, look, look_again, remind
from watchkeeper.core.alert import SEVERITY, Alert
from watchkeeper.core.errors import WatchkeeperError
from watchkeeper.incidents import events, lifecycle
from watchkeeper.incidents.deadlines import UPDATE_EVERY, Deadline, acknowledge_by, deadlines
from watchkeeper.incidents.incident import Incident, State, sev_of
from watchkeeper.incidents.oncall.file import OnCall, read_on_call
from watchkeeper.incidents.opening import (
    ChangeNear,
    Joins,
    OpeningPolicy,
    Opens,
    Reopens,
    consider,
    recent_changes,
)
from watchkeeper.store.catalogue.alarms import AlarmStore, StateRow, Work

LOOK: Final = "incident_changes"
"""An incident of which it is to be looked up what was changed before it, under its number."""

_DAYS = timedelta(days=2)
"""Incidents that were over longer ago are not opened again, by alerts or by people."""

_WHY = {
    "acknowledge": "Nobody has acknowledged it yet",
    "update": "Tell people how it stands: an update is overdue",
}

log = logging.getLogger("watchkeeper.alarms")

Finder = Callable[[Incident], Iterable[ChangeNear]]
"""Gives the changes that were made about the time of an incident."""


class IncidentKeeper:
    """Sees to incidents, step by step.

    Parameters
    ----------
    store
        What alarms remember.
    clock
        Gives the time.
    url
        Where the server is reached, for links.
    changes
        What was changed about the time of an incident.
    policy
        Which alerts open incidents.
    """

    def __init__(
        self,
        store: AlarmStore,
        *,
        clock: Callable[[], datetime],
        url: str = "",
        changes: Finder = lambda _: (),
        policy: OpeningPolicy | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._changes = changes
        self._policy = policy or OpeningPolicy()
        self._shelf = OnCallShelf(store)
        self._reach = Reach(default_config(), OnCall(), url)

    def take_up(self, config: Config) -> None:
        """The routes and the people on call as they are now."""
        self._reach = Reach(config, self._shelf.get(), self._reach.url)

    def take(self, work: Work, alerts: Iterable[Alert], at: datetime) -> None:
        """What alerts do to incidents, in the transaction that keeps the alerts."""
        arrived = list(alerts)
        if not arrived:
            return
        work.in_turn()
        held = _Held(work, at)
        for alert in arrived:
            if alert.is_over(at):
                held.over(alert)
            else:
                held.fires(alert, self._policy)
        held.keep(self._reach)

    def step(self) -> int:
        """Do what is due; the pieces of work done."""
        now = self._clock()
        done = 0
        for kind, act in ((LOOK, self._look_up), (INCIDENT, self._remind), (PAGE, self._page)):
            for row in self._store.due(kind, now):
                try:
                    act(row, now)
                except WatchkeeperError as error:  # One of them must not hold up the others.
                    log.error("incident %s: %s", row.key, error)  # noqa: TRY400  # a sentence
                done += 1
        return done

    def _look_up(self, row: StateRow, now: datetime) -> None:
        """Propose what was changed before an incident as what may have caused it."""
        incident = incident_of(self._store, int(row.key))
        found: list[ChangeNear] = []
        try:
            found = recent_changes(incident, self._changes(incident), self._policy)
        except (WatchkeeperError, OSError) as error:
            log.warning("incident %s: no changes can be proposed: %s", incident.number, error)
        with self._store.work() as work:
            work.in_turn()
            if not work.states(LOOK, keys=[row.key]):
                return
            work.drop_state(LOOK, row.key)
            case = Case(work, incident_of(work, int(row.key)), now)
            for one in found[:_MOST]:
                data = {"key": one.key, "proposed": True}
                case.apply(events.Change(one.text, one.at, one.link, data))
            case.keep()

    def _remind(self, row: StateRow, now: datetime) -> None:
        """Act on the deadlines of an incident that have passed."""
        with self._store.work() as work:
            work.in_turn()
            case = Case(work, incident_of(work, int(row.key)), now)
            for one in deadlines(case.incident, now):
                if one.overdue:
                    self._overdue(case, one)
            case.keep()

    def _overdue(self, case: Case, deadline: Deadline) -> None:
        if deadline.what == "resolve":
            if case.incident.state.active:
                case.apply(events.Resolve("24 hours without an alert or a word"))
                look_again(case, self._reach)
            return
        told: tuple[str, ...] = ()
        if deadline.what in _WHY and case.incident.state.active:
            told = remind(case, self._reach, _WHY[deadline.what])
        reminded = events.Reminded(deadline.what, told)
        if told or _is_first(case.incident, deadline):
            case.apply(reminded)
        else:  # Nobody was told, as before: one line about that is enough.
            case.pass_over(reminded)

    def _page(self, row: StateRow, now: datetime) -> None:
        """Go on with the chain of an incident."""
        with self._store.work() as work:
            work.in_turn()
            rows = work.states(PAGE, keys=[row.key])
            if not rows or rows[0].due is None or rows[0].due > now:
                return  # Somebody has taken it meanwhile.
            case = Case(work, incident_of(work, int(row.key)), now)
            look(case, states.decode(rows[0], Page), self._reach)
            case.keep()


_MOST = 20
"""Changes that are proposed at most, the latest ones."""


class _Held:
    """The incidents that alerts of one evaluation may touch."""

    def __init__(self, work: Work, at: datetime) -> None:
        self._work = work
        self._at = at
        self._all = all_incidents(work)
        self._silences = states.silences(work)
        self._cases = {
            one.number: Case(work, one, at) for one in self._all if _matters(one, at)
        }  # fmt: skip
        self._touched: dict[int, Case] = {}
        self._opened: dict[int, Case] = {}

    def over(self, alert: Alert) -> None:
        """An alert is over: every incident that knows it hears of it."""
        ends = alert.ends_at or self._at
        for case in self._cases.values():
            if _fires_in(case.incident, alert) and case.incident.state is not State.MERGED:
                self._touch(case).apply(events.AlertOver(alert.fingerprint, ends))

    def fires(self, alert: Alert, policy: OpeningPolicy) -> None:
        """An alert fires: it opens an incident, joins one, opens one again, or does nothing."""
        incidents = [case.incident for case in self._cases.values()]
        knowing = [one for one in incidents if _fires_in(one, alert)]
        if not knowing and silenced_by(self._silences, alert.labels, self._at):
            return
        if knowing and not any(one.state.active for one in knowing):
            return  # It was called over although the alert fires: until its end that stands.
        match consider(alert, incidents, policy, self._at):
            case Opens() as wanted:
                self._link(self._open(wanted), alert, "")
            case Joins(number, why):
                self._link(self._cases[number], alert, why)
            case Reopens(number, why):
                found = self._touch(self._cases[number])
                found.apply(events.Reopen(why))
                self._opened[number] = found
                self._link(found, alert, "")

    def keep(self, reach: Reach) -> None:
        """Tell of what was opened, and keep what has changed."""
        for number, case in self._touched.items():
            if number in self._opened:
                begin(case, reach)
            case.keep()

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
        if not news and severity >= case.incident.severity:
            return
        self._touch(case).apply(events.alert_fires(alert, severity))
        if news and (runbook := alert.annotations.get("runbook", "")):
            link = alert.annotations.get("runbook_url", "")
            case.apply(events.Note(f"What to do about {alert.name}: runbook {runbook}", link))
        if news and why:
            case.apply(events.Note(f"{alert.name} belongs to this incident: {why}"))

    def _touch(self, case: Case) -> Case:
        self._touched[case.incident.number] = case
        return case


def _is_first(incident: Incident, deadline: Deadline) -> bool:
    """Whether a deadline has not been moved on by an earlier reminder."""
    if deadline.what == "acknowledge":
        return deadline.at <= acknowledge_by(incident.severity, incident.stamps[-1].at)
    every = UPDATE_EVERY[incident.severity]
    if deadline.what != "update" or every is None:
        return True
    return deadline.at <= (incident.updated_at or incident.opened_at) + every


def ask_for_changes(work: Work, case: Case) -> None:
    """Have it looked up what was changed before an incident, outside of this transaction."""
    work.put_state(StateRow(LOOK, case.key, "null", case.at), at=case.at)


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


class OnCallShelf:
    """The on-call file that was applied last, read again where it has changed."""

    def __init__(self, store: AlarmStore) -> None:
        self._store = store
        self._text: str | None = None
        self._held = OnCall()

    def get(self) -> OnCall:
        """People, schedules and chains; none where there is no file that can be read."""
        text = on_call_text(self._store)
        if text != self._text:
            self._text, self._held = text, _read(text)
        return self._held


def on_call_text(store: AlarmStore) -> str | None:
    """The on-call file that was applied last; None where there is none."""
    return next((row.text for row in store.files(ONCALL) if row.name == ONCALL), None)


def _read(text: str | None) -> OnCall:
    if text is None:
        return OnCall()
    try:
        return read_on_call(text)
    except WatchkeeperError as error:  # Refused when it is applied: it is of another release.
        log.error("the on-call file cannot be read: %s", error)  # noqa: TRY400  # a sentence
        return OnCall()
