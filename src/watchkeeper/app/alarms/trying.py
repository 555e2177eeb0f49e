"""A message to a receiver that somebody wants to see arrive."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import Any

from watchkeeper.actions.channels.base import Integration
from watchkeeper.actions.channels.content import content_of
from watchkeeper.actions.results import Sent
from watchkeeper.alerts.config import Config
from watchkeeper.app.alarms.sending import make_channels
from watchkeeper.core.alert import NAME, SEVERITY, Alert, Notification
from watchkeeper.core.errors import InputError, NotFoundError
from watchkeeper.expressions.hints import suggest

RULE = "WatchkeeperTest"
"""The name of the alert that the message is about."""


def try_receiver(
    config: Config, name: str, *, by: str, clock: Callable[[], datetime], key: str
) -> list[dict[str, Any]]:
    """Send a message to each channel of a receiver, and what is over after it; what they said.

    It passes by routes, silences and the line of messages: nothing is tried again.

    Parameters
    ----------
    config
        The routes in force.
    name
        The receiver's.
    by
        Who asks; the message names them.
    clock
        Gives the time.
    key
        Tells this affair from any other.

    Returns
    -------
    list of dict
        For each channel `channel`, `arrived` and `detail`.

    Raises
    ------
    NotFoundError
        There is no such receiver.
    InputError
        It has no channels, or they cannot be made.
    """
    receiver = config.receivers.get(name)
    if receiver is None:
        hint = suggest(name, list(config.receivers))
        raise NotFoundError(f"the routes have no receiver {name!r}{hint}")
    channels = make_channels(receiver, config.globals)
    if isinstance(channels, str):
        raise InputError(channels)
    if not channels:
        raise InputError(f"receiver {name!r} has no channels: what goes there is told to nobody")
    now = clock()
    message = _message(name, by=by, at=now, key=key)
    with ThreadPoolExecutor(len(channels), thread_name_prefix="watchkeeper-try") as pool:
        return list(pool.map(lambda one: _tried(one, message, clock), channels.values()))


def _message(receiver: str, *, by: str, at: datetime, key: str) -> Notification:
    labels = {NAME: RULE, SEVERITY: "P3", "receiver": receiver}
    summary = f"{by} tries whether messages to {receiver} arrive. Nothing is wrong."
    alert = Alert(labels, {"summary": summary}, at)
    return Notification(
        key=key, receiver=receiver, group_key=f"test:{key}", group_labels=labels, alerts=(alert,),
        reason="first", at=at,
    )  # fmt: skip


def _tried(
    channel: Integration, message: Notification, clock: Callable[[], datetime]
) -> dict[str, Any]:
    told = channel.send(message, content_of(message, message.at))
    if isinstance(told, Sent):
        # What stays open, such as an incident at PagerDuty, is closed again.
        now = clock()
        alerts = tuple(replace(alert, ends_at=now) for alert in message.alerts)
        over = replace(message, alerts=alerts, at=now, reason="all_resolved")
        told = channel.send(over, content_of(over, now))
    arrived = isinstance(told, Sent)
    return {
        "channel": channel.name, "arrived": arrived,
        "detail": told.detail if isinstance(told, Sent) else told.why,
    }  # fmt: skip
