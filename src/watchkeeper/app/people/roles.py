"""Roles of users, as scopes: what a key may do by its scopes, a user may by their role."""

from __future__ import annotations

from typing import Literal, TypeAlias

from watchkeeper.core.errors import InputError

Role: TypeAlias = Literal["viewer", "editor", "admin"]
"""What a user is."""

ROLES: dict[str, frozenset[str]] = {
    "viewer": frozenset({"read"}),
    "editor": frozenset({"read", "edit"}),
    "admin": frozenset({"admin"}),
}
"""What each role may do; `admin` may do everything."""

SCOPES = ("ingest", "read", "edit", "admin")
"""All there is to be allowed: send records, ask, work with what is watched, everything."""


def check_role(role: str) -> str:
    """The role, where there is such a one.

    >>> check_role("editor")
    'editor'
    """
    if role not in ROLES:
        raise InputError(f"{role[:60]!r} is no role; use one of {', '.join(ROLES)}")
    return role


def granted(scopes: frozenset[str]) -> list[str]:
    """All that scopes allow, in order.

    >>> granted(ROLES["editor"]), granted(ROLES["admin"])
    (['read', 'edit'], ['ingest', 'read', 'edit', 'admin'])
    """
    return [scope for scope in SCOPES if scope in scopes or "admin" in scopes]
