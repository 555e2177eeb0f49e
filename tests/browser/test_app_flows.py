"""What people come for, from the first look to the end, on the demo's flights."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.browser.conftest import Opened, Visit, settle
from tests.browser.flights import Site

pytestmark = [pytest.mark.newest, pytest.mark.xdist_group("app")]

MODEL = "/models/late-flights"
JUNE = "from=2013-06-01T00:00:00Z&to=2013-07-01T00:00:00Z"
NUMBER = r"(\d\.\d+)"


def expect(thing: Any) -> Any:
    """Playwright's assertions, which wait as a person would."""
    from playwright.sync_api import expect as expected

    return expected(thing)


def finding(opened: Opened) -> Any:
    """The sentence that a page begins with."""
    return opened.page.locator("main h1").first


def choose_june(opened: Opened) -> None:
    """Choose the range by hand, in its form."""
    page = opened.page
    page.locator(".range > button").last.click()
    page.get_by_label("From (UTC)").fill("2013-06-01T00:00")
    page.get_by_label("To (UTC)").fill("2013-07-01T00:00")
    page.get_by_role("button", name="Show this range").click()
    expect(page.locator(".range > button").last).to_contain_text("1 Jun 2013 to 1 Jul 2013")
    settle(opened)


def test_why_the_model_fell_in_june(visit: Visit) -> None:
    """From the fleet to the model, its June, what it did worse, and where the data differ."""
    opened = visit("/")
    page = opened.page
    expect(finding(opened)).to_contain_text("late-flights: Accuracy fell from 0.72")
    row = page.get_by_role("row", name=re.compile("late-flights"))
    expect(row).to_contain_text("alerting")
    row.get_by_role("link", name="late-flights").click()
    settle(opened)
    choose_june(opened)
    expect(finding(opened)).to_contain_text(re.compile(rf"Accuracy fell from 0\.72 to {NUMBER}"))
    story = page.locator(".story").first.inner_text()
    before, now, change, low, high = map(
        float,
        re.search(
            rf"from {NUMBER} to {NUMBER} \(−{NUMBER}, 95 % interval −{NUMBER} to −{NUMBER}", story
        ).groups(),  # type: ignore[union-attr]
    )
    assert 0.71 < before < 0.73
    assert 0.64 < now < 0.70
    assert high < change < low
    assert before - now == pytest.approx(change, abs=0.011)

    page.get_by_role("link", name="Drift", exact=True).click()
    expect(finding(opened)).to_contain_text(
        re.compile(r"of 21 columns drifted, most: temp, dewp and \w+\.")
    )
    settle(opened)
    page.get_by_role("table", name="Drift of every column").get_by_role(
        "link", name="temp", exact=True
    ).click()
    expect(page.locator("article.feature h1")).to_have_text("temp")
    expect(page.locator(".range > button").last).to_contain_text("1 Jun 2013 to 1 Jul 2013")
    expect(page.get_by_role("img", name="Distribution of temp")).to_be_visible()

    page.get_by_role("link", name="Segments", exact=True).click()
    expect(finding(opened)).to_contain_text(
        re.compile(rf"is worst at origin (EWR|JFK|LGA): {NUMBER} \({NUMBER} to {NUMBER}\)")
    )
    assert opened.problems == []


def test_a_point_leads_to_the_rows_behind_it(visit: Visit) -> None:
    """What was measured then is told; its rows are of that day, and of the segment chosen."""
    opened = visit(f"{MODEL}/performance?{JUNE}&segment=origin:LGA")
    page = opened.page
    chart = page.get_by_role("img", name=re.compile(r"^Accuracy over \d+ windows"))
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    chart.click(position={"x": box["width"] * 0.6, "y": box["height"] * 0.4})
    looked = page.get_by_role("region", name="The time you look at")
    expect(looked).to_contain_text(re.compile(r"Accuracy \d+(\.\d+)? %"))
    day = looked.locator("b").inner_text().split(" to ")[0]
    assert re.fullmatch(r"\d{1,2} Jun 2013", day)
    looked.get_by_role("link", name="Show its rows").click()
    table = page.get_by_role("table", name="Predictions")
    expect(table.get_by_role("row").nth(1)).to_contain_text(day)
    settle(opened)
    times = table.locator("tbody td:first-child").all_inner_texts()
    assert len(times) > 20
    assert all(text.startswith(f"{day}, ") for text in times)
    origins = page.get_by_role("columnheader").all_inner_texts().index("origin")
    assert set(table.locator(f"tbody td:nth-child({origins + 1})").all_inner_texts()) == {"LGA"}
    assert opened.problems == []


def test_a_range_drawn_over_a_chart_is_that_of_the_page(visit: Visit) -> None:
    """All that is below shows the range that was drawn, and the button back undoes it."""
    opened = visit(f"{MODEL}/performance?{JUNE}")
    page = opened.page
    before = finding(opened).inner_text()
    chart = page.get_by_role("img", name=re.compile(r"^ROC AUC over \d+ windows"))
    box = chart.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 70, steps=3)
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + 70, steps=3)
    page.mouse.up()
    expect(page).not_to_have_url(re.compile("from=2013-06-01"))
    chosen = parse_qs(urlsplit(page.url).query)
    assert "2013-06-10" < chosen["from"][0] < chosen["to"][0] < "2013-06-30"
    expect(finding(opened)).not_to_have_text(before)
    page.go_back()
    expect(finding(opened)).to_have_text(before)


def test_a_monitor_is_made_from_a_chart(visit: Visit, site: Site) -> None:
    """The chart's metric and range are taken along; the threshold is moved on its history."""
    opened = visit(f"{MODEL}/performance?{JUNE}")
    page = opened.page
    page.get_by_role("link", name="Watch Accuracy", exact=True).click()
    expect(page.get_by_label("Metric", exact=True)).to_have_value("accuracy")
    tally = page.locator(".tally-line b")
    expect(tally).to_have_text(re.compile(r"times in 30 days"))
    first = int(tally.inner_text().split()[0])
    field = page.get_by_role("spinbutton", name="Threshold as a number")
    start = float(field.input_value())
    assert 0.3 < start < 0.7
    field.fill("0.6")
    expect(page.get_by_label("Fires where")).to_have_value("accuracy < 0.6")
    expect(page.get_by_label("Text (YAML)")).to_have_value(re.compile(r"expr: accuracy < 0\.6\n"))
    # What the page works out while one moves it is replaced by what the server has tried.
    expect(page.locator(".tally-line")).not_to_contain_text("Working it out")
    second = int(tally.inner_text().split()[0])
    assert second != first
    tried = httpx.get(f"{site.url}/v1/rules", timeout=30).json()
    assert "JuneAccuracy" not in str(tried)
    page.get_by_label("Name", exact=True).fill("JuneAccuracy")
    save = page.get_by_role("button", name="Put the monitor in force")
    save.click()
    # So many false alarms would teach people to look away: it says so, and puts nothing in force.
    expect(page.locator("main [role=alert]")).to_contain_text("would have fired more than 10 times")
    assert opened.problems.pop().startswith("Failed to load resource")
    field.fill("0.3")
    expect(page.locator(".tally-line")).not_to_contain_text("Working it out")
    save.click()
    expect(finding(opened)).to_contain_text("JuneAccuracy fires where accuracy < 0.3")
    kept = httpx.get(f"{site.url}/v1/rules", timeout=30).json()
    assert "JuneAccuracy" in str(kept)
    page.get_by_role("link", name="Monitors").first.click()
    row = page.get_by_role("table", name="Monitors").get_by_role("row", name="JuneAccuracy")
    expect(row).to_have_count(1)
    assert opened.problems == []


def test_an_alert_is_acknowledged(visit: Visit) -> None:
    """Who has taken it on is told on its page and in the list."""
    opened = visit("/alerts")
    page = opened.page
    page.get_by_role("link", name="NoPredictions").click()
    # It waits half a minute for others of its group before it is told.
    expect(page.get_by_role("region", name="Who was told")).to_contain_text(
        re.compile(r"told that (it fires|more fires)"), timeout=90_000
    )
    page.get_by_role("button", name="Acknowledge").click()
    dialog = page.get_by_role("dialog", name="Acknowledge")
    dialog.get_by_label("Your name").fill("Ada")
    dialog.get_by_label("Reason (optional)").fill("I look at the feed")
    dialog.get_by_role("button", name="Acknowledge", exact=True).click()
    expect(page.locator("main")).to_contain_text("Ada has taken it on; repeats wait until")
    page.get_by_role("link", name="Alerts").first.click()
    expect(page.get_by_role("row", name=re.compile("NoPredictions"))).to_contain_text("Ada")


def test_an_alert_is_silenced_with_a_reason_and_told_again(visit: Visit, site: Site) -> None:
    """What it keeps quiet is shown before; the silence can be ended, and is kept as over."""
    opened = visit("/alerts")
    page = opened.page
    page.get_by_role("link", name="NoPredictions").click()
    page.get_by_role("link", name="Silence", exact=True).click()
    expect(page.get_by_role("heading", name=re.compile("Keeps 1 alert quiet"))).to_be_visible()
    matched = page.locator(".preview li")
    expect(matched).to_have_count(1)
    expect(matched).to_contain_text("NoPredictions")
    page.get_by_label("Value").last.fill("Nothing")
    expect(page.get_by_role("heading", name="No alert matches now")).to_be_visible()
    page.get_by_label("Value").last.fill("NoPredictions")
    expect(matched).to_have_count(1)
    page.get_by_label("Reason").fill("The year 2013 is over")
    page.get_by_label("Your name").fill("Ada")
    page.get_by_role("button", name="Silence", exact=True).click()
    card = page.locator(".cards .card.chosen")
    expect(card).to_contain_text("The year 2013 is over")
    expect(card).to_contain_text("Keeps quiet now: NoPredictions")
    expect(card).to_contain_text("Ada")
    silences = httpx.get(f"{site.url}/api/v2/silences", timeout=30).json()
    assert [one["comment"] for one in silences if one["status"]["state"] == "active"] == [
        "The year 2013 is over"
    ]
    card.get_by_role("button", name="End now").click()
    page.get_by_role("dialog").get_by_role("button", name="End the silence").click()
    expect(page.locator("#over .card")).to_contain_text(["The year 2013 is over"])
    expect(page.get_by_role("heading", name="Nothing is silenced.")).to_be_visible()
    assert opened.problems == []


def test_a_runbooks_step_is_tried_from_an_incident(visit: Visit) -> None:
    """The runbook that the alert names stands on its incident; a step shows what it would do."""
    opened = visit("/incidents")
    page = opened.page
    page.get_by_role("table").get_by_role("link").first.click()
    expect(page.get_by_role("region", name="Timeline")).to_contain_text("NoPredictions")
    check = page.get_by_role("region", name="Fewer than 5 features differ strongly")
    check.get_by_role("button", name="Look now").click()
    expect(check.locator(".last-run")).to_contain_text("Run")
    step = page.get_by_role("region", name="Tell the owner of the source")
    step.get_by_role("button", name="Show what it would do").click()
    expect(step.locator(".last-run pre")).to_contain_text("https://tickets.example.com/hooks/data")
    # The values of the incident are in it already.
    expect(step.locator(".last-run pre")).to_contain_text("late-flights")
    expect(step.get_by_role("button", name="Run this step")).to_be_disabled()
    step.locator(".last-run").get_by_role("link", name=re.compile(r"Run \d+")).click()
    expect(finding(opened)).to_contain_text("Tell the owner of the source")
    expect(finding(opened)).to_contain_text("only shown")
    assert opened.problems == []


def test_a_post_mortem_is_drafted(visit: Visit) -> None:
    """From the timeline, with what only people know left to be filled in."""
    opened = visit("/incidents")
    page = opened.page
    page.get_by_role("table").get_by_role("link").first.click()
    settle(opened)
    title = finding(opened).inner_text()
    page.get_by_role("button", name="Draft the post-mortem").click()
    draft = page.locator("#post-mortem")
    expect(draft).to_contain_text(title)
    expect(draft.get_by_role("heading", name="Timeline")).to_be_visible()
    expect(draft).to_contain_text("NoPredictions")
    with page.expect_download() as waiting:
        draft.get_by_role("button", name=re.compile("^Download")).click()
    assert waiting.value.suggested_filename.endswith(".md")
    assert title in waiting.value.path().read_text(encoding="utf-8")
    assert opened.problems == []
