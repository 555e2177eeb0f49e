"""Slack: an incoming webhook, or a bot that keeps one message up to date and shows the chart."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from watchkeeper.actions.channels.common import Common, Memory
from watchkeeper.actions.channels.content import Content
from watchkeeper.actions.channels.fields import Fields
from watchkeeper.actions.channels.http import Http, post_json
from watchkeeper.actions.channels.secret import Secret
from watchkeeper.actions.channels.slack_api import API, SlackApi
from watchkeeper.actions.channels.slack_blocks import fallback, message
from watchkeeper.actions.channels.templates import expand
from watchkeeper.actions.results import Failed, Result, Sent
from watchkeeper.core.alert import Notification

WAKES = frozenset({"new_alerts", "repeat", "unmuted"})
"""Reasons for which an edited message is also told of in its channel, since edits are silent."""


@dataclass(frozen=True, slots=True)
class SlackWebhook:
    """An incoming webhook: each notification is a message.

    Attributes
    ----------
    url
        Its address.
    http
        How it is reached.
    look
        `channel`, `username`, `icon_emoji` and `icon_url`, where old webhooks heed them.
    interactive
        Whether the app behind it sends button presses to the server.
    """

    url: Secret
    http: Http
    look: dict[str, str]
    interactive: bool = False
    resend_every: timedelta | None = None

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """All that no text may repeat."""
        return (self.url, *self.http.secrets)

    def send(self, notification: Notification, content: Content) -> Result:
        """Post a message."""
        image = {"image_url": content.chart_url} if content.chart_url else None
        body = message(content, notification.key, image=image, interactive=self.interactive)
        look = {name: expand(text, notification) for name, text in self.look.items()}
        return post_json(self.http, "Slack", self.url.reveal(), {**look, **body})


@dataclass(frozen=True, slots=True)
class SlackBot:
    """A bot in a channel: one message for each affair, edited as it goes on.

    What changes is also told in the message's thread; what should wake somebody in the channel
    too. When all is over the message is done with, and the next affair gets its own.

    Attributes
    ----------
    token
        Of the bot, with `chat:write`, and `files:write` for charts.
    http, url
        How and where the API is reached.
    channel
        Its id or name.
    look
        `username`, `icon_emoji` and `icon_url`.
    memory
        Which message to edit.
    interactive
        Whether the app sends button presses to the server.
    """

    token: Secret
    http: Http
    url: str
    channel: str
    look: dict[str, str]
    memory: Memory
    interactive: bool = False
    resend_every: timedelta | None = None

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """All that no text may repeat."""
        return (self.token, *self.http.secrets)

    def send(self, notification: Notification, content: Content) -> Result:
        """Edit the affair's message, or post it where there is none."""
        api = SlackApi(self.http, self.url, self.token)
        channel = expand(self.channel, notification)
        if not channel:
            return Failed("Slack: the channel of this notification is empty; look at its labels")
        key = f"slack {channel} {notification.key}"
        earlier = self.memory.get(key, "").split()
        # A receiver that is not told of ends would else edit the message of the affair before.
        if notification.reason == "first" or len(earlier) != 2:
            return self._post(api, notification, content, (key, channel))
        result = self._edit(api, notification, content, earlier)
        if isinstance(result, Failed) and "message_not_found" in result.why:
            return self._post(api, notification, content, (key, channel))
        if isinstance(result, Sent) and not content.firing:
            self.memory.pop(key, None)
        return result

    def _post(
        self, api: SlackApi, notification: Notification, content: Content, place: tuple[str, str]
    ) -> Result:
        key, channel = place
        look = {name: expand(text, notification) for name, text in self.look.items()}
        body = {**look, "channel": channel, **self._message(api, notification, content)}
        answer = _without_image(api, "chat.postMessage", body)
        if not isinstance(answer, dict):
            return answer
        if content.firing:
            self.memory[key] = f"{answer.get('channel', channel)} {answer.get('ts', '')}"
        return Sent(f"Slack posted message {answer.get('ts', '')}")

    def _edit(
        self, api: SlackApi, notification: Notification, content: Content, earlier: list[str]
    ) -> Result:
        channel, ts = earlier
        body = {"channel": channel, "ts": ts, **self._message(api, notification, content)}
        answer = _without_image(api, "chat.update", body)
        if not isinstance(answer, dict):
            return answer
        reply = {
            "channel": channel,
            "thread_ts": ts,
            "text": fallback(content),
            "reply_broadcast": notification.reason in WAKES,
        }
        answer = api.call("chat.postMessage", reply)
        return Sent(f"Slack edited message {ts}") if isinstance(answer, dict) else answer

    def _message(
        self, api: SlackApi, notification: Notification, content: Content
    ) -> dict[str, Any]:
        image: dict[str, Any] | None = None
        if content.chart_url:
            image = {"image_url": content.chart_url}
        if content.chart:
            file = api.upload(content.chart)
            image = {"slack_file": {"id": file}} if file else image
        return message(content, notification.key, image=image, interactive=self.interactive)


def _without_image(api: SlackApi, method: str, body: dict[str, Any]) -> dict[str, Any] | Result:
    """Call, and again without the chart where Slack cannot show it: the words must arrive."""
    answer = api.call(method, body)
    if isinstance(answer, Failed) and "invalid_blocks" in answer.why:
        words = [block for block in body["blocks"] if block["type"] != "image"]
        if len(words) < len(body["blocks"]):
            return api.call(method, {**body, "blocks": words})
    return answer


def slack_of(fields: Fields, common: Common) -> SlackBot | SlackWebhook:
    """The channel of one of `slack_configs`; `app_token` makes a bot, `api_url` a webhook.

    Our own field is `interactive`. `api_url: https://slack.com/api/chat.postMessage` with a token
    in `http_config`, as older configurations have it, is a bot too.
    """
    fields.ignore(
        "title", "title_link", "pretext", "text", "fields", "short_fields", "footer", "fallback",
        "callback_id", "mrkdwn_in", "actions", "link_names", "image_url", "thumb_url", "color",
        "message_text", "update_message",
    )  # fmt: skip
    channel, http = fields.choice("channel"), common.http(fields)
    names = ("username", "icon_emoji", "icon_url")
    look = {name: text for name in names if (text := fields.wording(name))}
    interactive = fields.flag("interactive", default=False)
    app_url = common.text(fields, "app_url", "slack_app_url", API)
    token, url = _credentials(fields, common)
    if url and url.is_literal and _is_api(url.reveal()) and http.authorization:
        token, app_url = http.authorization[1], url.reveal()
        http = replace(http, authorization=None)
    if token is None:
        url = fields.needed("api_url or app_token", url)
        old = look | ({"channel": channel} if channel else {})
        return SlackWebhook(url, http, old, interactive)
    if not channel:
        fields.wrong(f"{fields.where} has no channel; write the id or the name of one")
    base = app_url.removesuffix("chat.postMessage")
    return SlackBot(token, http, base, channel, look, common.memory, interactive)


def _is_api(url: str) -> bool:
    return url.endswith("/chat.postMessage")


def _credentials(fields: Fields, common: Common) -> tuple[Secret | None, Secret | None]:
    """The bot's token and the webhook's URL; the receiver's own go before the global ones."""
    token, url = fields.secret("app_token"), fields.secret("api_url")
    if token and url:
        fields.wrong(f"{fields.where} has app_token and api_url; write one of them")
    all_token = common.settings.secret("slack_app_token")
    all_url = common.settings.secret("slack_api_url")
    if token or url:
        return token, url
    return (all_token, None) if all_token else (None, all_url)
