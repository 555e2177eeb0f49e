"""What the server answers, as types. Fields that a later server adds are passed over."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict

import msgspec

__all__ = [
    "Account", "Applied", "Line", "ModelDetail", "ModelLine", "Point", "Reference", "SeriesAnswer",
    "SeriesRow", "Span", "Status", "Version",
]  # fmt: skip


class Span(msgspec.Struct, frozen=True):
    """A half-open time range in UTC."""

    start: datetime
    end: datetime


class Version(msgspec.Struct, frozen=True):
    """A version of a model that records have named."""

    version: str
    first_seen: datetime | None = None
    last_seen: datetime | None = None


class Reference(msgspec.Struct, frozen=True):
    """What a model is compared with: its kind, where it comes from, and since when."""

    kind: str
    origin: dict[str, Any] = {}
    set_at: datetime | None = None


class ModelLine(msgspec.Struct, frozen=True):
    """A model in the list of models."""

    name: str
    task: str | None = None
    rows: int = 0
    last_event: datetime | None = None
    versions: int = 0
    reference: Reference | None = None


class ModelDetail(msgspec.Struct, frozen=True):
    """One model: its file, columns, versions and reference.

    `measured` says whether all that was acknowledged so far has been measured.
    """

    name: str
    task: str | None = None
    rows: int = 0
    last_event: datetime | None = None
    columns: list[dict[str, Any]] = []
    versions: list[Version] = []
    reference: Reference | None = None
    measured: bool = False
    file: dict[str, Any] | None = None


class Applied(msgspec.Struct, frozen=True):
    """What applying a model file did: `created`, `changed` or `unchanged`, and what in words."""

    name: str
    outcome: str
    changes: list[str] = []
    notes: list[str] = []


class Point(msgspec.Struct, frozen=True):
    """A metric in one step.

    Attributes
    ----------
    value
        None where there is none; `note` then says why.
    low, high
        The 95 % interval, where the metric has one.
    p_value
        Where the metric has a test.
    n_reference, n_current
        The rows behind it.
    """

    start: datetime
    value: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    n_reference: int | None = None
    n_current: int | None = None
    note: str | None = None


class Line(msgspec.Struct, frozen=True):
    """One metric of one column, version and segment over time."""

    metric: str
    points: list[Point] = []
    column: str | None = None
    version: str | None = None
    segment: str | None = None
    unit: str | None = None


class SeriesRow(TypedDict):
    """A point of a series with everything that tells it from others."""

    model: str
    metric: str
    column: str | None
    version: str | None
    segment: str | None
    unit: str | None
    start: datetime
    value: float | None
    low: float | None
    high: float | None
    p_value: float | None
    n_reference: int | None
    n_current: int | None
    note: str | None


class SeriesAnswer(msgspec.Struct, frozen=True):
    """Metrics over time.

    Examples
    --------
    >>> day = datetime(2026, 1, 1)
    >>> answer = SeriesAnswer("m", Span(day, day), 3600.0, [Line("f1", [Point(day, 0.75)])])
    >>> [(row["metric"], row["value"]) for row in answer.rows()]
    [('f1', 0.75)]
    """

    model: str
    window: Span
    step_s: float
    series: list[Line] = []

    def rows(self) -> list[SeriesRow]:
        """Every point as one flat mapping, which any data frame takes: `DataFrame(x.rows())`."""
        return [
            {
                "model": self.model, "metric": line.metric, "column": line.column,
                "version": line.version, "segment": line.segment, "unit": line.unit,
                "start": point.start, "value": point.value, "low": point.low, "high": point.high,
                "p_value": point.p_value, "n_reference": point.n_reference,
                "n_current": point.n_current, "note": point.note,
            }
            for line in self.series
            for point in line.points
        ]  # fmt: skip


class Account(msgspec.Struct, frozen=True):
    """What came in of one signal of one model since the beginning."""

    model: str
    signal: str
    accepted: int = 0
    rejected: int = 0
    duplicates: int = 0


class Status(msgspec.Struct, frozen=True):
    """How the server does.

    Attributes
    ----------
    accounting
        What came in, by model and signal.
    journal
        What is acknowledged and not yet in the tables: `entries`, `bytes`, `oldest_age_s` …
    stale_hours
        Hours that are to be measured again.
    disk, worker, server
        Free space; the background process; the process that answers.
    problems
        What keeps it from working; empty: ready.
    """

    accounting: list[Account] = []
    journal: dict[str, Any] = {}
    stale_hours: int = 0
    disk: dict[str, Any] = {}
    worker: dict[str, Any] = {}
    problems: list[str] = []
    server: dict[str, Any] = {}
