"""`/healthz`, `/readyz` and `/v1/status`: whether it runs, whether it serves, and how it does.

They have threads of their own and a short patience, so they answer when nothing else does.
"""

from __future__ import annotations

import time
from typing import Any

from fastapi import APIRouter, Depends
from starlette.responses import Response

import watchkeeper
from watchkeeper.core.errors import WatchkeeperError
from watchkeeper.server import schemas_health as schemas
from watchkeeper.server.access import needs
from watchkeeper.server.errors import JSON
from watchkeeper.server.services import Here, Services, encode

router = APIRouter(tags=["health"])


@router.head("/healthz", include_in_schema=False)
@router.get("/healthz", response_model=schemas.Health)
async def health() -> Response:
    """Say that the process is up. It asks nothing of the stores and needs no key."""
    return Response(encode({"status": "up", "version": watchkeeper.__version__}), media_type=JSON)


@router.head("/readyz", include_in_schema=False)
@router.get(
    "/readyz",
    response_model=schemas.Readiness,
    responses={503: {"model": schemas.Readiness, "description": "What keeps it from serving."}},
)
async def readiness(here: Here) -> Response:
    """Say whether requests will be served, and if not, why. It needs no key."""
    problems = await problems_of(here)
    status = "not ready" if problems else "ready"
    return Response(
        encode({"status": status, "problems": problems}),
        status_code=503 if problems else 200,
        headers={"Retry-After": "5"} if problems else {},
        media_type=JSON,
    )


@router.get("/v1/status", response_model=schemas.Status, dependencies=[Depends(needs("read"))])
async def status(here: Here) -> Response:
    """Give the accounting by model and signal, the backlog, the disk and the worker."""
    found = await here.health.ask(here.platform.status)
    problems = [*found.get("problems", ()), *worker_problems(here)]
    content = {**found, "problems": problems, "server": await _server(here)}
    return Response(encode(content), media_type=JSON)


@router.get("/v1/storage", response_model=schemas.Storage, dependencies=[Depends(needs("read"))])
async def storage(here: Here) -> Response:
    """Say what is kept, how much room it takes, and how long it is kept."""
    return await here.answer(here.platform.storage)


async def problems_of(here: Services) -> list[str]:
    """What keeps the server from serving; a platform that does not answer is a problem too."""
    try:
        found = await here.health.ask(here.platform.problems)
    except WatchkeeperError as error:
        found = [f"the stores do not answer: {error}"]
    return [*found, *worker_problems(here)]


def worker_problems(here: Services) -> list[str]:
    """A worker that does not run: records are taken in but not measured."""
    if here.worker is None:
        return []
    state = here.worker.status()
    if state["alive"]:
        return []
    told = (
        f"the background worker is not running (restarted {state['restarts']} times); records are "
        "kept, and measured once it runs: see the log"
    )
    return [told]


async def _server(here: Services) -> dict[str, Any]:
    return {
        "version": watchkeeper.__version__,
        "access": await here.access.mode(),
        "url": here.url,
        "uptime_s": round(time.monotonic() - here.begun, 3),
        "worker": here.worker.status() if here.worker else None,
    }
