"""Requests and responses joined to predictions: a bounded store of those that wait."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Any

import msgspec

from watchkeeper.collect.cloud_events.feedback import instance_ids
from watchkeeper.collect.cloud_events.halves import Half
from watchkeeper.collect.cloud_events.payloads import features_of, parse_payload, predictions_of
from watchkeeper.collect.wire.reading import Batch, Reading, read_records
from watchkeeper.core.envelope import Signal
from watchkeeper.core.errors import InputError, ModelError, NotFoundError

_OVERHEAD = 1000
"""Bytes that a half takes in memory beside its data."""


class Pair(msgspec.Struct, frozen=True):
    """A request and its response; one of them may never have come.

    Parameters
    ----------
    request, response
        The halves.
    key
        The idempotency key of the prediction: the same whether both halves are there or one.
    """

    request: Half | None
    response: Half | None
    key: str

    @property
    def known(self) -> Half:
        """The request, or the response where there is no request."""
        half = self.request or self.response
        if half is None:
            raise ValueError("a pair has at least one half")
        return half

    @property
    def model(self) -> str:
        """Whose prediction it is."""
        return self.known.model


class PairCounts(msgspec.Struct):
    """What became of the halves.

    Parameters
    ----------
    paired
        Pairs that are whole.
    orphan_requests, orphan_responses
        Halves whose other half did not come in time.
    pushed_out
        How many of those had to go early, since too many were waiting.
    """

    paired: int = 0
    orphan_requests: int = 0
    orphan_responses: int = 0
    pushed_out: int = 0


class Pairs:
    """Halves that wait for their other half, for a time and within an amount of memory.

    Not for several threads at once.

    Parameters
    ----------
    clock
        The time now, with a time zone.
    timeout_s
        Seconds from its receipt after which a half is on its own.
    max_bytes
        The most memory of waiting halves; beyond it the oldest are on their own.

    Examples
    --------
    >>> from datetime import UTC
    >>> then = datetime(2024, 1, 1, tzinfo=UTC)
    >>> pairs = Pairs(lambda: then)
    >>> request = Half("m", None, "request", "j", "k1", "1", then, None, b"{}")
    >>> response = Half("m", None, "response", "j", "k2", "1", then, None, b"{}")
    >>> pairs.add(request), pairs.add(response).request == request, pairs.waiting
    (None, True, 0)
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        *,
        timeout_s: float = 600.0,
        max_bytes: int = 256 << 20,
    ) -> None:
        self._clock = clock
        self._timeout = timedelta(seconds=timeout_s)
        self._max_bytes = max_bytes
        self._held: dict[str, Half] = {}
        self._pushed: list[Half] = []
        self._again: list[Pair] = []
        self._bytes = 0
        self.counts = PairCounts()

    @property
    def waiting(self) -> int:
        """How many halves wait."""
        return len(self._held) + len(self._pushed) + 2 * len(self._again)

    def add(self, half: Half) -> Pair | None:
        """Take a half; the pair, where the other half is here already.

        A half that comes a second time takes the place of the first.
        """
        other = self._pop(half.join)
        if other is not None and other.side != half.side:
            self.counts.paired += 1
            return _pair(half, other)
        self._held[half.join] = half
        self._bytes += _size(half)
        while self._bytes > self._max_bytes:
            oldest = self._pop(next(iter(self._held)))
            if oldest is not None:
                self._pushed.append(oldest)
                self.counts.pushed_out += 1
        return None

    def restore(self, pair: Pair, *, without: Half | None = None) -> None:
        """Undo what gave a pair, since it could not be kept.

        Parameters
        ----------
        pair
            Of `add` or of `expired`. A whole pair comes again with the next `expired`; a half on
            its own waits again.
        without
            The half that was just added, where its sender is told that it failed and may send it
            again: only the other half waits then.
        """
        halves = [half for half in (pair.request, pair.response) if half is not None]
        if len(halves) == 2 and without is None:
            self._again.append(pair)
            return
        if len(halves) == 2:
            self.counts.paired -= 1
        else:
            self._count_orphan(halves[0], -1)
        for half in halves:
            met = self.add(half) if half is not without else None
            if met is not None:
                self._again.append(met)

    def expired(self) -> list[Pair]:
        """The halves that have waited too long, as pairs of one, and whole pairs restored.

        They wait no longer: whoever asks keeps them, or restores them.
        """
        latest = self._clock() - self._timeout
        joins = [join for join, half in self._held.items() if half.received <= latest]
        late = [half for half in map(self._pop, joins) if half is not None]
        late.extend(self._pushed)
        self._pushed.clear()
        for half in late:
            self._count_orphan(half, 1)
        again, self._again = self._again, []
        return [*again, *(_pair(half, None) for half in late)]

    def _count_orphan(self, half: Half, by: int) -> None:
        if half.side == "request":
            self.counts.orphan_requests += by
        else:
            self.counts.orphan_responses += by

    def _pop(self, join: str) -> Half | None:
        half = self._held.pop(join, None)
        if half is not None:
            self._bytes -= _size(half)
        return half


def _size(half: Half) -> int:
    return len(half.data) + _OVERHEAD


def _pair(one: Half, other: Half | None) -> Pair:
    sides = {half.side: half for half in (one, other) if half is not None}
    return Pair(sides.get("request"), sides.get("response"), one.join)


def read_pair(pair: Pair, batch: Batch) -> Reading:
    """The predictions of a pair, checked and ready for the journal.

    A request without a response becomes predictions with an error: the loggers say nothing of a
    model that failed. A response without a request has no features.

    Parameters
    ----------
    pair
        Of `Pairs`.
    batch
        Its key should be that of the pair; its rules name the values that come without names.

    Examples
    --------
    >>> from datetime import UTC
    >>> from watchkeeper.collect.wire.rules import Rules
    >>> then = datetime(2024, 1, 1, tzinfo=UTC)
    >>> data = b'{"instances": [[1, 2]]}'
    >>> request = Half("m", None, "request", "j", "k", "1", then, None, data)
    >>> pair = Pair(request, None, "ce-1")
    >>> reading = read_pair(pair, Batch("ce-1", then, lambda model: Rules({})))
    >>> reading.parts[0].adopted
    {'feature_0': 'double', 'feature_1': 'double'}
    """
    return read_records(_records(pair, batch), signal=Signal.PREDICTIONS, batch=batch)


def _records(pair: Pair, batch: Batch) -> list[dict[str, Any]]:
    try:
        known = list(batch.rules(pair.model).features)
    except (NotFoundError, ModelError, InputError):
        known = []  # The records are rejected for their model where they are checked.
    asked, told, version = _sides(pair, known)
    count = max(len(asked), len(told))
    base = _base(pair, version, count)
    ids = instance_ids(pair.known.id, count)
    rows = zip_longest(ids, asked, told, fillvalue=None)
    return [_record(base, id_, features, said) for id_, features, said in rows]


def _sides(
    pair: Pair, known: list[str]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], str | None]:
    """Features and predictions of each instance, and the version that the response names."""
    asked: list[dict[str, Any]] = []
    told: list[dict[str, Any]] = []
    version = pair.known.version
    if pair.request is not None:
        asked = features_of(parse_payload(pair.request.data), known)
    if pair.response is not None:
        payload = parse_payload(pair.response.data)
        told = predictions_of(payload)
        version = payload.version or version
    return asked, told, version


def _base(pair: Pair, version: str | None, count: int) -> dict[str, Any]:
    """What all instances of a pair have in common."""
    half = pair.known
    base: dict[str, Any] = {
        "model": half.model, "version": version, "variant": half.variant, "request_id": half.id,
        "time": half.time or half.received, "batch_size": count, "tags": half.tags or None,
    }  # fmt: skip
    trace = (half.trace or "").split("-")
    if len(trace) == 4:
        base |= {"trace_id": trace[1], "span_id": trace[2]}
    if pair.response is None:
        base["error"] = "no response of the model was logged"
    elif pair.request is not None and pair.request.time and pair.response.time:
        took = (pair.response.time - pair.request.time) / timedelta(milliseconds=1)
        base["latency_ms"] = took if took >= 0 else None
    return base


def _record(
    base: dict[str, Any], id_: str | None, features: Any, said: dict[str, Any] | None
) -> dict[str, Any]:
    return {**base, "id": id_, **({"features": features} if features else {}), **(said or {})}
