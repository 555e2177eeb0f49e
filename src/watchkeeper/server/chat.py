"""`/v1/chat/slack`: commands and buttons of Slack, which prove themselves by their signature."""

from __future__ import annotations

import os
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from watchkeeper.actions.channels.slack_commands import (
    button,
    refusal,
    slash_command,
    verify_slack,
)
from watchkeeper.app.alarms.chat import answer
from watchkeeper.app.live.clock import now
from watchkeeper.core.errors import InputError, NotFoundError
from watchkeeper.server.errors import RefusedError
from watchkeeper.server.reading import read_small
from watchkeeper.server.services import Here

SECRET = "WATCHKEEPER_SLACK_SIGNING_SECRET"  # noqa: S105  # the name of a variable
"""The environment variable with the signing secret of the app."""

_LARGEST = 100_000

router = APIRouter(tags=["alarms"])
_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/x-www-form-urlencoded": {"schema": {"type": "object"}}},
    }
}


@router.post("/v1/chat/slack", response_model=dict[str, Any], openapi_extra=_FORM)
async def slack(here: Here, request: Request) -> Response:
    """Take a slash command or a pressed button of Slack; its signature is its key."""
    secret = os.environ.get(SECRET)
    if not secret:
        raise NotFoundError(f"Slack is not set up here; set {SECRET} where the server starts")
    body = await read_small(here, request, limit=_LARGEST)
    headers = request.headers
    stamp = headers.get("x-slack-request-timestamp", "")
    signature = headers.get("x-slack-signature", "")
    at = now()
    if not verify_slack(secret, stamp, body, signature, at):
        raise RefusedError(
            "the signature is not Slack's, or is older than five minutes", status=403,
            code="bad_signature",
        )  # fmt: skip

    def answered() -> dict[str, Any]:
        """Do it, in a thread."""
        try:
            command = button(body) if b"payload=" in body else slash_command(body)
        except InputError as error:
            return refusal(error)
        return (
            {}
            if command is None
            else answer(here.platform.alarms, here.platform.runbooks, command, at)
        )

    return await here.answer(answered)
