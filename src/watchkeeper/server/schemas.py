"""What the API answers with, as types: they become the OpenAPI description.

Answers are written by msgspec from the platform's plain values; the tests hold them to these types.
More keys than those named may come with a later version, so programs must pass over what they do
not know.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field


class ErrorDetail(BaseModel):
    """What went wrong."""

    code: str = Field(description="A word for programs.", examples=["bad_input"])
    message: str = Field(description="What was given, what is allowed, what to do.")


class Error(BaseModel):
    """The body of every answer from 400 on."""

    error: ErrorDetail


class BadRecord(BaseModel):
    """A record that was not taken."""

    index: int = Field(description="Its place in the request, from 0.")
    id: str | None = None
    reason: str = Field(description="A word for programs.", examples=["unknown_model"])
    message: str


class Taken(BaseModel):
    """What became of the records of a request; they are on disk."""

    batch: str = Field(description="The batch's key: the client's, or one made here.")
    accepted: int = Field(ge=0)
    rejected: int = Field(ge=0)
    duplicate: bool = Field(
        description="Whether this batch was here before and is not counted again."
    )
    errors: list[BadRecord] = Field(description="The first 100 records that were rejected.")


class Span(BaseModel):
    """A half-open time range in UTC."""

    start: datetime
    end: datetime


class ReferenceLine(BaseModel):
    """Which reference a model has."""

    kind: str = Field(examples=["data", "profile", "window", "rolling", "seasonal"])
    set_at: datetime | None = None


class Version(BaseModel):
    """A version of a model that records have named."""

    version: str
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    rows: int | None = Field(default=None, description="Predictions; in a model's own answer.")


class Versions(BaseModel):
    """The versions of a model, newest first."""

    versions: list[Version]


class ModelLine(BaseModel):
    """A model in the list of models."""

    name: str
    owner: str | None = Field(default=None, description="Who answers for it, such as a team.")
    tags: list[str] = Field(default_factory=list, description="Words to find it by.")
    task: str | None = Field(default=None, examples=["binary", "multiclass", "regression"])
    rows: int = Field(description="Predictions measured.")
    first_event: datetime | None = None
    last_event: datetime | None
    versions: int
    reference: ReferenceLine | None
    measured: bool | None = Field(
        default=None, description="Whether all that was acknowledged has been measured."
    )


class Models(BaseModel):
    """All models."""

    models: list[ModelLine]


class ModelColumn(BaseModel):
    """A column of a model."""

    name: str
    role: str = Field(examples=["feature", "label", "score"])
    kind: str


class ModelDetail(BaseModel):
    """One model: its file, columns, versions and reference."""

    name: str
    task: str | None
    rows: int
    first_event: datetime | None = None
    last_event: datetime | None
    reference: ReferenceLine | None
    measured: bool | None = None
    columns: list[ModelColumn]
    segments: dict[str, list[str]] = Field(
        description="The values of each segment column that are measured apart."
    )
    versions: list[Version]
    file: dict[str, Any] = Field(description="The model file.")


class Applied(BaseModel):
    """What applying a model file did."""

    name: str
    outcome: Literal["created", "changed", "unchanged"]
    changes: list[str] = Field(description="What is different now, in words.")
    notes: list[str] = Field(default_factory=list)


class Removed(BaseModel):
    """A model that is no more."""

    name: str
    outcome: Literal["removed"]


class ReferenceDetail(BaseModel):
    """What a model is compared with."""

    kind: str = Field(examples=["data", "profile", "window", "rolling", "seasonal"])
    origin: dict[str, Any] = Field(description="Where it comes from.")
    set_at: datetime
    layout: str | None = Field(default=None, description="The id of its layout.")
    rows: int | None = None
    who: str | None = Field(default=None, description="Whose key set it.")


class ReferenceSet(BaseModel):
    """What setting a reference did."""

    model: str
    outcome: Literal["set", "wanted", "unchanged"] = Field(
        description="`wanted`: it is made of production in the background."
    )
    kind: str
    origin: dict[str, Any]
    layout: str | None = None
    rows: int | None = None
    notes: list[str] = Field(default_factory=list)


class ProductionReference(BaseModel):
    """A reference made of what the model saw in production; name one of the three."""

    window: str | None = Field(default=None, examples=["2013-01-01..2013-02-01"])
    rolling: str | None = Field(default=None, examples=["28d"])
    seasonal: str | None = Field(default=None, examples=["4w"])


class Measured(BaseModel):
    """A measured number with what one needs to trust it."""

    value: float | None = Field(description="Null where it is undefined; the note says why.")
    low: float | None = Field(default=None, description="Lower end of the 95 % interval.")
    high: float | None = Field(default=None, description="Upper end of the 95 % interval.")
    p_value: float | None = None
    n_reference: int = Field(default=0, description="Rows of the reference behind it.")
    n_current: int = Field(default=0, description="Rows behind it.")
    note: str | None = None
    bound: float | None = Field(
        default=None, description="The largest error that binning may add; absent where exact."
    )


class Point(Measured):
    """A metric in one step."""

    start: datetime
    end: datetime | None = None


class Line(BaseModel):
    """One metric of one column, version and segment over time."""

    metric: str
    title: str | None = None
    column: str | None
    version: str | None
    segment: str | None
    unit: str | None
    worse: str | None = Field(default=None, description="Which way is worse.")
    points: list[Point]


class Series(BaseModel):
    """Metrics over time; steps without rows are absent."""

    model: str
    window: Span
    step: str = Field(examples=["1h", "window"])
    step_s: float | None = Field(default=None, description="The length of a step in seconds.")
    series: list[Line]


class BareLine(BaseModel):
    """One metric of one column, version and segment, with a value for each of `starts`."""

    metric: str
    title: str | None = None
    column: str | None
    version: str | None
    segment: str | None
    unit: str | None
    worse: str | None = Field(default=None, description="Which way is worse.")
    values: list[float | None] = Field(description="To six digits; null where there is none.")


class Lines(BaseModel):
    """Metrics over time as bare numbers on one grid of times; steps without rows are absent."""

    model: str
    window: Span
    step: str = Field(examples=["1h"])
    step_s: float = Field(description="The length of a step in seconds.")
    starts: list[int] = Field(description="When the steps begin, in seconds since 1970.")
    lines: list[BareLine]


class Overview(BaseModel):
    """All that a model's page shows."""

    model: str
    version: str | None
    segment: str | None
    window: Span
    rows: float = Field(description="Predictions in the window, weighted where sampled.")
    traffic: dict[str, Measured] = Field(description="Volume, errors, latency, freshness.")
    labels: dict[str, Measured] = Field(description="Coverage and delay of labels.")
    outcomes: dict[str, Measured] = Field(description="Business values.")
    reference: ReferenceDetail | None
    report: dict[str, Any] | None = Field(
        description="The report document; null without a reference or rows."
    )


class RowCounts(BaseModel):
    """Rows of either version."""

    a: float
    b: float


class ServiceDifference(BaseModel):
    """A metric of the service in two versions."""

    a: Measured | None
    b: Measured | None
    change: Measured
    p_value: float | None
    p_adjusted: float | None = Field(description="Over all metrics, Benjamini-Hochberg.")
    different: bool | None


class Comparison(BaseModel):
    """Two versions over the same window, with a test of each difference."""

    model: str
    a: str | None
    b: str | None
    segment: str | None
    window: Span
    rows: RowCounts
    service: dict[str, ServiceDifference]
    performance: dict[str, dict[str, Any]]
    inputs: dict[str, Any] | None = Field(
        description="Whether both saw the same data: else the difference may be the traffic's."
    )


class Row(BaseModel):
    """A prediction with its label; further fields of its record where they hold a value."""

    id: str
    time: datetime
    received: datetime | None = None
    version: str | None = None
    prediction: str | float | None = None
    score: float | None = None
    scores: dict[str, float] = Field(default_factory=dict)
    label: str | None = None
    label_time: datetime | None = None
    features: dict[str, Any]
    violations: list[str] | None = None


class Rows(BaseModel):
    """A page of predictions."""

    rows: list[Row]
    next: str | None = Field(description="Send it as `cursor` for the next page; null: the last.")


class Change(BaseModel):
    """A deployment, a data change or another event."""

    model: str | None = Field(description="Null: all models.")
    time: datetime
    kind: str | None
    title: str | None
    version: str | None = None
    link: str | None = None
    author: str | None = None
    details: dict[str, Any] = Field(default_factory=dict)


class Changes(BaseModel):
    """Deployments, data changes and other events."""

    changes: list[Change]


class Card(BaseModel):
    """What one metric measures, and how to read it."""

    name: str
    title: str
    group: str
    unit: str | None
    worse: str | None
    measures: str


class Cards(BaseModel):
    """What can be measured."""

    metrics: list[Card]
    names: list[str] = Field(
        description="The names to ask by; a card may stand for several, such as percentiles.",
        examples=[["psi", "latency_ms@p95"]],
    )


class Key(BaseModel):
    """An API key without its secret."""

    id: str
    name: str
    scopes: list[Literal["ingest", "read", "edit", "admin"]]
    created: datetime | None = None
    expires: datetime | None = None
    last_used: datetime | None = None
    revoked: datetime | None = None


class Keys(BaseModel):
    """All API keys, without their secrets."""

    keys: list[Key]


class NewKey(BaseModel):
    """An API key to be made."""

    model_config = {"extra": "forbid"}

    name: str = Field(min_length=1, max_length=100, examples=["checkout service"])
    scopes: list[Literal["ingest", "read", "edit", "admin"]] = Field(
        min_length=1, description="`admin` implies the others, which imply nothing else."
    )
    expires: datetime | None = Field(default=None, description="With an offset; absent: never.")


class CreatedKey(BaseModel):
    """A new API key; its secret is shown this once."""

    key: Key
    secret: str = Field(examples=["wk_…"])
