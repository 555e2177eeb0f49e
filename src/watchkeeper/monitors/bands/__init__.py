"""Bands learnt from a series' own past: by the hour of the week, robust, as wide as its noise.

What comes in: values with their sampling errors. What goes out: where the next ones are expected.
"""

from watchkeeper.monitors.bands.band import band, outside
from watchkeeper.monitors.bands.settings import (
    CRITICAL,
    WARNING,
    Band,
    BandSettings,
    History,
    Season,
    Shift,
)

__all__ = [
    "CRITICAL", "WARNING", "Band", "BandSettings", "History", "Season", "Shift",
    "band", "outside",
]  # fmt: skip
