"""NannyML's univariate drift, with its own defaults, saved as CSV. ``REFERENCE CURRENT OUT``."""

from __future__ import annotations

import sys

import nannyml
import pandas as pd


def main(reference: str, current: str, out: str) -> None:
    """Fit on the reference, calculate on the current table; it takes no timestamps."""
    before, now = pd.read_parquet(reference), pd.read_parquet(current)
    columns = before.columns[~before.dtypes.map(pd.api.types.is_datetime64_any_dtype)]
    calculator = nannyml.UnivariateDriftCalculator(column_names=list(columns))
    calculator.fit(before)
    calculator.calculate(now).to_df().to_csv(out)


if __name__ == "__main__":
    main(*sys.argv[1:4])
