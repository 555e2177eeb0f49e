"""The program: its commands, its global flags, and what becomes of errors."""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import watchkeeper
from watchkeeper.cli.alerts import alerts, silences
from watchkeeper.cli.apply import apply
from watchkeeper.cli.backup import backup, restore
from watchkeeper.cli.check import check
from watchkeeper.cli.compact import compact
from watchkeeper.cli.dashboards import dashboards
from watchkeeper.cli.drill import drill
from watchkeeper.cli.incidents import incidents, oncall
from watchkeeper.cli.infer import infer
from watchkeeper.cli.init import init
from watchkeeper.cli.keys import keys
from watchkeeper.cli.merge import merge
from watchkeeper.cli.metrics import metrics
from watchkeeper.cli.models import models
from watchkeeper.cli.profile import profile
from watchkeeper.cli.report import report
from watchkeeper.cli.rules import rules
from watchkeeper.cli.runbooks import runbooks
from watchkeeper.cli.schema import schema
from watchkeeper.cli.serve import serve
from watchkeeper.cli.settings import Settings, settings_of
from watchkeeper.cli.slo import slo
from watchkeeper.cli.track import track
from watchkeeper.cli.users import users
from watchkeeper.cli.watch import watch
from watchkeeper.core.errors import WatchkeeperError

_SAID = "watchkeeper.said"
_ANYWHERE = ("--debug", "--quiet", "-q", "--json")

# What Typer handles itself: wrong usage and asked-for exits. It has had its own copy of Click
# since 0.16, so the class is found rather than imported.
_USAGE: type[Exception] = next(
    kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException"
)
_OURS = (_USAGE, typer.Exit, typer.Abort)


class Commands(TyperGroup):
    """The commands, with global flags in any place and errors as one sentence."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Move the global flags to the front, where this group reads them."""
        end = args.index("--") if "--" in args else len(args)
        found = [arg for arg in args[:end] if arg in _ANYWHERE]
        rest = [arg for arg in args[:end] if arg not in _ANYWHERE]
        ctx.meta[_SAID] = args
        return super().parse_args(ctx, [*found, *rest, *args[end:]])

    def invoke(self, ctx: Any) -> Any:
        """Run the command; an error becomes a sentence and an exit code."""
        try:
            # Before the command reads them: what is wrong with an argument is said with it.
            _refuse_secrets(ctx.meta[_SAID])
            return super().invoke(ctx)
        except _OURS:
            raise
        except KeyboardInterrupt:
            typer.echo("Stopped.", err=True)
            raise typer.Exit(130) from None
        except BrokenPipeError:
            # The reader has gone (`| head`); Python would complain once more at its end.
            with contextlib.suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(141) from None
        except Exception as error:  # noqa: BLE001  # the last place where a sentence can be made
            raise typer.Exit(_told(error, settings_of(ctx))) from None


def _refuse_secrets(args: list[str]) -> None:
    """Raise `InputError` where an argument is the URL of data with a password in it.

    The catalogue is no data: its option has a check, and a variable, of its own.
    """
    said = [
        arg
        for before, arg in zip(["", *args], args, strict=False)
        if "--catalogue" not in (before, arg.partition("=")[0])
    ]
    urls = [url for arg in said for url in (arg, arg.partition("=")[2]) if "://" in url]
    if urls:
        from watchkeeper.store.engines.secrets import refuse_literal  # most commands have none

        for url in urls:
            refuse_literal(url)


def _told(error: Exception, settings: Settings) -> int:
    """Print an error, and return the exit code."""
    if settings.debug:
        traceback.print_exception(error)
    if isinstance(error, WatchkeeperError):
        lines = [_line(line) for line in str(error).splitlines()]
        typer.echo("watchkeeper: " + "\n".join(filter(None, lines)), err=True)
    elif isinstance(error, MemoryError):
        typer.echo("watchkeeper: there is not enough memory for this; use fewer columns", err=True)
    else:
        typer.echo(
            f"watchkeeper: unexpected {type(error).__name__}: {_line(str(error))}. This is a "
            f"defect of Watchkeeper {watchkeeper.__version__}; please report it with what --debug "
            "prints.",
            err=True,
        )
    return 2


def _line(text: str) -> str:
    """The text on one line, without control characters that a name may carry."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


app = typer.Typer(
    name="watchkeeper",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"watchkeeper {watchkeeper.__version__}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Write nothing but results and errors.")
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Write the result to standard output as JSON.")
    ] = False,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Watchkeeper keeps watch over machine-learning models in production.

    It compares what a model sees now with what it was accepted on.
    The flags below work in any place.
    """
    del version
    context.obj = Settings(debug=debug, quiet=quiet, json=json)


_COMMANDS = (
    report, check, track, profile, merge, infer, schema, metrics, serve, watch, apply, init,
)  # fmt: skip

for command in _COMMANDS:
    app.command()(command)
app.add_typer(models)
app.add_typer(keys)
app.add_typer(users)
app.add_typer(rules)
app.add_typer(alerts)
app.add_typer(silences)
app.add_typer(incidents)
app.add_typer(oncall)
app.add_typer(runbooks)
app.add_typer(dashboards)
app.add_typer(slo)
for command in (backup, restore, compact, drill):
    app.command()(command)


def run() -> None:
    """The entry point of the `watchkeeper` program."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal of another encoding shows a question mark, rather than ending the report.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    # Arrow's own allocator gives pages back between batches, and fetching them again took a fifth
    # of the time. It reads this when it is first imported, which a command does later.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    app()
