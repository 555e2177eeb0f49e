"""Ids that join a prediction to its request and its trace.

The trace context is that of W3C (`traceparent`). Where the service uses OpenTelemetry and a span
is active, its ids are taken, so that a prediction leads to the span that made it; OpenTelemetry is
never imported for that: where a span is active, the service has imported it.
"""

from __future__ import annotations

import os
import re
import sys
from time import time_ns
from typing import NamedTuple

from watchkeeper_client.identity import Ids

__all__ = ["Trace", "active_span", "continued", "new_id", "read_request_id", "read_traceparent"]

# Versions to come may add fields behind; `ff` is forbidden, and so are ids of zeros alone.
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")
_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,128}")
_ids = Ids()


class Trace(NamedTuple):
    """The trace that a prediction belongs to, and the span that made it; both in lower-case hex."""

    trace_id: str
    span_id: str
    flags: str = "00"

    @property
    def traceparent(self) -> str:
        """The header that carries this span on to a service that is called.

        Examples
        --------
        >>> Trace("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", "01").traceparent
        '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
        """
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}"


def read_traceparent(text: str | None) -> Trace | None:
    """What a `traceparent` header says: the caller's span; None where it is absent or malformed.

    Examples
    --------
    >>> read_traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").span_id
    'b7ad6b7169203331'
    >>> read_traceparent("00-00000000000000000000000000000000-b7ad6b7169203331-01") is None
    True
    """
    match = _TRACEPARENT.fullmatch((text or "").strip())
    if match is None or not match[1].strip("0") or not match[2].strip("0"):
        return None
    if text is not None and text.startswith("00-") and len(text.strip()) != 55:
        return None
    return Trace(match[1], match[2], match[3])


def read_request_id(text: str | None) -> str | None:
    """A request id that is safe to pass on: up to 128 printable characters without spaces.

    Examples
    --------
    >>> read_request_id("4bf92f35"), read_request_id("two words"), read_request_id("")
    ('4bf92f35', None, None)
    """
    text = (text or "").strip()
    return text if _REQUEST_ID.fullmatch(text) else None


def continued(traceparent: str | None) -> Trace:
    """A new span: of the active OpenTelemetry span's trace, of the caller's, or of a new one.

    Parameters
    ----------
    traceparent
        The header as it came, or None.

    Returns
    -------
    Trace
        The active span itself where there is one; else the caller's trace (or a new one, not
        sampled) with a new span id.
    """
    active = active_span()
    if active is not None:
        return active
    caller = read_traceparent(traceparent)
    if caller is None:
        return Trace(_hex(16), _hex(8))
    return Trace(caller.trace_id, _hex(8), caller.flags)


def active_span() -> Trace | None:
    """The OpenTelemetry span that is active here; None without one or without OpenTelemetry."""
    api = sys.modules.get("opentelemetry.trace")
    if api is None:
        return None
    try:
        context = api.get_current_span().get_span_context()
        if not context.is_valid:
            return None
        flags = f"{int(context.trace_flags) & 0xFF:02x}"
        return Trace(f"{context.trace_id:032x}", f"{context.span_id:016x}", flags)
    except Exception:  # noqa: BLE001  # somebody else's tracer must not break the service
        return None


def new_id() -> str:
    """An id for a prediction that is to be logged with it; ids sort by time."""
    return _ids.make(time_ns())


def _renew() -> None:
    """A child process draws a source of ids of its own, else it would repeat its parent's."""
    global _ids  # noqa: PLW0603  # one source for each process, and this is another process
    _ids = Ids()


def _hex(size: int) -> str:
    return os.urandom(size).hex()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
