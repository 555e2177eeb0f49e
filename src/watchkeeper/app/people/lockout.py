"""Lock-out: who guesses passwords waits longer and longer, and does so across restarts."""

from __future__ import annotations

import hashlib
import ipaddress
from datetime import datetime, timedelta

from watchkeeper.core.errors import BusyError
from watchkeeper.store.catalogue.people import FailureRow, PeopleStore, PeopleWork

FREE = {"user": 5, "address": 20}
"""How many sign-ins may fail: of a user, and from an address, behind which an office may be."""

FIRST = timedelta(minutes=1)
LONGEST = timedelta(hours=1)
FORGOTTEN = timedelta(hours=24)
"""Failures are forgotten so long after the last one; those of a user also by a sign-in."""


def wait_after(count: int, free: int) -> timedelta | None:
    """How long to wait after so many failures; None for not at all.

    >>> [str(wait_after(count, 5)) for count in (4, 5, 6, 10, 11, 500)]
    ['None', '0:01:00', '0:02:00', '0:32:00', '1:00:00', '1:00:00']
    """
    if count < free:
        return None
    doublings = min(count - free, 16)
    return min(FIRST * (1 << doublings), LONGEST)


class Gate:
    """Counts sign-ins that fail, by user and by address.

    Parameters
    ----------
    store
        Where they are counted.
    """

    def __init__(self, store: PeopleStore) -> None:
        self._store = store

    def enter(self, name: str, address: str, now: datetime) -> None:
        """Let an attempt begin: it counts as failed until `passed` takes that back.

        Counted beforehand, so that many attempts at the same time are not all let in.

        Raises
        ------
        BusyError
            Too many have failed; the same for users that do not exist.
        """
        with self._store.work() as work:
            held = {pair: work.failure(*pair) for pair in _pairs(name, address)}
            ends = [row.until for row in held.values() if row and row.until and row.until > now]
            if ends:
                wait = max(ends) - now
                raise BusyError(
                    f"too many sign-ins have failed; try again in {_told(wait)}",
                    retry_after=wait.total_seconds(),
                )
            for (kind, key), row in held.items():
                _count(work, kind, key, row, now)
            work.drop_failures(now - FORGOTTEN)

    def passed(self, name: str, address: str) -> None:
        """Forget the failures of a user, and take back this attempt from the address."""
        with self._store.work() as work:
            (kind, key), there = _pairs(name, address)
            work.put_failure(kind, key, None)
            self._take_back(work, *there)

    @staticmethod
    def _take_back(work: PeopleWork, kind: str, key: str) -> None:
        row = work.failure(kind, key)
        if row is None:
            return
        count = row.count - 1
        until = None if wait_after(count, FREE[kind]) is None else row.until
        work.put_failure(kind, key, FailureRow(count, row.last, until) if count else None)

    def forgive(self, name: str) -> None:
        """Forget the failures of a user, such as when an admin sets the password."""
        with self._store.work() as work:
            work.put_failure(*_pairs(name, "")[0], None)


def _count(work: PeopleWork, kind: str, key: str, row: FailureRow | None, now: datetime) -> None:
    # One count for all that lies within a day: after a lock the next failure locks for longer.
    count = 1 if row is None or row.last <= now - FORGOTTEN else row.count + 1
    wait = wait_after(count, FREE[kind])
    work.put_failure(kind, key, FailureRow(count, now, None if wait is None else now + wait))


def _pairs(name: str, address: str) -> tuple[tuple[str, str], tuple[str, str]]:
    # As a digest: people type passwords where the name belongs.
    digest = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()
    return ("user", digest), ("address", network_of(address))


def network_of(address: str) -> str:
    """What counts as one address: of IPv6 the network of 64 bits, which one household has.

    >>> network_of("192.0.2.7"), network_of("2001:db8::1:2"), network_of("")
    ('192.0.2.7', '2001:db8::/64', '')
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:100]
    if found.version == 6 and found.ipv4_mapped is None:
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found.ipv4_mapped if found.version == 6 else found)


def _told(wait: timedelta) -> str:
    seconds = max(1, round(wait.total_seconds()))
    return f"{seconds} seconds" if seconds < 120 else f"{-(-seconds // 60)} minutes"
