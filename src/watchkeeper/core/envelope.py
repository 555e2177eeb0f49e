"""What a record holds beside the features: signals, and the names of the columns that keep it.

Every column that is not a feature begins with an underscore, so a feature may have any other name.
Types stand as text, since the vocabulary imports no third party: `string`, `double`, `int64`,
`bool`, `timestamp` (microseconds, UTC) and `strings` (a list of strings).
"""

from __future__ import annotations

from enum import StrEnum


class Signal(StrEnum):
    """What a record tells: each signal has an address of its own and a table of its own."""

    PREDICTIONS = "predictions"
    LABELS = "labels"
    OUTCOMES = "outcomes"
    CHANGES = "changes"


ID = "_id"
"""The prediction's id: made by the client, or by the server where a record has none."""

TIME = "_time"
"""When it happened, in UTC: the time that windows are cut by."""

RECEIVED = "_received"
"""When the server had it on disk."""

VERSION = "_version"
PREDICTION = "_prediction"
SCORE = "_score"
SCORES = "_score_"
"""Before the name of a class: the column of that class's probability."""

GROUP = "_group"
LABEL = "_label"
WEIGHT = "_weight"
"""How many predictions a record stands for, where the client sampled."""

ERROR = "_error"
ERROR_CLASS = "_error_class"
LATENCY = "_latency_ms"
STAGES = ("queue", "preprocess", "inference", "postprocess", "network")
"""The stages whose milliseconds a prediction may hold, as `_queue_ms` and so on."""

VIOLATIONS = "_violations"
"""What broke the schema in a record, as `unknown:NAME`, `type:NAME` and `missing:NAME`."""

OVERFLOW = "_overflow"
"""Values that fit no column, as a JSON object: kept, not lost."""

POSITION = "_position"
"""The place in the journal of the batch that a record came with."""

ROW = "_row"
"""The place of a record in its batch; with `POSITION` it orders records of one time."""

DAY = "_day"
"""The day of `TIME` in UTC, by which tables are partitioned."""

COMMON: dict[str, str] = {
    ID: "string", TIME: "timestamp", RECEIVED: "timestamp", POSITION: "int64", ROW: "int64",
}  # fmt: skip
"""Columns of every event table, with their types; `_day` (a date) is added on writing."""

PREDICTION_COLUMNS: dict[str, str] = {
    VERSION: "string", SCORE: "double", GROUP: "string", WEIGHT: "double",
    "_variant": "string", "_entity": "string", "_request_id": "string", "_trace_id": "string",
    "_span_id": "string", "_input_hash": "string", LATENCY: "double",
    **{f"_{stage}_ms": "double" for stage in STAGES},
    ERROR: "string", ERROR_CLASS: "string", "_cache_hit": "bool", "_batch_size": "int64",
    "_tokens_in": "int64", "_tokens_out": "int64", "_concurrent": "int64",
    "_queue_depth": "int64", "_tags": "string", VIOLATIONS: "strings", OVERFLOW: "string",
}  # fmt: skip
"""Columns of a prediction; `_prediction` is `string` or `double`, as the model's task asks."""

LABEL_COLUMNS: dict[str, str] = {LABEL: "string", "_source": "string"}
OUTCOME_COLUMNS: dict[str, str] = {"_name": "string", "_value": "double", "_unit": "string"}
CHANGE_COLUMNS: dict[str, str] = {
    "_kind": "string", "_title": "string", VERSION: "string", "_link": "string",
    "_author": "string", "_details": "string",
}  # fmt: skip

ERROR_CLASSES = ("4xx", "5xx", "load", "invalid", "upstream", "cache", "timeout", "application")
"""Classes of error: the HTTP classes, then a model that could not be loaded, a prediction that is
NaN or infinite, a service it depends on, the cache, a time limit, and everything else."""
