"""The lists of a ranking, each whole in one batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa


def whole_lists(batches: Iterable[pa.RecordBatch], group: str) -> Iterator[pa.RecordBatch]:
    """The same rows in batches that are cut only where the list changes.

    Parameters
    ----------
    batches
        Rows with those of one list together, such as in the order of `group`.
    group
        The column that says to which list a row belongs; rows without one belong to none.

    Examples
    --------
    >>> cut = [pa.record_batch({"g": [1, 1, 2]}), pa.record_batch({"g": [2, 3]})]
    >>> [batch["g"].to_pylist() for batch in whole_lists(cut, "g")]
    [[1, 1], [2, 2], [3]]
    """
    held: pa.Table | None = None
    for batch in batches:
        if not batch.num_rows:
            continue
        table = pa.Table.from_batches([batch])
        table = table if held is None else pa.concat_tables([held, table])
        keys = table.column(group)
        last = keys[len(keys) - 1]
        # A NaN is found nowhere: all is held then, which is slow but right.
        first = max(keys.index(last).as_py(), 0) if last.as_py() is not None else len(keys)
        yield from _whole(table.slice(0, first))
        held = table.slice(first)
    if held is not None:
        yield from _whole(held)


def _whole(table: pa.Table) -> Iterator[pa.RecordBatch]:
    if table.num_rows:
        yield table.combine_chunks().to_batches()[0]
