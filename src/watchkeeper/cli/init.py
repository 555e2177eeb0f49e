"""`watchkeeper init`: the rules that a model begins with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from watchkeeper.cli.place import Url, open_server
from watchkeeper.cli.settings import say, settings_of
from watchkeeper.core.errors import InputError

if TYPE_CHECKING:
    from watchkeeper.monitors.starter_rules import Portrait


def init(
    context: typer.Context,
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="A model of the server, or its file.")
    ],
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="RULES.YAML", help="Where; `-` prints it.")
    ] = "-",
    force: Annotated[
        bool, typer.Option("--force", help="Write over a file that is there.")
    ] = False,
    url: Url = None,
) -> None:
    """Write the rules that a model begins with, commented, for you to change.

    Example: watchkeeper init flights.yaml -o rules.yaml
    """
    from watchkeeper.monitors.starter import starter_rules

    text = starter_rules(_of_file(Path(model)) if Path(model).is_file() else _of_server(model, url))
    if output == "-":
        typer.echo(text, nl=False)
        return
    target = Path(output)
    if target.exists() and not force:
        raise InputError(f"{output} is there already; choose another name, or --force")
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{output} cannot be written: {error.strerror}") from error
    say(
        f"Wrote {output}; review it, then: watchkeeper rules backtest {output}, and watchkeeper "
        f"rules apply {output}",
        settings_of(context),
    )


def _of_server(name: str, url: str | None) -> Portrait:
    found = open_server(url).get(f"/v1/models/{quote(name, safe='')}")
    features = tuple(c["name"] for c in found["columns"] if c["role"] == "feature")
    return _portrait(found["file"] | {"name": name}, features, found["reference"] is not None)


def _of_file(path: Path) -> Portrait:
    from watchkeeper.app.model_file import read_model_file

    held = read_model_file(path).model_dump(exclude_unset=True)
    roles = {held.get(role) for role in ("label", "prediction", "score", "id", "timestamp")}
    features = tuple(name for name in held.get("columns") or {} if name not in roles)
    return _portrait({"name": path.stem} | held, features, held.get("reference") is not None)


def _portrait(file: dict[str, Any], features: tuple[str, ...], reference: bool) -> Portrait:
    from watchkeeper.monitors.starter_rules import Portrait

    return Portrait(
        model=str(file["name"]),
        task=file.get("task"),
        features=features,
        has_reference=reference,
        has_latency=True,
        has_score=file.get("score") is not None or bool(file.get("scores")),
        prediction=file.get("prediction"),
        segments=tuple(file.get("segments") or ()),
        sensitive=tuple(file.get("sensitive") or ()),
    )
