"""`/v1/users`, `/v1/sessions` and `/v1/access-log`: people, and what they did."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from watchkeeper.app.people.users import UserChange
from watchkeeper.server import schemas_people as shapes
from watchkeeper.server.access import NOTED, Caller, Noted, needs
from watchkeeper.server.errors import JSON, RefusedError
from watchkeeper.server.services import Here
from watchkeeper.server.sign_in import body_of

router = APIRouter(tags=["sign-in"])
_admin = Depends(needs("admin"))
Reader = Annotated[Caller | None, Depends(needs("read"))]
UserName = Annotated[str, Path(max_length=200, description="The user's name.")]


def _body(name: str) -> dict[str, Any]:
    schema = {"schema": {"$ref": f"#/components/schemas/{name}"}}
    return {"requestBody": {"required": True, "content": {JSON: schema}}}


class AskedSessions(BaseModel):
    """Whose sessions are listed."""

    user: str | None = Field(default=None, description="By default one's own; admins: anybody's.")
    all: bool = Field(default=False, description="Those of everybody; for admins.")


class AskedLog(BaseModel):
    """Which rows of the access log are listed."""

    who: str | None = Field(default=None, description="Only of this user or key.")
    before: int | None = Field(
        default=None, ge=0, description="Only rows before the one of this id."
    )
    limit: int = Field(default=100, ge=1, le=1000)


@router.get("/v1/users", response_model=shapes.UsersShown, dependencies=[_admin])
async def list_users(here: Here) -> Response:
    """List the users, those that are disabled among them."""
    users = here.platform.people.users
    return await here.answer(lambda: {"users": [user.as_dict() for user in users.list()]})


@router.post(
    "/v1/users", response_model=shapes.UserShown, status_code=201, dependencies=[_admin],
    openapi_extra=_body("NewUser"),
)  # fmt: skip
async def add_user(here: Here, request: Request) -> Response:
    """Add a user. The first one must be an admin, and ends the local-only mode."""
    wanted = await body_of(here, request, shapes.NewUser)
    add = partial(here.platform.people.users.add, display_name=wanted.display_name)
    await here.sign_in.ask(add, wanted.name, wanted.role, wanted.password)
    here.access.forget()
    answer = await here.answer(lambda: here.platform.people.users.get(wanted.name).as_dict())
    answer.status_code = 201
    return answer


@router.patch(
    "/v1/users/{user}", response_model=shapes.UserShown, dependencies=[_admin],
    openapi_extra=_body("ChangedUser"),
)  # fmt: skip
async def change_user(here: Here, request: Request, user: UserName) -> Response:
    """Change a user, at once; a new password, or being disabled, ends their sessions."""
    wanted = await body_of(here, request, shapes.ChangedUser)
    change = UserChange(**wanted.model_dump())
    changed = await here.sign_in.ask(here.platform.people.users.change, user, change)
    return await here.answer(changed.as_dict)


@router.delete("/v1/users/{user}", response_model=shapes.UserShown, dependencies=[_admin])
async def remove_user(here: Here, user: UserName) -> Response:
    """Remove a user with their sessions; the last admin stays."""
    answer = await here.answer(lambda: here.platform.people.users.remove(user).as_dict())
    here.access.forget()
    return answer


@router.get("/v1/sessions", response_model=shapes.SessionsShown)
async def list_sessions(
    here: Here, asked: Annotated[AskedSessions, Query()], who: Reader
) -> Response:
    """List sessions: one's own; for admins also those of others."""
    mine = who.name if who and who.session else None
    if (asked.all or (asked.user or mine) != mine) and who is not None and not who.may("admin"):
        raise RefusedError(
            "only admins see the sessions of others; leave out user and all",
            status=403, code="missing_scope",
        )  # fmt: skip
    current = who.session.id if who and who.session else None
    wanted = None if asked.all else asked.user or mine or ""

    def listed() -> dict[str, Any]:
        """Read them, in a thread."""
        found = here.platform.people.sessions.list(wanted)
        return {"sessions": [{**one, "current": one["id"] == current} for one in found]}

    return await here.answer(listed)


@router.delete("/v1/sessions/{session}", status_code=204, response_class=Response)
async def end_session(
    here: Here, request: Request, who: Reader,
    session: Annotated[str, Path(max_length=100, description="The session's id.")],
) -> Response:  # fmt: skip
    """End a session: one's own; for admins also one of somebody else."""
    request.scope[NOTED] = Noted(who.name, who.how) if who else Noted()
    is_free = who is None or who.may("admin")
    # A key without the scope has no sessions: whatever it names is not there.
    whose = None if is_free else who.name if who and who.session else ""
    await here.questions.ask(here.platform.people.sessions.end, session, user=whose)
    return Response(status_code=204)


@router.get("/v1/access-log", response_model=shapes.AccessLogShown, dependencies=[_admin])
async def show_access_log(here: Here, asked: Annotated[AskedLog, Query()]) -> Response:
    """Show who changed what, when and from where, and who tried to sign in; the newest first."""

    def read() -> dict[str, Any]:
        """Read it, in a thread."""
        rows = here.platform.people.log.read(limit=asked.limit, before=asked.before, who=asked.who)
        return {"rows": rows, "next": rows[-1]["id"] if len(rows) == asked.limit else None}

    return await here.answer(read)
