"""What a record of each signal may say, and the records of a body as columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from watchkeeper.core.envelope import Signal


class Prediction(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A prediction as it stands on the wire; its values are checked column by column later."""

    id: Any = None
    model: Any = None
    version: Any = None
    time: Any = None
    features: Any = None
    prediction: Any = None
    score: Any = None
    scores: Any = None
    group: Any = None
    variant: Any = None
    entity: Any = None
    request_id: Any = None
    trace_id: Any = None
    span_id: Any = None
    input_hash: Any = None
    latency_ms: Any = None
    stages: Any = None
    error: Any = None
    weight: Any = None
    cache_hit: Any = None
    batch_size: Any = None
    tokens_in: Any = None
    tokens_out: Any = None
    concurrent: Any = None
    queue_depth: Any = None
    tags: Any = None


class Label(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The truth of a prediction."""

    id: Any = None
    model: Any = None
    label: Any = None
    time: Any = None
    source: Any = None


class Outcome(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A business value tied to a prediction."""

    id: Any = None
    model: Any = None
    name: Any = None
    value: Any = None
    unit: Any = None
    time: Any = None


class Change(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """Something that was changed: a deployment, a pipeline, an incident elsewhere."""

    id: Any = None
    model: Any = None
    kind: Any = None
    title: Any = None
    version: Any = None
    time: Any = None
    link: Any = None
    author: Any = None
    details: Any = None


SHAPES: dict[Signal, type[msgspec.Struct]] = {
    Signal.PREDICTIONS: Prediction,
    Signal.LABELS: Label,
    Signal.OUTCOMES: Outcome,
    Signal.CHANGES: Change,
}
"""The fields of a record of each signal."""


class Bad(msgspec.Struct, frozen=True):
    """A record that could not even be read as one."""

    index: int
    reason: str
    message: str


class Decoded(msgspec.Struct):
    """The records of a body.

    Parameters
    ----------
    total
        How many there were, bad ones included.
    columns
        The values of each field that any record has, by its name on the wire.
    indexes
        The place of each row in the body.
    extras
        By row: what a record says beside the known fields.
    bad
        Records that could not be read.
    nested
        Of Arrow: the columns within `features`, `scores` and `stages`. Elsewhere those are columns
        of mappings.
    """

    total: int
    columns: dict[str, Any]
    indexes: Sequence[int]
    extras: dict[int, dict[str, Any]]
    bad: list[Bad]
    nested: dict[str, dict[str, Any]] = {}
