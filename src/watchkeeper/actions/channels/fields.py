"""The fields of a mapping, read by name and type; all that is wrong with them is told at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from watchkeeper.actions.channels import templates
from watchkeeper.actions.channels.secret import Secret
from watchkeeper.core.durations import parse_duration
from watchkeeper.core.errors import InputError
from watchkeeper.expressions.hints import suggest


class Fields:
    """A reader of one mapping.

    Each method reads a field of a type, with a default where it is missing or null. What is wrong
    is noted, and `finish` tells what was never read: nobody knows it.

    Parameters
    ----------
    mapping
        What is read.
    where
        Where it stands, such as `slack_configs[0]`.
    problems
        Where problems are noted; shared among the readers of one file.

    Examples
    --------
    >>> problems = []
    >>> fields = Fields({"channel": "#ops", "chanel": "#dev"}, "slack_configs[0]", problems)
    >>> fields.text("channel")
    '#ops'
    >>> fields.finish()
    >>> problems
    ["slack_configs[0] has no field 'chanel'; did you mean 'channel'?"]
    """

    def __init__(self, mapping: object, where: str, problems: list[str]) -> None:
        self.where, self.problems = where, problems
        self.ignored: list[str] = []
        self._known: set[str] = set()
        self._mapping: Mapping[str, Any] = {}
        if isinstance(mapping, Mapping):
            self._mapping = {str(name): value for name, value in mapping.items()}
        elif mapping is not None:
            self.wrong(f"{where} holds {_kind(mapping)}; write fields with values")

    def wrong(self, message: str) -> None:
        """Note a problem."""
        self.problems.append(message)

    def has(self, name: str) -> bool:
        """Whether a field is there and not null."""
        self._known.add(name)
        return self._mapping.get(name) is not None

    def raw(self, name: str) -> Any:
        """A field as it stands; None where it is missing."""
        self._known.add(name)
        return self._mapping.get(name)

    def text(self, name: str, default: str = "") -> str:
        """A text; numbers are taken for texts too, since YAML makes them of keys and ids."""
        value = self.raw(name)
        if value is None:
            return default
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return str(value)
        self.wrong(f"{self.where}.{name} is {_kind(value)}; write a text")
        return default

    def choice(self, name: str, default: str = "") -> str:
        """A text that chooses who is told; a template that we cannot read is a problem."""
        text = self.text(name, default)
        if not templates.is_known(text):
            self.wrong(
                f"{self.where}.{name} holds a template that is not read here; "
                f"write a plain text, {templates.KNOWN}"
            )
        return text

    def wording(self, name: str, default: str = "") -> str:
        """A text within a message; a template that we cannot read counts as not written."""
        text = self.text(name, default)
        if templates.is_known(text):
            return text
        self.ignored.append(name)
        return default

    def flag(self, name: str, *, default: bool) -> bool:
        """Yes or no."""
        value = self.raw(name)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        self.wrong(f"{self.where}.{name} is {value!r}; write true or false")
        return default

    def seconds(self, name: str, default: float) -> float:
        """A length of time such as `10s`, in seconds; 0 means the default, as in Alertmanager."""
        text = self.text(name)
        try:
            return parse_duration(text).total_seconds() or default if text else default
        except InputError as error:
            self.wrong(f"{self.where}.{name}: {error}")
            return default

    def number(self, name: str, default: int = 0) -> int:
        """A whole number, not negative."""
        value = self.raw(name)
        if value is None:
            return default
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        self.wrong(f"{self.where}.{name} is {value!r}; write a whole number from 0")
        return default

    def secret(self, name: str) -> Secret | None:
        """A secret of `name` or of the file that `name_file` names; None where there is neither."""
        text, file = self.text(name), self.text(f"{name}_file")
        if text and file:
            self.wrong(f"{self.where} has {name} and {name}_file; write one of them")
        if file:
            return Secret(file=file)
        return Secret(text) if text else None

    def needed(self, name: str, found: Secret | None) -> Secret:
        """A secret that must be there."""
        if found is None:
            self.wrong(f"{self.where} has no {name}; write {name} or {name}_file")
        return found or Secret()

    def fields(self, name: str) -> Fields:
        """The fields of a mapping below; finish them too."""
        return Fields(self.raw(name), f"{self.where}.{name}", self.problems)

    def pairs(self, name: str) -> dict[str, str]:
        """Names and texts."""
        value = self.raw(name)
        if value is None:
            return {}
        if isinstance(value, Mapping):
            return {str(key): str(text) for key, text in value.items() if text is not None}
        self.wrong(f"{self.where}.{name} is {_kind(value)}; write names with texts")
        return {}

    def wordings(self, name: str) -> dict[str, str]:
        """Names and texts within a message; those with templates we cannot read are left out."""
        found = {}
        for key, text in self.pairs(name).items():
            if templates.is_known(text):
                found[key] = text
            else:
                self.ignored.append(f"{name}.{key}")
        return found

    def items(self, name: str) -> list[Any]:
        """A list."""
        value = self.raw(name)
        if value is None or isinstance(value, list | tuple):
            return list(value or ())
        self.wrong(f"{self.where}.{name} is {_kind(value)}; write a list")
        return []

    def ignore(self, *names: str) -> None:
        """Fields that may be there and have no effect here; those that are there are noted."""
        self.ignored.extend(name for name in names if self.has(name))

    def finish(self) -> None:
        """Note all fields that nobody has read."""
        for name in self._mapping:
            if name not in self._known:
                self.wrong(f"{self.where} has no field {name!r}{nearest(name, self._known)}")


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown name: the nearest one that is known, or all."""
    names = sorted(known)
    return suggest(name, names, most=1) or f"; it has {', '.join(names)}"


def _kind(value: object) -> str:
    if isinstance(value, Mapping):
        return "a mapping"
    return "a list" if isinstance(value, list | tuple) else f"a {type(value).__name__}"
