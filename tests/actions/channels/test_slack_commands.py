"""Slack's requests: where they come from, and what they ask for."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.actions.channels.kit import KEY, content, notification
from watchkeeper.actions.channels.slack_blocks import message
from watchkeeper.actions.channels.slack_commands import (
    ChatCommand,
    button,
    confirmation,
    done_reply,
    help_reply,
    parse_command,
    refusal,
    reply,
    slash_command,
    verify_slack,
)
from watchkeeper.core.errors import InputError

# The example of Slack's own documentation, "Verifying requests from Slack".
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
STAMP = "1531420618"
BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow"
    b"&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner"
    b"&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands"
    b"%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
SIGNATURE = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
NOW = datetime.fromtimestamp(int(STAMP), UTC)


def test_slacks_own_example_is_genuine():
    """The signature that Slack's documentation computes."""
    assert verify_slack(SECRET, STAMP, BODY, SIGNATURE, NOW)


@pytest.mark.parametrize(
    ("secret", "stamp", "body", "signature", "seconds"),
    [
        (SECRET + "x", STAMP, BODY, SIGNATURE, 0),
        ("", STAMP, BODY, SIGNATURE, 0),
        (SECRET, "1531420619", BODY, SIGNATURE, 0),
        (SECRET, "", BODY, SIGNATURE, 0),
        (SECRET, "٣", BODY, SIGNATURE, 0),
        (SECRET, STAMP, BODY + b"&", SIGNATURE, 0),
        (SECRET, STAMP, BODY, SIGNATURE.upper(), 0),
        (SECRET, STAMP, BODY, "", 0),
        (SECRET, STAMP, BODY, "v0=é", 0),
        (SECRET, STAMP, BODY, SIGNATURE, 301),
        (SECRET, STAMP, BODY, SIGNATURE, -301),
    ],
)
def test_nothing_else_is(secret, stamp, body, signature, seconds):
    """Another secret, time, body or signature, or too long ago."""
    assert not verify_slack(secret, stamp, body, signature, NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("", ChatCommand("help")),
        ("help", ChatCommand("help")),
        ("show", ChatCommand("show")),
        ("SHOW flights", ChatCommand("show", "flights")),
        ("ack wk-1", ChatCommand("ack", "wk-1")),
        ("acknowledge wk-1 I am on it", ChatCommand("ack", "wk-1", reason="I am on it")),
        ("silence wk-1", ChatCommand("silence", "wk-1", timedelta(hours=1))),
        ("silence wk-1 1h30m x", ChatCommand("silence", "wk-1", timedelta(minutes=90), "x")),
        (
            "silence wk-1 planned 2h",
            ChatCommand("silence", "wk-1", timedelta(hours=1), "planned 2h"),
        ),
        ("run a/b flights", ChatCommand("run", "a/b", reason="flights")),
        ("refuse 7 not now", ChatCommand("refuse", "7", reason="not now")),
        (
            "  rollback \t flights  bad  data ",
            ChatCommand("rollback", "flights", reason="bad data"),
        ),
    ],
)
def test_commands_are_read(text, command):
    """Verb, target, length and reason."""
    assert parse_command(text) == command


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("silense wk-1", "did you mean 'silence'?"),
        ("dance", "it has ack, approve, do, help, refuse, rollback, run, runs, show"),
        ("ack", "needs an alert"),
        ("rollback", "needs a model"),
        ("run", "write run and RUNBOOK/STEP"),
        ("approve", "write approve and its number"),
        ("silence wk-1 0s", "write 1m to 30d"),
        ("silence wk-1 31d", "write 1m to 30d"),
        ("silence wk-1 999999999w", "longer than time"),
        ("silence wk-1 1m1h", "is no length of time"),
    ],
)
def test_what_is_no_command_says_what_would_be(text, part):
    """For people who type on a phone at night."""
    with pytest.raises(InputError, match=part.replace("?", r"\?")):
        parse_command(text)


def test_a_slash_command_tells_who_asked():
    """Ids of user, team and channel, and where answers go."""
    form = {
        "command": "/watchkeeper", "text": f"silence {KEY} 2h labels late", "user_id": "U1",
        "user_name": "ada", "team_id": "T1", "channel_id": "C1",
        "response_url": "https://hooks.slack.com/commands/T1/2/x",
    }  # fmt: skip
    command = slash_command(urlencode(form).encode())
    assert command == ChatCommand(
        "silence", KEY, timedelta(hours=2), "labels late", "U1", "ada", "T1", "C1",
        "https://hooks.slack.com/commands/T1/2/x",
    )  # fmt: skip
    assert "hooks.slack.com" not in repr(command)


@pytest.mark.parametrize(
    "url",
    ["http://hooks.slack.com/x", "https://evil.example/x", "https://hooks.slack.com@evil.example/",
     "https://hooks.slack.com.evil.example/", "file:///etc/passwd", "https://[", ""],
)  # fmt: skip
def test_answers_go_to_slack_alone(url):
    """Another address is dropped, so nobody makes the server ask its own network."""
    body = urlencode({"command": "/watchkeeper", "text": "show", "response_url": url})
    assert slash_command(body.encode()).reply_to == ""


def press(**action: Any) -> bytes:
    """What Slack sends when a button is pressed."""
    told = {
        "type": "block_actions",
        "user": {"id": "U1", "username": "ada"},
        "team": {"id": "T1"},
        "channel": {"id": "C1"},
        "response_url": "https://hooks.slack.com/actions/T1/2/x",
        "actions": [action],
    }
    return urlencode({"payload": json.dumps(told)}).encode()


def test_the_buttons_of_our_messages_are_read_back():
    """Each interactive button gives its command; links give none."""
    blocks = message(content(notification()), KEY, interactive=True)["blocks"]
    buttons = next(block["elements"] for block in blocks if block["type"] == "actions")
    links = [button(press(**one)) for one in buttons if "url" in one]
    commands = [button(press(**one)) for one in buttons if "url" not in one]
    assert set(links) <= {None}
    found = {command.verb: command for command in commands}
    assert set(found) == {"ack", "silence", "show"}
    assert found["silence"].length == timedelta(hours=2)
    assert {command.target for command in commands} == {KEY}
    assert {(command.user, command.confirmed) for command in commands} == {("U1", True)}


def test_what_cannot_be_undone_is_asked_back():
    """The button of the question gives the command again, confirmed."""
    asked = parse_command("rollback flights bad data")
    body = confirmation(asked, "Roll flights back to version 3 <!here>?")
    (pressed,) = body["blocks"][1]["elements"]
    again = button(press(**pressed))
    assert (again.verb, again.target, again.reason) == ("rollback", "flights", "bad data")
    assert again.confirmed
    assert not asked.confirmed
    assert "<!here>" not in json.dumps(body)


@pytest.mark.parametrize(
    "body",
    [b"", b"payload=", b"payload=[]", b"payload=null", b"payload={}", b"\xff", b"payload=%FF",
     b"payload=" + urlencode({"": '{"type": "block_actions", "actions": []}'}).encode()[1:],
     b"payload=%7B%22type%22%3A%22view_submission%22%7D", press(action_id="other:x"),
     press(action_id="watchkeeper:dance"), press(value=3), b"&".join([b"a=b"] * 200)],
    ids=range(13),
)  # fmt: skip
def test_no_button_of_ours_is_an_error(body):
    """Whatever comes, the error is ours."""
    with pytest.raises(InputError):
        button(body)


FORMS = st.text(max_size=100).map(
    lambda text: urlencode({"command": "/w", "text": text}, errors="replace").encode()
)


@given(st.binary(max_size=300) | FORMS)
def test_any_body_is_a_command_or_an_error(body):
    """Never another exception."""
    for read in (slash_command, button):
        try:
            read(body)
        except InputError as error:
            refused = refusal(error)
            assert refused["response_type"] == "ephemeral"


def test_answers_are_escaped():
    """Text of users mentions nobody, in answers too."""
    assert "<!here>" not in reply("<!here>")["text"]
    assert "<!here>" not in refusal(InputError("<!here>"))["text"]
    done = done_reply(ChatCommand("ack", "<!here>", reason="<!here>", user="U1"))
    assert "<!here>" not in done["text"]
    assert done["text"].startswith("<@U1> acknowledged")
    assert done["response_type"] == "in_channel"
    odd = done_reply(ChatCommand("ack", "x", user="U1> <!here"))
    assert "<!here" not in odd["text"]
    assert "/watchkeeper" in help_reply()["text"]
