"""A table whose log the disk has damaged: told as something that others must not suffer from."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from watchkeeper.core.envelope import Signal
from watchkeeper.core.errors import UnavailableError
from watchkeeper.store.tables import Tables

PREDICTIONS = Signal.PREDICTIONS


def rows(name: str) -> pa.Table:
    """One prediction."""
    moment = pa.array([datetime(2026, 1, 1, tzinfo=UTC)], pa.timestamp("us", "UTC"))
    return pa.table({"_id": [name], "_time": moment})


def damaged(folder: Path, *, again: bool) -> Tables:
    """A sound table that reaches position 7, and one that reached 9 before its log was damaged."""
    tables = Tables(folder)
    tables.append("well", PREDICTIONS, rows("a"), position=7)
    tables.append("sick", PREDICTIONS, rows("b"), position=8)
    tables.append("sick", PREDICTIONS, rows("c"), position=9)
    first, *_, last = sorted((folder / "sick" / "predictions" / "_delta_log").glob("*.json"))
    first.write_bytes(bytes(first.stat().st_size))
    last.touch()
    return Tables(folder) if again else tables


@pytest.mark.parametrize("again", [False, True], ids=["open", "opened again"])
def test_a_damaged_table_is_unavailable_and_no_fault_of_its_rows(
    tmp_path: Path, *, again: bool
) -> None:
    """The error says: later. So the writer keeps the entries, and puts none of them aside."""
    tables = damaged(tmp_path, again=again)
    asked = (
        lambda: tables.position("sick", PREDICTIONS),
        lambda: tables.version("sick", PREDICTIONS),
        lambda: tables.append("sick", PREDICTIONS, rows("d"), position=10),
    )
    for ask in asked:
        with pytest.raises(UnavailableError, match="restore the table from a backup"):
            ask()
    assert tables.append("well", PREDICTIONS, rows("d"), position=10) is not None


def test_the_highest_position_counts_damaged_tables_too(tmp_path: Path) -> None:
    """As far as their logs can be read; else a new journal might use a position again."""
    assert damaged(tmp_path, again=True).highest() == 9
