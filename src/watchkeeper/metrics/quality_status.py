"""When a share is over its limit: luck on a few rows does not fail.

A share of rows over a declared limit *fails* where the lower end of Wilson's 95 % interval is over
it too, and *warns* where only the share itself is. Where nobody declared the limit, a warning needs
some evidence as well: the one-sided 90 % bound. A share under its target is the mirror image.
"""

from __future__ import annotations

from collections.abc import Iterable

from watchkeeper.core.estimate import Status
from watchkeeper.metrics.intervals import wilson

_ORDER = (Status.PASS, Status.NOT_ENOUGH_DATA, Status.WARN, Status.FAIL)


_Z_WARN = 1.2815515655446004
"""The 90 % point of the normal distribution."""


def judge_excess(hits: int, rows: int, limit: float, *, declared: bool = True) -> Status:
    """Whether at most `limit` of the rows are hit.

    Parameters
    ----------
    hits, rows
        `hits` of `rows` rows violate something.
    limit
        The largest share that is accepted.
    declared
        Whether somebody set this limit, or it is a default.

    Examples
    --------
    >>> str(judge_excess(2, 20, 0.05)), str(judge_excess(200, 2000, 0.05))
    ('warn', 'fail')
    """
    if rows == 0:
        return Status.NOT_ENOUGH_DATA
    if hits / rows <= limit:
        return Status.PASS
    low, _ = wilson(hits, rows)
    if low > limit:
        return Status.FAIL
    if declared or wilson(hits, rows, z=_Z_WARN)[0] > limit:
        return Status.WARN
    return Status.PASS


def judge_target(share: float | None, rows: int, target: float) -> Status:
    """Whether at least `target` of the rows are good.

    Parameters
    ----------
    share
        The share that is good.
    rows
        Independent rows behind it.
    target
        The smallest share that is accepted.

    Examples
    --------
    >>> str(judge_target(0.98, 50, 0.99)), str(judge_target(0.98, 5000, 0.99))
    ('warn', 'fail')
    """
    if share is None or rows == 0:
        return Status.NOT_ENOUGH_DATA
    if share >= target:
        return Status.PASS
    _, high = wilson(share * rows, rows)
    return Status.FAIL if high < target else Status.WARN


def worst(statuses: Iterable[str | None]) -> Status:
    """The worst of some statuses; pass where there is none.

    Examples
    --------
    >>> str(worst(["pass", None, "warn"]))
    'warn'
    """
    known = [Status(status) for status in statuses if status is not None]
    return max(known, key=_ORDER.index, default=Status.PASS)
