"""Bounds on the head of a request, which uvicorn has with its slow parser alone."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_S = 20.0
"""How long a client may take to send the head of a request."""

LARGEST_HEAD = 64 * 1024
"""The most bytes of a request's line and headers."""


class BoundedProtocol(HttpToolsProtocol):
    """Closes a connection whose request's head is too large or takes too long."""

    head_s = HEAD_S
    _head = 0
    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for a first head."""
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._head_came()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Begin to wait for the end of a head."""
        super().on_message_begin()
        self._head = 0
        self._head_came()
        self._expect_head()

    def on_url(self, url: bytes) -> None:
        """Count the request's line."""
        self._bound(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a header."""
        self._bound(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is there."""
        self._head_came()
        super().on_headers_complete()

    def _bound(self, size: int) -> None:
        self._head += size
        if self._head > LARGEST_HEAD:
            # The parser turns it into an error of its own, which uvicorn answers with 400.
            raise ValueError(f"the head of the request has more than {LARGEST_HEAD} bytes")

    def _expect_head(self) -> None:
        self._late = self.loop.call_later(self.head_s, self._close)

    def _head_came(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _close(self) -> None:
        self.transport.close()
