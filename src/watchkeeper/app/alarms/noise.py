"""Rules that would have fired again and again on a model's own past, before they are in force."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from watchkeeper.app.alarms.backtesting import HOUR, Sources, backtest_group, times_of
from watchkeeper.app.alarms.evaluating import Surroundings
from watchkeeper.core.durations import format_duration
from watchkeeper.core.errors import InputError, WatchkeeperError
from watchkeeper.core.windows import Window
from watchkeeper.monitors.rule import Group, Rule

MOST = 10
"""A rule that would have alarmed more often than this in 90 days is refused."""

QUARTER = timedelta(days=90)
"""So much of the past is looked at, up to the last measured hour."""

LEAST = timedelta(days=7)
"""Of less history nothing is said."""

MODELS = 5
"""A file for every model is tried on so many of them: whoever applies it waits for the answer."""

_FEWEST = 3
"""Fewer alarms than this say nothing of a rate."""


@dataclass(frozen=True, slots=True)
class Noise:
    """What the past says of the rules of a file.

    Attributes
    ----------
    refused
        Rules that are too noisy, each in a sentence.
    told
        What a person should know besides.
    """

    refused: tuple[str, ...] = ()
    told: tuple[str, ...] = ()

    def check(self) -> None:
        """Raise an InputError where a rule is refused.

        >>> Noise().check()
        """
        if not self.refused:
            return
        one = len(self.refused) == 1
        raise InputError(
            f"nothing was put in force: {'a rule' if one else f'{len(self.refused)} rules'} would "
            f"have fired more than {MOST} times in 90 days on the model's own past\n  "
            + "\n  ".join(self.refused)
            + "\nRaise the limit or `for`, hold what fires with `keep_firing_for`, or compare with "
            "what is usual, as anomaly() does; `watchkeeper rules backtest` shows every alarm. "
            "If it is meant so, write `allow_noisy: true` into the rule."
        )


def noise_of(
    groups: Sequence[Group],
    before: Sequence[Group],
    models: Callable[[Group], Sequence[str]],
    around: Callable[[str], Surroundings],
    now: datetime,
) -> Noise:
    """How often rules would have alarmed on the past of the models that they watch.

    Parameters
    ----------
    groups
        The file's groups.
    before
        Those that are in force under its name: rules that stay as they are, are not tried.
    models
        The models that a group watches.
    around
        What the rules of a model are evaluated in.
    now
        The time.
    """
    new = [replace(group, rules=tuple(_new(group, before))) for group in groups]
    by_model: dict[str, list[Group]] = {}
    for group in new:
        for model in models(group) if group.rules else ():
            by_model.setdefault(model, []).append(group)
    refused: list[str] = []
    told: list[str] = []
    if len(by_model) > MODELS:
        told.append(f"tried on the past of {MODELS} of the {len(by_model)} models that it watches")
    for model, mine in list(by_model.items())[:MODELS]:
        try:
            place = around(model)
            window = _past(place, now)
            for rule, said in _noisy(mine, place, window):
                (told if rule.allow_noisy else refused).append(said)
        except WatchkeeperError as error:  # It cannot be read now, or holds too little.
            told.append(f"not tried on the past of {model}: {error}")
    return Noise(tuple(refused), tuple(told))


def _new(group: Group, before: Sequence[Group]) -> Iterator[Rule]:
    """The rules of a group that are not in force as they are; a budget holds its own rate."""
    held = next((one for one in before if one.name == group.name), None)
    same = held is not None and (held.model, held.calendar) == (group.model, group.calendar)
    known = [_plain(rule) for rule in held.rules] if held is not None and same else []
    for rule in group.rules:
        if rule.budget is None and _plain(rule) not in known:
            yield rule


def _plain(rule: Rule) -> Rule:
    """A rule wherever it stands in its file."""
    return replace(rule, line=0, column=0)


def _past(place: Surroundings, now: datetime) -> Window:
    """The last days that were measured.

    Raises
    ------
    InputError
        There are too few.
    """
    span = place.measured.buckets.span(place.measured.model)
    if span is None:
        raise InputError("it has none yet")
    end = min(span[1], now.replace(minute=0, second=0, microsecond=0))
    start = max(span[0], end - QUARTER)
    if end - start < LEAST:
        length = format_duration(max(end - start, timedelta()))
        raise InputError(f"{length} were measured, and {format_duration(LEAST)} are needed")
    return Window(start, end)


def _noisy(
    groups: Sequence[Group], place: Surroundings, window: Window
) -> Iterator[tuple[Rule, str]]:
    """The rules that alarm too often, and how often; series are read once for all of them."""
    times, sources = times_of(window, HOUR), Sources()
    days = (window.end - window.start) / timedelta(days=1)
    for group in groups:
        for rule in group.rules:
            alarms = sum(
                len(one.firings.firings)
                for one in backtest_group(
                    replace(group, rules=(rule,)), place, times, sources=sources
                )
                if one.firings is not None
            )
            rate = alarms * (QUARTER / timedelta(days=1)) / days
            if alarms >= _FEWEST and rate > MOST:
                said = f"{rule.alert} ({group.name}) on {place.measured.model}: {alarms} alarms in "
                yield rule, f"{_place(rule)}{said}{days:.0f} days, {rate:.0f} in 90"


def _place(rule: Rule) -> str:
    return f"line {rule.line}: " if rule.line else ""
