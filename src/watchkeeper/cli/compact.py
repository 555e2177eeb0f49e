"""`watchkeeper compact`: what the worker does every ten minutes, at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from watchkeeper.cli.models import print_table
from watchkeeper.cli.output import print_json
from watchkeeper.cli.place import Data, catalogue_url, data_folder
from watchkeeper.cli.settings import say, settings_of
from watchkeeper.core.errors import UnavailableError

if TYPE_CHECKING:
    from watchkeeper.store.upkeep import Kept


def compact(
    context: typer.Context,
    data: Data = None,
    model: Annotated[
        str | None, typer.Option("--model", metavar="NAME", help="Of this model only.")
    ] = None,
) -> None:
    """Compact the tables of a server and drop what its models' retention says, while it runs.

    A running server does the same every ten minutes.

    Example: watchkeeper compact --data ./watchkeeper-data
    """
    from watchkeeper.app.live.upkeep import compact_folder

    settings = settings_of(context)
    kept = compact_folder(data_folder(data), model=model, catalogue=catalogue_url())
    if settings.json:
        import msgspec

        print_json(msgspec.to_builtins(kept))
    else:
        print_table(("table", "days compacted", "days dropped", "files deleted"), _rows(kept))
        if not _rows(kept):
            say("Nothing was due.", settings)
    failed = [f"{one.signal} of {one.model!r}: {one.error}" for one in kept if one.error]
    if failed:
        raise UnavailableError("; ".join(failed))


def _rows(kept: Sequence[Kept]) -> list[list[str]]:
    """The tables that something was done to."""
    return [
        [
            f"{one.signal} of {one.model or 'all models'}",
            str(len(one.compacted)), str(len(one.dropped)), str(one.vacuumed),
        ]
        for one in kept
        if one.compacted or one.dropped or one.vacuumed
    ]  # fmt: skip
