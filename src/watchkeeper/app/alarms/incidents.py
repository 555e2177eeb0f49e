"""Incidents in the background: opened by alerts, told to who is on call, resolved when quiet.

What an alert does to incidents is decided in the transaction that keeps the alert; what is due
later stands in the store with its time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime

from watchkeeper.alerts.config import Config, default_config
from watchkeeper.app.alarms import states
from watchkeeper.app.alarms.incident_alerts import (
    LOOK,
    WATCH,
    look_at_alert,
    tell_incidents,
    wake_alerts,
)
from watchkeeper.app.alarms.incident_records import INCIDENT, Case, incident_of
from watchkeeper.app.alarms.paging import (
    ONCALL,
    PAGE,
    Page,
    Reach,
    look,
    look_again,
    remind,
    wake_pages,
)
from watchkeeper.core.alert import Alert
from watchkeeper.core.errors import WatchkeeperError
from watchkeeper.incidents import events
from watchkeeper.incidents.deadlines import UPDATE_EVERY, Deadline, acknowledge_by, deadlines
from watchkeeper.incidents.incident import Incident
from watchkeeper.incidents.oncall.file import OnCall, read_on_call
from watchkeeper.incidents.opening import ChangeNear, OpeningPolicy, recent_changes
from watchkeeper.store.catalogue.alarms import AlarmStore, StateRow, Work
from watchkeeper.store.catalogue.leases import LeaseLostError

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

    def take_up(self, config: Config, *, wakes: bool | None = None) -> None:
        """The routes and the people on call as they are now.

        What other routes held back is looked at again: by default where they are others than
        before, which one of several processes sees to.
        """
        if config is not self._reach.config if wakes is None else wakes:
            wake(self._store, self._clock())
        self._reach = Reach(config, self._shelf.get(), self._reach.url)

    def take(self, work: Work, alerts: Iterable[Alert], at: datetime) -> None:
        """What alerts do to incidents, in the transaction that keeps the alerts."""
        tell_incidents(work, alerts, self._reach, self._policy, at)

    def step(self) -> int:
        """Do what is due; the pieces of work done."""
        now = self._clock()
        done = 0
        for kind, act in (
            (WATCH, self._look_at), (LOOK, self._look_up), (INCIDENT, self._remind),
            (PAGE, self._page),
        ):  # fmt: skip
            for row in self._store.due(kind, now):
                try:
                    act(row, now)
                except LeaseLostError:
                    raise
                except WatchkeeperError as error:  # One of them must not hold up the others.
                    log.error("incident %s: %s", row.key, error)  # noqa: TRY400  # a sentence
                done += 1
        return done

    def _look_at(self, row: StateRow, now: datetime) -> None:
        """Look again at an alert that was held back, or that is over by itself."""
        with self._store.work() as work:
            work.in_turn()
            look_at_alert(work, row.key, self._reach, self._policy, now)

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


def _is_first(incident: Incident, deadline: Deadline) -> bool:
    """Whether a deadline has not been moved on by an earlier reminder."""
    if deadline.what == "acknowledge":
        return deadline.at <= acknowledge_by(incident.severity, incident.stamps[-1].at)
    every = UPDATE_EVERY[incident.severity]
    if deadline.what != "update" or every is None:
        return True
    return deadline.at <= (incident.updated_at or incident.opened_at) + every


def wake(store: AlarmStore, now: datetime) -> None:
    """Silences or routes have changed: look again at what they held back."""
    with store.work() as work:
        wake_alerts(work, now)
        wake_pages(work, now)


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
