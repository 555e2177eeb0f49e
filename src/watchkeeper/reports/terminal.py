"""The report in a terminal: the sentence, the tables, where the full report lies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from watchkeeper.reports.tables import Table, name_of, tables
from watchkeeper.reports.words import SYMBOL, side, status

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table as RichTable

_STYLE = {"pass": "green", "warn": "yellow", "fail": "red", "not_enough_data": "cyan"}
_BY_CELL = {
    **{f"{SYMBOL[key]}": style for key, style in _STYLE.items()},
    "drifted": "red",
    "not enough data": "cyan",
    "changed, harmless": "yellow",
}


def print_report(
    document: Mapping[str, Any], console: Console, *, written: Sequence[str] = ()
) -> None:
    """Print a document to a console, in its width and with its colours.

    Parameters
    ----------
    document
        A report document of either kind.
    console
        A `rich` console, which knows of width, colour and `NO_COLOR`.
    written
        Where the full report lies, one path a format.
    """
    from rich.text import Text

    summary = document["summary"]
    shown = status(summary["status"])
    console.print(
        Text(shown, _STYLE.get(summary["status"], "")), _compared(document), soft_wrap=True
    )
    console.print()
    console.print(Text(name_of(summary["headline"]), "bold"))
    console.print()
    for text in summary["warnings"]:
        console.print(Text("Warning: ", "yellow") + Text(name_of(text)))
    for text in summary["sentences"]:
        console.print(Text("· ") + Text(name_of(text)))
    for table in tables(document):
        console.print()
        console.print(_table(table, console.width))
        if table.more:
            console.print(Text(table.more, "dim"))
    console.print()
    where = ", ".join(written)
    console.print(
        Text(f"Full report: {where}")
        if where
        else Text("For the full report, write it to a file: -o report.html"),
        soft_wrap=True,  # A path that is cut in two cannot be copied.
    )


def render_terminal(document: Mapping[str, Any], *, width: int = 100) -> str:
    """The same as plain text without colour."""
    from io import StringIO

    from rich.console import Console

    out = StringIO()
    print_report(document, Console(file=out, width=width, no_color=True, force_terminal=False))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def _compared(document: Mapping[str, Any]) -> Any:
    from rich.text import Text

    reference = side(document["reference"])
    if document["kind"] == "track":
        return Text(
            f"{len(document['windows'])} windows of {document['every']} against {reference}"
        )
    return Text(f"{side(document['current'])} against {reference}")


def _table(table: Table, width: int) -> RichTable:
    """The table in at most `width` columns; the last column wraps, names are cut."""
    from rich import box
    from rich.table import Table as RichTable
    from rich.text import Text

    drawn = RichTable(
        title=Text(table.title, "bold"), title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False,
        show_edge=False,
    )  # fmt: skip
    last = len(table.heads) - 1
    # On a narrow terminal the explanation is dropped rather than squeezed: it is in the report.
    kept = [i for i in range(len(table.heads)) if not (width < 100 and i == last and last >= 6)]
    for position in kept:
        numeric = position in table.numeric
        drawn.add_column(
            table.heads[position],
            justify="right" if numeric else "left",
            no_wrap=numeric or position in table.names,
            overflow="ellipsis" if position in table.names else "fold",
        )
    for row in table.rows:
        drawn.add_row(
            *(Text(row[i], _BY_CELL.get(row[i], _BY_CELL.get(row[i][:1], ""))) for i in kept)
        )
    return drawn
