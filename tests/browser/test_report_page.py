"""The page of the report in a real browser: it opens from a file, works, and lets nothing out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Opened
from tests.page_documents.alike import alike
from watchkeeper.reports.html import render_fragment, render_html

Show = Callable[..., Opened]
PHONE = {"viewport": {"width": 400, "height": 800}, "is_mobile": True, "has_touch": True}
KINDS = ("comparison", "regression", "multiclass", "bare", "hostile", "track")


def heading(opened: Opened) -> str:
    """The text of the page's first heading, once the page is drawn."""
    opened.page.wait_for_selector(".frame")
    return opened.page.locator("h1").inner_text()


def drift_names(opened: Opened) -> list[str]:
    """The columns that the table of drift shows, in its order."""
    table = opened.page.get_by_role("table", name="Drift of every column")
    return table.locator("tbody a").all_inner_texts()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("options", [{}, PHONE], ids=["desk", "phone"])
def test_every_kind_opens_without_a_fault(
    show: Show, documents: Any, kind: str, options: dict[str, Any]
) -> None:
    """From a file, on a desk and on a phone: the finding first, no error, no sideways scrolling."""
    document = documents.ALL[kind]()
    opened = show(document, **options)
    assert heading(opened) == document["summary"]["headline"]
    width = opened.page.evaluate("document.documentElement.scrollWidth")
    assert width <= options.get("viewport", {"width": 1440})["width"]
    assert opened.problems == []


def test_no_request_leaves_the_page(show: Show, documents: Any) -> None:
    """The only address that is ever asked for is the file itself, whatever the reader does."""
    opened = show(documents.comparison())
    heading(opened)
    for key in ("g", "d", "t", "?"):
        opened.page.keyboard.press(key)
    opened.page.keyboard.press("Escape")
    opened.page.get_by_role("table", name="Drift of every column").get_by_role(
        "link", name="temp"
    ).click()
    opened.page.wait_for_selector("article.feature")
    assert len(opened.requests) == 1
    assert opened.requests[0].startswith("file:")


def test_the_page_forbids_requests_even_to_its_own_script(show: Show, documents: Any) -> None:
    """A fetch from inside the page is refused by its policy."""
    opened = show(documents.comparison())
    heading(opened)
    blocked = opened.page.evaluate(
        "fetch('https://example.org/').then(() => 'sent', (error) => error.name)"
    )
    assert blocked == "TypeError"
    assert any("Content Security Policy" in problem for problem in opened.problems)


def test_names_full_of_markup_stay_text(show: Show, documents: Any) -> None:
    """Script and image tags in names and categories are shown, never run."""
    opened = show(documents.hostile(features=20))
    title = "flights-late · 2013-07 · Watchkeeper"
    heading(opened)
    assert opened.page.title() == title
    assert opened.page.locator("#root img, #root script").count() == 0
    assert documents.NASTY in drift_names(opened)
    for name in (documents.NASTY, "מחיר / יחידה"):
        opened.page.goto(opened.page.url.split("#")[0] + "#/drift")
        opened.page.evaluate(
            "name => { location.hash = '#/feature/' + encodeURIComponent(name) }", name
        )
        opened.page.wait_for_selector("article.feature")
        assert opened.page.locator("h1").inner_text() == name
    assert documents.NASTY in opened.page.locator("article.feature").inner_text()
    assert opened.page.title() == title
    assert opened.problems == []


def test_search_and_sort_are_kept_by_a_reload(show: Show, documents: Any) -> None:
    """`/` goes to the search; what is found and how it is sorted survives a reload."""
    opened = show(documents.comparison())
    heading(opened)
    opened.page.keyboard.press("/")
    opened.page.keyboard.type("wind")
    assert set(drift_names(opened)) == {"wind_dir", "wind_speed"}
    table = opened.page.get_by_role("table", name="Drift of every column")
    table.get_by_role("button", name="Column").click()
    assert drift_names(opened) == ["wind_dir", "wind_speed"]
    opened.page.reload()
    heading(opened)
    assert drift_names(opened) == ["wind_dir", "wind_speed"]
    assert opened.page.get_by_role("searchbox").input_value() == "wind"


def test_a_feature_shows_both_distributions_and_their_table(show: Show, documents: Any) -> None:
    """A link to a feature opens it: two outlines on one axis, and the numbers behind them."""
    document = documents.comparison()
    opened = show(document, "#/feature/temp")
    assert heading(opened) == "temp"
    chart = opened.page.get_by_role("img", name="Distribution of temp")
    assert chart.locator("svg path").count() > 2
    opened.page.get_by_role("button", name="Show table").first.click()
    shown = opened.page.get_by_role("region", name="Table of the chart").locator("tbody tr")
    bins = len(document["drift"]["columns"]["temp"]["distribution"]["reference"])
    assert shown.count() >= bins
    assert opened.problems == []


def test_missing_and_new_categories_stand_apart(show: Show, documents: Any) -> None:
    """Rows of new categories are a bar of their own, marked, with the categories named."""
    opened = show(documents.comparison(), "#/feature/dest")
    heading(opened)
    apart = opened.page.get_by_role("list", name="Missing and new categories of dest")
    assert apart.locator("li.marked").count() == 2
    assert "new categories" in apart.inner_text()
    assert "ZZ" in opened.page.locator("article.feature").inner_text()


def test_everything_is_reached_by_keyboard(show: Show, documents: Any) -> None:
    """Enter opens a row, j goes on, Escape comes back to the same place in the page."""
    document = documents.comparison()
    opened = show(document)
    heading(opened)
    link = opened.page.get_by_role("table", name="Drift of every column").get_by_role(
        "link", name="dewp"
    )
    link.focus()
    opened.page.keyboard.press("ArrowUp")
    assert opened.page.evaluate("document.activeElement.textContent") == "temp"
    before = opened.page.evaluate("scrollY")
    opened.page.keyboard.press("Enter")
    opened.page.wait_for_selector("article.feature")
    opened.page.keyboard.press("j")
    assert opened.page.locator("h1").inner_text() == document["drift"]["ranking"][1]
    opened.page.keyboard.press("Escape")
    opened.page.wait_for_selector("#summary")
    assert abs(opened.page.evaluate("scrollY") - before) < 50


def test_focus_is_always_visible(show: Show, documents: Any) -> None:
    """Whatever the tabulator reaches has an outline."""
    opened = show(documents.comparison())
    heading(opened)
    for _ in range(25):
        opened.page.keyboard.press("Tab")
        style = opened.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert style != "none", opened.page.evaluate("document.activeElement.outerHTML")


CONTRAST = """() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgb = (colour) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = rgb(getComputedStyle(each).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255];
  };
  const poor = new Set();
  for (const element of document.querySelectorAll('#root *')) {
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || element.closest('svg') || !element.checkVisibility()) continue;
    const pair = [light(rgb(getComputedStyle(element).color)), light(ground(element))].sort();
    const ratio = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
    if (ratio < 4.5) poor.add(element.textContent.trim().slice(0, 40) + ' ' + ratio.toFixed(2));
  }
  return [...poor];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("kind", "place"), [
    ("comparison", ""), ("comparison", "#/feature/dest"), ("track", ""), ("track", "#/window/3"),
])  # fmt: skip
def test_text_has_the_contrast_of_wcag_aa(
    show: Show, documents: Any, scheme: str, kind: str, place: str
) -> None:
    """All text stands out from its ground by at least 4.5 to 1, in light and in dark."""
    opened = show(documents.ALL[kind](), place, color_scheme=scheme)
    heading(opened)
    assert opened.page.evaluate("document.documentElement.dataset.theme") == scheme
    assert opened.page.evaluate(CONTRAST) == []


NAMELESS = """() => [...document.querySelectorAll(
  '#root a, #root button, #root input, #root select')]
  .filter((e) => e.checkVisibility() && !(e.getAttribute('aria-label') || e.textContent.trim()
    || e.labels?.length)).map((e) => e.outerHTML)"""


@pytest.mark.parametrize("kind", ["comparison", "track"])
def test_controls_and_charts_have_names(show: Show, documents: Any, kind: str) -> None:
    """Every link, button, field and chart says what it is to those who do not see it."""
    opened = show(documents.ALL[kind]())
    heading(opened)
    assert opened.page.evaluate(NAMELESS) == []
    charts = opened.page.locator("[role=img]")
    assert charts.count() > 0
    assert all(charts.nth(n).get_attribute("aria-label") for n in range(charts.count()))
    ids = opened.page.evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids))


def test_the_choice_of_light_or_dark_is_remembered(show: Show, documents: Any) -> None:
    """The toggle turns the page over, and a reload keeps it."""
    opened = show(documents.comparison(), color_scheme="light")
    heading(opened)
    opened.page.get_by_role("button", name="Switch to dark").click()
    opened.page.reload()
    heading(opened)
    assert opened.page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_print_is_light_and_whole(show: Show, documents: Any) -> None:
    """On paper there is no navigation, all rows of a long table, and dark ink on white."""
    document = documents.hostile(features=300)
    opened = show(document, color_scheme="dark")
    heading(opened)
    opened.page.emulate_media(media="print")
    opened.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    opened.page.wait_for_function("document.documentElement.dataset.theme === 'light'")
    assert not opened.page.locator(".nav").is_visible()
    assert len(drift_names(opened)) == len(document["drift"]["columns"])
    opened.page.evaluate("dispatchEvent(new Event('afterprint'))")
    opened.page.wait_for_function("document.documentElement.dataset.theme === 'dark'")


def test_a_thousand_columns_draw_only_what_is_in_view(show: Show, documents: Any) -> None:
    """A long table holds a screenful of rows, the right ones wherever it is scrolled."""
    document = documents.hostile(features=1_000)
    opened = show(document)
    heading(opened)
    assert len(drift_names(opened)) < 200
    last = document["drift"]["ranking"][-1]
    opened.page.get_by_role("table", name="Drift of every column").evaluate(
        "table => scrollTo(0, table.getBoundingClientRect().bottom + scrollY - 400)"
    )
    opened.page.wait_for_function(
        "name => [...document.querySelectorAll('tbody a')].some((a) => a.textContent === name)",
        arg=last,
    )
    assert len(drift_names(opened)) < 200


def test_a_cell_of_the_heat_map_opens_its_window(show: Show, documents: Any) -> None:
    """Every column and window is a cell with words; a click leads to the window."""
    document = documents.track()
    opened = show(document)
    heading(opened)
    windows = document["windows"]
    first = opened.page.locator(".heat-row", has_text=re.compile("^temp")).locator(".heat-cell")
    assert first.count() == len(windows)
    assert "not measured" in first.nth(12).get_attribute("aria-label")
    first.nth(18).click()
    assert opened.page.locator("h1").inner_text() == windows[18]["name"]
    link = opened.page.get_by_role("link", name="Open report")
    assert link.get_attribute("href") == windows[18]["report"]


def test_a_track_does_not_link_to_scripts(show: Show, documents: Any) -> None:
    """An address from the data that is no file beside the report becomes no link."""
    document = documents.track(windows=12, features=3)
    for window in document["windows"]:
        window["report"] = "javascript:document.title='owned'"
    opened = show(document)
    heading(opened)
    assert opened.page.locator("a[href^=javascript]").count() == 0


def test_damaged_data_leave_the_summary_and_say_so(show: Show, documents: Any) -> None:
    """Where the data cannot be read, the page says why and still shows the finding."""
    document = documents.comparison()
    opened = show(
        re.sub(r'(gzip\+base64">.{60}).*?</script>', r"\1</script>", render_html(document))
    )
    alert = opened.page.get_by_role("alert")
    alert.wait_for()
    assert "damaged" in alert.inner_text()
    assert opened.page.locator("h1").inner_text() == document["summary"]["headline"]


def test_without_scripts_the_summary_stands(show: Show, documents: Any) -> None:
    """A browser that runs no script shows the finding, the sentences and what is lacking."""
    document = documents.comparison()
    opened = show(document, java_script_enabled=False)
    text = opened.page.locator("body").inner_text()
    for part in (document["summary"]["headline"], *document["summary"]["sentences"], "JavaScript"):
        assert part in text


def test_a_notebook_cell_shows_the_page_and_its_features(
    show: Show, browser: Any, documents: Any, tmp_path: Path
) -> None:
    """Inside a notebook's frame the page is drawn and its links work; the notebook stays put."""
    del show
    cell = tmp_path / "notebook.html"
    cell.write_text(f"<!doctype html><p>cell</p>{render_fragment(documents.comparison())}")
    page = browser.new_page()
    page.goto(cell.as_uri())
    frame = page.frame_locator("iframe")
    frame.get_by_role("table", name="Drift of every column").get_by_role(
        "link", name="temp"
    ).click()
    frame.locator("article.feature h1", has_text="temp").wait_for()
    assert page.url == cell.as_uri()
    page.close()


def test_the_data_in_the_page_are_the_document(show: Show, documents: Any) -> None:
    """What the page reads from itself is the document, its numbers to seven digits."""
    document = documents.comparison()
    opened = show(document)
    heading(opened)
    read = opened.page.evaluate(
        """async () => {
          const text = document.getElementById('watchkeeper-document').textContent;
          const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
          const stream = new Response(bytes).body.pipeThrough(new DecompressionStream('gzip'));
          return new Response(stream).text();
        }"""
    )
    assert alike(json.loads(read), json.loads(json.dumps(document)))
