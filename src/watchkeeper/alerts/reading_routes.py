"""The routing tree of a configuration file, each node with what it takes from its parent."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from watchkeeper.alerts.config import Route
from watchkeeper.alerts.document import Document, nearest
from watchkeeper.alerts.matchers import Matcher, equality, parse_matchers
from watchkeeper.alerts.regex import compiled
from watchkeeper.core.errors import InputError
from watchkeeper.files.nodes import Node, is_nothing

KEYS = (
    "receiver", "group_by", "group_wait", "group_interval", "repeat_interval", "match", "match_re",
    "matchers", "continue", "mute_time_intervals", "active_time_intervals", "routes",
)  # fmt: skip
_DEEPEST = 64


def read_route(
    document: Document,
    node: Node | None,
    receivers: Mapping[str, Any],
    intervals: Mapping[str, Any],
) -> Route:
    """The routing tree; what is wrong with it becomes problems of the document.

    Examples
    --------
    >>> document = Document()
    >>> node = document.compose("{receiver: a, routes: [{matchers: [x=1], group_wait: 5s}]}")
    >>> root = read_route(document, node, {"a": 0}, {})
    >>> root.routes[0].key, root.routes[0].receiver, root.routes[0].group_wait.seconds
    ('{}/{x="1"}', 'a', 5)
    """
    if is_nothing(node):
        document.wrong(node, "there is no route; write `route: {receiver: NAME}`")
        return Route("{}", "")
    root = _node(document, node, Route("{}", ""), _Names(receivers, intervals), 0)
    parts = document.mapping(node, "route")
    if not root.receiver:
        document.wrong(node, "the root route has no receiver; name one")
    for key in ("match", "match_re", "matchers", "mute_time_intervals", "active_time_intervals"):
        if key in parts:
            document.wrong(parts[key], f"the root route takes every alert; move {key} to a child")
    if root.goes_on:
        document.wrong(parts["continue"], "the root route has nothing after it to continue with")
    return replace(root, key="{}", matchers=())


def matchers_of(
    document: Document, parts: Mapping[str, Node], prefix: str = ""
) -> tuple[Matcher, ...]:
    """The matchers that a route or one side of an inhibition lists in its three ways."""
    found: list[Matcher] = []
    for label, node in document.mapping(parts.get(f"{prefix}match"), "match").items():
        found.append(equality(label, document.written(node, f"a value of {prefix}match")))
    for label, node in document.mapping(parts.get(f"{prefix}match_re"), "match_re").items():
        text = document.written(node, f"a value of {prefix}match_re")
        try:
            compiled(text)
        except InputError as error:
            document.wrong(node, str(error))
        # Alertmanager names such routes by the anchored expression; so the names of groups agree.
        found.append(Matcher(label, "=~", f"^(?:{text})$"))
    for node, text in document.texts(parts.get(f"{prefix}matchers"), f"{prefix}matchers"):
        try:
            found += parse_matchers(text)
        except InputError as error:
            document.wrong(node, str(error))
    return tuple(sorted(found, key=lambda m: (m.name, m.value, m.op)))


class _Names:
    """Receivers and time intervals that a route may name."""

    def __init__(self, receivers: Collection[str], intervals: Collection[str]) -> None:
        self.receivers = receivers
        self.intervals = intervals


def _node(document: Document, node: Node | None, parent: Route, names: _Names, depth: int) -> Route:
    parts = document.mapping(node, "a route", KEYS)
    if depth > _DEEPEST:
        document.wrong(node, f"routes are nested more than {_DEEPEST} deep")
        return parent
    matchers = matchers_of(document, parts)
    step = "{" + ",".join(str(matcher) for matcher in matchers) + "}"
    route = Route(
        key=f"{parent.key}/{step}" if depth else "{}",
        receiver=_receiver(document, parts.get("receiver"), names) or parent.receiver,
        matchers=matchers,
        group_by=_group_by(document, parts.get("group_by"), parent.group_by),
        group_wait=_length(document, parts, "group_wait", parent.group_wait),
        group_interval=_length(document, parts, "group_interval", parent.group_interval),
        repeat_interval=_length(document, parts, "repeat_interval", parent.repeat_interval),
        goes_on=document.truth(parts.get("continue"), "continue"),
        mute=_intervals(document, parts, "mute_time_intervals", names),
        active=_intervals(document, parts, "active_time_intervals", names),
    )
    children: list[Route] = []
    seen: dict[str, int] = {}
    for item in document.items(parts.get("routes"), "routes"):
        child = _node(document, item, route, names, depth + 1)
        seen[child.key] = seen.get(child.key, 0) + 1
        twin = f"#{seen[child.key]}" if seen[child.key] > 1 else ""
        children.append(_renamed(child, child.key, child.key + twin) if twin else child)
    return replace(route, routes=tuple(children))


def _renamed(route: Route, old: str, new: str) -> Route:
    """A route and those below it with another key."""
    return replace(
        route,
        key=new + route.key.removeprefix(old),
        routes=tuple(_renamed(child, old, new) for child in route.routes),
    )


def _receiver(document: Document, node: Node | None, names: _Names) -> str:
    name = document.written(node, "receiver")
    if name and name not in names.receivers:
        hint = nearest(name, names.receivers)
        document.wrong(node, f"there is no receiver {name!r}{hint}")
    return name


def _group_by(
    document: Document, node: Node | None, inherited: tuple[str, ...] | None
) -> tuple[str, ...] | None:
    texts = [text for _, text in document.texts(node, "group_by")]
    if not texts:
        return inherited
    if "..." in texts:
        if len(texts) > 1:
            document.wrong(node, "group_by holds `...` and other labels; keep one of the two")
        return None
    for text in sorted({text for text in texts if texts.count(text) > 1}):
        document.wrong(node, f"group_by has the label {text!r} twice; keep one")
    if "" in texts:
        document.wrong(node, "group_by holds an empty label; remove it")
    return tuple(dict.fromkeys(texts))


def _length(
    document: Document, parts: Mapping[str, Node], key: str, inherited: timedelta
) -> timedelta:
    node = parts.get(key)
    found = document.length(node)
    if found is None:
        return inherited
    if not found and key != "group_wait":
        document.wrong(node, f"{key} is 0; write a length of time such as 5m")
    return found


def _intervals(
    document: Document, parts: Mapping[str, Node], key: str, names: _Names
) -> tuple[str, ...]:
    texts = document.texts(parts.get(key), key)
    for node, name in texts:
        if name not in names.intervals:
            hint = nearest(name, names.intervals)
            document.wrong(node, f"there is no time interval {name!r}{hint}")
    return tuple(name for _, name in texts)
