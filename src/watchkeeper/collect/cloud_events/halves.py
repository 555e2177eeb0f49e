"""Events of payload loggers as halves of predictions, and feedback as labels and outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import msgspec

from watchkeeper.collect.cloud_events.events import Event, read_events
from watchkeeper.collect.cloud_events.feedback import (
    Told,
    event_key,
    event_time,
    read_feedback,
)
from watchkeeper.collect.cloud_events.payloads import parse_payload
from watchkeeper.collect.wire.bodies import decompressed
from watchkeeper.collect.wire.reading import Rejected
from watchkeeper.core.errors import InputError

Side = Literal["request", "response"]

_TYPES: dict[str, Side | Literal["feedback"]] = {
    "org.kubeflow.serving.inference.request": "request",
    "org.kubeflow.serving.inference.response": "response",
    "io.seldon.serving.inference.request": "request",
    "io.seldon.serving.inference.response": "response",
    "io.seldon.serving.inference.feedback": "feedback",
    "io.seldon.serving.feedback": "feedback",
}
_SERVED = {"", "predictor", "default"}
_TAGS = ("namespace", "component", "modelid", "protocol")


class Half(msgspec.Struct, frozen=True):
    """A request or a response that waits for the other.

    Parameters
    ----------
    model, version
        Whose it is.
    side
        Which of the two.
    join
        What both have in common.
    key
        The idempotency key of this event: of its source, id and type.
    id
        The id of the prediction.
    received
        When it came.
    time
        When it happened, where the event says so.
    data
        Its body as JSON.
    variant, trace
        The endpoint, and the `traceparent`, where there are any.
    tags
        What else tells where it comes from.
    """

    model: str
    version: str | None
    side: Side
    join: str
    key: str
    id: str
    received: datetime
    time: datetime | None
    data: bytes
    variant: str | None = None
    trace: str | None = None
    tags: dict[str, str] = {}

    def encode(self) -> bytes:
        """The half as bytes, for the journal.

        Examples
        --------
        >>> from datetime import UTC
        >>> then = datetime(2024, 1, 1, tzinfo=UTC)
        >>> half = Half("m", None, "request", "j", "k", "1", then, None, b"{}")
        >>> Half.decode(half.encode()) == half
        True
        """
        return msgspec.msgpack.encode(self)

    @staticmethod
    def decode(body: bytes) -> Half:
        """Read what `encode` wrote."""
        return msgspec.msgpack.decode(body, type=Half)


class Events(msgspec.Struct, frozen=True):
    """What the events of a request say.

    Parameters
    ----------
    records
        How many events there were: each is one of the following.
    halves
        Requests and responses.
    labels, outcomes
        Feedback: the truth, and the reward. One event may say both.
    rejected
        Events that say nothing that is known.
    """

    records: int
    halves: tuple[Half, ...]
    labels: tuple[Told, ...]
    outcomes: tuple[Told, ...]
    rejected: tuple[Rejected, ...]


class Request(msgspec.Struct, frozen=True):
    """What is known of an HTTP request beside its body.

    Parameters
    ----------
    headers
        In any case.
    received
        When it came, with a time zone.
    max_bytes
        The most bytes of a body, before and after decompression.
    model, version
        Of events that name none.
    """

    headers: Mapping[str, str]
    received: datetime
    max_bytes: int
    model: str | None = None
    version: str | None = None


def read_cloud_events(body: bytes, request: Request) -> Events:
    """Read the CloudEvents of an HTTP request, in binary, structured or batch mode.

    Parameters
    ----------
    body
        As received.
    request
        The rest of the request. `Content-Type` and `Content-Encoding` are read from its headers.

    Raises
    ------
    InputError
        The body is unreadable, or the one event in it lacks an attribute.
    TooLargeError
        The body is larger than allowed.
    UnsupportedTypeError
        A content encoding that is not read.

    Examples
    --------
    >>> from datetime import UTC
    >>> headers = {
    ...     "ce-specversion": "1.0", "ce-id": "7", "ce-source": "http://localhost:9081/",
    ...     "ce-type": "org.kubeflow.serving.inference.request",
    ...     "ce-inferenceservicename": "flights", "content-type": "application/json",
    ... }
    >>> request = Request(headers, datetime(2024, 1, 1, tzinfo=UTC), 1000)
    >>> read_cloud_events(b'{"instances": [[1, 2]]}', request).halves[0].model
    'flights'
    """
    headers = {name.lower(): value for name, value in request.headers.items()}
    plain = decompressed(
        body, encoding=headers.get("content-encoding"), max_bytes=request.max_bytes
    )
    events = read_events(plain, headers=headers, content_type=headers.get("content-type"))
    halves: list[Half] = []
    labels: list[Told] = []
    outcomes: list[Told] = []
    rejected: list[Rejected] = []
    for index, event in enumerate(events):
        if isinstance(event, str):
            rejected.append(Rejected(index, None, "malformed", event))
            continue
        side = _TYPES.get(event.type)
        model = _model(event) or request.model
        why = _refusal(event, side, model)
        if why is not None:
            rejected.append(Rejected(index, event.id, *why, model or ""))
        elif side == "feedback":
            told, rewarded = read_feedback(event, str(model))
            labels.extend(told)
            outcomes.extend(rewarded)
        else:
            halves.append(_half(event, str(model), side or "request", request))
    return Events(len(events), tuple(halves), tuple(labels), tuple(outcomes), tuple(rejected))


def _model(event: Event) -> str | None:
    """The service; a transformer or an explainer of it is a model of its own."""
    service = event.extensions.get("inferenceservicename")
    component = event.extensions.get("component", "")
    return f"{service}-{component}" if service and component not in _SERVED else service


def _refusal(event: Event, side: str | None, model: str | None) -> tuple[str, str] | None:
    """Why an event cannot be used: reason and message."""
    if side is None:
        return "unknown_type", (
            f"events of type {event.type!r} are not read; read are {', '.join(_TYPES)}"
        )
    if not model:
        return "missing_model", (
            "the event has no extension inferenceservicename; or name the model in the address "
            "(?model=)"
        )
    try:
        if side == "feedback":
            read_feedback(event, model)
        else:
            parse_payload(event.data)
    except InputError as error:
        return "bad_payload", str(error)
    return None


def _half(event: Event, model: str, side: Side, request: Request) -> Half:
    extensions = event.extensions
    join_id = extensions.get("requestid") or event.id
    parts = [
        model, join_id,
        *(extensions.get(name, "") for name in ("namespace", "component", "endpoint", "modelid")),
    ]  # fmt: skip
    return Half(
        model=model,
        version=extensions.get("modelversion") or request.version,
        side=side,
        join=event_key(*parts),
        key=event_key(event.source, event.id, event.type),
        id=join_id,
        received=request.received,
        time=event_time(event.time or extensions.get("recordedtime")),
        data=event.data,
        variant=extensions.get("endpoint") or None,
        trace=extensions.get("traceparent"),
        tags={name: extensions[name] for name in _TAGS if extensions.get(name)},
    )
