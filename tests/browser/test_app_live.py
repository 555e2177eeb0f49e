"""What moves by itself, what a link holds, and what the keyboard reaches."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import httpx
import pytest

from tests.browser.conftest import Opened, Visit, settle, visiting
from tests.browser.flights import serving
from tests.browser.test_app_flows import JUNE, MODEL, expect, finding

pytestmark = [pytest.mark.newest, pytest.mark.xdist_group("app")]

SOON = 10_000
"""New data are seen within ten seconds, and no page is loaded anew for that."""
NEW_YORK = ZoneInfo("America/New_York")


@dataclass
class Server:
    """A server that goes away and comes back at the same address."""

    folder: Path
    port: int
    running: ExitStack = field(default_factory=ExitStack)
    sent: int = 0

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it; it has its data from before."""
        self.running.enter_context(serving(self.folder, self.port))

    def stop(self) -> None:
        """Stop it."""
        self.running.close()

    def predict(self, times: int) -> None:
        """Send predictions of now."""
        body = {"model": "fares", "version": "1", "features": {"miles": 3.5}, "prediction": "low"}
        for _ in range(times):
            httpx.post(f"{self.url}/v1/predictions", json=body, timeout=30).raise_for_status()
        self.sent += times

    def settle(self) -> None:
        """Wait until all that was sent is measured."""
        end = time.monotonic() + 60
        while True:
            models = httpx.get(f"{self.url}/v1/models", timeout=30).json()["models"]
            if sum(model["rows"] for model in models) >= self.sent:
                return
            assert time.monotonic() < end, (models, self.sent)
            time.sleep(0.1)


@pytest.fixture(scope="module")
def small(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with nothing on it, at a port that stays its own."""
    del chromium
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Server(tmp_path_factory.mktemp("small"), port)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def look(browser: Any, small: Server) -> Iterator[Visit]:
    """Open a page of the small server."""
    with visiting(browser, small.url) as open_page:
        yield open_page


def mark(opened: Opened) -> None:
    """Leave something in the page that a reload would take away."""
    opened.page.evaluate("window.stayed = true")


def stayed(opened: Opened) -> bool:
    """Whether the page is the one that was marked."""
    return bool(opened.page.evaluate("window.stayed === true"))


def test_the_first_prediction_is_seen_by_itself(look: Visit, small: Server) -> None:
    """First steps turn into the first row, and that goes on counting."""
    opened = look("/")
    page = opened.page
    expect(finding(opened)).to_have_text("Nothing has been predicted yet.")
    mark(opened)
    small.predict(1)
    row = page.get_by_role("row", name=re.compile("^fares"))
    expect(row).to_be_visible(timeout=SOON)
    expect(row.get_by_role("cell").nth(3)).to_have_text("1", timeout=SOON)
    small.predict(2)
    expect(row.get_by_role("cell").nth(3)).to_have_text("3", timeout=SOON)
    assert stayed(opened)
    assert opened.problems == []


def test_a_model_page_follows_what_comes(look: Visit, small: Server) -> None:
    """The number of predictions rises while the page is open."""
    small.predict(1)
    small.settle()
    opened = look("/models/fares/service")
    page = opened.page
    told = re.compile(r"(\d+) predictions?")
    expect(finding(opened)).to_have_text(told)
    before = int(told.search(finding(opened).inner_text()).group(1))  # type: ignore[union-attr]
    mark(opened)
    small.predict(3)
    expect(finding(opened)).to_contain_text(f"{before + 3} predictions", timeout=SOON)
    assert stayed(opened)
    assert page.locator("[role=alert]").all_inner_texts() == []
    assert opened.problems == []


def test_a_server_that_goes_away_is_told_and_comes_back(look: Visit, small: Server) -> None:
    """What was shown stays, it is said that it is old, and it goes on by itself."""
    small.predict(1)
    opened = look("/")
    page = opened.page
    row = page.get_by_role("row", name=re.compile("^fares"))
    expect(row).to_be_visible()
    before = int(row.get_by_role("cell").nth(3).inner_text())
    mark(opened)
    small.stop()
    away = page.get_by_role("alert")
    expect(away).to_contain_text("The server does not answer.", timeout=20_000)
    expect(row).to_be_visible()
    small.start()
    expect(away).to_have_count(0, timeout=20_000)
    small.predict(1)
    expect(row.get_by_role("cell").nth(3)).to_have_text(str(before + 1))
    assert stayed(opened)


def test_a_page_that_was_opened_without_a_server_recovers(look: Visit, small: Server) -> None:
    """A part of a model that is opened while the server is away comes when it is back."""
    small.predict(1)
    opened = look("/")
    page = opened.page
    small.stop()
    try:
        page.get_by_role("link", name="fares").click()
        expect(page.get_by_role("alert").first).to_contain_text("does not answer", timeout=20_000)
    finally:
        small.start()
    expect(page.get_by_role("link", name="Overview")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("alert")).to_have_count(0, timeout=20_000)


LINKS = (
    f"{MODEL}?{JUNE}",
    f"{MODEL}/performance?{JUNE}&segment=origin:LGA&step=7d&at=2013-06-08T00:00:00Z..2013-06-15T00:00:00Z",
    f"{MODEL}/drift?{JUNE}&q=wind&sort.drift=column.asc",
    f"{MODEL}/compare?{JUNE}",
    f"{MODEL}/rows?{JUNE}&where=temp > 90&order=oldest&zone=local",
    "/dashboards/model-performance?window=latest:90d",
)


@pytest.mark.parametrize("path", LINKS)
def test_a_link_shows_a_colleague_the_same(visit: Visit, path: str) -> None:
    """All of a page's state is in its address."""
    mine = visit(path)
    address = urlsplit(mine.page.url)
    theirs = visit(f"{address.path}?{address.query}")
    # Counts of what fires arrive by themselves, at the one page before the other.
    end = time.monotonic() + SOON / 1000
    while True:
        words = [one.page.locator("body").inner_text() for one in (mine, theirs)]
        if words[0] == words[1] or time.monotonic() > end:
            break
        time.sleep(0.2)
    assert words[0] == words[1]
    assert len(words[0]) > 300
    chosen = [
        one.page.locator("main select, header select").evaluate_all(
            "fields => fields.map((field) => field.value)"
        )
        for one in (mine, theirs)
    ]
    assert chosen[0] == chosen[1]


def test_the_comparison_and_the_segment_stay_from_part_to_part(visit: Visit) -> None:
    """What is chosen above holds for all parts, by its links; the button back goes through them."""
    opened = visit(f"{MODEL}/performance?{JUNE}")
    page = opened.page
    page.get_by_label("Segment").select_option("origin:JFK")
    expect(page).to_have_url(re.compile("segment=origin%3AJFK"))
    settle(opened)
    for part in ("Predictions", "Data quality", "Rows"):
        page.get_by_role("navigation", name="Parts of the model").get_by_role(
            "link", name=part
        ).click()
        expect(page.get_by_label("Segment")).to_have_value("origin:JFK")
        expect(page.locator(".range > button").last).to_contain_text("1 Jun 2013")
    for part in ("quality", "predictions", "performance"):
        page.go_back()
        expect(page).to_have_url(re.compile(f"{MODEL}/{part}"))
        expect(page.get_by_label("Segment")).to_have_value("origin:JFK")
    assert opened.problems == []


def in_zone(text: str, zone: ZoneInfo) -> str:
    """A time that a page says in UTC as it says it elsewhere."""
    at = datetime.strptime(text, "%d %b %Y, %H:%M").replace(tzinfo=UTC).astimezone(zone)
    return f"{at.day} {at:%b %Y, %H:%M}"


def test_the_zone_changes_every_time(visit: Visit) -> None:
    """Rows, the range and the axis: all in the zone that is chosen, and back."""
    opened = visit(
        f"{MODEL}/rows?from=2013-06-03T00:00:00Z&to=2013-06-04T00:00:00Z",
        timezone_id="America/New_York",
    )
    page = opened.page
    times = page.get_by_role("table", name="Predictions").locator("tbody td:first-child")
    expect(times.first).to_contain_text("3 Jun 2013")
    before = times.all_inner_texts()
    page.get_by_role("button", name=re.compile("Times are in UTC")).click()
    expect(page.locator(".range > button").last).to_contain_text("America/New_York")
    expect(page.locator(".range > button").last).to_contain_text("2 Jun 2013, 20:00")
    expect(times.first).to_have_text(in_zone(before[0], NEW_YORK))
    assert times.all_inner_texts() == [in_zone(text, NEW_YORK) for text in before]

    page.get_by_role("link", name="Performance", exact=True).click()
    figure = page.locator("figure").filter(
        has=page.get_by_role("heading", name="Accuracy", exact=True)
    )
    figure.get_by_role("button", name="Show table").click()
    first = figure.locator("tbody td").first
    expect(first).to_contain_text("2 Jun 2013, 20:00")
    page.get_by_role("link", name="Alerts").first.click()
    page.get_by_role("link", name="NoPredictions").click()
    expect(page.locator(".facts").first).to_contain_text("America/New_York")
    page.get_by_role("button", name=re.compile("Times are in America")).click()
    expect(page.locator(".facts").first).to_contain_text("UTC")
    assert opened.problems == []


def test_letters_go_where_they_say(visit: Visit) -> None:
    """`?` tells the letters, and each that it tells goes there; Escape closes."""
    opened = visit("/")
    page = opened.page
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog).to_be_visible()
    told = dialog.locator("dl").inner_text()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    letters = re.findall(r"g\s+(\w)\s+go to", told)
    assert len(letters) == 8
    found = set()
    for letter in letters:
        page.keyboard.press("g")
        page.keyboard.press(letter)
        expect(page.locator(".nav [aria-current]")).to_have_count(1)
        page.wait_for_load_state("networkidle")
        found.add(page.url)
    assert len(found) == 8
    page.keyboard.press("g")
    page.keyboard.press("a")
    expect(page.get_by_role("searchbox")).to_be_visible()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("gm")
    expect(page).to_have_url(re.compile(r"/alerts\?q=gm$"))


@pytest.mark.parametrize(
    ("path", "reached"),
    [
        ("/", "late-flights"),
        (f"{MODEL}/performance?{JUNE}", "Watch ROC AUC"),
        ("/alerts", "NoPredictions"),
        ("/monitors", "New monitor"),
        ("/incidents", "Open an incident"),
        ("/dashboards/operations", "Share"),
    ],
)
def test_the_tabulator_reaches_what_one_comes_for(visit: Visit, path: str, reached: str) -> None:
    """In order, with an outline wherever it stands."""
    opened = visit(path)
    page = opened.page
    names = []
    for _ in range(60):
        page.keyboard.press("Tab")
        name, outline, shadow = page.evaluate(
            """() => {
              const at = document.activeElement, style = getComputedStyle(at);
              return [at.getAttribute('aria-label') || at.textContent.trim(),
                      style.outlineStyle, style.boxShadow];
            }"""
        )
        assert outline != "none" or shadow != "none", name
        names.append(name)
        if name == reached:
            return
    pytest.fail(f"{reached} is not among {names}")
