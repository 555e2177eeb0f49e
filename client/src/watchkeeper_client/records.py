"""What a caller gave, checked and brought into the form of the wire. This runs in the sender."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, Final, TypedDict

from watchkeeper_client.buffer import Entry
from watchkeeper_client.values import PLAIN, is_plain, name, wire

__all__ = ["ArgumentError", "PredictionFields", "finish"]


class PredictionFields(TypedDict, total=False):
    """What `log` takes by name, beside the features and the prediction.

    Everything may be left out. `id` is made where it is absent; `model` and `version` default to
    the client's, `time` (UTC, or seconds since 1970) to now.
    """

    id: str | None
    model: str | None
    version: str | None
    time: dt.datetime | float | str | None
    score: float | None
    scores: Mapping[str, float] | None
    group: object
    variant: object
    entity: object
    request_id: str | None
    trace_id: str | None
    span_id: str | None
    input_hash: str | None
    latency_ms: float | None
    stages: Mapping[str, float] | None
    error: str | Mapping[str, str] | None
    weight: float | None
    cache_hit: bool | None
    batch_size: int | None
    tokens_in: int | None
    tokens_out: int | None
    concurrent: int | None
    queue_depth: int | None
    tags: Mapping[str, object] | None


class ArgumentError(ValueError):
    """A record that cannot be sent; the message says what to give, without any value."""


def finish(
    entry: Entry, model: str | None, version: str | None, warn: Callable[[str], None]
) -> dict[str, Any]:
    """A record as it goes onto the wire.

    Parameters
    ----------
    entry
        As the caller gave it; its fields are changed.
    model, version
        Where the record names none.
    warn
        Called with the name of each field that is not known; the field is left out.

    Raises
    ------
    ArgumentError
        A field cannot be read, or the model is named nowhere.
    """
    signal, at_ns, given = entry
    record: dict[str, Any] = {}
    for field, value in given.items():
        if value is None:
            continue
        read = _READERS.get(field)
        if read is None:
            warn(field)
        elif (found := read(field, value)) is not None:
            record[field] = found
    if "model" not in record:
        if model is not None:
            record["model"] = model
        elif signal != "changes":
            raise ArgumentError("no model is named; give model= here or to the client")
    if "version" not in record and version and signal == "predictions":
        record["version"] = version
    if "time" not in record:
        record["time"] = at_ns / 1e9
    return record


def _text(field: str, value: Any) -> str:
    if type(value) is str and value.isascii():
        return value
    found = wire(value)
    if isinstance(found, list | dict):
        raise ArgumentError(f"{field} is a {type(value).__name__}; give a text")
    return found if isinstance(found, str) else str(found)


def _number(field: str, value: Any) -> float | int:
    if type(value) is float or type(value) is int:
        return value
    try:
        return float(wire(value))
    except (TypeError, ValueError):
        raise ArgumentError(f"{field} is a {type(value).__name__}; give a number") from None


def _integer(field: str, value: Any) -> int:
    number = _number(field, value)
    if number != number or number in (float("inf"), float("-inf")):  # noqa: PLR0124  # NaN
        raise ArgumentError(f"{field} is no whole number")
    return int(number)


def _weight(field: str, value: Any) -> float:
    number = float(_number(field, value))
    if not 0.0 <= number < float("inf"):
        raise ArgumentError(f"{field} must be 0 or more, and finite")
    return number


def _yes_or_no(field: str, value: Any) -> bool:
    found = wire(value)
    if isinstance(found, bool) or found in (0, 1):
        return bool(found)
    raise ArgumentError(f"{field} is a {type(value).__name__}; give True or False")


def _any(_: str, value: Any) -> Any:
    return value if type(value) in PLAIN else wire(value)


def _values(field: str, value: Any) -> dict[str, Any]:
    """A mapping of scalars: as it is where all of them are plain, which is the common case."""
    if type(value) is dict and is_plain(value):
        return value
    if not isinstance(value, Mapping):
        raise ArgumentError(f"{field} is a {type(value).__name__}; give a mapping of name to value")
    return {name(key): wire(item) for key, item in value.items()}


def _numbers(field: str, value: Any) -> dict[str, float]:
    if not isinstance(value, Mapping):
        raise ArgumentError(
            f"{field} is a {type(value).__name__}; give a mapping of name to number"
        )
    return {name(key): _number(field, item) for key, item in value.items()}


def _error(field: str, value: Any) -> Any:
    if isinstance(value, BaseException):
        return {"class": "application", "type": type(value).__name__}
    return _values(field, value) if isinstance(value, Mapping) else _text(field, value)


def _time(field: str, value: Any) -> float | str:
    if isinstance(value, dt.datetime):
        if value.tzinfo is None:
            value = value.replace(tzinfo=dt.UTC)
        seconds = value.timestamp()
        if seconds == seconds:  # noqa: PLR0124  # pandas' NaT is a datetime, and is not itself
            return float(seconds)
    found = wire(value)
    if isinstance(found, int | float) and not isinstance(found, bool):
        return found
    if isinstance(found, str):
        return found
    raise ArgumentError(
        f"{field} is a {type(value).__name__}; give a datetime or seconds since 1970"
    )


_READERS: Final[dict[str, Callable[[str, Any], Any]]] = {
    **dict.fromkeys(
        (
            "id", "model", "version", "group", "variant", "entity", "request_id", "trace_id",
            "span_id", "input_hash", "source", "name", "unit", "kind", "title", "link", "author",
        ),
        _text,
    ),
    **dict.fromkeys(("score", "latency_ms", "value"), _number),
    **dict.fromkeys(
        ("batch_size", "tokens_in", "tokens_out", "concurrent", "queue_depth"), _integer
    ),
    **dict.fromkeys(("features", "tags", "details"), _values),
    **dict.fromkeys(("scores", "stages"), _numbers),
    **dict.fromkeys(("prediction", "label"), _any),
    "weight": _weight,
    "cache_hit": _yes_or_no,
    "error": _error,
    "time": _time,
}  # fmt: skip
"""How each field of the wire is read, of whatever signal."""
