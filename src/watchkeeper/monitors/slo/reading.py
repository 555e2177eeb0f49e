"""SLOs as people write them: the list `slos:` of a YAML file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, get_args

from watchkeeper.core.windows import Window, parse_window
from watchkeeper.files.nodes import Node, is_nothing, is_text, place
from watchkeeper.monitors.slo.check import check_slo, required_errors
from watchkeeper.monitors.slo.items import Items
from watchkeeper.monitors.slo.objective import (
    DAYS,
    EVENT_PAIRS,
    SLICE_PAIRS,
    Better,
    Budgeting,
    Indicator,
    Kind,
    Pair,
    Slo,
    Urgency,
)

NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
"""What an SLO may be called: it becomes a label and the name of a resource."""

_KEYS = (
    "name", "model", "description", "objective", "window", "sli", "budgeting", "slice",
    "slice_target", "no_data", "min_bad", "alerts", "maintenance", "labels",
)  # fmt: skip
INDICATOR = {
    Kind.AVAILABILITY: (),
    Kind.LATENCY: ("under_ms",),
    Kind.FRESHNESS: ("within",),
    Kind.QUALITY: ("metric", "target", "better"),
    Kind.DRIFT_FREE: (),
    Kind.CONDITION: ("good",),
}
"""The keys of each kind of indicator …"""

OPTIONAL = frozenset({"better", "within"})
"""… of which these may be left out."""

LEVELS = {"page": Urgency.PAGE, "ticket": Urgency.TICKET}


def parse_slos(text: str, *, name: str = "the SLO file") -> tuple[Slo, ...]:
    """The SLOs of a YAML text, each checked as `check_slo` does.

    Parameters
    ----------
    text
        A mapping with the list `slos`; other keys are left to others.
    name
        What to call it in an error.

    Raises
    ------
    InputError
        With the line and column of each thing that is wrong, and of each alert that could never
        fire or that one bad slice would fire.

    Examples
    --------
    >>> [slo] = parse_slos('''
    ... slos:
    ...   - name: answers
    ...     objective: 99.9%
    ...     sli: {kind: latency, under_ms: 200}
    ... ''')
    >>> print(slo.indicator.kind, slo.objective, len(slo.pairs))
    latency 0.999 4
    """
    reader = Items(name)
    found: list[Slo] = []
    for document in reader.documents(text):
        for item in reader.items(reader.mapping(document, "the file").get("slos"), "slos"):
            slo = read_slo(reader, item)
            if slo is not None:
                found.append(slo)
    check_all(reader, found)
    reader.finish()
    return tuple(found)


def check_all(reader: Items, slos: list[Slo]) -> None:
    """Note names that stand twice, and alerts that are refused, with what burn rates need."""
    seen: dict[tuple[str | None, str], int] = {}
    for slo in slos:
        key = (slo.model, slo.name)
        if key in seen:
            reader.wrong_at(
                slo.line,
                slo.column,
                f"the SLO {slo.name!r} stands twice, first on line {seen[key]}; rename one",
            )
        seen.setdefault(key, slo.line)
        errors = [finding.text for finding in check_slo(slo) if finding.level == "error"]
        table = ""
        if any("can never fire" in text for text in errors):
            table = "\nErrors that each burn rate needs:\n" + required_errors()
        if errors:
            told = "; ".join(errors)
            reader.wrong_at(slo.line, slo.column, f"the SLO {slo.name!r}: {told}{table}")


def read_slo(reader: Items, item: Node) -> Slo | None:
    """One SLO, None where it cannot be told; what is wrong is noted in the reader."""
    given = reader.mapping(item, "an SLO", _KEYS)
    name = read_name(reader, given.get("name"), item)
    indicator = _indicator(reader, given.get("sli"), item)
    budgeting = _budgeting(reader, given, indicator)
    objective = 0.95 if budgeting == "timeslices" else None
    if "objective" in given:
        objective = reader.share(given["objective"], "objective")
    elif objective is None:
        reader.wrong(item, "objective is missing; write the share that is to be good, 99.9%")
    pairs = SLICE_PAIRS if budgeting == "timeslices" else EVENT_PAIRS
    made: dict[str, Any] = {
        "model": reader.written(given.get("model"), "model") or None,
        "description": reader.written(given.get("description"), "description"),
        "budgeting": budgeting,
        "pairs": pairs if "alerts" not in given else read_pairs(reader, given["alerts"]),
        "maintenance": read_maintenance(reader, given.get("maintenance")),
        "labels": _labels(reader, given.get("labels")),
        **_window(reader, given.get("window")),
        **_slices(reader, given, budgeting, indicator, item),
    }
    if name is None or indicator is None or objective is None:
        return None
    line, column = place(item)
    return Slo(name, objective, indicator, line=line, column=column, **made)


def read_name(reader: Items, item: Node | None, at: Node) -> str | None:
    """The name of an SLO."""
    name = reader.written(item, "name")
    if NAME.fullmatch(name):
        return name
    reader.wrong(
        item or at,
        f"{name!r} is no name of an SLO; use letters, digits, '.', '_' and '-', at most 63"
        if name
        else "name is missing; an SLO is told by it",
    )
    return None


def _indicator(reader: Items, item: Node | None, at: Node) -> Indicator | None:
    """What is good: a mapping, or the kind alone."""
    if item is None or is_nothing(item):
        reader.wrong(at, "sli is missing; write what is good, such as `sli: availability`")
        return None
    return read_indicator(reader, item)


def read_indicator(reader: Items, item: Node) -> Indicator | None:
    """What is good, from a mapping with its kind, or from the kind alone."""
    alone = is_text(item)
    given = {"kind": item} if alone else reader.mapping(item, "sli")
    kind = Kind.CONDITION.value if "good" in given and "kind" not in given else None
    if "kind" in given:
        kind = reader.choice(given["kind"], "the kind of sli", [k.value for k in Kind])
    elif kind is None:
        reader.wrong(item, "sli has neither `kind` nor `good`; write `kind: availability`")
    if kind is None:
        return None
    needs = INDICATOR[Kind(kind)]
    if not alone:
        reader.mapping(item, f"the sli of kind {kind}", ("kind", *needs))
    missing = [key for key in needs if key not in given and key not in OPTIONAL]
    for key in missing:
        reader.wrong(item, f"the sli of kind {kind} needs {key}")
    return None if missing else _indicator_of(reader, Kind(kind), given)


def _indicator_of(reader: Items, kind: Kind, given: Mapping[str, Node]) -> Indicator | None:
    """The indicator of a kind whose keys are there."""
    if kind is Kind.LATENCY:
        under = reader.number(given["under_ms"], "under_ms")
        if under is not None and under <= 0:
            reader.wrong(given["under_ms"], "under_ms must be above 0")
        return Indicator(kind, under_ms=under)
    if kind is Kind.FRESHNESS:
        within = reader.length(given["within"], "within") if "within" in given else None
        return Indicator(kind, within=within or timedelta(hours=1))
    if kind is Kind.QUALITY:
        sides = ("higher", "lower")
        better = reader.choice(given["better"], "better", sides) if "better" in given else None
        side: Better = "lower" if better == "lower" else "higher"
        target = reader.number(given["target"], "target")
        metric = reader.written(given["metric"], "metric")
        return Indicator(kind, metric=metric, target=target, better=side)
    if kind is Kind.CONDITION:
        return Indicator(kind, good=reader.written(given["good"], "good"))
    return Indicator(kind)


def _budgeting(reader: Items, given: Mapping[str, Node], indicator: Indicator | None) -> Budgeting:
    """What is counted: events where there are any, else slices."""
    by_slice = indicator is not None and indicator.kind.by_slice
    if "budgeting" not in given:
        return "timeslices" if by_slice else "occurrences"
    said = reader.choice(given["budgeting"], "budgeting", get_args(Budgeting))
    if by_slice and said == "occurrences" and indicator is not None:
        reader.wrong(
            given["budgeting"],
            f"the sli of kind {indicator.kind} says something of a span of time, not of an event; "
            "write `budgeting: timeslices`",
        )
    return "timeslices" if said == "timeslices" or by_slice else "occurrences"


def _window(reader: Items, item: Node | None) -> dict[str, Any]:
    if item is None:
        return {}
    if is_text(item) and item.value in DAYS:
        return {"period": timedelta(days=DAYS[item.value]), "calendar": item.value}
    period = reader.length(item, f"window (a length, or {', '.join(DAYS)})")
    return {"period": period} if period else {}


def _slices(
    reader: Items,
    given: Mapping[str, Node],
    budgeting: Budgeting,
    indicator: Indicator | None,
    at: Node,
) -> dict[str, Any]:
    """What belongs to slices of time, and to the events within."""
    made: dict[str, Any] = {}
    if "min_bad" in given:
        made["min_bad"] = reader.positive(given["min_bad"], "min_bad")
    if "no_data" in given:
        made["no_data"] = reader.choice(given["no_data"], "no_data", ("ignore", "bad"))
    if "slice" in given:
        made["slice"] = reader.length(given["slice"], "slice")
    if "slice_target" in given:
        made["slice_target"] = reader.share(given["slice_target"], "slice_target")
    if budgeting == "occurrences":
        for key in ("slice", "slice_target", "no_data"):
            if key in given:
                reader.wrong(given[key], f"{key} belongs to `budgeting: timeslices`")
    elif indicator and not indicator.kind.by_slice and "slice_target" not in given:
        reader.wrong(
            at, "slice_target is missing; write the share of good events of a good slice, 99%"
        )
    return {key: value for key, value in made.items() if value is not None}


def read_pairs(reader: Items, item: Node) -> tuple[Pair, ...]:
    """The pairs of windows that alert."""
    found: list[Pair] = []
    for part in reader.items(item, "alerts"):
        given = reader.mapping(part, "an alert", ("long", "short", "share", "severity"))
        for key in ("long", "share"):
            if key not in given:
                reader.wrong(part, f"{key} is missing from an alert; write {{long: 1h, share: 2%}}")
        long = reader.length(given["long"], "long") if "long" in given else None
        share = reader.share(given["share"], "share") if "share" in given else None
        level: str | None = "page"
        if "severity" in given:
            level = reader.choice(given["severity"], "severity", LEVELS)
        short = reader.length(given["short"], "short") if "short" in given else None
        if long and share and level:
            found.append(Pair(long, short or long / 12, share, LEVELS[level]))
    return tuple(found)


def read_maintenance(reader: Items, item: Node | None) -> tuple[Window, ...]:
    """Planned work: ranges of time."""
    found: list[Window] = []
    for part in reader.items(item, "maintenance"):
        try:
            found.append(parse_window(reader.written(part, "maintenance")))
        except ValueError as error:
            reader.wrong(part, f"maintenance: {error}")
    return tuple(found)


def _labels(reader: Items, item: Node | None) -> dict[str, str]:
    held = reader.mapping(item, "labels")
    return {key: reader.written(value, f"the label {key}") for key, value in held.items()}
