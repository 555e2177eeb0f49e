"""The JSON Schema of the report document (2020-12), from which its reference page is made.

The schema is strict: an unknown key is an error, so that a document and its documentation cannot
grow apart. `docs/reference/report.schema.json` is this schema, written by `watchkeeper schema
report`.
"""

from __future__ import annotations

from watchkeeper.reports.schema_parts import BASELINE, COMMON, DRIFT, PERFORMANCE, QUALITY
from watchkeeper.reports.schema_types import (
    COUNT,
    DIRECTION,
    ESTIMATE,
    KIND,
    NOTES,
    ROLE,
    STATUS,
    STATUS_OR_NULL,
    TEXT,
    TEXT_OR_NULL,
    VERDICT,
    Schema,
    array,
    mapping,
    number,
    optional,
    record,
    ref,
)

VERSION = "1.0"
"""The version of the shape that this schema describes."""


def report_schema() -> Schema:
    """The schema of a report document of either kind.

    Examples
    --------
    >>> sorted(report_schema()["$defs"])[:3]
    ['bins', 'category', 'check']
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:watchkeeper:report:1.0",
        "title": "Watchkeeper report",
        "description": "What `watchkeeper report`, `check` and `track` write as JSON. A share is a "
        "fraction from 0 to 1; times are ISO 8601 in UTC; null is 'undefined'.",
        "oneOf": [ref("comparison"), ref("track")],
        "$defs": {**COMMON, **DRIFT, **PERFORMANCE, **QUALITY, **_KINDS},
    }


_SUMMARY: Schema = {
    "verdict": VERDICT,
    "status": STATUS,
    "headline": {**TEXT, "description": "the finding in one sentence"},
    "sentences": array(TEXT, "the page a colleague would write, strongest first"),
    "warnings": array(TEXT, "what makes the comparison itself less trustworthy"),
}
_HEAD: Schema = {
    "schema_version": {"const": VERSION},
    "generator": ref("generator"),
    "model": ref("model"),
    "reference": ref("side"),
}
_POINT = optional(record(ESTIMATE, {**NOTES, "status": STATUS_OR_NULL}))
_SERIES = array(number(), "one value a window")

_KINDS: Schema = {
    "comparison": record(
        {
            **_HEAD,
            "kind": {"const": "comparison"},
            "current": ref("side"),
            "summary": record(
                {
                    **_SUMMARY,
                    "checks": record(
                        dict.fromkeys(("passed", "warned", "failed", "not_enough_data"), COUNT)
                    ),
                    "drift": record(
                        dict.fromkeys(("columns", "drifted", "stable", "not_enough_data"), COUNT),
                        about="Columns by verdict, without the timestamp.",
                    ),
                }
            ),
            "checks": array(ref("check"), "failures first"),
            "drift": ref("drift"),
            "performance": optional(ref("performance")),
            "quality": ref("quality"),
        },
        about="One set of rows against its reference.",
    ),
    "track": record(
        {
            **_HEAD,
            "kind": {"const": "track"},
            "every": {**TEXT, "description": "the length of a window, such as 7d"},
            "summary": record(_SUMMARY),
            "windows": array(
                record(
                    {
                        "start": TEXT,
                        "end": {**TEXT, "description": "not in the window any more"},
                        "name": TEXT,
                        "rows": COUNT,
                        "labelled": COUNT,
                        "verdict": VERDICT,
                        "status": STATUS,
                        "drifted": {**COUNT, "description": "columns that drifted"},
                        "headline": TEXT,
                        "report": {**TEXT_OR_NULL, "description": "where its own report lies"},
                    }
                )
            ),
            "performance": mapping(
                record(
                    {
                        "reference": optional(BASELINE),
                        "direction": DIRECTION,
                        "unit": TEXT_OR_NULL,
                        "points": array(_POINT, "one a window; null where there is none"),
                    }
                )
            ),
            "performance_segments": mapping(mapping(mapping(array(_POINT)))),
            "drift": mapping(
                record(
                    {
                        "kind": KIND,
                        "role": ROLE,
                        "metrics": mapping(_SERIES),
                        "effect": _SERIES,
                        "low": _SERIES,
                        "high": _SERIES,
                        "verdicts": array(VERDICT),
                        "missing": _SERIES,
                    },
                    {"effect_metric": TEXT_OR_NULL},
                )
            ),
            "quality": mapping(_SERIES, "the scores over time"),
            "ranking": array(TEXT, "columns, largest effect first"),
        },
        about="Many windows against one reference.",
    ),
}
