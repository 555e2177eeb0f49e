"""Minutes in the store of buckets, against a dictionary: all of an hour's rows, or none."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.core.errors import ConflictError, InputError, ProfileError
from watchkeeper.profiles.parts import Rows, Tallies
from watchkeeper.store.bucket_file import MIGRATIONS
from watchkeeper.store.buckets import MINUTES_KEPT, Buckets, Slot, align_minutes, minutes_since

NOW = datetime(2024, 6, 1, 12, 34, 56, tzinfo=UTC)
START = datetime(2024, 5, 3, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SLOT = Slot("m", "", "1")


@pytest.fixture
def store(tmp_path):
    """An empty store."""
    with Buckets(tmp_path / "buckets.db") as held:
        yield held


def add(store, *minutes, slot=SLOT, part="a"):
    """Merge a row of each of these minutes, counted from `START`; all are of one hour."""
    at = START + HOUR * (minutes[0] // 60)
    with store.transaction(now=NOW) as change:
        change.merge(
            at, slot, {part: Rows(len(minutes))},
            minutes={START + MINUTE * m: {part: Rows(minutes.count(m))} for m in set(minutes)},
        )  # fmt: skip


def counts(store, first, end, step, **asked):
    """The rows of part `a` by step, times as minutes from `START`."""
    read = store.read_minutes(
        "m", start=START + MINUTE * first, end=START + MINUTE * end,
        step_s=None if step is None else step * 60, **{"parts": ("a",), **asked},
    )  # fmt: skip
    assert [at for at, _ in read] == sorted(at for at, _ in read)
    return {(at - START) // MINUTE: parts["a"].rows for at, parts in read}


def table(store):
    """The rows of the table of minutes, as they lie on disk."""
    connection = sqlite3.connect(store._file.path)
    try:
        return connection.execute("SELECT series, minute FROM minutes ORDER BY 1, 2").fetchall()
    finally:
        connection.close()


# Minutes at the edges of hours and days, in three days: what is done meets what was done before.
MINUTE_OF = st.sampled_from([0, 1, 59, 60, 61, 125, 1439, 1440, 1500, 2879, 2880])
TIMES = st.lists(st.integers(0, 59), min_size=1, max_size=4)

OPERATIONS = st.one_of(
    st.tuples(st.just("merge"), MINUTE_OF, TIMES, st.integers(0, 1)),
    st.tuples(st.just("merge"), MINUTE_OF, TIMES, st.integers(0, 1)),
    st.tuples(st.just("merge"), MINUTE_OF, TIMES, st.integers(0, 1)),
    st.tuples(st.just("merge_plain"), MINUTE_OF, st.integers(0, 1)),
    st.tuples(st.just("replace"), MINUTE_OF, st.integers(0, 1)),
    st.tuples(st.just("clear"), MINUTE_OF, st.booleans()),
    st.tuples(st.just("clear_day"), MINUTE_OF, st.booleans()),
    st.tuples(st.just("roll_up"), st.integers(0, 3)),
    st.tuples(st.just("coarsen"), st.integers(0, 2)),
    st.tuples(st.just("forget"), st.integers(0, 2)),
    st.tuples(st.just("drop"), st.integers(0, 49)),
)


class Oracle:
    """The same store as a dictionary: rows of an hour, and of its minutes where it has them."""

    def __init__(self) -> None:
        self.hours: dict = {}
        self.minutes: dict = {}
        self.coarse: set = set()

    def apply(self, store, operation):
        """Do it to both."""
        kind, *values = operation
        getattr(self, kind)(store, *values)

    def merge(self, store, at, times, which):
        """Rows with their minutes; part `b` is one that is not kept by the minute."""
        version, hour = str(which), at // 60
        held = {START + HOUR * hour + MINUTE * t: {"a": Rows(times.count(t))} for t in times}
        with store.transaction(now=NOW) as change:
            change.merge(
                START + HOUR * hour, Slot("m", "", version),
                {"a": Rows(len(times)), "b": Rows(1)}, rows=len(times), minutes=held,
            )  # fmt: skip
        self._count(version, hour, len(times))
        if (version, hour // 24) in self.coarse:
            return
        fresh = self.hours[version, hour] == len(times)
        known = self.minutes.setdefault((version, hour), defaultdict(int) if fresh else None)
        for t in times if known is not None else ():
            known[hour * 60 + t] += 1

    def merge_plain(self, store, at, which):
        """A row without its minute: what was held by the minute is not the whole any more."""
        version, hour = str(which), at // 60
        with store.transaction(now=NOW) as change:
            change.merge(START + HOUR * hour, Slot("m", "", version), {"a": Rows(1)}, rows=1)
        self._count(version, hour, 1)
        if (version, hour // 24) not in self.coarse:
            self.minutes[version, hour] = None

    def _count(self, version, hour, rows):
        day = (version, hour // 24)
        hour = hour // 24 * 24 if day in self.coarse else hour
        self.hours[version, hour] = self.hours.get((version, hour), 0) + rows

    def replace(self, store, at, which):
        """Other rows in the place of those of an hour."""
        version, hour = str(which), at // 60
        with store.transaction(now=NOW) as change:
            if (version, hour // 24) in self.coarse:
                with pytest.raises(ConflictError):
                    change.replace(START + HOUR * hour, Slot("m", "", version), {"a": Rows(9)})
                return
            change.replace(START + HOUR * hour, Slot("m", "", version), {"a": Rows(9)})
        self.hours[version, hour] = 9
        self.minutes[version, hour] = None

    def clear(self, store, at, some):
        """Empty an hour of all versions."""
        hour = at // 60
        with store.transaction(now=NOW) as change:
            if any(day == hour // 24 for _, day in self.coarse):
                with pytest.raises(ConflictError):
                    change.clear("m", "", START + HOUR * hour)
                return
            change.clear("m", "", START + HOUR * hour, parts=["a"] if some else None)
        self._forget(lambda held: held == hour)

    def clear_day(self, store, at, some):
        """Empty a day of all versions; after all parts are gone it is held by the hour again."""
        day = at // 1440
        with store.transaction(now=NOW) as change:
            change.clear_day("m", "", START + DAY * day, parts=["a"] if some else None)
        self._forget(lambda held: held // 24 == day)
        if not some:
            self.coarse = {(version, at) for version, at in self.coarse if at != day}

    def roll_up(self, store, day):
        """Nothing that is read changes."""
        store.roll_up(before=START + DAY * day)

    def coarsen(self, store, day):
        """Drop the hours of days that have any, and their minutes."""
        due = {
            (version, at)
            for version in "01"
            for at in range(day)
            if [b.hours for b in self._buckets(store, version, at)].count(1)
        }
        store.drop_before(START + DAY * day, keep="days", what="all")
        self.coarse |= due
        for version, at in due:
            hours = [h for v, h in self.hours if v == version and h // 24 == at]
            total = sum(self.hours.pop((version, hour)) for hour in hours)
            if hours:
                self.hours[version, at * 24] = total
            for hour in range(at * 24, at * 24 + 24):
                self.minutes.pop((version, hour), None)

    def _buckets(self, store, version, day):
        return store.buckets(
            "m", layout="", start=START + DAY * day, end=START + DAY * (day + 1), version=version
        )

    def forget(self, store, day):
        """Drop days for good."""
        store.drop_before(START + DAY * day, keep="nothing", what="all")
        self._forget(lambda held: held < day * 24)
        self.coarse = {(version, at) for version, at in self.coarse if at >= day}

    def drop(self, store, hours):
        """Time goes on: the minutes of so many hours are not kept any more."""
        gone = sum(len(held or ()) for (_, hour), held in self.minutes.items() if hour < hours)
        assert store.drop_minutes(START + HOUR * hours + MINUTES_KEPT + MINUTE * 7) == gone
        for key in [key for key in self.minutes if key[1] < hours]:
            self.minutes[key] = None
        for version, hour in list(self.hours):
            if hour < hours:
                self.minutes.setdefault((version, hour), None)

    def _forget(self, gone):
        for held in (self.hours, self.minutes):
            for key in [key for key in held if gone(key[1])]:
                del held[key]

    def check(self, store, version, first, length, step):
        """One question, answered by both."""
        expected: dict = defaultdict(int)
        for (held, _), minutes in self.minutes.items():
            if version in (None, held):
                for minute, count in (minutes or {}).items():
                    if first <= minute < first + length:
                        expected[first if step is None else minute // step * step] += count
        assert counts(store, first, first + length, step, version=version) == dict(expected)

    def check_sums(self, store):
        """Where an hour has minutes they are all of its rows, as the store says itself."""
        for version in "01":
            for hour in range(49):
                held = counts(store, hour * 60, hour * 60 + 60, None, version=version)
                if held:
                    ((_, parts),) = store.read(
                        "m", layout="", parts=["a"], start=START + HOUR * hour,
                        end=START + HOUR * (hour + 1), step_s=None, version=version,
                    )  # fmt: skip
                    assert held == {hour * 60: parts["a"].rows}


QUESTIONS = st.tuples(
    st.sampled_from([None, "0", "1"]),
    st.one_of(st.integers(-90, 2900), MINUTE_OF),
    st.one_of(st.integers(0, 200), st.just(5000)),
    st.sampled_from([1, 2, 5, 60, 1440, None]),
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A store for many examples, each of which cleans up: to make a file takes longest."""
    with Buckets(tmp_path_factory.mktemp("buckets") / "b.db") as held:
        yield held


@settings(max_examples=200)
@given(
    operations=st.lists(OPERATIONS, min_size=6, max_size=25),
    questions=st.lists(QUESTIONS, min_size=3, max_size=3),
)
def test_reads_are_what_was_written(shared, operations, questions):
    """Merges, corrections, roll-ups and drops in any order: each answer is the oracle's."""
    oracle = Oracle()
    try:
        for operation in operations:
            oracle.apply(shared, operation)
        for question in (*questions, (None, 0, 5000, 1), ("1", 0, 5000, 60)):
            oracle.check(shared, *question)
        oracle.check_sums(shared)
        latest = [minute for held in oracle.minutes.values() for minute in held or ()]
        newest = START + MINUTE * max(latest) if latest else None
        assert shared.last_minute("m") == newest
    finally:
        shared.remove("m")
        assert table(shared) == []


def test_steps_lie_on_one_grid(store):
    """Steps are counted from 1970, one step from the beginning; a window cuts its ends."""
    for minute in range(0, 60 * 5, 7):
        add(store, minute)
    assert list(counts(store, 0, 60, 15)) == [0, 15, 30, 45]
    assert counts(store, 3, 12, 10) == {0: 1}
    assert counts(store, 5, 300, None) == {5: 42}
    assert counts(store, 8, 8, 1) == counts(store, 8, 2, 1) == {}
    assert sum(counts(store, 0, 300, 7).values()) == 43


@pytest.mark.parametrize("minute", [60, 119])
def test_the_ends_of_an_hour_belong_to_it(store, minute):
    """An hour whose only minute is its first or its last goes on; those beside it do not count."""
    for other in (minute, 59, 120, minute):
        add(store, other)
    assert counts(store, 0, 200, 1) == {59: 1, minute: 2, 120: 1}


def test_align_widens_to_whole_minutes():
    """It gives a window that cuts no step, and leaves one that is aligned."""
    at = START + timedelta(minutes=5, seconds=20)
    assert align_minutes(at, at, 60) == (START + MINUTE * 5, START + MINUTE * 6)
    assert align_minutes(START, START + HOUR, 300) == (START, START + HOUR)


def test_times_must_be_whole_minutes(store):
    """What is no minute is refused, by reading and by writing; other zones are understood."""
    for time in (START + timedelta(seconds=5), datetime(2024, 5, 3)):  # noqa: DTZ001
        with pytest.raises(InputError, match=r"time zone|beginning of a minute"):
            store.read_minutes("m", start=time, end=NOW, step_s=60)
        with pytest.raises(InputError), store.transaction(now=NOW) as change:
            change.merge(START, SLOT, {"a": Rows(1)}, minutes={time: {"a": Rows(1)}})
    add(store, 125)
    india = timezone(timedelta(hours=5, minutes=30))
    start = (START + MINUTE * 125).astimezone(india)
    read = store.read_minutes("m", parts=["a"], start=start, end=start + MINUTE, step_s=60)
    assert [(at, parts["a"].rows) for at, parts in read] == [(START + MINUTE * 125, 1)]
    for step in (0, 59, 90, -60):
        with pytest.raises(InputError, match="multiple of 60"):
            store.read_minutes("m", start=START, end=START + HOUR, step_s=step)


def test_minutes_belong_to_what_is_merged(store):
    """A minute of another hour, of another part, of another kind or on a layout is a mistake."""
    wrong = [
        (SLOT, START + HOUR, {"a": Rows(1)}),
        (SLOT, START - MINUTE, {"a": Rows(1)}),
        (SLOT, START, {"b": Rows(1)}),
        (SLOT, START, {"a": Tallies()}),
        (Slot("m", "L", "1"), START, {"a": Rows(1)}),
    ]
    for slot, minute, parts in wrong:
        with (
            pytest.raises(ProfileError, match=r"does not belong|kind"),
            store.transaction(now=NOW) as change,
        ):
            change.merge(START, slot, {"a": Rows(1)}, minutes={minute: parts})
    assert table(store) == []
    assert store.models() == []


def test_an_hour_of_an_older_file_gets_minutes_when_it_is_profiled_again(tmp_path):
    """Until then it has none, rather than those of its latest rows; other hours have theirs."""
    path = tmp_path / "buckets.db"
    with Buckets(path) as store, store.transaction(now=NOW) as change:
        change.merge(START, SLOT, {"a": Rows(5)}, rows=5)
        change.follow("m", "predictions", 3)
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("DROP TABLE minutes")
        connection.execute("PRAGMA user_version = 1")
    connection.close()
    with Buckets(path) as store:
        assert store.followed("m", "predictions") == 3
        assert store.last_minute("m") is None
        add(store, 3)
        add(store, 61)
        assert counts(store, 0, 120, 1) == {61: 1}
        with store.transaction(now=NOW) as change:
            change.clear("m", "", START)
            change.merge(START, SLOT, {"a": Rows(6)}, minutes={START + MINUTE * 3: {"a": Rows(6)}})
        assert counts(store, 0, 120, 1) == {3: 6, 61: 1}
    assert len(MIGRATIONS) == 2


def test_a_change_is_whole_or_not_at_all(store):
    """Hours and minutes become visible together, or neither."""
    add(store, 1)
    with (  # noqa: PT012  # what came before the error is the point
        pytest.raises(RuntimeError, match="no"),
        store.transaction(now=NOW) as change,
    ):
        change.merge(START, SLOT, {"a": Rows(1)}, minutes={START: {"a": Rows(1)}})
        change.follow("m", "predictions", 1)
        raise RuntimeError("no")
    assert counts(store, 0, 60, 1) == {1: 1}
    assert store.followed("m", "predictions") == -1


def test_only_versions_that_are_live_are_written(store):
    """A model of a hundred versions writes minutes of those two that answer."""
    for version in range(100):
        with store.transaction(now=NOW) as change:
            change.merge(START - DAY * 9, Slot("m", "", str(version)), {"a": Rows(1)})
    for minute in range(10):
        for version in ("7", "93"):
            add(store, minute, slot=Slot("m", "", version))
    assert len(table(store)) == 20
    assert counts(store, 0, 10, None) == {0: 20}
    assert counts(store, 0, 10, None, version="7") == {0: 10}


def test_minutes_are_dropped_three_days_after_their_hour(store):
    """Hour by hour, so that no hour keeps a part of its minutes; its hours stay."""
    for minute in (10, 50, 70):
        add(store, minute)
        add(store, minute, slot=Slot("other", "", "1"))
    assert minutes_since(START + DAY * 3 + MINUTE * 59) == START
    assert store.drop_minutes(START + DAY * 3 + MINUTE * 59) == 0
    assert store.drop_minutes(START + DAY * 3 + HOUR) == 4
    assert counts(store, 0, 120, 1) == {70: 1}
    assert store.last_minute("m") == START + MINUTE * 70
    assert store.drop_minutes(NOW) == 2
    assert (table(store), store.last_minute("m"), store.last_minute("nobody")) == ([], None, None)
    ((_, parts),) = store.read(
        "m", layout="", parts=["a"], start=START, end=START + HOUR * 2, step_s=None
    )
    assert parts["a"].rows == 3


def test_the_newest_part_is_as_fine_as_it_is_held(store):
    """Minutes where there are some, else hours, else days; and the one before, in case."""

    def newest(minutes):
        return [rows.rows for rows in store.newest("m", "a", before=START + MINUTE * minutes)]

    with store.transaction(now=NOW) as change:
        change.merge(START - DAY * 5, SLOT, {"a": Rows(500)})
        change.merge(START - HOUR * 9, SLOT, {"a": Rows(100)})
    store.drop_before(START - DAY * 4, keep="days", what="all")
    add(store, *[5] * 2)
    add(store, *[7] * 3)
    assert newest(8) == [3, 2, 100, 500]
    assert newest(7) == [2, 100, 500]
    assert newest(7.5) == [3, 2, 100, 500]
    assert newest(5) == [5, 100, 500]
    assert newest(0) == [100, 500]
    assert (newest(-540), newest(-10_000)) == ([500], [])
    assert newest(-539) == [100, 500]
    assert store.newest("m", "b", before=NOW) == []
    assert store.newest("m", "a", before=NOW, version="2") == []
