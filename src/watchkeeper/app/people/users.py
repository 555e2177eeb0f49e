"""Users: added, changed and removed, so that somebody is always left who can."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from watchkeeper.app.people.lockout import Gate
from watchkeeper.app.people.passwords import Passwords, check_password
from watchkeeper.app.people.roles import ROLES, check_role
from watchkeeper.core.errors import ConflictError, InputError, NotFoundError
from watchkeeper.incidents.incident import SYSTEM
from watchkeeper.store.catalogue.people import PeopleStore, PeopleWork, UserRow

_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,99}")

OURS = frozenset({SYSTEM, "local"})
"""Who does things that nobody signed in for, as histories say it."""


@dataclass(frozen=True, slots=True)
class User:
    """A user as people may see them; there is no hash in it.

    Attributes
    ----------
    way
        How they sign in: with a `password` of this server, or by `oidc`.
    disabled, created, last_sign_in
        Times; None for never.
    """

    name: str
    display_name: str
    role: str
    way: str
    disabled: datetime | None
    created: datetime
    last_sign_in: datetime | None

    @property
    def scopes(self) -> frozenset[str]:
        """What the role allows."""
        return ROLES.get(self.role, frozenset())

    def as_dict(self) -> dict[str, Any]:
        """For an answer in JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class UserChange:
    """What is to change of a user; None leaves it."""

    display_name: str | None = None
    role: str | None = None
    disabled: bool | None = None
    password: str | None = None


class Users:
    """The users of a server; for any number of threads and processes.

    Parameters
    ----------
    store
        Where they are kept.
    passwords
        Makes the hashes.
    clock
        The time now, with its zone.
    """

    def __init__(
        self, store: PeopleStore, passwords: Passwords, *, clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._passwords = passwords
        self._clock = clock

    def any(self) -> bool:
        """Whether there are users, disabled ones among them."""
        return bool(self._store.users())

    def list(self) -> list[User]:
        """All users by name."""
        return [user_of(row) for row in self._store.users()]

    def get(self, name: str) -> User:
        """A user by name.

        Raises
        ------
        NotFoundError
            There is none.
        """
        return user_of(_found(self._store.user(name_of(name)), name))

    def check_new(self, name: str, role: str) -> str:
        """The name of a user who can be added with a role, before a password is asked for.

        Raises
        ------
        InputError
            The name or the role is none; or the first user is no admin.
        ConflictError
            There is one of that name.
        """
        name = check_name(name)
        check_role(role)
        held = self._store.users()
        _check_new(name, role, {row.name for row in held})
        return name

    def add(self, name: str, role: str, password: str, *, display_name: str = "") -> User:
        """Add a user who signs in with a password.

        Raises
        ------
        InputError
            The name, the role or the password is none; or the first user is no admin.
        ConflictError
            There is one of that name.
        """
        name = check_name(name)
        check_password(password, name)
        shown = check_display_name(display_name or name)
        values = {
            "name": name, "display_name": shown, "role": check_role(role),
            "password": self._passwords.hash(password), "created": self._clock(),
        }  # fmt: skip
        with self._store.work() as work:
            _check_new(name, role, {row.name for row in work.users()})
            work.add_user(**values)
            return user_of(_found(work.user(name), name))

    def change(self, name: str, change: UserChange) -> User:
        """Change a user, at once: a new password or a user disabled ends their sessions.

        Raises
        ------
        NotFoundError
            There is no such user.
        ConflictError
            It would leave no admin who can sign in, or the user's password is kept elsewhere.
        """
        name = name_of(name)
        values = self._values(name, change)
        with self._store.work() as work:
            row = _found(work.user(name), name)
            _check_kept_here(row, change)
            if (change.role or "admin") != "admin" or change.disabled:
                _keep_an_admin(work, row)
            work.set_user(row.id, **values)
            if change.disabled or change.password is not None:
                work.end_sessions(row.id)
            changed = user_of(_found(work.user(name), name))
        if change.password is not None:
            Gate(self._store).forgive(name)
        return changed

    def remove(self, name: str, *, last: bool = False) -> User:
        """Remove a user with their sessions.

        Parameters
        ----------
        name
            Who.
        last
            Whether also the last user may go: on the loopback nobody is asked to sign in then.

        Raises
        ------
        NotFoundError
            There is no such user.
        ConflictError
            It would leave no admin who can sign in.
        """
        with self._store.work() as work:
            row = _found(work.user(name_of(name)), name)
            if not last or len(work.users()) > 1:
                _keep_an_admin(work, row)
            work.remove_user(row.id)
        return user_of(row)

    def _values(self, name: str, change: UserChange) -> dict[str, Any]:
        values: dict[str, Any] = {"name": name}
        if change.display_name is not None:
            values["display_name"] = check_display_name(change.display_name)
        if change.role is not None:
            values["role"] = check_role(change.role)
        if change.disabled is not None:
            values["disabled"] = self._clock() if change.disabled else None
        if change.password is not None:
            check_password(change.password, name)
            values["password"] = self._passwords.hash(change.password)
        return values


def user_of(row: UserRow) -> User:
    """A user without what nobody may see."""
    way = "password" if row.subject is None else "oidc"
    return User(
        row.name, row.display_name, row.role, way, row.disabled, row.created, row.last_sign_in
    )


def name_of(text: str) -> str:
    """A name as it is kept: people write theirs with capitals and spaces around.

    >>> name_of(" Ada@Example.org ")
    'ada@example.org'
    """
    return text.strip().lower()


def check_name(text: str) -> str:
    """A name that a user can have.

    Raises
    ------
    InputError
        It is none.
    """
    name = name_of(text)
    if not _NAME.fullmatch(name):
        raise InputError(
            f"{text[:60]!r} is no name of a user; write 1 to 100 of a-z, 0-9 and . _ @ + -, such "
            "as ada or ada@example.org"
        )
    if name in OURS:
        raise InputError(f"{name!r} is what this server calls itself; choose another name")
    return name


def name_from(text: str) -> str:
    """A name that a user can have, near to what another place calls them.

    >>> name_from("Ada Lovelace@Example.org"), name_from("_x"), name_from("é"), name_from("Local")
    ('ada-lovelace@example.org', 'x', 'user', 'user')
    """
    near = re.sub(r"[^a-z0-9._@+-]+", "-", name_of(text)).lstrip("-._@+").rstrip("-")
    return "user" if near in OURS else near[:90] or "user"


def check_display_name(text: str) -> str:
    """How a user is called on pages.

    Raises
    ------
    InputError
        It cannot be shown.
    """
    shown = text.strip()
    if not shown or not shown.isprintable() or len(shown) > 200:
        raise InputError("a display name has 1 to 200 printable characters")
    return shown


def _check_new(name: str, role: str, held: set[str]) -> None:
    if name in held:
        raise ConflictError(f"there is a user {name!r} already; choose another name")
    if role != "admin" and not held:
        raise InputError(
            "the first user must be an admin, who can add the others; use the role admin"
        )


def _keep_an_admin(work: PeopleWork, row: UserRow) -> None:
    """Refuse what would leave nobody who can add users."""
    if row.role != "admin" or row.disabled is not None:
        return
    others = (one for one in work.users() if one.id != row.id)
    if not any(one.role == "admin" and one.disabled is None for one in others):
        raise ConflictError(
            f"{row.name} is the last admin; make another one first, with `watchkeeper users add "
            "NAME --role admin` or `watchkeeper users role NAME admin`"
        )


def _check_kept_here(row: UserRow, change: UserChange) -> None:
    """Refuse to change what another place says at each sign-in."""
    if row.subject is None:
        return
    for what, value in (("password", change.password), ("role", change.role)):
        if value is not None:
            raise ConflictError(
                f"{row.name} signs in at {row.issuer}, which says the {what}; change it there"
            )


def _found(row: UserRow | None, name: str) -> UserRow:
    if row is None:
        raise NotFoundError(
            f"there is no user {name[:60]!r}; list them with `watchkeeper users list`"
        )
    return row
