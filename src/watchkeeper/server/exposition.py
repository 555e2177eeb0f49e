"""`/metrics` for Prometheus: the server's own health, and the latest values of the models.

The text format and OpenMetrics, by the header `Accept`. A platform that does not answer takes its
own series away and leaves the rest: `watchkeeper_server_platform_up` says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fastapi import APIRouter, Depends, Request
from prometheus_client import CollectorRegistry, ProcessCollector, exposition
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector
from starlette.responses import Response

import watchkeeper
from watchkeeper.core.errors import WatchkeeperError
from watchkeeper.server.access import needs
from watchkeeper.server.services import Here, Services

MOST_MODELS = 200
"""Models whose records are counted one by one; further ones are counted together."""

OTHERS = "(others)"
_PREFIX = "watchkeeper_server_"
_RESULTS = {"accepted": "accepted", "rejected": "rejected", "duplicates": "duplicate"}

router = APIRouter(tags=["health"], dependencies=[Depends(needs("read"))])
_DOCUMENTED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Prometheus' text format, or OpenMetrics where `Accept` asks for it.",
        "content": {
            "text/plain": {"schema": {"type": "string"}},
            "application/openmetrics-text": {"schema": {"type": "string"}},
        },
    }
}


class _Held(Collector):
    """Metric families that stand already."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = tuple(families)

    def collect(self) -> Iterator[Metric]:
        """Give them."""
        return iter(self._families)


@router.get("/metrics", response_class=Response, responses=_DOCUMENTED)
async def show_metrics(here: Here, request: Request) -> Response:
    """Give the server's own health and the latest value of each model's metrics."""
    status, models = await _from_platform(here)
    families = [*server_families(here, status), *model_families(models)]
    return _written(request, _registry_of(here, families))


@router.get("/metrics/models", response_class=Response, responses=_DOCUMENTED)
async def show_model_metrics(here: Here, request: Request) -> Response:
    """Give the latest value of each model's metrics alone."""
    text = await here.health.ask(here.platform.model_metrics)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Held(model_families(text)))
    return _written(request, registry)


async def _from_platform(here: Services) -> tuple[Mapping[str, Any] | None, str]:
    try:
        status = await here.health.ask(here.platform.status)
        return status, await here.health.ask(here.platform.model_metrics)
    except WatchkeeperError:
        return None, ""


def _registry_of(here: Services, families: Iterable[Metric]) -> CollectorRegistry:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Held(here.meters.registry.collect()))
    registry.register(_Held(families))
    ProcessCollector(namespace="watchkeeper_server", registry=registry)
    return registry


def _written(request: Request, registry: CollectorRegistry) -> Response:
    if "application/openmetrics-text" in request.headers.get("accept", ""):
        return Response(
            openmetrics.generate_latest(registry),  # type: ignore[no-untyped-call]  # it has no types
            headers={"Content-Type": OPENMETRICS},
        )
    return Response(exposition.generate_latest(registry), headers={"Content-Type": PLAIN})


PLAIN = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def model_families(text: str) -> list[Metric]:
    """The metrics of the models, from the platform's text."""
    return list(text_string_to_metric_families(text))


def server_families(here: Services, status: Mapping[str, Any] | None) -> Iterator[Metric]:
    """The server's own series that are not counted request by request."""
    yield InfoMetricFamily(
        f"{_PREFIX}build", "Which Watchkeeper this is.", {"version": watchkeeper.__version__}
    )
    yield _gauge(
        "platform_up", "Whether the stores answered this scrape.", float(status is not None)
    )
    yield _gauge("body_bytes_in_flight", "Bytes of bodies in memory.", here.budget.used)
    if here.worker is not None:
        state = here.worker.status()
        yield _gauge("worker_up", "Whether the background worker runs.", float(state["alive"]))
        restarts = CounterMetricFamily(
            f"{_PREFIX}worker_restarts", "How often the worker was started again."
        )
        restarts.add_metric([], state["restarts"])
        yield restarts
    if status is not None:
        yield records_family(status.get("accounting", ()))
        yield from _stores(status)
        if sink := status.get("sink"):
            yield from _sink(sink)


def _stores(status: Mapping[str, Any]) -> Iterator[Metric]:
    journal, disk, worker = (status.get(part) or {} for part in ("journal", "disk", "worker"))
    known = (
        ("journal_entries", "Entries acknowledged and not yet in the tables.", journal, "entries"),
        ("journal_bytes", "Bytes acknowledged and not yet in the tables.", journal, "bytes"),
        ("journal_oldest_age_seconds", "Age of the oldest of these.", journal, "oldest_age_s"),
        ("disk_free_bytes", "Free bytes where the data lie.", disk, "free_bytes"),
        ("disk_size_bytes", "Size of that disk in bytes.", disk, "total_bytes"),
        ("worker_last_step_age_seconds", "Time since the worker's last step.", worker,
         "last_step_age_s"),
    )  # fmt: skip
    for name, text, part, key in known:
        if name == "journal_oldest_age_seconds":
            yield _gauge(name, text, part.get(key) or 0.0)
        elif part.get(key) is not None:
            yield _gauge(name, text, part[key])


def _sink(sink: Mapping[str, Any]) -> Iterator[Metric]:
    """How ClickHouse does; without the age where it has not caught up since the worker started."""
    yield _gauge("clickhouse_failing", "Tables whose rows do not get there.", len(sink["failing"]))
    yield _gauge("clickhouse_behind_commits", "Commits that are not there yet.", sink["behind"])
    if sink["behind_s"] is not None:
        text = "Time since all that the tables had was there."
        yield _gauge("clickhouse_behind_seconds", text, sink["behind_s"])
    rows = CounterMetricFamily(f"{_PREFIX}clickhouse_rows", "Rows sent since the worker started.")
    rows.add_metric([], sink["rows"])
    yield rows


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"{_PREFIX}{name}", text, value)


def records_family(accounts: Iterable[Mapping[str, Any]]) -> Metric:
    """Records by model, signal and result; models beyond the limit are counted together.

    The models counted one by one are the first in the order of the accounting, which only grows
    at its end, so that no counter ever falls.

    >>> account = {"model": "m", "signal": "labels", "accepted": 2, "rejected": 1, "duplicates": 0}
    >>> [sample.value for sample in records_family([account]).samples]
    [2, 1, 0]
    """
    family = CounterMetricFamily(
        f"{_PREFIX}records",
        "Records that came in, since the beginning.",
        labels=("model", "signal", "result"),
    )
    shown: set[str] = set()
    counts: dict[tuple[str, str, str], float] = {}
    for account in accounts:
        model = str(account["model"])
        if model not in shown and len(shown) >= MOST_MODELS:
            model = OTHERS
        else:
            shown.add(model)
        for key, result in _RESULTS.items():
            place = (model, str(account["signal"]), result)
            counts[place] = counts.get(place, 0) + account.get(key, 0)
    for place, count in counts.items():
        family.add_metric(place, count)
    return family
