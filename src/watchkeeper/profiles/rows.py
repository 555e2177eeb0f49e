"""A mergeable sketch of whole rows, from which the share of duplicates is estimated."""

from __future__ import annotations

from typing import Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from watchkeeper.profiles.base import Ints

KEPT = 2048
"""Distinct rows that are kept, by smallest hash."""


class RowSketch(msgspec.Struct, frozen=True):
    """How often each of the `KEPT` distinct rows with the smallest hash occurs.

    The smallest hashes are a uniform sample of the distinct rows (Bar-Yossef et al. 2002), and a
    row among the smallest of a union is among the smallest of each part that holds it: counts stay
    exact and merging stays associative.

    Attributes
    ----------
    hashes
        Ascending, shape (kept,).
    counts
        Rows with that hash, shape (kept,).
    """

    hashes: NDArray[np.uint64]
    counts: Ints

    def __or__(self, other: Self) -> Self:
        """Merge two disjoint sets of rows."""
        hashes, where = np.unique(np.concatenate((self.hashes, other.hashes)), return_inverse=True)
        counts = np.zeros(hashes.size, dtype=np.int64)
        np.add.at(counts, where, np.concatenate((self.counts, other.counts)))
        return type(self)(hashes[:KEPT], counts[:KEPT])

    @property
    def exact(self) -> bool:
        """Whether every distinct row was kept."""
        return len(self.hashes) < KEPT

    def duplicate_share(self) -> float | None:
        """The share of rows that repeat an earlier row; None where there are no rows."""
        rows = int(self.counts.sum())
        return (rows - len(self.hashes)) / rows if rows else None


def sketch(hashes: NDArray[np.uint64]) -> RowSketch:
    """The sketch of rows whose 64-bit hashes are given, shape (n,).

    Examples
    --------
    >>> sketch(np.array([7, 7, 9], dtype=np.uint64)).duplicate_share()
    0.3333333333333333
    """
    if hashes.size > 4 * KEPT:
        spread = np.uint64(hashes.size // (2 * KEPT))
        near = hashes[hashes < np.iinfo(np.uint64).max // spread]
        if np.unique(near).size >= KEPT:
            hashes = near
    kept, counts = np.unique(hashes, return_counts=True)
    return RowSketch(kept[:KEPT], counts[:KEPT].astype(np.int64))
