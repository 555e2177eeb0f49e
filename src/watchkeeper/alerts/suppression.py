"""Which alerts of a group are not to be told, why, and until when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from watchkeeper.alerts.config import Config, Route
from watchkeeper.alerts.inhibition import Inhibitors
from watchkeeper.alerts.intervals import in_any, next_minute
from watchkeeper.alerts.routing import routes_for
from watchkeeper.alerts.silences import Silence, silenced_by
from watchkeeper.alerts.state import Why
from watchkeeper.core.alert import Alert

_MINUTES_AHEAD = 24 * 60
_INHIBITED = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Context:
    """What surrounds a group at the time that it is looked at.

    Attributes
    ----------
    config
        Routes, receivers, hours.
    silences
        All that may be in force; others do no harm.
    inhibitors
        The alerts that inhibit others; None where there are no such rules.
    """

    config: Config
    silences: tuple[Silence, ...] = ()
    inhibitors: Inhibitors | None = None


def withheld(
    alerts: Mapping[str, Alert], route: Route, context: Context, now: datetime
) -> dict[str, Why]:
    """The alerts by fingerprint that are not to be told, and the first reason of each.

    The order is Alertmanager's: inhibition, active hours, mute hours, silences.
    """
    muted = is_muted(context.config, route, now)
    found: dict[str, Why] = {}
    for fingerprint, alert in alerts.items():
        if context.inhibitors is not None and context.inhibitors.of(alert.labels):
            found[fingerprint] = "inhibited"
        elif muted:
            found[fingerprint] = "muted"
        elif silenced_by(context.silences, alert.labels, now):
            found[fingerprint] = "silenced"
    return found


def is_muted(config: Config, route: Route, now: datetime) -> bool:
    """Whether a route tells nobody at this hour.

    Examples
    --------
    >>> from datetime import UTC
    >>> from watchkeeper.alerts.config import default_config
    >>> config = default_config()
    >>> is_muted(config, config.route, datetime(2026, 1, 1, tzinfo=UTC))
    False
    """
    return bool(muted_by(config, route, now))


def muted_by(config: Config, route: Route, now: datetime) -> tuple[str, ...]:
    """The names of the time intervals that mute a route: it is in one, or outside of all."""
    active = route.active and not any(in_any(config.intervals[n], now) for n in route.active)
    mute = tuple(name for name in route.mute if in_any(config.intervals[name], now))
    return (route.active if active else ()) + mute


def next_change(
    reasons: Mapping[str, Why],
    alerts: Mapping[str, Alert],
    route: Route,
    context: Context,
    now: datetime,
) -> datetime:
    """When the group is to be looked at again: after its interval, or when something is let out.

    An inhibition ends with an alert, of which no time is known; it waits for the interval.
    """
    last = now + route.group_interval
    times = [last]
    if "muted" in reasons.values():
        times.append(_unmuted(context.config, route, now, last))
    for fingerprint, why in reasons.items():
        if why == "silenced":
            found = silenced_by(context.silences, alerts[fingerprint].labels, now)
            times.append(max(silence.ends_at for silence in found))
    return min(times)


class HeldBack(NamedTuple):
    """Nobody is told of an alert now: why, and when to ask again."""

    why: Why
    until: datetime


def held_back(alert: Alert, context: Context, now: datetime) -> HeldBack | None:
    """Why nobody at all would be told of an alert that fires; None where somebody would.

    It is inhibited or silenced, or each of the routes that it takes is muted. The time to ask again
    is the first end that is known; of an inhibition none is, and it is asked of each minute.

    Examples
    --------
    >>> from datetime import UTC
    >>> from watchkeeper.alerts.config import default_config
    >>> from watchkeeper.alerts.matchers import parse_matchers
    >>> now = datetime(2026, 1, 1, tzinfo=UTC)
    >>> late = Alert({"alertname": "Late", "model": "flights"}, {}, now)
    >>> held_back(late, Context(default_config()), now) is None
    True
    >>> silence = Silence(id="1", matchers=(parse_matchers("model=flights"),), starts_at=now,
    ...     ends_at=now + timedelta(minutes=2), created_by="ann", comment="", updated_at=now)
    >>> found = held_back(late, Context(default_config(), (silence,)), now)
    >>> found.why, str(found.until.time())
    ('silenced', '00:02:00')
    """
    alerts = {alert.fingerprint: alert}
    found: HeldBack | None = None
    for route in routes_for(context.config, alert.labels):
        reasons = withheld(alerts, route, context, now)
        if not reasons:
            return None
        why = reasons[alert.fingerprint]
        until = next_change(reasons, alerts, route, context, now)
        if why == "inhibited":
            until = min(until, now + _INHIBITED)
        found = found or HeldBack(why, until)
        found = found._replace(until=min(found.until, until))
    return found


def _unmuted(config: Config, route: Route, now: datetime, last: datetime) -> datetime:
    """The first full minute up to `last` at which a route is not muted; `last` where none is."""
    minute = next_minute(now)
    for _ in range(_MINUTES_AHEAD):
        if minute >= last or not is_muted(config, route, minute):
            return min(minute, last)
        minute = next_minute(minute)
    return min(minute, last)
