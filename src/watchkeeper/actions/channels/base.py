"""What a channel is, and what all channels do alike."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from watchkeeper.actions.channels.content import Content
from watchkeeper.actions.channels.secret import Secret, hide
from watchkeeper.actions.results import Failed, Result, Retry, Sent
from watchkeeper.core.alert import Notification
from watchkeeper.core.errors import InputError, MissingExtraError


class Channel(Protocol):
    """A way to tell somebody.

    `send` never raises for what can be expected: a receiver that is slow, gone, wrong or angry.
    It says what became of it, and may be called from any thread.
    """

    @property
    def resend_every(self) -> timedelta | None:
        """How often the same message must be sent again while alerts fire; None for never."""

    def send(self, notification: Notification, content: Content) -> Result:
        """Tell about a notification, in the words of its content."""


class Connector(Protocol):
    """What one kind of receiver needs: the part of a channel that differs."""

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """All that no text may repeat."""

    @property
    def resend_every(self) -> timedelta | None:
        """As of `Channel`."""

    def send(self, notification: Notification, content: Content) -> Result:
        """As of `Channel`; `InputError` where a secret cannot be read."""


@dataclass(frozen=True, slots=True)
class Integration:
    """A channel: one entry of a receiver.

    Attributes
    ----------
    kind, index
        Such as `slack` and 0 for the first of `slack_configs`.
    connector
        What sends.
    send_resolved
        Whether it is told what is over.
    ignored
        Fields that were read and have no effect here, such as message templates in Go.
    """

    kind: str
    index: int
    connector: Connector
    send_resolved: bool = True
    ignored: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Tells it from the others of its receiver, the same after each restart."""
        return f"{self.kind}[{self.index}]"

    @property
    def resend_every(self) -> timedelta | None:
        """How often the same message must be sent again while alerts fire; None for never."""
        return self.connector.resend_every

    def send(self, notification: Notification, content: Content) -> Result:
        """Tell about a notification; no text of the result holds a secret."""
        if not self.send_resolved:
            if notification.status == "resolved":
                return Sent("not sent: send_resolved is off")
            notification = replace(notification, alerts=notification.firing)
            content = content.without_resolved()
        try:
            result = self.connector.send(notification, content)
        except MissingExtraError as error:
            result = Failed(str(error))
        except InputError as error:  # A secret that is not there now may be mounted soon.
            result = Retry(None, str(error))
        except Exception as error:  # noqa: BLE001  # Whatever it is, no alert may be lost over it.
            result = Retry(None, f"{self.kind}: {type(error).__name__}: {error}")
        return _hidden(result, self.connector.secrets)


def _hidden(result: Result, secrets: tuple[Secret, ...]) -> Result:
    if isinstance(result, Sent):
        return Sent(hide(result.detail, secrets))
    if isinstance(result, Retry):
        return Retry(result.after_s, hide(result.why, secrets))
    return Failed(hide(result.why, secrets))
