"""JSON, Markdown, JUnit and the terminal: complete, and safe with hostile names."""

from __future__ import annotations

import json
import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from markdown_it import MarkdownIt
from rich.cells import cell_len

from tests.reports import documents
from watchkeeper.core.errors import WatchkeeperError
from watchkeeper.reports.json import render_json
from watchkeeper.reports.junit import render_junit
from watchkeeper.reports.markdown import render_markdown
from watchkeeper.reports.tables import DRIFT_ROWS
from watchkeeper.reports.terminal import render_terminal

EVERY = pytest.mark.parametrize("make", documents.ALL.values(), ids=documents.ALL)
PARSER = MarkdownIt("commonmark").enable("table")


@EVERY
def test_json_is_the_document(make: Any) -> None:
    """Reading the JSON gives the document back, lone surrogates included."""
    document = make()
    text = render_json(document)
    text.encode("utf-8")
    assert json.loads(text) == document


def test_json_refuses_nan() -> None:
    """NaN is not JSON; it is an error, not a file that no parser reads."""
    document = documents.comparison()
    document["drift"]["alpha"] = float("nan")
    with pytest.raises(WatchkeeperError, match="cannot write"):
        render_json(document)


@EVERY
def test_junit_is_xml_with_right_counts(make: Any) -> None:
    """It parses, and the counts of each suite and of the whole are those of its cases."""
    root = ET.fromstring(render_junit(make()).encode("utf-8", "surrogatepass"))
    totals = {"tests": 0, "failures": 0, "skipped": 0, "errors": 0}
    for suite in root:
        cases = suite.findall("testcase")
        counts = {
            "tests": len(cases),
            "failures": len(suite.findall("testcase/failure")),
            "skipped": len(suite.findall("testcase/skipped")),
            "errors": 0,
        }
        for key, value in counts.items():
            assert suite.get(key) == str(value), key
            totals[key] += value
    assert {key: root.get(key) for key in totals} == {k: str(v) for k, v in totals.items()}


def test_junit_says_what_failed() -> None:
    """A failure has message, severity and numbers; not enough data is skipped; a warning passes."""
    root = ET.fromstring(render_junit(documents.comparison()))
    failure = root.find(".//testcase[@name='precision']/failure")
    assert failure is not None
    assert failure.get("type") == "critical"
    assert "0.4811 < 0.55" in (failure.text or "")
    skipped = root.find(".//testcase[@name='rare, KS']/skipped")
    assert skipped is not None
    assert root.find(".//testcase[@classname='watchkeeper.rules']/failure") is None
    value = root.find(".//testcase[@name='precision']/properties/property[@name='value']")
    assert value is not None
    assert value.get("value") == "0.4811"


def test_junit_fails_warnings_on_demand() -> None:
    """With `fail_on` warning a warning is a failure."""
    root = ET.fromstring(render_junit(documents.comparison(), fail_on="warning"))
    assert root.find(".//testcase[@classname='watchkeeper.rules']/failure") is not None


def test_junit_names_are_kept() -> None:
    """Names with markup come back as they were, but for what XML cannot hold."""
    root = ET.fromstring(render_junit(documents.hostile()).encode("utf-8", "surrogatepass"))
    messages = {failure.get("message") for failure in root.iter("failure")}
    assert "<script>alert(1)</script> moved" in messages
    assert "a|b`c\"d'&amp;]]> moved" in messages
    assert not any("\x1b" in str(message) for message in messages)


@EVERY
def test_markdown_tables_are_whole(make: Any) -> None:
    """Under a real parser each row has the cells of its head: no name breaks out of a cell."""
    html = PARSER.render(render_markdown(make()))
    for table in re.findall(r"<table>.*?</table>", html, re.DOTALL):
        rows = re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
        cells = [len(re.findall(r"<t[hd][ >]", row)) for row in rows]
        assert len(set(cells)) == 1
        assert len(rows) > 1


def test_markdown_has_no_markup_from_names() -> None:
    """Under a real parser with HTML allowed, names stay text: no tag, link, image or emphasis."""
    html = PARSER.render(render_markdown(documents.hostile()))
    tags = set(re.findall(r"<(\w+)", html))
    assert tags <= {
        "h2",
        "h3",
        "p",
        "strong",
        "ul",
        "li",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "blockquote",
    }
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<strong>markup" not in html
    assert not re.search(r"@(?!\u200b)\w", html)


@EVERY
def test_terminal_is_safe_and_fits(make: Any) -> None:
    """No escape sequence reaches the terminal, and no table is wider than it."""
    for width in (60, 100, 160):
        text = render_terminal(make(), width=width)
        assert not set(text) & {"\x1b", "\x00", "\x07", "\r", "\u202e"}
        assert all(cell_len(line) <= width for line in text.splitlines()[1:])


def test_terminal_tells_in_order() -> None:
    """The sentence, then failed checks, performance, drift and quality, then where the rest is."""
    text = render_terminal(documents.comparison(), width=140)
    marks = [
        "Precision fell from 0.61",
        "Checks that did not pass",
        "Performance\n",
        "Drift, by effect",
        "Quality\n",
        "For the full report",
    ]
    places = [text.index(mark) for mark in marks]
    assert places == sorted(places)


def test_terminal_cuts_long_lists() -> None:
    """Three hundred columns show the strongest twenty and say how many more there are."""
    document = documents.comparison()
    column = documents.numeric_column(0.3, drifted=True)
    names = [f"column_{i}" for i in range(300)]
    document["drift"] |= {"ranking": names, "columns": dict.fromkeys(names, column)}
    text = render_terminal(document, width=140)
    assert sum(line.startswith("column_") for line in text.splitlines()) == DRIFT_ROWS
    assert "280 more columns in the full report." in text


def test_status_has_a_shape_and_a_word() -> None:
    """Without colour a status is still told apart: a mark and a word."""
    text = render_terminal(documents.comparison(), width=140)
    for shown in ("✗ failed", "▲ warning", "✓ passed"):
        assert shown in text
