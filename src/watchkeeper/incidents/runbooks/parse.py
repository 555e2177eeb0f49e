"""Runbooks from Markdown: fenced `wk-step` blocks hold the steps, the rest is for people.

Everywhere else the same file is plain Markdown, in which a step is a block of code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any, Literal, NamedTuple, cast

from watchkeeper.files.nodes import Node, is_list, is_text
from watchkeeper.files.problems import Problem, raise_all
from watchkeeper.files.reader import Reader
from watchkeeper.incidents.runbooks.lint import lint
from watchkeeper.incidents.runbooks.step import (
    ACTIONS,
    STEP_TIMEOUT,
    Action,
    Check,
    Probe,
    Runbook,
    Step,
)

FENCE = "wk-step"
_KEYS = (
    "id", "title", "check", "action", "target", "undo", "reversible", "idempotent", "approval",
    "timeout", "variables",
)  # fmt: skip
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_OPEN = re.compile(r"^(\s*)(`{3,}|~{3,})\s*([^`\s]*)")


class Block(NamedTuple):
    """A fenced block: its lines without the fences, where it begins, and where it ends.

    `line` and `end_line` are those of the fences, from 1; `indent` is what its lines were moved by.
    """

    info: str
    text: str
    line: int
    end_line: int
    indent: int
    closed: bool


def read_runbook(
    text: str,
    *,
    name: str = "runbook.md",
    check_condition: Callable[[str], str | None] | None = None,
) -> Runbook:
    """A runbook from its Markdown.

    Parameters
    ----------
    text
        The file.
    name
        Its name.
    check_condition
        Says what is wrong with the condition of a check; None where nothing is.

    Raises
    ------
    InputError
        With line and column of each thing that is wrong with its steps.

    Examples
    --------
    >>> text = '''# Late answers
    ... Look first:
    ... ```wk-step
    ... id: look
    ... check: {condition: latency_p95 < 200, window: 15m}
    ... ```
    ... '''
    >>> runbook = read_runbook(text)
    >>> runbook.title, runbook.steps[0].check.condition
    ('Late answers', 'latency_p95 < 200')
    """
    steps, problems = [], []
    for block in blocks(text):
        if block.info != FENCE:
            continue
        if not block.closed:
            problems.append(Problem(block.line, 1, f"the {FENCE} block is never closed"))
        reader = _Reader(name, first_line=block.line, first_column=block.indent)
        step = reader.step(block)
        problems += reader.problems
        if step is not None:
            steps.append(step)
    runbook = Runbook(name, _title(text) or name, text, tuple(steps))
    found = {*problems, *lint(runbook, check_condition)}
    raise_all(found, name)
    return runbook


def blocks(text: str) -> Iterator[Block]:
    """The fenced blocks of a Markdown text."""
    lines = text.splitlines()
    index = 0
    while index < len(lines):
        opened = _OPEN.match(lines[index])
        index += 1
        if opened is None:
            continue
        indent, fence, info = len(opened[1]), opened[2], opened[3]
        first, closed = index, False
        while index < len(lines):
            ends = lines[index].strip()
            index += 1
            if ends.startswith(fence) and not ends.strip(fence[0]):
                closed = True
                break
        held = lines[first : index - 1 if closed else index]
        body = "\n".join(_dedented(line, indent) for line in held)
        yield Block(info, body, first, index, indent, closed)


def parts(runbook: Runbook) -> list[str | Step]:
    """The runbook for a page: Markdown for people and steps, in order."""
    lines = runbook.text.splitlines()
    out: list[str | Step] = []
    last = 0
    for step in runbook.steps:
        out += ["\n".join(lines[last : step.line - 1]), step]
        last = step.end_line
    return [part for part in [*out, "\n".join(lines[last:])] if part]


class _Reader(Reader):
    """Makes a step of a block."""

    def step(self, block: Block) -> Step | None:
        """The step; None where it cannot be told what it is."""
        root = self.compose(block.text)
        if root is None:
            if not self.problems:
                self.problems.append(Problem(block.line, 1, "the step is empty; give it an id"))
            return None
        found = self.mapping(root, "a step", _KEYS, ("id",))
        id_ = (
            self.read(found["id"], "the id", _id, "lower-case letters, digits, - and _")
            if "id" in found
            else None
        )
        if id_ is None:
            return None
        if ("check" in found) == ("action" in found):
            self.wrong(root, f"step {id_!r} needs either a check or an action")
        return Step(
            id=id_,
            title=self._text(found, "title") or id_.replace("-", " ").capitalize(),
            check=self.check(found["check"]) if "check" in found else None,
            action=self.action(found["action"]) if "action" in found else None,
            target=self._text(found, "target") or "${alert.labels.model}",
            undo=self._text(found, "undo") or "",
            reversible=self._flag(found, "reversible"),
            idempotent=self._flag(found, "idempotent"),
            approval=self._approval(found),
            timeout=self._timeout(found),
            variables=self._variables(found),
            line=block.line,
            column=block.indent + 1,
            end_line=block.end_line,
        )

    def check(self, node: Node) -> Check | None:
        """A condition or a probe; a text alone is a condition."""
        if is_text(node):
            return Check(self.content(node, "the check") or "")
        found = self.mapping(node, "the check", ("condition", "window", "http"))
        if ("condition" in found) == ("http" in found):
            self.wrong(node, "a check is either a `condition` or `http`")
            return None
        window = self.duration(found["window"], "the window") if "window" in found else None
        if "condition" in found:
            return Check(self._text(found, "condition") or "", window)
        probe = self.mapping(found["http"], "http", ("url", "status", "contains"), ("url",))
        status = self.whole(probe["status"], "the status", 100, 599) if "status" in probe else 200
        url = self._text(probe, "url") or ""
        return Check("", None, Probe(url, status or 200, self._text(probe, "contains") or ""))

    def action(self, node: Node) -> Action | None:
        """One kind of action with its settings."""
        found = self.mapping(node, "the action", ACTIONS)
        if len(found) != 1:
            if len(found) > 1 or not self.problems:
                self.wrong(node, "an action is one thing to do; make two steps of two")
            return None
        ((kind, settings),) = found.items()
        needed, may = ACTIONS[kind]
        pairs = self.mapping(settings, kind, sorted(needed | may), sorted(needed))
        return Action(kind, {key: self._setting(key, value) for key, value in pairs.items()})

    def _setting(self, key: str, node: Node) -> Any:
        if key in {"argv", "dry_run_argv"}:
            if not is_list(node):
                self.wrong(node, f"{key} is a list, one argument an item; no shell reads it")
                return []
            return list(self.contents(node, key))
        if key == "replicas":
            return self.whole(node, key, 0, 10_000)
        if key in {"env", "headers"}:
            return {
                k: self.content(v, f"{key}.{k}") or ""
                for k, v in self.mapping(node, key, None).items()
            }
        if key in {"body", "extra_vars"}:
            return self.plain(node, key)
        return self.content(node, key) or ""

    def _text(self, found: Mapping[str, Node], key: str) -> str | None:
        return self.content(found[key], key) if key in found else None

    def _flag(self, found: Mapping[str, Node], key: str) -> bool:
        return bool(self.flag(found[key], key)) if key in found else False

    def _approval(self, found: Mapping[str, Node]) -> Literal["any", "second"]:
        if "approval" not in found:
            return "any"
        given = self.choice(found["approval"], "approval", ("any", "second"))
        return cast("Literal['any', 'second']", given or "second")

    def _timeout(self, found: Mapping[str, Node]) -> timedelta:
        if "timeout" not in found:
            return STEP_TIMEOUT
        given = self.duration(found["timeout"], "the timeout")
        if given is not None and not timedelta(seconds=1) <= given <= timedelta(minutes=30):
            self.wrong(found["timeout"], "the timeout is from 1s to 30m")
            return STEP_TIMEOUT
        return given or STEP_TIMEOUT

    def _variables(self, found: Mapping[str, Node]) -> dict[str, str]:
        if "variables" not in found:
            return {}
        pairs = self.mapping(found["variables"], "variables", None)
        return {name: self.content(node, name) or "" for name, node in pairs.items()}


def _id(text: str) -> str:
    if not _ID.fullmatch(text):
        raise ValueError(text)
    return text


def _title(text: str) -> str:
    """The first heading."""
    fenced = {n for b in blocks(text) for n in range(b.line, b.end_line + 1)}
    for number, line in enumerate(text.splitlines(), 1):
        if number not in fenced and line.startswith("# "):
            return line[2:].strip()
    return ""


def _dedented(line: str, indent: int) -> str:
    """A line without as much of its indentation as the fence had."""
    lead = len(line) - len(line.lstrip(" "))
    return line[min(lead, indent) :]
