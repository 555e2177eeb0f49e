"""YAML as nodes that know where they stand, within bounds, and bytes as text."""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from watchkeeper.core.errors import InputError
from watchkeeper.files.places import place_of
from watchkeeper.files.problems import Problem

LONGEST = 10_000_000
"""So many characters a file may have."""


class CoreLoader(yaml.SafeLoader):
    """YAML 1.2's core schema: `no` is text, dates are text, 010 is ten."""

    yaml_implicit_resolvers = {}  # noqa: RUF012  # the base class declares it


_RESOLVERS = (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("float", r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", "-+."),
    ("null", r"~|null|Null|NULL|", "~nN"),
    ("merge", r"<<", "<"),
)  # fmt: skip
for _tag, _pattern, _first in _RESOLVERS:
    CoreLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"),
        [*_first, ""] if _tag == "null" else list(_first),
    )  # fmt: skip
CoreLoader.add_constructor("tag:yaml.org,2002:int", lambda _loader, node: int(node.value))


class NotYamlError(Exception):
    """A text is no YAML; `problem` says why, and where."""

    def __init__(self, line: int, column: int, reason: str) -> None:
        told = " ".join(f"this is no YAML: {reason}".split())
        self.problem = Problem(line, column, told)
        super().__init__(told)


def decode(data: bytes, name: str) -> str:
    r"""The text of a file's bytes, without its byte order mark.

    Raises
    ------
    InputError
        It is no UTF-8.

    Examples
    --------
    >>> decode(b"a: \xff", "x.yaml")
    Traceback (most recent call last):
    watchkeeper.core.errors.InputError: x.yaml is not UTF-8 text; save it as UTF-8
        (byte 4 is none)
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        at = error.start + 1
        raise InputError(
            f"{name} is not UTF-8 text; save it as UTF-8 (byte {at} is none)"
        ) from error


def compose(text: str, loader: type[yaml.SafeLoader], *, several: bool = False) -> list[yaml.Node]:
    r"""The documents of a text: at most one unless there may be `several`.

    Raises
    ------
    NotYamlError
        With its place; whatever the text is.

    Examples
    --------
    >>> [node.value for node in compose("a\n---\nb", yaml.SafeLoader, several=True)]
    ['a', 'b']
    >>> compose("a: [b", yaml.SafeLoader)
    Traceback (most recent call last):
    watchkeeper.files.composing.NotYamlError: this is no YAML: expected ',' or ']', but got '<stream
    end>'
    """
    if len(text) > LONGEST:
        raise NotYamlError(
            1, 1, f"it has more than {LONGEST} characters; such a file is a short text"
        )
    try:
        return list(_nodes(loader(text), several=several))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise NotYamlError(*place, str(error.problem or error.context)) from error
    except yaml.reader.ReaderError as error:
        sign = ord(error.character) if isinstance(error.character, str) else error.character
        line, column = place_of(text, error.position)
        told = f"the character U+{sign:04X} at line {line}, column {column} is not allowed"
        raise NotYamlError(1, 1, told) from error
    except RecursionError as error:
        raise NotYamlError(1, 1, "it is nested too deeply") from error
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise NotYamlError(1, 1, str(error)) from error


def _nodes(loader: yaml.SafeLoader, *, several: bool) -> Iterator[yaml.Node]:
    try:
        if not several:
            node = loader.get_single_node()
            if node is not None:
                yield node
            return
        while loader.check_node():
            node = loader.get_node()
            if node is not None:
                yield node
    finally:
        loader.dispose()


def too_large(root: yaml.Node, most: int) -> yaml.Node | None:
    """The innermost node that has more than `most` values once its aliases are unfolded.

    Each node is looked at once, so what unfolds to millions is found without unfolding it. What
    holds itself counts once: readers do not go deeper than they must.
    """
    sizes: dict[int, int] = {}
    opened: set[int] = set()
    waiting = [(root, False)]
    while waiting:
        node, seen = waiting.pop()
        if seen:
            sizes[id(node)] = 1 + sum(sizes.get(id(one), 0) for one in below(node))
            if sizes[id(node)] > most:
                return node
        elif id(node) not in opened:
            opened.add(id(node))
            waiting.append((node, True))
            waiting += [(one, False) for one in below(node)]
    return None


def below(node: yaml.Node) -> Iterator[yaml.Node]:
    """The nodes within a node: items, or keys and values."""
    if isinstance(node, yaml.SequenceNode):
        yield from node.value
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield key
            yield value
