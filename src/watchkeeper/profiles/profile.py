"""The statistics of one set of rows, and their merge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self, TypeAlias, TypeVar

import msgspec

from watchkeeper.core.errors import ProfileError
from watchkeeper.profiles.categorical import Categorical
from watchkeeper.profiles.layout import Layout
from watchkeeper.profiles.numeric import Numeric
from watchkeeper.profiles.performance import PerformanceStatistic, merge_performance
from watchkeeper.profiles.rows import RowSketch

ColumnStatistic: TypeAlias = Numeric | Categorical


class Tally(msgspec.Struct, frozen=True):
    """How many rows satisfied a row rule or constraint.

    `unknown` are rows on which it could not be decided, since a value was missing.
    """

    rows: int = 0
    failed: int = 0
    unknown: int = 0

    def __or__(self, other: Self) -> Self:
        """Merge two disjoint sets of rows."""
        return type(self)(
            self.rows + other.rows, self.failed + other.failed, self.unknown + other.unknown
        )


class Statistics(msgspec.Struct, frozen=True):
    """All that is measured of one set of rows: everything, or one segment."""

    rows: int
    columns: dict[str, ColumnStatistic]
    performance: PerformanceStatistic | None = None
    tallies: dict[str, Tally] = {}
    sketch: RowSketch | None = None

    def __or__(self, other: Self) -> Self:
        """Merge two disjoint sets of rows."""
        if self.columns.keys() != other.columns.keys():
            raise ProfileError("two profiles hold different columns; profile both on one layout")
        columns: dict[str, ColumnStatistic] = {
            name: mine | other.columns[name]  # type: ignore[operator]  # same layout, same type
            for name, mine in self.columns.items()
        }
        sketch = self.sketch | other.sketch if self.sketch and other.sketch else None
        return type(self)(
            self.rows + other.rows,
            columns,
            merge_performance(self.performance, other.performance),
            merge_maps(self.tallies, other.tallies),
            sketch,
        )


class Profile(msgspec.Struct, frozen=True):
    """The statistics of a set of rows and of each of its segments, on a layout.

    Attributes
    ----------
    layout
        What all profiles of the model share.
    whole
        All rows.
    segments
        By segment column, then by value.
    observed
        The Arrow types seen for each column of the data, joined by `|` where parts differed.
        Columns of the layout that were absent are not in it.
    """

    layout: Layout
    whole: Statistics
    segments: dict[str, dict[str, Statistics]]
    observed: dict[str, str]

    def __or__(self, other: Self) -> Self:
        """Merge two disjoint sets of rows; `ProfileError` where their layouts differ."""
        if self.layout is not other.layout and self.layout.id != other.layout.id:
            raise ProfileError(
                "two profiles stand on different layouts; make both with "
                "`watchkeeper profile … --like` the same reference profile"
            )
        segments = {
            column: merge_maps(parts, other.segments.get(column, {}))
            for column, parts in self.segments.items()
        }
        return type(self)(
            self.layout,
            self.whole | other.whole,
            segments,
            join_types(self.observed, other.observed),
        )


Part = TypeVar("Part", Statistics, Tally)


def merge_maps(a: Mapping[str, Part], b: Mapping[str, Part]) -> dict[str, Part]:
    """Merge the values of two mappings key by key; a key of one side alone is kept."""
    merged = dict(a)
    for key, value in b.items():
        merged[key] = merged[key] | value if key in merged else value
    return merged


def join_types(a: Mapping[str, str], b: Mapping[str, str]) -> dict[str, str]:
    """The types of both parts; a null-typed part says nothing."""
    joined: dict[str, str] = {}
    for name in sorted({*a, *b}):
        seen = {*a.get(name, "").split("|"), *b.get(name, "").split("|")} - {""}
        joined[name] = "|".join(sorted(seen - {"null"} or seen))
    return joined
