"""Labels, predictions and scores row by row: class codes and numbers that stay side by side."""

from __future__ import annotations

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper.core.errors import ModelError
from watchkeeper.profiles.base import Floats, Ints, between
from watchkeeper.profiles.values import codes, counted

POSITIVE = ("1", "true", "yes", "y", "t", "positive", "pos", "TRUE", "True", "Yes", "YES")
"""Texts that name the positive class where a model does not say which one it is."""

_NUMBER = r"^\s*[+-]?((\d+\.?\d*|\.\d+)([eE][+-]?\d+)?)\s*$"


def column_of(batch: pa.RecordBatch | pa.Table, name: str | None) -> pa.Array:
    """One column as a single array; nulls where there is no such column.

    Examples
    --------
    >>> column_of(pa.record_batch({"a": [1, 2]}), "b").null_count
    2
    """
    if name is None or name not in batch.schema.names:
        return pa.nulls(batch.num_rows)
    column = batch.column(name)
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def class_codes(array: pa.Array, classes: tuple[str, ...]) -> Ints:
    """The position of each row's class, -1 where it is missing, -2 where it is no class.

    Parameters
    ----------
    array
        Text, dictionaries, booleans or numbers; `1`, `1.0` and `"1"` are one class, `true` and
        `"true"` another. NaN is missing.
    classes
        The texts of the classes.

    Returns
    -------
    Ints
        Shape (rows,).

    Examples
    --------
    >>> class_codes(pa.array([1.0, 0.0, None, 7.0]), ("0", "1")).tolist()
    [1, 0, -1, -2]
    """
    places = {name: place for place, name in enumerate(classes)}
    value_type = array.type.value_type if pa.types.is_dictionary(array.type) else array.type
    if pa.types.is_floating(value_type):
        places["NaN"] = -1
    return codes(array, places)


def aligned(array: pa.Array) -> Floats:
    """Each row's value as a finite number; NaN where it is null, infinite or no number.

    Examples
    --------
    >>> aligned(pa.array([1, None, 3])).tolist()
    [1.0, nan, 3.0]
    """
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    type_ = array.type
    if pa.types.is_null(type_):
        return np.full(len(array), np.nan)
    if pa.types.is_string(type_) or pa.types.is_large_string(type_):
        spelt = pc.fill_null(pc.match_substring_regex(array, _NUMBER), False)
        array = pc.if_else(spelt, pc.utf8_trim_whitespace(array), pa.scalar(None, type_))
    elif pa.types.is_boolean(type_):
        array = array.cast(pa.int8())
    elif not (
        pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_decimal(type_)
    ):
        return np.full(len(array), np.nan)
    if pa.types.is_float16(array.type):
        array = array.cast(pa.float32())
    if not pa.types.is_float64(array.type):
        array = array.cast(pa.float64(), safe=False)
    values: Floats = array.to_numpy(zero_copy_only=False)
    finite = np.isfinite(values)
    return values if finite.all() else np.where(finite, values, np.nan)


def shaped(holder: object, name: str, shape: tuple[int, ...]) -> None:
    """Give an array of a frozen struct its shape back: a profile file holds arrays flat.

    Called from `__post_init__`; a size that does not fit raises `ValueError`, which decoding
    reports as a damaged file.
    """
    held = getattr(holder, name)
    if held.ndim != len(shape):
        msgspec.structs.force_setattr(holder, name, held.reshape(shape))  # type: ignore[arg-type]  # a struct


def binned(values: Floats, edges: Floats) -> tuple[Ints, Floats, Floats]:
    """Rows, sum and sum of squares of the values in each bin.

    Parameters
    ----------
    values
        Finite numbers in any order, shape (n,).
    edges
        Inclusive lower bounds of all bins but the first, shape (k,).

    Returns
    -------
    tuple[Ints, Floats, Floats]
        Each of shape (k + 1,).

    Examples
    --------
    >>> binned(np.array([0.5, 2.0, 3.0]), np.array([1.0]))[1].tolist()
    [0.5, 5.0]
    """
    ordered = np.sort(values)
    cuts = np.searchsorted(ordered, edges, side="left")
    counts = between(cuts, ordered.size)
    starts = np.concatenate(([0], cuts))
    held = np.append(ordered, 0.0)
    sums = np.where(counts > 0, np.add.reduceat(held, starts), 0.0)
    squares = np.where(counts > 0, np.add.reduceat(held * held, starts), 0.0)
    return counts, sums, squares


def products_of(terms: Floats) -> Floats:
    """The sums over rows of the products of each two terms.

    Parameters
    ----------
    terms
        One row for each term, shape (terms, rows).

    Returns
    -------
    Floats
        Shape (terms, terms), symmetric. It is `terms @ terms.T` without the threads of a BLAS,
        which wait for each other where the machine is busy.

    Examples
    --------
    >>> products_of(np.array([[1.0, 1.0], [2.0, 3.0]])).tolist()
    [[2.0, 5.0], [5.0, 13.0]]
    """
    size = len(terms)
    products = np.empty((size, size))
    for place in range(size):
        sums = (terms[place:] * terms[place]).sum(axis=1)
        products[place, place:] = sums
        products[place:, place] = sums
    return products


def seen_classes(array: pa.Array) -> dict[str, int]:
    """How often each class occurs in a column, NaN left out.

    >>> seen_classes(pa.array([True, False, True]))
    {'true': 2, 'false': 1}
    """
    counts, _ = counted(array)
    counts.pop("NaN", None)
    return counts


def binary_classes(
    named: tuple[str, ...], labels: pa.Array, predictions: pa.Array
) -> tuple[str, str]:
    """The negative and the positive class of a binary model.

    Parameters
    ----------
    named
        The classes that the model names, (negative, positive), or none.
    labels, predictions
        Columns of the reference, looked at only where the model names no classes. A text of
        `POSITIVE` is the positive class, else the last in alphabetical order.

    Raises
    ------
    ModelError
        Where the model names another number of classes than two, or the labels hold more.

    Examples
    --------
    >>> binary_classes((), pa.array(["no", "yes"]), pa.nulls(2))
    ('no', 'yes')
    """
    if named:
        if len(named) != 2:
            raise ModelError(
                f"a binary model has two classes, but {len(named)} are named ({', '.join(named)}); "
                "name (negative, positive), or set the task to multiclass"
            )
        return named[0], named[1]
    seen = set(seen_classes(labels))
    if len(seen) < 2:
        guessed = seen | set(seen_classes(predictions))
        seen = guessed if len(guessed) <= 2 else seen
    if len(seen) > 2:
        shown = ", ".join(sorted(seen)[:5])
        raise ModelError(
            f"the label of a binary model holds {len(seen)} values ({shown}, …); "
            "name its two classes, or set the task to multiclass or regression"
        )
    ordered = sorted(seen, key=lambda text: (text in POSITIVE, text))
    if len(ordered) == 2:
        return ordered[0], ordered[1]
    if ordered and ordered[0] in {"false", "true"}:
        return "false", "true"
    if ordered and ordered[0] not in {"0", "1"}:
        only = ordered[0]
        return ("(none)", only) if only in POSITIVE else (only, "(none)")
    return "0", "1"


def class_order(classes: set[str]) -> tuple[str, ...]:
    """Classes in the order of their numbers where all are numbers, else of their texts.

    >>> class_order({"10", "9", "1"})
    ('1', '9', '10')
    """
    try:
        return tuple(sorted(classes, key=float))
    except ValueError:
        return tuple(sorted(classes))
