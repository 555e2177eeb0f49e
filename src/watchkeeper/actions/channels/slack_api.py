"""Slack's web API: calls with a bot's token, and files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from watchkeeper.actions.channels.common import below
from watchkeeper.actions.channels.content import Picture
from watchkeeper.actions.channels.http import Answer, Http, Request, ask, json_request
from watchkeeper.actions.channels.secret import Secret
from watchkeeper.actions.results import Failed, Retry, Sent

API = "https://slack.com/api/"

AGAIN = frozenset({
    "ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable",
    "request_timeout", "team_added_to_org", "message_limit_exceeded",
})  # fmt: skip
"""Errors of the API after which the same call may do."""


@dataclass(frozen=True, slots=True)
class SlackApi:
    """The API of one workspace.

    Attributes
    ----------
    http, url
        How and where it is reached.
    token
        Of the bot.
    """

    http: Http
    url: str
    token: Secret

    def call(self, method: str, body: dict[str, Any]) -> dict[str, Any] | Retry | Failed:
        """Call a method with JSON; what it answers, or why it did not do it."""
        return self._judged(method, json_request(below(self.url, method), body))

    def form(self, method: str, body: dict[str, str]) -> dict[str, Any] | Retry | Failed:
        """Call a method that takes a form."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        request = Request(below(self.url, method), urlencode(body).encode(), headers=kind)
        return self._judged(method, request)

    def upload(self, picture: Picture) -> str | None:
        """Upload a picture; the id of the file, or None where it did not work.

        A message without its chart is better than none, so nothing more is made of it.
        """
        size = {"filename": "chart.png", "length": str(len(picture.png)), "alt_txt": picture.alt}
        place = self.form("files.getUploadURLExternal", size)
        if not isinstance(place, dict) or not {"upload_url", "file_id"} <= place.keys():
            return None
        # The address is a secret of its own: the token stays here.
        bare = replace(self.http, authorization=None, headers=())
        kind = {"Content-Type": "image/png"}
        sent = ask(bare, "Slack", Request(str(place["upload_url"]), picture.png, headers=kind))
        if not isinstance(sent, Answer) or sent.status != 200:
            return None
        file = str(place["file_id"])
        files = {"files": [{"id": file, "title": picture.alt[:200]}]}
        done = self.call("files.completeUploadExternal", files)
        return file if isinstance(done, dict) else None

    def _judged(self, method: str, request: Request) -> dict[str, Any] | Retry | Failed:
        """The answer of a call: an HTTP status of 200 may yet say that it failed."""
        bearer = {"Authorization": f"Bearer {self.token.reveal()}"}
        answer = ask(self.http, "Slack", replace(request, headers={**request.headers, **bearer}))
        if not isinstance(answer, Answer):
            return answer
        result = answer.result("Slack")
        if not isinstance(result, Sent):
            return result
        said = answer.json()
        if said is None or not answer.whole:
            return Retry(answer.after_s, f"Slack's answer to {method} cannot be read")
        if said.get("ok") is True:
            return said
        error = str(said.get("error", "unknown"))[:100]
        if error in AGAIN:
            return Retry(answer.after_s, f"Slack does not take {method} now: {error}")
        return Failed(f"Slack refuses {method}: {error}{_advice(error)}")


def _advice(error: str) -> str:
    return {
        "not_in_channel": "; invite the bot to the channel",
        "channel_not_found": "; look at the channel's name, and invite the bot to it",
        "invalid_auth": "; look at app_token",
        "not_authed": "; look at app_token",
        "token_revoked": "; make a new app_token",
        "missing_scope": "; give the app chat:write and files:write",
    }.get(error, "")
