"""Which routes an alert takes, and into which group of each it falls."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from watchkeeper.alerts.config import Config, Route
from watchkeeper.alerts.matchers import all_match, equality
from watchkeeper.core.alert import Labels


def routes_for(config: Config, labels: Labels) -> tuple[Route, ...]:
    """The nodes of the routing tree that take an alert, in order; at least the root.

    Depth first: a node takes what none of the nodes below it takes, and the nodes after it are
    tried only where it says `continue`.

    Examples
    --------
    >>> from watchkeeper.alerts.config import default_config
    >>> [route.receiver for route in routes_for(default_config(), {"alertname": "Late"})]
    ['default']
    """
    return tuple(_taken(config.route, labels))


def route_test(config: Config, labels: Labels) -> tuple[str, ...]:
    """The receivers that would be told of an alert, as `amtool config routes test` names them.

    Examples
    --------
    >>> from watchkeeper.alerts.config import default_config
    >>> route_test(default_config(), {"severity": "P1"})
    ('default',)
    """
    return tuple(dict.fromkeys(route.receiver for route in routes_for(config, labels)))


def route_of(config: Config, key: str) -> Route | None:
    """The route with a key; None where the configuration no longer has it.

    Examples
    --------
    >>> from watchkeeper.alerts.config import default_config
    >>> route_of(default_config(), "{}").receiver
    'default'
    """
    return next((route for route in walk(config.route) if route.key == key), None)


def walk(route: Route) -> Iterator[Route]:
    """A route and all those below it, depth first."""
    yield route
    for child in route.routes:
        yield from walk(child)


def group_labels(route: Route, labels: Labels) -> dict[str, str]:
    """The labels of an alert that tell its group from others of the route.

    Examples
    --------
    >>> group_labels(Route("{}", "ml", group_by=("model", "team")), {"model": "a", "age": "9"})
    {'model': 'a'}
    """
    names = sorted(labels) if route.group_by is None else sorted(set(route.group_by) & set(labels))
    return {name: labels[name] for name in names}


def group_key(route: Route, labels: Labels) -> str:
    """The name of the group into which an alert falls, written as Alertmanager does.

    Examples
    --------
    >>> group_key(Route("{}", "ml", group_by=("model",)), {"model": "a", "age": "9"})
    '{}:{model="a"}'
    """
    pairs = (str(equality(*pair)) for pair in group_labels(route, labels).items())
    return f"{route.key}:{{{', '.join(pairs)}}}"


def notification_key(group: str, receiver: str) -> str:
    """The key of all messages about a group to a receiver: one affair at the other end.

    Examples
    --------
    >>> notification_key('{}:{model="a"}', "ml")
    'wk-...'
    """
    digest = hashlib.sha256(f"{group}\0{receiver}".encode()).hexdigest()
    return f"wk-{digest[:32]}"


def _taken(route: Route, labels: Labels) -> list[Route]:
    if not all_match(route.matchers, labels):
        return []
    found: list[Route] = []
    for child in route.routes:
        taken = _taken(child, labels)
        found += taken
        if taken and not child.goes_on:
            break
    return found or [route]
