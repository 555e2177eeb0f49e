"""A step of a runbook: something to look at, or something to do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal

import msgspec

STEP_TIMEOUT = timedelta(minutes=5)
BUILT_IN = "built-in"
"""The `undo` of an action that can take itself back, since it remembers what was before."""

ACTIONS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "webhook": (frozenset({"url"}), frozenset({"method", "body", "headers", "secret", "bearer"})),
    "command": (frozenset({"argv"}), frozenset({"env", "dry_run_argv"})),
    "ansible": (frozenset({"playbook"}), frozenset({"inventory", "limit", "extra_vars", "tags"})),
    "kubernetes_scale": (frozenset({"resource", "replicas"}), frozenset({"namespace", "context"})),
    "kubernetes_rollout_undo": (
        frozenset({"resource"}), frozenset({"namespace", "context", "to_revision"}),
    ),
    "mlflow": (frozenset({"model", "alias", "version"}), frozenset({"url", "secret"})),
    "fallback": (
        frozenset({"url"}), frozenset({"model", "version", "secret", "bearer", "off_url"}),
    ),
}  # fmt: skip
"""Kinds of actions, with the settings that each needs and those that it may have."""

SELF_UNDOING = frozenset({"kubernetes_scale", "mlflow", "fallback"})
"""Actions that can take themselves back."""


class Probe(msgspec.Struct, frozen=True):
    """A request that must be answered as expected."""

    url: str
    status: int = 200
    contains: str = ""


class Check(msgspec.Struct, frozen=True):
    """Something to look at: a condition over metrics, or a probe."""

    condition: str = ""
    window: timedelta | None = None
    http: Probe | None = None


class Action(msgspec.Struct, frozen=True):
    """Something to do: a kind of `ACTIONS`, and its settings."""

    kind: str
    settings: Mapping[str, Any]


class Step(msgspec.Struct, frozen=True):
    """A step, as it stands in the file.

    Attributes
    ----------
    id, title
        Its name in the runbook, and what to call it.
    check, action
        Either of both.
    target
        What it acts on, as a template; limits are counted for each target.
    undo
        The step that takes it back, or `built-in`; empty where nothing does.
    reversible
        Whether it can be taken back without loss.
    idempotent
        Whether doing it twice is doing it once; only then is it tried again.
    approval
        `second`: always by another person than who asks for it.
    timeout
        After so long it is stopped.
    variables
        Names for templates: `${vars.NAME}`.
    line, column, end_line
        Where it stands in the file, from 1; `end_line` is that of the closing fence.
    """

    id: str
    title: str
    check: Check | None = None
    action: Action | None = None
    target: str = "${alert.labels.model}"
    undo: str = ""
    reversible: bool = False
    idempotent: bool = False
    approval: Literal["any", "second"] = "any"
    timeout: timedelta = STEP_TIMEOUT
    variables: Mapping[str, str] = {}
    line: int = 0
    column: int = 0
    end_line: int = 0

    @property
    def action_key(self) -> str:
        """What limits are counted for: the same deed, whichever runbook it stands in.

        >>> Step("a", "A", action=Action("command", {"argv": ["/opt/restart", "-v"]})).action_key
        'command /opt/restart'
        """
        if self.action is None:
            return ""
        argv, playbook = self.action.settings.get("argv"), self.action.settings.get("playbook")
        program = argv[0] if isinstance(argv, list | tuple) and argv else playbook
        detail = program or self.action.settings.get("url") or ""
        return f"{self.action.kind} {detail}".strip()


class Runbook(msgspec.Struct, frozen=True):
    """A runbook: its name, its title, its text as it stands, and the steps in it."""

    name: str
    title: str
    text: str
    steps: tuple[Step, ...] = ()

    def step(self, id_: str) -> Step | None:
        """The step of a name; None where there is none."""
        return next((step for step in self.steps if step.id == id_), None)
