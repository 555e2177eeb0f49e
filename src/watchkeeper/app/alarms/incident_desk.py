"""What people ask of incidents: which there are, what happens to them, and who is on call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from watchkeeper.alerts.config import Config
from watchkeeper.app.alarms import states
from watchkeeper.app.alarms.incident_alerts import RUNBOOK, ask_for_changes
from watchkeeper.app.alarms.incident_events import ALERT, MERGE, event_of
from watchkeeper.app.alarms.incident_records import (
    Case,
    all_incidents,
    incident_of,
    next_number,
    timeline,
)
from watchkeeper.app.alarms.incidents import OnCallShelf
from watchkeeper.app.alarms.links import BEFORE, incident_page, model_page, runbook_page
from watchkeeper.app.alarms.paging import (
    ONCALL,
    PAGE,
    Page,
    Reach,
    begin,
    hold,
    look_again,
)
from watchkeeper.app.alarms.related import link_alert, related_to
from watchkeeper.app.alarms.taking import ACK_LASTS, firing_in, has_run_out, take_groups
from watchkeeper.core.errors import InputError, NotFoundError
from watchkeeper.expressions.hints import suggest
from watchkeeper.incidents import events, lifecycle
from watchkeeper.incidents.deadlines import deadlines
from watchkeeper.incidents.figures import false_alarm_share, figures, times
from watchkeeper.incidents.incident import Entry, Incident, Kind, Role, Sev, State
from watchkeeper.incidents.oncall.escalation import Target, contacts_of
from watchkeeper.incidents.oncall.file import OnCall, read_on_call
from watchkeeper.incidents.oncall.ical import write_calendar
from watchkeeper.incidents.oncall.schedule import Schedule, Shift
from watchkeeper.incidents.oncall.shifts import gaps, shifts
from watchkeeper.incidents.post_mortem import Facts, draft
from watchkeeper.store.catalogue.alarms import AlarmStore, FileRow, Work

Answer = dict[str, Any]

ACTIVE = "active"
"""The filter for incidents that are still worked on."""

LONGEST = 366
"""The most days of shifts that are shown."""

_TAKES = ("acknowledge", "investigate", "mitigate")
"""What says that somebody has it: the incident, and its alerts."""

_ORDER = (State.OPEN, State.ACKNOWLEDGED, State.INVESTIGATING, State.MITIGATED, State.RESOLVED)


class IncidentDesk:
    """The use cases of incidents over the store of alarms.

    Parameters
    ----------
    store
        What alarms remember.
    config
        Gives the routes in force.
    clock
        Gives the time.
    url
        Where the server is reached, for links.
    """

    def __init__(
        self,
        store: AlarmStore,
        *,
        config: Callable[[], Config],
        clock: Callable[[], datetime],
        url: str = "",
    ) -> None:
        self._store = store
        self._config = config
        self._clock = clock
        self._url = url
        self._shelf = OnCallShelf(store)

    # ---- incidents ---------------------------------------------------------------------------

    def list(self, *, state: str | None = None, model: str | None = None) -> list[Answer]:
        """Incidents: those that are worked on first, the worst of them first, then the latest.

        Parameters
        ----------
        state
            Only those in this state; `active` for all that are worked on.
        model
            Only those that concern this model.
        """
        now = self._clock()
        found = [
            incident
            for incident in all_incidents(self._store)
            if _is_in(incident, state) and (model is None or model in incident.models)
        ]
        return [_line(incident, now) for incident in sorted(found, key=_urgency)]

    def show(self, number: int) -> Answer:
        """An incident with its timeline, what is due, and what can become of it."""
        return self._shown(incident_of(self._store, number))

    def open(  # noqa: PLR0913  # each is a fact of the new incident
        self,
        title: str,
        *,
        severity: str,
        by: str,
        kind: str = Kind.MODEL.value,
        models: Sequence[str] = (),
        began_at: datetime | None = None,
        summary: str = "",
    ) -> Answer:
        """Open an incident by hand; who opens it commands it until somebody else does."""
        now, reach = self._clock(), self._reach()
        with self._store.work() as work:
            work.in_turn()
            done = lifecycle.open_incident(
                next_number(all_incidents(work)), title, Sev(severity), Kind(kind), now,
                actor=_name(by), models=models, began_at=began_at,
            )  # fmt: skip
            case = Case(work, done.incident, now, list(done.entries))
            if summary:
                case.apply(events.Amend(summary=summary), by)
            ask_for_changes(work, case)
            begin(case, reach)
            case.keep()
        return self._shown(case.incident)

    def apply(self, number: int, name: str, given: Mapping[str, Any], *, by: str) -> Answer:
        """Let something happen to an incident, by its word.

        Parameters
        ----------
        number
            Which incident.
        name
            One of `incident_events.NAMES`.
        given
            What belongs to it: `text`, `role`, `person`, `severity`, `into`, `until` …
        by
            Who does it.

        Raises
        ------
        NotFoundError, ConflictError, InputError
            There is none; it is in no state for it; something is missing.
        """
        now, reach, actor = self._clock(), self._reach(), _name(by)
        until = given.get("until")
        if until is not None and until <= now:
            raise InputError("the end of the acknowledgement is in the past; choose a later one")
        with self._store.work() as work:
            work.in_turn()
            case = Case(work, incident_of(work, number), now)
            if name == MERGE:
                self._merge(case, given.get("into"), actor)
            elif name == ALERT:
                link_alert(case, given.get("fingerprint"), actor)
            elif name == "acknowledge" and has_run_out(case):
                case.apply(events.Note("Acknowledged once more"), actor)
            else:
                case.apply(event_of(name, given), actor)
            if name == "reopen":
                begin(case, reach)
            if name == "acknowledge":
                hold(case, until, reach)
            else:
                look_again(case, reach)
            case.keep()
            if name in _TAKES:
                alerts, end = firing_in(case.incident), until or now + ACK_LASTS
                take_groups(work, alerts, reach, by=actor, until=end, now=now)
        return self._shown(case.incident)

    def figures(self, *, model: str | None = None) -> Answer:
        """How fast incidents are found and dealt with, in percentiles of seconds."""
        held = [one for one in all_incidents(self._store) if model is None or model in one.models]
        return {
            "incidents": len(held),
            "active": sum(one.state.active for one in held),
            "false_alarms": false_alarm_share(held),
            "times": {
                step: {
                    "measured": figure.measured, "waiting": figure.waiting,
                    "seconds": {f"p{p}": value for p, value in figure.seconds.items()},
                }
                for step, figure in figures(held).items()
            },
        }  # fmt: skip

    def post_mortem(self, number: int) -> str:
        """A draft of the post-mortem as Markdown: what is known, with blanks for what is not."""
        incident = incident_of(self._store, number)
        entries = timeline(self._store, number)
        return draft(incident, entries, _facts(incident, entries, self._url))

    def _merge(self, case: Case, into: int | None, actor: str) -> None:
        if into is None:
            raise InputError("into which incident? say it as `into`, its number")
        target = Case(case.work, incident_of(case.work, into), case.at)
        source, taken = lifecycle.merge(case.incident, target.incident, case.at, actor)
        case.incident, case.entries = source.incident, [*case.entries, *source.entries]
        target.incident, target.entries = taken.incident, list(taken.entries)
        target.keep()

    def _shown(self, incident: Incident) -> Answer:
        now = self._clock()
        rows = self._store.states(PAGE, keys=[f"{incident.number:09d}"])
        page = states.decode(rows[0], Page) if rows else None
        return {
            **_line(incident, now),
            "summary": incident.summary, "external": dict(incident.external),
            "stamps": [msgspec.to_builtins(one, builtin_types=(datetime,))
                       for one in incident.stamps],
            "roles": [msgspec.to_builtins(one, builtin_types=(datetime,))
                      for one in incident.roles],
            "alerts": [msgspec.to_builtins(one, builtin_types=(datetime,))
                       for one in incident.alerts],
            "deadlines": [one._asdict() for one in deadlines(incident, now)],
            "possible": [state.value for state in lifecycle.possible(incident, now)],
            "mitigation_suggested": incident.mitigation_suggested,
            "related": related_to(self._store, incident, now),
            "escalation": None if page is None else _page(page),
            "timeline": [_entry(one) for one in timeline(self._store, incident.number)],
        }  # fmt: skip

    # ---- on call -----------------------------------------------------------------------------

    def on_call(self) -> Answer:
        """The on-call file in force, and what is in it."""
        row = next((one for one in self._store.files(ONCALL) if one.name == ONCALL), None)
        held = self._shelf.get()
        return {
            "text": row.text if row else "", "set_at": row.set_at if row else None,
            "who": row.who if row else None,
            "users": sorted(held.directory.users),
            "schedules": sorted(held.directory.schedules),
            "escalations": sorted(held.chains),
        }  # fmt: skip

    def on_call_now(self, *, days: float = 14) -> Answer:
        """Who is on call now, and who will be in the next days."""
        if not 0 < days <= LONGEST:
            raise InputError(f"shifts are shown of up to {LONGEST} days; choose fewer")
        now, held = self._clock(), self._shelf.get()
        named = held.directory.schedules.items()
        return {
            "at": now,
            "schedules": [_schedule(held, name, one, now, timedelta(days=days))
                          for name, one in named],
        }  # fmt: skip

    def calendar(self, *, user: str | None = None, days: float = 180) -> str:
        """Shifts as a calendar file: from the month before this one until in so many days.

        It begins with a month, so that the shift that is cut there stays the same event for a
        calendar that reads the file each day.

        Parameters
        ----------
        user
            Only the shifts of this user, by id or name.
        days
            How far ahead.
        """
        if not 0 < days <= LONGEST:
            raise InputError(f"shifts are shown of up to {LONGEST} days; choose fewer")
        now, held = self._clock(), self._shelf.get()
        people = {id_: one.name or id_ for id_, one in held.directory.users.items()}
        wanted = None if user is None else _user_called(user, people)
        month = (now.replace(day=1) - timedelta(days=1)).replace(
            day=1, hour=0, minute=0, second=0, microsecond=0
        )
        rota = {
            name: [one for one in shifts(schedule, month, now + timedelta(days=days))
                   if wanted in (None, one.user)]
            for name, schedule in held.directory.schedules.items()
        }  # fmt: skip
        name = "On call" if wanted is None else f"{people[wanted]} on call"
        return write_calendar(rota, name=name, now=now, people=people)

    def check_on_call(self, text: str) -> OnCall:
        """Read an on-call file; receivers must be those of the routes in force.

        Raises
        ------
        InputError
            Everything that is wrong with it.
        """
        return read_on_call(text, receivers=frozenset(self._config().receivers))

    def put_on_call(self, text: str, *, who: str | None = None) -> Answer:
        """Put an on-call file in force; escalations that have begun go on as they began."""
        self.check_on_call(text)
        with self._store.work() as work:
            work.put_file(FileRow(ONCALL, ONCALL, text, self._clock(), who))
            self._note(work, {"outcome": "applied", "who": who})
        return self.on_call()

    def remove_on_call(self, *, who: str | None = None) -> Answer:
        """Take the on-call file out of force."""
        with self._store.work() as work:
            if not work.drop_file(ONCALL, ONCALL):
                raise NotFoundError("there is no on-call file")
            self._note(work, {"outcome": "removed", "who": who})
        return {"name": ONCALL, "outcome": "removed"}

    def _note(self, work: Work, body: object) -> None:
        work.add_history(
            at=self._clock(), kind=ONCALL, subject=ONCALL, body=states.encode(body)
        )  # fmt: skip

    def _reach(self) -> Reach:
        return Reach(self._config(), self._shelf.get(), self._url)


def _facts(incident: Incident, entries: Iterable[Entry], url: str) -> Facts:
    """What a post-mortem says beside the incident: its runbooks, and where its charts are."""
    runbooks = {
        str(one.data[RUNBOOK]): one.link or (url and runbook_page(url, str(one.data[RUNBOOK])))
        for one in entries
        if RUNBOOK in one.data
    }
    if not url:
        return Facts(runbooks=runbooks)
    start = (incident.began_at or incident.opened_at) - BEFORE
    ended = incident.last(State.RESOLVED)
    pages = {
        f"{model}, from a week before": model_page(
            url, model, start=start, end=ended.at if ended else None
        )
        for model in incident.models
    }
    return Facts(runbooks=runbooks, evidence=pages, url=incident_page(url, incident.number))


def _user_called(user: str, people: Mapping[str, str]) -> str:
    """The id of a user, by id or name."""
    for id_, name in people.items():
        if user.lower() in {id_.lower(), name.lower()}:
            return id_
    raise NotFoundError(f"the on-call file has no user {user!r}{suggest(user, people)}")


def _name(by: str) -> str:
    if not by.strip():
        raise InputError("who does it? say a name")
    return by.strip()


def _is_in(incident: Incident, state: str | None) -> bool:
    return state is None or incident.state == state or (state == ACTIVE and incident.state.active)


def _urgency(incident: Incident) -> tuple[int, str, int]:
    """Those that are worked on first, by severity; then all others, the latest first."""
    place = 0 if incident.state.active else 1
    return place, incident.severity.value if place == 0 else "", -incident.number


def _line(incident: Incident, now: datetime) -> Answer:
    taken = times(incident)
    due = next(iter(deadlines(incident, now)), None)
    return {
        "number": incident.number, "title": incident.title, "severity": incident.severity.value,
        "class": incident.kind.value, "state": incident.state.value,
        "models": list(incident.models), "opened_at": incident.opened_at,
        "opened_by": incident.opened_by, "began_at": incident.began_at,
        "commander": incident.holder(Role.COMMANDER), "merged_into": incident.merged_into,
        "alerts_firing": sum(alert.ends_at is None for alert in incident.alerts),
        "due": due._asdict() if due else None,
        "took_s": {
            step: None if span is None else span.total_seconds()
            for step, span in taken._asdict().items()
        },
    }  # fmt: skip


def _entry(entry: Entry) -> Answer:
    found: Answer = msgspec.to_builtins(entry, builtin_types=(datetime,))
    found.pop("incident")
    return found


def _page(page: Page) -> Answer:
    held = page.escalation
    return {
        "chain": held.chain.name if held else None, "status": held.status.value if held else None,
        "steps_told": held.told if held else 0, "next_at": held.next_at if held else None,
        "told": list(page.receivers), "held_until": page.held_until,
        "paused_until": page.paused_until,
    }  # fmt: skip


def _schedule(
    held: OnCall, name: str, schedule: Schedule, now: datetime, span: timedelta
) -> Answer:
    found = shifts(schedule, now, now + span)
    current = held.directory.on_call(name, now)
    ways = contacts_of(Target("schedule", name), held.directory, now)
    return {
        "schedule": name, "zone": schedule.zone,
        "user": current.id if current else None,
        "name": (current.name or current.id) if current else None,
        "until": found[0].end if current and found else None,
        "contacts": [{"kind": one.kind, "address": one.address} for one in ways],
        "shifts": [_shift(one) for one in found],
        "gaps": [{"start": one.start, "end": one.end} for one in gaps(schedule, now, now + span)],
    }  # fmt: skip


def _shift(shift: Shift) -> Answer:
    return {"user": shift.user, "start": shift.start, "end": shift.end, "layer": shift.layer}
