"""ASGI middleware: every request that asks the model becomes a prediction record.

It works in front of any ASGI application (FastAPI, Starlette, Litestar, Django, Quart) and imports
none. Messages of the application pass as they are; only response headers are added. What goes wrong
in here is swallowed and counted, see `watchkeeper_client.faults.own_errors`.

Examples
--------
With FastAPI or Starlette:

    app.add_middleware(WatchMiddleware, client=client, model="arrivals", paths=["/predict"])

and in the handler:

    current().predict(features, minutes, score=probability)
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping, Sequence
from fnmatch import translate
from typing import Any, Final

from watchkeeper_client.calls import Call, Recorder, deliver
from watchkeeper_client.faults import guarded, status_error
from watchkeeper_client.json_copies import Copies, Extract, attach_extracted
from watchkeeper_client.stages import entered
from watchkeeper_client.tracing import read_request_id

__all__ = ["WatchMiddleware", "queue_ms"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LONGEST_QUEUE_S: Final = 3600.0
"""A wait in front of the process that is longer comes from clocks that disagree."""

NOT_HERE: Final = frozenset({404, 405})
"""Statuses that say no model was asked; without a prediction they are no errors of the model."""


class WatchMiddleware:
    """Time requests, take their ids, and log what they predicted.

    A record has the request's latency, its stages (`queue` from the header `X-Request-Start`), the
    request id (`X-Request-ID`, else made), the trace context (the active OpenTelemetry span, else
    `traceparent` with a new span id), the number of requests under way, and its error: an exception
    or a status of 400 and above. A request that attaches no prediction and does not fail is counted
    and not logged. The response carries `X-Request-ID` and `X-Prediction-ID`.

    Parameters
    ----------
    app
        The application.
    client
        Where predictions go: the client, or `LogLines` in front of it.
    paths
        Patterns of the paths that ask a model, with `*` for anything; a mapping gives each pattern
        the name of its model. None: all.
    methods
        HTTP methods that ask a model.
    extract
        A function of (request JSON, response JSON) that gives the prediction as a mapping of wire
        fields, a list of them, or None, for handlers that know nothing of Watchkeeper. It sees
        bodies of JSON up to 1 MiB.
    **fields
        Fields for all predictions: `model`, `version`, `variant` …

    Attributes
    ----------
    counts
        How many requests were `watched`, how many records were `logged`, how many requests had
        `nothing` to log.
    """

    def __init__(
        self,
        app: App,
        client: Recorder,
        *,
        paths: Sequence[str] | Mapping[str, str] | None = None,
        methods: Iterable[str] = ("POST",),
        extract: Extract | None = None,
        **fields: Any,
    ) -> None:
        self.app = app
        self.counts: Counter[str] = Counter()
        self._client = client
        self._paths = _patterns(paths)
        self._methods = frozenset(method.upper() for method in methods)
        self._extract = extract
        self._fields = fields
        self._active = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; all but the chosen HTTP requests pass untouched."""
        watched = None
        with guarded("asgi.begin"):
            watched = self._begin(scope, receive, send)
        if watched is None:
            await self.app(scope, receive, send)
            return
        self._active += 1
        try:
            with entered(watched.call):
                await self.app(scope, watched.receive, watched.send)
        except BaseException as error:
            watched.call.fail(error)
            raise
        finally:
            self._active -= 1
            with guarded("asgi.end"):
                self._end(watched)

    def _begin(self, scope: Scope, receive: Receive, send: Send) -> _Watched | None:
        if scope["type"] != "http" or scope["method"] not in self._methods:
            return None
        chosen, model = self._chosen(scope["path"])
        if not chosen:
            return None
        headers = _headers(scope)
        call = Call(
            request_id=read_request_id(headers.get(b"x-request-id")),
            traceparent=headers.get(b"traceparent"),
        )
        call.fields.update(self._fields)
        call.fields["concurrent"] = self._active + 1
        if model is not None:
            call.fields["model"] = model
        waited = queue_ms(headers.get(b"x-request-start"), now=time.time())  # noqa: TID251  # a proxy stamps wall time
        if waited is not None:
            call.add("queue", waited)
        self.counts["watched"] += 1
        copies = None if self._extract is None else Copies(headers.get(b"content-type"))
        return _Watched(call, receive, send, copies)

    def _chosen(self, path: str) -> tuple[bool, str | None]:
        """Whether a path asks a model, and the model's name where the pattern gives it."""
        if self._paths is None:
            return True, None
        for pattern, model in self._paths:
            if pattern.match(path):
                return True, model
        return False, None

    def _end(self, watched: _Watched) -> None:
        call = watched.call
        call.end()
        if self._extract is not None and watched.copies is not None and not call.answered:
            with guarded("asgi.extract"):
                attach_extracted(call, self._extract, watched.copies)
        error = status_error(watched.status)
        if error is not None and (call.answered or watched.status not in NOT_HERE):
            call.fail(error)
        logged = deliver(call, self._client)
        self.counts["logged" if logged else "nothing"] += logged or 1


class _Watched:
    """One request under way: its call, and the two channels as the application sees them."""

    __slots__ = ("_receive", "_send", "call", "copies", "status")

    def __init__(self, call: Call, receive: Receive, send: Send, copies: Copies | None) -> None:
        self.call = call
        self.copies = copies
        self.status = 200
        self._receive = receive
        self._send = send

    async def receive(self) -> Message:
        """The next message to the application, as it came."""
        message = await self._receive()
        if self.copies is not None and message["type"] == "http.request":
            with guarded("asgi.copy"):
                self.copies.request.add(
                    message.get("body", b""), more=message.get("more_body", False)
                )
        return message

    async def send(self, message: Message) -> None:
        """Pass a message of the application on; the head of a response gets two headers more."""
        kind = message["type"]
        if kind == "http.response.start":
            with guarded("asgi.head"):
                message = self._head(message)
        elif kind == "http.response.body":
            with guarded("asgi.copy"):
                if self.copies is not None:
                    self.copies.response.add(
                        message.get("body", b""), more=message.get("more_body", False)
                    )
        await self._send(message)
        if kind == "http.response.body" and not message.get("more_body", False):
            self.call.end()

    def _head(self, message: Message) -> Message:
        self.status = int(message["status"])
        headers = [(bytes(name), bytes(value)) for name, value in message.get("headers") or ()]
        there = {name.lower(): value for name, value in headers}
        if self.copies is not None:
            self.copies.answered(there)
        for name, value in (
            (b"x-request-id", self.call.request_id),
            (b"x-prediction-id", self.call.id),
        ):
            if name not in there and read_request_id(value):
                headers.append((name, value.encode("ascii")))
        return {**message, "headers": headers}


def queue_ms(header: str | None, *, now: float) -> float | None:
    """How long a request waited before the process, by the proxy's `X-Request-Start`.

    Parameters
    ----------
    header
        The time at which the proxy took the request, since 1970, with or without `t=` before it:
        seconds (nginx), milliseconds (Heroku) or microseconds (Apache); its size tells which.
    now
        Seconds since 1970.

    Returns
    -------
    float or None
        Milliseconds, 0 where the proxy's clock is a little ahead; None where the header is absent,
        unreadable, or off by more than an hour.

    Examples
    --------
    >>> queue_ms("t=1700000000.25", now=1700000000.5), queue_ms("1700000000250", now=1700000000.5)
    (250.0, 250.0)
    """
    text = (header or "").strip().removeprefix("t=")
    try:
        began = float(text)
    except ValueError:
        return None
    for _ in range(3):
        if began > 1e11:
            began /= 1000.0
    waited = now - began
    if not -LONGEST_QUEUE_S <= waited <= LONGEST_QUEUE_S:
        return None
    return round(max(0.0, waited) * 1000.0, 3)


def _patterns(
    paths: Sequence[str] | Mapping[str, str] | None,
) -> list[tuple[re.Pattern[str], str | None]] | None:
    if paths is None:
        return None
    if isinstance(paths, str):
        paths = [paths]
    models = paths if isinstance(paths, Mapping) else dict.fromkeys(paths)
    return [(re.compile(translate(path)), model) for path, model in models.items()]


def _headers(scope: Scope) -> dict[bytes, str]:
    """The request's headers; of one that came twice the first."""
    found: dict[bytes, str] = {}
    for name, value in scope.get("headers") or ():
        found.setdefault(bytes(name).lower(), bytes(value).decode("latin-1"))
    return found
