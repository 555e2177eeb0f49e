"""Uvicorn as this server uses it: on a socket that is bound already, until it is told to stop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import uvicorn
from fastapi import FastAPI

if TYPE_CHECKING:
    from watchkeeper.server.access import Mode
    from watchkeeper.server.running import Signals
    from watchkeeper.server.services import Services

GRACE_S = 15
"""How long requests that have begun may take to finish at the end, in seconds."""

KEEP_ALIVE_S = 75
"""How long an idle connection stays open: longer than proxies keep theirs, so they close it."""


class Server(uvicorn.Server):
    """Uvicorn, which says when it answers, and stops for a signal that came while it started."""

    def __init__(
        self, config: uvicorn.Config, signals: Signals, answering: Callable[[], Any]
    ) -> None:
        super().__init__(config)
        self._signals = signals
        self._answering = answering

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets)
        await self._answering()
        if self._signals.wanted:
            self.should_exit = True


def run_until_told(
    app: FastAPI,
    listener: socket.socket,
    signals: Signals,
    *,
    ready: Callable[[Services, Mode], None],
    trusted_proxies: str = "",
) -> None:
    """Answer requests on a socket until SIGTERM or SIGINT, and finish those that have begun.

    Parameters
    ----------
    app
        The application.
    listener
        A listening socket; it is closed at the end.
    signals
        Who takes the signals before and after.
    ready
        Called once requests are answered.
    trusted_proxies
        Addresses whose `X-Forwarded-For` is believed, with commas.
    """
    services: Services = app.state.services

    async def answering() -> None:
        """Say how the server is guarded."""
        ready(services, await services.access.mode())

    config = uvicorn.Config(
        app,
        http=protocol(),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(trusted_proxies),
        # Never from the environment, where Uvicorn would look for it.
        forwarded_allow_ips=trusted_proxies,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
    )
    signals.serving = True
    Server(config, signals, answering).run(sockets=[listener])


def protocol() -> type[asyncio.Protocol] | str:
    """Uvicorn's protocol on httptools with bounds on the head of a request; else its choice."""
    try:
        from watchkeeper.server.uvicorn_protocol import BoundedProtocol
    except ImportError:
        return "auto"
    return BoundedProtocol
