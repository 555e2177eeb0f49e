"""What somebody may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def suggest(name: str, known: Iterable[str]) -> str:
    """A hint at the nearest known names, or an empty text.

    Examples
    --------
    >>> suggest("prize", ["price", "colour"])
    "; did you mean 'price'?"
    """
    near = difflib.get_close_matches(name, list(known), n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
