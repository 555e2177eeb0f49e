"""A headless Chromium, and pages made from documents; without Chromium these tests are skipped."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests import page_documents
from tests.browser.flights import Site, flights_site
from watchkeeper.reports.html import render_html

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
DESK: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
PHONE: dict[str, Any] = {"viewport": {"width": 400, "height": 800}, "color_scheme": "dark"}
Visit = Callable[..., "Opened"]
"""Opens a path of a server, with options of a browser's context."""


@dataclass
class Opened:
    """A page, and what went wrong or out while it was open."""

    page: Any
    problems: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    waiting: set[Any] = field(default_factory=set)
    """Requests that have no answer yet."""


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where Chromium is; nothing is made for it to look at where it is not."""
    pytest.importorskip(
        "playwright.sync_api",
        reason="the package playwright is not installed (pip install playwright)",
    )
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("no Chromium on the path (apt-get install chromium), nor named by CHROMIUM")
    return path


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Any]:
    """One browser for the tests of a module: while it is open no other test can run a loop."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=30_000)
    with sync_playwright() as started:
        opened = started.chromium.launch(executable_path=chromium, args=FLAGS)
        yield opened
        opened.close()


def watched(page: Any) -> Opened:
    """A page, and all that goes wrong in it or leaves it from now on."""
    opened = Opened(page)
    page.on("pageerror", lambda error: opened.problems.append(str(error)))
    page.on(
        "console",
        lambda line: line.type in {"error", "warning"} and opened.problems.append(line.text),
    )
    page.on("request", lambda request: opened.requests.append(request.url))
    # Playwright takes no method of a built-in type, such as that of a set, for a listener.
    page.on("request", lambda request: opened.waiting.add(request))  # noqa: PLW0108
    for end in ("requestfinished", "requestfailed"):
        page.on(end, lambda request: opened.waiting.discard(request))  # noqa: PLW0108
    return opened


@contextmanager
def visiting(browser: Any, url: str) -> Iterator[Visit]:
    """Opens pages of a server, each as somebody else would, and waits until they have all."""
    contexts = []

    def open_page(path: str, **options: Any) -> Opened:
        context = browser.new_context(**{**DESK, **options})
        context.set_default_timeout(60_000)
        contexts.append(context)
        opened = watched(context.new_page())
        opened.page.goto(f"{url}{path}")
        settle(opened)
        return opened

    try:
        yield open_page
    finally:
        for context in contexts:
            context.close()


def settle(opened: Opened) -> None:
    """Wait until the page says that it has loaded all."""
    page = opened.page
    page.wait_for_selector("main")
    end, quiet = time.monotonic() + 60, 0
    # Shorter than Playwright's "networkidle", which says nothing of a page that loads no document.
    while quiet < 4:
        assert time.monotonic() < end, (page.url, opened.waiting)
        page.wait_for_timeout(40)
        is_quiet = not opened.waiting and page.locator(".skeleton").count() == 0
        quiet = quiet + 1 if is_quiet else 0


@pytest.fixture(scope="session")
def site(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The server with the flights, for all modules; only where there is a browser to look at it."""
    del chromium
    with flights_site(tmp_path_factory.mktemp("site")) as made:
        yield made


@pytest.fixture
def visit(browser: Any, site: Site) -> Iterator[Visit]:
    """Open a page of the server with the flights."""
    with visiting(browser, site.url) as open_page:
        yield open_page


@pytest.fixture(scope="session")
def documents() -> Any:
    """The documents that pages are made from."""
    return page_documents


@pytest.fixture
def show(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    """Write a document's page and open it from its file."""
    contexts = []

    def open_page(document: dict[str, Any] | str, fragment: str = "", **options: Any) -> Opened:
        text = document if isinstance(document, str) else render_html(document)
        file = tmp_path / "report.html"
        file.write_text(text, encoding="utf-8")
        # No network at all: whatever the page needs must be in the file.
        context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
        contexts.append(context)
        opened = watched(context.new_page())
        opened.page.goto(file.as_uri() + fragment)
        return opened

    yield open_page
    for context in contexts:
        context.close()
