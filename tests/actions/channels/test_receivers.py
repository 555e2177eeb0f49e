"""Channels from configurations: what Alertmanager takes is taken, and errors name the fix."""

from __future__ import annotations

import shutil
import subprocess
from typing import Any

import pytest
import yaml

from tests.actions.channels.kit import content, notification
from watchkeeper.actions.channels.receivers import ELSEWHERE, KINDS, channels_of
from watchkeeper.actions.results import Sent
from watchkeeper.core.errors import InputError

AMTOOL = shutil.which("amtool")

TEMPLATE = '{{ template "x.default" . }}'

HTTP = {
    "authorization": {"type": "Bearer", "credentials": "token-token"},
    "tls_config": {"insecure_skip_verify": True, "server_name": "x"},
    "proxy_url": "http://proxy.example.com:3128",
    "follow_redirects": False,
    "enable_http2": False,
}

FULL: dict[str, dict[str, Any]] = {
    "slack_configs": {
        "send_resolved": True, "api_url": "https://hooks.slack.com/services/T0/B0/xyz",
        "channel": "#ops", "username": "wk", "color": TEMPLATE, "title": TEMPLATE,
        "title_link": TEMPLATE, "pretext": "x", "text": TEMPLATE, "short_fields": True,
        "fields": [{"title": "a", "value": "b", "short": True}], "footer": TEMPLATE,
        "fallback": TEMPLATE, "callback_id": TEMPLATE, "icon_emoji": ":x:", "icon_url": "",
        "image_url": "", "thumb_url": "", "link_names": True, "mrkdwn_in": ["text"],
        "actions": [{"type": "button", "text": "x", "url": "https://example.com"}],
        "http_config": HTTP,
    },
    "webhook_configs": {
        "send_resolved": False, "url": "https://example.com/hook", "max_alerts": 3,
        "http_config": {"basic_auth": {"username": "u", "password": "p"}},
    },
    "email_configs": {
        "send_resolved": True, "to": "ops@example.com", "from": "wk@example.com",
        "smarthost": "smtp.example.com:587", "hello": "wk", "auth_username": "u",
        "auth_password": "password-password", "auth_identity": "i", "require_tls": True,
        "tls_config": {"insecure_skip_verify": True}, "html": TEMPLATE, "text": TEMPLATE,
        "headers": {"Subject": TEMPLATE, "X-Team": "ml"},
    },
    "pagerduty_configs": {
        "send_resolved": True, "routing_key": "key-key-key", "url": "https://events.example.com",
        "client": TEMPLATE, "client_url": TEMPLATE, "description": TEMPLATE, "severity": TEMPLATE,
        "details": {"firing": TEMPLATE, "team": "ml"}, "class": "c", "component": "c",
        "group": "g", "images": [{"src": "s", "alt": "a"}], "links": [{"href": "h", "text": "t"}],
        "http_config": HTTP,
    },
    "opsgenie_configs": {
        "send_resolved": True, "api_key": "key-key-key", "api_url": "https://api.eu.opsgenie.com/",
        "message": TEMPLATE, "description": TEMPLATE, "source": TEMPLATE,
        "details": {"a": TEMPLATE},
        "responders": [{"name": "ops", "type": "team"}], "tags": "a,b", "note": "n",
        "priority": "P1", "update_alerts": True, "entity": "e", "actions": "a,b",
        "http_config": HTTP,
    },
    "victorops_configs": {
        "send_resolved": True, "api_key": "key-key-key", "routing_key": "team",
        "api_url": "https://alert.example.com/", "message_type": "CRITICAL",
        "state_message": TEMPLATE, "entity_display_name": TEMPLATE, "monitoring_tool": TEMPLATE,
        "custom_fields": {"a": TEMPLATE}, "http_config": HTTP,
    },
    "discord_configs": {
        "send_resolved": True, "title": TEMPLATE, "message": TEMPLATE,
        "webhook_url": "https://discord.com/api/webhooks/123/abc",
    },
    "telegram_configs": {
        "send_resolved": True, "bot_token": "123456789:abcdefg", "chat_id": -1001234,
        "message": TEMPLATE, "disable_notifications": True, "parse_mode": "HTML",
        "api_url": "https://api.telegram.org",
    },
    "pushover_configs": {
        "send_resolved": True, "user_key": "u" * 30, "token": "t" * 30, "title": TEMPLATE,
        "message": TEMPLATE, "url": TEMPLATE, "url_title": TEMPLATE, "sound": "s",
        "priority": TEMPLATE, "retry": "1m", "expire": "1h", "html": False,
    },
    "sns_configs": {
        "send_resolved": True, "topic_arn": "arn:aws:sns:us-east-1:123456789012:ops",
        "sigv4": {"region": "us-east-1", "access_key": "AKIAX", "secret_key": "secret-secret"},
        "subject": TEMPLATE, "message": TEMPLATE, "attributes": {"a": "b"},
    },
    "webex_configs": {
        "send_resolved": True, "room_id": "Y2lz", "message": TEMPLATE,
        "http_config": {"authorization": {"credentials": "token-token"}},
    },
}  # fmt: skip
"""Every field of each kind that Alertmanager 0.25 and we both know."""

NEWER: dict[str, dict[str, Any]] = {
    "msteams_configs": {"webhook_url": "https://example.com/x", "title": TEMPLATE, "text": TEMPLATE,
                        "summary": TEMPLATE},
    "msteamsv2_configs": {"webhook_url_file": "/run/x", "title": TEMPLATE, "text": TEMPLATE},
    "rocketchat_configs": {"api_url": "https://chat.example.com/", "channel": "#ops",
                           "token": "tttttttt", "token_id": "iiiiiiii", "title": TEMPLATE},
    "mattermost_configs": {"webhook_url": "https://mm.example.com/hooks/abcdefghij", "text": "x"},
    "telegram_configs": {"bot_token_file": "/run/x", "chat_id": 1, "message_thread_id": 5},
    "slack_configs": {"app_token": "xoxb-1", "channel": "C1", "timeout": "10s",
                      "message_text": "x"},
    "webhook_configs": {"url_file": "/run/x", "timeout": "10s", "secret": "${HOOK}"},
    "apprise_configs": {"url": "ntfys://ntfy.example.com/topic"},
    "alertmanager_configs": {"url": "http://am:9093", "resend_interval": "30s"},
}  # fmt: skip
"""Kinds and fields of later versions, and our own."""


@pytest.mark.parametrize("key", FULL)
def test_every_field_of_alertmanager_is_taken(key):
    """A channel comes of it; fields that have no effect here are listed, and none is unknown."""
    (channel,) = channels_of({"name": "ops", key: [FULL[key]]})
    assert channel.kind == KINDS[key][0]
    assert set(channel.ignored) >= {"message", "title", "description"} & set(FULL[key])
    assert channel.send_resolved is FULL[key]["send_resolved"]


@pytest.mark.skipif(AMTOOL is None, reason="amtool of prometheus-alertmanager is not installed")
@pytest.mark.parametrize("key", FULL)
def test_alertmanager_agrees_that_these_are_its_fields(key, tmp_path):
    """The same mapping passes Alertmanager's own check, so the test above tests something."""
    file = tmp_path / "am.yml"
    receivers = [{"name": "ops", key: [FULL[key]]}]
    file.write_text(yaml.safe_dump({"route": {"receiver": "ops"}, "receivers": receivers}))
    done = subprocess.run(
        [str(AMTOOL), "check-config", str(file)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("key", NEWER)
def test_later_kinds_and_our_own_are_taken(key):
    """Each makes a channel."""
    (channel,) = channels_of({"name": "ops", key: [NEWER[key]]})
    assert channel.kind == KINDS[key][0]


@pytest.mark.parametrize("key", KINDS)
def test_an_empty_entry_is_an_error_that_names_what_is_missing(key):
    """No kind makes a channel out of nothing."""
    with pytest.raises(InputError, match=f"{key}\\[0\\]"):
        channels_of({"name": "ops", key: [{}]})


@pytest.mark.parametrize("key", [*KINDS, "email_configs"])
def test_an_unknown_field_names_the_nearest(key):
    """A slip of the pen in each kind."""
    entry = {**(FULL | NEWER).get(key, {}), "send_resolvd": True}
    with pytest.raises(InputError, match=r"has no field 'send_resolvd'; did you mean 'send_res"):
        channels_of({"name": "ops", key: [entry]})


@pytest.mark.parametrize("key", ELSEWHERE)
def test_what_is_not_supported_says_what_to_use(key):
    """An alternative, not a shrug."""
    with pytest.raises(InputError, match=f"{key} is not supported; use"):
        channels_of({"name": "ops", key: [{"a": 1}]})


def test_all_problems_are_told_at_once():
    """Three mistakes of three kinds in one error, and of the global settings too."""
    receiver = {
        "name": "ops",
        "webhook_configs": [{"max_alerts": -1}, {"url": "https://x", "url_file": "/x"}],
        "opsgenie_configs": [{"api_key": "x", "responders": [{"type": "team"}]}],
        "slack_configs": {"channel": "#x"},
        "nonsense": [],
    }
    with pytest.raises(InputError) as caught:
        channels_of(receiver, {"smtp_smarthos": "x"})
    message = str(caught.value)
    for part in (
        "max_alerts is -1",
        "webhook_configs[0] has no url",
        "webhook_configs[1] has url and url_file",
        "responders[0] names nobody",
        "slack_configs is no list",
        "no field 'nonsense'",
        "no field 'smtp_smarthos'; did you mean 'smtp_smarthost'?",
    ):
        assert part in message


@pytest.mark.parametrize(
    ("receiver", "part"),
    [
        ({"pagerduty_configs": [{"service_key": "x"}]}, "routing_key of an Events API v2"),
        ({"sns_configs": [{"topic_arn": "a:b"}]}, "access_key, secret_key and region"),
        ({"slack_configs": [{"api_url": "https://x", "app_token": "y"}]}, "one of them"),
        ({"slack_configs": [{"app_token": "y"}]}, "has no channel"),
        ({"slack_configs": [{"app_token": "y", "channel": TEMPLATE}]}, "plain text"),
        ({"telegram_configs": [{**FULL["telegram_configs"], "api_url": "https://x"}]}, "cannot be"),
        ({"discord_configs": [{**FULL["discord_configs"], "http_config": HTTP}]}, "no effect"),
        ({"webex_configs": [{"room_id": "x"}]}, "the bot's token"),
        ({"apprise_configs": [{"url": "nosuch://x"}]}, "no URL that Apprise reads"),
        ({"webhook_configs": [{"url": "https://x", "http_config": {"oauth2": {}}}]}, "oauth2"),
        ({"webhook_configs": [{"url": "https://x", "timeout": "soon"}]}, "no length of time"),
        ({"webhook_configs": [{"url": ["x"]}]}, "is a list; write a text"),
        ({"webhook_configs": ["x"]}, "holds a str"),
        ({"webhook_configs": [{"url": "https://x", "send_resolved": "yes"}]}, "true or false"),
        ({"email_configs": [{"to": "nobody", "from": "a@b", "smarthost": "x:25"}]}, "an address"),
        ({"email_configs": [{"to": "a@b", "from": "a@b", "smarthost": "x"}]}, "a host and a port"),
    ],
)
def test_each_mistake_says_what_to_do(receiver, part):
    """In words of the configuration."""
    with pytest.raises(InputError, match=r"receiver 'ops'") as caught:
        channels_of({"name": "ops", **receiver})
    assert part in str(caught.value)


@pytest.mark.parametrize("key", FULL)
def test_errors_do_not_repeat_secrets(key):
    """A mistake beside a secret shows the mistake alone."""
    secrets = ("hooks.slack.com/services/T0", "key-key-key", "password-password", "token-token",
               "123456789:abcdefg", "secret-secret", "webhooks/123/abc", "tttttttt")  # fmt: skip
    with pytest.raises(InputError) as caught:
        channels_of({"name": "ops", key: [{**FULL[key], "oops": 1}]})
    assert not [secret for secret in secrets if secret in str(caught.value)]
    assert not [secret for secret in secrets if secret in repr(channels_of({key: [FULL[key]]}))]


def test_global_settings_fill_in(recorder):
    """Addresses and keys of the configuration count where a receiver has none."""
    settings = {
        "pagerduty_url": f"{recorder.url}/pd",
        "opsgenie_api_url": f"{recorder.url}/og/",
        "opsgenie_api_key": "global-key",
        "victorops_api_url": f"{recorder.url}/vo/",
        "victorops_api_key": "vo-key",
        "slack_api_url": f"{recorder.url}/slack",
        "http_config": {
            "http_headers": {"X-Tenant": {"values": ["ml"], "secrets": [], "files": []}}
        },
        "resolve_timeout": "5m",
    }
    receiver = {
        "name": "ops",
        "pagerduty_configs": [{"routing_key": "rk"}],
        "opsgenie_configs": [{}],
        "victorops_configs": [{"routing_key": "team"}],
        "slack_configs": [{}],
    }
    told = notification()
    for channel in channels_of(receiver, settings):
        assert isinstance(channel.send(told, content(told)), Sent)
    paths = [got.path for got in recorder.got]
    assert paths == ["/pd", "/og/v2/alerts", "/vo/vo-key/team", "/slack"]
    assert {got.headers["X-Tenant"] for got in recorder.got} == {"ml"}


def test_a_proxy_is_asked(recorder, monkeypatch):
    """That of `proxy_url`, else that of the environment."""
    told = notification()
    entry = {"url": "http://receiver.invalid/hook"}
    proxied = {**entry, "http_config": {"proxy_url": recorder.url}}
    (channel,) = channels_of({"name": "ops", "webhook_configs": [proxied]})
    assert isinstance(channel.send(told, content(told)), Sent)
    assert recorder.last.path == "http://receiver.invalid/hook"
    monkeypatch.setenv("HTTP_PROXY", recorder.url)
    (channel,) = channels_of({"name": "ops", "webhook_configs": [entry]})
    assert isinstance(channel.send(told, content(told)), Sent)
    assert len(recorder.got) == 2


def test_defaults_of_send_resolved_are_alertmanagers():
    """Mail and Slack are not told what is over unless asked to; the others are."""
    off = {KINDS[key][0] for key in KINDS if not KINDS[key][2]}
    assert off == {"email", "slack", "rocketchat"}
