"""Everything else, over the real Apprise."""

from __future__ import annotations

import logging

import pytest

from tests.actions.channels.kit import TOKEN, alert, channel, content, notification
from tests.actions.channels.recorder import Answer, Recorder
from watchkeeper.actions.channels.apprise_urls import plugin_of
from watchkeeper.actions.channels.content import Picture
from watchkeeper.actions.channels.receivers import channels_of
from watchkeeper.actions.results import Failed, Retry, Sent

PNG = b"\x89PNG\r\n\x1a\n not really"


def test_title_text_and_kind_arrive(recorder):
    """The whole text, and green for what is over."""
    told = notification()
    assert isinstance(channel("apprise", recorder.url).send(told, content(told)), Sent)
    body = recorder.last.json
    assert body["title"].endswith("P1: LowAccuracy on flights")
    assert body["type"] == "failure"
    for part in ("accuracy 0.81 (0.78 to 0.84)", "https://wk.example.com/s/1", "has just begun"):
        assert part in body["message"]
    over = notification(alert(over=True), reason="all_resolved")
    channel("apprise", recorder.url).send(over, content(over))
    assert recorder.last.json["type"] == "success"


def test_the_chart_goes_along(recorder):
    """As an attachment, where the service takes any."""
    told = notification()
    channel("apprise", recorder.url).send(told, content(told, Picture(PNG, "a chart")))
    (attached,) = recorder.last.json["attachments"]
    assert attached["filename"] == "chart.png"
    assert attached["mimetype"] == "image/png"


def test_texts_of_users_mention_nobody(recorder):
    """A mark of no width parts the sign from the name."""
    told = notification(alert(annotations={"summary": "@everyone <@&1> <!here> @here"}))
    channel("apprise", recorder.url).send(told, content(told))
    message = recorder.last.json["message"] + recorder.last.json["title"]
    for mention in ("@everyone", "<@&1>", "<!here>", "@here"):
        assert mention not in message


def test_a_url_from_the_environment_is_read_when_it_is_sent(recorder, monkeypatch):
    """A wrong one is a refusal that does not repeat it."""
    receiver = {"name": "ops", "apprise_configs": [{"url": "${WK_APPRISE}"}]}
    (sender,) = channels_of(receiver)
    told = notification()
    assert isinstance(sender.send(told, content(told)), Retry)
    monkeypatch.setenv("WK_APPRISE", "nosuch://hidden-token")
    result = sender.send(told, content(told))
    assert isinstance(result, Failed)
    assert "hidden-token" not in result.why
    monkeypatch.setenv("WK_APPRISE", recorder.url.replace("http", "json"))
    assert isinstance(sender.send(told, content(told)), Sent)


def test_other_uses_of_apprise_log_as_ever(recorder: Recorder, caplog):
    """Only what our own threads send is kept out of the log."""
    recorder.answer = Answer(500)
    told = notification()
    with caplog.at_level(logging.DEBUG):
        channel("apprise", recorder.url).send(told, content(told))
        assert not [log for log in caplog.records if log.name == "apprise"]
        logging.getLogger("apprise").warning("somebody else's")
    assert "somebody else's" in caplog.text


RECEIVERS = {
    "discord": (
        "discord_configs",
        {"webhook_url": f"https://discord.com/api/webhooks/1234567/{TOKEN}"},
    ),
    "mattermost": (
        "mattermost_configs",
        {"webhook_url": "https://mm.example.com/hooks/abcdefghijkl"},
    ),
    "pushover": (
        "pushover_configs",
        {"user_key": "u" * 30, "token": "t" * 30, "priority": "2", "expire": "1h"},
    ),
    "rocketchat": (
        "rocketchat_configs",
        {
            "api_url": "https://c.example.com/",
            "channel": "#x",
            "token": "t" * 64,
            "token_id": "i" * 17,
        },
    ),
    "sns": (
        "sns_configs",
        {
            "topic_arn": "arn:aws:sns:us-east-1:123456789012:ops",
            "sigv4": {
                "region": "us-east-1",
                "access_key": "A" * 20,
                "secret_key": "s/+" * 13 + "s",
            },
        },
    ),
    "sns-phone": (
        "sns_configs",
        {
            "phone_number": "+15551234567",
            "sigv4": {"region": "us-east-1", "access_key": "A" * 20, "secret_key": "s" * 40},
        },
    ),
    "telegram": ("telegram_configs", {"bot_token": "123456789:abcdefg_hij", "chat_id": -1001234}),
}


@pytest.mark.parametrize("kind", RECEIVERS)
def test_receivers_of_alertmanager_are_urls_that_apprise_reads(kind):
    """What we make of each configuration is a service with the right parts."""
    key, config = RECEIVERS[kind]
    (sender,) = channels_of({"name": "ops", key: [config]})
    plugin = plugin_of(sender.connector.url(notification()))
    assert plugin is not None
    expected = {
        "discord": lambda p: (p.webhook_id, p.webhook_token) == ("1234567", TOKEN),
        "mattermost": lambda p: (p.host, p.token) == ("mm.example.com", "abcdefghijkl"),
        "pushover": lambda p: (
            (p.user_key, p.token, int(p.priority), p.expire) == ("u" * 30, "t" * 30, 2, 3600)
        ),
        "rocketchat": lambda p: (p.user, p.password, p.channels) == ("i" * 17, "t" * 64, ["x"]),
        "sns": lambda p: (p.aws_secret_access_key, p.topics) == ("s/+" * 13 + "s", ["ops"]),
        "sns-phone": lambda p: p.phone == ["+15551234567"],
        "telegram": lambda p: (
            p.bot_token == "123456789:abcdefg_hij" and "-1001234" in str(p.targets)
        ),
    }
    assert expected[kind](plugin), vars(plugin)
