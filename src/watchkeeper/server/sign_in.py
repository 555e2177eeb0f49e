"""`/v1/session`: sign in, sign out, and who am I."""

from __future__ import annotations

from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ValidationError
from starlette.responses import Response

from watchkeeper.app.people.people import Begun, WrongPasswordError
from watchkeeper.app.people.roles import SCOPES, granted
from watchkeeper.app.people.sessions import ABSOLUTE, Origin, csrf_of
from watchkeeper.core.errors import (
    BusyError,
    InputError,
    NotFoundError,
    UnsupportedTypeError,
)
from watchkeeper.server import schemas_people as shapes
from watchkeeper.server.access import NOTED, Caller, Noted, needs
from watchkeeper.server.cookies import session_token, set_cookie
from watchkeeper.server.errors import JSON, RefusedError
from watchkeeper.server.keys import problems_of
from watchkeeper.server.reading import media_type, read_small
from watchkeeper.server.services import Here, Services, encode

router = APIRouter(tags=["sign-in"])
Anybody = Annotated[Caller | None, Depends(needs(None))]
"""Whoever is known, whatever they may do."""

_LARGEST = 10_000
_Body = TypeVar("_Body", bound=BaseModel)


@router.get("/v1/session", response_model=shapes.SessionShown)
async def show_session(here: Here, request: Request, who: Anybody) -> Response:
    """Say who asks and what they may do; 401 where somebody must sign in first."""
    token = session_token(request.headers, secure=here.access.secure)
    return Response(encode(_shown(who, token)), media_type=JSON)


@router.get("/v1/session/ways", response_model=shapes.SignInWays)
async def show_ways(here: Here) -> Response:
    """Say how one can sign in; asked before anybody is known."""
    mode = await here.access.mode()
    provider = here.platform.people.oidc if mode == "users" else None
    oidc = None
    if provider is not None:
        oidc = shapes.OidcShown(label=provider.config.label, url="/v1/session/oidc/start")
    ways = shapes.SignInWays(needed=mode in {"keys", "users"}, password=mode == "users", oidc=oidc)
    return Response(encode(ways.model_dump()), media_type=JSON)


@router.post("/v1/session", response_model=shapes.SessionShown, openapi_extra={"requestBody": {
    "required": True, "content": {JSON: {"schema": {"$ref": "#/components/schemas/SignIn"}}},
}})  # fmt: skip
async def sign_in(here: Here, request: Request) -> Response:
    """Sign in with name and password: the answer sets the cookie of a new session.

    429 after too many failures, with `Retry-After`; 401 says neither that there is such a user nor
    that there is none.
    """
    here.access.check_page(request.headers)
    if await here.access.mode() == "local":
        here.access.check_local(request.headers, method=request.method)
    given = await body_of(here, request, shapes.SignIn)
    noted = Noted(how="password")
    request.scope[NOTED] = noted
    origin = origin_of(request)
    try:
        begun = await here.sign_in.ask(
            here.platform.people.sign_in, given.name, given.password, origin
        )
    except BusyError:
        # The failures that led here are in the log: more rows would push out what matters.
        del request.scope[NOTED]
        raise
    except WrongPasswordError as error:
        noted.who = await here.questions.ask(_known, here, given.name)
        raise _refused(error, 401) from None
    noted.who = begun.session.user.name
    await _end_before(here, request)
    return answered(here, begun)


@router.delete("/v1/session", status_code=204, response_class=Response)
async def sign_out(here: Here, request: Request) -> Response:
    """Sign out: the session ends, and its cookie goes, also that of one that has ended already."""
    try:
        who = await here.access.check(None, request.headers, method=request.method)
    except RefusedError as error:
        if error.code != "not_signed_in":
            raise
        who = None
    if who is not None and who.session is not None:
        request.scope[NOTED] = Noted(who.name, who.how)
        await _end_before(here, request)
    secure = here.access.secure
    return Response(
        status_code=204, headers={"Set-Cookie": set_cookie("", secure=secure, seconds=0)}
    )


@router.put(
    "/v1/session/password", response_model=shapes.SessionShown,
    openapi_extra={"requestBody": {"required": True, "content": {
        JSON: {"schema": {"$ref": "#/components/schemas/NewPassword"}},
    }}},
)  # fmt: skip
async def set_password(here: Here, request: Request, who: Anybody) -> Response:
    """Set the password of who is signed in; all their sessions end, and a new one begins."""
    if who is None or who.session is None:
        raise RefusedError(
            "only who has signed in has a password; an API key has none",
            status=403, code="no_session",
        )  # fmt: skip
    request.scope[NOTED] = Noted(who.name, who.how)
    given = await body_of(here, request, shapes.NewPassword)
    change = here.platform.people.change_password
    try:
        begun = await here.sign_in.ask(
            change, who.session, given.old, given.new, origin_of(request)
        )
    except WrongPasswordError as error:
        raise _refused(error, 403) from None
    return answered(here, begun)


def answered(here: Services, begun: Begun) -> Response:
    """The answer to who has just signed in, with the cookie."""
    user = begun.session.user
    who = Caller(f"user {user.name}", user.name, user.scopes, begun.session)
    cookie = set_cookie(
        begun.token, secure=here.access.secure, seconds=int(ABSOLUTE.total_seconds())
    )
    headers = {"Set-Cookie": cookie}
    return Response(encode(_shown(who, begun.token)), media_type=JSON, headers=headers)


def origin_of(request: Request) -> Origin:
    """From where a request comes."""
    client = request.client
    return Origin(client.host if client else "", request.headers.get("user-agent", ""))


async def body_of(here: Services, request: Request, shape: type[_Body]) -> _Body:
    """A short JSON body; what is wrong is said without what was sent, which may be a password."""
    kind = media_type(request.headers.get("content-type", ""))
    if kind != JSON:
        raise UnsupportedTypeError(f"Content-Type is {kind[:100]!r}; send {JSON}")
    try:
        return shape.model_validate_json(await read_small(here, request, limit=_LARGEST))
    except ValidationError as error:
        raise InputError(problems_of(error)) from None


async def _end_before(here: Services, request: Request) -> None:
    """End the session that the browser had: a new sign-in has a new token, always."""
    token = session_token(request.headers, secure=here.access.secure)

    def end() -> None:
        """Find and end it, in a thread."""
        session = here.platform.people.sessions.find(token)
        if session is not None:
            here.platform.people.sessions.end(session.id)

    if token:
        await here.questions.ask(end)


def _refused(error: WrongPasswordError, status: int) -> RefusedError:
    return RefusedError(str(error), status=status, code="wrong_password")


def _known(here: Services, name: str) -> str | None:
    """The user of a name, for the access log: not what somebody typed by mistake."""
    try:
        return here.platform.people.users.get(name).name
    except NotFoundError:
        return None


def _shown(who: Caller | None, token: str) -> dict[str, object]:
    session = who.session if who else None
    return {
        "how": who.how if who else "open",
        "name": who.name if who else None,
        "display_name": session.user.display_name if session else None,
        "role": session.user.role if session else None,
        "may": granted(who.scopes) if who else list(SCOPES),
        "csrf": csrf_of(token) if session else None,
        "expires": session.expires if session else None,
        "can_set_password": session is not None and session.user.way == "password",
    }
