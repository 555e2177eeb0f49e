"""Rows in: files, frames and relations as streams of Arrow batches, and records off the wire.

Of data sets. What comes in: a path, a glob, a directory, or a data frame, Arrow, DuckDB or Ibis
object. What goes out: a `Source`. The law: a source can be read any number of times, always gives
the same rows, never holds more than a few batches in memory, and says clearly why it cannot be
read.

- `source`: the protocol, and the random sample of a source.
- `files`: Parquet and Arrow by PyArrow; CSV and JSON lines by DuckDB.
- `frames`: pandas, Polars, Arrow, DuckDB relations and Ibis tables.
- `engine`: DuckDB and Ibis, where their versions differ.

Of services. What comes in: the body of a request. What goes out: checked records, and each one that
was not taken with its reason. The law: none of them is lost without a word.

- `wire`: JSON, JSON lines, MessagePack and Arrow streams.
- `cloud_events`: what payload loggers send of requests and responses.
"""
