"""`watchkeeper backup` and `watchkeeper restore`: a server's data, copied and put back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watchkeeper.cli.models import print_table
from watchkeeper.cli.output import print_json
from watchkeeper.cli.place import Data, catalogue_url, data_folder
from watchkeeper.cli.settings import Settings, say, settings_of

if TYPE_CHECKING:
    from watchkeeper.store.backup import Copied


def backup(
    context: typer.Context,
    target: Annotated[
        Path,
        typer.Argument(metavar="TARGET", help="The folder of the copy; empty, or not there yet."),
    ],
    data: Data = None,
) -> None:
    """Copy all that a server keeps, while it runs.

    All that the server had acknowledged when this began is in the copy. It is whole once this ends
    with exit code 0. A catalogue in PostgreSQL is copied into it as a file; say with
    WATCHKEEPER_CATALOGUE where it is.

    Example: watchkeeper backup /backups/2026-03-02 --data ./watchkeeper-data
    """
    from watchkeeper.app.live.backups import back_up_folder

    settings = settings_of(context)
    copied = back_up_folder(data_folder(data), target, catalogue=catalogue_url())
    _tell(copied, "copied", target, settings)


def restore(
    context: typer.Context,
    source: Annotated[
        Path, typer.Argument(metavar="BACKUP", help="The folder that a backup was written into.")
    ],
    data: Data = None,
) -> None:
    """Put a backup where a server may run on it: a folder that is empty or not there.

    Where WATCHKEEPER_CATALOGUE names a database, the catalogue is put into it; it must be empty.

    Example: watchkeeper restore /backups/2026-03-02 --data ./watchkeeper-data
    """
    from watchkeeper.app.live.backups import restore_folder

    settings = settings_of(context)
    folder = data_folder(data)
    copied = restore_folder(source, folder, catalogue=catalogue_url())
    _tell(copied, "restored", folder, settings)
    if not settings.json:
        say(f"Start the server on it: watchkeeper serve --data {folder}", settings)


def _tell(copied: Copied, done: str, folder: Path, settings: Settings) -> None:
    """Print what was copied or restored."""
    if settings.json:
        import msgspec

        content = msgspec.to_builtins(copied)
        print_json({"folder": str(folder), "bytes": copied.bytes, **content})
        return
    rows = [[name, "", readable(size)] for name, size in copied.files.items()]
    rows += [
        [f"{one.signal} of {one.model or 'all models'}", f"{one.rows:,}", readable(one.bytes)]
        for one in copied.tables
    ]
    print_table((done, "rows", "size"), rows)
    waits = f"; batches that wait for their tables: {copied.waiting:,}" if copied.waiting else ""
    typer.echo(f"{readable(copied.bytes)} {done} to {folder}{waits}.")
    if copied.elsewhere:
        typer.echo(
            f"The tables stay in {copied.elsewhere}, at the versions that the backup says: keep "
            "that bucket safe by its own versions or a replica."
        )


def readable(size: int) -> str:
    """A number of bytes for people.

    >>> readable(0), readable(20_480), readable(3 << 30)
    ('0 B', '20.0 KiB', '3.0 GiB')
    """
    amount, unit = float(size), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if amount < 1024:
            break
        amount, unit = amount / 1024, larger
    return f"{size} B" if unit == "B" else f"{amount:.1f} {unit}"
