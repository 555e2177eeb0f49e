"""What can be asked, as the URL has it, and what a file is."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal, TypedDict
from urllib.parse import quote

__all__ = [
    "FILE_TYPES", "RowsQuestion", "SeriesQuestion", "given", "kind_of", "model_path", "name_in",
    "rows_query", "series_query", "write_whole",
]  # fmt: skip

FILE_TYPES: Final = {
    ".parquet": "application/vnd.apache.parquet",
    ".csv": "text/csv",
    ".arrow": "application/vnd.apache.arrow.stream",
    ".profile": "application/vnd.watchkeeper.profile",
}
"""What a reference may come as, by the suffix of its file."""

_NAME = re.compile(
    r"^name:[ \t]*(?P<quote>['\"]?)(?P<name>.+?)(?P=quote)[ \t]*(?:#.*)?$", re.MULTILINE
)


class SeriesQuestion(TypedDict, total=False):
    """What a series may be narrowed to.

    `columns`: for metrics of a column, which. `window`: `24h`, `7d`, `latest:7d`, `all` or
    `START..END`. `step`: `1h`, `6h`, `1d`, `7d`, `1mo`, or `window` for one point. `version`: one
    version. `segment`: `COLUMN:VALUE`, or `COLUMN:*` for a series of each value.
    """

    columns: Sequence[str]
    window: str
    step: str | None
    version: str | None
    segment: str | None


class RowsQuestion(TypedDict, total=False):
    """Which rows: `window`, `version`, `where` (CEL), `ids`, `order` (`newest` or `oldest`)."""

    window: str
    version: str | None
    where: str | None
    ids: Sequence[str]
    order: Literal["newest", "oldest"]


def write_whole(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a file under another name and rename it, so that nobody reads a part of it."""
    number, partial = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(number, "wb") as file:
            file.writelines(pieces)
        Path(partial).replace(path)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise


def model_path(model: str, what: str = "") -> str:
    """The path of a model, or of something of it.

    Examples
    --------
    >>> model_path("a/b", "metrics")
    '/v1/models/a%2Fb/metrics'
    """
    path = f"/v1/models/{quote(model, safe='')}"
    return f"{path}/{what}" if what else path


def given(query: Mapping[str, object]) -> dict[str, object]:
    """A query without what was not said."""
    return {name: value for name, value in query.items() if value is not None}


def series_query(metrics: str | Sequence[str], question: SeriesQuestion) -> dict[str, object]:
    """A series' question as the URL has it: names that come several times are lists."""
    query: dict[str, object] = {**question}
    query["metric"] = [metrics] if isinstance(metrics, str) else list(metrics)
    columns = query.pop("columns", None)
    if columns:
        query["column"] = [columns] if isinstance(columns, str) else list(columns)  # type: ignore[call-overload]
    return given(query)


def rows_query(question: RowsQuestion) -> dict[str, object]:
    """A question for rows as the URL has it."""
    query: dict[str, object] = {**question}
    ids = question.get("ids")
    query.pop("ids", None)
    if ids:
        query["id"] = list(ids)
    return given(query)


def name_in(text: str) -> str | None:
    """The name that a model file in YAML gives itself.

    Examples
    --------
    >>> name_in("name: 'late arrivals'  # of 2013"), name_in("task: binary")
    ('late arrivals', None)
    """
    found = _NAME.search(text)
    return found["name"] if found else None


def kind_of(data: bytes) -> str:
    """What bytes are, by how they begin; text is taken for CSV."""
    if data[:4] == b"PAR1":
        return FILE_TYPES[".parquet"]
    if data[:4] == b"\xff\xff\xff\xff":
        return FILE_TYPES[".arrow"]
    return FILE_TYPES[".csv"]
