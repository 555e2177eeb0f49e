"""What conditions may name: metrics under names that CEL can read, columns and SLOs.

A metric that reports show as `latency_ms@p95` holds a character that CEL has no use for. Conditions
write `latency_ms_p95`, or `latency_p95` without the unit; any percentile may be asked for.

==========================  =========================================
in reports                  in conditions
==========================  =========================================
`accuracy`                  `accuracy`
`latency_ms@p95`            `latency_ms_p95`, `latency_p95`
`latency_ms@p99.9`          `latency_ms_p99_9`, `latency_p99_9`
`precision@5`               `precision_at_5`
`error_rate@timeout`        `error_rate_timeout`
`freshness_s`               `freshness_s`, `freshness`
`outcome_mean@revenue`      `outcome_mean("revenue")`
`psi` of the column `temp`  `psi("temp")`
==========================  =========================================
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, Protocol

from watchkeeper.expressions.hints import suggest

Worse = Literal["higher", "lower", "either", "none"]
Takes = Literal["nothing", "column", "group", "name"]
"""What stands in the parentheses of a metric: nothing, the column that it measures, the sensitive
column whose groups it compares (may be left out), or the name of an outcome."""

_OUTCOMES = {"outcome_mean", "outcome_sum", "outcome_count"}
_AMOUNTS = {
    "prediction_count", "throughput", "labels_corrected", "outcome_count_by_name", "freshness_s",
}  # fmt: skip
_FURTHER = {"prediction_count": ("volume",), "roc_auc": ("auc",)}
_UNITS = {"ms": "_ms", "s": "_s"}
_PERCENTILE = re.compile(r"(.+)_p(\d{1,2})(?:_(\d{1,6}))?")
_PLACE = re.compile(r"(.+)_at_([1-9]\d{0,5})")


@dataclass(frozen=True, slots=True)
class Known:
    """A metric that conditions may name.

    Attributes
    ----------
    metric
        As `metrics.find` takes it; without the `@` where a name is to follow.
    unit
        Its unit, as in the metric's record.
    worse
        Which way is worse.
    takes
        What stands in its parentheses.
    compares
        Whether it compares with the reference by itself, so that `reference.` has no sense.
    amount
        Whether it is an amount of what came, so that few rows are its answer and no lack of data.
    lowest, highest
        Its range, None where unbounded.
    """

    metric: str
    unit: str = ""
    worse: Worse = "higher"
    takes: Takes = "nothing"
    compares: bool = False
    amount: bool = False
    lowest: float | None = None
    highest: float | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Its names in conditions, the first being the one that is listed."""
        return rule_names(self.metric, self.unit)


class Record(Protocol):
    """What is read of a metric's record."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def group(self) -> str:
        """Which part of a report it belongs to."""

    @property
    def needs(self) -> tuple[str, ...]:
        """What it is defined for."""

    @property
    def unit(self) -> str:
        """Its unit."""

    @property
    def worse(self) -> Worse:
        """Which way is worse."""

    @property
    def lowest(self) -> float | None:
        """The least it can be."""

    @property
    def highest(self) -> float | None:
        """The most it can be."""


def rule_names(metric: str, unit: str = "") -> tuple[str, ...]:
    """The names of a metric in conditions, the first being the one that is listed.

    Parameters
    ----------
    metric
        Its name in reports.
    unit
        Its unit; a name that ends in it has a shorter form.

    Examples
    --------
    >>> rule_names("latency_ms@p99.9", "ms")
    ('latency_ms_p99_9', 'latency_p99_9')
    >>> rule_names("precision@5"), rule_names("outcome_mean@revenue")
    (('precision_at_5',), ('outcome_mean("revenue")',))
    """
    stem, _, argument = metric.partition("@")
    if argument and stem in _OUTCOMES:
        return (f'{stem}("{argument}")',)
    joint = "_at_" if argument.isdigit() else "_" if argument else ""
    ending = joint + argument.replace(".", "_")
    return tuple(name + ending for name in _stems(stem, unit))


def _stems(stem: str, unit: str) -> Iterator[str]:
    yield stem
    yield from _FURTHER.get(stem, ())
    suffix = _UNITS.get(unit)
    if suffix and stem.endswith(suffix):
        yield stem.removesuffix(suffix)
    elif suffix and stem.endswith(f"{suffix}_mean"):
        yield stem.removesuffix(f"{suffix}_mean") + "_mean"


def known_of(metric: str, record: Record) -> Known:
    """A metric as conditions know it.

    Parameters
    ----------
    metric
        Its name in reports; without the `@` where the name of an outcome is to follow.
    record
        Its record, `metrics.base.Metric`.
    """
    column = bool({"numeric", "categorical"} & set(record.needs))
    takes: Takes = "column" if column else "nothing"
    if record.group == "fairness":
        takes = "group"
    elif metric in _OUTCOMES:
        takes = "name"
    return Known(
        metric,
        record.unit,
        record.worse,
        takes,
        compares=column or record.name == "calibration_drift",
        amount=record.name in _AMOUNTS,
        lowest=record.lowest,
        highest=record.highest,
    )


class Vocabulary:
    """The names that conditions may use.

    Parameters
    ----------
    metrics
        Every metric.
    columns
        The columns of the model; None where it is not known which model it will be.
    slos
        Names of its SLOs, or None.
    constants
        Further names of the model, numbers all.

    Examples
    --------
    >>> words = Vocabulary([Known("latency_ms@p95", "ms"), Known("accuracy", worse="lower")])
    >>> words.find("latency_p50").metric, words.hint("acuracy")
    ('latency_ms@p50', "; did you mean 'accuracy'?")
    """

    def __init__(
        self,
        metrics: Iterable[Known],
        *,
        columns: Sequence[str] | None = None,
        slos: Sequence[str] | None = None,
        constants: Iterable[str] = (),
    ) -> None:
        self.metrics = tuple(metrics)
        self.columns = None if columns is None else tuple(columns)
        self.slos = None if slos is None else tuple(slos)
        self.constants = frozenset(constants)
        self._by_name = {name: known for known in self.metrics for name in known.names}

    def find(self, name: str) -> Known | None:
        """The metric of a name, any percentile and any place included."""
        plain = self._by_name.get(name)
        if plain is not None:
            return plain
        if match := _PERCENTILE.fullmatch(name):
            family = self._families.get((match[1], "p"))
            point = match[2] + (f".{match[3]}" if match[3] else "")
            return _asked(family, f"p{point}") if float(point) else None
        if match := _PLACE.fullmatch(name):
            return _asked(self._families.get((match[1], "at")), match[2])
        return None

    def hint(self, name: str) -> str:
        """The nearest names, as an error ends."""
        return suggest(name, [*self._by_name, *self.constants])

    @property
    def names(self) -> list[str]:
        """The listed name of every metric, and the constants."""
        return [*(known.names[0] for known in self.metrics), *sorted(self.constants)]

    @cached_property
    def _families(self) -> dict[tuple[str, str], Known]:
        """A metric of each family of percentiles or places, by the stem of its names."""
        found: dict[tuple[str, str], Known] = {}
        for name, known in self._by_name.items():
            for kind, pattern in (("p", _PERCENTILE), ("at", _PLACE)):
                match = pattern.fullmatch(name)
                if match and "@" in known.metric:
                    found.setdefault((match[1], kind), known)
        return found


def _asked(family: Known | None, argument: str) -> Known | None:
    if family is None:
        return None
    return replace(family, metric=f"{family.metric.partition('@')[0]}@{argument}")
