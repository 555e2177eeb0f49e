"""Rows by their time: seconds since 1970, and the window that each row falls into."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from watchkeeper.core.errors import InputError
from watchkeeper.profiles.base import Floats, Ints
from watchkeeper.profiles.kernel import Groups


def row_seconds(array: pa.Array, name: str) -> Floats:
    """The time of each row in seconds since 1970 (UTC), NaN where it has none.

    Raises
    ------
    InputError
        The column holds no times.

    Examples
    --------
    >>> row_seconds(pa.array(["1970-01-02", None]), "day")
    array([86400.,    nan])
    """
    if not pa.types.is_temporal(array.type):
        try:
            array = array.cast(pa.timestamp("us"))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise InputError(
                f"the timestamp column {name!r} is of type {array.type} and cannot be read as "
                f"times ({error}); convert it to a timestamp"
            ) from error
    micros = array.cast(pa.timestamp("us"), safe=False).cast(pa.int64())
    seconds: Floats = micros.fill_null(0).to_numpy(zero_copy_only=False) / 1e6
    if array.null_count:
        seconds[array.is_null().to_numpy(zero_copy_only=False)] = np.nan
    return seconds


def window_groups(timestamp: str, edges: Sequence[float]) -> Groups:
    """What tells the window of each row of a batch, -1 where it is in none.

    Parameters
    ----------
    timestamp
        The column of times.
    edges
        The bounds between successive windows, in seconds since 1970; a window is half-open.

    Examples
    --------
    >>> batch = pa.record_batch({"t": pa.array([0, 1, 2, None], pa.timestamp("s"))})
    >>> window_groups("t", [0.0, 1.0, 2.0])(batch).tolist()
    [0, 1, -1, -1]
    """
    bounds = np.asarray(edges)

    def groups(batch: pa.RecordBatch) -> Ints:
        seconds = row_seconds(batch.column(timestamp), timestamp)
        found = np.searchsorted(bounds, seconds, side="right") - 1
        outside = np.isnan(seconds) | (found >= len(bounds) - 1)
        return np.where(outside, -1, found).astype(np.int64)

    return groups
