"""Makes the tables that the benchmarks read: mixed columns, with mild drift in a few of them.

Every value depends only on the seed, the table, the block of rows and the column. So a table of
one million rows is the head of a table of ten million, and two runs write the same bytes.

Run as a script, it writes Parquet files with the row groups that PyArrow makes by default:
``python benchmarks/data.py --rows 1000000 --columns 50 --out benchmarks/.data``.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

SEED = 20260101
TABLES = ("reference", "current")
BLOCK_ROWS = 1 << 16
ROW_GROUP_ROWS = 1 << 20  # The default of pyarrow.parquet.write_table.
START = np.datetime64("2026-01-01T00:00:00", "us")
SECONDS = 90 * 86_400

Array = np.ndarray[tuple[int], np.dtype[Any]]
Draw = Callable[[np.random.Generator, int], Array]


@dataclass(frozen=True)
class Shape:
    """How one column is drawn.

    Parameters
    ----------
    name
        The column's name; its first letter tells the kind (f, i, c, b or t).
    reference
        Draws the values of the reference.
    current
        Draws those of the current table; the same function where the column does not drift.
    nulls
        The share of nulls in the reference and in the current table.
    categories
        The words that the drawn numbers stand for, or None where they are the values.
    """

    name: str
    reference: Draw
    current: Draw
    nulls: tuple[float, float] = (0.0, 0.0)
    categories: int | None = None


def shapes() -> tuple[Shape, ...]:
    """The fifty columns: 24 floats, 8 integers, 12 categoricals, 4 booleans, 2 timestamps.

    Returns
    -------
    tuple of Shape
        Seven of them drift: in mean, scale, tail, share of nulls, or with a new category.

    Examples
    --------
    >>> len(shapes())
    50
    """
    return (*_floats(), *_integers(), *_categoricals(), *_booleans(), *_timestamps())


def batches(
    table: str, rows: int, columns: int = 50, *, block: int = BLOCK_ROWS
) -> Iterator[pa.RecordBatch]:
    """The rows of one table, a block at a time.

    Parameters
    ----------
    table
        ``reference`` or ``current``.
    rows
        How many rows.
    columns
        How many columns; beyond fifty the same shapes come again with other values.
    block
        Rows in a block. Another size of block gives other values.

    Yields
    ------
    pyarrow.RecordBatch
        At most `block` rows.

    Examples
    --------
    >>> [batch.num_rows for batch in batches("reference", 5, 3, block=4)]
    [4, 1]
    """
    which = TABLES.index(table)
    base = shapes()
    wanted = [(i // len(base), base[i % len(base)]) for i in range(columns)]
    names = [shape.name if turn == 0 else f"{shape.name}_{turn}" for turn, shape in wanted]
    for number, start in enumerate(range(0, rows, block)):
        arrays = []
        for index, (_, shape) in enumerate(wanted):
            rng = np.random.default_rng([SEED, which, number, index])
            arrays.append(_column(shape, which, rng, block).slice(0, min(block, rows - start)))
        yield pa.RecordBatch.from_arrays(arrays, names=names)


def write(path: Path, table: str, rows: int, columns: int = 50) -> None:
    """Write one table as a Parquet file, unless it is there already.

    Parameters
    ----------
    path
        The file; it appears under its name only when it is whole.
    table
        ``reference`` or ``current``.
    rows, columns
        The size.
    """
    if path.exists():
        return
    partial = path.with_suffix(".partial")
    writer: pq.ParquetWriter | None = None
    held: list[pa.RecordBatch] = []
    for batch in batches(table, rows, columns):
        writer = writer or pq.ParquetWriter(partial, batch.schema)
        held.append(batch)
        if sum(each.num_rows for each in held) >= ROW_GROUP_ROWS:
            writer.write_table(pa.Table.from_batches(held))
            held = []
    if writer is not None:
        if held:
            writer.write_table(pa.Table.from_batches(held))
        writer.close()
        partial.rename(path)


def _column(shape: Shape, which: int, rng: np.random.Generator, size: int) -> pa.Array:
    values = (shape.reference, shape.current)[which](rng, size)
    share = shape.nulls[which]
    mask = rng.random(size) < share if share else None
    if shape.categories is None:
        return pa.array(values, mask=mask)
    codes = pa.array(values.astype(np.int32), mask=mask)
    return pa.DictionaryArray.from_arrays(codes, _words(shape.name, shape.categories)).cast(
        pa.string()
    )


@cache
def _words(name: str, count: int) -> pa.Array:
    """Words of unlike lengths, one more than `count`: the last is a category that is new."""
    return pa.array([f"{name[2:]}-{'x' * (code % 7)}{code}" for code in range(count + 1)])


def _same(name: str, draw: Draw, nulls: float = 0.0) -> Shape:
    return Shape(name, draw, draw, (nulls, nulls))


def _floats() -> Iterator[Shape]:
    yield _same("f_normal", lambda rng, n: rng.normal(size=n))
    yield Shape(
        "f_normal_shifted", lambda rng, n: rng.normal(size=n), lambda rng, n: rng.normal(0.1, 1, n)
    )
    yield _same("f_normal_offset", lambda rng, n: rng.normal(1e9, 1, n))
    yield _same("f_normal_nulls", lambda rng, n: rng.normal(50, 10, n), 0.05)
    yield Shape(
        "f_scaled", lambda rng, n: rng.normal(size=n), lambda rng, n: rng.normal(0, 1.1, n), (0, 0)
    )
    yield _same("f_lognormal", lambda rng, n: rng.lognormal(3, 1, n))
    yield Shape(
        "f_lognormal_drifted",
        lambda rng, n: rng.lognormal(3, 1, n),
        lambda rng, n: rng.lognormal(3.1, 1, n),
        (0.1, 0.1),
    )
    yield _same("f_exponential", lambda rng, n: rng.exponential(30, n))
    yield _same("f_exponential_nulls", lambda rng, n: rng.exponential(30, n), 0.3)
    yield _same("f_gamma", lambda rng, n: rng.gamma(2, 5, n))
    yield _same("f_gamma_nulls", lambda rng, n: rng.gamma(0.5, 5, n), 0.01)
    yield _same("f_uniform", lambda rng, n: rng.random(n))
    yield _same("f_uniform_nulls", lambda rng, n: rng.uniform(-180, 180, n), 0.02)
    yield _same("f_pareto", lambda rng, n: rng.pareto(1.5, n))
    yield _same("f_student", lambda rng, n: rng.standard_t(3, n))
    yield _same("f_student_nulls", lambda rng, n: rng.standard_t(2, n), 0.2)
    yield _same("f_beta", lambda rng, n: rng.beta(2, 5, n))
    yield _same("f_score", lambda rng, n: rng.beta(0.5, 0.5, n))
    yield _same("f_two_peaks", _two_peaks)
    yield _same("f_zero_inflated", lambda rng, n: rng.exponential(9, n) * (rng.random(n) < 0.3))
    yield _same("f_price", lambda rng, n: np.round(rng.lognormal(3, 0.7, n), 2))
    yield _same("f_temperature", lambda rng, n: np.round(rng.normal(15, 8, n), 1), 0.04)
    yield Shape(
        "f_more_nulls",
        lambda rng, n: rng.normal(size=n),
        lambda rng, n: rng.normal(size=n),
        (0.05, 0.15),
    )
    yield _same("f_single", lambda rng, n: rng.normal(size=n).astype(np.float32))


def _two_peaks(rng: np.random.Generator, size: int) -> Array:
    return rng.normal(size=size) + np.where(rng.random(size) < 0.4, 6.0, 0.0)


def _integers() -> Iterator[Shape]:
    yield _same("i_count", lambda rng, n: rng.poisson(4, n))
    yield Shape(
        "i_count_drifted", lambda rng, n: rng.poisson(4, n), lambda rng, n: rng.poisson(4.2, n)
    )
    yield _same("i_age", lambda rng, n: rng.integers(18, 95, n))
    yield _same("i_hour", lambda rng, n: rng.integers(0, 24, n).astype(np.int8))
    yield _same("i_rank", lambda rng, n: np.minimum(rng.zipf(1.7, n), 1_000_000).astype(np.int32))
    yield _same("i_amount", lambda rng, n: rng.lognormal(8, 2, n).astype(np.int64))
    yield _same("i_amount_nulls", lambda rng, n: rng.integers(0, 100_000, n), 0.08)
    yield _same("i_account", lambda rng, n: rng.integers(0, 2**52, n))


def _categoricals() -> Iterator[Shape]:
    sizes = (3, 5, 8, 12, 20, 40, 80, 150, 300, 500, 800, 1_000)
    for index, size in enumerate(sizes):
        nulls = (0.0, 0.03, 0.0, 0.15)[index % 4]
        reference = _frequent_first(size, 1.0)
        current = _frequent_first(size, 1.1) if index == 5 else reference
        if index == 7:
            current = _with_new_category(size)
        yield Shape(f"c_{size}", reference, current, (nulls, nulls), size)


def _frequent_first(size: int, power: float) -> Draw:
    """Codes from 0 to size - 1 with shares that fall as 1 / (code + 2) ** power."""
    weights = 1.0 / np.arange(2, size + 2) ** power
    bounds = np.cumsum(weights / weights.sum())
    bounds[-1] = 1.0
    return lambda rng, n: np.searchsorted(bounds, rng.random(n), side="right")


def _with_new_category(size: int) -> Draw:
    known = _frequent_first(size, 1.0)
    return lambda rng, n: np.where(rng.random(n) < 0.01, size, known(rng, n))


def _booleans() -> Iterator[Shape]:
    def true_in(share: float) -> Draw:
        return lambda rng, n: rng.random(n) < share

    yield _same("b_even", true_in(0.5))
    yield _same("b_rare", true_in(0.02))
    yield _same("b_often", true_in(0.8), 0.05)
    yield Shape("b_drifted", true_in(0.3), true_in(0.32))


def _timestamps() -> Iterator[Shape]:
    def within(days: int) -> Draw:
        return lambda rng, n: (
            START
            + np.timedelta64(days, "D")
            + (rng.random(n) * SECONDS * 1e6).astype("timedelta64[us]")
        )

    yield Shape("t_event", within(0), within(90))
    yield Shape("t_updated", within(0), within(0), (0.1, 0.1))


def main() -> None:
    """Write the reference and the current table of one size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--columns", type=int, default=50)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for table in TABLES:
        path = args.out / f"{table}-{args.rows}x{args.columns}.parquet"
        write(path, table, args.rows, args.columns)


if __name__ == "__main__":
    main()
