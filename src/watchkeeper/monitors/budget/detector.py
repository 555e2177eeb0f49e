"""A false-alarm budget instead of thresholds: one alarm for a model, then the suspects by name."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
import numpy as np
import numpy.typing as npt

from watchkeeper.core.errors import InputError
from watchkeeper.monitors.budget.baselines import Calibration
from watchkeeper.monitors.budget.columns import Columns, columns_of, seconds_of, time_of
from watchkeeper.monitors.budget.config import BudgetConfig
from watchkeeper.monitors.budget.evalues import Floats
from watchkeeper.monitors.budget.nulls import evidence, falls, log_weights
from watchkeeper.monitors.budget.process import Limits, Walk
from watchkeeper.monitors.budget.reading import read
from watchkeeper.monitors.budget.state import (
    Snapshot,
    State,
    fresh,
    is_kept,
    pack,
    thinned,
    unpack,
)
from watchkeeper.monitors.budget.streams import Bucket
from watchkeeper.monitors.budget.verdict import Verdict
from watchkeeper.monitors.source import Times

SAME = 7
"""Buckets by which late data may move an alarm to a later one without its being told again."""


@dataclass(frozen=True, slots=True)
class Track:
    """A detector's way through many buckets.

    Attributes
    ----------
    starts
        Of the buckets.
    log_m
        The evidence after each, a logarithm.
    alarm
        Whether an alarm stands after each.
    pages
        The verdicts that told somebody.
    state, verdict
        After the last bucket; the verdict is None where there was no bucket.
    """

    starts: Times
    log_m: Floats
    alarm: npt.NDArray[np.bool_]
    pages: tuple[Verdict, ...]
    state: State
    verdict: Verdict | None


class Detector:
    """Watches the streams of one model against a budget.

    Parameters
    ----------
    config
        The budget.
    calibration
        What the streams are held against.

    Examples
    --------
    >>> from datetime import UTC
    >>> from watchkeeper.monitors.budget import Counts, Stream, calibrate
    >>> day, first = timedelta(days=1), datetime(2026, 1, 1, tzinfo=UTC)
    >>> def bucket(i, k):
    ...     return Bucket(first + i * day, {"errors": Counts(k, 200)})
    >>> month = [bucket(i, 18 + i % 5) for i in range(28)]
    >>> errors = Stream("errors", "rate", title="the error rate")
    >>> detector = Detector(BudgetConfig(), calibrate([errors], month, day))
    >>> state = detector.start()
    >>> for i in range(28, 32):
    ...     state, verdict = detector.advance(state, bucket(i, 36))
    ...     print(verdict.level, verdict.page)
    quiet False
    watching False
    alarm True
    alarm False
    >>> print(verdict.sentence)
    changed beyond the tolerance: the error rate rose from 9.9 % to 18 % (15.4 % to 21 %) in the
    last 4 buckets, 11.2 % is tolerated
    """

    def __init__(self, config: BudgetConfig, calibration: Calibration) -> None:
        self.config = config
        self.calibration = calibration
        self.names = tuple(stream.name for stream in calibration.streams)
        self.threshold = config.threshold(timedelta(seconds=calibration.window))
        self.limits = _limits(config, calibration, math.log(self.threshold))

    def start(self) -> State:
        """The state before the first bucket."""
        return State(self.names, Snapshot())

    def advance(self, state: State, bucket: Bucket) -> tuple[State, Verdict]:
        """Add a closed bucket.

        Raises
        ------
        InputError
            The bucket is impossible or not after the last one, or the state is of other streams.
        """
        track = self.run(state, columns_of([bucket], self.calibration.streams))
        assert track.verdict is not None  # noqa: S101  # one bucket, one verdict
        return track.state, track.verdict

    def run(self, state: State, buckets: Sequence[Bucket] | Columns) -> Track:
        """Add many closed buckets, such as the years of a back-test.

        Raises
        ------
        InputError
            As for `advance`.
        """
        columns = self._columns(buckets)
        self._check(state, columns)
        return self._go(state, state.now, columns)

    def replay_from(self, state: State, changed: datetime) -> datetime | None:
        """After which bucket a replay begins, where the bucket at `changed` has new data.

        None: from the first bucket of all. What is not after it may be forgotten; `replay` takes
        all closed buckets after it.

        Examples
        --------
        >>> from datetime import UTC
        >>> from watchkeeper.monitors.budget import Counts, Stream, calibrate
        >>> day, first = timedelta(days=1), datetime(2026, 1, 1, tzinfo=UTC)
        >>> days = [Bucket(first + i * day, {"errors": Counts(20, 200)}) for i in range(40)]
        >>> detector = Detector(BudgetConfig(), calibrate([Stream("errors", "rate")], days, day))
        >>> state = detector.run(detector.start(), days).state
        >>> str(detector.replay_from(state, days[30].start))
        '2026-01-28 00:00:00+00:00'
        """
        found = _before(state, seconds_of(changed))
        return None if found is None else found.at

    def replay(self, state: State, buckets: Sequence[Bucket] | Columns) -> tuple[State, Verdict]:
        """Judge closed buckets again that late labels have changed.

        The state becomes what it would be had the labels been there in time. Nobody is told by a
        replay: `page` is never set, `amended` is where the alarm that stands is another one now,
        has other suspects, or is withdrawn. An alarm that nobody was ever told of is told by the
        next bucket, if it still stands then.

        Parameters
        ----------
        state
            After the last closed bucket.
        buckets
            All closed buckets after `replay_from`, changed or not, up to the last.

        Raises
        ------
        InputError
            Buckets are missing.
        """
        columns = self._columns(buckets)
        start = self._replayed(state, columns)
        track = self._go(msgspec.structs.replace(state, is_told=True), start, columns)
        before, after = state.now, track.state.now
        told = state.is_told or self._is_told(state, after)
        amended = _named(before) != _named(after) or (
            bool(after.open) and before.alarm_at != after.alarm_at
        )
        made = msgspec.structs.replace(
            track.state, told_at=state.told_at, is_told=bool(after.open) and told
        )
        assert track.verdict is not None  # noqa: S101  # a replay has a bucket
        return made, msgspec.structs.replace(track.verdict, page=False, amended=amended)

    def accept(self, state: State, streams: Collection[str] | None = None) -> State:
        """End the alarm of some or all of its streams: the level is accepted as it is.

        Their evidence begins anew. Where the level stays, measure a new reference and `restart`,
        or the alarm comes again. Late data of buckets until now change nothing any more.
        """
        left = tuple(
            each for each in state.now.open if streams is not None and each.stream not in streams
        )
        numbers = unpack(state.now, len(self.names))
        for each in state.now.open:
            if each not in left:
                numbers[self.names.index(each.stream)] = fresh(1)[0]
        now = msgspec.structs.replace(
            state.now, open=left, numbers=pack(numbers),
            alarm_at=state.now.alarm_at if left else None,
        )  # fmt: skip
        return msgspec.structs.replace(
            state, now=now, history=(), floor=now.at, is_told=state.is_told and bool(left)
        )

    def restart(self, state: State) -> State:
        """The state to go on with after a new calibration: the same time, no evidence, no alarm."""
        now = Snapshot(state.now.at, state.now.buckets)
        return State(self.names, now, told_at=state.told_at, floor=now.at)

    def _columns(self, buckets: Sequence[Bucket] | Columns) -> Columns:
        if isinstance(buckets, Columns):
            return buckets
        return columns_of(buckets, self.calibration.streams)

    def _check(self, state: State, columns: Columns) -> None:
        if state.streams != self.names:
            raise InputError(
                f"the state is of the streams {', '.join(state.streams)}, the calibration of "
                f"{', '.join(self.names)}; restart the state with the new calibration"
            )
        last = state.now.at
        if len(columns) and last is not None and columns.starts[0] <= seconds_of(last):
            raise InputError(
                f"bucket {time_of(columns.starts[0])} is not after the last one, {last}; replay "
                "buckets that have changed"
            )

    def _replayed(self, state: State, columns: Columns) -> Snapshot:
        """The snapshot that a replay of these buckets begins with."""
        last = state.now.at
        if not len(columns) or last is None or columns.starts[-1] != seconds_of(last):
            raise InputError(f"a replay takes all closed buckets up to the last one, {last}")
        found = _before(state, columns.starts[0]) or Snapshot()
        if found.at is not None and columns.starts[0] <= seconds_of(found.at):
            raise InputError(f"the level was accepted at {found.at}; replay what is after it")
        if len(columns) < state.now.buckets - found.buckets:
            raise InputError(
                f"a replay from {time_of(columns.starts[0])} on takes all "
                f"{state.now.buckets - found.buckets} closed buckets since, not {len(columns)}"
            )
        self._check(msgspec.structs.replace(state, now=found), columns)
        return found

    def _is_told(self, state: State, after: Snapshot) -> bool:
        """Whether the alarm that a replay ends with is the one that was told last, moved."""
        if state.told_at is None or after.alarm_at is None:
            return False
        return after.alarm_at <= state.told_at + SAME * timedelta(seconds=self.calibration.window)

    def _go(self, state: State, start: Snapshot, columns: Columns) -> Track:
        walk = Walk(
            self.limits, unpack(start, len(self.names)), self.names, start.since,
            {self.names.index(each.stream): each for each in start.open},
        )  # fmt: skip
        found = evidence(self.calibration, columns)
        count = len(columns)
        log_m, alarm = np.full(count, -np.inf), np.zeros(count, dtype=bool)
        pages: list[Verdict] = []
        verdict, now, told_at, is_told = None, start, state.told_at, state.is_told
        kept = [each for each in (*state.history, state.now) if each.buckets <= start.buckets]
        for row in range(count):
            walk.step(found, row)
            log_m[row], alarm[row] = walk.log_m, bool(walk.open)
            at = time_of(columns.starts[row])
            is_told = is_told and bool(walk.open) and not walk.raised
            page = bool(walk.open) and not is_told
            alarm_at = None if not walk.open else at if walk.raised else now.alarm_at
            last = row == count - 1
            now = Snapshot(at, start.buckets + row + 1, alarm_at=alarm_at)
            if last or is_kept(now.buckets, start.buckets + count):
                now = _snapshot(walk, now)
                kept.append(now)
            if page or last:
                verdict = read(self.calibration, walk, now, self.threshold, page=page)
            if page and verdict is not None:
                pages.append(verdict)
                told_at, is_told = at, True
        now = kept.pop() if count else start
        after = State(
            self.names,
            now,
            thinned(tuple(kept), now.buckets, state.floor),
            told_at,
            is_told,
            state.floor,
        )
        return Track(columns.starts, log_m, alarm, tuple(pages), after, verdict)


def _named(snapshot: Snapshot) -> set[str]:
    return {each.stream for each in snapshot.open}


def _snapshot(walk: Walk, at: Snapshot) -> Snapshot:
    return msgspec.structs.replace(
        at, since=walk.since, numbers=pack(walk.numbers), open=tuple(walk.open.values())
    )


def _before(state: State, time: np.datetime64) -> Snapshot | None:
    """The newest snapshot of before a time; where a level was accepted since, that of then."""
    held = [each for each in (*state.history, state.now) if each.at is not None]
    older = [each for each in held if each.at is not None and seconds_of(each.at) < time]
    if older:
        return older[-1]
    return held[0] if state.floor is not None and held else None


def _limits(config: BudgetConfig, calibration: Calibration, log_a: float) -> Limits:
    watched = np.array([b.stream.weight * (b.windows > 0) for b in calibration.baselines])
    if not watched.any():
        raise InputError("no stream has data in the reference; there is nothing to watch")
    mixture = np.stack([log_weights(b.stream, falls=falls(b)) for b in calibration.baselines])
    with np.errstate(divide="ignore"):
        weights = np.log(watched / watched.sum())
    # What one alternative of one stream needs alone, spread over `patience` buckets.
    parts = (mixture + weights[:, None]).ravel()
    alone = log_a - float(parts[np.isfinite(parts)].min())
    return Limits(log_a, alone / max(config.patience, 1), mixture, weights)
