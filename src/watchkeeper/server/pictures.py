"""What the pictures of a model's page are drawn from: all from merged profiles."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.responses import PlainTextResponse, Response

from watchkeeper.server import schemas_pictures as shapes
from watchkeeper.server.access import needs
from watchkeeper.server.measures import AskedOverview
from watchkeeper.server.platform import PlatformLike
from watchkeeper.server.services import Here, ModelName

router = APIRouter(tags=["measurements"], dependencies=[Depends(needs("read"))])


class AskedTrack(AskedOverview):
    """What is followed."""

    step: str | None = Field(
        default=None, max_length=20, description="`1h`, `6h`, `1d`, `7d`, `1mo`; by the window."
    )


class AskedDistributions(AskedTrack):
    """Which column is drawn."""

    column: str = Field(max_length=500, description="A measured column.", examples=["temp"])


@router.get("/v1/models/{model}/track", response_model=shapes.Track)
async def show_track(
    here: Here, model: ModelName, asked: Annotated[AskedTrack, Query()]
) -> Response:
    """Give drift of every column and the quality scores over time, against the reference."""
    return await here.answer(here.platform.track, model, **asked.model_dump())


@router.get("/v1/models/{model}/distributions", response_model=shapes.Distributions)
async def show_distributions(
    here: Here, model: ModelName, asked: Annotated[AskedDistributions, Query()]
) -> Response:
    """Give one column's distribution over time, on common bins, and that of the reference."""
    return await here.answer(here.platform.distributions, model, **asked.model_dump())


@router.get("/v1/models/{model}/decisions", response_model=shapes.Decisions)
async def show_decisions(
    here: Here, model: ModelName, asked: Annotated[AskedOverview, Query()]
) -> Response:
    """Give what each threshold of a binary model would have decided, with exact counts."""
    return await here.answer(here.platform.decisions, model, **asked.model_dump())


@router.get("/v1/models/{model}/file", response_class=PlainTextResponse)
async def show_file(here: Here, model: ModelName) -> Response:
    """Give the model file as YAML, as `PUT /v1/models/{model}` takes it."""
    return PlainTextResponse(await here.questions.ask(_file, here.platform, model))


def _file(platform: PlatformLike, model: str) -> str:
    import yaml

    text: str = yaml.safe_dump(
        platform.model(model)["file"], sort_keys=False, allow_unicode=True, width=float("inf")
    )
    return text
