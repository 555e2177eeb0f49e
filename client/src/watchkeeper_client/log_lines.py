"""Structured log lines: one of JSON for each prediction, and the prediction's ids on all others.

A line never holds the input, only a keyed hash of it, so that equal inputs can be found without
being told. It goes through the standard `logging`, to wherever the service's logs go.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import math
import zlib
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from watchkeeper_client.calls import Recorder
from watchkeeper_client.faults import guarded
from watchkeeper_client.scalars import scalar
from watchkeeper_client.stages import active

__all__ = ["JsonFormatter", "LogLines", "input_hash"]

LOGGER: Final = "watchkeeper.predictions"
FIELDS: Final = (
    "model", "version", "latency_ms", "stages", "request_id", "trace_id", "span_id", "variant",
    "cache_hit", "batch_size", "concurrent", "queue_depth",
)  # fmt: skip
"""The fields of a record that a line holds as they are; input, prediction and entity are not."""

_STANDARD: Final = frozenset(
    {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName", "watchkeeper"}
)


class LogLines:
    """Stands in front of the client and writes a line for each prediction that passes.

    Parameters
    ----------
    client
        Where predictions go on to; None only writes lines.
    key
        The secret of the input's hash. The same key in all processes makes their hashes equal; None
        leaves the hash out.
    sample
        The share of predictions that get a line, between 0 and 1; errors always do. The choice
        falls by the id, so that all processes choose the same.
    logger
        The name of the logger.

    Raises
    ------
    ValueError
        Where `sample` is not between 0 and 1.

    Examples
    --------
    >>> import sys
    >>> logger = logging.getLogger("example")
    >>> logger.addHandler(logging.StreamHandler(sys.stdout)); logger.setLevel("INFO")
    >>> lines = LogLines(None, logger="example")
    >>> lines.log({"distance": 2475}, "late", id="p-1", score=0.75, model="arrivals")
    {"id":"p-1","model":"arrivals","confidence":0.75}
    'p-1'
    """

    def __init__(
        self,
        client: Recorder | None,
        *,
        key: bytes | str | None = None,
        sample: float = 1.0,
        logger: str = LOGGER,
    ) -> None:
        if not 0.0 <= sample <= 1.0:
            raise ValueError(f"sample is {sample}; it is a share between 0 and 1")
        self._client = client
        self._key = key.encode() if isinstance(key, str) else key
        self._sample = sample
        self._logger = logging.getLogger(logger)

    def log(
        self, features: Mapping[str, object] | None = None, prediction: object = None, **fields: Any
    ) -> str | None:
        """Pass a prediction on, and write its line; the arguments are those of the client's."""
        identity = fields.get("id")
        if self._key is not None and features is not None and "input_hash" not in fields:
            with guarded("log_lines.hash"):
                fields["input_hash"] = input_hash(features, key=self._key)
        if self._client is not None:
            identity = self._client.log(features, prediction, **fields)
        with guarded("log_lines.write"):
            self._write({**fields, "id": fields.get("id") or identity})
        return identity if identity is None else str(identity)

    def _write(self, fields: Mapping[str, Any]) -> None:
        error = fields.get("error")
        if error is None and not _chosen(str(fields["id"]), self._sample):
            return
        level = logging.INFO if error is None else logging.ERROR
        if not self._logger.isEnabledFor(level):
            return
        line = prediction_line(fields)
        if error is None and self._sample < 1.0:
            line["sample"] = self._sample
        self._logger.log(
            level, "%s", msgspec.json.encode(line).decode(), extra={"watchkeeper": line}
        )


def prediction_line(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What a line says of a record; absent fields are left out.

    Of an error it holds class and type, not the message, which may quote the input. The confidence
    is the highest of `scores`, else the `score`.
    """
    line: dict[str, Any] = {"id": fields.get("id")}
    line |= {name: fields[name] for name in FIELDS if fields.get(name) is not None}
    confidence = _confidence(fields)
    if confidence is not None:
        line["confidence"] = confidence
    error = fields.get("error")
    if isinstance(error, Mapping):
        line["error"] = {name: error[name] for name in ("class", "type") if name in error}
    elif error is not None:
        line["error"] = {"class": "application"}
    if fields.get("input_hash") is not None:
        line["input_hash"] = fields["input_hash"]
    return line


def input_hash(features: Mapping[str, object], *, key: bytes) -> str:
    """A keyed hash of an input: equal for equal inputs, and of no use without the key.

    The input is written in one canonical way first: names in order, numbers by their value, so that
    `3` and `3.0` are equal, times as text in UTC where they have a zone.

    Parameters
    ----------
    features
        The input by name.
    key
        The secret; of more than 64 bytes only their hash is used.

    Returns
    -------
    str
        128 bits of keyed BLAKE2b in hexadecimal.

    Examples
    --------
    >>> one = input_hash({"distance": 3, "origin": "JFK"}, key=b"secret")
    >>> one == input_hash({"origin": "JFK", "distance": 3.0}, key=b"secret")
    True
    >>> one == input_hash({"origin": "JFK", "distance": 3.0}, key=b"another")
    False
    """
    pairs = sorted((str(name), _canonical(value)) for name, value in features.items())
    if len(key) > 64:
        key = hashlib.blake2b(key).digest()
    return hashlib.blake2b(msgspec.json.encode(pairs), key=key, digest_size=16).hexdigest()


def _canonical(value: object) -> tuple[str, object]:
    """A value with its kind, so that no text equals a number."""
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        value = value.astimezone(dt.UTC)
    try:
        value = scalar(value)
    except TypeError:
        return "other", repr(value)
    if isinstance(value, bool):
        return "bool", value
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        value = int(value)
    if isinstance(value, int | float):
        return "number", repr(value)
    return ("null", None) if value is None else ("text", value)


def _chosen(identity: str, sample: float) -> bool:
    """Whether an id falls into a share; the same everywhere."""
    return zlib.crc32(identity.encode()) < sample * 2**32


def _confidence(fields: Mapping[str, Any]) -> float | None:
    scores = fields.get("scores")
    value = max(scores.values()) if scores else fields.get("score")
    return None if value is None else round(float(value), 6)


class JsonFormatter(logging.Formatter):
    """Writes any log record as one line of JSON, with the ids of the prediction under way.

    So every line that a service writes while it predicts can be found by the prediction's id, the
    request's, or the trace's. Fields given as `extra=` stand beside; exceptions as text.

    Examples
    --------
    >>> record = logging.makeLogRecord({"name": "app", "levelname": "INFO", "msg": "loaded"})
    >>> record.created = 0.0
    >>> JsonFormatter().format(record)
    '{"time":"1970-01-01T00:00:00.000000Z","level":"INFO","logger":"app","message":"loaded"}'
    """

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON; a value that JSON cannot hold as its text."""
        moment = dt.datetime.fromtimestamp(record.created, dt.UTC)
        line: dict[str, Any] = {
            "time": f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z",
            "level": record.levelname,
            "logger": record.name,
        }
        said = getattr(record, "watchkeeper", None)
        if isinstance(said, Mapping):
            line |= {"message": "prediction", **said}
        else:
            line["message"] = record.getMessage()
            call = active()
            line |= {} if call is None else call.ids
        line |= {name: value for name, value in vars(record).items() if name not in _STANDARD}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line, enc_hook=str).decode()
