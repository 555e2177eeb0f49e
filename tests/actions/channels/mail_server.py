"""A mail server on the loopback interface: TLS, logins, and answers as told."""

from __future__ import annotations

import contextlib
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword

OPENSSL = shutil.which("openssl")
needs_certificates = pytest.mark.skipif(OPENSSL is None, reason="openssl is not installed")


@dataclass
class Mailbox:
    """What came, and what is answered to which command."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    envelopes: list[Envelope] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    encrypted: list[bool] = field(default_factory=list)
    logged_in: list[bool] = field(default_factory=list)

    async def handle_RCPT(self, *args: Any) -> str:  # noqa: N802  # aiosmtpd's name
        """Take a recipient, or answer as told for its address."""
        _, _, envelope, address, _ = args
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802  # aiosmtpd's name
        self, server: SMTP, session: Any, envelope: Envelope
    ) -> str:
        """Keep a mail, or answer as told."""
        if "DATA" in self.answers:
            return self.answers["DATA"]
        content = cast("bytes", envelope.content)
        self.mails.append(cast("EmailMessage", message_from_bytes(content, policy=policy.default)))
        self.envelopes.append(envelope)
        self.encrypted.append(server.transport.get_extra_info("sslcontext") is not None)
        self.logged_in.append(session.authenticated)
        return "250 taken"


class _OnFreePort(Controller):
    """A controller whose check of itself knows the port that it got."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        with contextlib.suppress(ssl.SSLError):
            super()._trigger_server()


@contextmanager
def mail_server(
    *, tls: tuple[str, str] | None = None, implicit: bool = False, login: bool = False
) -> Iterator[Mailbox]:
    """A server on a free port; with `tls` it has a certificate, with `login` it asks for one."""
    mailbox = Mailbox()
    context = None
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
    options: dict[str, Any] = {}
    if login:
        options = {"authenticator": _authenticate, "auth_required": not implicit}
        options["auth_require_tls"] = not implicit  # By TLS it means STARTTLS.
    if context and not implicit:
        options |= {"tls_context": context, "require_starttls": login}
    controller = _OnFreePort(
        mailbox,
        hostname="127.0.0.1",
        port=0,
        ssl_context=context if implicit else None,
        **options,
    )
    controller.start()
    mailbox.port = controller.port
    try:
        yield mailbox
    finally:
        controller.stop()


def _authenticate(*args: Any) -> AuthResult:
    given = args[-1]
    good = isinstance(given, LoginPassword) and given == LoginPassword(b"wk", b"right-password")
    return AuthResult(success=good, handled=good)


def certificate(folder: Path) -> tuple[str, str]:
    """A certificate for the loopback interface that signs itself, and its key."""
    files = str(folder / "cert.pem"), str(folder / "key.pem")
    subprocess.run(
        [
            str(OPENSSL), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
            "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
            "-out", files[0], "-keyout", files[1],
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return files


def silent_port() -> tuple[socket.socket, int]:
    """A port that takes connections and never says anything; close it in the end."""
    listener = socket.create_server(("127.0.0.1", 0))
    return listener, listener.getsockname()[1]
