"""What all profiles of a model share, fixed once by its reference."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, TypeAlias, TypeVar

import msgspec
import numpy as np

from watchkeeper.core.model import Model
from watchkeeper.profiles.categorical import Vocabulary
from watchkeeper.profiles.grid import Grid
from watchkeeper.profiles.performance import PerformanceLayout

Axis: TypeAlias = Grid | Vocabulary
"""How one column is counted."""

Part = TypeVar("Part", bound=Any)

MISSING = "(missing)"
"""The segment of rows without a value in the segment's column."""

OTHER = "(other)"
"""The segment of rows whose value is not among the most frequent of the reference."""


def _bytes(value: object) -> bytes:
    """An array as its bytes."""
    if isinstance(value, np.ndarray):
        return value.tobytes()
    raise NotImplementedError(f"a layout holds no {type(value).__name__}")


def named_segments(parts: Iterable[tuple[int, Part]], values: tuple[str, ...]) -> dict[str, Part]:
    """Segments by name from segments by code; a value that is spelt like `OTHER` joins it.

    >>> named_segments([(-2, 1), (0, 2), (1, 4)], ("(other)", "a"))
    {'(other)': 3, 'a': 4}
    """
    names = dict(enumerate(values)) | {-1: MISSING, -2: OTHER}
    named: dict[str, Part] = {}
    for code, part in parts:
        name = names[code]
        named[name] = named[name] | part if name in named else part
    return named


class Layout(msgspec.Struct, frozen=True):
    """The axes along which every profile of a model counts.

    Attributes
    ----------
    model
        Columns, kinds, roles and thresholds.
    axes
        A `Grid` for each numeric, datetime and text column (text is measured by its length in
        characters), a `Vocabulary` for each categorical one.
    segments
        For each segment or sensitive column its most frequent values; `MISSING` and `OTHER` hold
        the rest, so the segments of a column add up to the whole.
    dtypes
        The Arrow type of each column of the reference, as text.
    performance
        How labels are counted against predictions; None where the model has not both.
    """

    model: Model
    axes: dict[str, Axis]
    segments: dict[str, tuple[str, ...]]
    dtypes: dict[str, str]
    performance: PerformanceLayout | None = None

    @property
    def id(self) -> str:
        """A fingerprint of all that decides what is counted; profiles merge only within one."""
        digest = hashlib.sha256()
        for name, axis in sorted(self.axes.items()):
            digest.update(name.encode())
            if isinstance(axis, Grid):
                digest.update(axis.edges.tobytes())
            else:
                digest.update("\0".join(axis.values).encode("utf-8", "surrogatepass"))
        digest.update(repr(sorted(self.segments.items())).encode())
        digest.update(msgspec.msgpack.encode(self.performance, enc_hook=_bytes))
        return digest.hexdigest()[:16]
