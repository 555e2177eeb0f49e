"""Who is told of an incident that nobody has taken: the steps of its chain as messages.

All of it happens in the transaction that keeps the incident, so a restart repeats nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

import msgspec

from watchkeeper.alerts.config import Config
from watchkeeper.alerts.routing import notification_key
from watchkeeper.alerts.silences import silenced_by
from watchkeeper.alerts.state import Sent
from watchkeeper.app.alarms import states
from watchkeeper.app.alarms.dispatching import put_in_line
from watchkeeper.app.alarms.incident_records import Case
from watchkeeper.app.alarms.links import incident_page
from watchkeeper.core.alert import NAME, SEVERITY, Alert, Notification, Reason, Severity
from watchkeeper.incidents.incident import EntryKind, Incident, Sev, State, sev_of
from watchkeeper.incidents.oncall.escalation import (
    Chain,
    Escalation,
    Status,
    Target,
    contacts_of,
    escalate,
    start,
)
from watchkeeper.incidents.oncall.file import OnCall
from watchkeeper.store.catalogue.alarms import StateRow, Work

PAGE: Final = "escalation"
"""Who is told of an incident, under its number; due at its next step."""

ONCALL: Final = "oncall"
"""The kind of on-call files; there is one, of this name."""

DEFAULT: Final = "default"
"""The chain of incidents whose severity has none of its own."""

_replace = msgspec.structs.replace
_SEVERITIES = dict(zip(Sev, Severity, strict=True))


class Page(msgspec.Struct, frozen=True):
    """How far the telling of an incident is.

    Attributes
    ----------
    escalation
        The chain as it stands.
    receivers
        Who has been told, and is to be told of the end.
    alerts
        What they were told of last.
    taken
        Whether they have been told that somebody has it.
    held_until
        When an acknowledgement runs out; None where it does not.
    missed
        Names behind which there was nobody, each noted once.
    paused_until
        Until when nobody is told since its alerts are silenced; None where they are not.
    """

    escalation: Escalation | None = None
    receivers: tuple[str, ...] = ()
    alerts: tuple[Alert, ...] = ()
    taken: bool = False
    held_until: datetime | None = None
    missed: tuple[str, ...] = ()
    paused_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom one can tell: receivers and routes, people and chains, and where this server is."""

    config: Config
    on_call: OnCall = field(default_factory=OnCall)
    url: str = ""


def chain_of(on_call: OnCall, severity: Sev) -> Chain | None:
    """The chain for a severity: named after it, after that of its alerts, or `default`."""
    named = {name.lower(): chain for name, chain in on_call.chains.items()}
    for name in (severity.value, _SEVERITIES[severity].value, DEFAULT):
        if chain := named.get(name.lower()):
            return _in_terms_of_incidents(chain)
    return None


def _in_terms_of_incidents(chain: Chain) -> Chain:
    """Conditions on the severity of alerts hold for incidents too: P1 is SEV-1."""
    known = set(Severity)
    steps = [
        _replace(
            step,
            when=_replace(
                step.when,
                severities=tuple(
                    sev_of(one).value if one in known else one for one in step.when.severities
                ),
            ),
        )
        for step in chain.steps
    ]
    return _replace(chain, steps=tuple(steps))


def page_of(work: Work, key: str) -> Page | None:
    """How far the telling of an incident is; None where it has not begun."""
    found = work.states(PAGE, keys=[key])
    return states.decode(found[0], Page) if found else None


def begin(case: Case, reach: Reach) -> None:
    """Begin to tell of an incident that nobody has taken, where there is a chain for it."""
    chain = chain_of(reach.on_call, case.incident.severity)
    if chain is None or case.incident.state is not State.OPEN:
        return
    before = page_of(case.work, case.key) or Page()
    begun = start(chain, case.incident.severity.value, case.at)
    look(case, _replace(before, escalation=begun, taken=False, held_until=None), reach)


def look(case: Case, page: Page, reach: Reach) -> None:
    """Do what is due: the next step, or the word that somebody has it or that it is over."""
    if not case.incident.state.active:
        _finish(case, page, reach)
        return
    has_it = _is_taken(case, page)
    if has_it and not page.taken:
        page = _tell(case, page, page.receivers, "acknowledged", reach)
    elif page.taken and not has_it:
        case.say(EntryKind.NOTE, "The acknowledgement has run out; who is on call is told again")
        if page.escalation is not None and page.escalation.status is Status.EXHAUSTED:
            again = start(page.escalation.chain, page.escalation.severity, case.at)
            page = _replace(page, escalation=again)
    page = _replace(page, taken=has_it)
    until = None if has_it else silenced_until(case)
    if until is not None:
        _keep(case, _pause(case, page, until))
    else:
        _keep(case, _go_on(case, _replace(page, paused_until=None), reach))


def look_again(case: Case, reach: Reach) -> None:
    """Look at once after something happened."""
    page = page_of(case.work, case.key)
    if page is not None:
        look(case, page, reach)


def hold(case: Case, until: datetime | None, reach: Reach) -> None:
    """Somebody has it, for good where `until` is None."""
    page = page_of(case.work, case.key)
    if page is not None:
        look(case, _replace(page, held_until=until), reach)


def _pause(case: Case, page: Page, until: datetime) -> Page:
    if page.paused_until != until:
        case.say(
            EntryKind.NOTE, f"Silenced: nobody else is told until {until:%Y-%m-%d %H:%M} UTC"
        )  # fmt: skip
    return _replace(page, paused_until=until)


def silenced_until(case: Case) -> datetime | None:
    """Until when nobody is to be told of an incident; None where somebody is.

    A silence of the incident counts, and silences of all of its alerts that fire.
    """
    silences = states.silences(case.work)
    if not silences:
        return None
    own = silenced_by(silences, own_labels(case.incident), case.at)
    if own:
        return max(one.ends_at for one in own)
    firing = list(firing_alerts(case))
    if not firing or len(firing) < sum(one.ends_at is None for one in case.incident.alerts):
        return None
    found = [silenced_by(silences, alert.labels, case.at) for alert in firing]
    return min(max(one.ends_at for one in held) for held in found) if all(found) else None


def wake_pages(work: Work, now: datetime) -> None:
    """Have every incident looked at now that waits for the end of silences: they have changed."""
    for row in work.states(PAGE):
        if states.decode(row, Page).paused_until is not None:
            work.put_state(replace(row, due=now), at=now)


def remind(case: Case, reach: Reach, why: str) -> tuple[str, ...]:
    """Tell of something overdue; which receivers are told."""
    page = page_of(case.work, case.key) or Page()
    waits = case.incident.state is State.OPEN
    if waits and silenced_until(case) is not None:
        return ()
    if waits and chain_of(reach.on_call, case.incident.severity):
        _hurry(case, page, reach)
        return (page_of(case.work, case.key) or page).receivers
    if page.receivers:
        _keep(case, _tell(case, page, page.receivers, "repeat", reach, why))
    return page.receivers


def _hurry(case: Case, page: Page, reach: Reach) -> None:
    """Nobody has answered in time: the next step is due now, and after the last the first."""
    running = page.escalation
    if running is not None and running.status is Status.RUNNING:
        look(case, _replace(page, escalation=_replace(running, next_at=case.at)), reach)
        page = page_of(case.work, case.key) or page
    if _is_idle(page):  # Everybody was told and nobody answered, or the chain is new.
        begin(case, reach)


def _is_idle(page: Page) -> bool:
    return page.escalation is None or page.escalation.status is not Status.RUNNING


def _is_taken(case: Case, page: Page) -> bool:
    """Whether somebody has it: who acknowledged for a while only must go on before it is over."""
    state, until = case.incident.state, page.held_until
    if state is State.ACKNOWLEDGED:
        return until is None or case.at < until
    return state is not State.OPEN


def _go_on(case: Case, page: Page, reach: Reach) -> Page:
    if page.escalation is None:
        return page
    done = escalate(
        page.escalation, case.at, acknowledged=page.taken, directory=reach.on_call.directory
    )
    for name in done.missed:
        if name not in page.missed:
            case.say(EntryKind.NOTE, f"Nobody is on call behind {name!r}")
    missed = tuple(dict.fromkeys((*page.missed, *done.missed)))
    page = _replace(page, escalation=done.state, missed=missed)
    if not done.notify:
        return page
    named = [(target, _receiver(case, target, reach)) for target in done.notify]
    receivers = tuple(dict.fromkeys(name for _, name in named if name))
    if not receivers:  # Nobody can be told by this step: the next one is due at once.
        return _replace(page, escalation=_replace(done.state, next_at=case.at))
    told = ", ".join(f"{_who(target, case.at, reach)} by {name}" for target, name in named if name)
    case.say(EntryKind.MESSAGE, f"Told {told}: {case.incident.title} is not acknowledged")
    again = set(receivers) <= set(page.receivers)
    return _tell(case, page, receivers, "repeat" if again else "first", reach)


def _receiver(case: Case, target: Target, reach: Reach) -> str | None:
    """The first receiver behind a target; None, and a line about it, where there is none."""
    contacts = contacts_of(target, reach.on_call.directory, case.at)
    for contact in contacts:
        if contact.kind == "receiver" and contact.address in reach.config.receivers:
            return contact.address
    ways = ", ".join(f"{one.kind} {one.address}" for one in contacts) or "no contact"
    case.say(
        EntryKind.NOTE,
        f"{_who(target, case.at, reach)} cannot be reached: {ways}; give a `receiver` of the "
        "routes",
    )
    return None


def _who(target: Target, at: datetime, reach: Reach) -> str:
    """A target as people call it."""
    if target.kind == "schedule":
        user = reach.on_call.directory.on_call(target.name, at)
        return f"{user.name or user.id} ({target.name})" if user else target.name
    found = reach.on_call.directory.users.get(target.name)
    return found.name or found.id if found and target.kind == "user" else target.name


def own_labels(incident: Incident) -> dict[str, str]:
    """The labels by which an incident itself can be named, as in silences."""
    return {NAME: "Incident", "incident": str(incident.number)}


def group_of(incident: Incident) -> str:
    """The key of all messages about an incident.

    >>> from datetime import UTC, datetime
    >>> from watchkeeper.incidents.lifecycle import open_incident
    >>> at = datetime(2026, 1, 1, tzinfo=UTC)
    >>> group_of(open_incident(7, "Late", "SEV-1", "service", at).incident)
    'incident/7'
    """
    return f"incident/{incident.number}"


def alert_of(incident: Incident, url: str = "", why: str = "") -> Alert:
    """The incident itself as an alert: what a page is about also once its alerts are over."""
    labels = {**own_labels(incident), SEVERITY: _SEVERITIES[incident.severity].value}
    if incident.models:
        labels["model"] = incident.models[0]
    text = f"Incident {incident.number}, {incident.severity}: {incident.title}"
    notes = {"summary": text} | ({"description": why} if why else {})
    link = incident_page(url, incident.number) if url else ""
    return Alert(labels, notes, incident.opened_at, generator_url=link)


def firing_alerts(case: Case) -> Iterable[Alert]:
    """The incident's alerts that fire, as they stand in their groups."""
    wanted = {one.fingerprint for one in case.incident.alerts if one.ends_at is None}
    found: dict[str, Alert] = {}
    if wanted:
        for group in states.groups(case.work.states(states.GROUP)).values():
            for name, alert in group.firing(case.at).items():
                if name in wanted:
                    found[name] = replace(alert, ends_at=None)
    return sorted(found.values(), key=lambda one: (one.starts_at, one.fingerprint))


def _tell(  # each is a part of the message
    case: Case, page: Page, receivers: Iterable[str], reason: Reason, reach: Reach, why: str = ""
) -> Page:
    """Put a message about the incident into the line of each receiver."""
    told = tuple(receivers)
    if not told:
        return page
    alerts = (alert_of(case.incident, reach.url, why), *firing_alerts(case))
    for name in told:
        _put(case, name, alerts, reason, reach)
    over = {alert.fingerprint for alert in alerts}
    earlier = tuple(alert for alert in page.alerts if alert.fingerprint not in over)
    everybody = tuple(dict.fromkeys((*page.receivers, *told)))
    return _replace(page, receivers=everybody, alerts=(*alerts, *earlier))


def _finish(case: Case, page: Page, reach: Reach) -> None:
    """Tell everybody who was told that it is over, and forget the page."""
    alerts = tuple(replace(alert, ends_at=case.at) for alert in page.alerts)
    for name in page.receivers:
        _put(case, name, alerts, "all_resolved", reach)
    case.work.drop_state(PAGE, case.key)


def _put(
    case: Case, receiver: str, alerts: tuple[Alert, ...], reason: Reason, reach: Reach
) -> None:
    group = group_of(case.incident)
    own = alert_of(case.incident).labels
    labels = {name: own[name] for name in (NAME, "incident", "model") if name in own}
    message = Notification(
        key=notification_key(group, receiver), receiver=receiver, group_key=group,
        group_labels=labels, alerts=alerts, reason=reason, at=case.at,
    )  # fmt: skip
    held = {one.receiver: one for one in states.told(case.work, group)}
    entry = held.get(receiver, Sent(group_key=group, receiver=receiver))
    firing = tuple(sorted({one.fingerprint for one in message.firing}))
    held[receiver] = _replace(entry, firing=firing, at=case.at, reason=reason)
    states.put_told(case.work, group, held.values(), case.at)
    put_in_line(case.work, message, reach.config, case.at)


def _keep(case: Case, page: Page) -> None:
    """Keep a page; it is looked at when its chain goes on or an acknowledgement runs out."""
    times = [page.escalation.next_at if page.escalation else None]
    if page.paused_until is not None:
        times = [page.paused_until]
    if page.taken:
        times.append(page.held_until)
    due = min((at for at in times if at is not None), default=None)
    case.work.put_state(StateRow(PAGE, case.key, states.encode(page), due), at=case.at)
