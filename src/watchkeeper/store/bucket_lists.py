"""Short answers about buckets: which there are, what is folded in, what has to be done."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from watchkeeper.core.windows import from_seconds
from watchkeeper.store.bucket_file import BucketFile
from watchkeeper.store.bucket_times import from_minute, to_time
from watchkeeper.store.bucket_types import Span, Stale


class BucketLists:
    """The half of `Buckets` that opens no part."""

    def __init__(self, file: BucketFile) -> None:
        self._file = file

    def span(self, model: str, *, layout: str | None = None) -> Span | None:
        """From the first hour that has a bucket to the end of the last; None without any."""
        spans = self.versions(model, layout=layout).values()
        if not spans:
            return None
        return min(first for first, _ in spans), max(last for _, last in spans)

    def versions(self, model: str, *, layout: str | None = None) -> dict[str, Span]:
        """The span of each version, by the version, the one that began first in front."""
        rows = self._rows(
            "SELECT version, min(start), max(start + hours) FROM slots "
            "JOIN buckets ON slot = id WHERE model = ?1 AND (?2 IS NULL OR layout = ?2) "
            "AND \"column\" = '' GROUP BY version ORDER BY min(start), version",
            model,
            layout,
        )
        return {version: (to_time(first), to_time(end)) for version, first, end in rows}

    def last_minute(self, model: str, *, version: str | None = None) -> datetime | None:
        """When the newest minute that has rows begins; None where no minutes are held."""
        rows = self._rows(
            "SELECT max(last) FROM (SELECT (SELECT max(minute) FROM minutes "
            "WHERE series = series.id) AS last FROM slots JOIN series ON slot = slots.id "
            "WHERE model = ?1 AND layout = '' AND (?2 IS NULL OR version = ?2))",
            model,
            version,
        )
        return None if rows[0][0] is None else from_minute(rows[0][0])

    def segments(self, model: str, layout: str) -> dict[str, list[str]]:
        """The values that have buckets, by segment column."""
        found: dict[str, list[str]] = {}
        rows = self._rows(
            'SELECT DISTINCT "column", value FROM slots WHERE model = ? AND layout = ? '
            "AND \"column\" <> '' ORDER BY 1, 2",
            model,
            layout,
        )
        for column, value in rows:
            found.setdefault(column, []).append(value)
        return found

    def parts(self, model: str, layout: str) -> list[str]:
        """The names of the parts that have ever been written."""
        rows = self._rows(
            "SELECT DISTINCT part FROM slots JOIN series ON slot = slots.id "
            "WHERE model = ? AND layout = ? ORDER BY part",
            model,
            layout,
        )
        return [part for (part,) in rows]

    def layouts(self, model: str) -> list[str]:
        """The ids of the layouts that have buckets."""
        rows = self._rows(
            "SELECT DISTINCT layout FROM slots WHERE model = ? AND layout <> '' ORDER BY 1", model
        )
        return [layout for (layout,) in rows]

    def models(self) -> list[str]:
        """The models that have buckets."""
        return [model for (model,) in self._rows("SELECT DISTINCT model FROM slots ORDER BY 1")]

    def followed(self, model: str, signal: str) -> int:
        """The last version of a table that is folded in, -1 for none."""
        rows = self._rows(
            "SELECT version FROM followed WHERE model = ? AND signal = ?", model, signal
        )
        return int(rows[0][0]) if rows else -1

    def stale_hours(self, model: str | None = None, *, limit: int = 1000) -> list[Stale]:
        """The hours that have to be profiled again, those first that have waited longest."""
        rows = self._rows(
            "SELECT model, hour, what, since FROM stale WHERE ?1 IS NULL OR model = ?1 "
            "ORDER BY since, model, hour LIMIT ?2",
            model,
            limit,
        )
        return [
            Stale(name, to_time(hour), what, from_seconds(since))
            for name, hour, what, since in rows
        ]

    def stale_count(self, model: str | None = None) -> int:
        """How many hours have to be profiled again."""
        rows = self._rows("SELECT count(*) FROM stale WHERE ?1 IS NULL OR model = ?1", model)
        return int(rows[0][0])

    def coarse_days(self, model: str, layout: str) -> list[datetime]:
        """The days of which a version or segment has no hours left, in ascending order."""
        rows = self._rows(
            "SELECT DISTINCT start FROM slots JOIN buckets ON slot = id "
            "WHERE model = ? AND layout = ? AND hours = 24 ORDER BY start",
            model,
            layout,
        )
        return [to_time(start) for (start,) in rows]

    def _rows(self, query: str, *values: str | int | None) -> list[Any]:
        with self._file.read() as connection:
            return connection.execute(query, values).fetchall()
