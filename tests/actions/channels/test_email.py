"""Mail, against a real server with TLS and logins."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.actions.channels.kit import NOON, alert, content, notification
from tests.actions.channels.mail_server import (
    Mailbox,
    certificate,
    mail_server,
    needs_certificates,
    silent_port,
)
from watchkeeper.actions.channels.base import Integration
from watchkeeper.actions.channels.content import Picture
from watchkeeper.actions.channels.receivers import channels_of
from watchkeeper.actions.results import Failed, Retry, Sent

PASSWORD = "right-password"
CHART = Picture(b"\x89PNG\r\n\x1a\n not really", "Accuracy fell below 0.9.")


def sender(port: int, **more: Any) -> Integration:
    """A channel to a server, without TLS unless told."""
    config = {
        "to": "Ops <ops@example.com>, second@example.com",
        "from": "Watchkeeper <wk@example.org>",
        "smarthost": f"127.0.0.1:{port}",
        "require_tls": False,
        "send_resolved": True,
        **more,
    }
    return channels_of({"name": "ops", "email_configs": [config]})[0]


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A server without TLS and without logins."""
    with mail_server() as found:
        yield found


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A certificate and its key."""
    return certificate(tmp_path_factory.mktemp("pem"))


def test_a_mail_says_all_in_text_and_in_html(mailbox):
    """Two forms of the same, the chart inside the second."""
    told = notification()
    assert isinstance(sender(mailbox.port).send(told, content(told, CHART)), Sent)
    (mail,) = mailbox.mails
    assert mail["Subject"] == "P1: LowAccuracy on flights"
    assert mailbox.envelopes[0].rcpt_tos == ["ops@example.com", "second@example.com"]
    assert mail["To"] == "Ops <ops@example.com>, second@example.com"
    text = mail.get_body(("plain",)).get_content()
    html = mail.get_body(("html",)).get_content()
    for part in (
        "act within 15 minutes", "accuracy 0.81 (0.78 to 0.84); limit 0.9; 1,204 rows",
        "2026-03-04 11:00 UTC", "temp: 0.5 (0.4 to 0.6)", "https://wk.example.com/s/1",
        "https://runbooks.example.com/accuracy", "because it has just begun",
    ):  # fmt: skip
        assert part in text
        assert part in html
    (picture,) = (part for part in mail.walk() if part.get_content_type() == "image/png")
    assert picture.get_content() == CHART.png
    assert f'src="cid:{picture["Content-ID"].strip("<>")}"' in html
    assert f'alt="{CHART.alt}"' in html


def test_one_affair_is_one_thread(mailbox):
    """Each mail has its own id and refers to the affair's; the same mail again has the same id."""
    first = notification()
    later = notification(reason="repeat", at=NOON + timedelta(hours=4))
    other = notification(key="wk-other")
    for told in (first, first, later, other):
        sender(mailbox.port).send(told, content(told))
    ids = [mail["Message-ID"] for mail in mailbox.mails]
    threads = [mail["References"] for mail in mailbox.mails]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3
    assert threads[0] == threads[1] == threads[2]
    assert threads[3] != threads[0]
    assert {mail["Auto-Submitted"] for mail in mailbox.mails} == {"auto-generated"}


def test_texts_of_users_make_no_headers_and_no_html(mailbox):
    """Line ends do not leave the subject, and marks of HTML are shown as they are."""
    nasty = "<script>alert(1)</script>\r\nBcc: victim@example.com\r\n\r\nx"
    labels = {"alertname": nasty, "model": nasty, "severity": "P0"}
    texts = {"summary": nasty, "runbook_url": "javascript:alert(1)"}
    told = notification(
        alert(labels=labels, annotations=texts), key="wk\r\nBcc: victim@example.com"
    )
    assert isinstance(sender(mailbox.port).send(told, content(told)), Sent)
    (mail,) = mailbox.mails
    assert mail["Bcc"] is None
    assert "victim@example.com" not in mailbox.envelopes[0].rcpt_tos
    html = mail.get_body(("html",)).get_content()
    assert "<script" not in html
    assert "javascript:" not in html
    assert "&lt;script&gt;" in html


def test_letters_of_all_languages_arrive(mailbox):
    """In subject, names and body."""
    labels = {"alertname": "Größe 🔥 漢字", "model": "flüge"}
    told = notification(alert(labels=labels, annotations={"summary": "Ünïcode"}))
    assert isinstance(sender(mailbox.port).send(told, content(told)), Sent)
    assert mailbox.mails[0]["Subject"] == "Alert: Größe 🔥 漢字 on flüge"
    assert "Ünïcode" in mailbox.mails[0].get_body(("plain",)).get_content()


@needs_certificates
@pytest.mark.parametrize("implicit", [False, True], ids=["STARTTLS", "TLS"])
def test_tls_and_a_login(pem, implicit, tmp_path):
    """Encrypted before the password is said, with a certificate that is checked."""
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    with mail_server(tls=pem, implicit=implicit, login=True) as mailbox:
        channel = sender(
            mailbox.port, require_tls=True, force_implicit_tls=implicit,
            auth_username="wk", auth_password_file=str(tmp_path / "password"),
            tls_config={"ca_file": pem[0]},
        )  # fmt: skip
        told = notification()
        result = channel.send(told, content(told))
        assert isinstance(result, Sent), result
        assert mailbox.encrypted == mailbox.logged_in == [True]


@needs_certificates
def test_a_wrong_password_is_a_refusal_that_does_not_repeat_it(pem, caplog):
    """535 is for good; neither the result nor any log names the password."""
    with mail_server(tls=pem, login=True) as mailbox, caplog.at_level(logging.DEBUG):
        channel = sender(
            mailbox.port, require_tls=True, auth_username="wk", auth_password="wrong-password",
            tls_config={"ca_file": pem[0]},
        )  # fmt: skip
        told = notification()
        result = channel.send(told, content(told))
    assert isinstance(result, Failed)
    assert "535" in result.why
    for text in (repr(result), repr(channel), caplog.text):
        assert "wrong-password" not in text


@needs_certificates
def test_a_certificate_that_nobody_trusts_is_not_used(pem):
    """The mail waits until the certificate is right; unless told it is not checked."""
    told = notification()
    with mail_server(tls=pem) as mailbox:
        result = sender(mailbox.port, require_tls=True).send(told, content(told))
        assert isinstance(result, Retry)
        assert "certificate" in result.why
        assert mailbox.mails == []
        loose = sender(mailbox.port, require_tls=True, tls_config={"insecure_skip_verify": True})
        assert isinstance(loose.send(told, content(told)), Sent)


def test_a_server_without_tls_is_refused_where_tls_is_required(mailbox):
    """Nothing is said in the clear, and the result names the field."""
    told = notification()
    result = sender(mailbox.port, require_tls=True).send(told, content(told))
    assert isinstance(result, Failed)
    assert "require_tls" in result.why
    assert mailbox.mails == []


@pytest.mark.parametrize(
    ("command", "answer", "kind"),
    [
        ("DATA", "451 try later", Retry),
        ("DATA", "552 too large", Failed),
        ("both", "450 mailbox busy", Retry),
        ("both", "550 no such user", Failed),
    ],
)
def test_codes_below_500_are_for_now(mailbox, command, answer, kind):
    """As RFC 5321 4.2.1 has it."""
    places = ["ops@example.com", "second@example.com"] if command == "both" else [command]
    mailbox.answers = dict.fromkeys(places, answer)
    told = notification()
    result = sender(mailbox.port).send(told, content(told))
    assert isinstance(result, kind)
    assert answer[4:] in result.why


def test_who_of_many_is_refused_is_told(mailbox):
    """One recipient is enough to have it sent; the other is named."""
    mailbox.answers = {"second@example.com": "550 no such user"}
    told = notification()
    result = sender(mailbox.port).send(told, content(told))
    assert isinstance(result, Sent)
    assert "refused: second@example.com" in result.detail


def test_a_server_that_is_silent_or_gone_is_tried_again():
    """A time limit, then again."""
    listener, port = silent_port()
    told = notification()
    channel = sender(port)
    quick = replace(channel, connector=replace(channel.connector, timeout_s=0.2))
    assert isinstance(quick.send(told, content(told)), Retry)
    listener.close()
    assert isinstance(quick.send(told, content(told)), Retry)


def test_a_server_that_dies_in_the_middle_is_tried_again(mailbox):
    """421 and an end of the connection."""
    mailbox.answers = {"DATA": "421 closing"}
    told = notification()
    assert isinstance(sender(mailbox.port).send(told, content(told)), Retry)


def test_recipients_may_come_from_labels(mailbox):
    """A template picks them; without the label nobody is written to."""
    told = notification()
    channel = sender(mailbox.port, to="{{ .CommonLabels.model }}@example.com")
    assert isinstance(channel.send(told, content(told)), Sent)
    assert mailbox.envelopes[0].rcpt_tos == ["flights@example.com"]
    channel = sender(mailbox.port, to="{{ .CommonLabels.owner }}")
    assert isinstance(channel.send(told, content(told)), Failed)


def test_headers_of_the_user_are_set(mailbox):
    """Plain ones, a subject too; those that we need cannot be replaced."""
    told = notification()
    more = {"Subject": "Ours: {{ .Status }}", "X-Team": "ml", "X-T": '{{ template "x" . }}'}
    channel = sender(mailbox.port, headers=more)
    channel.send(told, content(told))
    assert mailbox.mails[0]["Subject"] == "Ours: firing"
    assert mailbox.mails[0]["X-Team"] == "ml"
    assert channel.ignored == ("headers.X-T",)


def test_global_settings_fill_what_a_receiver_lacks(mailbox: Mailbox, tmp_path: Path):
    """`smtp_…` of the configuration, as Alertmanager reads them."""
    settings = {
        "smtp_smarthost": f"127.0.0.1:{mailbox.port}",
        "smtp_from": "wk@example.org",
        "smtp_require_tls": False,
        "smtp_hello": "wk.example.org",
    }
    receiver = {"name": "ops", "email_configs": [{"to": "ops@example.com"}]}
    (channel,) = channels_of(receiver, settings)
    told = notification()
    assert isinstance(channel.send(told, content(told)), Sent)
    assert mailbox.mails[0]["From"] == "wk@example.org"
