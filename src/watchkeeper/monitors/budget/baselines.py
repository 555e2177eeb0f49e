"""What streams are held against, as it is kept between evaluations."""

from __future__ import annotations

import msgspec

from watchkeeper.monitors.budget.streams import Stream


class Baseline(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one stream is held against.

    Attributes
    ----------
    stream
        What is watched.
    center
        The level of the reference in each phase of the season (one where it has none).
    above, below
        How far the null hypothesis reaches beyond the level on either side: the 95 % bound of the
        level, and the tolerance.
    tolerance
        The part of `above` that is tolerance: points of a rate, the unit of a mean or estimate,
        and for a distribution the corrected PSI.
    variance
        That of one row of a mean; 1 otherwise.
    dispersion
        How much more windows vary than chance explains, with what autocorrelation adds.
    extreme
        The furthest that a window of the reference lay from its level: the square, in units of
        what chance and dispersion explain. 0 where chance alone explains the scatter.
    rows
        Of a window on average; for an estimate the mean of one over its squared standard error.
    reference_rows
        All rows.
    windows
        Windows of the reference with data; 0: the stream cannot be watched.
    autocorrelation
        Of a window with the one before.
    freedom
        Directions in which a distribution scatters.
    groups
        The group of each cell of a distribution.
    shares
        The groups' shares in each phase.
    notes
        What a reader must know.
    """

    stream: Stream
    center: tuple[float, ...] = (0.0,)
    above: float = 0.0
    below: float = 0.0
    tolerance: float = 0.0
    variance: float = 1.0
    dispersion: float = 1.0
    extreme: float = 0.0
    rows: float = 0.0
    reference_rows: float = 0.0
    windows: int = 0
    autocorrelation: float = 0.0
    freedom: float = 1.0
    groups: tuple[int, ...] = ()
    shares: tuple[tuple[float, ...], ...] = ()
    notes: tuple[str, ...] = ()


class Calibration(msgspec.Struct, frozen=True):
    """What all streams of a model are held against.

    Attributes
    ----------
    window
        The length of a bucket in seconds.
    season
        The length of the season in seconds; 0 where there is none.
    baselines
        One for each stream, in order.
    notes
        What holds for the model.
    """

    window: float
    season: float
    baselines: tuple[Baseline, ...]
    notes: tuple[str, ...] = ()

    @property
    def streams(self) -> tuple[Stream, ...]:
        """What is watched."""
        return tuple(baseline.stream for baseline in self.baselines)

    @property
    def phases(self) -> int:
        """The buckets of a season."""
        return round(self.season / self.window) if self.season else 1
