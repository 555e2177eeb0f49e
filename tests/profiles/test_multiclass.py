"""Multi-class counts: classes, unseen ones, probabilities and confidence."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from sklearn.metrics import confusion_matrix

from watchkeeper.core.model import Model, Task
from watchkeeper.profiles import multiclass

CLASSES = ("a", "b", "c")
SCORES = tuple((name, f"s_{name}") for name in CLASSES)


def table(seed=0, n=500):
    """Rows with probabilities whose largest is the prediction."""
    rng = np.random.default_rng(seed)
    chances = rng.dirichlet((1, 1, 1), n)
    names = np.array(CLASSES)
    return pa.table(
        {
            "y": names[rng.integers(0, 3, n)],
            "p": names[chances.argmax(axis=1)],
            **{column: chances[:, place] for place, (_, column) in enumerate(SCORES)},
        }
    )


def measured(rows, reference=None, **roles):
    """Layout and statistic."""
    made = Model("m", (), task=Task.MULTICLASS, label="y", **roles)
    layout = multiclass.fit(made, reference if reference is not None else rows)
    assert layout is not None
    return layout, multiclass.measure(layout, made, rows.combine_chunks().to_batches()[0])


def test_confusion_equals_scikit_learn():
    """Counts of labels against predictions, with or without a prediction column."""
    rows = table()
    expected = confusion_matrix(rows["y"].to_pylist(), rows["p"].to_pylist(), labels=CLASSES)
    for roles in ({"prediction": "p"}, {"scores": SCORES}, {"prediction": "p", "scores": SCORES}):
        layout, part = measured(rows, **roles)
        assert layout.classes == CLASSES
        np.testing.assert_array_equal(part.confusion[:3, :3], expected)
        assert part.labelled == part.rows == 500


def test_unseen_classes_are_other():
    """Labels and predictions that the reference lacks are counted as (other), nulls apart."""
    rows = pa.table({"y": ["a", "z", None, "b"], "p": ["z", "z", "a", None]})
    layout, part = measured(rows, reference=table(), prediction="p")
    k = len(layout.classes)
    assert part.confusion[0, k] == 1
    assert part.confusion[k, k] == 1
    assert part.confusion[k + 1, 0] == 1
    assert (part.rows, part.labelled) == (4, 2)


def test_integer_classes_are_in_the_order_of_numbers():
    """Classes 2 and 10 stand in this order, not in that of their texts."""
    rows = pa.table({"y": [10, 2, 2], "p": [10.0, 10.0, 2.0]})
    layout, part = measured(rows, prediction="p")
    assert layout.classes == ("2", "10")
    assert part.confusion[:2, :2].tolist() == [[1, 1], [0, 1]]


def test_counts_of_probabilities():
    """Each class's rows by bin are those of a direct search."""
    rows = table(1, 2000)
    layout, part = measured(rows, scores=SCORES)
    y = np.array(rows["y"].to_pylist())
    start = 0
    for (name, column), grid in zip(SCORES, layout.grids, strict=True):
        where = np.searchsorted(grid.edges, rows[column].to_numpy(), side="right")
        for own in (0, 1):
            expected = np.bincount(where[(y == name) == bool(own)], minlength=grid.bins)
            np.testing.assert_array_equal(part.counts[own, start : start + grid.bins], expected)
        start += grid.bins
    assert part.counts.shape[1] == start
    assert part.scored == 2000


def test_confidence_counts_right_and_wrong():
    """The confidence is the largest probability; it is right where that class is the label."""
    rows = table(2)
    _, part = measured(rows, scores=SCORES)
    y, p = np.array(rows["y"].to_pylist()), np.array(rows["p"].to_pylist())
    top = np.max([rows[column].to_numpy() for _, column in SCORES], axis=0)
    right, wrong = multiclass.RIGHT, multiclass.WRONG
    assert part.confident[right].sum() == (y == p).sum()
    np.testing.assert_allclose(part.confident_sums[wrong].sum(), top[y != p].sum())
    np.testing.assert_allclose(part.confident_squares.sum(), (top**2).sum())


def test_score_alone_is_the_confidence():
    """A single score column is the confidence of the prediction."""
    rows = pa.table({"y": ["a", "b"], "p": ["a", "a"], "s": [0.9, 0.4]})
    _, part = measured(rows, prediction="p", score="s")
    assert part.confident.sum(axis=1).tolist() == [1, 1, 0]


def test_incomplete_probabilities_are_left_out():
    """A row without one of the probabilities has no loss and no top class."""
    rows = table(3, 10)
    holes = rows.set_column(2, "s_a", pa.array([None, *rows["s_a"].to_pylist()[1:]], pa.float64()))
    _, part = measured(holes, reference=rows, scores=SCORES)
    assert (part.scored, part.labelled) == (9, 9)


def test_scores_of_some_classes_make_no_probabilities():
    """Probabilities for some of the classes only are not used, predictions still are."""
    layout, _ = measured(table(), prediction="p", scores=SCORES[:2], classes=CLASSES)
    assert layout.scores == ()
