"""Rows of one model into the hours, and minutes, that they belong to, as statistics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper.app.counting import tallies_by
from watchkeeper.app.live.event_rows import model_rows
from watchkeeper.app.live.thinning import thinned
from watchkeeper.core import envelope
from watchkeeper.core.windows import from_seconds
from watchkeeper.profiles.base import Ints
from watchkeeper.profiles.kernel import profile_batch, split
from watchkeeper.profiles.label_traffic import measure_labels
from watchkeeper.profiles.layout import Layout
from watchkeeper.profiles.outcome_traffic import measure_outcomes
from watchkeeper.profiles.parts import PERFORMANCE, Segment, column_part, merge_all, split_profile
from watchkeeper.profiles.profile import Profile
from watchkeeper.profiles.traffic import Traffic, measure_traffic
from watchkeeper.profiles.traffic_groups import measure_traffic_by

Parts = Mapping[str, Any]
"""Statistics by the name of the part."""

TRAFFIC, LABELS, OUTCOMES = "traffic", "labels", "outcomes"
"""The parts that need no layout."""

HOUR_US = 3_600_000_000
_MINUTE_US = 60_000_000
_FEW = 4


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is measured of the rows of one hour and version.

    Attributes
    ----------
    hour, version
        Which bucket it is.
    rows, labelled
        Rows, and those of them whose label is known.
    free
        Parts that need no layout.
    segments
        Parts on the layout, of the whole and of each segment.
    minutes
        Traffic once more, by the minute; empty where the hour is too old for it.
    """

    hour: datetime
    version: str
    rows: int
    labelled: int
    free: Parts
    segments: Mapping[Segment, Parts]
    minutes: Mapping[datetime, Parts] = field(default_factory=dict)

    def __or__(self, other: Self) -> Self:
        """The same bucket over more of its rows."""
        segments = dict(self.segments)
        for segment, parts in other.segments.items():
            segments[segment] = _added(segments.get(segment, {}), parts)
        minutes = dict(self.minutes)
        for minute, parts in other.minutes.items():
            minutes[minute] = _added(minutes.get(minute, {}), parts)
        return type(self)(
            self.hour,
            self.version,
            self.rows + other.rows,
            self.labelled + other.labelled,
            _added(self.free, other.free),
            segments,
            minutes,
        )


def _added(one: Parts, other: Parts) -> Parts:
    """The statistics of both, by part."""
    both = {name: held | other[name] if name in other else held for name, held in one.items()}
    return {**other, **both}


def hours_of(rows: pa.Table) -> Ints:
    """The hour of each row since 1970, shape (rows,)."""
    micros = rows.column(envelope.TIME).cast(pa.int64()).to_numpy()
    hours: Ints = micros // HOUR_US
    return hours


def fold(
    rows: pa.Table,
    layout: Layout | None,
    outcomes: pa.Table | None = None,
    *,
    minutes_since: datetime | None = None,
) -> Iterator[Bucket]:
    """Everything that is measured of some predictions, by hour and version.

    Parameters
    ----------
    rows
        Predictions; where labels have been joined, with `_label` and what comes with it.
    layout
        Of the model's reference; None where it has none yet.
    outcomes
        Outcomes of these predictions, where joined.
    minutes_since
        The first hour whose traffic is measured by the minute as well; None for none.
    """
    keyed, versions = _keyed(rows)
    tallies = _tallies(rows, keyed, layout)
    values = _outcomes_by(rows, keyed, outcomes)
    for key, part in split(_batch(rows), keyed):
        table = pa.Table.from_batches([part])
        recent = minutes_since is not None and _hour(key, versions) >= minutes_since
        minutes = _by_minute(part) if recent else {}
        # A few minutes are added up faster than all of their rows are measured once more.
        few = 0 < len(minutes) <= _FEW
        traffic = merge_all(list(minutes.values())) if few else measure_traffic(part)
        free: dict[str, Any] = {TRAFFIC: traffic, LABELS: measure_labels(part)}
        if key in values:
            free[OUTCOMES] = values[key]
        segments: Mapping[Segment, Parts] = {}
        if layout is not None:
            profile = _profile(table, layout, layout)
            segments = split_profile(_with_tallies(profile, tallies.get(key, {})))
        bucket = _bucket(key, versions, table, free, segments)
        yield replace(bucket, minutes={at: {TRAFFIC: held} for at, held in minutes.items()})


def fold_labels(
    rows: pa.Table, layout: Layout | None, outcomes: pa.Table | None = None
) -> Iterator[Bucket]:
    """What labels and outcomes alone decide, by hour and version: a fraction of the work.

    Parameters
    ----------
    rows
        All predictions of some hours, with their labels joined; of the features only the columns
        by which segments are made.
    layout, outcomes
        As for `fold`.
    """
    keyed, versions = _keyed(rows)
    values = _outcomes_by(rows, keyed, outcomes)
    narrow = None if layout is None else _label_layout(layout)
    wanted = {PERFORMANCE}
    if layout is not None and layout.model.label is not None:
        wanted.add(column_part(layout.model.label))
    for key, part in split(_batch(rows), keyed):
        table = pa.Table.from_batches([part])
        free: dict[str, Any] = {LABELS: measure_labels(part)}
        if key in values:
            free[OUTCOMES] = values[key]
        segments: Mapping[Segment, Parts] = {}
        if layout is not None and narrow is not None:
            segments = {
                segment: {name: held for name, held in parts.items() if name in wanted}
                for segment, parts in split_profile(_profile(table, layout, narrow)).items()
            }
        yield _bucket(key, versions, table, free, segments)


def _bucket(
    key: int, versions: list[str], table: pa.Table, free: Parts, segments: Mapping[Segment, Parts]
) -> Bucket:
    labelled = 0
    if envelope.LABEL in table.column_names:
        labelled = table.num_rows - table.column(envelope.LABEL).null_count
    version = versions[key % len(versions)]
    return Bucket(_hour(key, versions), version, table.num_rows, labelled, free, segments)


def _hour(key: int, versions: list[str]) -> datetime:
    return from_seconds(key // len(versions) * 3600)


def _by_minute(rows: pa.RecordBatch) -> dict[datetime, Traffic]:
    """The traffic of each minute of an hour's rows; mostly they are of one or two."""
    places = rows.schema.get_field_index(envelope.TIME)
    minutes: Ints = rows.column(places).cast(pa.int64()).to_numpy() // _MINUTE_US
    # What most clients never say costs a little in every minute.
    said = [
        name
        for name, column in zip(rows.schema.names, rows.columns, strict=True)
        if name.startswith("_") and column.null_count < len(column)
    ]
    found = measure_traffic_by(rows.select(said), minutes)
    return {from_seconds(minute * 60): held for minute, held in found.items()}


def _keyed(rows: pa.Table) -> tuple[Ints, list[str]]:
    """A number for the hour and version of each row, and the versions that it counts by."""
    encoded = pc.fill_null(rows.column(envelope.VERSION), "").combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    versions: list[str] = encoded.dictionary.to_pylist() or [""]
    places = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return hours_of(rows) * len(versions) + places, versions


def _batch(rows: pa.Table) -> pa.RecordBatch:
    """The rows as one batch."""
    batches = rows.combine_chunks().to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=rows.schema)


def _profile(rows: pa.Table, layout: Layout, counted: Layout) -> Profile:
    """The profile of those rows that hold a prediction: an error says nothing of the model."""
    told = thinned(_predicted(rows))
    return profile_batch(_batch(model_rows(told, layout)), counted)


def _predicted(rows: pa.Table) -> pa.Table:
    failed = rows.column(envelope.ERROR) if envelope.ERROR in rows.column_names else None
    if failed is None or failed.null_count == len(failed):
        return rows
    keep = pc.is_null(failed)
    for name in rows.column_names:
        if name in {envelope.PREDICTION, envelope.SCORE} or name.startswith(envelope.SCORES):
            keep = pc.or_(keep, pc.is_valid(rows.column(name)))
    return rows.filter(keep)


def _label_layout(layout: Layout) -> Layout:
    """The layout of the label's column and of labels against predictions alone."""
    label = layout.model.label
    model = replace(layout.model, columns=tuple(c for c in layout.model.columns if c.name == label))
    axes = {name: axis for name, axis in layout.axes.items() if name == label}
    return msgspec.structs.replace(layout, model=model, axes=axes)


def _tallies(rows: pa.Table, keyed: Ints, layout: Layout | None) -> Mapping[int, Mapping[str, Any]]:
    """The tallies of the model's rules in each bucket, by one query over all rows."""
    if layout is None:
        return {}
    table = model_rows(rows, layout).append_column("__bucket", pa.array(keyed))
    return tallies_by(table, layout, "__bucket")


def _with_tallies(profile: Profile, tallies: Mapping[str, Any]) -> Profile:
    if not tallies:
        return profile
    whole = msgspec.structs.replace(profile.whole, tallies=dict(tallies))
    return msgspec.structs.replace(profile, whole=whole)


def _outcomes_by(rows: pa.Table, keyed: Ints, outcomes: pa.Table | None) -> dict[int, Any]:
    """Outcomes counted where their prediction is counted."""
    if outcomes is None or outcomes.num_rows == 0:
        return {}
    places = pc.index_in(outcomes.column(envelope.ID), rows.column(envelope.ID).combine_chunks())
    known = outcomes.filter(pc.is_valid(places))
    held = keyed[places.drop_null().to_numpy()]
    return {key: measure_outcomes(part) for key, part in split(_batch(known), held)}
