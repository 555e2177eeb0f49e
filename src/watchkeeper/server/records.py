"""Records as the API describes them: a schema and examples for each signal and content type."""

from __future__ import annotations

from typing import Any

from watchkeeper.core.envelope import ERROR_CLASSES, STAGES, Signal
from watchkeeper.server.errors import JSON

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_NUMBER: Schema = {"type": "number"}
_WHOLE: Schema = {"type": "integer", "minimum": 0}
_SCALAR: Schema = {"type": ["string", "number", "boolean", "null"]}
_TIME: Schema = {
    "description": "RFC 3339, or seconds since 1970; the time of receipt where absent.",
    "anyOf": [{"type": "string", "format": "date-time"}, {"type": "number"}],
}
_MODEL: Schema = {"type": "string", "description": "May stand in the query instead."}
_ID: Schema = {"type": "string", "description": "The prediction's id."}


def _object(properties: dict[str, Schema], *required: str, **more: Any) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required), **more}


def _mapping(value: Schema, description: str) -> Schema:
    return {"type": "object", "additionalProperties": value, "description": description}


_PREDICTION = _object(
    {
        "id": {"type": "string", "description": "Joins labels to it; made here where absent."},
        "model": _MODEL,
        "version": _TEXT,
        "time": _TIME,
        "features": _mapping(_SCALAR, "What the model saw, by name."),
        "prediction": _SCALAR,
        "score": {"type": "number", "description": "Of the positive class."},
        "scores": _mapping(_NUMBER, "Of each class."),
        "group": {"type": "string", "description": "What a list is ranked within."},
        "variant": {"type": "string", "description": "Of an experiment."},
        "entity": {"type": "string", "description": "Whom or what it is about."},
        "request_id": _TEXT,
        "trace_id": _TEXT,
        "span_id": _TEXT,
        "input_hash": _TEXT,
        "latency_ms": _NUMBER,
        "stages": _object(dict.fromkeys(STAGES, _NUMBER),
                          description="Milliseconds of each stage."),
        "error": {
            "description": "Where the model failed.",
            "anyOf": [
                _TEXT,
                _object({"class": {"enum": list(ERROR_CLASSES)}, "type": _TEXT, "message": _TEXT}),
            ],
        },
        "weight": {"type": "number", "description": "Predictions it stands for, where sampled."},
        "cache_hit": {"type": "boolean"},
        "batch_size": _WHOLE,
        "tokens_in": _WHOLE,
        "tokens_out": _WHOLE,
        "concurrent": _WHOLE,
        "queue_depth": _WHOLE,
        "tags": _mapping(_SCALAR, "For people."),
    },
)  # fmt: skip
_LABEL = _object(
    {"id": _ID, "model": _MODEL, "label": _SCALAR, "time": _TIME, "source": _TEXT}, "id", "label"
)
_OUTCOME = _object(
    {"id": _ID, "model": _MODEL, "name": _TEXT, "value": _NUMBER, "unit": _TEXT, "time": _TIME},
    "id", "name", "value",
)  # fmt: skip
_CHANGE = _object(
    {
        "model": {"type": "string", "description": "All models where absent."},
        "kind": {"type": "string", "examples": ["deployment", "data", "configuration"]},
        "title": _TEXT,
        "version": _TEXT,
        "time": _TIME,
        "link": _TEXT,
        "author": _TEXT,
        "details": {"type": "object"},
    },
    "kind", "title",
)  # fmt: skip
RECORDS: dict[Signal, Schema] = {
    Signal.PREDICTIONS: _PREDICTION,
    Signal.LABELS: _LABEL,
    Signal.OUTCOMES: _OUTCOME,
    Signal.CHANGES: _CHANGE,
}
"""The schema of one record of each signal."""

EXAMPLES: dict[Signal, Schema] = {
    Signal.PREDICTIONS: {
        "id": "EV4411-2013-06-03", "model": "late-arrivals", "version": "7",
        "time": "2013-06-03T14:05:00Z",
        "features": {"origin": "LGA", "temp": 88.0, "distance": 1096},
        "prediction": "1", "score": 0.71, "latency_ms": 12.5,
    },
    Signal.LABELS: {"id": "EV4411-2013-06-03", "model": "late-arrivals", "label": "1"},
    Signal.OUTCOMES: {
        "id": "EV4411-2013-06-03", "model": "late-arrivals", "name": "rebooking_cost",
        "value": 184.5, "unit": "USD",
    },
    Signal.CHANGES: {
        "model": "late-arrivals", "kind": "deployment", "title": "Version 8 for all airports",
        "version": "8", "author": "release pipeline",
    },
}  # fmt: skip
"""An example of each signal."""


def _bodies(signal: Signal) -> dict[str, Any]:
    record, example = RECORDS[signal], EXAMPLES[signal]
    many = {"type": "array", "items": record}
    whole = {"anyOf": [record, many, _object({"records": many}, "records")]}
    lines: Schema = {"type": "string", "description": "One JSON record a line."}
    binary: Schema = {"type": "string", "format": "binary"}
    return {
        JSON: {
            "schema": whole,
            "examples": {
                "one": {"value": example},
                "many": {"value": {"records": [example]}},
            },
        },
        "application/x-ndjson": {"schema": lines},
        "application/jsonl": {"schema": lines},
        "application/msgpack": {"schema": binary},
        "application/x-msgpack": {"schema": binary},
        "application/vnd.apache.arrow.stream": {"schema": binary},
    }


BODIES: dict[Signal, dict[str, Any]] = {signal: _bodies(signal) for signal in Signal}
"""The content types of each signal's requests."""

_EVENT = _object(
    {
        "specversion": {"const": "1.0"},
        "id": _TEXT,
        "source": _TEXT,
        "type": {"type": "string", "examples": ["org.kubeflow.serving.inference.request"]},
        "time": {"type": "string", "format": "date-time"},
        "data": {},
    },
    "specversion", "id", "source", "type",
    additionalProperties=True,
)  # fmt: skip
EVENTS: dict[str, Any] = {
    "application/cloudevents+json": {"schema": _EVENT},
    "application/cloudevents-batch+json": {"schema": {"type": "array", "items": _EVENT}},
    JSON: {"schema": {"description": "The payload of an event in binary mode."}},
}
"""The content types of CloudEvents."""
