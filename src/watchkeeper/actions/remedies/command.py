"""A program of one's own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from watchkeeper.actions.remedies.base import UNDO_UNKNOWN, Outcome, outcome
from watchkeeper.actions.remedies.process import Runner, shown


@dataclass(frozen=True, slots=True)
class Command:
    """Runs a program with arguments; no shell reads them.

    Attributes
    ----------
    argv
        The program and its arguments.
    runner
        How programs are run.
    env
        More environment variables.
    dry_run_argv
        What a dry run runs instead; without it a dry run only says what would be run.
    """

    argv: tuple[str, ...]
    runner: Runner = field(default_factory=Runner)
    env: Mapping[str, str] = field(default_factory=dict)
    dry_run_argv: tuple[str, ...] = ()

    def describe(self) -> str:
        """The command line."""
        return shown(self.argv)

    def dry_run(self, variables: Mapping[str, str]) -> Outcome:
        """Run what shows the effect, where there is such a thing."""
        if not self.dry_run_argv:
            return outcome("ok", f"would run: {self.describe()}", secrets=self.runner.secrets)
        return self.runner.run(self.dry_run_argv, {**environment(variables), **self.env})

    def run(self, variables: Mapping[str, str]) -> Outcome:
        """Run it; the variables are in its environment."""
        return self.runner.run(self.argv, {**environment(variables), **self.env})

    def undo(self, memory: Mapping[str, str]) -> Outcome:
        """A program cannot be taken back; a runbook names a step that does."""
        del memory
        return outcome("failed", UNDO_UNKNOWN)


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Variables as a program finds them in its environment.

    Examples
    --------
    >>> environment({"alert.labels.model": "fares", "incident.number": "7"})
    {'WATCHKEEPER_ALERT_LABELS_MODEL': 'fares', 'WATCHKEEPER_INCIDENT_NUMBER': '7'}
    """
    return {
        "WATCHKEEPER_" + re.sub(r"[^A-Za-z0-9]+", "_", name).upper(): value.replace("\x00", "")
        for name, value in variables.items()
    }
