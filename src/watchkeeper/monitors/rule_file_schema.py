"""The JSON schema of rule files, by which editors complete and check them."""

from __future__ import annotations

from typing import Any

from watchkeeper.monitors.rule_file import POLICIES, SEVERITIES

_LENGTH = {"type": ["string", "integer"], "pattern": "^(0|([0-9]+(w|d|h|ms|m|s))+)$"}
_TEXTS = {
    "type": "object",
    "propertyNames": {"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
    "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
}
_TEXT = {"type": "string", "minLength": 1}

RULE: dict[str, tuple[dict[str, Any], str]] = {
    "alert": (_TEXT, "The name of the alert."),
    "expr": (
        _TEXT,
        ("The condition in CEL over metrics, true where something is wrong: accuracy < 0.9, "
        'psi("temp") > 0.2, latency_p95 > 1.5 * reference.latency_p95.'),
    ),
    "budget": (
        {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "false_alarms": {
                    "type": "number", "exclusiveMinimum": 0,
                    "description": "At most so many false alarms (1 by default) …",
                },
                "per": _LENGTH | {"description": "… in so long (90d by default) …"},
                "confidence": {
                    "type": "number", "minimum": 0.5, "maximum": 0.9999,
                    "description": "… in this share of all such spans (0.9 by default).",
                },
                "watch": {
                    "type": ["array", "string"], "items": _TEXT,
                    "description": "Metrics that are watched; all where left out.",
                },
            },
        },
        "How many false alarms are accepted, instead of a condition.",
    ),
    "for": (_LENGTH, "How long the condition must hold before the alert fires."),
    "keep_firing_for": (_LENGTH, "How long it fires on after the condition was last true."),
    "severity": (
        {"enum": [*SEVERITIES]},
        ("How soon somebody must act: P0 at once, P1 in 15 minutes, P2 in an hour, P3 in a day. "
        "critical is P1, warning P2, info P3."),
    ),
    "labels": (_TEXTS, "Added to those of the alert; what routes it."),
    "annotations": (_TEXTS, "Texts for people: summary, description, runbook_url."),
    "window": (_LENGTH, "What metrics are measured over, up to the evaluation; 1d by default."),
    "segment": (_TEXT, "A column: one alert for each of its values."),
    "by_version": ({"type": "boolean"}, "One alert for each version of the model."),
    "min_rows": (
        {"type": "integer", "minimum": 1},
        "Fewer rows than this behind a metric are no data, neither good nor bad.",
    ),
    "clear": (_TEXT, "A second condition: what fires goes on until it is true."),
    "no_data": (
        {
            "oneOf": [
                {"enum": [*POLICIES]},
                {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {
                        "policy": {"enum": [*POLICIES]},
                        "after": {"type": "integer", "minimum": 1},
                    },
                },
            ]
        },
        ("What no data makes of the rule: an alert of its own (by default after 2 evaluations), "
        "the state as it was (keep), or the state as if all were well (ok)."),
    ),
    "on_error": ({"enum": [*POLICIES]}, "The same where the condition cannot be evaluated."),
    "limit": ({"type": "integer", "minimum": 0}, "The most alerts at once; more is an error."),
}  # fmt: skip
"""The schema and the meaning of each key of a rule."""

GROUP: dict[str, tuple[dict[str, Any], str]] = {
    "name": (_TEXT, "Unique in the file."),
    "model": (_TEXT, "Which model the rules watch; every model where left out."),
    "interval": (_LENGTH, "How often they are evaluated; 1m by default."),
    "labels": (_TEXTS, "Added to all alerts of the group."),
    "rules": ({"type": "array", "items": {"$ref": "#/$defs/rule"}}, "In order."),
}
"""The same of a group."""


def rule_schema() -> dict[str, Any]:
    """The schema of a rule file: groups, a list of rules, or one rule.

    Examples
    --------
    >>> rule_schema()["$defs"]["rule"]["properties"]["limit"]["type"]
    'integer'
    """
    rule = _described(RULE) | {
        "required": ["alert"],
        "oneOf": [{"required": ["expr"]}, {"required": ["budget"]}],
    }
    group = _described(GROUP) | {"required": ["name", "rules"]}
    groups = {"type": "array", "items": {"$ref": "#/$defs/group"}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Watchkeeper rules",
        "oneOf": [
            {
                "type": "object",
                "properties": {"groups": groups},
                "required": ["groups"],
                "additionalProperties": False,
            },
            {"type": "array", "items": {"$ref": "#/$defs/rule"}},
            {"$ref": "#/$defs/rule"},
        ],
        "$defs": {"group": group, "rule": rule},
    }


def _described(keys: dict[str, tuple[dict[str, Any], str]]) -> dict[str, Any]:
    properties = {key: schema | {"description": told} for key, (schema, told) in keys.items()}
    return {"type": "object", "properties": properties, "additionalProperties": False}
