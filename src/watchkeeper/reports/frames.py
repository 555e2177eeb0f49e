"""Parts of a report document as Arrow tables, one row a measurement."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from watchkeeper.core.errors import ModelError

if TYPE_CHECKING:
    import pyarrow as pa

Row = dict[str, Any]
Shape = dict[str, str]

_TEXT, _NUMBER, _COUNT, _FLAG = "string", "float64", "int64", "bool"
_INTERVAL = {"value": _NUMBER, "low": _NUMBER, "high": _NUMBER, "p_value": _NUMBER}
_ROWS = {"n_reference": _COUNT, "n_current": _COUNT}
_JUDGED: Shape = {
    **_INTERVAL, **_ROWS, "reference": _NUMBER, "reference_low": _NUMBER, "reference_high": _NUMBER,
    "change": _NUMBER, "change_low": _NUMBER, "change_high": _NUMBER, "direction": _TEXT,
    "unit": _TEXT, "status": _TEXT, "method": _TEXT,
}  # fmt: skip


def table(document: Mapping[str, Any], name: str) -> pa.Table:
    """A part of the document as an Arrow table.

    Parameters
    ----------
    document
        A report document of either kind.
    name
        For a comparison `drift`, `metrics`, `performance`, `segments`, `quality` or `checks`; for
        a track `windows`, `drift`, `performance`, `segments` or `quality`.

    Returns
    -------
    pyarrow.Table
        Undefined numbers are null. Columns and their types do not depend on the data.

    Raises
    ------
    ModelError
        There is no such table.
    """
    import pyarrow as pa

    known = _TRACK if document["kind"] == "track" else _COMPARISON
    if name not in known:
        raise ModelError(f"there is no table {name!r}; a {document['kind']} has {', '.join(known)}")
    shape, rows = known[name]
    schema = pa.schema([(column, pa.type_for_alias(type_)) for column, type_ in shape.items()])
    return pa.Table.from_pylist([_fit(row, shape) for row in rows(document)], schema=schema)


def _fit(row: Row, shape: Shape) -> Row:
    """The row with the types of the table; lone surrogates cannot be in Arrow text."""
    out: Row = {}
    for column, type_ in shape.items():
        value = row.get(column)
        if value is None:
            out[column] = None
        elif type_ == _TEXT:
            out[column] = str(value).encode("utf-8", "replace").decode()
        else:
            out[column] = {_NUMBER: float, _COUNT: int, _FLAG: bool}[type_](value)
    return out


def _drift(document: Mapping[str, Any]) -> Iterator[Row]:
    drift = document["drift"]
    for rank, column in enumerate(drift["ranking"], start=1):
        part = drift["columns"][column]
        effect = part["effect"]
        shares = {
            f"missing_{side}": held["missing"] / held["rows"] if held["rows"] else None
            for side, held in part["statistics"].items()
        }
        yield {
            **part,
            **shares,
            "rank": rank,
            "column": column,
            "effect_metric": effect["metric"],
            "effect": effect["value"],
            "effect_low": effect["low"],
            "effect_high": effect["high"],
        }


def _metrics(document: Mapping[str, Any]) -> Iterator[Row]:
    drift = document["drift"]
    for column in drift["ranking"]:
        for metric, estimate in drift["columns"][column]["metrics"].items():
            yield {**estimate, "column": column, "metric": metric}


def _performance(document: Mapping[str, Any]) -> Iterator[Row]:
    for metric, estimate in (document["performance"] or {}).get("metrics", {}).items():
        yield {"metric": metric, **_judged(estimate)}


def _judged(estimate: Mapping[str, Any]) -> Row:
    """A performance estimate in one level."""
    before, change = estimate.get("reference") or {}, estimate.get("change") or {}
    return {
        **estimate,
        "reference": before.get("value"),
        "reference_low": before.get("low"),
        "reference_high": before.get("high"),
        "change": change.get("value"),
        "change_low": change.get("low"),
        "change_high": change.get("high"),
        "p_value": change.get("p_value", estimate.get("p_value")),
    }


def _segments(document: Mapping[str, Any]) -> Iterator[Row]:
    """Performance by segment, then drift by segment."""
    for column, values in ((document["performance"] or {}).get("segments") or {}).items():
        for value, part in values.items():
            for metric, estimate in part["metrics"].items():
                place = {"segment": column, "segment_value": value}
                yield {"part": "performance", **place, "subject": metric, **_judged(estimate)}
    for column, values in (document["drift"].get("segments") or {}).items():
        for value, part in values.items():
            for name, found in part["columns"].items():
                yield {
                    "part": "drift",
                    "segment": column,
                    "segment_value": value,
                    "subject": name,
                    **found["effect"],
                    "p_value": found["p_adjusted"],
                    "n_reference": part["rows_reference"],
                    "n_current": part["rows_current"],
                    "verdict": found["verdict"],
                }


def _quality(document: Mapping[str, Any]) -> Iterator[Row]:
    quality = document["quality"]
    for name, part in quality["scores"].items():
        if part:
            yield {**part, "part": "score", "subject": name, "check": name, "limit": part["target"]}
    for column, checks in quality["columns"].items():
        for check, part in checks.items():
            if isinstance(part, Mapping):
                row = {**part, "part": "column", "subject": column, "check": check}
                yield {**row, "limit": part.get("threshold")}
    for rule in quality["rules"]:
        yield {
            **rule,
            "part": "rule",
            "subject": rule["name"],
            "check": rule["expression"],
            "current": rule["share_passed"],
            "limit": rule["target"],
        }
    duplicates = quality["duplicates"]
    yield {**duplicates, "part": "duplicates", "subject": duplicates["kind"], "check": "duplicates"}


def _checks(document: Mapping[str, Any]) -> Iterator[Row]:
    for check in document["checks"]:
        place = check["segment"] or {}
        yield {**check, "segment": place.get("column"), "segment_value": place.get("value")}


def _windows(document: Mapping[str, Any]) -> Iterator[Row]:
    yield from (dict(window) for window in document["windows"])


def _starts(document: Mapping[str, Any]) -> list[Row]:
    return [{"window": w["name"], "start": w["start"]} for w in document["windows"]]


def _performance_track(document: Mapping[str, Any]) -> Iterator[Row]:
    for metric, part in document["performance"].items():
        for start, point in zip(_starts(document), part["points"], strict=True):
            reference = (part["reference"] or {}).get("value")
            yield {**(point or {}), **start, "metric": metric, "reference": reference}


def _segments_track(document: Mapping[str, Any]) -> Iterator[Row]:
    for column, values in document["performance_segments"].items():
        for value, metrics in values.items():
            for metric, points in metrics.items():
                for start, point in zip(_starts(document), points, strict=True):
                    place = {"segment": column, "segment_value": value, "metric": metric}
                    yield {**(point or {}), **start, **place}


def _drift_track(document: Mapping[str, Any]) -> Iterator[Row]:
    for column in document["ranking"]:
        part = document["drift"][column]
        series = zip(
            _starts(document), part["effect"], part["low"], part["high"], part["verdicts"],
            part["missing"], strict=True,
        )  # fmt: skip
        for start, effect, low, high, verdict, missing in series:
            found = {"effect": effect, "effect_low": low, "effect_high": high}
            yield {**start, "column": column, **found, "verdict": verdict, "missing": missing}


def _quality_track(document: Mapping[str, Any]) -> Iterator[Row]:
    for score, values in document["quality"].items():
        for start, value in zip(_starts(document), values, strict=True):
            yield {**start, "score": score, "value": value}


Rows = Callable[[Mapping[str, Any]], Iterator[Row]]
_EFFECT: Shape = {"effect": _NUMBER, "effect_low": _NUMBER, "effect_high": _NUMBER}
_PLACE: Shape = {"segment": _TEXT, "segment_value": _TEXT}
_WHEN: Shape = {"window": _TEXT, "start": _TEXT}

_COMPARISON: dict[str, tuple[Shape, Rows]] = {
    "drift": (
        {
            "rank": _COUNT, "column": _TEXT, "kind": _TEXT, "role": _TEXT, "verdict": _TEXT,
            "change": _TEXT, "psi_reading": _TEXT, "effect_metric": _TEXT, **_EFFECT,
            "p_value": _NUMBER, "p_adjusted": _NUMBER, "missing_reference": _NUMBER,
            "missing_current": _NUMBER, "reason": _TEXT,
        },
        _drift,
    ),
    "metrics": (
        {"column": _TEXT, "metric": _TEXT, **_INTERVAL, **_ROWS, "bound": _NUMBER, "note": _TEXT},
        _metrics,
    ),
    "performance": ({"metric": _TEXT, **_JUDGED, "note": _TEXT}, _performance),
    "segments": (
        {"part": _TEXT, **_PLACE, "subject": _TEXT, **_JUDGED, "metric": _TEXT, "verdict": _TEXT},
        _segments,
    ),
    "quality": (
        {
            "part": _TEXT, "subject": _TEXT, "check": _TEXT, "reference": _NUMBER,
            "current": _NUMBER, "limit": _NUMBER, "status": _TEXT,
        },
        _quality,
    ),
    "checks": (
        {
            "id": _TEXT, "group": _TEXT, "subject": _TEXT, "metric": _TEXT, **_PLACE,
            "status": _TEXT, "value": _NUMBER, "operator": _TEXT, "threshold": _NUMBER,
            "severity": _TEXT, "message": _TEXT,
        },
        _checks,
    ),
}  # fmt: skip

_TRACK: dict[str, tuple[Shape, Rows]] = {
    "windows": (
        {
            "name": _TEXT, "start": _TEXT, "end": _TEXT, "rows": _COUNT, "labelled": _COUNT,
            "verdict": _TEXT, "status": _TEXT, "drifted": _COUNT, "headline": _TEXT,
            "report": _TEXT,
        },
        _windows,
    ),
    "drift": (
        {**_WHEN, "column": _TEXT, **_EFFECT, "verdict": _TEXT, "missing": _NUMBER},
        _drift_track,
    ),
    "performance": (
        {
            **_WHEN, "metric": _TEXT, **_INTERVAL, **_ROWS, "reference": _NUMBER,
            "status": _TEXT,
        },
        _performance_track,
    ),
    "segments": ({**_WHEN, **_PLACE, "metric": _TEXT, **_INTERVAL, **_ROWS}, _segments_track),
    "quality": ({**_WHEN, "score": _TEXT, "value": _NUMBER}, _quality_track),
}  # fmt: skip
