"""`/v1/keys`: API keys, made and revoked by those who hold the scope `admin`."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from pydantic import ValidationError
from starlette.responses import Response

from watchkeeper.core.errors import InputError, UnsupportedTypeError
from watchkeeper.server import schemas
from watchkeeper.server.access import needs
from watchkeeper.server.errors import JSON
from watchkeeper.server.reading import media_type, read_small
from watchkeeper.server.services import Here

_LARGEST = 100_000

router = APIRouter(tags=["keys"], dependencies=[Depends(needs("admin"))])
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            JSON: {
                "schema": {"$ref": "#/components/schemas/NewKey"},
                "example": {"name": "checkout service", "scopes": ["ingest"]},
            }
        },
    }
}


@router.get("/v1/keys", response_model=schemas.Keys)
async def list_keys(here: Here) -> Response:
    """List the API keys, without their secrets."""
    return await here.answer(lambda: {"keys": [key.as_dict() for key in here.platform.keys.list()]})


@router.post("/v1/keys", response_model=schemas.CreatedKey, status_code=201, openapi_extra=_BODY)
async def create_key(here: Here, request: Request) -> Response:
    """Make an API key. Its secret is in this answer and nowhere else.

    The first key ends the local-only mode: from then on every request needs one.
    """
    wanted = await _wanted(here, request)

    def made() -> dict[str, Any]:
        """Make it, in a thread."""
        key, secret = here.platform.keys.create(
            wanted.name, frozenset(wanted.scopes), expires=wanted.expires
        )
        return {"key": key.as_dict(), "secret": secret}

    answer = await here.answer(made)
    here.access.forget()
    answer.status_code = 201
    return answer


@router.delete("/v1/keys/{key}", response_model=schemas.Key)
async def revoke_key(
    here: Here, key: Annotated[str, Path(max_length=200, description="The key's id.")]
) -> Response:
    """Revoke an API key; it is useless at once."""
    answer = await here.answer(lambda: here.platform.keys.revoke(key).as_dict())
    here.access.forget()
    return answer


async def _wanted(here: Here, request: Request) -> schemas.NewKey:
    kind = media_type(request.headers.get("content-type", ""))
    if kind != JSON:
        raise UnsupportedTypeError(f"Content-Type is {kind[:100]!r}; send {JSON}")
    try:
        wanted = schemas.NewKey.model_validate_json(await read_small(here, request, limit=_LARGEST))
    except ValidationError as error:
        raise InputError(problems_of(error)) from None
    if wanted.expires is not None and wanted.expires.tzinfo is None:
        raise InputError("expires names no offset; write it as 2027-01-01T00:00:00Z")
    return wanted


def problems_of(error: ValidationError) -> str:
    """What is wrong with a body, field by field, in one sentence."""
    return "; ".join(
        f"{'.'.join(str(part) for part in found['loc']) or 'the body'}: {found['msg']}"
        for found in error.errors(include_url=False, include_input=False)
    )
