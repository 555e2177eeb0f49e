"""`watchkeeper apply`: models, and what they are compared with, as their files say."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from watchkeeper.cli.output import print_json
from watchkeeper.cli.place import Data, Place, Url, open_place
from watchkeeper.cli.progress import progress_of
from watchkeeper.cli.settings import settings_of
from watchkeeper.core.errors import InputError, ModelError

if TYPE_CHECKING:
    from watchkeeper.app.model_schema import ModelFile

Progress = Callable[[float, str], None]


def apply(
    context: typer.Context,
    files: Annotated[
        list[str],
        typer.Option(
            "--file",
            "-f",
            metavar="MODEL.YAML",
            help="A model file, of several models where `---` parts them; `-` reads standard "
            "input; repeatable.",
        ),
    ],
    url: Url = None,
    data: Data = None,
    force: Annotated[
        bool,
        typer.Option("--force", help="Go on where what is stored could not be compared any more."),
    ] = False,
) -> None:
    """Register models with a server, or change them to what their files say.

    The same files once more change nothing. A reference that is a file or a URL is profiled here:
    the server is sent numbers, never rows, and never opens a database that a file names.

    Example: watchkeeper apply -f model.yaml --url http://127.0.0.1:8470
    """
    settings = settings_of(context)
    found = read_files(files)
    with progress_of(settings) as progress, open_place(url, data, make=True) as place:
        results = [
            apply_one(place, file, source, force=force, progress=progress) for file, source in found
        ]
    if settings.json:
        print_json(results)
    else:
        for result in results:
            for line in lines_of(result):
                typer.echo(line)


def read_files(paths: Sequence[str]) -> list[tuple[ModelFile, Path | str | None]]:
    """Every model of the files with the path or URL of its reference, checked before any is sent.

    Raises
    ------
    ModelError
        A file is wrong, a model has no name, or two have the same.
    InputError
        A reference is not there.
    """
    from watchkeeper.app.model_file import parse_models, read_text

    found: list[tuple[ModelFile, Path | str | None]] = []
    for path in paths:
        text = sys.stdin.read() if path == "-" else read_text(path)
        name, folder = ("standard input", Path()) if path == "-" else (path, Path(path).parent)
        for file in parse_models(text, name=name):
            if "name" not in file.model_fields_set:
                raise ModelError(f"{name} holds a model without a name; add `name: …`")
            found.append((file, _reference(file, folder, name)))
    names = [file.name for file, _ in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ModelError(f"two models are called {twice!r}; name each differently")
    return found


def apply_one(
    place: Place, file: ModelFile, source: Path | str | None, *, force: bool, progress: Progress
) -> dict[str, Any]:
    """Send one model, and its reference where it is not there yet; what became of it."""
    from watchkeeper.app.live.content import content_of

    result = place.apply(content_of(file), force=force)
    if source is None:
        return result
    from watchkeeper.app.live.references import data_reference, digest_of

    held = place.reference(file.name)
    if held and held["fits"] and held["origin"].get("sha256") == digest_of(source):
        return result
    made = data_reference(file, str(source), progress=progress)
    answer = place.set_reference(file.name, made)
    shown = source if isinstance(source, Path) else made.origin["name"]
    result["changes"].append(f"reference: {shown}, {made.profile.whole.rows:,} rows")
    # What was said of the reference before holds no longer.
    result["notes"] = answer["notes"]
    if result["outcome"] == "unchanged":
        result["outcome"] = "changed"
    return result


def lines_of(result: dict[str, Any]) -> list[str]:
    """What became of a model, for people.

    >>> lines_of({"name": "late", "outcome": "changed", "changes": ["id: added n"], "notes": []})
    ['late: changed', '  id: added n']
    """
    return [
        f"{result['name']}: {result['outcome']}",
        *(f"  {change}" for change in result["changes"]),
        *(f"  note: {note}" for note in result["notes"]),
    ]


def _reference(file: ModelFile, folder: Path, name: str) -> Path | str | None:
    """The URL of the reference or its path, which stands from the model file's folder."""
    said = file.reference.path or file.reference.profile if file.reference else None
    if said is None:
        return None
    from glob import glob

    from watchkeeper.store.engines.urls import has_scheme

    if has_scheme(said):
        return said

    path = folder / said
    if not path.exists() and not glob(str(path)):  # noqa: PTH207  # the pattern may be absolute
        raise InputError(
            f"{name}: the reference of {file.name!r} is {path}, which is not there; paths stand "
            "from the folder of the model file"
        )
    return path
