"""One call of a model: what it took, who asked, what was predicted, and how it failed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any, Protocol

from watchkeeper_client.faults import describe, guarded, not_finite
from watchkeeper_client.scalars import plain
from watchkeeper_client.tracing import Trace, active_span, continued, new_id

__all__ = ["Call", "Recorder", "deliver"]


class Recorder(Protocol):
    """Whatever takes predictions: the client, or something in front of it.

    `log` returns at once, never raises, and may be called from any thread. It takes the features,
    the prediction, and by name every other field of a prediction record.
    """

    def log(self, *args: Any, **fields: Any) -> str | None:
        """Take one prediction; its id, or None where it was not taken."""


class Call:
    """One call of a model: what it took, who asked, and which predictions it made.

    A handler gets it from `current()` and says what was predicted, either with `predict` or by
    setting `features`, `prediction` and `score`. Setting is for one prediction; `predict` may be
    called once for each of many.

    Attributes
    ----------
    id
        The id of the (first) prediction; a label names it later. Set another before `predict`.
    features, prediction, score
        The one prediction of this call, where `predict` is not called.
    fields
        Other fields for all predictions of this call: `version`, `variant`, `entity`, `tags` …
    stages
        Milliseconds spent in each stage so far.
    request_id, trace
        The request's id and its trace context.

    Examples
    --------
    >>> call = Call()
    >>> call.features, call.prediction = {"distance": 2475}, 12.5
    >>> [record["prediction"] for record in call.records()]
    [12.5]
    """

    __slots__ = (
        "_clock", "_ended", "_error", "_records", "_started", "features", "fields", "id",
        "prediction", "request_id", "score", "stages", "trace",
    )  # fmt: skip

    def __init__(
        self,
        *,
        request_id: str | None = None,
        traceparent: str | None = None,
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        self.id = new_id()
        self.request_id = request_id or self.id
        self.trace: Trace = continued(traceparent)
        self.features: Mapping[str, object] | None = None
        self.prediction: object = None
        self.score: float | None = None
        self.fields: dict[str, Any] = {}
        self.stages: dict[str, float] = {}
        self._records: list[dict[str, Any]] = []
        self._error: dict[str, str] | None = None
        self._clock = clock
        self._started = clock()
        self._ended: float | None = None

    def predict(
        self, features: Mapping[str, object] | None = None, prediction: object = None, **fields: Any
    ) -> str:
        """Say what was predicted; once for each prediction of the call.

        Parameters
        ----------
        features
            The input by name.
        prediction
            The class or the number. NaN and infinity make the record an error of class `invalid`.
        **fields
            Other fields of the record: `score`, `scores`, `id`, `model`, `version`, `variant` …

        Returns
        -------
        str
            The prediction's id, for the labels to come.
        """
        found = active_span()
        if found is not None:
            self.trace = found
        made = len(self._records)
        if fields.get("id") is None:
            fields["id"] = self.id if made == 0 else f"{self.id}-{made}"
        elif made == 0:
            self.id = str(fields["id"])
        self._records.append({"features": features, "prediction": plain(prediction), **fields})
        return str(fields["id"])

    def fail(self, error: BaseException | Mapping[str, str]) -> None:
        """Say that the call failed; the first error stands.

        Parameters
        ----------
        error
            The exception, or the error as a record holds it: `{"class": …, "type": …}`.
        """
        if self._error is None:
            self._error = describe(error) if isinstance(error, BaseException) else dict(error)

    def add(self, name: str, milliseconds: float) -> None:
        """Add time to a stage that was measured elsewhere, such as a queue before the process."""
        self.stages[name] = self.stages.get(name, 0.0) + milliseconds

    def end(self) -> None:
        """Stop the total; the first end stands."""
        if self._ended is None:
            self._ended = self._clock()

    @property
    def failed(self) -> bool:
        """Whether an error was recorded."""
        return self._error is not None

    @property
    def answered(self) -> bool:
        """Whether a prediction was attached."""
        return bool(self._records) or self.features is not None or self.prediction is not None

    @property
    def clock(self) -> Callable[[], float]:
        """The monotonic clock of this call, in seconds."""
        return self._clock

    @property
    def latency_ms(self) -> float:
        """Milliseconds from the start of the call to its end, or until now."""
        ended = self._clock() if self._ended is None else self._ended
        return (ended - self._started) * 1000.0

    @property
    def ids(self) -> dict[str, str]:
        """The ids that a log line should carry."""
        return {
            "prediction_id": self.id,
            "request_id": self.request_id,
            "trace_id": self.trace.trace_id,
            "span_id": self.trace.span_id,
        }

    def records(self) -> list[dict[str, Any]]:
        """The keyword arguments of `log` for each prediction; one for an error without any.

        All of them carry the call's latency, stages and ids; where there are several, also their
        number as `batch_size`. A field that was given with a prediction wins.
        """
        made = self._records
        if not made and (self.answered or self._error is not None):
            own = {"features": self.features, "prediction": plain(self.prediction), "id": self.id}
            made = [own if self.score is None else {**own, "score": self.score}]
        shared = self._shared(len(made))
        return [_checked({**shared, **record, **self._stages(record)}) for record in made]

    def _shared(self, number: int) -> dict[str, Any]:
        shared: dict[str, Any] = {
            "latency_ms": round(self.latency_ms, 3),
            "request_id": self.request_id,
            "trace_id": self.trace.trace_id,
            "span_id": self.trace.span_id,
        }
        if number > 1:
            shared["batch_size"] = number
        if self._error is not None:
            shared["error"] = self._error
        return {**shared, **self.fields}

    def _stages(self, record: Mapping[str, Any]) -> dict[str, Any]:
        stages = {**self.stages, **record.get("stages", {})}
        if not stages:
            return {}
        return {"stages": {name: round(spent, 3) for name, spent in stages.items()}}


def _checked(record: dict[str, Any]) -> dict[str, Any]:
    """A NaN or infinite prediction is an error, not a value."""
    invalid = not_finite(record.get("prediction"))
    return {**record, "prediction": None, "error": invalid} if invalid else record


def deliver(call: Call, client: Recorder) -> int:
    """Log what a call holds; how many records that were. It never raises."""
    sent = 0
    with guarded("log"):
        for record in call.records():
            client.log(record.pop("features"), record.pop("prediction"), **record)
            sent += 1
    return sent
