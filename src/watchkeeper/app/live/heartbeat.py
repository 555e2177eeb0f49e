"""What the worker says of itself, in a file that the server reads."""

from __future__ import annotations

import secrets
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec


class SinkState(msgspec.Struct, frozen=True):
    """How the database does that gets the rows of the tables as well.

    Attributes
    ----------
    where
        Its URL without secrets.
    caught_up
        When all that the tables had was there; None: not since the worker started.
    behind
        Commits of tables that are not there yet.
    rows
        Rows that were sent since the worker started.
    failing
        Tables that could not be followed, or `all`, with why.
    """

    where: str
    caught_up: datetime | None = None
    behind: int = 0
    rows: int = 0
    failing: dict[str, str] = {}


class Heartbeat(msgspec.Struct, frozen=True):
    """The worker's last step.

    Attributes
    ----------
    at
        When it ended.
    failing
        Tables that could not be written to, models that could not be measured, or `step` where
        the whole step failed, with why.
    sink
        How ClickHouse does; None where there is none.
    """

    at: datetime
    failing: dict[str, str] = {}
    sink: SinkState | None = None


def write_heartbeat(path: Path, beat: Heartbeat) -> None:
    """Write it whole or not at all."""
    # Each server has a process that writes it, so that two of them write at the same time.
    partial = path.with_suffix(f".{secrets.token_hex(4)}.partial")
    partial.write_bytes(msgspec.json.encode(beat))
    partial.replace(path)


def read_heartbeat(path: Path) -> Heartbeat | None:
    """The last one; None where there is none yet."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Heartbeat)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def sink_status(beat: Heartbeat | None, at: datetime) -> dict[str, Any] | None:
    """What the status says of the sink; None where there is none."""
    sink = None if beat is None else beat.sink
    if sink is None:
        return None
    reached = sink.caught_up
    age = None if reached is None else (at - reached).total_seconds()
    return {**msgspec.structs.asdict(sink), "behind_s": age}


def sink_problems(beat: Heartbeat | None) -> list[str]:
    """Tables whose rows do not reach the sink: they are safe, and follow later."""
    sink = None if beat is None else beat.sink
    return [
        f"rows of {'every table' if name == 'all' else name} do not reach ClickHouse, and are sent "
        f"later: {why}"
        for name, why in (sink.failing if sink else {}).items()
    ]
