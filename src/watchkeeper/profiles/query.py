"""The query: an Ibis table and a layout in, a profile out.

Equal to the kernel by law, but for what only the kernel has: the sketch of whole rows. For each
segment column a query takes the aggregates of a pack of columns, another their bins (one for the
pack or one a column: the engine's choice), and one a column its categories. Segments add up to
the whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
from msgspec.structs import replace

from watchkeeper.core.errors import InputError
from watchkeeper.core.model import Column
from watchkeeper.core.progress import Progress, silent
from watchkeeper.profiles import categorical, numeric, performance
from watchkeeper.profiles.expressions import (
    has_only_finite,
    is_bounded,
    is_category,
    is_costly,
    number,
    plain,
    plain_column,
    segment_code,
)
from watchkeeper.profiles.grid import Grid
from watchkeeper.profiles.kernel import empty_profile, split
from watchkeeper.profiles.layout import Layout, named_segments
from watchkeeper.profiles.lists import whole_lists
from watchkeeper.profiles.numeric import Numeric
from watchkeeper.profiles.profile import ColumnStatistic, Profile, Statistics
from watchkeeper.profiles.tallies import checks_of, read_tallies, reference_values, tally_query
from watchkeeper.profiles.values import numbers, text_of

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from watchkeeper.profiles.engine import QueryEngine
    from watchkeeper.profiles.performance import PerformanceStatistic

_PACK = 20
"""Columns in one query. PostgreSQL takes 1,664 aggregates; planning grows faster than they do."""

_WEIGHED = 1 << 22
"""Repeated values that are held in memory at a time."""

Keyed = dict[int, ColumnStatistic]
"""The statistic of a column for each segment code."""


def profile_table(
    table: ir.Table,
    layout: Layout,
    engine: QueryEngine,
    *,
    progress: Progress = silent,
    name: str = "profiling",
) -> Profile:
    """The profile of all rows of a database table, by queries alone.

    Parameters
    ----------
    table
        The rows; columns that it lacks count as null, further ones only as observed.
    layout
        What to count.
    engine
        Where the table lies.
    progress
        Told how far it is, and of what by `name`.

    Returns
    -------
    Profile
        As the kernel gives it: counts equal, sums equal up to reordering, no row sketch; with the
        tallies of the model's rules.

    Raises
    ------
    InputError
        The engine cannot run a query (connection, permission, missing table), or the rows changed
        while they were counted, again and again.
    RuleError
        A rule does not fit the columns.
    """
    for _ in range(_TRIES):
        try:
            with engine.snapshot():
                return _profile(table, layout, engine, _Steps(layout, progress, name))
        except _MovedError:
            continue
    raise InputError(
        "rows were written while they were counted, each time; give a query over rows that stay, "
        "such as those of days that are over"
    )


_TRIES = 3
"""Times that rows are counted which others write to, on an engine without snapshots."""


class _MovedError(Exception):
    """Two queries saw different rows."""


class _Steps:
    """How many columns are counted, of how many, over all segments."""

    def __init__(self, layout: Layout, progress: Progress, name: str) -> None:
        self._total = max(len(layout.segments), 1) * max(len(layout.model.measured), 1)
        self._progress, self._name, self._done = progress, name, 0

    def __call__(self, columns: int) -> None:
        """So many more columns are counted."""
        self._done += columns
        self._progress(min(self._done / self._total, 1.0), self._name)


def _profile(table: ir.Table, layout: Layout, engine: QueryEngine, steps: _Steps) -> Profile:
    segments: dict[str, dict[str, Statistics]] = {}
    steps(0)
    parts: Iterable[Statistics] = ()
    totals = set()
    for name, values in layout.segments.items():
        found = _measure(table, name, layout, engine, steps)
        parts = found.values()
        totals.add(sum(part.rows for part in parts))
        segments[name] = named_segments(sorted(found.items()), values)
    if not segments:
        parts = _measure(table, None, layout, engine, steps).values()
    if len(totals) > 1:
        raise _MovedError
    nothing = empty_profile(layout).whole
    nothing = Statistics(0, nothing.columns, nothing.performance)
    whole = reduce(or_, parts, nothing)
    shown = plain(table, engine)
    checks = checks_of(layout.model, shown.columns, reference=reference_values(layout))
    if checks:
        answer = engine.run(tally_query(shown, checks))
        tallies = read_tallies(answer, checks).get((), {})
        if any(tally.rows != whole.rows for tally in tallies.values()):
            raise _MovedError
        whole = replace(whole, tallies=tallies)
    return Profile(layout, whole, segments, _observed(shown))


def _measure(
    table: ir.Table, segment: str | None, layout: Layout, engine: QueryEngine, steps: _Steps
) -> dict[int, Statistics]:
    """The statistics of each segment of one column that has rows."""
    key = segment_code(table, segment, layout.segments.get(segment or "", ()), engine)
    rows, measured = _grids(table, key, layout, engine, steps)
    for column in layout.model.measured:
        axis = layout.axes[column.name]
        if not isinstance(axis, Grid):
            measured[column.name] = _categories(table, key, column.name, axis, rows, engine)
        elif column.name not in measured:
            measured[column.name] = _spelt(table, key, column, axis, engine)
        else:
            continue
        steps(1)
    outcomes = _performance(table, key, layout, engine)
    _refuse_moved(rows, measured)
    if any(held.rows != rows.get(code, 0) for code, held in outcomes.items()):
        raise _MovedError
    return {
        code: Statistics(
            count,
            {
                column.name: measured[column.name].get(code)
                or _absent(layout.axes[column.name], count)
                for column in layout.model.measured
            },
            outcomes.get(code),
        )
        for code, count in rows.items()
    }


def _refuse_moved(rows: dict[int, int], measured: dict[str, Keyed]) -> None:
    """Raise where a column was counted over other rows than the rest."""
    for keyed in measured.values():
        for code, held in keyed.items():
            same = held.rows == rows.get(code, 0)
            if not same or (isinstance(held, Numeric) and held.counts.sum() != held.finite):
                raise _MovedError


def _grids(
    table: ir.Table, key: ir.IntegerValue, layout: Layout, engine: QueryEngine, steps: _Steps
) -> tuple[dict[int, int], dict[str, Keyed]]:
    """The rows of each segment, and the statistics of every column that SQL sees as a number."""
    values: dict[str, ir.FloatingValue] = {}
    for column in layout.model.measured:
        if isinstance(layout.axes[column.name], Grid) and column.name in table.columns:
            value = number(plain_column(table, column.name, engine), column.kind, engine)
            if value is not None:
                values[column.name] = value
    rows: dict[int, int] = {}
    measured: dict[str, Keyed] = {}
    for pack in _packs(values, table):
        # Short names of our own: the data's may be any text.
        short = {f"v{index}": name for index, name in enumerate(pack)}
        keyed = table.select(key=key, **{v: values[name] for v, name in short.items()})
        grids = {v: _how(table, name, layout) for v, name in short.items()}
        counted, found = _pack(keyed, grids, engine)
        if rows and counted != rows:
            raise _MovedError
        rows = counted
        measured |= {name: found[v] for v, name in short.items()}
        steps(len(pack))
    return rows, measured


def _packs(values: Mapping[str, ir.Value], table: ir.Table) -> list[list[str]]:
    """Names of columns in packs for one query each, costly ones apart; at least one pack."""
    packs: list[list[str]] = []
    for costly in (False, True):
        names = [name for name in values if is_costly(table[name].type()) is costly]
        packs += [names[start : start + _PACK] for start in range(0, len(names), _PACK)]
    return packs or [[]]


class _Measure(NamedTuple):
    """How a column of numbers is measured: its grid, and what can be said of its values."""

    grid: Grid
    finite: bool
    bounded: bool
    costly: bool


def _how(table: ir.Table, name: str, layout: Layout) -> _Measure:
    dtype, kind = table[name].type(), layout.model.column(name).kind
    grid = layout.axes[name]
    assert isinstance(grid, Grid)  # noqa: S101  # the caller has chosen columns with grids
    return _Measure(grid, has_only_finite(dtype, kind), is_bounded(dtype, kind), is_costly(dtype))


def _pack(
    keyed: ir.Table, grids: dict[str, _Measure], engine: QueryEngine
) -> tuple[dict[int, int], dict[str, Keyed]]:
    """The rows of each key, and the statistics of some columns.

    Parameters
    ----------
    keyed
        A column `key`, and columns of float64.
    grids
        How each column is measured.
    """
    import ibis  # only the query half needs it

    costly = any(how.costly for how in grids.values())
    once = engine.computed(keyed) if costly else keyed
    wanted: dict[str, ir.Value] = {}
    for name, (grid, finite, bounded, _) in grids.items():
        traps = engine.traps and not (bounded and 2.0**-400 < grid.scale < 2.0**400)
        for what, value in numeric.query(once[name], grid, traps=traps, finite=finite).items():
            wanted[f"{name}_{what}"] = value
    rows = engine.run(once.group_by("key").agg(rows=ibis._.count(), **wanted)).to_pylist()
    found = {row["key"]: row for row in rows}
    for name, (grid, *_) in grids.items():
        _add_extraordinary(keyed, name, grid, found, engine)
    edges = {name: grid.edges for name, (grid, *_) in grids.items()}
    counts = engine.histograms(keyed, "key", edges) if edges else {}
    measured: dict[str, Keyed] = {}
    for name, (grid, *_) in grids.items():
        measured[name] = {}
        for code, row in found.items():
            start = f"{name}_"
            own = {k.removeprefix(start): v for k, v in row.items() if k.startswith(start)}
            here = counts[name].get(code)
            measured[name][code] = numeric.assemble(own, row["rows"], here, grid)
    return {code: row["rows"] for code, row in found.items()}, measured


def _add_extraordinary(
    keyed: ir.Table,
    name: str,
    grid: Grid,
    found: dict[int, dict[str, Any]],
    engine: QueryEngine,
) -> None:
    """Add to the rows found the sums of a column over what could overflow, if there is any."""

    def left(row: dict[str, Any]) -> int:
        special = sum(row.get(f"{name}_{what}", 0) for what in ("nans", "negative", "positive"))
        return int(row[f"{name}_valued"] - special - row[f"{name}_ordinary"])

    if not any(f"{name}_ordinary" in row and left(row) for row in found.values()):
        return
    rows, _ = numeric.query_extraordinary(keyed[name], grid)
    few = keyed.filter(rows)
    _, wanted = numeric.query_extraordinary(few[name], grid)
    named = {f"{name}_{what}": value for what, value in wanted.items()}
    for row in engine.run(few.group_by("key").agg(**named)).to_pylist():
        found[row["key"]] |= row


def _categories(
    table: ir.Table,
    key: ir.IntegerValue,
    name: str,
    vocabulary: categorical.Vocabulary,
    rows: dict[int, int],
    engine: QueryEngine,
) -> Keyed:
    """A categorical column for each segment."""
    value = plain_column(table, name, engine) if name in table.columns else None
    if value is None or not is_category(value.type()):
        return {}
    keyed = table.select(key=key, value=value)
    dtype = value.type()
    if not (dtype.is_string() or dtype.is_integer()):
        return _few_categories(keyed, vocabulary, engine)
    counted: dict[int, list[tuple[str | None, int]]] = defaultdict(list)
    totals: dict[int, int] = {}
    known = set(vocabulary.values)
    for row in engine.run(categorical.query(keyed, vocabulary, engine.digest)).to_pylist():
        text = None if row["value"] is None else text_of(row["value"])
        counted[row["key"]].append((text, row["count"]))
        if text is not None and text not in known:
            totals[row["key"]] = row["total"]
    return {
        code: categorical.assemble(counted[code], totals.get(code, 0), vocabulary) for code in rows
    }


def _few_categories(
    keyed: ir.Table, vocabulary: categorical.Vocabulary, engine: QueryEngine
) -> Keyed:
    """Categories whose text only the kernel can write: every value is fetched, once."""
    import ibis  # only the query half needs it

    found: Keyed = {}
    for batch in engine.batches(keyed.group_by("key", "value").agg(count=ibis._.count())):
        counted: dict[int, list[tuple[str | None, int]]] = defaultdict(list)
        for row in batch.to_pylist():
            text = None if row["value"] is None else text_of(row["value"])
            counted[row["key"]].append((text, row["count"]))
        for code, pairs in counted.items():
            part = categorical.assemble(pairs, None, vocabulary)
            found[code] = found[code] | part if code in found else part  # type: ignore[operator]  # one type
    return found


def _spelt(
    table: ir.Table, key: ir.IntegerValue, column: Column, grid: Grid, engine: QueryEngine
) -> Keyed:
    """Text where numbers are expected: each different text is fetched and read by the kernel."""
    import ibis  # only the query half needs it

    if column.name not in table.columns:
        return {}
    keyed = table.select(key=key, value=plain_column(table, column.name, engine))
    found: Keyed = {}
    for batch in engine.batches(keyed.group_by("key", "value").agg(count=ibis._.count())):
        for code, part in split(batch, batch.column("key").to_numpy().astype(np.int64)):
            for texts in _repeated(part.column("value"), part.column("count").to_pylist()):
                values, nulls = numbers(texts, column.kind)
                held = numeric.measure(values, nulls, grid)
                found[code] = found[code] | held if code in found else held  # type: ignore[operator]  # one type
    return found


def _repeated(values: pa.Array, counts: list[int]) -> Iterator[pa.Array]:
    """Each value as often as it counts, at most `_WEIGHED` of them at a time."""
    left = np.array(counts, dtype=np.int64)
    while left.any():
        before = np.cumsum(left) - left
        now = np.clip(_WEIGHED - before, 0, left)
        yield values.take(pa.array(np.repeat(np.arange(left.size), now)))
        left = left - now


def _performance(
    table: ir.Table, key: ir.IntegerValue, layout: Layout, engine: QueryEngine
) -> dict[int, PerformanceStatistic]:
    """Labels against predictions for each segment.

    By the statistic's own query where it has one; else the columns that play a role, and no
    others, are streamed through the kernel, the rows of one query of a ranking together.
    """
    if layout.performance is None:
        return {}
    own = getattr(performance, "query_performance", None)
    if own is not None:
        result: dict[int, PerformanceStatistic] = own(
            layout.performance, layout.model, table, key, engine
        )
        return result
    model = layout.model
    roles = (model.label, model.prediction, model.score, model.group, *(c for _, c in model.scores))
    wanted = [name for name in dict.fromkeys(roles) if name is not None and name in table.columns]
    columns = {name: plain_column(table, name, engine) for name in wanted}
    rows = table.select(**columns, **{_KEY: key})
    found: dict[int, PerformanceStatistic] = {}
    for batch in _whole_groups(rows, model.group, engine):
        codes = batch.column(_KEY).to_numpy().astype(np.int64)
        for code, part in split(batch.drop_columns([_KEY]), codes):
            held = performance.measure_performance(layout.performance, model, part)
            merged = performance.merge_performance(found.get(code), held)
            found[code] = held if merged is None else merged
    return found


_KEY = "watchkeeper segment"
"""The segment's code beside the data's own columns, whose names may be anything."""


def _whole_groups(
    rows: ir.Table, group: str | None, engine: QueryEngine
) -> Iterator[pa.RecordBatch]:
    """Batches in which the rows of one group stand together."""
    if group is None or group not in rows.columns:
        yield from engine.batches(rows)
        return
    yield from whole_lists(engine.batches(rows.order_by(group)), group)


def _absent(axis: Grid | categorical.Vocabulary, rows: int) -> ColumnStatistic:
    """A column without a value in any of `rows` rows."""
    if isinstance(axis, Grid):
        return numeric.measure(np.empty(0), rows, axis)
    return categorical.measure({}, rows, axis)


def _observed(table: ir.Table) -> dict[str, str]:
    """The Arrow type of each column as the engine gives it out."""
    types: dict[str, str] = {}
    for name, dtype in table.schema().items():
        try:
            types[name] = str(dtype.to_pyarrow())
        except Exception:  # noqa: BLE001  # Ibis has no one error for a type that Arrow lacks
            types[name] = str(dtype).lower()
    return types
