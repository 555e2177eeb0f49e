"""Data quality of a window against its reference: the `quality` part of a report.

What counts as what, and when a status is given, is in `docs/reference/quality.md`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from watchkeeper.core.estimate import Status
from watchkeeper.core.model import Role, Rule
from watchkeeper.metrics.intervals import wilson
from watchkeeper.metrics.quality_columns import measure_column
from watchkeeper.metrics.quality_scores import measure_scores
from watchkeeper.metrics.quality_status import judge_excess, judge_target
from watchkeeper.profiles.profile import Profile, Tally
from watchkeeper.profiles.rows import RowSketch

_FAMILIES = (
    (("int", "uint", "float", "double", "halffloat", "decimal"), "number"),
    (("string", "large_string", "utf8", "large_utf8"), "text"),
    (("bool",), "truth"),
    (("timestamp", "date"), "time"),
    (("time", "duration", "month_day_nano_interval"), "span"),
)


def measure_quality(
    reference: Profile, current: Profile, *, now: float | datetime | None = None
) -> dict[str, Any]:
    """All of data quality: scores, schema, columns, row rules, duplicates.

    Parameters
    ----------
    reference, current
        Profiles on one layout, with the tallies of its rules.
    now
        The time of measuring, in seconds since 1970 or with a zone; timeliness is unknown
        without it.

    Returns
    -------
    dict
        `scores`, `schema`, `columns`, `rules` and `duplicates`, as the report document has them.
    """
    moment = now.timestamp() if isinstance(now, datetime) else now
    model = current.layout.model
    schema = measure_schema(reference, current)
    retyped = {change["column"] for change in schema["retyped"]}
    return {
        "scores": measure_scores(reference, current, retyped, now=moment),
        "schema": schema,
        "columns": {
            column.name: measure_column(
                column, current.layout.axes[column.name], reference.whole, current.whole,
                model.thresholds,
            )
            for column in model.measured
        },
        "rules": [
            measure_rule(rule, current.whole.tallies.get(f"rule:{rule.name}"))
            for rule in model.rules
        ],
        "duplicates": measure_duplicates(reference, current),
    }  # fmt: skip


def measure_schema(reference: Profile, current: Profile) -> dict[str, Any]:
    """Columns that are missing, unexpected, or of another family of types.

    Whole numbers, floating-point numbers and decimals of any width are one family, so are
    dictionary-encoded and plain values, and dates and timestamps. A label may be missing: it is
    late. A column that is all null has no type.
    """
    layout = current.layout
    absent, retyped = [], []
    for column in layout.model.columns:
        if column.role is Role.IGNORED:
            continue
        if column.name not in current.observed:
            if column.constraint.required and column.role is not Role.LABEL:
                absent.append(column.name)
            continue
        declared = column.constraint.dtype
        expected = declared or reference.observed.get(column.name, layout.dtypes.get(column.name))
        got = current.observed[column.name]
        if expected is not None and not _compatible(expected, got):
            retyped.append({"column": column.name, "expected": expected, "got": got})
    known = {*layout.dtypes, *(column.name for column in layout.model.columns)}
    unexpected = [name for name in current.observed if name not in known]
    status = Status.FAIL if absent or retyped else Status.WARN if unexpected else Status.PASS
    return {
        "missing": absent,
        "unexpected": unexpected,
        "retyped": retyped,
        "status": status.value,
    }


def family(dtype: str) -> str | None:
    """The family of an Arrow type, None for a null type; other types are their own family.

    Examples
    --------
    >>> family("int32"), family("decimal128(10, 2)"), family("date32[day]"), family("null")
    ('number', 'number', 'time', None)
    """
    if dtype == "null":
        return None
    if dtype.startswith("dictionary<values="):
        dtype = dtype.removeprefix("dictionary<values=").split(",", 1)[0]
    base = dtype.split("[", 1)[0].split("(", 1)[0].rstrip("0123456789")
    base = base.removesuffix("_view")
    return next((name for words, name in _FAMILIES if base in words), dtype)


def _compatible(expected: str, got: str) -> bool:
    """Whether all types that were seen are of the expected families."""
    wanted = {family(part) for part in expected.split("|")} - {None}
    found = {family(part) for part in got.split("|")} - {None}
    return not wanted or found <= wanted


def measure_rule(rule: Rule, tally: Tally | None) -> dict[str, Any]:
    """How many rows satisfy a rule; unknown rows count neither way."""
    tally = tally or Tally()
    decided = tally.rows - tally.unknown
    share = 1 - tally.failed / decided if decided else None
    return {
        "name": rule.name,
        "expression": rule.expression,
        "rows": tally.rows,
        "failed": tally.failed,
        "unknown": tally.unknown,
        "share_passed": share,
        "target": rule.target,
        "status": judge_target(share, decided, rule.target).value,
        "severity": rule.severity,
    }


def measure_duplicates(reference: Profile, current: Profile) -> dict[str, Any]:
    """The share of rows, or of ids where the model has one, that repeat an earlier one.

    Exact up to 2,047 distinct rows, an estimate beyond. Rows that repeat by nature, since the
    reference repeats more than is allowed, are judged only against it, and only where the window
    is no longer than the reference: a longer one repeats more.
    """
    model = current.layout.model
    before, now = reference.whole.sketch, current.whole.sketch
    limit = 0.0 if model.id is not None else model.thresholds.max_duplicates
    item: dict[str, Any] = {
        "reference": before.duplicate_share() if before else None,
        "current": now.duplicate_share() if now else None,
        "kind": "rows" if model.id is None else "ids",
        "exact": bool(now and now.exact and (before is None or before.exact)),
        "threshold": limit,
        "status": None,
    }
    if now is None:
        return item
    hits, rows = _repeats(now)
    then, rows_then = _repeats(before) if before else (0, 0)
    if rows_then and then / rows_then > limit:
        item["threshold"] = limit = wilson(then, rows_then)[1]
        if current.whole.rows > reference.whole.rows:
            return item
    return {**item, "status": judge_excess(hits, rows, limit).value}


def _repeats(held: RowSketch) -> tuple[int, int]:
    rows = int(held.counts.sum())
    return rows - len(held.hashes), rows
