"""How long work says how far it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Progress: TypeAlias = Callable[[float, str], None]
"""Told how much is done, from 0 to 1 where the whole is known (else 0), and of what."""


def silent(done: float, text: str) -> None:
    """Report no progress."""
