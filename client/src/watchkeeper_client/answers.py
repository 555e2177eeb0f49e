"""The rules by which the decorator reads features from arguments and predictions from results."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from watchkeeper_client.scalars import mapping, plain, scalar

__all__ = ["Rules", "batch_results", "single_features", "single_result"]

RESULT_FIELDS: Final = ("prediction", "score", "scores")


class Rules(NamedTuple):
    """The user's own functions, where the defaults do not fit."""

    features: Callable[..., Any] | None = None
    prediction: Callable[[Any], Any] | None = None
    score: Callable[[Any], Any] | None = None


def single_features(
    rules: Rules,
    signature: inspect.Signature | None,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
) -> dict[str, Any] | None:
    """The features of one run, before the function can change its arguments."""
    if rules.features is not None:
        found = mapping(rules.features(*args, **kwargs))
        if found is None:
            raise TypeError("`features=` must give a mapping of names to scalars")
        return found
    if signature is None:
        return dict(kwargs)
    bound = signature.bind(*args, **kwargs)
    bound.apply_defaults()
    arguments = _named(signature, bound.arguments)
    whole = [found for found in map(mapping, arguments.values()) if found is not None]
    if len(whole) == 1:
        return whole[0]
    return {name: plain(value) for name, value in arguments.items() if is_scalar(value)}


def _named(signature: inspect.Signature, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments by name, without `self`; what came by `**kwargs` under its own names."""
    found: dict[str, Any] = {}
    for name, value in arguments.items():
        kind = signature.parameters[name].kind
        if kind is inspect.Parameter.VAR_KEYWORD:
            found.update(value)
        elif kind is not inspect.Parameter.VAR_POSITIONAL and name not in {"self", "cls"}:
            found[name] = value
    return found


def is_scalar(value: object) -> bool:
    """Whether a value can be a feature."""
    try:
        scalar(value)
    except TypeError:
        return False
    return True


def single_result(rules: Rules, result: Any) -> dict[str, Any]:
    """The prediction and the score of one result, as fields of the record.

    Raises
    ------
    TypeError
        Where the result is neither a scalar nor holds a prediction.

    Examples
    --------
    >>> single_result(Rules(), ("late", 0.8))
    {'prediction': 'late', 'score': 0.8}
    >>> single_result(Rules(score=lambda result: result["p"]), {"prediction": "late", "p": 0.8})
    {'prediction': 'late', 'score': 0.8}
    """
    found = _by_default(result, given=rules.prediction is not None)
    if rules.prediction is not None:
        found["prediction"] = rules.prediction(result)
    if rules.score is not None:
        found["score"] = rules.score(result)
    found["prediction"] = scalar(found.get("prediction"))
    if "score" in found:
        found["score"] = scalar(found["score"])
    return found


def _by_default(result: Any, *, given: bool) -> dict[str, Any]:
    if isinstance(result, tuple) and len(result) == 2:
        return {"prediction": result[0], "score": result[1]}
    named = mapping(result)
    if named is not None:
        found = {name: named[name] for name in RESULT_FIELDS if named.get(name) is not None}
        if "prediction" in found or given:
            return found
        raise TypeError(
            f"the result has {', '.join(named) or 'no fields'} and no `prediction`; say with "
            "`prediction=` where it is"
        )
    return {} if given else {"prediction": _unwrapped(result)}


def _unwrapped(result: Any) -> Any:
    """The one element of a list of one."""
    return result[0] if isinstance(result, list) and len(result) == 1 else result


def batch_results(rules: Rules, result: Any, rows: int) -> Iterator[dict[str, Any]]:
    """The fields of each row's record.

    Raises
    ------
    ValueError
        Where there are not as many predictions as rows.

    Examples
    --------
    >>> list(batch_results(Rules(), (["a", "b"], [0.1, 0.9]), 2))
    [{'prediction': 'a', 'score': 0.1}, {'prediction': 'b', 'score': 0.9}]
    """
    predictions, scores = result, None
    if isinstance(result, tuple) and len(result) == 2 and all(map(_is_many, result)):
        predictions, scores = result
    if rules.prediction is not None:
        predictions = rules.prediction(result)
    if rules.score is not None:
        scores = rules.score(result)
    columns = {"prediction": _listed(predictions), "score": _listed(scores)}
    for name, column in columns.items():
        if column is not None and len(column) != rows:
            raise ValueError(f"{rows} rows went in and {len(column)} values of {name} came out")
    for index in range(rows):
        yield {
            name: scalar(column[index]) for name, column in columns.items() if column is not None
        }


def _is_many(value: object) -> bool:
    return hasattr(value, "__len__") and not isinstance(value, str | bytes)


def _listed(values: Any) -> Sequence[Any] | None:
    if values is None:
        return None
    listed = values.tolist() if hasattr(values, "tolist") else list(values)
    return listed if isinstance(listed, list) else [listed]
