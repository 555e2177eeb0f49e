"""Rows that stand for different numbers of predictions, thinned so that each stands for as many.

A client that samples gives each record the weight 1 / rate. Where rows of several weights meet,
counting each once would favour the light ones. Keeping a row with probability weight / heaviest
leaves a sample in which each stands for `heaviest` predictions: shares are unbiased, and the number
of rows is honest, so intervals and tests hold (Poisson sampling: Särndal, Swensson and Wretman,
Model Assisted Survey Sampling, 1992, section 3.5).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper.core import envelope
from watchkeeper.profiles.hashes import hash_rows

_ODD = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_SHIFT = np.uint64(31)


def thinned(rows: pa.Table) -> pa.Table:
    """The rows themselves where all weigh the same, else those that are drawn.

    The draw is by the hash of the prediction's id, so that a bucket that is profiled again keeps
    the same rows. It is mixed once more, since clients draw by a hash of the id too.
    """
    if envelope.WEIGHT not in rows.column_names or rows.num_rows == 0:
        return rows
    weights = pc.fill_null(rows.column(envelope.WEIGHT), 1.0).to_numpy()
    heaviest = weights.max()
    if weights.min() == heaviest:
        return rows
    batch = rows.select([envelope.ID]).combine_chunks().to_batches()[0]
    hashed = (hash_rows(batch, [envelope.ID]) + _ODD) * _MIX
    uniform = (hashed ^ (hashed >> _SHIFT)).astype(np.float64) / 2.0**64
    return rows.filter(pa.array(uniform * heaviest < weights))
