"""Exact counts of the reference's categories, and what else turned up."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Self

import msgspec
import numpy as np

from watchkeeper.core.errors import ProfileError
from watchkeeper.profiles.base import Ints

if TYPE_CHECKING:
    from collections.abc import Callable

    import ibis.expr.types as ir

CATEGORIES = 1000
"""Categories of the reference that are counted exactly, the most frequent first."""

OTHERS = 1024
"""Further values that are kept, by smallest hash."""


class Vocabulary(msgspec.Struct, frozen=True, tag="vocabulary"):
    """The categories that every profile of a column counts: the reference's most frequent."""

    values: tuple[str, ...]


class Categorical(msgspec.Struct, frozen=True, tag="categorical"):
    """What a profile holds of a categorical column.

    Attributes
    ----------
    rows, nulls
        All rows, and those without a value.
    counts
        Rows of each value of the vocabulary, in its order, shape (categories,).
    others
        Rows of each further value: the `OTHERS` with the smallest hash. A value among the
        smallest of a union is among the smallest of each part that has it, so merging keeps the
        counts exact and stays associative.
    other_rows
        Rows of all further values, kept by name or not.
    """

    rows: int
    nulls: int
    counts: Ints
    others: dict[str, int]
    other_rows: int

    def __or__(self, other: Self) -> Self:
        """Merge two disjoint sets of rows."""
        if self.counts.shape != other.counts.shape:
            raise ProfileError("two profiles of one column stand on different vocabularies")
        others = dict(self.others)
        for value, count in other.others.items():
            others[value] = others.get(value, 0) + count
        return type(self)(
            self.rows + other.rows,
            self.nulls + other.nulls,
            self.counts + other.counts,
            smallest(others),
            self.other_rows + other.other_rows,
        )

    @property
    def truncated(self) -> bool:
        """Whether there were more further values than are kept by name."""
        return len(self.others) >= OTHERS

    @property
    def valued(self) -> int:
        """Rows with a value."""
        return self.rows - self.nulls

    def distinct(self) -> int:
        """How many different values there are; an estimate (3 %) once `truncated`.

        Bar-Yossef et al. (2002), "Counting distinct elements in a data stream": with the k
        smallest of uniform hashes, (k - 1) / largest of them.
        """
        known = int(np.count_nonzero(self.counts))
        if not self.truncated:
            return known + len(self.others)
        return known + round((OTHERS - 1) / (max(map(_hash, self.others)) / 2.0**64))


def empty(vocabulary: Vocabulary) -> Categorical:
    """The statistic of no rows."""
    return Categorical(0, 0, np.zeros(len(vocabulary.values), dtype=np.int64), {}, 0)


def measure(counted: Mapping[str, int], nulls: int, vocabulary: Vocabulary) -> Categorical:
    """The statistic of values that are already counted.

    Parameters
    ----------
    counted
        Rows of each value.
    nulls
        Rows that are null.

    Examples
    --------
    >>> measure({"a": 3, "z": 1}, 0, Vocabulary(("a", "b"))).others
    {'z': 1}
    """
    left = dict(counted)
    counts = np.array([left.pop(value, 0) for value in vocabulary.values], dtype=np.int64)
    others = sum(left.values())
    rows = int(counts.sum()) + others + nulls
    return Categorical(rows, nulls, counts, smallest(left), others)


def smallest(counted: dict[str, int]) -> dict[str, int]:
    """The `OTHERS` values with the smallest hash, in the order of their hash."""
    kept = {value: count for value, count in counted.items() if count}
    if len(kept) <= OTHERS:
        return kept
    return {value: kept[value] for value in heapq.nsmallest(OTHERS, kept, key=_hash)}


def _hash(value: str) -> int:
    """The first 64 bits of the MD5 of the value: every database has it (no security meant)."""
    digest = hashlib.md5(value.encode("utf-8", "surrogatepass"), usedforsecurity=False).digest()
    return int.from_bytes(digest[:8], "big")


def query(
    table: ir.Table,
    vocabulary: Vocabulary,
    digest: Callable[[ir.StringValue], ir.StringValue],
) -> ir.Table:
    """The query: every value that a profile keeps, counted, for each group of rows.

    Parameters
    ----------
    table
        Columns `key`, the group of each row, and `value`, text or an integer.
    vocabulary
        Values to count exactly.
    digest
        The engine's MD5 in hexadecimal.

    Returns
    -------
    ibis.Table
        `key`, `value`, `count`, and `total`: the rows of all values of that key that are, like
        this one, in the vocabulary or not. Values outside it are the `OTHERS` with the smallest
        hash, so what leaves the database does not grow with the rows. `assemble` takes the rows.

    Examples
    --------
    >>> import ibis
    >>> table = ibis.table({"key": "int64", "value": "string"}, name="t")
    >>> query(table, Vocabulary(("a",)), lambda text: text.hexdigest("md5")).columns
    ('key', 'value', 'count', 'total')
    """
    import ibis  # only the query half needs it

    counted = table.group_by("key", "value").agg(count=ibis._.count())
    hashed = counted.mutate(hash=digest(counted["value"].cast("string")))
    # By hash, so that no category, whatever its characters, has to be written into SQL.
    known = [
        hashlib.md5(v.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()
        for v in vocabulary.values
    ]
    is_known = hashed["hash"].isin(known) if known else ibis.literal(False)
    marked = hashed.mutate(known=hashed["value"].isnull() | is_known)
    ranked = marked.mutate(
        rank=ibis.row_number().over(group_by=["key", "known"], order_by="hash"),
        total=ibis._["count"].sum().over(group_by=["key", "known"]).cast("int64"),
    )
    kept = ranked.filter(ranked["known"] | (ranked["rank"] < OTHERS))
    return kept.select("key", "value", "count", "total")


def assemble(
    counted: Iterable[tuple[str | None, int]], other_rows: int | None, vocabulary: Vocabulary
) -> Categorical:
    """The statistic of one group from the rows of `query`.

    Parameters
    ----------
    counted
        Value as text (None for null) and its rows.
    other_rows
        Rows of all values outside the vocabulary; None where `counted` has all values.

    Examples
    --------
    >>> assemble([("a", 2), (None, 1), ("z", 1)], 5, Vocabulary(("a",))).other_rows
    5
    """
    held: dict[str, int] = {}
    nulls = 0
    for value, count in counted:
        if value is None:
            nulls += count
        else:
            held[value] = held.get(value, 0) + count
    found = measure(held, nulls, vocabulary)
    if other_rows is None or other_rows == found.other_rows:
        return found
    hidden = other_rows - found.other_rows
    return Categorical(found.rows + hidden, nulls, found.counts, found.others, other_rows)
