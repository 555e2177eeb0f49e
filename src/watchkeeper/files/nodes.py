"""YAML as nodes: documents, keys and values, lists; and what is wrong with their shape."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import ClassVar, NamedTuple, TypeAlias, TypeGuard

import yaml

from watchkeeper.core.errors import InputError
from watchkeeper.expressions.hints import listed, suggest
from watchkeeper.expressions.nodes import Position
from watchkeeper.files.composing import NotYamlError, compose, too_large
from watchkeeper.files.places import place_inside
from watchkeeper.files.problems import Problem, raise_all

Node: TypeAlias = yaml.Node
Fields: TypeAlias = Mapping[str, Node]

CORE = "tag:yaml.org,2002:"
"""What the tags of YAML's own kinds begin with."""

_NULL, _MERGE = f"{CORE}null", f"{CORE}merge"


class Words(NamedTuple):
    """How a kind of file says what is wrong with the shape of a value."""

    mapping: str = "{what} must hold keys and values; it is {found}"
    items: str = "{what} must be a list; it is {found}"
    text: str = "{what} must be a text; it is {found}"
    empty: str = "{what} is empty"
    key: str = "a key of {what} must be a name"
    unknown: str = "{what} has no {key!r}{hint}"
    choice: str = "{what} is {given!r}; it may be {either}{hint}"
    number: str = "{what} is {given!r}; write a number"
    flag: str = "{what} is {given!r}; write true or false"
    twice: str = "{what} has {key!r} twice, first on line {line}; keep one"


class Nodes:
    """Reads nodes, and keeps what is wrong with them in `problems`.

    A method takes a node and what to call it, and returns what is empty where the node is not what
    it should be.

    Parameters
    ----------
    name
        What to call the file in an error.
    first_line, first_column
        Where in the file the text begins, from 0: its first line, and the column of all its lines.
    """

    LOADER: ClassVar[type[yaml.SafeLoader]] = yaml.SafeLoader
    """By which rules `plain` makes numbers and truth values."""
    MOST: ClassVar[int] = 100_000
    """So many values a file may have, its aliases unfolded."""
    WORDS: ClassVar[Words] = Words()
    NOTHING_IS_EMPTY: ClassVar[bool] = False
    """Whether a key without a value stands for an empty mapping, or list."""

    def __init__(
        self, name: str = "the file", *, first_line: int = 0, first_column: int = 0
    ) -> None:
        self.name = name
        self.text = ""
        self.problems: list[Problem] = []
        self._first_line = first_line
        self._first_column = first_column
        self._merged: dict[int, dict[str, tuple[Node, Node]]] = {}
        self._visited = 0

    # ---- the file ----------------------------------------------------------------------------

    def compose(self, text: str) -> Node | None:
        """The only document of a text; None where it holds nothing, or is no YAML."""
        found = self._documents(text, several=False)
        return found[0] if found else None

    def documents(self, text: str) -> list[Node]:
        """The documents of a text that hold anything; none where it is no YAML."""
        return self._documents(text, several=True)

    def _documents(self, text: str, *, several: bool) -> list[Node]:
        self.text = text.removeprefix("\ufeff")
        try:
            found = compose(self.text, self.LOADER, several=several)
        except NotYamlError as error:
            self.wrong_at(*error.problem[:3])
            return []
        nodes = [node for node in found if not is_nothing(node)]
        for node in nodes:
            large = too_large(node, self.MOST)
            if large is not None:
                raise self._too_large(large)
        return nodes

    def wrong(self, node: Node | None, message: str) -> None:
        """Note that a node is wrong, or the file."""
        self.wrong_at(*place(node), message)

    def wrong_inside(self, node: Node, at: Position, message: str) -> None:
        """Note that something inside a text is wrong."""
        self.wrong_at(*place_inside(self.text, node, at), message)

    def wrong_key(self, node: Node, name: str, message: str) -> None:
        """Note that a key of a mapping is wrong; the mapping itself where it has no such key."""
        pairs = node.value if isinstance(node, yaml.MappingNode) else ()
        keys = [key for key, _ in pairs if key.value == name]
        self.wrong(keys[0] if keys else node, message)

    def finish(self) -> None:
        """Raise one `InputError` with all that is wrong, in the order of the file."""
        raise_all(self.problems, self.name)

    def wrong_at(self, line: int, column: int, message: str) -> None:
        """Note that something is wrong at a place of the text, from 1."""
        problem = Problem(self._first_line + line, self._first_column + column, message)
        if problem not in self.problems:
            self.problems.append(problem)

    # ---- containers --------------------------------------------------------------------------

    def mapping(
        self,
        node: Node | None,
        what: str,
        known: Collection[str] | None = None,
        needed: Iterable[str] = (),
    ) -> dict[str, Node]:
        """The values of a mapping by key, those that are merged in (`<<`) behind its own.

        Keys that are not `known`, stand twice, or are `needed` and not there are problems.
        """
        if node is None or (self.NOTHING_IS_EMPTY and is_nothing(node)):
            return {}
        self._count(node)
        if not isinstance(node, yaml.MappingNode):
            self.wrong(node, self.WORDS.mapping.format(what=what, found=kind_of(node)))
            return {}
        found: dict[str, Node] = {}
        for key, (at, value) in self.pairs(node, what).items():
            if known is not None and key not in known:
                hint = self.hint(key, what, known)
                self.wrong(at, self.WORDS.unknown.format(key=key, what=what, hint=hint))
            else:
                found[key] = value
        for name in needed:
            if name not in found:
                self.wrong(node, f"{what} needs {name!r}")
        return found

    def hint(self, key: str, what: str, known: Collection[str]) -> str:  # noqa: ARG002  # for others
        """What was perhaps meant by a key, or all that there is."""
        return suggest(key, known) or f"; it may have {listed(known)}"

    def pairs(self, node: yaml.MappingNode, what: str) -> dict[str, tuple[Node, Node]]:
        """Each key with its node and its value; a mapping that is merged in often is read once."""
        if id(node) in self._merged:
            return self._merged[id(node)]
        self._merged[id(node)] = {}  # What is merged into itself brings nothing.
        own: dict[str, tuple[Node, Node]] = {}
        merged: dict[str, tuple[Node, Node]] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else ""
            if key.tag == _MERGE:
                for pair in self._merge(value, what):
                    merged.setdefault(*pair)
            elif not name:
                self.wrong(key, self.WORDS.key.format(what=what))
            elif name in own:
                line = self._first_line + place(own[name][0])[0]
                self.wrong(key, self.WORDS.twice.format(key=name, what=what, line=line))
            else:
                own[name] = key, value
        self._merged[id(node)] = found = {
            **own,
            **{k: v for k, v in merged.items() if k not in own},
        }
        return found

    def _merge(self, node: Node, what: str) -> Iterator[tuple[str, tuple[Node, Node]]]:
        """What `<<: *anchor` or `<<: [*one, *other]` brings in, the first first."""
        several = node.value if isinstance(node, yaml.SequenceNode) else [node]
        for one in several:
            if isinstance(one, yaml.MappingNode):
                pairs = self.pairs(one, what)
                self._count(one, len(pairs))
                yield from pairs.items()
            else:
                self.wrong(one, f"`<<` merges keys and values; here is {kind_of(one)}")

    def items(self, node: Node | None, what: str) -> list[Node]:
        """The items of a list."""
        if node is None or (self.NOTHING_IS_EMPTY and is_nothing(node)):
            return []
        self._count(node)
        if isinstance(node, yaml.SequenceNode):
            return list(node.value)
        self.wrong(node, self.WORDS.items.format(what=what, found=kind_of(node)))
        return []

    def each(self, node: Node) -> Iterator[Node]:
        """The items of a list; one thing that is no list counts as a list of it."""
        self._count(node)
        if isinstance(node, yaml.SequenceNode):
            yield from node.value
        elif not is_nothing(node):
            yield node

    # ---- bounds ------------------------------------------------------------------------------

    def _count(self, node: Node, more: int = 1) -> None:
        """Stop at files that refer to themselves."""
        self._visited += more
        if self._visited > 2 * self.MOST:
            raise self._too_large(node)

    def _too_large(self, node: Node) -> InputError:
        line, column = place(node)
        at = Problem(
            self._first_line + line,
            self._first_column + column,
            f"the file has too many entries, more than {self.MOST} values once its aliases are "
            "unfolded; write them out",
        )
        return InputError(f"{self.name}, {at}")


def place(node: Node | None) -> tuple[int, int]:
    """The line and column of a node, from 1."""
    return (node.start_mark.line + 1, node.start_mark.column + 1) if node is not None else (1, 1)


def is_nothing(node: Node | None) -> bool:
    """Whether nothing, or only `null`, was written."""
    return node is None or (isinstance(node, yaml.ScalarNode) and node.tag == _NULL)


def empty_at(node: Node) -> Node:
    """A mapping that holds nothing, where another node stands."""
    return yaml.MappingNode(f"{CORE}map", [], node.start_mark, node.end_mark)


def is_mapping(node: Node | None) -> TypeGuard[yaml.MappingNode]:
    """Whether a node holds keys and values."""
    return isinstance(node, yaml.MappingNode)


def is_list(node: Node | None) -> TypeGuard[yaml.SequenceNode]:
    """Whether a node is a list."""
    return isinstance(node, yaml.SequenceNode)


def is_text(node: Node | None) -> TypeGuard[yaml.ScalarNode]:
    """Whether a node is neither a list nor keys and values."""
    return isinstance(node, yaml.ScalarNode)


def kind_of(node: Node) -> str:
    """What a node is, as a sentence says it.

    >>> kind_of(yaml.compose("[a]")), kind_of(yaml.compose("a")), kind_of(yaml.compose("~"))
    ('a list', "'a'", 'nothing')
    """
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    return "nothing" if is_nothing(node) else f"{str(node.value)[:40]!r}"
