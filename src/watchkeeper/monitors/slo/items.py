"""Files of SLOs, and of OpenSLO, as their readers take them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import timedelta

from watchkeeper.expressions.hints import suggest
from watchkeeper.files.nodes import Node, Words, is_nothing
from watchkeeper.files.reader import Reader

_SHARE = re.compile(r"(\d+(?:\.\d*)?|\.\d+) ?(%?)", re.ASCII)


class Items(Reader):
    """The values of a file of SLOs, and what is wrong with them; empty ones count as left out.

    Examples
    --------
    >>> reader = Items()
    >>> reader.share(reader.compose("99.9%"), "objective")
    0.999
    """

    NOTHING_IS_EMPTY = True
    WORDS = Words(
        mapping="{what} must hold keys and values, such as `name: answers`; it is {found}",
        items="{what} must be a list; begin each item with `- `",
        unknown="unknown key {key!r} in {what}{hint}",
        twice="the key {key!r} stands twice in {what}, first on line {line}; keep one",
        number="{what}: {given!r} is no number",
        choice="{what}: {given!r} is not allowed; use {names}{hint}",
    )

    def hint(self, key: str, what: str, known: Collection[str]) -> str:  # noqa: ARG002  # as in the base class
        """The nearest key, or all that there are."""
        return suggest(key, known) or f"; known are {', '.join(known)}"

    def mapping(
        self,
        node: Node | None,
        what: str,
        known: Collection[str] | None = None,
        needed: Iterable[str] = (),
    ) -> dict[str, Node]:
        """What a mapping holds that is not empty."""
        found = super().mapping(node, what, known, needed)
        return {key: value for key, value in found.items() if not is_nothing(value)}

    def positive(self, node: Node, what: str) -> int | None:
        """A whole number of at least one."""
        given = self.written(node, what)
        if re.fullmatch(r"\d{1,9}", given, re.ASCII) and int(given) >= 1:
            return int(given)
        self.wrong(node, f"{what}: {given!r} is no whole number of at least 1")
        return None

    def share(self, node: Node, what: str) -> float | None:
        """A share between 0 and 1, neither included: `0.999` or `99.9%`."""
        given = self.written(node, what)
        found = _SHARE.fullmatch(given)
        # 99.9 / 100 in decimal, as a person would: 0.999, and not 0.9990000000000001.
        value = round(float(found[1]) / 100, 12) if found and found[2] else None
        value = float(found[1]) if found and value is None else value
        if value is not None and 0 < value < 1:
            return value
        percent = value is not None and 1 <= value < 100 and "%" not in given
        hint = f"; did you mean {given}%?" if percent else ""
        self.wrong(
            node, f"{what}: {given!r} is no share; write 99.9% or 0.999, above 0 and under 1{hint}"
        )
        return None

    def length(self, node: Node, what: str) -> timedelta | None:
        """A length of time longer than none."""
        return self.duration(node, what, positive=True)
