"""The journal: acknowledged means on disk, once; limits; accounting."""

from __future__ import annotations

import threading
from concurrent.futures import wait
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store.batches import MODEL, START, entry, limits, one, opened, submission
from watchkeeper.core.errors import BusyError, InputError, TooLargeError, UnavailableError
from watchkeeper.store.journal import Entry, Journal, Total


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal lies."""
    return tmp_path / "journal.db"


def test_what_was_acknowledged_is_read_by_another(path: Path) -> None:
    """After a receipt, a second journal on the same file sees the entries, in order, unchanged."""
    with opened(path) as journal, opened(path) as other:
        receipt = journal.submit(submission("a", entry("xy"), entry("z", signal="labels"))).result()
        found = other.read(max_bytes=1 << 20)
    assert receipt.position == 2
    assert [(one.position, one.signal, one.records) for one in found] == [
        (1, "predictions", 2), (2, "labels", 1),
    ]  # fmt: skip
    assert found[0].received == START
    assert found[0].body == entry("xy").body


def test_a_retry_gets_the_first_answer(path: Path) -> None:
    """A key that is known is answered as the first time, also after release and reopening."""
    with opened(path) as journal:
        first = journal.submit(one("a", "x")).result()
        journal.release(first.position)
    with opened(path) as journal:
        again = journal.submit(submission("a", entry("other"))).result()
        assert again.duplicate
        assert (again.position, again.answer) == (first.position, b"answer to a")
        assert journal.answer_to("a") == b"answer to a"
        assert journal.answer_to("b") is None
        assert journal.read(max_bytes=1) == []


def test_a_retry_in_the_same_group_is_known(path: Path) -> None:
    """Of many submissions of a key that wait together, one is written and all get its answer."""
    with opened(path) as journal:
        blocker = journal._turn
        with blocker:  # The committing thread cannot begin, so all of them wait together.
            futures = [journal.submit(one("k", "a", "b", refused=1)) for _ in range(20)]
        receipts = [future.result() for future in futures]
        assert sum(not receipt.duplicate for receipt in receipts) == 1
        assert {(receipt.position, receipt.answer) for receipt in receipts} == {(1, b"answer to k")}
        (total,) = journal.totals()
    assert total == Total(MODEL, "predictions", 2, 1, 57, 0, 0)


def test_without_a_key_nothing_is_remembered(path: Path) -> None:
    """Two submissions without a key are two batches."""
    with opened(path) as journal:
        assert not journal.submit(one(None, "x")).result().duplicate
        assert not journal.submit(one(None, "x")).result().duplicate
        assert journal.totals()[0].accepted == 2


def test_a_batch_of_rejected_records_has_an_answer_too(path: Path) -> None:
    """Nothing accepted: no entry, but the counts and the key are there."""
    with opened(path) as journal:
        assert not journal.submit(submission("a", refused=3)).result().duplicate
        assert journal.submit(submission("a", refused=3)).result().duplicate
        assert journal.totals() == [Total(MODEL, "predictions", 0, 3, 3, 0, 0)]
        assert journal.backlog().entries == 0


def test_many_threads_lose_nothing(path: Path) -> None:
    """Submissions of many threads are all there, each with a position of its own."""
    with opened(path) as journal:
        futures = []

        def send(thread: int) -> None:
            futures.extend(
                journal.submit(one(f"{thread}-{n}", f"{thread}-{n}")) for n in range(100)
            )

        threads = [threading.Thread(target=send, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        positions = {future.result().position for future in futures}
        assert positions == set(range(1, 801))
        assert len(journal.read(max_bytes=1 << 30)) == 800
        assert journal.backlog().last_position == 800


def test_reading_is_bounded_and_skips(path: Path) -> None:
    """A read stops at its bytes, begins after a position, and passes over what is to be skipped."""
    with opened(path) as journal:
        for n in range(6):
            journal.submit(submission(None, entry(["i"], model="ab"[n % 2]))).result()
        assert len(journal.read(max_bytes=1)) == 1
        assert [one.position for one in journal.read(4, max_bytes=1 << 20)] == [5, 6]
        kept = journal.read(max_bytes=1 << 20, skip=[("a", "predictions"), ("b", "labels")])
        assert [one.model for one in kept] == ["b"] * 3
        assert journal.first_waiting() == {("a", "predictions"): 1, ("b", "predictions"): 2}


def test_release_forgets_only_what_it_names(path: Path) -> None:
    """Entries of other tables, and later ones, stay; written is counted once."""
    with opened(path) as journal:
        for n in range(4):
            journal.submit(submission(None, entry("xy", model="ab"[n % 2]))).result()
        journal.release(3, only=[("a", "predictions")])
        journal.release(3, only=[("a", "predictions")])
        assert [one.position for one in journal.read(max_bytes=1 << 20)] == [2, 4]
        assert [total.written for total in journal.totals()] == [4, 0]
        assert journal.backlog().entries == 2
        journal.release(4)
        backlog = journal.backlog()
    assert (backlog.entries, backlog.bytes, backlog.oldest, backlog.last_position) == (
        0, 0, None, 4,
    )  # fmt: skip


def test_too_much_that_waits_is_refused_before_it_is_kept(path: Path) -> None:
    """Beyond the limit of bytes: busy, until the writer has released; the rest is untouched."""
    with opened(path, max_backlog=20_000) as journal, opened(path) as writer:
        large = submission(None, Entry("labels", "m", 1, "rows", bytes(4000)))
        for _ in range(4):
            journal.submit(large).result()
        with pytest.raises(BusyError) as caught:
            journal.submit(large)
        assert not isinstance(caught.value, UnavailableError)
        assert caught.value.retry_after > 0
        with pytest.raises(BusyError):
            journal.check_room(4000)
        with pytest.raises(TooLargeError):
            journal.check_room(20_001)
        writer.release(4)
        journal._looked = float("-inf")  # It looks at most twenty times a second.
        journal.check_room(4000)


def test_too_many_that_wait_are_refused(path: Path) -> None:
    """Beyond the limit of submissions in memory: busy; those before are still written."""
    with opened(path, max_waiting=3) as journal:
        futures = []
        with journal._turn:
            futures.append(journal.submit(one(None, "a")))
            while not futures[0].running():
                wait(futures, timeout=0.01)
            futures += [journal.submit(one(None, "a")) for _ in range(3)]
            with pytest.raises(BusyError, match="3 batches wait"):
                journal.submit(one(None, "a"))
        assert [future.result().position for future in futures] == [1, 2, 3, 4]


def test_a_nearly_full_disk_is_refused(path: Path) -> None:
    """With less free than is to stay free: unavailable, at once, and reading goes on."""
    with opened(path, min_free=1 << 62) as journal:
        with pytest.raises(UnavailableError, match="make room"):
            journal.submit(one(None, "a"))
        assert journal.read(max_bytes=1) == []


def test_what_cannot_be_written_is_refused_alone(path: Path) -> None:
    """A name that is no text and a time without zone are refused before they join a group."""
    with opened(path) as journal:
        with pytest.raises(InputError, match="not text"):
            journal.submit(submission(None, entry("a", model="\ud800")))
        with pytest.raises(InputError, match="zone"):
            journal.submit(submission(None, received=START.replace(tzinfo=None)))
        assert journal.submit(one(None, "a")).result().position == 1


def test_a_cancelled_submission_is_not_written(path: Path) -> None:
    """Who cancels in time has sent nothing; who comes after is not held up."""
    with opened(path) as journal:
        with journal._turn:
            first = journal.submit(one(None, "a"))
            while not first.running():
                wait([first], timeout=0.01)
            cancelled, last = journal.submit(one(None, "b")), journal.submit(one(None, "c"))
            assert cancelled.cancel()
        assert last.result().position == 2


def test_closing_commits_what_waits(path: Path) -> None:
    """Close waits for the disk; afterwards nothing is taken."""
    journal = Journal(path, limits=limits())
    futures = [journal.submit(one(None, "a")) for _ in range(50)]
    journal.close()
    assert all(future.result().position for future in futures)
    with pytest.raises(UnavailableError, match="shutting down"):
        journal.submit(one(None, "a"))


def test_keys_are_forgotten_by_age_and_number(path: Path) -> None:
    """After `key_days` a key is new again; of too many the oldest go."""
    with opened(path, key_days=14) as journal:
        for day in range(20):
            moment = START + timedelta(days=day)
            journal.submit(submission(str(day), received=moment)).result()
        journal.maintain(START + timedelta(days=19, hours=1))
        assert [day for day in range(20) if journal.answer_to(str(day))] == list(range(6, 20))
    with opened(path, max_keys=5) as journal:
        journal.maintain(START + timedelta(days=19, hours=1))
        assert [day for day in range(20) if journal.answer_to(str(day))] == list(range(15, 20))
        assert not journal.submit(submission("3")).result().duplicate


def test_a_clock_that_goes_back_changes_nothing(path: Path) -> None:
    """Stamps out of order: positions ascend all the same, and no key is forgotten early."""
    stamps = [START, START - timedelta(days=400), START + timedelta(days=400), START]
    with opened(path) as journal:
        for number, stamp in enumerate(stamps):
            journal.submit(submission(str(number), entry("a"), received=stamp)).result()
        found = journal.read(max_bytes=1 << 20)
        assert [one.position for one in found] == [1, 2, 3, 4]
        assert [one.received for one in found] == stamps
        journal.maintain(START)
        assert [journal.answer_to(str(n)) is not None for n in range(4)] == [True] * 4
        journal.maintain(START + timedelta(days=1000))
        assert journal.answer_to("2") is None


def test_an_entry_is_put_aside_and_back(path: Path) -> None:
    """Out of the line with its error, counted; back under a new position, no longer counted."""
    with opened(path) as journal:
        journal.submit(submission("k", entry("abc"), entry("z"))).result()
        journal.put_aside(1, "no column fits")
        journal.put_aside(1, "twice changes nothing")
        (aside,) = journal.asides()
        assert (aside.error, aside.entry.body) == ("no column fits", entry("abc").body)
        assert journal.totals() == [Total(MODEL, "predictions", 4, 0, 0, 0, 3)]
        assert journal.backlog().entries == 1
        assert journal.put_back([1, 7]) == 1
        assert [one.position for one in journal.read(max_bytes=1 << 20)] == [2, 3]
        assert journal.read(2, max_bytes=1)[0].body == entry("abc").body
        assert journal.totals()[0].waiting == 4
        assert journal.asides() == []


def test_positions_go_on_after_the_tables(path: Path) -> None:
    """An empty journal beside older tables begins after them, and never goes back."""
    with opened(path) as journal:
        journal.advance(100)
        journal.advance(7)
        assert journal.submit(one(None, "a")).result().position == 101


def test_released_room_is_used_again(path: Path) -> None:
    """Ten times its size goes through the journal, and the file ends small."""
    with opened(path) as journal:
        body = bytes(1 << 20)
        for _ in range(20):
            receipt = journal.submit(
                submission(None, *[Entry("labels", "m", 1, "arrow", body)] * 4)
            ).result()
            journal.release(receipt.position)
            wal = path.with_name("journal.db-wal")
            assert path.stat().st_size + wal.stat().st_size < 40 << 20
        journal.maintain(START)
        assert wal.stat().st_size == 0
        assert path.stat().st_size < 20 << 20


@settings(max_examples=15, deadline=None)
@given(st.lists(st.binary(max_size=3000), min_size=1, max_size=6), st.text(max_size=20))
def test_bodies_and_keys_are_kept_to_the_byte(bodies: list[bytes], key: str) -> None:
    """Any bytes come out as they went in; any text is a key."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder, opened(Path(folder) / "j") as journal:
        entries = [Entry("labels", key, 1, "rows", body) for body in bodies]
        journal.submit(submission(key, *entries)).result()
        assert [one.body for one in journal.read(max_bytes=1 << 20)] == bodies
        assert journal.submit(submission(key)).result().duplicate
