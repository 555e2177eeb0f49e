"""The small tree that an expression is read into."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Position:
    """Where in its expression something stands, both counted from 1."""

    line: int
    column: int

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}"


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant: text, truth, whole number, number, or null."""

    value: str | bool | int | float | None
    at: Position


@dataclass(frozen=True, slots=True)
class Name:
    """A name, and the root that it stands below: `reference` in `reference.accuracy`."""

    name: str
    at: Position
    of: str = ""


@dataclass(frozen=True, slots=True)
class Items:
    """A list in brackets."""

    items: tuple[Node, ...]
    at: Position


@dataclass(frozen=True, slots=True)
class Call:
    """An operator or a function, what it is applied to, and the root that it stands below."""

    name: str
    arguments: tuple[Node, ...]
    at: Position
    of: str = ""


Node: TypeAlias = Literal | Name | Items | Call


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it.

    Examples
    --------
    >>> from watchkeeper.expressions.parsing import Dialect, parse
    >>> [node.name for node in walk(parse("a < b", Dialect(()))) if isinstance(node, Name)]
    ['a', 'b']
    """
    yield node
    below = node.arguments if isinstance(node, Call) else ()
    for child in node.items if isinstance(node, Items) else below:
        yield from walk(child)
