"""The law of engines: a query gives the kernel's profile."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import ibis.expr.types as ir
import pyarrow as pa

from watchkeeper.core.errors import InputError
from watchkeeper.profiles.engine import QueryEngine
from watchkeeper.profiles.fit import fit_layout
from watchkeeper.profiles.grid import Grid
from watchkeeper.profiles.kernel import profile_batch
from watchkeeper.profiles.layout import Layout
from watchkeeper.profiles.numeric import Numeric
from watchkeeper.profiles.profile import Profile, Statistics
from watchkeeper.profiles.query import profile_table
from watchkeeper.profiles.remote import RemoteRows
from watchkeeper.testing.statistics import difference
from watchkeeper.testing.tables import NASTY, Example

Load = Callable[[pa.Table, str], ir.Table]
"""Puts an Arrow table into the database under a name, and gives it back as an Ibis table."""


Make = Callable[[pa.Table, str], RemoteRows]
"""Puts an Arrow table where rows are profiled, under a name, and gives the rows back."""


def check_engine(engine: QueryEngine, load: Load, examples: Mapping[str, Example] = NASTY) -> None:
    """Check that an engine gives the kernel's profile of every example.

    Parameters
    ----------
    engine
        The engine.
    load
        Puts an Arrow table into it.
    examples
        What to try.

    Raises
    ------
    AssertionError
        A profile differs; it says in which example, column and count.
    """

    def check(name: str, example: Example) -> None:
        table = load(example.current, f"example {name}")
        compare(engine, table, example.current, fit_layout(example.model, example.reference))

    _each(check, examples)


def check_rows(make: Make, examples: Mapping[str, Example] = NASTY) -> None:
    """Check that rows where they lie give the kernel's profile of every example.

    Parameters
    ----------
    make
        Puts an Arrow table where the rows lie, and gives them back.
    examples
        What to try.

    Raises
    ------
    AssertionError
        A profile differs; it says in which example, column and count.
    """

    def check(name: str, example: Example) -> None:
        rows = make(example.current, f"example {name}")
        layout = fit_layout(example.model, example.reference)
        try:
            found = rows.profile(layout)
        except InputError as error:
            raise AssertionError(f"no profile at all: {error}") from error
        assert_same_profile(found, profile_batch(as_batch(example.current), layout))

    _each(check, examples)


def _each(check: Callable[[str, Example], None], examples: Mapping[str, Example]) -> None:
    for name, example in examples.items():
        try:
            check(name, example)
        except AssertionError as error:
            raise AssertionError(f"example {name!r}: {error}") from error


def compare(engine: QueryEngine, table: ir.Table, rows: pa.Table, layout: Layout) -> None:
    """Raise `AssertionError` where query and kernel give different profiles of the same rows."""
    try:
        found = profile_table(table, layout, engine)
    except InputError as error:
        raise AssertionError(f"no profile at all: {error}") from error
    assert_same_profile(found, profile_batch(as_batch(rows), layout))


def as_batch(rows: pa.Table) -> pa.RecordBatch:
    """A table as one batch.

    >>> as_batch(pa.table({"a": [1, 2]})).num_rows
    2
    """
    batches = rows.combine_chunks().to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=rows.schema)


def assert_same_profile(query: Profile, kernel: Profile) -> None:
    """Raise `AssertionError` unless both profiles count the same.

    Counts, extremes and categories must be equal. Sums may differ by 1e-9 of the largest sum
    that so many terms of that size could have, which is what reordering can do. The types
    observed and the sketch of whole rows are not compared: databases have their own types.
    """
    _same_statistics(query.whole, kernel.whole, kernel.layout, "whole")
    if query.segments.keys() != kernel.segments.keys():
        raise AssertionError(f"segments {sorted(query.segments)} are not {sorted(kernel.segments)}")
    for column, parts in kernel.segments.items():
        if query.segments[column].keys() != parts.keys():
            raise AssertionError(
                f"segments of {column!r}: {sorted(query.segments[column])} are not {sorted(parts)}"
            )
        for value, part in parts.items():
            where = f"segment {column}={value!r}"
            _same_statistics(query.segments[column][value], part, kernel.layout, where)


def _same_statistics(query: Statistics, kernel: Statistics, layout: Layout, where: str) -> None:
    if query.rows != kernel.rows:
        raise AssertionError(f"{where}: {query.rows} rows are not {kernel.rows}")
    for name, held in kernel.columns.items():
        found = query.columns[name]
        axis = layout.axes[name]
        if isinstance(held, Numeric) and isinstance(found, Numeric) and isinstance(axis, Grid):
            wrong = _numeric_difference(found, held, axis)
        else:
            wrong = difference(found, held, 0.0)
        if wrong is not None:
            raise AssertionError(f"{where}, column {name!r}: {wrong}")
    wrong = difference(query.performance, kernel.performance, 1e-9)
    if wrong is not None:
        raise AssertionError(f"{where}, performance: {wrong}")


def _numeric_difference(query: Numeric, kernel: Numeric, grid: Grid) -> str | None:
    """Where two statistics of one column differ by more than reordering can do."""
    exact = (
        "rows", "nulls", "nans", "negative_infinities", "positive_infinities", "minimum",
        "maximum", "counts",
    )  # fmt: skip
    for name in exact:
        wrong = difference(getattr(query, name), getattr(kernel, name), 0.0, name)
        if wrong is not None:
            return wrong
    if kernel.minimum is None or kernel.maximum is None:
        size = 0.0
    else:
        ends = (kernel.minimum, kernel.maximum)
        size = max(abs(end / grid.scale - grid.shift / grid.scale) for end in ends)
    largest = size * kernel.finite
    # Terms below the smallest normal number, and squares of that size, may count as 0.
    slack = kernel.finite * 2.0**-1020
    if math.isfinite(largest) and not abs(query.total - kernel.total) <= 1e-9 * largest + slack:
        return f"total: {query.total!r} is not {kernel.total!r}"
    if not math.isfinite(kernel.squares):
        return None if not math.isfinite(query.squares) else "squares: finite, not infinite"
    if not abs(query.squares - kernel.squares) <= 1e-9 * kernel.squares + slack:
        return f"squares: {query.squares!r} is not {kernel.squares!r}"
    return None
