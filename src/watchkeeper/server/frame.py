"""Around every request: its ids, its time and count, the headers of the answer, and its errors."""

from __future__ import annotations

import time
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from watchkeeper.app.people.access_log import Entry
from watchkeeper.core.errors import BusyError, WatchkeeperError
from watchkeeper.server.access import NOTED, Noted
from watchkeeper.server.body import DisconnectedError
from watchkeeper.server.errors import JSON, Failure, failure_of, unexpected
from watchkeeper.server.logs import Origin, current, origin_of
from watchkeeper.server.safety import defaults_for
from watchkeeper.server.services import Services

ROUTE = "watchkeeper.route"
"""Where in the ASGI scope a route leaves its template."""

_HEADERS = "watchkeeper.headers"
_ALWAYS = frozenset({"/healthz", "/readyz", "/metrics"})
_LEFT = 499
_QUOTED = "/v1/models/"
_log = structlog.stdlib.get_logger("watchkeeper.server")


def headers_of(scope: Scope) -> dict[str, str]:
    """The headers of a request by name in lower case; of a name that comes twice, the last."""
    found: dict[str, str] | None = scope.get(_HEADERS)
    if found is None:
        found = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in scope["headers"]
        }
        scope[_HEADERS] = found
    return found


@dataclass(slots=True)
class Exchange:
    """A request and what has been answered so far.

    Attributes
    ----------
    origin
        Its ids.
    send
        The way back.
    scope
        Of the request.
    note
        Writes a row of the access log.
    status
        The status code that was sent; 499 while nothing was.
    begun
        When it came, on the monotonic clock.
    """

    origin: Origin
    send: Send
    scope: Scope
    note: Callable[[Entry], Awaitable[None]]
    status: int = _LEFT
    begun: float = field(default_factory=time.perf_counter)

    async def sending(self, message: Message) -> None:
        """Send a message on, with the headers that every answer has."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if NOTED in self.scope:
                await self._note(self.scope[NOTED])
            headers = list(message.get("headers", ()))
            headers += defaults_for(headers)
            headers.append((b"x-request-id", self.origin.request_id.encode()))
            message["headers"] = headers
        await self.send(message)

    async def _note(self, noted: Noted) -> None:
        """Write who did this into the access log, before they get the answer."""
        client = self.scope.get("client") or ("", 0)
        try:
            await self.note(
                Entry(
                    noted.who, noted.how, self.scope["method"], route_of(self.scope),
                    self.scope["path"], noted.status or self.status, client[0],
                )
            )  # fmt: skip
        except WatchkeeperError as error:
            # It is done; an error now would have it done once more.
            _log.error(
                "not in the access log", who=noted.who, route=route_of(self.scope),
                status=self.status, reason=str(error),
            )  # fmt: skip

    async def fail(self, failure: Failure) -> None:
        """Answer with an error, unless an answer has begun: then it is cut off."""
        if self.status != _LEFT:
            return
        body = failure.body()
        headers = {"Content-Type": JSON, "Content-Length": str(len(body)), **failure.headers}
        start: dict[str, Any] = {
            "type": "http.response.start",
            "status": failure.status,
            "headers": [(k.lower().encode(), v.encode("latin-1")) for k, v in headers.items()],
        }
        await self.sending(start)
        await self.sending({"type": "http.response.body", "body": body})


class Frame:
    """The outermost application: whatever happens inside becomes an answer, a count and a line.

    Parameters
    ----------
    quick
        What takes POST at a path without going through the application that is inside.
    services
        What the routes share.
    access_log
        Whether each request is a line in the log.
    """

    def __init__(
        self, *, quick: Mapping[str, ASGIApp], services: Services, access_log: bool
    ) -> None:
        self._app: ASGIApp | None = None
        self._quick = quick
        self._services = services
        self._access_log = access_log
        self._now = 0

    def around(self, app: ASGIApp) -> Frame:
        """Put an application inside; as Starlette asks a middleware."""
        self._app = app
        return self

    def is_quick(self, scope: Scope) -> bool:
        """Whether a request needs no application inside."""
        return scope["method"] == "POST" and scope["path"] in self._quick

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._inside(scope, receive, send)
            return
        origin = origin_of(headers_of(scope))
        exchange = Exchange(origin, send, scope, self._services.access.note)
        token = current.set(exchange.origin)
        self._count(1)
        try:
            await self._serve(scope, receive, exchange)
        except (ClientDisconnect, DisconnectedError):
            pass  # Nobody is left to answer, and nothing was stored.
        except WatchkeeperError as error:
            await exchange.fail(failure_of(error))
        except Exception:  # noqa: BLE001  # whatever it is, it is answered and logged
            self._services.meters.count_failure()
            # As text made here: however logs are set up, no local value gets into them.
            failure = traceback.format_exc()
            # The answer first: it must not hang on a log that cannot be written.
            await exchange.fail(unexpected(exchange.origin.request_id))
            _log.error(
                "unexpected failure", method=scope["method"], route=route_of(scope),
                exception=failure,
            )  # fmt: skip
        finally:
            self._count(-1)
            self._note(scope, exchange)
            current.reset(token)

    async def _serve(self, scope: Scope, receive: Receive, exchange: Exchange) -> None:
        path = scope["path"]
        limit = self._services.limits.requests
        if self._now > limit and path not in _ALWAYS:
            raise BusyError(f"{limit} requests are being answered, as many as are allowed")
        if self.is_quick(scope):
            await self._quick[path](scope, receive, exchange.sending)
            return
        if path.startswith(_QUOTED) and scope.get("raw_path"):
            # A model's name may hold a slash: it is told from the path's own by its quoting.
            scope["path"] = scope["raw_path"].partition(b"?")[0].decode("ascii", "replace")
        await self._inside(scope, receive, exchange.sending)

    async def _inside(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._app is None:
            raise RuntimeError("the frame has no application inside; call `around` first")
        await self._app(scope, receive, send)

    def _count(self, change: int) -> None:
        self._now += change
        self._services.meters.in_flight.set(self._now)

    def _note(self, scope: Scope, exchange: Exchange) -> None:
        """Count the request, and write its line where that is wanted."""
        seconds = time.perf_counter() - exchange.begun
        route, method = route_of(scope), scope["method"]
        self._services.meters.count(route, method, exchange.status, seconds)
        if self._access_log:
            client = (scope.get("client") or ("", 0))[0]
            _log.info(
                "request", method=method, path=scope["path"], route=route, status=exchange.status,
                ms=round(seconds * 1000, 2), client=client,
            )  # fmt: skip


def route_of(scope: Scope) -> str:
    """The template of the route that took a request; `other` where none did."""
    named = scope.get(ROUTE) or getattr(scope.get("route"), "path_format", None)
    return str(named) if named else "other"
