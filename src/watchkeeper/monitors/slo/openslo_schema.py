"""The JSON schema of OpenSLO v1, as far as it is read here."""

from __future__ import annotations

from watchkeeper.files.schema import (
    FLAG,
    SHARE,
    WRITTEN,
    Schema,
    choice,
    document,
    mapping,
    maybe,
    named,
    number,
    told,
)
from watchkeeper.monitors.slo.openslo import ANNOTATION, KINDS, LENGTH, METHODS, OPERATORS, VERSION
from watchkeeper.monitors.slo.schema import indicator_schema

_SAID: Schema = {"type": ["string", "number", "boolean"], "minLength": 1}
_LENGTH = told("5m, 1h, 30d, 4w, 1M, 1Q or 1Y.",
               {"type": "string", "pattern": f"^{LENGTH.pattern}$"})  # fmt: skip
_THERE: Schema = {"not": {"type": "null"}}


def openslo_schema() -> Schema:
    """The schema of one document: an SLO, or what SLOs refer to.

    Examples
    --------
    >>> list(openslo_schema()["$defs"])
    ['slo', 'SLI', 'AlertPolicy', 'AlertCondition']
    """
    any_object = mapping(
        {
            "apiVersion": {"const": VERSION},
            "kind": choice(KINDS),
            "metadata": {"type": "object", "properties": {"name": _SAID}, "required": ["name"]},
            "spec": {},
        },
        "apiVersion", "kind", "metadata",
        allOf=[
            _if_kind("SLO", {"properties": {"metadata": _metadata(), "spec": _ref("slo")},
                             "required": ["spec"]}),
            *(_if_kind(kind, {"properties": {"spec": maybe(_ref(kind))}})
              for kind in ("SLI", "AlertPolicy", "AlertCondition")),
        ],
    )  # fmt: skip
    parts = {"slo": _slo(), "SLI": _sli(), "AlertPolicy": _policy(), "AlertCondition": _condition()}
    return document("OpenSLO as Watchkeeper reads it", any_object, parts)


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _if_kind(kind: str, then: Schema) -> Schema:
    return {"if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]}, "then": then}


def _has(key: str) -> Schema:
    """Whether a key is there with a value."""
    return {"type": "object", "required": [key], "properties": {key: _THERE}}


def _open(properties: dict[str, Schema]) -> Schema:
    """A mapping that may hold other keys, too."""
    return {"type": "object", "properties": properties}


def _metadata() -> Schema:
    labels = maybe(named({"anyOf": [WRITTEN, {"type": "array", "items": WRITTEN}]}))
    ours = {"type": "object", "patternProperties": {f"^{ANNOTATION}": WRITTEN}}
    annotations = told("watchkeeper/alerts: page 1h/5m 2%; ticket 1d/2h 10%.", maybe(ours))
    return _open({"labels": labels, "annotations": annotations})


def _slo() -> Schema:
    window = mapping(
        {
            "duration": _LENGTH,
            "isRolling": maybe(FLAG),
            "calendar": maybe(_open({"timeZone": WRITTEN})),
        },
        "duration",
    )
    indicator = mapping({"metadata": {}, "spec": _ref("SLI")}, "spec")
    spec = mapping(
        {
            "description": WRITTEN,
            "service": told("The model.", WRITTEN),
            "indicator": maybe(indicator),
            "indicatorRef": told("The name of an SLI.", WRITTEN),
            "timeWindow": maybe({"type": "array", "items": window, "maxItems": 1}),
            "budgetingMethod": told("What is counted.", choice(METHODS)),
            "objectives": {"type": "array", "items": _objective(), "minItems": 1},
            "alertPolicies": maybe({"type": "array", "items": maybe(_alert_policy())}),
        },
        "budgetingMethod", "objectives",
        anyOf=[_has("indicator"), _has("indicatorRef")],
    )  # fmt: skip
    return {**spec, "allOf": [_if_threshold(), _if_slices()]}


def _objective() -> Schema:
    return mapping(
        {
            "displayName": {},
            "op": told("Of a thresholdMetric: on which side of the value is good.", {}),
            "value": told("Of a thresholdMetric: what it must reach.", {}),
            "target": told("The share that is to be good: 0.999.", maybe(SHARE)),
            "targetPercent": told("The same in percent: 99.9.", maybe(number(minimum=0))),
            "timeSliceTarget": told("The share of good events that makes a slice good.", {}),
            "timeSliceWindow": told("The length of a slice, or minutes.", {}),
        },
        oneOf=[_has("target"), _has("targetPercent")],
    )


def _if_threshold() -> Schema:
    """A metric is compared with what the objective says."""
    spec = {"type": "object", "required": ["spec"], "properties": {"spec": _has("thresholdMetric")}}
    compared = {
        "required": ["op", "value"],
        "properties": {"op": choice(OPERATORS), "value": number()},
    }
    return {
        "if": {"required": ["indicator"], "properties": {"indicator": spec}},
        "then": {"properties": {"objectives": {"items": compared}}},
    }


def _if_slices() -> Schema:
    """Slices have a length and a share of their own."""
    minutes = {"type": "integer", "minimum": 1}
    share = {"anyOf": [{"const": 1}, {"enum": ["1", "1.0"]}, SHARE]}
    length = {"anyOf": [minutes, {"type": "string", "pattern": "^[1-9][0-9]{0,6}[mhdwMQY]?$"}]}
    held = {"timeSliceTarget": maybe(share), "timeSliceWindow": maybe(length)}
    return {
        "if": {"properties": {"budgetingMethod": {"const": "Timeslices"}}},
        "then": {"properties": {"objectives": {"items": {"properties": held}}}},
    }


def _sli() -> Schema:
    """A share of good events, or a metric that must reach a value."""
    metric = _source(mapping({"metric": told("A metric: accuracy.", WRITTEN)}, "metric"))
    others: dict[str, Schema] = {key: {} for key in ("counter", "bad", "total", "raw", "rawType")}
    ratio = mapping({**others, "good": _source(indicator_schema())}, "good")
    return mapping(
        {"description": {}, "ratioMetric": {}, "thresholdMetric": maybe(metric)},
        anyOf=[
            _has("thresholdMetric"),
            {"required": ["ratioMetric"], "properties": {"ratioMetric": ratio}},
        ],
    )


def _source(spec: Schema) -> Schema:
    """What Watchkeeper measures: `metricSource: {type: Watchkeeper, spec: {kind: latency}}`."""
    name = "".join(f"[{letter}{letter.upper()}]" for letter in "watchkeeper")
    ours = {"type": "string", "pattern": f"^{name}$"}
    source = mapping({"metricSourceRef": {}, "type": ours, "spec": spec}, "type", "spec")
    return mapping({"metricSource": source}, "metricSource")


def _alert_policy() -> Schema:
    """A policy, here or by its name."""
    return {
        "type": "object",
        "anyOf": [_has("alertPolicyRef"), {"properties": {"spec": maybe(_ref("AlertPolicy"))}}],
    }


def _policy() -> Schema:
    condition = {
        "type": "object",
        "anyOf": [_has("conditionRef"), {"properties": {"spec": maybe(_ref("AlertCondition"))}}],
    }
    return _open({"conditions": maybe({"type": "array", "items": maybe(condition)})})


def _condition() -> Schema:
    burns = mapping(
        {
            "kind": {}, "op": {}, "alertAfter": {},
            "threshold": told("So many times as fast as the budget allows.",
                              number(exclusiveMinimum=0)),
            "lookbackWindow": _LENGTH,
        },
        "threshold", "lookbackWindow",
    )  # fmt: skip
    held = {"description": {}, "severity": told("page, or ticket.", WRITTEN), "condition": burns}
    return mapping(held, "condition")
