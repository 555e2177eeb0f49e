"""`kill -9` at random points, many times: what was acknowledged is there, once."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from tests.store import processes
from tests.store.batches import MODEL, ids_in
from watchkeeper.store.tables import Tables

ROUNDS = 14


def test_killed_at_random_points(tmp_path: Path) -> None:
    """28 kills of who appends and who writes, under load; checked after each pair, and at the end.

    The one who appends begins again with what nobody acknowledged, some of which is on disk.
    """
    generator = np.random.default_rng(20260301)
    records = []
    for _ in range(ROUNDS):
        known = set(processes.acknowledged(tmp_path))
        first = next(number for number in range(len(known) + 1) if number not in known)
        sender = processes.start(processes.append, tmp_path, first)
        writer = processes.start(processes.write, tmp_path)
        while len(processes.acknowledged(tmp_path)) == len(known):
            time.sleep(0.01)  # Under load: at least one batch of this round is acknowledged.
        time.sleep(generator.uniform(0, 0.5))
        both = [sender, writer] if generator.random() < 0.5 else [writer, sender]
        processes.kill(both[0])
        time.sleep(generator.uniform(0, 0.1))
        processes.kill(both[1])
        records.append(processes.check(tmp_path))
    assert records == sorted(records)
    assert len(processes.acknowledged(tmp_path)) > 10 * ROUNDS
    processes.finish(tmp_path)
    assert processes.check(tmp_path) == len(ids_in(Tables(tmp_path / "tables"), MODEL))


@pytest.mark.parametrize("where", ["release", "sync"])
def test_killed_between_commit_and_release(tmp_path: Path, where: str) -> None:
    """The table has the rows and the journal too: they are recognised, synced and released."""
    sender = processes.start(processes.append, tmp_path, 0)
    while len(processes.acknowledged(tmp_path)) < 30:
        time.sleep(0.01)
    processes.kill(sender)
    before = processes.check(tmp_path)
    writer = processes.start(processes.write_and_die, tmp_path, where)
    writer.join()
    assert writer.exitcode == -9
    assert len(ids_in(Tables(tmp_path / "tables"))) == before
    assert processes.check(tmp_path) == before
    assert processes.finish(tmp_path) == []
    assert processes.check(tmp_path) == before


def test_commits_after_a_kill_are_followed(tmp_path: Path) -> None:
    """All versions together, those before a kill and those after it, added each row once."""
    sender = processes.start(processes.append, tmp_path, 0)
    writer = processes.start(processes.write, tmp_path)
    tables = Tables(tmp_path / "tables")
    while tables.version(MODEL, "predictions") < 5:
        time.sleep(0.01)
    processes.kill(writer)
    processes.kill(sender)
    processes.finish(tmp_path)
    rows = [
        name
        for version in range(tables.version(MODEL, "predictions") + 1)
        for name in tables.added(MODEL, "predictions", version, ["_id"])["_id"].to_pylist()
    ]
    assert sorted(rows) == sorted(ids_in(tables))
