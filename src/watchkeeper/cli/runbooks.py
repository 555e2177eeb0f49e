"""`watchkeeper runbooks`: what to do when something is wrong, to be copied and made one's own."""

from __future__ import annotations

from typing import Annotated

import typer

from watchkeeper.cli.models import print_table
from watchkeeper.cli.output import print_json
from watchkeeper.cli.settings import settings_of

runbooks = typer.Typer(name="runbooks", help="Show the runbooks that come with Watchkeeper.")


@runbooks.callback(invoke_without_command=True)
def default(context: typer.Context) -> None:
    """Show the runbooks that come with Watchkeeper."""
    if context.invoked_subcommand is None:
        list_runbooks(context)


@runbooks.command("list")
def list_runbooks(context: typer.Context) -> None:
    """List the runbooks; also without `list`. Alerts name theirs in the annotation `runbook`.

    Example: watchkeeper runbooks
    """
    from watchkeeper.incidents.runbooks.starter import STARTERS, starter

    found = [(name, starter(name)) for name in STARTERS]
    if settings_of(context).json:
        print_json(
            [{"name": name, "title": one.title, "steps": [step.id for step in one.steps]}
             for name, one in found]
        )  # fmt: skip
        return
    rows = [[name, one.title, ", ".join(step.title for step in one.steps)] for name, one in found]
    print_table(("runbook", "title", "steps"), rows)


@runbooks.command("show")
def show(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Such as accuracy-drop.")],
) -> None:
    """Print a runbook as Markdown.

    Example: watchkeeper runbooks show accuracy-drop > accuracy-drop.md
    """
    from watchkeeper.incidents.runbooks.starter import starter

    found = starter(name)
    if settings_of(context).json:
        print_json({"name": name, "title": found.title, "text": found.text})
    else:
        typer.echo(found.text, nl=False)
