"""`watchkeeper profile`: rows in, a small file that stands in for them out."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from watchkeeper.cli.options import with_roles
from watchkeeper.cli.output import print_json
from watchkeeper.cli.progress import progress_of
from watchkeeper.cli.settings import Settings, say, settings_of
from watchkeeper.core.errors import InputError

ProfilePath = Annotated[
    str, typer.Option("--output", "-o", metavar="OUT.PROFILE", help="Where to write the profile.")
]


@with_roles
def profile(
    context: typer.Context,
    data: Annotated[
        str, typer.Argument(metavar="DATA", help="Rows: a file, glob, directory or URL.")
    ],
    output: ProfilePath,
    like: Annotated[
        str | None,
        typer.Option(
            "--like", metavar="REFERENCE.PROFILE",
            help="Use the layout of this profile, so that both can be compared and merged.",
        ),
    ] = None,
    *,
    model: str | None,
    roles: dict[str, Any],
) -> None:  # fmt: skip
    """Profile a set of rows, to compare and merge without sharing the rows.

    Example: watchkeeper profile today.parquet --like reference.profile -o today.profile
    """
    settings = settings_of(context)
    check_profile_path(output)
    with progress_of(settings) as progress:
        from watchkeeper.app.profile import make_profile
        from watchkeeper.app.sources import write_profile

        made = make_profile(data, model=model, roles=roles, like=like, progress=progress)
        write_profile(made, output)
    tell(made, output, settings)


def check_profile_path(path: str) -> None:
    """Raise `InputError` where a profile cannot be written there."""
    from watchkeeper.reports.saving import check_target

    if not path.endswith(".profile"):
        raise InputError(f"{path} does not end in .profile, by which a profile is known; rename it")
    check_target(path)


def tell(made: Any, path: str, settings: Settings) -> None:
    """Say what is in the profile that was written."""
    rows, columns = made.whole.rows, len(made.whole.columns)
    if settings.json:
        print_json({"path": path, "rows": rows, "columns": columns, "layout": made.layout.id})
    else:
        from watchkeeper.app.words import counted

        say(f"Profile of {counted(rows, 'row')}, {counted(columns, 'column')}: {path}", settings)
