"""`/v1/incidents` and `/v1/oncall`: what people manage, and who is on call."""

from __future__ import annotations

import functools
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from watchkeeper.server import schemas
from watchkeeper.server import schemas_incidents as shapes
from watchkeeper.server.access import needs
from watchkeeper.server.models import Admin, Editor
from watchkeeper.server.reading import read_text
from watchkeeper.server.services import Here

router = APIRouter(tags=["incidents"])
_read = Depends(needs("read"))

MARKDOWN = "text/markdown; charset=utf-8"
ICALENDAR = "text/calendar; charset=utf-8"
Number = Annotated[int, Path(description="The incident's number.", ge=1, le=999_999_999)]
By = Annotated[
    str | None,
    Field(max_length=200, description="Who; by default the user or the name of the API key."),
]
_TEXT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Markdown; what only people know is a marked blank.",
        "content": {"text/markdown": {"schema": {"type": "string"}}},
    }
}
_ICS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "iCalendar, RFC 5545.",
        "content": {"text/calendar": {"schema": {"type": "string"}}},
    }
}
_YAML = {
    "requestBody": {
        "required": True, "description": "Users, schedules and escalations.",
        "content": {"application/yaml": {"schema": {"type": "string"}}},
    }
}  # fmt: skip


class AskedIncidents(BaseModel):
    """Which incidents are listed."""

    state: shapes.StateName | Literal["active"] | None = Field(
        default=None, description="Only in this state; `active`: all that are worked on."
    )
    model: str | None = Field(default=None, description="Only those of this model.")


class NewIncident(BaseModel):
    """An incident that somebody opens."""

    title: str = Field(min_length=1, max_length=500, description="What is broken.")
    severity: shapes.SeverityName
    class_: shapes.ClassName = Field(default="model", alias="class")
    models: list[str] = Field(default=[], max_length=100)
    began_at: datetime | None = Field(default=None, description="When the trouble began.")
    summary: str = Field(default="", max_length=20_000)
    by: By = None


class NewEvent(BaseModel):
    """Something that happens to an incident."""

    event: Literal[
        "acknowledge", "investigate", "mitigate", "resolve", "close", "reopen", "false_alarm",
        "merge", "role", "severity", "amend", "note", "decision", "message", "change", "action",
        "alert",
    ]  # fmt: skip
    by: By = None
    text: str | None = Field(
        default=None, max_length=20_000, description="What was seen, decided, said or done; why."
    )
    until: datetime | None = Field(
        default=None,
        description="Of an acknowledgement: until then; who is on call is told again after it.",
    )
    role: shapes.RoleName | None = None
    person: str | None = Field(default=None, max_length=200, description="Who takes the role.")
    into: int | None = Field(default=None, description="Into which incident it is merged.")
    fingerprint: str | None = Field(
        default=None, max_length=64, description="Of the alert that is to belong to it."
    )
    severity: shapes.SeverityName | None = None
    class_: shapes.ClassName | None = Field(default=None, alias="class")
    title: str | None = Field(default=None, max_length=500)
    summary: str | None = Field(default=None, max_length=20_000)
    models: list[str] | None = Field(default=None, max_length=100)
    began_at: datetime | None = None
    at: datetime | None = Field(default=None, description="When it was, where that is not now.")
    to: str | None = Field(default=None, max_length=500, description="Who was told.")
    link: str | None = Field(default=None, max_length=2_000)


@router.get("/v1/incidents", response_model=shapes.Incidents, dependencies=[_read])
async def list_incidents(here: Here, asked: Annotated[AskedIncidents, Query()]) -> Response:
    """List incidents: those that are worked on first, the worst of them first."""
    return await here.answer(
        lambda: {"incidents": here.platform.incidents.list(state=asked.state, model=asked.model)}
    )


@router.post("/v1/incidents", response_model=shapes.IncidentShown)
async def open_incident(here: Here, opened: NewIncident, who: Editor) -> Response:
    """Open an incident by hand; who is on call is told of it."""
    return await here.answer(
        here.platform.incidents.open, opened.title, severity=opened.severity,
        by=opened.by or (who.name if who else "somebody"), kind=opened.class_,
        models=opened.models, began_at=_in_utc(opened.began_at), summary=opened.summary,
    )  # fmt: skip


@router.get("/v1/incidents/figures", response_model=shapes.Figures, dependencies=[_read])
async def show_incident_figures(
    here: Here, model: Annotated[str | None, Query(description="Only of this model.")] = None
) -> Response:
    """Say how fast incidents are found, acknowledged, mitigated and resolved."""
    return await here.answer(here.platform.incidents.figures, model=model)


@router.get("/v1/incidents/{number}", response_model=shapes.IncidentShown, dependencies=[_read])
async def show_incident(here: Here, number: Number) -> Response:
    """Show an incident with its timeline, what is due, and what can become of it."""
    return await here.answer(here.platform.incidents.show, number)


@router.post("/v1/incidents/{number}/events", response_model=shapes.IncidentShown)
async def change_incident(here: Here, number: Number, happened: NewEvent, who: Editor) -> Response:
    """Let something happen to an incident: a step, a note, a role, a correction."""
    given = happened.model_dump(by_alias=True, exclude={"event", "by"})
    given |= {name: _in_utc(given[name]) for name in ("until", "began_at", "at")}
    return await here.answer(
        here.platform.incidents.apply, number, happened.event, given,
        by=happened.by or (who.name if who else "somebody"),
    )  # fmt: skip


@router.get(
    "/v1/incidents/{number}/post-mortem", response_class=Response, responses=_TEXT,
    dependencies=[_read],
)  # fmt: skip
async def draft_post_mortem(here: Here, number: Number) -> Response:
    """Draft the post-mortem of an incident from its timeline, as Markdown."""
    text = await here.questions.ask(here.platform.incidents.post_mortem, number)
    return Response(text.encode(), headers={"Content-Type": MARKDOWN})


@router.get("/v1/oncall", response_model=shapes.OnCallFile, dependencies=[_read])
async def show_on_call_file(here: Here) -> Response:
    """Show the on-call file in force."""
    return await here.answer(here.platform.incidents.on_call)


@router.put("/v1/oncall", response_model=shapes.OnCallFile, openapi_extra=_YAML)
async def apply_on_call_file(here: Here, request: Request, who: Admin) -> Response:
    """Put an on-call file in force; escalations that have begun go on as they began."""
    text = await read_text(here, request, "the on-call file")
    return await here.answer(
        here.platform.incidents.put_on_call, text, who=who.name if who else None
    )


@router.delete("/v1/oncall", response_model=schemas.Removed)
async def remove_on_call_file(here: Here, who: Admin) -> Response:
    """Take the on-call file out of force; escalations that have begun end as they began."""
    return await here.answer(here.platform.incidents.remove_on_call, who=who.name if who else None)


@router.get(
    "/v1/oncall/calendar.ics", response_class=Response, responses=_ICS, dependencies=[_read]
)  # fmt: skip
async def show_on_call_calendar(
    here: Here,
    user: Annotated[str | None, Query(description="Only of this user, by id or name.")] = None,
    days: Annotated[float, Query(gt=0, le=366, description="So far ahead.")] = 180,
) -> Response:
    """Give the shifts as a calendar file (iCalendar).

    Calendars that subscribe with a name and a password take `key` and an API key; in the address
    itself a key is not accepted.
    """
    calendar = functools.partial(here.platform.incidents.calendar, user=user, days=days)
    text = await here.questions.ask(calendar)
    return Response(text.encode(), headers={"Content-Type": ICALENDAR})


@router.get("/v1/oncall/now", response_model=shapes.OnCallNow, dependencies=[_read])
async def show_on_call(
    here: Here,
    days: Annotated[float, Query(gt=0, le=366, description="Shifts of so many days.")] = 14,
) -> Response:
    """Say who is on call now, and who will be in the next days."""
    return await here.answer(here.platform.incidents.on_call_now, days=days)


def _in_utc(at: datetime | None) -> datetime | None:
    """A time in UTC; one without a zone is taken for UTC.

    >>> _in_utc(datetime(2026, 1, 1)).isoformat()
    '2026-01-01T00:00:00+00:00'
    """
    if at is None:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
