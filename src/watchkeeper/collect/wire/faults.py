"""What is wrong with the records of a body: rejected rows, violations, values that overflow."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

_DEPTH = 64
_BITS = 8192  # Python writes no longer whole numbers in decimal digits.

RECORD = "_record"
"""The key of the overflow for what a record says beside the fields that are known."""


class NestedTooDeeplyError(ValueError):
    """A value nested deeper than JSON is written here."""


class Faults:
    """Rows that are rejected, and what is kept beside the columns for the others.

    Rows are positions in the batch at hand. The first reason for which a row is rejected stands.

    Examples
    --------
    >>> faults = Faults()
    >>> faults.keep(0, "type", "age", [1, 2])
    >>> faults.everywhere("missing", "size")
    >>> faults.violations(2)
    [['missing:size', 'type:age'], ['missing:size']]
    >>> faults.overflow(2)
    ['{"age":[1,2]}', None]
    """

    def __init__(self) -> None:
        self.rejected: dict[int, tuple[str, str]] = {}
        self._violations: dict[int, list[str]] = {}
        self._common: list[str] = []
        self._overflow: dict[int, dict[str, Any]] = {}

    def reject(self, row: int, reason: str, message: str) -> None:
        """Reject a row, where it is not rejected yet."""
        self.rejected.setdefault(row, (reason, message))

    def reject_all(self, rows: Iterable[int], reason: str, message: str) -> None:
        """Reject many rows for one reason."""
        for row in rows:
            self.rejected.setdefault(row, (reason, message))

    def violate(self, rows: Iterable[int], kind: str, name: str) -> None:
        """Count a violation in some rows."""
        text = f"{kind}:{name}"
        for row in rows:
            self._violations.setdefault(row, []).append(text)

    def everywhere(self, kind: str, name: str) -> None:
        """Count a violation in every row."""
        self._common.append(f"{kind}:{name}")

    def keep(self, row: int, kind: str, name: str, value: Any) -> None:
        """Put a value into the overflow of its row, and count the violation."""
        self._violations.setdefault(row, []).append(f"{kind}:{name}")
        self._overflow.setdefault(row, {})[name] = value

    def keep_field(self, row: int, name: str, value: Any) -> None:
        """Put what a record says beside the known fields into its overflow."""
        self._violations.setdefault(row, []).append(f"unknown:{name}")
        self._overflow.setdefault(row, {}).setdefault(RECORD, {})[name] = value

    def violations(self, rows: int) -> list[list[str] | None] | None:
        """The violations of each row, sorted; None where there are none at all."""
        common = sorted(self._common)
        if not self._violations:
            return [common] * rows if common else None
        own = self._violations
        return [
            sorted({*common, *own[row]}) if row in own else (common or None) for row in range(rows)
        ]

    def overflow(self, rows: int) -> list[str | None] | None:
        """The overflow of each row as a JSON object, None where there is none at all.

        A row with a value that nests too deeply to be written is rejected.
        """
        if not self._overflow:
            return None
        column: list[str | None] = [None] * rows
        for row, values in self._overflow.items():
            try:
                column[row] = json_text(values)
            except NestedTooDeeplyError as error:
                self.reject(row, "bad_value", str(error))
        return column


def json_text(value: object) -> str:
    """A value as compact JSON that holds what JSON cannot: NaN, bytes and times as texts.

    Examples
    --------
    >>> json_text({"a": float("nan"), "b": [1, b"x"]})
    '{"a":"NaN","b":[1,"eA=="]}'
    """
    return json.dumps(_plain(value, 0), separators=(",", ":"), sort_keys=True)


def _plain(value: Any, depth: int) -> Any:
    if depth > _DEPTH:
        raise NestedTooDeeplyError(f"a value is nested deeper than {_DEPTH} levels; flatten it")
    if isinstance(value, float):
        if math.isnan(value):
            return "NaN"
        return value if math.isfinite(value) else ("Infinity" if value > 0 else "-Infinity")
    if isinstance(value, int) and value.bit_length() > _BITS:
        return hex(value)
    if value is None or isinstance(value, (str, bool, int)):
        return value
    return _plain_other(value, depth)


def _plain_other(value: Any, depth: int) -> Any:
    if isinstance(value, Mapping):
        return {_key(key): _plain(held, depth + 1) for key, held in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(held, depth + 1) for held in value]
    if isinstance(value, (bytes, memoryview)):
        return base64.b64encode(value).decode("ascii")
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return str(value)


def _key(key: object) -> str:
    return key if isinstance(key, str) else str(key)
