"""Records of one model, checked: columns in their types, and the records that are rejected."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from watchkeeper.collect.wire import fields
from watchkeeper.collect.wire.arrays import (
    Column,
    column_type,
    has_values,
    null_rows,
    taken,
    values_of,
)  # fmt: skip
from watchkeeper.collect.wire.faults import Faults
from watchkeeper.collect.wire.features import (
    Features,
    Spread,
    check_features,
    mappings,
    place,
    spread,
    spread_columns,
)  # fmt: skip
from watchkeeper.collect.wire.rules import Rules
from watchkeeper.collect.wire.values import to_micros
from watchkeeper.core import envelope
from watchkeeper.core.envelope import STAGES, Signal


class Group(msgspec.Struct):
    """The records of one model in one body.

    Parameters
    ----------
    indexes
        The place of each row in the body.
    columns, nested, extras
        As in `Decoded`, of these rows.
    """

    indexes: Sequence[int]
    columns: dict[str, Column]
    nested: dict[str, dict[str, Column]]
    extras: dict[int, dict[str, Any]]


class Context(msgspec.Struct, frozen=True):
    """What the check of a group depends on beside its records."""

    signal: Signal
    rules: Rules
    key: str
    received: datetime
    version: str | None


class Checked(msgspec.Struct):
    """The records of a group that are good, as columns in their types.

    Parameters
    ----------
    columns
        By the name of the column in the table: its type and its values.
    indexes
        The place of each row in the body.
    adopted
        Types of the features, and of `_prediction`, that the rules did not have.
    rejected
        By the place in the group: reason and message.
    """

    columns: dict[str, tuple[str, Column]]
    indexes: Sequence[int]
    adopted: dict[str, str]
    rejected: dict[int, tuple[str, str]]


def check(group: Group, context: Context) -> Checked:
    """Hold the records of a group to the form of their signal and the rules of their model."""
    rows = len(group.indexes)
    faults = Faults()
    table: dict[str, tuple[str, Column]] = {}
    fields.needed(group.columns, context.signal, rows, faults)
    _identify(group, context, table, faults)
    _plain(group, context, table, faults)
    adopted: dict[str, str] = {}
    if context.signal is Signal.PREDICTIONS:
        adopted = _prediction(group, context.rules, table, faults)
    _extras(group, faults)
    if context.signal is Signal.CHANGES and "details" in group.columns:
        column = fields.objects("details", group.columns["details"], faults)
        table["_details"] = ("string", column)
    _beside(rows, context.signal, table, faults)
    return _accepted(group, table, adopted, faults)


def _identify(
    group: Group, context: Context, table: dict[str, tuple[str, Column]], faults: Faults
) -> None:
    """The id and the time of each record."""
    rows = len(group.indexes)
    ids: Column = [None] * rows
    if "id" in group.columns:
        ids = fields.plain_field("id", group.columns["id"], "string", faults)
    empty = fields.without_id(ids)
    if empty and fields.NEEDED[context.signal][:1] != ("id",):
        ids = list(ids) if isinstance(ids, list) else ids.to_pylist()
        for row in empty:
            ids[row] = f"{context.key}-{group.indexes[row]}"
    table[envelope.ID] = ("string", ids)
    if "time" in group.columns:
        future = timedelta(seconds=context.rules.policy.max_future_s)
        latest = to_micros(context.received)[0] + future // timedelta(microseconds=1)
        column = fields.times(group.columns["time"], latest, faults)
        table[envelope.TIME] = ("timestamp", column)


def _plain(
    group: Group, context: Context, table: dict[str, tuple[str, Column]], faults: Faults
) -> None:
    """The fields that are one value."""
    for name, (target, want) in fields.PLAIN[context.signal].items():
        if name in group.columns:
            column = fields.plain_field(name, group.columns[name], want, faults)
            table[target] = (want, column)
    if context.version is not None and envelope.VERSION in _targets(context.signal):
        table[envelope.VERSION] = ("string", _defaulted(table, group, context.version))
    if envelope.WEIGHT in table:
        fields.weights(table[envelope.WEIGHT][1], faults)
    if "_value" in table:
        fields.finite("value", table["_value"][1], faults)


def _targets(signal: Signal) -> set[str]:
    return {target for target, _ in fields.PLAIN[signal].values()}


def _defaulted(table: dict[str, tuple[str, Column]], group: Group, version: str) -> Column:
    """The versions, that of the batch where a record names none."""
    if envelope.VERSION not in table:
        return [version] * len(group.indexes)
    column = table[envelope.VERSION][1]
    if isinstance(column, list):
        return [version if value is None else value for value in column]
    return column.fill_null(version)


def _prediction(
    group: Group, rules: Rules, table: dict[str, tuple[str, Column]], faults: Faults
) -> dict[str, str]:
    """What only predictions have; returns the types that are new."""
    if "error" in group.columns or "error_class" in group.columns:
        none: Column = [None] * len(group.indexes)
        texts, classes = fields.errors(
            group.columns.get("error", none), group.columns.get("error_class"), faults
        )
        table[envelope.ERROR] = ("string", texts)
        table[envelope.ERROR_CLASS] = ("string", classes)
    if "tags" in group.columns:
        table["_tags"] = ("string", fields.objects("tags", group.columns["tags"], faults))
    _numbers(group, table, faults)
    adopted = _predicted(group, rules, table, faults)
    features = _features(group, rules, table, faults)
    table.update(features.columns)
    return adopted | features.adopted


def _numbers(group: Group, table: dict[str, tuple[str, Column]], faults: Faults) -> None:
    """Scores by class and milliseconds by stage."""
    scores = _spread(group, "scores", (), faults)
    for name, column in fields.numbers_within("scores", scores, envelope.SCORES, faults).items():
        table[name] = ("double", column)
    stages = _spread(group, "stages", STAGES, faults)
    for name, held in stages.unknown.items():
        items = held.items() if isinstance(held, dict) else enumerate(values_of(held))
        for row, value in items:
            if value is not None:
                faults.keep_field(row, f"stages.{name}", value)
    stages.unknown = {}
    for name, column in fields.numbers_within("stages", stages, "_", faults).items():
        table[f"{name}_ms"] = ("double", column)


def _spread(group: Group, name: str, known: Collection[str], faults: Faults) -> Spread:
    rows = len(group.indexes)
    if name in group.nested:
        return spread_columns(group.nested[name], known, rows)
    if name in group.columns:
        return spread(mappings(group.columns[name], name, faults), known)
    return spread_columns({}, known, rows)


def _predicted(
    group: Group, rules: Rules, table: dict[str, tuple[str, Column]], faults: Faults
) -> dict[str, str]:
    """The prediction: a number or the text of a class, whichever the model has."""
    column = group.columns.get("prediction")
    if column is None or not has_values(column):
        return {}
    want = rules.prediction or ("double" if column_type(column) == "double" else "string")
    name = envelope.PREDICTION
    if want == "string":
        fitted = fields.as_text(column)
        for row in fitted.bad:
            faults.keep(row, "type", name, values_of(column)[row])
        table[name] = (want, fitted.values)
    else:
        table[name] = (want, place(name, column, want, rules.policy, faults))
    return {} if rules.prediction or not has_values(table[name][1]) else {name: want}


def _features(
    group: Group, rules: Rules, table: dict[str, tuple[str, Column]], faults: Faults
) -> Features:
    found = _spread(group, "features", rules.features, faults)
    excused: list[int] = []
    if envelope.ERROR in table and found.missing:
        empty = set(null_rows(table[envelope.ERROR][1]))
        excused = [row for row in range(found.rows) if row not in empty]
    return check_features(found, rules, faults, excused)


def _extras(group: Group, faults: Faults) -> None:
    for row, values in group.extras.items():
        for name, value in values.items():
            if value is not None:
                faults.keep_field(row, name, value)


def _beside(
    rows: int, signal: Signal, table: dict[str, tuple[str, Column]], faults: Faults
) -> None:
    """The columns of what fits no column."""
    violations = faults.violations(rows)
    overflow = faults.overflow(rows)
    if violations is not None and signal is Signal.PREDICTIONS:
        table[envelope.VIOLATIONS] = ("strings", violations)
    if overflow is not None:
        table[envelope.OVERFLOW] = ("string", overflow)


def _accepted(
    group: Group, table: dict[str, tuple[str, Column]], adopted: dict[str, str], faults: Faults
) -> Checked:
    """The rows that nothing is wrong with, and the columns that hold anything."""
    indexes = group.indexes
    if faults.rejected:
        keep = [row for row in range(len(indexes)) if row not in faults.rejected]
        table = {name: (type_, taken(column, keep)) for name, (type_, column) in table.items()}
        indexes = [indexes[row] for row in keep]
    held = {name: pair for name, pair in table.items() if has_values(pair[1])}
    return Checked(held, indexes, adopted, faults.rejected)
