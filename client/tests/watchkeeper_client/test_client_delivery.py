"""When a batch is tried again, spooled and given up: with a clock and dice of the test's own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper_client.counts import Ledger
from watchkeeper_client.delivery import Delivery, draw
from watchkeeper_client.link import Failed, Retry, Sent, retry_after
from watchkeeper_client.packing import MSGPACK, Batch
from watchkeeper_client.settings import Settings
from watchkeeper_client.spool import Spool

URL = "http://127.0.0.1:1"


class Scene:
    """A delivery with its ledger, its clock, its dice, and what it warned of."""

    def __init__(self, spool=None, dice=1.0, **settings):
        self.now, self.dice, self.warned = 100.0, dice, []
        self.ledger = Ledger(lambda: 0)
        self.delivery = Delivery(
            Settings(**settings),
            self.ledger,
            spool,
            lambda kind, _: self.warned.append(kind),
            clock=lambda: self.now,
            jitter=lambda: self.dice,
        )

    def add(self, key, records=1):
        """Lay a batch down."""
        self.ledger.take(records)
        self.delivery.add(Batch(key, "predictions", "", MSGPACK, "", records, key.encode()))

    def next(self, *, pressed=False):
        """The key of the batch that is to be tried now."""
        trial = self.delivery.next(pressed=pressed)
        return trial and trial.batch.key

    def settle(self, outcome, *, pressed=False):
        """Try the next batch, with this outcome."""
        self.delivery.settle(self.delivery.next(pressed=pressed), outcome)


@pytest.fixture
def spool(tmp_path):
    """A spool of the test's own."""
    return Spool(tmp_path, URL, 1 << 20)


def test_batches_go_in_their_order_and_once():
    """The oldest is tried until it is settled, then the next."""
    scene = Scene()
    scene.add("a")
    scene.add("b", 3)
    assert scene.next() == "a"
    scene.settle(Sent(1))
    assert scene.next() == "b"
    scene.settle(Sent(1, 2, "bad"))
    assert scene.next() is None
    counts = scene.ledger.read()
    assert (counts.sent, counts.rejected, counts.buffered) == (2, 2, 0)
    assert scene.delivery.wait_s() == float("inf")


def test_a_refused_batch_does_not_hold_up_the_others():
    """Failed for good is settled."""
    scene = Scene()
    scene.add("a", 2)
    scene.add("b")
    scene.settle(Failed("no"))
    assert scene.next() == "b"
    assert scene.ledger.read().rejected == 2


def test_waits_double_up_to_the_limit_and_start_anew():
    """With the dice at their highest the waits are the limits themselves."""
    scene = Scene(backoff_s=1.0, backoff_max_s=10.0)
    scene.add("a")
    waits = []
    for _ in range(6):
        scene.settle(Retry("away"))
        waits.append(scene.delivery.wait_s())
        assert scene.next() is None
        scene.now += waits[-1]
        assert scene.next() == "a"
    assert waits == [1.0, 2.0, 4.0, 8.0, 10.0, 10.0]
    scene.settle(Sent(1))
    scene.add("b")
    scene.settle(Retry("away"))
    assert scene.delivery.wait_s() == 1.0
    assert scene.ledger.read().retried == 7


@given(dice=st.floats(0.0, 1.0, exclude_max=True), after=st.floats(0.0, 100.0))
def test_a_server_that_asks_for_a_wait_gets_it(dice, after):
    """Never earlier than asked, and later by no more than the jitter."""
    scene = Scene(dice=dice, backoff_s=2.0)
    scene.add("a")
    scene.settle(Retry("busy", after))
    assert after - 1e-9 <= scene.delivery.wait_s() <= after + 2.0 + 1e-9


def test_jitter_is_spread_over_the_whole_wait():
    """Draws lie in [0, 1), in all of it."""
    drawn = [draw() for _ in range(2_000)]
    assert 0.0 <= min(drawn) < 0.05
    assert 0.95 < max(drawn) < 1.0


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (None, 0.0),
        ("3", 3.0),
        ("-1", 0.0),
        ("nan", 0.0),
        ("1e9", 3600.0),
        ("soon", 0.0),
        ("Thu, 01 Jan 1970 00:01:00 GMT", 50.0),
        ("Thu, 01 Jan 1970 00:00:01 GMT", 0.0),
    ],
)
def test_retry_after_is_seconds_or_a_date(said, seconds):
    """Read as RFC 9110 has it, bounded, and 0 where it is nonsense."""
    assert retry_after(said, 10_000_000_000) == seconds


def test_without_a_spool_batches_stay_in_memory():
    """However often it failed."""
    scene = Scene(attempts=2)
    scene.add("a")
    for _ in range(5):
        scene.now += 1_000
        scene.settle(Retry("away"))
    assert scene.ledger.read().buffered == 1


def test_batches_go_to_disk_after_so_many_attempts(spool):
    """Before that they stay; afterwards new ones go there at once, and the oldest is the probe."""
    scene = Scene(spool, attempts=2)
    scene.add("a", 2)
    scene.settle(Retry("away"))
    assert scene.next() is None
    assert scene.ledger.read().spooled == 0
    scene.now += 1_000
    scene.settle(Retry("away"))
    assert scene.next() is None
    scene.add("b", 3)
    assert scene.next() is None
    assert (scene.ledger.read().spooled, scene.ledger.read().buffered) == (5, 0)
    scene.now += 1_000
    assert scene.next() == "a"
    scene.settle(Sent(2))
    assert scene.next() == "b"
    scene.settle(Sent(2, 1, "bad"))
    counts = scene.ledger.read()
    assert (counts.sent, counts.rejected, counts.spooled) == (4, 1, 0)


def test_under_pressure_one_failure_is_enough(spool):
    """Where memory fills up, or the process ends, nothing waits for more attempts."""
    scene = Scene(spool, attempts=100)
    scene.add("a")
    scene.next(pressed=True)
    assert scene.ledger.read().spooled == 0
    scene.settle(Retry("away"), pressed=True)
    scene.next(pressed=True)
    assert scene.ledger.read().spooled == 1


def test_what_others_left_goes_first_and_is_counted_apart(tmp_path, spool):
    """Batches of an earlier process are sent before ours and are no part of our sum."""
    Spool(tmp_path, URL, 1 << 20).write(
        Batch("theirs", "labels", "model=m", MSGPACK, "gzip", 7, b"body")
    )
    scene = Scene(spool)
    scene.add("ours")
    trial = scene.delivery.next(pressed=False)
    assert trial.batch == Batch("theirs", "labels", "model=m", MSGPACK, "gzip", 7, b"body")
    scene.delivery.settle(trial, Sent(7))
    assert scene.next() == "ours"
    counts = scene.ledger.read()
    assert (counts.replayed, counts.logged, counts.buffered) == (7, 1, 1)


def test_a_damaged_file_holds_nothing_up(spool):
    """It is removed and counted; ours as dropped too, so the sum holds."""
    scene = Scene(spool, attempts=1)
    scene.add("a", 4)
    scene.settle(Retry("away"))
    scene.next()
    (path,) = spool.folder.glob("*.batch")
    path.write_bytes(path.read_bytes()[:-1])
    scene.now += 1_000
    scene.add("b")
    assert scene.next() == "b"
    counts = scene.ledger.read()
    assert (counts.torn, counts.spooled, dict(counts.dropped)) == (1, 1, {"torn": 4})
    assert "torn" in scene.warned
    assert len(list(spool.folder.glob("*.batch"))) == 1


def test_a_full_spool_leaves_batches_in_memory(tmp_path):
    """They wait there, and nothing is lost; it is tried again later."""
    scene = Scene(Spool(tmp_path, URL, 10), attempts=1)
    scene.add("a")
    scene.settle(Retry("away"))
    assert scene.next() is None
    assert scene.ledger.read().buffered == 1
    assert "spool" in scene.warned
    scene.now += 1_000
    assert scene.next() == "a"


def test_giving_up_is_counted():
    """What is in memory at the end without a spool is dropped by its reason."""
    scene = Scene()
    scene.add("a", 2)
    scene.add("b", 3)
    assert not scene.delivery.spool_all()
    scene.delivery.give_up("exit")
    counts = scene.ledger.read()
    assert (dict(counts.dropped), counts.buffered, scene.delivery.held_bytes) == ({"exit": 5}, 0, 0)
