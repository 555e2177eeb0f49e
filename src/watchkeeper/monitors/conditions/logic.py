"""Logic with four values: true, false, no data, error.

What decides wins: `true || x` is true and `false && x` is false whatever `x` is. Else an error is
an error, and what has no data has none.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from watchkeeper.monitors.truths import ERROR, FALSE, NO_DATA, TRUE, Truths

_WEIGHT = np.zeros(4, dtype=np.int8)
_WEIGHT[[FALSE, NO_DATA, ERROR, TRUE]] = [0, 1, 2, 3]
_OF_WEIGHT = np.array([FALSE, NO_DATA, ERROR, TRUE], dtype=np.int8)
_CONTRARY = np.zeros(4, dtype=np.int8)
_CONTRARY[[FALSE, TRUE, NO_DATA, ERROR]] = [TRUE, FALSE, NO_DATA, ERROR]


def contrary(truth: Truths) -> Truths:
    """True where it is false, false where it is true.

    Examples
    --------
    >>> contrary(np.array([TRUE, FALSE, NO_DATA, ERROR], dtype=np.int8)).tolist()
    [0, 1, 2, 3]
    """
    negated: Truths = _CONTRARY[truth]
    return negated


def any_of(truths: Sequence[Truths]) -> Truths:
    """True where one is.

    Examples
    --------
    >>> any_of([np.array([TRUE, FALSE]), np.array([NO_DATA, NO_DATA])]).tolist()
    [1, 2]
    """
    joined = _WEIGHT[truths[0]]
    for truth in truths[1:]:
        joined = np.maximum(joined, _WEIGHT[truth])
    result: Truths = _OF_WEIGHT[joined]
    return result


def all_of(truths: Sequence[Truths]) -> Truths:
    """True where all are.

    Examples
    --------
    >>> all_of([np.array([TRUE, FALSE]), np.array([NO_DATA, NO_DATA])]).tolist()
    [2, 0]
    """
    return contrary(any_of([contrary(truth) for truth in truths]))
