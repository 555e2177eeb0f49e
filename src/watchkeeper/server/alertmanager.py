"""`/api/v2`: Alertmanager's own API, so that amtool, Grafana and Prometheus work against this."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

import watchkeeper
from watchkeeper.alerts.api import Wanted, receivers_body
from watchkeeper.alerts.matchers import Matcher, parse_matcher
from watchkeeper.core.errors import InputError, NotFoundError
from watchkeeper.server.access import needs
from watchkeeper.server.errors import JSON
from watchkeeper.server.reading import LARGEST_FILE, read_small
from watchkeeper.server.services import Here

router = APIRouter(tags=["alertmanager"], prefix="/api/v2")
_read = Depends(needs("read"))
_edit = Depends(needs("edit"))
_ingest = Depends(needs("ingest"))

SilenceId = Annotated[str, Path(description="The silence's id.")]


class AskedAbout(BaseModel):
    """What labels must meet."""

    filter: list[str] = Field(default=[], description="Matchers, such as `model=flights`.")

    def matchers(self) -> tuple[Matcher, ...]:
        """They, read."""
        return tuple(parse_matcher(text) for text in self.filter)


class AskedAlerts(AskedAbout):
    """Which alerts are asked for."""

    receiver: str | None = Field(default=None, description="An expression for a receiver's name.")
    active: bool = True
    silenced: bool = True
    inhibited: bool = True
    muted: bool = True
    unprocessed: bool = True

    def wanted(self) -> Wanted:
        """The same for the answer."""
        return Wanted(
            self.matchers(), self.receiver, active=self.active, silenced=self.silenced,
            inhibited=self.inhibited, muted=self.muted, unprocessed=self.unprocessed,
        )  # fmt: skip


@router.get("/status", response_model=dict[str, Any], dependencies=[_read])
async def alertmanager_status(here: Here) -> Response:
    """Give version, configuration and start."""
    return await here.answer(here.platform.alarms.api_status, watchkeeper.__version__)


@router.get("/receivers", response_model=list[dict[str, Any]], dependencies=[_read])
async def alertmanager_receivers(here: Here) -> Response:
    """List the receivers."""
    return await here.answer(lambda: receivers_body(here.platform.alarms.config()))


@router.get("/silences", response_model=list[dict[str, Any]], dependencies=[_read])
async def alertmanager_silences(here: Here, asked: Annotated[AskedAbout, Query()]) -> Response:
    """List the silences: in force, to come, over."""
    matchers = asked.matchers()
    return await here.answer(lambda: here.platform.alarms.silences(matchers))


@router.post("/silences", response_model=dict[str, str], dependencies=[_edit])
async def alertmanager_post_silence(here: Here, request: Request) -> Response:
    """Make a silence, or change the one whose id is given."""
    body = await read_small(here, request, limit=LARGEST_FILE)
    alarms = here.platform.alarms

    def made() -> dict[str, str]:
        """Keep it, in a thread."""
        return {"silenceID": alarms.add_silence(alarms.silence_of(body))}

    return await here.answer(made)


@router.get("/silence/{id}", response_model=dict[str, Any], dependencies=[_read])
async def alertmanager_silence(here: Here, id: SilenceId) -> Response:  # noqa: A002
    """Show a silence."""

    def shown() -> dict[str, Any]:
        """Find it, in a thread."""
        found = [one for one in here.platform.alarms.silences() if one["id"] == id]
        if not found:
            raise NotFoundError(f"there is no silence {id!r}")
        return found[0]

    return await here.answer(shown)


@router.delete("/silence/{id}", response_model=None, dependencies=[_edit])
async def alertmanager_delete_silence(here: Here, id: SilenceId) -> Response:  # noqa: A002
    """End a silence now."""
    await here.questions.ask(here.platform.alarms.end_silence, id)
    return Response(status_code=200, media_type=JSON)


@router.get("/alerts", response_model=list[dict[str, Any]], dependencies=[_read])
async def alertmanager_alerts(here: Here, asked: Annotated[AskedAlerts, Query()]) -> Response:
    """List all alerts that fire."""
    return await here.answer(here.platform.alarms.api_alerts, asked.wanted())


@router.get("/alerts/groups", response_model=list[dict[str, Any]], dependencies=[_read])
async def alertmanager_groups(here: Here, asked: Annotated[AskedAlerts, Query()]) -> Response:
    """List alerts by groups and receivers."""
    return await here.answer(here.platform.alarms.api_alerts, asked.wanted(), grouped=True)


@router.post("/alerts", response_model=None, dependencies=[_ingest])
async def alertmanager_post_alerts(here: Here, request: Request) -> Response:
    """Take alerts in that another program raised; 400 names what is wrong with some of them."""
    body = await read_small(here, request, limit=LARGEST_FILE)
    problems = await here.questions.ask(here.platform.alarms.take_alerts, body)
    if problems:
        raise InputError("; ".join(problems))
    return Response(status_code=200, media_type=JSON)
