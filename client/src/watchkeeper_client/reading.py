"""Asking the server: models, series, comparisons, rows and files of them, in Python.

Every question is one HTTP request through the client, so its address, key and certificates serve
here too. Answers are typed values; nothing needs a data frame, and everything fits into one.

Examples
--------
    reader = Reader(client)
    series = reader.series("arrivals", ["f1", "psi"], window="7d", step="1d")
    polars.DataFrame(series.rows())
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar, Unpack

import msgspec

from watchkeeper_client.errors import ClientError
from watchkeeper_client.questions import (
    FILE_TYPES,
    RowsQuestion,
    SeriesQuestion,
    given,
    kind_of,
    model_path,
    name_in,
    rows_query,
    series_query,
    write_whole,
)
from watchkeeper_client.results import (
    Applied,
    ModelDetail,
    ModelLine,
    Reference,
    SeriesAnswer,
    Status,
)

__all__ = ["Asker", "Reader"]

T = TypeVar("T")

JSON = "application/json"


class Asker(Protocol):
    """Whatever asks the server: the client."""

    def request(  # the client's own signature
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        body: bytes | None = None,
        content_type: str | None = None,
        timeout_s: float = 30.0,
    ) -> bytes:
        """The body of the answer; `ClientError` with the server's message."""

    def stream(
        self, method: str, path: str, *, query: Mapping[str, object] | None, timeout_s: float
    ) -> Iterator[bytes]:
        """The body of the answer in pieces; `ClientError` also where it breaks off."""


class Reader:
    """Questions to the server.

    Parameters
    ----------
    client
        The client, or anything with its `request`.
    timeout_s
        How long an answer may take, in seconds.

    Raises
    ------
    ClientError
        From every method, where the server says no or cannot be reached; with its message.
    """

    def __init__(self, client: Asker, *, timeout_s: float = 60.0) -> None:
        self._client = client
        self._timeout_s = timeout_s

    def models(self) -> list[ModelLine]:
        """All models, each in a line."""
        return self._get("/v1/models", dict[Literal["models"], list[ModelLine]])["models"]

    def model(self, name: str) -> ModelDetail:
        """One model: its file, columns, versions and reference."""
        return self._get(model_path(name), ModelDetail)

    def apply(self, content: str | Mapping[str, object], *, name: str | None = None) -> Applied:
        """Create a model by its file, or change it; the same file again changes nothing.

        Parameters
        ----------
        content
            The text of a model file (YAML), or the same as a mapping.
        name
            The model's name; without it the `name` in the file.

        Returns
        -------
        Applied
            What it did.
        """
        if isinstance(content, str):
            name, body, kind = name or name_in(content), content.encode(), "application/yaml"
        else:
            said = content.get("name")
            name = name or (str(said) if said else None)
            body, kind = msgspec.json.encode(content), JSON
        if not name:
            raise ClientError(
                "the model file has no name; write `name: …` into it or give name= here"
            )
        return self._send("PUT", model_path(name), Applied, body, kind)

    def set_reference(
        self,
        name: str,
        reference: str | Path | bytes | Mapping[str, object],
        *,
        content_type: str | None = None,
        title: str | None = None,
    ) -> Reference:
        """Set what a model is compared with.

        Parameters
        ----------
        name
            The model.
        reference
            A file (Parquet, CSV, an Arrow stream, a profile), its bytes, or a part of production:
            `{"window": "2026-01-01..2026-02-01"}`, `{"rolling": "28d"}`, `{"seasonal": "4w"}`.
        content_type
            What bytes are, or a file whose suffix does not tell.
        title
            What to call it.
        """
        path = model_path(name, "reference")
        if isinstance(reference, Mapping):
            return self._send("PUT", path, Reference, msgspec.json.encode(reference), JSON)
        if isinstance(reference, bytes):
            body, kind = reference, content_type or kind_of(reference)
        else:
            file = Path(reference)
            kind = content_type or FILE_TYPES.get(file.suffix.lower(), "")
            if not kind:
                raise ClientError(
                    f"the reference is {file.name}; its suffix may be {', '.join(FILE_TYPES)}, or "
                    "give content_type="
                )
            body, title = file.read_bytes(), title or file.name
        return self._send("PUT", path, Reference, body, kind, name=title)

    def reference(self, name: str) -> Reference:
        """What a model is compared with; `ClientError` with status 404 where nothing is set."""
        return self._get(model_path(name, "reference"), Reference)

    def series(
        self, model: str, metrics: str | Sequence[str], **question: Unpack[SeriesQuestion]
    ) -> SeriesAnswer:
        """Metrics over time, with intervals and row counts.

        Parameters
        ----------
        model
            The model.
        metrics
            A metric's name or several, such as `f1`, `psi`, `latency_ms@p95`.
        **question
            `columns`, `window`, `step`, `version`, `segment`: see `SeriesQuestion`.

        Returns
        -------
        SeriesAnswer
            Steps without rows are absent; `rows()` gives it flat.
        """
        query = series_query(metrics, question)
        return self._get(model_path(model, "metrics"), SeriesAnswer, **query)

    def overview(
        self, model: str, *, window: str = "24h", version: str | None = None,
        segment: str | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """All that a model's page shows."""
        return self._get(
            model_path(model, "overview"),
            dict[str, Any],
            window=window,
            version=version,
            segment=segment,
        )

    def compare(
        self, model: str, a: str, b: str, *, window: str = "7d", segment: str | None = None
    ) -> dict[str, Any]:
        """Two versions, `b` against `a`, with a test on each difference."""
        return self._get(
            model_path(model, "compare"), dict[str, Any], a=a, b=b, window=window, segment=segment
        )

    def report(
        self, model: str, *, window: str = "latest:7d", version: str | None = None
    ) -> dict[str, Any]:
        """The report of a window against the model's reference, as `watchkeeper report --json`."""
        path = model_path(model, "report")
        return self._get(path, dict[str, Any], window=window, version=version)

    def changes(self, model: str | None = None, *, window: str = "7d") -> list[dict[str, Any]]:
        """Deployments, data changes and other events, of one model or of all."""
        path = "/v1/changes" if model is None else model_path(model, "changes")
        found = self._get(path, dict[Literal["changes"], list[dict[str, Any]]], window=window)
        return found["changes"]

    def rows(
        self,
        model: str,
        *,
        page: int = 1000,
        limit: int | None = None,
        **question: Unpack[RowsQuestion],
    ) -> Iterator[dict[str, Any]]:
        """The predictions behind a window with their labels, one mapping each; pages by itself.

        Parameters
        ----------
        model
            The model.
        page
            Rows that are asked for at a time, up to 10,000.
        limit
            The most rows in all; None: every one.
        **question
            `window`, `version`, `where`, `ids`, `order`: see `RowsQuestion`.
        """
        query = {**rows_query(question), "limit": page}
        left = limit
        while left is None or left > 0:
            query["limit"] = page if left is None else min(page, left)
            found = self._get(model_path(model, "rows"), dict[str, Any], **query)
            yield from found["rows"]
            left = None if left is None else left - len(found["rows"])
            query["cursor"] = found.get("next")
            if query["cursor"] is None:
                return

    def export_rows(self, model: str, path: str | Path, **question: Unpack[RowsQuestion]) -> Path:
        """Write the predictions behind a window into a file: `.parquet` or `.csv`.

        The file appears under its name when it is whole.
        """
        return self._export(model_path(model, "rows"), Path(path), rows_query(question))

    def export_series(
        self,
        model: str,
        metrics: str | Sequence[str],
        path: str | Path,
        **question: Unpack[SeriesQuestion],
    ) -> Path:
        """Write metrics over time into a file: `.parquet` or `.csv`.

        The file appears under its name when it is whole.
        """
        return self._export(
            model_path(model, "metrics"), Path(path), series_query(metrics, question)
        )

    def status(self) -> Status:
        """How the server does: accounting by model and signal, backlog, disk, worker."""
        return self._get("/v1/status", Status)

    def wait_until_measured(
        self, model: str, *, timeout_s: float = 120.0, every_s: float = 0.25
    ) -> None:
        """Wait until all that the server has taken is in the tables and measured.

        For tests, demonstrations and jobs; flush the client first. Elsewhere the server keeps up by
        itself.

        Parameters
        ----------
        model
            A model that there must be.
        timeout_s
            Seconds until it gives up.
        every_s
            Seconds between two looks.

        Raises
        ------
        ClientError
            There is no such model, or it took too long; the message says what still waits.
        """
        end = time.monotonic() + timeout_s
        while not self.model(model).measured:
            if time.monotonic() >= end:
                raise ClientError(_still_waiting(model, timeout_s, self.status()))
            time.sleep(every_s)

    def _get(self, path: str, answer: type[T], **query: object) -> T:
        return self._ask("GET", path, answer, query=given(query))

    def _send(
        self, method: str, path: str, answer: type[T], body: bytes, kind: str, **query: object
    ) -> T:
        return self._ask(method, path, answer, body=body, content_type=kind, query=given(query))

    def _ask(self, method: str, path: str, answer: type[T], **request: Any) -> T:
        body = self._client.request(method, path, timeout_s=self._timeout_s, **request)
        try:
            return msgspec.json.decode(body, type=answer)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise ClientError(
                f"{method} {path} was answered with something else than expected ({error}); "
                "is the address that of a Watchkeeper server?"
            ) from error

    def _export(self, url: str, path: Path, query: Mapping[str, object]) -> Path:
        form = path.suffix.lower().removeprefix(".")
        if form not in {"parquet", "csv"}:
            raise ClientError(f"the file is {path.name}; its suffix may be .parquet or .csv")
        asked = {**query, "format": form}
        pieces = self._client.stream("GET", url, query=asked, timeout_s=self._timeout_s)
        write_whole(path, pieces)
        return path


def _still_waiting(model: str, timeout_s: float, status: Status) -> str:
    failing = status.worker.get("failing") or {}
    reason = f"; failing: {failing}" if failing else ""
    return (
        f"{model} was not measured within {timeout_s:g} seconds: "
        f"{status.journal.get('entries', 0)} batches wait in the journal, "
        f"{status.stale_hours} hours are to be measured again{reason}"
    )
