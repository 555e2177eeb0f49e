"""Webex: messages of a bot in a room."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from watchkeeper.actions.channels.common import Common
from watchkeeper.actions.channels.content import Content
from watchkeeper.actions.channels.fields import Fields
from watchkeeper.actions.channels.http import Http, post_json
from watchkeeper.actions.channels.secret import Secret
from watchkeeper.actions.channels.templates import expand
from watchkeeper.actions.channels.text import text_of, urgency
from watchkeeper.actions.channels.words import shorten_bytes
from watchkeeper.actions.results import Failed, Result
from watchkeeper.core.alert import Notification

URL = "https://webexapis.com/v1/messages"
MOST_BYTES = 7000
"""Bytes of a message; Webex takes 7,439."""


@dataclass(frozen=True, slots=True)
class Webex:
    """A room that a bot is in.

    Attributes
    ----------
    http
        How it is reached, with the bot's token.
    url
        Of the API's messages.
    room
        The room's id.
    """

    http: Http
    url: str
    room: str
    resend_every: timedelta | None = None

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """All that no text may repeat."""
        return self.http.secrets

    def send(self, notification: Notification, content: Content) -> Result:
        """Post a message as plain text, in which nothing is markup."""
        room = expand(self.room, notification)
        if not room:
            return Failed("Webex: the room of this notification is empty; look at its labels")
        parts = (content.title, urgency(content), text_of(content))
        text = shorten_bytes("\n".join(part for part in parts if part), MOST_BYTES)
        return post_json(self.http, "Webex", self.url, {"roomId": room, "text": text})


def webex_of(fields: Fields, common: Common) -> Webex:
    """The channel of one of `webex_configs`, with the bot's token in `http_config`."""
    fields.ignore("message")
    room, http = fields.choice("room_id"), common.http(fields)
    if not room:
        fields.wrong(f"{fields.where} has no room_id; write that of the room")
    if http.authorization is None:
        fields.wrong(
            f"{fields.where}.http_config has no authorization; "
            "write the bot's token as its credentials"
        )
    return Webex(http, common.text(fields, "api_url", "webex_api_url", URL), room)
