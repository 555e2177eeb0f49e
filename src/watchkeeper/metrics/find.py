"""Any metric by the name under which reports show it, and what it is computed from."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from watchkeeper.core.envelope import ERROR_CLASSES
from watchkeeper.core.errors import InputError
from watchkeeper.core.estimate import Estimate
from watchkeeper.expressions.hints import suggest
from watchkeeper.metrics.base import Metric
from watchkeeper.metrics.business import OUTCOMES
from watchkeeper.metrics.drift import DRIFT
from watchkeeper.metrics.labels import LABELS
from watchkeeper.metrics.pairs import Pair, kind_of
from watchkeeper.metrics.performance import PERFORMANCE, metric_records
from watchkeeper.metrics.service import SERVICE
from watchkeeper.profiles.classification import Binary
from watchkeeper.profiles.label_traffic import LabelTraffic
from watchkeeper.profiles.outcome_traffic import OutcomeTraffic
from watchkeeper.profiles.performance import PerformanceLayout, PerformanceStatistic
from watchkeeper.profiles.traffic import Traffic

PartName = Literal["traffic", "labels", "outcomes", "performance", "column"]
_Argument = str | float | int | None

_SUFFIXES = {"_at_p": "p95", "_at_k": "5", "_by_class": "timeout", "_by_name": "NAME"}
"""How the name of a record ends that stands for many metrics, and what may follow their `@`."""

_TWO_SIDED = {"calibration_drift"}


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a metric of one window is computed from; what is not needed may be left out.

    Attributes
    ----------
    traffic, labels, outcomes
        What was counted of the window.
    layout, performance
        How labels were counted against predictions, and what was counted of the window.
    reference_performance
        The same of the reference, where `Found.reference` asks for it.
    groups
        The performance of each group of a sensitive column, where `Found.groups` asks for it.
    pair
        The reference's and the window's statistic of a column.
    seconds
        How long the window is.
    now
        The time of asking, in seconds since 1970.
    """

    traffic: Traffic | None = None
    labels: LabelTraffic | None = None
    outcomes: OutcomeTraffic | None = None
    layout: PerformanceLayout | None = None
    performance: PerformanceStatistic | None = None
    reference_performance: PerformanceStatistic | None = None
    groups: Mapping[str, PerformanceStatistic | None] | None = None
    pair: Pair | None = None
    seconds: float | None = None
    now: float | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A metric that was found by its name.

    Attributes
    ----------
    name
        As it was asked for.
    metric
        Its record.
    part
        Which of `Inputs` it needs: `performance` with its layout, `column` the pair.
    argument
        What stands behind the `@`, as the metric's function takes it; None where nothing does.
    """

    name: str
    metric: Metric
    part: PartName
    argument: _Argument = None

    @property
    def reference(self) -> bool:
        """Whether it compares with the reference, so that it needs that side too."""
        return self.part == "column" or self.metric.name in _TWO_SIDED

    @property
    def groups(self) -> bool:
        """Whether it needs the performance of each group of a column."""
        return self.metric.group == "fairness"

    def compute(self, inputs: Inputs) -> Estimate:
        """The metric of a window; None with a note where its part is absent or does not define it.

        Examples
        --------
        >>> find_metric("error_rate").compute(Inputs()).note
        'no traffic in this window'
        """
        return _COMPUTE[self.part](self, inputs)


def find_metric(name: str) -> Found:
    """The metric that reports show under a name.

    Parameters
    ----------
    name
        Such as `psi`, `f1`, `precision@5`, `latency_ms@p95` (any percentile),
        `error_rate@timeout` or `outcome_mean@revenue`.

    Raises
    ------
    InputError
        There is none, or what stands behind the `@` does not fit.

    Examples
    --------
    >>> found = find_metric("latency_ms@p99.9")
    >>> found.part, found.argument, found.metric.name
    ('traffic', 0.999, 'latency_ms_at_p')
    >>> find_metric("pis")
    Traceback (most recent call last):
    watchkeeper.core.errors.InputError: there is no metric 'pis'; did you mean 'psi'?
    """
    plain = _PLAIN.get(name)
    if plain is not None:
        return Found(name, *plain)
    base, separator, text = name.partition("@")
    family = _FAMILIES.get(base) or _FAMILIES.get(_stem(base))
    if family is None:
        known = {*_PLAIN, *metric_names()} if separator else {*_PLAIN, *_FAMILIES}
        hint = suggest(name, sorted(known))
        raise InputError(
            f"there is no metric {name!r}{hint or '; `watchkeeper metrics` lists all'}"
        )
    metric, part = family
    if not separator or base not in _FAMILIES:
        stem = _stem(metric.name)
        example = f"{stem}@{_SUFFIXES[metric.name.removeprefix(stem)]}"
        raise InputError(f"{name!r} stands for several metrics; write which one, as {example!r}")
    return Found(name, metric, part, _argument(metric, name, text))


def metric_names() -> list[str]:
    """Every name that can be asked for, those at `@` with what is usual there.

    Names of outcomes are left out: they depend on what a model reports.

    Examples
    --------
    >>> [name for name in metric_names() if name.startswith("latency_ms")][:2]
    ['latency_ms@p50', 'latency_ms@p75']
    """
    names: list[str] = []
    for metric, _ in _REGISTRY:
        stem = _stem(metric.name)
        if stem == metric.name:
            names.append(stem)
        elif metric.name.endswith("_at_p"):
            names += [f"{stem}@p{point * 100:g}" for point in metric.defaults["p"]]
        elif metric.name.endswith("_at_k"):
            names += [f"{stem}@{k}" for k in metric.defaults["k"]]
        elif metric.name.endswith("_by_class"):
            names += [f"{stem}@{kind}" for kind in ERROR_CLASSES]
    return names


def _stem(name: str) -> str:
    """The name of a record without the ending that says what may follow its `@`."""
    ending = next((suffix for suffix in _SUFFIXES if name.endswith(suffix)), "")
    return name.removesuffix(ending)


def _argument(metric: Metric, name: str, text: str) -> _Argument:
    """What stands behind the `@`, as the metric's function takes it."""
    ending = metric.name.removeprefix(_stem(metric.name))
    if ending == "_at_p":
        match = re.fullmatch(r"p(\d{1,2}(?:\.\d{1,6})?)", text)
        if match is None or not float(match[1]):
            raise InputError(
                f"{name!r} asks for no percentile; write p and a number between 0 and 100, "
                f"as '{name.partition('@')[0]}@p95'"
            )
        return round(float(match[1]) / 100, 10)
    if ending == "_at_k":
        if re.fullmatch(r"[1-9]\d{0,5}", text) is None:
            raise InputError(f"{name!r} asks for no place; write a whole number from 1 on")
        return int(text)
    if ending == "_by_class" and text not in ERROR_CLASSES:
        allowed = ", ".join(ERROR_CLASSES)
        hint = suggest(text, list(ERROR_CLASSES))
        raise InputError(f"{name!r} names no class of error; the classes are {allowed}{hint}")
    if not text:
        raise InputError(f"{name!r} names no outcome; write one behind the '@'")
    return text


def _of_traffic(found: Found, inputs: Inputs) -> Estimate:
    if inputs.traffic is None:
        return _absent("no traffic in this window")
    if found.metric.name == "throughput":
        return found.metric.function(inputs.traffic, inputs.seconds)
    if found.metric.name == "freshness_s":
        return found.metric.function(inputs.traffic, inputs.now)
    return _of_one(found, inputs.traffic)


def _of_labels(found: Found, inputs: Inputs) -> Estimate:
    if inputs.labels is None:
        return _absent("no predictions in this window")
    return _of_one(found, inputs.labels)


def _of_outcomes(found: Found, inputs: Inputs) -> Estimate:
    if inputs.outcomes is None:
        return _absent("no outcomes in this window")
    return _of_one(found, inputs.outcomes)


def _of_one(found: Found, part: Traffic | LabelTraffic | OutcomeTraffic) -> Estimate:
    if found.argument is None:
        return found.metric.function(part)
    return found.metric.function(part, found.argument)


def _of_column(found: Found, inputs: Inputs) -> Estimate:
    if inputs.pair is None:
        return _absent("the column has no rows on one of the two sides")
    kind = kind_of(inputs.pair)
    if kind not in found.metric.needs:
        wanted = " and ".join(found.metric.needs)
        return _absent(f"{found.name} is defined for {wanted} columns, this one is {kind}")
    return found.metric.function(inputs.pair)


def _of_performance(found: Found, inputs: Inputs) -> Estimate:
    layout, part = inputs.layout, inputs.performance
    if layout is None:
        return _absent("the model has no task with labels and predictions")
    if found.groups:
        return _of_groups(found, inputs)
    if part is None:
        return _absent("no predictions in this window")
    if found.metric.name in _TWO_SIDED:
        return _of_both(found, inputs, layout)
    if found.name not in metric_records(layout):
        return _absent(f"{found.name} is not counted for this model's task")
    further = () if found.argument is None else (found.argument,)
    return found.metric.function(layout, part, *further)


def _of_groups(found: Found, inputs: Inputs) -> Estimate:
    held = {name: part for name, part in (inputs.groups or {}).items() if isinstance(part, Binary)}
    if not held:
        return _absent(f"{found.name} needs groups of rows with two classes, there are none")
    return found.metric.function(held)


def _of_both(found: Found, inputs: Inputs, layout: PerformanceLayout) -> Estimate:
    if "ece" not in metric_records(layout):
        return _absent(f"{found.name} is not counted for this model's task")
    if inputs.reference_performance is None:
        return _absent("the reference has no labels and predictions")
    return found.metric.function(layout, inputs.reference_performance, inputs.performance)


def _absent(note: str) -> Estimate:
    return Estimate(None, note=note)


_COMPUTE: dict[PartName, Callable[[Found, Inputs], Estimate]] = {
    "traffic": _of_traffic,
    "labels": _of_labels,
    "outcomes": _of_outcomes,
    "performance": _of_performance,
    "column": _of_column,
}
_PARTS: tuple[tuple[PartName, tuple[Metric, ...]], ...] = (
    ("column", DRIFT),
    ("performance", PERFORMANCE),
    ("traffic", SERVICE),
    ("labels", LABELS),
    ("outcomes", OUTCOMES),
)
_REGISTRY = [(metric, part) for part, metrics in _PARTS for metric in metrics]
_PLAIN = {m.name: (m, part) for m, part in _REGISTRY if _stem(m.name) == m.name}
_FAMILIES = {_stem(m.name): (m, part) for m, part in _REGISTRY if _stem(m.name) != m.name}
