"""What became of something that was sent: done, to be tried again, or not to be tried again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Sent:
    """The receiver has taken it.

    Attributes
    ----------
    detail
        What the receiver answered, in short.
    """

    detail: str = ""


@dataclass(frozen=True, slots=True)
class Retry:
    """It did not arrive, or nobody knows; the same again later may do.

    Attributes
    ----------
    after_s
        The seconds that the receiver asks to wait; None where it says nothing.
    why
        What went wrong, without any secret.
    """

    after_s: float | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """The receiver refuses it; the same again will not do.

    Attributes
    ----------
    why
        What is wrong and what to do, without any secret.
    """

    why: str


Result: TypeAlias = Sent | Retry | Failed
"""What became of one attempt."""
