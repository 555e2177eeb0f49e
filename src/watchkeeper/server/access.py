"""Who may ask: people who have signed in, API keys, and the local-only mode without either.

Four modes. With a key in the catalogue every request needs one (*keys*), with a user a key or a
session (*users*). Without any the server is for its own machine alone (*local*): it listens on the
loopback interface, and asks that the `Host` be that of the machine, so that a web page cannot reach
it through a name of its own. A server that listens elsewhere without any user or key runs only
where its operator insisted (*open*).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.security import HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials

from watchkeeper.app.people.access_log import Entry
from watchkeeper.app.people.sessions import Session
from watchkeeper.core.errors import UnavailableError
from watchkeeper.server.cookies import check_page, check_token, session_token
from watchkeeper.server.desk import Desk
from watchkeeper.server.errors import RefusedError
from watchkeeper.server.hosts import host_of, is_loopback
from watchkeeper.server.platform import KeysLike, PeopleLike, SettingsLike

Scope = Literal["ingest", "read", "edit", "admin"]
Mode = Literal["local", "keys", "users", "open"]

REMEMBERED_S = 5.0
"""How long what the catalogue said about a key holds: a key revoked elsewhere works that long."""

_MOST_REMEMBERED = 4096
_LONGEST_SECRET = 256
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks.

    Attributes
    ----------
    id
        Of the key, or of the user; batches of different callers never meet.
    name
        Of the key, or of the user.
    scopes
        What they may do.
    session
        Their sign-in; None for a key.
    """

    id: str
    name: str
    scopes: frozenset[str]
    session: Session | None = None

    @property
    def how(self) -> Literal["session", "key"]:
        """How they prove who they are."""
        return "key" if self.session is None else "session"

    def may(self, scope: str) -> bool:
        """Whether they may do that; `admin` may do everything.

        >>> Caller("ab", "ci", frozenset({"read"})).may("ingest")
        False
        """
        return scope in self.scopes or "admin" in self.scopes


class Access:
    """Answers whether a request may be served; asks the catalogue every few seconds.

    Parameters
    ----------
    keys
        The keys of the catalogue.
    settings
        Which address the server is bound to, and whether its operator insisted.
    people
        Users and sessions; None for a server that has only keys.
    """

    def __init__(
        self, keys: KeysLike, settings: SettingsLike, people: PeopleLike | None = None
    ) -> None:
        self._keys = keys
        self._people = people
        self._base_url = settings.base_url or ""
        self.secure = self._base_url.lower().startswith("https:")
        self._insecure = settings.insecure
        self.exposed = is_exposed(settings)
        named = {settings.host, host_of(urlsplit(settings.base_url or "").netloc)}
        self._hosts = _LOOPBACK | (named - {"", "0.0.0.0", "::"})  # noqa: S104  # all addresses: no name
        self._desk = Desk("keys", threads=2, waiting=256, timeout_s=10.0)
        self._known: dict[bytes, tuple[float, Caller]] = {}
        self._unknown: dict[bytes, float] = {}
        self._guarded: tuple[float, Mode | None] | None = None

    async def mode(self) -> Mode:
        """How the server is guarded now."""
        guarded = await self._guard()
        if guarded is not None:
            return guarded
        if not self.exposed:
            return "local"
        # The last key of an exposed server was revoked: that must not open it.
        return "open" if self._insecure else "keys"

    async def check(
        self, scope: Scope | None, headers: Mapping[str, str], *, method: str
    ) -> Caller | None:
        """Let a request pass, or refuse it.

        Parameters
        ----------
        scope
            What the request needs; `admin` implies the others. None: to be known is enough.
        headers
            Of the request, with names in lower case.
        method
            Of the request.

        Returns
        -------
        Caller
            Whose request it is; None where nobody is asked who they are.

        Raises
        ------
        RefusedError
            Nobody is known, or not for this; a page of another site asks; or in local mode a
            foreign host or origin.
        UnavailableError
            The catalogue does not answer.
        """
        mode = await self.mode()
        if mode == "local":
            self.check_local(headers, method=method)
        if mode in {"local", "open"}:
            return None
        token = session_token(headers, secure=self.secure)
        if "authorization" in headers or not token:
            caller = await self._by_key(headers, mode)
        else:
            caller = await self._by_session(token, headers, method)
        if scope is not None and not caller.may(scope):
            raise _lacking(caller, scope)
        return caller

    def check_page(self, headers: Mapping[str, str]) -> None:
        """Refuse what a page of another site sends."""
        check_page(headers, self._base_url)

    async def note(self, entry: Entry) -> None:
        """Write a row of the access log."""
        if self._people is not None:
            await self._desk.ask(self._people.log.add, entry)

    def check_local(self, headers: Mapping[str, str], *, method: str) -> None:
        """In local mode: the request names this machine, and no foreign web page sent it."""
        host = host_of(headers.get("host", ""))
        if host not in self._hosts:
            raise RefusedError(
                f"this server has no user and no API key and answers to its own machine alone; the "
                f"host {host[:100]!r} is not one of {', '.join(sorted(self._hosts))}",
                status=403, code="foreign_host",
            )  # fmt: skip
        origin = headers.get("origin")
        if method not in _SAFE and origin and host_of(urlsplit(origin).netloc) not in self._hosts:
            raise RefusedError(
                f"a web page of {origin[:100]!r} may not write here; use a client, or an API key",
                status=403, code="foreign_origin",
            )  # fmt: skip

    def forget(self) -> None:
        """Ask the catalogue again, after keys or users have been made or ended here."""
        self._known.clear()
        self._unknown.clear()
        self._guarded = None

    def close(self) -> None:
        """Let the threads go."""
        self._desk.close()

    async def _guard(self) -> Mode | None:
        """Whether there are users or keys; None without any."""
        now = time.monotonic()
        if self._guarded is None or self._guarded[0] < now:
            try:
                found = await self._desk.ask(self._look)
            except UnavailableError:
                if self._guarded is None:
                    raise
                found = self._guarded[1]
            self._guarded = (time.monotonic() + REMEMBERED_S, found)
        return self._guarded[1]

    def _look(self) -> Mode | None:
        if self._people is not None and self._people.any():
            return "users"
        # An expired key still says that the server is meant to be guarded.
        return "keys" if any(not key.revoked for key in self._keys.list()) else None

    async def _by_key(self, headers: Mapping[str, str], mode: Mode) -> Caller:
        secret = secret_of(headers.get("authorization", ""))
        if not secret and mode == "users":
            raise RefusedError(
                "nobody is signed in; sign in, or send an API key as 'Authorization: Bearer wk_…'",
                status=401, code="not_signed_in",
            )  # fmt: skip
        if not secret:
            raise RefusedError(
                "this server asks for an API key; send it as 'Authorization: Bearer wk_…'",
                status=401, code="no_key",
            )  # fmt: skip
        caller = await self._verified(secret)
        if caller is None:
            raise RefusedError(
                "the API key is unknown, expired or revoked; have one made with "
                "`watchkeeper keys create --scope read --name NAME`",
                status=401, code="bad_key",
            )  # fmt: skip
        return caller

    async def _by_session(self, token: str, headers: Mapping[str, str], method: str) -> Caller:
        session = None
        if self._people is not None:
            session = await self._desk.ask(self._people.sessions.find, token)
        if session is None:
            raise RefusedError(
                "the session has ended; sign in again", status=401, code="not_signed_in"
            )
        user = session.user
        caller = Caller(f"user {user.name}", user.name, user.scopes, session)
        if method not in _SAFE:
            try:
                self.check_page(headers)
                check_token(headers, token)
            except RefusedError as error:
                error.who, error.how = caller.name, caller.how
                raise
        return caller

    async def _verified(self, secret: str) -> Caller | None:
        """Whose a secret is, remembered under a digest so that memory holds no secret."""
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
        caller = None if key is None else Caller(key.id, key.name, key.scopes)
        held: dict[bytes, Any] = self._unknown if key is None else self._known
        if len(held) >= _MOST_REMEMBERED:
            held.clear()
        until = time.monotonic() + REMEMBERED_S
        held[digest] = until if caller is None else (until, caller)
        return caller


def _lacking(caller: Caller, scope: Scope) -> RefusedError:
    """A refusal of somebody who is known, and may not do this."""
    if caller.session is not None:
        said = (
            f"{caller.name} has the role {caller.session.user.role} and this needs the scope "
            f"{scope}; ask an admin"
        )
    else:
        said = (
            f"the API key {caller.name!r} has the scopes {', '.join(sorted(caller.scopes))} and "
            f"this needs {scope}"
        )
    error = RefusedError(said, status=403, code="missing_scope")
    error.who, error.how = caller.name, caller.how
    return error


def is_exposed(settings: SettingsLike) -> bool:
    """Whether others than this machine can reach the server: its address, or its public name."""
    public = host_of(urlsplit(settings.base_url or "").netloc)
    return not is_loopback(settings.host) or not is_loopback(public or settings.host)


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


NOTED = "watchkeeper.noted"
"""Where in the ASGI scope stands who asks, for what the access log notes."""


@dataclass(slots=True)
class Noted:
    """Who asked for something that the access log notes.

    Attributes
    ----------
    who, how
        As in the access log.
    status
        What came of it, where the answer's own status does not say so.
    """

    who: str | None = None
    how: str = "open"
    status: int | None = None


def needs(scope: Scope | None) -> Callable[..., Awaitable[Caller | None]]:
    """A dependency of FastAPI routes: who asks must have a scope.

    What needs `edit` or `admin` and changes something is noted in the access log, as is what is
    refused there to somebody who is known.

    >>> needs("read").__name__
    'allowed'
    """

    # A function and no object that is called: older releases of FastAPI do not find the names in
    # the annotations of those.
    async def allowed(
        request: Request,
        credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)] = None,
    ) -> Caller | None:
        """Refuse the request, or let it pass and say whose it is."""
        del credentials  # It is read from the header, as on the routes that are not FastAPI's.
        access: Access = request.app.state.services.access
        is_noted = scope in {"edit", "admin"} and request.method not in _SAFE
        try:
            caller = await access.check(scope, request.headers, method=request.method)
        except RefusedError as error:
            if is_noted and error.who is not None:
                request.scope[NOTED] = Noted(error.who, error.how)
            raise
        if is_noted:
            request.scope[NOTED] = Noted(caller.name, caller.how) if caller else Noted()
        return caller

    return allowed
