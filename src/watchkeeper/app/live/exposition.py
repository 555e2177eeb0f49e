"""The latest value of each model's metrics, for Prometheus."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from watchkeeper.app.live.clock import Clock
from watchkeeper.app.live.measured import Measured
from watchkeeper.app.live.overview import measure_overview
from watchkeeper.app.live.registry import Registry
from watchkeeper.app.live.spans import window_of
from watchkeeper.core.errors import NotFoundError
from watchkeeper.core.windows import Window
from watchkeeper.store.buckets import Buckets

WINDOW = "latest:24h"
"""What 'latest' means: the last day that holds records."""

KEPT_S = 30.0
"""Seconds for which the values of a model are not measured again."""

MAX_COLUMNS = 200
"""Columns whose drift is exported, the most drifted first; the rest are counted."""

_UNITS = {"ms": ("seconds", 1e-3), "s": ("seconds", 1.0)}
_UNIT = re.compile(r"_(ms|s)(?=_|$)")

Sample = tuple[str, str, dict[str, str], float]
"""Name, help, labels, value."""


class Exposition:
    """Writes the values of all models.

    Parameters
    ----------
    registry
        Knows the models.
    measured
        Gives the measured hours of a model.
    buckets
        Says which hours there are.
    clock
        Gives the time.
    """

    def __init__(
        self,
        registry: Registry,
        measured: Callable[[str], Measured],
        buckets: Buckets,
        clock: Clock,
    ) -> None:
        self._registry = registry
        self._measured = measured
        self._buckets = buckets
        self._clock = clock
        self._lock = threading.Lock()
        self._held: dict[str, tuple[datetime, list[Sample]]] = {}

    def text(self) -> str:
        """All values in the text format of Prometheus."""
        samples: list[Sample] = []
        with self._lock:
            names = self._registry.names()
            self._held = {name: held for name, held in self._held.items() if name in names}
            for name in names:
                samples += self._samples(name)
        return _written(samples)

    def _samples(self, model: str) -> list[Sample]:
        now = self._clock()
        held = self._held.get(model)
        if held is not None and (now - held[0]).total_seconds() < KEPT_S:
            return held[1]
        span = self._buckets.span(model)
        samples: list[Sample] = []
        if span is not None:
            window = window_of(WINDOW, now=now, held=Window(*span))
            try:
                document = measure_overview(self._measured(model), window=window, now=now)
            except NotFoundError:
                return []
            samples = list(_of_model(model, document, span[1]))
        self._held[model] = now, samples
        return samples


def _of_model(model: str, document: Mapping[str, Any], last: datetime) -> Iterator[Sample]:
    labels = {"model": model}
    help_ = "End of the last hour with records, seconds since 1970."
    yield "watchkeeper_last_event_timestamp_seconds", help_, labels, last.timestamp()
    for group in ("traffic", "labels", "outcomes"):
        for name, estimate in document[group].items():
            if estimate["value"] is not None:
                yield _sample(name, estimate["value"], labels)
    report = document["report"]
    if report is None:
        return
    for name, entry in ((report["performance"] or {}).get("metrics") or {}).items():
        if entry["value"] is not None:
            yield _sample(name, entry["value"], labels)
    yield from _of_columns(report["drift"], labels)
    for name, score in report["quality"]["scores"].items():
        if score and score["current"] is not None:
            yield _sample(f"quality_{name}", score["current"], labels)


def _of_columns(drift: Mapping[str, Any], labels: dict[str, str]) -> Iterator[Sample]:
    names = drift["ranking"]
    drifted = [n for n in names if drift["columns"][n]["verdict"] == "drifted"]
    help_ = "Columns whose distribution moved by more than the tolerance and more than luck."
    yield "watchkeeper_drifted_columns", help_, labels, float(len(drifted))
    for name in names[:MAX_COLUMNS]:
        column = drift["columns"][name]
        with_column = {**labels, "column": name}
        verdict = float(column["verdict"] == "drifted")
        yield "watchkeeper_column_drifted", "1 where the column drifted.", with_column, verdict
        for metric in ("psi", column["effect"]["metric"]):
            held = column["metrics"].get(metric or "")
            if held and held["value"] is not None:
                yield _sample(metric, held["value"], with_column)


def _sample(name: str, value: float, labels: dict[str, str]) -> Sample:
    """A metric in base units; what follows the `@` becomes a label."""
    base, _, of = name.partition("@")
    labels = dict(labels)
    if of.startswith("p") and of[1:].replace(".", "").isdigit():
        labels["quantile"] = f"{float(of[1:]) / 100:g}"
    elif of:
        labels["of"] = of
    unit = _UNIT.search(base)
    if unit is not None:
        word, factor = _UNITS[unit[1]]
        base, value = f"{base[: unit.start(1)]}{word}{base[unit.end(1) :]}", value * factor
    plain = re.sub(r"[^a-zA-Z0-9_]", "_", base)
    return f"watchkeeper_{plain}", f"Metric {base} of the last day with records.", labels, value


def _written(samples: Iterable[Sample]) -> str:
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.core import GaugeMetricFamily

    grouped: dict[str, list[Sample]] = {}
    for sample in samples:
        grouped.setdefault(sample[0], []).append(sample)

    class Collected:
        def collect(self) -> Iterator[GaugeMetricFamily]:
            for name, held in grouped.items():
                keys = sorted({key for _, _, labels, _ in held for key in labels})
                family = GaugeMetricFamily(name, held[0][1], labels=keys)
                for _, _, labels, value in held:
                    family.add_metric([labels.get(key, "") for key in keys], value)
                yield family

    registry = CollectorRegistry()
    registry.register(Collected())
    return generate_latest(registry).decode()
