"""The answers of Alertmanager's API, version 2, over our own state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from watchkeeper.alerts.config import Config
from watchkeeper.alerts.matchers import Matcher, all_match
from watchkeeper.alerts.regex import matches_whole
from watchkeeper.alerts.routing import route_of, route_test
from watchkeeper.alerts.silences import Silence, SilenceState, silenced_by
from watchkeeper.alerts.state import GroupState
from watchkeeper.alerts.suppression import Context, muted_by
from watchkeeper.alerts.webhook import rfc3339
from watchkeeper.core.alert import Alert


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request asks to see.

    Attributes
    ----------
    matchers
        That labels must meet.
    receiver
        An expression that the name of a receiver must match; None: any.
    active, silenced, inhibited, muted, unprocessed
        Whether such alerts are wanted; for groups, `muted` asks for those that the hour mutes.
    """

    matchers: tuple[Matcher, ...] = ()
    receiver: str | None = None
    active: bool = True
    silenced: bool = True
    inhibited: bool = True
    muted: bool = True
    unprocessed: bool = True


def status_body(config: Config, *, version: str, started_at: datetime) -> dict[str, Any]:
    """The answer to `GET /status`."""
    return {
        "cluster": {"status": "disabled", "peers": []},
        "versionInfo": {
            "version": version,
            "revision": "",
            "branch": "",
            "buildUser": "",
            "buildDate": "",
            "goVersion": "",
        },
        "config": {"original": config.text},
        "uptime": rfc3339(started_at),
    }


def receivers_body(config: Config) -> list[dict[str, str]]:
    """The answer to `GET /receivers`.

    Examples
    --------
    >>> from watchkeeper.alerts.config import default_config
    >>> receivers_body(default_config())
    [{'name': 'default'}]
    """
    return [{"name": name} for name in config.receivers]


def alerts_body(
    groups: Iterable[GroupState], context: Context, now: datetime, wanted: Wanted
) -> list[dict[str, Any]]:
    """The answer to `GET /alerts`: all that fire, by fingerprint."""
    firing: dict[str, Alert] = {}
    seen: dict[str, datetime] = {}
    for group in groups:
        for name, alert in group.firing(now).items():
            firing[name] = alert
            seen[name] = max(group.seen, seen.get(name, group.seen))
    found = []
    for name in sorted(firing):
        alert = firing[name]
        receivers = route_test(context.config, alert.labels)
        body = _alert(alert, receivers, (), context, now) | {"updatedAt": rfc3339(seen[name])}
        if _has(receivers, wanted) and _fits(body, alert, wanted):
            found.append(body)
    return found


def groups_body(
    groups: Iterable[GroupState], context: Context, now: datetime, wanted: Wanted
) -> list[dict[str, Any]]:
    """The answer to `GET /alerts/groups`: groups by their labels and receivers."""
    found = []
    for group in sorted(groups, key=lambda g: (sorted(g.labels.items()), g.receiver, g.key)):
        route = route_of(context.config, group.route)
        muted = muted_by(context.config, route, now) if route else ()
        if not _has([group.receiver], wanted) or (muted and not wanted.muted):
            continue
        alerts = []
        for alert in sorted(group.firing(now).values(), key=lambda a: (a.starts_at, a.fingerprint)):
            receivers = route_test(context.config, alert.labels)
            body = _alert(alert, receivers, muted, context, now)
            if _fits(body, alert, wanted):
                alerts.append(body | {"updatedAt": rfc3339(group.seen)})
        if alerts:
            receiver = {"name": group.receiver}
            found.append({"labels": dict(group.labels), "receiver": receiver, "alerts": alerts})
    return found


def silences_body(
    silences: Iterable[Silence],
    now: datetime,
    *,
    matchers: Sequence[Matcher] = (),
    creators: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """The answer to `GET /silences`: in force, to come, over.

    Parameters
    ----------
    silences
        All that are kept.
    now
        The time.
    matchers
        Only silences that name each of these labels, with a value that fits.
    creators
        Only silences of these authors, where any are given.
    """
    order = {SilenceState.ACTIVE: 0, SilenceState.PENDING: 1, SilenceState.EXPIRED: 2}

    def place(silence: Silence) -> tuple[int, float, str]:
        state = silence.state(now)
        time = silence.starts_at if state is SilenceState.PENDING else silence.ends_at
        sign = -1 if state is SilenceState.EXPIRED else 1
        return order[state], sign * time.timestamp(), silence.id

    return [
        silence_body(silence, now)
        for silence in sorted(silences, key=place)
        if _about(silence, matchers) and (not creators or silence.created_by in creators)
    ]


def silence_body(silence: Silence, now: datetime) -> dict[str, Any]:
    """The answer to `GET /silence/{id}`; a silence of several matcher sets shows its first."""
    return {
        "id": silence.id,
        "status": {"state": silence.state(now).value},
        "updatedAt": rfc3339(silence.updated_at),
        "comment": silence.comment,
        "createdBy": silence.created_by,
        "startsAt": rfc3339(silence.starts_at),
        "endsAt": rfc3339(silence.ends_at),
        "matchers": [
            {
                "name": matcher.name,
                "value": matcher.value,
                "isRegex": matcher.is_regex,
                "isEqual": matcher.is_equal,
            }
            for matcher in silence.matchers[0]
        ],
    }


def _about(silence: Silence, matchers: Sequence[Matcher]) -> bool:
    """Whether a silence names the labels that are asked for: its values are held to the filter."""
    named: Mapping[str, str] = {m.name: m.value for one in silence.matchers for m in one}
    return all_match(matchers, named)


def _alert(
    alert: Alert,
    receivers: Sequence[str],
    muted: Sequence[str],
    context: Context,
    now: datetime,
) -> dict[str, Any]:
    silenced = [silence.id for silence in silenced_by(context.silences, alert.labels, now)]
    inhibited = context.inhibitors.of(alert.labels) if context.inhibitors else ()
    suppressed = bool(silenced or inhibited or muted)
    end = alert.ends_at or now + context.config.resolve_timeout
    return {
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "startsAt": rfc3339(alert.starts_at),
        "endsAt": rfc3339(end),
        "generatorURL": alert.generator_url,
        "fingerprint": alert.fingerprint,
        "receivers": [{"name": name} for name in receivers],
        "status": {
            "state": "suppressed" if suppressed else "active",
            "silencedBy": silenced,
            "inhibitedBy": list(inhibited),
            "mutedBy": list(muted),
        },
    }


def _has(receivers: Iterable[str], wanted: Wanted) -> bool:
    if wanted.receiver is None:
        return True
    return any(matches_whole(wanted.receiver, name) for name in receivers)


def _fits(body: Mapping[str, Any], alert: Alert, wanted: Wanted) -> bool:
    status = body["status"]
    return (
        (wanted.active or status["state"] != "active")
        and (wanted.silenced or not status["silencedBy"])
        and (wanted.inhibited or not status["inhibitedBy"])
        and all_match(wanted.matchers, alert.labels)
    )
