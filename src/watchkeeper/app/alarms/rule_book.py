"""The rules in force: files as they were applied, read once, and which alerts they watch for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import msgspec

from watchkeeper.app.live.measured import Measured
from watchkeeper.core.errors import InputError, WatchkeeperError
from watchkeeper.monitors.conditions.compiling import compile_condition
from watchkeeper.monitors.conditions.names import Vocabulary
from watchkeeper.monitors.conditions.plan import Condition
from watchkeeper.monitors.rule import Group, Rule
from watchkeeper.monitors.rule_file import read_rules

RULES = "rules"
"""The kind of rule files."""


class Key(msgspec.Struct, frozen=True, order=True):
    """What tells one alert of a rule from every other.

    Attributes
    ----------
    file, group, alert, number
        The rule: its file's name, its group's, its own, and which it is of those in the group that
        share a name.
    model
        The model.
    version, segment
        The version and the value of the rule's segment column; empty where it asks for none.
    """

    file: str
    group: str
    alert: str
    number: int
    model: str
    version: str = ""
    segment: str = ""

    def text(self) -> str:
        """As the store knows it; keys of one group and model begin alike.

        >>> Key("a.yaml", "g", "Low", 0, "flights").text()
        '["a.yaml","g","flights","Low",0,"",""]'
        """
        held = (
            self.file, self.group, self.model, self.alert, self.number, self.version, self.segment,
        )  # fmt: skip
        return msgspec.json.encode(held).decode()


def key_of(text: str) -> Key:
    """The key that `Key.text` wrote.

    >>> key_of('["a.yaml","g","flights","Low",0,"2","JFK"]').version
    '2'
    """
    file, group, model, alert, number, version, segment = msgspec.json.decode(text)
    return Key(file, group, alert, number, model, version, segment)


@dataclass(frozen=True, slots=True)
class Bound:
    """A rule on a model, ready to be evaluated.

    Attributes
    ----------
    rule
        The rule.
    number
        As in `Key`.
    condition, clear
        Compiled; None where the rule has none, or where they cannot be on this model.
    error
        Why they cannot be.
    """

    rule: Rule
    number: int
    condition: Condition | None = None
    clear: Condition | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Watched:
    """A group of rules on one model.

    Attributes
    ----------
    file
        The file that holds it.
    group
        The group.
    model
        The model.
    """

    file: str
    group: Group
    model: str

    def key(self) -> str:
        """As the store knows it.

        >>> Watched("a.yaml", Group("g", ()), "flights").key()
        '["a.yaml","g","flights"]'
        """
        return msgspec.json.encode((self.file, self.group.name, self.model)).decode()

    def times(self, last: datetime, now: datetime, *, most: int = 500) -> list[datetime]:
        """The times at which it is to be evaluated: those since the last one, at most so many.

        They lie on a grid of the interval, so that they are the same after a restart.

        >>> from datetime import UTC
        >>> watched = Watched("a", Group("g", (), interval=timedelta(minutes=5)), "flights")
        >>> noon = datetime(2026, 1, 1, 12, 1, tzinfo=UTC)
        >>> [t.minute for t in watched.times(noon, noon + timedelta(minutes=11))]
        [5, 10]
        """
        step = self.group.interval
        newest = now - (now - _EPOCH) % step
        missed = (newest - last + step - _TICK) // step
        count = min(max(missed, 0), most)
        return [newest - step * n for n in reversed(range(count))]


_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_TICK = timedelta(microseconds=1)


def bind(group: Group, vocabulary: Vocabulary) -> list[Bound]:
    """The rules of a group on a model; a condition that cannot be there is an error of its rule."""
    seen: dict[str, int] = {}
    bound: list[Bound] = []
    for rule in group.rules:
        number = seen.get(rule.alert, 0)
        seen[rule.alert] = number + 1
        try:
            bound.append(
                Bound(
                    rule,
                    number,
                    _compiled(rule.expr, vocabulary) if rule.expr else None,
                    _compiled(rule.clear, vocabulary) if rule.clear else None,
                )
            )
        except WatchkeeperError as error:
            bound.append(Bound(rule, number, error=str(error)))
    return bound


@lru_cache(maxsize=20_000)
def _compiled(text: str, vocabulary: Vocabulary) -> Condition:
    """Each condition once: compiling costs more than evaluating."""
    return compile_condition(text, vocabulary)


@dataclass(frozen=True, slots=True)
class Scope:
    """A version and a value of a segment that a rule has an alert for; empty for all."""

    version: str = ""
    segment: str = ""


def scopes_of(rule: Rule, measured: Measured, versions: Sequence[str]) -> list[Scope]:
    """Every alert that a rule may have on a model now.

    Raises
    ------
    InputError
        The model has no such segments.
    """
    named = versions if rule.by_version else ("",)
    if rule.segment is None:
        return [Scope(version) for version in named]
    layout = measured.layout
    held = {} if layout is None else measured.buckets.segments(measured.model, layout.id)
    if layout is None or rule.segment not in layout.segments:
        known = ", ".join(layout.segments) if layout is not None else ""
        raise InputError(
            f"model {measured.model!r} has no segments by {rule.segment!r}; it has "
            f"{known or 'none'}"
        )
    values = held.get(rule.segment, [])
    return [Scope(version, value) for version in named for value in values]


class RuleBook:
    """Rule files, each read once for as long as its text stays.

    Parameters
    ----------
    vocabulary
        For reading: names that are not metrics are refused; columns are not known here.
    """

    def __init__(self, vocabulary: Callable[[], Vocabulary]) -> None:
        self._vocabulary = vocabulary
        self._held: dict[str, tuple[str, tuple[Group, ...]]] = {}

    def groups(self, name: str, text: str) -> tuple[Group, ...]:
        """The groups of a file.

        Raises
        ------
        InputError
            The file is wrong; the error says everything that is.
        """
        held = self._held.get(name)
        if held is None or held[0] != text:
            held = text, read_rules(text, source=name, vocabulary=self._vocabulary())
            self._held[name] = held
        return held[1]

    def watched(self, files: Iterable[tuple[str, str]], models: Sequence[str]) -> Iterator[Watched]:
        """Every group on every model that it watches; a file that is wrong is passed over."""
        for name, text in files:
            try:
                groups = self.groups(name, text)
            except InputError:
                continue  # It was refused when it was applied; an upgrade may know less.
            for group in groups:
                for model in models if group.model is None else (group.model,):
                    yield Watched(name, group, model)
