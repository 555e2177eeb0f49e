"""Late labels against what rules have found: the past is judged again, and nobody is paged for it.

Once an hour, for rules that labels decide on. What changed is noted in the history, in the
transaction of the evaluation that found it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import msgspec

from watchkeeper.app.alarms.evaluating import Past, Result, Surroundings
from watchkeeper.app.alarms.rule_book import Bound, Key, Scope, Watched, bind, key_of
from watchkeeper.app.alarms.vocabulary import vocabulary_of
from watchkeeper.core.errors import InputError, WatchkeeperError
from watchkeeper.core.windows import from_seconds
from watchkeeper.metrics.find import find_metric
from watchkeeper.monitors.judged import KEPT, Track, amended, asked_of, noted
from watchkeeper.monitors.machine import amend
from watchkeeper.monitors.rule import Observation

_BY_LABELS = ("performance", "labels", "outcomes")
"""The parts that labels and outcomes change."""

_UNSURE = timedelta(seconds=2)
"""What was written so shortly before the last look, may not have been there then."""

_REACH = timedelta(days=90)
"""Windows that reach further back than this are not judged again for what is older."""

log = logging.getLogger("watchkeeper.alarms")


class Judged(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the conditions of a group were found to be on a model.

    Attributes
    ----------
    looked
        When the past was last looked at.
    tracks
        By `Key.text`.
    """

    looked: datetime | None = None
    tracks: dict[str, Track] = {}


def amend_past(
    watched: Watched, around: Surroundings, results: Sequence[Result], judged: Judged
) -> tuple[list[Result], Judged]:
    """The results of an evaluation with what late data make of those before it.

    Parameters
    ----------
    watched, around
        As for `evaluate_group`.
    results
        What it found.
    judged
        What was found before.

    Returns
    -------
    tuple
        The results, with amendments, and what is to be kept; the same objects where there is
        nothing to do, as at all evaluations but the first of an hour.
    """
    same = list(results), judged
    bounds = _by_labels(watched, around)
    if not bounds or not (newest := max((s.at for r in results for s in r.seen), default=None)):
        return same
    if judged.looked is not None and _hour(newest) <= _hour(judged.looked):
        return same
    try:
        again = _again(watched, around, judged, bounds, newest)
    except WatchkeeperError as error:  # What is now was evaluated; the past can wait.
        log.warning("the past of %s on %s: %s", watched.group.name, watched.model, error)
        return same
    tracks: dict[str, Track] = {}
    found: list[Result] = []
    for one in results:
        result = one
        bound = bounds.get((result.key.alert, result.key.number))
        if bound is None or not result.seen:
            found.append(result)
            continue
        name = result.key.text()
        track = _track(judged, name, bound)
        done = amended(track, again.get(name, {}), bound.rule)
        tracks[name] = noted(done.track, result.seen)
        if done.amendments:
            result = _noted(replace(result, amendments=done.amendments))
        found.append(result)
    return found, Judged(newest, tracks)


def _noted(result: Result) -> Result:
    """A result whose instance knows that the past has changed."""
    if result.instance is None:
        return result
    last = result.amendments[-1]
    told = Observation(last.until, last.after, value=last.value)
    return replace(result, instance=amend(result.instance, told))


def _track(judged: Judged, name: str, bound: Bound) -> Track:
    """What was found of an alert, while its rule asks the same."""
    asked = asked_of(bound.rule)
    held = judged.tracks.get(name)
    return held if held is not None and held.asked == asked else Track(asked)


def _by_labels(watched: Watched, around: Surroundings) -> dict[tuple[str, int], Bound]:
    """The rules of a group that labels decide on."""
    slos = around.slos.slos if around.slos else ()
    return {
        (one.rule.alert, one.number): one
        for one in bind(watched.group, vocabulary_of(around.measured, slos))
        if one.condition is not None
        and any(_is_by_labels(series.known.metric) for series in one.condition.series())
    }


def _is_by_labels(metric: str) -> bool:
    try:
        return find_metric(metric).part in _BY_LABELS
    except InputError:  # An outcome, of which the name is given apart.
        return True


def _again(
    watched: Watched,
    around: Surroundings,
    judged: Judged,
    bounds: Mapping[tuple[str, int], Bound],
    newest: datetime,
) -> dict[str, dict[int, Observation]]:
    """What conditions say now at the times whose windows hold hours that changed since."""
    if judged.looked is None:
        return {}
    changed = _changed(around, judged.looked - _UNSURE, newest)
    wanted: dict[str, tuple[Bound, Key, list[int]]] = {}
    for name, track in judged.tracks.items():
        key = key_of(name)
        bound = bounds.get((key.alert, key.number))
        if bound is not None and track.asked == asked_of(bound.rule):
            times = _touched(bound, track, changed)
            if times:
                wanted[name] = bound, key, times
    every = sorted({at for _, _, times in wanted.values() for at in times})
    if not every:
        return {}
    past = Past(watched, around, [from_seconds(at) for at in every])
    found: dict[str, dict[int, Observation]] = {}
    for name, (bound, key, times) in wanted.items():
        seen = past.seen(bound, Scope(key.version, key.segment))
        told = dict(zip(every, seen, strict=True))
        found[name] = {at: told[at] for at in times}
    return found


def _changed(around: Surroundings, since: datetime, newest: datetime) -> list[tuple[int, int]]:
    """From when to when hours lie, in seconds, that were written to since."""
    measured = around.measured
    layouts = {""} if measured.layout is None else {"", measured.layout.id}
    found = set()
    end = from_seconds(-(-int(newest.timestamp()) // 3600) * 3600)
    start = end - KEPT - _REACH
    for layout in layouts:
        held = measured.buckets.buckets(measured.model, layout=layout, start=start, end=end)
        for one in held:
            if one.measured_at >= since:
                first = int(one.start.timestamp())
                found.add((first, first + one.hours * 3600))
    return sorted(found)


def _touched(bound: Bound, track: Track, changed: Sequence[tuple[int, int]]) -> list[int]:
    """The times of a track whose windows hold a changed hour."""
    assert bound.condition is not None  # noqa: S101  # the caller has looked
    reach = max(
        (one.window + one.offset) // timedelta(seconds=1)
        for one in bound.condition.asked(bound.rule.window)
    )
    return [
        at
        for at in track.times
        if any(start < at and end > (at - reach) // 3600 * 3600 for start, end in changed)
    ]


def _hour(moment: datetime) -> int:
    return int(moment.timestamp()) // 3600
