"""What the door knows of a model: the types of its features, and what to do with others."""

from __future__ import annotations

from typing import Literal

import msgspec

MAX_RECORDS = 1_000_000
"""Records that one request may hold: a few bytes on the wire are hundreds in memory."""

MAX_FEATURES = 5_000
"""Features that a record may have, and that a model may come to have by adoption."""


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to do with a record that differs from the schema; what differs is counted either way.

    Parameters
    ----------
    unknown
        A feature that the schema has not: taken into the schema with the type of its first value,
        kept in the overflow, or the record is rejected.
    wrong_type
        A value of another type: turned into the type of its column where that loses nothing, else
        kept in the overflow; always kept in the overflow; or the record is rejected.
    missing
        A feature that a record does not name: null, or the record is rejected. A record that says
        an error is never rejected for this.
    max_future_s
        How many seconds after its receipt a record's time may lie.

    Examples
    --------
    >>> Policy(unknown="overflow").wrong_type
    'coerce'
    """

    unknown: Literal["adopt", "overflow", "reject"] = "adopt"
    wrong_type: Literal["coerce", "overflow", "reject"] = "coerce"
    missing: Literal["null", "reject"] = "null"
    max_future_s: float = 86_400.0


class Rules(msgspec.Struct, frozen=True):
    """The schema of one model, as far as records are checked against it.

    Parameters
    ----------
    features
        The type of each feature by name: `double`, `int64`, `string`, `bool` or `timestamp`.
    prediction
        The type of the prediction, `string` or `double`; None where the first one decides.
    policy
        What to do with records that differ.
    optional
        Features that a record may lack: their absence is no violation.

    Examples
    --------
    >>> Rules({"distance": "double"}, prediction="string").policy.unknown
    'adopt'
    """

    features: dict[str, str]
    prediction: str | None = None
    policy: Policy = Policy()
    optional: frozenset[str] = frozenset()
