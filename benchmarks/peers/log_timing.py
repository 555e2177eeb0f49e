"""What one call costs its caller: each call timed by itself, and the times as JSON.

It imports nothing but the standard library, since it runs in every peer's environment.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

FEATURES = {f"feature_{index}": 0.1 + index for index in range(20)}
"""What a prediction with 20 features is made from."""

CALLS = 100_000
PAUSE_EVERY = 100
PAUSE_S = 0.005
"""A pause now and then, so that background threads work as they do in a service: about 10,000
calls a second instead of as many as fit."""


def timed(call: Callable[[], object], calls: int = CALLS) -> dict[str, float]:
    """The cost of single calls.

    Parameters
    ----------
    call
        What to time.
    calls
        How often.

    Returns
    -------
    dict
        `median`, `p99` and `calls`; the first two in nanoseconds, the timer's own cost taken off.
    """
    clock = time.perf_counter_ns
    for _ in range(calls // 20):
        call()
    spent, empty = [], []
    for number in range(calls):
        start = clock()
        call()
        spent.append(clock() - start)
        start = clock()
        empty.append(clock() - start)
        if number % PAUSE_EVERY == 0:
            time.sleep(PAUSE_S)
    own = sorted(empty)[calls // 2]
    spent.sort()
    return {
        "median": spent[calls // 2] - own,
        "p99": spent[calls * 99 // 100] - own,
        "calls": calls,
    }


def report(jobs: Mapping[str, Callable[[], object]], calls: int = CALLS) -> None:
    """Time each of some calls, and write the times to the file that the command names."""
    found = {name: timed(call, calls) for name, call in jobs.items()}
    Path(sys.argv[1]).write_text(json.dumps(found))
