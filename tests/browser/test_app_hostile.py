"""Data that nobody wishes for: the pages stay whole, and text from data stays text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from tests.browser.conftest import DESK, PHONE, Opened, Visit, visiting
from tests.browser.flights import Site
from tests.browser.hostile_site import LONG, ONE, RIGHT_TO_LEFT, VERSION, VOID, WIDE, hostile_site
from tests.browser.test_app_flows import expect
from tests.page_documents import NASTY

pytestmark = [pytest.mark.newest, pytest.mark.xdist_group("app-small")]

PARTS = (
    "", "/performance", "/drift", "/predictions", "/quality", "/service", "/segments", "/compare",
    "/rows", "/settings", f"/features/{quote(NASTY, safe='')}",
)  # fmt: skip


@pytest.fixture(scope="module")
def hostile(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The server with such data."""
    del chromium
    with hostile_site(tmp_path_factory.mktemp("hostile")) as made:
        yield made


@pytest.fixture
def look(browser: Any, hostile: Site) -> Iterator[Visit]:
    """Open its pages."""
    with visiting(browser, hostile.url) as open_page:
        yield open_page


def whole(opened: Opened, url: str, width: int) -> None:
    """No fault, no markup out of data, no sideways scrolling, nothing from elsewhere."""
    page = opened.page
    assert opened.problems == []
    assert page.locator("#root :is(img, script, b[onmouseover])").count() == 0
    assert "owned" not in page.title()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("[role=alert]").all_inner_texts() == []
    asked = {urlsplit(each).netloc for each in opened.requests if each.startswith("http")}
    assert asked == {urlsplit(url).netloc}


@pytest.mark.parametrize("part", PARTS)
def test_three_hundred_features_with_names_of_markup(look: Visit, hostile: Site, part: str) -> None:
    """Every part of the model opens, on a phone as on a desk."""
    opened = look(f"/models/{WIDE}{part}", **PHONE)
    whole(opened, hostile.url, 400)
    opened.page.set_viewport_size(DESK["viewport"])
    whole(opened, hostile.url, 1440)


@pytest.mark.parametrize("model", [ONE, VOID], ids=["one", "void"])
@pytest.mark.parametrize("part", PARTS[:-1])
def test_one_row_and_nothing_but_gaps(look: Visit, hostile: Site, model: str, part: str) -> None:
    """Where there is nothing to say, it is said; nothing is a NaN, an Infinity or undefined."""
    opened = look(f"/models/{quote(model, safe='')}{part}", **PHONE)
    whole(opened, hostile.url, 400)
    # What is written is not a value that was forgotten; conditions do say `== null`.
    words = opened.page.locator("body").inner_text().replace("== null", "")
    assert not re.search(r"\b(NaN|Infinity|undefined|null)\b|\[object", words)


@pytest.mark.parametrize("options", [DESK, PHONE], ids=["desk", "phone"])
def test_the_fleet_of_such_models(look: Visit, hostile: Site, options: dict[str, Any]) -> None:
    """All three stand in the list by their names."""
    opened = look("/", **options)
    for name in (WIDE, ONE, VOID):
        expect(opened.page.get_by_role("link", name=name, exact=True)).to_be_visible()
    whole(opened, hostile.url, options["viewport"]["width"])


def test_such_names_are_told_as_they_are(look: Visit, hostile: Site) -> None:
    """The list of drift has them, each leads to its column, whose name is its title."""
    opened = look(f"/models/{WIDE}/drift")
    page = opened.page
    table = page.get_by_role("table", name="Drift of every column")
    for name in (NASTY, RIGHT_TO_LEFT, LONG):
        page.goto(f"{hostile.url}/models/{WIDE}/drift?q={quote(name)}")
        link = table.locator("tbody a").first
        link.click()
        expect(page.locator("article.feature h1")).to_have_text(name)
    page.goto(f"{hostile.url}/models/{WIDE}/rows")
    cells = page.get_by_role("table", name="Predictions")
    expect(cells).to_contain_text(VERSION)
    whole(opened, hostile.url, 1440)
