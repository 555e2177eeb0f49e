"""A dashboard of one's own: made, arranged, shared, taken out of the page, removed and put back."""

from __future__ import annotations

import csv
import io
import json
import re
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.browser.conftest import Opened, Visit, settle
from tests.browser.flights import Site
from tests.browser.test_app_flows import JUNE, expect

pytestmark = [pytest.mark.newest, pytest.mark.xdist_group("app")]

NUMBERS = ["accuracy", "prediction_count"]
BOARD: dict[str, Any] = {
    "title": "June at a glance",
    "panels": [
        {"kind": "lines", "title": "Recall", "size": "half", "metrics": ["recall"]},
        {"kind": "numbers", "title": "Numbers", "size": "half", "metrics": NUMBERS},
    ],
}


@pytest.fixture
def board(site: Site) -> Iterator[str]:
    """A dashboard that is kept; its address."""
    address = f"{site.url}/v1/dashboards/june-at-a-glance"
    httpx.put(address, json=BOARD, timeout=30).raise_for_status()
    yield address
    httpx.delete(address, timeout=30)


def titles(opened: Opened) -> list[str]:
    """The panels, in their order."""
    found: list[str] = opened.page.locator(".board .panel h2").all_inner_texts()
    return found


def add_panel(opened: Opened, title: str, metric: str) -> None:
    """Add a panel by its form."""
    page = opened.page
    page.get_by_role("button", name="Add a panel", exact=True).click()
    form = page.get_by_role("dialog", name="Add a panel")
    form.get_by_label("Title").fill(title)
    form.get_by_role("button", name="Add the panel").click()
    expect(form.get_by_role("alert")).to_have_text("Choose at least one metric.")
    form.get_by_label("Metrics", exact=True).first.fill(metric)
    page.get_by_role("option", name=metric, exact=True).click()
    page.keyboard.press("Escape")
    form.get_by_role("button", name="Add the panel").click()
    expect(form).to_have_count(0)


def test_a_dashboard_is_made_and_arranged(visit: Visit, site: Site) -> None:
    """Panels by the form, in the order that one gives them, kept under an address of their own."""
    opened = visit("/dashboards")
    page = opened.page
    page.get_by_role("link", name="Make a dashboard").click()
    save = page.get_by_role("button", name="Save the dashboard")
    expect(save).to_be_disabled()
    page.get_by_label("Title", exact=True).fill("Flights of mine")
    add_panel(opened, "How right", "accuracy")
    add_panel(opened, "How many", "prediction_count")
    assert titles(opened) == ["How right", "How many"]
    page.get_by_role("button", name="Forward: How many").click()
    assert titles(opened) == ["How many", "How right"]
    page.get_by_label("Width of How many").select_option("full")
    save.click()
    expect(page).to_have_url(re.compile(r"/dashboards/flights-of-mine$"))
    expect(page.locator(".board .panel h2")).to_have_text(["How many", "How right"])
    kept = httpx.get(f"{site.url}/v1/dashboards/flights-of-mine", timeout=30).json()
    assert [(one["title"], one["size"]) for one in kept["panels"]] == [
        ("How many", "full"), ("How right", "half"),
    ]  # fmt: skip
    theirs = visit(f"/dashboards/flights-of-mine?{JUNE}")
    expect(theirs.page.locator(".board .panel h2")).to_have_text(["How many", "How right"])
    expect(theirs.page.locator(".range > button").last).to_contain_text("1 Jun 2013")

    page.get_by_role("link", name="Change").click()
    page.get_by_role("button", name="Remove the dashboard").click()
    expect(page.get_by_role("table", name="Dashboards")).not_to_contain_text("Flights of mine")
    page.get_by_role("button", name="Put it back").click()
    expect(page.get_by_role("table", name="Dashboards")).to_contain_text("Flights of mine")
    httpx.delete(f"{site.url}/v1/dashboards/flights-of-mine", timeout=30).raise_for_status()
    assert opened.problems == []


def test_two_who_change_one_are_told(visit: Visit, board: str) -> None:
    """Who saves second is told, loses nothing of what they wrote, and overwrites nothing."""
    opened = visit("/dashboards/june-at-a-glance/edit")
    page = opened.page
    page.get_by_label("Title", exact=True).fill("June, as I see it")
    httpx.put(board, json={**BOARD, "title": "June, as she sees it"}, timeout=30).raise_for_status()
    page.get_by_role("button", name="Save the dashboard").click()
    expect(page.get_by_role("alert")).to_contain_text(re.compile("changed", re.IGNORECASE))
    expect(page.get_by_label("Title", exact=True)).to_have_value("June, as I see it")
    assert httpx.get(board, timeout=30).json()["title"] == "June, as she sees it"


def taken_out(opened: Opened, item: str) -> tuple[str, bytes]:
    """The name and the content of what the menu saves."""
    page = opened.page
    page.get_by_role("button", name="Share").click()
    with page.expect_download() as waiting:
        page.get_by_role("menuitem", name=item).click()
    return waiting.value.suggested_filename, waiting.value.path().read_bytes()


def test_numbers_are_taken_out(visit: Visit, board: str, site: Site) -> None:
    """The CSV and the JSON file hold what the server measured."""
    del board
    opened = visit(f"/dashboards/june-at-a-glance?{JUNE}")
    name, content = taken_out(opened, "Save numbers as CSV")
    assert name == "june-at-a-glance.csv"
    rows = [
        row for row in csv.DictReader(io.StringIO(content.decode())) if row["panel"] == "Recall"
    ]
    asked = {"metric": "recall", "window": "2013-06-01T00:00:00Z..2013-07-01T00:00:00Z"}
    line = httpx.get(
        f"{site.url}/v1/models/late-flights/metrics", params={**asked, "step": "1d"}, timeout=60
    ).json()["series"][0]
    known = {point["start"]: point["value"] for point in line["points"]}
    assert len(rows) == 30
    for row in rows:
        assert float(row["value"]) == pytest.approx(known[row["start"]])
        assert float(row["low"]) < float(row["value"]) < float(row["high"])
    name, content = taken_out(opened, "Save numbers as JSON")
    assert name == "june-at-a-glance.json"
    document = json.loads(content)
    assert document["dashboard"] == "June at a glance"
    assert [panel["title"] for panel in document["panels"]] == ["Recall", "Numbers"]
    assert opened.problems == []


def pixels(png: bytes) -> tuple[int, int, set[bytes]]:
    """The size of a picture of eight bits a channel, and the colours of every 97th pixel."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    at, packed, head = 8, b"", b""
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        kind, body = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        head = body if kind == b"IHDR" else head
        packed += body if kind == b"IDAT" else b""
        at += length + 12
    width, height = struct.unpack(">II", head[:8])
    # Filtered as PNG does: what is not all alike is told apart even so.
    raw = zlib.decompress(packed)
    return width, height, {raw[place : place + 4] for place in range(1, len(raw) - 4, 97)}


def test_a_picture_is_taken_out(visit: Visit, board: str) -> None:
    """As large as the board, twice as fine, and not blank."""
    del board
    opened = visit(f"/dashboards/june-at-a-glance?{JUNE}")
    settle(opened)
    opened.page.locator(".board .chart svg").first.wait_for()
    box = opened.page.locator(".board").bounding_box()
    name, content = taken_out(opened, "Save picture (PNG)")
    assert name == "june-at-a-glance.png"
    width, height, colours = pixels(content)
    assert width == pytest.approx(2 * (box["width"] + 48), abs=4)
    assert height == pytest.approx(2 * (box["height"] + 48 + 36), abs=4)
    assert len(colours) > 50
    assert opened.problems == []


def test_the_address_is_shared(browser: Any, visit: Visit, board: str) -> None:
    """What is copied is the address with the range that is shown."""
    del browser, board
    opened = visit(
        f"/dashboards/june-at-a-glance?{JUNE}",
        permissions=["clipboard-read", "clipboard-write"],
    )
    page = opened.page
    page.get_by_role("button", name="Share").click()
    page.get_by_role("menuitem", name="Copy the address").click()
    expect(page.get_by_text("The address is copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.url
    assert "from=2013-06-01" in page.url
