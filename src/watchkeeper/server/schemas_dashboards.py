"""What the routes of dashboards answer."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field


class DashboardLine(BaseModel):
    """A dashboard in a list."""

    name: str
    title: str
    description: str
    panels: int = Field(description="How many it has.")
    of_one_model: bool = Field(description="Whether it shows the model that the page names.")
    shipped: bool = Field(description="Whether it comes with Watchkeeper, and cannot be changed.")
    set_at: datetime | None
    who: str | None
    version: str = Field(description="To be sent as `If-Match` when it is changed.")


class Dashboards(BaseModel):
    """All dashboards."""

    dashboards: list[DashboardLine]


class PanelShown(BaseModel):
    """A panel; metrics that a model has no values of are left out."""

    kind: Literal["lines", "numbers", "table", "alerts", "text"]
    title: str
    size: Literal["third", "half", "full"]
    metrics: list[str]
    columns: list[str]
    model: str | None = Field(description="That of the page where null; `*`: every one.")
    version: str | None
    segment: str | None
    step: str | None
    text: str


class DashboardShown(BaseModel):
    """A dashboard with its panels."""

    name: str
    title: str
    description: str
    of_one_model: bool
    shipped: bool
    set_at: datetime | None
    who: str | None
    version: str
    window: str | None
    panels: list[PanelShown]
    text: str = Field(description="The file.")
