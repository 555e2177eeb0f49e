"""`watchkeeper infer`: a model file from data, for review."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from watchkeeper.cli.options import with_roles
from watchkeeper.cli.progress import progress_of
from watchkeeper.cli.settings import say, settings_of


@with_roles
def infer(
    context: typer.Context,
    data: Annotated[
        str,
        typer.Argument(metavar="DATA", help="The reference: a file, glob, directory or URL."),
    ],
    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", metavar="MODEL.YAML", help="Where to write it; `-` prints it."
        ),
    ] = "-",
    *,
    model: str | None,
    roles: dict[str, Any],
) -> None:
    """Write a model file with the kinds that the data suggest and constraints to review.

    Example: watchkeeper infer reference.parquet --label late --score p -o model.yaml
    """
    settings = settings_of(context)
    from watchkeeper.reports.saving import check_target, write_text

    if output != "-":
        check_target(output)
    from watchkeeper.app.infer import infer_model

    if model is not None:
        roles = {"model": model, **roles}
    with progress_of(settings) as progress:
        found, text = infer_model(data, roles=roles, progress=progress)
    if output == "-":
        typer.echo(text, nl=False)
        return
    write_text(text, output)
    from watchkeeper.app.words import counted

    say(
        f"Wrote {output} with {counted(len(found.columns), 'column')}; review it, then run: "
        f"watchkeeper check REFERENCE CURRENT --model {output}",
        settings,
    )
