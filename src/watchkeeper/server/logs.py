"""Logs: one JSON object a line on standard error; on a terminal, lines for people.

Every line carries the request's id and the trace that it belongs to. Headers and bodies are never
logged, so no key can be.
"""

from __future__ import annotations

import itertools
import logging
import re
import sys
import uuid
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TextIO

import structlog

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:\-]{1,128}")
_TRACE_PARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?"
)

# Drawn once and counted on: a draw from the system for each request costs more than all the rest.
_PROCESS = uuid.uuid4().hex[:20]
_NUMBERS = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request comes from, as every log line of it says.

    Attributes
    ----------
    request_id
        The client's `X-Request-ID` where it is plain, else one of ours.
    trace_id, span_id
        From the W3C header `traceparent`; empty where there is none.
    """

    request_id: str
    trace_id: str = ""
    span_id: str = ""


current: ContextVar[Origin | None] = ContextVar("watchkeeper_request", default=None)
"""The request that is being answered; threads that work for it see it too."""


def origin_of(headers: Mapping[str, str]) -> Origin:
    """The ids that a request's headers carry.

    A request id of odd characters is not taken over, since it is sent back in a header.

    >>> origin_of({"x-request-id": "a-1"})
    Origin(request_id='a-1', trace_id='', span_id='')
    """
    given = headers.get("x-request-id", "")
    request_id = given if _REQUEST_ID.fullmatch(given) else f"{_PROCESS}{next(_NUMBERS):012x}"
    parent = _TRACE_PARENT.fullmatch(headers.get("traceparent", ""))
    return Origin(request_id, *parent.groups()) if parent else Origin(request_id)


def add_origin(logger: Any, method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Add the ids of the current request to a log line (a structlog processor)."""
    del logger, method
    origin = current.get()
    if origin is not None:
        event.setdefault("request_id", origin.request_id)
        if origin.trace_id:
            event["trace_id"], event["span_id"] = origin.trace_id, origin.span_id
    return event


def set_up_logs(*, level: str = "info", stream: TextIO | None = None) -> None:
    """Send the logs of Watchkeeper and of its libraries to `stream` (standard error).

    Parameters
    ----------
    level
        `debug`, `info`, `warning` or `error`.
    stream
        Lines for people where it is a terminal, else JSON.
    """
    stream = stream or sys.stderr
    shared: list[Any] = [
        add_origin,
        structlog.stdlib.add_logger_name,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_rendering(is_terminal=stream.isatty()),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    chosen = logging.getLevelNamesMapping()[level.upper()]
    # Libraries speak up from warnings on: their lines hold addresses with all that is in them.
    root.setLevel(chosen if chosen == logging.DEBUG else max(chosen, logging.WARNING))
    logging.getLogger("watchkeeper").setLevel(chosen)
    access = logging.getLogger("uvicorn.access")
    access.handlers.clear()
    access.propagate = False


def _rendering(*, is_terminal: bool) -> list[Any]:
    if is_terminal:
        # The plain form, since the pretty one shows local values, among them headers with keys.
        return [
            structlog.dev.ConsoleRenderer(
                timestamp_key="time", exception_formatter=structlog.dev.plain_traceback
            )
        ]
    return [
        structlog.processors.format_exc_info,
        structlog.processors.EventRenamer("message"),
        structlog.processors.JSONRenderer(default=str),
    ]
