"""A decorator that makes every run of a function a prediction record.

Inside a request that the middleware watches, the prediction joins that request's record; elsewhere
each run is a call of its own. The function's arguments, result and exceptions pass unchanged.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar, cast

from watchkeeper_client.answers import Rules, batch_results, single_features, single_result
from watchkeeper_client.calls import Call, Recorder, deliver
from watchkeeper_client.faults import describe, guarded
from watchkeeper_client.stages import Stage, active, entered

__all__ = ["watch"]

P = ParamSpec("P")
R = TypeVar("R")


def watch(
    client: Recorder,
    *,
    features: Callable[..., Any] | None = None,
    prediction: Callable[[Any], Any] | None = None,
    score: Callable[[Any], Any] | None = None,
    batch: bool = False,
    **fields: Any,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Log every run of a function as a prediction.

    Parameters
    ----------
    client
        Where predictions go.
    features
        A function of the same arguments that gives the features (with `batch`, the rows). Without
        it: the one argument that is a mapping, dataclass, msgspec Struct or pydantic model, else
        all arguments that are scalars, by name.
    prediction, score
        Functions of the result. Without them: a result of two values is (prediction, score); a
        mapping or object gives its `prediction`, `score` and `scores`; any other is the prediction.
    batch
        The function takes rows (a list of mappings, a data frame, a NumPy array with field names)
        and gives as many predictions, or (predictions, scores).
    **fields
        Fields for all predictions: `model`, `version`, `variant` …

    Returns
    -------
    Callable
        The decorator, for functions and `async def`. The run counts as the stage `inference`; an
        exception is logged with its class and raised again; a prediction that is NaN or infinite is
        logged as `invalid`.

    Raises
    ------
    TypeError
        Where the function is a generator: it gives no one prediction.

    Examples
    --------
    >>> class Printer:
    ...     def log(self, features, prediction, **fields):
    ...         print(features, prediction, fields["score"], fields["model"])
    >>> @watch(Printer(), model="arrivals")
    ... def late(distance, carrier="UA"):
    ...     return True, 0.75
    >>> late(2475)
    {'distance': 2475, 'carrier': 'UA'} True 0.75 arrivals
    (True, 0.75)
    """
    rules = Rules(features=features, prediction=prediction, score=score)

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError(
                f"{function.__qualname__} is a generator; watch a function that returns the "
                "prediction, or use `request` and `current().predict(…)` inside"
            )
        kind = _BatchRun if batch else _Run
        watched = _Watched(client, function, rules, fields)
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def run_async(*args: P.args, **kwargs: P.kwargs) -> Any:
                """Run the function and log it."""
                with kind(watched, args, kwargs) as run:
                    run.result = await function(*args, **kwargs)
                return run.result

            return cast("Callable[P, R]", run_async)

        @functools.wraps(function)
        def run_sync(*args: P.args, **kwargs: P.kwargs) -> R:
            with kind(watched, args, kwargs) as run:
                run.result = function(*args, **kwargs)
            return cast("R", run.result)

        return run_sync

    return decorate


class _Watched:
    """A function with what is known of it before it runs."""

    __slots__ = ("client", "fields", "rules", "signature")

    def __init__(
        self,
        client: Recorder,
        function: Callable[..., Any],
        rules: Rules,
        fields: Mapping[str, Any],
    ) -> None:
        self.client = client
        self.rules = rules
        self.fields = dict(fields)
        self.signature: inspect.Signature | None = None
        with guarded("decorator.signature"):
            self.signature = inspect.signature(function)


class _Run:
    """One run of a watched function."""

    def __init__(self, watched: _Watched, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        self.result: Any = None
        self.watched = watched
        self.features: Any = None
        outer = active()
        self.call = outer or Call()
        self._own = outer is None
        self._scope: AbstractContextManager[Any] = (
            entered(self.call) if self._own else nullcontext()
        )
        self._stage = Stage("inference")
        with guarded("decorator.features"):
            self.features = self._read(args, kwargs)

    def __enter__(self) -> Self:
        self._scope.__enter__()
        self._stage.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stage.__exit__(kind, error, trace)
        self._scope.__exit__(None, None, None)
        if self._own:
            self.call.end()
        with guarded("decorator.prediction"):
            self._attach(error)
        if self._own:
            deliver(self.call, self.watched.client)

    def _read(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        return single_features(self.watched.rules, self.watched.signature, args, kwargs)

    def _attach(self, error: BaseException | None) -> None:
        """Attach the prediction; where the result cannot be read, the features and times stay.

        The error is this run's own: a handler that catches it and answers otherwise has not failed.
        """
        found: dict[str, Any] = {}
        try:
            if error is None:
                found = single_result(self.watched.rules, self.result)
            else:
                found = {"error": describe(error)}
        finally:
            self.call.predict(self.features, **self._fields(found))

    def _fields(self, found: Mapping[str, Any]) -> dict[str, Any]:
        """What a record of this run holds beside the features."""
        spent = self._stage.spent_ms
        return {"stages": {"inference": spent}, **self.watched.fields, **found}


class _BatchRun(_Run):
    """One run of a function that predicts many rows."""

    def _read(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        from watchkeeper_client.row_bodies import frame_rows

        rule = self.watched.rules.features
        data = rule(*args, **kwargs) if rule is not None else _rows_argument(args, kwargs)
        return list(frame_rows(data))

    def _attach(self, error: BaseException | None) -> None:
        rows: list[dict[str, Any]] = self.features or []
        if error is not None:
            found: dict[str, Any] = {"error": describe(error)}
            self.call.predict(
                None, **self._fields(found | ({"batch_size": len(rows)} if rows else {}))
            )
            return
        for row, found in zip(
            rows, batch_results(self.watched.rules, self.result, len(rows)), strict=True
        ):
            self.call.predict(row, **self._fields({"batch_size": len(rows), **found}))


def _rows_argument(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """The rows: the first argument that has a length and is no text."""
    for value in (*args, *kwargs.values()):
        if hasattr(value, "__len__") and not isinstance(value, str | bytes):
            return value
    raise TypeError("no argument holds rows; say with `features=` which they are")
