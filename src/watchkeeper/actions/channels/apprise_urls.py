"""Everything else: services that Apprise knows, by its URLs."""

from __future__ import annotations

import logging
import re
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

from watchkeeper.actions.channels.common import Common
from watchkeeper.actions.channels.content import Content
from watchkeeper.actions.channels.fields import Fields
from watchkeeper.actions.channels.http import MOST_QUOTED
from watchkeeper.actions.channels.secret import Secret
from watchkeeper.actions.channels.slack_blocks import sign
from watchkeeper.actions.channels.statuses import result_of
from watchkeeper.actions.channels.text import text_of, urgency
from watchkeeper.actions.channels.words import clean
from watchkeeper.actions.results import Failed, Result, Retry, Sent
from watchkeeper.core.alert import Notification, Severity
from watchkeeper.core.errors import MissingExtraError

_STATUS = re.compile(r"\berror=(\d{3})\b")
_MENTION = re.compile(r"@(?=\S)|<(?=[!@#])")


@dataclass(frozen=True, slots=True)
class Apprise:
    """A service that Apprise sends to.

    It cannot edit or close what it sent: each notification is a message of its own.

    Attributes
    ----------
    service
        What it is called in messages.
    url
        The Apprise URL for a notification, with its secrets.
    held
        All that no text may repeat.
    """

    service: str
    url: Callable[[Notification], str]
    held: tuple[Secret, ...]
    resend_every: timedelta | None = None

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """All that no text may repeat."""
        return self.held

    def send(self, notification: Notification, content: Content) -> Result:
        """Send a message."""
        with _HEARD.of_this_thread() as lines:
            plugin = plugin_of(self.url(notification))
            if plugin is None:
                return Failed(
                    f"{self.service}: Apprise cannot read its URL; look at its configuration"
                )
            try:
                done = plugin.notify(**_message(plugin, content))
            except TypeError as error:  # How Apprise says that there is nothing it could send.
                return Failed(f"{self.service}: {clean(error, MOST_QUOTED)}")
        return Sent(f"{self.service} took the message") if done else self._refused(lines)

    def _refused(self, lines: list[str]) -> Result:
        """What Apprise logged is all that it tells: mostly the HTTP status."""
        said = clean(lines[-1] if lines else "no reason is known", MOST_QUOTED)
        statuses = [int(found[1]) for line in lines if (found := _STATUS.search(line))]
        if statuses and 300 <= statuses[-1] <= 599:
            return result_of(statuses[-1], self.service, said)
        return Retry(None, f"{self.service}: {said}")


def _message(plugin: Any, content: Content) -> dict[str, Any]:
    from apprise import NotifyFormat, NotifyType

    kinds = {Severity.P0: NotifyType.FAILURE, Severity.P1: NotifyType.FAILURE}
    kind = kinds.get(content.severity or Severity.P2, NotifyType.WARNING)
    lead = f"{urgency(content)}\n" if urgency(content) else ""
    message = {
        "title": _defused(f"{sign(content)} {content.title}"),
        "body": _defused(lead + text_of(content)),
        "notify_type": kind if content.firing else NotifyType.SUCCESS,
        "body_format": NotifyFormat.TEXT,
    }
    if content.chart and plugin.attachment_support:
        message["attach"] = _attachment(content.chart.png)
    return message


def _attachment(png: bytes) -> Any:
    from apprise import AppriseAttachment
    from apprise.attachment.memory import AttachMemory

    attached = AppriseAttachment()
    attached.add(AttachMemory(png, "chart.png", "image/png"))  # type: ignore[no-untyped-call]
    return attached


def _defused(text: str) -> str:
    r"""A text that mentions nobody: a mark of no width parts the sign from the name.

    >>> _defused("@everyone <!channel>") == "@\u200beveryone <\u200b!channel>"
    True
    """
    return _MENTION.sub(lambda match: f"{match[0]}\u200b", text)


def plugin_of(url: str) -> Any:
    """What Apprise makes of a URL; None where it knows no such service.

    Raises
    ------
    MissingExtraError
        Apprise is not installed.
    """
    apprise = _loaded()
    asset = apprise.AppriseAsset(app_id="Watchkeeper", app_desc="Watchkeeper", app_url="")
    return apprise.Apprise.instantiate(url, asset=asset)


@lru_cache(maxsize=1)
def _loaded() -> Any:
    """Apprise with all its services; what they import may be deprecated, and is not ours."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import apprise

            apprise.Apprise.instantiate("json://localhost")
    except ImportError:
        raise MissingExtraError("apprise", "sending to Apprise URLs", "server") from None
    return apprise


class _Heard(logging.Filter):
    """Takes what Apprise and its HTTP library log while a thread of ours sends.

    Their lines hold URLs with tokens, so none goes on to the log; warnings become the result.
    """

    def __init__(self) -> None:
        super().__init__()
        self._local = threading.local()

    @contextmanager
    def of_this_thread(self) -> Iterator[list[str]]:
        """The warnings of this thread, until the end."""
        lines: list[str] = []
        self._local.lines = lines
        try:
            yield lines
        finally:
            self._local.lines = None

    def filter(self, record: logging.LogRecord) -> bool:
        lines: list[str] | None = getattr(self._local, "lines", None)
        if lines is None:
            return True
        if record.levelno >= logging.WARNING:
            lines.append(record.getMessage())
        return False


_HEARD = _Heard()
for _name in ("apprise", "urllib3.connection", "urllib3.connectionpool", "urllib3.util.retry"):
    logging.getLogger(_name).addFilter(_HEARD)


def apprise_of(fields: Fields, common: Common) -> Apprise:  # noqa: ARG001  # as all channels are made
    """The channel of one of `apprise_configs`, which are our own: `url` or `url_file`."""
    url = fields.needed("url", fields.secret("url"))
    checked(fields, "url", url)
    service = "Apprise"
    if url.is_literal and "://" in url.reveal():
        service = f"Apprise {url.reveal().partition('://')[0]}"
    return Apprise(service, lambda _: url.reveal(), (url,))


def checked(fields: Fields, name: str, url: Secret) -> None:
    """Note a URL that stands in the configuration and that Apprise cannot read."""
    if not url.is_literal:
        return
    text = url.reveal()
    with _HEARD.of_this_thread():
        if plugin_of(text) is None:
            fields.wrong(
                f"{fields.where}.{name} is no URL that Apprise reads; see its list of services, "
                "such as discord://, tgram:// and mailto://"
            )
