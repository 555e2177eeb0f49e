"""The nearest valid name, for errors."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of an error that names what was perhaps meant; empty where nothing is near.

    Examples
    --------
    >>> nearest("wekly", ["daily", "weekly"])
    "; did you mean 'weekly'?"
    >>> nearest("x", ["daily"])
    ''
    """
    by_lower = {one.lower(): one for one in sorted(known)}
    found = get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return f"; did you mean {by_lower[found[0]]!r}?" if found else ""


def listed(names: Iterable[str]) -> str:
    """Names as a sentence has them.

    >>> listed(["a", "b", "c"]), listed([])
    ('a, b or c', 'nothing')
    """
    *most, last = list(names) or ["nothing"]
    return f"{', '.join(most)} or {last}" if most else last
