"""whylogs: a profile of each table, then its drift scores, as JSON. ``REFERENCE CURRENT OUT``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd
import whylogs
from whylogs.viz.drift.column_drift_algorithms import calculate_drift_scores


def main(reference: str, current: str, out: str) -> None:
    """Profile both tables and compare the profiles."""
    before = whylogs.log(pd.read_parquet(reference)).view()
    now = whylogs.log(pd.read_parquet(current)).view()
    scores = calculate_drift_scores(target_view=now, reference_view=before, with_thresholds=True)
    Path(out).write_text(json.dumps(scores, default=str))


if __name__ == "__main__":
    main(*sys.argv[1:4])
