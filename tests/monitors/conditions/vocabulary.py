"""The vocabulary of all metrics, as the server makes it."""

from __future__ import annotations

from watchkeeper.metrics.business import OUTCOMES
from watchkeeper.metrics.find import find_metric, metric_names
from watchkeeper.monitors.conditions.names import Vocabulary, known_of

KNOWN = (
    *(known_of(name, find_metric(name).metric) for name in metric_names()),
    *(known_of(record.name.removesuffix("_by_name"), record) for record in OUTCOMES),
)
WORDS = Vocabulary(KNOWN)
