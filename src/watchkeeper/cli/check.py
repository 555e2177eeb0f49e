"""`watchkeeper check`: the same comparison, with an exit code for CI."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

import typer

from watchkeeper.cli.options import with_roles
from watchkeeper.cli.output import Outputs, check_outputs, write_outputs
from watchkeeper.cli.report import Current, Now, Reference, compared
from watchkeeper.cli.settings import say, settings_of


class FailOn(StrEnum):
    """From which severity a check fails the command."""

    WARNING = "warning"
    CRITICAL = "critical"


@with_roles
def check(
    context: typer.Context,
    reference: Reference,
    current: Current,
    output: Outputs = None,
    fail_on: Annotated[
        FailOn, typer.Option("--fail-on", help="Exit with 1 from this severity on.")
    ] = FailOn.CRITICAL,
    now: Now = None,
    *,
    model: str | None,
    roles: dict[str, Any],
) -> None:
    """Compare two sets of rows; exit 0 if all checks hold, 1 if one failed, 2 if it could not run.

    What is checked, and at which thresholds, stands in the model file.

    Example: watchkeeper check reference.parquet today.parquet --model model.yaml -o checks.xml
    """
    settings = settings_of(context)
    outputs = list(output or ())
    check_outputs(outputs)
    document = compared(reference, current, settings, model=model, roles=roles, now=now)
    write_outputs(document, outputs, settings, fail_on=fail_on.value)
    say(tally(document), settings)
    if has_failed(document, fail_on.value):
        raise typer.Exit(1)


def has_failed(document: Mapping[str, Any], fail_on: str) -> bool:
    """Whether a check failed, or warned where warnings fail.

    >>> has_failed({"checks": [{"status": "warn"}]}, "critical")
    False
    """
    bad = {"fail", "warn"} if fail_on == "warning" else {"fail"}
    return any(found["status"] in bad for found in document["checks"])


def tally(document: Mapping[str, Any]) -> str:
    """The counts of the checks in a line.

    >>> counts = {"passed": 4, "warned": 0, "failed": 1, "not_enough_data": 0}
    >>> tally({"summary": {"checks": counts}})
    'Checks: 4 passed, 1 failed.'
    """
    counts = document["summary"]["checks"]
    words = {"passed": "passed", "warned": "warned", "failed": "failed",
             "not_enough_data": "without enough data"}  # fmt: skip
    parts = [
        f"{counts[key]} {word}" for key, word in words.items() if counts[key] or key == "passed"
    ]
    return f"Checks: {', '.join(parts)}."
