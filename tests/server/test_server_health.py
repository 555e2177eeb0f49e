"""Health and metrics: true when all is well, and still there when nothing else is."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as parse_plain

import watchkeeper
from tests.server.conftest import serving
from tests.server.fake_platform import METRICS, MODEL, FakePlatform
from watchkeeper.core.errors import UnavailableError
from watchkeeper.server.exposition import MOST_MODELS, OTHERS, records_family

Ask = Callable[..., httpx.Response]
OPENMETRICS = {"Accept": "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"}


class FakeWorker:
    """A worker as a test says it is."""

    def __init__(self, *, alive: bool) -> None:
        self.alive = alive

    def status(self) -> dict[str, Any]:
        """Its state."""
        return {"alive": self.alive, "pid": 7 if self.alive else None, "restarts": 3}


def samples(text: str, parse: Any = parse_plain) -> dict[tuple[str, tuple[str, ...]], float]:
    """Values by name and the values of the labels, in the order of their names."""
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in parse(text)
        for sample in family.samples
    }


def test_health_says_the_version(served: httpx.Client) -> None:
    """And answers to HEAD too, as some probes ask."""
    assert served.get("/healthz").json() == {"status": "up", "version": watchkeeper.__version__}
    head = served.head("/healthz")
    assert (head.status_code, head.content) == (200, b"")
    assert served.head("/readyz").status_code == 200


def test_readiness_names_the_problems(served: httpx.Client, platform: FakePlatform) -> None:
    """503 with what is wrong, and 200 again when it is over."""
    assert served.get("/readyz").json() == {"status": "ready", "problems": []}
    platform.trouble = ["the disk is full"]
    answer = served.get("/readyz")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json() == {"status": "not ready", "problems": ["the disk is full"]}
    platform.trouble = []
    assert served.get("/readyz").status_code == 200


def test_stores_that_hang_or_fail_are_a_problem(
    serve: Callable[..., str], own: FakePlatform
) -> None:
    """Readiness says so within its own patience; metrics give what they have."""
    release = threading.Event()
    own.on_status = lambda: release.wait(20) and None
    url = serve(own, question_s=0.2)
    ready = httpx.get(f"{url}/readyz")
    metrics = samples(httpx.get(f"{url}/metrics").text)
    assert httpx.get(f"{url}/healthz").status_code == 200
    assert httpx.get(f"{url}/v1/status").status_code in {429, 503}
    release.set()
    assert ready.status_code == 503
    assert "do not answer" in ready.json()["problems"][0]
    assert metrics["watchkeeper_server_platform_up", ()] == 0.0
    assert metrics["watchkeeper_server_requests_total", ("GET", "/readyz", "503")] == 1.0

    def fail() -> None:
        raise UnavailableError("locked")

    own.on_status = fail
    assert "locked" in httpx.get(f"{url}/readyz").json()["problems"][0]


@pytest.mark.parametrize("alive", [True, False])
def test_a_worker_that_is_away_is_a_problem(own: FakePlatform, alive: bool) -> None:
    """Records would be kept but not measured: people must see that."""
    with serving(own, worker=FakeWorker(alive=alive)) as (url, _):
        ready = httpx.get(f"{url}/readyz")
        status = httpx.get(f"{url}/v1/status").json()
        found = samples(httpx.get(f"{url}/metrics").text)
    assert (ready.status_code == 200) is alive
    assert (not status["problems"]) is alive
    assert status["server"]["worker"]["restarts"] == 3
    assert found["watchkeeper_server_worker_up", ()] == float(alive)
    assert found["watchkeeper_server_worker_restarts_total", ()] == 3.0


@pytest.mark.parametrize(
    ("headers", "parse", "type_"),
    [({}, parse_plain, "text/plain; version=0.0.4"),
     (OPENMETRICS, parse_openmetrics, "application/openmetrics-text; version=1.0.0")],
    ids=["text", "OpenMetrics"],
)  # fmt: skip
def test_metrics_tell_of_requests_records_stores_and_models(
    served: httpx.Client, headers: dict[str, str], parse: Any, type_: str
) -> None:
    """Both formats are valid, and hold the same."""
    served.get(f"/v1/models/{MODEL}")
    served.get("/v1/models/nobody/at/all")
    served.post("/v1/labels", content=b"{}")
    answer = served.get("/metrics", headers=headers)
    assert answer.headers["content-type"].startswith(type_)
    found = samples(answer.text, parse)
    requests = "watchkeeper_server_requests_total"
    assert found[requests, ("GET", "/v1/models/{model}", "200")] >= 1
    assert found[requests, ("GET", "other", "404")] >= 1
    assert found[requests, ("POST", "/v1/labels", "200")] >= 1
    assert found["watchkeeper_server_request_seconds_count", ("/v1/labels",)] >= 1
    assert found["watchkeeper_server_records_total", (MODEL, "rejected", "labels")] == 3
    assert found["watchkeeper_server_journal_entries", ()] == 4
    assert found["watchkeeper_server_journal_bytes", ()] == 900
    assert found["watchkeeper_server_journal_oldest_age_seconds", ()] == 1.5
    assert found["watchkeeper_server_disk_free_bytes", ()] == 5_000_000
    assert found["watchkeeper_server_worker_last_step_age_seconds", ()] == 0.4
    assert found["watchkeeper_server_build_info", (watchkeeper.__version__,)] == 1
    assert found["watchkeeper_server_platform_up", ()] == 1
    assert found["watchkeeper_server_process_resident_memory_bytes", ()] > 1e6
    assert found["watchkeeper_psi", ("a",)] == 0.2


def test_metrics_of_models_stand_alone(served: httpx.Client) -> None:
    """For rules that need nothing else; in both formats."""
    assert samples(served.get("/metrics/models").text) == samples(METRICS)
    text = served.get("/metrics/models", headers=OPENMETRICS).text
    assert samples(text, parse_openmetrics) == samples(METRICS)


def test_counts_of_records_are_bounded() -> None:
    """Many models become one series beyond the limit, and no record is left out."""
    accounts = [
        {"model": f"m{i}", "signal": "labels", "accepted": 1, "rejected": 0, "duplicates": 2}
        for i in range(MOST_MODELS + 50)
    ]
    found = records_family(accounts).samples
    assert len({sample.labels["model"] for sample in found}) == MOST_MODELS + 1
    others = {s.labels["result"]: s.value for s in found if s.labels["model"] == OTHERS}
    assert others == {"accepted": 50, "rejected": 0, "duplicate": 100}
    assert sum(sample.value for sample in found) == 3 * len(accounts)


def test_labels_of_requests_are_bounded(served: httpx.Client) -> None:
    """No path and no invented method becomes a label."""
    for i in range(20):
        served.request(f"FOO{i}", f"/v1/models/m{i}/nothing")
        served.get(f"/v1/models/unknown-{i}")
    found = served.get("/metrics").text
    assert "FOO" not in found
    assert "unknown-" not in found
    assert 'route="other"' in found
