"""Rule files, and the tests of rules, as their readers take them."""

from __future__ import annotations

from collections.abc import Collection

from watchkeeper.expressions.hints import suggest
from watchkeeper.files.nodes import Node, Words
from watchkeeper.files.reader import Reader

_MEANT = {
    "name": "alert", "condition": "expr", "query": "expr", "duration": "for",
    "priority": "severity", "runbook": "annotations",
}  # fmt: skip


class Document(Reader):
    """The nodes of a rule file, and what is wrong with them."""

    MOST = 1_000_000  # Programs write rules by the thousand.
    WORDS = Words(
        mapping="{what} holds keys and values; here is {found}",
        items="{what} is a list, each item behind a dash; here is {found}",
        text="{what} is a text; here is {found}",
        empty="{what} is empty; write its value or remove the key",
        key="a key of {what} is a plain word",
        unknown="unknown key {key!r}{hint}",
        number="{what} is a number; here is {given!r}",
        flag="{what} is true or false; here is {given!r}",
        twice="the key {key!r} stands twice in {what}, first on line {line}; remove one",
    )

    def hint(self, key: str, what: str, known: Collection[str]) -> str:
        """The nearest key, or the one that goes by another name elsewhere."""
        meant = _MEANT.get(key)
        if meant in known:
            return f"; did you mean {meant!r}?"
        return suggest(key, known) or f"; {what} has {', '.join(known)}"

    def at_least(self, node: Node, what: str, least: int) -> int | None:
        """A whole number from `least` on."""
        said = "{what} is a whole number; here is {given!r}"
        number = self.number(node, what, least, said=said)
        if number is not None and (number >= 1e18 or number != int(number)):
            self.wrong(node, f"{what} is a whole number; here is {number:g}")
            return None
        return None if number is None else int(number)
