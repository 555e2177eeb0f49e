"""Receivers of Alertmanager configurations that are sent to over Apprise."""

from __future__ import annotations

from urllib.parse import quote, urlencode, urlsplit

from watchkeeper.actions.channels.apprise_urls import Apprise
from watchkeeper.actions.channels.common import Common
from watchkeeper.actions.channels.fields import Fields
from watchkeeper.actions.channels.secret import Secret
from watchkeeper.actions.channels.templates import expand


def discord_of(fields: Fields, common: Common) -> Apprise:
    """The channel of one of `discord_configs`."""
    fields.ignore("title", "message", "content", "username", "avatar_url")
    _plain_http(fields, common)
    url = fields.needed("webhook_url", fields.secret("webhook_url"))
    return Apprise("Discord", lambda _: url.reveal(), (url,))


def telegram_of(fields: Fields, common: Common) -> Apprise:
    """The channel of one of `telegram_configs`."""
    fields.ignore("message", "parse_mode")
    _plain_http(fields, common)
    _one_address(fields, common, "api_url", "telegram_api_url", "https://api.telegram.org")
    token = common.secret(fields, "bot_token", "telegram_bot_token")
    chat = fields.needed("chat_id", fields.secret("chat_id"))
    silent = fields.flag("disable_notifications", default=False)
    topic = fields.number("message_thread_id")
    options = {"silent": "yes" if silent else "no", **({"topic": topic} if topic else {})}
    return Apprise(
        "Telegram",
        lambda _: f"tgram://{token.reveal()}/{_q(chat.reveal())}/?{urlencode(options)}",
        (token,),
    )


def pushover_of(fields: Fields, common: Common) -> Apprise:
    """The channel of one of `pushover_configs`."""
    fields.ignore("title", "message", "url", "url_title", "html", "monospace", "ttl")
    _plain_http(fields, common)
    user = fields.needed("user_key", fields.secret("user_key"))
    token = fields.needed("token", fields.secret("token"))
    device, sound = fields.choice("device"), fields.wording("sound")
    priority = fields.wording("priority")
    options = {"priority": priority, "sound": sound}
    if priority == "2":  # Pushover asks for both with an emergency.
        options["retry"] = str(int(max(30, fields.seconds("retry", 60))))
        options["expire"] = str(int(min(10_800, fields.seconds("expire", 3600))))
    fields.ignore("retry", "expire")
    query = urlencode({name: text for name, text in options.items() if text})
    return Apprise(
        "Pushover",
        lambda told: f"pover://{user.reveal()}@{token.reveal()}/{_q(expand(device, told))}?{query}",
        (user, token),
    )


def sns_of(fields: Fields, common: Common) -> Apprise:
    """The channel of one of `sns_configs`, with the keys of `sigv4` written out."""
    fields.ignore("subject", "message", "attributes")
    _plain_http(fields, common)
    fields.has("api_url")
    keys = fields.fields("sigv4")
    access, secret = keys.secret("access_key"), keys.secret("secret_key")
    region, to = keys.text("region"), _sns_target(fields)
    keys.ignore("profile", "role_arn", "use_fips_sts_endpoint")
    keys.finish()
    if access is None or secret is None or not region:
        keys.wrong(f"{keys.where} needs access_key, secret_key and region; "
                   "credentials of the machine or a role are not supported")  # fmt: skip
    access, secret = access or Secret(), secret or Secret()
    return Apprise(
        "SNS",
        lambda _: f"sns://{_q(access.reveal())}/{_q(secret.reveal())}/{region}/{_q(to)}",
        (access, secret),
    )


def _sns_target(fields: Fields) -> str:
    """A phone number, or a topic by the end of its ARN."""
    topic, phone = fields.choice("topic_arn"), fields.choice("phone_number")
    if fields.has("target_arn"):
        fields.wrong(f"{fields.where}.target_arn is not supported; write topic_arn or phone_number")
    if "{{" in topic + phone:
        fields.wrong(f"{fields.where}: write topic_arn or phone_number without templates")
    if not topic and not phone:
        fields.wrong(f"{fields.where} names nobody; write topic_arn or phone_number")
    return f"#{topic.rpartition(':')[2]}" if topic else phone


def rocketchat_of(fields: Fields, common: Common) -> Apprise:
    """The channel of one of `rocketchat_configs`."""
    fields.ignore(
        "title", "title_link", "text", "fields", "short_fields", "actions", "color", "emoji",
        "icon_url", "image_url", "thumb_url", "link_names",
    )  # fmt: skip
    _plain_http(fields, common)
    site = urlsplit(
        common.text(fields, "api_url", "rocketchat_api_url", "https://open.rocket.chat/")
    )
    token = common.secret(fields, "token", "rocketchat_token")
    user = common.secret(fields, "token_id", "rocketchat_token_id")
    channel = fields.choice("channel")
    if not channel:
        fields.wrong(f"{fields.where} has no channel; write one, such as #ops")
    scheme = "rocket" if site.scheme == "http" else "rockets"
    path = site.path.rstrip("/").removesuffix("/api/v1")
    return Apprise(
        "Rocket.Chat",
        lambda told: (
            f"{scheme}://{_q(user.reveal())}:{_q(token.reveal())}@{site.netloc}{path}"
            f"/{_q(expand(channel, told))}?mode=token"
        ),
        (token, user),
    )


def mattermost_of(fields: Fields, common: Common) -> Apprise:
    """The channel of one of `mattermost_configs`."""
    fields.ignore("text", "username", "icon_url", "icon_emoji", "fields", "attachments", "type",
                  "props", "priority")  # fmt: skip
    _plain_http(fields, common)
    url = common.secret(fields, "webhook_url", "mattermost_webhook_url")
    channel = fields.choice("channel")
    query = f"?{urlencode({'to': channel})}" if channel and "{{" not in channel else ""

    def address(_: object) -> str:
        site = urlsplit(url.reveal())
        path, _, token = site.path.rstrip("/").rpartition("/hooks/")
        scheme = "mmost" if site.scheme == "http" else "mmosts"
        return f"{scheme}://{site.netloc}{path}/{token}{query}"

    return Apprise("Mattermost", address, (url,))


def _q(text: str) -> str:
    return quote(text, safe="+")


def _plain_http(fields: Fields, common: Common) -> None:
    """Apprise makes its own requests: only the proxy of the environment reaches it."""
    common.http(fields)
    if fields.has("http_config"):
        fields.wrong(f"{fields.where}.http_config has no effect over Apprise; leave it out and set "
                     "HTTPS_PROXY where a proxy is needed")  # fmt: skip


def _one_address(fields: Fields, common: Common, name: str, setting: str, known: str) -> None:
    """Apprise knows the address of a service; another one cannot be set."""
    told = common.text(fields, name, setting, known)
    if told.rstrip("/") != known:
        fields.wrong(f"{fields.where}.{name} cannot be changed; only {known} is supported")
