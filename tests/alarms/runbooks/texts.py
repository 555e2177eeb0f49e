"""A runbook for when answers are late, with the steps that a test needs."""

from __future__ import annotations

TARGET = '"${alert.labels.model}"'


def step(name: str, title: str, *lines: str) -> str:
    """A step as it stands in a runbook."""
    return "\n".join(("```wk-step", f"id: {name}", f"title: {title}", *lines, "```\n"))


def command(name: str, title: str, argv: str, *lines: str) -> str:
    """A step that runs a program; `argv` may be followed by other settings of the command."""
    return step(name, title, "action:", f"  command: {{argv: {argv}}}", *lines)


def restart(argv: str = f"[restart, {TARGET}]") -> str:
    """The step that all have; the step `stop` takes it back."""
    return command("restart", "Restart it", argv, "undo: stop", "reversible: true")


def stop(argv: str = f"[stop, {TARGET}]") -> str:
    """What takes a restart back."""
    return command("stop", "Stop it", argv)


LOOK = step("look", "It is quick", "check: {condition: latency_p95 < 200}")


def late(*steps: str) -> str:
    """The runbook of these steps."""
    return "\n".join(("# Answers are late\n", *steps))
