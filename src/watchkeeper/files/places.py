"""Places in a text: of a character, and of what stands inside of a quoted or folded value."""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from watchkeeper.expressions.nodes import Position

_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_PROPERTY = re.compile(r"(?:[&!]\S*\s+)+")


def place_of(text: str, index: int) -> tuple[int, int]:
    r"""The line and column of a character, both from 1; lines end where YAML ends them.

    Examples
    --------
    >>> place_of("a: b\r\nc: d", 9)
    (2, 4)
    """
    ends = [found.end() for found in _BREAK.finditer(text, 0, index)]
    return len(ends) + 1, index - (ends[-1] if ends else 0) + 1


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
    return place_of(text, found)


def _content(text: str, start: int, style: str | None) -> int:
    """Where the content of a scalar begins, behind anchor, tag, quote or the sign of a block."""
    match = _PROPERTY.match(text, start)
    start = match.end() if match else start
    if style in ("|", ">"):
        found = _BREAK.search(text, start)
        return found.end() if found else len(text)
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
