"""The index of ids, made again from the tables where it was lost or never restored.

Without it a label would not find the hour of its prediction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

import numpy as np
import pyarrow as pa

from watchkeeper.app.live.folding import HOUR_US, hours_of
from watchkeeper.core import envelope
from watchkeeper.core.envelope import Signal
from watchkeeper.core.errors import NotFoundError
from watchkeeper.store.buckets import Buckets
from watchkeeper.store.ids import IdIndex
from watchkeeper.store.tables import Tables, Wanted

LEAD = "label_lead_days"
"""Kept beside the followed versions: by how many days a label came before its prediction, at most.

It bounds which days of the label table are read for the predictions of an hour."""

KNOWN = "known_ids"
"""Kept beside the followed versions: 0 once the index holds the ids of all that was followed."""

_FOLLOWED = (Signal.PREDICTIONS, Signal.LABELS, Signal.OUTCOMES)
_TRUTHS = (Signal.LABELS, Signal.OUTCOMES)
_ROWS_AT_ONCE = 200_000


def make_ids_again(
    model: str, tables: Tables, buckets: Buckets, ids: IdIndex, at: datetime
) -> bool:
    """Fill the index of a model's ids where it does not hold what was followed.

    Parameters
    ----------
    model
        The model's name.
    tables, buckets, ids
        The stores; nobody else writes to the buckets and ids of the model meanwhile.
    at
        The time now.

    Returns
    -------
    bool
        Whether the ids had to be read from the tables.
    """
    if not any(tables.version(model, signal) >= 0 for signal in _FOLLOWED):
        return False
    if buckets.followed(model, KNOWN) >= 0 and ids.holds(model):
        return False
    begun = any(buckets.followed(model, signal) >= 0 for signal in _FOLLOWED)
    if begun:
        # A crash on the way leaves an index that holds something: begin again then.
        _note(buckets, at, model, {KNOWN: -1})
        _know(model, tables, ids)
        lead = max(_await(model, signal, tables, ids) for signal in _TRUTHS)
        _await_unfolded(model, tables, buckets, ids, at)
        _note(buckets, at, model, {LEAD: max(lead, buckets.followed(model, LEAD))})
    _note(buckets, at, model, {KNOWN: 0})
    return begun


def _note(buckets: Buckets, at: datetime, model: str, followed: dict[str, int]) -> None:
    with buckets.transaction(now=at) as change:
        for name, version in followed.items():
            change.follow(model, name, version)


def _know(model: str, tables: Tables, ids: IdIndex) -> None:
    """Note the hours of all predictions."""
    wanted = Wanted(columns=(envelope.ID, envelope.TIME))
    for rows in _pieces(tables.batches(model, Signal.PREDICTIONS, wanted)):
        ids.add(model, rows.column(envelope.ID), hours_of(rows))


def _await(model: str, signal: Signal, tables: Tables, ids: IdIndex) -> int:
    """Let labels or outcomes without a prediction wait for it.

    Returns
    -------
    int
        By how many days one came before its prediction, at most; -1 where none did.
    """
    lead = -1
    wanted = Wanted(columns=(envelope.ID, envelope.TIME, envelope.RECEIVED))
    for rows in _pieces(tables.batches(model, signal, wanted)):
        names = rows.column(envelope.ID)
        found = ids.find(model, names)
        known = found >= 0
        lead = max([lead, *lead_days(found[known], hours_of(rows)[known])])
        if not known.all():
            received = rows.column(envelope.RECEIVED).cast(pa.int64()).to_numpy()
            ids.wait(model, names.filter(pa.array(~known)), int(received.max() // HOUR_US))
    return lead


def lead_days(predicted: np.ndarray, told: np.ndarray) -> list[int]:
    """By how many days labels came before their predictions, at most; empty where there are none.

    Parameters
    ----------
    predicted, told
        Hours since 1970, of the predictions and of their labels, shape (labels,).
    """
    return [int(((predicted - told) // 24 + 1).max())] if predicted.size else []


def _await_unfolded(
    model: str, tables: Tables, buckets: Buckets, ids: IdIndex, at: datetime
) -> None:
    """Let the predictions that are still to be folded in be looked up in the labels.

    Whether a label waited for one of them is not known any more.
    """
    last = tables.version(model, Signal.PREDICTIONS)
    hour = int(at.timestamp() // 3600)
    for version in range(buckets.followed(model, Signal.PREDICTIONS) + 1, last + 1):
        try:
            rows = tables.added(model, Signal.PREDICTIONS, version, [envelope.ID])
        except NotFoundError:
            return  # Then all hours are profiled again, with their labels.
        ids.wait(model, rows.column(envelope.ID), hour)


def _pieces(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Batches in larger pieces: each addition to the index is synced to the disk."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if sum(one.num_rows for one in held) >= _ROWS_AT_ONCE:
            yield pa.Table.from_batches(held)
            held = []
    if held:
        yield pa.Table.from_batches(held)
