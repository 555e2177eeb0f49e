"""`watchkeeper users`: who may sign in; on the server's folder, whether the server runs or not."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from watchkeeper.cli.models import plain, print_table
from watchkeeper.cli.output import print_json
from watchkeeper.cli.place import DATA, Data, catalogue_url
from watchkeeper.cli.settings import say, settings_of
from watchkeeper.core.errors import InputError

if TYPE_CHECKING:
    from watchkeeper.app.people.users import User, UserChange, Users

users = typer.Typer(
    name="users", help="Add, list and change the users of a server.", no_args_is_help=True
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The name to sign in with.")]
FromStdin = Annotated[
    bool,
    typer.Option(
        "--password-stdin",
        help="Read the password from standard input; else WATCHKEEPER_PASSWORD has it, or it is "
        "asked for.",
    ),
]
PASSWORD = "WATCHKEEPER_PASSWORD"  # noqa: S105  # the name of a variable
"""Where a password may stand, for what sets servers up."""


@users.command()
def add(
    context: typer.Context,
    name: Name,
    role: Annotated[str, typer.Option("--role", metavar="ROLE", help="viewer, editor or admin.")],
    display_name: Annotated[
        str, typer.Option("--display-name", metavar="TEXT", help="How pages call them.")
    ] = "",
    password_stdin: FromStdin = False,
    data: Data = None,
) -> None:
    """Add a user; the password is asked for twice, and is never an argument.

    Example: watchkeeper users add ada --role admin --data DIR
    """
    with _opened(data, make=True) as held:
        held.check_new(name, role)
        made = held.add(name, role, _password(password_stdin), display_name=display_name)
    _tell(context, made, f"{made.name} may sign in as {made.role}")


@users.command("list")
def list_users(context: typer.Context, data: Data = None) -> None:
    """List the users, those that are disabled among them.

    Example: watchkeeper users list --data DIR
    """
    with _opened(data) as held:
        found = [user.as_dict() for user in held.list()]
    if settings_of(context).json:
        print_json(plain(found))
        return
    if not found:
        say("There are no users: nobody signs in here.", settings_of(context))
    heads = ("name", "display_name", "role", "way", "last_sign_in", "state")
    print_table(heads, [[_cell(user, head) for head in heads] for user in found])


@users.command()
def role(
    context: typer.Context,
    name: Name,
    role: Annotated[str, typer.Argument(metavar="ROLE", help="viewer, editor or admin.")],
    data: Data = None,
) -> None:
    """Give a user another role, at once.

    Example: watchkeeper users role ada editor --data DIR
    """
    changed = _changed(data, name, role=role)
    _tell(context, changed, f"{changed.name} is {changed.role} now")


@users.command()
def password(
    context: typer.Context, name: Name, password_stdin: FromStdin = False, data: Data = None
) -> None:
    """Set a user's password; their sessions end, and a lock-out with them.

    Example: watchkeeper users password ada --data DIR
    """
    with _opened(data) as held:
        held.get(name)
        changed = held.change(name, _change(password=_password(password_stdin)))
    _tell(context, changed, f"{changed.name} has a new password; sessions before have ended")


@users.command()
def disable(context: typer.Context, name: Name, data: Data = None) -> None:
    """Let a user sign in no more; their sessions end. `enable` takes it back.

    Example: watchkeeper users disable ada --data DIR
    """
    changed = _changed(data, name, disabled=True)
    _tell(context, changed, f"{changed.name} is disabled, and signed out")


@users.command()
def enable(context: typer.Context, name: Name, data: Data = None) -> None:
    """Let a user who was disabled sign in again.

    Example: watchkeeper users enable ada --data DIR
    """
    changed = _changed(data, name, disabled=False)
    _tell(context, changed, f"{changed.name} may sign in again")


@users.command()
def remove(
    context: typer.Context,
    name: Name,
    last: Annotated[
        bool,
        typer.Option(
            "--last", help="Also the last user: on the loopback nobody is asked to sign in then."
        ),
    ] = False,
    data: Data = None,
) -> None:
    """Remove a user with their sessions; the last admin stays.

    Example: watchkeeper users remove ada --data DIR
    """
    with _opened(data) as held:
        gone = held.remove(name, last=last)
    _tell(context, gone, f"{gone.name} is removed")


@contextmanager
def _opened(data: str | None, *, make: bool = False) -> Iterator[Users]:
    folder = data or os.environ.get(DATA)
    if not folder:
        raise InputError(f"say which folder of a server is meant, with --data DIR (or {DATA})")
    from watchkeeper.app.people.folder import open_users

    with open_users(folder, make=make, catalogue=catalogue_url()) as held:
        yield held


def _changed(data: str | None, name: str, **values: Any) -> User:
    with _opened(data) as held:
        return held.change(name, _change(**values))


def _change(**values: Any) -> UserChange:
    from watchkeeper.app.people.users import UserChange

    return UserChange(**values)


def _password(from_stdin: bool) -> str:
    """A password that stands on no screen, in no history and in no list of processes."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if held := os.environ.get(PASSWORD):
        return held
    if not sys.stdin.isatty():
        raise InputError(
            "there is no terminal to ask for the password; pass --password-stdin and send it on "
            f"standard input, or set {PASSWORD}"
        )
    asked: str = typer.prompt(
        "Password", hide_input=True, confirmation_prompt="The same again", err=True
    )
    return asked


def _tell(context: typer.Context, user: User, said: str) -> None:
    if settings_of(context).json:
        print_json(plain(user.as_dict()))
    else:
        typer.echo(said)


def _cell(user: dict[str, Any], head: str) -> str:
    if head == "state":
        return "disabled" if user["disabled"] else "may sign in"
    value = user[head]
    return "–" if value is None else value if isinstance(value, str) else f"{value:%Y-%m-%d %H:%M}"
