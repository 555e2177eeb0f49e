"""Bins for durations, the same for all models, so that any two histograms can be added.

Sixteen bins an octave, each between 4.0 and 4.9 % wide: the base of an exponential histogram of
OpenTelemetry at scale 4, with edges rounded to eight binary digits. So the bin of a number is read
off the first bits of its floating-point form, exactly and alike on every machine.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from watchkeeper.profiles.base import Floats, Ints

BINS = 512
"""Bins of a grid, the one below its first edge and the one above its last included."""

_PER_OCTAVE = 16
_OCTAVES = 32
_DIGITS = 8
_CELLS = 1 << _DIGITS
"""Cells into which the leading bits of a mantissa cut an octave."""

_STARTS = np.round(2.0 ** (np.arange(_PER_OCTAVE) / _PER_OCTAVE) * _CELLS).astype(np.int64)
_MANTISSA_BITS = 52
_BIAS = 1023


class LogGrid:
    """Bins that grow by a sixteenth of an octave, from 2 to the `lowest` on.

    Bins are closed on the left: bin `i` holds `edges[i-1] <= x < edges[i]`, bin 0 everything from
    0 to the first edge, the last bin everything from the last edge on.

    Parameters
    ----------
    lowest
        The exponent of the first edge; the last lies 31.875 octaves above it.

    Examples
    --------
    >>> MILLISECONDS.edges[[0, -1]].round(4).tolist()
    [0.001, 3850240.0]
    >>> MILLISECONDS.codes(np.array([0.0, 1.0, 1e9])).tolist()
    [0, 161, 511]
    """

    def __init__(self, lowest: int) -> None:
        self.lowest = lowest

    @cached_property
    def edges(self) -> Floats:
        """Inclusive lower bounds of bins 1 … 511, shape (511,)."""
        octaves = np.arange(_OCTAVES)[:, None]
        every: Floats = np.ldexp(_STARTS[None, :] / _CELLS, self.lowest + octaves)
        return every.ravel()[: BINS - 1]

    def codes(self, values: Floats) -> Ints:
        """The bin of each value, shape (n,).

        Parameters
        ----------
        values
            Finite and not below 0, contiguous, shape (n,).
        """
        cells = values.view(np.int64) >> (_MANTISSA_BITS - _DIGITS)
        cells -= ((_BIAS + self.lowest) << _DIGITS) - 1
        np.clip(cells, 0, _OCTAVES * _CELLS, out=cells)
        found: Ints = _TABLE[cells]
        return found


def _table() -> Ints:
    """The bin of each cell, the one below the grid first."""
    inside = np.searchsorted(_STARTS, np.arange(_CELLS, 2 * _CELLS), side="right")
    every = (np.arange(_OCTAVES)[:, None] * _PER_OCTAVE + inside[None, :]).ravel()
    return np.concatenate(([0], np.minimum(every, BINS - 1)))


_TABLE = _table()

MILLISECONDS = LogGrid(-10)
"""For latencies in milliseconds: from a microsecond to an hour."""

SECONDS = LogGrid(-6)
"""For delays in seconds: from 16 milliseconds to two years."""
