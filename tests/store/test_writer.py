"""The writer: each entry once, whatever fails, and one table's failure is its own."""

from __future__ import annotations

import contextlib
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tests.store.batches import MODEL, entry, ids_in, limits, one, opened, shape, submission
from watchkeeper.core.envelope import Signal
from watchkeeper.core.errors import InputError, UnavailableError
from watchkeeper.store.journal import Journal, Stored
from watchkeeper.store.tables import Tables
from watchkeeper.store.writer import Writer


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """A journal."""
    with opened(tmp_path / "journal.db") as journal:
        yield journal


@pytest.fixture
def tables(tmp_path: Path) -> Tables:
    """Tables beside it."""
    return Tables(tmp_path / "tables")


def test_a_step_moves_entries_into_tables(journal: Journal, tables: Tables) -> None:
    """One commit for each table, then the journal is empty, and a further step does nothing."""
    for number in range(5):
        journal.submit(one(None, f"a{number}", f"b{number}")).result()
    journal.submit(submission(None, entry("x", signal="labels"), entry("y", model="m2"))).result()
    writer = Writer(journal, tables, shape)
    commits = writer.step()
    assert {(one.model, one.signal, one.rows, one.position) for one in commits} == {
        (MODEL, Signal.PREDICTIONS, 10, 5), (MODEL, Signal.LABELS, 1, 6),
        ("m2", Signal.PREDICTIONS, 1, 7),
    }  # fmt: skip
    assert writer.step() == []
    assert journal.backlog().entries == 0
    assert [total.waiting for total in journal.totals()] == [0, 0, 0]
    assert len(ids_in(tables)) == 10


def test_a_step_is_bounded(journal: Journal, tables: Tables) -> None:
    """No more is read at once than the step's bytes, and all is written in the end."""
    for number in range(10):
        journal.submit(one(None, f"{number}" * 100)).result()
    writer = Writer(journal, tables, shape, step_bytes=250)
    sizes = []
    while commits := writer.step():
        sizes.append(commits[0].rows)
    assert sizes == [3, 3, 3, 1]


def test_what_is_in_the_table_is_not_written_again(journal: Journal, tables: Tables) -> None:
    """A commit that was not released before more came: only what is new is added."""
    for number in range(3):
        journal.submit(one(None, f"{number}")).result()
    entries = journal.read(max_bytes=1 << 20)[:2]
    tables.append(MODEL, "predictions", shape(MODEL, Signal.PREDICTIONS, entries), position=2)
    (commit,) = Writer(journal, tables, shape).step()
    assert (commit.rows, commit.position) == (1, 3)
    assert sorted(ids_in(tables)) == ["0", "1", "2"]
    assert journal.totals()[0].written == 3


def test_a_poisoned_entry_is_put_aside(journal: Journal, tables: Tables) -> None:
    """An entry that cannot be shaped is kept with its error after a few tries; others go on."""

    def picky(model: str, signal: Signal, entries: list[Stored]) -> pa.Table:
        if any(b"poison" in stored.body for stored in entries):
            raise InputError("cannot read this")
        return shape(model, signal, entries)

    for name in ("a", "poison", "b"):
        journal.submit(one(None, name)).result()
    journal.submit(submission(None, entry("x", model="m2"))).result()
    writer = Writer(journal, tables, picky, pause_s=0)
    assert [commit.model for commit in writer.step()] == ["m2"]
    assert writer.failing() == {(MODEL, "predictions"): "InputError: cannot read this"}
    assert writer.step() == writer.step() == []
    assert [commit.rows for commit in writer.step()] == [1, 1]
    assert writer.failing() == {}
    (aside,) = journal.asides()
    assert (aside.entry.position, aside.error) == (2, "InputError: cannot read this")
    assert sorted(ids_in(tables)) == ["a", "b"]
    total = journal.totals()[0]
    assert (total.accepted, total.written, total.aside, total.waiting) == (3, 2, 1, 0)


@pytest.mark.parametrize("bad", [entry("x", model="ü" * 90), entry("x", signal="gossip")])
def test_an_entry_that_no_table_takes_is_put_aside(
    journal: Journal, tables: Tables, bad: Any
) -> None:
    """A name that is no folder's, and a signal that nobody knows, do not stay in the way."""
    journal.submit(submission(None, bad, entry("y"))).result()
    writer = Writer(journal, tables, shape, pause_s=0)
    for _ in range(4):
        writer.step()
    assert len(journal.asides()) == 1
    assert journal.backlog().entries == 0


def test_rows_must_be_as_many_as_records(journal: Journal, tables: Tables) -> None:
    """A shape that drops a row does not get the entry released."""

    def lossy(model: str, signal: Signal, entries: list[Stored]) -> pa.Table:
        return shape(model, signal, entries).slice(1)

    journal.submit(one(None, "a", "b")).result()
    writer = Writer(journal, tables, lossy, pause_s=0)
    for _ in range(4):
        assert writer.step() == []
    assert "2 records came out as 1 rows" in journal.asides()[0].error


@pytest.mark.parametrize("error", [OSError("disk"), MemoryError(), UnavailableError("later")])
def test_a_failure_that_passes_is_not_held_against_entries(
    journal: Journal, tables: Tables, error: Exception
) -> None:
    """However often the machine fails, entries wait; when it works again they are written."""
    fails = True

    def shaky(model: str, signal: Signal, entries: list[Stored]) -> pa.Table:
        if fails and model == MODEL:
            raise error
        return shape(model, signal, entries)

    journal.submit(submission(None, entry("a"), entry("b", model="m2"))).result()
    writer = Writer(journal, tables, shaky, pause_s=0)
    for _ in range(10):
        writer.step()
    assert journal.asides() == []
    assert journal.first_waiting() == {(MODEL, "predictions"): 1}
    fails = False
    assert [commit.rows for commit in writer.step()] == [1]


def test_a_table_that_fails_does_not_fill_the_window(journal: Journal, tables: Tables) -> None:
    """Entries behind a table that is held up are read past, beyond the bytes of a step."""
    for number in range(20):
        model = MODEL if number < 10 else "m2"
        journal.submit(submission(None, entry([f"{number}" * 50], model=model))).result()
    folder = tables.handle(MODEL, "predictions").folder
    folder.parent.mkdir()
    folder.write_text("a file is in the way")
    writer = Writer(journal, tables, shape, step_bytes=300, pause_s=60)
    for _ in range(5):
        writer.step()
    assert len(ids_in(tables, "m2")) == 10
    assert list(writer.failing()) == [(MODEL, "predictions")]
    folder.unlink()
    second = Writer(journal, tables, shape)
    assert sum(commit.rows for commit in second.step()) == 10


def test_a_new_journal_beside_old_tables(tmp_path: Path, tables: Tables) -> None:
    """A journal that was lost begins after the positions of the tables: nothing is passed over."""
    with opened(tmp_path / "one.db") as journal:
        for name in "abc":
            journal.submit(one(None, name)).result()
        Writer(journal, tables, shape).step()
    with opened(tmp_path / "two.db") as journal:
        writer = Writer(journal, tables, shape)
        assert journal.submit(one(None, "d")).result().position == 4
        writer.step()
    assert sorted(ids_in(tables)) == ["a", "b", "c", "d"]


class _Crash(Exception):  # noqa: N818  It stands for the end of a process.
    pass


class _DyingJournal(Journal):
    """Ends its process, as it were, before a release or half-way through one."""

    dies = False

    def release(self, upto: int, **names: Any) -> None:
        """Not reached while it is to die."""
        if self.dies:
            raise _Crash
        super().release(upto, **names)


class Conservation(RuleBasedStateMachine):
    """Any order of submitting, writing, crashing and putting aside keeps every record once."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.sent = Counter[str]()
        self.acknowledged: dict[str, list[str]] = {}
        self.rejected = 0
        self.number = 0
        self.poison: set[str] = set()
        self.start()

    def start(self) -> None:
        """Open everything as a new process would."""
        root = Path(self.folder.name)
        self.journal = _DyingJournal(root / "journal.db", limits=limits())
        self.tables = Tables(root / "tables")
        self.writer = Writer(self.journal, self.tables, self.shape, step_bytes=40, pause_s=0)

    def shape(self, model: str, signal: Signal, entries: list[Stored]) -> pa.Table:
        """As ever, but some entries cannot be shaped."""
        table = shape(model, signal, entries)
        if self.poison.intersection(table["_id"].to_pylist()):
            raise InputError("poison")
        return table

    @initialize()
    def first(self) -> None:
        """Begin with something in the journal."""
        self.submit(key=0, records=2, refused=1, poisoned=False)

    @rule(
        key=st.one_of(st.none(), st.integers(0, 5)), records=st.integers(0, 3),
        refused=st.integers(0, 2), poisoned=st.booleans(),
    )  # fmt: skip
    def submit(self, key: int | None, records: int, refused: int, poisoned: bool) -> None:
        """Send a batch, perhaps one that was sent before."""
        self.number += 1
        names = [f"{self.number}-{n}" for n in range(records)]
        text = None if key is None else str(key)
        receipt = self.journal.submit(submission(text, entry(names), refused=refused)).result()
        self.sent["records"] += records + refused
        known = text is not None and text in self.acknowledged
        assert receipt.duplicate == known
        if known:
            self.sent["duplicates"] += records + refused
            return
        self.acknowledged[text or f"unnamed {self.number}"] = names
        self.rejected += refused
        if poisoned:
            self.poison.update(names)

    @rule()
    def write(self) -> None:
        """Let the writer take a step."""
        self.writer.step()

    @rule()
    def crash_before_release(self) -> None:
        """Commits are made, and the process ends before the journal hears of them."""
        self.journal.dies = True
        with contextlib.suppress(_Crash):
            self.writer.step()
        self.restart()

    @rule()
    def restart(self) -> None:
        """A new process goes on from the files."""
        self.journal.close()
        self.start()

    @rule()
    def put_back(self) -> None:
        """What was put aside is tried again, and is sound now."""
        asides = self.journal.asides()
        self.poison.clear()
        assert self.journal.put_back([one.entry.position for one in asides]) == len(asides)

    @invariant()
    def every_record_is_somewhere_once(self) -> None:
        """Acknowledged = in the table, waiting, or aside; sent = stored + rejected + repeated."""
        reached = self.tables.position(MODEL, "predictions")
        waiting = [
            stored for stored in self.journal.read(max_bytes=1 << 30) if stored.position > reached
        ]
        kept = waiting + [one.entry for one in self.journal.asides()]
        found = ids_in(self.tables) + shape(MODEL, Signal.PREDICTIONS, kept)["_id"].to_pylist()
        assert sorted(found) == sorted(n for names in self.acknowledged.values() for n in names)
        (total,) = self.journal.totals() or [None]
        if total is not None:
            assert total.accepted == len(found)
            assert total.accepted + total.rejected + total.duplicates == self.sent["records"]
            assert (total.rejected, total.duplicates) == (self.rejected, self.sent["duplicates"])
            assert total.accepted == total.written + total.aside + total.waiting

    def teardown(self) -> None:
        """Write what is left: in the end all of it is in the table."""
        self.poison.clear()
        self.put_back()
        while self.journal.backlog().entries:
            self.writer.step()
        everything = sorted(n for names in self.acknowledged.values() for n in names)
        assert sorted(ids_in(self.tables)) == everything
        self.journal.close()
        self.folder.cleanup()


def test_every_record_is_kept_once() -> None:
    """The conservation law, over random histories."""
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Conservation, settings=settings(max_examples=12, stateful_step_count=20, deadline=None)
    )
