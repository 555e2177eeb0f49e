"""What one says of buckets: where a statistic belongs, what there is, what has to be done."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple, TypeAlias

What: TypeAlias = Literal["rows", "labels"]
"""What of an hour is not true any more: its rows, or only what hangs on its labels."""


Span: TypeAlias = tuple[datetime, datetime]
"""The beginning of the first hour, and the end of the last."""


class Slot(NamedTuple):
    """Where statistics belong.

    Attributes
    ----------
    model
        The model's name.
    layout
        The layout's id; empty for parts that stand on none.
    version
        The version of the model that made the predictions.
    column, value
        The segment; both empty for all rows.
    """

    model: str
    layout: str = ""
    version: str = ""
    column: str = ""
    value: str = ""


class Bucket(NamedTuple):
    """What is known of a bucket without opening its parts.

    Attributes
    ----------
    start, hours
        When it begins; 1 hour, or 24 where its hours were dropped.
    rows, labelled
        Its rows, and those with a label.
    measured_at
        When its statistics were last written, to the second.
    """

    start: datetime
    hours: int
    rows: int
    labelled: int
    measured_at: datetime


class Written(NamedTuple):
    """Sums over the buckets of a window, which differ where any of them was written to.

    Attributes
    ----------
    sums
        Of each slot.
    newest
        When one of them was last written, to the second; None where there is none.
    """

    sums: tuple[tuple[float, ...], ...]
    newest: datetime | None


class Stale(NamedTuple):
    """An hour that has to be profiled again.

    Attributes
    ----------
    model, hour
        Of which model, and when the hour begins.
    what
        `rows`: everything; `labels`: only what hangs on labels.
    since
        When it was first marked, to the second.
    """

    model: str
    hour: datetime
    what: What
    since: datetime
