"""Copies of a request's and a response's JSON, for handlers that attach nothing themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from watchkeeper_client.calls import Call

__all__ = ["Copies", "Copy", "Extract", "attach_extracted"]

Extract = Callable[[Any, Any], "Mapping[str, Any] | Sequence[Mapping[str, Any]] | None"]
"""(request JSON, response JSON) → a prediction's wire fields, several of them, or None."""

LIMIT: Final = 1 << 20
"""Bytes of a body that are copied; a longer one is not read."""


class Copy:
    """A copy of one body, kept only while it is wanted and short."""

    __slots__ = ("_parts", "_size", "wanted", "whole")

    def __init__(self, content_type: str | None) -> None:
        self.wanted = is_json(content_type)
        self.whole = False
        self._parts: list[bytes] = []
        self._size = 0

    def add(self, part: bytes, *, more: bool) -> None:
        """Keep the next part; beyond the limit nothing is kept any more."""
        self.whole = not more
        if not self.wanted:
            return
        self._size += len(part)
        if self._size > LIMIT:
            self.wanted = False
            self._parts.clear()
        else:
            self._parts.append(bytes(part))

    def value(self) -> Any:
        """The decoded JSON; raises where it is none."""
        import msgspec

        return msgspec.json.decode(b"".join(self._parts))


class Copies:
    """Copies of the two bodies of one request."""

    __slots__ = ("request", "response")

    def __init__(self, content_type: str | None) -> None:
        self.request = Copy(content_type)
        self.response = Copy(None)

    def answered(self, headers: Mapping[bytes, bytes]) -> None:
        """Take the head of the response: only plain JSON is copied, not what was compressed."""
        kind = headers.get(b"content-type", b"").decode("latin-1")
        encoding = headers.get(b"content-encoding", b"identity")
        self.response.wanted = self.request.wanted and is_json(kind) and encoding == b"identity"


def is_json(content_type: str | None) -> bool:
    """Whether a media type is JSON.

    Examples
    --------
    >>> is_json("application/json; charset=utf-8"), is_json("application/problem+json")
    (True, True)
    >>> is_json("text/event-stream"), is_json(None)
    (False, False)
    """
    kind = (content_type or "").partition(";")[0].strip().lower()
    return kind == "application/json" or (
        kind.startswith("application/") and kind.endswith("+json")
    )


def attach_extracted(call: Call, extract: Extract, copies: Copies) -> None:
    """Attach what the user's function finds in the two bodies; it may raise what that raises.

    A body that the application did not read to its end, or that is no JSON, asks no function.
    """
    if not all(copy.wanted and copy.whole for copy in (copies.request, copies.response)):
        return
    found = extract(copies.request.value(), copies.response.value())
    if found is None:
        return
    for fields in [found] if isinstance(found, Mapping) else found:
        call.predict(**dict(fields))
