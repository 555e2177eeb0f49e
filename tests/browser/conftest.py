"""A headless Chromium, and pages made from documents; without Chromium these tests are skipped."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests import page_documents
from watchkeeper.reports.html import render_html

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


@dataclass
class Opened:
    """A page, and what went wrong or out while it was open."""

    page: Any
    problems: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One browser for the tests of a module: while it is open no other test can run a loop."""
    playwright = pytest.importorskip(
        "playwright.sync_api",
        reason="the package playwright is not installed (pip install playwright)",
    )
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("no Chromium on the path (apt-get install chromium), nor named by CHROMIUM")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=path, args=FLAGS)
        yield opened
        opened.close()


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
        opened = Opened(context.new_page())
        opened.page.on("pageerror", lambda error: opened.problems.append(str(error)))
        opened.page.on(
            "console",
            lambda line: line.type in {"error", "warning"} and opened.problems.append(line.text),
        )
        opened.page.on("request", lambda request: opened.requests.append(request.url))
        opened.page.goto(file.as_uri() + fragment)
        return opened

    yield open_page
    for context in contexts:
        context.close()
