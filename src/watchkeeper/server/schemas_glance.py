"""What a list of models shows of one, as the HTTP API describes it."""

from __future__ import annotations

from pydantic import BaseModel, Field

from watchkeeper.server.schemas import Line, Measured, Span


class GlancePerformance(BaseModel):
    """The one metric of performance that a headline is about."""

    metric: str
    value: float | None
    low: float | None
    high: float | None
    n_current: int | None
    reference: float | None
    worse: bool | None = Field(description="Null where the metric has no better direction.")
    certain: bool = Field(description="Whether the interval of the change leaves out no change.")
    status: str | None
    direction: str


class GlanceDrift(BaseModel):
    """How many columns drifted."""

    columns: int
    drifted: int
    stable: int
    not_enough_data: int
    top: str | None = Field(description="The column that drifted most.")


class GlanceQuality(BaseModel):
    """The quality score that is furthest below its target."""

    score: str
    current: float | None
    reference: float | None
    target: float | None
    status: str


class Glance(BaseModel):
    """One model in one window, in short."""

    model: str
    window: Span
    rows: float = Field(description="Predictions in the window, weighted where sampled.")
    service: dict[str, Measured | None]
    labels: dict[str, Measured | None]
    verdict: str | None = Field(description="Null without a reference or rows.")
    status: str | None
    headline: str | None
    performance: GlancePerformance | None
    drift: GlanceDrift | None
    quality: GlanceQuality | None
    step_s: float
    series: list[Line] = Field(description="Volume, and the metric of performance.")
