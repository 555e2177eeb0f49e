"""Series from arrays of hours: every number is that of the merged statistics of each window."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.live.stations import START, Station, flights, labels, predictions, station
from watchkeeper.app.alarms.backtesting import Sources, backtest_group, times_of
from watchkeeper.app.alarms.evaluating import Surroundings
from watchkeeper.app.alarms.source import MeasuredSource
from watchkeeper.app.alarms.stacked.fields import fields_of
from watchkeeper.app.alarms.stacked.hours import Ends, Shelf, Spans
from watchkeeper.app.alarms.stacked.series import Stacked
from watchkeeper.app.alarms.vocabulary import vocabulary_of
from watchkeeper.app.live.measured import Measured
from watchkeeper.app.live.registered import Reference
from watchkeeper.core.envelope import Signal
from watchkeeper.core.model import Column, Kind, Model, Role, Task
from watchkeeper.core.windows import Window
from watchkeeper.metrics.find import find_metric
from watchkeeper.metrics.mean_shift import mean_shift, mean_shifts
from watchkeeper.metrics.pairs import NumericPair
from watchkeeper.metrics.performance import metric_records
from watchkeeper.monitors.rule_file import read_rules
from watchkeeper.monitors.source import Asked, Points, Times
from watchkeeper.profiles.fit import fit_layout, with_bounds
from watchkeeper.profiles.grid import fit_grid
from watchkeeper.profiles.kernel import profile_batch
from watchkeeper.profiles.numeric import measure
from watchkeeper.profiles.parts import WHOLE, Rows, split_profile
from watchkeeper.store.buckets import Buckets, Slot

HOUR = timedelta(hours=1)
COLUMNS = [
    ("psi", "temp"), ("psi", "airport"), ("psi_corrected", "temp"), ("psi_corrected", "airport"),
    ("jensen_shannon", "temp"), ("jensen_shannon_corrected", "airport"), ("hellinger", "airport"),
    ("hellinger", "temp"), ("kl_divergence", "temp"), ("kl_divergence_corrected", "airport"),
    ("missing_share", "temp"), ("missing_share", "airport"), ("new_category_share", "airport"),
    ("new_category_share", "temp"), ("mean_shift", "temp"), ("mean_shift", "airport"),
    ("ks", "temp"),
]  # fmt: skip
OTHERS = [
    "accuracy", "precision", "recall", "specificity", "f1", "matthews", "log_loss", "brier",
    "roc_auc", "error_rate", "error_rate@timeout", "prediction_count", "throughput",
    "schema_violation_rate", "overflow_rate", "cache_hit_rate", "batch_size_mean", "tokens_in",
    "concurrent_max", "queue_depth_max", "latency_ms_mean", "latency_ms@p50", "latency_ms@p95",
    "latency_ms@p99.9", "inference_ms@p50", "arrival_delay_s@p95", "freshness_s",
    "label_coverage", "label_delay_s@p50", "labels_corrected",
]  # fmt: skip
EVERY = [*COLUMNS, *((name, None) for name in OTHERS)]
VALUES_ALONE = {"ks"}
"""Metrics whose interval is taken window by window."""


class _OneByOne(Stacked):
    """Has nothing, so that every window is merged from its hours."""

    def points(self, *_: Any) -> Points | None:
        """Nothing."""
        return None


def messy(rows: pa.Table) -> list[dict[str, Any]]:
    """Records with gaps, nulls, new categories, errors, weights, and all that traffic counts."""
    rng = np.random.default_rng(7)
    records = predictions(rows)
    for n, record in enumerate(records):
        record["latency_ms"] = float(rng.lognormal(3, 1))
        record["stages"] = {"inference": record["latency_ms"] / 2}
        record["weight"] = float(rng.choice([1.0, 1.0, 3.7]))
        record |= {"cache_hit": n % 3 == 0, "batch_size": n % 5 + 1, "tokens_in": n % 7 * 10,
                   "concurrent": n % 4, "queue_depth": n % 6}  # fmt: skip
        if n % 11 == 0:
            record["features"]["temp"] = None
        if n % 13 == 0:
            record["features"]["airport"] = f"new-{n % 4}"
        if n % 17 == 0:
            del record["features"]["airport"]
        if n % 19 == 0:
            record |= {"error": {"class": "timeout"}, "prediction": None, "score": None}
    return [one for one in records if one["time"].hour not in (3, 4, 5, 6, 7, 16)]


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """A station with a reference, two days of predictions and some of their labels."""
    with station(tmp_path_factory.mktemp("stacked") / "data") as made:
        made.refer(flights(3_000, seed=1, start=START - timedelta(days=60)))
        rows = flights(900)
        answer = made.send(Signal.PREDICTIONS, messy(rows))
        assert answer["accepted"] > 500, answer
        made.send(Signal.LABELS, labels(rows)[::2])
        made.work()
        yield made


def hours(count: int) -> Times:
    """The ends of so many hours, and moments within the first of them."""
    first = np.datetime64(START.replace(tzinfo=None), "s")
    whole = first + np.arange(1, count + 1) * np.timedelta64(3600, "s")
    return np.sort(np.concatenate((whole, whole[:9] + np.timedelta64(1234, "s"))))


def compare(measured: Measured, asked: Asked, times: Times) -> Points:
    """The arrays' points, once they are found to be those of each window's merged statistics."""
    stacked = Stacked(measured)
    ours = MeasuredSource(measured, stacked=stacked).points(asked, times)
    theirs = MeasuredSource(measured, stacked=_OneByOne(measured)).points(asked, times)
    for name, one, other in zip(Points._fields, ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-13, err_msg=name)
    alone = MeasuredSource(measured, stacked=stacked.without_intervals()).points(asked, times)
    np.testing.assert_allclose(alone.value, theirs.value, rtol=1e-9, atol=1e-13)
    np.testing.assert_array_equal(alone.rows, theirs.rows)
    return ours


@pytest.mark.parametrize(("metric", "column"), EVERY)
@pytest.mark.parametrize("window", [1, 5, 30])
def test_every_number_is_that_of_the_merged_hours(
    held: Station, metric: str, column: str | None, window: int
) -> None:
    """Over gaps, hours of few rows, nulls, weights and what the reference has not."""
    points = compare(
        held.platform._measured("late"), Asked(metric, column, window * HOUR), hours(60)
    )
    wrong_kind = (metric, column) in {("new_category_share", "temp"), ("mean_shift", "airport")}
    assert np.isnan(points.value).all() == wrong_kind
    # Arrival is counted from the station's own clock, which stands still days later.
    if window == 1 and not wrong_kind:
        assert np.isnan(points.value).any()


@pytest.mark.parametrize(("metric", "column"), EVERY)
def test_these_metrics_come_from_arrays(held: Station, metric: str, column: str | None) -> None:
    """None of them falls back to merging, but for what is not defined and the area of a curve."""
    measured = held.platform._measured("late")
    seconds = hours(30).astype(np.int64)
    points = Stacked(measured, intervals=metric not in VALUES_ALONE).points(
        find_metric(metric), column, Ends(seconds, 6 * 3600)
    )
    fallen = metric == "roc_auc" or (metric, column) in {
        ("new_category_share", "temp"), ("mean_shift", "airport"),
    }  # fmt: skip
    assert (points is None) == fallen


def test_segments_and_offsets(held: Station) -> None:
    """Of one airport, a day earlier."""
    measured = held.platform._measured("late", segment="airport:JFK")
    whole = held.platform._measured("late")
    asked = Asked("psi", "temp", 6 * HOUR, offset=24 * HOUR)
    points, all_points = compare(measured, asked, hours(60)), compare(whole, asked, hours(60))
    assert 0 < points.rows.max() < all_points.rows.max()
    assert points.rows[:20].sum() == 0


@pytest.mark.parametrize("kind", ["rolling", "seasonal"])
def test_a_reference_that_moves_is_compared_window_by_window(held: Station, kind: str) -> None:
    """There is no one array of the reference then."""
    measured = held.platform._measured("late")
    reference = measured.reference
    assert reference is not None
    origin = {"rolling": "1d"} if kind == "rolling" else {"seasonal": "1w"}
    moving = Reference(
        1,
        kind,
        origin,
        reference.layout_id,
        reference.profile,
        START,  # type: ignore[arg-type]
    )
    measured = Measured("late", measured.buckets, moving)
    ends = Ends(hours(30).astype(np.int64), 3600)
    assert Stacked(measured).points(find_metric("psi"), "temp", ends) is None
    assert Stacked(measured).points(find_metric("accuracy"), None, ends) is not None


RULES = """
groups:
  - name: all
    model: late
    rules:
      - {alert: Low, expr: accuracy < 0.72, window: 6h, for: 2h}
      - {alert: SurelyLow, expr: high(accuracy) < 0.8, window: 6h}
      - {alert: Drifts, expr: 'count(features, psi > 0.3) >= 1', window: 6h}
      - {alert: Surely, expr: 'low(psi("airport")) > 0.01', window: 6h}
      - {alert: Strange, expr: anomaly(prediction_count), window: 1h}
      - {alert: Slow, expr: latency_p95 > 100, clear: latency_p95 < 80, window: 1h}
"""


def test_a_back_test_fires_as_from_merged_hours(
    held: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With or without intervals, and again from what was read for another group."""
    (group,) = read_rules(RULES, vocabulary=vocabulary_of())
    around = Surroundings(held.platform._measured("late"))
    times = times_of(Window(START, START + timedelta(hours=60)), HOUR)
    sources: Sources = {}
    first, again = (list(backtest_group(group, around, times, sources=sources)) for _ in range(2))
    monkeypatch.setattr(Stacked, "points", lambda *_: None)
    wanted = [one.to_dict() for one in backtest_group(group, around, times)]
    assert [one.to_dict() for one in first] == [one.to_dict() for one in again] == wanted
    assert [one["error"] for one in wanted if one["error"]] == []
    fired = {one["alert"] for one in wanted if one["firings"]}
    assert fired >= {"Low", "SurelyLow", "Drifts", "Surely", "Slow"}


def test_a_back_test_says_what_was_compared(held: Station) -> None:
    """At each time, column by column; with intervals where they are asked for."""
    (group,) = read_rules(RULES, vocabulary=vocabulary_of())
    around = Surroundings(held.platform._measured("late"))
    times = times_of(Window(START, START + timedelta(hours=60)), HOUR)
    low = next(iter(backtest_group(group, around, times, intervals=True)))
    points = low.points(times)
    assert points is not None
    assert {len(points[name]) for name in ("at", "value", "low", "limit", "rows", "truth")} == {60}
    assert (points["name"], points["operator"], set(points["limit"])) == ("accuracy", "<", {0.72})
    true = [at for at, truth in enumerate(points["truth"]) if truth == "true"]
    assert true
    assert all(points["value"][at] < 0.72 for at in true)
    assert any(value is not None for value in points["low"])


# ---- hours that were written as they are ------------------------------------------------------


def _model(task: Task) -> Model:
    columns = (
        Column("x", Kind.NUMERIC), Column("same", Kind.NUMERIC), Column("kind", Kind.CATEGORICAL),
        Column("y", Kind.NUMERIC if task is Task.REGRESSION else Kind.CATEGORICAL, Role.LABEL),
        Column("p", Kind.NUMERIC if task is Task.REGRESSION else Kind.CATEGORICAL,
               Role.PREDICTION),
    )  # fmt: skip
    return Model("m", columns, task=task, label="y", prediction="p")


def _batch(task: Task, rows: int, seed: int) -> pa.RecordBatch:
    """Rows with nulls, infinities, many categories, and a constant that changes once."""
    rng = np.random.default_rng(seed)
    x = rng.normal(1e6, 3.0, rows)
    x[rng.random(rows) < 0.05] = np.inf
    x[rng.random(rows) < 0.05] = np.nan
    y = rng.normal(0, 1, rows)
    p = y + rng.normal(0, 0.3, rows)
    names = [f"k{n}" for n in rng.zipf(1.6, rows) % 60]
    truth = y if task is Task.REGRESSION else np.where(y > 0, "1", "0")
    guess = p if task is Task.REGRESSION else np.where(p > 0, "1", "0")
    return pa.record_batch(
        {
            "x": pa.array(x, mask=rng.random(rows) < 0.2),
            "same": np.full(rows, 5.0 if seed % 3 else 6.0),
            "kind": pa.array(names, mask=rng.random(rows) < 0.1),
            "y": pa.array(truth, mask=rng.random(rows) < 0.3),
            "p": pa.array(guess),
        }
    )


def _blank(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The same rows without any value of the features."""
    nulls = {name: pa.nulls(batch.num_rows, batch[name].type) for name in ("x", "same", "kind")}
    held = {name: batch[name] for name in batch.schema.names}
    return pa.RecordBatch.from_pydict(held | nulls)


def written(path: Path, task: Task, counts: list[int], *, blank: bool = False) -> Measured:
    """A store of hours with so many rows; hours with none are not in it."""
    model = _model(task)
    sample = _batch(task, 400, 1)
    sample = _blank(sample) if blank else sample
    layout = fit_layout(model, pa.Table.from_batches([sample]))
    profile = with_bounds(profile_batch(sample, layout))
    store = Buckets(path)
    for at, rows in enumerate(counts):
        if rows:
            parts = split_profile(profile_batch(_batch(task, rows, at + 2), layout))[WHOLE]
            with store.transaction(now=START) as change:
                change.merge(START + at * HOUR, Slot("m", layout.id, "1"), parts, rows=rows)
    return Measured("m", store, Reference(1, "data", {}, layout.id, profile, START))


@settings(max_examples=12, deadline=None)
@given(
    counts=st.lists(st.sampled_from([0, 0, 1, 2, 30]), min_size=6, max_size=16),
    window=st.integers(1, 20),
    task=st.sampled_from([Task.BINARY, Task.REGRESSION]),
    blank=st.booleans(),
)
def test_whatever_the_hours_hold(
    tmp_path_factory: pytest.TempPathFactory,
    counts: list[int],
    window: int,
    task: Task,
    blank: bool,
) -> None:
    """Columns that are constant, far from zero or with rare categories; both tasks."""
    measured = written(tmp_path_factory.mktemp("hours") / "b.db", task, counts, blank=blank)
    layout = measured.layout
    assert layout is not None
    assert layout.performance is not None
    times = hours(len(counts) + 3)
    for metric in ("psi", "psi_corrected", "hellinger", "missing_share", "mean_shift", "ks",
                   "new_category_share"):  # fmt: skip
        for column in ("x", "same", "kind"):
            compare(measured, Asked(metric, column, window * HOUR), times)
    for metric in metric_records(layout.performance):
        compare(measured, Asked(metric, None, window * HOUR), times)
    measured.buckets.close()


def test_more_categories_than_are_kept_by_name(tmp_path: Path) -> None:
    """Which are kept depends on the window then, so each is merged."""
    measured = written(tmp_path / "b.db", Task.BINARY, [40, 40])
    layout = measured.layout
    assert layout is not None
    for at in range(2, 5):
        batch = _batch(Task.BINARY, 700, at)
        names = pa.array([f"{at}-{n}" for n in range(700)])
        batch = batch.set_column(batch.schema.get_field_index("kind"), "kind", names)
        with measured.buckets.transaction(now=START) as change:
            parts = split_profile(profile_batch(batch, layout))[WHOLE]
            change.merge(START + at * HOUR, Slot("m", layout.id, "1"), parts, rows=700)
    asked = Asked("psi", "kind", 3 * HOUR)
    compare(measured, asked, hours(6))
    compare(measured, Asked("new_category_share", "kind", 3 * HOUR), hours(6))
    ends = Ends(hours(6).astype(np.int64), 3 * 3600)
    assert Stacked(measured).points(find_metric("psi"), "kind", ends) is None
    measured.buckets.close()


# ---- the pieces -------------------------------------------------------------------------------


@given(
    values=st.lists(st.floats(-1e6, 1e6) | st.just(math.inf), min_size=1, max_size=30),
    runs=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=12),
    whole=st.booleans(),
)
def test_runs_are_reduced_as_slices_are(
    values: list[float], runs: list[tuple[int, int]], whole: bool
) -> None:
    """Sums, least and most of any runs, empty ones too."""
    held = np.array([float(round(v)) if whole and math.isfinite(v) else v for v in values])
    first = np.array([min(low, high, held.size) for low, high in runs])
    last = np.array([min(max(low, high), held.size) for low, high in runs])
    spans = Spans(first, last)
    slices = [held[low:high] for low, high in zip(first, last, strict=True)]
    np.testing.assert_allclose(spans.sums(held), [one.sum() for one in slices], rtol=1e-12)
    np.testing.assert_array_equal(spans.least(held), [one.min(initial=np.inf) for one in slices])
    np.testing.assert_array_equal(spans.most(held), [one.max(initial=-np.inf) for one in slices])
    counts = np.arange(held.size * 2, dtype=np.uint8).reshape(-1, 2)
    wanted = [counts[low:high].sum(axis=0) for low, high in zip(first, last, strict=True)]
    np.testing.assert_array_equal(spans.sums(counts), wanted)


_FEW = st.lists(st.sampled_from([0.0, 1.0, 3.0, 1e6, -1e200, np.inf]), max_size=4)


@example(reference=[0.0, 1.0, 3.0], windows=[[1.0, 1.0], [3.0, 3.0, 3.0], [1.0]])
@given(reference=_FEW, windows=st.lists(_FEW, min_size=1, max_size=5))
def test_mean_shifts_are_those_of_one_window_each(
    reference: list[float], windows: list[list[float]]
) -> None:
    """Constants, single rows and sums that overflow too."""
    grid = fit_grid(np.array([0.0, 1.0, 3.0]))
    before = measure(np.array(reference), 0, grid)
    held = [measure(np.array(one), 0, grid) for one in windows]
    moments = tuple(
        np.array([getattr(one, name) for one in held]) for name in ("finite", "total", "squares")
    )
    lows = [np.inf if one.minimum is None else one.minimum for one in held]
    highs = [-np.inf if one.maximum is None else one.maximum for one in held]
    ours = mean_shifts(before, grid, moments, (np.array(lows), np.array(highs)))
    theirs = [mean_shift(NumericPair(before, one, grid)) for one in held]
    for name, ends in zip(("value", "low", "high"), ours, strict=True):
        wanted = [getattr(one, name) for one in theirs]
        wanted = [math.nan if end is None else end for end in wanted]
        np.testing.assert_allclose(ends, wanted, rtol=1e-9, err_msg=name)


@given(st.lists(st.tuples(st.integers(0, 90), st.integers(1, 60)), min_size=1, max_size=6))
def test_a_shelf_reads_each_hour_once(asked: list[tuple[int, int]]) -> None:
    """A longer window reads only what is missing, also where it reaches over an empty stretch."""
    read: list[int] = []

    def days(window: Window) -> tuple[list[Any], dict[str, Any]]:
        found = []
        at = window.start
        while at < window.end:
            read.append(int((at - START) / HOUR))
            found.append(at)
            at += HOUR
        kept = [at for at in found if at.hour % 3]
        return kept, {"rows": np.array([int((at - START) / HOUR) for at in kept], dtype=np.int64)}

    shelf = Shelf()
    for first, length in asked:
        window = Window(START + first * 24 * HOUR, START + (first + length) * 24 * HOUR)
        stack = shelf.stack("p", window, days)
        begin = int(START.timestamp()) // 3600
        held = set((stack.hours - begin).tolist())
        assert {n for n in range(first * 24, (first + length) * 24) if n % 24 % 3} <= held
        np.testing.assert_array_equal(stack.fields["rows"], stack.hours - begin)
        assert (np.diff(stack.hours) > 0).all()
    assert len(read) == len(set(read))


def test_a_shelf_drops_what_was_not_asked_for_longest() -> None:
    """Whatever is asked for is answered, however little room there is."""
    read: list[str] = []

    def taking(part: str) -> list[int]:
        def hour(window: Window) -> tuple[list[Any], dict[str, Any]]:
            read.append(part)
            return [window.start], {"rows": np.arange(10)[None, :]}

        return shelf.stack(part, Window(START, START + HOUR), hour).hours.tolist()

    shelf = Shelf(limit=2 * 80)
    for part in ("a", "b", "a", "c", "a", "b", "c"):
        assert taking(part) == [int(START.timestamp()) // 3600]
    assert read == ["a", "b", "c", "b", "c"]
    shelf = Shelf(limit=1)
    assert [taking("a"), taking("a")] == [taking("b"), taking("b")]
    assert read[5:] == ["a", "b"]


def test_weights_of_a_month_without_any_are_its_counts() -> None:
    """Hours are read in pieces, of which some may hold no row with a weight."""
    cut = START + timedelta(days=28)

    def pieces(window: Window) -> tuple[list[Any], dict[str, Any]]:
        fields = {"d.counts": np.array([[2, 1]], dtype=np.uint8)}
        if window.start >= cut:
            fields["d.weights"] = np.array([[2.5, 1.5]])
        return [window.start], fields

    stack = Shelf().stack("p", Window(START, cut + HOUR), pieces)
    assert stack.fields["d.weights"].tolist() == [[2.0, 1.0], [2.5, 1.5]]
    assert stack.fields["d.counts"].tolist() == [[2, 1], [2, 1]]


def test_what_has_no_fields_is_said() -> None:
    """A statistic that these arrays do not know is a mistake of the caller."""
    assert fields_of([]) == {}
    with pytest.raises(KeyError):
        fields_of([Rows(1)])
