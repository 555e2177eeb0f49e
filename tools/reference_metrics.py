"""The page of all metrics: the method, exactly, from the record of each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

INTRODUCTION = """# Metrics

This page is made from the registry (`watchkeeper.metrics.ALL`); it is what the code does. For each
metric: the formula as computed, its unit and direction, what happens to missing values, infinities
and values that the reference has never seen, where interval and p-value come from, where the number
deceives, and what other libraries compute under the same name.

`p` is the reference's share and `q` that of the current data in a bin or category; `ln` is the
natural logarithm. Undefined is no value (`null` in JSON, `None` in Python), never 0 and never NaN.
Numeric columns are measured on a grid of up to 512 bins fixed by the reference; where that adds an
error, the estimate carries its `bound`. [The design](../architecture.md) says how.

Metrics of traffic, labels and outcomes count each row with its weight `w` (1 unless the client
sampled), so they estimate what all rows would have shown; durations are held in bins that are 4 to
5 % wide, the same for every model. A name that ends in `_at_k`, `_at_p`, `_by_class` or `_by_name`
stands for many metrics, each with what it is asked for behind an `@`, as `latency_ms@p95`.
"""

GROUPS = {
    "drift": "Drift",
    "performance": "Performance",
    "calibration": "Calibration and confidence",
    "prediction": "Predictions",
    "fairness": "Fairness",
    "quality": "Quality",
    "service": "Traffic and service",
    "labels": "Labels",
    "business": "Outcomes",
}

WORSE = {
    "higher": "higher is worse",
    "lower": "lower is worse",
    "either": "a change in either direction matters",
    "none": "neither direction is worse",
}


def metrics_page(metrics: Sequence[Any]) -> str:
    """The whole page: a table of everything, then one section a metric, by group."""
    lines = [INTRODUCTION, *_overview(metrics)]
    for group, title in GROUPS.items():
        members = sorted((m for m in metrics if m.group == group), key=lambda m: m.name)
        if members:
            lines += [f"## {title}", ""]
            for metric in members:
                lines += _section(metric)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip() + "\n"


def _overview(metrics: Iterable[Any]) -> Iterator[str]:
    yield "| metric | group | for | unit | range | worse |"
    yield "|---|---|---|---|---|---|"
    order = list(GROUPS)
    for metric in sorted(metrics, key=lambda m: (order.index(m.group), m.name)):
        yield (
            f"| [`{metric.name}`](#{metric.name}) | {metric.group} | {', '.join(metric.needs)} | "
            f"{metric.unit or 'none'} | {_range(metric)} | {metric.worse} |"
        )
    yield ""


def _section(metric: Any) -> Iterator[str]:
    yield f"### {metric.title} {{ #{metric.name} }}"
    yield ""
    yield f"`{metric.name}`: {_sentence(metric.measures)}"
    yield ""
    yield from _formula(metric.formula)
    yield ""
    for name, text in _facts(metric):
        if text:
            yield f"- **{name}**: {_sentence(text)}"
    if metric.defaults:
        given = ", ".join(f"`{key}` = {value!r}" for key, value in metric.defaults.items())
        yield f"- **Defaults**: {given}."
    yield ""
    if metric.peers:
        yield "| elsewhere | under this name |"
        yield "|---|---|"
        for peer, what in metric.peers.items():
            yield f"| {peer} | {_cell(what)} |"
        yield ""


def _formula(text: str) -> Iterator[str]:
    """The formula, then what stands beside it: as formulas where it is one, else as prose."""
    head, *notes = re.split(r",?\\quad\s*|,\\;\s*|;\\;\s*|;\\ \s*", text.strip())
    prose = []
    yield _fence(head)
    for note in filter(None, notes):
        plain = re.sub(r"\\text\{([^{}]*)\}", r" \1 ", note).replace(r"\,", " ")
        if re.search(r"[\\^_]", plain):
            yield _fence(note)
        else:
            prose.append(re.sub(r"\s+([,;)])", r"\1", " ".join(plain.split())))
    if prose:
        yield f"Here: {'; '.join(prose)}."


def _fence(formula: str) -> str:
    return f"```math\n{formula.rstrip(',; ')}\n```\n"


def _facts(metric: Any) -> Iterator[tuple[str, str]]:
    best = "" if metric.best is None else f"; best is {_number(metric.best)}"
    yield "Needs", ", ".join(metric.needs)
    yield "Unit and range", f"{metric.unit or 'a pure number'}; {_range(metric)}"
    yield "Direction", WORSE[metric.worse] + best
    yield "Misleads", metric.misleads
    yield "Missing values", metric.nulls
    yield "Infinities", metric.infinities
    yield "Values not in the reference", metric.unseen
    yield "Interval", metric.interval
    yield "p-value", metric.p_value
    yield "Source", metric.source
    yield "Tested against", metric.oracle


def _range(metric: Any) -> str:
    low = "−∞" if metric.lowest is None else _number(metric.lowest)
    high = "∞" if metric.highest is None else _number(metric.highest)
    return f"{low} to {high}"


def _number(value: float) -> str:
    return f"{value:.6g}".replace("-", "−")


def _sentence(text: str) -> str:
    """The text with a full stop, on one line."""
    text = " ".join(text.split())
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
