"""What the pictures of a model's page are drawn from, as the HTTP API describes it."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from watchkeeper.server.schemas import Span


class TrackStep(BaseModel):
    """One step of a track."""

    start: datetime
    end: datetime
    rows: int
    labelled: int
    drifted: int | None = Field(description="Columns that drifted; null where none can be judged.")
    columns: int


class TrackedColumn(BaseModel):
    """A column, with a value for each step; null where it was not measured."""

    kind: str
    role: str
    effect: list[float | None]
    low: list[float | None]
    high: list[float | None]
    verdicts: list[str | None]
    missing: list[float | None]


class TrackedScore(BaseModel):
    """A quality score, with a value for each step."""

    target: float | None
    points: list[float | None]


class Track(BaseModel):
    """Drift of every column and the quality scores over time, against the reference."""

    model: str
    version: str | None
    segment: str | None
    window: Span
    step: str
    step_s: float
    tolerance: float = Field(description="Effects up to it are harmless.")
    steps: list[TrackStep] = Field(description="Steps with rows, in the order of time.")
    drift: dict[str, TrackedColumn]
    ranking: list[str] = Field(description="The most changed column first.")
    quality: dict[str, TrackedScore]


class Shares(BaseModel):
    """How the rows of a column lie, as shares that add up to 1."""

    rows: int
    shares: list[float] = Field(description="Of each bin or category.")
    missing: float
    below: float = Field(description="Of values below the first edge.")
    above: float
    new: float = Field(description="Of categories that the reference does not have.")
    statistics: dict[str, float | None]


class SharesPoint(Shares):
    """The shares of one step."""

    start: datetime
    end: datetime


class Distributions(BaseModel):
    """A column's distribution over time."""

    model: str
    column: str
    role: str
    kind: str
    version: str | None
    segment: str | None
    window: Span
    step: str
    edges: list[float] | None = Field(description="Of the bins of numbers and times.")
    categories: list[str] | None
    reference: Shares | None
    points: list[SharesPoint]


class DecidedShare(BaseModel):
    """A share with its 95 % interval."""

    value: float | None
    low: float | None
    high: float | None
    n: int


class Decided(BaseModel):
    """What each threshold decides, in the order of `thresholds`."""

    labelled: int = Field(description="Labelled rows with a score.")
    rows: int = Field(description="Rows with a score.")
    tp: list[int]
    fp: list[int]
    fn: list[int]
    tn: list[int]
    flagged: list[int] = Field(description="Rows decided positive, labelled or not.")
    precision: list[DecidedShare]
    recall: list[DecidedShare]


class Decisions(BaseModel):
    """The confusion matrix of a binary model at every threshold."""

    model: str
    version: str | None
    segment: str | None
    window: Span
    classes: list[str] = Field(description="The negative and the positive class.")
    threshold: float = Field(description="The model's own.")
    thresholds: list[float]
    current: Decided | None
    reference: Decided | None
