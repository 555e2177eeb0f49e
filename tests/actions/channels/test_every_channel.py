"""What holds for every channel: each status, each failure on the way, and no secret in any text.

Alertmanager's own shared kit asks every notifier about every status in the same way.
"""

from __future__ import annotations

import logging
import socket

import pytest

from tests.actions.channels.kit import HTTP_KINDS, TOKEN, alert, channel, content, notification
from tests.actions.channels.recorder import Answer, Recorder
from watchkeeper.actions.results import Failed, Result, Retry, Sent

AGAIN = {408, 421, 425, 429, *range(500, 600)}
"""Written out here again: the table under test is not its own oracle."""

FIRING = notification()
OVER = notification(alert(over=True), reason="all_resolved")
TOLD = [FIRING, OVER, notification(reason="acknowledged")]


def expected(status: int) -> type[Result]:
    """What a status must become."""
    if 200 <= status < 300:
        return Sent
    return Retry if status in AGAIN else Failed


@pytest.mark.parametrize("kind", HTTP_KINDS)
def test_each_status_means_the_same_to_each_channel(kind: str, recorder: Recorder) -> None:
    """All from 200 to 599: arrived, to be tried again, or refused; never an exception."""
    sender = channel(kind, recorder.url)
    wrong = {}
    for status in range(200, 600):
        recorder.answer = Answer(status)
        result = sender.send(FIRING, content(FIRING))
        if type(result) is not expected(status):
            wrong[status] = result
    # Without any body Slack's API has not said that it did anything.
    allowed = {204} if kind == "slack-bot" else set()
    assert set(wrong) <= allowed
    assert all(isinstance(result, Retry) for result in wrong.values())


@pytest.mark.parametrize("kind", [kind for kind in HTTP_KINDS if kind != "apprise"])
@pytest.mark.parametrize("status", [429, 503])
def test_what_the_receiver_asks_to_wait_is_passed_on(
    kind: str, status: int, recorder: Recorder
) -> None:
    """`Retry-After` in seconds reaches the result."""
    recorder.answer = Answer(status, headers={"Retry-After": "17"})
    result = channel(kind, recorder.url).send(FIRING, content(FIRING))
    assert isinstance(result, Retry)
    assert result.after_s == 17


@pytest.mark.parametrize("kind", HTTP_KINDS)
@pytest.mark.parametrize("told", TOLD, ids=["firing", "over", "acknowledged"])
def test_whatever_the_reason_it_arrives(kind: str, told: object, recorder: Recorder) -> None:
    """Begun, over and acknowledged are each sent, with the key of the notification."""
    result = channel(kind, recorder.url).send(told, content(told))
    assert isinstance(result, Sent)
    assert recorder.got


@pytest.mark.parametrize("kind", HTTP_KINDS)
def test_a_receiver_that_is_not_there_is_tried_again(kind: str) -> None:
    """A refused connection is no refusal."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    result = channel(kind, url).send(FIRING, content(FIRING))
    assert isinstance(result, Retry)


@pytest.mark.parametrize("kind", HTTP_KINDS)
def test_a_receiver_that_says_nothing_is_tried_again(kind: str, recorder: Recorder) -> None:
    """It takes the request and is silent for longer than is waited."""
    recorder.answer = Answer(silent=True)
    result = channel(kind, recorder.url, "300ms").send(FIRING, content(FIRING))
    assert isinstance(result, Retry)


RAW = {
    "nothing at all": b"",
    "no HTTP": b"220 mail.example.com ESMTP\r\n",
    "half a status line": b"HTTP/1.1 20",
    "half the headers": b"HTTP/1.1 200 OK\r\nContent-Le",
}


@pytest.mark.parametrize("kind", HTTP_KINDS)
@pytest.mark.parametrize("raw", RAW.values(), ids=RAW)
def test_a_receiver_that_dies_before_its_answer_is_tried_again(
    kind: str, raw: bytes, recorder: Recorder
) -> None:
    """Nobody knows whether it took the message; receivers drop what they have by its key."""
    recorder.answer = Answer(raw=raw)
    result = channel(kind, recorder.url).send(FIRING, content(FIRING))
    # The library under Apprise is content with the status, as we are once the headers are whole.
    content_with_200 = kind == "apprise" and b"200 OK" in raw
    assert isinstance(result, Sent if content_with_200 else Retry)


@pytest.mark.parametrize("kind", [kind for kind in HTTP_KINDS if kind != "apprise"])
@pytest.mark.parametrize(("status", "result"), [(200, Sent), (400, Failed), (500, Retry)])
def test_a_receiver_that_dies_in_its_answer_has_said_the_status(
    kind: str, status: int, result: type[Result], recorder: Recorder
) -> None:
    """The status decides; where the body is needed, as for Slack's API, it is tried again."""
    recorder.answer = Answer(raw=b"HTTP/1.1 %d X\r\nContent-Length: 90\r\n\r\n{" % status)
    got = channel(kind, recorder.url).send(FIRING, content(FIRING))
    body_decides = kind == "slack-bot" and status == 200
    assert isinstance(got, Retry if body_decides else result)


@pytest.mark.parametrize("kind", HTTP_KINDS)
def test_redirects_are_not_followed(kind: str, recorder: Recorder) -> None:
    """A message goes to whom it was addressed; the token would go along."""
    recorder.answer = Answer(302, headers={"Location": f"{recorder.url}/elsewhere"})
    channel(kind, recorder.url).send(FIRING, content(FIRING))
    posted = [got for got in recorder.got if got.path == "/elsewhere"]
    # Apprise follows with a GET that holds no message.
    assert all(got.method == "GET" and not got.body for got in posted)
    assert not posted or kind == "apprise"


def _echo(got: object) -> Answer:
    """An answer that repeats all that came: path, headers and body."""
    told = f"no: {got.path} {got.headers} {got.body[:20_000]!r}"  # type: ignore[attr-defined]
    return Answer(400, told.encode()[:180])


@pytest.mark.parametrize("kind", HTTP_KINDS)
@pytest.mark.parametrize("way", ["echo", "silent", "dead", "torn", "refused", "sent"])
def test_no_text_holds_a_secret(
    kind: str, way: str, recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither results nor `repr` nor a log at its most talkative, whatever goes wrong."""
    answers = {
        "echo": _echo,
        "silent": Answer(silent=True),
        "dead": Answer(raw=b""),
        "torn": Answer(raw=RAW["half the headers"].replace(b"200", b"500")),
    }
    recorder.answer = answers.get(way, Answer())
    url = recorder.url if way != "refused" else "http://127.0.0.1:1"
    with caplog.at_level(logging.DEBUG):
        sender = channel(kind, url, "300ms")
        result = sender.send(FIRING, content(FIRING))
    for text in (repr(result), repr(sender), str(sender), caplog.text):
        assert TOKEN not in text
    assert isinstance(result, Sent) is (way == "sent")


def test_what_is_over_is_kept_back_where_it_is_not_wanted(recorder: Recorder) -> None:
    """With `send_resolved: false` nothing is sent when all is over, and else only what fires."""
    sender = channel("webhook", recorder.url, send_resolved=False)
    assert isinstance(sender.send(OVER, content(OVER)), Sent)
    assert recorder.got == []
    both = notification(alert(), alert(over=True, labels={"alertname": "Old"}))
    sender.send(both, content(both))
    assert [one["labels"]["alertname"] for one in recorder.last.json["alerts"]] == ["LowAccuracy"]


def test_a_defect_of_ours_loses_no_alert() -> None:
    """An exception that nobody expected is tried again and says what it was."""

    class Broken:
        secrets = ()
        resend_every = None

        def send(self, *_: object) -> Result:
            raise ZeroDivisionError("by zero")

    from watchkeeper.actions.channels.base import Integration

    result = Integration("broken", 0, Broken()).send(FIRING, content(FIRING))
    assert result == Retry(None, "broken: ZeroDivisionError: by zero")
