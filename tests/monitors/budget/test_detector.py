"""A detector from one bucket to the next: one alarm, its suspects, silence, and what is kept."""

from __future__ import annotations

import json
import math
from datetime import timedelta

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.monitors.budget.days import DAY, FIRST, buckets, columns, counted, detector_of, rates
from watchkeeper.core.errors import InputError
from watchkeeper.monitors.budget import (
    Bucket,
    BudgetConfig,
    Counts,
    Detector,
    Gauss,
    Histogram,
    Level,
    Moments,
    State,
    Stream,
    Verdict,
    calibrate,
)
from watchkeeper.monitors.budget.state import unpack
from watchkeeper.monitors.rule import Budget

A, B = Stream("a", "rate", title="the error rate"), Stream("b", "rate")
QUIET = [19, 21, 20, 18, 22]


def reference(*names):
    """Four weeks of 200 rows at 10 %."""
    return buckets(*(rates(name, (QUIET * 6)[:28]) for name in names))


def watch(detector, *held, state=None, start=28):
    """The verdicts of buckets, and the state after them."""
    state, verdicts = state or detector.start(), []
    for bucket in buckets(*held, start=start):
        state, verdict = detector.advance(state, bucket)
        verdicts.append(verdict)
    return verdicts, state


def test_the_limit_of_the_budget():
    """A = K T / (B (1 - confidence)): 900 days, 21,600 hours, 90 for the mean alone."""
    assert BudgetConfig.of(Budget()).threshold(DAY) == pytest.approx(900)
    assert BudgetConfig.of(Budget()).threshold(timedelta(hours=1)) == pytest.approx(21_600)
    assert BudgetConfig.of(Budget(confidence=0.0)).threshold(DAY) == 90
    assert BudgetConfig.of(Budget(false_alarms=3), models=6).threshold(DAY) == pytest.approx(1800)


@pytest.mark.parametrize(
    ("budget", "message"),
    [
        (Budget(confidence=1.0), "below 1"),
        (Budget(false_alarms=0), "above 0"),
        (Budget(per=timedelta(hours=1)), "1h is shorter than its window of 1d"),
    ],
)
def test_a_budget_that_cannot_be_is_refused(budget, message):
    """With what was written and what is allowed."""
    with pytest.raises(InputError, match=message):
        BudgetConfig.of(budget).threshold(DAY)


def test_one_alarm_then_silence_until_it_is_back():
    """Quiet, watching, alarm with one page, silence while it lasts, over when it is back."""
    detector = detector_of([A, B], reference("a", "b"))
    ks = [20, 20, 32, 32, 32, 32, 32, 32, 32, 20, 20, 20, 20, 20]
    verdicts, state = watch(detector, rates("a", ks), rates("b", [20] * len(ks)))
    levels = [verdict.level for verdict in verdicts]
    first = levels.index(Level.ALARM)
    assert levels[:2] == [Level.QUIET] * 2
    assert Level.WATCHING in levels[2:first]
    assert 4 <= first <= 6
    assert [verdict.page for verdict in verdicts].count(True) == 1
    assert verdicts[first].page
    assert set(levels[first:9]) == {Level.ALARM}
    assert levels[-1] is Level.QUIET
    assert sum(verdict.ended for verdict in verdicts) == 1
    assert state.now.open == ()
    assert verdicts[8].alarm_at == verdicts[first].at == FIRST + (28 + first) * DAY


def test_the_suspect_is_named_with_effect_and_interval():
    """Only the stream that moved, how far with a 95 % interval, in a sentence."""
    detector = detector_of([A, B], reference("a", "b"))
    verdicts, _ = watch(detector, rates("a", [36] * 6), rates("b", [20] * 6))
    alarm = next(verdict for verdict in verdicts if verdict.page)
    (effect,) = alarm.suspects
    assert effect.stream == "a"
    assert effect.value == pytest.approx(0.18)
    assert effect.reference == pytest.approx(0.1, abs=0.001)
    assert effect.low < 0.18 < effect.high
    assert effect.low > effect.tolerated > 0.1
    assert alarm.contributions[0].stream == "a"
    assert sum(part.share for part in alarm.contributions) == pytest.approx(1.0)
    assert alarm.sentence.startswith(
        "changed beyond the tolerance: the error rate rose from 10 % to 18 %"
    )


def test_a_second_stream_amends_and_does_not_page():
    """What moves while an alarm stands is added to it."""
    detector = detector_of([A, B], reference("a", "b"))
    verdicts, _ = watch(detector, rates("a", [40] * 20), rates("b", [20] * 8 + [60] * 12))
    pages = [i for i, verdict in enumerate(verdicts) if verdict.page]
    amended = [i for i, verdict in enumerate(verdicts) if verdict.amended]
    assert len(pages) == len(amended) == 1
    assert amended[0] > 8
    assert {effect.stream for effect in verdicts[-1].suspects} == {"a", "b"}
    assert [verdict.level for verdict in verdicts[pages[0] :]] == [Level.ALARM] * (20 - pages[0])


def test_a_level_that_is_accepted_is_quiet():
    """The alarm is over at once; with a new reference it stays so, without it comes again."""
    detector = detector_of([A], reference("a"))
    _, state = watch(detector, rates("a", [40] * 6))
    assert state.now.open
    accepted = detector.accept(state)
    assert accepted.now.open == ()
    again, _ = watch(detector, rates("a", [40] * 6), state=accepted, start=34)
    assert sum(verdict.page for verdict in again) == 1
    fresh = detector_of([A], buckets(rates("a", [40, 38, 42, 39, 41] * 4)))
    calm, _ = watch(fresh, rates("a", [40] * 30), state=fresh.restart(state), start=34)
    assert {verdict.level for verdict in calm} == {Level.QUIET}


def test_accepting_some_streams_leaves_the_others():
    """The alarm goes on with what was not accepted."""
    detector = detector_of([A, B], reference("a", "b"))
    _, state = watch(detector, rates("a", [60] * 8), rates("b", [60] * 8))
    assert {each.stream for each in state.now.open} == {"a", "b"}
    left = detector.accept(state, ["a"])
    assert [each.stream for each in left.now.open] == ["b"]
    assert left.is_told


def test_no_data_is_neither_quiet_nor_an_alarm():
    """A bucket without any rows says so; an alarm that stands goes on standing."""
    detector = detector_of([A], reference("a"))
    verdicts, _ = watch(detector, rates("a", [20, None, 0, 40, 40, 40, 40, 40, None]))
    assert verdicts[1].level is Level.NO_DATA
    assert verdicts[1].sentence == "no stream had data in this bucket"
    assert verdicts[2].level is Level.QUIET
    assert verdicts[-1].level is Level.ALARM


def test_patience():
    """However large a change of one stream is, three buckets are needed; one if so wished."""
    for patience, first in ((3, 2), (1, 0)):
        detector = detector_of([A], reference("a"), patience=patience)
        verdicts, _ = watch(detector, rates("a", [200] * 5))
        assert [verdict.page for verdict in verdicts].index(True) == first


def kinds():
    """One stream of each kind, with a reference and a way to make moved buckets."""
    rng = np.random.default_rng(9)
    shares = np.full(8, 1 / 8)

    def bucket(day, moved):
        x = rng.normal(0.4 * moved, 1, 300)
        p = np.where(np.arange(8) < 4, 1 - 0.6 * moved, 1 + 0.6 * moved) * shares
        return Bucket(FIRST + day * DAY, {
            "mean": Moments(300, float(x.sum()), float((x**2).sum())),
            "groups": Histogram(tuple(rng.multinomial(300, p).astype(float))),
            "auc": Gauss(0.8 - 0.1 * moved + 0.01 * rng.normal(), 0.01),
            "rmse": Gauss(5 + 3 * moved + 0.2 * rng.normal(), 0.2),
        })  # fmt: skip

    streams = [Stream("mean", "mean"), Stream("groups", "distribution"),
               Stream("auc", "estimate"), Stream("rmse", "estimate", best=0.0)]  # fmt: skip
    return streams, bucket


@pytest.mark.parametrize("name", ["mean", "groups", "auc", "rmse"])
def test_every_kind_of_stream_is_found(name):
    """A mean, a distribution, an AUC that falls and an error that grows, each alone."""
    streams, bucket = kinds()
    detector = Detector(BudgetConfig(), calibrate(streams, [bucket(i, 0) for i in range(28)], DAY))
    state, pages = detector.start(), []
    for day in range(28, 60):
        moved = bucket(day, 1).stats[name]
        calm = bucket(day, 0)
        both = Bucket(calm.start, calm.stats | ({name: moved} if day >= 45 else {}))
        state, verdict = detector.advance(state, both)
        pages += [verdict] if verdict.page else []
    (alarm,) = pages
    assert 2 <= (alarm.at - FIRST).days - 45 <= 12
    (effect,) = alarm.suspects
    assert effect.stream == name
    expected = {"mean": 0.4, "groups": 0.36, "auc": 0.7, "rmse": 8.0}[name]
    assert effect.low < expected < effect.high
    assert not effect.low <= effect.tolerated <= effect.high


def test_an_auc_that_rises_is_no_alarm():
    """Estimates are watched on the side away from their best value only."""
    streams, bucket = kinds()
    detector = Detector(BudgetConfig(), calibrate(streams, [bucket(i, 0) for i in range(28)], DAY))
    better = [
        Bucket(each.start, {"auc": Gauss(0.9, 0.01), "rmse": Gauss(2.0, 0.2)})
        for each in (bucket(i, 0) for i in range(28, 60))
    ]
    assert detector.run(detector.start(), better).pages == ()


def test_sides():
    """A rate watched downwards alarms as it falls, one watched on both sides either way."""
    for side, up, down in (("up", 1, 0), ("down", 0, 1), ("both", 1, 1)):
        detector = detector_of([Stream("a", "rate", side=side)], reference("a"))
        for k, pages in ((40, up), (4, down)):
            verdicts, _ = watch(detector, rates("a", [k] * 20))
            assert sum(verdict.page for verdict in verdicts) == pages


def test_weights_make_a_stream_alarm_sooner():
    """Nine tenths of the weight: the same evidence is enough a bucket or more before."""

    def first(weight):
        streams = [Stream("a", "rate", weight=weight), *(Stream(f"s{i}", "rate") for i in range(9))]
        names = [stream.name for stream in streams]
        detector = detector_of(streams, reference(*names), patience=1)
        held = [rates("a", [28] * 40), *(rates(name, [20] * 40) for name in names[1:])]
        verdicts, _ = watch(detector, *held)
        return [verdict.page for verdict in verdicts].index(True)

    assert first(81.0) < first(1.0)


SIZES = st.sampled_from([0.0, 1e-6, 0.3, 1.0, 7.0, 1e4, 1e9])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(SIZES, SIZES, SIZES, st.sampled_from([-1.0, 1.0])).map(
            lambda x: {
                "mean": Moments(x[0], x[3] * x[0] * x[1], x[0] * (x[1] ** 2 + x[2])),
                "groups": Histogram((x[0], x[1], 0.0, x[2], 0.0, 0.0, 1.0, 0.0)),
                "auc": Gauss(x[3] * x[0], x[1]),
                "rmse": Gauss(x[1], x[2]),
            }
        ),
        min_size=1,
        max_size=12,
    )
)
def test_whatever_comes_there_is_an_answer(held):
    """Numbers of any size: evidence is a number or None, never NaN, and all of it is JSON."""
    streams, bucket = kinds()
    detector = Detector(BudgetConfig(), calibrate(streams, [bucket(i, 0) for i in range(28)], DAY))
    state = detector.start()
    for day, stats in enumerate(held, 28):
        state, verdict = detector.advance(state, Bucket(FIRST + day * DAY, stats))
        assert verdict.log_m is None or math.isfinite(verdict.log_m)
        assert not np.isnan(unpack(state.now, 4)).any()
        for effect in verdict.suspects:
            assert effect.low <= effect.value <= effect.high or effect.unit == "psi"
        assert msgspec.json.decode(msgspec.json.encode(verdict), type=Verdict) == verdict


def test_state_and_verdict_are_json_and_go_on_as_before():
    """What is written and read back advances to the same state; a hundred streams stay small."""
    detector = detector_of([A, B], reference("a", "b"))
    held = rates("a", [20, 36, 36, 36, 36, 36, 20]), rates("b", [20] * 7)
    verdicts, state = watch(detector, *held)
    read = detector.start()
    for bucket, verdict in zip(buckets(*held, start=28), verdicts, strict=True):
        read = msgspec.json.decode(msgspec.json.encode(read), type=State)
        read, found = detector.advance(read, bucket)
        assert found == verdict
        assert msgspec.json.decode(msgspec.json.encode(found), type=Verdict) == found
    assert read == state
    many = [Stream(f"s{i}", "rate") for i in range(100)]
    rng = np.random.default_rng(1)
    table = columns(counted(rng.binomial(200, 0.1, (500, 100)), 200))
    large = Detector(BudgetConfig(), calibrate(many, table.head(28), DAY))
    text = msgspec.json.encode(large.run(large.start(), table.tail(28)).state)
    assert len(text) < 250_000
    assert json.loads(text)["version"] == 1


def test_one_by_one_or_all_at_once():
    """A back-test in one call ends in the state, pages and evidence of single buckets."""
    detector = detector_of([A, B], reference("a", "b"))
    held = rates("a", [20] * 40 + [30] * 30 + [20] * 30), rates("b", [21] * 100)
    verdicts, state = watch(detector, *held)
    track = detector.run(detector.start(), buckets(*held, start=28))
    assert track.state == state
    assert track.verdict == verdicts[-1]
    assert list(track.pages) == [verdict for verdict in verdicts if verdict.page]
    assert [level is Level.ALARM for level in (v.level for v in verdicts)] == track.alarm.tolist()


@pytest.mark.parametrize(
    ("bucket", "message"),
    [
        (Bucket(FIRST, {"a": Counts(1, 2)}), "is not after the last one"),
        (
            Bucket(FIRST + 99 * DAY, {"aa": Counts(1, 2)}),
            "no stream is named 'aa'; did you mean 'a'",
        ),
        (Bucket(FIRST + 99 * DAY, {"a": Gauss(1, 2)}), "is a rate and takes Counts, not Gauss"),
        (Bucket(FIRST + 99 * DAY, {"a": Counts(float("nan"), 2)}), "not finite"),
    ],
)
def test_a_bucket_that_cannot_be_is_refused(bucket, message):
    """Each with what is wrong; the state stays as it was."""
    detector = detector_of([A], reference("a"))
    _, state = watch(detector, rates("a", [20]))
    with pytest.raises(InputError, match=message):
        detector.advance(state, bucket)


def test_a_state_of_other_streams_is_refused():
    """A new calibration needs a restart, and the error says so."""
    detector = detector_of([A], reference("a"))
    other = detector_of([A, B], reference("a", "b"))
    with pytest.raises(InputError, match="restart the state"):
        other.advance(detector.start(), buckets(rates("a", [20]), start=28)[0])


def test_a_distribution_of_other_groups_is_refused():
    """Groups are those of the reference."""
    streams = [Stream("x", "distribution")]
    held = [Bucket(FIRST + i * DAY, {"x": Histogram((50.0, 50.0))}) for i in range(28)]
    detector = Detector(BudgetConfig(), calibrate(streams, held, DAY))
    wrong = Bucket(FIRST + 28 * DAY, {"x": Histogram((50.0, 50.0, 1.0))})
    with pytest.raises(InputError, match="3 groups, 2 in the reference"):
        detector.advance(detector.start(), wrong)


def test_single_rows_of_a_new_value_are_no_alarm():
    """A constant column that has one other row a day, then a tenth of them: only that is found."""
    streams = [Stream("x", "distribution")]

    def day(at, others):
        return Bucket(FIRST + at * DAY, {"x": Histogram((0.0, 500.0 - others, others))})

    detector = Detector(BudgetConfig(), calibrate(streams, [day(i, 0.0) for i in range(28)], DAY))
    few = detector.run(detector.start(), [day(i, 1.0) for i in range(28, 90)])
    assert few.pages == ()
    assert len(detector.run(few.state, [day(i, 50.0) for i in range(90, 99)]).pages) == 1
