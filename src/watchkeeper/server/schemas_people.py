"""What the routes of sign-in, users and the access log take and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

RoleName = Literal["viewer", "editor", "admin"]
ScopeName = Literal["ingest", "read", "edit", "admin"]
Way = Literal["password", "oidc"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SignIn(_Strict):
    """Who signs in."""

    name: str = Field(max_length=200, examples=["ada"])
    password: str = Field(max_length=1000)


class NewPassword(_Strict):
    """A new password, and the one before."""

    old: str = Field(max_length=1000)
    new: str = Field(max_length=1000, description="15 to 200 characters.")


class SessionShown(BaseModel):
    """Who asks, and what they may do."""

    how: Literal["session", "key", "open"] = Field(
        description="`open`: nobody is asked who they are, and everything is allowed."
    )
    name: str | None = Field(description="Of the user or the key.")
    display_name: str | None
    role: RoleName | None
    may: list[ScopeName] = Field(description="The scopes that are granted, those implied included.")
    csrf: str | None = Field(
        description="To be sent as X-CSRF-Token with what changes something; null without session."
    )
    expires: datetime | None = Field(description="When the session ends at the latest.")
    can_set_password: bool = Field(description="Whether PUT /v1/session/password will do.")


class OidcShown(BaseModel):
    """A sign-in at another place."""

    label: str = Field(description="What a button says.")
    url: str = Field(description="Where the button leads; `next` is where to go afterwards.")


class SignInWays(BaseModel):
    """How one can sign in."""

    needed: bool = Field(description="Whether anybody is asked who they are.")
    password: bool
    oidc: OidcShown | None


class UserShown(BaseModel):
    """A user."""

    name: str
    display_name: str
    role: RoleName
    way: Way = Field(description="Where the user signs in.")
    disabled: datetime | None
    created: datetime
    last_sign_in: datetime | None


class UsersShown(BaseModel):
    """All users by name."""

    users: list[UserShown]


class NewUser(_Strict):
    """A user who signs in with a password."""

    name: str = Field(max_length=200, examples=["ada"], description="a-z, 0-9 and . _ @ + -")
    display_name: str = Field(default="", max_length=200)
    role: RoleName
    password: str = Field(max_length=1000, description="15 to 200 characters.")


class ChangedUser(_Strict):
    """What changes of a user; what is left out stays."""

    display_name: str | None = Field(default=None, max_length=200)
    role: RoleName | None = None
    disabled: bool | None = None
    password: str | None = Field(default=None, max_length=1000)


class OneSession(BaseModel):
    """A sign-in that goes on."""

    id: str
    user: str
    way: Way
    created: datetime
    last_seen: datetime
    expires: datetime = Field(description="When it ends if it is not used again.")
    address: str
    agent: str
    current: bool = Field(description="Whether it is the one that asks.")


class SessionsShown(BaseModel):
    """Sessions, the one used last first."""

    sessions: list[OneSession]


class AccessShown(BaseModel):
    """A request that changed something or was refused, or a sign-in."""

    id: int
    at: datetime
    who: str | None
    how: Literal["session", "key", "open", "password", "oidc"]
    method: str
    route: str
    path: str
    status: int
    address: str


class AccessLogShown(BaseModel):
    """Rows of the access log, the newest first."""

    rows: list[AccessShown]
    next: int | None = Field(description="`before` for the rows before these; null at the end.")
