"""The cookie of a session, and what keeps pages of other sites from using it."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from http.cookies import Morsel, SimpleCookie
from urllib.parse import urlsplit

from watchkeeper.app.people.sessions import csrf_of
from watchkeeper.server.errors import RefusedError

CSRF = "X-CSRF-Token"
"""The header that a page sends along when it changes something."""

_NAME = "watchkeeper"


def cookie_name(name: str, *, secure: bool) -> str:
    """The name of a cookie; over HTTPS one that no other host can set.

    >>> cookie_name("watchkeeper", secure=True)
    '__Host-watchkeeper'
    """
    return f"__Host-{name}" if secure else name


def set_cookie(token: str, *, secure: bool, seconds: int) -> str:
    """The `Set-Cookie` header of a session: no script can read it, other sites' forms lack it.

    `Lax` and not `Strict`, so that a link in a message to a report or a post-mortem opens. What
    changes something needs a token besides.

    >>> set_cookie("t", secure=True, seconds=60)
    '__Host-watchkeeper=t; HttpOnly; Max-Age=60; Path=/; SameSite=Lax; Secure'
    """
    return made_cookie(_NAME, token, secure=secure, seconds=seconds)


def made_cookie(name: str, value: str, *, secure: bool, seconds: int) -> str:
    """A `Set-Cookie` header; no seconds delete the cookie."""
    held: SimpleCookie = SimpleCookie()
    full = cookie_name(name, secure=secure)
    held[full] = value
    morsel: Morsel[str] = held[full]
    morsel.update({"max-age": str(seconds), "path": "/", "samesite": "Lax"})
    morsel["httponly"] = True
    if secure:
        morsel["secure"] = True
    return morsel.OutputString()


def session_token(headers: Mapping[str, str], *, secure: bool) -> str:
    """The token in the cookie of a request; empty where there is none.

    >>> session_token({"cookie": "a=b; watchkeeper=t"}, secure=False)
    't'
    >>> session_token({"cookie": "watchkeeper=t"}, secure=True)
    ''
    """
    return cookie_of(headers, _NAME, secure=secure)


def cookie_of(headers: Mapping[str, str], name: str, *, secure: bool) -> str:
    """The value of a cookie; empty where there is none, or more than one."""
    full = cookie_name(name, secure=secure)
    parts = (part.strip().partition("=") for part in headers.get("cookie", "").split(";"))
    found = [value.strip('"') for held, _, value in parts if held == full]
    # Two of one name: somebody else has set one, and nothing says which.
    return found[0] if len(found) == 1 else ""


def check_page(headers: Mapping[str, str], base_url: str) -> None:
    """Refuse what a page of another site sends; browsers say where it comes from.

    Raises
    ------
    RefusedError
        It comes from another site.
    """
    site = headers.get("sec-fetch-site", "same-origin")
    origin = headers.get("origin")
    ours = {_place(f"//{headers.get('host', '')}"), _place(base_url)} - {""}
    if site != "same-origin" or (origin is not None and _place(origin) not in ours):
        raise RefusedError(
            f"a page of {(origin or 'another site')[:100]!r} may not do this; behind a proxy, "
            "start the server with --base-url and the address that people use",
            status=403, code="foreign_page",
        )  # fmt: skip


def check_token(headers: Mapping[str, str], token: str) -> None:
    """Refuse a change without the header that only our own pages can send.

    Raises
    ------
    RefusedError
        It is not there, or of another session.
    """
    if not hmac.compare_digest(headers.get(CSRF.lower(), "").encode(), csrf_of(token).encode()):
        raise RefusedError(
            f"send the header {CSRF} with what GET /v1/session says under csrf, as this was sent "
            "with a cookie",
            status=403, code="bad_csrf",
        )  # fmt: skip


def _place(url: str) -> str:
    """Host and port of a URL, in lower case, without a port that goes without saying.

    >>> _place("https://Watch.example:443/x"), _place("//box:8470"), _place("null")
    ('watch.example', 'box:8470', '')
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    usual = {"http": (80,), "https": (443,)}.get(parts.scheme, (80, 443))
    return host if port is None or port in usual else f"{host}:{port}"
