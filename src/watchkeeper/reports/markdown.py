"""The report as GitHub-flavoured Markdown, for a step summary or a comment on a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from watchkeeper.app.words import name
from watchkeeper.reports.tables import Table, name_of, tables
from watchkeeper.reports.words import side, status

_SPECIAL = re.compile(r"([\\`*\[\]|~#!$])|(?<![^\W_])_|_(?![^\W_])")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def render_markdown(document: Mapping[str, Any]) -> str:
    """The summary and the tables of a document, safe to post anywhere.

    Names from the data cannot become markup, links or mentions.

    Parameters
    ----------
    document
        A report document of either kind.
    """
    summary = document["summary"]
    lines = [f"## {_title(document)}", "", f"**{escape(name_of(summary['headline']))}**", ""]
    lines += [f"> **Warning:** {escape(name_of(text))}\n" for text in summary["warnings"]]
    # The headline says what the first sentence says; the rest is told once, in full.
    lines += [f"- {escape(name_of(text))}" for text in summary["sentences"]]
    for table in tables(document):
        lines += ["", f"### {escape(table.title)}", "", *_table(table)]
    return "\n".join(lines).rstrip() + "\n"


def _title(document: Mapping[str, Any]) -> str:
    model = document["model"]["name"]
    what = escape(name(model)) if model else "Watchkeeper report"
    shown = status(document["summary"]["status"])
    reference = escape(side(document["reference"]))
    if document["kind"] == "track":
        return f"{shown}: {what}, every {escape(document['every'])}, against {reference}"
    return f"{shown}: {what}, {escape(side(document['current']))} against {reference}"


def _table(table: Table) -> Iterator[str]:
    yield "| " + " | ".join(escape(head) for head in table.heads) + " |"
    marks = ("---:" if position in table.numeric else "---" for position in range(len(table.heads)))
    yield "|" + "|".join(marks) + "|"
    for row in table.rows:
        yield "| " + " | ".join(escape(cell) for cell in row) + " |"
    if table.more:
        yield ""
        yield escape(table.more)


def escape(text: str) -> str:
    r"""Text that renders as itself in Markdown, also inside a table.

    An underscore inside a word stays, since GitHub does not read it as emphasis; `@` gets an
    invisible neighbour, so that a column called `@octocat` notifies nobody.

    Examples
    --------
    >>> escape("a|b <i> dep_delay *x* _y_"), escape("@me") == "@&#8203;me"
    ('a\\|b &lt;i&gt; dep_delay \\*x\\* \\_y\\_', True)
    """
    text = "".join(_ENTITIES.get(character, character) for character in text)
    text = _SPECIAL.sub(lambda match: "\\" + match[0], text)
    text = text.replace("@", "@&#8203;").replace("://", ":&#8203;//")
    return re.sub(r"(?<!\S)(www)\.", r"\1&#8203;.", text)
