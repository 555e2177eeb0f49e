"""How many columns NannyML alerts on where nothing drifts.

``POOL REFERENCE_ROWS ROWS REPETITIONS SEED OUT``: both tables are drawn from one pool. A chunk is
a window of ROWS rows; one reference judges twenty windows.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import nannyml
import numpy as np
import pandas as pd

WINDOWS = 20


def main(pool: str, reference: int, rows: int, repetitions: int, seed: int, out: str) -> None:
    """Draw, run the univariate drift with its defaults, count."""
    frame = pd.read_parquet(pool)
    rng = np.random.default_rng(seed)
    flagged: list[int] = []
    while len(flagged) < repetitions:
        windows = min(WINDOWS, repetitions - len(flagged))
        before, now = (
            frame.iloc[rng.integers(0, len(frame), n)].reset_index(drop=True)
            for n in (reference, rows * windows)
        )
        calculator = nannyml.UnivariateDriftCalculator(
            column_names=list(frame.columns), chunk_size=rows
        )
        calculator.fit(before)
        found = calculator.calculate(now).filter(period="analysis").to_df()
        alerts = found.xs("alert", axis=1, level=-1).astype(bool)
        flagged += [int(count) for count in alerts.sum(axis=1)]
    Path(out).write_text(json.dumps({"columns": frame.shape[1], "flagged": flagged}))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:6]), sys.argv[6])
