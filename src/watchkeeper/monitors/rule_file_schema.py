"""The JSON schema of rule files, by which editors complete and check them."""

from __future__ import annotations

from watchkeeper.files.schema import (
    FLAG,
    LENGTH,
    TEXT,
    WRITTEN,
    Schema,
    choice,
    count,
    document,
    mapping,
    number,
    told,
)
from watchkeeper.monitors.rule_file import POLICIES, SEVERITIES

_TEXTS: Schema = {
    "type": "object",
    "propertyNames": {"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
    "additionalProperties": WRITTEN,
}
_BUDGET = mapping({
    "false_alarms": told("At most so many false alarms (1 by default) …",
                         number(exclusiveMinimum=0)),
    "per": told("… in so long (90d by default) …", LENGTH),
    "confidence": told("… in this share of all such spans (0.9 by default).",
                       number(minimum=0.5, maximum=0.9999)),
    "watch": told("Metrics that are watched; all where left out.",
                  {"anyOf": [{"type": "array", "items": TEXT}, TEXT]}),
})  # fmt: skip
_NO_DATA: Schema = {
    "anyOf": [choice(POLICIES), mapping({"policy": choice(POLICIES), "after": count(1)})]
}

RULE: dict[str, tuple[Schema, str]] = {
    "alert": (TEXT, "The name of the alert."),
    "expr": (
        TEXT,
        ("The condition in CEL over metrics, true where something is wrong: accuracy < 0.9, "
        'psi("temp") > 0.2, latency_p95 > 1.5 * reference.latency_p95.'),
    ),
    "budget": (_BUDGET, "How many false alarms are accepted, instead of a condition."),
    "for": (LENGTH, "How long the condition must hold before the alert fires."),
    "keep_firing_for": (LENGTH, "How long it fires on after the condition was last true."),
    "severity": (
        choice(SEVERITIES),
        ("How soon somebody must act: P0 at once, P1 in 15 minutes, P2 in an hour, P3 in a day. "
        "critical is P1, warning P2, info P3."),
    ),
    "labels": (_TEXTS, "Added to those of the alert; what routes it."),
    "annotations": (_TEXTS, "Texts for people: summary, description, runbook_url."),
    "window": (LENGTH, "What metrics are measured over, up to the evaluation; 1d by default."),
    "segment": (TEXT, "A column: one alert for each of its values."),
    "by_version": (FLAG, "One alert for each version of the model."),
    "min_rows": (
        count(1),
        "Fewer rows than this behind a metric are no data, neither good nor bad.",
    ),
    "clear": (TEXT, "A second condition: what fires goes on until it is true."),
    "no_data": (
        _NO_DATA,
        ("What no data makes of the rule: an alert of its own (by default after 2 evaluations), "
        "the state as it was (keep), or the state as if all were well (ok)."),
    ),
    "on_error": (choice(POLICIES), "The same where the condition cannot be evaluated."),
    "limit": (count(0), "The most alerts at once; more is an error."),
    "accepted": (TEXT, "The level since this time is the new normal, for anomaly()."),
    "allow_noisy": (FLAG, "Apply it although it would have fired again and again before."),
}  # fmt: skip
"""The schema and the meaning of each key of a rule."""

GROUP: dict[str, tuple[Schema, str]] = {
    "name": (TEXT, "Unique in the file."),
    "model": (TEXT, "Which model the rules watch; every model where left out."),
    "interval": (LENGTH, "How often they are evaluated; 1m by default."),
    "labels": (_TEXTS, "Added to all alerts of the group."),
    "time_zone": (TEXT, "Where anomaly() counts hours and days, such as Europe/Berlin; UTC."),
    "holidays": (
        {"anyOf": [{"type": "array", "items": TEXT}, TEXT]},
        "Dates there that anomaly() takes for Sundays, and learns nothing from.",
    ),
    "rules": ({"type": "array", "items": {"$ref": "#/$defs/rule"}}, "In order."),
}
"""The same of a group."""


def rule_schema() -> Schema:
    """The schema of a rule file: groups, a list of rules, or one rule.

    Examples
    --------
    >>> rule_schema()["$defs"]["rule"]["required"]
    ['alert']
    """
    decided = [{"required": ["expr"]}, {"required": ["budget"]}]
    rule = mapping(_told(RULE), "alert", oneOf=decided)
    group = mapping(_told(GROUP), "name", "rules")
    groups = {"type": "array", "items": {"$ref": "#/$defs/group"}}
    whole_file = {
        "anyOf": [
            mapping({"groups": groups}, "groups"),
            {"type": "array", "items": {"$ref": "#/$defs/rule"}},
            {"$ref": "#/$defs/rule"},
        ]
    }
    return document("Watchkeeper rules", whole_file, {"group": group, "rule": rule})


def _told(keys: dict[str, tuple[Schema, str]]) -> dict[str, Schema]:
    return {key: told(meaning, schema) for key, (schema, meaning) in keys.items()}
