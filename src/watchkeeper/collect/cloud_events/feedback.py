"""Feedback of Seldon: the truth as labels, the reward as an outcome."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

import msgspec

from watchkeeper.collect.cloud_events.events import Event
from watchkeeper.collect.cloud_events.payloads import payload_of
from watchkeeper.collect.wire.records import lenient_json
from watchkeeper.core.errors import InputError

_BETWEEN = "\x1f"


class Told(msgspec.Struct, frozen=True):
    """Labels or outcomes that came as feedback.

    Parameters
    ----------
    model
        Whose they are.
    key
        The idempotency key of the event.
    records
        For `read_records` with the signal.
    """

    model: str
    key: str
    records: tuple[dict[str, Any], ...]


def event_key(*parts: str) -> str:
    """An idempotency key of what identifies an event.

    Examples
    --------
    >>> event_key("source", "id") == event_key("source", "id"), event_key("a", "b")[:3]
    (True, 'ce-')
    """
    return f"ce-{hashlib.sha256(_BETWEEN.join(parts).encode()).hexdigest()[:32]}"


def event_time(text: str | None) -> datetime | None:
    """When an event happened; a time that cannot be read is none, for nobody sends it again.

    Examples
    --------
    >>> event_time("2024-01-01T00:00:00Z").year, event_time("now")
    (2024, None)
    """
    if text is None:
        return None
    try:
        time = msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def read_feedback(event: Event, model: str) -> tuple[list[Told], list[Told]]:
    """The truth as labels, the reward as an outcome.

    Raises
    ------
    InputError
        The data of the event says neither.
    """
    try:
        content = lenient_json(event.data)
    except (ValueError, RecursionError, msgspec.DecodeError) as error:
        raise InputError(f"the data of the event is no JSON: {error}") from error
    if not isinstance(content, dict):
        raise InputError("feedback is a JSON object with truth or reward")
    about = event.extensions.get("requestid") or event.id
    base = {"model": model, "time": event.time} if event_time(event.time) else {"model": model}
    labels: list[dict[str, Any]] = []
    if content.get("truth"):
        rows = [row for tensor in payload_of(content["truth"]).tensors for row in tensor.rows]
        labels = [
            {**base, "id": id_, "label": _scalar(row), "source": "seldon"}
            for id_, row in zip(instance_ids(about, len(rows)), rows, strict=True)
        ]
    key = event_key(event.source, event.id, event.type)
    outcomes = []
    if content.get("reward") is not None:
        record = {**base, "id": about, "name": "reward", "value": content["reward"]}
        outcomes.append(Told(model, f"{key}-reward", (record,)))
    if not labels and not outcomes:
        raise InputError("the feedback has neither truth nor reward")
    return [Told(model, key, tuple(labels))] if labels else [], outcomes


def _scalar(row: Any) -> Any:
    return row[0] if isinstance(row, list) and len(row) == 1 else row


def instance_ids(id_: str, count: int) -> list[str]:
    """The id of each instance of a request.

    Examples
    --------
    >>> instance_ids("a", 1), instance_ids("a", 2)
    (['a'], ['a-0', 'a-1'])
    """
    return [id_] if count == 1 else [f"{id_}-{place}" for place in range(count)]
