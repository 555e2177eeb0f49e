"""One data set over time, window by window, against one reference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from watchkeeper.app.compare import prepare_reference, texts
from watchkeeper.app.counting import Span, with_tallies
from watchkeeper.app.document import SCHEMA_VERSION, Side, assemble, generator
from watchkeeper.app.infer import Roles, open_model, with_roles
from watchkeeper.app.model_schema import ModelFile
from watchkeeper.app.profiling import profile_windows
from watchkeeper.app.sources import Rows, as_profile, reading
from watchkeeper.app.summary import summarize_track
from watchkeeper.collect.source import Source, unify
from watchkeeper.core.errors import InputError, ModelError
from watchkeeper.core.progress import Progress, silent
from watchkeeper.core.windows import Every, Window, cut, from_seconds, parse_every, parse_window
from watchkeeper.profiles.remote import RemoteRows
from watchkeeper.profiles.windows import row_seconds

Document = dict[str, Any]

RESOLUTION = timedelta(microseconds=1)
"""The finest step of time."""


def track(  # noqa: PLR0913  # the options of the use case, all but one by name
    data: object,
    *,
    model: object = None,
    roles: Roles | None = None,
    every: str = "7d",
    reference: object = None,
    start: datetime | None = None,
    end: datetime | None = None,
    link: Callable[[Window], str] | None = None,
    progress: Progress = silent,
) -> tuple[Document, list[Document]]:
    """Follow a model over time.

    Parameters
    ----------
    data
        Rows with a timestamp column, in any order.
    model, roles
        As in `compare`; one of them must name the timestamp.
    every
        The length of a window: `15m`, `6h`, `7d`, `2w`, `1mo`.
    reference
        What every window is compared with: data, a profile, or `START..END` for the rows of
        `data` in that half-open range. The first window where it is None.
    start, end
        The range to follow, half-open; all rows after the reference by default.
    link
        Where the report of a window will lie, for the overview to point at.
    progress
        Told how far it is.

    Returns
    -------
    overview
        The track document.
    windows
        The comparison document of each window with rows, in the order of time.

    Raises
    ------
    InputError, ModelError, ProfileError
        As `compare`; also where no column is the timestamp or no row lies in the range.
    """
    length = parse_every(every)
    file = with_roles(open_model(model), roles or {})
    with reading(data, name="the data", as_text=texts(file)) as source:
        timestamp = _timestamp(file, source, reference)
        first, last = _range(source, timestamp)
        span = _reference_span(reference, first, last, length)
        rows = reference if span is None else _between(source, timestamp, span)
        before = prepare_reference(rows, model=file, progress=progress)
        if span is not None:
            name = f"{span.start:%Y-%m-%d}..{span.end:%Y-%m-%d}"
            before = Side(before.profile, name, span.start, span.end)
        begin = start or (span.end if span else from_seconds(first))
        stop = end - RESOLUTION if end else from_seconds(last)
        windows = cut(begin, stop, length)
        edges = [window.start.timestamp() for window in windows] + [windows[-1].end.timestamp()]
        edges[0] = max(edges[0], begin.timestamp())
        if end:
            edges[-1] = min(edges[-1], end.timestamp())
        layout = before.profile.layout
        profiles = profile_windows(source, layout, timestamp, edges, progress=progress)
        if not profiles:
            raise InputError(
                f"{source.name} has no rows between {begin:%Y-%m-%d %H:%M} and "
                f"{stop:%Y-%m-%d %H:%M} (UTC) to compare with the reference"
            )
        documents: list[Document] = []
        for index, profile in sorted(profiles.items()):
            window = windows[index]
            progress((len(documents) + 1) / len(profiles), f"measuring {window.name}")
            span_of = Span(timestamp, window.start.timestamp(), window.end.timestamp())
            counted = with_tallies(profile, source, span=span_of)
            side = Side(counted, window.name, window.start, window.end)
            documents.append(assemble(before, side, now=window.end))
    followed = [windows[index] for index in sorted(profiles)]
    return overview(documents, followed, every, link), documents


def overview(
    documents: Sequence[Document],
    windows: Sequence[Window],
    every: str,
    link: Callable[[Window], str] | None = None,
) -> Document:
    """The track document from the comparison documents of its windows."""
    first = documents[0]
    columns = list(first["drift"]["columns"])
    track_document: Document = {
        "schema_version": SCHEMA_VERSION,
        "kind": "track",
        "generator": generator(),
        "model": first["model"],
        "reference": first["reference"],
        "every": every,
        "summary": {},
        "windows": [
            _window(document, window, link)
            for document, window in zip(documents, windows, strict=True)
        ],
        "performance": _performance([d["performance"] for d in documents]),
        "performance_segments": _segments(documents),
        "drift": {
            name: _column([d["drift"]["columns"][name] for d in documents]) for name in columns
        },
        "quality": {
            name: [_score(d, name) for d in documents] for name in first["quality"]["scores"]
        },
        "ranking": [],
    }
    drift = track_document["drift"]
    track_document["ranking"] = sorted(
        columns, key=lambda name: -max((e or 0.0 for e in drift[name]["low"]), default=0.0)
    )
    track_document["summary"] = summarize_track(track_document)
    return track_document


def _window(
    document: Document, window: Window, link: Callable[[Window], str] | None
) -> dict[str, Any]:
    summary = document["summary"]
    return {
        "start": window.start.isoformat(),
        "end": window.end.isoformat(),
        "name": window.name,
        "rows": document["current"]["rows"],
        "labelled": document["current"]["labelled"],
        "verdict": summary["verdict"],
        "status": summary["status"],
        "drifted": summary["drift"]["drifted"],
        "headline": summary["headline"],
        "report": link(window) if link else None,
    }


def _performance(parts: Sequence[Document | None]) -> dict[str, Any]:
    """Each metric's reference and its estimate in every window."""
    held = next((part for part in parts if part), None)
    if held is None:
        return {}
    return {
        name: {
            "reference": metric["reference"],
            "direction": metric["direction"],
            "unit": metric["unit"],
            "points": [_point(part, name) for part in parts],
        }
        for name, metric in held["metrics"].items()
    }


def _point(part: Document | None, name: str) -> dict[str, Any] | None:
    metric = part["metrics"].get(name) if part else None
    if metric is None:
        return None
    kept = ("value", "low", "high", "p_value", "n_reference", "n_current", "status")
    return {key: metric.get(key) for key in kept}


def _segments(documents: Sequence[Document]) -> dict[str, Any]:
    """The same by segment; a segment absent from a window has no point there."""
    out: dict[str, dict[str, dict[str, list[Any]]]] = {}
    for document in documents:
        for column, values in ((document["performance"] or {}).get("segments") or {}).items():
            for value, segment in values.items():
                for name in segment["metrics"]:
                    out.setdefault(column, {}).setdefault(value, {}).setdefault(name, [])
    for column, by_value in out.items():
        for value, metrics in by_value.items():
            for name, points in metrics.items():
                for document in documents:
                    held = ((document["performance"] or {}).get("segments") or {}).get(column, {})
                    points.append(_point(held.get(value), name))
    return out


def _column(parts: Sequence[Document]) -> dict[str, Any]:
    """One column's effect, verdict and metrics in every window."""
    names = list(dict.fromkeys(name for part in parts for name in part["metrics"]))
    return {
        "kind": parts[0]["kind"],
        "role": parts[0]["role"],
        "metrics": {
            name: [part["metrics"].get(name, {}).get("value") for part in parts] for name in names
        },
        "effect_metric": parts[0]["effect"]["metric"],
        "effect": [part["effect"]["value"] for part in parts],
        "low": [part["effect"]["low"] for part in parts],
        "high": [part["effect"]["high"] for part in parts],
        "verdicts": [part["verdict"] for part in parts],
        "missing": [_missing(part) for part in parts],
    }


def _missing(part: Document) -> float | None:
    current = part["statistics"]["current"]
    return current["missing"] / current["rows"] if current["rows"] else None


def _score(document: Document, name: str) -> float | None:
    score = document["quality"]["scores"].get(name)
    return score["current"] if score else None


def _timestamp(file: ModelFile, source: Rows, reference: object) -> str:
    """The column that holds the time of each row."""
    named = file.timestamp
    profile = as_profile(reference)
    if named is None and profile is not None:
        named = profile.layout.model.timestamp
    if named is None:
        raise ModelError(
            "following a model over time needs the column that holds the time of each row; name "
            "it with --timestamp, `timestamp:` in the model file, or timestamp=…"
        )
    if named not in source.schema.names:
        raise ModelError(
            f"the timestamp column {named!r} is not in {source.name}; it has "
            f"{', '.join(source.schema.names[:10])}"
        )
    return str(named)


def _range(source: Rows, timestamp: str) -> tuple[float, float]:
    """The first and last time of all rows, in seconds since 1970."""
    found = source.span(timestamp) if isinstance(source, RemoteRows) else _times(source, timestamp)
    if found is None:
        raise InputError(f"{source.name} has no row with a time in column {timestamp!r}")
    return found


def _times(source: Source, timestamp: str) -> tuple[float, float] | None:
    low, high = np.inf, -np.inf
    for batch in source.batches([timestamp]):
        seconds = row_seconds(batch.column(timestamp), timestamp)
        seconds = seconds[~np.isnan(seconds)]
        if seconds.size:
            low, high = min(low, float(seconds.min())), max(high, float(seconds.max()))
    return None if low > high else (low, high)


def _reference_span(reference: object, first: float, last: float, length: Every) -> Window | None:
    """The range of the data that is the reference; None where the reference is data of its own."""
    if reference is None:
        return cut(from_seconds(first), from_seconds(last), length)[0]
    if isinstance(reference, str) and ".." in reference and "/" not in reference:
        return _span(reference)
    return None


def _between(source: Rows, timestamp: str, span: Window) -> pa.Table | RemoteRows:
    """The rows of a range of time, in memory or on their engine: a part of the data."""
    if isinstance(source, RemoteRows):
        return source.between(timestamp, span.start.timestamp(), span.end.timestamp())
    kept = []
    for batch in source.batches():
        seconds = row_seconds(batch.column(timestamp), timestamp)
        inside = (seconds >= span.start.timestamp()) & (seconds < span.end.timestamp())
        if inside.any():
            kept.append(batch.take(np.flatnonzero(inside)))
    if not kept:
        raise InputError(
            f"{source.name} has no rows in the reference {span.start:%Y-%m-%d}..{span.end:%Y-%m-%d}"
        )
    return unify(kept, source.schema)


def _span(text: str) -> Window:
    """`START..END` as a half-open range in UTC."""
    try:
        return parse_window(text)
    except ValueError as error:
        raise InputError(f"the reference {error}") from error
