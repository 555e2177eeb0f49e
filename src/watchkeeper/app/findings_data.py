"""What a report says about the data: which columns drifted, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from watchkeeper.app.carriers import where
from watchkeeper.app.words import (
    count,
    counted,
    duration,
    joined,
    listing,
    name,
    percent,
    sentence,
    setting,
)

_BAD = frozenset({"fail", "warn"})


def ranked(drift: Mapping[str, Any], *, features: bool) -> list[tuple[str, Mapping[str, Any]]]:
    """Features, or the columns with another role, strongest effect first."""
    columns = drift["columns"]
    order = [column for column in drift["ranking"] if column in columns]
    order += [column for column in columns if column not in set(order)]
    return [
        (column, columns[column])
        for column in order
        if columns[column]["role"] != "timestamp"
        and (columns[column]["role"] == "feature") is features
    ]


def drift_headline(drift: Mapping[str, Any]) -> str:
    """The drift half of the headline: how many features, and which most."""
    features = ranked(drift, features=True)
    drifted = [column for column, part in features if part["verdict"] == "drifted"]
    unsure = sum(part["verdict"] == "not_enough_data" for _, part in features)
    total = counted(len(features), "feature")
    if drifted:
        most = f", most: {listing(drifted[:3])}" if len(drifted) > 3 else f": {listing(drifted)}"
        return f"{count(len(drifted))} of {total} drifted{most}"
    others = [
        column for column, part in ranked(drift, features=False) if part["verdict"] == "drifted"
    ]
    if not features and not others:
        return ""
    if features and unsure == len(features):
        return f"not enough data to judge {'any of ' if len(features) > 1 else ''}{total}"
    none = "" if not features else f"none of {total} drifted"
    if others:
        also = f"{listing(others)} drifted"
        return f"{none}, but {also}" if none else also
    return none + (f" ({count(unsure)} not enough data)" if unsure else "")


def drift_sentences(document: Mapping[str, Any], *, min_rows: int) -> Iterator[str]:
    """All that is to say about drift, the strongest first."""
    drift = document["drift"]
    features = ranked(drift, features=True)
    yield from _drifted(drift, features)
    yield from _outputs(drift)
    yield from _segments(drift)
    yield from _harmless(drift)
    yield from not_enough(document, min_rows=min_rows)


def _drifted(
    drift: Mapping[str, Any], features: list[tuple[str, Mapping[str, Any]]]
) -> Iterator[str]:
    moved = [(column, part) for column, part in features if part["verdict"] == "drifted"]
    total = counted(len(features), "feature")
    tolerance = setting(drift.get("tolerance"))
    if not moved:
        judged = [part for _, part in features if part["verdict"] == "stable"]
        if judged:
            yield f"None of {total} drifted beyond the tolerance of {tolerance}."
        return
    yield sentence(
        f"{count(len(moved))} of {total} drifted beyond the tolerance of {tolerance}, "
        f"strongest first: {listing([column for column, _ in moved], limit=5)}"
    )
    for column, part in moved[:3]:
        yield about(column, part.get("reason"))


def about(column: str, reason: str | None) -> str:
    """The reason of a column's verdict, beginning with its name."""
    reason = " ".join(str(reason or "no reason was given").split())
    if column and reason.startswith(column):
        reason = reason[len(column) :].lstrip(" :") or reason
        return f"{name(column)} {_ended(reason)}"
    return f"{name(column)}: {_ended(reason)}"


def _ended(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else text + "."


def _outputs(drift: Mapping[str, Any]) -> Iterator[str]:
    """Drift of what the model says, and of what is true."""
    titles = {"score": "the score", "prediction": "the prediction", "label": "the label"}
    for column, part in ranked(drift, features=False):
        if part["verdict"] == "drifted":
            title = titles.get(part["role"], part["role"])
            yield sentence(f"{title} drifted too ({about(column, part.get('reason')).rstrip('.')})")


def _segments(drift: Mapping[str, Any]) -> Iterator[str]:
    """The segment in which most columns drifted, where it stands out."""
    for column, values in (drift.get("segments") or {}).items():
        order = sorted(values.items(), key=lambda item: -item[1]["drifted"])
        if len(order) < 2 or order[0][1]["drifted"] <= order[1][1]["drifted"]:
            continue
        (value, first), (following, second) = order[0], order[1]
        yield sentence(
            f"{where(column, value)} {counted(first['drifted'], 'column')} drifted, more than in "
            f"any other {name(column)} (next: {name(following)}, {count(second['drifted'])})"
        )


def _harmless(drift: Mapping[str, Any]) -> Iterator[str]:
    found = [
        column
        for column, part in ranked(drift, features=True)
        if part.get("change") == "harmless" and part["verdict"] != "drifted"
    ]
    if found:
        subject = counted(len(found), "feature")
        yield (
            f"{subject} changed, harmless: more than chance explains, but within the tolerance of "
            f"{setting(drift.get('tolerance'))} ({listing(found)})."
        )


def not_enough(document: Mapping[str, Any], *, min_rows: int) -> Iterator[str]:
    """Which columns could not be judged, what that needs, and when it will be there."""
    drift, current = document["drift"], document["current"]
    found = [
        column for column, part in drift["columns"].items() if part["verdict"] == "not_enough_data"
    ]
    if not found:
        return
    rows = {side: document[side].get("rows") or 0 for side in ("reference", "current")}
    text = (
        f"not enough data to judge {counted(len(found), 'column')} ({listing(found)}): each side "
        f"needs {count(min_rows)} rows with a value"
    )
    short = [f"the {side} has {count(held)}" for side, held in rows.items() if held < min_rows]
    if short:
        text += f", {joined(short)}"
    yield sentence(text + _when(current, min_rows - rows["current"]))


def _when(current: Mapping[str, Any], wanted: int) -> str:
    """When the rows that are wanted will have come, at the pace of those that came."""
    if wanted <= 0 or not current.get("rows") or not current.get("start") or not current.get("end"):
        return ""
    start, end = (datetime.fromisoformat(current[edge]) for edge in ("start", "end"))
    span = (end - start).total_seconds()
    if span <= 0:
        return ""
    return f"; at the present pace in {duration(wanted * span / current['rows'])}"


def quality_headline(document: Mapping[str, Any]) -> str:
    """The quality part of the headline: what is broken, '' where nothing is."""
    schema = document["quality"]["schema"]
    broken = []
    if schema["missing"]:
        lost = schema["missing"]
        verb = "is" if len(lost) == 1 else "are"
        broken.append(f"{counted(len(lost), 'column')} {verb} gone ({listing(lost)})")
    if schema["retyped"]:
        columns = [change["column"] for change in schema["retyped"]]
        broken.append(f"{counted(len(columns), 'column')} changed type ({listing(columns)})")
    empty = [
        f"{percent(part['missing']['current'])} of {name(column)} is missing"
        for column, part in _missing(document["quality"])[:1]
        if part["missing"]["status"] == "fail"
    ]
    return joined([*broken, *empty]) if broken or empty else ""


def _missing(quality: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Columns that miss more than they may, the emptiest first."""
    found = [
        (column, part)
        for column, part in quality["columns"].items()
        if (part.get("missing") or {}).get("status") in _BAD
        and part["missing"]["current"] is not None
    ]
    return sorted(found, key=lambda item: -item[1]["missing"]["current"])


def quality_sentences(quality: Mapping[str, Any]) -> Iterator[str]:
    """All that is to say about quality: the schema, then columns, rules, scores and duplicates."""
    yield from _schema(quality["schema"])
    yield from _columns(quality)
    yield from _rules([rule for rule in quality["rules"] if rule["status"] in _BAD])
    yield from _scores(quality["scores"])
    duplicates = quality["duplicates"]
    if duplicates.get("status") in _BAD:
        yield (
            f"{percent(duplicates['current'])} of the {name(duplicates['kind'])} are duplicates "
            f"({percent(duplicates['reference'])} in the reference)."
        )


def _schema(schema: Mapping[str, Any]) -> Iterator[str]:
    if schema["missing"]:
        lost = schema["missing"]
        yield (
            f"The current data lacks {counted(len(lost), 'column')} that the reference has: "
            f"{listing(lost, limit=5)}."
        )
    if schema["retyped"]:
        changed = [
            f"{name(change['column'])} ({name(change['expected'])}, now {name(change['got'])})"
            for change in schema["retyped"][:5]
        ]
        yield f"{counted(len(schema['retyped']), 'column')} changed type: {joined(changed)}."
    if schema["unexpected"]:
        new = schema["unexpected"]
        yield (
            f"{counted(len(new), 'column')} of the current data "
            f"{'is' if len(new) == 1 else 'are'} not in the reference: {listing(new, limit=5)}."
        )


_FAULTS = {
    "out_of_range": "values out of range",
    "unseen": "values that the reference does not know",
    "pattern": "values that do not fit their pattern",
    "length": "values of a length that is not allowed",
}


def _columns(quality: Mapping[str, Any]) -> Iterator[str]:
    missing = _missing(quality)
    if missing:
        shown = [
            f"{name(column)} ({percent(part['missing']['reference'])} before, "
            f"{percent(part['missing']['current'])} now)"
            for column, part in missing[:3]
        ]
        if len(missing) > 3:
            shown.append(f"{len(missing) - 3} more")
        yield sentence(f"too many values are missing in {joined(shown)}")
    for fault, title in _FAULTS.items():
        found = [
            column
            for column, part in quality["columns"].items()
            if (part.get(fault) or {}).get("status") in _BAD
        ]
        if found:
            yield sentence(f"too many {title} in {listing(found)}")
    constant = [
        column
        for column, part in quality["columns"].items()
        if (part.get("constant") or {}).get("status") in _BAD
    ]
    if constant:
        yield sentence(f"only one value is left in {listing(constant)}")


def _rules(broken: list[Mapping[str, Any]]) -> Iterator[str]:
    for rule in broken[:3]:
        yield sentence(
            f"the rule {name(rule['name'])} holds for {percent(rule['share_passed'])} of the rows; "
            f"the target is {percent(rule['target'])} ({count(rule['failed'])} rows break it)"
        )
    if len(broken) > 3:
        yield f"{counted(len(broken) - 3, 'more rule')} hold for fewer rows than their target."


def _scores(scores: Mapping[str, Any]) -> Iterator[str]:
    for score, part in scores.items():
        if not part or part.get("status") not in _BAD or part.get("current") is None:
            continue
        if score == "timeliness":
            now, target = (duration(part[key] * 3600) for key in ("current", "target"))
            yield f"Timeliness is {now}, later than the target of {target}."
        else:
            yield sentence(
                f"{score} is {percent(part['current'])}, "
                f"below the target of {percent(part['target'])}"
            )
