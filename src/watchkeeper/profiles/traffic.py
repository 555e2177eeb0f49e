"""What a set of predictions was like as traffic: how many, how fast, with which errors.

Nothing here depends on a model's layout, so the traffic of any two sets of rows can be merged.
"""

from __future__ import annotations

from collections import Counter
from typing import Self

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper.core.envelope import (
    ERROR,
    ERROR_CLASS,
    ERROR_CLASSES,
    LATENCY,
    OVERFLOW,
    RECEIVED,
    STAGES,
    TIME,
    VIOLATIONS,
)
from watchkeeper.profiles.base import highest, lowest
from watchkeeper.profiles.durations import Durations, measure_durations
from watchkeeper.profiles.events import (
    MICROSECONDS,
    NAME_LENGTH,
    Events,
    codes,
    keep_first,
    valid,
)
from watchkeeper.profiles.log_grid import MILLISECONDS, SECONDS
from watchkeeper.profiles.weighted import (
    Moments,
    Weighted,
    measure_moments,
    merge_named,
    weigh,
)

VIOLATIONS_KEPT = 256
"""Different violations that are counted by name; what the schema knows goes first."""

UNCLASSED = "application"
"""The class of an error that names none, or none that is known."""


class Traffic(msgspec.Struct, frozen=True):
    """What is counted of predictions as traffic.

    Attributes
    ----------
    rows
        All of them.
    predicted
        Those with a prediction or a score.
    errors
        Those with an error, by its class of `ERROR_CLASSES`; each row is in one class at most.
    lightest, heaviest
        The smallest and the largest weight: 1 and 1 where nothing was sampled.
    latency, stages
        Milliseconds of the whole, and of each stage that was timed. Rows with an error are in them
        where they were timed.
    violations
        How often each violation of the schema (such as `type:temp`) was stated.
    violations_other
        Violations beyond the `VIOLATIONS_KEPT` that are kept by name.
    violating, overflowing
        Rows with any violation, and rows with a value that fitted no column.
    cache_known, cache_hits
        Rows that say whether a cache answered, and those where it did.
    batch_size, tokens_in, tokens_out, concurrent, queue_depth
        Sums over the rows that say so.
    first, last
        The earliest and the latest event time, in seconds since 1970.
    arrival
        Seconds from the event to its receipt; 0 where the client's clock was ahead.

    Examples
    --------
    >>> batch = pa.RecordBatch.from_pydict({"_latency_ms": [12.0, None], "_error": [None, "no"]})
    >>> found = measure_traffic(batch)
    >>> found.rows.rows, found.latency.moments.total, found.errors["application"].rows
    (2, 12.0, 1)
    >>> (found | Traffic()).rows == found.rows
    True
    """

    rows: Weighted = Weighted()
    predicted: Weighted = Weighted()
    errors: dict[str, Weighted] = {}
    lightest: float | None = None
    heaviest: float | None = None
    latency: Durations = Durations()
    stages: dict[str, Durations] = {}
    violations: dict[str, int] = {}
    violations_other: int = 0
    violating: Weighted = Weighted()
    overflowing: Weighted = Weighted()
    cache_known: Weighted = Weighted()
    cache_hits: Weighted = Weighted()
    batch_size: Moments = Moments()
    tokens_in: Moments = Moments()
    tokens_out: Moments = Moments()
    concurrent: Moments = Moments()
    queue_depth: Moments = Moments()
    first: float | None = None
    last: float | None = None
    arrival: Durations = Durations()

    def __or__(self, other: Self) -> Self:
        """Merge two disjoint sets of rows."""
        violations, beyond = bound_violations(Counter(self.violations) + Counter(other.violations))
        return type(self)(
            rows=self.rows | other.rows,
            predicted=self.predicted | other.predicted,
            errors=merge_named(self.errors, other.errors),
            lightest=lowest(self.lightest, other.lightest),
            heaviest=highest(self.heaviest, other.heaviest),
            latency=self.latency | other.latency,
            stages=merge_named(self.stages, other.stages),
            violations=violations,
            violations_other=self.violations_other + other.violations_other + beyond,
            violating=self.violating | other.violating,
            overflowing=self.overflowing | other.overflowing,
            cache_known=self.cache_known | other.cache_known,
            cache_hits=self.cache_hits | other.cache_hits,
            batch_size=self.batch_size | other.batch_size,
            tokens_in=self.tokens_in | other.tokens_in,
            tokens_out=self.tokens_out | other.tokens_out,
            concurrent=self.concurrent | other.concurrent,
            queue_depth=self.queue_depth | other.queue_depth,
            first=lowest(self.first, other.first),
            last=highest(self.last, other.last),
            arrival=self.arrival | other.arrival,
        )

    @property
    def failed(self) -> Weighted:
        """Rows with an error of any class."""
        whole = Weighted()
        for part in self.errors.values():
            whole |= part
        return whole


def measure_traffic(batch: pa.RecordBatch) -> Traffic:
    """The traffic of a batch of predictions.

    Parameters
    ----------
    batch
        Columns of `core.envelope`, absent ones counting as null; others are not read. Rows count
        with `_weight`, null being 1.
    """
    events = Events(batch)
    if not events.rows:
        return Traffic()
    every = np.ones(events.rows, dtype=np.bool_)
    predicted = events.predicted()
    violations, beyond, violating = _violations(events)
    known, hits = _cache(events)
    lightest, heaviest = 1.0, 1.0
    if events.weights is not None:
        lightest, heaviest = float(events.weights.min()), float(events.weights.max())
    first, last, arrival = _times(events)
    return Traffic(
        rows=weigh(every, events.weights),
        predicted=Weighted() if predicted is None else weigh(predicted, events.weights),
        errors=_errors(events),
        lightest=lightest,
        heaviest=heaviest,
        latency=_durations(events, LATENCY),
        stages=_stages(events),
        violations=violations,
        violations_other=beyond,
        violating=violating,
        overflowing=_present(events, OVERFLOW),
        cache_known=known,
        cache_hits=hits,
        batch_size=_moments(events, "_batch_size"),
        tokens_in=_moments(events, "_tokens_in"),
        tokens_out=_moments(events, "_tokens_out"),
        concurrent=_moments(events, "_concurrent"),
        queue_depth=_moments(events, "_queue_depth"),
        first=first,
        last=last,
        arrival=arrival,
    )


def _present(events: Events, name: str) -> Weighted:
    return Weighted() if events.array(name) is None else weigh(events.present(name), events.weights)


def _moments(events: Events, name: str) -> Moments:
    found = events.finite(name)
    return Moments() if found is None else measure_moments(*found)


def _durations(events: Events, name: str) -> Durations:
    found = events.numbers(name)
    return Durations() if found is None else measure_durations(*found, MILLISECONDS)


def _stages(events: Events) -> dict[str, Durations]:
    every = {stage: _durations(events, f"_{stage}_ms") for stage in STAGES}
    return {stage: held for stage, held in every.items() if held.counts.size or held.invalid}


def _errors(events: Events) -> dict[str, Weighted]:
    """Rows by class of error; a text without a known class is an error of the application."""
    classes = events.array(ERROR_CLASS)
    if classes is None:
        stated = _present(events, ERROR)
        return {UNCLASSED: stated} if stated.rows else {}
    texts, places = codes(classes)
    failed = events.present(ERROR) | events.present(ERROR_CLASS)
    named = [text if text in ERROR_CLASSES else UNCLASSED for text in texts]
    wanted = np.array([ERROR_CLASSES.index(name) for name in named])[places]
    found = {
        name: weigh(failed & (wanted == index), events.weights)
        for index, name in enumerate(ERROR_CLASSES)
        if name in named
    }
    return {name: held for name, held in found.items() if held.rows}


def _cache(events: Events) -> tuple[Weighted, Weighted]:
    array = events.array("_cache_hit")
    if array is None or not pa.types.is_boolean(array.type):
        return Weighted(), Weighted()
    hits = array.fill_null(False).to_numpy(zero_copy_only=False)
    return weigh(valid(array), events.weights), weigh(hits, events.weights)


def _times(events: Events) -> tuple[float | None, float | None, Durations]:
    """First and last event time, and how long records took to arrive."""
    happened, received = events.times(TIME), events.times(RECEIVED)
    if happened is None:
        return None, None, Durations()
    times, known = happened
    held = times[known]
    first, last = int(held.min()) / MICROSECONDS, int(held.max()) / MICROSECONDS
    if received is None:
        return first, last, Durations()
    both = known & received[1]
    delay = np.maximum((received[0] - times)[both], 0) / MICROSECONDS
    weights = None if events.weights is None else events.weights[both]
    return first, last, measure_durations(delay, weights, SECONDS)


def _violations(events: Events) -> tuple[dict[str, int], int, Weighted]:
    """How often each violation occurs, how many are beyond the limit, and the rows with any."""
    array = events.array(VIOLATIONS)
    if array is None or not pa.types.is_list(array.type):
        return {}, 0, Weighted()
    lengths = pc.list_value_length(array).fill_null(0).to_numpy(zero_copy_only=False)
    counted: Counter[str] = Counter()
    for entry in array.flatten().value_counts().to_pylist():
        if entry["values"] is not None:
            counted[str(entry["values"])[:NAME_LENGTH]] += entry["counts"]
    kept, beyond = bound_violations(counted)
    return kept, beyond, weigh(lengths > 0, events.weights)


def bound_violations(counted: Counter[str]) -> tuple[dict[str, int], int]:
    """Those violations that are kept by name, and how many there are of all others."""
    kept, beyond = keep_first(dict(counted), VIOLATIONS_KEPT, _place)
    return kept, sum(beyond)


def _place(violation: str) -> tuple[int, str]:
    """Columns of the schema first: they are few, what is unknown may be anything."""
    return int(violation.startswith("unknown:")), violation
