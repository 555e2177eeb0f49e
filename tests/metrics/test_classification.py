"""Binary metrics equal scikit-learn's: exactly where they are exact, within the bound else."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import sklearn.metrics as sk
from hypothesis import given
from hypothesis import strategies as st

from tests.metrics.performance_data import BINARY, binary_rows, held
from watchkeeper.core.model import Model, Task
from watchkeeper.metrics.performance import measure_performance_metrics, performance_pieces


def metrics(rows, reference=None, model=BINARY):
    """Every metric of some rows."""
    return measure_performance_metrics(*held(model, rows, reference))


def rows_of(y, s, threshold=0.5):
    """Rows from labels and scores."""
    s = np.asarray(s, dtype=np.float64)
    return {"y": np.asarray(y), "s": s, "p": (s >= threshold).astype(np.int64)}


@given(st.integers(0, 10_000), st.integers(3, 60))
def test_exact_metrics_equal_scikit_learn(seed, n):
    """What is counted exactly equals scikit-learn, or is None where that warns or fails."""
    rng = np.random.default_rng(seed)
    y, s = rng.integers(0, 2, n), rng.random(n)
    found = metrics(rows_of(y, s))
    p = (s >= 0.5).astype(int)
    expected = {
        "accuracy": sk.accuracy_score(y, p),
        "precision": sk.precision_score(y, p) if p.any() else None,
        "recall": sk.recall_score(y, p) if y.any() else None,
        "specificity": sk.recall_score(y, p, pos_label=0) if not y.all() else None,
        "f1": sk.f1_score(y, p) if y.any() or p.any() else None,
        "matthews": sk.matthews_corrcoef(y, p) if 0 < y.sum() < n and 0 < p.sum() < n else None,
        "log_loss": sk.log_loss(y, s, labels=[0, 1]),
        "brier": np.mean((s - y) ** 2),
        "prediction_share": p.mean(),
        "confidence_mean": np.maximum(s, 1 - s).mean(),
        "low_confidence_share": np.mean(np.maximum(s, 1 - s) < 0.6),
    }
    for name, value in expected.items():
        if value is None:
            assert found[name].value is None, name
            assert found[name].note, name
        else:
            assert found[name].value == pytest.approx(value, abs=1e-12), name
            assert found[name].low is None or found[name].low <= value <= found[name].high


@given(st.integers(0, 10_000), st.integers(5, 500))
def test_few_scores_make_areas_exact(seed, n):
    """Where every score has a bin of its own, ties included, the areas are scikit-learn's."""
    rng = np.random.default_rng(seed)
    y, s = rng.integers(0, 2, n), (rng.random(n) * 20).round() / 20
    found = metrics(rows_of(y, s))
    if 0 < y.sum() < n:
        assert found["roc_auc"].value == pytest.approx(sk.roc_auc_score(y, s), abs=1e-12)
        assert found["pr_auc"].value == pytest.approx(sk.average_precision_score(y, s), abs=1e-12)
        assert found["roc_auc"].bound == found["pr_auc"].bound == 0
    else:
        assert found["roc_auc"].value is found["pr_auc"].value is None
        assert "one class" in found["roc_auc"].note


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("rate", [0.5, 0.02])
def test_binned_areas_stay_within_their_bound(seed, rate):
    """On a grid of another sample the areas are within the stated bound, which is small."""
    rng = np.random.default_rng(seed)
    base = float(np.log(rate / (1 - rate)))
    reference = binary_rows(rng, 20_000, base=base)
    current = binary_rows(rng, 5000, base=base, separation=rng.uniform(0.2, 3))
    found = metrics(current, reference)
    y, s = current["y"], current["s"]
    for name, exact, most in (
        ("roc_auc", sk.roc_auc_score(y, s), 0.003),
        ("pr_auc", sk.average_precision_score(y, s), 0.08),
    ):
        assert abs(found[name].value - exact) <= found[name].bound + 1e-12
        assert found[name].bound < most
    assert abs(found["pr_auc"].value - sk.average_precision_score(y, s)) < 0.01


def test_bound_of_a_drifted_score():
    """Scores that have moved into a few wide bins say so by a larger bound, and still hold it."""
    rng = np.random.default_rng(0)
    reference = rows_of(rng.integers(0, 2, 5000), rng.uniform(0.40, 0.41, 5000))
    y = rng.integers(0, 2, 3000)
    current = rows_of(y, np.clip(0.9 + 0.02 * y + rng.normal(size=3000) * 0.02, 0, 1))
    found = metrics(current, reference)["roc_auc"]
    exact = sk.roc_auc_score(current["y"], current["s"])
    assert found.bound > 0.01
    assert abs(found.value - exact) <= found.bound


def test_perfect_scores():
    """A perfect model has all areas and rates at 1, with an interval that still doubts."""
    y = np.arange(400) % 2
    found = metrics(rows_of(y, np.where(y, 0.99, 0.01)))
    for name in (
        "accuracy",
        "precision",
        "recall",
        "specificity",
        "f1",
        "matthews",
        "roc_auc",
        "pr_auc",
    ):
        assert found[name].value == pytest.approx(1.0)
        assert 0.9 < found[name].low < 1.0, name
        assert found[name].high == pytest.approx(1.0)


def test_reversed_scores():
    """A model that is always wrong has an area of 0 and a correlation of -1."""
    y = np.arange(400) % 2
    found = metrics(rows_of(y, np.where(y, 0.01, 0.99)))
    assert found["roc_auc"].value == 0
    assert found["matthews"].value == pytest.approx(-1)
    assert found["matthews"].high > -1


def test_labels_as_text():
    """Classes named in text give the same metrics as numbers do."""
    rng = np.random.default_rng(1)
    rows = binary_rows(rng, 500)
    text = {
        "y": np.where(rows["y"], "late", "on time"),
        "p": pa.array(np.where(rows["p"], "late", "on time")).dictionary_encode(),
        "s": rows["s"],
    }
    named = Model(
        "m", (), task=Task.BINARY, label="y", prediction="p", score="s", classes=("on time", "late")
    )
    assert metrics(text, model=named) == metrics(rows)


def test_scores_that_are_no_probabilities():
    """Scores outside [0, 1] rank as ever, but have no losses and no calibration."""
    rng = np.random.default_rng(2)
    y = rng.integers(0, 2, 300)
    s = y + rng.normal(size=300) * 2
    found = metrics(rows_of(y, s))
    assert found["roc_auc"].value == pytest.approx(sk.roc_auc_score(y, s), abs=1e-12)
    for name in ("log_loss", "brier", "ece", "mce"):
        assert found[name].value is None, name
        assert "outside [0, 1]" in found[name].note, name


def test_no_labels_leave_confidence_and_shares():
    """Without labels nothing is judged, but what is predicted, and how surely, is known."""
    rng = np.random.default_rng(3)
    rows = binary_rows(rng, 300)
    found = metrics({**rows, "y": pa.nulls(300)}, rows)
    for name in ("accuracy", "precision", "recall", "f1", "matthews", "roc_auc", "log_loss", "ece"):
        assert found[name].value is None, name
        assert found[name].note, name
    assert found["prediction_share"].value == pytest.approx(rows["p"].mean())
    assert found["confidence_mean"].n_current == 300


def test_log_loss_of_certain_mistakes_is_finite():
    """A probability of 0 for what happened is clipped as in scikit-learn."""
    y, s = np.array([1, 0, 1, 0]), np.array([0.0, 1.0, 1.0, 0.0])
    assert metrics(rows_of(y, s))["log_loss"].value == pytest.approx(sk.log_loss(y, s))


def test_brier_equals_scikit_learn():
    """The Brier score is scikit-learn's."""
    rows = binary_rows(np.random.default_rng(4), 1000)
    assert metrics(rows)["brier"].value == pytest.approx(sk.brier_score_loss(rows["y"], rows["s"]))


def test_curves_lie_on_scikit_learns():
    """Each point of the ROC and precision-recall curve is one of the exact curve."""
    rng = np.random.default_rng(5)
    y, s = rng.integers(0, 2, 2000), (rng.random(2000) * 40).round() / 40
    layout, part = held(BINARY, rows_of(y, s))
    pieces = performance_pieces(layout, None, part)
    false, true, _ = sk.roc_curve(y, s, drop_intermediate=False)
    exact = np.stack((false, true), axis=1)
    roc = np.array(pieces["roc"]["current"])
    assert roc[0].tolist() == [0, 0]
    assert roc[-1].tolist() == [1, 1]
    for point in roc:
        assert np.abs(exact - point).sum(axis=1).min() < 1e-5
    precision, recall, _ = sk.precision_recall_curve(y, s)
    exact = np.stack((recall, precision), axis=1)
    for point in pieces["pr"]["current"]:
        assert np.abs(exact - point).sum(axis=1).min() < 1e-5
    assert max(len(roc), len(pieces["pr"]["current"])) <= 60
    assert pieces["roc"]["reference"] == []


def test_delong_equals_the_pairwise_formula():
    """Without ties and with many rows the standard error is DeLong's, from all pairs."""
    rng = np.random.default_rng(6)
    pos, neg = (rng.normal(1, 1, 300) * 100).round(), (rng.normal(0, 1, 400) * 100).round()
    pairs = (pos[:, None] > neg).astype(float) + 0.5 * (pos[:, None] == neg)
    variance = pairs.mean(1).var(ddof=1) / 300 + pairs.mean(0).var(ddof=1) / 400
    rows = rows_of(np.repeat([1, 0], [300, 400]), np.append(pos, neg))
    # On a grid with an edge at every score the counts are exact.
    from watchkeeper.metrics.classification_curves import area_under_roc

    values = np.unique(rows["s"])
    counts = [np.array([(side == v).sum() for v in values], float) for side in (neg, pos)]
    found = area_under_roc(*counts, np.ones(values.size, bool))
    area = pairs.mean()
    spread = np.log(found.high / (1 - found.high)) - np.log(found.low / (1 - found.low))
    deviation = spread / 2 / 1.959964 * area * (1 - area)
    assert deviation == pytest.approx(np.sqrt(variance), rel=0.02)
    assert deviation >= np.sqrt(variance)
