"""The roles that several commands take, declared once."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from watchkeeper.core.errors import ModelError

Command = Callable[..., None]

_PANEL = "Roles of columns"
_KINDS = ("numeric", "categorical", "datetime", "text")


def _option(*names: str, help: str, metavar: str = "COLUMN") -> Any:  # noqa: A002  # Typer's word
    return typer.Option(*names, help=help, metavar=metavar, rich_help_panel=_PANEL)


_One = str | None
_Many = list[str] | None

ROLES: dict[str, Any] = {
    "model": Annotated[
        Path | None,
        _option("--model", "-m", help="The model file.", metavar="MODEL.YAML"),
    ],
    "label": Annotated[_One, _option("--label", help="The ground truth.")],
    "prediction": Annotated[_One, _option("--prediction", help="What the model said.")],
    "score": Annotated[
        _One, _option("--score", help="A binary model's probability, or a ranking's score.")
    ],
    "scores": Annotated[
        _Many,
        _option(
            "--scores", help="The probability of a class; once for each.", metavar="CLASS=COLUMN"
        ),
    ],
    "id": Annotated[_One, _option("--id", help="What identifies a row.")],
    "timestamp": Annotated[_One, _option("--timestamp", help="When it happened.")],
    "group": Annotated[_One, _option("--group", help="The query or list of a ranking.")],
    "segment": Annotated[
        _Many, _option("--segment", help="Measure everything by its values too; repeatable.")
    ],
    "sensitive": Annotated[
        _Many, _option("--sensitive", help="Measure fairness over it; repeatable.")
    ],
    "kind": Annotated[
        _Many,
        _option(
            "--kind",
            help=f"How to measure a column ({', '.join(_KINDS)}); repeatable.",
            metavar="COLUMN=KIND",
        ),
    ],
    "ignore": Annotated[_Many, _option("--ignore", help="Do not measure it; repeatable.")],
    "task": Annotated[
        _One,
        _option(
            "--task", help="What is predicted (binary, multiclass, regression, ranking).",
            metavar="TASK",
        ),
    ],
    "threshold": Annotated[
        float | None,
        _option("--threshold", help="The score from which on it is positive.", metavar="SCORE"),
    ],
}  # fmt: skip
"""Each role flag by the name of its parameter."""


def with_roles(command: Command) -> Command:
    """Give a command the role flags; it receives them as `model` and the mapping `roles`.

    Typer reads a command's flags from its signature, so the wrapper has one with all of them.
    """
    own = inspect.signature(command, eval_str=True)
    kept = [p for name, p in own.parameters.items() if name not in {"model", "roles"}]
    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
        for name, annotation in ROLES.items()
    ]

    @functools.wraps(command)
    def wrapper(**values: Any) -> None:
        model = values.pop("model")
        given = {name: values.pop(name) for name in ROLES if name != "model"}
        command(**values, model=None if model is None else str(model), roles=roles_of(given))

    del wrapper.__dict__["__wrapped__"]  # Typer would read the inner signature.
    keyword = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in kept]
    wrapper.__signature__ = own.replace(parameters=[*keyword, *added])  # type: ignore[attr-defined]
    wrapper.__annotations__ = {p.name: p.annotation for p in (*keyword, *added)}
    return wrapper


def roles_of(given: dict[str, Any]) -> dict[str, Any]:
    """The flags as the roles that the use cases take, without those that were not given.

    Raises
    ------
    ModelError
        A `--scores` or `--kind` that is no pair, or a kind that does not exist.

    Examples
    --------
    >>> roles_of({"label": "late", "segment": ["origin"], "kind": ["hour=categorical"]})
    {'label': 'late', 'segments': ['origin'], 'kinds': {'hour': 'categorical'}}
    """
    renamed = {"segment": "segments", "kind": "kinds"}
    roles = {
        renamed.get(name, name): value for name, value in given.items() if value not in (None, [])
    }
    if "scores" in roles:
        roles["scores"] = dict(_split(text, "--scores", "CLASS=COLUMN") for text in roles["scores"])
    if "kinds" in roles:
        # The name of a column may hold '=', a kind cannot: the last one parts them.
        pairs = [_split(text, "--kind", "COLUMN=KIND", last=True) for text in roles["kinds"]]
        for column, kind in pairs:
            if kind not in _KINDS:
                raise ModelError(f"--kind {column}={kind}: a kind is one of {', '.join(_KINDS)}")
        roles["kinds"] = dict(pairs)
    return roles


def _split(text: str, flag: str, shape: str, *, last: bool = False) -> tuple[str, str]:
    before, equals, after = text.rpartition("=") if last else text.partition("=")
    if not equals or not before or not after:
        raise ModelError(f"{flag} {text} is not of the form {shape}")
    return before, after


def time_of(text: str | None, flag: str) -> datetime | None:
    """An ISO 8601 time, in UTC where it names no zone.

    >>> time_of("2013-04-01", "--start").isoformat()
    '2013-04-01T00:00:00+00:00'
    """
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise ModelError(f"{flag} {text} is no time; write one such as 2013-04-01T06:00") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
