"""The global flags, as a command sees them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import typer


@dataclass(frozen=True, slots=True)
class Settings:
    """What the global flags ask for.

    Attributes
    ----------
    debug
        Show the traceback of an error.
    quiet
        Write nothing but results and errors.
    json
        Write the result to standard output as JSON.
    """

    debug: bool = False
    quiet: bool = False
    json: bool = False


def settings_of(context: Any) -> Settings:
    """The settings of a command's context; the defaults where a test calls it bare."""
    found = getattr(context, "obj", None)
    return found if isinstance(found, Settings) else Settings()


def say(text: str, settings: Settings) -> None:
    """A line for people, on standard error, unless they asked for quiet."""
    if not settings.quiet:
        typer.echo(text, err=True)
