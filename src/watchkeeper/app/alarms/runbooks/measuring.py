"""What checks find, and whether an action has helped."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from watchkeeper.actions.channels.http import Answer, Http, Request, ask
from watchkeeper.app.alarms.evaluating import Surroundings, scoped, to_times
from watchkeeper.app.alarms.rule_book import Key, Scope
from watchkeeper.app.alarms.runbooks.subjects import HOUR, Subjects
from watchkeeper.app.alarms.source import MeasuredSource
from watchkeeper.app.alarms.vocabulary import vocabulary_of
from watchkeeper.core.errors import InputError, NotFoundError, WatchkeeperError
from watchkeeper.incidents.runbooks.addresses import may_reach
from watchkeeper.incidents.runbooks.automation import Automation
from watchkeeper.incidents.runbooks.run import Reading, Result
from watchkeeper.incidents.runbooks.step import Check, Probe
from watchkeeper.incidents.runbooks.variables import fill_text
from watchkeeper.monitors.conditions.compiling import compile_condition
from watchkeeper.monitors.conditions.evaluating import evaluate
from watchkeeper.monitors.conditions.outcome import observe
from watchkeeper.monitors.rule import Observation, Rule, Truth

Around = Callable[[str], Surroundings]
"""What the conditions of a model are evaluated in, by the model's name."""

CHECK_WINDOW = timedelta(days=1)
"""What a check is measured over that names no window."""

PROBE_S = 10.0
_MODEL = "alert.labels.model"
_ALL = Rule("")


def observed(  # noqa: PLR0913  # what is asked, where and when
    around: Around, model: str, text: str, *, at: datetime, window: timedelta, min_rows: int = 1,
    rule: Rule = _ALL, scope: Scope | None = None,
) -> Observation:  # fmt: skip
    """What a condition says of a model, or of the part of it that an alert is about."""
    held = around(model)
    slos = held.slos.slos if held.slos else ()
    condition = compile_condition(text, vocabulary_of(held.measured, slos))
    source = MeasuredSource(scoped(held.measured, rule, scope or Scope()), held.slos, held.minutes)
    times = to_times([at])
    told = evaluate(condition, source, times, window=window, min_rows=min_rows)
    return observe(told, None, times)[0]


def find_out(
    check: Check, values: dict[str, str], around: Around, automation: Automation, now: datetime
) -> Result:
    """What a check finds: `ok` where all is well, `failed` where it is not or cannot be told."""
    try:
        if check.http is not None:
            return _probed(check.http, values, automation)
        condition = fill_text(check.condition, values, "the condition")
        if not values.get(_MODEL):
            raise InputError("which model? name an incident, an alert, or the model as the target")
        window = check.window or CHECK_WINDOW
        seen = observed(around, values[_MODEL], condition, at=now, window=window)
    except WatchkeeperError as error:
        return Result("failed", f"it cannot be told: {error}")
    return Result("ok" if seen.truth is Truth.TRUE else "failed", _said(condition, seen))


def _said(condition: str, seen: Observation) -> str:
    """A finding in words.

    >>> at = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
    >>> _said("accuracy >= 0.9", Observation(at, Truth.FALSE, None, 0.81, 0.78, 0.84, 1200))
    'accuracy >= 0.9 does not hold: 0.81 (0.78 to 0.84) of 1,200 rows'
    """
    if seen.truth in {Truth.NO_DATA, Truth.ERROR}:
        return f"{condition} cannot be told: {seen.note or 'there are no data'}"
    word = "holds" if seen.truth is Truth.TRUE else "does not hold"
    if seen.value is None:
        return f"{condition} {word}"
    ends = (
        ""
        if seen.low is None or seen.high is None
        else f" ({_short(seen.low)} to {_short(seen.high)})"
    )
    rows = f" of {seen.rows:,} rows" if seen.rows else ""
    return f"{condition} {word}: {_short(seen.value)}{ends}{rows}"


def _probed(probe: Probe, values: dict[str, str], automation: Automation) -> Result:
    url = fill_text(probe.url, values, "http.url")
    if not may_reach(url, automation.addresses):
        raise InputError(
            f"the address {url!r} is not one that runbooks may touch; the operator of the server "
            "adds it to `addresses` in automation.yaml"
        )
    http = Http(timeout_s=PROBE_S)
    answer = ask(http, "the service", Request(url, b"", "GET"))
    if not isinstance(answer, Answer):
        return Result("failed", answer.why)
    if answer.status != probe.status:
        text = f"{url} answers {answer.status}; {probe.status} was expected"
        return Result("failed", text, exit=answer.status)
    if probe.contains and probe.contains.encode() not in answer.body:
        text = f"{url} answers {answer.status}, without {probe.contains!r}"
        return Result("failed", text, exit=answer.status)
    return Result("ok", f"{url} answers {answer.status}", exit=answer.status)


def _short(value: float) -> str:
    """A number as people write it, without exponents where it is large.

    >>> _short(0.71234), _short(406_712_345.6)
    ('0.7123', '406,712,346')
    """
    return f"{value:,.0f}" if 10_000 <= abs(value) < 1e15 else f"{value:.4g}"


def reading_of(
    subjects: Subjects, around: Around, alert: str, done_at: datetime, now: datetime
) -> Reading:
    """Whether what an alert watches is beyond its limit again, over a whole window since.

    Parameters
    ----------
    subjects, around
        Find the alert, and measure its model.
    alert
        The fingerprint.
    done_at
        When the deed was done: nothing from before it counts.
    now
        The time.

    Raises
    ------
    UnavailableError
        The measured hours cannot be read now.
    """
    found = subjects.find(alert)
    if found is None or found.key is None:  # Another program says when it is over.
        gone = found is None or not found.firing
        return Reading(cleared=gone, rows=1)
    rule = subjects.rule(found.key)
    if rule is None:
        return Reading(None, 0)
    if rule.budget is not None:
        fresh = found.evaluated_at > done_at
        return Reading(not found.firing if fresh else None, 1 if fresh else 0)
    return _measured(found.key, rule, around, now)


def _measured(key: Key, rule: Rule, around: Around, now: datetime) -> Reading:
    """The rule's own condition; too few rows are no answer, as they are none for the rule."""
    text = rule.clear or rule.expr
    at = datetime.fromtimestamp(now.timestamp() // HOUR.total_seconds() * 3600, now.tzinfo)
    try:
        seen = observed(
            around, key.model, text, at=at, window=rule.window, min_rows=rule.min_rows, rule=rule,
            scope=Scope(key.version, key.segment),
        )  # fmt: skip
    except (NotFoundError, InputError):  # The model is gone, or has no such column any more.
        return Reading(None, 0)
    if seen.truth not in {Truth.TRUE, Truth.FALSE}:
        return Reading(None, seen.rows, rule.min_rows)
    good = Truth.TRUE if rule.clear else Truth.FALSE
    return Reading(seen.truth is good, max(seen.rows, 1))
