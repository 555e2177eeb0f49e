"""The store of buckets, one promise after the other; all together are in `test_buckets_oracle`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from watchkeeper.core.errors import InputError, ProfileError
from watchkeeper.profiles.parts import Rows, Tallies
from watchkeeper.profiles.profile import Tally
from watchkeeper.store.buckets import Bucket, Buckets, Slot, Stale, align

NOW = datetime(2024, 6, 1, 12, 0, 0, tzinfo=UTC)
START = datetime(2024, 5, 3, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SLOT = Slot("m", "L", "1")


@pytest.fixture
def store(tmp_path):
    """An empty store."""
    with Buckets(tmp_path / "buckets.db") as held:
        yield held


def add(store, hour, count, slot=SLOT, part="a", **meta):
    """Merge rows into one hour, counted from `START`."""
    with store.transaction(now=NOW) as change:
        change.merge(START + HOUR * hour, slot, {part: Rows(count)}, **meta)


def counts(store, start, end, step, **asked):
    """The rows of part `a` by step, times as hours from `START`."""
    asked = {"model": "m", "layout": "L", "parts": ["a"], **asked}
    step_s = None if step is None else step * 3600
    read = store.read(
        asked.pop("model"),
        start=START + HOUR * start,
        end=START + HOUR * end,
        step_s=step_s,
        **asked,
    )
    return {(at - START) // HOUR: parts["a"].rows for at, parts in read}


def test_steps_lie_on_one_grid(store):
    """Steps are counted from 1970, weeks from a Monday, one step from the beginning."""
    for hour in range(0, 24 * 9, 7):
        add(store, hour, 1)
    assert list(counts(store, 0, 24, 6)) == [0, 6, 12, 18]
    assert list(counts(store, 3, 12, 6)) == [6]
    assert START.weekday() == 4
    assert list(counts(store, 0, 24 * 9, 168)) == [-96, 72]
    assert counts(store, 5, 24 * 9, None) == {5: 30}
    assert counts(store, 8, 8, 1) == counts(store, 8, 2, 1) == {}


def test_align_widens_to_the_grid():
    """`align` gives a window that cuts no step, and leaves one that is aligned."""
    late = START + timedelta(hours=5, minutes=20)
    assert align(START + HOUR, late, 21_600) == (START, START + HOUR * 6)
    monday = datetime(2024, 4, 29, tzinfo=UTC)
    assert align(START, late, 7 * 86_400) == (monday, monday + DAY * 7)
    assert align(START, START + DAY, 86_400) == (START, START + DAY)


def test_times_must_be_whole_hours(store):
    """What is no hour in UTC is refused, by reading and by writing; other zones are understood."""
    india = timezone(timedelta(hours=5, minutes=30))
    for time in (START + timedelta(minutes=5), datetime(2024, 5, 3), START.replace(tzinfo=india)):  # noqa: DTZ001
        with pytest.raises(InputError, match=r"time zone|beginning of an hour"):
            store.read("m", layout="L", parts=None, start=time, end=NOW, step_s=3600)
        with pytest.raises(InputError), store.transaction(now=NOW) as change:
            change.merge(time, SLOT, {"a": Rows(1)})
    add(store, 2, 5)
    berlin = timezone(timedelta(hours=2))
    start = (START + HOUR * 2).astimezone(berlin)
    read = store.read("m", layout="L", parts=None, start=start, end=start + HOUR, step_s=3600)
    assert [(at, parts["a"].rows) for at, parts in read] == [(START + HOUR * 2, 5)]
    for step in (0, 60, 5400, -3600):
        with pytest.raises(InputError, match="multiple of 3600"):
            store.read("m", layout="L", parts=None, start=START, end=NOW, step_s=step)


@pytest.mark.parametrize("year", [1, 1969, 1970, 9998])
def test_any_time_has_a_bucket(store, year):
    """A clock that is far off makes buckets far off, and harms no others."""
    hour = datetime(year, 12, 31, 23, tzinfo=UTC)
    add(store, 0, 7)
    with store.transaction(now=NOW) as change:
        change.merge(hour, SLOT, {"a": Rows(1)})
    assert store.roll_up(before=datetime(9999, 12, 31, tzinfo=UTC)) == 2
    for step in (3600, 86_400):
        (found,) = store.read(
            "m", layout="L", parts=["a"], start=hour, end=hour + HOUR, step_s=step
        )
        assert found[1]["a"].rows == 1
    assert counts(store, 0, 24, 24) == {0: 7}


def test_a_change_is_whole_or_not_at_all(store):
    """After an error inside the block nothing of it is there."""
    add(store, 0, 1, rows=1)
    with (  # noqa: PT012  # what came before the error is the point
        pytest.raises(RuntimeError, match="no"),
        store.transaction(now=NOW) as change,
    ):
        change.merge(START, SLOT, {"a": Rows(5)}, rows=5)
        change.merge(START, SLOT._replace(version="2"), {"new": Rows(5)})
        change.follow("m", "predictions", 3)
        change.stale("m", [START], "rows")
        raise RuntimeError("no")
    assert counts(store, 0, 24, 1) == {0: 1}
    assert store.followed("m", "predictions") == -1
    assert (store.stale_count(), list(store.versions("m")), store.parts("m", "L")) == (
        0,
        ["1"],
        ["a"],
    )
    add(store, 0, 1)
    assert counts(store, 0, 24, 1) == {0: 2}


def test_readers_see_no_change_before_its_end(store):
    """Inside a block others read what was before."""
    add(store, 0, 1)
    with store.transaction(now=NOW) as change:
        change.merge(START, SLOT, {"a": Rows(5)})
        assert counts(store, 0, 24, 1) == {0: 1}
    assert counts(store, 0, 24, 1) == {0: 6}


def test_parts_are_chosen(store):
    """All parts, or those named; parts of no layout lie apart."""
    with store.transaction(now=NOW) as change:
        change.merge(START, SLOT, {"a": Rows(1), "t": Tallies({"r": Tally(1, 1, 0)})})
        change.merge(START, Slot("m", "", "1"), {"traffic": Rows(9)})
        change.merge(START, Slot("other", "L", "1"), {"a": Rows(9)})
    ask = {"start": START, "end": START + DAY, "step_s": 86_400}
    ((_, every),) = store.read("m", layout="L", parts=None, **ask)
    assert every == {"a": Rows(1), "t": Tallies({"r": Tally(1, 1, 0)})}
    ((_, some),) = store.read("m", layout="L", parts=["t", "no"], **ask)
    assert list(some) == ["t"]
    ((_, free),) = store.read("m", layout="", parts=None, **ask)
    assert free == {"traffic": Rows(9)}
    assert store.read("m", layout="L", parts=["no"], **ask) == []
    assert store.read("m", layout="L", parts=[], **ask) == []


def test_a_part_keeps_its_kind(store):
    """Another statistic under the name of a part is refused."""
    add(store, 0, 1)
    with (
        pytest.raises(ProfileError, match="'a' holds statistics of kind 'rows', not 'tallies'"),
        store.transaction(now=NOW) as change,
    ):
        change.replace(START, SLOT, {"a": Tallies()})


def test_lists_tell_what_there_is(store):
    """Models, layouts, versions with their spans, segments and parts."""
    assert (store.span("m"), store.models(), store.versions("m")) == (None, [], {})
    add(store, 30, 1, Slot("m", "L", "new"))
    add(store, 5, 1, Slot("m", "L", "old"), part="b")
    add(store, 7, 1, Slot("m", "", "old"))
    add(store, 9, 1, Slot("m", "K", "old", "city", "a"))
    add(store, 9, 1, Slot("m", "L", "old", "city", "b"))
    add(store, 9, 1, Slot("m", "L", "new", "city", ""))
    add(store, 9, 1, Slot("m", "L", "new", "age", "x"))
    assert store.models() == ["m"]
    assert store.layouts("m") == ["K", "L"]
    at = {hour: START + HOUR * hour for hour in (5, 6, 7, 8, 30, 31)}
    assert store.versions("m") == {"old": (at[5], at[8]), "new": (at[30], at[31])}
    assert list(store.versions("m")) == ["old", "new"]
    assert store.versions("m", layout="") == {"old": (at[7], at[8])}
    assert store.span("m") == (at[5], at[31])
    assert store.span("m", layout="L") == (at[5], at[31])
    assert store.segments("m", "L") == {"age": ["x"], "city": ["", "b"]}
    assert store.parts("m", "L") == ["a", "b"]


def test_buckets_tell_their_rows(store):
    """Rows and labelled rows are added by a merge, set by a replacement, listed by hour."""
    add(store, 3, 1, rows=10, labelled=4)
    add(store, 3, 1, rows=5)
    add(store, 3, 1, SLOT._replace(version="2"), rows=7)
    with store.transaction(now=NOW + HOUR) as change:
        change.replace(START + HOUR * 3, SLOT, {"b": Rows(0)}, labelled=6)
        change.replace(START + HOUR * 4, SLOT, {"b": Rows(0)})
    window = {"layout": "L", "start": START, "end": START + DAY}
    three, four = START + HOUR * 3, START + HOUR * 4
    assert store.buckets("m", **window) == [
        Bucket(three, 1, 22, 6, NOW + HOUR), Bucket(four, 1, 0, 0, NOW + HOUR)
    ]  # fmt: skip
    assert store.buckets("m", version="2", **window) == [Bucket(three, 1, 7, 0, NOW)]
    with store.transaction(now=NOW) as change:
        change.clear("m", "L", three, parts=["a"])
    assert store.buckets("m", **window)[0].rows == 22
    with store.transaction(now=NOW) as change:
        change.clear("m", "L", three)
    assert [bucket.start for bucket in store.buckets("m", **window)] == [four]


def test_dropping_hours_keeps_days(store):
    """Days stay when hours go; the store says what can still be asked, and takes late rows."""
    city = SLOT._replace(column="city", value="a")
    for hour in (1, 5, 30, 75):
        for slot in (SLOT, city):
            add(store, hour, 1, slot, rows=2, labelled=1)
    asked = {"layout": "L", "segment": ("city", "a")}
    window = {"start": START, "end": START + DAY * 4}
    assert store.finest_step("m", **asked, **window) == 3600
    assert store.drop_before(START + DAY * 2 + HOUR * 5, keep="days") == 2
    assert store.coarse_days("m", "L") == [START, START + DAY]
    assert store.finest_step("m", **asked, **window) == 86_400
    assert store.finest_step("m", layout="L", **window) == 3600
    late = {"start": START + DAY * 2, "end": START + DAY * 4}
    assert store.finest_step("m", **asked, **late) == 3600
    assert counts(store, 0, 96, 24, segment=("city", "a")) == {0: 2, 24: 1, 72: 1}
    assert counts(store, 0, 96, 1) == {1: 1, 5: 1, 30: 1, 75: 1}
    with pytest.raises(InputError, match=r"of city=a in model 'm' .* up to 2024-05-04"):
        counts(store, 0, 96, 6, segment=("city", "a"))
    with pytest.raises(InputError, match="only whole days"):
        counts(store, 4, 96, 24, segment=("city", "a"))
    day = Bucket(START, 24, 4, 2, NOW)
    assert store.buckets("m", version="1", **asked, **window)[0] == day
    assert store.buckets("m", **asked, start=START + HOUR * 20, end=START + HOUR * 21) == [day]
    add(store, 9, 1, city, rows=1)
    assert counts(store, 0, 96, 24, segment=("city", "a"))[0] == 3
    assert store.buckets("m", **asked, **window)[0].rows == 5
    assert store.drop_before(START + DAY * 2, keep="days") == 0


def test_a_coarse_day_is_profiled_again(store):
    """After `clear_day` the day is held by the hour; after some parts of it, still by the day."""
    city = SLOT._replace(column="city", value="a")
    for slot in (SLOT, city):
        add(store, 1, 1, slot)
        add(store, 2, 1, slot, part="b")
    store.drop_before(START + DAY, keep="days")
    with store.transaction(now=NOW) as change:
        change.clear_day("m", "L", START + HOUR * 7, parts=["a"])
        change.merge(START + HOUR * 3, city, {"a": Rows(5)})
    assert store.coarse_days("m", "L") == [START]
    segment = {"segment": ("city", "a")}
    ((_, parts),) = store.read(
        "m", layout="L", parts=None, start=START, end=START + DAY, step_s=86_400, **segment
    )
    assert parts == {"a": Rows(5), "b": Rows(1)}
    with store.transaction(now=NOW) as change:
        change.clear_day("m", "L", START)
        change.merge(START + HOUR * 3, city, {"a": Rows(6)})
    assert store.coarse_days("m", "L") == []
    assert counts(store, 0, 24, 1, **segment) == {3: 6}
    assert counts(store, 0, 24, 1) == {}


def test_retention_forgets_slots_that_are_empty(store):
    """What is too old is gone, marks included, and versions without buckets are not listed."""
    add(store, 1, 1)
    add(store, 30, 1, SLOT._replace(version="2"))
    with store.transaction(now=NOW) as change:
        change.stale("m", [START, START + DAY], "rows")
    assert store.drop_before(START + DAY, keep="nothing", model="other", what="all") == 0
    assert store.drop_before(START + DAY, keep="nothing", what="all") == 1
    assert list(store.versions("m")) == ["2"]
    assert [stale.hour for stale in store.stale_hours()] == [START + DAY]
    assert counts(store, 0, 48, 24) == {24: 1}


def test_marks_of_stale_hours(store):
    """Rows beat labels, the first mark keeps its place, fresh hours leave."""
    with store.transaction(now=NOW) as change:
        change.stale("m", [START + HOUR, START], "labels")
    with store.transaction(now=NOW + HOUR) as change:
        change.stale("m", [START, START + HOUR * 2], "rows")
        change.stale("n", [START], "labels")
    with store.transaction(now=NOW + HOUR * 2) as change:
        change.stale("m", [START], "labels")
    first, later = NOW, NOW + HOUR
    assert store.stale_hours("m") == [
        Stale("m", START, "rows", first), Stale("m", START + HOUR, "labels", first),
        Stale("m", START + HOUR * 2, "rows", later),
    ]  # fmt: skip
    assert [stale.model for stale in store.stale_hours(limit=3)] == ["m", "m", "m"]
    assert (store.stale_count(), store.stale_count("n")) == (4, 1)
    with store.transaction(now=NOW) as change:
        change.fresh("m", [START, START + HOUR])
    assert [stale.hour for stale in store.stale_hours("m")] == [START + HOUR * 2]


def test_what_is_followed(store):
    """The last version of each table is kept apart by model and signal."""
    assert store.followed("m", "labels") == -1
    for version in (0, 4):
        with store.transaction(now=NOW) as change:
            change.follow("m", "labels", version)
    assert (store.followed("m", "labels"), store.followed("m", "predictions")) == (4, -1)


def test_removing_a_layout_and_a_model(store):
    """A layout goes with its buckets; a model with all that is known of it."""
    for slot in (SLOT, Slot("m", "K", "1"), Slot("m", "", "1"), Slot("n", "L", "1")):
        add(store, 1, 1, slot)
    with store.transaction(now=NOW) as change:
        for model in ("m", "n"):
            change.follow(model, "labels", 2)
            change.stale(model, [START], "rows")
    store.remove("m", layout="K")
    assert (store.layouts("m"), counts(store, 0, 24, 1)) == (["L"], {1: 1})
    store.remove("m")
    assert (store.models(), store.span("m"), counts(store, 0, 24, 1)) == (["n"], None, {})
    assert (store.followed("m", "labels"), store.stale_count("m")) == (-1, 0)
    assert (store.followed("n", "labels"), store.stale_count("n")) == (2, 1)
    assert counts(store, 0, 24, 1, model="n") == {1: 1}
    assert store.roll_up(before=START + DAY * 2) == 1


def test_roll_up_takes_the_oldest_first_and_only_whole_days(store):
    """Its limit and its end are kept, and days that are done are not done again."""
    for hour in (1, 30, 55):
        add(store, hour, 1)
    assert store.roll_up(before=START + DAY * 2 + HOUR * 23, limit=1) == 1
    assert store.roll_up(before=START + DAY * 2 + HOUR * 23) == 1
    assert store.roll_up(before=START + DAY * 2 + HOUR * 23) == 0
    assert store.roll_up(before=START + DAY * 3) == 1
    add(store, 30, 1)
    assert store.roll_up(before=START + DAY * 3) == 1
