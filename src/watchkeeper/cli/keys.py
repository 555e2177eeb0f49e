"""`watchkeeper keys`: who may ask a server; on its folder, since a first key opens the door."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

import typer

from watchkeeper.cli.models import plain, print_table
from watchkeeper.cli.output import print_json
from watchkeeper.cli.place import Data, open_folder
from watchkeeper.cli.settings import say, settings_of
from watchkeeper.core.errors import InputError

keys = typer.Typer(
    name="keys", help="Make, list and revoke the API keys of a server.", no_args_is_help=True
)


@keys.command()
def create(
    context: typer.Context,
    scope: Annotated[
        list[str],
        typer.Option(
            "--scope",
            metavar="SCOPE",
            help="What it may do: ingest, read, edit, or admin for everything; repeatable.",
        ),
    ],
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Who or what uses it.")],
    expires: Annotated[
        str | None, typer.Option("--expires", metavar="LENGTH", help="It ends after that: 90d.")
    ] = None,
    data: Data = None,
) -> None:
    """Make an API key, and print its secret: this is the only time that it can be seen.

    Example: watchkeeper keys create --scope ingest --name flights --data DIR
    """
    settings = settings_of(context)
    length = None if expires is None else _length(expires)
    with open_folder(data, make=True) as folder:
        end = None if length is None else folder.now() + length
        key, secret = folder.keys.create(name, scope, expires=end)
    if settings.json:
        print_json({"secret": secret, "key": plain(key.as_dict())})
        return
    typer.echo(secret)
    until = f" until {key.expires:%Y-%m-%d %H:%M} UTC" if key.expires else ""
    say(
        f"Key {key.id} of {key.name} may {', '.join(sorted(key.scopes))}{until}. Keep the secret: "
        "it is not stored and cannot be shown again.",
        settings,
    )


@keys.command("list")
def list_keys(context: typer.Context, data: Data = None) -> None:
    """List the API keys, those that have ended among them; secrets are not known.

    Example: watchkeeper keys list --data DIR
    """
    with open_folder(data) as folder:
        found = [key.as_dict() for key in folder.keys.list()]
        now = folder.now()
    if settings_of(context).json:
        print_json(plain(found))
        return
    if not found:
        say("There are no keys: the server serves its own machine only.", settings_of(context))
    heads = ("id", "name", "scopes", "created", "last_used", "state")
    print_table(heads, [[_cell(key, head, now) for head in heads] for key in found])


@keys.command()
def revoke(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="ID", help="The key's id, as `list` shows it.")],
    data: Data = None,
) -> None:
    """Revoke an API key, at once and for good.

    Example: watchkeeper keys revoke 0123456789ab --data DIR
    """
    with open_folder(data) as folder:
        ended = folder.keys.revoke(key)
    if settings_of(context).json:
        print_json(plain(ended.as_dict()))
    else:
        typer.echo(f"{ended.id} ({ended.name}): revoked")


def _length(text: str) -> timedelta:
    from watchkeeper.app.model_server import length_of

    try:
        return length_of(text)
    except ValueError as error:
        raise InputError(f"--expires: {error}") from error


def _cell(key: dict[str, Any], head: str, now: Any) -> str:
    if head == "state":
        ended = key["expires"] is not None and key["expires"] <= now
        return "revoked" if key["revoked"] else "expired" if ended else "works"
    value = key[head]
    if head == "scopes":
        return ", ".join(value)
    return "–" if value is None else value if isinstance(value, str) else f"{value:%Y-%m-%d %H:%M}"
