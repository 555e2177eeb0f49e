"""Where results go: files, checked before the work begins, and standard output."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from watchkeeper.cli.settings import Settings, say

TERMINAL = "-"

Outputs = Annotated[
    list[str] | None,
    typer.Option(
        "--output",
        "-o",
        metavar="PATH",
        help="Write the report there, as .html, .json, .md or .xml (JUnit), or `-` for the "
        "terminal (the default); repeatable.",
    ),
]


def moment(text: str | None, *, seconds: bool = False) -> str:
    """A time of an answer as tables have it, in UTC; empty where there is none.

    >>> moment("2026-01-01T13:04:05.6+01:00"), moment("2026-01-01T12:04:05Z", seconds=True)
    ('2026-01-01 12:04', '2026-01-01 12:04:05')
    """
    from datetime import UTC, datetime

    if not text:
        return ""
    at = datetime.fromisoformat(text).astimezone(UTC)
    return at.strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")


def check_outputs(outputs: Sequence[str]) -> None:
    """Raise `InputError` for an output that cannot be written, before any work is done."""
    from watchkeeper.reports.saving import check_target, renderer

    for path in outputs:
        if path != TERMINAL:
            renderer(path)
            check_target(path)


def write_outputs(
    document: Mapping[str, Any],
    outputs: Sequence[str],
    settings: Settings,
    *,
    fail_on: str = "critical",
) -> None:
    """Write every file, then standard output: JSON if asked for, else the terminal report.

    Where only files are asked for, the headline goes to standard error.
    """
    from watchkeeper.reports.saving import renderer, write_text

    files = [path for path in outputs if path != TERMINAL]
    for path in files:
        write_text(renderer(path, fail_on=fail_on)(document), path)
    if settings.json:
        print_json(document)
    elif TERMINAL in outputs or not outputs:
        print_terminal(document, files)
    else:
        say(document["summary"]["headline"], settings)
        say(f"Full report: {', '.join(files)}", settings)


def print_terminal(document: Mapping[str, Any], written: Sequence[str]) -> None:
    """The terminal report on standard output, in its width, coloured where it is a terminal."""
    from rich.console import Console

    from watchkeeper.reports.terminal import print_report

    # Rich assumes 80 columns where there is no terminal; a log has room for the explanations.
    width = None if sys.stdout.isatty() or "COLUMNS" in _environment() else 140
    print_report(document, Console(width=width, highlight=False), written=written)


def _environment() -> Mapping[str, str]:
    import os

    return os.environ


def print_json(value: Any) -> None:
    """A value as JSON on standard output, in ASCII where the output knows no more."""
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = json.dumps(value, indent=2, allow_nan=False)
    typer.echo(text)
