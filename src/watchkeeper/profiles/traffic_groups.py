"""Traffic of many groups of rows in one pass: what `measure_traffic` gives of each of them.

A batch of a few thousand rows may be spread over hundreds of minutes. To measure each of them costs
more than its few rows do, so all is summed in NumPy, group by group.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

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
from watchkeeper.profiles.base import Flags, Floats, Ints
from watchkeeper.profiles.durations import Durations
from watchkeeper.profiles.events import MICROSECONDS, Events, codes, is_number
from watchkeeper.profiles.log_grid import MILLISECONDS, SECONDS, LogGrid
from watchkeeper.profiles.traffic import UNCLASSED, Traffic, bound_violations, measure_traffic
from watchkeeper.profiles.weighted import Moments, Weighted


def measure_traffic_by(batch: pa.RecordBatch, groups: Ints) -> dict[int, Traffic]:
    """The traffic of each group of rows of a batch of predictions.

    Parameters
    ----------
    batch
        As for `measure_traffic`.
    groups
        The group of each row, shape (rows,).

    Examples
    --------
    >>> batch = pa.RecordBatch.from_pydict({"_latency_ms": [1.0, 2.0, 4.0]})
    >>> found = measure_traffic_by(batch, np.array([7, 9, 7]))
    >>> {group: held.latency.moments.total for group, held in found.items()}
    {7: 5.0, 9: 2.0}
    """
    if not groups.size:
        return {}
    if (groups == groups[0]).all():
        return {int(groups[0]): measure_traffic(batch)}
    if (groups[1:] < groups[:-1]).any():
        order = np.argsort(groups, kind="stable")
        batch, groups = batch.take(pa.array(order)), groups[order]
    starts = np.flatnonzero(np.concatenate(([True], groups[1:] != groups[:-1])))
    names = groups[starts].tolist()
    held = _Groups(Events(batch), np.append(starts, groups.size)).traffic()
    return dict(zip(names, held, strict=True))


class _Groups:
    """The rows of a batch that is sorted by group.

    Parameters
    ----------
    events
        The rows.
    edges
        The first row of each group and, at the end, the number of rows.
    """

    def __init__(self, events: Events, edges: Ints) -> None:
        self._events = events
        self._edges = edges
        self._count = edges.size - 1

    def traffic(self) -> Iterator[Traffic]:
        """The traffic of each group."""
        events = self._events
        every = np.ones(events.rows, dtype=np.bool_)
        predicted = events.predicted()
        stages = {stage: self._timed(f"_{stage}_ms") for stage in STAGES}
        columns: dict[str, Sequence[Any]] = {
            "rows": self._weigh(every),
            "predicted": self._weigh(~every if predicted is None else predicted),
            "latency": self._timed(LATENCY),
            "overflowing": self._weigh(events.present(OVERFLOW)),
            "cache_known": self._weigh(self._cache(answered=False)),
            "cache_hits": self._weigh(self._cache(answered=True)),
            "batch_size": self._moments_of("_batch_size"),
            "tokens_in": self._moments_of("_tokens_in"),
            "tokens_out": self._moments_of("_tokens_out"),
            "concurrent": self._moments_of("_concurrent"),
            "queue_depth": self._moments_of("_queue_depth"),
            **self._weights(),
            **self._times(),
        }
        errors = self._errors()
        violations, violating = self._violations()
        for at, counted in enumerate(violations):
            kept, beyond = bound_violations(counted)
            timed = {stage: held[at] for stage, held in stages.items()}
            yield Traffic(
                errors={name: held[at] for name, held in errors.items() if held[at].rows},
                violations=kept,
                violations_other=beyond,
                violating=violating[at],
                stages={name: d for name, d in timed.items() if d.counts.size or d.invalid},
                **{name: held[at] for name, held in columns.items()},
            )

    def _runs(self, rows: Ints) -> Ints:
        """Where the groups begin among some rows, and at the end how many there are."""
        found: Ints = np.searchsorted(rows, self._edges)
        return found

    def _weigh(self, rows: Flags) -> list[Weighted]:
        counts = np.add.reduceat(rows, self._edges[:-1], dtype=np.int64).tolist()
        weights = self._events.weights
        if weights is None:
            return [Weighted(n, float(n), float(n)) for n in counts]
        held = np.where(rows, weights, 0.0)
        sums = np.add.reduceat(held, self._edges[:-1]).tolist()
        squares = np.add.reduceat(np.square(held), self._edges[:-1]).tolist()
        return [Weighted(*sums_of) for sums_of in zip(counts, sums, squares, strict=True)]

    def _weights(self) -> dict[str, list[float]]:
        weights = self._events.weights
        if weights is None:
            return {"lightest": [1.0] * self._count, "heaviest": [1.0] * self._count}
        return {
            "lightest": np.minimum.reduceat(weights, self._edges[:-1]).tolist(),
            "heaviest": np.maximum.reduceat(weights, self._edges[:-1]).tolist(),
        }

    def _errors(self) -> dict[str, list[Weighted]]:
        """Rows of each class of error; one without a known class is of the application."""
        failed = self._events.present(ERROR)
        classes = self._events.array(ERROR_CLASS)
        if classes is None:
            return {UNCLASSED: self._weigh(failed)}
        texts, places = codes(classes)
        failed |= self._events.present(ERROR_CLASS)
        named = [text if text in ERROR_CLASSES else UNCLASSED for text in texts]
        wanted = np.array([ERROR_CLASSES.index(name) for name in named])[places]
        return {
            ERROR_CLASSES[index]: self._weigh(failed & (wanted == index))
            for index in np.unique(wanted[failed]).tolist()
        }

    def _violations(self) -> tuple[list[Counter[str]], list[Weighted]]:
        """How often each violation is stated, and the rows that state any."""
        every: list[Counter[str]] = [Counter() for _ in range(self._count)]
        array = self._events.array(VIOLATIONS)
        if array is None or not pa.types.is_list(array.type):
            return every, [Weighted()] * self._count
        lengths = pc.list_value_length(array).fill_null(0).to_numpy(zero_copy_only=False)
        texts, places = codes(array.flatten())
        groups = np.repeat(np.arange(self._count), np.diff(self._edges))
        stated, counts = np.unique(
            np.repeat(groups, lengths) * len(texts) + places, return_counts=True
        )
        for place, count in zip(stated.tolist(), counts.tolist(), strict=True):
            text = texts[place % len(texts)]
            if text is not None:
                every[place // len(texts)][text] += count
        return every, self._weigh(lengths > 0)

    def _cache(self, *, answered: bool) -> Flags:
        """Rows that say whether a cache answered, or those where it did."""
        array = self._events.array("_cache_hit")
        if array is None or not pa.types.is_boolean(array.type):
            return np.zeros(self._events.rows, dtype=np.bool_)
        held = array.fill_null(False) if answered else array.is_valid()
        flags: Flags = held.to_numpy(zero_copy_only=False)
        return flags

    def _times(self) -> dict[str, Sequence[Any]]:
        """First and last event times, and how long records took to arrive."""
        happened, received = self._events.times(TIME), self._events.times(RECEIVED)
        nothing: list[float | None] = [None] * self._count
        empty = [Durations()] * self._count
        if happened is None:
            return {"first": nothing, "last": nothing, "arrival": empty}
        times, known = happened
        rows = np.flatnonzero(known)
        first, last = nothing.copy(), nothing.copy()
        for at, low, high in _ends(times[rows], self._runs(rows)):
            first[at], last[at] = low / MICROSECONDS, high / MICROSECONDS
        arrival = empty
        if received is not None:
            both = np.flatnonzero(known & received[1])
            delay = np.maximum((received[0] - times)[both], 0) / MICROSECONDS
            arrival = self._durations(delay, both, SECONDS)
        return {"first": first, "last": last, "arrival": arrival}

    def _numbers(self, name: str) -> tuple[Floats, Ints] | None:
        """The values of a numeric column that are not null, and their rows."""
        array = self._events.array(name)
        found = self._events.numbers(name)
        if array is None or found is None or not is_number(array.type):
            return None
        return found[0], np.flatnonzero(self._events.present(name))

    def _timed(self, name: str) -> list[Durations]:
        found = self._numbers(name)
        if found is None:
            return [Durations()] * self._count
        return self._durations(*found, MILLISECONDS)

    def _moments_of(self, name: str) -> list[Moments]:
        found = self._numbers(name)
        if found is None:
            return [Moments()] * self._count
        values, rows = found
        good = np.isfinite(values)
        return self._moments(values[good], rows[good])

    def _moments(self, values: Floats, rows: Ints) -> list[Moments]:
        """The sums over finite values of some rows."""
        every = [Moments()] * self._count
        edges = self._runs(rows)
        full = np.flatnonzero(edges[:-1] < edges[1:])
        if not full.size:
            return every
        starts = edges[:-1][full]
        weights = self._events.weights
        weight = np.ones(values.size) if weights is None else weights[rows]
        with np.errstate(over="ignore", invalid="ignore"):
            held = weight * values
            sums = [
                np.add.reduceat(column, starts).tolist()
                for column in (weight, np.square(weight), held, weight * held, np.square(held))
            ]
        lowest, highest = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
        counts = np.diff(edges)[full].tolist()
        ends = lowest.tolist(), highest.tolist()
        for at, *fields in zip(full.tolist(), counts, *sums, *ends, strict=True):
            every[at] = Moments(*fields)
        return every

    def _durations(self, values: Floats, rows: Ints, grid: LogGrid) -> list[Durations]:
        """The durations of some rows on a grid."""
        good = (values >= 0) & (values < np.inf)
        invalid = np.diff(self._runs(rows[~good])).tolist()
        values, rows = values[good], rows[good]
        moments = self._moments(values, rows)
        weights = None if self._events.weights is None else self._events.weights[rows]
        bins = grid.codes(values) if values.size else np.zeros(0, dtype=np.int64)
        every = []
        edges = self._runs(rows).tolist()
        for at, (start, stop) in enumerate(pairwise(edges)):
            held = None if weights is None else weights[start:stop]
            every.append(_histogram(moments[at], invalid[at], bins[start:stop], held))
        return every


def _histogram(moments: Moments, invalid: int, bins: Ints, weights: Floats | None) -> Durations:
    if not bins.size:
        return Durations(invalid=invalid)
    first = int(bins.min())
    index = bins - first
    counts = np.bincount(index)
    if weights is None or bool((weights == 1).all()):
        return Durations(moments, invalid, first, counts)
    sums: Floats = np.bincount(index, weights).astype(np.float64)
    squares: Floats = np.bincount(index, np.square(weights)).astype(np.float64)
    return Durations(moments, invalid, first, counts, sums, squares)


def _ends(values: Ints, edges: Ints) -> Iterator[tuple[int, int, int]]:
    """Each group that has values, the smallest of them and the largest."""
    full = np.flatnonzero(edges[:-1] < edges[1:])
    starts = edges[:-1][full]
    if starts.size:
        low, high = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
        yield from zip(full.tolist(), low.tolist(), high.tolist(), strict=True)
