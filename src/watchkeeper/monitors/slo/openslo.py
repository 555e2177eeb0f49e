"""SLOs read from OpenSLO v1: Service, SLI, SLO, AlertPolicy and AlertCondition.

OpenSLO has one condition a policy, so it cannot say a pair of windows: pairs stand in the
annotation `watchkeeper/alerts`. Without it a burn-rate condition is read as a pair whose short
window is a twelfth of its long one. Indicators must be those that Watchkeeper measures:
`metricSource: {type: Watchkeeper, spec: {kind: latency, under_ms: 200}}`.

References
----------
.. [1] OpenSLO specification v1, https://github.com/OpenSLO/OpenSLO.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from watchkeeper.core.errors import InputError
from watchkeeper.core.windows import parse_window
from watchkeeper.expressions.hints import suggest
from watchkeeper.files.nodes import Node, empty_at, is_list, is_nothing, is_text, place
from watchkeeper.monitors.slo.items import Items
from watchkeeper.monitors.slo.objective import (
    DAYS,
    Better,
    Budgeting,
    Indicator,
    Kind,
    Pair,
    Slo,
    Urgency,
)
from watchkeeper.monitors.slo.reading import NAME, check_all, read_indicator
from watchkeeper.monitors.slo.wording import parse_pairs

VERSION = "openslo/v1"
"""The `apiVersion` of what is read and written."""

ANNOTATION = "watchkeeper/"
"""What annotations of ours begin with."""

KINDS = (
    "Service", "SLI", "SLO", "AlertPolicy", "AlertCondition", "DataSource",
    "AlertNotificationTarget",
)  # fmt: skip
_UNITS = {
    "m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1),
    "w": timedelta(weeks=1), "M": timedelta(days=30), "Q": timedelta(days=90),
    "Y": timedelta(days=365),
}  # fmt: skip
LENGTH = re.compile(r"([1-9][0-9]{0,6})([mhdwMQY])")
"""A length in the shorthand of OpenSLO."""

_CALENDAR = {"1w": "week", "7d": "week", "1M": "month", "1Q": "quarter", "3M": "quarter",
             "1Y": "year", "12M": "year"}  # fmt: skip
METHODS: Mapping[str, Budgeting] = {"Occurrences": "occurrences", "Timeslices": "timeslices"}
OPERATORS = ("gte", "gt", "lte", "lt")


@dataclass
class _Objects:
    """What a text holds, by kind and name."""

    reader: Items
    found: dict[tuple[str, str], Node] = field(default_factory=dict)

    def refer(self, kind: str, name: Node) -> Node | None:
        """The `spec` of an object that is named elsewhere."""
        wanted = self.reader.written(name, f"the name of an {kind}")
        if (kind, wanted) in self.found:
            return self.found[kind, wanted]
        names = [known for other, known in self.found if other == kind]
        self.reader.wrong(name, f"there is no {kind} {wanted!r}{suggest(wanted, names)}")
        return None


def parse_openslo(text: str, *, name: str = "the OpenSLO file") -> tuple[Slo, ...]:
    """The SLOs of an OpenSLO v1 text of any number of documents.

    An SLO of several objectives becomes as many, the second and later ones numbered. One without
    alert policies and without the annotation has no alerts.

    Raises
    ------
    InputError
        With the line and column of each thing that is wrong or cannot be measured.

    Examples
    --------
    >>> [slo] = parse_openslo('''
    ... apiVersion: openslo/v1
    ... kind: SLO
    ... metadata: {name: answers}
    ... spec:
    ...   service: flights
    ...   indicator:
    ...     metadata: {name: in-time}
    ...     spec:
    ...       ratioMetric:
    ...         good: {metricSource: {type: Watchkeeper, spec: {kind: latency, under_ms: 200}}}
    ...         total: {metricSource: {type: Watchkeeper, spec: {kind: availability}}}
    ...   timeWindow: [{duration: 4w, isRolling: true}]
    ...   budgetingMethod: Occurrences
    ...   objectives: [{targetPercent: 99.9}]
    ... ''')
    >>> print(slo.model, slo.objective, slo.period.days, slo.pairs)
    flights 0.999 28 ()
    """
    reader = Items(name)
    objects = _Objects(reader)
    slos: list[tuple[Mapping[str, Node], Node, Node]] = []
    for document in reader.documents(text):
        if not is_nothing(document):
            _note(objects, slos, document)
    found = [slo for metadata, spec, at in slos for slo in _read(objects, metadata, spec, at)]
    check_all(reader, found)
    reader.finish()
    return tuple(found)


def _note(
    objects: _Objects, slos: list[tuple[Mapping[str, Node], Node, Node]], document: Node
) -> None:
    """Put one document where others find it."""
    reader = objects.reader
    given = reader.mapping(document, "the document", ("apiVersion", "kind", "metadata", "spec"))
    version = reader.written(given.get("apiVersion"), "apiVersion")
    if version != VERSION:
        reader.wrong(
            given.get("apiVersion", document), f"apiVersion is {version!r}; {VERSION} is read"
        )
    kind = reader.choice(given["kind"], "kind", KINDS) if "kind" in given else None
    if "kind" not in given:
        reader.wrong(document, f"kind is missing; use one of {', '.join(KINDS)}")
    metadata = reader.mapping(given.get("metadata"), "metadata")
    named = reader.written(metadata.get("name"), "metadata.name")
    if not named:
        reader.wrong(document, "metadata.name is missing")
    spec = given.get("spec", empty_at(document))
    if kind == "SLO":
        slos.append((metadata, spec, document))
    elif kind is not None:
        objects.found[kind, named] = spec


def _read(objects: _Objects, metadata: Mapping[str, Node], spec: Node, at: Node) -> list[Slo]:
    """The SLOs of one document of kind SLO."""
    reader = objects.reader
    given = reader.mapping(
        spec,
        "the spec of an SLO",
        ("description", "service", "indicator", "indicatorRef", "timeWindow", "budgetingMethod",
         "objectives", "alertPolicies"),
    )  # fmt: skip
    for key in ("budgetingMethod", "objectives"):
        if key not in given:
            reader.wrong(spec, f"{key} is missing")
    notes = _annotations(reader, metadata)
    common = {
        "model": None
        if notes.get("all-models")
        else reader.written(given.get("service"), "service"),
        "description": reader.written(given.get("description"), "description"),
        "budgeting": _method(reader, given),
        "labels": _labels(reader, metadata),
        "line": place(at)[0],
        "column": place(at)[1],
        **_window(reader, given.get("timeWindow")),
        **_noted(reader, notes, metadata),
    }
    common.setdefault("pairs", _pairs(objects, given.get("alertPolicies"), common))
    name = notes.get("name") or reader.written(metadata.get("name"), "metadata.name")
    if name and not NAME.fullmatch(name):
        reader.wrong(metadata["name"], f"{name!r} is no name of an SLO")
    slos: list[Slo] = []
    objectives = reader.items(given.get("objectives"), "objectives")
    if "objectives" in given and is_list(given["objectives"]) and not objectives:
        reader.wrong(given["objectives"], "objectives is empty; an SLO has at least one")
    for number, item in enumerate(objectives, 1):
        held = _objective(reader, item, common["budgeting"])
        indicator = _indicator(objects, given, item, spec)
        if indicator is not None and "objective" in held and name:
            own = name if number == 1 else f"{name}-{number}"
            slos.append(Slo(own, indicator=indicator, **{**common, **held}))
    return slos


def _method(reader: Items, given: Mapping[str, Node]) -> Budgeting:
    if "budgetingMethod" not in given:
        return "occurrences"
    said = reader.choice(given["budgetingMethod"], "budgetingMethod", METHODS)
    return METHODS[said] if said else "occurrences"


def _objective(reader: Items, item: Node, budgeting: Budgeting) -> dict[str, Any]:
    """The share that is to be good, and the slices that it is of."""
    given = reader.mapping(
        item,
        "an objective",
        ("displayName", "op", "value", "target", "targetPercent", "timeSliceTarget",
         "timeSliceWindow"),
    )  # fmt: skip
    made: dict[str, Any] = {}
    if ("target" in given) == ("targetPercent" in given):
        reader.wrong(item, "an objective has either `target` or `targetPercent`")
    elif "target" in given:
        made["objective"] = reader.share(given["target"], "target")
    else:
        percent = reader.number(given["targetPercent"], "targetPercent")
        if percent is not None and 0 < percent < 100:
            made["objective"] = round(percent / 100, 12)
        elif percent is not None:
            reader.wrong(given["targetPercent"], "targetPercent must lie above 0 and under 100")
    if budgeting == "timeslices":
        if "timeSliceWindow" in given:
            made["slice"] = _minutes(reader, given["timeSliceWindow"])
        if "timeSliceTarget" in given and reader.written(
            given["timeSliceTarget"], "timeSliceTarget"
        ) not in {"1", "1.0"}:
            made["slice_target"] = reader.share(given["timeSliceTarget"], "timeSliceTarget")
    return {key: value for key, value in made.items() if value is not None}


def _minutes(reader: Items, item: Node) -> timedelta | None:
    """A length, or a number of minutes."""
    text = reader.written(item, "timeSliceWindow")
    if re.fullmatch(r"[1-9]\d{0,6}", text):
        return timedelta(minutes=int(text))
    return _duration(reader, item, "timeSliceWindow")


def _duration(reader: Items, item: Node, where: str) -> timedelta | None:
    """A length in the shorthand of OpenSLO."""
    given = reader.written(item, where)
    match = LENGTH.fullmatch(given)
    if match is None:
        reader.wrong(item, f"{where}: {given!r} is no length; write 5m, 1h, 30d, 4w or 1M")
        return None
    try:
        return int(match[1]) * _UNITS[match[2]]
    except OverflowError:
        reader.wrong(item, f"{where}: {given!r} is longer than time itself")
        return None


def _window(reader: Items, item: Node | None) -> dict[str, Any]:
    """The period, rolling or by the calendar."""
    windows = reader.items(item, "timeWindow")
    if not windows:
        return {}
    if len(windows) > 1:
        reader.wrong(windows[1], "an SLO has one timeWindow")
    given = reader.mapping(
        windows[0], "a timeWindow", ("duration", "isRolling", "calendar")
    )  # fmt: skip
    if "duration" not in given:
        reader.wrong(windows[0], "duration is missing from a timeWindow")
        return {}
    length = _duration(reader, given["duration"], "duration")
    rolling = reader.flag(given["isRolling"], "isRolling") if "isRolling" in given else False
    zone = reader.mapping(given.get("calendar"), "calendar").get("timeZone")
    if not rolling and "calendar" in given:
        calendar = _CALENDAR.get(reader.written(given["duration"], "duration"))
        if calendar is None:
            reader.wrong(given["duration"], "a calendar window is 1w, 1M, 1Q or 1Y here")
            return {}
        if zone is not None and reader.written(zone, "timeZone") not in {"UTC", "Etc/UTC", "GMT"}:
            reader.wrong(zone, "calendar windows begin at midnight UTC here; write UTC")
        return {"calendar": calendar, "period": timedelta(days=DAYS[calendar])}
    return {} if length is None else {"period": length}


def _indicator(
    objects: _Objects, given: Mapping[str, Node], objective: Node, at: Node
) -> Indicator | None:
    """What is good, from an SLI here or elsewhere."""
    reader = objects.reader
    if "indicator" in given:
        spec = reader.mapping(given["indicator"], "indicator", ("metadata", "spec")).get("spec")
    elif "indicatorRef" in given:
        spec = objects.refer("SLI", given["indicatorRef"])
    else:
        reader.wrong(at, "an SLO has either `indicator` or `indicatorRef`")
        return None
    held = reader.mapping(
        spec, "the spec of an SLI", ("description", "ratioMetric", "thresholdMetric")
    )
    if "thresholdMetric" in held:
        return _threshold(reader, held["thresholdMetric"], objective)
    if "ratioMetric" not in held:
        reader.wrong(spec or at, "an SLI has either `ratioMetric` or `thresholdMetric`")
        return None
    ratio = reader.mapping(
        held["ratioMetric"], "ratioMetric", ("counter", "good", "bad", "total", "raw", "rawType")
    )
    if "good" not in ratio:
        reader.wrong(held["ratioMetric"], "only a ratioMetric with `good` and `total` is read")
        return None
    source = _source(reader, ratio["good"])
    return read_indicator(reader, source) if source is not None else None


def _source(reader: Items, metric: Node) -> Node | None:
    """The `spec` of a metric source of ours."""
    given = reader.mapping(metric, "a metric", ("metricSource",)).get("metricSource")
    held = reader.mapping(given, "metricSource", ("metricSourceRef", "type", "spec"))
    kind = reader.written(held.get("type"), "type")
    if kind.lower() != "watchkeeper" or "spec" not in held:
        reader.wrong(
            held.get("type", metric),
            f"the metric comes from {kind or 'elsewhere'!r}, which is not asked; write "
            "`metricSource: {type: Watchkeeper, spec: {kind: availability}}`, or another kind: "
            + ", ".join(Kind),
        )
        return None
    return held["spec"]


def _threshold(reader: Items, metric: Node, objective: Node) -> Indicator | None:
    """A metric that must reach a value, as the objective says."""
    source = _source(reader, metric)
    name = reader.mapping(source, "the spec of a metricSource", ("metric",)).get("metric")
    given = reader.mapping(objective, "an objective")
    side = reader.choice(given["op"], "op", OPERATORS) if "op" in given else None
    target = reader.number(given["value"], "value") if "value" in given else None
    for key in ("op", "value"):
        if key not in given:
            reader.wrong(objective, f"an objective of a thresholdMetric needs {key}")
    if name is None or side is None or target is None:
        if source is not None and name is None:
            reader.wrong(source, "metric is missing; name a metric, such as accuracy")
        return None
    better: Better = "lower" if side in {"lte", "lt"} else "higher"
    return Indicator(
        Kind.QUALITY, metric=reader.written(name, "metric"), target=target, better=better
    )


def _pairs(objects: _Objects, item: Node | None, common: Mapping[str, Any]) -> tuple[Pair, ...]:
    """Burn-rate conditions as pairs of windows."""
    reader = objects.reader
    found: list[Pair] = []
    for part in reader.items(item, "alertPolicies"):
        held = reader.mapping(part, "an alert policy")
        policy = held.get("spec")
        if "alertPolicyRef" in held:
            policy = objects.refer("AlertPolicy", held["alertPolicyRef"])
        for condition in reader.items(
            reader.mapping(policy, "an alert policy").get("conditions"), "conditions"
        ):
            own = reader.mapping(condition, "a condition")
            spec = own.get("spec")
            if "conditionRef" in own:
                spec = objects.refer("AlertCondition", own["conditionRef"])
            pair = _pair(reader, spec, common.get("period", timedelta(days=30)))
            if pair is not None:
                found.append(pair)
    return tuple(found)


def _pair(reader: Items, spec: Node | None, period: timedelta) -> Pair | None:
    """One burn-rate condition; what a burn spends in its window is its share of the budget."""
    given = reader.mapping(spec, "an AlertCondition", ("description", "severity", "condition"))
    held = reader.mapping(
        given.get("condition"),
        "a condition",
        ("kind", "op", "threshold", "lookbackWindow", "alertAfter"),
    )
    if spec is None:
        return None
    missing = [key for key in ("threshold", "lookbackWindow") if key not in held]
    for key in missing:
        reader.wrong(spec, f"{key} is missing from a burn-rate condition")
    if missing:
        return None
    factor = reader.number(held["threshold"], "threshold")
    long = _duration(reader, held["lookbackWindow"], "lookbackWindow")
    if factor is not None and factor <= 0:
        reader.wrong(
            held["threshold"], "threshold must be above 0: so many times the budget's pace"
        )
        return None
    if factor is None or long is None:
        return None
    paged = reader.written(given.get("severity"), "severity").lower() in {"page", "critical", "p0"}
    urgency = Urgency.PAGE if paged else Urgency.TICKET
    return Pair(long, long / 12, round(factor * (long / period), 12), urgency)


def _annotations(reader: Items, metadata: Mapping[str, Node]) -> dict[str, str]:
    """Annotations of ours, without their prefix."""
    held = reader.mapping(metadata.get("annotations"), "annotations")
    return {
        key.removeprefix(ANNOTATION): reader.written(value, key)
        for key, value in held.items()
        if key.startswith(ANNOTATION)
    }


def _noted(reader: Items, notes: Mapping[str, str], metadata: Mapping[str, Node]) -> dict[str, Any]:
    """What annotations say beyond what OpenSLO can."""
    made: dict[str, Any] = {}
    try:
        if "alerts" in notes:
            made["pairs"] = parse_pairs(notes["alerts"])
        if notes.get("no-data") == "bad":
            made["no_data"] = "bad"
        if "min-bad" in notes:
            made["min_bad"] = max(1, _whole(notes["min-bad"]))
        if "maintenance" in notes:
            parts = notes["maintenance"].split(";")
            made["maintenance"] = tuple(parse_window(part) for part in parts)
    except (InputError, ValueError) as error:
        reader.wrong(metadata["annotations"], f"an annotation {ANNOTATION}…: {error}")
    return made


def _whole(text: str) -> int:
    if not re.fullmatch("[0-9]{1,9}", text):
        raise InputError(f"min-bad is {text!r}; write a whole number")
    return int(text)


def _labels(reader: Items, metadata: Mapping[str, Node]) -> dict[str, str]:
    """Labels; of several values the texts, with commas."""
    held = reader.mapping(metadata.get("labels"), "labels")
    return {
        key: value.value
        if is_text(value)
        else ",".join(reader.written(part, key) for part in reader.items(value, key))
        for key, value in held.items()
    }
