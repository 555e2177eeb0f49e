"""Alerts and silences as they are posted to Alertmanager's API, version 2."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import msgspec

from watchkeeper.alerts.matchers import Matcher, Operator
from watchkeeper.alerts.regex import compiled
from watchkeeper.alerts.silences import Silence
from watchkeeper.core.alert import Alert
from watchkeeper.core.errors import InputError

_NO_YEAR = 1
"""The year of Go's zero time, which stands for no time."""


class _PostedAlert(msgspec.Struct, rename="camel"):
    labels: dict[str, str]
    annotations: dict[str, str] = {}
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    generator_url: str = msgspec.field(default="", name="generatorURL")


class _PostedMatcher(msgspec.Struct, rename="camel"):
    name: str
    value: str
    is_regex: bool = False
    is_equal: bool | None = True


class _PostedSilence(msgspec.Struct, rename="camel"):
    matchers: list[_PostedMatcher]
    starts_at: datetime
    ends_at: datetime
    created_by: str
    comment: str
    id: str = ""


@dataclass(frozen=True, slots=True)
class PostedAlerts:
    """What came of a request: the alerts that can be used, and what is wrong with the others."""

    alerts: tuple[Alert, ...]
    problems: tuple[str, ...]


def parse_alerts(body: bytes, now: datetime, *, resolve_timeout: timedelta) -> PostedAlerts:
    """The alerts in the body of `POST /alerts`; those without an end are over after a while.

    Parameters
    ----------
    body
        A JSON list.
    now
        When it came.
    resolve_timeout
        The while.

    Raises
    ------
    InputError
        The body is no such list at all.

    Examples
    --------
    >>> now = datetime(2026, 1, 1, tzinfo=UTC)
    >>> found = parse_alerts(b'[{"labels": {"alertname": "Late"}}, {"labels": {}}]', now,
    ...     resolve_timeout=timedelta(minutes=5))
    >>> [alert.name for alert in found.alerts], found.problems
    (['Late'], ('alert 2 has no labels; it needs one',))
    """
    items = _decode(body, list[Any], "a list of alerts")
    alerts: list[Alert] = []
    problems: list[str] = []
    for number, item in enumerate(items, 1):
        try:
            alerts.append(_alert(msgspec.convert(item, _PostedAlert), now, resolve_timeout))
        except (msgspec.ValidationError, InputError) as error:
            problems.append(f"alert {number} {_clause(error)}")
    return PostedAlerts(tuple(alerts), tuple(problems))


def _alert(posted: _PostedAlert, now: datetime, resolve_timeout: timedelta) -> Alert:
    labels = {name: value for name, value in posted.labels.items() if value}
    if not labels:
        raise InputError("has no labels; it needs one")
    if "" in labels or "" in posted.annotations:
        raise InputError("has a label or an annotation without a name")
    end = _time(posted.ends_at)
    start = _time(posted.starts_at) or end or now
    if end is not None and start > end:
        raise InputError("ends before it starts")
    return Alert(
        labels=labels,
        annotations=posted.annotations,
        starts_at=start,
        ends_at=end or now + resolve_timeout,
        generator_url=posted.generator_url,
    )


def parse_silence(body: bytes, now: datetime, *, new_id: str) -> Silence:
    """The silence in the body of `POST /silences`.

    Its `id` is the posted one, where it names one that is to be changed, else `new_id`; a start in
    the past is now. `silences.check_silence` and `silences.change` say whether it may be stored.

    Raises
    ------
    InputError
        The body is none.

    Examples
    --------
    >>> now = datetime(2026, 1, 1, tzinfo=UTC)
    >>> parse_silence(b'{"matchers": []}', now, new_id="1")
    Traceback (most recent call last):
    watchkeeper.core.errors.InputError: the body is no silence: Object missing required field ...
    """
    posted = _decode(body, _PostedSilence, "a silence")
    start, end = _time(posted.starts_at), _time(posted.ends_at)
    if start is None or end is None:
        raise InputError(
            "a silence needs startsAt and endsAt; write times such as 2026-01-01T00:00:00Z"
        )
    return Silence(
        id=posted.id or new_id,
        matchers=(tuple(_matcher(one) for one in posted.matchers),),
        starts_at=start if posted.id else max(start, now),
        ends_at=end,
        created_by=posted.created_by,
        comment=posted.comment,
        updated_at=now,
    )


def _matcher(posted: _PostedMatcher) -> Matcher:
    if not posted.name:
        raise InputError("a matcher has no name; name a label")
    equal = posted.is_equal is not False
    op = ("=~" if equal else "!~") if posted.is_regex else ("=" if equal else "!=")
    if posted.is_regex:
        compiled(posted.value)
    return Matcher(posted.name, cast("Operator", op), posted.value)


def _time(time: datetime | None) -> datetime | None:
    """A time in UTC; None for Go's zero time."""
    if time is None or time.year == _NO_YEAR:
        return None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _decode(body: bytes, kind: Any, what: str) -> Any:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InputError(f"the body is no {what.removeprefix('a ')}: {error}") from error


def _clause(error: Exception) -> str:
    return str(error) if isinstance(error, InputError) else f"cannot be read: {error}"
