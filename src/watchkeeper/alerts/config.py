"""What an Alertmanager configuration says: routes, receivers, inhibition, hours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from watchkeeper.alerts.intervals import TimeInterval
from watchkeeper.alerts.matchers import Matcher

GROUP_WAIT = timedelta(seconds=30)
GROUP_INTERVAL = timedelta(minutes=5)
REPEAT_INTERVAL = timedelta(hours=4)
RESOLVE_TIMEOUT = timedelta(minutes=5)

TELLS_END = frozenset(
    {
        "alertmanager", "apprise", "discord", "incidentio", "jira", "mattermost", "msteams",
        "msteamsv2", "opsgenie", "pagerduty", "pushover", "sns", "telegram", "victorops", "webex",
        "webhook",
    }
)  # fmt: skip
"""Kinds of integration that are told of ends unless their configuration says otherwise."""


@dataclass(frozen=True, slots=True)
class Route:
    """One node of the routing tree, with what it takes from its parent filled in.

    Attributes
    ----------
    key
        Its matchers and those above, unique in the tree; the same after a reload that does not
        touch them.
    receiver
        Who is told.
    matchers
        All must match.
    group_by
        Labels whose values make a group; None: all of them.
    group_wait
        From the first alert of a group to its first message.
    group_interval
        From one look at a group to the next.
    repeat_interval
        From a message to its repeat while nothing changes.
    goes_on
        `continue`: the nodes after it are tried too.
    mute, active
        Names of time intervals in which nobody is told, and outside of which nobody is told.
    routes
        Tried first; the node itself takes what none of them takes.
    """

    key: str
    receiver: str
    matchers: tuple[Matcher, ...] = ()
    group_by: tuple[str, ...] | None = ()
    group_wait: timedelta = GROUP_WAIT
    group_interval: timedelta = GROUP_INTERVAL
    repeat_interval: timedelta = REPEAT_INTERVAL
    goes_on: bool = False
    mute: tuple[str, ...] = ()
    active: tuple[str, ...] = ()
    routes: tuple[Route, ...] = ()


@dataclass(frozen=True, slots=True)
class Integration:
    """One way in which a receiver is told.

    Attributes
    ----------
    kind
        `slack`, `webhook`, `email` …: the name of its list without `_configs`.
    settings
        As they were written.
    line
        Where it stands in its file; 0 where it stands in none.
    """

    kind: str
    settings: Mapping[str, Any]
    line: int = 0

    @property
    def send_resolved(self) -> bool:
        """Whether it is told when an alert is over."""
        return bool(self.settings.get("send_resolved", self.kind in TELLS_END))


@dataclass(frozen=True, slots=True)
class Receiver:
    """Somebody who is told, in any number of ways.

    Examples
    --------
    >>> Receiver("ml", (Integration("slack", {}),)).send_resolved
    False
    """

    name: str
    integrations: tuple[Integration, ...] = ()

    @property
    def send_resolved(self) -> bool:
        """Whether anything of it is told when an alert is over; so where it has nothing."""
        return not self.integrations or any(one.send_resolved for one in self.integrations)


@dataclass(frozen=True, slots=True)
class InhibitRule:
    """While an alert that matches `source` fires, those that match `target` are not told.

    Attributes
    ----------
    source, target
        Matchers of the one and of the others.
    equal
        Labels that must have the same value in both; a missing one is empty.
    """

    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """Something in a file that is read but not done.

    Attributes
    ----------
    line, column
        Where it stands, from 1.
    text
        What is not done.
    """

    line: int
    column: int
    text: str


@dataclass(frozen=True, slots=True)
class Config:
    """A whole configuration.

    Attributes
    ----------
    route
        The root of the routing tree.
    receivers
        By name, in the order of the file.
    inhibit_rules
        In order.
    intervals
        Named time intervals; each is in force where any of its parts is.
    resolve_timeout
        After how long without news an alert is over that was pushed without an end.
    globals
        The `global` settings as they were written, for channels.
    templates
        Paths of Go templates; kept, not run.
    notices
        What is read but not done.
    text
        The file itself.
    """

    route: Route
    receivers: Mapping[str, Receiver]
    inhibit_rules: tuple[InhibitRule, ...] = ()
    intervals: Mapping[str, tuple[TimeInterval, ...]] = field(default_factory=dict)
    resolve_timeout: timedelta = RESOLVE_TIMEOUT
    globals: Mapping[str, Any] = field(default_factory=dict)
    templates: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()
    text: str = ""


DEFAULT_RECEIVER = "default"
"""The receiver where there is no configuration."""


def default_config(*integrations: Integration) -> Config:
    """The configuration where there is none: one receiver, groups of one model and one rule.

    Examples
    --------
    >>> default_config().route.group_by
    ('model', 'alertname')
    """
    return Config(
        Route("{}", DEFAULT_RECEIVER, group_by=("model", "alertname")),
        {DEFAULT_RECEIVER: Receiver(DEFAULT_RECEIVER, integrations)},
        text="route:\n  receiver: default\n  group_by: [model, alertname]\n"
        "receivers:\n  - name: default\n",
    )
