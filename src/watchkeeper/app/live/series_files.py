"""Series as files: a row for each point."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from watchkeeper.app.live.rows import write_rows

SCHEMA = pa.schema(
    [
        ("start", pa.timestamp("us", "UTC")),
        ("end", pa.timestamp("us", "UTC")),
        ("metric", pa.string()),
        ("column", pa.string()),
        ("version", pa.string()),
        ("segment", pa.string()),
        ("value", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("p_value", pa.float64()),
        ("n_reference", pa.int64()),
        ("n_current", pa.int64()),
        ("note", pa.string()),
    ]
)
"""The columns of such a file."""


def series_table(answer: Mapping[str, Any]) -> pa.Table:
    """The points of all series of an answer, one below the other."""
    rows = [
        {**{key: series.get(key) for key in ("metric", "column", "version", "segment")}, **point}
        for series in answer["series"]
        for point in series["points"]
    ]
    kept = [{name: row.get(name) for name in SCHEMA.names} for row in rows]
    return pa.Table.from_pylist(kept, schema=SCHEMA)


def write_series(answer: Mapping[str, Any], form: str) -> Iterator[bytes]:
    """The points as `parquet`, `csv` or `json` (one object a line)."""
    table = series_table(answer)
    if form == "json":
        import msgspec

        encoder = msgspec.json.Encoder()
        return iter([encoder.encode(row) + b"\n" for row in table.to_pylist()])
    return write_rows(iter([table]), form)
