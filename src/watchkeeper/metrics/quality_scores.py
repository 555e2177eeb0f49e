"""The five scores of data quality, each a share of what is good, or hours.

- completeness: cells with a value / cells, over the required columns but the label.
- validity: 1 - invalid / cells with a value. Invalid are cells of a retyped column, infinities,
  values outside a declared range or list, and values against a declared pattern or length.
- consistency: rows that no row rule fails / rows that the rules decide.
- accuracy: cells like those of the reference / cells with a value, over features: numbers inside
  its range, categories that it has. It stands for closeness to the truth, which data alone cannot
  show.
- timeliness: hours from the newest event to the time of measuring.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from watchkeeper.core.estimate import Status
from watchkeeper.core.model import Column, Kind, Model, Role
from watchkeeper.metrics.intervals import wilson
from watchkeeper.metrics.quality_columns import limits, missing, outside, unseen
from watchkeeper.metrics.quality_status import judge_target
from watchkeeper.profiles.categorical import Categorical, Vocabulary
from watchkeeper.profiles.grid import Grid
from watchkeeper.profiles.layout import Layout
from watchkeeper.profiles.numeric import Numeric
from watchkeeper.profiles.profile import Profile, Statistics

Score = dict[str, Any]


def measure_scores(
    reference: Profile, current: Profile, retyped: Collection[str], *, now: float | None
) -> dict[str, Score]:
    """The scores of both sides, against their targets.

    Parameters
    ----------
    reference, current
        Profiles on one layout.
    retyped
        Columns of the current rows whose type is not what is expected.
    now
        The time of measuring in seconds since 1970, None where timeliness is not asked for.
    """
    layout = current.layout
    aims = layout.model.thresholds
    before, after = reference.whole, current.whole
    scores: dict[str, Score] = {}
    for name, target, (then, found) in (
        ("completeness", aims.completeness,
         (completeness(layout.model, before), completeness(layout.model, after))),
        ("accuracy", aims.accuracy,
         (accuracy(layout, before, before), accuracy(layout, after, before))),
        ("consistency", aims.consistency,
         (consistency(layout.model, before), consistency(layout.model, after))),
        ("validity", aims.validity,
         (validity(layout, before, before, ()), validity(layout, after, before, retyped))),
    ):  # fmt: skip
        scores[name] = _score(then, found, target, before.rows, after.rows)
    scores["timeliness"] = _timeliness(layout.model, after, now)
    return scores


def completeness(model: Model, held: Statistics) -> float | None:
    """The share of cells with a value, over the required columns but the label."""
    columns = [
        held.columns[column.name]
        for column in model.measured
        if column.constraint.required and column.role is not Role.LABEL
    ]
    cells = held.rows * len(columns)
    return 1 - sum(map(missing, columns)) / cells if cells else None


def validity(
    layout: Layout, held: Statistics, reference: Statistics, retyped: Collection[str]
) -> float | None:
    """The share of cells with a value that satisfy what is declared of their column."""
    cells = flaws = 0
    for column in layout.model.measured:
        part = held.columns[column.name]
        valued = part.rows - missing(part)
        cells += valued
        if column.name in retyped:
            flaws += valued
        else:
            flaws += min(valued, _undeclared(column, layout, held, reference))
    return 1 - flaws / cells if cells else None


def _undeclared(column: Column, layout: Layout, held: Statistics, reference: Statistics) -> int:
    """Cells against the declared range or list, the pattern or the lengths, and infinities."""
    part, axis = held.columns[column.name], layout.axes[column.name]
    tallies = (held.tallies.get(f"{kind}:{column.name}") for kind in ("form", "pattern", "length"))
    tally = next((tally for tally in tallies if tally is not None), None)
    flaws = tally.failed if tally else 0
    if isinstance(part, Numeric) and isinstance(axis, Grid):
        low, high, source = limits(column, axis)
        if source == "declared":
            flaws += outside(part, axis, low, high)[0]
            flaws += part.negative_infinities if low is None else 0
            flaws += part.positive_infinities if high is None else 0
        else:
            flaws += part.infinities
    declared = column.constraint.values
    if isinstance(part, Categorical) and isinstance(axis, Vocabulary) and declared is not None:
        flaws += unseen(part, axis, reference.columns[column.name], declared) or 0
    return flaws


def accuracy(layout: Layout, held: Statistics, reference: Statistics) -> float | None:
    """The share of cells of features that are like those of the reference."""
    cells = strange = 0
    for column in layout.model.measured:
        if column.role is not Role.FEATURE or column.kind in {Kind.DATETIME, Kind.TEXT}:
            continue
        part, axis = held.columns[column.name], layout.axes[column.name]
        before = reference.columns[column.name]
        if isinstance(part, Numeric) and isinstance(axis, Grid):
            low, high, _ = limits(column, axis)
            found: int | None = outside(part, axis, low, high)[0]
            if low is None or high is None:
                found = (found or 0) + (
                    part.negative_infinities * (low is None)
                    + part.positive_infinities * (high is None)
                )
        elif isinstance(part, Categorical) and isinstance(axis, Vocabulary):
            found = unseen(part, axis, before, column.constraint.values)
        if found is None:
            continue
        cells += part.rows - missing(part)
        strange += found
    return 1 - strange / cells if cells else None


def consistency(model: Model, held: Statistics) -> float | None:
    """The share of rows that no rule fails, of those that the rules decide."""
    names = [f"rule:{rule.name}" for rule in model.rules]
    tally = held.tallies.get("rules" if len(names) > 1 else names[0]) if names else None
    if tally is None or tally.rows == tally.unknown:
        return None
    return 1 - tally.failed / (tally.rows - tally.unknown)


def _score(
    then: float | None, found: float | None, target: float, rows_then: int, rows: int
) -> Score:
    """A score against its target; cells of one row are taken for one observation.

    Where the reference misses the target itself, and the window is not surely worse than it, the
    target is the thing to change: that warns.
    """
    score: Score = {"reference": then, "current": found, "target": target, "n": rows}
    if found is None:
        return {**score, "status": None}
    status = judge_target(found, rows, target)
    if status is Status.FAIL and then is not None and then < target:
        low, _ = wilson(then * rows_then, rows_then)
        _, high = wilson(found * rows, rows)
        if high >= low:
            status = Status.WARN
            score["note"] = "the reference misses this target too; lower it if that is accepted"
    return {**score, "status": status.value}


def _timeliness(model: Model, held: Statistics, now: float | None) -> Score:
    target = model.thresholds.timeliness_hours
    score: Score = {"reference": None, "current": None, "target": target, "n": held.rows}
    part = held.columns.get(model.timestamp) if model.timestamp is not None else None
    if now is None or not isinstance(part, Numeric) or part.maximum is None:
        return {**score, "status": None}
    hours = (now - part.maximum) / 3600
    status = Status.PASS if hours <= target else Status.FAIL
    return {**score, "current": hours, "status": status.value}
