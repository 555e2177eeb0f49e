"""Whether a page holds a document: its text to the letter, its numbers to seven digits."""

from __future__ import annotations

import math
from typing import Any


def alike(held: Any, expected: Any) -> bool:
    """Equal in shape, text and whole numbers, and within half of the seventh digit."""
    if isinstance(expected, float) and isinstance(held, int | float):
        return math.isclose(held, expected, rel_tol=5.1e-7)
    if type(held) is not type(expected):
        return False
    if isinstance(expected, dict):
        return held.keys() == expected.keys() and all(
            alike(held[key], value) for key, value in expected.items()
        )
    if isinstance(expected, list):
        return len(held) == len(expected) and all(map(alike, held, expected))
    return bool(held == expected)
