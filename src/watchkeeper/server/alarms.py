"""`/v1/rules`, `/v1/alerts`, `/v1/routes` …: rules, what they raise, and who is told."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from watchkeeper.core.durations import parse_duration
from watchkeeper.core.errors import InputError
from watchkeeper.core.windows import Window, parse_window
from watchkeeper.server import schemas
from watchkeeper.server import schemas_alarms as shapes
from watchkeeper.server.access import needs
from watchkeeper.server.models import Admin, Editor
from watchkeeper.server.reading import read_text
from watchkeeper.server.services import Here

router = APIRouter(tags=["alarms"])
_read = Depends(needs("read"))
_edit = Depends(needs("edit"))

ReceiverName = Annotated[
    str, Path(description="The receiver's name in the routes.", max_length=200)
]
RuleName = Annotated[str, Path(description="The file's name.", examples=["flights"])]


class AskedBacktest(BaseModel):
    """What a back-test covers."""

    window: str = Field(description="START..END in ISO 8601.", examples=["2013-01-01..2013-10-01"])
    model: str | None = Field(default=None, description="Only this model.")
    step: str = Field(default="1h", description="How often the rules are evaluated.")
    points: bool = Field(default=False, description="Also what was compared, at each time.")


class NewAcknowledgement(BaseModel):
    """Somebody takes alerts on."""

    labels: dict[str, str] = Field(
        description="Labels of one of the alerts of each group.", min_length=1
    )
    by: str = Field(min_length=1, max_length=200, description="Who.")
    until: datetime | None = Field(default=None, description="Until then repeats wait; else 8 h.")
    comment: str = Field(default="", max_length=2_000, description="Why.")


class Labelled(BaseModel):
    """Labels of an alert."""

    labels: dict[str, str]


def _text_body(what: str) -> dict[str, object]:
    schema = {"schema": {"type": "string"}}
    return {
        "requestBody": {
            "required": True, "description": what, "content": {"application/yaml": schema},
        }
    }  # fmt: skip


@router.get("/v1/rules", response_model=shapes.RuleFiles, dependencies=[_read])
async def list_rules(here: Here) -> Response:
    """List the rule files in force, with when each group was last evaluated."""
    return await here.answer(lambda: {"files": here.platform.alarms.rules()})


@router.post(
    "/v1/rules/check", response_model=shapes.CheckedRules, dependencies=[_read],
    openapi_extra=_text_body("A rule file."),
)  # fmt: skip
async def check_rules(here: Here, request: Request) -> Response:
    """Check a rule file without putting it in force; 400 names everything that is wrong."""
    return await here.answer(
        here.platform.alarms.check_rules, await read_text(here, request, "the rule file")
    )


@router.post(
    "/v1/rules/backtest", response_model=shapes.Backtested, dependencies=[_read],
    openapi_extra=_text_body("A rule file."),
)  # fmt: skip
async def backtest_rules(
    here: Here, request: Request, asked: Annotated[AskedBacktest, Query()]
) -> Response:
    """Say when the rules of a file would have fired, from profiles alone."""
    text = await read_text(here, request, "the rule file")
    window = _window(asked.window)
    return await here.answer(
        here.platform.alarms.backtest, text, start=window.start, end=window.end,
        model=asked.model, step=parse_duration(asked.step), points=asked.points,
    )  # fmt: skip


@router.put(
    "/v1/rules/{name}", response_model=shapes.AppliedRules,
    openapi_extra=_text_body("A rule file, in the shape that Prometheus has."),
)  # fmt: skip
async def apply_rules(
    here: Here, request: Request, name: RuleName, who: Editor,
    source: Annotated[
        str, Query(max_length=500, description="Where the file is kept; pages then only show it.")
    ] = "",
) -> Response:  # fmt: skip
    """Put a rule file in force; the same file again changes nothing."""
    text = await read_text(here, request, "the rule file")
    return await here.answer(
        here.platform.alarms.put_rules, name, text, who=who.name if who else None, source=source
    )


@router.delete("/v1/rules/{name}", response_model=schemas.Removed)
async def remove_rules(here: Here, name: RuleName, who: Editor) -> Response:
    """Take a rule file out of force; whoever was told of its alerts is told of their end."""
    return await here.answer(here.platform.alarms.remove_rules, name, who=who.name if who else None)


@router.get("/v1/slos", response_model=shapes.Slos, dependencies=[_read])
async def list_slos(here: Here) -> Response:
    """List the SLOs, with what is left of their error budgets."""
    return await here.answer(lambda: {"slos": here.platform.alarms.slo.all()})


@router.put(
    "/v1/slos/{name}", response_model=shapes.AppliedSlos,
    openapi_extra=_text_body("A file with the list `slos`."),
)  # fmt: skip
async def apply_slos(here: Here, request: Request, name: RuleName, who: Editor) -> Response:
    """Put a file of SLOs in force; alerts that could never fire are refused."""
    text = await read_text(here, request, "the file of SLOs")
    return await here.answer(
        here.platform.alarms.slo.put, name, text, who=who.name if who else None
    )


@router.delete("/v1/slos/{name}", response_model=schemas.Removed)
async def remove_slos(here: Here, name: RuleName, who: Editor) -> Response:
    """Take a file of SLOs out of force."""
    return await here.answer(here.platform.alarms.slo.remove, name, who=who.name if who else None)


@router.get("/v1/alerts", response_model=shapes.Alerts, dependencies=[_read])
async def list_alerts(
    here: Here,
    model: Annotated[str | None, Query(description="Only of this model.")] = None,
    every: Annotated[bool, Query(description="Those that are over, too.")] = False,  # noqa: FBT002
) -> Response:
    """List the alerts that are pending or fire, or that have no data or an error."""
    alarms = here.platform.alarms
    return await here.answer(lambda: {"alerts": alarms.alerts(model=model, every=every)})


@router.post("/v1/alerts/acknowledge", response_model=shapes.Acknowledged, dependencies=[_edit])
async def acknowledge_alerts(here: Here, taken: NewAcknowledgement) -> Response:
    """Take alerts on: repeats wait, ends are told all the same."""
    return await here.answer(
        here.platform.alarms.acknowledge, taken.labels, by=taken.by, until=taken.until,
        comment=taken.comment,
    )  # fmt: skip


@router.get("/v1/routes", response_model=shapes.Routes, dependencies=[_read])
async def show_routes(here: Here) -> Response:
    """Show the routes in force."""
    return await here.answer(here.platform.alarms.routes)


@router.put(
    "/v1/routes", response_model=shapes.Routes,
    openapi_extra=_text_body("A configuration file of Alertmanager, as it is."),
)  # fmt: skip
async def apply_routes(here: Here, request: Request, who: Admin) -> Response:
    """Put routes in force; groups that they do not touch keep their deadlines."""
    text = await read_text(here, request, "the configuration")
    return await here.answer(here.platform.alarms.put_routes, text, who=who.name if who else None)


@router.post("/v1/receivers/{name}/test", response_model=shapes.Tried)
async def test_receiver(here: Here, who: Admin, name: ReceiverName) -> Response:
    """Send a message to each channel of a receiver, and say what became of it."""
    by = who.name if who else "Somebody"
    return await here.answer(lambda: {"channels": here.platform.alarms.try_receiver(name, who=by)})


@router.post("/v1/routes/test", response_model=shapes.Routed, dependencies=[_read])
async def test_route(here: Here, asked: Labelled) -> Response:
    """Say which receivers an alert with such labels goes to."""
    return await here.answer(lambda: {"receivers": here.platform.alarms.route_test(asked.labels)})


@router.get("/v1/messages", response_model=shapes.Messages, dependencies=[_read])
async def list_messages(
    here: Here,
    state: Annotated[
        Literal["waiting", "sent", "dead"] | None, Query(description="Only in this state.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="At most so many.")] = 100,
) -> Response:
    """List messages and what became of them."""
    return await here.answer(
        lambda: {"messages": here.platform.alarms.messages(state=state, limit=limit)}
    )


@router.get("/v1/history", response_model=shapes.History, dependencies=[_read])
async def show_history(
    here: Here,
    model: Annotated[str | None, Query(description="Only of this model.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="At most so many.")] = 200,
    kind: Annotated[
        list[str] | None, Query(description="Only of these kinds, such as `state`.")
    ] = None,
) -> Response:
    """Show changes of alerts, messages, silences and rules."""
    alarms = here.platform.alarms
    return await here.answer(
        lambda: {"history": alarms.history(model=model, limit=limit, kinds=kind or ())}
    )


def _window(text: str) -> Window:
    try:
        return parse_window(text)
    except ValueError as error:
        raise InputError(f"the window {error}") from error
