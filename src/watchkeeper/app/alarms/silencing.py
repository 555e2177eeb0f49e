"""What silences mean for incidents that are open: they stay open, and say so on their timeline."""

from __future__ import annotations

from datetime import datetime

from watchkeeper.alerts.matchers import all_match
from watchkeeper.alerts.silences import Silence
from watchkeeper.app.alarms.incident_records import Case, all_incidents
from watchkeeper.app.alarms.paging import firing_alerts, own_labels
from watchkeeper.core.alert import Labels
from watchkeeper.incidents.incident import EntryKind
from watchkeeper.store.catalogue.alarms import Work


def note_silence(work: Work, silence: Silence, now: datetime) -> None:
    """Write onto the timelines of open incidents that what they are about is silenced."""
    said = f"{silence.created_by or 'somebody'} until {_time(silence.ends_at)}"
    if silence.starts_at > now:
        said = f"{said}, from {_time(silence.starts_at)} on"
    _note(work, silence, f"is silenced by {said}", silence.comment, now)


def note_end(work: Work, silence: Silence, now: datetime) -> None:
    """Write there that a silence was ended before its time."""
    _note(work, silence, "is silenced no more", "", now)


def _note(work: Work, silence: Silence, what: str, why: str, now: datetime) -> None:
    work.in_turn()
    for incident in all_incidents(work):
        if not incident.state.active:
            continue
        case = Case(work, incident, now)
        names = {one.name for one in firing_alerts(case) if _matches(silence, one.labels)}
        if _matches(silence, own_labels(incident)):
            names = {"the incident itself"}
        if names:
            text = f"{', '.join(sorted(names))} {what}"
            case.say(EntryKind.NOTE, f"{text}: {why}" if why else text)
            case.keep()


def _matches(silence: Silence, labels: Labels) -> bool:
    return any(all_match(one, labels) for one in silence.matchers)


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
