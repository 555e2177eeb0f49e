"""The web application in a real browser, on a real server with the demo's flights."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.browser.conftest import DESK, PHONE, Visit
from tests.browser.flights import Site

# One worker runs them all: the server with its data takes a minute to make.
pytestmark = [pytest.mark.newest, pytest.mark.xdist_group("app")]

MODEL = "/models/late-flights"
PAGES = (
    "/", MODEL, f"{MODEL}/performance", f"{MODEL}/drift", f"{MODEL}/features/temp",
    f"{MODEL}/predictions", f"{MODEL}/quality", f"{MODEL}/service", f"{MODEL}/segments",
    f"{MODEL}/compare", f"{MODEL}/rows", f"{MODEL}/settings", "/alerts", "/alerts/history",
    "/silences", "/silences/new", "/monitors", "/monitors/new", "/incidents", "/runbooks",
    "/oncall", "/dashboards", "/dashboards/operations", "/dashboards/model-performance",
    "/dashboards/data-quality", "/dashboards/new", "/settings", "/settings/storage",
    "/settings/channels", "/settings/keys", "/settings/users", "/settings/access",
    "/dashboards/operations/edit", "/runbooks/drift", "/monitors?rule=NoPredictions",
)  # fmt: skip
DETAILS = ("/alerts?fingerprint={alert}", "/incidents/{incident}", "/runs/{run}")
"""Pages of what happens on the server."""


@cache
def axe() -> str:
    """The source of axe-core, as npm has installed it for the pages."""
    path = Path(__file__).parents[2] / "ui" / "node_modules" / "axe-core" / "axe.min.js"
    if not path.is_file():
        pytest.skip("axe-core is not installed (npm ci in ui/)")
    return path.read_text(encoding="utf-8")


def inaccessible(page: Any) -> list[str]:
    """What breaks WCAG 2.2 AA on a page, as far as a program can see."""
    page.evaluate(axe())
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    # Cells of a heat map are as narrow as time is long; their table is one press away.
    found = page.evaluate("tags => axe.run({exclude: '.heat-cells'}, {runOnly: tags})", tags)
    return [
        f"{one['id']}: {node['target']} {node['failureSummary'].splitlines()[-1].strip()}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


@pytest.fixture(scope="module")
def happened(site: Site) -> dict[str, Any]:
    """What the rule has brought about: an alert, its incident, and a step that was tried for it."""
    with httpx.Client(base_url=site.url, timeout=60) as client:
        end = time.monotonic() + 150
        while not (incidents := client.get("/v1/incidents").json()["incidents"]):
            assert time.monotonic() < end, "the rule has opened no incident"
            time.sleep(0.5)
        number = incidents[-1]["number"]
        step = {"runbook": "drift", "step": "tell-the-source", "incident": number, "dry_run": True}
        run = client.post("/v1/runs", json=step).raise_for_status().json()
        alert = client.get("/v1/alerts").json()["alerts"][0]
    return {"alert": alert["fingerprint"], "incident": number, "run": run["number"]}


@pytest.mark.parametrize("path", [*PAGES, *DETAILS])
@pytest.mark.parametrize("options", [DESK, PHONE], ids=["desk-light", "phone-dark"])
def test_every_page_opens(
    request: pytest.FixtureRequest, visit: Visit, site: Site, path: str, options: dict[str, Any]
) -> None:
    """No fault, no sideways scrolling, nothing from elsewhere, and everybody can use it."""
    if path in DETAILS:
        path = path.format(**request.getfixturevalue("happened"))
    opened = visit(path, **options)
    assert opened.problems == []
    assert {urlsplit(url).netloc for url in opened.requests if url.startswith("http")} == {
        urlsplit(site.url).netloc
    }
    assert opened.page.locator("[role=alert]").all_inner_texts() == []
    width = opened.page.evaluate("document.documentElement.scrollWidth")
    assert width <= options["viewport"]["width"]
    assert inaccessible(opened.page) == []
