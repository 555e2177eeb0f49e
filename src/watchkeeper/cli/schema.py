"""`watchkeeper schema`: the JSON Schema of what is written, and of the files that people write."""

from __future__ import annotations

import json
from enum import StrEnum
from importlib import import_module
from typing import Annotated, Any

import typer

from watchkeeper.cli.output import print_json


class Subject(StrEnum):
    """What has a schema."""

    REPORT = "report"
    MODEL = "model"
    RULES = "rules"
    RULE_TESTS = "rule-tests"
    SLOS = "slos"
    OPENSLO = "openslo"
    ALERTMANAGER = "alertmanager"
    ONCALL = "oncall"
    AUTOMATION = "automation"
    OIDC = "oidc"
    DASHBOARD = "dashboard"


_MAKERS = {
    Subject.REPORT: "watchkeeper.reports.schema:report_schema",
    Subject.MODEL: "watchkeeper.app.model_file:json_schema",
    Subject.RULES: "watchkeeper.monitors.rule_file_schema:rule_schema",
    Subject.RULE_TESTS: "watchkeeper.monitors.rule_tests_schema:rule_tests_schema",
    Subject.SLOS: "watchkeeper.monitors.slo.schema:slo_schema",
    Subject.OPENSLO: "watchkeeper.monitors.slo.openslo_schema:openslo_schema",
    Subject.ALERTMANAGER: "watchkeeper.alerts.schema:alertmanager_schema",
    Subject.ONCALL: "watchkeeper.incidents.oncall.schema:on_call_schema",
    Subject.AUTOMATION: "watchkeeper.incidents.runbooks.automation_schema:automation_schema",
    Subject.OIDC: "watchkeeper.app.people.oidc.schema:oidc_schema",
    Subject.DASHBOARD: "watchkeeper.app.dashboards.schema:dashboard_schema",
}
"""Who makes which; nothing of it is imported before it is asked for."""


def schema(
    subject: Annotated[
        Subject, typer.Argument(help="A kind of file that people write, or report.")
    ],
) -> None:
    """Print the JSON Schema of a kind of file, for editors, or of the report.

    With `# yaml-language-server: $schema=./rules.schema.json` as its first line a file is completed
    and checked while it is written.

    Example: watchkeeper schema rules > rules.schema.json
    """
    print_json(schema_of(subject))


def schema_of(subject: Subject) -> Any:
    """The schema of a kind of file.

    >>> schema_of(Subject.ONCALL)["title"]
    'Watchkeeper on-call'
    """
    module, _, name = _MAKERS[subject].partition(":")
    made = getattr(import_module(module), name)()
    return json.loads(made) if isinstance(made, str) else made
