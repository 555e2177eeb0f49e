"""`/`: a page that says what this is, whether it runs, and how to send the first prediction."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from functools import cache
from importlib.resources import files

from fastapi import APIRouter, Request
from starlette.responses import Response

import watchkeeper
from watchkeeper.server.frame import headers_of
from watchkeeper.server.services import Here

router = APIRouter(include_in_schema=False)


@router.api_route("/", methods=["GET", "HEAD"])
async def start(here: Here, request: Request) -> Response:
    """The start page; what it shows it asks of the API, in the browser."""
    mode = await here.access.mode()
    if mode == "local":
        here.access.check_local(headers_of(request.scope), method=request.method)
    values = {
        "version": watchkeeper.__version__,
        "access": mode,
        "url": here.url,
        "folder": str(here.platform.settings.folder.absolute()) if mode == "local" else "",
    }
    page = template()
    for name, value in values.items():
        page = page.replace(f"[[{name}]]", html.escape(value, quote=True))
    return Response(page, media_type="text/html", headers={"Content-Security-Policy": policy()})


@cache
def template() -> str:
    """The page with its placeholders, such as `[[version]]`."""
    return (files("watchkeeper.server") / "pages" / "start.html").read_text(encoding="utf-8")


@cache
def policy() -> str:
    """What the page may load: its own script and style by their digests, and this server."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {_digest('script')}",
            f"style-src {_digest('style')}",
            "img-src data:",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


def _digest(tag: str) -> str:
    parts = re.findall(rf"<{tag}>(.*?)</{tag}>", template(), re.DOTALL)
    return " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()}'"
        for part in parts
    )
