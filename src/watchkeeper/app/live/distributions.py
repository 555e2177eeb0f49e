"""One column's distribution in every step of a window, on common bins, from merged profiles."""

from __future__ import annotations

from typing import Any

from watchkeeper.app.live.measured import Measured
from watchkeeper.app.live.spans import steps
from watchkeeper.app.shape import over_time, statistics
from watchkeeper.core.errors import InputError
from watchkeeper.core.model import Column
from watchkeeper.core.windows import Window
from watchkeeper.expressions.hints import suggest
from watchkeeper.profiles.parts import column_part

Answer = dict[str, Any]

MAX_STEPS = 400
"""Steps of one answer, each of some tens of shares."""


def measure_distributions(
    measured: Measured, *, column: str, window: Window, step: str | None
) -> Answer:
    """How a column was distributed in each step with rows, and in the reference.

    Parameters
    ----------
    measured
        Whose.
    column
        A measured column: a feature, the score, the prediction or the label.
    window
        What to cover; the first and last step are whole.
    step
        The length of a step; chosen by the window where None. `window`: one step.

    Raises
    ------
    InputError
        There is no such column, no reference, or too many steps.
    """
    found = _column(measured, column)
    axis = measured.layout.axes[column] if measured.layout is not None else None
    every = None if step == "window" else steps(window, step)
    part = column_part(column)
    read = measured.steps(window, every, free=(), held=[part])
    read = [(span, parts) for span, parts in read if part in parts]
    if len(read) > MAX_STEPS:
        raise InputError(f"these are more than {MAX_STEPS} steps; choose a longer step")
    before = measured.compared_with(window, (part,)).get(part)
    answer: Answer = {
        "model": measured.model,
        "column": column,
        "role": str(found.role),
        "version": measured.version,
        "segment": None if measured.segment is None else ":".join(measured.segment),
        "window": {"start": window.start, "end": window.end},
        "step": every.text if every else "window",
    }
    if axis is None or not (read or before):
        return {**answer, "kind": str(found.kind), "edges": None, "categories": None,
                "reference": None, "points": []}  # fmt: skip
    drawn = over_time(found, axis, before, [parts[part] for _, parts in read])
    reference = drawn["reference"]
    if before is not None:
        reference = {"rows": before.rows, **reference, "statistics": statistics(axis, before)}
    points = [
        {
            "start": span.start, "end": span.end, "rows": parts[part].rows, **shares,
            "statistics": statistics(axis, parts[part]),
        }
        for (span, parts), shares in zip(read, drawn["steps"], strict=True)
    ]  # fmt: skip
    return {
        **answer, "kind": drawn["kind"], "edges": drawn["edges"],
        "categories": drawn["categories"], "reference": reference, "points": points,
    }  # fmt: skip


def _column(measured: Measured, name: str) -> Column:
    layout = measured.layout
    if layout is None:
        raise InputError(
            f"model {measured.model!r} has no reference yet, and columns are measured on its bins; "
            "set one with `reference:` in the model file, or PUT /v1/models/MODEL/reference"
        )
    known = {column.name: column for column in layout.model.measured}
    if name not in known or name not in layout.axes:
        hint = suggest(name, list(known)) or "; GET /v1/models/MODEL lists its columns"
        raise InputError(f"model {measured.model!r} has no measured column {name!r}{hint}")
    return known[name]
