"""Reading a request's body: never more than allowed, never longer than allowed, never unbounded.

What is refused is refused as early as it can be known: by `Content-Length` before the first byte is
read, else at the chunk that goes too far.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import Self

from starlette.types import Receive

from watchkeeper.core.errors import BusyError, InputError, TooLargeError, UnavailableError


class DisconnectedError(Exception):
    """The client went away before its body was complete: nobody is left to answer."""


class Budget:
    """Bytes of bodies that may be in memory at once, over all requests.

    Used from the event loop alone.

    >>> budget = Budget(10)
    >>> with budget.claim() as claim:
    ...     claim.add(7)
    ...     budget.used
    7
    >>> budget.used
    0
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0

    def claim(self) -> Claim:
        """A claim of no bytes yet, for one request; leaving it gives all back."""
        return Claim(self)

    def expect(self, size: int) -> None:
        """Refuse a body that would not fit now, before it is read.

        Raises
        ------
        BusyError
            It would not fit.
        """
        if self.used + size > self.limit:
            raise BusyError(
                f"bodies of {self.used} bytes are being taken in and {size} more would pass the "
                f"limit of {self.limit}; send again shortly, or in smaller batches"
            )


class Claim:
    """The bytes that one request holds; a context that gives them back."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._held = 0

    def add(self, size: int) -> None:
        """Hold `size` bytes more; raises `BusyError` where they do not fit."""
        self._budget.expect(size)
        self._budget.used += size
        self._held += size

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        del kind, error, trace
        self._budget.used -= self._held
        self._held = 0


def declared_length(headers: Mapping[str, str]) -> int | None:
    """The body's length in bytes by its header; None where it comes in chunks.

    >>> declared_length({"content-length": "12"})
    12
    """
    text = headers.get("content-length")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise InputError(f"Content-Length is {text[:40]!r}; write a whole number of bytes")
    return int(text)


def refuse_longer(size: int, limit: int) -> None:
    """Raise `TooLargeError` where a body of `size` bytes is longer than `limit`."""
    if size > limit:
        raise TooLargeError(
            f"the body has {size} bytes or more and {limit} are allowed; send smaller batches, or "
            "start the server with a larger --max-body"
        )


async def chunks(receive: Receive, *, idle_s: float, total_s: float) -> AsyncIterator[bytes]:
    """The body piece by piece.

    Parameters
    ----------
    receive
        The ASGI channel.
    idle_s
        How long to wait for the next piece.
    total_s
        How long the whole body may take.

    Raises
    ------
    DisconnectedError
        The client went away.
    UnavailableError
        It took too long. The code is 503, not 408, since clients send again on 503 alone and the
        records are not stored.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + total_s
    while True:
        try:
            async with asyncio.timeout(min(idle_s, end - loop.time())):
                message = await receive()
        except TimeoutError:
            raise UnavailableError(
                f"the body did not arrive in time (at most {idle_s:g} s between two pieces and "
                f"{total_s:g} s in all); send again",
                retry_after=1.0,
            ) from None
        if message["type"] == "http.disconnect":
            raise DisconnectedError
        piece = message.get("body", b"")
        if piece:
            yield piece
        if not message.get("more_body", False):
            return


async def read_body(
    receive: Receive, length: int | None, claim: Claim, *, limit: int, wait: tuple[float, float]
) -> bytes:
    """A whole body in memory.

    Parameters
    ----------
    receive
        The ASGI channel.
    length
        What the header says, where it says it.
    claim
        Where the bytes are accounted for; they stay claimed when this returns.
    limit
        The most bytes that are taken.
    wait
        The limits of `chunks` in seconds: between two pieces, and in all.

    Raises
    ------
    TooLargeError
        It is longer than `limit`.
    BusyError
        Too many bytes of other requests are in memory.
    """
    if length is not None:
        refuse_longer(length, limit)
    held: bytes | bytearray = b""
    async for piece in chunks(receive, idle_s=wait[0], total_s=wait[1]):
        refuse_longer(len(held) + len(piece), limit)
        claim.add(len(piece))
        if not held:
            held = piece
            continue
        if isinstance(held, bytes):
            # One block that grows, since the holes that many small pieces leave stay with the
            # process: measured, a list of them took twice the memory.
            held = bytearray(held)
        held += piece
    return bytes(held)
