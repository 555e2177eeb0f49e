"""Sessions: a random token for who has signed in, of which only a digest is kept."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from watchkeeper.app.people.users import User, user_of
from watchkeeper.core.errors import NotFoundError, UnavailableError
from watchkeeper.store.catalogue.people import PeopleStore, PeopleWork, SessionRow, UserRow

IDLE = timedelta(hours=12)
"""A session that is not used for so long ends."""

ABSOLUTE = timedelta(days=7)
"""Any session ends after that."""

_SEEN_EVERY = timedelta(minutes=1)
_LONGEST_TOKEN = 100


@dataclass(frozen=True, slots=True)
class Session:
    """A session and whose it is.

    Attributes
    ----------
    id
        Names it for people; no secret.
    way
        `password` or `oidc`.
    expires
        When it ends at the latest.
    """

    id: str
    user: User
    way: str
    created: datetime
    expires: datetime


@dataclass(frozen=True, slots=True)
class Origin:
    """From where somebody signs in: the address, and what their browser calls itself."""

    address: str = ""
    agent: str = ""


class Sessions:
    """The sessions of a server; for any number of threads and processes.

    Parameters
    ----------
    store
        Where their digests are kept.
    clock
        The time now, with its zone.
    """

    def __init__(self, store: PeopleStore, *, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def begin(self, work: PeopleWork, user: UserRow, way: str, origin: Origin) -> str:
        """Begin a session in a transaction; its token, which cannot be had again."""
        now = self._clock()
        token = secrets.token_urlsafe(32)
        work.drop_ended(now, now - IDLE)
        work.add_session(
            SessionRow(
                id=secrets.token_hex(6), digest=digest_of(token), user_id=user.id, way=way,
                created=now, last_seen=now, expires=now + ABSOLUTE,
                address=origin.address[:100], agent=printable(origin.agent)[:300],
            )
        )  # fmt: skip
        work.set_user(user.id, last_sign_in=now)
        return token

    def find(self, token: str) -> Session | None:
        """The session of a token; None where it is unknown or has ended, or its user is disabled.

        The store is asked each time: what an admin changes holds at once, in every process.
        """
        if not token or len(token) > _LONGEST_TOKEN:
            return None
        found = self._store.session(digest_of(token))
        if found is None:
            return None
        row, user = found
        now = self._clock()
        if user.disabled is not None or row.expires <= now or row.last_seen + IDLE <= now:
            return None
        self._note(row, now)
        return Session(row.id, user_of(user), row.way, row.created, row.expires)

    def list(self, user: str | None = None) -> list[dict[str, Any]]:
        """Sessions that go on, of a user or of all, the one used last first."""
        now = self._clock()
        return [
            {
                "id": row.id, "user": name, "way": row.way, "created": row.created,
                "last_seen": row.last_seen, "expires": min(row.expires, row.last_seen + IDLE),
                "address": row.address, "agent": row.agent,
            }
            for name, row in self._store.sessions(user)
            if row.expires > now and row.last_seen + IDLE > now
        ]  # fmt: skip

    def end(self, id_: str, *, user: str | None = None) -> None:
        """End a session by its id; with a user only one of theirs.

        Raises
        ------
        NotFoundError
            There is none.
        """
        with self._store.work() as work:
            row = None if user is None else work.user(user)
            known = user is None or row is not None
            if not known or not work.end_session(id_, user_id=row.id if row else None):
                raise NotFoundError(
                    f"there is no session {id_[:60]!r}; list them with GET /v1/sessions"
                )

    def _note(self, row: SessionRow, now: datetime) -> None:
        if abs(now - row.last_seen) < _SEEN_EVERY:
            return
        try:
            self._store.touch_session(row.id, now)
        except UnavailableError:
            # A use that is not noted is no reason to refuse the request.
            return


def digest_of(token: str) -> str:
    """SHA-256 will do, as for keys: the token is 256 random bits."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def csrf_of(token: str) -> str:
    """What a page must send along when it changes something: it follows from the token.

    The page is told it by `GET /v1/session`; pages of other sites cannot read that answer, and no
    script can read the cookie.

    >>> csrf_of("a") == csrf_of("a"), csrf_of("a") == csrf_of("b"), len(csrf_of("a"))
    (True, False, 43)
    """
    mac = hmac.new(token.encode("utf-8", "replace"), b"watchkeeper csrf 1", hashlib.sha256)
    return urlsafe_b64encode(mac.digest()).decode().rstrip("=")


def printable(text: str) -> str:
    """A text from a header without what would change how a list of it looks."""
    return "".join(sign if sign.isprintable() else " " for sign in text)
