"""The HTML page: what goes into it, what can never become markup, and what it weighs."""

from __future__ import annotations

import base64
import gzip
import html
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import page_documents
from tests.page_documents.alike import alike
from watchkeeper.app import words
from watchkeeper.core.errors import WatchkeeperError
from watchkeeper.reports import html as page
from watchkeeper.reports.html import embed, render_fragment, render_html
from watchkeeper.reports.schema import report_schema

UI = Path(__file__).parents[2] / "ui"
NASTY = "</script><script>alert(1)</script><img src=x onerror=alert(1)>&amp;\"'<!--"
LIMIT = 2_000_000


class Elements(HTMLParser):
    """Start tags of a page and the text of its scripts, as a browser would see them."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag."""
        self.tags.append((tag, dict(attrs)))
        self.inside = tag == "script"
        if self.inside:
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        """Leave a script."""
        self.inside = self.inside and tag != "script"

    def handle_data(self, data: str) -> None:
        """Collect a script's text."""
        if self.inside:
            self.scripts[-1] += data


def elements(text: str) -> Elements:
    """The parsed page."""
    parser = Elements()
    parser.feed(text)
    return parser


def unpack(script: str) -> Any:
    """The document inside the element that `embed` wrote."""
    attributes, text = re.fullmatch(r"<script ([^>]*)>([^<]*)</script>", script).groups()
    if "gzip+base64" in attributes:
        text = gzip.decompress(base64.b64decode(text)).decode()
    return json.loads(text)


def nasty_document() -> dict[str, Any]:
    """A document with markup wherever data may bring it."""
    return {
        "schema_version": "1.0",
        "kind": "comparison",
        "model": {"name": NASTY},
        "current": {"name": NASTY},
        "summary": {"headline": NASTY, "sentences": [NASTY], "warnings": [NASTY]},
    }


texts = st.text(st.characters(codec=None), max_size=40)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | texts | st.sampled_from([NASTY, "]]>", "\u2028", "\ud800", "\x00"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(st.dictionaries(texts, values, max_size=5), st.sampled_from([0, 10**9]))
def test_every_document_comes_back_from_the_page(document: dict[str, Any], pack_from: int) -> None:
    """Text to the letter, lone surrogates included, and numbers to seven digits."""
    assert alike(unpack(embed(document, pack_from=pack_from)), document)


@pytest.mark.parametrize("pack_from", [0, 10**9])
def test_text_of_the_data_never_becomes_markup(pack_from: int) -> None:
    """Neither plain nor packed data hold a character that could open or close an element."""
    inner = embed(nasty_document(), pack_from=pack_from)
    body = inner[inner.index(">") + 1 : inner.rindex("</script>")]
    assert not set("<>&") & set(body)


def test_a_page_of_nasty_names_has_the_elements_of_a_harmless_one() -> None:
    """Names full of markup add no element and no attribute to the page."""
    harmless = {**nasty_document(), "model": {"name": "a"}, "current": {"name": "b"},
                "summary": {"headline": "c", "sentences": ["d"], "warnings": ["e"]}}  # fmt: skip
    found, expected = elements(render_html(nasty_document())), elements(render_html(harmless))
    assert found.tags == expected.tags
    assert len(found.scripts) == len(expected.scripts) == 2


def test_the_summary_is_there_without_scripts() -> None:
    """A reader whose browser runs no script still finds headline, sentences and warnings."""
    text = render_html(nasty_document())
    static = text[text.index('<div id="root">') : text.index('<script id="watchkeeper-document"')]
    assert static.count(html.escape(NASTY)) == 3
    assert "JavaScript" in static


def test_the_page_asks_for_nothing_over_the_network() -> None:
    """No element loads anything, and the policy forbids what a script might try."""
    parsed = elements(render_html(nasty_document()))
    assert not [tag for tag, attributes in parsed.tags if {"src", "href"} & set(attributes)]
    policies = [attributes["content"] for tag, attributes in parsed.tags
                if attributes.get("http-equiv") == "Content-Security-Policy"]  # fmt: skip
    assert len(policies) == 1
    assert "default-src 'none'" in policies[0]
    assert "unsafe" not in policies[0]


def test_one_document_gives_one_page() -> None:
    """The same document gives the same bytes, so that a report can be compared and cached."""
    document = {**nasty_document(), "filler": "x" * 100_000}
    assert render_html(document) == render_html(document)


def test_large_documents_are_packed_and_small_ones_can_be_read() -> None:
    """Below the limit the data are plain JSON in the page; from it on they are packed."""
    assert "gzip+base64" not in embed(nasty_document())
    large = embed({"filler": list(range(20_000))})
    assert "gzip+base64" in large
    assert len(large) < 80_000


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_json_cannot_hold_are_refused(number: float) -> None:
    """NaN and infinities would break the page in the reader's hands, so they break here."""
    with pytest.raises(WatchkeeperError, match="must be None, never NaN"):
        embed({"value": number})


def test_fifty_columns_weigh_less_than_two_megabytes() -> None:
    """The whole page of a report on 50 columns stays below 2 MB."""
    document = page_documents.hostile(features=50)
    assert len(document["drift"]["columns"]) == 50
    assert len(render_html(document).encode()) < LIMIT


def test_a_thousand_columns_can_be_rendered() -> None:
    """A thousand columns give a page, too, below the same limit."""
    assert len(render_html(page_documents.hostile(features=1_000)).encode()) < LIMIT


def test_a_missing_template_says_how_to_build_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without the built page the error names the command that builds it."""
    monkeypatch.setattr(page.resources, "files", lambda _package: tmp_path)
    page._template.cache_clear()
    try:
        with pytest.raises(WatchkeeperError, match="npm run build"):
            render_html(nasty_document())
        (tmp_path / "static").mkdir()
        (tmp_path / "static" / "report.html").write_text("<html></html>")
        with pytest.raises(WatchkeeperError, match="lacks its mark"):
            render_html(nasty_document())
    finally:
        monkeypatch.undo()
        page._template.cache_clear()


def test_the_fragment_is_one_frame_with_the_page_inside() -> None:
    """A notebook gets one frame that holds the page and may not touch the notebook."""
    parsed = elements(render_fragment(nasty_document(), height=500))
    assert [tag for tag, _ in parsed.tags] == ["iframe"]
    attributes = parsed.tags[0][1]
    assert attributes["srcdoc"] == render_html(nasty_document())
    assert "allow-same-origin" not in attributes["sandbox"]
    assert "height:500px" in attributes["style"]


@pytest.mark.parametrize("name", ["comparison", "track"])
def test_the_documents_of_the_page_tests_follow_the_schema(name: str) -> None:
    """What the page is developed and tested with has the shape that Watchkeeper documents."""
    document = json.loads((UI / "fixtures" / f"{name}.json").read_text())
    jsonschema.validate(document, report_schema())


@pytest.mark.parametrize("name", ["comparison", "track"])
def test_the_documents_of_the_page_tests_are_those_the_script_makes(name: str) -> None:
    """The files in git are what `python -m tests.page_documents --small` writes."""
    stored = json.loads((UI / "fixtures" / f"{name}.json").read_text())
    assert _rounded(page_documents.SMALL[name]()) == _rounded(stored)


def test_the_page_writes_numbers_as_the_sentences_do() -> None:
    """The cases that the page's own tests hold are what `watchkeeper.app.words` gives."""
    cases = json.loads((UI / "fixtures" / "words.json").read_text())
    assert set(cases) == {"number", "signed", "percent", "count"}
    for function, pairs in cases.items():
        for value, text in pairs:
            given_value = None if value is None else float(value)
            assert getattr(words, function)(given_value) == text, (function, value)


def _rounded(value: Any) -> Any:
    """The value with its floats at nine digits: the last ones differ between machines."""
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, list) else value
