"""Ansible playbooks, by the `ansible-playbook` that is installed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from watchkeeper.actions.remedies.base import UNDO_UNKNOWN, Outcome, outcome
from watchkeeper.actions.remedies.process import Runner, shown
from watchkeeper.core.errors import InputError

_PLAIN = {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_FORCE_COLOR": "0", "ANSIBLE_RETRY_FILES_ENABLED": "0"}


@dataclass(frozen=True, slots=True)
class Ansible:
    """Runs a playbook; a dry run is Ansible's own check mode.

    Check mode asks the hosts and changes nothing, save for tasks that say `check_mode: false`.

    Attributes
    ----------
    playbook, inventory, limit, tags
        As on the command line.
    extra_vars
        Passed as JSON. Ansible reads text in braces as a program, so none may hold any.
    """

    playbook: str
    runner: Runner = field(default_factory=Runner)
    inventory: str = ""
    limit: str = ""
    tags: str = ""
    extra_vars: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for value in (self.playbook, self.inventory, self.limit, self.tags):
            if value.startswith("-"):
                raise InputError(f"{value!r} would be an option of ansible-playbook; rename it")
        for text in _texts(self.extra_vars):
            if "{{" in text or "{%" in text or "{#" in text:
                raise InputError(
                    "Ansible reads text in braces as a program; extra_vars may hold none"
                )

    def describe(self) -> str:
        """The command line."""
        return shown(self._argv())

    def dry_run(self, variables: Mapping[str, str]) -> Outcome:
        """Run it in check mode."""
        del variables
        return self.runner.run([*self._argv(), "--check"], _PLAIN)

    def run(self, variables: Mapping[str, str]) -> Outcome:
        """Run it; what it is told is in `extra_vars`."""
        del variables
        return self.runner.run(self._argv(), _PLAIN)

    def undo(self, memory: Mapping[str, str]) -> Outcome:
        """A playbook cannot be taken back; a runbook names a step that does."""
        del memory
        return outcome("failed", UNDO_UNKNOWN)

    def _argv(self) -> list[str]:
        argv = ["ansible-playbook"]
        for option in ("inventory", "limit", "tags"):
            if getattr(self, option):
                argv += [f"--{option}", getattr(self, option)]
        if self.extra_vars:
            argv += ["--extra-vars", json.dumps(dict(self.extra_vars), sort_keys=True)]
        return [*argv, self.playbook]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield str(key)
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
