"""Data quality: exact counts on hand-made data, and statuses that luck does not trip."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from watchkeeper.core.model import Column, Constraint, Kind, Model, Role, Rule, Thresholds
from watchkeeper.metrics.quality import family, measure_quality, measure_rule
from watchkeeper.metrics.quality_columns import outside
from watchkeeper.metrics.quality_status import judge_excess, judge_target
from watchkeeper.metrics.quality_support import expected_distinct, range_excess, unseen_excess
from watchkeeper.profiles import categorical
from watchkeeper.profiles.categorical import Vocabulary
from watchkeeper.profiles.fit import fit_layout, with_bounds
from watchkeeper.profiles.grid import fit_grid
from watchkeeper.profiles.kernel import profile_batch
from watchkeeper.profiles.layout import Layout
from watchkeeper.profiles.numeric import measure
from watchkeeper.profiles.profile import Profile, Statistics, Tally


def model(*columns: Column, **more: Any) -> Model:
    """A model of some columns."""
    return Model("m", columns, **more)


def profile(table: pa.Table, layout: Layout, tallies: dict[str, Tally] | None = None) -> Profile:
    """The profile of a table, with tallies put in."""
    made = profile_batch(table.combine_chunks().to_batches()[0], layout)
    whole = made.whole
    kept = Statistics(whole.rows, whole.columns, whole.performance, tallies or {}, whole.sketch)
    return Profile(layout, kept, made.segments, made.observed)


def quality(
    said: Model,
    reference: dict[str, Any],
    current: dict[str, Any],
    tallies: tuple[dict[str, Tally], dict[str, Tally]] = ({}, {}),
    **more: Any,
) -> dict[str, Any]:
    """The quality of one table against another."""
    before, now = pa.table(reference), pa.table(current)
    layout = fit_layout(said, before)
    sides = (profile(before, layout, tallies[0]), profile(now, layout, tallies[1]))
    return measure_quality(with_bounds(sides[0]), sides[1], **more)


NUMBER = Column("x", Kind.NUMERIC)
TEXT = Column("c", Kind.CATEGORICAL)


def test_schema() -> None:
    """Missing, unexpected and retyped columns are found; widths and encodings are no retyping."""
    said = model(
        *(Column(name, Kind.NUMERIC) for name in ("gone", "wide", "float", "texts", "nulls")),
        Column("optional", Kind.NUMERIC, constraint=Constraint(required=False)),
        Column("label", Kind.NUMERIC, Role.LABEL),
        Column("ignored", Kind.NUMERIC, Role.IGNORED),
        TEXT,
        Column("declared", Kind.CATEGORICAL, constraint=Constraint(dtype="string")),
        label="label",
    )
    one = pa.array([1, 2], pa.int32())
    names = ("gone", "wide", "float", "texts", "nulls", "optional", "label", "ignored", "declared")
    reference = {**dict.fromkeys(names, one), "c": ["a", "b"]}
    current = {
        "wide": one.cast(pa.int64()),
        "float": one.cast(pa.float32()),
        "texts": ["1", "x"],
        "nulls": pa.nulls(2),
        "c": pa.array(["a", "b"]).dictionary_encode(),
        "declared": one,
        "new": one,
    }
    found = quality(said, reference, current)["schema"]
    assert found == {
        "missing": ["gone"],
        "unexpected": ["new"],
        "retyped": [
            {"column": "texts", "expected": "int32", "got": "string"},
            {"column": "declared", "expected": "string", "got": "int32"},
        ],
        "status": "fail",
    }
    alike = quality(model(NUMBER), {"x": [1.0]}, {"x": [1], "new": [1]})["schema"]
    assert alike["status"] == "warn"


def test_families() -> None:
    """Types that hold the same things are one family; other types stand alone."""
    assert family("dictionary<values=string, indices=int32, ordered=0>") == "text"
    assert family("timestamp[us, tz=UTC]") == family("date64[ms]") == "time"
    assert family("time64[us]") == family("duration[s]") != "time"
    assert family("string_view") == family("large_string") == "text"
    assert family("list<x: int64>") != family("list<x: string>")
    assert family("bool") != family("int8")


def test_missing_values() -> None:
    """Null and NaN are missing; a reference that misses more raises the undeclared limit."""
    rows = [1.0] * 100
    holes = [None] * 20 + [float("nan")] * 20 + [1.0] * 60
    strict = Column("x", Kind.NUMERIC, constraint=Constraint(max_missing=0.1))
    found = quality(model(NUMBER), {"x": rows}, {"x": holes})["columns"]["x"]["missing"]
    assert found == {"reference": 0.0, "current": 0.4, "threshold": 0.05, "status": "fail"}
    usual = quality(model(NUMBER), {"x": holes}, {"x": holes})["columns"]["x"]["missing"]
    assert usual["status"] == "pass"
    assert usual["threshold"] > 0.4
    declared = quality(model(strict), {"x": holes}, {"x": holes})["columns"]["x"]["missing"]
    assert declared["status"] == "fail"
    late = Column("x", Kind.NUMERIC, Role.LABEL)
    label = quality(model(late, label="x"), {"x": rows}, {"x": holes})["columns"]["x"]["missing"]
    assert label["status"] == "pass"


def test_declared_range_is_exact() -> None:
    """Limits belong to the range, infinities and near misses do not."""
    limits = Constraint(minimum=0, maximum=10)
    values = [0.0, 10.0, float(np.nextafter(10, 11)), -0.0, -5e-324, float("inf"), 5.0, None]
    column = Column("x", Kind.NUMERIC, constraint=limits)
    found = quality(model(column), {"x": [1.0, 2.0, 30.0]}, {"x": values})
    item = found["columns"]["x"]["out_of_range"]
    assert (item["current"], item["exact"], item["source"]) == (3 / 7, True, "declared")
    assert item["reference"] == 1 / 3


@settings(max_examples=100, deadline=None)
@given(
    sample=st.lists(st.integers(-20, 20), min_size=1, max_size=30),
    values=st.lists(st.integers(-40, 40) | st.just(float("inf")), max_size=30),
    low=st.none() | st.integers(-30, 0),
    high=st.none() | st.integers(0, 30),
    edges=st.booleans(),
)
def test_outside(
    sample: list[int], values: list[float], low: int | None, high: int | None, *, edges: bool
) -> None:
    """Counts outside a range are exact with its edges on the grid, else never too high."""
    limits = [] if low is None else [float(low)]
    limits += [] if high is None else [float(np.nextafter(high, np.inf))]
    extra = np.array(limits) if edges else None
    grid = fit_grid(np.array(sample, dtype=float), extra=extra)
    held = measure(np.array(values, dtype=float), 0, grid)
    want = sum((low is not None and v < low) or (high is not None and v > high) for v in values)
    hits, exact = outside(held, grid, low, high)
    assert hits <= want
    assert hits == want or not exact
    assert exact or not edges


def test_dates_out_of_range() -> None:
    """A declared first day counts exactly; without one, time may go on."""
    days = pa.array([0, 86_400, 2 * 86_400], pa.timestamp("s"))
    column = Column("t", Kind.DATETIME, constraint=Constraint(minimum="1970-01-02"))
    found = quality(model(column), {"t": days}, {"t": days})["columns"]["t"]
    assert found["out_of_range"]["current"] == 1 / 3
    free = quality(model(Column("t", Kind.DATETIME)), {"t": days}, {"t": days})["columns"]["t"]
    assert free["out_of_range"] is None


def test_unseen_categories() -> None:
    """Declared lists and the reference's own categories; both count what is not among them."""
    reference = {"c": ["a"] * 500 + ["b"] * 500}
    current = {"c": ["a"] * 90 + ["z"] * 10}
    found = quality(model(TEXT), reference, current)["columns"]["c"]["unseen"]
    assert (found["current"], found["source"], found["status"]) == (0.1, "reference", "fail")
    allowed = Column("c", Kind.CATEGORICAL, constraint=Constraint(values=("a", "z")))
    item = quality(model(allowed), reference, current)["columns"]["c"]["unseen"]
    assert (item["reference"], item["current"], item["status"]) == (0.5, 0.0, "pass")


def test_unseen_beyond_the_vocabulary() -> None:
    """A value beyond the thousand most frequent of the reference is not new."""
    reference = {"c": [f"v{i}" for i in range(1500) for _ in range(2)]}
    current = {"c": [f"v{i}" for i in range(1500)] + ["new"] * 500}
    found = quality(model(TEXT), reference, current)["columns"]["c"]["unseen"]
    assert found["current"] == 500 / 2000


def test_odd_numbers_and_constants() -> None:
    """New infinities fail, new NaN warns, a newly constant column fails once luck is ruled out."""
    rng = np.random.default_rng(1)
    rows = rng.integers(0, 5, 500).astype(float)
    odd = rows.copy()
    odd[:3] = [np.inf, -np.inf, np.nan]
    found = quality(model(NUMBER), {"x": rows}, {"x": odd})["columns"]["x"]
    assert (found["infinities"]["current"], found["infinities"]["status"]) == (2 / 500, "fail")
    assert (found["nans"]["current"], found["nans"]["status"]) == (1 / 500, "warn")
    assert (
        quality(model(NUMBER), {"x": odd}, {"x": odd})["columns"]["x"]["nans"]["status"] == "pass"
    )
    constant = [quality(model(NUMBER), {"x": rows}, {"x": [3.0] * n}) for n in (1, 500)]
    statuses = [item["columns"]["x"]["constant"]["status"] for item in constant]
    assert statuses == ["pass", "fail"]
    always = quality(model(NUMBER), {"x": [1.0] * 50}, {"x": [2.0] * 50})["columns"]["x"]
    assert always["constant"] == {"reference": True, "current": True, "status": "pass"}


def test_cardinality() -> None:
    """A shorter window is compared with what a draw of its size would show."""
    reference = {"c": [f"v{i}" for i in range(200) for _ in range(50)]}
    few = {"c": [f"v{i % 50}" for i in range(100)]}
    alike = quality(model(TEXT), reference, few)["columns"]["c"]["cardinality"]
    assert (alike["current"], alike["status"]) == (50, "fail")
    assert alike["expected"] == pytest.approx(200 * (1 - (1 - 1 / 200) ** 100), rel=0.01)
    rng = np.random.default_rng(2)
    fair = {"c": [f"v{i}" for i in rng.integers(0, 200, 100)]}
    assert quality(model(TEXT), reference, fair)["columns"]["c"]["cardinality"]["status"] == "pass"
    many = {"c": [f"v{i}" for i in range(300) for _ in range(50)]}
    grown = quality(model(TEXT), reference, many)["columns"]["c"]["cardinality"]
    assert (grown["current"], grown["status"]) == (300, "fail")


@settings(max_examples=60, deadline=None)
@given(counts=st.lists(st.integers(1, 30), min_size=1, max_size=12), data=st.data())
def test_rarefaction_is_hypergeometric(counts: list[int], data: Any) -> None:
    """The expected number of categories is that of a draw without replacement, by SciPy."""
    held = categorical.measure({str(i): n for i, n in enumerate(counts)}, 0, Vocabulary(("0",)))
    total = sum(counts)
    rows = data.draw(st.integers(1, total))
    want = sum(1 - stats.hypergeom.pmf(0, total, n, rows) for n in counts)
    assert expected_distinct(held, rows)[0] == pytest.approx(want, rel=1e-6)


@pytest.mark.parametrize("rows", [2, 10, 1000])
def test_range_bound_is_exact(rows: int) -> None:
    """The mass outside a sample's range stays below its bound 95 times in 100."""
    assert range_excess(rows) == pytest.approx(stats.beta.ppf(0.95, 2, rows - 1), rel=1e-9)
    assert range_excess(rows, ends=1) == pytest.approx(stats.beta.ppf(0.95, 1, rows), rel=1e-9)


def test_unseen_bound_covers() -> None:
    """The mass of categories that a sample missed is below the bound nearly always."""
    rng = np.random.default_rng(3)
    covered = 0
    weights = 1 / np.arange(1, 301) ** 1.2
    weights /= weights.sum()
    for _ in range(200):
        drawn = np.bincount(rng.choice(300, 300, p=weights), minlength=300)
        counted = {str(i): int(n) for i, n in enumerate(drawn) if n}
        held = categorical.measure(counted, 0, Vocabulary(()))
        covered += float(weights[drawn == 0].sum()) <= unseen_excess(held)
    assert covered >= 185


def test_no_change_seldom_fails() -> None:
    """Of windows without change at most 2 % of the columns fail and 5 % warn."""
    rng = np.random.default_rng(4)
    zipf = 1 / np.arange(1, 101)
    zipf /= zipf.sum()

    def draw(rows: int) -> dict[str, Any]:
        x = rng.standard_t(2, rows)
        return {
            "x": pa.array(x, mask=rng.random(rows) < 0.06),
            "c": [f"v{i}" for i in rng.choice(100, rows, p=zipf)],
            "few": rng.choice(["a", "b"], rows, p=[0.98, 0.02]),
        }

    said = model(NUMBER, TEXT, Column("few", Kind.CATEGORICAL))
    failed = warned = 0
    for before, now in [(50, 20), (100, 1000), (1000, 100), (300, 300)] * 25:
        columns = quality(said, draw(before), draw(now))["columns"]
        failed += sum(item["status"] == "fail" for item in columns.values())
        warned += sum(item["status"] == "warn" for item in columns.values())
    assert failed <= 6
    assert warned <= 15


def test_statuses_respect_luck() -> None:
    """Over the limit warns on few rows and fails on many; at the limit passes."""
    assert judge_excess(1, 20, 0.05) == "pass"
    assert judge_excess(2, 20, 0.05) == "warn"
    assert judge_excess(10, 20, 0.05) == "fail"
    assert judge_excess(1, 10**6, 0.0) == "fail"
    assert judge_excess(0, 0, 0.05) == "not_enough_data"
    assert judge_target(0.99, 10, 0.99) == "pass"
    assert judge_target(0.98, 10, 0.99) == "warn"
    assert judge_target(0.98, 10**5, 0.99) == "fail"
    assert judge_target(None, 10, 0.99) == "not_enough_data"


def test_rules() -> None:
    """Unknown rows count neither way; one certain failure breaks a target of 100 %."""
    rule = Rule("r", "x > 0", target=1.0, severity="critical")
    found = measure_rule(rule, Tally(10, 1, 5))
    assert (found["share_passed"], found["status"], found["severity"]) == (0.8, "fail", "critical")
    assert measure_rule(Rule("r", "x > 0", target=0.95), Tally(10, 1, 0))["status"] == "warn"
    assert measure_rule(rule, Tally(5, 0, 5))["status"] == "not_enough_data"
    assert measure_rule(rule, None)["share_passed"] is None


def test_duplicates() -> None:
    """Repeated ids fail; rows that repeat by nature are judged against the reference."""
    key = model(Column("k", Kind.CATEGORICAL, Role.ID), NUMBER, id="k")
    rows = {"k": list(range(100)), "x": [1.0] * 100}
    twice = {"k": [*range(98), 1, 2], "x": [1.0] * 100}
    found = quality(key, rows, twice)["duplicates"]
    assert (found["current"], found["kind"], found["exact"]) == (0.02, "ids", True)
    assert found["status"] == "fail"
    assert quality(key, rows, rows)["duplicates"]["status"] == "pass"
    natural = {"x": [1.0, 2.0] * 100}
    assert quality(model(NUMBER), natural, natural)["duplicates"]["status"] == "pass"
    unlike = {"x": np.arange(200.0)}
    assert quality(model(NUMBER), unlike, natural)["duplicates"]["status"] == "fail"


def test_scores() -> None:
    """The five scores by hand."""
    said = model(
        Column("x", Kind.NUMERIC, constraint=Constraint(minimum=0, maximum=9)),
        Column("c", Kind.CATEGORICAL),
        Column("mail", Kind.TEXT, constraint=Constraint(pattern="email", max_length=5)),
        Column("late", Kind.CATEGORICAL, Role.LABEL),
        Column("at", Kind.DATETIME, Role.TIMESTAMP),
        label="late", timestamp="at", rules=(Rule("r", "x > 0"), Rule("s", "x < 9")),
    )  # fmt: skip
    times = pa.array([0, 3600, 7200, 7200], pa.timestamp("s"))
    reference = {"x": [0.0, 1.0, 2.0, 9.0], "c": list("abab"), "mail": ["a@b.de"] * 4,
                 "late": [True] * 4, "at": times}  # fmt: skip
    current = {**reference, "x": [0.0, -1.0, None, 9.0], "c": ["a", None, "z", "b"],
               "late": pa.nulls(4, pa.bool_())}  # fmt: skip
    tallies = {"form:mail": Tally(4, 1, 0), "pattern:mail": Tally(4, 1, 0),
               "length:mail": Tally(4, 1, 0), "rules": Tally(4, 1, 1), "rule:r": Tally(4, 1, 1),
               "rule:s": Tally(4, 0, 1)}  # fmt: skip
    scores = quality(said, reference, current, ({}, tallies), now=7200 + 1800)["scores"]
    assert scores["completeness"]["current"] == 14 / 16
    assert scores["completeness"]["reference"] == 1.0
    # Cells with a value: 3 + 3 + 4 + 0 + 4; invalid: x = -1 and one address.
    assert scores["validity"]["current"] == pytest.approx(12 / 14)
    assert scores["consistency"]["current"] == pytest.approx(2 / 3)
    # Of the features x (0..9 declared) and c (a, b in the reference) 2 of 6 cells are strange.
    assert scores["accuracy"]["current"] == pytest.approx(4 / 6)
    assert scores["timeliness"] == {
        "reference": None, "current": 0.5, "target": 1.0, "n": 4, "status": "pass",
    }  # fmt: skip
    plain = quality(model(TEXT), {"c": ["a"]}, {"c": ["a"]})["scores"]
    assert (plain["consistency"]["status"], plain["timeliness"]["current"]) == (None, None)


def test_target_that_the_reference_misses() -> None:
    """A target that the reference misses as well warns and says so, unless it got worse."""
    aims = Thresholds(completeness=0.99)
    half = {"x": [1.0, None] * 500}
    less = {"x": [1.0, None, None, None] * 250}
    said = model(NUMBER, thresholds=aims)
    alike = quality(said, half, half)["scores"]["completeness"]
    assert alike["status"] == "warn"
    assert "the reference misses this target too" in alike["note"]
    assert quality(said, half, less)["scores"]["completeness"]["status"] == "fail"


def test_nothing_there() -> None:
    """A window of no rows, or of nulls alone, gives no number and no failure but the missing."""
    said = model(NUMBER, TEXT)
    reference = {"x": [1.0, 2.0], "c": ["a", "b"]}
    void = {"x": pa.nulls(30, pa.float64()), "c": pa.nulls(30, pa.string())}
    columns = quality(said, reference, void)["columns"]
    assert columns["x"]["missing"]["status"] == "fail"
    assert columns["x"]["out_of_range"]["current"] is None
    assert columns["c"]["unseen"]["status"] == "not_enough_data"
    assert columns["c"]["cardinality"]["status"] == "not_enough_data"
