"""A source that answers the same question once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from watchkeeper.core.errors import InputError
from watchkeeper.monitors.source import Asked, Counts, Floats, Points, Source, Times

_Answer = TypeVar("_Answer")


class CachingSource:
    """Remembers what a source has answered, errors included, for as long as it lives itself.

    Rules of one model ask for the same series again and again; make one for each evaluation of
    all of them. Arrays that were handed out must not be written to.

    Parameters
    ----------
    source
        Who is asked.

    Examples
    --------
    >>> from watchkeeper.monitors.conditions.given import GivenSource
    >>> source = CachingSource(GivenSource({"accuracy": [0.9]}))
    >>> first, again = (source.points(Asked("accuracy"), source.source.times) for _ in range(2))
    >>> first is again
    True
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self._held: dict[tuple[object, ...], Any] = {}
        self._times: tuple[Times | None, bytes] = (None, b"")

    def points(self, asked: Asked, times: Times) -> Points:
        """As `Source.points`."""
        return self._once((asked, self._key(times)), lambda: self.source.points(asked, times))

    def features(self) -> Sequence[str]:
        """As `Source.features`."""
        return self._once(("features",), self.source.features)

    def age(self, times: Times) -> Floats:
        """As `Source.age`."""
        return self._once(("age", self._key(times)), lambda: self.source.age(times))

    def events(self, name: str, window: timedelta, times: Times) -> tuple[Counts, Counts]:
        """As `Source.events`."""
        key = ("events", name, window, self._key(times))
        return self._once(key, lambda: self.source.events(name, window, times))

    def constants(self) -> dict[str, Any]:
        """As `Source.constants`."""
        return self._once(("constants",), self.source.constants)

    def _key(self, times: Times) -> bytes:
        """Times as a key; most questions are about the same ones."""
        if self._times[0] is not times:
            self._times = (times, times.tobytes())
        return self._times[1]

    def _once(self, key: tuple[object, ...], ask: Callable[[], _Answer]) -> _Answer:
        found = self._held.get(key)
        if found is None:
            try:
                found = ask()
            except InputError as error:
                found = error
            self._held[key] = found
        if isinstance(found, InputError):
            raise found
        answer: _Answer = found
        return answer
