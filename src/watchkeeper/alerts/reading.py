"""Alertmanager's configuration file, read as it is; all that is wrong is told at once."""

from __future__ import annotations

from typing import Any

from watchkeeper.alerts.config import (
    RESOLVE_TIMEOUT,
    Config,
    InhibitRule,
    Integration,
    Notice,
    Receiver,
)
from watchkeeper.alerts.document import Document, nearest
from watchkeeper.alerts.reading_intervals import read_intervals
from watchkeeper.alerts.reading_routes import matchers_of, read_route
from watchkeeper.files.nodes import Node, is_nothing, place

TOP = (
    "global", "route", "inhibit_rules", "receivers", "templates", "mute_time_intervals",
    "time_intervals",
)  # fmt: skip
GLOBAL = (
    "resolve_timeout", "http_config", "jira_api_url", "smtp_from", "smtp_hello", "smtp_smarthost",
    "smtp_auth_username", "smtp_auth_password", "smtp_auth_password_file", "smtp_auth_secret",
    "smtp_auth_secret_file", "smtp_auth_identity", "smtp_require_tls", "smtp_tls_config",
    "smtp_force_implicit_tls", "slack_api_url", "slack_api_url_file", "slack_app_token",
    "slack_app_token_file", "slack_app_url", "pagerduty_url", "opsgenie_api_url",
    "opsgenie_api_key", "opsgenie_api_key_file", "wechat_api_url", "wechat_api_secret",
    "wechat_api_secret_file", "wechat_api_corp_id", "victorops_api_url", "victorops_api_key",
    "victorops_api_key_file", "telegram_api_url", "telegram_bot_token", "telegram_bot_token_file",
    "webex_api_url", "rocketchat_api_url", "rocketchat_token", "rocketchat_token_file",
    "rocketchat_token_id", "rocketchat_token_id_file", "mattermost_webhook_url",
    "mattermost_webhook_url_file",
)  # fmt: skip
INHIBIT = (
    "name", "source_match", "source_match_re", "source_matchers", "target_match",
    "target_match_re", "target_matchers", "equal",
)  # fmt: skip
KINDS = (
    "discord", "email", "incidentio", "jira", "mattermost", "msteams", "msteamsv2", "opsgenie",
    "pagerduty", "pushover", "rocketchat", "slack", "sns", "telegram", "victorops", "webex",
    "webhook", "wechat",
)  # fmt: skip
RECEIVER = ("name", *(f"{kind}_configs" for kind in KINDS))


def read_config(text: str, *, name: str = "alertmanager.yml") -> Config:
    r"""The configuration that a text holds.

    Parameters
    ----------
    text
        YAML as Alertmanager 0.25 to 0.34 takes it.
    name
        What to call it in an error.

    Raises
    ------
    InputError
        With the line and column of each thing that is wrong.

    Examples
    --------
    >>> config = read_config("route: {receiver: ml}\nreceivers: [{name: ml}]")
    >>> config.route.receiver, config.route.group_wait.seconds
    ('ml', 30)
    >>> read_config("route: {receiver: lm}\nreceivers: [{name: ml}]")
    Traceback (most recent call last):
    watchkeeper.core.errors.InputError: alertmanager.yml, line 1, column 19: ...
    """
    document = Document(name)
    root = document.compose(text)
    document.finish()  # What is no YAML has no other faults.
    notices: list[Notice] = []
    parts = _lenient(document, root, TOP, notices)
    settings = _lenient(document, parts.get("global"), GLOBAL, notices)
    receivers = _receivers(document, parts.get("receivers"), notices)
    intervals = read_intervals(
        document, parts.get("mute_time_intervals"), parts.get("time_intervals")
    )
    config = Config(
        route=read_route(document, parts.get("route"), receivers, intervals),
        receivers=receivers,
        inhibit_rules=tuple(
            _inhibit_rule(document, node)
            for node in document.items(parts.get("inhibit_rules"), "inhibit_rules")
        ),
        intervals=intervals,
        resolve_timeout=document.length(settings.pop("resolve_timeout", None)) or RESOLVE_TIMEOUT,
        globals={key: document.plain(node, key) for key, node in settings.items()},
        templates=_templates(document, parts.get("templates"), notices),
        notices=tuple(sorted(notices, key=lambda one: (one.line, one.column))),
        text=text,
    )
    document.finish()
    return config


def _lenient(
    document: Document, node: Node | None, known: tuple[str, ...], notices: list[Notice]
) -> dict[str, Node]:
    """A mapping whose unknown keys are passed over with a notice, unless they look misspelt."""
    found = document.mapping(node, "the configuration")
    for key in [key for key in found if key not in known]:
        hint = nearest(key, known)
        if "did you mean" in hint:
            document.wrong(found[key], f"there is no setting {key!r}{hint}")
        else:
            notices.append(Notice(*place(found[key]), f"the setting {key!r} is passed over"))
        del found[key]
    return found


def _receivers(document: Document, node: Node | None, notices: list[Notice]) -> dict[str, Receiver]:
    found: dict[str, Receiver] = {}
    for item in document.items(node, "receivers"):
        parts = document.mapping(item, "a receiver")
        name_node = parts.pop("name", None)
        name = document.written(name_node, "the name of a receiver")
        if not name:
            document.wrong(name_node or item, "a receiver has no name; give it one")
        elif name in found:
            document.wrong(name_node, f"there are two receivers {name!r}; rename one")
        integrations: list[Integration] = []
        for key, value in parts.items():
            integrations += _integrations(document, key, value, notices)
        found.setdefault(name, Receiver(name, tuple(integrations)))
    return found


def _integrations(
    document: Document, key: str, node: Node, notices: list[Notice]
) -> list[Integration]:
    """The integrations in one list of a receiver; kinds that we do not know are kept."""
    if not key.endswith("_configs"):
        document.wrong(node, f"a receiver has no key {key!r}{nearest(key, RECEIVER)}")
        return []
    found = []
    for item in document.items(node, key):
        settings: Any = {} if is_nothing(item) else document.plain(item, key)
        if not isinstance(settings, dict):
            document.wrong(item, f"an item of {key} holds keys and values")
            continue
        line, column = place(item)
        if "{{" in str(settings):
            text = f"Go templates of {key} are not run; our own texts are sent"
            notices.append(Notice(line, column, text))
        found.append(Integration(key.removesuffix("_configs"), settings, line))
    return found


def _templates(document: Document, node: Node | None, notices: list[Notice]) -> tuple[str, ...]:
    if not is_nothing(node):
        notices.append(Notice(*place(node), "Go templates are not run; our own texts are sent"))
    return tuple(text for _, text in document.texts(node, "templates"))


def _inhibit_rule(document: Document, node: Node) -> InhibitRule:
    parts = document.mapping(node, "an inhibition rule", INHIBIT)
    return InhibitRule(
        source=matchers_of(document, parts, "source_"),
        target=matchers_of(document, parts, "target_"),
        equal=tuple(text for _, text in document.texts(parts.get("equal"), "equal")),
    )
