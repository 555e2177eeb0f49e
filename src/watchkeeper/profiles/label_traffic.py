"""Which predictions have got their label, and how long it took."""

from __future__ import annotations

from typing import Self

import msgspec
import numpy as np
import pyarrow as pa

from watchkeeper.core.envelope import LABEL, TIME
from watchkeeper.profiles.base import Flags, Ints, highest
from watchkeeper.profiles.durations import Durations, measure_durations
from watchkeeper.profiles.events import MICROSECONDS, Events, is_number
from watchkeeper.profiles.log_grid import SECONDS
from watchkeeper.profiles.weighted import Weighted, weigh

LABEL_TIME = "_label_time"
"""When the truth was known, as the label states it."""

LABEL_RECEIVED = "_label_received"
"""When the server had the label: it stands in where the label states no time."""

LABEL_VERSIONS = "_label_versions"
"""How many labels there were for the prediction; above 1 it was corrected."""


class LabelTraffic(msgspec.Struct, frozen=True):
    """What is counted of the labels of predictions.

    Attributes
    ----------
    rows
        All predictions.
    expected
        Those that predicted something, so that a label can be expected.
    labelled
        Those among the expected with a label.
    corrected
        Those among the labelled whose label came more than once.
    heaviest
        The largest weight, None without rows.
    delay
        Seconds from the prediction to its label; 0 where the label was there before.
    """

    rows: Weighted = Weighted()
    expected: Weighted = Weighted()
    labelled: Weighted = Weighted()
    corrected: Weighted = Weighted()
    heaviest: float | None = None
    delay: Durations = Durations()

    def __or__(self, other: Self) -> Self:
        """Merge two disjoint sets of rows."""
        return type(self)(
            self.rows | other.rows,
            self.expected | other.expected,
            self.labelled | other.labelled,
            self.corrected | other.corrected,
            highest(self.heaviest, other.heaviest),
            self.delay | other.delay,
        )


def measure_labels(batch: pa.RecordBatch) -> LabelTraffic:
    """The labels of a batch of predictions.

    Parameters
    ----------
    batch
        A row for each prediction, its last label joined: `_time`, `_label` (null: none yet), and
        where known `_label_time`, `_label_received`, `_label_versions` and `_weight`. Where the
        batch has predictions or scores, rows without any (errors) are not expected to get a label;
        else every row is.

    Examples
    --------
    >>> rows = {"_label": ["1", None, "0"], "_prediction": ["1", "0", None]}
    >>> found = measure_labels(pa.RecordBatch.from_pydict(rows))
    >>> found.expected.rows, found.labelled.rows
    (2, 1)
    """
    events = Events(batch)
    if not events.rows:
        return LabelTraffic()
    weights = events.weights
    every = np.ones(events.rows, dtype=np.bool_)
    predicted = events.predicted()
    expected = every if predicted is None else predicted
    labelled = expected & events.present(LABEL)
    return LabelTraffic(
        rows=weigh(every, weights),
        expected=weigh(expected, weights),
        labelled=weigh(labelled, weights),
        corrected=weigh(labelled & _corrected(events), weights),
        heaviest=1.0 if weights is None else float(weights.max()),
        delay=_delay(events, labelled),
    )


def _corrected(events: Events) -> Flags:
    array = events.array(LABEL_VERSIONS)
    if array is None or not is_number(array.type):
        return np.zeros(events.rows, dtype=np.bool_)
    versions: Ints = array.fill_null(0).to_numpy(zero_copy_only=False)
    flags: Flags = versions > 1
    return flags


def _delay(events: Events, labelled: Flags) -> Durations:
    """Seconds from prediction to label, by the label's own time or else that of its receipt."""
    happened, stated = events.times(TIME), events.times(LABEL_TIME)
    received = events.times(LABEL_RECEIVED)
    if happened is None or (stated is None and received is None):
        return Durations()
    none = np.zeros(events.rows, dtype=np.int64), np.zeros(events.rows, dtype=np.bool_)
    times, has_time = stated or none
    later, has_later = received or none
    known = labelled & happened[1] & (has_time | has_later)
    delay = np.where(has_time, times, later) - happened[0]
    seconds = np.maximum(delay[known], 0) / MICROSECONDS
    weights = None if events.weights is None else events.weights[known]
    return measure_durations(seconds, weights, SECONDS)
