"""What is watched, and what one closed bucket of time says of it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

from watchkeeper.core.errors import InputError
from watchkeeper.expressions.hints import suggest

Kind = Literal["rate", "mean", "distribution", "estimate"]
"""A share of rows, a mean of rows, the counts of groups, or a metric known as an estimate only."""

Side = Literal["up", "down", "both"]
"""Which way is bad."""

_POINTS = (0.02, 0.05, 0.10)
_DEVIATIONS = (0.10, 0.25, 0.50)
_DEFAULTS: Mapping[Kind, tuple[float, ...]] = {
    "rate": _POINTS,
    "mean": _DEVIATIONS,
    "distribution": (0.0,),
    "estimate": _DEVIATIONS,
}


class Stream(msgspec.Struct, frozen=True, omit_defaults=True):
    """One quantity of a model that is watched.

    Attributes
    ----------
    name
        Unique in the model, such as `error_rate`, `missing_share(temp)` or `roc_auc`.
    kind
        What its buckets hold: `Counts`, `Moments`, `Histogram` or `Gauss`.
    column
        The column that it is of.
    title
        How a sentence calls it; the name where empty.
    side
        Which way is bad. None: up for a rate, both for a mean, away from `best` for an estimate.
    best
        The best value of an estimate: 1 for AUC or F1, 0 for RMSE.
    ordered
        Whether neighbouring groups of a distribution are alike, as those of a number are.
    weight
        Its part in the evidence of the model, relative to the other streams.
    alternatives
        Changes it looks for beyond the tolerance: points of a rate, standard deviations of a mean,
        shares of the distance from `best` for an estimate. At most three.

    Examples
    --------
    >>> Stream("missing_share(temp)", "rate", column="temp").shifts
    (0.02, 0.05, 0.1)
    """

    name: str
    kind: Kind
    column: str | None = None
    title: str = ""
    side: Side | None = None
    best: float = 1.0
    ordered: bool = True
    weight: float = 1.0
    alternatives: tuple[float, ...] = ()

    @property
    def shifts(self) -> tuple[float, ...]:
        """The sizes of change that it looks for."""
        return self.alternatives or _DEFAULTS[self.kind]

    @property
    def label(self) -> str:
        """How a sentence calls it."""
        return self.title or self.name


class Counts(msgspec.Struct, frozen=True, tag="counts"):
    """Events `k` among `n` rows."""

    k: float
    n: float


class Moments(msgspec.Struct, frozen=True, tag="moments"):
    """Rows, their sum and the sum of their squares.

    Where values lie far from 0 compared with their scatter, take a fixed value near their mean off
    first (and divide by their scale if you like), the same in all buckets; profiles do.
    """

    n: float
    sum: float
    sum_sq: float


class Histogram(msgspec.Struct, frozen=True, tag="histogram"):
    """Rows in each group; the groups are the same in all buckets."""

    counts: tuple[float, ...]


class Gauss(msgspec.Struct, frozen=True, tag="gauss"):
    """An estimate, its standard error, and the rows behind it."""

    value: float
    se: float
    n: float = 0.0


Statistic: TypeAlias = Counts | Moments | Histogram | Gauss

KINDS: Mapping[Kind, type[Statistic]] = {
    "rate": Counts,
    "mean": Moments,
    "distribution": Histogram,
    "estimate": Gauss,
}


class Bucket(msgspec.Struct, frozen=True):
    """A closed window of time: from `start`, what is known of each stream.

    A stream that is missing, or has no rows, has no data in this bucket; its evidence stays.
    """

    start: datetime
    stats: dict[str, Statistic]


def check_streams(streams: Iterable[Stream]) -> tuple[Stream, ...]:
    """The streams as a tuple.

    Raises
    ------
    InputError
        There is none, a name is there twice, or a setting is out of range.

    Examples
    --------
    >>> check_streams([Stream("a", "rate", weight=0)])
    Traceback (most recent call last):
    watchkeeper.core.errors.InputError: stream 'a' has the weight 0; write a number above 0
    """
    found = tuple(streams)
    if not found:
        raise InputError("a budget watches no stream; name at least one metric of the model")
    seen: set[str] = set()
    for stream in found:
        if stream.name in seen:
            raise InputError(f"stream {stream.name!r} is there twice; names must be unique")
        seen.add(stream.name)
        _check(stream)
    return found


def _check(stream: Stream) -> None:
    name = f"stream {stream.name!r}"
    if stream.kind not in KINDS:
        raise InputError(f"{name} is of kind {stream.kind!r}; write one of {', '.join(KINDS)}")
    if not (math.isfinite(stream.weight) and stream.weight > 0):
        raise InputError(f"{name} has the weight {stream.weight:g}; write a number above 0")
    if len(stream.alternatives) > 3 or not all(0 < a < math.inf for a in stream.alternatives):
        raise InputError(
            f"{name} looks for changes of {stream.alternatives}; write one to three sizes above 0"
        )


def check_bucket(bucket: Bucket, streams: Mapping[str, Stream]) -> None:
    """Refuse what no bucket can hold.

    Raises
    ------
    InputError
        A stream is unknown, has another kind of statistic, or numbers that cannot be.
    """
    for name, stat in bucket.stats.items():
        stream = streams.get(name)
        if stream is None:
            hint = suggest(name, streams, most=1) or f"; there are {', '.join(streams)}"
            raise InputError(f"bucket {bucket.start}: no stream is named {name!r}{hint}")
        wanted = KINDS[stream.kind]
        if not isinstance(stat, wanted):
            raise InputError(
                f"bucket {bucket.start}: stream {name!r} is a {stream.kind} and takes "
                f"{wanted.__name__}, not {type(stat).__name__}"
            )
        problem = _problem(stat)
        if problem:
            raise InputError(f"bucket {bucket.start}: stream {name!r} has {problem}")


def _problem(stat: Statistic) -> str:
    """What is impossible about a statistic; empty where nothing is."""
    if isinstance(stat, Histogram):
        good = all(0 <= count < math.inf for count in stat.counts)
        return "" if good else "a count that is negative or not finite"
    numbers = msgspec.structs.astuple(stat)
    if not all(math.isfinite(number) for number in numbers):
        return f"a number that is not finite ({stat}); leave the stream out where it is undefined"
    if isinstance(stat, Counts):
        return "" if 0 <= stat.k <= stat.n else f"{stat.k:g} events in {stat.n:g} rows"
    if isinstance(stat, Moments):
        return "" if stat.n >= 0 and stat.sum_sq >= 0 else "negative rows or squares"
    return "" if stat.se >= 0 else f"the standard error {stat.se:g}"
