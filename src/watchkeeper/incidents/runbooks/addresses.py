"""Which addresses and namespaces steps may reach: those that the operator has named."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from watchkeeper.incidents.runbooks.automation import Automation

ADDRESS = re.compile(r"(https?)://([A-Za-z0-9.\-_]+(?::\d{1,5})?|\[[0-9A-Fa-f:.]+\](?::\d{1,5})?)"
                     r"(/[^?#\s\\]*)?(\?[^#\s\\]*)?")  # fmt: skip
"""An address without a user: its scheme, host and port, path, and query."""

_PORTS = {"http": ":80", "https": ":443"}


def may_reach(url: str, allowed: Iterable[str]) -> bool:
    """Whether an address lies under one of those that are allowed.

    Scheme, host and port are the same, and the path begins with the same segments.

    Examples
    --------
    >>> may_reach("https://a.example/admin/fallback", ["https://a.example/admin"])
    True
    >>> may_reach("https://a.example/administer", ["https://a.example/admin"])
    False
    >>> may_reach("https://a.example/admin/../x", ["https://a.example/admin"])
    False
    >>> may_reach("https://a.example@evil.example/admin", ["https://a.example"])
    False
    """
    asked = _parts(url)
    if asked is None:
        return False
    for one in allowed:
        held = _parts(one)
        if held is not None and held[0] == asked[0] and held[1] == asked[1][: len(held[1])]:
            return True
    return False


def why_not_allowed(kind: str, settings: Mapping[str, Any], automation: Automation) -> str:
    """Why an action may not be done here; empty where it may.

    Programs, playbooks and secrets are looked at where the action is made.

    Parameters
    ----------
    kind, settings
        Of the action, with values in place of variables.
    automation
        What the operator allows.
    """
    if kind in {"webhook", "fallback"}:
        for key in ("url", "off_url"):
            url = str(settings.get(key) or "")
            if url and not may_reach(url, automation.addresses):
                return _told(f"the address {url!r}", "addresses")
    if kind == "mlflow":
        url = str(settings.get("url") or "")
        if url and url != automation.mlflow_url and not may_reach(url, automation.addresses):
            return _told(f"the address {url!r}", "addresses")
    if kind.startswith("kubernetes_"):
        namespace = str(settings.get("namespace") or "")
        if namespace not in automation.namespaces:
            what = f"the namespace {namespace!r}" if namespace else "a step without a namespace"
            return _told(what, "namespaces")
    return ""


def _told(what: str, where: str) -> str:
    return (
        f"{what} is not one that runbooks may touch; the operator of the server adds it to "
        f"`{where}` in automation.yaml"
    )


def _parts(url: str) -> tuple[str, list[str]] | None:
    """Scheme with host and port, and the segments of the path; None for what is no address."""
    match = ADDRESS.fullmatch(url)
    if match is None:
        return None
    scheme, host, path = match[1], match[2].lower(), match[3] or ""
    segments = [part for part in path.split("/") if part]
    if any(re.sub("%2e", ".", part, flags=re.IGNORECASE) in {".", ".."} for part in segments):
        return None
    if not re.search(r":\d+$", host):
        host += _PORTS[scheme]
    return f"{scheme}://{host}", segments
