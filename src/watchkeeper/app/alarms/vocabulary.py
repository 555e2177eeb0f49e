"""The names that the rules of a model may use."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, lru_cache

from watchkeeper.app.drift import compared
from watchkeeper.app.live.measured import Measured
from watchkeeper.metrics.business import OUTCOMES
from watchkeeper.metrics.find import find_metric, metric_names
from watchkeeper.monitors.conditions.names import Known, Vocabulary, known_of

_BY_NAME = "_by_name"


@cache
def known_metrics() -> tuple[Known, ...]:
    """Every metric as conditions know it.

    Examples
    --------
    >>> next(known for known in known_metrics() if "latency_p95" in known.names).metric
    'latency_ms@p95'
    """
    plain = [known_of(name, find_metric(name).metric) for name in metric_names()]
    named = [
        known_of(record.name.removesuffix(_BY_NAME), record)
        for record in OUTCOMES
        if record.name.endswith(_BY_NAME)
    ]
    return (*plain, *named)


def vocabulary_of(measured: Measured | None = None, slos: Iterable[str] = ()) -> Vocabulary:
    """The vocabulary of a model's rules; with any column where it is not known which model.

    The same one for the same columns and SLOs, so that what was compiled with it is kept.
    """
    if measured is None:
        return _vocabulary(None, None)
    layout = measured.layout
    columns = None if layout is None else tuple(column.name for column in compared(layout))
    return _vocabulary(columns, tuple(slos))


@lru_cache(maxsize=1024)
def _vocabulary(columns: tuple[str, ...] | None, slos: tuple[str, ...] | None) -> Vocabulary:
    return Vocabulary(known_metrics(), columns=columns, slos=slos)
