"""Timing of the call that is under way: queue, preprocess, inference, postprocess.

The call is held in a context variable, so whatever runs inside, in nested functions, in tasks of
asyncio or in threads that were given the context (`asyncio.to_thread`, the thread pools of
frameworks), adds to the right one. All times are of one monotonic clock.

Examples
--------
>>> class Printer:
...     def log(self, features, prediction, **fields):
...         print(features, prediction, sorted(fields["stages"]))
>>> with request(Printer()) as call:
...     with stage("preprocess"):
...         features = {"distance": 2475}
...     with stage("inference"):
...         minutes = 12.5
...     call.predict(features, minutes) == call.id
True
{'distance': 2475} 12.5 ['inference', 'preprocess']
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Final, Literal, ParamSpec, Self, TypeVar, cast

from watchkeeper_client.calls import Call, Recorder, deliver

__all__ = ["STAGES", "Stage", "StageName", "active", "current", "entered", "request", "stage"]

P = ParamSpec("P")
R = TypeVar("R")

StageName = Literal["queue", "preprocess", "inference", "postprocess", "network"]
STAGES: Final = ("queue", "preprocess", "inference", "postprocess", "network")
"""The stages that the server measures; another name raises where the stage is made."""


class Stage:
    """A stretch of time of the current call: a context manager, and a decorator.

    Made by `stage`. Time spent in an inner stage counts there and not in the outer one, so stages
    of code that runs in sequence never add up to more than the whole.

    Attributes
    ----------
    spent_ms
        Milliseconds of this stretch without its inner stages, once it is over.
    """

    __slots__ = ("_call", "_inside", "_outer", "_started", "name", "spent_ms")

    def __init__(self, name: StageName) -> None:
        if name not in STAGES:
            allowed = ", ".join(STAGES)
            raise ValueError(f"the stage is {name!r}; the stages are {allowed}")
        self.name: StageName = name
        self.spent_ms = 0.0
        self._inside = 0.0

    def __enter__(self) -> Self:
        self._call = current()
        self._outer = _open.get()
        _open.set(self)
        self._inside = 0.0
        self._started = self._call.clock()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        spent = self._call.clock() - self._started
        # Not `reset`: a generator may be closed in another context than it was begun in.
        _open.set(self._outer)
        if self._outer is not None and self._outer.call is self._call:
            self._outer.exclude(spent)
        self.spent_ms = max(0.0, spent - self._inside) * 1000.0
        self._call.add(self.name, self.spent_ms)

    @property
    def call(self) -> Call:
        """The call whose time this is."""
        return self._call

    def exclude(self, seconds: float) -> None:
        """Leave out time that an inner stage has counted."""
        self._inside += seconds

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Time every run of a function, also an `async def`, as this stage."""
        name = self.name
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def timed_async(*args: P.args, **kwargs: P.kwargs) -> Any:
                with Stage(name):
                    return await function(*args, **kwargs)

            return cast("Callable[P, R]", timed_async)

        @functools.wraps(function)
        def timed(*args: P.args, **kwargs: P.kwargs) -> R:
            with Stage(name):
                return function(*args, **kwargs)

        return timed


_current: ContextVar[Call | None] = ContextVar("watchkeeper_call", default=None)
_open: ContextVar[Stage | None] = ContextVar("watchkeeper_stage", default=None)


def stage(name: StageName) -> Stage:
    """Time a stage of the current call: `with stage("inference"):` or `@stage("inference")`.

    Outside a call the time goes nowhere. Tasks that run at the same time each add their own time,
    so their sum can be more than the call's latency.

    Parameters
    ----------
    name
        `queue`, `preprocess`, `inference`, `postprocess` or `network`.

    Raises
    ------
    ValueError
        For another name.

    Examples
    --------
    >>> @stage("preprocess")
    ... def scaled(distance):
    ...     return distance / 1000
    >>> scaled(2475)
    2.475
    """
    return Stage(name)


def current() -> Call:
    """The call that is under way here; outside of any, one that nobody listens to.

    So a handler may call `current().predict(…)` in a unit test without the middleware.
    """
    return _current.get() or Call()


def active() -> Call | None:
    """The call that is under way here, or None."""
    return _current.get()


@contextmanager
def entered(call: Call) -> Iterator[Call]:
    """Make a call the current one, without logging it."""
    outer, stage_outside = _current.get(), _open.get()
    _current.set(call)
    _open.set(None)
    try:
        yield call
    finally:
        _current.set(outer)
        _open.set(stage_outside)


@contextmanager
def request(
    client: Recorder,
    *,
    request_id: str | None = None,
    traceparent: str | None = None,
    **fields: Any,
) -> Iterator[Call]:
    """A call of a model that comes by other ways than HTTP: a queue's message, a job's row.

    What is attached is logged at the end, with the latency and the stages. An exception is logged
    with its class and raised again.

    Parameters
    ----------
    client
        Where the predictions go.
    request_id
        The id of the message or job; made where it is absent.
    traceparent
        The W3C trace context that came with it.
    **fields
        Fields for all predictions of the call: `model`, `version`, `variant` …

    Yields
    ------
    Call
        What `current()` gives inside.
    """
    call = Call(request_id=request_id, traceparent=traceparent)
    call.fields.update(fields)
    try:
        with entered(call):
            yield call
    except BaseException as error:
        call.fail(error)
        raise
    finally:
        call.end()
        deliver(call, client)
