"""Harm done to rows of predictions: pure functions over Arrow tables.

What an injection does not name stays equal, and so do all rows before its time. Predictions are not
made again: features that have drifted come with the predictions that were given for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper.app.drills.spelling import FORMS, Injection
from watchkeeper.core import envelope
from watchkeeper.core.errors import InputError

Flags = npt.NDArray[np.bool_]

UNSEEN = "drill"
"""The category that rows drift to where none is named."""

ERROR = "injected by a drill"
"""The error of predictions that are made to fail."""

_TRUTH = (envelope.LABEL, "_label_time", "_label_received", "_label_versions")


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the traffic as a whole.

    Attributes
    ----------
    sources
        The column of the rows behind a name of the model, where it differs.
    deviations
        Standard deviations on the reference, by column of the rows.
    classes
        The labels that occur; empty where labels are numbers.
    """

    sources: Mapping[str, str] = field(default_factory=dict)
    deviations: Mapping[str, float] = field(default_factory=dict)
    classes: tuple[str, ...] = ()


def inject(
    rows: pa.Table, injection: Injection, since: datetime, facts: Facts, rng: np.random.Generator
) -> tuple[pa.Table, int]:
    """Rows with an injection applied from a time on.

    Parameters
    ----------
    rows
        Predictions in the columns of `watchkeeper.core.envelope`, with labels where joined.
    injection
        What is done to them.
    since
        Only to rows from this time on.
    facts
        What single rows do not tell.
    rng
        Chooses the rows.

    Returns
    -------
    Table, int
        The rows, and how many of them were reached: those that are gone count.

    Raises
    ------
    InputError
        The column cannot be harmed in this way.
    """
    times = rows.column(envelope.TIME)
    late: Flags = (
        pc.greater_equal(times, pa.scalar(since, times.type)).combine_chunks().to_numpy(False)
    )
    match injection.kind:
        case "drift":
            found = _drift(rows, injection, late, facts, rng)
        case "nulls":
            found = _nulls(rows, injection, late, facts, rng)
        case "latency":
            found = _latency(rows, injection, late)
        case "errors":
            found = _errors(rows, _chosen(late, injection.share(), rng))
        case "labels":
            found = _labels(rows, injection, late, facts, rng)
        case "silence":
            gone = _chosen(late, injection.share(), rng)
            found = rows.filter(pa.array(~gone)), int(gone.sum())
        case "missing-labels":
            hit = _chosen(late & _present(rows, envelope.LABEL), injection.share(), rng)
            found = _without(rows, _TRUTH, hit), int(hit.sum())
    return found


def column_of(rows: pa.Table, injection: Injection, facts: Facts) -> str | None:
    """The column of the rows that an injection is about; None where these rows have none."""
    name = facts.sources.get(injection.column or "", injection.column or "")
    return name if name in rows.column_names else None


# ---- features --------------------------------------------------------------------------------


def _drift(
    rows: pa.Table, injection: Injection, late: Flags, facts: Facts, rng: np.random.Generator
) -> tuple[pa.Table, int]:
    name = column_of(rows, injection, facts)
    if name is None:
        return rows, 0
    kind = rows.column(name).type
    if pa.types.is_floating(kind) or pa.types.is_integer(kind):
        if injection.way == "percent" or injection.value is not None:
            raise InputError(
                f"{injection.column!r} in {injection.text!r} is a number; write how far it moves, "
                "as 2sd, +5 or x1.5"
            )
        hit = late & _present(rows, name)
        return _put(rows, name, _moved(rows, name, hit, injection, facts)), int(hit.sum())
    hit = _chosen(late & _present(rows, name), injection.share(), rng)
    if pa.types.is_boolean(kind):
        new = pc.invert(rows.column(name))
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
        value = UNSEEN if injection.value is None else injection.value
        new = pa.scalar(value, kind)
    else:
        raise InputError(f"{injection.column!r} in {injection.text!r} is {kind}; it cannot drift")
    return _put(rows, name, _where(hit, new, rows.column(name))), int(hit.sum())


def _moved(
    rows: pa.Table, name: str, hit: Flags, injection: Injection, facts: Facts
) -> pa.ChunkedArray:
    """Numbers shifted or scaled; whole numbers stay whole."""
    held = rows.column(name)
    values = pc.cast(held, pa.float64(), safe=False)
    if injection.way == "times":
        new = pc.multiply(values, injection.amount)
    else:
        new = pc.add(values, _distance(injection, name, facts))
    if pa.types.is_integer(held.type):
        new = pc.round(new)
    return _where(hit, pc.cast(new, held.type, safe=False), held)


def _distance(injection: Injection, name: str, facts: Facts) -> float:
    if injection.way == "add":
        return injection.amount
    if name not in facts.deviations:
        raise InputError(
            f"the standard deviation of {injection.column or 'the label'!r} is not known; write "
            f"how far it moves in {injection.text!r} as +5 or x1.5"
        )
    return injection.amount * facts.deviations[name]


def _nulls(
    rows: pa.Table, injection: Injection, late: Flags, facts: Facts, rng: np.random.Generator
) -> tuple[pa.Table, int]:
    name = column_of(rows, injection, facts)
    if name is None:
        return rows, 0
    hit = _chosen(late, injection.share(), rng)
    return _without(rows, (name,), hit), int(hit.sum())


# ---- the service -----------------------------------------------------------------------------


def _latency(rows: pa.Table, injection: Injection, late: Flags) -> tuple[pa.Table, int]:
    hit = late & _present(rows, envelope.LATENCY)
    if not hit.any():
        return rows, 0
    held = rows.column(envelope.LATENCY)
    if injection.way == "times":
        new = pc.multiply(held, injection.amount)
    else:
        new = pc.max_element_wise(pc.add(held, injection.amount), 0.0, skip_nulls=False)
    return _put(rows, envelope.LATENCY, _where(hit, new, held)), int(hit.sum())


def _errors(rows: pa.Table, hit: Flags) -> tuple[pa.Table, int]:
    given = [
        name for name in rows.column_names
        if name in (envelope.PREDICTION, envelope.SCORE) or name.startswith(envelope.SCORES)
    ]  # fmt: skip
    rows = _without(rows, given, hit)
    for name, text in ((envelope.ERROR, ERROR), (envelope.ERROR_CLASS, "application")):
        if name in rows.column_names:
            held = rows.column(name)
        else:
            held = pa.chunked_array([pa.nulls(len(rows), pa.string())])
        rows = _put(rows, name, _where(hit, pa.scalar(text, held.type), held))
    return rows, int(hit.sum())


# ---- labels ----------------------------------------------------------------------------------


def _labels(
    rows: pa.Table, injection: Injection, late: Flags, facts: Facts, rng: np.random.Generator
) -> tuple[pa.Table, int]:
    known = late & _present(rows, envelope.LABEL)
    if not known.any():
        return rows, 0
    held = rows.column(envelope.LABEL)
    if not facts.classes:
        return _put(rows, envelope.LABEL, _wrong(held, known, injection, facts, rng)), int(
            known.sum()
        )
    hit = _chosen(known, injection.share(), rng)
    count = len(facts.classes)
    if count < 2:
        raise InputError(f"every label is {facts.classes[0]!r}, so {injection.text!r} cannot flip")
    classes = pa.array(facts.classes, held.type)
    places = pc.fill_null(pc.index_in(held, classes), 0).combine_chunks().to_numpy(False)
    others = (places + rng.integers(1, count, len(rows))) % count
    return _put(rows, envelope.LABEL, _where(hit, classes.take(pa.array(others)), held)), int(
        hit.sum()
    )


def _wrong(
    held: pa.ChunkedArray,
    hit: Flags,
    injection: Injection,
    facts: Facts,
    rng: np.random.Generator,
) -> pa.ChunkedArray:
    """Labels that are numbers, as text, with an error added."""
    if injection.way in ("plain", "percent"):
        raise InputError(
            f"labels of this model are numbers; write how wrong they become, as {FORMS['labels']}"
        )
    values = pc.cast(held, pa.float64())
    if injection.way == "times":
        new = pc.multiply(values, injection.amount)
    elif injection.way == "add":
        new = pc.add(values, injection.amount)
    else:
        spread = _distance(injection, envelope.LABEL, facts)
        new = pc.add(values, pa.array(rng.normal(0.0, 1.0, len(held)) * spread))
    return _where(hit, pc.cast(new, held.type), held)


# ---- inside ----------------------------------------------------------------------------------


def _chosen(among: Flags, share: float, rng: np.random.Generator) -> Flags:
    """A share of the flagged rows, to the nearest row."""
    places = np.flatnonzero(among)
    hit = np.zeros(among.size, dtype=np.bool_)
    hit[rng.choice(places, round(share * places.size), replace=False)] = True
    return hit


def _present(rows: pa.Table, name: str) -> Flags:
    if name not in rows.column_names:
        return np.zeros(rows.num_rows, dtype=np.bool_)
    found: Flags = pc.is_valid(rows.column(name)).combine_chunks().to_numpy(False)
    return found


def _without(rows: pa.Table, names: tuple[str, ...] | list[str], hit: Flags) -> pa.Table:
    """Null in some columns of the flagged rows."""
    for name in names:
        if name in rows.column_names:
            held = rows.column(name)
            rows = _put(rows, name, _where(hit, pa.scalar(None, held.type), held))
    return rows


def _where(hit: Flags, new: object, held: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.if_else(pa.chunked_array([pa.array(hit)]), new, held)


def _put(rows: pa.Table, name: str, column: pa.ChunkedArray) -> pa.Table:
    place = rows.schema.get_field_index(name)
    return rows.append_column(name, column) if place < 0 else rows.set_column(place, name, column)
