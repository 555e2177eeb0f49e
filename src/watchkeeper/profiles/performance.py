"""Labels against predictions: which statistic a task needs, and its merge."""

from __future__ import annotations

from typing import TypeAlias

import msgspec


class PerformanceLayout(msgspec.Struct, frozen=True):
    """How labels are counted against predictions."""


class _Statistic(msgspec.Struct, frozen=True):
    pass


PerformanceStatistic: TypeAlias = _Statistic


def merge_performance(
    a: PerformanceStatistic | None, b: PerformanceStatistic | None
) -> PerformanceStatistic | None:
    """Merge two parts, either of which may have no labelled rows at all."""
    raise NotImplementedError
