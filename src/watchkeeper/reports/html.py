"""The report as one HTML page that opens offline, from the report document.

The page is built from `ui/` into ``static/report.html``; here the document is put into it. Nothing
of the document can become markup: it travels as JSON in which ``<``, ``>`` and ``&`` are escaped,
or packed as base64, and the few words for readers without scripts are escaped as text.
"""

from __future__ import annotations

import base64
import gzip
import html
import json
import math
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from watchkeeper.core.errors import WatchkeeperError

PACK_FROM = 32_768
"""Characters of JSON from which the document is packed: below, a reader may want to see it."""

_TITLE = "<!--watchkeeper:title-->"
_FALLBACK = "<!--watchkeeper:fallback-->"
_DOCUMENT = "<!--watchkeeper:document-->"
_NO_SCRIPT = (
    "The tables and charts of this report need JavaScript, and it did not run here. What follows "
    "is the summary; open the file in a browser to see the rest."
)


def render_html(document: Mapping[str, Any]) -> str:
    """The whole page, ready to be written as UTF-8.

    Parameters
    ----------
    document
        A report document (``schema_version`` 1), of kind ``comparison`` or ``track``. Undefined
        numbers are None.

    Returns
    -------
    str
        One HTML page with its style, script and data inside; it asks for nothing over the network.

    Raises
    ------
    WatchkeeperError
        Where the document holds NaN or an infinity, or the page was not built.

    Examples
    --------
    >>> page = render_html({"schema_version": "1.0", "kind": "comparison", "summary": {}})
    >>> page.startswith("<!doctype html>")
    True
    """
    parts = {
        _TITLE: html.escape(_title(document)),
        _FALLBACK: _fallback(document),
        _DOCUMENT: embed(document),
    }
    return "".join(parts.get(piece, piece) for piece in _template())


def render_fragment(document: Mapping[str, Any], *, height: int = 720) -> str:
    """The page in a frame, for a notebook's output cell.

    The frame may run the page's own script and open its links; it may not touch the notebook.

    Parameters
    ----------
    document
        As for `render_html`.
    height
        Height of the frame in CSS pixels.

    Examples
    --------
    >>> fragment = render_fragment({"schema_version": "1.0", "kind": "track", "summary": {}})
    >>> fragment.startswith("<iframe "), "<script" in fragment
    (True, False)
    """
    return (
        f'<iframe title="{html.escape(_title(document))}" '
        'sandbox="allow-scripts allow-popups allow-downloads allow-modals" '
        f'style="width:100%;height:{int(height)}px;border:0" '
        f'srcdoc="{html.escape(render_html(document))}"></iframe>'
    )


def embed(document: Mapping[str, Any], *, pack_from: int = PACK_FROM) -> str:
    r"""The document as an inert script element, which the page's own script reads.

    Parameters
    ----------
    document
        As for `render_html`.
    pack_from
        Characters of JSON from which it is packed with gzip and base64.

    Examples
    --------
    >>> print(embed({"a": "</script>"}))
    <script id="watchkeeper-document" type="application/json">{"a":"\u003c/script\u003e"}</script>
    >>> embed({"a": "b"}, pack_from=0)[:56]
    '<script id="watchkeeper-document" type="application/octe'
    """
    try:
        text = json.dumps(_shortened(document), separators=(",", ":"), allow_nan=False)
    except ValueError as error:
        message = (
            f"the report document cannot be written as JSON ({error}); an undefined number must "
            "be None, never NaN or an infinity"
        )
        raise WatchkeeperError(message) from error
    if len(text) < pack_from:
        for character in "<>&":
            text = text.replace(character, f"\\u{ord(character):04x}")
        return f'<script id="watchkeeper-document" type="application/json">{text}</script>'
    # The time stamp is left out, so that one document always gives one page.
    packed = base64.b64encode(gzip.compress(text.encode(), compresslevel=9, mtime=0)).decode()
    return (
        '<script id="watchkeeper-document" type="application/octet-stream" '
        f'data-encoding="gzip+base64">{packed}</script>'
    )


def _shortened(value: Any) -> Any:
    """The same with numbers of seven digits, twelve for large ones such as times.

    The page shows three; the digits beyond would be half of a wide report.
    """
    if isinstance(value, float) and math.isfinite(value):
        return float(f"{value:.7g}" if abs(value) < 1e6 else f"{value:.12g}")
    if isinstance(value, Mapping):
        return {key: _shortened(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [_shortened(held) for held in value]
    return value


@cache
def _template() -> tuple[str, ...]:
    """The built page, cut at its three marks, which stand between the pieces."""
    source = resources.files("watchkeeper.reports").joinpath("static", "report.html")
    try:
        rest = source.read_text(encoding="utf-8")
    except FileNotFoundError:
        message = (
            "the page of the HTML report is not built; run `npm ci && npm run build` in `ui/`, "
            "or install the package again with pip, which does it"
        )
        raise WatchkeeperError(message) from None
    pieces = []
    for mark in (_TITLE, _FALLBACK, _DOCUMENT):
        before, found, rest = rest.partition(mark)
        if not found:
            message = f"the page of the HTML report lacks its mark {mark!r}; build `ui/` again"
            raise WatchkeeperError(message)
        pieces += [before, mark]
    return (*pieces, rest)


def _title(document: Mapping[str, Any]) -> str:
    """The title of the page: the model, what is compared, and the product."""
    model = (document.get("model") or {}).get("name")
    current = str((document.get("current") or {}).get("name") or "")
    # Of a path, what tells one data set from another stands last.
    parts = [str(part) for part in (model, current.replace("\\", "/").rsplit("/", 1)[-1]) if part]
    return " · ".join([*parts, "Watchkeeper"])


def _fallback(document: Mapping[str, Any]) -> str:
    """The summary as plain HTML, which stands until the script has drawn the page."""
    summary = document.get("summary") or {}
    lines = [f"<h1>{html.escape(str(summary.get('headline') or 'Watchkeeper report'))}</h1>"]
    lines += [
        f"<p><strong>Warning:</strong> {html.escape(str(text))}</p>"
        for text in summary.get("warnings") or ()
    ]
    sentences = [f"<li>{html.escape(str(text))}</li>" for text in summary.get("sentences") or ()]
    if sentences:
        lines.append(f"<ul>{''.join(sentences)}</ul>")
    return f'<main class="fallback"><p class="notice">{_NO_SCRIPT}</p>{"".join(lines)}</main>'
