"""The e-processes of a model, advanced one closed bucket at a time over all streams at once."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from watchkeeper.monitors.budget.evalues import Floats, e_bh_logs
from watchkeeper.monitors.budget.nulls import SIDES, Evidence
from watchkeeper.monitors.budget.state import Open

BACK = math.log(20.0)
"""The evidence that a stream is back: twenty to one that it is as in the reference."""

SUSPECTS = 0.1
"""The level of e-BH that names suspects."""

_ALTERNATIVES = slice(0, 2 * SIDES)
SUMS = slice(2 * SIDES, 2 * SIDES + 3)
COUNT, _STREAK = 2 * SIDES + 3, 2 * SIDES + 4


def log_step(log_m: Floats, log_e: Floats) -> Floats:
    """Shiryaev–Roberts in logarithms: `ln((M + 1) e)`; 0 recovers, and nothing overflows.

    Examples
    --------
    >>> e = np.log([0.9229, 4.5081])
    >>> one = log_step(np.array(-np.inf), e[0])
    >>> float(np.exp(log_step(one, e[1])).round(3))
    8.669
    """
    return np.asarray(np.logaddexp(log_m, 0.0) + log_e)


def log_sum(logs: Floats) -> Floats:
    """The logarithm of the sum along the last axis; minus infinity of nothing.

    >>> float(log_sum(np.array([1000.0, 1000.0])).round(3))
    1000.693
    """
    top = logs.max(axis=-1, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.exp(logs - top).sum(axis=-1)) + top[..., 0])


@dataclass(frozen=True, slots=True)
class Limits:
    """What does not change from bucket to bucket.

    Attributes
    ----------
    log_a
        The logarithm of the limit at which an alarm is raised.
    cap
        The most that one bucket may add to a process, a logarithm.
    mixture
        Logarithms of the parts of alternatives, shape (streams, alternatives).
    weights
        Logarithms of the parts of streams.
    """

    log_a: float
    cap: float
    mixture: Floats
    weights: Floats


@dataclass(slots=True)
class Walk:
    """The processes on their way through buckets.

    Attributes
    ----------
    limits
        What holds all the way.
    numbers
        As `state.WIDTH` says; changed in place.
    names
        Of the streams.
    since
        Buckets since the processes began anew.
    open
        Streams that stand in an alarm, by position.
    had_data
        Whether any stream had data in the last bucket.
    raised, amended, ended
        Whether the last bucket raised an alarm, added suspects to one, or ended it.
    log_m, log_streams
        The evidence after the last bucket, of the model and of each stream, before it began anew.
    """

    limits: Limits
    numbers: Floats
    names: tuple[str, ...]
    since: int = 0
    open: dict[int, Open] = field(default_factory=dict)
    had_data: bool = False
    raised: bool = False
    amended: bool = False
    ended: bool = False
    log_m: float = -math.inf
    log_streams: Floats = field(default_factory=lambda: np.zeros(0))

    def streams(self) -> Floats:
        """Log M of each stream, the mean over its alternatives."""
        return log_sum(self.numbers[:, _ALTERNATIVES] + self.limits.mixture)

    def step(self, evidence: Evidence, row: int) -> None:
        """Add one closed bucket."""
        log_e, known = evidence.log_e[row], evidence.known[row]
        self.raised = self.amended = self.ended = False
        self.since += 1
        self.had_data = bool(known.any())
        bets = np.minimum(log_e, np.minimum(evidence.trust[row], self.limits.cap)[:, None])
        held = self.numbers[:, _ALTERNATIVES]
        self.numbers[:, _ALTERNATIVES] = np.where(known[:, None], log_step(held, bets), held)
        leading = np.argmax(self.numbers[:, _ALTERNATIVES] + self.limits.mixture, axis=1)
        self._add_sums(evidence.sums[row], known, bets[np.arange(len(bets)), leading])
        if self.open:
            self._look_for_return(log_e, known)
        self.log_streams = self.streams()
        self.log_m = float(log_sum(self.log_streams + self.limits.weights))
        if self.log_m >= self.limits.log_a:
            self._raise()

    def _add_sums(self, sums: Floats, known: npt.NDArray[np.bool_], log_e: Floats) -> None:
        """Sums are of the buckets that together speak for the leading alternative (CUSUM)."""
        streak = self.numbers[:, _STREAK]
        restart = known & (streak <= 0.0)
        if self.open:
            restart[list(self.open)] = False
        self.numbers[restart, SUMS.start :] = 0.0
        self.numbers[:, SUMS] += sums
        self.numbers[:, COUNT] += known
        self.numbers[:, _STREAK] = np.where(known, np.maximum(streak + log_e, 0.0), streak)

    def _raise(self) -> None:
        self.amended = bool(self.open)
        self.raised = not self.open
        for at in self._suspects():
            leading = int(np.argmax(self.numbers[at, _ALTERNATIVES] + self.limits.mixture[at]))
            self.open[at] = Open(self.names[at], leading)
        self.numbers[:, _ALTERNATIVES] = -np.inf
        self.since = 0

    def _suspects(self) -> tuple[int, ...]:
        """Those that e-BH names, or the one that weighs most."""
        named = e_bh_logs(self.log_streams - math.log(max(self.since, 1)), SUSPECTS)
        return named or (int(np.argmax(self.log_streams + self.limits.weights)),)

    def _look_for_return(self, log_e: Floats, known: npt.NDArray[np.bool_]) -> None:
        """A stream of the alarm is silent until the same bet, turned round, pays twenty to one."""
        for at, each in list(self.open.items()):
            self.numbers[at, _ALTERNATIVES] = -np.inf
            if not known[at]:
                continue
            # No single bucket is enough.
            back = max(0.0, each.back + min(-log_e[at, each.alternative], 0.6 * BACK))
            self.open[at] = Open(each.stream, each.alternative, back)
            if back >= BACK:
                del self.open[at]
                self.numbers[at, SUMS.start :] = 0.0
        self.ended = not self.open
