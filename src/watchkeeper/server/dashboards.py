"""`/v1/dashboards`: panels that people put side by side, and those that ship."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Request
from starlette.responses import Response

from watchkeeper.server import schemas_dashboards as shapes
from watchkeeper.server.access import needs
from watchkeeper.server.models import Editor
from watchkeeper.server.reading import read_text
from watchkeeper.server.services import Here

router = APIRouter(tags=["dashboards"])
_read = Depends(needs("read"))
_edit = Depends(needs("edit"))

Name = Annotated[
    str, Path(description="The dashboard's name.", max_length=200, examples=["operations"])
]
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True, "description": "A dashboard, in YAML or JSON.",
        "content": {
            "application/yaml": {"schema": {"type": "string"}},
            "application/json": {"schema": {"type": "object"}},
        },
    }
}  # fmt: skip


@router.get("/v1/dashboards", response_model=shapes.Dashboards, dependencies=[_read])
async def list_dashboards(here: Here) -> Response:
    """List the dashboards: those that ship with Watchkeeper, then your own."""
    return await here.answer(lambda: {"dashboards": here.platform.dashboards.all()})


@router.get("/v1/dashboards/{name}", response_model=shapes.DashboardShown, dependencies=[_read])
async def show_dashboard(here: Here, name: Name) -> Response:
    """Show a dashboard with its panels; what they show is asked of `/v1/models/{model}/metrics`."""
    return await here.answer(here.platform.dashboards.get, name)


@router.put("/v1/dashboards/{name}", response_model=shapes.DashboardShown, openapi_extra=_BODY)
async def put_dashboard(
    here: Here, request: Request, name: Name, who: Editor,
    if_match: Annotated[str | None, Header(
        description="The version that was changed: 409 where it is another one by now."
    )] = None,
    if_none_match: Annotated[str | None, Header(description="`*`: 409 where there is one.")] = None,
) -> Response:  # fmt: skip
    """Keep a dashboard under a name; 400 names everything that is wrong in it."""
    seen = "" if if_none_match == "*" else if_match.strip('"') if if_match else None
    text = await read_text(here, request, "the dashboard", "YAML or JSON")
    return await here.answer(
        here.platform.dashboards.put, name, text, seen=seen, who=who.name if who else None
    )


@router.delete("/v1/dashboards/{name}", response_model=shapes.DashboardShown, dependencies=[_edit])
async def remove_dashboard(here: Here, name: Name) -> Response:
    """Remove a dashboard; the answer holds its text, so that it can be put back."""
    return await here.answer(here.platform.dashboards.remove, name)
