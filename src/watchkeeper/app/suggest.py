"""Constraints and roles suggested from a sample of the reference, each with its reason."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper.app.kinds import distinct, is_moment, is_number, is_text
from watchkeeper.core.model import Column, Constraint, Kind, Model, Role, Thresholds
from watchkeeper.metrics.intervals import wilson
from watchkeeper.profiles.patterns import NAMED, matches_whole
from watchkeeper.profiles.values import counted, is_measurable, numbers, plain

FEW_CATEGORIES = 30
"""Categories up to which all of them are listed."""

ENOUGH = 100
"""Rows below which nothing is suggested from what was not seen."""

_NAMES = {
    "label": ("label", "target", "y", "y_true", "ground_truth", "actual", "outcome"),
    "prediction": ("prediction", "pred", "y_pred", "predicted", "y_hat"),
    "score": ("score", "probability", "proba", "prob", "y_score", "predict_proba"),
    "timestamp": ("timestamp", "ts", "event_time", "event_timestamp", "time", "datetime",
                  "created_at"),
    "id": ("id", "uuid", "prediction_id", "request_id", "row_id"),
}  # fmt: skip
_LOOKED_AT = 2000

Told = dict[str, str]


def suggest_roles(model: Model, sample: pa.Table) -> list[str]:
    """Lines that propose a role for a column whose name says it; none is set unasked."""
    lines = []
    by_name = {name.lower(): name for name in sample.column_names}
    for role, words in _NAMES.items():
        if getattr(model, role) is not None:
            continue
        found = next((by_name[word] for word in words if word in by_name), None)
        if found is not None and model.column(found).role is Role.FEATURE:
            lines.append(f"{role}: {found}")
    return ["By their names, these roles may fit; add those that do:", *lines] if lines else []


def suggest_constraint(column: Column, values: pa.ChunkedArray) -> tuple[Constraint, Told]:
    """What the values of a column satisfy, with room for what the sample has not shown.

    Parameters
    ----------
    column
        Kind, role, and what is stated already, which is kept.
    values
        The column in a sample of the reference.

    Returns
    -------
    tuple
        The constraint, and a reason for each suggested field.
    """
    said, none = column.constraint, Constraint()
    found: dict[str, object] = {}
    told: Told = {}
    if column.role is Role.IGNORED or not is_measurable(values.type):
        return said, told
    for suggestion in (_type, _missing, _range, _dates, _categories, _form, _identity, _constant):
        for key, (value, reason) in suggestion(column, values).items():
            if getattr(said, key) == getattr(none, key):
                found[key] = value
                told[key] = reason
    low, high = found.get("min_length"), found.get("max_length")
    if isinstance(low, int) and said.max_length is not None and low > said.max_length:
        found.pop("min_length")
    if isinstance(high, int) and said.min_length is not None and high < said.min_length:
        found.pop("max_length")
    kept = {key: getattr(said, key) for key in Constraint.__dataclass_fields__}
    return Constraint(**{**kept, **found}), {key: told[key] for key in found}


_Found = dict[str, tuple[object, str]]


def _type(_column: Column, values: pa.ChunkedArray) -> _Found:
    return {} if pa.types.is_null(values.type) else {"dtype": (str(plain(values.type)), "")}


def _missing(column: Column, values: pa.ChunkedArray) -> _Found:
    """At least the default; where more is missing, as much as may well be missing in truth."""
    if len(values) == 0 or column.role is Role.LABEL:
        return {}
    absent = values.null_count
    if pa.types.is_floating(plain(values.type)):
        absent += int(pc.sum(pc.is_nan(values)).as_py() or 0)
    share = absent / len(values)
    limit = Thresholds().max_missing
    _, high = wilson(absent, len(values))
    if high > limit:
        limit = min(1.0, math.ceil(100 * (high + 0.01)) / 100)
    return {"max_missing": (limit, f"{_percent(share)} are missing in the reference")}


def _range(column: Column, values: pa.ChunkedArray) -> _Found:
    """The observed range, widened by 5 % and by more where few rows were seen."""
    if column.kind is not Kind.NUMERIC or not is_number(values.type):
        return {}
    seen, _ = numbers(values.combine_chunks(), Kind.NUMERIC)
    seen = seen[np.isfinite(seen)]
    if seen.size < 2 or seen.min() == seen.max():
        return {}
    low, high = float(seen.min()), float(seen.max())
    reason = f"{low:.6g} to {high:.6g} in the reference, widened"
    share = low >= 0 and high <= 1
    if share and (column.role is Role.SCORE or high > 0.5):
        return {"minimum": (0.0, reason), "maximum": (1.0, "")}
    room = (high - low) * (0.05 + 1 / math.sqrt(seen.size))
    step = 10.0 ** (math.floor(math.log10(high - low)) - 1)
    if bool(np.all(seen == np.floor(seen))):
        step = max(step, 1.0)
    floor = _rounded(math.floor((low - room) / step) * step)
    ceiling = _rounded(math.ceil((high + room) / step) * step)
    if not (math.isfinite(floor) and math.isfinite(ceiling)):
        return {}
    # Values that end at zero, or crowd there, are on one side of it by their nature.
    tenth, ninth = np.quantile(seen, [0.1, 0.9]).tolist()
    near = 0.05 * (high - low)
    floor = max(floor, 0.0) if low == 0 or 0 < low <= tenth < near else floor
    ceiling = min(ceiling, 0.0) if high == 0 or -near < ninth <= high < 0 else ceiling
    return {"minimum": (floor, reason), "maximum": (ceiling, "")}


def _rounded(value: float) -> float:
    return float(f"{value:.12g}") if math.isfinite(value) else value


def _dates(column: Column, values: pa.ChunkedArray) -> _Found:
    """Not before the first year that was seen; the end stays open, since time goes on."""
    if column.kind is not Kind.DATETIME or not is_moment(values.type):
        return {}
    seconds, _ = numbers(values.combine_chunks(), Kind.DATETIME)
    if seconds.size == 0:
        return {}
    try:
        first = datetime.fromtimestamp(float(seconds.min()), UTC)
    except (ValueError, OverflowError, OSError):
        return {}
    return {"minimum": (f"{first.year:04d}-01-01", f"the first is of {first.date().isoformat()}")}


def _categories(column: Column, values: pa.ChunkedArray) -> _Found:
    """All categories, where few were seen and a further one is unlikely."""
    if column.kind is not Kind.CATEGORICAL:
        return {}
    counts, _ = counted(_whole(values))
    rows = sum(counts.values())
    rare = sum(1 for count in counts.values() if count == 1)
    if not 0 < len(counts) <= FEW_CATEGORIES or rows < max(ENOUGH, 10 * len(counts)):
        return {}
    # Good and Turing: the share of categories that were not seen is about that of single ones.
    if rare / rows > 0.001:
        return {}
    listed = tuple(sorted(counts))
    return {"values": (listed, f"all that occur in {rows:,} rows")}


def _form(column: Column, values: pa.ChunkedArray) -> _Found:
    """A pattern that all strings match, and their lengths."""
    many = column.kind is Kind.TEXT or (
        column.kind is Kind.CATEGORICAL and distinct(values) > FEW_CATEGORIES
    )
    if not many or not is_text(values.type):
        return {}
    texts = [v for v in pc.unique(_whole(values)).slice(0, _LOOKED_AT).to_pylist() if v is not None]
    if len(texts) < 20:
        return {}
    pattern = pattern_of(texts)
    if pattern is not None:
        return {"pattern": (pattern, f"all of {len(texts):,} different values match")}
    lengths = pc.min_max(pc.utf8_length(_whole(values))).as_py()
    low, high = lengths["min"], lengths["max"]
    reason = f"{low} to {high} characters in the reference"
    return {"min_length": (low // 2, reason), "max_length": (high + max(high // 2, 5), "")}


def pattern_of(texts: list[str]) -> str | None:
    """A named pattern, or a regular expression of one shape, that all texts match.

    Examples
    --------
    >>> pattern_of(["N14228", "N24211", "N619AA"]), pattern_of(["AB-1", "CD-23"])
    (None, '[A-Z]{2}-[0-9]{1,2}')
    """
    # Dates and plain numbers look like telephone numbers, unless some have what only those have.
    phones = any(set(text) & set("+ (") for text in texts)
    for name in NAMED:
        if (name != "phone" or phones) and all(matches_whole(name, text) for text in texts):
            return name
    shapes = [re.findall(r"[0-9]+|[A-Z]+|[a-z]+|[^0-9A-Za-z]", text) for text in texts]
    classes = {tuple(_class(part) for part in shape) for shape in shapes}
    if len(classes) != 1 or not shapes[0] or len(shapes[0]) > 12:
        return None
    (parts,) = classes
    # One run of letters alone is any word, which says nothing.
    if parts in {("[a-z]",), ("[A-Z]",)} and len({len(text) for text in texts}) > 1:
        return None
    widths = [[len(shape[i]) for shape in shapes] for i in range(len(parts))]
    return "".join(_repeat(part, held) for part, held in zip(parts, widths, strict=True))


def _class(part: str) -> str:
    for sign, held in (("0", "[0-9]"), ("A", "[A-Z]"), ("a", "[a-z]")):
        if re.fullmatch(held, part[0]):
            return f"[{sign}-{ {'0': '9', 'A': 'Z', 'a': 'z'}[sign] }]"
    return re.escape(part) if part in r".^$*+?{}[]\|()" else part


def _repeat(part: str, widths: list[int]) -> str:
    low, high = min(widths), max(widths)
    if high == 1:
        return part
    return f"{part}{{{low}}}" if low == high else f"{part}{{{low},{high}}}"


def _identity(column: Column, values: pa.ChunkedArray) -> _Found:
    if column.role is not Role.ID or len(values) < 2 or distinct(values) < len(values):
        return {}
    return {"unique": (True, f"all of {len(values):,} rows differ")}


def _constant(column: Column, values: pa.ChunkedArray) -> _Found:
    if column.role is Role.ID or len(values) < ENOUGH or distinct(values) < 2:
        return {}
    return {"allow_constant": (False, "")}


def _whole(values: pa.ChunkedArray) -> pa.Array:
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    return values.combine_chunks()


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
