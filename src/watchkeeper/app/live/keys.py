"""API keys: secrets of high entropy, shown once, of which only a digest is kept."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from watchkeeper.app.live.watching import Watch
from watchkeeper.core.errors import InputError, NotFoundError, UnavailableError
from watchkeeper.store.catalogue.catalogue import Catalogue
from watchkeeper.store.catalogue.rows import KeyRow

SCOPES = ("ingest", "read", "edit", "admin")
"""What a key may do: send records, ask, work with rules, alerts and incidents, or everything."""

_USED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Key:
    """An API key as people may see it.

    Attributes
    ----------
    id
        Stands in the secret, and in the list of keys.
    name
        Who or what uses it.
    scopes
        Of `ingest`, `read`, `edit` and `admin`.
    created, expires, last_used, revoked
        Times; None for never. It was used within the minute after `last_used`.
    """

    id: str
    name: str
    scopes: frozenset[str]
    created: datetime
    expires: datetime | None = None
    last_used: datetime | None = None
    revoked: datetime | None = None

    def allows(self, scope: str) -> bool:
        """Whether the key may do that; `admin` may do everything.

        >>> key = Key("ab", "ci", frozenset({"read"}), datetime(2013, 1, 1))
        >>> key.allows("read"), key.allows("ingest")
        (True, False)
        """
        return scope in self.scopes or "admin" in self.scopes

    def as_dict(self) -> dict[str, Any]:
        """For an answer in JSON; it has no digest to begin with."""
        return {
            "id": self.id,
            "name": self.name,
            "scopes": sorted(self.scopes),
            "created": self.created,
            "expires": self.expires,
            "last_used": self.last_used,
            "revoked": self.revoked,
        }


class Keys:
    """The keys of a server; for any number of threads.

    Parameters
    ----------
    catalogue
        Where their digests are kept.
    clock
        The time now, with its zone.
    """

    def __init__(self, catalogue: Catalogue, *, clock: Callable[[], datetime]) -> None:
        self._catalogue = catalogue
        self._clock = clock
        self._watch = Watch(catalogue)
        self._memory: list[dict[str, KeyRow]] = []
        self._used: dict[str, datetime] = {}

    def create(
        self, name: str, scopes: Collection[str], *, expires: datetime | None = None
    ) -> tuple[Key, str]:
        """Make a key.

        Parameters
        ----------
        name
            Who or what will use it.
        scopes
            At least one of `ingest`, `read`, `edit` and `admin`.
        expires
            From when on it is refused; never where it is None.

        Returns
        -------
        tuple
            The key, and its secret, which cannot be had again.

        Raises
        ------
        InputError
            A scope that does not exist, no scope, no name, or an end that has passed.
        """
        now = self._clock()
        _check(name, scopes, expires, now)
        id_ = secrets.token_hex(6)
        secret = f"wk_{id_}_{secrets.token_urlsafe(32)}"
        row = KeyRow(
            id_, name, _digest(secret), tuple(sorted(set(scopes))), now, expires, None, None
        )
        with self._catalogue.change() as change:
            change.add_key(row)
        self._forget()
        return _key(row), secret

    def verify(self, secret: str) -> Key | None:
        """The key of a secret; None where it is unknown, wrong, expired or revoked."""
        parts = secret.split("_", 2)
        row = self._held().get(parts[1]) if len(parts) == 3 else None
        # The digest is compared in any case, so that time does not tell which ids there are.
        known = hmac.compare_digest(_digest(secret), row.digest if row else _digest(""))
        now = self._clock()
        if row is None or not known or not _works(row, now):
            return None
        self._note(row, now)
        return _key(row)

    def list(self) -> list[Key]:
        """All keys, those that have ended among them, the oldest first."""
        return [_key(row) for row in self._catalogue.api_keys()]

    def any(self) -> bool:
        """Whether there is a key that works."""
        now = self._clock()
        return any(_works(row, now) for row in self._held().values())

    def revoke(self, id_: str) -> Key:
        """End a key, at once and for good; once more changes nothing.

        Raises
        ------
        NotFoundError
            There is no key of that id.
        """
        with self._catalogue.change() as change:
            change.revoke_key(id_, at=self._clock())
        self._forget()
        row = self._held().get(id_)
        if row is None:
            raise NotFoundError(
                f"there is no key {id_[:60]!r}; list them with `watchkeeper keys list`"
            )
        return _key(row)

    def _held(self) -> dict[str, KeyRow]:
        """All keys by id, from memory where the catalogue has not moved."""
        if self._watch.moved():
            self._memory = []
        # As in the registry: what is read while another thread forgets goes into the old list.
        memory = self._memory
        if not memory:
            memory.append({row.id: row for row in self._catalogue.api_keys()})
        return memory[-1]

    def _forget(self) -> None:
        self._watch.hurry()
        self._memory = []

    def _note(self, row: KeyRow, now: datetime) -> None:
        """Keep when the key was used, to the minute."""
        last = self._used.get(row.id, row.last_used)
        if last is not None and abs(now - last) < _USED_EVERY:
            return
        self._used[row.id] = now
        try:
            self._catalogue.touch_key(row.id, now)
        except UnavailableError:
            # A use that is not noted is no reason to refuse the request.
            return


def _check(name: str, scopes: Collection[str], expires: datetime | None, now: datetime) -> None:
    if not name.strip() or not name.isprintable() or len(name) > 200:
        raise InputError(
            "a key needs a name that says who uses it, in at most 200 printable characters, such "
            "as --name flights-service"
        )
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        given = f"{unknown[0]!r} is no scope" if unknown else "a key needs a scope"
        raise InputError(f"{given}; use one or more of {', '.join(SCOPES)}")
    if expires is not None and expires <= now:
        raise InputError(f"the key would end at {expires.isoformat()}, which has passed")


def _works(row: KeyRow, now: datetime) -> bool:
    return row.revoked is None and (row.expires is None or now < row.expires)


def _digest(secret: str) -> str:
    """SHA-256 will do: the secret is 256 random bits, which nobody guesses, salted or not."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _key(row: KeyRow) -> Key:
    return Key(
        row.id, row.name, frozenset(row.scopes), row.created, row.expires, row.last_used,
        row.revoked,
    )  # fmt: skip
