"""The web application: one page for every address of it, and the files that it is made of.

It is built from `ui/` while the package is built. Nothing here holds data: what a page shows it
asks of the API, in the browser, with the rights of who looks at it.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from fastapi import APIRouter, Request
from starlette.responses import Response

from watchkeeper.core.errors import NotFoundError
from watchkeeper.server.frame import headers_of
from watchkeeper.server.services import Here, Services

ADDRESSES = (
    "/", "/models/{rest:path}", "/alerts", "/alerts/{rest:path}", "/monitors",
    "/monitors/{rest:path}", "/silences", "/silences/{rest:path}", "/incidents",
    "/incidents/{rest:path}", "/oncall", "/runbooks", "/runbooks/{rest:path}", "/runs/{rest:path}",
    "/dashboards", "/dashboards/{rest:path}", "/settings", "/settings/{rest:path}",
)  # fmt: skip
"""The addresses that the application knows; it draws what belongs to each."""

FOR_PROGRAMS = frozenset({"api", "assets", "healthz", "metrics", "openapi.json", "readyz", "v1"})
"""What the addresses begin with that are no pages."""

_FOREVER = "public, max-age=31536000, immutable"
_KINDS = {
    "css": "text/css", "html": "text/html", "js": "text/javascript", "png": "image/png",
    "svg": "image/svg+xml", "woff2": "font/woff2",
}  # fmt: skip
_COMPRESSED = {"text/javascript", "text/css", "image/svg+xml", "text/html"}

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class File:
    """A file of the application, ready to be sent."""

    kind: str
    plain: bytes
    packed: bytes | None

    def answer(self, request: Request, headers: dict[str, str], status: int = 200) -> Response:
        """The file, compressed where the browser takes that."""
        headers = {**headers, "Vary": "Accept-Encoding"}
        if self.packed is not None and "gzip" in headers_of(request.scope).get(
            "accept-encoding", ""
        ):
            headers["Content-Encoding"] = "gzip"
            return Response(self.packed, status, headers, self.kind)
        return Response(self.plain, status, headers, self.kind)


@cache
def file_of(name: str) -> File:
    """A file by its name within the built application.

    Raises
    ------
    NotFoundError
        There is none, or the application was not built.
    """
    found = files("watchkeeper.server") / "static"
    for part in name.split("/"):
        found = found / part
    if not found.is_file():
        raise NotFoundError(
            f"there is no file {name[:100]!r} of the web pages; where all are missing, they were "
            "not built: run `make ui`, or install the package again"
        )
    kind = _KINDS.get(name.rpartition(".")[2], "application/octet-stream")
    plain = found.read_bytes()
    packed = gzip.compress(plain, 9, mtime=0) if kind in _COMPRESSED else None
    return File(kind, plain, packed)


async def page(here: Here, request: Request) -> Response:
    """The page; which part of the application is shown, its address says."""
    return await _page(here, request, 200)


async def page_of_nowhere(request: Request) -> Response | None:
    """The page at an address that there is not: it says so, and shows the way to those there are.

    None where a program asks: it did not come by a browser's address bar, or for a page.
    """
    first = request.url.path.lstrip("/").partition("/")[0]
    is_looked_for = "text/html" in headers_of(request.scope).get("accept", "")
    if request.method not in {"GET", "HEAD"} or first in FOR_PROGRAMS or not is_looked_for:
        return None
    return await _page(request.app.state.services, request, 404)


async def _page(here: Services, request: Request, status: int) -> Response:
    if await here.access.mode() == "local":
        here.access.check_local(headers_of(request.scope), method=request.method)
    return file_of("index.html").answer(request, {"Cache-Control": "no-cache"}, status)


for address in ADDRESSES:
    router.add_api_route(address, page, methods=["GET", "HEAD"])


@router.api_route("/assets/{name}", methods=["GET", "HEAD"])
async def asset(request: Request, name: str) -> Response:
    """A script, a style or a picture; its name changes with its content."""
    return file_of(f"assets/{name}").answer(request, {"Cache-Control": _FOREVER})
