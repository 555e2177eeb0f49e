"""The application: every route over one platform."""

from __future__ import annotations

from functools import partial
from typing import Any, cast

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

import watchkeeper
from watchkeeper.core.envelope import Signal
from watchkeeper.server import (
    alarms,
    alertmanager,
    chat,
    dashboards,
    exposition,
    health,
    incidents,
    keys,
    measures,
    models,
    pages,
    pictures,
    references,
    runbooks,
    sign_in,
    sign_in_oidc,
    users,
)
from watchkeeper.server.description import describe
from watchkeeper.server.errors import JSON, Failure
from watchkeeper.server.frame import Frame
from watchkeeper.server.ingest import IngestRoute
from watchkeeper.server.platform import PlatformLike, WorkerLike
from watchkeeper.server.services import Limits, Services, encode, make_services

_WORDS = {401: "no_key", 403: "forbidden", 404: "not_found", 405: "method_not_allowed"}


class Application(FastAPI):
    """FastAPI within the frame; what takes records in is reached without FastAPI's layers.

    Measured with one record a request: those layers are a fifth of what a request costs.
    """

    frame: Frame

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or one event of the server's life."""
        quick = scope["type"] == "http" and self.frame.is_quick(scope)
        await (self.frame if quick else super().__call__)(scope, receive, send)


def make_app(
    platform: PlatformLike,
    *,
    limits: Limits | None = None,
    worker: WorkerLike | None = None,
    url: str | None = None,
    access_log: bool = False,
) -> FastAPI:
    """The server's application over a platform; it neither opens nor closes the platform.

    Parameters
    ----------
    platform
        Does the work; `watchkeeper.app.live.platform.Platform`, or what has its methods.
    limits
        How much is taken on at once.
    worker
        The background process, for health; None where another program looks after it.
    url
        Where the server is reached, for pages and examples; else from the settings.
    access_log
        Whether each request is a line in the log.

    Returns
    -------
    FastAPI
        `app.state.services` holds what the routes share; call its `close()` when all is over.
    """
    settings = platform.settings
    services = make_services(
        platform,
        limits=limits or Limits(),
        worker=worker,
        url=url or settings.base_url or f"http://{settings.host}:{settings.port}",
    )
    app = Application(
        title="Watchkeeper", version=watchkeeper.__version__,
        docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )  # fmt: skip
    app.state.services = services
    quick = ingest_apps(services)
    app.frame = Frame(quick=quick, services=services, access_log=access_log)
    app.add_middleware(cast("Any", app.frame.around))
    # As routes too, which answer other methods with 405.
    app.router.routes.extend(Route(path, taker, methods=["POST"]) for path, taker in quick.items())
    for part in (
        health, models, references, measures, pictures, alarms, incidents, runbooks, dashboards,
        alertmanager, chat, keys, sign_in, sign_in_oidc, users, exposition, pages,
    ):  # fmt: skip
        app.include_router(part.router)
    app.add_exception_handler(HTTPException, cast("Any", _refused))
    app.add_exception_handler(RequestValidationError, cast("Any", _misread))
    app.openapi = partial(describe, app)  # type: ignore[method-assign]  # FastAPI's documented way
    app.add_route("/openapi.json", _description, include_in_schema=False)
    return app


def ingest_apps(services: Services) -> dict[str, IngestRoute]:
    """What takes records in, by path: plain ASGI, without FastAPI's machinery."""
    signals: dict[str, Signal | None] = {f"/v1/{signal.value}": signal for signal in Signal}
    signals |= {"/v1/cloudevents": None, "/": None}
    return {path: IngestRoute(services, path, signal) for path, signal in signals.items()}


async def _description(request: Request) -> Response:
    return Response(encode(request.app.openapi()), media_type=JSON)


async def _refused(request: Request, error: HTTPException) -> Response:
    """What Starlette itself refuses: unknown paths and methods."""
    if error.status_code == 404 and (page := await pages.page_of_nowhere(request)) is not None:
        return page
    code = _WORDS.get(error.status_code, "refused")
    message = {
        404: f"there is nothing at {request.url.path[:200]!r}; see /openapi.json for what there is",
        405: f"{request.method[:20]} is not allowed at {request.url.path[:200]!r}",
    }.get(error.status_code, str(error.detail))
    failure = Failure(error.status_code, code, message, error.headers or {})
    return Response(failure.body(), failure.status, dict(failure.headers), JSON)


async def _misread(request: Request, error: RequestValidationError) -> Response:
    """Parameters of the wrong type."""
    del request
    said = "; ".join(
        f"{'.'.join(str(part) for part in found['loc'][1:]) or found['loc'][0]}: {found['msg']}"
        for found in error.errors()
    )
    return Response(Failure(400, "bad_input", said).body(), 400, media_type=JSON)
