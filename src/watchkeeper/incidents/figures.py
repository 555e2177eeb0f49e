"""How fast incidents are found and dealt with: times of one, percentiles over many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import NamedTuple

from watchkeeper.incidents.incident import Incident, Stamp, State

STEPS = ("detect", "acknowledge", "mitigate", "resolve")
"""What is timed."""

PERCENTILES = (50, 75, 90, 95)


class Times(NamedTuple):
    """How long an incident took; None where a step was not reached or cannot be told.

    Attributes
    ----------
    detect
        From the beginning of the trouble to the opening; None where the beginning is unknown.
    acknowledge, mitigate, resolve
        From the opening to the first acknowledgement, and to the last time that nobody was hurt
        any more and that the cause was gone: what was opened again was not mitigated.
    """

    detect: timedelta | None
    acknowledge: timedelta | None
    mitigate: timedelta | None
    resolve: timedelta | None


class Figure(NamedTuple):
    """Percentiles of one time over incidents.

    Attributes
    ----------
    measured
        Incidents that reached the step.
    waiting
        Incidents that have not, and still may: the percentiles leave them out.
    seconds
        By percentile, linearly interpolated; empty where none was measured.
    """

    measured: int
    waiting: int
    seconds: dict[int, float]


def times(incident: Incident) -> Times:
    """How long the steps of an incident took."""
    detect = None if incident.began_at is None else incident.opened_at - incident.began_at
    acknowledged = next((s for s in incident.stamps if s.state is not State.OPEN), None)
    return Times(
        detect=None if detect is None else max(detect, timedelta()),
        acknowledge=_since(incident, acknowledged),
        mitigate=_since(incident, _reached(incident, (State.MITIGATED, State.RESOLVED))),
        resolve=_since(incident, _reached(incident, (State.RESOLVED,))),
    )


def figures(
    incidents: Iterable[Incident], percentiles: Sequence[int] = PERCENTILES
) -> dict[str, Figure]:
    """Percentiles of each time over incidents that were real.

    False alarms and merged incidents are left out: nobody mitigated those, and the others would
    count twice.

    Examples
    --------
    >>> figures([])["detect"]
    Figure(measured=0, waiting=0, seconds={})
    """
    import numpy as np

    real = [i for i in incidents if i.state not in {State.MERGED, State.FALSE_ALARM}]
    taken = [times(incident) for incident in real]
    out = {}
    for place, step in enumerate(STEPS):
        known = [t[place].total_seconds() for t in taken if t[place] is not None]  # type: ignore[union-attr]
        values = np.percentile(known, percentiles) if known else []
        seconds = {p: float(v) for p, v in zip(percentiles, values, strict=False)}
        out[step] = Figure(len(known), len(real) - len(known), seconds)
    return out


def false_alarm_share(incidents: Iterable[Incident]) -> float | None:
    """The share of incidents where nothing was broken; None where there are none."""
    counted = [i.state is State.FALSE_ALARM for i in incidents if i.state is not State.MERGED]
    return sum(counted) / len(counted) if counted else None


def _reached(incident: Incident, states: tuple[State, ...]) -> Stamp | None:
    """The first of the last unbroken run of stamps in these states, if it lasts until now."""
    found = None
    for stamp in reversed(incident.stamps):
        if stamp.state in states:
            found = stamp
        elif stamp.state is not State.CLOSED:
            break
    return found


def _since(incident: Incident, stamp: Stamp | None) -> timedelta | None:
    return None if stamp is None else stamp.at - incident.opened_at
