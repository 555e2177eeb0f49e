"""Passes bytes on between clients and a server, unless told that the server is away.

It is a process of its own: Delta's library keeps Python waiting while it lists names, so no thread
beside it could answer. It reads `leave` and `back` from its standard input and answers each.
"""

from __future__ import annotations

import selectors
import socket
import subprocess
import sys
import threading
from contextlib import suppress


class Relay:
    """A relay in a process of its own, as tests see it.

    Parameters
    ----------
    port
        Of the server, on the loopback interface.
    """

    def __init__(self, port: int) -> None:
        command = [sys.executable, "-m", "tests.store.object_relay", str(port)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.port = int(self._heard())

    def leave(self) -> None:
        """Cut every connection, and each new one at once."""
        self._tell("leave")

    def come_back(self) -> None:
        """Pass on again."""
        self._tell("back")

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()

    def _tell(self, word: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()
        assert self._heard() == word

    def _heard(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


class Passing:
    """What the process does.

    Parameters
    ----------
    port
        Of the server.
    """

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._open: set[socket.socket] = set()
        self._away = False
        self.listener = socket.create_server(("127.0.0.1", 0))

    def obey(self) -> None:
        """Do what the standard input says until it ends."""
        for line in sys.stdin:
            self._away = line.strip() == "leave"
            for one in list(self._open) if self._away else ():
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
            _say(line.strip())

    def accept(self) -> None:
        """Take connections for ever."""
        while True:
            client, _ = self.listener.accept()
            if self._away:
                client.close()
            else:
                threading.Thread(target=self._pass, args=(client,), daemon=True).start()

    def _pass(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._target) as server:
            pair = {client: server, server: client}
            self._open.update(pair)
            with suppress(OSError), selectors.DefaultSelector() as ready:
                for one in pair:
                    ready.register(one, selectors.EVENT_READ)
                while all(_forward(key.fileobj, pair) for key, _ in ready.select()):
                    pass
            self._open.difference_update(pair)


def _forward(source: object, pair: dict[socket.socket, socket.socket]) -> bool:
    assert isinstance(source, socket.socket)
    piece = source.recv(1 << 16)
    if piece:
        pair[source].sendall(piece)
    return bool(piece)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    held = Passing(int(sys.argv[1]))
    _say(str(held.listener.getsockname()[1]))
    threading.Thread(target=held.accept, daemon=True).start()
    held.obey()
