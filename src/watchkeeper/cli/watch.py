"""`watchkeeper watch`: another process that keeps watch over the rules of a folder."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import typer

from watchkeeper.cli.serve import Automation, BaseUrl, Catalogue, Data, checked_catalogue


def watch(
    context: typer.Context,
    *,
    data: Data = Path("watchkeeper-data"),
    catalogue: Catalogue = None,
    base_url: BaseUrl = None,
    automation: Automation = None,
) -> None:
    """Evaluate rules and send messages, beside the server of a folder or while it is away.

    A server does this by itself. A second process shares the work with it: where one of them dies,
    the other goes on within half a minute, and nobody is told anything twice. Any number of them
    may run. It runs until Ctrl-C or SIGTERM.

    Example: watchkeeper watch --data ./watchkeeper-data
    """
    from watchkeeper.app.live.settings import Settings
    from watchkeeper.core.errors import MissingExtraError

    url = checked_catalogue(context, catalogue)
    for package in ("sqlalchemy", "deltalake"):
        if find_spec(package) is None:
            raise MissingExtraError(package, "keeping watch", "server")
    from watchkeeper.app.alarms.worker import watch as run

    settings = Settings(
        data,
        catalogue_url=url,
        base_url=base_url,
        automation=automation.absolute() if automation else None,
    )
    raise typer.Exit(run(settings))
