"""What is known of an alert, in words: how bad it is, and what may be behind it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from watchkeeper.actions.channels.words import clean

MOST_SUSPECTS = 10
"""How many suspects a message names."""


def number_text(value: object) -> str:
    """A number for people, to four significant digits; empty for what is no finite number.

    Examples
    --------
    >>> number_text(0.123456), number_text(1234567), number_text(float("nan")), number_text(0.99912)
    ('0.1235', '1,234,567', '', '0.9991')
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return ""
    if abs(value) >= 10_000 or float(value).is_integer():
        return f"{value:,.0f}"
    return f"{value:.4g}"


def how_bad(evidence: Mapping[str, Any]) -> str:
    """The value with its interval, the limit and the rows behind it.

    Examples
    --------
    >>> known = {"value": 0.81, "low": 0.78, "high": 0.84, "limit": 0.9, "rows": 1204}
    >>> how_bad({"metric": "accuracy", **known})
    'accuracy 0.81 (0.78 to 0.84); limit 0.9; 1,204 rows'
    """
    value, unit = number_text(evidence.get("value")), clean(evidence.get("unit") or "", 20)
    parts = []
    if value:
        name = clean(evidence.get("metric") or "", 80)
        parts.append(" ".join(part for part in (name, value, unit, _interval(evidence)) if part))
    if limit := number_text(evidence.get("limit")):
        parts.append(" ".join(part for part in ("limit", limit, unit) if part))
    rows = evidence.get("rows")
    if isinstance(rows, int) and rows > 0:
        parts.append(f"{rows:,} row{'s' if rows != 1 else ''}")
    return "; ".join(parts)


def _interval(evidence: Mapping[str, Any]) -> str:
    low, high = number_text(evidence.get("low")), number_text(evidence.get("high"))
    return f"({low} to {high})" if low and high else ""


def suspects_of(evidence: Mapping[str, Any]) -> tuple[str, ...]:
    """What may be behind it: names, or mappings with `name`, `effect`, `low` and `high`.

    Examples
    --------
    >>> wind = {"name": "wind", "effect": 0.5, "low": 0.4, "high": 0.6}
    >>> suspects_of({"suspects": ["temp", wind]})
    ('temp', 'wind: 0.5 (0.4 to 0.6)')
    """
    told = evidence.get("suspects")
    if not isinstance(told, list | tuple):
        return ()
    lines = tuple(line for one in told[:MOST_SUSPECTS] if (line := _suspect(one)))
    more = len(told) - MOST_SUSPECTS
    return (*lines, f"and {more} more") if more > 0 else lines


def _suspect(suspect: object) -> str:
    if not isinstance(suspect, Mapping):
        return clean(suspect, 200)
    name = clean(suspect.get("name") or suspect.get("feature") or suspect.get("metric") or "", 120)
    effect = suspect.get("effect", suspect.get("value"))
    text = number_text(effect) or clean(effect if isinstance(effect, str) else "", 100)
    measured = " ".join(part for part in (text, _interval(suspect)) if part)
    note = clean(suspect.get("note") or "", 150)
    return ": ".join(part for part in (name, measured, note) if part)


def is_flapping(alert: Any) -> bool:
    """Whether an alert's evidence says that it comes and goes."""
    return bool(alert.evidence.get("flapping"))
