"""What is wrong with the steps of a runbook beyond their shape."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from watchkeeper.expressions.hints import suggest
from watchkeeper.files.problems import Problem
from watchkeeper.incidents.runbooks.step import BUILT_IN, SELF_UNDOING, Runbook, Step
from watchkeeper.incidents.runbooks.variables import LITERAL, VARIABLE, names_in, unknown

SHELLS = frozenset({
    "sh", "bash", "dash", "zsh", "ksh", "fish", "cmd", "cmd.exe", "powershell", "pwsh",
    "python", "python3", "perl", "ruby", "node", "php", "lua", "env", "xargs", "eval", "ssh",
    "sudo",
})  # fmt: skip
"""Programs that read an argument as a program."""

_URL = re.compile(r"https?://[^/?#\s$]+(?:[/?#]\S*)?")
_TELLING = frozenset({
    "authorization", "proxy-authorization", "cookie", "x-api-key", "api-key", "x-auth-token",
})  # fmt: skip
"""Headers that hold secrets."""

_RESOURCE = re.compile(r"(deployment|statefulset|replicaset|daemonset)/\S+")


def lint(
    runbook: Runbook, check_condition: Callable[[str], str | None] | None = None
) -> Iterator[Problem]:
    """Everything that is wrong with the steps of a runbook.

    Examples
    --------
    >>> from watchkeeper.incidents.runbooks.step import Action
    >>> step = Step("a", "A", action=Action("command", {"argv": ["sh", "-c", "x ${alert.name}"]}))
    >>> [problem.message for problem in lint(Runbook("r", "R", "", (step,)))]
    ["step 'a': sh reads its arguments as a program, so no variable may stand there; ..."]
    """
    seen: set[str] = set()
    for step in runbook.steps:
        if step.id in seen:
            yield _problem(step, "there is another step of this id before it")
        seen.add(step.id)
        for text in (*_variables(step), *_undo(step, runbook), *_action(step), *_literals(step)):
            yield _problem(step, text)
        if step.check is not None:
            for text in _check(step, check_condition):
                yield _problem(step, text)


def _variables(step: Step) -> Iterator[str]:
    settings = dict(step.action.settings) if step.action else {}
    check = step.check
    texts = [check.condition, check.http.url if check.http else ""] if check else []
    for name in dict.fromkeys(names_in([settings, step.target, texts])):
        reason = unknown(name, step.variables)
        if reason:
            yield reason
    for name in dict.fromkeys(names_in(step.variables)):
        reason = unknown(name, {})
        if reason:
            yield reason


def _undo(step: Step, runbook: Runbook) -> Iterator[str]:
    ids = [other.id for other in runbook.steps]
    if step.undo == BUILT_IN:
        if step.action is not None and step.action.kind not in SELF_UNDOING:
            kinds = ", ".join(sorted(SELF_UNDOING))
            yield f"{step.action.kind} cannot take itself back; only {kinds} can: name a step"
    elif step.undo == step.id:
        yield "it cannot be its own undo; write `undo: built-in` if the action takes itself back"
    elif step.undo and step.undo not in ids:
        yield f"undo names {step.undo!r}, which is no step{suggest(step.undo, ids)}"
    if step.undo and step.check is not None:
        yield "a check changes nothing; leave undo out"
    if step.undo and not step.reversible:
        yield "it has an undo; say `reversible: true`, or leave the undo out"


def _action(step: Step) -> Iterator[str]:
    if step.action is None:
        return
    settings = step.action.settings
    argv = settings.get("argv")
    if step.action.kind == "command" and isinstance(argv, list):
        yield from _command(argv)
        yield from _command(settings.get("dry_run_argv") or argv)
    for key in ("url", "off_url"):
        if settings.get(key) and not _URL.fullmatch(str(settings[key])):
            yield (
                f"{key} is {settings[key]!r}; write an address that begins with https:// or "
                "http://, with no variable in the name of the host"
            )
    for name in settings.get("headers") or ():
        if str(name).lower() in _TELLING:
            yield (
                f"the header {name} would be kept as it stands here; name an environment variable "
                "of the server as `bearer` instead"
            )
    resource = str(settings.get("resource", "deployment/x"))
    if not _RESOURCE.fullmatch(resource):
        yield f"resource is {resource!r}; write one such as deployment/fares"


def _command(argv: list[str]) -> Iterator[str]:
    if not argv:
        yield "argv is empty; its first item is the program"
        return
    program = argv[0].replace("\\", "/").rsplit("/", 1)[-1]
    if VARIABLE.search(argv[0]):
        yield "the program may hold no variable: what runs is decided here, not by an alert"
    plain = re.sub(r"[\d.]+$", "", program)
    if {program, plain} & SHELLS and any(VARIABLE.search(text) for text in argv[1:]):
        yield (
            f"{program} reads its arguments as a program, so no variable may stand there; pass it "
            "with `env` and read it from the environment, in quotes"
        )


def _literals(step: Step) -> Iterator[str]:
    settings = step.action.settings if step.action else {}
    for key in sorted(LITERAL & set(settings)):
        if VARIABLE.search(str(settings[key])):
            yield f"{key} may hold no variable: what runs is decided here, not by an alert"
    if step.action is not None and not step.target.strip():
        yield "the target is empty; limits are counted for each target"


def _check(step: Step, check_condition: Callable[[str], str | None] | None) -> Iterator[str]:
    check = step.check
    if check is None:
        return
    if check.http is not None and check.http.url and not _URL.fullmatch(check.http.url):
        yield f"http.url is {check.http.url!r}; write one that begins with https:// or http://"
    if check.condition and check_condition is not None:
        wrong = check_condition(VARIABLE.sub("x", check.condition))
        if wrong:
            yield wrong


def _problem(step: Step, text: str) -> Problem:
    return Problem(step.line, step.column, f"step {step.id!r}: {text}")
