"""The limits that a user has written on metrics, beside the default checks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from watchkeeper.core.errors import ModelError
from watchkeeper.core.model import Check, Model
from watchkeeper.expressions.hints import suggest
from watchkeeper.metrics import ALL

SCORES = ("completeness", "accuracy", "consistency", "timeliness", "validity")
"""The scores of data quality; `accuracy` without a column is that of the predictions."""

_OF_A_SERVER = {"service", "labels", "business"}
"""Groups of metrics that rows in a file say nothing of."""

Finding = tuple[Check, str, float | None, float, str]
"""A check, its status, the value, and the limit with the comparison that would break it."""


def refuse_unknown(model: Model) -> None:
    """Raise `ModelError` where a limit names no metric, before the long work begins."""
    known = sorted({*(m.name for m in ALL if m.group not in _OF_A_SERVER), *SCORES})
    columns = [column.name for column in model.columns]
    for check in model.checks:
        name = check.metric.partition("@")[0]
        if name not in known and f"{name}_at_k" not in known:
            hint = suggest(check.metric, known) or "; `watchkeeper metrics` lists them"
            raise ModelError(f"checks: there is no metric {check.metric!r}{hint}")
        if check.column is not None and check.column not in columns:
            hint = suggest(check.column, columns) or ""
            raise ModelError(f"checks: the reference has no column {check.column!r}{hint}")


def hold(document: Mapping[str, Any], model: Model) -> Iterator[Finding]:
    """Each limit held against the document: fail before warn, the first that is broken."""
    for check in model.checks:
        measured = _measured(document, check)
        value = measured.get("value") if measured else None
        if value is None:
            yield check, "not_enough_data", None, 0.0, ""
            continue
        yield (check, *_broken(check, value, measured or {}))


def _measured(document: Mapping[str, Any], check: Check) -> Mapping[str, Any] | None:
    """The metric as the document holds it, None where it was not measured."""
    if check.column is not None:
        column = document["drift"]["columns"].get(check.column)
        return column["metrics"].get(check.metric) if column else None
    performance = document["performance"]
    if performance and check.metric in performance["metrics"]:
        found: Mapping[str, Any] = performance["metrics"][check.metric]
        return found
    score = document["quality"]["scores"].get(check.metric)
    return (
        {"value": score["current"], "reference": {"value": score["reference"]}} if score else None
    )


def _broken(
    check: Check, value: float, measured: Mapping[str, Any]
) -> tuple[str, float, float, str]:
    drop = _drop(value, measured)
    limits = (
        ("fail", check.fail_below, value, "<"),
        ("fail", check.fail_above, value, ">"),
        ("fail", check.fail_drop, drop, ">"),
        ("warn", check.warn_below, value, "<"),
        ("warn", check.warn_above, value, ">"),
        ("warn", check.warn_drop, drop, ">"),
    )
    shown: tuple[str, float, float, str] | None = None
    for status, limit, found, operator in limits:
        if limit is None or found is None:
            continue
        if found < limit if operator == "<" else found > limit:
            return status, found, limit, operator
        shown = shown or ("pass", found, limit, operator)
    return shown or ("not_enough_data", value, 0.0, "")


def _drop(value: float, measured: Mapping[str, Any]) -> float | None:
    """How much worse than the reference, as a share of it; negative where it is better."""
    before = (measured.get("reference") or {}).get("value")
    if not before:
        return None
    lower = measured.get("direction") == "lower"
    return float((value - before if lower else before - value) / abs(before))
