"""The JSON schema of Alertmanager's configuration, as it is read here."""

from __future__ import annotations

from watchkeeper.alerts.reading import GLOBAL, INHIBIT, KINDS
from watchkeeper.files.schema import WRITTEN, Schema, document, mapping, maybe, named, told

_NAME: Schema = {"type": ["string", "number", "boolean"], "minLength": 1}
_LENGTH = maybe({
    "anyOf": [
        {"const": 0},
        {
            "type": "string",
            "pattern": r"^\s*(?=[0-9])([0-9]+y\s*)?(0|([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?"
            r"([0-9]+s)?([0-9]+ms)?)\s*$",
        },
    ]
})  # fmt: skip
_TRUTH: Schema = {
    "type": ["boolean", "string", "null"],
    "pattern": "^([yY]([eE][sS])?|[nN][oO]?|[oO]([nN]|[fF][fF])|[tT][rR][uU][eE]"
    "|[fF][aA][lL][sS][eE])$",
}
_PAIRS = maybe(named(WRITTEN))


def _list(items: Schema) -> Schema:
    return maybe({"type": "array", "items": items})


_TEXTS = _list(WRITTEN)


def alertmanager_schema() -> Schema:
    """The schema of the configuration; what a receiver's service takes is left to its channel.

    Examples
    --------
    >>> alertmanager_schema()["anyOf"][0]["required"]
    ['route']
    """
    inhibit: dict[str, Schema] = {key: {} for key in INHIBIT} | {
        **dict.fromkeys(("source_match", "source_match_re", "target_match", "target_match_re"),
                        _PAIRS),
        "source_matchers": told("What keeps others silent.", _TEXTS),
        "target_matchers": told("What is kept silent.", _TEXTS),
        "equal": told("Labels that must be the same on both sides.", _TEXTS),
    }  # fmt: skip
    intervals = _list({"$ref": "#/$defs/interval"})
    file = mapping(
        {
            "global": told("Settings of all receivers.", _settings()),
            "route": told("Where every alert begins.",
                          {"allOf": [{"$ref": "#/$defs/route"}, {"required": ["receiver"]}]}),
            "receivers": told("Who is told, by name.", _list({"$ref": "#/$defs/receiver"})),
            "inhibit_rules": told("Which alerts keep which others silent.",
                                  _list(maybe(mapping(inhibit)))),
            "time_intervals": told("Hours and days by name.", intervals),
            "mute_time_intervals": told("The older name of `time_intervals`.", intervals),
            "templates": told("Passed over: our own texts are sent.", _TEXTS),
        },
        "route",
    )  # fmt: skip
    parts = {"route": _route(), "receiver": _receiver(), "interval": _interval()}
    return document("Alertmanager configuration", file, parts, empty=False)


def _settings() -> Schema:
    held: dict[str, Schema] = {key: {} for key in GLOBAL}
    ends = told("How long an alert that says no end lives; 5m by default.", _LENGTH)
    return maybe(mapping({**held, "resolve_timeout": ends}))


def _route() -> Schema:
    return mapping({
        "receiver": told("Who is told; that of the parent where left out.", WRITTEN),
        "group_by": told("Labels; alerts that are alike in them share a message.", _TEXTS),
        "group_wait": told("From the first alert of a group to its first message; 30s.", _LENGTH),
        "group_interval": told("From one look at a group to the next; 5m.", _LENGTH),
        "repeat_interval": told("From a message to its repeat while nothing changes; 4h.",
                                _LENGTH),
        "matchers": told('Which alerts it takes: severity=~"P0|P1".', _TEXTS),
        "match": told("The older form of matchers.", _PAIRS),
        "match_re": told("The older form of matchers with expressions.", _PAIRS),
        "continue": told("Whether the routes after it are tried, too.", _TRUTH),
        "mute_time_intervals": told("When it is silent.", _TEXTS),
        "active_time_intervals": told("When alone it is not silent.", _TEXTS),
        "routes": told("Children; the first that takes an alert has it.",
                       _list(maybe({"$ref": "#/$defs/route"}))),
    })  # fmt: skip


def _receiver() -> Schema:
    services = {f"{kind}_configs": _list({"type": ["object", "null"]}) for kind in KINDS}
    return mapping(
        {"name": told("What routes call it.", _NAME), **services},
        "name",
        patternProperties={"_configs$": _list({"type": ["object", "null"]})},
    )


def _interval() -> Schema:
    clock = {"type": "string", "pattern": "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"}
    times = mapping({"start_time": clock, "end_time": clock}, "start_time", "end_time")
    spec = mapping({
        "times": told("From a time of day to another.", _list(times)),
        "weekdays": told("Such as [monday:friday].", _TEXTS),
        "days_of_month": told('Such as ["1:5", "-1"].', _TEXTS),
        "months": told('Such as [january:march] or ["1:3"].', _TEXTS),
        "years": told('Such as ["2026:2028"].', _TEXTS),
        "location": told("A time zone such as Europe/Berlin; UTC by default.", WRITTEN),
    })  # fmt: skip
    return mapping(
        {"name": told("What routes call it.", _NAME), "time_intervals": _list(maybe(spec))}, "name"
    )
