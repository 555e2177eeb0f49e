"""A request to somebody's own service, signed where a secret is shared."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from watchkeeper.actions.channels.http import Answer, Http, Request, ask, json_bytes
from watchkeeper.actions.channels.secret import Secret
from watchkeeper.actions.channels.webhook import KEY, SIGNATURE, TIMESTAMP, sign
from watchkeeper.actions.remedies.base import UNDO_UNKNOWN, Outcome, outcome
from watchkeeper.actions.results import Retry
from watchkeeper.core.errors import InputError

METHODS = ("POST", "PUT", "PATCH", "DELETE", "GET")


@dataclass(frozen=True, slots=True)
class Webhook:
    """Sends JSON; a status of 200 to 299 is done.

    Attributes
    ----------
    url
        The address.
    clock
        The time that is signed.
    body
        What is sent; the variables where it is None.
    method, headers
        Of the request.
    secret
        Signs the body as Watchkeeper signs all webhooks.
    http
        How it is reached.
    key
        The same whenever the same run is tried again, so that it counts once.
    """

    url: str
    clock: Callable[[], datetime]
    body: object = None
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)
    secret: Secret | None = None
    http: Http = field(default_factory=Http)
    key: str = ""

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise InputError(f"method is {self.method!r}; it may be {', '.join(METHODS)}")

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """What no text may repeat."""
        return (*((self.secret,) if self.secret else ()), *self.http.secrets)

    def describe(self) -> str:
        """The request line and the body."""
        body = "" if self.body is None else f" {json_bytes(self.body).decode()}"
        return outcome("ok", f"{self.method} {self.url}{body}", secrets=self.secrets).text

    def dry_run(self, variables: Mapping[str, str]) -> Outcome:
        """Say what would be sent; a request has effects that nobody here can know."""
        body = json_bytes(self._content(variables)).decode()
        return outcome("ok", f"would send {self.method} {self.url} {body}", secrets=self.secrets)

    def run(self, variables: Mapping[str, str]) -> Outcome:
        """Send it."""
        return self.send(self.url, self._content(variables))

    def undo(self, memory: Mapping[str, str]) -> Outcome:
        """A request cannot be taken back; a runbook names a step that does."""
        del memory
        return outcome("failed", UNDO_UNKNOWN)

    def send(self, url: str, content: object, memory: Mapping[str, str] | None = None) -> Outcome:
        """Send one request and say what came of it."""
        body = json_bytes(content)
        stamp = str(int(self.clock().timestamp()))
        headers = {
            **self.headers,
            "Content-Type": "application/json; charset=utf-8",
            KEY: self.key or hashlib.sha256(body).hexdigest()[:32],
            TIMESTAMP: stamp,
        }
        if self.secret:
            headers[SIGNATURE] = sign(self.secret.reveal(), stamp, body)
        answer = ask(self.http, "the webhook", Request(url, body, self.method, headers))
        if not isinstance(answer, Answer):
            late = isinstance(answer, Retry) and "did not answer within" in answer.why
            return outcome("timed_out" if late else "failed", answer.why, secrets=self.secrets)
        status = "ok" if 200 <= answer.status < 300 else "failed"
        return outcome(
            "ok" if status == "ok" else "failed", answer.body, exit_=answer.status,
            secrets=self.secrets, memory=memory if status == "ok" else None,
        )  # fmt: skip

    def _content(self, variables: Mapping[str, str]) -> Any:
        return dict(variables) if self.body is None else self.body
