"""Mail over SMTP."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import getaddresses

from watchkeeper.actions.channels.common import Common
from watchkeeper.actions.channels.content import Content
from watchkeeper.actions.channels.email_message import Envelope, mail
from watchkeeper.actions.channels.fields import Fields
from watchkeeper.actions.channels.secret import Secret
from watchkeeper.actions.channels.templates import expand
from watchkeeper.actions.channels.words import clean
from watchkeeper.actions.results import Failed, Result, Retry, Sent
from watchkeeper.core.alert import Notification

SILENT_S = 20.0
"""Seconds that a mail server may be silent."""

TLS_PORT = 465
"""Where TLS begins with the first byte; elsewhere STARTTLS is asked for."""


@dataclass(frozen=True, slots=True)
class Email:
    """A mail server, and whom to write to.

    Attributes
    ----------
    host, port
        Of the server.
    sender, to
        Addresses; several are separated by commas.
    hello
        What we call ourselves.
    user, password
        None to send without a login.
    require_tls
        Whether a server without TLS is refused.
    implicit_tls
        Whether TLS begins with the first byte.
    ca_file, verify
        Whom we trust.
    headers
        In place of or beside our own.
    """

    host: str
    port: int
    sender: str
    to: str
    hello: str = "localhost"
    user: str = ""
    password: Secret | None = None
    require_tls: bool = True
    implicit_tls: bool = False
    ca_file: str = ""
    verify: bool = True
    headers: tuple[tuple[str, str], ...] = ()
    timeout_s: float = SILENT_S
    resend_every: timedelta | None = None

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """All that no text may repeat."""
        return (self.password,) if self.password else ()

    def send(self, notification: Notification, content: Content) -> Result:
        """Send a mail."""
        to = addresses(expand(self.to, notification))
        sender = addresses(expand(self.sender, notification))
        if not to or len(sender) != 1:
            return Failed("mail: 'to' or 'from' holds no address for this notification")
        headers = {name: expand(text, notification) for name, text in self.headers}
        try:
            message = mail(Envelope(sender[0], tuple(to), headers), notification, content)
            return self._deliver(message, sender[0], to)
        except (MessageError, ValueError) as error:
            return Failed(f"mail: a header cannot be written: {clean(error, 200)}")

    def _deliver(self, message: EmailMessage, sender: Address, to: list[Address]) -> Result:
        place = f"the mail server {self.host}:{self.port}"
        try:
            with self._session() as server:
                names = [address.addr_spec for address in to]
                refused = server.send_message(message, sender.addr_spec, names)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            return _by_code(min(codes), f"{place} refuses all recipients: {_told(error)}")
        except smtplib.SMTPResponseException as error:
            return _by_code(error.smtp_code, f"{place} answered {error.smtp_code}: {_told(error)}")
        except smtplib.SMTPNotSupportedError as error:
            return Failed(f"{place}: {clean(error, 200)}; look at require_tls and auth_username")
        except (OSError, smtplib.SMTPException) as error:
            return Retry(None, f"{place} cannot be used: {clean(error, 200) or 'no answer'}")
        some = f"; refused: {', '.join(refused)}" if refused else ""
        return Sent(f"{place} took the mail{some}")

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        """A connection that may send: encrypted and logged in as asked for."""
        trust = self._trust()
        if self.implicit_tls:
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, self.hello, timeout=self.timeout_s, context=trust
            )
        else:
            server = smtplib.SMTP(self.host, self.port, self.hello, timeout=self.timeout_s)
        try:
            self._begin(server, trust)
            yield server
        finally:
            _quit(server)

    def _begin(self, server: smtplib.SMTP, trust: ssl.SSLContext) -> None:
        server.ehlo_or_helo_if_needed()
        if not self.implicit_tls and (self.require_tls or server.has_extn("starttls")):
            server.starttls(context=trust)
            server.ehlo()
        if self.user and self.password:
            server.login(self.user, self.password.reveal())

    def _trust(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.ca_file or None)
        if not self.verify:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context


def _quit(server: smtplib.SMTP) -> None:
    """Say goodbye; who does not answer that has the mail all the same."""
    try:
        server.quit()
    except (OSError, smtplib.SMTPException):
        server.close()


def _by_code(code: int, why: str) -> Result:
    """Codes from 400 to 499 are for now, the rest for good."""
    return Retry(None, why) if 400 <= code < 500 or code <= 0 else Failed(why)


def _told(error: smtplib.SMTPException) -> str:
    """What the server said, as a line."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        said: list[object] = [answer for _, answer in error.recipients.values()]
    else:
        said = [getattr(error, "smtp_error", "")]
    texts = [one.decode(errors="replace") if isinstance(one, bytes) else str(one) for one in said]
    return clean("; ".join(dict.fromkeys(texts)), 200)


def addresses(text: str) -> list[Address]:
    """The addresses of a list; what is no address is left out.

    Examples
    --------
    >>> [address.addr_spec for address in addresses("Ops <ops@example.com>, b@example.com, nobody")]
    ['ops@example.com', 'b@example.com']
    """
    found = []
    for name, spec in getaddresses([clean(text, 10_000)]):
        local, at, domain = spec.rpartition("@")
        if local and at and domain:
            found.append(Address(name, addr_spec=spec))
    return found


def email_of(fields: Fields, common: Common) -> Email:
    """The channel of one of `email_configs`; `smtp_…` of `global` fills what it lacks."""
    fields.ignore("html", "text", "threading")
    settings = common.settings
    host, port = _smarthost(fields, common)
    sender, to = fields.choice("from") or settings.text("smtp_from"), fields.choice("to")
    for name, text in (("from", sender), ("to", to)):
        if "{{" not in text and not addresses(text):
            fields.wrong(
                f"{fields.where}.{name} is {text!r}; write an address such as ops@example.com"
            )
    user, password = _login(fields, common)
    tls = (
        fields.fields("tls_config")
        if fields.has("tls_config")
        else settings.fields("smtp_tls_config")
    )
    implicit = fields.flag(
        "force_implicit_tls",
        default=settings.flag("smtp_force_implicit_tls", default=port == TLS_PORT),
    )
    required = fields.flag("require_tls", default=settings.flag("smtp_require_tls", default=True))
    email = Email(
        host=host, port=port, sender=sender, to=to, user=user, password=password,
        hello=common.text(fields, "hello", "smtp_hello", "localhost"),
        require_tls=required, implicit_tls=implicit,
        ca_file=tls.text("ca_file"),
        verify=not tls.flag("insecure_skip_verify", default=False),
        headers=tuple(_headers(fields).items()),
    )  # fmt: skip
    if tls.text("server_name"):
        tls.wrong(f"{tls.where}.server_name is not supported for mail; write it as the smarthost")
    tls.ignore("cert_file", "key_file", "min_version", "max_version")
    tls.finish()
    return email


def _smarthost(fields: Fields, common: Common) -> tuple[str, int]:
    text = common.text(fields, "smarthost", "smtp_smarthost", "")
    host, _, port = text.rpartition(":")
    if host and port.isdigit():
        return host.strip("[]"), int(port)
    fields.wrong(f"{fields.where} has {text!r} as its smarthost; write a host and a port, "
                 "such as smtp.example.com:587, there or as smtp_smarthost")  # fmt: skip
    return "", 0


def _login(fields: Fields, common: Common) -> tuple[str, Secret | None]:
    settings = common.settings
    user = common.text(fields, "auth_username", "smtp_auth_username", "")
    fields.ignore("auth_identity")
    settings.ignore("smtp_auth_identity")
    secret = (
        fields.secret("auth_password")
        or fields.secret("auth_secret")
        or settings.secret("smtp_auth_password")
        or settings.secret("smtp_auth_secret")
    )
    return user, secret


def _headers(fields: Fields) -> dict[str, str]:
    """Headers that are plain; those that would make it another message are a problem."""
    inner, found = fields.fields("headers"), {}
    for name in fields.pairs("headers"):
        text = inner.wording(name)
        if name.lower() in {"from", "to", "message-id", "content-type", "mime-version"}:
            fields.wrong(f"{fields.where}.headers cannot set {name}; use from and to")
        elif not name.isascii() or not name.replace("-", "").isalnum():
            fields.wrong(f"{fields.where}.headers: {name!r} is no name of a header")
        elif text:
            found[name] = text
    fields.ignored += [f"headers.{name}" for name in inner.ignored]
    return found
