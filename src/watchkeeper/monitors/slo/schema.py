"""The JSON schema of files of SLOs."""

from __future__ import annotations

from typing import get_args

from watchkeeper.files.schema import (
    LENGTH,
    SHARE,
    TEXT,
    WRITTEN,
    Schema,
    choice,
    document,
    mapping,
    maybe,
    named,
    number,
    told,
    whole,
)
from watchkeeper.monitors.slo.objective import DAYS, Budgeting, Kind
from watchkeeper.monitors.slo.reading import INDICATOR, LEVELS, OPTIONAL

_PARTS: dict[str, Schema] = {
    "under_ms": told("An answer in less is good.", number(exclusiveMinimum=0)),
    "within": told("A slice is good whose last record is no older; 1h by default.", LENGTH),
    "metric": told("The metric.", TEXT),
    "target": told("What it must reach.", number()),
    "better": told("Which side is good.", choice(("higher", "lower"))),
    "good": told("A condition in CEL, true where a slice is good.", TEXT),
}


def slo_schema() -> Schema:
    """The schema of a file of SLOs; keys beside `slos` are left to others.

    Examples
    --------
    >>> slo_schema()["$defs"]["slo"]["required"]
    ['name', 'sli']
    """
    slos = maybe({"type": "array", "items": {"$ref": "#/$defs/slo"}})
    file = {"type": "object", "properties": {"slos": slos}}
    return document("Watchkeeper SLOs", file, {"slo": _slo()})


def _slo() -> Schema:
    pairs = mapping(
        {
            "long": told("The long window.", LENGTH),
            "short": told("The short one; a twelfth of the long one.", maybe(LENGTH)),
            "share": told("What the long one would spend of the period's budget.", SHARE),
            "severity": told("How soon somebody must act.", maybe(choice(LEVELS))),
        },
        "long", "share",
    )  # fmt: skip
    may = {
        "model": told("Which model; every one where left out.", WRITTEN),
        "description": told("For people.", WRITTEN),
        "objective": told("The share that is to be good: 99.9% or 0.999.", SHARE),
        "window": told("The period of the budget: 30d, or week, month, quarter, year (UTC).",
                       {"anyOf": [choice(DAYS), LENGTH]}),
        "budgeting": told("What is counted: events, or slices of time.",
                          choice(get_args(Budgeting))),
        "slice": told("The length of a slice; 1h by default.", LENGTH),
        "slice_target": told("The share of good events that makes a slice good.", SHARE),
        "no_data": told("What a slice without data is.", choice(("ignore", "bad"))),
        "min_bad": told("Bad events below which chance is ruled out first (3).", whole(1)),
        "alerts": told("Pairs of windows; [] for none.", {"type": "array", "items": pairs}),
        "maintenance": told("Ranges START..END that do not count.",
                            {"type": "array", "items": {"type": "string"}}),
        "labels": told("Of its alerts.", named(WRITTEN)),
    }  # fmt: skip
    must = {
        "name": told("What it is told by.", TEXT),
        "sli": told("What is good.", indicator_schema()),
    }
    return mapping({**must, **{key: maybe(value) for key, value in may.items()}}, *must)


def indicator_schema() -> Schema:
    """A kind alone, or a kind with what it needs.

    >>> indicator_schema()["anyOf"][0]
    {'enum': ['availability', 'freshness', 'drift_free']}
    """
    alone = [kind.value for kind in Kind if not set(INDICATOR[kind]) - OPTIONAL]
    several = [choice(alone)]
    for kind, keys in INDICATOR.items():
        needed = [key for key in keys if key not in OPTIONAL]
        parts = {key: maybe(_PARTS[key]) if key in OPTIONAL else _PARTS[key] for key in keys}
        of_kind = {"kind": choice([kind.value])}
        several.append(mapping({**of_kind, **parts}, "kind", *needed))
        if kind is Kind.CONDITION:
            several.append(mapping({"kind": {"type": "null"}, **parts}, *needed))
    return {"anyOf": several}
