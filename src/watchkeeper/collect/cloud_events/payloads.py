"""Bodies of inference requests and responses as rows: V1, V2 with binary tensors, and Seldon's."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from watchkeeper.collect.wire.records import lenient_json
from watchkeeper.collect.wire.rules import MAX_FEATURES
from watchkeeper.core.errors import InputError

_PREDICTION = (
    "prediction", "predict", "predictions", "label", "labels", "class", "classes", "output_label",
    "predicted", "target",
)  # fmt: skip
_SCORES = (
    "probabilities", "predict_proba", "output_probability", "probability", "scores", "score",
)  # fmt: skip
_TOLERANCE = 1e-3


class Tensor(msgspec.Struct, frozen=True):
    """Values of all instances of a body.

    Parameters
    ----------
    name
        Of the tensor, where it has one.
    rows
        One instance each: a scalar, a list of values, or an object of named values.
    names
        Of the values within a row, where they are known.
    """

    name: str | None
    rows: list[Any]
    names: tuple[str, ...] = ()


class Payload(msgspec.Struct, frozen=True):
    """The body of a request or a response.

    Parameters
    ----------
    tensors
        Its values.
    version
        Of the model, where a response says so.
    """

    tensors: tuple[Tensor, ...]
    version: str | None = None

    @property
    def rows(self) -> int:
        """How many instances there are."""
        return max((len(tensor.rows) for tensor in self.tensors), default=0)


def parse_payload(data: bytes) -> Payload:
    """Read the body of a request or a response.

    Raises
    ------
    InputError
        It is no JSON, or of no protocol that is known.

    Examples
    --------
    >>> parse_payload(b'{"instances": [[1, 2], [3, 4]]}').tensors[0].rows
    [[1, 2], [3, 4]]
    """
    try:
        content = lenient_json(data)
    except (ValueError, RecursionError, msgspec.DecodeError) as error:
        raise InputError(f"the data of the event is no JSON: {error}") from error
    return payload_of(content)


def payload_of(content: Any) -> Payload:
    """The same of a body that is decoded already."""
    if not isinstance(content, dict):
        raise InputError("the data of the event is a JSON object of instances, inputs or data")
    version = content.get("model_version")
    version = str(version) if version is not None else None
    for key in ("instances", "predictions"):
        if key in content:
            return Payload((Tensor(None, _list(key, content[key])),), version)
    for key in ("inputs", "outputs"):
        if key in content:
            return Payload(tuple(_v2(key, content[key])), version)
    if isinstance(content.get("data"), dict):
        return Payload((_seldon(content["data"]),), version)
    raise InputError(
        "the data of the event has none of instances, predictions (V1), inputs, outputs (V2) or "
        f"data (Seldon), but {', '.join(map(repr, content)) or 'nothing'}"
    )


def _list(key: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise InputError(f"{key!r} is a list, one entry an instance")
    return value


def _v2(key: str, tensors: Any) -> Iterator[Tensor]:
    if isinstance(tensors, dict):
        # The column form of TensorFlow Serving.
        yield from (Tensor(name, _list(name, rows)) for name, rows in tensors.items())
        return
    for tensor in _list(key, tensors):
        if not isinstance(tensor, dict) or not isinstance(tensor.get("name"), str):
            raise InputError(f"a tensor of {key!r} is an object with name, shape and data")
        if "data" not in tensor:
            raise InputError(f"tensor {tensor['name']!r} has no data")
        yield Tensor(tensor["name"], _shaped(tensor["name"], tensor.get("shape"), tensor["data"]))


def _seldon(data: dict[str, Any]) -> Tensor:
    names = data.get("names")
    names = tuple(map(str, names)) if isinstance(names, list) else ()
    if isinstance(data.get("tensor"), dict):
        held = data["tensor"]
        return Tensor(None, _shaped("tensor", held.get("shape"), held.get("values", [])), names)
    if "ndarray" in data:
        return Tensor(None, _list("ndarray", data["ndarray"]), names)
    raise InputError("'data' has neither 'ndarray' nor 'tensor'; other payloads are not read")


def _shaped(name: str, shape: Any, data: Any) -> list[Any]:
    """The rows of a tensor whose data is flat, or nested already."""
    flat = list(_leaves(data))
    if not isinstance(shape, list) or not all(type(size) is int and size >= 0 for size in shape):
        raise InputError(f"the shape of tensor {name!r} is a list of sizes, not {shape!r}")
    if math.prod(shape) != len(flat):
        raise InputError(
            f"tensor {name!r} has shape {shape} but {len(flat)} values; they must agree"
        )
    if len(shape) <= 1:
        return flat
    width = len(flat) // shape[0] if shape[0] else 0
    return [flat[at * width : (at + 1) * width] for at in range(shape[0])]


def _leaves(data: Any) -> Iterator[Any]:
    if not isinstance(data, list):
        yield data
        return
    for held in data:
        if isinstance(held, list):
            yield from _leaves(held)
        else:
            yield held


def features_of(payload: Payload, known: Sequence[str]) -> list[dict[str, Any]]:
    """The features of each instance, by name.

    Parameters
    ----------
    payload
        Of a request.
    known
        The features of the model in order: they name the values of an instance that come without
        names, where there are as many; else those are `feature_0`, `feature_1` and so on.

    Examples
    --------
    >>> features_of(parse_payload(b'{"instances": [[1, 2]]}'), ["age", "miles"])
    [{'age': 1, 'miles': 2}]
    >>> features_of(parse_payload(b'{"instances": [[1, 2]]}'), [])
    [{'feature_0': 1, 'feature_1': 2}]
    """
    features: list[dict[str, Any]] = [{} for _ in range(payload.rows)]
    alone = len(payload.tensors) == 1
    for tensor in payload.tensors:
        for held, row in zip(features, tensor.rows, strict=False):
            held.update(_named(tensor, row, known, alone=alone))
    return features


def _named(tensor: Tensor, row: Any, known: Sequence[str], *, alone: bool) -> dict[str, Any]:
    if isinstance(row, dict):
        return row
    values = list(_leaves(row))
    if len(values) > MAX_FEATURES:
        return {tensor.name or "features": row}  # An image or the like: no feature, but kept.
    if len(tensor.names) == len(values):
        return dict(zip(tensor.names, values, strict=True))
    if tensor.name and len(values) == 1:
        return {tensor.name: values[0]}
    if alone and len(known) == len(values):
        return dict(zip(known, values, strict=True))
    prefix = "feature" if alone or not tensor.name else tensor.name
    return {f"{prefix}_{place}": value for place, value in enumerate(values)}


def predictions_of(payload: Payload) -> list[dict[str, Any]]:
    """What a response says of each instance, as fields of a prediction.

    A scalar is the prediction. Several numbers that are probabilities (between 0 and 1, sum 1) are
    the scores of the classes, the largest of which is the prediction; of two, the second is the
    score. Outputs with other names than those of predictions and scores are kept under `outputs`.

    Examples
    --------
    >>> predictions_of(parse_payload(b'{"predictions": [1, [0.2, 0.8]]}'))
    [{'prediction': 1}, {'scores': {'0': 0.2, '1': 0.8}, 'prediction': 1, 'score': 0.8}]
    """
    told: list[dict[str, Any]] = [{} for _ in range(payload.rows)]
    alone = len(payload.tensors) == 1
    for tensor in payload.tensors:
        for held, row in zip(told, tensor.rows, strict=False):
            for name, value in _outputs(tensor, row, alone=alone).items():
                _tell(held, name, value, tensor.names)
    return told


def _outputs(tensor: Tensor, row: Any, *, alone: bool) -> Mapping[str, Any]:
    """The outputs of one instance by name; the only one is the prediction."""
    if isinstance(row, dict):
        return {"prediction": next(iter(row.values()))} if len(row) == 1 else row
    return {"prediction" if alone or tensor.name is None else tensor.name: row}


def _tell(held: dict[str, Any], name: str, value: Any, names: tuple[str, ...]) -> None:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    word = name.lower()
    if word in _PREDICTION and not _is_distribution(value):
        held["prediction"] = value
    elif word in _PREDICTION or word in _SCORES:
        _tell_scores(held, value, names)
    else:
        held.setdefault("outputs", {})[name] = value


def _tell_scores(held: dict[str, Any], value: Any, names: tuple[str, ...]) -> None:
    if isinstance(value, dict):
        held["scores"] = value
    elif not isinstance(value, list):
        held["score"] = value
    elif _is_distribution(value):
        classes: Sequence[Any] = names if len(names) == len(value) else range(len(value))
        held["scores"] = {str(class_): score for class_, score in zip(classes, value, strict=True)}
        held.setdefault("prediction", classes[max(range(len(value)), key=value.__getitem__)])
        if len(value) == 2:
            held["score"] = value[1]
    else:
        held.setdefault("outputs", {})["scores"] = value


def _is_distribution(value: Any) -> bool:
    """Whether a value is a list of probabilities of classes."""
    if not isinstance(value, list) or len(value) < 2:
        return False
    if any(type(held) not in {int, float} or not 0 <= held <= 1 for held in value):
        return False
    return abs(sum(value) - 1) <= _TOLERANCE
