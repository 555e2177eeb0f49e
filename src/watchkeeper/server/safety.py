"""The headers that every answer has, so that a browser does nothing with it that nobody meant.

Two kinds: answers of the API, which load nothing, and pages, which load what this server has and
nothing else, without inline scripts and styles. An answer that sets one of these headers itself
keeps its own.
"""

from __future__ import annotations

from collections.abc import Sequence

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
"""What a page of the server may load, and that no page may frame it.

Images may be made of data: charts are exported as images that the page itself has drawn.
"""

_API_POLICY = "default-src 'none'; frame-ancestors 'none'"
_HTML = b"text/html"
_Pairs = Sequence[tuple[bytes, bytes]]


def _pairs(policy: str) -> _Pairs:
    return (
        (b"cache-control", b"no-store"),
        (b"content-security-policy", policy.encode()),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"cross-origin-resource-policy", b"same-origin"),
        (b"referrer-policy", b"no-referrer"),
        (b"x-content-type-options", b"nosniff"),
        (b"x-frame-options", b"DENY"),
    )


_API, _PAGE = _pairs(_API_POLICY), _pairs(PAGE_POLICY)


def defaults_for(headers: _Pairs) -> list[tuple[bytes, bytes]]:
    """The headers that an answer lacks; those of a page where it is HTML.

    >>> dict(defaults_for([(b"cache-control", b"max-age=60")]))[b"content-security-policy"]
    b"default-src 'none'; frame-ancestors 'none'"
    """
    held = {name.lower(): value for name, value in headers}
    is_page = held.get(b"content-type", b"").startswith(_HTML)
    return [pair for pair in (_PAGE if is_page else _API) if pair[0] not in held]
