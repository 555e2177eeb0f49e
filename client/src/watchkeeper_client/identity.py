"""Ids of predictions: time-ordered, unique without asking anybody, and cheap to make."""

from __future__ import annotations

import os
from itertools import count

__all__ = ["Ids"]

_NS_PER_MS = 1_000_000
_VERSION = 7 << 76
_VARIANT = 2 << 62
_LAP = (1 << 24) - 1


class Ids:
    """A source of UUIDs of version 7 (RFC 9562), one for each process.

    Time stands first, to about a quarter of a microsecond, so ids sort by the time of the
    prediction and an index of them stays compact. Then come 38 random bits of the process and a
    running number: two ids are equal only where two processes drew the same bits *and* stand at the
    same number in the same quarter of a microsecond.

    Examples
    --------
    >>> ids = Ids()
    >>> one, two = ids.make(1_700_000_000_000_000_000), ids.make(1_700_000_000_000_001_000)
    >>> one[:16], one < two
    ('018bcfe568007000', True)
    """

    __slots__ = ("_base", "_next")

    def __init__(self) -> None:
        process = int.from_bytes(os.urandom(5), "big") >> 2
        self._base = _VERSION | _VARIANT | process << 24
        self._next = count().__next__

    def make(self, now_ns: int) -> str:
        """The next id.

        Parameters
        ----------
        now_ns
            Nanoseconds since 1970.

        Returns
        -------
        str
            32 characters of lower-case hexadecimal.
        """
        ms, ns = divmod(now_ns, _NS_PER_MS)
        number = ms << 80 | (ns >> 8) << 64 | self._base | self._next() & _LAP
        return number.to_bytes(16, "big").hex()
