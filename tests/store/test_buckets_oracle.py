"""The store of buckets against a dictionary: whatever was done, it reads what was written."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.core.errors import ConflictError, InputError
from watchkeeper.profiles.parts import Rows
from watchkeeper.store.buckets import Buckets, Slot

NOW = datetime(2024, 6, 1, 12, 0, 0, tzinfo=UTC)
START = datetime(2024, 5, 3, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SEGMENTS = [("", ""), ("city", "a")]
HOURS = 24 * 4
STEPS = [1, 2, 5, 6, 12, 24, 36, 48, 168, None]

# Few hours, at the edges of quarters and days, so that what is done meets what was done before.
HOUR_OF = st.sampled_from([0, 1, 5, 6, 23, 24, 25, 47, 60, HOURS - 1])

OPERATIONS = st.one_of(
    st.tuples(st.just("merge"), HOUR_OF, st.integers(0, 3)),
    st.tuples(st.just("merge"), HOUR_OF, st.integers(0, 3)),
    st.tuples(st.just("replace"), HOUR_OF, st.integers(0, 3)),
    st.tuples(st.just("clear"), HOUR_OF, st.booleans()),
    st.tuples(st.just("clear_day"), HOUR_OF, st.booleans()),
    st.tuples(st.just("roll_up"), st.integers(0, 5), st.sampled_from([1, 3, 100])),
    st.tuples(st.just("roll_up"), st.just(5), st.just(100)),
    st.tuples(st.just("coarsen"), st.integers(0, 4), st.booleans()),
    st.tuples(st.just("forget"), st.integers(0, 2), st.booleans()),
)


class Oracle:
    """The same store as a dictionary of hours, and of days whose hours are gone."""

    def __init__(self) -> None:
        self.held: dict = defaultdict(lambda: defaultdict(int))
        self.coarse: set = set()

    def place(self, which):
        """One of four slots: two versions, all rows and a segment."""
        return Slot("m", "L", str(which % 2), *SEGMENTS[which // 2])

    def is_coarse(self, slot, hour):
        """Whether the hours of this day were dropped."""
        return (slot, hour // 24) in self.coarse

    def apply(self, store, operation):
        """Do it to both; what must fail must fail."""
        kind, *values = operation
        getattr(self, kind)(store, *values)

    def merge(self, store, hour, which):
        """Add a row to part `a`, ten to part `b`; a coarse day keeps them at its first hour."""
        slot = self.place(which)
        with store.transaction(now=NOW) as change:
            parts = {"a": Rows(1), "b": Rows(10)}
            change.merge(START + HOUR * hour, slot, parts, rows=1, labelled=2)
        at = hour // 24 * 24 if self.is_coarse(slot, hour) else hour
        self.held[slot, "a"][at] += 1
        self.held[slot, "b"][at] += 10

    def replace(self, store, hour, which):
        """Put a hundred rows in the place of part `a`."""
        slot = self.place(which)
        with store.transaction(now=NOW) as change:
            if self.is_coarse(slot, hour):
                with pytest.raises(ConflictError, match="clear the whole day"):
                    change.replace(START + HOUR * hour, slot, {"a": Rows(100)})
                return
            change.replace(START + HOUR * hour, slot, {"a": Rows(100)})
        self.held[slot, "a"][hour] = 100

    def clear(self, store, hour, some):
        """Empty an hour, of part `a` or of all parts."""
        with store.transaction(now=NOW) as change:
            parts = ["a"] if some else None
            if any(day == hour // 24 for _, day in self.coarse):
                with pytest.raises(ConflictError, match="only the day is left"):
                    change.clear("m", "L", START + HOUR * hour, parts=parts)
                return
            change.clear("m", "L", START + HOUR * hour, parts=parts)
        for (_, part), hours in self.held.items():
            if part == "a" or not some:
                hours.pop(hour, None)

    def clear_day(self, store, hour, some):
        """Empty a day; after all parts are gone it is held by the hour again."""
        with store.transaction(now=NOW) as change:
            change.clear_day("m", "L", START + HOUR * hour, parts=["a"] if some else None)
        for (_, part), hours in self.held.items():
            if part == "a" or not some:
                for at in [at for at in hours if at // 24 == hour // 24]:
                    del hours[at]
        if not some:
            self.coarse = {(slot, day) for slot, day in self.coarse if day != hour // 24}

    def roll_up(self, store, day, limit):
        """Nothing that is read changes."""
        store.roll_up(before=START + DAY * day, limit=limit)

    def coarsen(self, store, day, segments):
        """Drop the hours of days that have any."""
        due = {
            (slot, at // 24)
            for slot in map(self.place, range(4))
            for at in range(24 * day)
            if (slot.column or not segments) and self.bucket(store, slot, at) == 1
        }
        what = "segments" if segments else "all"
        assert store.drop_before(START + DAY * day, keep="days", what=what) == len(due)
        self.coarse |= due

    def bucket(self, store, slot, hour):
        """How many hours the bucket of an hour has; None where there is none."""
        found = store.buckets(
            "m", layout="L", start=START + HOUR * hour, end=START + HOUR * (hour + 1),
            version=slot.version, segment=(slot.column, slot.value),
        )  # fmt: skip
        return found[0].hours if found else None

    def forget(self, store, day, segments):
        """Drop days for good."""
        what = "segments" if segments else "all"
        store.drop_before(START + DAY * day, keep="nothing", what=what)
        for (slot, _), hours in self.held.items():
            if slot.column or not segments:
                for at in [at for at in hours if at < 24 * day]:
                    del hours[at]
        self.coarse = {
            (slot, at) for slot, at in self.coarse if at >= day or (segments and not slot.column)
        }

    def check(self, store, question):
        """One question, answered by both."""
        part, which, every, start, length, step = question
        slot = self.place(which)
        slots = [slot._replace(version=v) for v in ("0", "1")] if every else [slot]
        end = start + length
        grid = _grid(step, start)
        days = {
            at
            for held, at in self.coarse
            if held in slots and start < 24 * at + 24 and 24 * at < end and length
        }
        asked = {
            "parts": [part], "version": None if every else slot.version,
            "segment": None if which < 2 else SEGMENTS[1],
        }  # fmt: skip
        cut = any(
            24 * at < start or 24 * at + 24 > end or grid(24 * at) != grid(24 * at + 23)
            for at in days
        )
        if cut:
            with pytest.raises(InputError, match="only whole days are left"):
                self.read(store, part, start, end, step, asked)
            return
        expected: dict = defaultdict(int)
        for held in slots:
            for at, count in self.held[held, part].items():
                if start <= at < end:
                    expected[grid(at)] += count
        assert self.read(store, part, start, end, step, asked) == dict(expected)

    @staticmethod
    def read(store, part, start, end, step, asked):
        """What the store says."""
        read = store.read(
            "m", layout="L", start=START + HOUR * start, end=START + HOUR * end,
            step_s=None if step is None else step * 3600, **asked,
        )  # fmt: skip
        assert [at for at, _ in read] == sorted(at for at, _ in read)
        return {(at - START) // HOUR: parts[part].rows for at, parts in read}


def _grid(step, start):
    """The grid that the documentation describes, written another way: by times."""
    if step is None:
        return lambda hour: start
    first = datetime(1970, 1, 5 if step == 168 else 1, tzinfo=UTC)

    def begins(hour):
        time = START + HOUR * hour
        return (first + ((time - first) // (HOUR * step)) * HOUR * step - START) // HOUR

    return begins


QUESTIONS = st.tuples(
    st.sampled_from("ab"), st.integers(0, 3), st.booleans(),
    st.one_of(st.integers(-30, HOURS), st.sampled_from([-24, 0, 0, 24])),
    st.one_of(st.integers(0, HOURS + 40), st.just(HOURS)), st.sampled_from(STEPS),
)  # fmt: skip


SWEEP = [("a", which, False, 0, HOURS, step) for which in range(4) for step in (6, 24)]
"""Questions that are asked in every example: every slot, by quarters and by days."""


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A store for many examples, each of which cleans up: to make a file takes longest."""
    with Buckets(tmp_path_factory.mktemp("buckets") / "b.db") as held:
        yield held


@settings(max_examples=200)
@given(
    operations=st.lists(OPERATIONS, min_size=8, max_size=30),
    questions=st.lists(QUESTIONS, min_size=4, max_size=4),
)
def test_reads_are_what_was_written(shared, operations, questions):
    """Merges, corrections, roll-ups and drops in any order: each answer is the oracle's.

    An hour whose parts were cleared one by one may still be listed, so the oracle takes from the
    store which hours have a bucket, and nothing else.
    """
    oracle = Oracle()
    try:
        for operation in operations:
            oracle.apply(shared, operation)
        for question in (*questions, *SWEEP):
            oracle.check(shared, question)
        while shared.roll_up(before=START + DAY * 5):
            pass
        for question in (*questions, *SWEEP):
            oracle.check(shared, question)
    finally:
        shared.remove("m")
