"""Slack: webhooks, and a bot that keeps one message up to date."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.actions.channels.kit import KEY, TOKEN, alert, channel, content, notification, receiver
from tests.actions.channels.recorder import Answer, Got, Recorder
from watchkeeper.actions.channels.content import Content, Picture
from watchkeeper.actions.channels.receivers import channels_of
from watchkeeper.actions.channels.slack_blocks import message
from watchkeeper.actions.results import Failed, Retry, Sent

CHART = Picture(b"\x89PNG not really", "Accuracy fell below 0.9.")
OVER = notification(alert(over=True), reason="all_resolved")


def bot(recorder: Recorder, memory: dict[str, str]) -> Any:
    """A bot with a memory of ours."""
    return channels_of(receiver("slack-bot", recorder.url), memory=memory)[0]


def slack(got: Got, url: str = "") -> Answer:
    """An answer of Slack's API."""
    method = got.path.rpartition("/")[2]
    told: dict[str, Any] = {"ok": True, "channel": "C024", "ts": "1503435956.000247"}
    if method == "files.getUploadURLExternal":
        told = {"ok": True, "upload_url": f"{url}/upload/v1/abc", "file_id": "F123"}
    return Answer(200, json.dumps(told).encode())


def methods(recorder: Recorder) -> list[str]:
    """The methods that were called."""
    return [got.path.rpartition("/")[2] for got in recorder.got]


def test_a_webhook_gets_text_and_blocks(recorder):
    """All parts of a message: how urgent, how bad, since when, where, what to do, links, why."""
    told = notification()
    channel("slack-webhook", recorder.url).send(told, content(told))
    body = recorder.last.json
    assert recorder.last.path == f"/services/T0/B0/{TOKEN}"
    assert "P1: LowAccuracy on flights" in body["text"]
    whole = json.dumps(body["blocks"], ensure_ascii=False)
    for part in (
        "act within 15 minutes", "accuracy 0.81 (0.78 to 0.84)", "2026-03-04 11:00 UTC",
        "carrier UA", "temp: 0.5 (0.4 to 0.6)", "https://runbooks.example.com/accuracy",
        "https://wk.example.com/s/1", "because it has just begun",
    ):  # fmt: skip
        assert part in whole
    assert {block["type"] for block in body["blocks"]} >= {"header", "section", "actions"}


NASTY = "<!channel> <@U123> <https://evil.example|safe> & *bold*"


@pytest.mark.parametrize("where", ["summary", "description"])
def test_texts_of_users_mention_nobody(where):
    """Every angle bracket of an annotation or a label is escaped; only our own links remain."""
    labels = {"alertname": NASTY, "model": NASTY, NASTY: NASTY}
    told = notification(alert(annotations={where: NASTY}, labels=labels, evidence={"note": NASTY}))
    body = message(content(told), KEY)
    for block in body["blocks"]:
        texts = [block.get("text", {}), *block.get("elements", [])]
        for text in texts:
            if text.get("type") == "mrkdwn":
                assert "<!" not in text["text"]
                assert "<@" not in text["text"]
                assert "<https://evil" not in text["text"]
                assert text["verbatim"] is True
    assert "<!" not in body["text"]


@pytest.mark.parametrize("count", [1, 9, 30, 300])
@pytest.mark.parametrize("letter", ["x", "&", "é", "\N{FIRE}"])
def test_a_message_stays_within_slacks_limits(count, letter):
    """50 blocks, 150 characters of a header, 3000 of a section, about 13,000 in all."""
    labels = [{"alertname": f"A{n}", "long": letter * 500, letter * 90: "v"} for n in range(count)]
    texts = {"summary": letter * 4000, "description": (letter * 300 + "\n") * 20}
    told = notification(*(alert(labels=one, annotations=texts) for one in labels))
    body = message(content(told), KEY, interactive=True)
    assert len(body["blocks"]) <= 50
    assert len(json.dumps(body["blocks"], ensure_ascii=False)) <= 16_000
    for block in body["blocks"]:
        if block["type"] == "header":
            assert len(block["text"]["text"]) <= 150
        if block["type"] == "section":
            assert 1 <= len(block["text"]["text"]) <= 3000
    assert count == 1 or "more alert" in json.dumps(body)


def test_an_affair_is_one_message(recorder):
    """Posted, edited with a word in the thread, edited when over; the next affair is a new one."""
    recorder.answer = slack
    memory: dict[str, str] = {}
    sender = bot(recorder, memory)
    for told in (notification(), notification(reason="new_alerts"), OVER, notification()):
        assert isinstance(sender.send(told, content(told)), Sent)
    assert methods(recorder) == [
        "chat.postMessage",
        *("chat.update", "chat.postMessage"),
        *("chat.update", "chat.postMessage"),
        "chat.postMessage",
    ]
    first, update, reply, _, last, new = (got.json for got in recorder.got)
    assert (first["channel"], update["channel"], update["ts"]) == ("#ops", "C024", first_ts())
    assert (reply["thread_ts"], reply["reply_broadcast"]) == (first_ts(), True)
    assert (last["thread_ts"], last["reply_broadcast"]) == (first_ts(), False)
    assert "thread_ts" not in new
    assert recorder.got[0].headers["Authorization"] == f"Bearer {TOKEN}"


def test_a_new_affair_is_a_new_message_where_ends_are_not_told(recorder):
    """With `send_resolved` off nothing closes the message, yet what begins anew is posted anew."""
    recorder.answer = slack
    sender = channel("slack-bot", recorder.url, send_resolved=False)
    for told in (notification(), OVER, notification()):
        assert isinstance(sender.send(told, content(told)), Sent)
    assert methods(recorder) == ["chat.postMessage", "chat.postMessage"]


def first_ts() -> str:
    """The time stamp of `slack`."""
    return "1503435956.000247"


def test_the_message_is_known_after_a_restart(recorder):
    """Another bot with the same memory edits what the first one posted."""
    recorder.answer = slack
    memory: dict[str, str] = {}
    bot(recorder, memory).send(notification(), content(notification()))
    bot(recorder, memory).send(OVER, content(OVER))
    assert methods(recorder)[1] == "chat.update"
    assert memory == {}


def test_a_message_that_somebody_deleted_is_posted_anew(recorder):
    """`message_not_found` on an edit leads to a new message."""

    def answer(got: Got) -> Answer:
        if "chat.update" in got.path:
            return Answer(200, b'{"ok": false, "error": "message_not_found"}')
        return slack(got)

    recorder.answer = answer
    memory = {f"slack #ops {KEY}": "C024 1.5"}
    told = notification(reason="repeat")
    assert isinstance(bot(recorder, memory).send(told, content(told)), Sent)
    assert methods(recorder) == ["chat.update", "chat.postMessage"]
    assert memory == {f"slack #ops {KEY}": f"C024 {first_ts()}"}


def test_the_chart_is_uploaded_and_shown(recorder):
    """Place asked for, bytes sent there without the token, completed, and named in the message."""
    recorder.answer = lambda got: slack(got, recorder.url)
    told, secret = notification(), {"http_headers": {"X-Secret": {"secrets": ["s"]}}}
    sender = channel("slack-bot", recorder.url, http_config=secret)
    assert isinstance(sender.send(told, content(told, CHART)), Sent)
    place, upload, complete, post = recorder.got
    assert place.headers["X-Secret"] == "s"
    assert "X-Secret" not in upload.headers
    assert place.form["length"] == str(len(CHART.png))
    assert (upload.path, upload.body) == ("/upload/v1/abc", CHART.png)
    assert "Authorization" not in upload.headers
    assert complete.json["files"][0]["id"] == "F123"
    image = next(block for block in post.json["blocks"] if block["type"] == "image")
    assert (image["slack_file"], image["alt_text"]) == ({"id": "F123"}, CHART.alt)


@pytest.mark.parametrize("broken", ["files.getUploadURLExternal", "abc", "invalid_blocks"])
def test_words_arrive_without_the_chart(recorder, broken):
    """Whatever goes wrong with the picture, the message is posted."""

    def answer(got: Got) -> Answer:
        if got.path.endswith(broken):
            return Answer(500, b"{}")
        if broken == "invalid_blocks" and b"slack_file" in got.body:
            return Answer(200, b'{"ok": false, "error": "invalid_blocks"}')
        return slack(got, recorder.url)

    recorder.answer = answer
    told = notification()
    assert isinstance(bot(recorder, {}).send(told, content(told, CHART)), Sent)
    assert methods(recorder)[-1] == "chat.postMessage"
    assert b"slack_file" not in recorder.last.body


@pytest.mark.parametrize(
    ("error", "kind"),
    [("ratelimited", Retry), ("internal_error", Retry), ("channel_not_found", Failed)],
)
def test_a_good_status_may_be_a_refusal(recorder, error, kind):
    """Slack's API answers 200 and `ok: false`."""
    recorder.answer = Answer(200, json.dumps({"ok": False, "error": error}).encode())
    told = notification()
    result = channel("slack-bot", recorder.url).send(told, content(told))
    assert isinstance(result, kind)
    assert error in result.why


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b"null", b'{"ok": true', b"\xff"])
def test_an_answer_that_cannot_be_read_is_tried_again(recorder, body):
    """Nobody knows whether the message was posted."""
    recorder.answer = Answer(200, body)
    told = notification()
    assert isinstance(channel("slack-bot", recorder.url).send(told, content(told)), Retry)


def test_the_channel_may_come_from_a_label(recorder):
    """A template picks it; where the label is missing nothing is posted at random."""
    recorder.answer = slack
    told = notification()
    sender = channel("slack-bot", recorder.url, channel="#ml-{{ .CommonLabels.model }}")
    sender.send(told, content(told))
    assert recorder.last.json["channel"] == "#ml-flights"
    sender = channel("slack-bot", recorder.url, channel="{{ .CommonLabels.team }}")
    assert isinstance(sender.send(told, content(told)), Failed)


def test_an_old_configuration_of_a_bot_is_one(recorder):
    """`api_url` with the API's address and a token in `http_config`."""
    recorder.answer = slack
    config = {
        "api_url": f"{recorder.url}/api/chat.postMessage",
        "channel": "#ops",
        "http_config": {"authorization": {"credentials": "xoxb-old"}},
    }
    told = notification()
    channels_of({"name": "ops", "slack_configs": [config]})[0].send(told, content(told))
    assert recorder.last.path == "/api/chat.postMessage"
    assert recorder.last.headers["Authorization"] == "Bearer xoxb-old"


def test_buttons_give_commands_only_where_asked_to():
    """Else they open pages: without an app behind it a button would show an error."""
    told: Content = content(notification())
    for interactive in (False, True):
        body = message(told, KEY, interactive=interactive)
        elements = next(b["elements"] for b in body["blocks"] if b["type"] == "actions")
        values = {one["action_id"]: one.get("value") for one in elements}
        assert ("watchkeeper:ack" in values) is interactive
        assert len(values) == len(elements)
        assert all(one.get("url", "https://").startswith("https://") for one in elements)
    assert values["watchkeeper:silence"] == f"{KEY} 2h"
