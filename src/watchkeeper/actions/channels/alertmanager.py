"""A real Alertmanager: alerts pushed to its API, version 2."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from watchkeeper.actions.channels.common import Common, below
from watchkeeper.actions.channels.content import Content
from watchkeeper.actions.channels.fields import Fields
from watchkeeper.actions.channels.http import Http, post_json
from watchkeeper.actions.channels.secret import Secret
from watchkeeper.actions.channels.words import web_address
from watchkeeper.actions.results import Result
from watchkeeper.core.alert import Alert, Notification

RESEND = timedelta(minutes=1)
"""How often Prometheus tells Alertmanager what fires, and so do we."""


@dataclass(frozen=True, slots=True)
class Alertmanager:
    """An Alertmanager that groups, silences and routes by itself.

    It forgets what it does not hear of: while alerts fire, the same notification must be sent
    again every `resend_every`. Each time says that the alerts end four such spans later, so that
    three losses in a row do no harm, and that all is over soon where we are gone. A resolve is
    sent once and retried like any message.

    Attributes
    ----------
    url
        Its address, with its path prefix where it has one.
    http
        How it is reached.
    resend_every
        The span.
    """

    url: Secret
    http: Http
    resend_every: timedelta | None = RESEND

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """All that no text may repeat."""
        return (self.url, *self.http.secrets)

    def send(self, notification: Notification, content: Content) -> Result:
        """Tell of all alerts, those that are over with their end."""
        ends = content.at + 4 * (self.resend_every or RESEND)
        alerts = [_alert(alert, notification.at, ends) for alert in notification.alerts]
        url = below(self.url.reveal(), "api/v2/alerts")
        return post_json(self.http, "Alertmanager", url, alerts)


def _alert(alert: Alert, decided: datetime, ends: datetime) -> dict[str, Any]:
    over = alert.ends_at if alert.is_over(decided) else None
    return {
        "labels": {name: text for name, text in alert.labels.items() if text},
        "annotations": dict(alert.annotations),
        "startsAt": alert.starts_at.isoformat(),
        "endsAt": (over or ends).isoformat(),
        "generatorURL": web_address(alert.generator_url),
    }


def alertmanager_of(fields: Fields, common: Common) -> Alertmanager:
    """The channel of one of `alertmanager_configs`, which are our own: `url`, `resend_interval`."""
    return Alertmanager(
        url=fields.needed("url", fields.secret("url")),
        http=common.http(fields),
        resend_every=timedelta(seconds=fields.seconds("resend_interval", RESEND.total_seconds())),
    )
