"""What the worker says of itself, in a file that the server reads."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec


class Heartbeat(msgspec.Struct, frozen=True):
    """The worker's last step.

    Attributes
    ----------
    at
        When it ended.
    failing
        Tables that could not be written to, models that could not be measured, or `step` where
        the whole step failed, with why.
    """

    at: datetime
    failing: dict[str, str] = {}


def write_heartbeat(path: Path, beat: Heartbeat) -> None:
    """Write it whole or not at all."""
    partial = path.with_suffix(".partial")
    partial.write_bytes(msgspec.json.encode(beat))
    partial.replace(path)


def read_heartbeat(path: Path) -> Heartbeat | None:
    """The last one; None where there is none yet."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Heartbeat)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
