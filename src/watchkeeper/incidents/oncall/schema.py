"""The JSON schema of `oncall.yaml`."""

from __future__ import annotations

from watchkeeper.core.alert import Severity
from watchkeeper.files.schema import (
    CLOCK,
    LENGTH,
    TEXT,
    Schema,
    choice,
    document,
    each,
    mapping,
    named,
    told,
    whole,
)
from watchkeeper.incidents.incident import Sev
from watchkeeper.incidents.oncall.escalation import MAX_REPEAT, MAX_STEPS
from watchkeeper.incidents.oncall.file import ROTATIONS
from watchkeeper.incidents.oncall.people import CONTACTS

_ZONE = told("A time zone such as Europe/Zurich.", TEXT)
_HOURS = mapping({
    "days": told("Weekdays and ranges of them: [mon-thu, sat]; every day where left out.",
                 each(TEXT)),
    "from": told("A time of day.", CLOCK),
    "to": told("A time of day; 24:00 is midnight.", CLOCK),
})  # fmt: skip


def on_call_schema() -> Schema:
    """The schema of people, schedules and chains.

    Examples
    --------
    >>> list(on_call_schema()["$defs"])
    ['user', 'schedule', 'layer', 'chain']
    """
    file = mapping({
        "users": told("People, by the name that others use here.", named(_ref("user"))),
        "schedules": told("Who is on call when.", named(_ref("schedule"))),
        "escalations": told("Who is told after whom: `default`, or by a severity (SEV-0, P0).",
                            named(_ref("chain"))),
    })  # fmt: skip
    parts = {"user": _user(), "schedule": _schedule(), "layer": _layer(), "chain": _chain()}
    return document("Watchkeeper on-call", file, parts)


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _user() -> Schema:
    contact = mapping(dict.fromkeys(CONTACTS, TEXT), minProperties=1, maxProperties=1)
    return mapping({
        "name": told("As messages show it.", TEXT),
        "zone": _ZONE,
        "contacts": told("Ways to reach somebody, such as a receiver of the routing file.",
                         each(contact)),
    })  # fmt: skip


def _schedule() -> Schema:
    override = mapping({"user": each(TEXT), "from": CLOCK, "to": CLOCK}, "user", "from", "to")
    return mapping(
        {
            "zone": _ZONE,
            "layers": told("Rotations and calendars; of two the higher priority counts.",
                           each(_ref("layer"))),
            "overrides": told("Who stands in.", each(override)),
        },
        "layers",
    )  # fmt: skip


def _layer() -> Schema:
    return mapping(
        {
            "name": TEXT,
            "priority": told("The higher wins; 0 by default.", whole(-1000, 1000)),
            "zone": _ZONE,
            "only": told("Hours outside of which the layer says nothing.", each(_HOURS)),
            "rotation": told("How long a turn is.", choice(ROTATIONS)),
            "every": told("So many days or weeks; of a custom one a length such as 12h.",
                          {"anyOf": [whole(1, 52), LENGTH]}),
            "users": told("Who takes turns, in order.", each(TEXT)),
            "start": told("The day of the first turn.", CLOCK),
            "handover": told("The time of day at which turns change.", CLOCK),
            "until": told("When it ends, on the wall of the zone.", CLOCK),
            "calendar": told("A calendar file (ICS) instead of a rotation.", TEXT),
        },
        oneOf=[{"required": ["calendar"]}, {"required": ["rotation", "users", "start"]}],
    )  # fmt: skip


def _chain() -> Schema:
    target = mapping(
        {"user": each(TEXT), "schedule": TEXT, "receiver": TEXT}, minProperties=1, maxProperties=1
    )
    when = mapping({
        "severity": told("Only for these.", each(choice([*Severity, *Sev]))),
        "hours": told("Only then.", each(_HOURS)),
        "zone": _ZONE,
    })  # fmt: skip
    step = mapping(
        {
            "notify": told("Whom to tell, one or several.", each(target)),
            "wait": told("How long until the next step; 5m by default.", LENGTH),
            "when": when,
        },
        "notify",
    )
    steps = {
        "anyOf": [{"type": "array", "items": step, "minItems": 1, "maxItems": MAX_STEPS}, step]
    }
    return mapping(
        {"steps": steps, "repeat": told("So many times again.", whole(0, MAX_REPEAT))}, "steps"
    )
