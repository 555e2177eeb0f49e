"""What somebody may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def suggest(name: str, known: Iterable[str], most: int = 3) -> str:
    """A hint at the nearest known names, at most so many, or an empty text.

    Examples
    --------
    >>> suggest("prize", ["price", "colour"])
    "; did you mean 'price'?"
    >>> suggest("PRICE", ["price", "prices"], most=1)
    "; did you mean 'price'?"
    """
    names: dict[str, list[str]] = {}
    for one in known:
        names.setdefault(one.lower(), []).append(one)
    lower = difflib.get_close_matches(name.lower(), names, n=most, cutoff=0.6)
    near = [one for key in lower for one in names[key]][:most]
    return f"; did you mean {' or '.join(map(repr, near))}?" if near else ""


def listed(names: Iterable[str]) -> str:
    """Names as a sentence has them.

    >>> listed(["a", "b", "c"]), listed([])
    ('a, b or c', 'nothing')
    """
    *most, last = list(names) or ["nothing"]
    return f"{', '.join(most)} or {last}" if most else last
