"""A set of rows that can be read again and again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pyarrow as pa

from watchkeeper.profiles.base import Floats

if TYPE_CHECKING:
    import ibis

SAMPLE_ROWS = 1 << 17
"""Rows that a layout is fitted on, where there are more."""

_SAMPLE_CELLS = 1 << 25


class Source(Protocol):
    """Rows that can be read any number of times; every reading gives the same rows."""

    @property
    def name(self) -> str:
        """What to call it in a report or an error."""
        ...

    @property
    def schema(self) -> pa.Schema:
        """The columns and their Arrow types."""
        ...

    @property
    def rows(self) -> int | None:
        """How many rows there are, None where that is known only after reading."""
        ...

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """The rows, a batch at a time; only `columns` where given."""
        ...

    def table(self) -> ibis.Table:
        """The rows as an Ibis table, for expressions that an engine evaluates."""
        ...


def batch_rows(columns: int) -> int:
    """Rows in a batch, so that one stays near 64 MB whatever the number of columns."""
    return max(1 << 13, min(1 << 17, (1 << 23) // max(columns, 1)))


def sample_rows(columns: int) -> int:
    """Rows in a sample, fewer where there are very many columns."""
    return min(SAMPLE_ROWS, _SAMPLE_CELLS // max(columns, 1))


def sample(source: Source, generator: np.random.Generator, *, size: int | None = None) -> pa.Table:
    """Rows drawn at random without replacement, or all where there are at most `size`.

    Parameters
    ----------
    source
        Where to draw from; read once.
    generator
        The randomness; the same generator state gives the same sample.
    size
        How many rows to draw, `sample_rows` of the column count by default. At least that many
        are kept, at most twice as many.
    """
    size = sample_rows(len(source.schema)) if size is None else size
    share = 1.0 if not source.rows else min(1.0, 1.1 * size / source.rows)
    kept: list[tuple[Floats, pa.RecordBatch]] = []
    held = 0
    for batch in source.batches():
        keys = generator.random(batch.num_rows)
        kept.append(_keep(keys, batch, share))
        held += kept[-1][1].num_rows
        while held > 2 * size:
            share /= 2
            kept = [_keep(keys, part, share) for keys, part in kept]
            held = sum(part.num_rows for _, part in kept)
    return unify([part for _, part in kept], source.schema)


def unify(batches: Sequence[pa.RecordBatch], schema: pa.Schema) -> pa.Table:
    """Batches as one table, dictionaries made common."""
    if not batches:
        return schema.empty_table()
    return pa.Table.from_batches(batches).unify_dictionaries()


def _keep(keys: Floats, batch: pa.RecordBatch, share: float) -> tuple[Floats, pa.RecordBatch]:
    if share >= 1.0:
        return keys, batch
    chosen = np.flatnonzero(keys < share)
    return keys[chosen], batch.take(pa.array(chosen))
