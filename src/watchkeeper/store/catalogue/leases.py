"""Who does which work among the processes that share a catalogue, each for a while at a time.

A piece of work has a name, and whoever holds its lease does it. A lease that is taken gets a token
that nobody had before; who writes states checks the token in the same transaction. So a process
that slept longer than its lease writes nothing over what another did meanwhile, and takes nothing
for its own that it held before.

Time is that of the database, so that the clocks of two machines need not agree. A lease that ends
further ahead than any that is given now was written before the clock was set back, and is free.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from watchkeeper.core.errors import UnavailableError
from watchkeeper.store.catalogue.alarms import AlarmStore, LeaseRow, Work

LENGTH = timedelta(seconds=15)
"""How long a process that has died keeps its work from the others."""

_PRESENT = "present/"
_SLACK = timedelta(seconds=5)


class LeaseLostError(UnavailableError):
    """Somebody else does this work now; what was begun is left to them."""


@dataclass(frozen=True, slots=True)
class Replica:
    """A process that shares the work.

    Attributes
    ----------
    name
        Its name.
    until
        It is there at least so long.
    work
        The names of what it does.
    """

    name: str
    until: datetime
    work: tuple[str, ...]


class Leases:
    """The leases of one process.

    Parameters
    ----------
    store
        Where leases are kept.
    holder
        Names this process for people; a token of its own is added.
    clock
        Gives the time instead of the database, for tests.
    length
        How long a lease lasts.
    is_gone
        Whether a holder is known to be dead: then nobody waits for its leases to run out.
    """

    def __init__(
        self,
        store: AlarmStore,
        holder: str,
        *,
        clock: Callable[[], datetime] | None = None,
        length: timedelta = LENGTH,
        is_gone: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._is_gone = is_gone
        self._store = store
        self._me = f"{holder}/{secrets.token_hex(4)}"
        self._clock = clock
        self._length = length
        self._lock = threading.Lock()
        self._tokens: dict[str, str] = {}
        self._shared_at: float | None = None

    @property
    def name(self) -> str:
        """How other processes see this one."""
        return self._me

    def holds(self, name: str) -> bool:
        """Whether a lease is ours as far as is known here, without asking the store."""
        return name in self._tokens

    def still(self, name: str) -> bool:
        """Whether a lease is ours as the store has it now."""
        token = self._tokens.get(name)
        return token is not None and self._store.holder(name) == token

    def share(self, parts: Sequence[str], whole: Sequence[str] = ()) -> frozenset[str]:
        """Keep what is ours, take what is free, and leave to others what is theirs.

        To be called before each step of the work; the store is asked three times in the length of
        a lease.

        Parameters
        ----------
        parts
            Work that all processes share: each takes as many as all others.
        whole
            Work that one of them does, whichever comes first.

        Returns
        -------
        frozenset of str
            What this process is to do.

        Raises
        ------
        UnavailableError
            The store does not answer.
        """
        now = self._pace()
        since = None if self._shared_at is None else now - self._shared_at
        if since is None or not 0 <= since < self._length.total_seconds() / 3:
            with self._lock, self._store.work() as work:
                # Set inside of the transaction's block: what fails to be kept is tried again.
                tokens = self._shared(work, parts, whole)
            self._tokens, self._shared_at = tokens, now
        return frozenset(self._tokens)

    def renew(self) -> None:
        """Keep what is ours for another while, also during a long step."""
        with self._lock:
            if not self._tokens:
                return
            with self._store.work() as work:
                until = self._now(work) + self._length
                work.prolong_leases([self._me, *self._tokens.values()], until)

    def fenced(self, name: str) -> AlarmStore:
        """The store, for this work alone: its transactions fail where the lease is another's.

        They raise `LeaseLostError` then, and write nothing.
        """
        return self._store.fenced(lambda work: self._check(work, name))

    def lives(self, work: Work, holder: str) -> bool:
        """Whether a process is there, by its `name`: this one only while the others see it."""
        rows, now = work.leases(), self._now(work)
        return any(row.name == _PRESENT + holder and self._lives(row, now) for row in rows)

    def let_go(self) -> None:
        """Give everything back, so that others need not wait."""
        with self._lock, self._store.work() as work:
            work.drop_leases([self._me, *self._tokens.values()])
            self._tokens = {}
            self._shared_at = None

    def _check(self, work: Work, name: str) -> None:
        holder = work.holder(name)
        if holder is None or self._tokens.get(name) != holder:
            # It is not asked for again before the next look at all of them.
            self._tokens = {one: its for one, its in self._tokens.items() if one != name}
            raise LeaseLostError(f"{name} is now done by {holder or 'nobody'}")

    def _shared(self, work: Work, parts: Sequence[str], whole: Sequence[str]) -> dict[str, str]:
        now = self._now(work)
        held = {row.name: row for row in work.leases()}
        live = {name: row for name, row in held.items() if self._lives(row, now)}
        gone = [row.holder for name, row in held.items() if name not in live and _presents(name)]
        work.drop_leases([one for one in gone if one != self._me])
        here = _PRESENT + self._me
        present = {name for name in live if _presents(name)} | {here}
        ours = {
            name: token
            for name, token in self._tokens.items()
            if (row := held.get(name)) is not None and row.holder == token
        }
        fair = -(-len(parts) // len(present))
        mine = [name for name in parts if name in ours]
        work.drop_leases([ours.pop(name) for name in mine[fair:]])
        free = [name for name in parts if name not in live and name not in ours]
        wanted = free[: max(fair - len(mine), 0)]
        wanted += [name for name in whole if name not in live and name not in ours]
        until = now + self._length
        work.prolong_leases(list(ours.values()), until)
        for name in wanted:
            ours[name] = f"{self._me}/{secrets.token_hex(4)}"
            work.put_lease(LeaseRow(name, ours[name], until))
        work.put_lease(LeaseRow(here, self._me, until))
        return ours

    def _lives(self, row: LeaseRow, now: datetime) -> bool:
        in_time = now < row.until <= now + self._length + _SLACK
        return in_time and not self._is_gone(row.holder)

    def _now(self, work: Work) -> datetime:
        return work.now() if self._clock is None else self._clock()

    def _pace(self) -> float:
        return time.monotonic() if self._clock is None else self._clock().timestamp()


def replicas(store: AlarmStore) -> list[Replica]:
    """The processes that share the work now, by name; for people to look at."""
    rows, now = store.leases()
    found = []
    for row in rows:
        if _presents(row.name) and row.until > now:
            begins = f"{row.holder}/"
            work = sorted(one.name for one in rows if one.holder.startswith(begins))
            found.append(Replica(row.holder, row.until, tuple(work)))
    return sorted(found, key=lambda one: one.name)


def _presents(name: str) -> bool:
    return name.startswith(_PRESENT)
