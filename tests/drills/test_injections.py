"""Harm done to rows: what it reaches, and what it leaves alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.app.drills.injections import ERROR, UNSEEN, Facts, inject
from watchkeeper.app.drills.spelling import FORMS, Injection, read_injection
from watchkeeper.core.errors import InputError

START = datetime(2026, 3, 2, tzinfo=UTC)
FACTS = Facts({"p": "_score"}, {"temp": 4.0, "count": 3.0, "_label": 2.0}, ("0", "1", "2"))
EVERY = (
    "drift:temp=2sd", "drift:temp=2", "drift:temp=+5", "drift:temp=x1.5", "drift:count=-7",
    "drift:airport=30%", "drift:airport=0.3:JFK", "drift:open=50%", "drift:p=x0.5",
    "nulls:temp=30%", "nulls:airport=1", "latency=x3", "latency=+200ms", "errors=10%",
    "labels=20%", "silence", "silence=50%", "missing-labels", "missing-labels=40%",
)  # fmt: skip


def traffic(count: int, seed: int = 0) -> pa.Table:
    """Predictions, one a minute, with labels for most, and with gaps."""
    rng = np.random.default_rng(seed)

    def gappy(values: object) -> pa.Array:
        return pa.array(values, mask=rng.random(count) < 0.1)

    times = [START + timedelta(minutes=n) for n in range(count)]
    return pa.table(
        {
            "_id": [f"r{n}" for n in range(count)],
            "_time": pa.array(times, pa.timestamp("us", "UTC")),
            "_prediction": gappy(rng.choice(["0", "1", "2"], count).astype(object)),
            "_score": gappy(rng.random(count)),
            "_latency_ms": gappy(rng.gamma(2, 5, count)),
            "_error": pa.nulls(count, pa.string()),
            "_label": gappy(rng.choice(["0", "1", "2"], count).astype(object)),
            "_label_time": pa.array(times, pa.timestamp("us", "UTC")),
            "temp": gappy(rng.normal(60, 4, count)),
            "count": gappy(rng.integers(0, 9, count)),
            "airport": gappy(rng.choice(["JFK", "LGA"], count).astype(object)),
            "open": gappy(rng.random(count) < 0.5),
        }
    )


def harmed(
    text: str, rows: pa.Table, *, after: int = 0, seed: int = 0, facts: Facts = FACTS
) -> tuple[pa.Table, int]:
    """Rows with an injection from some minute on."""
    since = START + timedelta(minutes=after)
    return inject(rows, read_injection(text), since, facts, np.random.default_rng(seed))


@given(
    text=st.sampled_from(EVERY),
    count=st.integers(1, 120),
    share=st.floats(0, 1),
    seed=st.integers(0, 99),
)
def test_what_is_not_named_stays(text: str, count: int, share: float, seed: int) -> None:
    """Rows before the time stay equal, so do other columns, and the same seed is the same harm."""
    rows, after = traffic(count, seed), round(share * count)
    found, reached = harmed(text, rows, after=after, seed=seed)
    again, _ = harmed(text, rows, after=after, seed=seed)
    assert found.equals(again)
    assert 0 <= reached <= count - after
    assert found.select(rows.column_names).slice(0, after).equals(rows.slice(0, after))
    if not text.startswith("silence"):
        touched = [name for name in rows.column_names if not found[name].equals(rows[name])]
        kind, column = read_injection(text).kind, read_injection(text).column or ""
        allowed = {
            "latency": {"_latency_ms"},
            "errors": {"_error", "_prediction", "_score"},
            "labels": {"_label"},
            "missing-labels": {"_label", "_label_time"},
        }.get(kind, {FACTS.sources.get(column, column)})
        assert set(touched) <= allowed
        assert found.schema.names[: rows.num_columns] == rows.column_names
        assert found.select(rows.column_names).schema.types == rows.schema.types


@pytest.mark.parametrize(
    "text",
    ["drift:temp=0sd", "drift:temp=x1", "drift:count=+0", "drift:airport=0%", "nulls:temp=0",
     "latency=x1", "latency=+0ms", "errors=0%", "labels=0", "silence=0%", "missing-labels=0"],
)  # fmt: skip
def test_no_strength_does_nothing(text: str) -> None:
    """Harm of strength zero leaves every value as it was."""
    rows = traffic(200)
    found, _ = harmed(text, rows)
    assert found.select(rows.column_names).equals(rows)


@given(share=st.integers(0, 100), count=st.integers(0, 200))
def test_shares_hold(share: int, count: int) -> None:
    """A share is met to the nearest row."""
    rows = traffic(count).drop_columns(["temp", "_label"]) if count else traffic(1).slice(1)
    rows = rows.append_column("full", pa.array(["a"] * len(rows), pa.string())) if count else rows
    found, reached = harmed(f"silence={share}%", rows)
    assert reached == round(share / 100 * count)
    assert len(found) == count - reached
    if count:
        nulls, reached = harmed(f"nulls:full={share}%", rows)
        assert nulls["full"].null_count == reached == round(share / 100 * count)
        moved, _ = harmed(f"drift:full={share}%:b", rows)
        assert moved["full"].to_pylist().count("b") == reached


def test_numbers_drift() -> None:
    """A number moves by standard deviations, by a distance or by a factor; whole ones stay so."""
    rows = traffic(300)
    for text, expected in (
        ("drift:temp=2sd", pc.add(rows["temp"], 8.0)),
        ("drift:temp=-1.5sd", pc.add(rows["temp"], -6.0)),
        ("drift:temp=2", pc.add(rows["temp"], 8.0)),
        ("drift:temp=+5", pc.add(rows["temp"], 5.0)),
        ("drift:temp=x1.5", pc.multiply(rows["temp"], 1.5)),
    ):
        assert harmed(text, rows)[0]["temp"].equals(expected), text
    whole = harmed("drift:count=0.5sd", rows)[0]["count"]
    assert whole.type == pa.int64()
    assert whole.equals(pc.cast(pc.round(pc.add(pc.cast(rows["count"], "double"), 1.5)), "int64"))
    assert harmed("drift:p=x0.5", rows)[0]["_score"].equals(pc.multiply(rows["_score"], 0.5))


def test_categories_drift() -> None:
    """A share moves to a category that nobody has seen, or to one that is named."""
    rows = traffic(300)
    present = len(rows) - rows["airport"].null_count
    found, reached = harmed("drift:airport=30%", rows)
    assert reached == round(0.3 * present) == pc.sum(pc.equal(found["airport"], UNSEEN)).as_py()
    assert found["airport"].null_count == rows["airport"].null_count
    assert set(harmed("drift:airport=1:EWR", rows)[0]["airport"].to_pylist()) == {"EWR", None}
    flipped, reached = harmed("drift:open=50%", rows)
    assert pc.sum(pc.not_equal(flipped["open"], rows["open"])).as_py() == reached


def test_the_service_suffers() -> None:
    """Answers take longer, and some fail: those give no prediction."""
    rows = traffic(300)
    slow = harmed("latency=x3", rows)[0]["_latency_ms"]
    assert slow.equals(pc.multiply(rows["_latency_ms"], 3.0))
    slow = harmed("latency=+200ms", rows)[0]["_latency_ms"]
    assert slow.equals(pc.add(rows["_latency_ms"], 200.0))
    assert pc.min(harmed("latency=-9999ms", rows)[0]["_latency_ms"]).as_py() == 0
    for table in (rows, rows.drop_columns(["_error"])):
        failed, reached = harmed("errors=10%", table)
        bad = failed.filter(pc.is_valid(failed["_error"]))
        assert len(bad) == reached == 30
        assert set(bad["_error"].to_pylist()) == {ERROR}
        assert bad["_prediction"].null_count == bad["_score"].null_count == 30


def test_labels_flip() -> None:
    """Every label that is reached becomes another class; those that have not come stay away."""
    rows = traffic(1_000)
    found, reached = harmed("labels=20%", rows)
    known = len(rows) - rows["_label"].null_count
    wrong = pc.sum(pc.not_equal(found["_label"], rows["_label"])).as_py()
    assert wrong == reached == round(0.2 * known)
    assert set(found["_label"].to_pylist()) == {"0", "1", "2", None}
    assert found["_label"].null_count == rows["_label"].null_count
    gone, reached = harmed("missing-labels=50%", rows)
    assert gone["_label"].null_count == rows["_label"].null_count + reached
    assert reached == round(0.5 * known)


def test_labels_that_are_numbers() -> None:
    """They get an error: a fixed one, a factor, or a random one of some standard deviations."""
    rows = traffic(2_000)
    numbers = Facts(FACTS.sources, FACTS.deviations, ())
    before = pc.cast(rows["_label"], "double")
    after = pc.cast(harmed("labels=+5", rows, facts=numbers)[0]["_label"], "double")
    assert after.equals(pc.add(before, 5.0))
    after = pc.cast(harmed("labels=x2", rows, facts=numbers)[0]["_label"], "double")
    assert after.equals(pc.multiply(before, 2.0))
    after = pc.cast(harmed("labels=0.5sd", rows, facts=numbers)[0]["_label"], "double")
    noise = np.array(pc.subtract(after, before).drop_null())
    assert abs(noise.mean()) < 0.1
    assert abs(noise.std() - 1.0) < 0.06
    with pytest.raises(InputError, match="labels of this model are numbers"):
        harmed("labels=20%", rows, facts=numbers)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("drift:temp=30%", "is a number"), ("drift:airport=2sd", "asks for a share"),
        ("drift:airport=3", "asks for a share"), ("drift:airport=x3", "asks for a share"),
        ("drift:_time=0.3", "cannot drift"), ("labels=x3", "asks for a share"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(text: str, words: str) -> None:
    """Harm that makes no sense for a column is refused in a sentence."""
    with pytest.raises(InputError, match=words):
        harmed(text, traffic(20))


def test_unknown_deviations_and_single_classes_are_refused() -> None:
    """Without a reference no standard deviation is known, and one class cannot flip."""
    with pytest.raises(InputError, match="standard deviation of 'temp' is not known"):
        harmed("drift:temp=2sd", traffic(20), facts=Facts(classes=("0",)))
    with pytest.raises(InputError, match="every label is '0'"):
        harmed("labels=20%", traffic(20), facts=Facts(classes=("0",)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("latency=x3", ("latency", None, "times", 3.0, None)),
        ("latency=+200ms", ("latency", None, "add", 200.0, None)),
        (" nulls:a:b=c=30% ", ("nulls", "a:b=c", "percent", 0.3, None)),
        ("drift:temp=-1.5sd", ("drift", "temp", "sd", -1.5, None)),
        ("drift:airport=.5:JFK", ("drift", "airport", "plain", 0.5, "JFK")),
        ("silence", ("silence", None, "plain", 1.0, None)),
        ("missing-labels=50%", ("missing-labels", None, "percent", 0.5, None)),
    ],
    ids=str,
)
def test_reading(text: str, expected: tuple[object, ...]) -> None:
    """An injection is read as it is meant."""
    found = read_injection(text)
    assert found == Injection(text.strip(), *expected)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("latencies=x3", "did you mean 'latency'"), ("", "of no known kind"),
        ("latency", "does not say how much"), ("latency=", "does not say how much"),
        ("latency=fast", "cannot be read"), ("latency=30%", "cannot be read"),
        ("latency=3", "cannot be read"), ("latency:a=x3", "cannot be read"),
        ("nulls=30%", "nulls:temp=30%"), ("nulls:=30%", "cannot be read"),
        ("nulls:temp=130%", "asks for a share"), ("nulls:temp=-1", "cannot be read"),
        ("errors=2", "asks for a share"), ("silence=x2", "cannot be read"),
        ("drift:temp=x2sd", "cannot be read"), ("drift:temp=5ms", "cannot be read"),
        ("drift:temp=" + "9" * 400, "too large"),
    ],
)  # fmt: skip
def test_what_cannot_be_read(text: str, words: str) -> None:
    """What is no injection is refused, with how it is written."""
    with pytest.raises(InputError, match=words):
        read_injection(text)


@pytest.mark.parametrize("kind", FORMS)
def test_the_forms_that_errors_show_can_be_read(kind: str) -> None:
    """The examples in messages work."""
    assert read_injection(FORMS[kind].split(" ")[0].rstrip(",;")).kind == kind
