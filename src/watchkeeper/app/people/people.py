"""Who signs in, in one place for the server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from watchkeeper.app.people.access_log import AccessLog
from watchkeeper.app.people.lockout import Gate
from watchkeeper.app.people.oidc.provider import Identity, OidcError, Provider
from watchkeeper.app.people.passwords import Passwords, check_password
from watchkeeper.app.people.sessions import Origin, Session, Sessions, printable
from watchkeeper.app.people.users import Users, name_from, name_of
from watchkeeper.core.errors import ConflictError, WatchkeeperError
from watchkeeper.store.catalogue.people import PeopleStore, PeopleWork, UserRow


class WrongPasswordError(WatchkeeperError):
    """A name and a password that do not go together; it does not say which is wrong."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A session that has begun, and its token, which is nowhere else."""

    session: Session
    token: str


class People:
    """Users, sessions and the access log of one catalogue; for any number of threads.

    Parameters
    ----------
    place
        As of `Catalogue`: the same database.
    clock
        The time now, with its zone.
    passwords
        Makes and compares hashes; by default with strong parameters.
    oidc
        Where else people sign in; None for nowhere.

    Attributes
    ----------
    users, sessions, log
        Who there is, who is signed in, and who changed what.
    oidc
        As given.
    """

    def __init__(
        self,
        place: str | Path,
        *,
        clock: Callable[[], datetime],
        passwords: Passwords | None = None,
        oidc: Provider | None = None,
    ) -> None:
        self._store = PeopleStore(place)
        self._passwords = passwords or Passwords()
        self._gate = Gate(self._store)
        self._clock = clock
        self.oidc = oidc
        self.users = Users(self._store, self._passwords, clock=clock)
        self.sessions = Sessions(self._store, clock=clock)
        self.log = AccessLog(self._store.engine, self._store.name, clock=clock)

    def any(self) -> bool:
        """Whether people sign in here."""
        return self.oidc is not None or self.users.any()

    def close(self) -> None:
        """Let go of the database."""
        self._store.close()

    def sign_in(self, name: str, password: str, origin: Origin) -> Begun:
        """Begin a session for a name and its password.

        Raises
        ------
        WrongPasswordError
            They do not go together, or the user is disabled.
        BusyError
            Too many attempts have failed.
        """
        name = name_of(name)
        row = self._proven(name, password, origin)
        fresh = None
        if row.password is not None and self._passwords.is_old(row.password):
            fresh = self._passwords.hash(password)
        with self._store.work() as work:
            held = work.user(name)
            if held is None or held.disabled is not None or held.password != row.password:
                # It was changed while the password was compared.
                raise WrongPasswordError(_WRONG)
            if fresh is not None:
                work.set_user(held.id, password=fresh)
            token = self.sessions.begin(work, held, "password", origin)
        return self._begun(token)

    def change_password(self, session: Session, old: str, new: str, origin: Origin) -> Begun:
        """Set the password of who is signed in: all their sessions end, and a new one begins.

        Raises
        ------
        WrongPasswordError
            The old password is another.
        ConflictError
            The password is kept elsewhere.
        BusyError
            Too many attempts have failed.
        """
        name = session.user.name
        if session.user.way != "password":
            raise ConflictError(
                "you sign in elsewhere, where your password is kept; change it there"
            )
        check_password(new, name)
        row = self._proven(name, old, origin)
        fresh = self._passwords.hash(new)
        with self._store.work() as work:
            held = work.user(name)
            if held is None or held.disabled is not None or held.password != row.password:
                raise WrongPasswordError(_WRONG)
            work.set_user(held.id, password=fresh)
            work.end_sessions(held.id)
            token = self.sessions.begin(work, held, "password", origin)
        return self._begun(token)

    def sign_in_as(self, identity: Identity, origin: Origin) -> Begun:
        """Begin a session for who has signed in elsewhere; the user is made the first time.

        The role is what the provider says now. A user of this server's own is never taken over,
        whatever name the provider tells.

        Raises
        ------
        OidcError
            They have no role here, or are disabled.
        """
        with self._store.work() as work:
            held = work.known_as(identity.issuer, identity.subject)
            if identity.role is not None and held is None:
                held = _made(work, identity, self._clock())
            if held is not None and identity.role is None:
                work.end_sessions(held.id)
            is_in = held is not None and identity.role is not None and held.disabled is None
            if held is not None and is_in:
                shown = printable(identity.display_name).strip()[:200] or held.name
                work.set_user(held.id, role=identity.role, display_name=shown)
                token = self.sessions.begin(work, held, "oidc", origin)
        if not is_in:
            raise OidcError(
                f"{printable(identity.name)[:100]} may not sign in here; ask an admin for a role, "
                "or to be enabled"
            )
        return self._begun(token)

    def _proven(self, name: str, password: str, origin: Origin) -> UserRow:
        """The user of a name, where the password is theirs."""
        self._gate.enter(name, origin.address, self._clock())
        row = self._store.user(name)
        fits = self._passwords.fits(row.password if row else None, password)
        if row is None or not fits or row.disabled is not None:
            raise WrongPasswordError(_WRONG)
        self._gate.passed(name, origin.address)
        return row

    def _begun(self, token: str) -> Begun:
        session = self.sessions.find(token)
        if session is None:
            raise WrongPasswordError(_WRONG)
        return Begun(session, token)


def _made(work: PeopleWork, identity: Identity, now: datetime) -> UserRow | None:
    """Make the user of an identity, under a name that is free."""
    wanted = name_from(identity.name)
    name, number = wanted, 1
    while work.user(name) is not None:
        number += 1
        name = f"{wanted}-{number}"
    work.add_user(
        name=name, display_name=name, role=identity.role, created=now, issuer=identity.issuer,
        subject=identity.subject,
    )  # fmt: skip
    return work.user(name)


_WRONG = "there is no user of that name and password; try again, or ask an admin"
