"""Ids and trace context: taken where they are sound, made where they are not."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry import trace

from watchkeeper_client.calls import Call
from watchkeeper_client.tracing import (
    active_span,
    continued,
    new_id,
    read_request_id,
    read_traceparent,
)

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def test_the_callers_trace_goes_on_with_a_new_span() -> None:
    """The trace id stays, the span is ours, and the header for the next service says both."""
    found = continued(f"00-{TRACE}-{SPAN}-01")
    assert found.trace_id == TRACE
    assert found.span_id != SPAN
    assert read_traceparent(found.traceparent) == found


@pytest.mark.parametrize(
    "header",
    [
        None, "", "nonsense", f"00-{TRACE}-{SPAN}", f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01", f"00-{TRACE}-{'0' * 16}-01", f"00-{TRACE}-{SPAN}-01-extra",
        f"00-{TRACE.upper()}-{SPAN}-01",
    ],
)  # fmt: skip
def test_a_bad_header_begins_a_new_trace(header: str | None) -> None:
    """What breaks W3C's rules is passed over."""
    assert read_traceparent(header) is None
    assert continued(header).trace_id != TRACE


def test_a_later_version_of_the_header_is_read() -> None:
    """Versions to come may add fields behind."""
    found = read_traceparent(f"01-{TRACE}-{SPAN}-01-more")
    assert found is not None
    assert found.span_id == SPAN


@given(st.text())
def test_no_header_raises(text: str) -> None:
    """Whatever a client sends, it is either sound or None."""
    found = read_traceparent(text)
    assert found is None or read_traceparent(found.traceparent) == found
    identity = read_request_id(text)
    assert identity is None or identity == text.strip()


def test_the_active_span_of_opentelemetry_is_taken() -> None:
    """A prediction leads to the span that made it; also one begun after the request."""
    context = trace.SpanContext(
        int(TRACE, 16), int(SPAN, 16), is_remote=False, trace_flags=trace.TraceFlags(1)
    )
    assert active_span() is None
    call = Call(traceparent=None)
    with trace.use_span(trace.NonRecordingSpan(context)):
        assert continued("00-" + "1" * 32 + "-" + "2" * 16 + "-01")[:2] == (TRACE, SPAN)
        call.predict({}, 1)
    [record] = call.records()
    assert (record["trace_id"], record["span_id"]) == (TRACE, SPAN)


def test_ids_differ_and_sort_by_time() -> None:
    """Ids that were made later sort later, so that an index of them stays compact."""
    ids = [new_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert [identity[:16] for identity in ids] == sorted(identity[:16] for identity in ids)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_makes_other_ids() -> None:
    """A child does not go on with its parent's source of ids."""
    code = """
import os
from watchkeeper_client.tracing import new_id
drawn = slice(16, 26)  # the bits that a process draws; time stands before, a number behind
print(new_id()[drawn], new_id()[drawn], flush=True)
if os.fork() == 0:
    print(new_id()[drawn], flush=True)
    os._exit(0)
os.wait()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first, second, child = done.stdout.split()
    assert first == second != child
