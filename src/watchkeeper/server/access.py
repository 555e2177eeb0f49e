"""Who may ask: API keys with scopes, and the local-only mode of a server that has none.

Three modes. With a key in the catalogue every request needs one (*keys*). Without any the server is
for its own machine alone (*local*): it listens on the loopback interface, and asks that the `Host`
be that of the machine, so that a web page cannot reach it through a name of its own. A server that
listens elsewhere without any key runs only where its operator insisted (*open*).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.security import HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials

from watchkeeper.core.errors import UnavailableError
from watchkeeper.server.desk import Desk
from watchkeeper.server.errors import RefusedError
from watchkeeper.server.platform import KeyLike, KeysLike, SettingsLike

Scope = Literal["ingest", "read", "admin"]
Mode = Literal["local", "keys", "open"]

REMEMBERED_S = 5.0
"""How long what the catalogue said about a key holds: a key revoked elsewhere works that long."""

_MOST_REMEMBERED = 4096
_LONGEST_SECRET = 256
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Access:
    """Answers whether a request may be served; asks the catalogue every few seconds.

    Parameters
    ----------
    keys
        The keys of the catalogue.
    settings
        Which address the server is bound to, and whether its operator insisted.
    """

    def __init__(self, keys: KeysLike, settings: SettingsLike) -> None:
        self._keys = keys
        self._insecure = settings.insecure
        self.exposed = is_exposed(settings)
        named = {settings.host, host_of(urlsplit(settings.base_url or "").netloc)}
        self._hosts = _LOOPBACK | (named - {"", "0.0.0.0", "::"})  # noqa: S104  # all addresses: no name
        self._desk = Desk("keys", threads=2, waiting=256, timeout_s=10.0)
        self._known: dict[bytes, tuple[float, KeyLike]] = {}
        self._unknown: dict[bytes, float] = {}
        self._has_keys: tuple[float, bool] | None = None

    async def mode(self) -> Mode:
        """How the server is guarded now."""
        if await self._any_key():
            return "keys"
        if not self.exposed:
            return "local"
        # The last key of an exposed server was revoked: that must not open it.
        return "open" if self._insecure else "keys"

    async def check(
        self, scope: Scope, headers: Mapping[str, str], *, method: str
    ) -> KeyLike | None:
        """Let a request pass, or refuse it.

        Parameters
        ----------
        scope
            What the request needs; the scope `admin` implies the others.
        headers
            Of the request, with names in lower case.
        method
            Of the request.

        Returns
        -------
        KeyLike
            Whose request it is; None where none is asked for.

        Raises
        ------
        RefusedError
            No key, a wrong one, one without the scope, or in local mode a foreign host or origin.
        UnavailableError
            The catalogue does not answer.
        """
        mode = await self.mode()
        if mode == "local":
            self.check_local(headers, method=method)
        if mode != "keys":
            return None
        secret = secret_of(headers.get("authorization", ""))
        if not secret:
            raise RefusedError(
                "this server asks for an API key; send it as 'Authorization: Bearer wk_…'",
                status=401, code="no_key",
            )  # fmt: skip
        key = await self._verified(secret)
        if key is None:
            raise RefusedError(
                "the API key is unknown, expired or revoked; have one made with "
                "`watchkeeper keys create --scope read --name NAME`",
                status=401, code="bad_key",
            )  # fmt: skip
        if scope not in key.scopes and "admin" not in key.scopes:
            raise RefusedError(
                f"the API key {key.name!r} has the scopes {', '.join(sorted(key.scopes))} and this "
                f"needs {scope}",
                status=403, code="missing_scope",
            )  # fmt: skip
        return key

    def check_local(self, headers: Mapping[str, str], *, method: str) -> None:
        """In local mode: the request names this machine, and no foreign web page sent it."""
        host = host_of(headers.get("host", ""))
        if host not in self._hosts:
            raise RefusedError(
                f"this server has no API key and answers to its own machine alone; the host "
                f"{host[:100]!r} is not one of {', '.join(sorted(self._hosts))}",
                status=403, code="foreign_host",
            )  # fmt: skip
        origin = headers.get("origin")
        if method not in _SAFE and origin and host_of(urlsplit(origin).netloc) not in self._hosts:
            raise RefusedError(
                f"a web page of {origin[:100]!r} may not write here; use a client, or an API key",
                status=403, code="foreign_origin",
            )  # fmt: skip

    def forget(self) -> None:
        """Ask the catalogue again, after keys have been made or revoked here."""
        self._known.clear()
        self._unknown.clear()
        self._has_keys = None

    def close(self) -> None:
        """Let the threads go."""
        self._desk.close()

    async def _any_key(self) -> bool:
        now = time.monotonic()
        if self._has_keys is None or self._has_keys[0] < now:
            try:
                # An expired key still says that the server is meant to be guarded.
                found = any(not key.revoked for key in await self._desk.ask(self._keys.list))
            except UnavailableError:
                if self._has_keys is None:
                    raise
                found = self._has_keys[1]
            self._has_keys = (time.monotonic() + REMEMBERED_S, found)
        return self._has_keys[1]

    async def _verified(self, secret: str) -> KeyLike | None:
        """The key of a secret, remembered under a digest so that memory holds no secret."""
        if len(secret) > _LONGEST_SECRET:
            return None
        digest = hashlib.sha256(secret.encode()).digest()
        now = time.monotonic()
        known = self._known.get(digest)
        if known is not None and known[0] > now:
            return known[1]
        if self._unknown.get(digest, 0.0) > now:
            return None
        key = await self._desk.ask(self._keys.verify, secret)
        held: dict[bytes, Any] = self._unknown if key is None else self._known
        if len(held) >= _MOST_REMEMBERED:
            held.clear()
        until = time.monotonic() + REMEMBERED_S
        held[digest] = until if key is None else (until, key)
        return key


def is_exposed(settings: SettingsLike) -> bool:
    """Whether others than this machine can reach the server: its address, or its public name."""
    public = host_of(urlsplit(settings.base_url or "").netloc)
    return not is_loopback(settings.host) or not is_loopback(public or settings.host)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine alone.

    >>> is_loopback("127.8.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    import ipaddress

    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def host_of(header: str) -> str:
    """The name in a `Host` header, in lower case, without the port.

    >>> host_of("LocalHost:8470"), host_of("[::1]:8470"), host_of("::1")
    ('localhost', '::1', '::1')
    """
    text = header.strip().lower().rpartition("@")[2]
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text if text.count(":") > 1 else text.partition(":")[0].rstrip(".")


def secret_of(authorization: str) -> str:
    """The secret in an `Authorization` header: a bearer token, or the password of a URL.

    Loggers that only know a URL, such as KServe's, send `http://key:SECRET@host/` as Basic.

    >>> secret_of("Bearer wk_1"), secret_of("Basic a2V5OndrXzE="), secret_of("Digest x")
    ('wk_1', 'wk_1', '')
    """
    kind, _, value = authorization.strip().partition(" ")
    if kind.lower() == "bearer":
        return value.strip()
    if kind.lower() == "basic":
        try:
            user, _, password = (
                base64.b64decode(value.strip(), validate=True).decode().partition(":")
            )
        except (binascii.Error, UnicodeDecodeError):
            return ""
        return password or user
    return ""


_bearer = HTTPBearer(auto_error=False, scheme_name="key", description="An API key, such as `wk_…`.")


def needs(scope: Scope) -> Callable[..., Awaitable[KeyLike | None]]:
    """A dependency of FastAPI routes: the request's key must have a scope.

    >>> needs("read").__name__
    'allowed'
    """

    # A function and no object that is called: older releases of FastAPI do not find the names in
    # the annotations of those.
    async def allowed(
        request: Request,
        credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)] = None,
    ) -> KeyLike | None:
        """Refuse the request, or let it pass and say whose it is."""
        del credentials  # It is read from the header, as on the routes that are not FastAPI's.
        access: Access = request.app.state.services.access
        return await access.check(scope, request.headers, method=request.method)

    return allowed
