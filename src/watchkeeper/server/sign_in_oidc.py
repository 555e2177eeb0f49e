"""`/v1/session/oidc`: sign in elsewhere, and come back."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated
from urllib.parse import quote

import msgspec
import structlog
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from watchkeeper.app.people.oidc.provider import Identity, OidcError, Pending, Provider
from watchkeeper.app.people.people import Begun
from watchkeeper.core.errors import NotFoundError, UnavailableError, WatchkeeperError
from watchkeeper.server.access import NOTED, Noted
from watchkeeper.server.cookies import cookie_of, made_cookie
from watchkeeper.server.errors import RefusedError
from watchkeeper.server.services import Here, Services
from watchkeeper.server.sign_in import answered, origin_of

router = APIRouter(tags=["sign-in"])

PATH = "/v1/session/oidc"

_log = structlog.stdlib.get_logger("watchkeeper.server")
_AWAY = "watchkeeper-oidc"
_AWAY_S = 600
_LONGEST = 2000


@router.get("/v1/session/oidc/start", status_code=303, response_class=Response)
async def start_oidc(
    here: Here,
    next: Annotated[  # noqa: A002  # the word that users know
        str, Query(max_length=1000, description="Where to go afterwards: a path of this server.")
    ] = "/",
) -> Response:
    """Send the browser to where people sign in."""
    provider = _provider(here)
    url, pending = await here.sign_in.ask(provider.begin, _back(here), local_path(next))
    held = urlsafe_b64encode(msgspec.json.encode(pending)).decode().rstrip("=")
    return _redirect(url, _away(here, held, seconds=_AWAY_S))


@router.get(PATH, status_code=303, response_class=Response)
async def finish_oidc(here: Here, request: Request) -> Response:
    """Take who comes back from there; a browser is sent on, with the cookie of a session.

    Where it failed a browser is sent to `/?sign_in=failed`, other clients are told why.
    """
    provider = _provider(here)
    pending = _pending(cookie_of(request.headers, _AWAY, secure=here.access.secure))
    answer = dict(request.query_params)
    noted = Noted(how="oidc")
    if pending.state == answer.get("state"):
        request.scope[NOTED] = noted

    def finished() -> Begun:
        """Ask the provider, and begin the session, in a thread."""
        identity: Identity = provider.finish(_back(here), pending, answer)
        noted.who = identity.name
        return here.platform.people.sign_in_as(identity, origin_of(request))

    try:
        begun = await here.sign_in.ask(finished)
    except (OidcError, UnavailableError) as error:
        noted.status = 401
        _log.warning("single sign-on failed", who=noted.who, reason=str(error))
        return _failed(here, request, error)
    noted.who, noted.status = begun.session.user.name, 200
    here.access.forget()
    cookie = answered(here, begun).headers["set-cookie"]
    answer_ = _redirect(pending.next, cookie)
    answer_.headers.append("Set-Cookie", _away(here, "", seconds=0))
    return answer_


def local_path(text: str) -> str:
    r"""A path of this server; anything else is its start, so that no link leads elsewhere.

    >>> local_path("/models/a?window=7d"), local_path("//evil.example"), local_path("/\\evil")
    ('/models/a?window=7d', '/', '/')
    """
    is_path = text.startswith("/") and not text.startswith(("//", "/\\"))
    return text if is_path and text.isprintable() and "\\" not in text else "/"


def _provider(here: Services) -> Provider:
    provider = here.platform.people.oidc
    if provider is None:
        raise NotFoundError(
            "nobody signs in elsewhere here; start the server with --oidc FILE for that"
        )
    return provider


def _back(here: Services) -> str:
    return f"{here.url.rstrip('/')}{PATH}"


def _pending(cookie: str) -> Pending:
    """What the browser kept while it was away."""
    try:
        return msgspec.json.decode(
            urlsafe_b64decode(cookie + "=" * (-len(cookie) % 4)), type=Pending
        )
    except (ValueError, msgspec.DecodeError):
        # Something that no answer fits.
        return Pending("\0", "\0", "\0")


def _away(here: Services, value: str, *, seconds: int) -> str:
    return made_cookie(_AWAY, value, secure=here.access.secure, seconds=seconds)


def _redirect(url: str, cookie: str) -> Response:
    headers = {"Location": quote(url, safe=":/%#?=@[]!$&'()*+,;~-._"), "Set-Cookie": cookie}
    return Response(status_code=303, headers=headers)


def _failed(here: Services, request: Request, error: WatchkeeperError) -> Response:
    gone = _away(here, "", seconds=0)
    if "text/html" in request.headers.get("accept", ""):
        return _redirect("/?sign_in=failed", gone)
    if isinstance(error, OidcError):
        raise RefusedError(str(error), status=401, code="oidc_failed") from None
    raise error
