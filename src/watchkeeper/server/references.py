"""`/v1/models/{model}/reference`: what a model is compared with."""

from __future__ import annotations

from typing import Annotated, Any, Literal, cast

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from watchkeeper.app.live.questions import ReferenceRequest
from watchkeeper.core.errors import InputError, NotFoundError
from watchkeeper.server import schemas
from watchkeeper.server.access import needs
from watchkeeper.server.errors import JSON
from watchkeeper.server.models import Admin
from watchkeeper.server.reading import (
    LARGEST_FILE,
    json_object,
    media_type,
    read_small,
    uploaded,
)
from watchkeeper.server.services import Here, ModelName

PRODUCTION = ("window", "rolling", "seasonal")
PROFILE_TYPE = "application/vnd.watchkeeper.profile"

router = APIRouter(tags=["models"])
_read = Depends(needs("read"))


class AskedReference(BaseModel):
    """What is said of an uploaded file."""

    kind: Literal["data", "profile"] | None = Field(
        default=None, description="What the file is; else by its type."
    )
    name: str | None = Field(default=None, max_length=200, description="What to call it.")
    sha256: str | None = Field(
        default=None, pattern="^[0-9a-f]{64}$", description="Of the rows that a profile is made of."
    )


_REFERENCE_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            JSON: {
                "schema": {"$ref": "#/components/schemas/ProductionReference"},
                "example": {"rolling": "28d"},
            },
            **{
                kind: {"schema": {"type": "string", "format": "binary"}}
                for kind in (
                    "application/vnd.apache.parquet", "application/vnd.apache.arrow.stream",
                    "text/csv", PROFILE_TYPE,
                )
            },
        },
    }
}  # fmt: skip


@router.get(
    "/v1/models/{model}/reference", response_model=schemas.ReferenceDetail, dependencies=[_read]
)
async def show_reference(here: Here, model: ModelName) -> Response:
    """Show what the model is compared with."""

    def found() -> dict[str, Any]:
        """Find it, in a thread."""
        reference = here.platform.reference(model)
        if reference is None:
            raise NotFoundError(
                f"the model {model!r} has no reference; send one with "
                f"PUT /v1/models/{model}/reference"
            )
        return reference

    return await here.answer(found)


@router.put(
    "/v1/models/{model}/reference",
    response_model=schemas.ReferenceSet,
    responses={202: {
        "model": schemas.ReferenceSet,
        "description": "A reference of production: it is made in the background.",
    }},
    openapi_extra=_REFERENCE_BODY,
)  # fmt: skip
async def set_reference(
    here: Here,
    request: Request,
    model: ModelName,
    who: Admin,
    asked: Annotated[AskedReference, Query()],
) -> Response:
    """Set what the model is compared with: a data set, a profile, or a window of production."""
    whose = who.name if who else None
    content_type = request.headers.get("content-type", "")
    if media_type(content_type) == JSON:
        body = await read_small(here, request, limit=LARGEST_FILE)
        made = await here.answer(
            here.platform.set_reference, model, production_reference(body), who=whose
        )
        made.status_code = 202
        return made
    origin = {
        key: value for key, value in {"name": asked.name, "sha256": asked.sha256}.items() if value
    }
    is_profile = media_type(content_type) == PROFILE_TYPE
    async with uploaded(here, request) as path:
        wanted = ReferenceRequest(
            asked.kind or ("profile" if is_profile else "data"), origin, path, content_type
        )
        return await here.answer(here.platform.set_reference, model, wanted, who=whose)


def production_reference(body: bytes) -> ReferenceRequest:
    """A reference that is a part of production.

    >>> production_reference(b'{"rolling": "28d"}').kind
    'rolling'
    """
    content = json_object(body, "the reference")
    kinds = [kind for kind in PRODUCTION if content.get(kind) is not None]
    if len(kinds) != 1:
        raise InputError(
            f"the reference names {kinds or sorted(content)}; name one of {', '.join(PRODUCTION)}, "
            'such as {"rolling": "28d"}, or send a file with its own Content-Type'
        )
    kind = cast("Literal['window', 'rolling', 'seasonal']", kinds[0])
    return ReferenceRequest(kind, content)
