"""Requests: who is trusted, who we say we are, and how long is waited."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from tests.actions.channels.kit import content, notification
from tests.actions.channels.mail_server import certificate, needs_certificates
from tests.actions.channels.recorder import Answer, Recorder
from watchkeeper.actions.channels import http
from watchkeeper.actions.channels.base import Integration
from watchkeeper.actions.channels.http import Http, Request, ask
from watchkeeper.actions.channels.receivers import channels_of
from watchkeeper.actions.results import Failed, Result, Retry, Sent


def hook(url: str, **http_config: object) -> Integration:
    """A webhook with settings of HTTP."""
    entry = {"url": url, "http_config": http_config}
    return channels_of({"name": "ops", "webhook_configs": [entry]})[0]


def sent(channel: Integration) -> Result:
    """What becomes of a notification."""
    told = notification()
    return channel.send(told, content(told))


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A certificate and its key."""
    return certificate(tmp_path_factory.mktemp("pem"))


@pytest.fixture(scope="module")
def secure(pem: tuple[str, str]) -> Iterator[str]:
    """A receiver with TLS, whose certificate nobody knows."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*pem)
    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@needs_certificates
def test_certificates_are_checked(secure, pem, tmp_path):
    """An unknown one is not trusted, one of `ca_file` is, under its own name alone."""
    result = sent(hook(secure))
    assert isinstance(result, Retry)
    assert "CERTIFICATE_VERIFY_FAILED" in result.why
    assert isinstance(sent(hook(secure, tls_config={"ca_file": pem[0]})), Sent)
    assert isinstance(sent(hook(secure, tls_config={"insecure_skip_verify": True})), Sent)
    other = {"ca_file": pem[0], "server_name": "other.example.com"}
    assert isinstance(sent(hook(secure, tls_config=other)), Retry)
    missing = {"ca_file": str(tmp_path / "none.pem")}
    result = sent(hook(secure, tls_config=missing))
    assert isinstance(result, Retry)
    assert "tls_config" in result.why


@needs_certificates
def test_the_name_on_the_certificate_may_differ_from_the_host(secure, pem):
    """`server_name` is what is compared."""
    url = secure.replace("127.0.0.1", "localhost")
    assert isinstance(sent(hook(url, tls_config={"ca_file": pem[0]})), Retry)
    named = {"ca_file": pem[0], "server_name": "127.0.0.1"}
    assert isinstance(sent(hook(url, tls_config=named)), Sent)


def test_who_we_are_is_said(recorder, tmp_path, monkeypatch):
    """Basic authentication, other schemes, and headers from values, secrets and files."""
    (tmp_path / "secret").write_text("from-file\n")
    monkeypatch.setenv("WK_HOOK", "from-environment")
    basic = {"username": "wk", "password_file": str(tmp_path / "secret")}
    assert isinstance(sent(hook(recorder.url, basic_auth=basic)), Sent)
    expected = base64.b64encode(b"wk:from-file").decode()
    assert recorder.last.headers["Authorization"] == f"Basic {expected}"
    scheme = {"type": "Token", "credentials": "${WK_HOOK}"}
    headers = {"X-File": {"files": [str(tmp_path / "secret")]}, "X-Text": {"values": ["a"]}}
    sent(hook(recorder.url, authorization=scheme, http_headers=headers))
    got = recorder.last.headers
    assert got["Authorization"] == "Token from-environment"
    assert (got["X-File"], got["X-Text"]) == ("from-file", "a")


def test_a_missing_secret_is_waited_for(recorder, tmp_path):
    """Nothing is sent without it, and the result names the file."""
    scheme = {"credentials_file": str(tmp_path / "token")}
    result = sent(hook(recorder.url, authorization=scheme))
    assert isinstance(result, Retry)
    assert "token" in result.why
    assert recorder.got == []


@pytest.mark.parametrize("url", ["ftp://example.com/x", "http://", "nonsense", "http://[x", "/x"])
def test_an_address_that_is_none_is_a_refusal(url):
    """No retry will mend it."""
    assert isinstance(sent(hook(url)), Failed)


def test_a_header_that_would_be_two_is_a_refusal(recorder):
    """A line end in a secret ends no header."""
    scheme = {"credentials": "a\r\nX-Evil: 1"}
    assert isinstance(sent(hook(recorder.url, authorization=scheme)), Failed)
    assert recorder.got == []


@pytest.mark.parametrize(("direct", "asked"), [("", 1), ("receiver.invalid", 0), (".invalid", 0)])
def test_some_hosts_are_reached_without_the_proxy(recorder, direct, asked):
    """`no_proxy` names hosts and domains."""
    url = "http://receiver.invalid/hook"
    sent(hook(url, proxy_url=recorder.url, no_proxy=direct))
    assert len(recorder.got) == asked


def test_an_answer_without_end_is_not_read_to_its_end(recorder, monkeypatch):
    """Neither many bytes nor a long time."""
    recorder.answer = Answer(200, b"x" * 1_000_000)
    answer = ask(Http(), "it", Request(recorder.url, b"{}"))
    assert (answer.status, len(answer.body), answer.whole) == (200, http.MOST_READ, False)
    assert len(answer.text) <= http.MOST_QUOTED
    monkeypatch.setattr(http, "WHOLE_S", -1.0)
    recorder.answer = Answer(503, b"x" * 10)
    answer = ask(Http(), "it", Request(recorder.url, b"{}"))
    assert (answer.status, answer.whole) == (503, False)


def test_a_receiver_may_be_slow(recorder: Recorder):
    """Within the time that is waited, it is served."""

    def slowly(_: object) -> Answer:
        recorder.freed.wait(0.3)
        return Answer()

    recorder.answer = slowly
    assert isinstance(sent(hook(recorder.url)), Sent)
