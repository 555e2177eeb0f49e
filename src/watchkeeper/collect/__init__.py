"""Rows in: files, frames and relations as re-readable streams of Arrow batches.

What comes in: a path, a glob, a directory, or a data frame, Arrow, DuckDB or Ibis object. What
goes out: a `Source`. The law: a source can be read any number of times, always gives the same
rows, never holds more than a few batches in memory, and says clearly why it cannot be read.

- `source`: the protocol, and the random sample of a source.
- `files`: Parquet and Arrow by PyArrow; CSV and JSON lines by DuckDB.
- `frames`: pandas, Polars, Arrow, DuckDB relations and Ibis tables.
"""
