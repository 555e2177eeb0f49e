"""How many columns Evidently calls drifted where nothing drifts.

``POOL REFERENCE_ROWS ROWS REPETITIONS SEED OUT``: both tables are drawn from one pool.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset


def main(pool: str, reference: int, rows: int, repetitions: int, seed: int, out: str) -> None:
    """Draw, run the drift preset with its defaults, count."""
    frame = pd.read_parquet(pool)
    numeric = list(frame.columns[frame.dtypes.map(pd.api.types.is_numeric_dtype)])
    definition = DataDefinition(
        numerical_columns=numeric,
        categorical_columns=[name for name in frame.columns if name not in numeric],
    )
    rng = np.random.default_rng(seed)
    flagged = []
    for _ in range(repetitions):
        before, now = (frame.iloc[rng.integers(0, len(frame), n)] for n in (reference, rows))
        sides = [Dataset.from_pandas(side.reset_index(), definition) for side in (now, before)]
        result = json.loads(Report([DataDriftPreset()]).run(*sides).json())
        count = next(
            metric["value"]["count"]
            for metric in result["metrics"]
            if metric["metric_name"].startswith("DriftedColumnsCount")
        )
        flagged.append(int(count))
    Path(out).write_text(json.dumps({"columns": frame.shape[1], "flagged": flagged}))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:6]), sys.argv[6])
