"""What was measured: series, the page of a model, versions side by side, rows, reports, changes."""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from watchkeeper.app.live.questions import RowsQuery, SeriesQuery
from watchkeeper.core.errors import InputError
from watchkeeper.server import schemas
from watchkeeper.server.access import needs
from watchkeeper.server.exports import DOCUMENTED, Form, chosen_form, exported
from watchkeeper.server.schemas_glance import Glance
from watchkeeper.server.services import Here, ModelName

MOST_ROWS = 10_000

router = APIRouter(tags=["measurements"], dependencies=[Depends(needs("read"))])

Window = Annotated[
    str,
    Field(
        max_length=200,
        description="`24h`, `7d`, `1mo` up to now; `latest:7d` up to the last hour with data; "
        "`all`; or `START..END` in ISO 8601, half-open, UTC where no offset is named.",
        examples=["7d"],
    ),
]
Version = Annotated[
    str | None, Field(max_length=500, description="One version; all together where absent.")
]
Segment = Annotated[
    str | None,
    Field(
        max_length=1000,
        description="`COLUMN:VALUE`; all rows where absent. `COLUMN:*`: each value, in series.",
        examples=["origin:JFK"],
    ),
]
Format = Annotated[
    Form | None, Field(description="`json`, `csv` or `parquet`; else by the header `Accept`.")
]


class Asked(BaseModel):
    """Parameters in the query; a name that there is not is an error, since it would be ignored."""

    model_config = {"extra": "forbid"}


class AskedChanges(Asked):
    """What changes are asked for."""

    window: Window = "7d"


class AskedReport(Asked):
    """What a report is asked of."""

    window: Window = "7d"
    version: Version = None


class AskedOverview(Asked):
    """What a page is asked of."""

    window: Window = "24h"
    version: Version = None
    segment: Segment = None


class AskedGlance(Asked):
    """What a line of a list is asked of."""

    window: Window = "24h"


class AskedComparison(Asked):
    """Which versions are compared."""

    a: str = Field(max_length=500, description="The version compared with.")
    b: str = Field(max_length=500, description="The version compared.")
    window: Window = "7d"
    segment: Segment = None


class AskedLines(AskedOverview):
    """Which metrics are asked for."""

    metric: list[str] = Field(
        min_length=1, description="Names; may come several times.", examples=[["psi"]]
    )
    column: list[str] = Field(
        default_factory=list, description="Which columns; may come several times; all where absent."
    )
    step: str | None = Field(
        default=None,
        max_length=20,
        description="`1h`, `6h`, `1d`, `7d`, `1mo`; `window`: one point; absent: by the window.",
        examples=["1h"],
    )

    def query(self) -> SeriesQuery:
        """The question to the platform."""
        return SeriesQuery(
            tuple(self.metric), tuple(self.column), self.window, self.step, self.version,
            self.segment,
        )  # fmt: skip


class AskedSeries(AskedLines):
    """Which metrics are asked for, and in what form."""

    format: Format = None


class AskedRows(Asked):
    """Which rows are asked for."""

    window: Window = "24h"
    version: Version = None
    where: str | None = Field(
        default=None,
        max_length=4000,
        description="A condition in CEL over the model's columns.",
        examples=['temp > 90 && late == "1"'],
    )
    id: list[str] = Field(
        default_factory=list, description="Only these predictions; may come several times."
    )
    limit: int = Field(default=100, ge=1, le=MOST_ROWS, description="Rows of a page.")
    cursor: str | None = Field(
        default=None, max_length=4000, description="`next` of the page before."
    )
    order: Literal["newest", "oldest"] = Field(default="newest", description="What comes first.")
    format: Format = None

    def query(self) -> RowsQuery:
        """The question to the platform."""
        return RowsQuery(
            self.window, self.version, self.where, tuple(self.id), self.limit, self.cursor,
            self.order,
        )  # fmt: skip


@router.get("/v1/metrics", response_model=schemas.Cards)
async def list_metrics(here: Here) -> Response:
    """List what can be measured: each metric's formula, unit, direction and source."""
    return await here.answer(cards)


@router.get("/v1/models/{model}/metrics", response_model=schemas.Series, responses=DOCUMENTED)
async def show_series(
    here: Here, request: Request, model: ModelName, asked: Annotated[AskedSeries, Query()]
) -> Response:
    """Give metrics over time, with intervals and row counts, from merged profiles alone."""
    form = chosen_form(asked.format, request.headers.get("accept", ""))
    if form == "json":
        return await here.answer(here.platform.series, model, asked.query())
    return await exported(here, model, "series", asked.query(), form)


@router.get("/v1/models/{model}/lines", response_model=schemas.Lines)
async def show_lines(
    here: Here, request: Request, model: ModelName, asked: Annotated[AskedLines, Query()]
) -> Response:
    """Give metrics over time as bare numbers on one grid of times: up to 600,000 of them."""
    accepted = request.headers.get("accept-encoding", "")
    return await here.packed(accepted, here.platform.lines, model, asked.query())


@router.get("/v1/models/{model}/overview", response_model=schemas.Overview)
async def show_overview(
    here: Here, model: ModelName, asked: Annotated[AskedOverview, Query()]
) -> Response:
    """Give all that a model's page shows."""
    return await here.answer(here.platform.overview, model, **asked.model_dump())


@router.get("/v1/models/{model}/glance", response_model=Glance)
async def show_glance(
    here: Here, model: ModelName, asked: Annotated[AskedGlance, Query()]
) -> Response:
    """Give what a list of models shows of one."""
    return await here.answer(here.platform.glance, model, window=asked.window)


@router.get("/v1/models/{model}/compare", response_model=schemas.Comparison)
async def compare(
    here: Here, model: ModelName, asked: Annotated[AskedComparison, Query()]
) -> Response:
    """Compare two versions, with a test on each difference."""
    return await here.answer(here.platform.compare_versions, model, **asked.model_dump())


@router.get("/v1/models/{model}/rows", response_model=schemas.Rows, responses=DOCUMENTED)
async def list_rows(
    here: Here, request: Request, model: ModelName, asked: Annotated[AskedRows, Query()]
) -> Response:
    """Give the predictions behind a window, with their labels; a file has all of them, no pages."""
    form = chosen_form(asked.format, request.headers.get("accept", ""))
    if form == "json":
        return await here.answer(here.platform.rows, model, asked.query())
    if asked.cursor is not None:
        raise InputError(f"a {form} file has all rows and no pages; leave the cursor out")
    return await exported(here, model, "rows", asked.query(), form)


@router.get("/v1/models/{model}/report", response_model=dict[str, Any])
async def show_report(
    here: Here, model: ModelName, asked: Annotated[AskedReport, Query()]
) -> Response:
    """Give the report document: the window against the reference, as `watchkeeper report` does."""
    return await here.answer(here.platform.report, model, **asked.model_dump())


@router.get("/v1/models/{model}/changes", response_model=schemas.Changes)
async def list_model_changes(
    here: Here, model: ModelName, asked: Annotated[AskedChanges, Query()]
) -> Response:
    """List deployments, data changes and other events: those of the model and those of all."""
    return await here.answer(lambda: {"changes": here.platform.changes(model, window=asked.window)})


@router.get("/v1/changes", response_model=schemas.Changes)
async def list_changes(here: Here, asked: Annotated[AskedChanges, Query()]) -> Response:
    """List deployments, data changes and other events that concern all models."""
    return await here.answer(lambda: {"changes": here.platform.changes(None, window=asked.window)})


@cache
def cards() -> dict[str, list[Any]]:
    """The card of every metric: its record without its function; and the names to ask by.

    >>> "psi" in {card["name"] for card in cards()["metrics"]}
    True
    >>> "latency_ms@p95" in cards()["names"]
    True
    """
    from watchkeeper import metrics
    from watchkeeper.metrics.find import metric_names

    found = []
    for metric in metrics.ALL:
        held = {field.name: getattr(metric, field.name) for field in dataclasses.fields(metric)}
        del held["function"]
        found.append(held)
    return {"metrics": found, "names": list(metric_names())}
