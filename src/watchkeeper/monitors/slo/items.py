"""A YAML text as values that know where they stand, and readers that note what is wrong."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import yaml

from watchkeeper.core.durations import parse_duration
from watchkeeper.core.errors import InputError
from watchkeeper.expressions.hints import suggest

_MOST = 100_000
_NULL = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(frozen=True, slots=True)
class Item:
    """A value of a YAML text.

    Attributes
    ----------
    line, column
        Where it stands, from 1.
    text
        Of a scalar; None for nothing, a mapping or a list.
    entries, keys
        Of a mapping: the values, and where their keys stand.
    items
        Of a list.
    """

    line: int
    column: int
    text: str | None = None
    entries: Mapping[str, Item] | None = None
    keys: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    items: tuple[Item, ...] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing was written."""
        return self.text is None and self.entries is None and self.items is None


class Reader:
    """The documents of a text, and all that is wrong with them.

    Parameters
    ----------
    text
        YAML.
    name
        What to call it in an error.

    Raises
    ------
    InputError
        The text is no YAML.

    Examples
    --------
    >>> reader = Reader("objective: 99.9%", name="slo.yaml")
    >>> reader.share(reader.documents[0].entries["objective"], "objective")
    0.999
    """

    def __init__(self, text: str, *, name: str) -> None:
        self.name = name
        self._problems: list[tuple[int, int, str]] = []
        self._count = 0
        try:
            nodes = list(yaml.compose_all(text, Loader=yaml.SafeLoader))
            self.documents = [self._item(node) for node in nodes]
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
            raise InputError(f"{name}{where}: this is no YAML: {error.problem}") from error
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            raise InputError(f"{name} is no YAML: {error}") from error

    def problem(self, item: Item | tuple[int, int], text: str) -> None:
        """Note what is wrong at a place."""
        place = item if isinstance(item, tuple) else (item.line, item.column)
        self._problems.append((*place, text))

    def finish(self) -> None:
        """Raise one `InputError` with all that is wrong, by its place, if anything is."""
        if self._problems:
            raise InputError(
                "\n".join(
                    f"{self.name}, line {line}, column {column}: {text}"
                    for line, column, text in sorted(set(self._problems))
                )
            )

    def _item(self, node: yaml.Node) -> Item:
        self._count += 1
        if self._count > _MOST:
            raise InputError(f"{self.name} has too many entries; a file of SLOs is a short text")
        line, column = node.start_mark.line + 1, node.start_mark.column + 1
        if isinstance(node, yaml.SequenceNode):
            return Item(line, column, items=tuple(self._item(part) for part in node.value))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, line, column)
        plain = getattr(node, "style", None) is None and node.value in _NULL
        return Item(line, column, text=None if plain else str(node.value))

    def _mapping(self, node: yaml.MappingNode, line: int, column: int) -> Item:
        entries: dict[str, Item] = {}
        keys: dict[str, tuple[int, int]] = {}
        for key, value in node.value:
            place = (key.start_mark.line + 1, key.start_mark.column + 1)
            name = str(key.value)
            if name in entries:
                self.problem(place, f"the key {name!r} stands twice; keep one")
            entries[name], keys[name] = self._item(value), place
        return Item(line, column, entries=entries, keys=keys)

    def mapping(
        self, item: Item | None, known: Collection[str] | None, where: str
    ) -> Mapping[str, Item]:
        """What a mapping holds that is not empty; keys that are not known are problems."""
        if item is None or item.is_empty:
            return {}
        if item.entries is None:
            self.problem(item, f"{where} must hold keys and values, such as `name: answers`")
            return {}
        for key, place in item.keys.items():
            if known is not None and key not in known:
                near = suggest(key, known) or f"; known are {', '.join(known)}"
                self.problem(place, f"unknown key {key!r} in {where}{near}")
        return {key: held for key, held in item.entries.items() if not held.is_empty}

    def list(self, item: Item | None, where: str) -> tuple[Item, ...]:
        """The items of a list; none where nothing was written."""
        if item is None or item.is_empty:
            return ()
        if item.items is None:
            self.problem(item, f"{where} must be a list; begin each item with `- `")
            return ()
        return item.items

    def text(self, item: Item | None, where: str) -> str:
        """A text; empty where nothing was written."""
        if item is None or item.is_empty:
            return ""
        if item.text is None:
            self.problem(item, f"{where} must be a text")
            return ""
        return item.text

    def choice(self, item: Item, allowed: Collection[str], where: str) -> str | None:
        """One of some words."""
        given = self.text(item, where)
        if given in allowed:
            return given
        near = suggest(given, allowed)
        self.problem(item, f"{where}: {given!r} is not allowed; use {', '.join(allowed)}{near}")
        return None

    def number(self, item: Item, where: str) -> float | None:
        """A number."""
        given = self.text(item, where)
        if re.fullmatch(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?", given):
            return float(given)
        self.problem(item, f"{where}: {given!r} is no number")
        return None

    def whole(self, item: Item, where: str) -> int | None:
        """A whole number of at least one."""
        given = self.text(item, where)
        if re.fullmatch(r"\d{1,9}", given) and int(given) >= 1:
            return int(given)
        self.problem(item, f"{where}: {given!r} is no whole number of at least 1")
        return None

    def share(self, item: Item, where: str) -> float | None:
        """A share between 0 and 1, neither included: `0.999` or `99.9%`."""
        given = self.text(item, where)
        found = re.fullmatch(r"(\d+(?:\.\d*)?|\.\d+) ?(%?)", given)
        # 99.9 / 100 in decimal, as a person would: 0.999, and not 0.9990000000000001.
        value = round(float(found[1]) / 100, 12) if found and found[2] else None
        value = float(found[1]) if found and value is None else value
        if value is not None and 0 < value < 1:
            return value
        hint = f"; did you mean {given}%?" if value is not None and 1 <= value < 100 else ""
        self.problem(
            item, f"{where}: {given!r} is no share; write 99.9% or 0.999, above 0 and under 1{hint}"
        )
        return None

    def duration(self, item: Item, where: str) -> timedelta | None:
        """A length of time longer than none."""
        try:
            length = parse_duration(self.text(item, where))
        except InputError as error:
            self.problem(item, f"{where}: {error}")
            return None
        if length <= timedelta():
            self.problem(item, f"{where} must be longer than none, such as 1h")
            return None
        return length
