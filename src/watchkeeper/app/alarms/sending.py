"""Messages to their receivers: a few at a time, each again until it arrives or is given up."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import datetime
from typing import Any

from watchkeeper.actions.channels.base import Integration
from watchkeeper.actions.channels.common import Memory
from watchkeeper.actions.channels.content import Picture, content_of
from watchkeeper.actions.channels.delivery import Again, Attempt, Done, next_try
from watchkeeper.actions.channels.receivers import channels_of
from watchkeeper.actions.results import Failed, Result
from watchkeeper.actions.results import Sent as Arrived
from watchkeeper.alerts.config import Config, Receiver
from watchkeeper.alerts.delivery import delivered, to_deliver, undelivered
from watchkeeper.alerts.state import Sent
from watchkeeper.app.alarms import states
from watchkeeper.app.alarms.links import with_links
from watchkeeper.core.alert import Alert, Notification
from watchkeeper.core.errors import InputError, WatchkeeperError
from watchkeeper.store.catalogue.alarms import AGAIN, AlarmStore, Mark, MessageRow, Work

THREADS = 8
"""Messages that are on their way at once."""

log = logging.getLogger("watchkeeper.alarms")

_Place = tuple[str, str, str]


class Sender:
    """Sends what is in the line.

    Parameters
    ----------
    store
        Holds the line.
    clock
        Gives the time.
    random
        Gives numbers in [0, 1), for pauses that do not fall together.
    url
        Where this server is reached, for links.
    picture
        Draws what a message is about; None where there is nothing to draw.
    memory
        What channels keep of earlier messages.
    may_send
        Asked before each message: whether it is still this process that sends.
    """

    def __init__(  # noqa: PLR0913  # its parts, by name
        self,
        store: AlarmStore,
        *,
        clock: Callable[[], datetime],
        random: Callable[[], float],
        url: str = "",
        picture: Callable[[Notification], Picture | None] = lambda _: None,
        memory: Memory | None = None,
        may_send: Callable[[], bool] = lambda: True,
    ) -> None:
        self._may_send = may_send
        self._store = store
        self._clock = clock
        self._random = random
        self._url = url
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="watchkeeper-send")
        self._busy: dict[_Place, Future[None]] = {}
        self._picture = picture
        self._memory: Memory = {} if memory is None else memory
        self._channels: dict[str, dict[str, Integration] | str] = {}
        self._text: str | None = None

    def step(self, config: Config) -> int:
        """Begin to send what is due; how many messages are on their way now.

        The messages of one affair go to a channel one after the other.
        """
        self._busy = {place: one for place, one in self._busy.items() if not one.done()}
        self._take_up(config)
        for row in self._store.messages_due(self._clock(), limit=4 * THREADS):
            place = (row.key, row.receiver, row.channel)
            if place not in self._busy and len(self._busy) < 2 * THREADS:
                self._busy[place] = self._pool.submit(self._deliver, row, config)
        return len(self._busy)

    def settle(self, timeout_s: float) -> bool:
        """Wait for what is on its way; whether all of it came to an end."""
        return not wait(list(self._busy.values()), timeout_s).not_done

    def close(self, timeout_s: float = 10.0) -> None:
        """Wait a while for what is on its way; the rest is sent by who comes next."""
        self.settle(timeout_s)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _take_up(self, config: Config) -> None:
        if self._text == config.text:
            return
        self._channels = {
            name: make_channels(receiver, config.globals, self._memory)
            for name, receiver in config.receivers.items()
        }
        self._text = config.text

    def _deliver(self, row: MessageRow, config: Config) -> None:
        try:
            self._send(row, config)
        except WatchkeeperError as error:  # The store: it is tried again at the next step.
            log.warning("message %s: %s", row.id, error)
        except Exception:
            log.exception("message %s", row.id)

    def _send(self, row: MessageRow, config: Config) -> None:
        if not (self._may_send() and self._store.waits(row.id, row.attempts)):
            return  # Another replica sends now, or has sent it.
        message = states.message_of(row.body)
        entry = next(
            (one for one in states.told(self._store, message.group_key)
             if one.receiver == row.receiver),
            Sent(group_key=message.group_key, receiver=row.receiver),
        )  # fmt: skip
        if row.said == AGAIN:
            message = replace(message, alerts=_still(message, entry))
        wanted = to_deliver(entry, message, channel=row.channel)
        result: Result = Arrived("nothing of it was left to be told")
        if wanted is not None:
            result = self._told(row, with_links(wanted, self._url))
        now = self._clock()
        then = next_try(Attempt(row.attempts + 1, row.made), result, now, self._random())
        said = result.detail if isinstance(result, Arrived) else result.why
        others = [] if isinstance(then, Done | Again) else self._waiting(row)
        with self._store.work() as work:
            if not work.waits(row.id, row.attempts):
                return  # It was sent twice, with one key; what the other has noted stands.
            match then:
                case Done():
                    work.mark_message(row.id, Mark("sent", said, now))
                    _note_delivered(work, row, message, now)
                    self._again(work, row, replace(message, alerts=_still(message, entry)), now)
                case Again(at):
                    work.mark_message(row.id, Mark("waiting", said, now, at))
                case _:
                    work.mark_message(row.id, Mark("dead", then.why, now))
                    _note_dead(work, row, others, config, now)

    def _again(self, work: Work, row: MessageRow, message: Notification, now: datetime) -> None:
        """Say it once more after a while to a channel that would else take it for over."""
        held = self._channels.get(row.receiver)
        channel = None if held is None or isinstance(held, str) else held.get(row.channel)
        if channel is None or channel.resend_every is None or not message.alerts:
            return
        work.add_message(
            key=row.key, receiver=row.receiver, channel=row.channel, body=states.encode(message),
            at=now, again_at=now + channel.resend_every,
        )  # fmt: skip

    def _waiting(self, row: MessageRow) -> list[Notification]:
        """The other messages of an affair that are still to be sent."""
        rows = self._store.messages(state="waiting", key=row.key, limit=1000)
        return [states.message_of(one.body) for one in rows if one.id != row.id]

    def _told(self, row: MessageRow, message: Notification) -> Result:
        held = self._channels.get(row.receiver)
        if isinstance(held, str):
            return Failed(held)
        channel = (held or {}).get(row.channel)
        if channel is None:
            return Failed(f"receiver {row.receiver!r} no longer has {row.channel}")
        content = content_of(message, self._clock(), chart=self._picture(message))
        return channel.send(message, content)


def make_channels(
    receiver: Receiver, settings: Mapping[str, Any], memory: Memory | None = None
) -> dict[str, Integration] | str:
    """The channels of a receiver by name; why there are none where they cannot be made."""
    fields: dict[str, Any] = {"name": receiver.name}
    for one in receiver.integrations:
        fields.setdefault(f"{one.kind}_configs", []).append(one.settings)
    try:
        return {channel.name: channel for channel in channels_of(fields, settings, memory)}
    except InputError as error:
        return str(error)


def _still(message: Notification, entry: Sent) -> tuple[Alert, ...]:
    """The alerts of a message whose end has not been decided since."""
    return tuple(alert for alert in message.firing if alert.fingerprint in entry.firing)


def _note_delivered(work: Work, row: MessageRow, message: Notification, now: datetime) -> None:
    """From now on the receiver knows; its end is owed."""
    held = {one.receiver: one for one in states.told(work, message.group_key)}
    # The entry may be forgotten while messages wait: its group is gone and all was decided.
    entry = held.get(row.receiver, Sent(group_key=message.group_key, receiver=row.receiver))
    held[row.receiver] = delivered(entry, message, channel=row.channel)
    gone = not work.states(states.GROUP, keys=[message.group_key])
    left = [one for one in held.values() if not (gone and one.is_spent)]
    if left:
        states.put_told(work, message.group_key, left, now)
    else:
        work.drop_state(states.SENT, message.group_key)


def _note_dead(
    work: Work, row: MessageRow, waiting: list[Notification], config: Config, now: datetime
) -> None:
    """No channel of the receiver took it: what it was to begin is told anew at the next look."""
    message = states.message_of(row.body)
    work.add_history(
        at=now, kind="not_delivered", subject=message.group_key, body=row.body,
        model=message.group_labels.get("model", ""),
    )  # fmt: skip
    copies = work.count_copies(row.key, row.receiver, row.made)
    if copies.get("sent") or copies.get("waiting"):
        return
    held = {one.receiver: one for one in states.told(work, message.group_key)}
    entry = held.get(row.receiver)
    if entry is None:
        return
    group = states.groups(work.states(states.GROUP, keys=[message.group_key]))
    before = group.get(message.group_key)
    kept, held[row.receiver] = undelivered(
        before, entry, message, waiting=waiting, now=now, again=config.route.repeat_interval
    )
    if kept is not None and kept != before:
        states.put_group(work, kept, now)
    states.put_told(work, message.group_key, held.values(), now)
