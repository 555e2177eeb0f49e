"""`watchkeeper track`: one data set over time, window by window."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from watchkeeper.cli.options import time_of, with_roles
from watchkeeper.cli.output import check_outputs, write_outputs
from watchkeeper.cli.progress import progress_of
from watchkeeper.cli.settings import say, settings_of
from watchkeeper.core.errors import InputError

if TYPE_CHECKING:
    from watchkeeper.core.windows import Window

Document = Mapping[str, Any]


@with_roles
def track(
    context: typer.Context,
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA",
            help="Rows with a time, in any order: a file, glob, directory or URL.",
        ),
    ],
    *,
    every: Annotated[
        str, typer.Option("--every", metavar="LENGTH", help="The length of a window: 6h, 7d, 1mo.")
    ] = "7d",
    reference: Annotated[
        str | None,
        typer.Option(
            "--reference", metavar="REFERENCE",
            help="A file, glob, directory or URL, a profile, or START..END of DATA; its first "
            "window by default.",
        ),
    ] = None,
    start: Annotated[
        str | None, typer.Option("--start", metavar="TIME", help="Begin there (ISO 8601, UTC).")
    ] = None,
    end: Annotated[
        str | None, typer.Option("--end", metavar="TIME", help="Stop before it (ISO 8601, UTC).")
    ] = None,
    output: Annotated[
        list[str] | None,
        typer.Option(
            "--output", "-o", metavar="PATH",
            help="A file for the overview (.html, .json, .md, .xml), a folder for that and a "
            "report a window, or `-` for the terminal (the default); repeatable.",
        ),
    ] = None,
    model: str | None,
    roles: dict[str, Any],
) -> None:  # fmt: skip
    """Follow a model over time, window by window, against one reference.

    Example: watchkeeper track flights.parquet --every 1mo --timestamp hour -o out/
    """
    settings = settings_of(context)
    folders = [path for path in output or () if is_folder(path)]
    files = [path for path in output or () if not is_folder(path)]
    check_outputs(files)
    for folder in folders:
        make_folder(folder)
    with progress_of(settings) as progress:
        from watchkeeper.app.track import track as run

        overview, windows = run(
            data, model=model, roles=roles, every=every, reference=reference,
            start=time_of(start, "--start"), end=time_of(end, "--end"),
            link=page_of if folders else None, progress=progress,
        )  # fmt: skip
        for folder in folders:
            write_folder(Path(folder), overview, windows)
    if files or not folders or settings.json:
        write_outputs(overview, files, settings)
    else:
        say(overview["summary"]["headline"], settings)
    if folders:
        say(f"Full report: {', '.join(str(Path(f) / 'index.html') for f in folders)}", settings)


def is_folder(path: str) -> bool:
    """Whether an output is a folder: it is one, ends like one, or has no suffix.

    >>> is_folder("out/"), is_folder("out"), is_folder("out.html"), is_folder("-")
    (True, True, False, False)
    """
    return path != "-" and (
        path.endswith(("/", "\\")) or Path(path).is_dir() or not Path(path).suffix
    )


def make_folder(path: str) -> None:
    """Make the folder before the work begins, so that a wrong path costs nothing."""
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"the folder {path} cannot be made ({error.strerror})") from error


def page_of(window: Window) -> str:
    """The file of a window's report, from its name.

    Names hold times, and a colon cannot be in a file's name everywhere.
    """
    return re.sub(r"[^\w.+-]+", "-", window.name).strip("-") + ".html"


def write_folder(folder: Path, overview: Document, windows: Sequence[Document]) -> None:
    """The overview as `index.html` and `index.json`, and a page a window."""
    from watchkeeper.reports.saving import renderer, write_text

    pages = [window["report"] for window in overview["windows"]]
    for page, document in zip(pages, windows, strict=True):
        write_text(renderer(page)(document), folder / page)
    for page in ("index.json", "index.html"):
        write_text(renderer(page)(overview), folder / page)
