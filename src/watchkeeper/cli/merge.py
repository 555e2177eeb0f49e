"""`watchkeeper merge`: many profiles in, the profile of all their rows out."""

from __future__ import annotations

from typing import Annotated

import typer

from watchkeeper.cli.profile import ProfilePath, check_profile_path, tell
from watchkeeper.cli.settings import settings_of


def merge(
    context: typer.Context,
    profiles: Annotated[
        list[str], typer.Argument(metavar="A.PROFILE B.PROFILE …", help="Profiles on one layout.")
    ],
    output: ProfilePath,
) -> None:
    """Merge profiles of different rows into the profile of all of them.

    Example: watchkeeper merge monday.profile tuesday.profile -o week.profile
    """
    check_profile_path(output)
    from watchkeeper.app.profile import merge_profiles
    from watchkeeper.app.sources import read_profile, write_profile

    made = merge_profiles([read_profile(path) for path in profiles])
    write_profile(made, output)
    tell(made, output, settings_of(context))
