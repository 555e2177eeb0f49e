"""Multi-class metrics equal scikit-learn's."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import sklearn.metrics as sk
from hypothesis import given
from hypothesis import strategies as st

from tests.metrics.performance_data import MULTICLASS, NAMES, chances_of, held, multiclass_rows
from watchkeeper.core.model import Model, Task
from watchkeeper.metrics.multiclass import per_class
from watchkeeper.metrics.performance import measure_performance_metrics, performance_pieces

PLAIN = Model("m", (), task=Task.MULTICLASS, label="y", prediction="p", classes=NAMES)

AVERAGED = {
    "precision": sk.precision_score,
    "recall": sk.recall_score,
    "f1": sk.f1_score,
}


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), min_size=1, max_size=40))
def test_averages_equal_scikit_learn(pairs):
    """Macro, micro and weighted averages are scikit-learn's, classes that are absent included."""
    y, p = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    found = measure_performance_metrics(*held(PLAIN, {"y": y, "p": p}))
    for name, function in AVERAGED.items():
        for average in ("macro", "micro", "weighted"):
            expected = function(y, p, average=average, zero_division=0)
            estimate = found[f"{name}_{average}"]
            assert estimate.value == pytest.approx(expected, abs=1e-12), (name, average)
            assert estimate.low <= expected + 1e-12, (name, average)
            assert expected <= estimate.high + 1e-12, (name, average)
    assert found["accuracy"].value == pytest.approx(sk.accuracy_score(y, p))
    if len(set(y)) > 1 and len(set(p)) > 1:
        assert found["matthews"].value == pytest.approx(sk.matthews_corrcoef(y, p), abs=1e-12)
    else:
        assert found["matthews"].value is None


def test_each_class_equals_scikit_learn():
    """Precision, recall, F1 and support of each class."""
    rows = multiclass_rows(np.random.default_rng(0), 600)
    layout, part = held(MULTICLASS, rows)
    expected = sk.precision_recall_fscore_support(rows["y"], rows["p"], labels=NAMES)
    found = per_class(layout, part)
    for place, name in enumerate(NAMES):
        for metric, values in zip(("precision", "recall", "f1"), expected, strict=False):
            assert found[name][metric].value == pytest.approx(values[place])
        assert found[name]["support"].value == pytest.approx(expected[3][place] / 600)


def test_a_class_never_predicted_is_undefined_by_itself():
    """A class without predictions has no precision; its macro average says that it counts 0."""
    layout, part = held(PLAIN, {"y": ["a", "b", "b"], "p": ["a", "a", "a"]})
    found = per_class(layout, part)
    assert found["b"]["precision"].value is None
    assert found["b"]["recall"].value == 0
    assert "c" not in found
    assert "count 0" in measure_performance_metrics(layout, part)["precision_macro"].note


def test_labels_that_the_reference_lacks():
    """A class unseen in the reference counts as one that is always predicted wrongly."""
    y, p = ["a", "b", "z", "z", "a"], ["a", "b", "a", "z", "y"]
    layout, part = held(PLAIN, {"y": y, "p": p})
    found = measure_performance_metrics(layout, part)
    # Every prediction on the unseen class is wrong by definition, as is the unseen prediction.
    as_wrong = ["a", "b", "a", "?", "?"]
    assert found["accuracy"].value == pytest.approx(sk.accuracy_score(y, as_wrong))
    assert "2 labels are of a class that the reference lacks" in found["accuracy"].note
    pieces = performance_pieces(layout, None, part)
    assert pieces["confusion"]["labels"] == [*NAMES, "(other)"]


def test_losses_equal_scikit_learn():
    """Log loss and Brier score of all probabilities."""
    rows = multiclass_rows(np.random.default_rng(1), 800)
    found = measure_performance_metrics(*held(MULTICLASS, rows))
    chances = chances_of(rows)
    assert found["log_loss"].value == pytest.approx(sk.log_loss(rows["y"], chances, labels=NAMES))
    hot = np.array(rows["y"])[:, None] == np.array(NAMES)
    expected = np.square(chances - hot).sum(axis=1).mean()
    assert found["brier"].value == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(3))
def test_areas_stay_within_their_bound(seed):
    """One-against-rest areas differ from scikit-learn's by the bound at most."""
    rng = np.random.default_rng(seed)
    rows = multiclass_rows(rng, 2000)
    found = measure_performance_metrics(*held(MULTICLASS, rows, multiclass_rows(rng, 10_000)))
    chances = chances_of(rows)
    roc = sk.roc_auc_score(rows["y"], chances, multi_class="ovr", average="macro", labels=NAMES)
    hot = np.array(rows["y"])[:, None] == np.array(NAMES)
    pr = sk.average_precision_score(hot, chances, average="macro")
    assert abs(found["roc_auc_macro"].value - roc) <= found["roc_auc_macro"].bound < 0.01
    assert abs(found["pr_auc_macro"].value - pr) <= found["pr_auc_macro"].bound


def test_class_absent_in_the_window():
    """A class without rows has no area; the average goes over the others and says so."""
    rng = np.random.default_rng(5)
    rows = pa.record_batch(multiclass_rows(rng, 500))
    without = rows.filter(pa.array([name != "d" for name in rows["y"].to_pylist()]))
    found = measure_performance_metrics(*held(MULTICLASS, without, rows))["roc_auc_macro"]
    y = np.array(without["y"].to_pylist())
    chances = np.stack([without[f"s_{name}"].to_numpy() for name in NAMES], axis=1)
    areas = [sk.roc_auc_score(y == name, chances[:, i]) for i, name in enumerate(NAMES[:3])]
    assert abs(found.value - np.mean(areas)) <= found.bound + 1e-12
    assert "1 of 4 classes" in found.note


def test_no_rows_are_undefined():
    """Without labelled rows every judged metric is None with a reason."""
    found = measure_performance_metrics(*held(PLAIN, {"y": pa.nulls(3), "p": ["a", "b", "a"]}))
    assert all(estimate.value is None and estimate.note for estimate in found.values())


def test_perfect_predictions_keep_some_doubt():
    """At 1 every average has an interval of more than a point."""
    y = [NAMES[i % 4] for i in range(200)]
    found = measure_performance_metrics(*held(PLAIN, {"y": y, "p": y}))
    for name, estimate in found.items():
        assert estimate.value == pytest.approx(1), name
        assert 0.85 < estimate.low < 1, name
