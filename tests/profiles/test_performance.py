"""The seam: every task has a layout, an identity and a lawful merge."""

from __future__ import annotations

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.core.errors import ProfileError
from watchkeeper.core.model import Model, Task
from watchkeeper.profiles.performance import (
    empty_performance,
    fit_performance,
    fits_performance,
    measure_performance,
    merge_performance,
)

MODELS = {
    "binary": Model("m", (), task=Task.BINARY, label="y", prediction="p", score="s"),
    "multiclass": Model(
        "m",
        (),
        task=Task.MULTICLASS,
        label="y",
        prediction="p",
        scores=(("0", "s"), ("1", "s1"), ("2", "s2")),
    ),
    "regression": Model("m", (), task=Task.REGRESSION, label="y", prediction="s"),
    "ranking": Model("m", (), task=Task.RANKING, label="y", score="s", group="q", ranks=(1, 3)),
}


def rows(seed: int, n: int, *, queries: int = 0) -> pa.RecordBatch:
    """Rows with missing labels, predictions and scores; queries count from `queries`."""
    rng = np.random.default_rng(seed)
    s = rng.random(n).round(2)
    table = {
        "y": pa.array(rng.integers(0, 2, n), mask=rng.random(n) < 0.1),
        "p": pa.array(rng.integers(0, 2, n), mask=rng.random(n) < 0.1),
        "s": pa.array(s, mask=rng.random(n) < 0.1),
        "s1": pa.array((1 - s) * 0.75),
        "s2": pa.array((1 - s) * 0.25),
        "q": pa.array(queries + rng.integers(0, max(n // 4, 1), n)),
    }
    return pa.record_batch(table)


def measured(task, batch):
    """The layout that one fixed reference gives, and the statistic of a batch on it."""
    model = MODELS[task]
    layout = fit_performance(model, pa.Table.from_batches([rows(0, 400)]))
    assert layout is not None
    return layout, measure_performance(layout, model, batch)


def assert_same(a, b):
    """Both statistics are equal: counts exactly, sums to the reordering of additions."""
    assert type(a) is type(b)
    for field in msgspec.structs.fields(a):
        mine, other = getattr(a, field.name), getattr(b, field.name)
        if isinstance(mine, msgspec.Struct):
            assert_same(mine, other)
        elif isinstance(mine, np.ndarray) and mine.dtype.kind == "i":
            np.testing.assert_array_equal(mine, other, err_msg=field.name)
        elif isinstance(mine, int) or mine is None:
            assert mine == other, field.name
        else:
            np.testing.assert_allclose(mine, other, rtol=1e-9, atol=1e-9, err_msg=field.name)


@pytest.mark.parametrize("task", MODELS)
@given(sizes=st.lists(st.integers(0, 40), min_size=1, max_size=4), seed=st.integers(0, 1000))
def test_union_is_merge(task, sizes, seed):
    """The statistic of a union is the merge of its parts, in any order and grouping."""
    batches = [rows(seed + i, n, queries=1000 * i) for i, n in enumerate(sizes)]
    layout, whole = measured(
        task,
        pa.Table.from_batches(batches).combine_chunks().to_batches()[0]
        if sum(sizes)
        else batches[0],
    )
    parts = [measured(task, batch)[1] for batch in batches]
    merged = empty_performance(layout)
    for part in parts:
        merged = merge_performance(merged, part)
    assert_same(merged, whole)
    backwards = None
    for part in reversed(parts):
        backwards = merge_performance(part, backwards)
    assert_same(backwards, whole)


@pytest.mark.parametrize("task", MODELS)
def test_order_of_rows_plays_no_part(task):
    """Shuffling the rows changes nothing, ties in a ranking included."""
    batch = rows(5, 300)
    shuffled = batch.take(pa.array(np.random.default_rng(1).permutation(300)))
    assert_same(measured(task, batch)[1], measured(task, shuffled)[1])


@pytest.mark.parametrize("task", MODELS)
def test_empty_is_the_statistic_of_no_rows(task):
    """A batch of no rows gives the identity, and so does None in a merge."""
    layout, nothing = measured(task, rows(0, 0))
    assert_same(nothing, empty_performance(layout))
    some = measured(task, rows(1, 50))[1]
    assert merge_performance(None, some) is some
    assert merge_performance(some, None) is some
    assert merge_performance(None, None) is None
    assert_same(merge_performance(some, nothing), some)


@pytest.mark.parametrize("task", MODELS)
def test_columns_may_be_absent(task):
    """A batch without any column that plays a role counts its rows, none of them labelled."""
    _, part = measured(task, pa.record_batch({"other": pa.array([1, 2, 3])}))
    assert (part.rows, part.labelled) == (3, 0)


@pytest.mark.parametrize("task", MODELS)
def test_columns_may_be_all_null(task):
    """Columns of Arrow's null type count as rows that are not labelled."""
    batch = pa.record_batch({name: pa.nulls(4) for name in rows(0, 1).schema.names})
    _, part = measured(task, batch)
    assert (part.rows, part.labelled) == (4, 0)


def packed(part):
    """A statistic as a profile file holds it: each array as flat bytes, by name."""
    plain = msgspec.to_builtins(
        part, enc_hook=lambda array: array.tobytes(), builtin_types=(bytes,)
    )
    return msgspec.msgpack.encode(plain)


def unpacked(data, kind):
    """The statistic back from `packed`, as the codec reads it."""

    def flat(wanted, value):
        dtype = np.int64 if "int" in str(wanted) else np.float64
        return np.frombuffer(value, dtype=dtype)

    return msgspec.msgpack.decode(data, type=kind, dec_hook=flat)


@pytest.mark.parametrize("task", MODELS)
def test_flat_arrays_get_their_shape_back(task):
    """A statistic read from a file, where arrays are flat, is the one that was written."""
    layout, part = measured(task, rows(2, 60))
    assert_same(unpacked(packed(part), type(part)), part)
    assert fits_performance(layout, part)


@pytest.mark.parametrize("task", MODELS)
def test_strangers_arrays_are_refused(task):
    """An array of a size that fits no shape is a damaged file; another layout's does not fit."""
    layout, part = measured(task, rows(2, 60))
    name = "products" if hasattr(part, "products") else "confusion"
    flat = msgspec.msgpack.decode(packed(part))
    flat[name] = flat[name][:-8]
    with pytest.raises(msgspec.ValidationError, match="reshape"):
        unpacked(msgspec.msgpack.encode(flat), type(part))
    others = [measured(other, rows(2, 60))[0] for other in MODELS if other != task]
    assert not any(fits_performance(other, part) for other in [*others, None])
    assert fits_performance(layout, None)


def test_tasks_do_not_merge():
    """Statistics of two tasks refuse to merge in one sentence."""
    with pytest.raises(ProfileError, match="a binary and a regression cannot be merged"):
        merge_performance(measured("binary", rows(0, 5))[1], measured("regression", rows(0, 5))[1])


def test_no_task_no_layout():
    """A model without a task, or without prediction and score, has no layout."""
    sample = pa.Table.from_batches([rows(0, 10)])
    assert fit_performance(Model("m", ()), sample) is None
    for task in Task:
        assert fit_performance(Model("m", (), task=task, label="y"), sample) is None
    assert empty_performance(None) is None
