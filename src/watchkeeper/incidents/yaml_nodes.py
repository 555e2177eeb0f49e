"""YAML read node by node, so that every error has a line and a column and all come at once.

Scalars are taken as they are written: `09:00`, `no` and `1.10` stay text until a reader makes
something of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import NamedTuple, TypeVar

import yaml

from watchkeeper.core.durations import parse_duration
from watchkeeper.core.errors import InputError
from watchkeeper.incidents.nearest import listed, nearest

T = TypeVar("T")

MAX_NODES = 100_000
MAX_CHARACTERS = 2_000_000


class Problem(NamedTuple):
    """Something that is wrong in a file: where, from 1, and what."""

    line: int
    column: int
    text: str

    def told(self, name: str) -> str:
        """As one line of an error.

        >>> Problem(3, 5, "it is empty").told("oncall.yaml")
        'oncall.yaml, line 3, column 5: it is empty'
        """
        return f"{name}, line {self.line}, column {self.column}: {self.text}"


class Nodes:
    """Reads nodes, and keeps what is wrong with them in `problems`.

    Each reader takes a node and returns None where it is not what it should be.

    Parameters
    ----------
    first_line
        The line of the file at which the text begins, from 0.
    first_column
        The column of the file at which its lines begin, from 0.
    """

    def __init__(self, first_line: int = 0, first_column: int = 0) -> None:
        self.problems: list[Problem] = []
        self.first_line = first_line
        self.first_column = first_column
        self._seen = 0

    def compose(self, text: str) -> yaml.Node | None:
        """The root of a text; None where it is no YAML, or empty."""
        if len(text) > MAX_CHARACTERS:
            self.problems.append(Problem(1, 1, f"it has more than {MAX_CHARACTERS} characters"))
            return None
        try:
            root = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line, column = (mark.line, mark.column) if mark else (0, 0)
            told = f"this is no YAML: {error.problem or error.context}"
            self.problems.append(self._at(line, column, told))
            return None
        except (yaml.YAMLError, RecursionError, ValueError) as error:
            self.problems.append(self._at(0, 0, f"this is no YAML: {error}"))
            return None
        return root

    def wrong(self, node: yaml.Node, text: str) -> None:
        """Note that a node is wrong."""
        mark = node.start_mark
        problem = self._at(mark.line, mark.column, text)
        if problem not in self.problems:
            self.problems.append(problem)

    def mapping(
        self, node: yaml.Node, what: str, known: Iterable[str] | None, needed: Iterable[str] = ()
    ) -> dict[str, yaml.Node]:
        """The values of a mapping by key; unknown, doubled and missing keys are problems."""
        self._count(node)
        if not isinstance(node, yaml.MappingNode):
            self.wrong(node, f"{what} must hold keys and values; it is {_shape(node)}")
            return {}
        found: dict[str, yaml.Node] = {}
        names = None if known is None else list(known)
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else ""
            if not name:
                self.wrong(key, f"a key of {what} must be a name")
            elif name in found:
                self.wrong(key, f"{what} has {name!r} twice")
            elif names is not None and name not in names:
                hint = nearest(name, names) or f"; it may have {listed(names)}"
                self.wrong(key, f"{what} has no {name!r}{hint}")
            else:
                found[name] = value
        for name in needed:
            if name not in found:
                self.wrong(node, f"{what} needs {name!r}")
        return found

    def items(self, node: yaml.Node) -> Iterator[yaml.Node]:
        """The items of a list; one thing that is no list counts as a list of it."""
        self._count(node)
        if isinstance(node, yaml.SequenceNode):
            yield from node.value
        elif not _is_null(node):
            yield node

    def text(self, node: yaml.Node, what: str) -> str | None:
        """A text that is not empty."""
        self._count(node)
        if not isinstance(node, yaml.ScalarNode):
            self.wrong(node, f"{what} must be a text; it is {_shape(node)}")
            return None
        if not node.value.strip() or _is_null(node):
            self.wrong(node, f"{what} is empty")
            return None
        return str(node.value)

    def texts(self, node: yaml.Node, what: str) -> tuple[str, ...]:
        """A list of texts."""
        found = (self.text(item, what) for item in self.items(node))
        return tuple(text for text in found if text is not None)

    def choice(self, node: yaml.Node, what: str, known: Iterable[str]) -> str | None:
        """One of several names."""
        text, names = self.text(node, what), list(known)
        if text is None or text in names:
            return text
        self.wrong(node, f"{what} is {text!r}; it may be {listed(names)}{nearest(text, names)}")
        return None

    def number(self, node: yaml.Node, what: str, low: int, high: int) -> int | None:
        """A whole number within limits."""

        def read(text: str) -> int:
            value = int(text)
            if not low <= value <= high:
                raise ValueError(text)
            return value

        return self.read(node, what, read, f"a whole number from {low} to {high}")

    def flag(self, node: yaml.Node, what: str) -> bool | None:
        """True or false."""
        table = {"true": True, "false": False}
        return self.read(node, what, lambda text: table[text.lower()], "true or false")

    def duration(self, node: yaml.Node, what: str) -> timedelta | None:
        """A length of time such as `5m`."""
        return self.read(node, what, parse_duration, "a length of time such as 30s, 5m or 12h")

    def clock(self, node: yaml.Node, what: str) -> time | None:
        """A time of day; 24:00 is midnight."""

        def read(text: str) -> time:
            value = time.fromisoformat("00:00" if text == "24:00" else text)
            if value.tzinfo is not None:
                raise ValueError(text)
            return value

        return self.read(node, what, read, "a time of day such as '09:00'")

    def day(self, node: yaml.Node, what: str) -> date | None:
        """A date."""
        return self.read(node, what, date.fromisoformat, "a date such as 2026-01-05")

    def moment(self, node: yaml.Node, what: str) -> datetime | None:
        """A date and time, with or without an offset from UTC."""
        return self.read(node, what, datetime.fromisoformat, "a time such as 2026-01-05T09:00")

    def read(self, node: yaml.Node, what: str, reader: Callable[[str], T], wanted: str) -> T | None:
        """Anything that a function makes of a text; its InputError or ValueError is a problem."""
        text = self.text(node, what)
        if text is None:
            return None
        try:
            return reader(text.strip())
        except InputError as error:
            self.wrong(node, f"{what}: {error}")
        except (ValueError, KeyError, OverflowError):
            self.wrong(node, f"{what} is {text!r}; write {wanted}")
        return None

    def plain(self, node: yaml.Node, what: str) -> object:
        """Whatever a node holds, as Python objects; numbers and truth values as YAML has them."""
        self._count(node)
        if isinstance(node, yaml.MappingNode):
            pairs = self.mapping(node, what, None).items()
            return {key: self.plain(value, f"{what}.{key}") for key, value in pairs}
        if isinstance(node, yaml.SequenceNode):
            return [self.plain(item, what) for item in node.value]
        value = yaml.safe_load(node.value) if node.tag in _PLAIN_TAGS else node.value
        return value if isinstance(value, bool | int | float | type(None)) else node.value

    def _at(self, line: int, column: int, text: str) -> Problem:
        return Problem(self.first_line + line + 1, self.first_column + column + 1, text)

    def _count(self, node: yaml.Node) -> None:
        """Stop at files that refer to themselves, or unfold to millions of nodes."""
        self._seen += 1
        if self._seen > MAX_NODES:
            mark = node.start_mark
            raise InputError(
                f"line {self.first_line + mark.line + 1}: the file has more than {MAX_NODES} "
                "values once its aliases are unfolded; write them out"
            )


def raise_all(problems: Iterable[Problem], name: str) -> None:
    """Raise `InputError` with every problem, in the order of the file, where there is one."""
    found = sorted(problems)
    if found:
        raise InputError("\n".join(problem.told(name) for problem in found))


_PLAIN_TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("int", "float", "bool", "null"))


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def _shape(node: yaml.Node) -> str:
    """What a node is, as a sentence says it."""
    if isinstance(node, yaml.MappingNode):
        return "keys and values"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    return "empty" if _is_null(node) else f"the text {node.value!r}"
