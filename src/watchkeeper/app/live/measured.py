"""What the buckets hold of one model, cut into the windows that are asked for."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from msgspec.structs import replace

from watchkeeper.app.live.registered import Reference
from watchkeeper.app.live.spans import DAY
from watchkeeper.core.errors import InputError
from watchkeeper.core.windows import Every, Window, add_months, from_seconds
from watchkeeper.profiles.layout import Layout
from watchkeeper.profiles.parts import (
    PERFORMANCE,
    ROWS,
    SKETCH,
    TALLIES,
    Segment,
    column_of_part,
    column_part,
    join_profile,
    merge_all,
)
from watchkeeper.profiles.profile import Profile
from watchkeeper.store.buckets import Buckets, align, align_minutes

WHOLE: Segment = ("", "")
"""All rows, rather than a segment of them."""

Parts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Measured:
    """The measured hours of a model.

    Attributes
    ----------
    model, version, segment
        What is asked about; every version where None, all rows where None.
    buckets
        The store.
    reference
        What is compared with; None where the model has none yet.
    """

    model: str
    buckets: Buckets
    reference: Reference | None
    version: str | None = None
    segment: Segment | None = None

    @property
    def layout(self) -> Layout | None:
        """The layout that profiles stand on."""
        return None if self.reference is None else self.reference.profile.layout

    def steps(
        self, window: Window, every: Every | None, *, free: Collection[str], held: Collection[str]
    ) -> list[tuple[Window, Parts]]:
        """The statistics of each step with rows, in the order of time.

        Parameters
        ----------
        window
            What to cover; the first and last step are whole, so they may reach beyond it.
        every
            The length of a step; None for one step, the window.
        free, held
            Parts that need no layout, and parts on it.
        """
        if every is None:
            return self._one(window, free, held)
        length = every.delta or DAY
        start, end = window.start, window.end
        if every.delta is None:
            start = start.replace(day=1, hour=0)
        start, end = align(start, end, int(length.total_seconds()))
        found: dict[datetime, Parts] = {}
        for parts, layout in ((free, ""), (held, self._layout_id())):
            if parts and layout is not None:
                for at, read in self._read(start, end, parts, layout, int(length.total_seconds())):
                    found.setdefault(at, {}).update(read)
        if every.delta is None:
            return _by_month(found, start, end, every.months)
        return [(Window(at, at + length), found[at]) for at in sorted(found)]

    def minutes(
        self, window: Window, step_s: int | None, parts: Collection[str] = ("traffic",)
    ) -> list[tuple[Window, Parts]]:
        """The statistics of each step of whole minutes with rows, in the order of time.

        Only the last days are kept so: see `store.buckets.minutes_since`.

        Parameters
        ----------
        window
            What to cover; it is widened to whole minutes, and the first and last step are whole.
        step_s
            The length of a step in seconds, a multiple of 60; None for one step, the window.
        parts
            Parts that need no layout.
        """
        if self.segment is not None:
            return []
        start, end = align_minutes(window.start, window.end, step_s or 60)
        read = self.buckets.read_minutes(
            self.model, parts=parts, start=start, end=end, step_s=step_s, version=self.version
        )
        if step_s is None:
            return [(window, held) for _, held in read]
        length = timedelta(seconds=step_s)
        return [(Window(at, at + length), held) for at, held in read]

    def last_event(self, at: datetime) -> datetime | None:
        """The time of the newest prediction before a moment; None where there is none.

        It is exact where the moment lies after all that was measured, as it does for a rule that
        is evaluated now. Where the minute of the moment (or its hour, for older times) holds
        predictions before and after it, it is the moment itself: no age is made up that may never
        have been.
        """
        held = self.buckets.newest(self.model, "traffic", before=at, version=self.version)
        found = [
            min(from_seconds(traffic.last), at)
            for traffic in held
            if traffic.first is not None and from_seconds(traffic.first) < at
        ]
        return max(found, default=None)

    def compared_with(self, window: Window, held: Collection[str]) -> Parts:
        """The reference's statistics for a window, by part."""
        reference = self.reference
        if reference is None:
            return {}
        ranges = reference.ranges(window.start, window.end)
        if not ranges:
            return reference_parts(reference.profile, self.segment or WHOLE, held)
        read = [self._one(span, (), held) for span in ranges]
        return _merged([parts for step in read for _, parts in step])

    def profile(
        self, window: Window, *, of_segments: Collection[str] | None = None
    ) -> Profile | None:
        """The whole profile of a window; None where it has no rows.

        Parameters
        ----------
        window
            Which hours.
        of_segments
            The parts that are read of the segments: all of them where None.
        """
        layout = self.layout
        if layout is None:
            return None
        found: dict[Segment, Parts] = {}
        wanted = [WHOLE]
        for column, values in self.buckets.segments(self.model, layout.id).items():
            wanted += [(column, value) for value in values]
        for segment in wanted:
            read = self.buckets.read(
                self.model, layout=layout.id, parts=None if segment == WHOLE else of_segments,
                start=window.start, end=window.end, step_s=None, version=self.version,
                segment=None if segment == WHOLE else segment,
            )  # fmt: skip
            if read:
                found[segment] = read[0][1]
        return join_profile(layout, found) if WHOLE in found else None

    def reference_profile(
        self, window: Window, *, of_segments: Collection[str] | None = None
    ) -> Profile | None:
        """The whole profile of the reference of a window; `of_segments` as for `profile`."""
        reference = self.reference
        if reference is None:
            return None
        ranges = reference.ranges(window.start, window.end)
        if not ranges:
            return reference.profile
        every_version = Measured(self.model, self.buckets, reference)
        profiles = [
            p
            for span in ranges
            if (p := every_version.profile(span, of_segments=of_segments)) is not None
        ]
        return _together(profiles)

    def alone(self, window: Window) -> Profile | None:
        """The segment's profile of a window, as if there were no other rows; None without rows."""
        layout = self.layout
        read = self._one(window, (), _every_part(layout)) if layout is not None else []
        if layout is None or not read or ROWS not in read[0][1]:
            return None
        found = join_profile(replace(layout, segments={}), {WHOLE: read[0][1]})
        # Types are seen of all rows together, not of each segment.
        whole = Measured(self.model, self.buckets, self.reference, self.version)
        seen = whole._one(window, (), (ROWS,))
        return replace(found, observed=seen[0][1][ROWS].observed) if seen else found

    def reference_alone(self, window: Window) -> Profile | None:
        """The same segment of the reference; None where it has no rows of it."""
        reference, layout, segment = self.reference, self.layout, self.segment
        if reference is None or layout is None or segment is None:
            return None
        layout = replace(layout, segments={})
        observed = reference.profile.observed
        if not reference.ranges(window.start, window.end):
            column, value = segment
            held = reference.profile.segments.get(column, {}).get(value)
            return None if held is None else Profile(layout, held, {}, observed)
        read = self.compared_with(window, _every_part(layout))
        if ROWS not in read:
            return None
        return replace(join_profile(layout, {WHOLE: read}), observed=observed)

    def _one(
        self, window: Window, free: Collection[str], held: Collection[str]
    ) -> list[tuple[Window, Parts]]:
        found: Parts = {}
        for parts, layout in ((free, ""), (held, self._layout_id())):
            if parts and layout is not None:
                for _, read in self._read(window.start, window.end, parts, layout, None):
                    found.update(read)
        return [(window, found)] if found else []

    def _read(
        self,
        start: datetime,
        end: datetime,
        parts: Collection[str],
        layout: str,
        step_s: int | None,
    ) -> list[tuple[datetime, Parts]]:
        if layout == "" and self.segment is not None:
            return []
        return self.buckets.read(
            self.model, layout=layout, parts=list(parts), start=start, end=end, step_s=step_s,
            version=self.version, segment=self.segment,
        )  # fmt: skip

    def _layout_id(self) -> str | None:
        return None if self.reference is None else self.reference.layout_id


def _every_part(layout: Layout) -> list[str]:
    """The names of all parts of a profile on a layout."""
    return [*map(column_part, layout.axes), PERFORMANCE, TALLIES, SKETCH, ROWS]


def reference_parts(profile: Profile, segment: Segment, wanted: Collection[str]) -> Parts:
    """Parts of a profile that was not cut into buckets."""
    statistics = profile.whole
    if segment != WHOLE:
        found = profile.segments.get(segment[0], {}).get(segment[1])
        if found is None:
            return {}
        statistics = found
    parts: Parts = {}
    # Looked up one by one: this is asked for every point of a series.
    for name in wanted:
        column = column_of_part(name)
        held = None if column is None else statistics.columns.get(column)
        if held is not None:
            parts[name] = held
        elif name == PERFORMANCE and statistics.performance is not None:
            parts[name] = statistics.performance
    return parts


def segment_of(text: str | None) -> Segment | None:
    """A segment from `COLUMN:VALUE`.

    Raises
    ------
    InputError
        It is not of that form.

    Examples
    --------
    >>> segment_of("origin:JFK")
    ('origin', 'JFK')
    """
    if text is None or not text:
        return None
    column, colon, value = text.partition(":")
    if not colon or not column:
        raise InputError(f"the segment is {text!r}; write COLUMN:VALUE, such as origin:JFK")
    return column, value


def _together(profiles: list[Profile]) -> Profile | None:
    if not profiles:
        return None
    merged = profiles[0]
    for profile in profiles[1:]:
        merged = merged | profile
    return merged


def _merged(read: Sequence[Mapping[str, Any]]) -> Parts:
    names = dict.fromkeys(name for parts in read for name in parts)
    return {name: merge_all([parts[name] for parts in read if name in parts]) for name in names}


def _by_month(
    found: Mapping[datetime, Parts], start: datetime, end: datetime, months: int
) -> list[tuple[Window, Parts]]:
    """Days put together to calendar months."""
    edges = [start]
    while edges[-1] < end:
        edges.append(add_months(edges[-1], months))
    steps: list[tuple[Window, Parts]] = []
    for first, last in pairwise(edges):
        inside = [parts for at, parts in sorted(found.items()) if first <= at < last]
        if inside:
            steps.append((Window(first, last), _merged(inside)))
    return steps
