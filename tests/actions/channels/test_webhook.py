"""Webhooks: Alertmanager's body, and signatures that receivers can check."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.actions.channels.kit import KEY, NOON, TOKEN, alert, channel, content, notification
from watchkeeper.actions.channels.webhook import (
    KEY as DELIVERY,
)
from watchkeeper.actions.channels.webhook import (
    SIGNATURE,
    TIMESTAMP,
    sign,
    verify_webhook,
)


def test_the_body_is_that_of_alertmanagers_webhook(recorder):
    """Version 4 with all its fields, so that receivers of Alertmanager read it."""
    told = notification(alert(), alert(over=True, labels={"alertname": "Old"}), truncated=3)
    channel("webhook", recorder.url).send(told, content(told))
    body = recorder.last.json
    assert (body["version"], body["status"], body["receiver"]) == ("4", "firing", "ops")
    assert body["groupKey"] == told.group_key
    assert (body["groupLabels"], body["commonLabels"]) == ({"model": "flights"}, {})
    assert (body["truncatedAlerts"], body["notification_reason"]) == (3, "first")
    firing, over = body["alerts"]
    assert firing["endsAt"] == "0001-01-01T00:00:00Z"
    assert (over["status"], over["endsAt"]) == ("resolved", "2026-03-04T11:55:00+00:00")
    assert firing["fingerprint"] == told.alerts[0].fingerprint
    assert set(firing) == {"status", "labels", "annotations", "startsAt", "endsAt", "generatorURL",
                           "fingerprint"}  # fmt: skip
    assert body["key"] == KEY


def test_alerts_beyond_the_most_are_counted(recorder):
    """`max_alerts` cuts, `truncatedAlerts` tells."""
    told = notification(*(alert(labels={"n": str(n)}) for n in range(5)), truncated=1)
    channel("webhook", recorder.url, max_alerts=2).send(told, content(told))
    assert len(recorder.last.json["alerts"]) == 2
    assert recorder.last.json["truncatedAlerts"] == 4


def test_the_signature_is_one_that_anybody_can_make(recorder):
    """HMAC-SHA256 of timestamp, a full stop and the body as it is on the wire."""
    told = notification()
    channel("webhook", recorder.url).send(told, content(told))
    got = recorder.last
    signed = got.headers[TIMESTAMP].encode() + b"." + got.body
    digest = hmac.new(f"{TOKEN}-hmac".encode(), signed, hashlib.sha256).hexdigest()
    assert got.headers[SIGNATURE] == f"v1={digest}"
    assert got.headers["Authorization"] == f"Bearer {TOKEN}-bearer"
    now = NOON + timedelta(minutes=2)
    assert verify_webhook(f"{TOKEN}-hmac", got.headers, got.body, now)


def test_the_same_message_has_the_same_key_and_the_next_another(recorder):
    """Who gets it twice can tell."""
    sender = channel("webhook", recorder.url)
    later = notification(at=NOON + timedelta(hours=4), reason="repeat")
    for told in (notification(), notification(), later):
        sender.send(told, content(told))
    first, again, other = (got.headers[DELIVERY] for got in recorder.got)
    assert first == again != other


@pytest.mark.parametrize(
    ("seconds", "good"), [(-301, False), (-300, True), (0, True), (300, True), (301, False)]
)
def test_a_signature_holds_for_five_minutes(seconds, good):
    """On either side, so that a clock may be wrong by as much."""
    stamp = str(int(NOON.timestamp()))
    headers = {TIMESTAMP.lower(): stamp, SIGNATURE.upper(): sign("s", stamp, b"body")}
    assert verify_webhook("s", headers, b"body", NOON + timedelta(seconds=seconds)) is good


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {TIMESTAMP: "x", SIGNATURE: "v1="},
        {TIMESTAMP: "-1", SIGNATURE: "é"},
        {TIMESTAMP: "²", SIGNATURE: "v1=0"},
        {TIMESTAMP: "9" * 5000, SIGNATURE: "v1=0"},
        {TIMESTAMP: str(int(NOON.timestamp())), SIGNATURE: "ü"},
        {TIMESTAMP: str(int(NOON.timestamp()))},
    ],
)
def test_odd_headers_are_no_signature(headers):
    """Missing, no number, no ASCII, endless: false, never an exception."""
    assert verify_webhook("s", headers, b"", NOON) is False


@given(body=st.binary(max_size=200), other=st.binary(max_size=200), secret=st.text(min_size=1))
def test_a_changed_body_or_secret_is_found(body, other, secret):
    """The signature of one body is that of no other."""
    try:
        secret.encode()
    except UnicodeEncodeError:
        return
    stamp = str(int(NOON.timestamp()))
    headers = {TIMESTAMP: stamp, SIGNATURE: sign(secret, stamp, body)}
    assert verify_webhook(secret, headers, body, NOON)
    assert verify_webhook(secret, headers, other, NOON) is (body == other)
    assert not verify_webhook(secret + "x", headers, body, NOON)
