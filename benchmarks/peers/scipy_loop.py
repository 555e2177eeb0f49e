"""A floor: `scipy.stats.ks_2samp` over the numeric columns. ``REFERENCE CURRENT OUT``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.stats import ks_2samp


def main(reference: str, current: str, out: str) -> None:
    """Read one column at a time, drop its nulls, compare."""
    before, now = pq.ParquetFile(reference), pq.ParquetFile(current)
    found = {}
    for field in before.schema_arrow:
        if pa.types.is_floating(field.type) or pa.types.is_integer(field.type):
            result = ks_2samp(_values(before, field.name), _values(now, field.name))
            found[field.name] = [float(result.statistic), float(result.pvalue)]
    Path(out).write_text(json.dumps(found))


def _values(file: pq.ParquetFile, name: str) -> np.ndarray:
    return file.read([name]).column(name).drop_null().to_numpy()


if __name__ == "__main__":
    main(*sys.argv[1:4])
