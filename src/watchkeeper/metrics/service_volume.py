"""How much a model was asked, and at what load."""

from __future__ import annotations

from functools import partial

from watchkeeper.core.estimate import Estimate
from watchkeeper.metrics.base import Metric
from watchkeeper.metrics.service_intervals import count, mean, share, total
from watchkeeper.profiles.traffic import Traffic
from watchkeeper.profiles.weighted import Moments


def prediction_count(traffic: Traffic) -> Estimate:
    """How many predictions were asked for, those that failed included.

    Examples
    --------
    >>> prediction_count(Traffic()).value
    0.0
    """
    return count(traffic.rows, traffic.heaviest)


def throughput(traffic: Traffic, seconds: float | None) -> Estimate:
    """Predictions a second.

    Parameters
    ----------
    traffic
        The rows of a window.
    seconds
        How long the window is; None where it is not known.

    Examples
    --------
    >>> from watchkeeper.profiles.weighted import Weighted
    >>> throughput(Traffic(rows=Weighted(120, 120.0, 120.0)), 60).value
    2.0
    """
    if seconds is None or not seconds > 0:
        note = "the window has no length" if seconds is not None else "no window was given"
        return Estimate(None, n_current=traffic.rows.rows, note=note)
    held = count(traffic.rows, traffic.heaviest)
    value, low, high = (float(end or 0.0) / seconds for end in (held.value, held.low, held.high))
    return Estimate(value, low, high, n_current=held.n_current)


def cache_hit_rate(traffic: Traffic) -> Estimate:
    """The share of predictions that a cache answered, of those that say so."""
    return share(traffic.cache_hits, traffic.cache_known, "no row says whether a cache answered")


def batch_size_mean(traffic: Traffic) -> Estimate:
    """The mean size of the batch in which a prediction was made."""
    return mean(traffic.batch_size, "no row has a batch size", positive_only=True)


def tokens_in(traffic: Traffic) -> Estimate:
    """All tokens that went into the model."""
    return total(traffic.tokens_in, "no row says how many tokens went in", positive_only=True)


def tokens_out(traffic: Traffic) -> Estimate:
    """All tokens that came out of the model."""
    return total(traffic.tokens_out, "no row says how many tokens came out", positive_only=True)


def concurrent_max(traffic: Traffic) -> Estimate:
    """The most requests that were being worked on at once."""
    return _largest(traffic.concurrent, "no row says how many requests ran at once")


def queue_depth_max(traffic: Traffic) -> Estimate:
    """The most requests that were waiting at once."""
    return _largest(traffic.queue_depth, "no row says how many requests were waiting")


def _largest(held: Moments, note: str) -> Estimate:
    if held.maximum is None:
        return Estimate(None, note=note)
    return Estimate(held.maximum, n_current=held.rows)


_HT = "Horvitz and Thompson (1952), A generalization of sampling without replacement"
_record = partial(
    Metric,
    group="service",
    needs=("traffic",),
    lowest=0.0,
    nulls="rows without it are left out; a row without a weight weighs 1",
    infinities="rows with an infinite value are left out",
    unseen="not applicable",
    p_value="the level at which the interval of the difference (MOVER) touches zero",
)
_counted = partial(
    _record,
    worse="either",
    interval="Garwood's for a Poisson count; Fay and Feuer's where rows have weights",
    source=f"Garwood (1936), Fiducial limits for the Poisson distribution; {_HT}",
    oracle="scipy.stats.chi2 quantiles (Garwood); the unsampled count of simulated traffic",
)
_tokens = partial(
    _record,
    unit="tokens",
    worse="either",
    interval="compound Poisson, on the logarithmic scale",
    source=_HT,
    oracle="numpy.sum; the unsampled sum of simulated traffic",
)
_peak = partial(
    _record,
    worse="higher",
    unit="requests",
    misleads="It is the largest among the rows that were kept: sampling hides peaks, and one row "
    "makes it.",
    p_value="",
    source="Gregg (2013), Thinking methodically about performance (saturation)",
    oracle="numpy.max",
)

VOLUME: tuple[Metric, ...] = (
    _counted(
        name="prediction_count",
        title="Predictions",
        function=prediction_count,
        unit="rows",
        measures="How many predictions were asked for, those that failed included.",
        misleads="Requests come in bursts, so its interval, made for independent ones, is too "
        "narrow to tell whether demand has changed.",
        formula=r"\sum_i w_i",
    ),
    _counted(
        name="throughput",
        title="Throughput",
        function=throughput,
        unit="predictions a second",
        measures="How many predictions were asked for in a second, on average over the window.",
        misleads="An average over the window: a peak of a minute is lost in a day, and a window "
        "that is not over yet is divided by its full length unless the caller says otherwise.",
        formula=r"\frac1T\sum_i w_i,\quad\text{T = the window's length in seconds}",
    ),
    _record(
        name="cache_hit_rate",
        title="Cache hit rate",
        function=cache_hit_rate,
        unit="share",
        worse="lower",
        best=1.0,
        highest=1.0,
        measures="Which share of predictions a cache answered, of those that say so.",
        misleads="It says nothing of rows that do not state it, and not whether an answer from "
        "the cache was still right.",
        formula=r"\frac{\sum_{i\in\text{hit}} w_i}{\sum_{i\in\text{known}} w_i}",
        interval="Wilson's, with the rows that are as sure as the weighted ones",
        p_value="Fisher's exact test, twice the smaller tail",
        source=f"Wilson (1927), Probable inference; {_HT}",
        oracle="scipy.stats.binomtest; the unsampled share of simulated traffic",
    ),
    _record(
        name="batch_size_mean",
        title="Mean batch size",
        function=batch_size_mean,
        unit="rows",
        worse="none",
        measures="How large the batch of a prediction is on average.",
        misleads="The mean over predictions, not over batches: large batches count more often.",
        formula=r"\frac{\sum_i w_i b_i}{\sum_i w_i}",
        interval="Student's t for the mean, on the logarithmic scale",
        source=_HT,
        oracle="numpy.mean; scipy.stats.t",
    ),
    _tokens(
        name="tokens_in",
        title="Tokens in",
        function=tokens_in,
        measures="How many tokens went into the model.",
        misleads="It grows with traffic; divide it by the predictions to see their length.",
        formula=r"\sum_i w_i\,t_i",
    ),
    _tokens(
        name="tokens_out",
        title="Tokens out",
        function=tokens_out,
        measures="How many tokens came out of the model.",
        misleads="It grows with traffic; divide it by the predictions to see their length.",
        formula=r"\sum_i w_i\,t_i",
    ),
    _peak(
        name="concurrent_max",
        title="Most requests at once",
        function=concurrent_max,
        measures="How many requests were being worked on at once, at most.",
        formula=r"\max_i c_i",
    ),
    _peak(
        name="queue_depth_max",
        title="Longest queue",
        function=queue_depth_max,
        measures="How many requests were waiting at once, at most.",
        formula=r"\max_i q_i",
    ),
)
