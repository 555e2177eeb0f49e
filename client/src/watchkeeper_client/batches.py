"""What a batch holds: which column or list of values is which field of the record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypedDict

import msgspec

__all__ = ["Body", "Fields", "Layout", "layout_of"]

MAX_ROWS: Final = 50_000
MAX_BYTES: Final = 8 << 20
"""The most rows and bytes (before compression) of one body; a batch becomes as many as it takes."""


class Body(NamedTuple):
    """One request's worth of records."""

    content_type: str
    body: bytes
    records: int


class Fields(TypedDict, total=False):
    """Fields of prediction records: the name of a column of the data, or the values themselves.

    Values are anything with a length of the data: a list, an array, a series. `scores` gives a
    column or values for each class. A `version` or `variant` that is the name of no column is that
    of all rows.
    """

    id: Any
    time: Any
    prediction: Any
    score: Any
    scores: Mapping[str, Any]
    group: Any
    variant: Any
    entity: Any
    version: Any
    weight: Any
    latency_ms: Any
    queue_ms: Any
    preprocess_ms: Any
    inference_ms: Any
    postprocess_ms: Any
    network_ms: Any
    error: Any
    request_id: Any
    trace_id: Any
    span_id: Any
    input_hash: Any
    cache_hit: Any
    batch_size: Any
    tokens_in: Any
    tokens_out: Any


FIELDS: Final = frozenset(Fields.__annotations__)

ONE_FOR_ALL: Final = frozenset({"version", "variant"})
"""Fields whose text, where no column has that name, is the value of all rows."""


class Layout(msgspec.Struct, frozen=True):
    """Where the fields of the records come from.

    Attributes
    ----------
    columns
        Field → the column of the data that holds it.
    values
        Field → its values, one a row, which are not part of the data.
    score_columns, score_values
        Class → the same for its probability.
    constants
        Field → the one value of all rows.
    features
        The columns that are features; None: all that are no field.
    """

    columns: dict[str, str] = {}
    values: dict[str, Any] = {}
    score_columns: dict[str, str] = {}
    score_values: dict[str, Any] = {}
    constants: dict[str, str] = {}
    features: tuple[str, ...] | None = None

    def resolved(self, names: Sequence[str]) -> Layout:
        """The layout for data with some columns: what names none of them is one for all rows.

        Examples
        --------
        >>> layout = Layout(columns={"id": "key", "version": "7"})
        >>> layout.resolved(["key", "distance"]).constants
        {'version': '7'}
        """
        single = {
            field: text
            for field, text in self.columns.items()
            if field in ONE_FOR_ALL and text not in names
        }
        if not single:
            return self
        rest = {field: text for field, text in self.columns.items() if field not in single}
        return msgspec.structs.replace(self, columns=rest, constants=self.constants | single)

    def feature_names(self, names: Sequence[str]) -> list[str]:
        """The features among the columns of the data.

        Raises
        ------
        ValueError
            Where a column that was named is not there.
        """
        wanted = [*self.columns.values(), *self.score_columns.values(), *(self.features or ())]
        absent = [name for name in wanted if name not in names]
        if absent:
            raise ValueError(
                f"the data have no column {absent[0]!r}; their columns are {', '.join(names)}"
            )
        if self.features is not None:
            return list(self.features)
        taken = {*self.columns.values(), *self.score_columns.values()}
        return [name for name in names if name not in taken]

    def check_lengths(self, rows: int) -> None:
        """Hold the values that were given beside the data to the number of rows.

        Raises
        ------
        ValueError
            Where one has another length.
        """
        for name, values in [*self.values.items(), *self.score_values.items()]:
            if len(values) != rows:
                raise ValueError(
                    f"the data have {rows} rows and {name} has {len(values)} values; give one a row"
                )


def layout_of(
    given: Mapping[str, Any],
    *,
    constants: Mapping[str, str | None],
    features: Sequence[str] | None,
    allowed: frozenset[str] = FIELDS,
) -> Layout:
    """A layout from what the caller named.

    A text is the name of a column; anything else is the values.

    Raises
    ------
    TypeError
        For a field that there is not.
    """
    unknown = sorted(set(given) - allowed)
    if unknown:
        raise TypeError(
            f"there is no field {unknown[0]!r}; fields are {', '.join(sorted(allowed))}"
        )
    scores = given.get("scores") or {}
    rest = {name: value for name, value in given.items() if name != "scores" and value is not None}
    return Layout(
        columns={name: value for name, value in rest.items() if isinstance(value, str)},
        values={name: value for name, value in rest.items() if not isinstance(value, str)},
        score_columns={
            str(name): value for name, value in scores.items() if isinstance(value, str)
        },
        score_values={
            str(name): value for name, value in scores.items() if not isinstance(value, str)
        },
        constants={name: value for name, value in constants.items() if value},
        features=None if features is None else tuple(features),
    )


def numbered(start: int, length: int, step: int) -> Iterator[tuple[int, int]]:
    """The half-open ranges of at most `step` rows that cover `start` to `start + length`.

    Examples
    --------
    >>> list(numbered(0, 5, 2))
    [(0, 2), (2, 4), (4, 5)]
    """
    for begin in range(start, start + length, step):
        yield begin, min(begin + step, start + length)
