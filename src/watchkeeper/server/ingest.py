"""Records in: the path that must be quick, so a plain ASGI application with nothing in between.

A body is read under its limits, small ones are decoded in the event loop and large ones in a
thread, and the answer waits until the platform says that the records are on disk.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any
from urllib.parse import parse_qs

from starlette.types import Receive, Scope, Send

from watchkeeper.app.live.questions import Ingest
from watchkeeper.core.envelope import Signal
from watchkeeper.core.errors import InputError, UnavailableError
from watchkeeper.server.body import Claim, declared_length, read_body
from watchkeeper.server.errors import JSON
from watchkeeper.server.frame import ROUTE, headers_of
from watchkeeper.server.services import Services, encode

SLOW_S = 0.05
"""A call in the event loop that took longer sends the next ones to threads."""

WARY_S = 5.0
"""For how long."""

_LONGEST_KEY = 256
_PRIVATE = frozenset({"authorization", "cookie", "proxy-authorization"})


class IngestRoute:
    """The route of one signal, as an ASGI application.

    Parameters
    ----------
    services
        What the routes share.
    route
        Its template, under which it is counted.
    signal
        What the records are; None for CloudEvents, which are answered with an empty body.
    """

    def __init__(self, services: Services, route: str, signal: Signal | None) -> None:
        self._services = services
        self._route = route
        self._signal = signal
        self._wary_until = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one request."""
        scope[ROUTE] = self._route
        headers = headers_of(scope)
        key = await self._services.access.check("ingest", headers, method=scope["method"])
        length = declared_length(headers)
        with self._services.budget.claim() as claim:
            body = await self._body(receive, length, claim)
            request = self._request(scope, headers, body, scope_of_key=key.id if key else "")
            taken = await self._settled(await self._begun(request))
        content = b"" if self._signal is None else encode(taken)
        start: dict[str, Any] = {"type": "http.response.start", "status": 200, "headers": [
            (b"content-type", JSON.encode()), (b"content-length", b"%d" % len(content)),
        ]}  # fmt: skip
        await send(start)
        await send({"type": "http.response.body", "body": content})

    async def _body(self, receive: Receive, length: int | None, claim: Claim) -> bytes:
        services, limits = self._services, self._services.limits
        limit = services.platform.settings.max_body
        if length is not None and length <= limit:
            services.budget.expect(length)
        return await read_body(
            receive, length, claim, limit=limit, wait=(limits.idle_s, limits.total_s)
        )

    def _request(
        self, scope: Scope, headers: Mapping[str, str], body: bytes, *, scope_of_key: str
    ) -> Ingest:
        query = parse_qs(scope["query_string"].decode("latin-1")) if scope["query_string"] else {}
        return Ingest(
            signal=self._signal,
            body=body,
            content_type=headers.get("content-type", ""),
            encoding=headers.get("content-encoding"),
            key=batch_key(headers),
            scope=scope_of_key,
            model=query.get("model", [None])[-1],
            version=query.get("version", [None])[-1],
            headers={name: value for name, value in headers.items() if name not in _PRIVATE},
        )

    async def _begun(self, request: Ingest) -> Future[dict[str, Any]]:
        """Decode the records: here where that is quick, else in a thread."""
        platform = self._services.platform
        if len(request.body) >= self._services.limits.small or time.monotonic() < self._wary_until:
            return await self._services.door.ask(platform.ingest, request)
        start = time.monotonic()
        try:
            return platform.ingest(request)
        finally:
            end = time.monotonic()
            if end - start > SLOW_S:
                self._wary_until = end + WARY_S

    async def _settled(self, future: Future[dict[str, Any]]) -> dict[str, Any]:
        """What the platform says once the records are on disk.

        The future is never cancelled: the records it stands for are written either way.
        """
        limit = self._services.limits.settle_s
        result = asyncio.wrap_future(future)
        done, _ = await asyncio.wait((result,), timeout=limit)
        if not done:
            raise UnavailableError(
                f"the disk took longer than {limit:g} s; send the batch again with the same "
                "Idempotency-Key, so that it is counted once",
                retry_after=5.0,
            )
        try:
            return result.result()
        finally:
            del future, result, done  # As in `Desk.ask`: an error must not keep the body.


def batch_key(headers: Mapping[str, str]) -> str | None:
    """The client's key of its batch, from `Idempotency-Key`.

    >>> batch_key({"idempotency-key": "7f3a"})
    '7f3a'
    """
    key = headers.get("idempotency-key")
    if key is None:
        return None
    if not key or len(key) > _LONGEST_KEY or not (key.isascii() and key.isprintable()):
        raise InputError(
            f"Idempotency-Key is {key[:40]!r}; write 1 to {_LONGEST_KEY} printable ASCII characters"
        )
    return key
