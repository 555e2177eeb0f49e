"""Features against the schema: unknown, missing, and of another type, by the model's policy."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any

import msgspec

from watchkeeper.collect.wire.arrays import (
    Column,
    column_type,
    fit_column,
    has_values,
    null_rows,
    values_of,
)  # fmt: skip
from watchkeeper.collect.wire.faults import Faults
from watchkeeper.collect.wire.rules import MAX_FEATURES, Policy, Rules
from watchkeeper.collect.wire.values import Unpaired
from watchkeeper.core.errors import TooLargeError

_CELLS = 20_000_000
"""Values of one body that are held as Python objects at a time."""

_SPARSE, _SPARSE_CELLS = 20, 500_000
"""Features are adopted from a body while their columns have no more cells than this, or than this
many times the values that are there."""

_ABSENT: Any = object()
_NOTHING: dict[str, Any] = {}


class Spread(msgspec.Struct):
    """Mappings, one a row, as columns.

    Parameters
    ----------
    rows
        How many rows there are.
    columns
        The columns that were expected; null where a row has nothing.
    missing
        The rows that lack an expected column, by its name.
    unknown
        What was not expected, by name: the rows that have it and their values.
    """

    rows: int
    columns: dict[str, Column]
    missing: dict[str, Sequence[int]]
    unknown: dict[str, dict[int, Any] | Column]


def spread(maps: list[dict[str, Any]], known: Collection[str]) -> Spread:
    """Turn mappings into columns.

    Parameters
    ----------
    maps
        One a row.
    known
        The names that are expected.

    Examples
    --------
    >>> found = spread([{"a": 1, "x": 2}, {}], ["a"])
    >>> found.columns, found.missing, found.unknown
    ({'a': [1, None]}, {'a': [1]}, {'x': {0: 2}})
    """
    if len(maps) * len(known) > _CELLS:
        raise TooLargeError(
            f"{len(maps):,} records of {len(known):,} features are too many for one request; send "
            f"at most {_CELLS // len(known):,} records at a time"
        )
    result = Spread(len(maps), {}, {}, {})
    found = 0
    for name in known:
        try:
            result.columns[name] = list(map(itemgetter(name), maps))
            found += len(maps)
        except KeyError:
            found += len(maps) - _with_gaps(result, maps, name)
    if found != sum(map(len, maps)):
        if any(not isinstance(name, str) for name in chain.from_iterable(maps)):
            # Keys of MessagePack may be numbers.
            return spread([{_key(key): held[key] for key in held} for held in maps], known)
        _gather_unknown(result, maps, set(known))
    return result


def _with_gaps(result: Spread, maps: list[dict[str, Any]], name: str) -> int:
    column = [held.get(name, _ABSENT) for held in maps]
    gaps = [row for row, value in enumerate(column) if value is _ABSENT]
    for row in gaps:
        column[row] = None
    result.columns[name] = column
    result.missing[name] = gaps
    return len(gaps)


def _gather_unknown(result: Spread, maps: list[dict[str, Any]], known: set[str]) -> None:
    unknown: dict[str, dict[int, Any]] = {}
    for row, held in enumerate(maps):
        for name, value in held.items():
            if name not in known:
                rows = unknown.setdefault(name, {})
                if value is not None:
                    rows[row] = value
    result.unknown.update(unknown)


def spread_columns(columns: Mapping[str, Column], known: Collection[str], rows: int) -> Spread:
    """The same of columns that are columns already."""
    result = Spread(rows, {}, {}, {})
    for name in known:
        if name in columns:
            result.columns[name] = columns[name]
        else:
            result.columns[name] = [None] * rows
            result.missing[name] = range(rows)
    result.unknown.update({name: held for name, held in columns.items() if name not in known})
    return result


def mappings(column: Column, name: str, faults: Faults) -> list[dict[str, Any]]:
    """A column of mappings; rows that hold anything else are rejected.

    Examples
    --------
    >>> mappings([{"a": 1}, None], "features", Faults())
    [{'a': 1}, {}]
    """
    maps: list[Any] = values_of(column)
    if set(map(type, maps)) != {dict}:
        maps = [_mapping(row, held, name, faults) for row, held in enumerate(maps)]
    return maps


def _mapping(row: int, held: Any, name: str, faults: Faults) -> dict[str, Any]:
    if held is None:
        return _NOTHING
    if isinstance(held, dict):
        return held
    if isinstance(held, list) and all(isinstance(pair, tuple) for pair in held):
        return dict(held)  # A map column of Arrow.
    faults.reject(
        row, "bad_value", f"{name!r} is an object of names and values, not {type(held).__name__}"
    )
    return _NOTHING


def _key(key: Any) -> str:
    return key if isinstance(key, str) else str(key)


class Features(msgspec.Struct):
    """Features in the types of their columns.

    Parameters
    ----------
    columns
        By name: the type and the column.
    adopted
        The types of those that the schema did not have.
    """

    columns: dict[str, tuple[str, Column]]
    adopted: dict[str, str]


def check_features(found: Spread, rules: Rules, faults: Faults, excused: Iterable[int]) -> Features:
    """Hold features to the schema of the model.

    Parameters
    ----------
    found
        The features of all rows, the known ones apart from the others.
    rules
        The schema and the policy.
    faults
        What is wrong is written here.
    excused
        Rows that are not rejected for what they lack: they say an error.
    """
    result = Features({}, {})
    for name, want in rules.features.items():
        column = place(name, found.columns[name], want, rules.policy, faults)
        result.columns[name] = (want, column)
    _check_missing(found, rules, faults, set(excused))
    taken = {name.casefold() for name in rules.features}
    cells = max(_SPARSE_CELLS, _SPARSE * sum(map(len, found.unknown.values())))
    for name, held in found.unknown.items():
        if _refuse_name(name, held, faults):
            continue
        if rules.policy.unknown == "reject":
            faults.reject_all(
                _rows(held), "schema_unknown",
                f"feature {name!r} is not in the schema of the model, whose policy for unknown "
                "features is to reject",
            )  # fmt: skip
        elif rules.policy.unknown == "overflow" or not _may_adopt(
            name, found, result, taken, cells
        ):
            _keep_all(held, "unknown", name, faults)
        else:
            _adopt(name, _dense(held, found.rows), result, rules.policy, faults)
            taken.add(name.casefold())
    return result


def place(name: str, column: Column, want: str, policy: Policy, faults: Faults) -> Column:
    """A column in its type; what does not fit goes where the policy says.

    Examples
    --------
    >>> faults = Faults()
    >>> place("age", ["3.5", [1]], "double", Policy(), faults)
    [3.5, None]
    >>> faults.violations(2), faults.overflow(2)
    ([['type:age'], ['type:age']], [None, '{"age":[1]}'])
    """
    fitted = fit_column(column, want)
    if not fitted.bad and not fitted.changed:
        return fitted.values
    if policy.wrong_type == "reject":
        faults.reject_all(
            (*fitted.bad, *fitted.changed), "schema_type",
            f"{name!r} is of type {want}, and the policy of the model for other types is to reject",
        )  # fmt: skip
        return fitted.values
    lost = list(fitted.bad)
    if policy.wrong_type == "coerce":
        faults.violate(fitted.changed, "type", name)
    else:
        lost.extend(fitted.changed)
        for row in fitted.changed:
            fitted.values[row] = None
    if lost:
        originals = values_of(column)
        for row in lost:
            faults.keep(row, "type", name, originals[row])
    return fitted.values


def _check_missing(found: Spread, rules: Rules, faults: Faults, excused: set[int]) -> None:
    for name, rows in found.missing.items():
        if name in rules.optional:
            continue
        if rules.policy.missing == "reject":
            faults.reject_all(
                (row for row in rows if row not in excused), "schema_missing",
                f"feature {name!r} is missing, and the policy of the model is to reject",
            )  # fmt: skip
        if len(rows) == found.rows:
            faults.everywhere("missing", name)
        else:
            faults.violate(rows, "missing", name)


def _refuse_name(name: str, held: dict[int, Any] | Column, faults: Faults) -> bool:
    """Reject the rows that use a name that no feature may have."""
    if name and not name.startswith("_") and type(name) is not Unpaired:
        return False
    faults.reject_all(
        _rows(held), "reserved_name",
        f"a feature is called {name!r}; names are not empty, are valid Unicode, and do not begin "
        "with an underscore, so rename it",
    )  # fmt: skip
    return True


def _may_adopt(name: str, found: Spread, result: Features, taken: set[str], cells: int) -> bool:
    """Whether the schema has room for one more: tables do not tell `Age` from `age`.

    Features that few records have are adopted too, but not so many at once that their columns of
    nulls outgrow the records.
    """
    return (
        name.casefold() not in taken
        and len(result.columns) < MAX_FEATURES
        and (len(result.adopted) + 1) * found.rows <= cells
    )


def _adopt(name: str, column: Column, result: Features, policy: Policy, faults: Faults) -> None:
    want = column_type(column)
    if want is not None:
        placed = place(name, column, want, policy, faults)
        if has_values(placed):
            result.adopted[name] = want
            result.columns[name] = (want, placed)
        return
    values = values_of(column)
    for row, value in enumerate(values):
        if value is None:
            continue
        if policy.wrong_type == "reject":
            faults.reject(row, "schema_type", f"feature {name!r} is no number, text or truth value")
        else:
            faults.keep(row, "type", name, value)


def _rows(held: dict[int, Any] | Column) -> Iterable[int]:
    if isinstance(held, dict):
        return held
    empty = set(null_rows(held))
    return (row for row in range(len(held)) if row not in empty)


def _keep_all(held: dict[int, Any] | Column, kind: str, name: str, faults: Faults) -> None:
    items = held.items() if isinstance(held, dict) else enumerate(values_of(held))
    for row, value in items:
        if value is not None:
            faults.keep(row, kind, name, value)


def _dense(held: dict[int, Any] | Column, rows: int) -> Column:
    if not isinstance(held, dict):
        return held
    column = [None] * rows
    for row, value in held.items():
        column[row] = value
    return column
