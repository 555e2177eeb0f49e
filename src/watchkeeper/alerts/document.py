"""Alertmanager's file as its own reader takes it: `yes` is true, years are lengths of time."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from watchkeeper.core.durations import parse_duration
from watchkeeper.core.errors import InputError
from watchkeeper.expressions.hints import suggest
from watchkeeper.files.nodes import Node, Words, is_nothing
from watchkeeper.files.reader import Reader

_TRUE = frozenset({"true", "yes", "on", "y"})
_FALSE = frozenset({"false", "no", "off", "n"})


class Document(Reader):
    """The nodes of a configuration, and what is wrong with them.

    Examples
    --------
    >>> document = Document("a.yml")
    >>> nodes = document.mapping(document.compose("wait: 5x"), "the file", {"wait"})
    >>> document.length(nodes["wait"])
    >>> document.finish()
    Traceback (most recent call last):
    watchkeeper.core.errors.InputError: a.yml, line 1, column 7: '5x' is no length of time; ...
    """

    MOST = 200_000
    NOTHING_IS_EMPTY = True
    WORDS = Words(
        mapping="{what} holds keys and values, such as `key: value`; here is {found}",
        items="{what} is a list, such as `[a, b]`; here is {found}",
        unknown="{what} has no key {key!r}{hint}",
        twice="{what} has the key {key!r} twice; keep one",
    )

    def hint(self, key: str, what: str, known: Collection[str]) -> str:  # noqa: ARG002  # as in the base class
        """The nearest key, or all that there are."""
        return nearest(key, known)

    def texts(self, node: Node | None, what: str) -> list[tuple[Node, str]]:
        """The texts of a list, each with its node."""
        return [(item, self.written(item, f"an item of {what}")) for item in self.items(node, what)]

    def truth(self, node: Node | None, what: str) -> bool:
        """A truth value; False where nothing was written."""
        written = self.written(node, what).lower()
        if not is_nothing(node) and written not in _TRUE | _FALSE:
            self.wrong(node, f"{what} is true or false")
        return written in _TRUE

    def length(self, node: Node | None) -> timedelta | None:
        """A length of time such as `1h30m`; years of 365 days are allowed."""
        if is_nothing(node):
            return None
        written = self.written(node, "a length of time").strip()
        years, y, rest = written.partition("y")
        try:
            if y and years.isdecimal():
                return timedelta(days=365 * int(years)) + parse_duration(rest or "0")
            return parse_duration(written)
        except (InputError, OverflowError, ValueError) as error:
            self.wrong(node, str(error))
            return None


def nearest(name: str, known: Collection[str] | Mapping[str, Any]) -> str:
    """A hint at the nearest known name, or at all of them where none is near.

    Examples
    --------
    >>> nearest("reciever", {"receiver", "route"})
    "; did you mean 'receiver'?"
    """
    names = sorted(known)
    every = f"; there are: {', '.join(names)}" if names else ""
    return suggest(name, names, most=1) or every
