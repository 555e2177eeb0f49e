"""The parts of the report document as JSON Schema: drift, performance, quality."""

from __future__ import annotations

from watchkeeper.reports.schema_types import (
    COUNT,
    COUNT_OR_NULL,
    DIRECTION,
    ESTIMATE,
    FLAG_OR_NULL,
    KIND,
    NOTES,
    NUMBERS,
    ROLE,
    SHARE,
    SHARE_OR_NULL,
    SIDES,
    STATUS,
    STATUS_OR_NULL,
    TASK,
    TEXT,
    TEXT_OR_NULL,
    VERDICT,
    Schema,
    array,
    mapping,
    number,
    one_of,
    optional,
    pair,
    record,
    ref,
)

COMMON: Schema = {
    "estimate": record(ESTIMATE, NOTES, "A measured number with what one needs to trust it."),
    "generator": record({"name": TEXT, "version": TEXT}),
    "model": record(
        {
            "name": TEXT_OR_NULL,
            "task": TASK,
            "label": TEXT_OR_NULL,
            "prediction": TEXT_OR_NULL,
            "score": TEXT_OR_NULL,
            "timestamp": TEXT_OR_NULL,
            "classes": array(TEXT, "in order; for a binary model negative, positive"),
            "threshold": number("score at and above which the positive class is said"),
            "segments": array(TEXT),
            "sensitive": array(TEXT),
        },
        about="The model's roles.",
    ),
    "side": record(
        {
            "name": TEXT,
            "rows": COUNT,
            "labelled": {**COUNT, "description": "rows with a label and a prediction"},
            "start": {**TEXT_OR_NULL, "description": "first time, ISO 8601, UTC"},
            "end": {**TEXT_OR_NULL, "description": "last time, ISO 8601, UTC"},
        },
        about="One set of rows.",
    ),
    "check": record(
        {
            "id": TEXT,
            "group": one_of("drift", "performance", "quality", "schema", "rules"),
            "subject": {**TEXT, "description": "the column, metric, score or rule"},
            "metric": TEXT_OR_NULL,
            "segment": optional(record({"column": TEXT, "value": TEXT})),
            "status": STATUS,
            "value": number(),
            "threshold": number(),
            "operator": {
                **TEXT_OR_NULL,
                "description": "how value and threshold compare",
            },
            "severity": one_of("warning", "critical"),
            "message": {**TEXT, "description": "one plain sentence"},
        },
        about="One verdict, with what was measured and what is allowed.",
    ),
}

_MOMENTS = ("mean", "std", "min", "max", "p01", "p05", "p25", "p50", "p75", "p95", "p99")
_SCORES = ("completeness", "accuracy", "consistency", "timeliness", "validity")

_STATISTICS = record(
    {"rows": COUNT, "missing": COUNT, "distinct": number()},
    {
        "infinities": COUNT_OR_NULL,
        "zeros": COUNT_OR_NULL,
        "nans": COUNT_OR_NULL,
        **{
            name: number()
            for name in (
                "mean",
                "std",
                "min",
                "max",
                "p01",
                "p05",
                "p25",
                "p50",
                "p75",
                "p95",
                "p99",
            )
        },
    },
    "Numbers of one side of a column; those of text are of its lengths in characters.",
)

DRIFT: Schema = {
    "statistics": _STATISTICS,
    "effect": record(
        {"metric": TEXT_OR_NULL, "value": number(), "low": number(), "high": number()},
        about="The size of the change, on the scale that columns are ranked by.",
    ),
    "detectable": record(
        {"text": TEXT_OR_NULL},
        {
            name: number()
            for name in ("ks", "total_variation", "mean_shift", "missing_share", "power")
        },
        "The smallest change that these numbers of rows would have shown.",
    ),
    "category": record({"value": TEXT_OR_NULL, "rows": COUNT, "share": SHARE}),
    "distribution": {
        "description": "Shares of all rows; a side's shares and its `missing`, `below`, `above` or "
        "`new` add up to 1. Pairs are reference, current.",
        "oneOf": [
            record(
                {
                    "kind": one_of("numeric", "datetime", "text"),
                    "edges": array(
                        {"type": "number"},
                        "ends of the bins; seconds since 1970 for datetime, characters for text",
                    ),
                    "reference": array(SHARE),
                    "current": array(SHARE),
                    "missing": SIDES,
                    "below": SIDES,
                    "above": SIDES,
                }
            ),
            record(
                {
                    "kind": one_of("categorical"),
                    "categories": array(TEXT),
                    "reference": array(SHARE),
                    "current": array(SHARE),
                    "missing": SIDES,
                    "new": SIDES,
                }
            ),
        ],
    },
    "drift_column": record(
        {
            "kind": KIND,
            "role": ROLE,
            "verdict": VERDICT,
            "change": {
                **one_of("none", "harmless", "relevant", "unknown"),
                "description": "'harmless': more than chance explains, within the tolerance",
            },
            "psi_reading": one_of("none", "moderate", "significant", None),
            "effect": ref("effect"),
            "p_value": number("of the tolerance null, before correction"),
            "p_adjusted": number("after correction for the number of columns"),
            "reason": {**TEXT, "description": "one plain sentence: what moved, by how much"},
            "detectable": optional(ref("detectable")),
            "metrics": mapping(ref("estimate"), "by metric name"),
            "statistics": pair(ref("statistics"), "Both sides of the column."),
            "new_categories": array(ref("category")),
            "vanished_categories": array(ref("category")),
            "distribution": optional(ref("distribution")),
        }
    ),
    "drift_segment": record(
        {
            "rows_reference": COUNT,
            "rows_current": COUNT,
            "drifted": COUNT,
            "columns": mapping(
                record({"verdict": VERDICT, "effect": ref("effect"), "p_adjusted": number()})
            ),
        }
    ),
    "drift": record(
        {
            "alpha": {"type": "number"},
            "correction": TEXT,
            "tolerance": {"type": "number"},
            "ranking": array(TEXT, "all columns, strongest effect first"),
            "columns": mapping(ref("drift_column")),
            "segments": mapping(mapping(ref("drift_segment")), "by column, then by value"),
        },
        {"reference_warning": {**TEXT_OR_NULL, "description": "where the reference is too small"}},
    ),
}

BASELINE = record({"value": number(), "low": number(), "high": number(), "n": COUNT_OR_NULL})
_CHANGE = record({name: number() for name in ("value", "low", "high", "p_value")})
_GROUP = {
    "type": "object",
    "properties": {"rows": COUNT, "labelled": COUNT},
    "required": ["rows"],
    "additionalProperties": optional(ref("estimate")),
    "description": "rates of one group, by name",
}
_CURVE = array(NUMBERS, "points")

PERFORMANCE: Schema = {
    "performance_metric": record(
        {
            **ESTIMATE,
            "reference": optional(BASELINE),
            "change": optional(_CHANGE),
            "direction": {**DIRECTION, "description": "which way is better"},
            "unit": TEXT_OR_NULL,
            "status": STATUS_OR_NULL,
            "method": {**TEXT_OR_NULL, "description": "how the interval is made"},
        },
        {
            **NOTES,
            "message": TEXT_OR_NULL,
            "threshold": number(),
            "operator": TEXT_OR_NULL,
            "severity": TEXT_OR_NULL,
        },
        "`value`, `low` and `high` are of the current rows.",
    ),
    "plain_metric": record(
        {**ESTIMATE, "reference": optional(BASELINE), "change": optional(_CHANGE)},
        NOTES,
        "A number of the current rows that has no better direction and no check.",
    ),
    "performance_segment": record(
        {
            "rows_reference": {**COUNT, "description": "labelled reference rows"},
            "rows_current": {**COUNT, "description": "labelled current rows"},
            "metrics": mapping(ref("performance_metric")),
        }
    ),
    "bins": array(
        record(
            {
                "low": {"type": "number"},
                "high": {"type": "number"},
                "mean_score": number(),
                "rate": number(),
                "rate_low": number(),
                "rate_high": number(),
                "n": COUNT,
            }
        ),
        "bins of the score, with the rate that came true",
    ),
    "confidence": record(
        {
            "mean": number(),
            "low_share": number(),
            "below": number("what counts as low"),
            "counts": array(COUNT, "rows in equal bins of the confidence"),
        }
    ),
    "fairness": {
        "type": "object",
        "properties": {"groups": mapping(_GROUP)},
        "additionalProperties": ref("performance_metric"),
    },
    "performance": record(
        {
            "task": TASK,
            "metrics": mapping(ref("performance_metric")),
            "segments": mapping(mapping(ref("performance_segment")), "by column, then by value"),
            "coverage": pair(SHARE_OR_NULL, "Labelled share of the rows."),
            "confusion": optional(
                record(
                    {
                        "labels": array(TEXT),
                        "reference": array(array(COUNT)),
                        "current": array(array(COUNT)),
                    },
                    about="Counts; rows are the truth, columns what was predicted.",
                )
            ),
            "calibration": optional(pair(ref("bins"), "Scores against what came true.")),
            "roc": optional(pair(_CURVE, "False-positive rate, true-positive rate.")),
            "pr": optional(pair(_CURVE, "Recall, precision.")),
            "confidence": optional(pair(ref("confidence"), "How sure the model was.")),
            "errors": optional(
                record(
                    {"edges": NUMBERS, "reference": NUMBERS, "current": NUMBERS},
                    about="Shares of prediction minus label.",
                )
            ),
            "fairness": mapping(ref("fairness"), "by sensitive column"),
        },
        {
            "classes": optional(mapping(mapping(ref("plain_metric")), "metrics of each class")),
            "prediction": optional(mapping(ref("plain_metric"), "what is predicted")),
            "error_quantiles": optional(mapping(ref("plain_metric"), "of prediction minus label")),
        },
    ),
}

_FAULT = record(
    {
        "reference": number(),
        "current": number(),
        "threshold": number(),
        "status": STATUS_OR_NULL,
    },
    {
        "minimum": {"type": ["number", "string", "null"]},
        "maximum": {"type": ["number", "string", "null"]},
        "pattern": TEXT_OR_NULL,
        "source": {**one_of("declared", "reference"), "description": "where the limits are from"},
        "exact": {"type": "boolean"},
        "expected": number("values that these numbers of rows let expect"),
        "change": number("as a share of what was expected"),
        "note": TEXT,
    },
)
_FAULT_OR_NULL = optional(ref("fault"))

QUALITY: Schema = {
    "fault": {**_FAULT, "description": "A share of a column, or a count of values, and its limit."},
    "score": record(
        {
            "reference": number(),
            "current": number(),
            "target": number(),
            "status": STATUS_OR_NULL,
            "n": COUNT_OR_NULL,
        },
        {"note": TEXT},
    ),
    "quality_column": record(
        {
            "missing": _FAULT_OR_NULL,
            "out_of_range": _FAULT_OR_NULL,
            "unseen": _FAULT_OR_NULL,
            "infinities": optional(ref("counts")),
            "nans": optional(ref("counts")),
            "constant": optional(
                record(
                    {
                        "reference": FLAG_OR_NULL,
                        "current": FLAG_OR_NULL,
                        "status": STATUS_OR_NULL,
                    }
                )
            ),
            "cardinality": _FAULT_OR_NULL,
            "pattern": _FAULT_OR_NULL,
            "length": _FAULT_OR_NULL,
            "status": STATUS_OR_NULL,
        }
    ),
    "counts": record(
        {"reference": number(), "current": number()},
        {"threshold": number(), "status": STATUS_OR_NULL},
    ),
    "rule": record(
        {
            "name": TEXT,
            "expression": TEXT,
            "rows": COUNT,
            "failed": COUNT,
            "unknown": {**COUNT, "description": "rows on which a missing value leaves it open"},
            "share_passed": SHARE_OR_NULL,
            "target": SHARE,
            "status": STATUS,
            "severity": one_of("warning", "critical"),
        }
    ),
    "quality": record(
        {
            "scores": record(
                {
                    name: ref("score")
                    for name in (
                        "completeness",
                        "accuracy",
                        "consistency",
                        "timeliness",
                        "validity",
                    )
                },
                about="Shares; `timeliness` is in hours.",
            ),
            "schema": record(
                {
                    "missing": array(TEXT),
                    "unexpected": array(TEXT),
                    "retyped": array(record({"column": TEXT, "expected": TEXT, "got": TEXT})),
                    "status": STATUS_OR_NULL,
                }
            ),
            "columns": mapping(ref("quality_column")),
            "rules": array(ref("rule")),
            "duplicates": record(
                {
                    "reference": SHARE_OR_NULL,
                    "current": SHARE_OR_NULL,
                    "kind": one_of("rows", "ids"),
                    "exact": {"type": "boolean"},
                    "status": STATUS_OR_NULL,
                },
                {"threshold": number()},
            ),
        }
    ),
}
