"""Rows and series as files: streamed from the platform, piece by piece, each made in a thread."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Any, Literal, cast
from urllib.parse import quote

import structlog
from starlette.responses import Response, StreamingResponse

from watchkeeper.app.live.questions import RowsQuery, SeriesQuery
from watchkeeper.core.errors import WatchkeeperError
from watchkeeper.server.errors import JSON
from watchkeeper.server.services import Services

Form = Literal["json", "csv", "parquet"]
File = Literal["csv", "parquet"]

TYPES: dict[Form, str] = {
    "json": JSON,
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
}
DOCUMENTED: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            TYPES["csv"]: {"schema": {"type": "string"}},
            TYPES["parquet"]: {"schema": {"type": "string", "format": "binary"}},
        }
    }
}
_log = structlog.stdlib.get_logger("watchkeeper.server")


class BrokenExportError(Exception):
    """A file broke off in the middle: the connection is cut, so that nobody takes it for whole."""


def chosen_form(given: Form | None, accept: str) -> Form:
    """The form of an answer: as the URL says, else the first in `Accept` that there is.

    >>> chosen_form(None, "text/csv;q=0.9, */*"), chosen_form(None, "*/*"), chosen_form("csv", "")
    ('csv', 'json', 'csv')
    """
    if given is not None:
        return given
    forms = {kind: form for form, kind in TYPES.items()}
    for entry in accept.split(","):
        kind = entry.partition(";")[0].strip().lower()
        if kind in forms:
            return forms[kind]
    return "json"


async def exported(
    here: Services,
    model: str,
    what: Literal["rows", "series"],
    query: RowsQuery | SeriesQuery,
    form: Form,
) -> Response:
    """A file of rows or series; what is wrong with the question is known before it begins."""
    file = cast("File", form)
    pieces = await here.questions.ask(here.platform.export, model, what, query, file)
    first = await here.questions.ask(next, pieces, b"")
    name = quote(f"{model}-{what}.{form}", safe="")
    return StreamingResponse(
        _rest(here, first, pieces),
        media_type=TYPES[form],
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{name}"},
    )


async def _rest(here: Services, first: bytes, pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    try:
        piece = first
        while piece:
            yield piece
            piece = await here.questions.ask(next, pieces, b"")
    except WatchkeeperError as error:
        _log.warning("an export broke off", why=str(error))
        raise BrokenExportError(str(error)) from error
    finally:
        close = getattr(pieces, "close", None)
        if close is not None:
            with suppress(WatchkeeperError):
                await here.questions.ask(close)
