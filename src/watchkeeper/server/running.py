"""`serve`: a whole server, from an empty folder until it is told to stop.

The order matters. The folder is locked, the port taken and the first line printed before anything
heavy is imported; the stores are open before the first request is read; and at the end no request
is taken any more before those begun are finished, then the stores close, then the worker stops.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, TextIO

import watchkeeper
from watchkeeper.app.live.catalogue_place import VARIABLE
from watchkeeper.app.live.settings import AUTOMATION, CLICKHOUSE, Settings
from watchkeeper.core.errors import ConflictError, InputError
from watchkeeper.server.hosts import check_proxies
from watchkeeper.server.lock import FolderLock

if TYPE_CHECKING:
    from watchkeeper.server.access import Mode
    from watchkeeper.server.platform import PlatformLike
    from watchkeeper.server.services import Services
    from watchkeeper.server.worker import Supervisor

_BACKLOG = 2048


@dataclass(frozen=True, slots=True)
class Running:
    """How to run, beside what is served.

    Attributes
    ----------
    ready_file
        Where to write a JSON object with `url`, `pid` and `folder` once requests are answered.
    access_log
        Whether each request is a line in the log.
    log_level
        `debug`, `info`, `warning` or `error`.
    worker
        The command of the background worker: by default the real one; empty for none.
    as_json
        Whether the lines on standard output are JSON objects.
    out
        Where they go.
    """

    ready_file: Path | None = None
    access_log: bool = False
    log_level: str = "info"
    worker: Sequence[str] | None = None
    as_json: bool = False
    out: TextIO | None = None


class StoppedError(Exception):
    """The process was told to stop before it had begun to serve."""


def serve(
    settings: Settings,
    running: Running | None = None,
    *,
    open_platform: Callable[[Settings], PlatformLike] | None = None,
) -> int:
    """Serve a folder until SIGTERM or SIGINT; the exit code.

    Parameters
    ----------
    settings
        What is served, and where.
    running
        How.
    open_platform
        Opens the stores; by default `watchkeeper.app.live.platform.Platform`.

    Returns
    -------
    int
        0 after a stop that was asked for.

    Raises
    ------
    ConflictError
        Another server is on the folder, or the port is taken.
    InputError
        The address cannot be used, or is open to others and there is no API key.
    """
    running = running or Running()
    check_proxies(settings.trusted_proxies)
    with told_to_stop() as signals, FolderLock(settings.folder, shared=settings.replica) as lock:
        listener = listen(settings.host, settings.port)
        with listener:
            url = settings.base_url or url_of(listener)
            lock.say(url)
            _say(running, "starts", url=url, folder=str(settings.folder.absolute()))
            try:
                opened = partial(_opened, lock, open_platform or _platform)
                return _served(settings, running, listener, opened, signals)
            except StoppedError:
                return 0


class Signals:
    """What becomes of SIGTERM and SIGINT: before serving they end it, later uvicorn has them."""

    def __init__(self) -> None:
        self.serving = False
        self.wanted = False

    def take(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal."""
        del number, frame
        self.wanted = True
        if not self.serving:
            raise StoppedError


@contextmanager
def told_to_stop() -> Iterator[Signals]:
    """SIGTERM and SIGINT are ours for a while.

    Uvicorn raises the signal that stopped it once more when it is done; taken here, the process
    goes on to close what is open and exits with 0.
    """
    signals = Signals()
    wanted = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.signal(number, signals.take) for number in wanted}
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def listen(host: str, port: int) -> socket.socket:
    """A socket bound to an address; requests are let in later.

    Raises
    ------
    ConflictError
        The port is taken.
    InputError
        There is no such address here, or the port may not be used.
    """
    if not 0 <= port <= 65_535:
        # The system would quietly take the rest of a division.
        raise InputError(f"--port {port} is none; choose 1 to 65535, or 0 for a free one")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, OverflowError) as error:
        raise InputError(f"--host {host!r} is no address of this machine: {error}") from error
    family, kind, protocol, _, address = found[0]
    bound = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        # Already now, so that a second server on the port is refused, and not the first one later.
        bound.listen(_BACKLOG)
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            raise ConflictError(
                f"port {port} on {host} is taken by another program; stop that one, or choose "
                "another with --port (0 takes a free one)"
            ) from error
        raise InputError(
            f"cannot listen on {host} port {port}: {error.strerror}; choose another --host or "
            "--port"
        ) from error
    return bound


def url_of(listener: socket.socket) -> str:
    """The address of a listening socket, for people: all addresses are called localhost."""
    host, port = listener.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:  # noqa: S104  # compared, not bound
        host = "localhost"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def refuse_open(settings: Settings, platform: PlatformLike) -> None:
    """Raise `InputError` where others could reach a server that has neither users nor keys."""
    from watchkeeper.server.access import is_exposed

    if settings.insecure or not is_exposed(settings):
        return
    if platform.people.any() or any(not key.revoked for key in platform.keys.list()):
        return
    raise InputError(
        f"{settings.base_url or settings.host} is open to other machines and the server has no "
        "user and no API key; add a user with `watchkeeper users add NAME --role admin --data "
        f"{settings.folder}`, or make a key with `watchkeeper keys create --scope admin --name "
        f"admin --data {settings.folder}`, listen on 127.0.0.1, or pass --insecure if anybody may "
        "read and write"
    )


def _platform(settings: Settings) -> PlatformLike:
    from watchkeeper.app.served import ServedPlatform

    return ServedPlatform(settings)


def _opened(
    lock: FolderLock, open_platform: Callable[[Settings], PlatformLike], settings: Settings
) -> PlatformLike:
    with lock.in_turn():
        return open_platform(settings)


def _served(
    settings: Settings,
    running: Running,
    listener: socket.socket,
    open_platform: Callable[[Settings], PlatformLike],
    signals: Signals,
) -> int:
    from watchkeeper.app.alarms.links import outside
    from watchkeeper.app.live.memory import give_back_large_blocks, search_rarely
    from watchkeeper.server.application import make_app
    from watchkeeper.server.logs import set_up_logs
    from watchkeeper.server.uvicorn_server import run_until_told
    from watchkeeper.server.worker import Supervisor, alarm_command, worker_command

    set_up_logs(level=running.log_level)
    give_back_large_blocks()
    platform = open_platform(settings)
    worker: Supervisor | None = None
    alarms: Supervisor | None = None
    url = settings.base_url or url_of(listener)
    environment = {VARIABLE: settings.catalogue_url} if settings.catalogue_url else {}
    if settings.automation:
        environment[AUTOMATION] = str(settings.automation.absolute())
    try:
        refuse_open(settings, platform)
        command = worker_command(settings.folder) if running.worker is None else running.worker
        if command:
            # Not for the watch, which has nothing to do there.
            own = {CLICKHOUSE: settings.clickhouse_url or ""}
            worker = Supervisor(command, environment=environment | own)
            worker.start()
        if running.worker is None:
            told = settings.base_url or outside(url)
            alarms = Supervisor(alarm_command(settings.folder, told), environment=environment)
            alarms.start()
        app = make_app(platform, worker=worker, url=url, access_log=running.access_log)
        search_rarely()
        run_until_told(
            app, listener, signals, ready=partial(_ready, settings, running),
            trusted_proxies=settings.trusted_proxies,
        )  # fmt: skip
        is_clean = app.state.services.close()
    finally:
        platform.close()
        for one in (alarms, worker):
            if one is not None:
                one.stop()
    _say(running, "stopped")
    if not is_clean:
        # A thread still waits for a disk that hangs; Python would wait for it for ever.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
    return 0


def _ready(settings: Settings, running: Running, services: Services, mode: Mode) -> None:
    """Say that requests are answered, to people and to scripts."""
    _say(running, "ready", url=services.url, access=mode)
    if running.ready_file is not None:
        content = {
            "url": services.url, "pid": os.getpid(), "folder": str(settings.folder.absolute()),
            "access": mode,
        }  # fmt: skip
        # Renamed into place, so that nobody reads half of it.
        part = running.ready_file.with_name(f"{running.ready_file.name}.part")
        part.write_text(json.dumps(content) + "\n", encoding="utf-8")
        part.replace(running.ready_file)


_ACCESS = {
    "local": "Ready, for this machine alone: there is no user and no API key, and nobody is asked.",
    "keys": "Ready; every request needs an API key.",
    "users": "Ready; people sign in, and other requests need an API key.",
    "open": "Ready, and OPEN TO ANYBODY who reaches this machine (--insecure, no user or key).",
}


def _say(running: Running, event: str, **facts: str) -> None:
    """A line on standard output; the first one names version, address and folder."""
    out = running.out or sys.stdout
    if running.as_json:
        line = json.dumps({"event": event, "version": watchkeeper.__version__, **facts})
    elif event == "starts":
        line = f"Watchkeeper {watchkeeper.__version__} at {facts['url']} on {facts['folder']}"
    else:
        line = _ACCESS[facts["access"]] if event == "ready" else "Stopped."
    print(line, file=out, flush=True)  # what the command says
