"""Every verdict of a document as one list of checks, with what was measured and allowed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from watchkeeper.app.limits import hold
from watchkeeper.app.words import percent, sentence
from watchkeeper.core.model import Model

Check = dict[str, Any]

_WORST = ("fail", "warn", "not_enough_data", "pass")


def list_checks(document: Mapping[str, Any], model: Model) -> list[Check]:
    """The checks of drift, performance, schema, quality and rules, failures first.

    A group that the model's `fail_on` leaves out is reported, but at worst as a warning.
    """
    found = [
        *_drift(document["drift"]),
        *_performance(document["performance"]),
        *_schema(document["quality"]),
        *_quality(document["quality"]),
        *_rules(document["quality"]),
        *_limits(document, model),
    ]
    for check in found:
        if check["status"] == "fail" and check["group"] not in model.thresholds.fail_on:
            check["status"] = "warn"
    return sorted(found, key=lambda check: _WORST.index(check["status"]))


def _check(  # noqa: PLR0913  # one field of the documented record each
    group: str,
    subject: str,
    metric: str,
    status: str,
    message: str,
    *,
    value: float | None = None,
    threshold: float | None = None,
    operator: str | None = None,
    segment: Mapping[str, str] | None = None,
) -> Check:
    place = f".{segment['column']}={segment['value']}" if segment else ""
    return {
        "id": f"{group}.{subject}.{metric}{place}"
        if metric != subject
        else f"{group}.{subject}{place}",
        "group": group,
        "subject": subject,
        "metric": metric,
        "segment": dict(segment) if segment else None,
        "status": status,
        "value": value,
        "threshold": threshold,
        "operator": operator,
        "severity": "critical" if status == "fail" else "warning",
        "message": message,
    }


def _drift(drift: Mapping[str, Any]) -> Iterator[Check]:
    """A column that drifted fails where PSI calls the change significant, else warns."""
    for name in drift["ranking"]:
        column = drift["columns"][name]
        status = {"stable": "pass", "not_enough_data": "not_enough_data"}.get(column["verdict"])
        if status is None:
            status = "warn" if column["psi_reading"] in {"none", "moderate"} else "fail"
        yield _check(
            "drift",
            name,
            column["effect"]["metric"],
            status,
            sentence(column["reason"]),
            value=column["effect"]["value"],
            threshold=drift["tolerance"],
            operator=">",
        )


def _performance(performance: Mapping[str, Any] | None) -> Iterator[Check]:
    if performance is None:
        return
    for name, metric in performance["metrics"].items():
        if metric["status"] is not None:
            yield _performance_check(name, metric, None)
    for column, values in performance["segments"].items():
        for value, segment in values.items():
            for name, metric in segment["metrics"].items():
                if metric["status"] in {"warn", "fail"}:
                    yield _performance_check(name, metric, {"column": column, "value": value})


def _performance_check(
    name: str, metric: Mapping[str, Any], segment: Mapping[str, str] | None
) -> Check:
    return _check(
        "performance",
        name,
        name,
        metric["status"],
        metric["message"],
        value=metric["value"],
        threshold=metric.get("threshold"),
        operator=metric.get("operator"),
        segment=segment,
    )


def _schema(quality: Mapping[str, Any]) -> Iterator[Check]:
    """Any violation of the schema fails (Q1)."""
    schema = quality["schema"]
    for name in schema["missing"]:
        yield _check("schema", name, "missing_column", "fail", f"The column {name} is missing.")
    for name in schema["unexpected"]:
        message = f"The column {name} is new: the reference does not have it."
        yield _check("schema", name, "unexpected_column", "warn", message)
    for change in schema["retyped"]:
        message = f"The column {change['column']} is {change['got']}, not {change['expected']}."
        yield _check("schema", change["column"], "retyped_column", "fail", message)
    if not (schema["missing"] or schema["unexpected"] or schema["retyped"]):
        yield _check("schema", "schema", "schema", "pass", "Every column is there, with its type.")


_QUALITY = {
    "missing": "missing values",
    "out_of_range": "values out of range",
    "unseen": "values that the reference does not have",
    "infinities": "infinite values",
    "nans": "values that are not a number",
    "pattern": "values that do not match their pattern",
    "length": "values of a wrong length",
}


def _quality(quality: Mapping[str, Any]) -> Iterator[Check]:
    for name, column in quality["columns"].items():
        for metric, found in column.items():
            if isinstance(found, Mapping) and found.get("status") is not None:
                yield _quality_check(name, metric, found)
    for name, score in quality["scores"].items():
        if score and score.get("status") is not None:
            yield _score_check(name, score)
    duplicates = quality["duplicates"]
    if duplicates.get("status") is not None:
        share = duplicates["current"]
        message = f"{percent(share)} of the {duplicates['kind']} repeat an earlier one."
        yield _check(
            "quality", "duplicates", "duplicates", duplicates["status"], message, value=share
        )


def _quality_check(name: str, metric: str, found: Mapping[str, Any]) -> Check:
    value, threshold = found.get("current"), found.get("threshold")
    if metric in _QUALITY:
        message = f"{name}: {percent(value)} {_QUALITY[metric]}"
        message += f" ({percent(found.get('reference'))} in the reference)."
    elif metric == "constant":
        message = f"{name} holds one value only." if value else f"{name} is not constant."
    else:
        message = f"{name}: {value} different values ({found.get('reference')} in the reference)."
    number = float(value) if isinstance(value, (int, float)) else None
    return _check(
        "quality", name, metric, found["status"], message, value=number, threshold=threshold,
        operator=">" if threshold is not None else None,
    )  # fmt: skip


def _score_check(name: str, score: Mapping[str, Any]) -> Check:
    hours = name == "timeliness"
    value, target = score["current"], score["target"]
    shown = f"{value:.3g} h" if hours and value is not None else percent(value)
    aim = f"{target:.3g} h" if hours else percent(target)
    return _check(
        "quality", name, name, score["status"],
        f"{name.capitalize()} is {shown}; it should be {'at most' if hours else 'at least'} {aim}.",
        value=value, threshold=target, operator=">" if hours else "<",
    )  # fmt: skip


def _rules(quality: Mapping[str, Any]) -> Iterator[Check]:
    for rule in quality["rules"]:
        message = (
            f"{rule['name']} holds for {percent(rule['share_passed'])} of the rows; "
            f"the target is {percent(rule['target'])}."
        )
        yield _check(
            "rules", rule["name"], "rule", rule["status"], message,
            value=rule["share_passed"], threshold=rule["target"], operator="<",
        )  # fmt: skip


def _limits(document: Mapping[str, Any], model: Model) -> Iterator[Check]:
    """The limits that the user has written; they belong to drift or performance."""
    for limit, status, value, threshold, operator in hold(document, model):
        of = f"{limit.metric} of {limit.column}" if limit.column else limit.metric
        message = f"{of} was not measured."
        if value is not None:
            relation = {"<": "at least", ">": "at most"}.get(operator, "about")
            message = f"{of} is {value:.4g}; it may be {relation} {threshold:g}."
        yield _check(
            "drift" if limit.column else "performance", limit.column or limit.metric,
            f"limit.{limit.metric}", status, message,
            value=value, threshold=threshold if value is not None else None,
            operator=operator or None,
        )  # fmt: skip
