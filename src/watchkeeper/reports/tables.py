"""The tables of a report that the terminal and Markdown share: the same cells in the same order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from watchkeeper.app.words import (
    UNDEFINED,
    count,
    counted,
    interval,
    metric_title,
    name,
    number,
    p_value,
    percent,
    setting,
)
from watchkeeper.reports.words import both, change, score, status, subject, verdict

DRIFT_ROWS = 20
"""Columns that the drift table shows; the rest is in the full report."""

CHECK_ROWS = 50
"""Failed checks and warnings that are listed."""


@dataclass(frozen=True, slots=True)
class Table:
    """A titled table of text.

    Attributes
    ----------
    title
        What it shows.
    heads
        Column headings.
    rows
        Cells, as text safe for one line.
    numeric
        Positions of the columns that hold numbers.
    names
        Positions of the columns that hold names from the data.
    more
        What the table leaves out, as a sentence; '' where nothing.
    """

    title: str
    heads: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    numeric: frozenset[int] = frozenset()
    names: frozenset[int] = frozenset({0})
    more: str = ""


def tables(document: Mapping[str, Any]) -> Iterator[Table]:
    """The tables of a document that have rows, the one to act on first."""
    if document["kind"] == "track":
        made = [_windows(document), _over_time(document)]
    else:
        made = [
            _checks(document["checks"]),
            _performance(document.get("performance")),
            _segments(document.get("performance")),
            _drift(document["drift"]),
            _scores(document["quality"]),
        ]
    yield from (table for table in made if table.rows)


def _more(total: int, shown: int, noun: str) -> str:
    return f"{counted(total - shown, 'more ' + noun)} in the full report." if total > shown else ""


def _checks(checks: Sequence[Mapping[str, Any]]) -> Table:
    bad = [check for check in checks if check["status"] in {"fail", "warn"}]
    bad.sort(key=lambda check: check["status"] != "fail")
    rows = [
        (status(check["status"]), check["group"], subject(check), name_of(check["message"]))
        for check in bad[:CHECK_ROWS]
    ]
    return Table(
        "Checks that did not pass",
        ("status", "group", "subject", "what was found"),
        rows,
        names=frozenset({2}),
        more=_more(len(bad), CHECK_ROWS, "check"),
    )


def name_of(sentence: object) -> str:
    """A sentence on one line, without what could move the cursor; only endless words are cut."""
    text = str(sentence)
    return " ".join(name(word) for word in text.split()) or UNDEFINED


def _performance(performance: Mapping[str, Any] | None) -> Table:
    rows = []
    for metric, estimate in (performance or {}).get("metrics", {}).items():
        before, after = both((estimate.get("reference") or {}).get("value"), estimate["value"])
        rows.append(
            (
                metric_title(metric),
                before,
                after,
                interval(estimate["low"], estimate["high"]),
                change(estimate),
                count(estimate["n_current"]),
                status(estimate["status"]),
            )
        )
    heads = ("metric", "reference", "current", "95 % interval", "change", "rows", "status")
    return Table("Performance", heads, rows, frozenset({1, 2, 3, 5}))


def _segments(performance: Mapping[str, Any] | None) -> Table:
    """The metrics of segments that a check did not let pass."""
    rows = []
    for column, values in ((performance or {}).get("segments") or {}).items():
        for value, part in values.items():
            for metric, estimate in part["metrics"].items():
                if estimate["status"] in {"fail", "warn"}:
                    reference = (estimate.get("reference") or {}).get("value")
                    rows.append(
                        (
                            f"{name(column)} = {name(value)}",
                            metric_title(metric),
                            *both(reference, estimate["value"]),
                            change(estimate),
                            count(estimate["n_current"]),
                            status(estimate["status"]),
                        )
                    )
    heads = ("segment", "metric", "reference", "current", "change", "rows", "status")
    more = _more(len(rows), DRIFT_ROWS, "row")
    return Table("Segments", heads, rows[:DRIFT_ROWS], frozenset({2, 3, 5}), more=more)


def _drift(drift: Mapping[str, Any]) -> Table:
    columns = drift["columns"]
    order = [column for column in drift["ranking"] if column in columns]
    rows = []
    for column in order[:DRIFT_ROWS]:
        part = columns[column]
        effect = part["effect"]
        psi = (part["metrics"].get("psi_corrected") or part["metrics"].get("psi") or {}).get(
            "value"
        )
        rows.append(
            (
                name(column),
                verdict(part),
                f"{metric_title(effect['metric'] or '')} {number(effect['value'])}".strip(),
                interval(effect["low"], effect["high"]),
                _psi(psi),
                p_value(part["p_adjusted"]).removeprefix("p = ").removeprefix("p "),
                name_of(part["reason"]),
            )
        )
    heads = ("column", "verdict", "effect", "95 % interval", "PSI", "p", "what moved")
    title = f"Drift, by effect (tolerance {setting(drift.get('tolerance'))})"
    more = _more(len(order), DRIFT_ROWS, "column")
    return Table(title, heads, rows, frozenset({2, 3, 4, 5}), more=more)


def _psi(value: float | None) -> str:
    """A PSI with three decimals, as it is read: below 0.001 nothing has moved."""
    if value is None:
        return UNDEFINED
    return f"{max(value, 0.0):.3f}" if value < 1 else number(value)


def _scores(quality: Mapping[str, Any]) -> Table:
    rows = [
        (
            title,
            score(title, part["reference"]),
            score(title, part["current"]),
            ("at most " if title == "timeliness" else "at least ") + score(title, part["target"]),
            status(part["status"]),
        )
        for title, part in quality["scores"].items()
        if part
    ]
    rows += [
        (
            f"rule: {name(rule['name'])}",
            UNDEFINED,
            percent(rule["share_passed"]),
            "at least " + percent(rule["target"]),
            status(rule["status"]),
        )
        for rule in quality["rules"]
    ]
    heads = ("score", "reference", "current", "target", "status")
    return Table("Quality", heads, rows, frozenset({1, 2, 3}))


def _windows(document: Mapping[str, Any]) -> Table:
    rows = [
        (
            name(window["name"]),
            count(window["rows"]),
            count(window["labelled"]),
            verdict(window),
            count(window["drifted"]),
            name_of(window["headline"]),
        )
        for window in document["windows"]
    ]
    heads = ("window", "rows", "labels", "verdict", "drifted", "finding")
    return Table("Windows", heads, rows, frozenset({1, 2, 4}))


def _over_time(document: Mapping[str, Any]) -> Table:
    """Each metric's reference, worst and last value."""
    rows = []
    for metric, part in (document["performance"] or {}).items():
        values = [
            point["value"] for point in part["points"] if point and point["value"] is not None
        ]
        worst = {"higher": min, "lower": max}.get(part["direction"])
        rows.append(
            (
                metric_title(metric),
                number((part["reference"] or {}).get("value")),
                number(worst(values, default=None) if worst else None),
                number(values[-1] if values else None),
                count(len(values)),
            )
        )
    heads = ("metric", "reference", "worst", "last", "windows")
    return Table("Performance over time", heads, rows, frozenset({1, 2, 3, 4}))
