"""`watchkeeper report`: compare two sets of rows and write what was found."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from watchkeeper.cli.options import time_of, with_roles
from watchkeeper.cli.output import Outputs, check_outputs, write_outputs
from watchkeeper.cli.progress import progress_of
from watchkeeper.cli.settings import Settings, settings_of

Reference = Annotated[
    str,
    typer.Argument(
        metavar="REFERENCE",
        help="The data the model was accepted on: a file, glob, directory or URL, or its profile.",
    ),
]
Current = Annotated[
    str,
    typer.Argument(
        metavar="CURRENT",
        help="The data of production: a file, glob, directory or URL, or its profile.",
    ),
]
Now = Annotated[
    str | None,
    typer.Option("--now", metavar="TIME", help="Measure timeliness at this time (ISO 8601)."),
]


@with_roles
def report(
    context: typer.Context,
    reference: Reference,
    current: Current,
    output: Outputs = None,
    now: Now = None,
    *,
    model: str | None,
    roles: dict[str, Any],
) -> None:
    """Compare two sets of rows and write a report.

    Data are Parquet, CSV, Arrow or JSON-lines files (also gzipped),
    globs and directories of them, URLs of tables and queries
    (postgres://, duckdb://, delta://, …), or profiles.

    Example: watchkeeper report january.parquet may.parquet --label late --score p -o report.html
    """
    settings = settings_of(context)
    outputs = list(output or ())
    check_outputs(outputs)
    document = compared(reference, current, settings, model=model, roles=roles, now=now)
    write_outputs(document, outputs, settings)


def compared(
    reference: str,
    current: str,
    settings: Settings,
    *,
    model: str | None,
    roles: dict[str, Any],
    now: str | None,
) -> dict[str, Any]:
    """The report document of two paths."""
    moment = time_of(now, "--now")
    with progress_of(settings) as progress:
        from watchkeeper.app.compare import compare

        return compare(reference, current, model=model, roles=roles, now=moment, progress=progress)
