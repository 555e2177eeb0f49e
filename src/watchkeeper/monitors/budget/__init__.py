"""Alarms one can trust: a model is given a budget of false alarms instead of thresholds.

Evidence of each closed bucket is an e-value; e-processes with Shiryaev-Roberts reset add it up,
`M <- (M + 1) e`; the mean over alternatives, then over the streams of a model, is still one, under
any dependence. While nothing has changed the mean of M after t buckets is at most t, so an alarm at
M >= A is false at most once in A buckets on average.

`calibrate` measures what the streams are held against on the windows of a reference; a `Detector`
takes closed buckets one after the other, from a `State` to the next, and says where the model
stands. Sources: Shin, Ramdas, Rinaldo (2024), "E-detectors"; Vovk, Wang (2021), "E-values".
"""

from __future__ import annotations

from watchkeeper.monitors.budget.baselines import Baseline, Calibration
from watchkeeper.monitors.budget.calibration import calibrate
from watchkeeper.monitors.budget.columns import Columns, columns_of
from watchkeeper.monitors.budget.config import BudgetConfig
from watchkeeper.monitors.budget.detector import Detector, Track
from watchkeeper.monitors.budget.effects import Effect
from watchkeeper.monitors.budget.power import Detectable, detectable, power_table
from watchkeeper.monitors.budget.state import State
from watchkeeper.monitors.budget.streams import Bucket, Counts, Gauss, Histogram, Moments, Stream
from watchkeeper.monitors.budget.verdict import Contribution, Level, Verdict

__all__ = [
    "Baseline",
    "Bucket",
    "BudgetConfig",
    "Calibration",
    "Columns",
    "Contribution",
    "Counts",
    "Detectable",
    "Detector",
    "Effect",
    "Gauss",
    "Histogram",
    "Level",
    "Moments",
    "State",
    "Stream",
    "Track",
    "Verdict",
    "calibrate",
    "columns_of",
    "detectable",
    "power_table",
]
