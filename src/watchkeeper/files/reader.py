"""The reader that everything people write in YAML is read with.

Scalars are taken as they are written: `09:00`, `no`, `1e3` and `1.10` stay text until a reader
makes something of them, so the traps of YAML 1.1 and 1.2 are none. `plain` alone makes numbers and
truth values, by the rules of `LOADER`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from datetime import date, datetime, time, timedelta
from math import inf, isfinite
from typing import Any, TypeVar

import yaml

from watchkeeper.core.durations import parse_duration
from watchkeeper.core.errors import InputError
from watchkeeper.expressions.hints import listed, suggest
from watchkeeper.files.nodes import (
    CORE,
    Node,
    Nodes,
    is_list,
    is_mapping,
    is_nothing,
    is_text,
    kind_of,
)
from watchkeeper.files.zones import zone

T = TypeVar("T")

_VALUES = frozenset(CORE + name for name in ("int", "float", "bool", "null"))
_TEXTS = frozenset(CORE + name for name in ("str", "timestamp", "value", "merge"))
_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?", re.ASCII)
_TRUTHS = {"true": True, "false": False}

DEEPEST = 100
"""So deep `plain` goes."""


class Reader(Nodes):
    r"""Makes values of nodes.

    A method takes a node and what to call it, and returns None, or what is empty, where the node is
    not what it should be; why is kept in `problems`.

    Examples
    --------
    >>> reader = Reader("a.yaml")
    >>> fields = reader.mapping(reader.compose("wait: 5m\nwiat: 6m"), "the file", ["wait"])
    >>> reader.duration(fields["wait"], "wait").total_seconds()
    300.0
    >>> reader.finish()
    Traceback (most recent call last):
    watchkeeper.core.errors.InputError: a.yaml, line 2, column 1: the file has no 'wiat'; did you
        mean 'wait'?
    """

    def written(self, node: Node | None, what: str) -> str:
        """A text as it was written; empty where nothing was."""
        if node is None or is_nothing(node):
            return ""
        self._count(node)
        if is_text(node):
            return str(node.value)
        self.wrong(node, self.WORDS.text.format(what=what, found=kind_of(node)))
        return ""

    def content(self, node: Node, what: str) -> str | None:
        """A text that is not empty."""
        self._count(node)
        if not is_text(node):
            self.wrong(node, self.WORDS.text.format(what=what, found=kind_of(node)))
        elif is_nothing(node) or not node.value.strip():
            self.wrong(node, self.WORDS.empty.format(what=what))
        else:
            return str(node.value)
        return None

    def contents(self, node: Node, what: str) -> tuple[str, ...]:
        """A list of texts that are not empty, or one of them."""
        found = (self.content(item, what) for item in self.each(node))
        return tuple(text for text in found if text is not None)

    def choice(self, node: Node, what: str, known: Collection[str]) -> str | None:
        """One of several words."""
        text = self.content(node, what)
        if text is None or text in known:
            return text
        said = {"given": text, "names": ", ".join(known), "either": listed(known)}
        hint = suggest(text, known)
        self.wrong(node, self.WORDS.choice.format(what=what, hint=hint, **said))
        return None

    def read(self, node: Node, what: str, reader: Callable[[str], T], wanted: str) -> T | None:
        """Anything that a function makes of a text; its InputError or ValueError is a problem."""
        text = self.content(node, what)
        if text is None:
            return None
        try:
            return reader(text.strip())
        except InputError as error:
            self.wrong(node, f"{what}: {error}")
        except (ValueError, KeyError, OverflowError):
            self.wrong(node, f"{what} is {text!r}; write {wanted}")
        return None

    def whole(self, node: Node, what: str, low: int, high: int) -> int | None:
        """A whole number within limits."""

        def read(text: str) -> int:
            value = int(text)
            if not low <= value <= high:
                raise ValueError(text)
            return value

        return self.read(node, what, read, f"a whole number from {low} to {high}")

    def number(
        self, node: Node, what: str, least: float = -inf, most: float = inf, *, said: str = ""
    ) -> float | None:
        """A number within bounds, as decimals have it: neither `nan` nor `inf`."""
        text = self.content(node, what)
        if text is None:
            return None
        number = float(text) if _NUMBER.fullmatch(text.strip()) else inf
        if not isfinite(number):
            self.wrong(node, (said or self.WORDS.number).format(what=what, given=text))
        elif not least <= number <= most:
            span = f"at least {least:g}" if most == inf else f"{least:g} to {most:g}"
            self.wrong(node, f"{what} is {text}; it must be {span}")
        else:
            return number
        return None

    def flag(self, node: Node, what: str) -> bool | None:
        """True or false."""
        text = self.content(node, what)
        if text is not None and text.lower() not in _TRUTHS:
            self.wrong(node, self.WORDS.flag.format(what=what, given=text))
        return None if text is None else _TRUTHS.get(text.lower())

    def duration(self, node: Node, what: str, *, positive: bool = False) -> timedelta | None:
        """A length of time such as `5m`."""
        length = self.read(node, what, parse_duration, "a length of time such as 30s, 5m or 12h")
        if positive and length is not None and length <= timedelta():
            self.wrong(node, f"{what} is no time at all; it must be longer than none, such as 1h")
            return None
        return length

    def clock(self, node: Node, what: str) -> time | None:
        """A time of day; 24:00 is midnight."""

        def read(text: str) -> time:
            value = time.fromisoformat("00:00" if text == "24:00" else text)
            if value.tzinfo is not None:
                raise ValueError(text)
            return value

        return self.read(node, what, read, "a time of day such as '09:00'")

    def day(self, node: Node, what: str) -> date | None:
        """A date."""
        return self.read(node, what, date.fromisoformat, "a date such as 2026-01-05")

    def time_zone(self, node: Node, what: str) -> str | None:
        """The name of a time zone."""
        place = self.read(node, what, zone, "a name such as Europe/Zurich")
        return None if place is None else place.key

    def moment(self, node: Node, what: str) -> datetime | None:
        """A date and time, with or without an offset from UTC."""
        return self.read(node, what, datetime.fromisoformat, "a time such as 2026-01-05T09:00")

    def plain(self, node: Node | None, what: str, depth: int = 0) -> Any:
        """Whatever a node holds as Python objects; dates stay text, and keys are texts."""
        if node is None:
            return None
        self._count(node)
        if depth > DEEPEST:
            self.wrong(node, f"this is nested more than {DEEPEST} deep")
            return None
        if is_mapping(node):
            pairs = self.mapping(node, what).items()
            return {key: self.plain(value, f"{what}.{key}", depth + 1) for key, value in pairs}
        if is_list(node):
            return [self.plain(item, what, depth + 1) for item in node.value]
        return self._value(node)

    def _value(self, node: Node) -> Any:
        if node.tag in _TEXTS:
            return str(node.value)
        if node.tag not in _VALUES:
            self.wrong(node, f"the tag {node.tag!r} is not known; leave it out")
            return None
        try:
            return self.LOADER("").construct_object(node)
        except (yaml.YAMLError, ArithmeticError, LookupError, ValueError):
            self.wrong(node, f"{node.value!r} is no {node.tag.removeprefix(CORE)}")
            return None
