"""The runbooks that there are: one's own, and the starter ones beside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from watchkeeper.app.alarms.vocabulary import vocabulary_of
from watchkeeper.core.errors import NotFoundError, WatchkeeperError
from watchkeeper.expressions.hints import suggest
from watchkeeper.incidents.runbooks.parse import read_runbook
from watchkeeper.incidents.runbooks.starter import STARTERS, starter
from watchkeeper.incidents.runbooks.step import Runbook, Step
from watchkeeper.monitors.conditions.compiling import compile_condition
from watchkeeper.store.catalogue.alarms import AlarmStore

RUNBOOKS: Final = "runbooks"
"""The kind of files that are runbooks."""


@dataclass(frozen=True, slots=True)
class Shelved:
    """A runbook and where it comes from; `set_at` is None for one of the starter pack."""

    runbook: Runbook
    set_at: datetime | None = None
    who: str | None = None


class RunbookShelf:
    """The runbooks, each read once for as long as its text stays."""

    def __init__(self, store: AlarmStore) -> None:
        self._store = store
        self._held: dict[str, tuple[str, Runbook]] = {}

    def all(self) -> list[Shelved]:
        """Every runbook, by name; one's own takes the place of a starter one."""
        found = {name: Shelved(_named(starter(name), name)) for name in STARTERS}
        found |= dict(self._own())
        return [found[name] for name in sorted(found)]

    def get(self, name: str) -> Shelved:
        """The runbook of a name.

        Raises
        ------
        NotFoundError
            There is none.
        """
        found = {one.runbook.name: one for one in self.all()}
        if name not in found:
            hint = suggest(name, found) or "; `watchkeeper runbooks` lists what there is"
            raise NotFoundError(f"there is no runbook {name!r}{hint}")
        return found[name]

    def step(self, name: str, id_: str) -> Step:
        """A step of a runbook.

        Raises
        ------
        NotFoundError
            There is no such runbook, or no such step in it.
        """
        runbook = self.get(name).runbook
        found = runbook.step(id_)
        if found is None:
            ids = [step.id for step in runbook.steps]
            hint = suggest(id_, ids) or f"; it has {', '.join(ids) or 'none'}"
            raise NotFoundError(f"the runbook {name!r} has no step {id_!r}{hint}")
        return found

    def _own(self) -> Iterator[tuple[str, Shelved]]:
        for row in self._store.files(RUNBOOKS):
            held = self._held.get(row.name)
            if held is None or held[0] != row.text:
                try:
                    held = row.text, read_own(row.text, row.name)
                except WatchkeeperError:
                    continue  # It was refused when it was applied; it is of another release.
                self._held[row.name] = held
            yield row.name, Shelved(held[1], row.set_at, row.who)


def read_own(text: str, name: str, *, source: str | None = None) -> Runbook:
    """A runbook of one's own, with its conditions checked.

    Parameters
    ----------
    text
        Its Markdown.
    name
        What it is called.
    source
        What it is called in errors, where that is something else.

    Raises
    ------
    InputError
        Everything that is wrong with its steps.
    """
    found = read_runbook(text, name=source or f"{name}.md", check_condition=condition_problem)
    return _named(found, name)


def condition_problem(text: str) -> str | None:
    """What is wrong with the condition of a check; None where nothing is.

    >>> condition_problem("accuracy > 0.9") is None
    True
    """
    try:
        compile_condition(text, vocabulary_of())
    except WatchkeeperError as error:
        return f"the condition: {error}"
    return None


def _named(runbook: Runbook, name: str) -> Runbook:
    return msgspec.structs.replace(runbook, name=name)
