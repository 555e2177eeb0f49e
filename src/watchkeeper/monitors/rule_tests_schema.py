"""The JSON schema of files of rule tests."""

from __future__ import annotations

from watchkeeper.files.schema import (
    LENGTH,
    TEXT,
    WRITTEN,
    Schema,
    document,
    mapping,
    maybe,
    named,
    number,
    told,
)

_VALUES = told("As promtool writes them: 0.95x10 0.8x5 _x3.", TEXT)


def _many(items: Schema) -> Schema:
    return maybe({"type": "array", "items": items})


def rule_tests_schema() -> Schema:
    """The schema of a file of rule tests, in the shape that `promtool test rules` reads.

    Examples
    --------
    >>> rule_tests_schema()["title"]
    'Tests of Watchkeeper rules'
    """
    series = mapping(
        {
            "series": told('A metric with its labels: accuracy{model="flights"}.', TEXT),
            "values": _VALUES, "rows": _VALUES, "low": _VALUES, "high": _VALUES,
        },
        "series", "values",
    )  # fmt: skip
    events = mapping(
        {"slo": TEXT, "objective": number(), "bad": _VALUES, "total": _VALUES},
        "slo", "objective", "bad", "total",
    )  # fmt: skip
    alert = mapping({"exp_labels": maybe(named(WRITTEN)), "exp_annotations": maybe(named(WRITTEN))})
    check = mapping(
        {
            "eval_time": told("How long after the beginning.", LENGTH),
            "alertname": told("The rule.", TEXT),
            "exp_alerts": told("All of its alerts that fire then, and no other.", _many(alert)),
        },
        "eval_time", "alertname",
    )  # fmt: skip
    test = mapping({
        "name": told("What is tested.", TEXT),
        "interval": told("How far apart the values are; 1m by default.", LENGTH),
        "input_series": told("The metrics.", _many(series)),
        "input_events": told("The events of SLOs.", _many(events)),
        "constants": told("Numbers that do not change.", maybe(named(number()))),
        "alert_rule_test": told("What fires when.", _many(check)),
    })  # fmt: skip
    file = mapping(
        {
            "rule_files": told("The rules, beside this file.", _many(TEXT)),
            "evaluation_interval": told("How often rules are evaluated; 1m by default.", LENGTH),
            "group_eval_order": told("Taken for the sake of promtool.", {}),
            "tests": _many(test),
        },
        "tests",
    )
    return document("Tests of Watchkeeper rules", file)
