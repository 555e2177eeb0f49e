"""Rows of the event tables as the model knows them, under its names and in its types."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper.core import envelope
from watchkeeper.core.model import Model
from watchkeeper.profiles.layout import Layout

LABEL_SCHEMA = pa.schema(
    [
        (envelope.ID, pa.string()),
        (envelope.TIME, pa.timestamp("us", "UTC")),
        (envelope.RECEIVED, pa.timestamp("us", "UTC")),
        (envelope.LABEL, pa.string()),
        (envelope.POSITION, pa.int64()),
        (envelope.ROW, pa.int64()),
    ]
)
"""What of the label table is joined to predictions."""

LABEL_COLUMNS = tuple(LABEL_SCHEMA.names)


def role_columns(model: Model) -> dict[str, str]:
    """The column of the event tables behind each column that plays a role.

    Examples
    --------
    >>> role_columns(Model("late", (), label="late", score="p", id="flight"))
    {'flight': '_id', 'p': '_score', 'late': '_label'}
    """
    roles = (
        (model.id, envelope.ID),
        (model.timestamp, envelope.TIME),
        (model.group, envelope.GROUP),
        (model.prediction, envelope.PREDICTION),
        (model.score, envelope.SCORE),
        (model.label, envelope.LABEL),
    )
    columns = {name: held for name, held in roles if name is not None}
    return columns | {name: f"{envelope.SCORES}{label}" for label, name in model.scores}


def model_rows(rows: pa.Table, layout: Layout) -> pa.Table:
    """Rows of predictions, with their labels where joined, under the names of the model.

    Parameters
    ----------
    rows
        In the columns of `watchkeeper.core.envelope`, and features.
    layout
        Of the model's reference: its types decide how roles are read back from the wire.

    Returns
    -------
    Table
        The columns of the model that the rows have, then features that the model does not know
        and that hold a value. A feature that no record named is absent, rather than all null.
    """
    roles = role_columns(layout.model)
    present = set(rows.column_names)
    absent = _never_named(rows)
    names: list[str] = []
    columns: list[pa.ChunkedArray] = []
    for column in layout.model.columns:
        source = roles.get(column.name, column.name)
        if source not in present or source in absent:
            continue
        held = rows.column(source)
        if column.name in roles:
            held = _as_reference(held, layout.dtypes.get(column.name))
        names.append(column.name)
        columns.append(held)
    for name in rows.column_names:
        if (
            not name.startswith("_")
            and name not in names
            and rows.column(name).null_count < len(rows)
        ):
            names.append(name)
            columns.append(rows.column(name))
    return pa.table(columns, names=names) if names else rows.select([])


def _never_named(rows: pa.Table) -> set[str]:
    """Features that not one record named: each says so in its violations."""
    if envelope.VIOLATIONS not in rows.column_names or rows.num_rows == 0:
        return set()
    entries = pc.list_flatten(rows.column(envelope.VIOLATIONS))
    return {
        pair["values"].removeprefix("missing:")
        for pair in pc.value_counts(entries).to_pylist()
        if pair["counts"] >= rows.num_rows and pair["values"].startswith("missing:")
    }


def _as_reference(held: pa.ChunkedArray, dtype: str | None) -> pa.ChunkedArray:
    """Labels and predictions in the type of the reference, where each value has one there."""
    wanted = _type_of(dtype)
    if wanted is None or held.type == wanted:
        return held
    try:
        return held.cast(wanted)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return held


def _type_of(dtype: str | None) -> pa.DataType | None:
    """The type that a text names, None for those that a record cannot differ in."""
    names = {"bool": pa.bool_(), "float": pa.float64(), "double": pa.float64()}
    if dtype is None:
        return None
    if dtype.startswith(("int", "uint")):
        return pa.int64()
    return names.get(dtype)


def joined(rows: pa.Table, labels: pa.Table) -> pa.Table:
    """Rows of predictions with the last label of each: `_label`, `_label_time`, `_label_received`.

    Parameters
    ----------
    rows
        Predictions.
    labels
        Rows of the label table that may belong to them, every version. The one with the latest
        `_time` counts; of one time the one that came last.

    Returns
    -------
    Table
        The predictions in their order, with `_label_versions` (how many labels came) too.
    """
    latest = last_of(labels, [envelope.ID])
    counts = labels.group_by(envelope.ID, use_threads=False).aggregate([([], "count_all")])
    held = pc.index_in(latest.column(envelope.ID), counts.column(envelope.ID).combine_chunks())
    latest = latest.append_column("_label_versions", counts.column("count_all").take(held))
    names = {
        envelope.LABEL: envelope.LABEL, envelope.TIME: "_label_time",
        envelope.RECEIVED: "_label_received", "_label_versions": "_label_versions",
    }  # fmt: skip
    places = pc.index_in(rows.column(envelope.ID), latest.column(envelope.ID).combine_chunks())
    for source, name in names.items():
        rows = rows.append_column(name, latest.column(source).take(places))
    return rows


def last_of(rows: pa.Table, keys: list[str]) -> pa.Table:
    """The last row of each key: that of the latest `_time`, of one time that which came last."""
    order = [envelope.TIME, envelope.POSITION, envelope.ROW]
    ordered = rows.sort_by([(name, "descending") for name in order])
    ordered = ordered.append_column("__place", pa.array(range(ordered.num_rows), pa.int64()))
    first = ordered.group_by(keys, use_threads=False).aggregate([("__place", "min")])
    return ordered.take(first.column("__place_min").combine_chunks()).drop_columns(["__place"])
