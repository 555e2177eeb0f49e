"""What the routes of one server share, and how they answer."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, ParamSpec
from urllib.parse import unquote

import msgspec
from fastapi import Depends, Path, Request
from pydantic import AfterValidator
from starlette.responses import Response

from watchkeeper.server.access import Access
from watchkeeper.server.body import Budget
from watchkeeper.server.desk import Desk
from watchkeeper.server.errors import JSON
from watchkeeper.server.meters import Meters
from watchkeeper.server.platform import PlatformLike, WorkerLike

_P = ParamSpec("_P")
_MEBIBYTE = 1 << 20
_LARGE = 64 << 10
"""From so many bytes on an answer is worth being compressed."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one server takes on at once; the defaults suit a machine of two cores.

    Attributes
    ----------
    in_flight
        Bytes of request bodies in memory; beyond it requests are answered with 429.
    requests
        Requests being answered; beyond it 429.
    threads
        Threads that answer questions; ingest and health have their own.
    question_s
        How long a question may take, in seconds; then 503.
    settle_s
        How long to wait for the disk after records have been read; then 503.
    idle_s, total_s
        How long a client may take between two pieces of a body, and for all of it.
    small
        Bodies below this many bytes are read in the event loop, larger ones in threads.
    upload
        The largest reference that may be sent, in bytes.
    """

    in_flight: int = 256 * _MEBIBYTE
    requests: int = 2_000
    threads: int = 6
    question_s: float = 60.0
    settle_s: float = 30.0
    idle_s: float = 20.0
    total_s: float = 300.0
    small: int = 64 * 1024
    upload: int = 1024 * _MEBIBYTE


@dataclass(frozen=True, slots=True)
class Services:
    """What the routes share.

    Attributes
    ----------
    platform
        Does the work.
    worker
        The background process; None where another program looks after it.
    limits
        How much is taken on at once.
    access, budget, meters
        Who may ask, how many bytes are in memory, and what is counted.
    questions, door, sign_in, health
        Threads for questions, for large bodies, for passwords, and for health alone.
    url
        Where the server is reached.
    """

    platform: PlatformLike
    worker: WorkerLike | None
    limits: Limits
    access: Access
    budget: Budget
    meters: Meters
    questions: Desk
    door: Desk
    sign_in: Desk
    health: Desk
    url: str
    begun: float = field(default_factory=time.monotonic)

    async def answer(
        self, function: Callable[_P, object], /, *args: _P.args, **kwargs: _P.kwargs
    ) -> Response:
        """What a function of the platform says, as JSON; both are made in a thread."""

        def encoded() -> bytes:
            """Ask and write, in a thread."""
            return encode(function(*args, **kwargs))

        return Response(await self.questions.ask(encoded), media_type=JSON)

    async def packed(
        self, accepted: str, function: Callable[_P, object], /, *args: _P.args, **kwargs: _P.kwargs
    ) -> Response:
        """As `answer`, compressed where the answer is large and the client takes that.

        Only for answers that hold no secret: how long it is tells something of what is in it.
        """

        def encoded() -> tuple[bytes, bool]:
            """Ask, write and compress, in a thread."""
            body = encode(function(*args, **kwargs))
            if len(body) < _LARGE or "gzip" not in accepted:
                return body, False
            # The fastest level: numbers gain little from more.
            return gzip.compress(body, 1, mtime=0), True

        body, is_packed = await self.questions.ask(encoded)
        headers = {"Vary": "Accept-Encoding", **({"Content-Encoding": "gzip"} if is_packed else {})}
        return Response(body, media_type=JSON, headers=headers)

    def close(self) -> bool:
        """Let the threads go; whether none hangs."""
        self.access.close()
        ended = [desk.close() for desk in (self.questions, self.door, self.sign_in, self.health)]
        return all(ended)


def make_services(
    platform: PlatformLike, *, limits: Limits, worker: WorkerLike | None, url: str
) -> Services:
    """The services of a server over a platform."""
    return Services(
        platform=platform,
        worker=worker,
        limits=limits,
        access=Access(platform.keys, platform.settings, platform.people),
        budget=Budget(max(limits.in_flight, 2 * platform.settings.max_body)),
        meters=Meters(),
        questions=Desk("questions", threads=limits.threads, timeout_s=limits.question_s),
        # More threads would only take turns: reading JSON holds the interpreter.
        door=Desk("door", threads=2, waiting=512, timeout_s=limits.settle_s),
        # Each password takes tens of megabytes and a tenth of a second: few at a time.
        sign_in=Desk("sign-in", threads=2, waiting=64, timeout_s=20.0),
        health=Desk("health", threads=2, waiting=16, timeout_s=min(5.0, limits.question_s)),
        url=url,
    )


def encode(value: object) -> bytes:
    """JSON of plain values; times are RFC 3339, NaN and infinities null.

    >>> encode({"value": float("nan")})
    b'{"value":null}'
    """
    return msgspec.json.encode(value, enc_hook=_plain)


def _plain(value: Any) -> Any:
    """What msgspec does not know: NumPy's scalars and arrays, mapping proxies."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if hasattr(value, "items"):
        return dict(value.items())
    raise TypeError(f"an answer holds a {type(value).__name__}, which has no form in JSON")


async def services_of(request: Request) -> Services:
    """The services of the application that a request came to."""
    services: Services = request.app.state.services
    return services


def _unquoted(text: str) -> str:
    """`unquote` has further parameters, which older releases of Pydantic take for theirs."""
    return unquote(text)


Here = Annotated[Services, Depends(services_of)]
"""The services, as a parameter of a route."""

ModelName = Annotated[
    str,
    Path(description="The model's name, percent-encoded.", examples=["late-arrivals"]),
    AfterValidator(_unquoted),
]
"""A model's name in a path: it comes still quoted, since it may hold a slash."""
