"""`/v1/runbooks`, `/v1/runs` and `/v1/automation`: what to do, what was done, what may be done."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from watchkeeper.app.alarms.runbooks.requests import LOCAL, Asker
from watchkeeper.app.alarms.runbooks.subjects import About
from watchkeeper.server import schemas
from watchkeeper.server import schemas_runbooks as shapes
from watchkeeper.server.access import Caller, needs
from watchkeeper.server.models import Admin, Editor
from watchkeeper.server.reading import read_text
from watchkeeper.server.services import Here

router = APIRouter(tags=["runbooks"])
_read = Depends(needs("read"))

Name = Annotated[str, Path(description="The runbook's name.", max_length=200)]
Number = Annotated[int, Path(description="The run's number.", ge=1, le=999_999_999)]
_MARKDOWN = {
    "requestBody": {
        "required": True, "description": "Markdown with fenced `wk-step` blocks.",
        "content": {"text/markdown": {"schema": {"type": "string"}}},
    }
}  # fmt: skip


class NewRun(BaseModel):
    """A step that somebody wants to be run."""

    runbook: str = Field(max_length=200)
    step: str = Field(max_length=64, description="The id of the step.")
    incident: int | None = Field(default=None, description="The incident that it is for …")
    alert: str | None = Field(default=None, max_length=64, description="… or the fingerprint …")
    target: str | None = Field(
        default=None, max_length=200, description="… or the model, where no alert asks for it."
    )
    dry_run: bool = Field(default=False, description="Only show what it would do.")


class Reasoned(BaseModel):
    """Why."""

    reason: str = Field(default="", max_length=2_000)


class Found(BaseModel):
    """What a person has found who looked."""

    done: bool = Field(description="Whether it was done.")


class AskedRuns(BaseModel):
    """Which runs are listed."""

    state: shapes.RunStateName | None = None
    limit: int = Field(default=100, ge=1, le=10_000)


def _asker(request: Request, who: Caller | None) -> Asker:
    """Who asks, and from where; without any key or user everybody is the same."""
    where = request.client.host if request.client else ""
    return Asker(who.name if who else LOCAL, where, shared=who is None)


@router.get("/v1/runbooks", response_model=shapes.Runbooks, dependencies=[_read])
async def list_runbooks(here: Here) -> Response:
    """List the runbooks: those that come with Watchkeeper, and your own."""
    return await here.answer(lambda: {"runbooks": here.platform.runbooks.runbooks()})


@router.post(
    "/v1/runbooks/check", response_model=shapes.RunbookChecked, openapi_extra=_MARKDOWN,
    dependencies=[_read],
)  # fmt: skip
async def check_runbook(here: Here, request: Request) -> Response:
    """Check a runbook: every step that is wrong is told with its line and column."""
    return await here.answer(
        here.platform.runbooks.check, await read_text(here, request, "the runbook", "Markdown")
    )


@router.get("/v1/runbooks/{name}", response_model=shapes.RunbookShown, dependencies=[_read])
async def show_runbook(here: Here, name: Name) -> Response:
    """Show a runbook with its steps."""
    return await here.answer(here.platform.runbooks.runbook, name)


@router.put("/v1/runbooks/{name}", response_model=shapes.RunbookApplied, openapi_extra=_MARKDOWN)
async def apply_runbook(here: Here, request: Request, name: Name, who: Admin) -> Response:
    """Keep a runbook; it takes the place of an earlier one of its name, or of a starter one."""
    text = await read_text(here, request, "the runbook", "Markdown")
    return await here.answer(here.platform.runbooks.put, name, text, _asker(request, who))


@router.delete("/v1/runbooks/{name}", response_model=schemas.Removed)
async def remove_runbook(here: Here, request: Request, name: Name, who: Admin) -> Response:
    """Forget a runbook of your own."""
    return await here.answer(here.platform.runbooks.remove, name, _asker(request, who))


@router.get("/v1/runs", response_model=shapes.Runs, dependencies=[_read])
async def list_runs(here: Here, asked: Annotated[AskedRuns, Query()]) -> Response:
    """List runs, the newest first."""
    runbooks = here.platform.runbooks
    return await here.answer(lambda: {"runs": runbooks.runs(state=asked.state, limit=asked.limit)})


@router.post("/v1/runs", response_model=shapes.RunShown)
async def ask_for_run(here: Here, request: Request, wanted: NewRun, who: Editor) -> Response:
    """Ask for a step: a check is looked at now, an action is done as soon as it may."""
    about = About(wanted.incident, wanted.alert or "", wanted.target or "")
    return await here.answer(
        here.platform.runbooks.ask, wanted.runbook, wanted.step, about, _asker(request, who),
        dry=wanted.dry_run,
    )  # fmt: skip


@router.get("/v1/runs/{number}", response_model=shapes.RunShown, dependencies=[_read])
async def show_run(here: Here, number: Number) -> Response:
    """Show a run: what it came to, and who did what with it, when and from where."""
    return await here.answer(here.platform.runbooks.run, number)


@router.post("/v1/runs/{number}/approve", response_model=shapes.RunShown)
async def approve_run(here: Here, request: Request, number: Number, who: Editor) -> Response:
    """Agree to a run that waits; where a second person is asked for, not by who asked for it."""
    return await here.answer(here.platform.runbooks.approve, number, _asker(request, who))


@router.post("/v1/runs/{number}/refuse", response_model=shapes.RunShown)
async def refuse_run(
    here: Here, request: Request, number: Number, who: Editor, told: Reasoned | None = None
) -> Response:
    """Say no to a run that waits."""
    reason = told.reason if told else ""
    return await here.answer(here.platform.runbooks.refuse, number, _asker(request, who), reason)


@router.post("/v1/runs/{number}/settle", response_model=shapes.RunShown)
async def settle_run(
    here: Here, request: Request, number: Number, found: Found, who: Editor
) -> Response:
    """Say whether a run was done of which nobody knows, since the process that did it ended."""
    asker = _asker(request, who)
    return await here.answer(here.platform.runbooks.settle, number, asker, done=found.done)


@router.post("/v1/runs/{number}/undo", response_model=shapes.RunShown)
async def undo_run(here: Here, request: Request, number: Number, who: Editor) -> Response:
    """Take a run back, by what its step names as `undo`."""
    return await here.answer(here.platform.runbooks.undo, number, _asker(request, who))


@router.get("/v1/automation", response_model=shapes.AutomationShown, dependencies=[_read])
async def show_automation(here: Here) -> Response:
    """Say what the operator of the server allows, and whether everything is frozen."""
    return await here.answer(here.platform.runbooks.automation)


@router.post("/v1/automation/freeze", response_model=shapes.AutomationShown)
async def freeze(here: Here, request: Request, told: Reasoned, who: Editor) -> Response:
    """Let nothing run any more, until somebody sets it free."""
    return await here.answer(here.platform.runbooks.freeze, told.reason, _asker(request, who))


@router.post("/v1/automation/unfreeze", response_model=shapes.AutomationShown)
async def unfreeze(here: Here, request: Request, who: Admin) -> Response:
    """Let run again what the operator allows."""
    return await here.answer(here.platform.runbooks.unfreeze, _asker(request, who))
