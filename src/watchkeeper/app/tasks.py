"""What a model predicts, told from its label, prediction and score."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper.app.kinds import is_number, is_text
from watchkeeper.app.model_schema import ModelFile
from watchkeeper.core.errors import ModelError
from watchkeeper.core.model import Task
from watchkeeper.profiles.values import counted, plain

MOST_CLASSES = 20
"""Different whole numbers up to which a label holds classes rather than amounts."""

_NEGATIVE = {"0", "false", "no", "n", "-1", "f", "negative", "neg"}
_POSITIVE = {"1", "true", "yes", "y", "t", "positive", "pos"}
_PAIRS = (("0", "1"), ("false", "true"), ("no", "yes"), ("n", "y"), ("-1", "1"))


@dataclass(frozen=True, slots=True)
class _Target:
    """The label or the prediction, as far as the task hangs on it."""

    role: str
    name: str
    values: frozenset[str]
    number: bool
    classes: bool


def task_of(file: ModelFile, sample: pa.Table) -> tuple[Task | None, tuple[str, ...]]:
    """The task and the classes of a model.

    Parameters
    ----------
    file
        Roles, and the task and classes where they are stated.
    sample
        Rows of the reference that hold all columns with a role.

    Returns
    -------
    tuple
        The task, None where there is neither label nor prediction nor score, and the classes:
        of a binary model (negative, positive), of a multi-class one in order.

    Raises
    ------
    ModelError
        Label and prediction cannot be of one task, or the classes cannot be told.
    """
    stated = Task(file.task) if file.task else None
    named = (("label", file.label), ("prediction", file.prediction))
    targets = [_target(role, name, sample) for role, name in named if name is not None]
    task = stated or _infer(file, targets)
    if task is None or task in {Task.REGRESSION, Task.RANKING}:
        if task is not None:
            _refuse_texts(task, targets)
        return task, tuple(file.classes)
    _refuse_strangers(file, targets)
    if file.classes:
        return task, tuple(file.classes)
    seen = frozenset(file.scores) or frozenset().union(*(target.values for target in targets))
    if task is Task.MULTICLASS:
        return task, tuple(sorted(seen, key=_order))
    return task, _pair(seen, targets)


def _target(role: str, name: str, sample: pa.Table) -> _Target:
    array = sample.column(name).combine_chunks()
    type_ = plain(array.type)
    number = is_number(type_)
    if number and not pa.types.is_integer(type_):
        numbers = array.cast(pa.float64(), safe=False).drop_null()
        numbers = numbers.filter(pc.is_finite(numbers))
        whole = bool(pc.all(pc.equal(numbers, pc.floor(numbers))).as_py())
        # Probabilities and amounts are not listed: there would be as many as rows.
        if not whole:
            return _Target(role, name, frozenset(), number=True, classes=False)
        array = numbers
    values = frozenset(counted(array)[0])
    classes = (not number) or len(values) <= MOST_CLASSES
    return _Target(role, name, values, number=number, classes=classes)


def _infer(file: ModelFile, targets: list[_Target]) -> Task | None:
    if file.group is not None:
        return Task.RANKING
    if file.scores:
        return Task.MULTICLASS
    if file.classes:
        return Task.BINARY if len(file.classes) == 2 else Task.MULTICLASS
    if not targets:
        return Task.BINARY if file.score is not None else None
    _refuse_probability(file, targets)
    if all(target.number for target in targets) and not all(t.classes for t in targets):
        return Task.REGRESSION
    count = len(frozenset().union(*(target.values for target in targets)))
    if count > 2 and file.score is not None:
        raise ModelError(
            f"score {file.score!r} is one column, but {targets[0].role} {targets[0].name!r} has "
            f"{count} values; name the column of each class: scores: {{class: column}}, or set task"
        )
    return Task.BINARY if count <= 2 else Task.MULTICLASS


def _refuse_probability(file: ModelFile, targets: list[_Target]) -> None:
    """A number that is no class, beside a label of two values, is a probability."""
    by_role = {target.role: target for target in targets}
    label, prediction = by_role.get("label"), by_role.get("prediction")
    if label is None or prediction is None or not label.classes or len(label.values) != 2:
        return
    if prediction.number and not prediction.values and file.score is None:
        raise ModelError(
            f"the label {label.name!r} has two values, but the prediction {prediction.name!r} "
            "holds other numbers; if they are probabilities name the column as score instead of "
            "prediction, else set task: regression"
        )


def _refuse_texts(task: Task, targets: list[_Target]) -> None:
    for target in targets:
        if not target.number and target.values and not target.values <= {"true", "false"}:
            raise ModelError(
                f"task {task} needs numbers, but the {target.role} {target.name!r} holds "
                f"{_some(target.values)}; name another column, or set task: multiclass"
            )


def _refuse_strangers(file: ModelFile, targets: list[_Target]) -> None:
    """Label and prediction of a classifier must share classes."""
    for target in targets:
        if target.number and not target.classes and not file.classes:
            raise ModelError(
                f"the {target.role} {target.name!r} holds numbers of many values, which are no "
                "classes; set task: regression, or name a column of classes"
                + _unlike(target, targets)
            )
        if file.classes and target.values and not target.values & set(file.classes):
            raise ModelError(
                f"the {target.role} {target.name!r} holds {_some(target.values)}, none of classes "
                f"{_some(file.classes)}; write classes as they stand in the data"
            )
    if len(targets) == 2 and all(target.values for target in targets):
        label, prediction = targets
        if not label.values & prediction.values:
            raise ModelError(
                f"the label {label.name!r} holds {_some(label.values)}, the prediction "
                f"{prediction.name!r} holds {_some(prediction.values)}: they share no class; write "
                "both alike"
            )


def _unlike(target: _Target, targets: list[_Target]) -> str:
    other = next((t for t in targets if t is not target and not t.number), None)
    if other is None:
        return ""
    return f" like those of the {other.role} {other.name!r} ({_some(other.values)})"


def _pair(seen: Collection[str], targets: list[_Target]) -> tuple[str, str]:
    """(negative, positive) of the values seen."""
    if not seen:
        return ("0", "1")
    if len(seen) == 1:
        (value,) = seen
        for pair in _PAIRS:
            if value in pair:
                return pair
    if len(seen) != 2:
        named = " and ".join(f"{target.role} {target.name!r}" for target in targets)
        raise ModelError(
            f"a binary model has two classes, but {named} {'hold' if targets[1:] else 'holds'} "
            f"{_some(seen)}; state classes: [negative, positive]"
        )
    first, second = sorted(seen, key=_order)
    swap = second.lower() in _NEGATIVE or first.lower() in _POSITIVE
    keep = first.lower() in _NEGATIVE or second.lower() in _POSITIVE
    return (second, first) if swap and not keep else (first, second)


def _order(value: str) -> tuple[int, float, str]:
    """Numbers by size before texts by alphabet."""
    try:
        return (0, float(value), value)
    except ValueError:
        return (1, 0.0, value)


def _some(values: Collection[str]) -> str:
    shown = [repr(value) for value in sorted(values, key=_order)]
    return ", ".join(shown[:4]) + (f" and {len(shown) - 4} more" if len(shown) > 4 else "")


def is_class_task(task: Task | None) -> bool:
    """Whether labels and predictions are classes."""
    return task in {Task.BINARY, Task.MULTICLASS}


def usable_time(type_: pa.DataType) -> bool:
    """Whether a column can be read as times: dates, timestamps, or seconds since 1970."""
    return not is_text(type_) and not pa.types.is_boolean(plain(type_))
