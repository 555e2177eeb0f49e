"""Binary counts: which rows count, as which class, in which bin."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import confusion_matrix

from watchkeeper.core.errors import ModelError
from watchkeeper.core.model import Model, Task
from watchkeeper.profiles import classification
from watchkeeper.profiles.outcomes import aligned, binary_classes, binned, class_codes


def model(**roles):
    """A binary model with these roles."""
    return Model("m", (), task=Task.BINARY, **roles)


def measured(table, **roles):
    """Layout and statistic of a table on itself."""
    made = model(**roles)
    layout = classification.fit(made, table)
    assert layout is not None
    return layout, classification.measure(layout, made, table.combine_chunks().to_batches()[0])


@pytest.mark.parametrize(
    ("write", "classes"),
    [
        (pa.array, ("0", "1")),
        (lambda y: pa.array(y, pa.int8()), ("0", "1")),
        (lambda y: pa.array(y, pa.float64()), ("0", "1")),
        (lambda y: pa.array(y.astype(bool)), ("false", "true")),
        (lambda y: pa.array(np.where(y, "yes", "no")), ("no", "yes")),
        (lambda y: pa.array(np.where(y, "1", "0")), ("0", "1")),
        (lambda y: pa.array(np.where(y, "a", "b")), ("a", "b")),
        (lambda y: pa.array(np.where(y, "yes", "no")).dictionary_encode(), ("no", "yes")),
    ],
)
def test_classes_of_any_type(write, classes):
    """Numbers, booleans, text and dictionaries give the same counts; the order is told."""
    rng = np.random.default_rng(0)
    y, p = rng.integers(0, 2, 200), rng.integers(0, 2, 200)
    layout, part = measured(pa.table({"y": write(y), "p": write(p)}), label="y", prediction="p")
    assert layout.classes == classes
    expected = confusion_matrix(y, p)
    if classes == ("a", "b"):
        expected = confusion_matrix(1 - y, 1 - p)
    np.testing.assert_array_equal(part.confusion[:2], expected)


def test_label_and_prediction_of_unlike_types():
    """An integer label and a float prediction of the same class are equal."""
    table = pa.table({"y": pa.array([0, 1, 1]), "p": pa.array([0.0, 1.0, 0.0])})
    _, part = measured(table, label="y", prediction="p")
    assert part.confusion.tolist() == [[1, 0], [1, 1], [0, 0]]


def test_missing_and_foreign_values():
    """Null and NaN labels, foreign labels and missing predictions are not labelled rows."""
    table = pa.table(
        {
            "y": pa.array([0.0, 1.0, None, float("nan"), 7.0, 1.0, 0.0]),
            "p": pa.array([0, 1, 1, 0, 1, None, 9]),
        }
    )
    made = model(label="y", prediction="p", classes=("0", "1"))
    layout = classification.fit(made, table)
    part = classification.measure(layout, made, table.to_batches()[0])
    assert part.rows == 7
    assert part.labelled == 2
    assert part.unknown == 1
    assert part.confusion.tolist() == [[1, 0], [0, 1], [1, 2]]


def test_threshold_predicts_where_there_is_no_prediction():
    """A score at the threshold is predicted positive, one just under it negative."""
    score = [0.3, float(np.nextafter(0.3, 0)), 0.9, None]
    table = pa.table({"y": [1, 1, 0, 1], "s": score})
    _, part = measured(table, label="y", score="s", threshold=0.3)
    assert part.confusion.tolist() == [[0, 1], [1, 1], [0, 0]]


def test_bins_hold_exactly_their_scores():
    """Counts and sums of each bin are those of a direct search, for labelled rows and others."""
    rng = np.random.default_rng(3)
    score = np.concatenate((rng.beta(0.3, 2, 5000), np.repeat([0.0, 0.25, 0.5, 1.0], 50)))
    y = rng.integers(0, 3, score.size)
    table = pa.table({"y": pa.array(y, mask=y == 2), "s": score})
    layout, part = measured(table, label="y", score="s")
    where = np.searchsorted(layout.grid.edges, score, side="right")
    for group in range(3):
        held = y == group
        for weight, found in ((None, part.counts), (score, part.sums), (score**2, part.squares)):
            expected = np.bincount(
                where[held], None if weight is None else weight[held], minlength=layout.grid.bins
            )
            np.testing.assert_allclose(found[group], expected, rtol=1e-12)
    assert part.labelled == part.scored == int((y < 2).sum())


def test_scores_that_are_no_probabilities_are_counted():
    """Scores outside [0, 1] are kept and told; infinite and missing ones are missing."""
    table = pa.table(
        {
            "y": [0, 1, 0, 1, 1],
            "s": pa.array([-3.0, 2.5, 0.5, float("inf"), None]),
        }
    )
    _, part = measured(table, label="y", score="s")
    assert (part.outside, part.scored) == (2, 3)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["0", "0"], ("0", "1")),
        ([True, True], ("false", "true")),
        (["yes", "yes"], ("(none)", "yes")),
        (["no", "no"], ("no", "(none)")),
        ([None, None], ("0", "1")),
    ],
)
def test_one_class_in_the_reference(labels, expected):
    """A reference with one class only still tells which one is positive."""
    assert binary_classes((), pa.array(labels), pa.nulls(2)) == expected


def test_too_many_classes():
    """A binary label with three values is refused with the remedy."""
    with pytest.raises(ModelError, match=r"holds 3 values .* set the task to multiclass"):
        binary_classes((), pa.array(["a", "b", "c"]), pa.nulls(3))
    with pytest.raises(ModelError, match=r"two classes, but 3 are named"):
        binary_classes(("a", "b", "c"), pa.nulls(0), pa.nulls(0))


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (pa.array([1, None, 3]), [1, np.nan, 3]),
        (pa.array([True, False, None]), [1, 0, np.nan]),
        (pa.array(["1.5", "x", None, " 2e3 "]), [1.5, np.nan, np.nan, 2000]),
        (pa.array([float("inf"), -float("inf"), 1.0]), [np.nan, np.nan, 1]),
        (pa.array(np.array([0.5, 0], np.float16), mask=np.array([False, True])), [0.5, np.nan]),
        (pa.array([0.5, 0.5, None]).dictionary_encode(), [0.5, 0.5, np.nan]),
        (pa.nulls(2), [np.nan, np.nan]),
        (pa.array([b"x"]), [np.nan]),
        (pa.array([[1.0]]), [np.nan]),
    ],
)
def test_aligned_keeps_every_row(array, expected):
    """Each row keeps its place: a number where it has one, NaN else."""
    np.testing.assert_array_equal(aligned(array), expected)


def test_codes_of_a_text_nan():
    """The text NaN is a class like any other; the number NaN is missing."""
    assert class_codes(pa.array(["NaN", "a"]), ("NaN",)).tolist() == [0, -2]
    assert class_codes(pa.array([float("nan"), 1.0]), ("1",)).tolist() == [-1, 0]


def test_binned_without_values():
    """No values give empty bins."""
    counts, sums, squares = binned(np.empty(0), np.array([0.0, 1.0]))
    assert counts.tolist() == [0, 0, 0]
    assert sums.tolist() == squares.tolist() == [0.0, 0.0, 0.0]
