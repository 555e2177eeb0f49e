"""Processes that share work: each piece has one of them, and a dead one's goes to the others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.engines.conftest import server
from tests.store.test_catalogue import postgres_url
from watchkeeper.store.catalogue.alarms import AlarmStore, StateRow
from watchkeeper.store.catalogue.leases import LENGTH, LeaseLostError, Leases, replicas

__all__ = ["server"]

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
PARTS = tuple(f"part/{n}" for n in range(8))
WHOLE = ("whole",)


@dataclass
class Crowd:
    """Processes on one catalogue, at a time that stands still until moved."""

    place: str | Path
    now: datetime = AT
    stores: list[AlarmStore] = field(default_factory=list)

    def clock(self) -> datetime:
        """The time."""
        return self.now

    def join(self, name: str, clock: Callable[[], datetime] | None = None) -> Leases:
        """One more process."""
        self.stores.append(AlarmStore(self.place))
        return Leases(self.stores[-1], name, clock=clock or self.clock)

    def passes(self, length: timedelta, *alive: Leases) -> None:
        """Time passes, while these processes work."""
        end = self.now + length
        while self.now < end:
            self.now += LENGTH / 3
            for one in alive:
                one.share(PARTS, WHOLE)


@pytest.fixture(params=["sqlite", "postgres"])
def crowd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Crowd]:
    """A new catalogue, in each database in turn."""
    place: str | Path = tmp_path / "catalogue.db"
    if request.param == "postgres":
        place = postgres_url(request.getfixturevalue("server"), "leases")
    made = Crowd(place)
    yield made
    for store in made.stores:
        store.close()


def check_shared(*holders: Leases) -> None:
    """Every piece of work is done by exactly one of them."""
    held = [name for one in holders for name in one.share(PARTS, WHOLE)]
    assert sorted(held) == sorted((*PARTS, *WHOLE))


def test_one_alone_does_everything(crowd: Crowd) -> None:
    """At once, and for as long as it likes."""
    one = crowd.join("one")
    assert one.share(PARTS, WHOLE) == {*PARTS, *WHOLE}
    crowd.passes(10 * LENGTH, one)
    check_shared(one)


def test_two_take_half_each(crowd: Crowd) -> None:
    """Soon after the second one comes, and none of the work has two or nobody for long."""
    one, two = crowd.join("one"), crowd.join("two")
    one.share(PARTS, WHOLE)
    assert two.share(PARTS, WHOLE) == frozenset()
    crowd.passes(LENGTH, one, two)
    check_shared(one, two)
    assert len(one.share(PARTS, WHOLE)) == len(PARTS) // 2 + 1
    assert len(two.share(PARTS, WHOLE)) == len(PARTS) // 2


def test_the_work_of_a_dead_one_goes_to_the_other(crowd: Crowd) -> None:
    """When its leases have run out, and not before."""
    one, two = crowd.join("one"), crowd.join("two")
    crowd.passes(LENGTH, one, two)
    before = two.share(PARTS, WHOLE)
    crowd.passes(LENGTH * 2 / 3, two)
    assert two.share(PARTS, WHOLE) == before
    crowd.passes(LENGTH, two)
    assert two.share(PARTS, WHOLE) == {*PARTS, *WHOLE}


def test_what_is_given_back_is_taken_at_once(crowd: Crowd) -> None:
    """A process that is stopped keeps nobody waiting."""
    one, two = crowd.join("one"), crowd.join("two")
    crowd.passes(LENGTH, one, two)
    one.let_go()
    crowd.passes(LENGTH / 3, two)
    assert two.share(PARTS, WHOLE) == {*PARTS, *WHOLE}


def test_who_slept_writes_nothing_over_what_others_did(crowd: Crowd) -> None:
    """Its transaction is refused, whatever it believes."""
    one, two = crowd.join("one"), crowd.join("two")
    one.share(PARTS, WHOLE)
    stale = one.fenced("whole")
    with stale.work() as work:
        work.put_state(StateRow("group", "a", "1"), at=AT)
    crowd.passes(2 * LENGTH, two)
    with two.fenced("whole").work() as work:
        work.put_state(StateRow("group", "a", "2"), at=AT)
    assert not one.still("whole")
    with pytest.raises(LeaseLostError, match="two"), stale.work() as work:
        work.put_state(StateRow("group", "a", "3"), at=AT)
    assert [row.body for row in stale.states("group")] == ["2"]


def test_a_token_is_given_once(crowd: Crowd) -> None:
    """A lease that was lost and taken again is not the one that it was."""
    one, two = crowd.join("one"), crowd.join("two")
    one.share(PARTS, WHOLE)
    first = crowd.stores[0].holder("whole")
    crowd.passes(2 * LENGTH, two)
    crowd.passes(3 * LENGTH, one)
    assert one.still("whole")
    assert crowd.stores[0].holder("whole") != first


def test_a_lease_is_kept_during_a_long_step(crowd: Crowd) -> None:
    """By the thread that renews it."""
    one, two = crowd.join("one"), crowd.join("two")
    one.share(PARTS, WHOLE)
    for _ in range(6):
        crowd.now += LENGTH / 2
        one.renew()
        assert two.share(PARTS, WHOLE) == frozenset()
    assert one.still("whole")


@pytest.mark.parametrize("jump", [timedelta(hours=-5), timedelta(hours=5)], ids=str)
def test_a_clock_that_jumps_leaves_no_work_undone(crowd: Crowd, jump: timedelta) -> None:
    """A lease of the future is of a clock that was set back; one who lives goes on."""
    one, two = crowd.join("one"), crowd.join("two")
    crowd.passes(LENGTH, one, two)
    crowd.now += jump
    crowd.passes(2 * LENGTH, one, two)
    check_shared(one, two)
    crowd.now += jump
    crowd.passes(LENGTH, two)
    assert two.share(PARTS, WHOLE) == {*PARTS, *WHOLE}


def test_the_clock_is_that_of_the_database(crowd: Crowd) -> None:
    """Two processes whose clocks are an hour apart agree on who works."""
    one = Leases(AlarmStore(crowd.place), "one")
    two = Leases(AlarmStore(crowd.place), "two")
    crowd.stores += [one._store, two._store]
    assert one.share(PARTS, WHOLE) == {*PARTS, *WHOLE}
    assert two.share(PARTS, WHOLE) == frozenset()
    (here, there) = replicas(one._store)
    assert (len(here.work), len(there.work)) == (len(PARTS) + 1, 0)
    rows, now = one._store.leases()
    assert all(timedelta() < row.until - now <= LENGTH for row in rows)


def test_many_at_once_never_share_a_piece(crowd: Crowd) -> None:
    """However they come together, each piece has one of them."""
    holders = [crowd.join(f"h{n}") for n in range(4)]
    start = threading.Barrier(4)

    def ask(one: Leases) -> frozenset[str]:
        start.wait()
        return one.share(PARTS, WHOLE)

    with ThreadPoolExecutor(4) as pool:
        held = [name for names in pool.map(ask, holders) for name in names]
    assert sorted(held) == sorted((*PARTS, *WHOLE))
    crowd.passes(LENGTH, *holders)
    check_shared(*holders)
    assert max(len(one.share(PARTS)) for one in holders) <= len(PARTS) // 4 + 1
