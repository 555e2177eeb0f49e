"""Evidently, with its own defaults: drift and summary presets, saved as JSON.

Kinds are given, so that nothing is spent on guessing them. ``REFERENCE CURRENT OUT``.
"""

from __future__ import annotations

import sys

import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset, DataSummaryPreset


def main(reference: str, current: str, out: str) -> None:
    """Run both presets and save the result."""
    frames = pd.read_parquet(reference), pd.read_parquet(current)
    kinds: dict[str, list[str]] = {"numerical": [], "categorical": [], "datetime": []}
    for name, dtype in frames[0].dtypes.items():
        if pd.api.types.is_datetime64_any_dtype(dtype):
            kinds["datetime"].append(str(name))
        elif pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_bool_dtype(dtype):
            kinds["numerical"].append(str(name))
        else:
            kinds["categorical"].append(str(name))
    definition = DataDefinition(
        numerical_columns=kinds["numerical"],
        categorical_columns=kinds["categorical"],
        datetime_columns=kinds["datetime"],
    )
    before, now = (Dataset.from_pandas(frame, definition) for frame in frames)
    Report([DataDriftPreset(), DataSummaryPreset()]).run(now, before).save_json(out)


if __name__ == "__main__":
    main(*sys.argv[1:4])
