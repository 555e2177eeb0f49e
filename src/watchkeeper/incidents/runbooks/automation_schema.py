"""The JSON schema of `automation.yaml`, by which editors complete and check it."""

from __future__ import annotations

from watchkeeper.files.schema import (
    CLOCK,
    FLAG,
    LENGTH,
    TEXT,
    Schema,
    choice,
    document,
    each,
    mapping,
    matching,
    named,
    told,
    whole,
)
from watchkeeper.incidents.runbooks.addresses import ADDRESS
from watchkeeper.incidents.runbooks.automation import (
    COUNTS,
    FOLDER,
    NAMESPACE,
    SLACK,
    SPANS,
    STEP,
    VARIABLE,
)
from watchkeeper.incidents.runbooks.limits import Mode
from watchkeeper.incidents.runbooks.step import ACTIONS

_MODE = choice(Mode)
_URL = matching(ADDRESS)

_SAID = {
    "per_pair": "Runs of one action on one target within `per_pair_span` (1).",
    "per_pair_daily": "Runs of one action on one target within 24 hours (3).",
    "in_all": "Runs of all actions within `in_all_span` (10).",
    "proven": "Approved runs that helped before an action may run by itself (3).",
    "freeze_after": "Runs that did not help within `freeze_span`, which freeze everything (3).",
    "per_pair_span": "15m by default.",
    "in_all_span": "1h by default.",
    "auto_off": "How long a target is left to people after two runs that did not help (24h).",
    "freeze_span": "1h by default.",
    "longest": "After so long an attempt is stopped, whatever its step says (30m).",
}


def automation_schema() -> Schema:
    """The schema of what runbooks may do.

    Examples
    --------
    >>> automation_schema()["anyOf"][0]["properties"]["mode"]["enum"]
    ['off', 'dry_run', 'approve', 'auto']
    """
    file = mapping({
        "mode": told("How far actions may go; off where left out.", _MODE),
        "exceptions": {
            "description": "Another mode for one step, RUNBOOK/STEP, or for a kind of action.",
            "type": "object",
            "propertyNames": {"anyOf": [choice(sorted(ACTIONS)), {"pattern": "^[^/]+/(.|\\n)+$"}]},
            "additionalProperties": _MODE,
        },
        "limits": _limits(),
        "freezes": told("Times at which nothing is begun.", each(_closed())),
        "programs": told("Programs that commands may run, as runbooks write them.", each(TEXT)),
        "playbooks": told("Folders whose Ansible playbooks may be run.", each(matching(FOLDER))),
        "addresses": told("What addresses of webhooks and probes must begin with.", each(_URL)),
        "namespaces": told("Kubernetes namespaces that may be touched.", each(matching(NAMESPACE))),
        "secrets": told("Environment variables that steps may name.", each(matching(VARIABLE))),
        "mlflow_url": told("The MLflow server.", _URL),
        "fallback": told(
            "Where the word to fall back goes, whatever a step says.",
            mapping({"url": _URL, "off_url": _URL, "secret": matching(VARIABLE)}, "url"),
        ),
        "rollback": told("RUNBOOK/STEP that a rollback runs which is asked for in a chat.",
                         matching(STEP)),
        "slack": told("Ids of Slack users who may ask for runs and approve them, each with the "
                      "name of the same person here.",
                      named(TEXT) | {"propertyNames": matching(SLACK)}),
    })  # fmt: skip
    return document("What runbooks may do on this server", file)


def _closed() -> Schema:
    return mapping(
        {
            "reason": told("Why, as whoever is refused is told.", TEXT),
            "zone": told("A time zone such as Europe/Zurich; UTC where left out.", TEXT),
            "days": told("Weekdays and ranges of them: [mon-thu, sat].", each(TEXT)),
            "from": told("A time of day.", CLOCK),
            "to": told("A time of day; 24:00 is midnight.", CLOCK),
            "start": told("A date, or a date and a time: a freeze that comes once.", CLOCK),
            "end": told("When that ends.", CLOCK),
        },
        "reason",
    )


def _limits() -> Schema:
    counts = {name: told(_SAID[name], whole(*ends)) for name, ends in COUNTS.items()}
    spans = {name: told(_SAID[name], LENGTH) for name in SPANS}
    major = told("Whether actions run by themselves in a SEV-0 or SEV-1, too.", FLAG)
    return mapping({**counts, **spans, "auto_when_major": major})
