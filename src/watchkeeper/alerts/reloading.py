"""A new configuration over groups that are there: what stays keeps its deadline, the rest moves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from watchkeeper.alerts.config import Config, Route
from watchkeeper.alerts.pipeline import new_group
from watchkeeper.alerts.routing import group_key, routes_for
from watchkeeper.alerts.state import GroupState
from watchkeeper.core.alert import Alert


def reload(groups: Iterable[GroupState], config: Config, now: datetime) -> dict[str, GroupState]:
    """The groups that a configuration changes, by key.

    To be called with all groups when a configuration takes effect, and at every start. An alert
    that goes elsewhere is marked in its old group, which tells its end at its next look; the group
    that takes it on is made, and tells it after `group_wait`. Nothing else changes, no deadline
    least of all.

    Examples
    --------
    >>> from datetime import UTC
    >>> from watchkeeper.alerts.config import default_config
    >>> from watchkeeper.alerts.pipeline import receive
    >>> now = datetime(2026, 1, 1, tzinfo=UTC)
    >>> groups = receive({}, Alert({"alertname": "Late"}, {}, now), default_config(), now)
    >>> reload(groups.values(), default_config(), now)
    {}
    """
    old = {group.key: group for group in groups}
    living = _living(old.values(), now)
    homes = {name: _homes(config, alert) for name, alert in living.items()}
    new = {key: _without_moved(group, homes) for key, group in old.items()}
    for name, found in homes.items():
        for key, route in found.items():
            group = new.get(key) or new_group(route, living[name], now)
            new[key] = _with_living(group, route, living[name], now)
    return {key: group for key, group in new.items() if group != old.get(key)}


def _living(groups: Iterable[GroupState], now: datetime) -> dict[str, Alert]:
    """All alerts that fire, by fingerprint; of several copies the one that began last."""
    found: dict[str, Alert] = {}
    for group in groups:
        for name, alert in group.firing(now).items():
            if name not in found or found[name].starts_at < alert.starts_at:
                found[name] = alert
    return found


def _homes(config: Config, alert: Alert) -> dict[str, Route]:
    return {group_key(route, alert.labels): route for route in routes_for(config, alert.labels)}


def _without_moved(group: GroupState, homes: Mapping[str, Mapping[str, Route]]) -> GroupState:
    """A group with a mark on each living alert that goes elsewhere."""
    moved = {name for name in group.alerts if name in homes and group.key not in homes[name]}
    return msgspec.structs.replace(group, moved=tuple(sorted(moved.union(group.moved))))


def _with_living(group: GroupState, route: Route, alert: Alert, now: datetime) -> GroupState:
    """A group that holds an alert which fires, though it may have been over or gone there."""
    name = alert.fingerprint
    alerts = group.alerts
    if name not in alerts or group.is_over(name, now):
        alerts = alerts | {name: alert}
    return msgspec.structs.replace(
        group,
        route=route.key,
        receiver=route.receiver,
        alerts=alerts,
        ended=tuple(one for one in group.ended if one != name),
        moved=tuple(one for one in group.moved if one != name),
    )
