"""`/v1/models`: which models there are, their files and versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from watchkeeper.server import schemas
from watchkeeper.server.access import Caller, needs
from watchkeeper.server.errors import JSON
from watchkeeper.server.reading import LARGEST_FILE, json_object, media_type, read_small, text_of
from watchkeeper.server.services import Here, ModelName

router = APIRouter(tags=["models"])
_read = Depends(needs("read"))
Admin = Annotated[Caller | None, Depends(needs("admin"))]
Editor = Annotated[Caller | None, Depends(needs("edit"))]


class AskedApply(BaseModel):
    """How a model file is applied."""

    force: bool = Field(
        default=False, description="Change the task or the type of predictions although data exist."
    )


_YAML_BODY = {
    "requestBody": {
        "required": True,
        "description": "The model file. The name in it, where there is one, is that of the path.",
        "content": {
            "application/yaml": {
                "schema": {"type": "string"},
                "example": "task: binary\nid: flight\nprediction: late\nscore: p_late\n",
            },
            JSON: {"schema": {"type": "object"}, "example": {"task": "binary", "id": "flight"}},
        },
    }
}


@router.get("/v1/models", response_model=schemas.Models, dependencies=[_read])
async def list_models(here: Here) -> Response:
    """List the models."""
    return await here.answer(lambda: {"models": here.platform.models()})


@router.get("/v1/models/{model}", response_model=schemas.ModelDetail, dependencies=[_read])
async def show_model(here: Here, model: ModelName) -> Response:
    """Show one model: its file, columns, versions and reference."""
    return await here.answer(here.platform.model, model)


@router.put("/v1/models/{model}", response_model=schemas.Applied, openapi_extra=_YAML_BODY)
async def apply_model(
    here: Here,
    request: Request,
    model: ModelName,
    who: Admin,
    asked: Annotated[AskedApply, Query()],
) -> Response:
    """Create a model by its file, or change it; the same file again changes nothing."""
    body = await read_small(here, request, limit=LARGEST_FILE)
    content = model_content(body, media_type(request.headers.get("content-type", "")))
    return await here.answer(
        here.platform.registry.apply,
        content,
        name=model,
        force=asked.force,
        who=who.name if who else None,
    )


@router.delete("/v1/models/{model}", response_model=schemas.Removed)
async def remove_model(here: Here, model: ModelName, who: Admin) -> Response:
    """Remove a model with its records, measurements and references. This cannot be undone."""
    del who
    return await here.answer(here.platform.remove_model, model)


@router.get("/v1/models/{model}/versions", response_model=schemas.Versions, dependencies=[_read])
async def list_versions(here: Here, model: ModelName) -> Response:
    """List the versions that records of the model have named."""
    return await here.answer(lambda: {"versions": here.platform.registry.versions(model)})


def model_content(body: bytes, kind: str) -> Mapping[str, object] | str:
    """A model file as it came: a mapping from JSON, else the text of YAML.

    >>> model_content(b'{"task": "binary"}', "application/json")
    {'task': 'binary'}
    """
    if kind == JSON:
        return json_object(body, "the model file")
    return text_of(body, "the model file", "YAML or JSON")
