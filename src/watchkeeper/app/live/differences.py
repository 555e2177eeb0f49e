"""What changed between two model files, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from watchkeeper.app.model_text import flow

_SHOWN = 120
_ABSENT = object()


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What changed, one text for each key.

    >>> differences({"threshold": 0.5}, {"threshold": 0.7, "id": "flight"})
    ['threshold: 0.5 → 0.7', 'id: added flight']
    """
    old, new = dict(_flat(before, ())), dict(_flat(after, ()))
    return [
        _told(".".join(path), old.get(path, _ABSENT), new.get(path, _ABSENT))
        for path in dict.fromkeys([*old, *new])
        if old.get(path, _ABSENT) != new.get(path, _ABSENT)
    ]


def _flat(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each leaf with its path; a list is a leaf."""
    if isinstance(value, Mapping) and (value or not path):
        for key, held in value.items():
            yield from _flat(held, (*path, str(key)))
    else:
        yield path, value


def _told(path: str, old: Any, new: Any) -> str:
    if old is _ABSENT:
        return f"{path}: added {_short(new)}"
    if new is _ABSENT:
        return f"{path}: removed {_short(old)}"
    return f"{path}: {_short(old)} → {_short(new)}"


def _short(value: Any) -> str:
    text = flow(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
