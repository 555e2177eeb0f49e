"""What can be asked of a running server, as values; light to import."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from watchkeeper.core.envelope import Signal


@dataclass(frozen=True, slots=True)
class Ingest:
    """A request that brings records.

    Attributes
    ----------
    signal
        What the records are; None for CloudEvents, which say it themselves.
    body
        As it came, perhaps compressed.
    content_type, encoding
        The headers of those names.
    key
        The client's name for this batch: the same batch sent again is not counted again.
    scope
        Whose key it is; two clients may use one key by chance.
    model, version
        For records that name none themselves.
    headers
        All headers in lower case, for CloudEvents.
    """

    signal: Signal | None
    body: bytes
    content_type: str = "application/json"
    encoding: str | None = None
    key: str | None = None
    scope: str = ""
    model: str | None = None
    version: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SeriesQuery:
    """Metrics over time.

    Attributes
    ----------
    metrics
        Names, such as `f1`, `psi`, `latency_ms@p95`.
    columns
        For metrics of a column: which; all columns where empty.
    window
        `24h`, `7d`, `latest:7d`, `all` or `START..END`.
    step
        `1h`, `6h`, `1d`, `7d`, `1mo`; chosen by the window where None. `window`: one point.
    version
        One version; all together where None.
    segment
        `COLUMN:VALUE`; all rows where None. `COLUMN:*` gives a series for each value.
    """

    metrics: tuple[str, ...]
    columns: tuple[str, ...] = ()
    window: str = "24h"
    step: str | None = None
    version: str | None = None
    segment: str | None = None


@dataclass(frozen=True, slots=True)
class RowsQuery:
    """Predictions behind a window.

    Attributes
    ----------
    window
        As for a series.
    version
        One version; all where None.
    where
        A condition in CEL over the model's columns, such as `temp > 90 && late == "1"`.
    ids
        Only these predictions.
    limit
        Rows of a page.
    cursor
        Where the page before this one ended, as its answer said.
    order
        `newest` or `oldest` first.
    """

    window: str = "24h"
    version: str | None = None
    where: str | None = None
    ids: tuple[str, ...] = ()
    limit: int = 100
    cursor: str | None = None
    order: Literal["newest", "oldest"] = "newest"


@dataclass(frozen=True, slots=True)
class ReferenceRequest:
    """A new reference for a model.

    Attributes
    ----------
    kind
        `window`, `rolling` and `seasonal` are of production and need no data; `data` and
        `profile` come as a file.
    origin
        What the reference is, for people and for making it again.
    path, content_type
        The file, and what it is said to be.
    """

    kind: Literal["data", "profile", "window", "rolling", "seasonal"]
    origin: Mapping[str, Any]
    path: Path | None = None
    content_type: str | None = None
