"""`watchkeeper dashboards`: dashboards as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from watchkeeper.cli.models import print_table
from watchkeeper.cli.output import print_json
from watchkeeper.cli.place import Url, open_server
from watchkeeper.cli.rules import YAML, Files, read_text
from watchkeeper.cli.settings import say, settings_of

Name = Annotated[str, typer.Argument(metavar="NAME", help="The dashboard's name on the server.")]

dashboards = typer.Typer(
    name="dashboards", help="List, show, apply and remove dashboards.", no_args_is_help=True
)


@dashboards.command("list")
def list_dashboards(context: typer.Context, url: Url = None) -> None:
    """List the dashboards, those that come with Watchkeeper first.

    Example: watchkeeper dashboards list
    """
    found = open_server(url).get("/v1/dashboards")["dashboards"]
    if settings_of(context).json:
        print_json(found)
        return
    rows = [
        [one["name"], one["title"], str(one["panels"]),
         "comes with Watchkeeper" if one["shipped"] else one["who"] or ""]
        for one in found
    ]  # fmt: skip
    print_table(("name", "title", "panels", "by"), rows)


@dashboards.command("show")
def show_dashboard(context: typer.Context, name: Name, url: Url = None) -> None:
    """Print a dashboard as the file that it is; one that ships is a good beginning.

    Example: watchkeeper dashboards show operations > mine.yaml
    """
    found = open_server(url).get(f"/v1/dashboards/{quote(name, safe='')}")
    if settings_of(context).json:
        print_json(found)
    else:
        typer.echo(found["text"], nl=False)


@dashboards.command("apply")
def apply_dashboards(
    context: typer.Context,
    files: Files,
    url: Url = None,
) -> None:
    """Put dashboards on the server, each under the name of its file.

    Example: watchkeeper dashboards apply mine.yaml
    """
    server = open_server(url)
    texts: list[tuple[Path, str]] = [(path, read_text(path)) for path in files]
    for path, text in texts:
        found = server.send(
            "PUT", f"/v1/dashboards/{quote(path.stem, safe='')}", text.encode(), content_type=YAML
        )
        say(f"{path.stem}: {len(found['panels'])} panels", settings_of(context))


@dashboards.command("remove")
def remove_dashboard(name: Name, url: Url = None) -> None:
    """Remove a dashboard.

    Example: watchkeeper dashboards remove mine
    """
    open_server(url).delete(f"/v1/dashboards/{quote(name, safe='')}")
    typer.echo(f"{name}: removed")
