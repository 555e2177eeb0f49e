"""YAML as nodes that know where they stand, and problems that say so."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, TypeAlias

import yaml

from watchkeeper.core.durations import parse_duration
from watchkeeper.core.errors import InputError
from watchkeeper.expressions.hints import suggest
from watchkeeper.expressions.nodes import Position

_MAX_LENGTH = 10_000_000
_NULL = "tag:yaml.org,2002:null"
_MERGE = "<<"
_PROPERTY = re.compile(r"(?:[&!]\S*\s+)+")

Fields: TypeAlias = Mapping[str, yaml.Node]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong with a rule file, or may be.

    Attributes
    ----------
    line, column
        Where, from 1.
    message
        What is wrong and what to do.
    level
        A warning does not keep the file from being used.

    Examples
    --------
    >>> print(Problem(3, 5, "unknown key 'fro'; did you mean 'for'?"))
    line 3, column 5: unknown key 'fro'; did you mean 'for'?
    """

    line: int
    column: int
    message: str
    level: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        note = "warning: " if self.level == "warning" else ""
        return f"line {self.line}, column {self.column}: {note}{self.message}"


@dataclass
class Document:
    """A YAML text that is read, and what was found wrong with it."""

    text: str
    problems: list[Problem] = field(default_factory=list)

    def root(self) -> yaml.Node | None:
        """Its only document; None where it holds none, or is no YAML."""
        if len(self.text) > _MAX_LENGTH:
            self.problems.append(Problem(1, 1, "the file is too long; rules are a short text"))
            return None
        try:
            return yaml.compose(self.text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            told = f"this is no YAML: {error.problem or error.context}"
            self.problems.append(Problem(line, column, told))
        except (yaml.YAMLError, RecursionError) as error:
            told = " ".join(str(error).split())
            self.problems.append(Problem(1, 1, f"this is no YAML: {told}"))
        return None

    def wrong(self, node: yaml.Node, message: str) -> None:
        """Note a problem at a node."""
        mark = node.start_mark
        self.problems.append(Problem(mark.line + 1, mark.column + 1, message))

    def wrong_inside(self, node: yaml.Node, at: Position, message: str) -> None:
        """Note a problem at a place inside a text."""
        line, column = place_inside(self.text, node, at)
        self.problems.append(Problem(line, column, message))

    # ---- containers --------------------------------------------------------------------------

    def fields(self, node: yaml.Node, what: str, known: Collection[str] | None = None) -> Fields:
        """The values of a mapping by key; keys that are unknown or stand twice are problems."""
        if not isinstance(node, yaml.MappingNode):
            self.wrong(node, f"{what} holds keys and values; here is {_kind(node)}")
            return {}
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value == _MERGE:
                continue
            self._take(found, key, value, what, known)
        for key, value in _merged(node):
            if isinstance(key, yaml.ScalarNode):
                found.setdefault(key.value, value)
        return found

    def _take(
        self,
        found: dict[str, yaml.Node],
        key: yaml.Node,
        value: yaml.Node,
        what: str,
        known: Collection[str] | None,
    ) -> None:
        if not isinstance(key, yaml.ScalarNode):
            self.wrong(key, f"a key of {what} is a plain word; here is {_kind(key)}")
        elif key.value in found:
            self.wrong(key, f"the key {key.value!r} stands twice in {what}; remove one")
        else:
            found[key.value] = value
            if known is not None and key.value not in known:
                hint = _hint(key.value, known) or f"; {what} has {', '.join(known)}"
                self.wrong(key, f"unknown key {key.value!r}{hint}")

    def wrong_key(self, node: yaml.Node, name: str, message: str) -> None:
        """Note a problem at a key of a mapping; at the mapping where the key was merged in."""
        keys = [key for key, _ in node.value if key.value == name]
        self.wrong(keys[0] if keys else node, message)

    def items(self, node: yaml.Node, what: str) -> list[yaml.Node]:
        """The items of a list."""
        if isinstance(node, yaml.SequenceNode):
            return list(node.value)
        self.wrong(node, f"{what} is a list, each item behind a dash; here is {_kind(node)}")
        return []

    # ---- values ------------------------------------------------------------------------------

    def text_of(self, node: yaml.Node, what: str) -> str | None:
        """A text as it was written."""
        if not isinstance(node, yaml.ScalarNode):
            self.wrong(node, f"{what} is a text; here is {_kind(node)}")
        elif node.tag == _NULL or not node.value.strip():
            self.wrong(node, f"{what} is empty; write its value or remove the key")
        else:
            return str(node.value)
        return None

    def duration(self, node: yaml.Node, what: str, *, positive: bool = False) -> timedelta | None:
        """A length of time."""
        text = self.text_of(node, what)
        if text is None:
            return None
        try:
            length = parse_duration(text)
        except InputError as error:
            self.wrong(node, f"{what}: {error}")
            return None
        if positive and not length:
            self.wrong(node, f"{what} is no time at all; write 30s, 5m, 1h30m or 7d")
            return None
        return length

    def number(self, node: yaml.Node, what: str, least: float, most: float) -> float | None:
        """A number within bounds."""
        text = self.text_of(node, what)
        if text is None:
            return None
        try:
            number = float(text)
        except ValueError:
            self.wrong(node, f"{what} is a number; here is {text!r}")
            return None
        if not least <= number <= most:
            span = f"at least {least:g}" if most == float("inf") else f"{least:g} to {most:g}"
            self.wrong(node, f"{what} is {text}; it must be {span}")
            return None
        return number

    def whole(self, node: yaml.Node, what: str, least: int) -> int | None:
        """A whole number from `least` on."""
        number = self.number(node, what, least, float("inf"))
        if number is not None and (number != int(number) if number < 1e18 else True):
            self.wrong(node, f"{what} is a whole number; here is {number:g}")
            return None
        return None if number is None else int(number)

    def truth(self, node: yaml.Node, what: str) -> bool | None:
        """`true` or `false`."""
        text = self.text_of(node, what)
        if text is not None and text not in ("true", "false"):
            self.wrong(node, f"{what} is true or false; here is {text!r}")
            return None
        return None if text is None else text == "true"

    def one_of(self, node: yaml.Node, what: str, allowed: Collection[str]) -> str | None:
        """One word of a few."""
        text = self.text_of(node, what)
        if text is not None and text not in allowed:
            hint = suggest(text, allowed) or f"; write {' or '.join(allowed)}"
            self.wrong(node, f"{what} cannot be {text!r}{hint}")
            return None
        return text


def place_inside(text: str, node: yaml.Node, at: Position) -> tuple[int, int]:
    r"""Where in a file a place inside one of its texts stands, both counted from 1.

    Quotes, folded lines and indentation make the two differ. All that is not white space stands in
    both in the same order, so it is counted.

    Parameters
    ----------
    text
        The file.
    node
        The text's node.
    at
        The place in its value.

    Examples
    --------
    >>> file = "expr: >-\n  accuracy\n    < oops"
    >>> node = yaml.compose(file).value[0][1]
    >>> place_inside(file, node, Position(node.value.count("\n", 0, 13) + 1, 5))
    (3, 7)
    """
    value = str(node.value)
    lines = value.split("\n")
    offset = sum(len(line) + 1 for line in lines[: at.line - 1]) + at.column - 1
    ahead = sum(not char.isspace() for char in value[:offset])
    start, end = node.start_mark.index, node.end_mark.index
    begin = _content(text, start, getattr(node, "style", None))
    found = last = begin
    for index in _characters(text, begin, end, getattr(node, "style", None)):
        found = index
        if not ahead:
            break
        ahead -= 1
        last = index + 1
    else:
        found = last
    return text.count("\n", 0, found) + 1, found - (text.rfind("\n", 0, found) + 1) + 1


def _content(text: str, start: int, style: str | None) -> int:
    """Where the content of a scalar begins, behind anchor, tag, quote or the sign of a block."""
    match = _PROPERTY.match(text, start)
    start = match.end() if match else start
    if style in ("|", ">"):
        return text.find("\n", start) + 1
    return start + 1 if style in ("'", '"') else start


def _characters(text: str, begin: int, end: int, style: str | None) -> Iterator[int]:
    """Places of the characters of a scalar that are no white space."""
    index = begin
    while index < end:
        escape = "''" if style == "'" else "\\"
        if style in ("'", '"') and text.startswith(escape, index):
            index += 1
        if index < end and not text[index].isspace():
            yield index
        index += 1


def _merged(node: yaml.MappingNode) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    """What `<<: *anchor` brings in, the first that has a key deciding."""
    for key, value in node.value:
        if isinstance(key, yaml.ScalarNode) and key.value == _MERGE:
            several = value.value if isinstance(value, yaml.SequenceNode) else [value]
            for one in several:
                if isinstance(one, yaml.MappingNode) and one is not node:
                    yield from one.value


def _hint(key: str, known: Collection[str]) -> str:
    """The nearest key, or the one that goes by another name elsewhere."""
    meant = {"name": "alert", "condition": "expr", "query": "expr", "duration": "for",
             "priority": "severity", "runbook": "annotations"}.get(key)  # fmt: skip
    return f"; did you mean {meant!r}?" if meant in known else suggest(key, known)


def _kind(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    return "nothing" if node.tag == _NULL else f"{str(node.value)[:40]!r}"
