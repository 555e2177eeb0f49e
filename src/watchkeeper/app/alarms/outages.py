"""When rules could not be evaluated: what is told of it, and what is made up for.

A rule whose data cannot be read is neither fine nor bad: its alerts are in the state `error`, and
after a while it alerts about itself. A watch that stood still says so once it goes on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from watchkeeper.app.alarms.evaluating import MODEL, VERSION, Result
from watchkeeper.app.alarms.rule_book import Key, Watched
from watchkeeper.core.alert import NAME, SEVERITY, Alert, Severity
from watchkeeper.core.durations import format_duration
from watchkeeper.monitors.instance import Instance
from watchkeeper.monitors.machine import Step, last_alerts, step
from watchkeeper.monitors.rule import Observation, Rule, Truth
from watchkeeper.monitors.templates import texts_of

INTERRUPTED = "WatchInterrupted"
"""The name of the alert that the watch itself stood still."""

INTERRUPTED_FOR = timedelta(minutes=5)
"""How long it fires, since nothing is wrong any more when it is raised."""


def failed_group(
    watched: Watched,
    times: Sequence[datetime],
    held: Mapping[Key, Instance],
    note: str,
    *,
    url: str = "",
) -> list[Result]:
    """A group on a model whose data cannot be read: an error at each time, for every alert.

    Parameters
    ----------
    watched
        The group and the model.
    times
        The times of evaluation, ascending.
    held
        What is remembered of the group's alerts on the model.
    note
        What is wrong, for people.
    url
        Where the server is reached.

    Returns
    -------
    list of Result
        One for each alert that is remembered, and for each rule of which none is.
    """
    counts: dict[str, int] = {}
    results = []
    for rule in watched.group.rules:
        number = counts.get(rule.alert, 0)
        counts[rule.alert] = number + 1
        known = [key for key in held if (key.alert, key.number) == (rule.alert, number)]
        new = Key(watched.file, watched.group.name, rule.alert, number, watched.model)
        results += [
            _failed(watched, rule, key, times, held.get(key), note, url) for key in known or [new]
        ]
    return results


def _failed(  # noqa: PLR0913, PLR0917  # what an evaluation is given
    watched: Watched,
    rule: Rule,
    key: Key,
    times: Sequence[datetime],
    instance: Instance | None,
    note: str,
    url: str,
) -> Result:
    own = {MODEL: key.model}
    if rule.by_version:
        own[VERSION] = key.version
    if rule.segment is not None:
        own[rule.segment] = key.segment
    steps: list[Step] = []
    for at in times:
        seen = Observation(at, Truth.ERROR, note=note)
        texts = texts_of(rule, own, seen, shared=watched.group.labels, external_url=url)
        steps.append(step(instance, seen, rule, *texts))
        instance = steps[-1].instance
    changes = tuple(one.transition for one in steps if one.transition is not None)
    return Result(key, instance, last_alerts(steps), changes)


def interrupted(last: datetime, now: datetime, why: str = "") -> Alert:
    """The alert that nobody kept watch between two times.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    >>> interrupted(noon, noon + timedelta(hours=2)).annotations["summary"]
    'No rules were evaluated for 2h, from 2026-01-01 12:00 to 14:00 UTC'
    """
    length = format_duration(timedelta(minutes=round((now - last) / timedelta(minutes=1))))
    until = f"{now:%H:%M}" if now.date() == last.date() else f"{now:%Y-%m-%d %H:%M}"
    description = (
        "What was missed is evaluated now. The watch was not running, its catalogue did not answer,"
        " or the clock was set forward."
    )
    if why:
        description += f" The last error was: {why}"
    return Alert(
        {NAME: INTERRUPTED, SEVERITY: Severity.P2.value},
        {
            "summary": f"No rules were evaluated for {length}, from {last:%Y-%m-%d %H:%M} to "
            f"{until} UTC",
            "description": description,
        },
        last,
        now + INTERRUPTED_FOR,
    )
