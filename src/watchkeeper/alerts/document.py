"""A YAML text read node by node, so that every problem is told with its line and column."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

import yaml

from watchkeeper.core.durations import parse_duration
from watchkeeper.core.errors import InputError

Node = yaml.Node
_MAX_NODES = 200_000
_TRUE = frozenset({"true", "yes", "on", "y"})
_FALSE = frozenset({"false", "no", "off", "n"})


class Document:
    """The nodes of a text, and what is wrong with them.

    Attributes
    ----------
    root
        The uppermost node; None for an empty text.
    problems
        What was found wrong so far, in order of the finding.

    Raises
    ------
    InputError
        The text is no YAML.

    Examples
    --------
    >>> document = Document("wait: 5x", name="a.yml")
    >>> nodes = document.mapping(document.root, {"wait"}, "the file")
    >>> document.duration(nodes["wait"])
    >>> document.finish()
    Traceback (most recent call last):
    watchkeeper.core.errors.InputError: a.yml, line 1, column 7: '5x' is no length of time; ...
    """

    def __init__(self, text: str, *, name: str) -> None:
        self.name = name
        self.problems: list[tuple[int, int, str]] = []
        self._loader = yaml.SafeLoader(text)
        self._visited = 0
        try:
            self.root: Node | None = self._loader.get_single_node()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
            raise InputError(f"{name}{where}: this is no YAML: {error.problem}") from error
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            raise InputError(f"{name} is no YAML: {error}") from error

    def problem(self, node: Node | None, text: str) -> None:
        """Note that something is wrong at a node."""
        self.problems.append((*position(node), text))

    def finish(self) -> None:
        """Raise one `InputError` with all that is wrong, by its place, if anything is."""
        if self.problems:
            lines = [
                f"{self.name}, line {line}, column {column}: {text}"
                for line, column, text in sorted(set(self.problems))
            ]
            raise InputError("\n".join(lines))

    def mapping(
        self, node: Node | None, known: Collection[str] | None, where: str
    ) -> dict[str, Node]:
        """The values of a mapping by key; keys that are not known are problems."""
        if is_empty(node):
            return {}
        self._count(node)
        if not isinstance(node, yaml.MappingNode):
            self.problem(node, f"{where} holds keys and values, such as `key: value`")
            return {}
        try:
            self._loader.flatten_mapping(node)
        except yaml.MarkedYAMLError as error:
            self.problem(node, str(error.problem))
            return {}
        found: dict[str, Node] = {}
        for key_node, value in node.value:
            key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else None
            if key is None:
                self.problem(key_node, f"a key of {where} is a text")
            elif known is not None and key not in known:
                self.problem(key_node, f"{where} has no key {key!r}{nearest(key, known)}")
            else:
                if key in found and found[key].start_mark.line >= node.start_mark.line:
                    self.problem(key_node, f"{where} has the key {key!r} twice; keep one")
                found[key] = value
        return found

    def items(self, node: Node | None, where: str) -> list[Node]:
        """The items of a list; none where nothing was written."""
        if is_empty(node):
            return []
        self._count(node)
        if not isinstance(node, yaml.SequenceNode):
            self.problem(node, f"{where} is a list, such as `[a, b]`")
            return []
        return list(node.value)

    def text(self, node: Node | None, where: str) -> str:
        """A scalar as it was written."""
        if isinstance(node, yaml.ScalarNode):
            return str(node.value)
        if node is not None:
            self.problem(node, f"{where} is a text")
        return ""

    def texts(self, node: Node | None, where: str) -> list[tuple[Node, str]]:
        """The texts of a list, each with its node."""
        return [(item, self.text(item, f"an item of {where}")) for item in self.items(node, where)]

    def flag(self, node: Node | None, where: str) -> bool:
        """A truth value; False where nothing was written."""
        written = self.text(node, where).lower()
        if node is not None and written not in _TRUE | _FALSE:
            self.problem(node, f"{where} is true or false")
        return written in _TRUE

    def duration(self, node: Node | None) -> timedelta | None:
        """A length of time such as `1h30m`; years of 365 days are allowed."""
        if is_empty(node):
            return None
        written = self.text(node, "a length of time").strip()
        years, y, rest = written.partition("y")
        try:
            if y and years.isdecimal():
                return timedelta(days=365 * int(years)) + parse_duration(rest or "0")
            return parse_duration(written)
        except (InputError, OverflowError) as error:
            self.problem(node, str(error))
            return None

    def plain(self, node: Node | None) -> Any:
        """The content of a node as Python's own values."""
        try:
            return None if node is None else self._loader.construct_object(node, deep=True)
        except (yaml.YAMLError, ValueError, TypeError) as error:
            self.problem(node, f"this cannot be read: {getattr(error, 'problem', error)}")
            return None

    def _count(self, node: Node | None) -> None:
        """Refuse what a few anchors can be blown up to."""
        self._visited += len(getattr(node, "value", ()))
        if self._visited > _MAX_NODES:
            raise InputError(f"{self.name} has more than {_MAX_NODES} values; this is no such file")


def position(node: Node | None) -> tuple[int, int]:
    """The line and column of a node, from 1."""
    return (node.start_mark.line + 1, node.start_mark.column + 1) if node is not None else (1, 1)


def is_empty(node: Node | None) -> bool:
    """Whether nothing, or only `null`, was written."""
    return node is None or node.tag == "tag:yaml.org,2002:null"


def nearest(name: str, known: Collection[str] | Mapping[str, Any]) -> str:
    """A hint at the nearest known name, or at all of them where none is near.

    Examples
    --------
    >>> nearest("reciever", {"receiver", "route"})
    "; did you mean 'receiver'?"
    """
    near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.6)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; there are: {', '.join(sorted(known))}" if known else ""
