"""`watchkeeper models`: what a server watches."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import typer

from watchkeeper.cli.output import print_json
from watchkeeper.cli.place import Data, Url, open_place
from watchkeeper.cli.settings import say, settings_of
from watchkeeper.core.errors import InputError

Name = Annotated[str, typer.Argument(metavar="NAME", help="The model.")]

models = typer.Typer(name="models", help="List, show and remove the models of a server.")


@models.callback(invoke_without_command=True)
def default(context: typer.Context, url: Url = None, data: Data = None) -> None:
    """List, show and remove the models of a server."""
    if context.invoked_subcommand is None:
        list_models(context, url, data)


@models.command("list")
def list_models(context: typer.Context, url: Url = None, data: Data = None) -> None:
    """List the models of a server; also without `list`.

    Example: watchkeeper models list --url http://127.0.0.1:8470
    """
    with open_place(url, data) as place:
        found = place.models()
    if settings_of(context).json:
        print_json(plain(found))
        return
    if not found:
        say(
            "There are no models yet; register one: watchkeeper apply -f model.yaml",
            settings_of(context),
        )
    heads = ("name", "task", "reference", "versions")
    print_table(heads, [[_cell(model.get(head)) for head in heads] for model in found])


@models.command()
def show(context: typer.Context, name: Name, url: Url = None, data: Data = None) -> None:
    """Show what is known of a model, in YAML.

    Example: watchkeeper models show late-arrivals --url http://127.0.0.1:8470
    """
    with open_place(url, data) as place:
        found = plain(place.model(name))
    if settings_of(context).json:
        print_json(found)
        return
    import yaml

    typer.echo(yaml.safe_dump(found, sort_keys=False, allow_unicode=True), nl=False)


@models.command()
def remove(
    context: typer.Context,
    name: Name,
    url: Url = None,
    data: Data = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove a model; a server removes all that was sent of it too.

    With `--data` the rows stay in the folder: ask the server to remove them as well.

    Example: watchkeeper models remove late-arrivals --yes --url http://127.0.0.1:8470
    """
    settings = settings_of(context)
    with open_place(url, data) as place:
        if not yes:
            if not sys.stdin.isatty():
                raise InputError(f"removing {name!r} cannot be undone; say --yes to do it")
            typer.confirm(f"Remove {name!r}? This cannot be undone.", abort=True, err=True)
        place.remove(name)
    if settings.json:
        print_json({"name": name, "outcome": "removed"})
    else:
        typer.echo(f"{name}: removed")


def print_table(heads: Sequence[str], rows: list[list[str]]) -> None:
    """A table on standard output; nothing where it has no rows."""
    if not rows:
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*row)
    Console(highlight=False, markup=False).print(table)


def plain(value: Any) -> Any:
    """Values as JSON has them; times as ISO 8601.

    >>> plain({"at": datetime(2013, 4, 1), "tags": ("a",)})
    {'at': '2013-04-01T00:00:00', 'tags': ['a']}
    """
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: plain(held) for key, held in value.items()}
    return [plain(held) for held in value] if isinstance(value, (list, tuple)) else value


def _cell(value: Any) -> str:
    return "–" if value is None else str(value["kind"] if isinstance(value, dict) else value)
