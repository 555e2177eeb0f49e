"""The channels of a receiver, from its mapping in an Alertmanager configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from watchkeeper.actions.channels.alertmanager import alertmanager_of
from watchkeeper.actions.channels.apprise_receivers import (
    discord_of,
    mattermost_of,
    pushover_of,
    rocketchat_of,
    sns_of,
    telegram_of,
)
from watchkeeper.actions.channels.apprise_urls import apprise_of
from watchkeeper.actions.channels.base import Connector, Integration
from watchkeeper.actions.channels.common import Common, Memory
from watchkeeper.actions.channels.email import email_of
from watchkeeper.actions.channels.fields import Fields, nearest
from watchkeeper.actions.channels.opsgenie import opsgenie_of
from watchkeeper.actions.channels.pagerduty import pagerduty_of
from watchkeeper.actions.channels.slack import slack_of
from watchkeeper.actions.channels.splunk import splunk_of
from watchkeeper.actions.channels.teams import teams_of
from watchkeeper.actions.channels.webex import webex_of
from watchkeeper.actions.channels.webhook import webhook_of
from watchkeeper.core.errors import InputError

Maker = Callable[[Fields, Common], Connector]

KINDS: dict[str, tuple[str, Maker, bool]] = {
    "alertmanager_configs": ("alertmanager", alertmanager_of, True),
    "apprise_configs": ("apprise", apprise_of, True),
    "discord_configs": ("discord", discord_of, True),
    "email_configs": ("email", email_of, False),
    "mattermost_configs": ("mattermost", mattermost_of, True),
    "msteams_configs": ("msteams", teams_of, True),
    "msteamsv2_configs": ("msteamsv2", teams_of, True),
    "opsgenie_configs": ("opsgenie", opsgenie_of, True),
    "pagerduty_configs": ("pagerduty", pagerduty_of, True),
    "pushover_configs": ("pushover", pushover_of, True),
    "rocketchat_configs": ("rocketchat", rocketchat_of, False),
    "slack_configs": ("slack", slack_of, False),
    "sns_configs": ("sns", sns_of, True),
    "telegram_configs": ("telegram", telegram_of, True),
    "victorops_configs": ("victorops", splunk_of, True),
    "webex_configs": ("webex", webex_of, True),
    "webhook_configs": ("webhook", webhook_of, True),
}
"""What can be sent to: the kind, what makes it, and whether it is told what is over.

The last is Alertmanager's own default, so that a configuration means the same here.
"""

ELSEWHERE = {
    "wechat_configs": "apprise_configs with a wecombot:// URL",
    "jira_configs": "webhook_configs with an automation rule of Jira, or opsgenie_configs with "
    "api_url https://api.atlassian.com/jsm/ops/integration/",
    "incidentio_configs": "webhook_configs with the url of the alert source and its token as "
    "http_config.authorization.credentials",
}
"""What Alertmanager sends to and we do not, with what to use."""

SETTINGS = (
    "http_config", "jira_api_url", "mattermost_webhook_url", "mattermost_webhook_url_file",
    "opsgenie_api_key", "opsgenie_api_key_file", "opsgenie_api_url", "pagerduty_url",
    "resolve_timeout", "rocketchat_api_url", "rocketchat_token", "rocketchat_token_file",
    "rocketchat_token_id", "rocketchat_token_id_file", "slack_api_url", "slack_api_url_file",
    "slack_app_token", "slack_app_token_file", "slack_app_url", "smtp_auth_identity",
    "smtp_auth_password", "smtp_auth_password_file", "smtp_auth_secret", "smtp_auth_secret_file",
    "smtp_auth_username", "smtp_force_implicit_tls", "smtp_from", "smtp_hello", "smtp_require_tls",
    "smtp_smarthost", "smtp_tls_config", "telegram_api_url", "telegram_bot_token",
    "telegram_bot_token_file", "victorops_api_key", "victorops_api_key_file", "victorops_api_url",
    "webex_api_url", "wechat_api_corp_id", "wechat_api_secret", "wechat_api_secret_file",
    "wechat_api_url",
)  # fmt: skip
"""The fields of `global`."""


def channels_of(
    receiver: Mapping[str, Any],
    settings: Mapping[str, Any] | None = None,
    memory: Memory | None = None,
) -> list[Integration]:
    """The channels of a receiver.

    Parameters
    ----------
    receiver
        `name` and lists of `…_configs`, as in an Alertmanager configuration. Beside Alertmanager's
        kinds there are `apprise_configs` (`url`) and `alertmanager_configs` (`url`), and the
        fields `secret` of a webhook and `interactive` of Slack. `${NAME}` stands for a variable of
        the environment wherever a secret is asked for, and `…_file` for a file.
    settings
        `global` of the configuration.
    memory
        What channels keep of earlier messages; forgotten with the process where None.

    Raises
    ------
    InputError
        All that is wrong: unknown fields, what is missing, what is not supported.

    Examples
    --------
    >>> config = {"url": "https://example.com/hook", "secret": "${HOOK_SECRET}"}
    >>> [channel.name for channel in channels_of({"name": "ops", "webhook_configs": [config]})]
    ['webhook[0]']
    >>> channels_of({"name": "ops", "slak_configs": []})
    Traceback (most recent call last):
    watchkeeper.core.errors.InputError: receiver 'ops' has no field 'slak_configs'; did you mean ...
    """
    problems: list[str] = []
    name = str(receiver.get("name", ""))
    told = Fields(settings or {}, "global", problems)
    common = Common(told, {} if memory is None else memory)
    found: list[Integration] = []
    for key, entries in receiver.items():
        if key in KINDS:
            found += _kind(str(key), entries, common, problems)
        elif key in ELSEWHERE and entries:
            problems.append(f"{key} is not supported; use {ELSEWHERE[key]}")
        elif key != "name" and key not in ELSEWHERE:
            near = nearest(str(key), [*KINDS, "name"])
            problems.append(f"receiver {name!r} has no field {key!r}{near}")
    for setting in SETTINGS:
        told.raw(setting)
    told.finish()
    if problems:
        lines = list(dict.fromkeys(problems))
        head = "" if lines[0].startswith("receiver ") else f"receiver {name!r}: "
        if len(lines) > 1:
            head = f"receiver {name!r} has {len(lines)} problems:\n- "
        raise InputError(head + "\n- ".join(lines))
    return found


def _kind(key: str, entries: object, common: Common, problems: list[str]) -> list[Integration]:
    """The channels of one list of a receiver."""
    kind, make, resolved = KINDS[key]
    if entries is None:
        return []
    if not isinstance(entries, list | tuple):
        problems.append(f"{key} is no list; write an entry that begins with a dash")
        return []
    found = []
    for index, entry in enumerate(entries):
        fields = Fields(entry if entry is not None else {}, f"{key}[{index}]", problems)
        send_resolved = fields.flag("send_resolved", default=resolved)
        connector = make(fields, common)
        fields.finish()
        ignored = tuple(dict.fromkeys(fields.ignored))
        found.append(Integration(kind, index, connector, send_resolved, ignored))
    return found
