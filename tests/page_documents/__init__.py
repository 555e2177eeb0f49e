"""Report documents for work on the page and for its tests, made from random numbers.

They follow the schema of the report document and hold what real ones hold, hostile data included.
They are for looking at and for testing the page; no number in them is a measurement.
`python -m tests.page_documents FOLDER` writes all of them; with ``--small`` it writes the two that
`ui/fixtures/` holds for the page's own tests.
"""

from __future__ import annotations

from tests.page_documents.columns import NASTY, Document
from tests.page_documents.comparison import bare, comparison, hostile, multiclass, regression
from tests.page_documents.over_time import track

__all__ = ["ALL", "NASTY", "SMALL", "Document", "comparison", "hostile", "track"]

ALL = {
    "comparison": comparison,
    "regression": regression,
    "multiclass": multiclass,
    "hostile": hostile,
    "bare": bare,
    "track": track,
    "track_hostile": lambda: track(windows=160, features=314),
    "thousand": lambda: hostile(features=1_000),
}
SMALL = {
    "comparison": lambda: comparison(bins=8),
    "track": lambda: track(windows=12, features=5),
}
