"""Late labels: a replay is what would have been, amends, and tells nobody twice."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.monitors.budget.days import DAY, FIRST, buckets, detector_of, rates
from watchkeeper.core.errors import InputError
from watchkeeper.monitors.budget import Level, Stream
from watchkeeper.monitors.budget.state import Snapshot, thinned

STREAMS = [Stream("a", "rate"), Stream("b", "rate")]
MONTH = buckets(*(rates(name, ([19, 21, 20, 18, 22] * 6)[:28]) for name in "ab"))
DETECTOR = detector_of(STREAMS, MONTH)


def days(ks):
    """Buckets after the reference, the first stream as given."""
    return buckets(rates("a", ks), rates("b", [20] * len(ks)), start=28)


def run(held):
    """The state after buckets, one by one."""
    state = DETECTOR.start()
    for bucket in held:
        state, _ = DETECTOR.advance(state, bucket)
    return state


def replay(state, held, changed):
    """Replay as an application does: ask from where, give all that is after it."""
    start = DETECTOR.replay_from(state, held[changed].start)
    return DETECTOR.replay(state, [b for b in held if start is None or b.start > start])


@settings(max_examples=60, deadline=None)
@given(
    ks=st.lists(st.sampled_from([15, 20, 25, 30, 40, None]), min_size=2, max_size=90),
    data=st.data(),
)
def test_a_replay_ends_where_a_straight_run_of_the_corrected_buckets_ends(ks, data):
    """Whatever changed, from wherever on: the same processes, alarm and suspects; no page."""
    state = run(days(ks))
    at = data.draw(st.integers(0, len(ks) - 1))
    later = st.sampled_from([15, 20, 40])
    corrected = [data.draw(later) if i == at else k for i, k in enumerate(ks)]
    after, verdict = replay(state, days(corrected), at)
    straight = run(days(corrected))
    assert after.now == straight.now
    assert after.history == straight.history
    assert not verdict.page
    assert after.told_at == state.told_at


def test_an_alarm_that_labels_take_back_is_withdrawn():
    """Told, then corrected: no longer an alarm, amended, and not told again later."""
    held = days([20] * 5 + [40] * 5)
    state = run(held)
    assert state.is_told
    corrected = days([20] * 10)
    after, verdict = replay(state, corrected, 5)
    assert verdict.level is Level.QUIET
    assert verdict.amended
    assert not after.now.open
    assert not after.is_told
    assert after.told_at == state.told_at


def test_an_alarm_that_was_told_is_not_told_again():
    """Labels move its beginning: amended; nothing is told now or by the buckets after it."""
    state = run(days([20] * 6 + [40] * 5))
    ks = [20] * 3 + [40] * 8
    after, verdict = replay(state, days(ks), 3)
    assert verdict.amended
    assert verdict.alarm_at is not None
    assert verdict.alarm_at < state.now.alarm_at
    for bucket in days([*ks, 40, 40])[11:]:
        after, verdict = DETECTOR.advance(after, bucket)
        assert not verdict.page


def test_an_alarm_that_only_late_labels_show_is_told_by_the_next_bucket():
    """A replay tells nobody; the next bucket does, once, if the alarm still stands."""
    state = run(days([20] * 10))
    ks = [20] * 4 + [40] * 6
    after, verdict = replay(state, days(ks), 4)
    assert (verdict.level, verdict.page, verdict.amended) == (Level.ALARM, False, True)
    pages = []
    for bucket in days([*ks, 40, 40, 40])[10:]:
        after, verdict = DETECTOR.advance(after, bucket)
        pages.append(verdict.page)
    assert pages == [True, False, False]


def test_another_alarm_long_after_the_one_that_was_told_is_told():
    """An alarm of last month is no excuse for keeping silent about what late labels show now."""
    ks = [20] * 3 + [40] * 8 + [20] * 30
    state = run(days(ks))
    assert state.told_at is not None
    assert not state.now.open
    ks[-8:] = [40] * 8
    after, verdict = replay(state, days(ks), len(ks) - 8)
    assert (verdict.level, verdict.page) == (Level.ALARM, False)
    _, verdict = DETECTOR.advance(after, days([*ks, 40])[-1])
    assert verdict.page


def test_a_replay_without_changes_changes_nothing():
    """The same buckets again: the same state, nothing amended."""
    held = days([20] * 6 + [40] * 6)
    state = run(held)
    after, verdict = replay(state, held, 8)
    assert after == state
    assert not verdict.amended


def test_replays_of_replays_and_json_between():
    """Labels that come in three times, the state stored each time."""
    ks = [20] * 30
    state = run(days(ks))
    for at in (25, 3, 17):
        ks[at] = 30
        state, _ = replay(state, days(ks), at)
        state = msgspec.json.decode(msgspec.json.encode(state), type=type(state))
    assert state.now == run(days(ks)).now


def test_what_was_accepted_is_not_replayed():
    """Labels from before the acceptance change nothing; those after it do."""
    ks = [20] * 5 + [40] * 5
    state = DETECTOR.accept(run(days(ks)))
    ks += [20] * 60
    for bucket in days(ks)[10:]:
        state, _ = DETECTOR.advance(state, bucket)
    assert DETECTOR.replay_from(state, FIRST + 30 * DAY) == FIRST + 37 * DAY
    after, _ = replay(state, days(ks), 2)
    assert after.now == state.now
    with pytest.raises(InputError, match="accepted at"):
        DETECTOR.replay(state, days(ks))


def test_missing_buckets_are_noticed():
    """A replay takes all buckets since, up to the last."""
    held = days([20] * 20)
    state = run(held)
    with pytest.raises(InputError, match="takes all"):
        DETECTOR.replay(state, held[:-1])
    with pytest.raises(InputError, match="not 2"):
        DETECTOR.replay(state, [held[3], held[-1]])


def test_snapshots_are_few_and_near():
    """A year of days keeps at most 16, and the nearest is never further back than the age is."""
    history = ()
    for count in range(1, 366):
        history = thinned((*history, Snapshot(buckets=count)), count + 1)
        assert len(history) <= 16
        held = [snapshot.buckets for snapshot in history]
        for age in range(1, min(count, 250)):
            nearest = max((b for b in held if b <= count - age), default=0)
            assert count - nearest <= 4 * age + 4
