"""What conditions say of series that were written down."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from tests.monitors.conditions.vocabulary import KNOWN, WORDS
from watchkeeper.core.durations import parse_duration
from watchkeeper.core.errors import InputError
from watchkeeper.monitors.bands.settings import Band, BandSettings, History
from watchkeeper.monitors.conditions.compiling import compile_condition
from watchkeeper.monitors.conditions.evaluating import evaluate
from watchkeeper.monitors.conditions.given import GivenSource
from watchkeeper.monitors.conditions.names import Vocabulary
from watchkeeper.monitors.conditions.outcome import observe
from watchkeeper.monitors.rule import Truth
from watchkeeper.monitors.source import Asked, Points
from watchkeeper.monitors.truths import BY_CODE

NAN = float("nan")
HOUR = timedelta(hours=1)


class WithInterval(GivenSource):
    """The same with an interval of 0.05 on either side of every value."""

    def points(self, asked: Asked, times) -> Points:
        """As given, with the interval."""
        value, _, _, rows = super().points(asked, times)
        return Points(value, value - 0.05, value + 0.05, rows)


def said(text, source, words=WORDS, **options):
    """The truth at each time, as letters: true, false, no data, error."""
    outcome = evaluate(compile_condition(text, words), source, source.times, **options)
    assert outcome.truth.dtype == np.int8
    letters = {Truth.TRUE: "t", Truth.FALSE: "f", Truth.NO_DATA: "n", Truth.ERROR: "e"}
    return "".join(letters[BY_CODE[code]] for code in outcome.truth)


def value_of(text, source, **options):
    """The number that was compared at each time."""
    condition = compile_condition(text, WORDS)
    return evaluate(condition, source, source.times, **options).value.tolist()


# ---- comparisons -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("accuracy < 0.9", "ftfn"),
        ("0.9 > accuracy", "ftfn"),
        ("!(accuracy < 0.9)", "tftn"),
        ("accuracy < 0.9 || f1 > 0.5", "fttn"),
        ("accuracy < 0.9 && f1 > 0.5", "fnff"),
        ("accuracy < reference.accuracy", "ftfn"),
        ("accuracy < 1.1 * reference.f1", "nnnn"),
        ("accuracy + f1 > 1.5", "fntn"),
        ("f1 / (accuracy - accuracy) > 0", "nnnn"),
        ("accuracy % 0.5 > 0.35", "tftn"),
        ("max(accuracy, f1) > 0.85", "tntn"),
        ("min(accuracy, 0.85) >= 0.85", "tftn"),
        ("abs(accuracy - 0.9) > 0.05", "ftfn"),
        ("-accuracy > -0.85", "ftfn"),
        ("latency_p95 > (accuracy < 0.9 ? 100.0 : 300.0)", "ftfn"),
        ("accuracy < 0.9 ? latency_p95 > 100.0 : latency_p95 > 300.0", "ftfn"),
        ("rows(accuracy) >= 100", "tttf"),
    ],
)
def test_numbers_are_compared(text, expected):
    """Where a number is missing the answer is no data, unless the rest decides."""
    source = GivenSource(
        {
            "accuracy": [0.9, 0.8, 0.9, NAN],
            "f1": [0.5, NAN, 0.7, 0.5],
            "latency_ms@p95": [200, 200, 250, 200],
        },
        rows=100,
        reference={"accuracy": 0.9},
    )
    assert said(text, source) == expected


def test_few_rows_are_no_data():
    """Below `min_rows` a number is none; amounts and counts of rows are exempt."""
    source = GivenSource({"accuracy": [0.5, 0.5], "prediction_count": [10, 1000]}, rows=[10, 1000])
    assert said("accuracy < 0.9", source, min_rows=500) == "nt"
    assert said("accuracy < 0.9 || volume < 100", source, min_rows=500) == "tt"
    assert said("volume < 100", source, min_rows=500) == "tf"
    assert said("rows(accuracy) < 500", source, min_rows=500) == "tf"


def test_a_note_says_why_there_is_no_data():
    """Too few rows and missing values are told apart, each series once."""
    source = GivenSource({"accuracy": [0.5, NAN, 0.5], ("psi", "a"): [0, 0, 0]}, rows=[10, 90, 90])
    outcome = evaluate(
        compile_condition('accuracy < 0.9 && accuracy > 0.1 && psi("a") < 1', WORDS),
        source, source.times, min_rows=50,
    )  # fmt: skip
    assert outcome.note(0) == (
        'accuracy rests on 10 rows; at least 50 are needed; psi("a") rests on 10 rows; at least '
        "50 are needed"
    )
    assert outcome.note(1) == "accuracy rests on 0 rows; at least 50 are needed"
    assert outcome.note(2) == ""


def test_what_the_model_does_not_have_is_an_error():
    """An error is an answer with a note, and does not hide what decides."""
    source = GivenSource({"accuracy": [0.5, 0.95]})
    assert said('psi("temp") > 0.2', source) == "ee"
    assert said('accuracy < 0.9 || psi("temp") > 0.2', source) == "te"
    assert said('accuracy > 0.9 && psi("temp") > 0.2', source) == "fe"
    assert said('psi("temp") + accuracy > 0.2', source) == "ee"
    assert said('absent(psi("temp"), "1h")', source) == "ee"
    assert said('anomaly(psi("temp"))', source) == "ee"
    assert said('burn_rate(any, "1h") > 1', source) == "ee"
    assert said("count(features, psi > 1) > 1", source) == "ee"
    assert said('accuracy < (psi("temp") > 0.2 ? 1.0 : 0.9)', source) == "ee"
    assert said('accuracy < (accuracy > 0.9 ? psi("temp") : 0.9)', source) == "te"
    assert said('accuracy < (accuracy > 0.9 ? 1.0 : psi("temp"))', source) == "et"
    outcome = evaluate(compile_condition('psi("temp") > 0.2', WORDS), source, source.times)
    assert outcome.note(0) == outcome.error
    assert "psi" in outcome.note(0)
    assert np.isnan(outcome.value).all()


def test_constants_of_the_model():
    """Further names are read when they are needed; what is no number is an error."""
    words = Vocabulary(KNOWN, constants=["target", "words"])
    source = GivenSource({"accuracy": [0.5]}, constants={"target": 0.9, "words": "many"})
    assert said("accuracy < target", source, words) == "t"
    assert said("accuracy < words", source, words) == "e"


# ---- functions -------------------------------------------------------------------------------


def test_changes_are_against_the_value_so_long_ago():
    """`change` is relative, `delta` absolute; there is none before the first value."""
    source = GivenSource({"f1": [0.8, 0.8, 0.4, 0.6, 0.0, 0.5]}, step=HOUR)
    assert value_of('change(f1, "1h") < 0', source) == pytest.approx(
        [NAN, 0, -0.5, 0.5, -1.0, NAN], nan_ok=True
    )
    assert value_of('delta(f1, "2h") < 0', source) == pytest.approx(
        [NAN, NAN, -0.4, -0.2, -0.4, -0.1], nan_ok=True
    )
    assert said('change(f1, "1h") < -0.4', source) == "nftftn"


def test_a_change_of_something_negative_has_the_sign_of_its_direction():
    """From -2 to -1 is up by half."""
    source = GivenSource({"r2": [-2.0, -1.0]}, step=HOUR)
    assert value_of('change(r2, "1h") < 0', source)[1] == 0.5


def test_ends_of_intervals():
    """`low` and `high` are the ends, which multiples and shifts by constants keep."""
    source = WithInterval({"accuracy": [0.88], "f1": [0.5]})
    assert said("accuracy < 0.9", source) == "t"
    assert said("high(accuracy) < 0.9", source) == "f"
    assert said("low(accuracy) < 0.84", source) == "t"

    def ends(text):
        found = evaluate(compile_condition(text, WORDS), source, source.times)
        return found.low[0], found.high[0]

    assert ends("accuracy < 0.9") == pytest.approx((0.83, 0.93))
    assert ends("-100 * accuracy < 0.9") == pytest.approx((-93, -83))
    assert ends("1 - accuracy < 0.9") == pytest.approx((0.07, 0.17))
    assert ends("accuracy / 2 < 0.9") == pytest.approx((0.415, 0.465))
    assert np.isnan(ends("1 / accuracy < 0.9")).all()
    assert np.isnan(ends("accuracy * f1 < 0.9")).all()
    assert np.isnan(ends("abs(accuracy) < 0.9")).all()


def test_absence_of_traffic_is_the_age_of_the_last_record():
    """True from the length on, also where there never was a record."""
    source = GivenSource({"prediction_count": [1] * 4}, ages=[0, 899, 900, np.inf])
    assert said('absent(volume, "15m")', source) == "fftt"
    outcome = evaluate(compile_condition('absent(volume, "15m")', WORDS), source, source.times)
    assert outcome.value.tolist() == [0, 899, 900, np.inf]
    assert outcome.limit.tolist() == [900] * 4
    assert outcome.condition.main.unit == "s"
    assert observe(outcome, None, source.times)[3].value is None


def test_absence_of_anything_else_is_a_window_without_values():
    """It asks for a window of that length, and is never no data."""
    source = GivenSource({"accuracy": [0.9, NAN, 0.9]}, rows=[5, 5, 5])
    asked = []

    class Listening(GivenSource):
        def points(self, one, times):
            """Notes what is asked for."""
            asked.append(one)
            return source.points(one, times)

    listening = Listening({"accuracy": [0.9, NAN, 0.9]})
    assert said('absent(accuracy, "3d")', listening, min_rows=100) == "ftf"
    assert asked == [Asked("accuracy", None, timedelta(days=3))]
    # What is told of is the metric, not a time.
    assert compile_condition('absent(accuracy, "3d")', WORDS).main.unit == "share"


def test_counts_go_through_features():
    """Features without data are left out; where none has any, there is no count."""
    source = GivenSource(
        {
            ("psi", "a"): [0.3, 0.3, NAN],
            ("psi", "b"): [0.3, NAN, NAN],
            ("psi", "c"): [0.1, 0.3, NAN],
        },
        rows=70,
    )
    condition = compile_condition("count(features, psi > 0.25) >= 2", WORDS)
    outcome = evaluate(condition, source, source.times)
    assert outcome.value.tolist() == pytest.approx([2, 2, NAN], nan_ok=True)
    assert [outcome.features(at) for at in range(3)] == [("a", "b"), ("a", "c"), ()]
    assert outcome.note(0) == "a, b"
    assert outcome.rows.tolist() == [70, 70, 0]
    assert said("count(features, psi > 0.25) >= 2", source, min_rows=71) == "nnn"
    assert said('count(features, psi > 0.2 && psi("a") > 0.2) >= 1', source) == "ttn"


def test_many_features_are_counted_in_the_note():
    """Five are named."""
    source = GivenSource({("psi", f"x{n}"): [1.0] for n in range(8)})
    outcome = evaluate(
        compile_condition("count(features, psi > 0) > 1", WORDS), source, source.times
    )
    assert outcome.note(0) == "x0, x1, x2, x3, x4 and 3 more"


def test_a_feature_that_cannot_be_measured_is_left_out():
    """One error among features is none, if any other is known."""

    class Partly(GivenSource):
        def points(self, asked, times):
            """Text columns have no KS."""
            if asked.column == "a":
                raise InputError("no ks of a")
            return super().points(asked, times)

    source = Partly({("ks", "a"): [1.0], ("ks", "b"): [1.0]})
    assert said("count(features, ks > 0.1) == 1", source) == "t"


def test_burn_rates_have_wilson_intervals():
    """The ratio over the budget; the interval is SciPy's."""
    source = GivenSource(
        {}, step=HOUR, events={"up": ([0, 30, 0], [1000, 1000, 0])},
        constants={"slo": {"up": {"objective": 0.99}}},
    )  # fmt: skip
    condition = compile_condition('burn_rate(up, "1h") > 2.5', WORDS)
    outcome = evaluate(condition, source, source.times)
    assert outcome.value.tolist() == pytest.approx([0, 3.0, NAN], nan_ok=True)
    ends = binomtest(30, 1000).proportion_ci(method="wilson")
    assert (outcome.low[1], outcome.high[1]) == pytest.approx((ends.low * 100, ends.high * 100))
    assert outcome.rows.tolist() == [1000, 1000, 0]
    assert said('burn_rate("up", "2h") > 1.4', source) == "ftt"
    assert said('low(burn_rate(up, "1h")) > 2.0', source) == "ftn"
    assert said('rows(burn_rate(up, "1h")) > 100', source) == "ttf"
    assert said('burn_rate(slo, "1h") > 2.5', source) == "ftn"
    assert said('burn_rate(down, "1h") > 2.5', source) == "eee"


# ---- anomalies -------------------------------------------------------------------------------


class Kept:
    """A band that remembers what it was asked."""

    def __init__(self, lower, upper):
        self.ends = lower, upper
        self.asked = []

    def __call__(self, history: History, times, settings: BandSettings | None = None, errors=None):
        """The same band everywhere."""
        self.asked.append((history, times, settings))
        lower, upper = (np.full(len(times), end) for end in self.ends)
        return Band(lower, upper, lower, np.full(len(times), ""))


def test_an_anomaly_is_outside_of_its_band():
    """Above, below, without a record, which is a volume of 0, and without a band."""
    source = GivenSource({"prediction_count": [5, 15, 25, NAN]}, step=HOUR)
    hours = {"window": HOUR}
    assert said("anomaly(volume)", source, bands=Kept(10, 20), **hours) == "tftt"
    assert said("anomaly(volume)", source, bands=Kept(-np.inf, 20), **hours) == "fftf"
    assert said("anomaly(volume)", source, bands=Kept(NAN, NAN), **hours) == "nnnn"
    outcome = evaluate(compile_condition("anomaly(volume)", WORDS), source, source.times,
                       window=HOUR, bands=Kept(10, 20))  # fmt: skip
    assert outcome.limit[:3].tolist() == [10, 20, 20]


def test_what_a_band_is_told():
    """Ten weeks of windows that end on whole hours, the side, the scale, the width."""
    source = GivenSource({"error_rate": [0.1] * 3}, step=timedelta(minutes=20),
                         start="2026-01-05T12:10")  # fmt: skip
    bands = Kept(0, 1)
    said('anomaly(error_rate, "critical")', source, window=HOUR, bands=bands)
    ((history, times, settings),) = bands.asked
    assert times.astype(str).tolist() == ["2026-01-05T12:00:00"]
    assert history.times[-1] == times[-1]
    assert (times[-1] - history.times[0]).astype(object) == timedelta(weeks=10)
    assert len(history.times) == 10 * 7 * 24 + 1
    assert (settings.worse, settings.scale, settings.level) == ("higher", "logit", 4.5)
    assert settings.gap == HOUR


@pytest.mark.parametrize(
    ("metric", "worse", "scale"),
    [("volume", "both", "count"), ("latency_p95", "higher", "log"), ("accuracy", "lower", "logit"),
     ("bias", "both", "linear"), ("psi_corrected('a')", "higher", "linear")],
)  # fmt: skip
def test_sides_and_scales_come_from_the_metric(metric, worse, scale):
    """From its record: which way is worse, and between which bounds it lies."""
    series = {"prediction_count": [1], "latency_ms@p95": [1], "accuracy": [1], "bias": [1],
              ("psi_corrected", "a"): [1]}  # fmt: skip
    bands = Kept(0, 1)
    said(f"anomaly({metric})", GivenSource(series, step=HOUR), bands=bands)
    assert (bands.asked[0][2].worse, bands.asked[0][2].scale) == (worse, scale)


def test_a_planted_anomaly_is_found():
    """Ten weeks of a daily rhythm, and one hour of three times the usual traffic."""
    rng = np.random.default_rng(7)
    hours = np.arange(10 * 7 * 24)
    volume = rng.poisson(1000 + 400 * np.sin(hours * 2 * np.pi / 24)).astype(float)
    volume[-5] *= 3
    source = GivenSource({"prediction_count": volume.tolist()}, step=HOUR)
    condition = compile_condition('anomaly(volume, "critical")', WORDS)
    outcome = evaluate(condition, source, source.times[-24:], window=HOUR)
    assert np.flatnonzero(outcome.truth == 1).tolist() == [19]


# ---- outcomes --------------------------------------------------------------------------------


def test_the_comparison_that_decides_is_told():
    """Of `||` the one that is true, of `&&` the one that is false; guards come last."""
    source = GivenSource({"accuracy": [0.5, 0.95, 0.95], "f1": [0.9, 0.5, 0.9]}, rows=1000)
    outcome = evaluate(compile_condition("accuracy < 0.9 || f1 < 0.6", WORDS), source, source.times)
    assert outcome.value.tolist() == [0.5, 0.5, 0.95]
    assert [outcome.comparison(at).name for at in range(3)] == ["accuracy", "f1", "accuracy"]
    assert outcome.limit.tolist() == [0.9, 0.6, 0.9]
    guarded = evaluate(
        compile_condition("rows(accuracy) > 500 && accuracy < 0.9", WORDS), source, source.times
    )
    assert guarded.comparison(0).name == "accuracy"
    assert guarded.value.tolist() == [0.5, 0.95, 0.95]


def test_observations_are_what_the_machine_takes_in():
    """Times in UTC, plain numbers, None for what is not there, the clear condition beside."""
    source = WithInterval({"accuracy": [0.85, NAN]}, rows=40)
    outcome = evaluate(compile_condition("accuracy < 0.9", WORDS), source, source.times)
    clear = evaluate(compile_condition("accuracy > 0.95", WORDS), source, source.times)
    first, second = observe(outcome, clear, source.times)
    assert first.at == datetime(2026, 1, 5, tzinfo=UTC)
    assert (first.truth, first.clear) == (Truth.TRUE, Truth.FALSE)
    assert (first.value, first.rows) == (0.85, 40)
    assert (first.low, first.high) == pytest.approx((0.8, 0.9))
    assert (second.truth, second.clear, second.value) == (Truth.NO_DATA, Truth.NO_DATA, None)
    assert type(first.rows) is int
    assert observe(outcome, None, source.times)[0].clear is None


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.one_of(st.just(NAN), st.floats(0, 1)), min_size=3, max_size=9),
    st.sampled_from(
        ["accuracy < 0.5", 'change(accuracy, "2m") < -0.1 || accuracy > 0.9',
         "rows(accuracy) > 2 && accuracy < 0.5", 'absent(accuracy, "1m")',
         'count(features, psi > 0.5) >= 1 && !(delta(accuracy, "1m") > 0.3)']
    ),
)  # fmt: skip
def test_many_times_are_as_one_by_one(values, text):
    """What is said of a time does not depend on which others are asked for."""
    source = GivenSource({"accuracy": values, ("psi", "a"): values, ("psi", "b"): values[::-1]})
    condition = compile_condition(text, WORDS)
    together = observe(evaluate(condition, source, source.times), None, source.times)
    alone = [
        observation
        for at in range(len(source.times))
        for one in [source.times[at : at + 1]]
        for observation in observe(evaluate(condition, source, one), None, one)
    ]
    assert together == alone


@pytest.mark.parametrize(
    ("window", "step"),
    [("1m", 15), ("15m", 15), ("30m", 30), ("1h", 60), ("1d", 60)],
)
def test_a_history_has_steps_between_a_quarter_and_an_hour(window, step):
    """Its windows are as long as the rule says, whatever their distance."""
    source = GivenSource({"error_rate": [0.1] * 3}, step=HOUR)
    bands = Kept(0, 1)
    said(f'anomaly(over(error_rate, "{window}"))', source, bands=bands)
    ((history, _, settings),) = bands.asked
    steps = np.unique(np.diff(history.times)).astype("timedelta64[m]").astype(int)
    assert steps.tolist() == [step]
    assert settings.step == timedelta(minutes=step)
    assert settings.gap == parse_duration(window)


@pytest.mark.parametrize(
    "text",
    ["accuracy < 0.9", "anomaly(accuracy) || f1 < 0.5", 'absent(accuracy, "1h")',
     "count(features, psi > 0.2) > 1", 'burn_rate(up, "1h") > 1', 'change(f1, "1d") < 0.1'],
)  # fmt: skip
def test_no_times_have_no_answers(text):
    """Nothing is asked, nothing is said."""
    source = GivenSource(
        {"accuracy": [], "f1": [], ("psi", "a"): []}, events={"up": ([0], [1])},
        constants={"slo": {"up": {"objective": 0.9}}},
    )  # fmt: skip
    outcome = evaluate(compile_condition(text, WORDS), source, source.times[:0])
    assert outcome.truth.shape == outcome.value.shape == outcome.rows.shape == (0,)
    assert observe(outcome, None, source.times[:0]) == []
