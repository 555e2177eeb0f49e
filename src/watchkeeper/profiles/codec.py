"""A profile as a compact file that is safe to load from strangers.

The file is a magic line, then a zlib stream of MessagePack. Decoding builds only the types that
a profile is made of (msgspec checks each field), so a file can hold no code; arrays are raw
little-endian bytes of a known type, and the size after decompression is limited.
"""

from __future__ import annotations

import zlib
from typing import Any, get_args, get_origin

import msgspec
import numpy as np

from watchkeeper.core.errors import ProfileError
from watchkeeper.profiles.categorical import Categorical
from watchkeeper.profiles.grid import Grid
from watchkeeper.profiles.layout import Layout
from watchkeeper.profiles.numeric import Numeric
from watchkeeper.profiles.performance import fits_performance
from watchkeeper.profiles.profile import Profile, Statistics

MAGIC = b"watchkeeper-profile 1\n"
"""The first line of a profile file; the number is the version of the format."""

MAX_BYTES = 1 << 30
"""The largest profile that is decoded, in bytes after decompression."""

_DTYPES = {np.float64: "<f8", np.int64: "<i8", np.uint64: "<u8", np.bool_: "|b1"}


def encode(profile: Profile) -> bytes:
    """The profile as bytes; `decode` gives an equal one back."""
    packed = msgspec.msgpack.encode(profile, enc_hook=_pack)
    return MAGIC + zlib.compress(packed, 6)


class _Counts(msgspec.Struct, frozen=True):
    """A profile but for its layout."""

    whole: Statistics
    segments: dict[str, dict[str, Statistics]]
    observed: dict[str, str]


def encode_counts(profile: Profile) -> bytes:
    """The profile without its layout, for where the layout is known; `decode_counts` reads it.

    It is made for the way between processes: quick, and without a version.
    """
    held = _Counts(profile.whole, profile.segments, profile.observed)
    return zlib.compress(msgspec.msgpack.encode(held, enc_hook=_pack), 1)


def decode_counts(data: bytes, layout: Layout) -> Profile:
    """The profile of what `encode_counts` gave, on the same layout.

    Raises
    ------
    ProfileError
        It is damaged, or was counted on another layout.
    """
    try:
        unpacked = zlib.decompress(data)
        held = msgspec.msgpack.decode(unpacked, type=_Counts, dec_hook=_unpack)
    except (zlib.error, msgspec.DecodeError, ValueError) as error:
        raise ProfileError(f"the counts of a part are damaged: {error}") from error
    profile = Profile(layout, held.whole, held.segments, held.observed)
    _check(profile, "a part")
    return profile


def decode(data: bytes, *, name: str = "profile") -> Profile:
    """The profile in `data`.

    Parameters
    ----------
    data
        What `encode` wrote, perhaps by a stranger.
    name
        What to call it in an error.

    Raises
    ------
    ProfileError
        It is no profile, of another version, too large, or its parts do not fit together.
    """
    if not data.startswith(MAGIC):
        kind = data[:40].split(b"\n", 1)[0]
        if kind.startswith(b"watchkeeper-profile "):
            raise ProfileError(
                f"{name} is of profile format {kind.split()[-1].decode('ascii', 'replace')}, this "
                "Watchkeeper reads format 1; make the profile again or upgrade Watchkeeper"
            )
        raise ProfileError(
            f"{name} is not a Watchkeeper profile; make one with `watchkeeper profile`"
        )
    try:
        unpacker = zlib.decompressobj()
        packed = unpacker.decompress(data[len(MAGIC) :], MAX_BYTES)
        if not unpacker.eof:
            raise ProfileError(f"{name} is cut off or larger than {MAX_BYTES >> 20} MiB unpacked")
        profile = msgspec.msgpack.decode(packed, type=Profile, dec_hook=_unpack)
    except (zlib.error, msgspec.DecodeError, ValueError) as error:
        raise ProfileError(f"{name} is damaged: {error}") from error
    _check(profile, name)
    return profile


def _pack(value: object) -> object:
    if isinstance(value, np.ndarray):
        return np.ascontiguousarray(value).astype(_DTYPES[value.dtype.type], copy=False).tobytes()
    if isinstance(value, np.generic):
        return value.item()
    raise NotImplementedError(f"a profile holds no {type(value).__name__}")


def _unpack(kind: type, value: Any) -> object:
    if get_origin(kind) is np.ndarray:
        scalar = get_args(get_args(kind)[1])[0]
        # A copy: an array over the file's bytes would be read-only and keep them all alive.
        return np.frombuffer(value, dtype=_DTYPES[scalar]).astype(scalar)
    raise NotImplementedError(f"a profile holds no {kind!r}")


def _check(profile: Profile, name: str) -> None:
    """Refuse a profile whose parts do not fit its own layout."""
    layout = profile.layout
    for column, axis in layout.axes.items():
        if isinstance(axis, Grid):
            increasing = bool(np.all(np.diff(axis.edges) > 0)) and bool(
                np.isfinite(axis.edges).all()
            )
            if not increasing or len(axis.atoms) != axis.bins:
                raise ProfileError(f"{name} is damaged: the grid of column {column!r} is broken")
    parts = [profile.whole, *(p for parts in profile.segments.values() for p in parts.values())]
    for part in parts:
        _check_statistics(part, profile, name)


def _check_statistics(part: Statistics, profile: Profile, name: str) -> None:
    axes = profile.layout.axes
    if not fits_performance(profile.layout.performance, part.performance):
        raise ProfileError(f"{name} is damaged: its labels were counted on another layout")
    if part.columns.keys() != axes.keys():
        raise ProfileError(f"{name} is damaged: its columns are not those of its layout")
    for column, axis in axes.items():
        held = part.columns[column]
        fits = (
            isinstance(held, Numeric) and len(held.counts) == axis.bins
            if isinstance(axis, Grid)
            else isinstance(held, Categorical) and len(held.counts) == len(axis.values)
        )
        if not fits or (held.counts.size and held.counts.min() < 0) or held.rows != part.rows:
            raise ProfileError(f"{name} is damaged: the counts of column {column!r} do not fit")
