"""Errors as answers: which status code and which JSON body each one becomes.

The codes decide whether a client sends again: it does on 429 and 503 (both carry `Retry-After`) and
not on any other. So no fault of the server is ever a 500, which clients take as final and drop the
records: what nobody foresaw is logged under an id and answered with 503.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from watchkeeper.core.errors import (
    BusyError,
    ConflictError,
    InputError,
    MissingExtraError,
    ModelError,
    NotFoundError,
    ProfileError,
    RuleError,
    TooLargeError,
    UnavailableError,
    UnsupportedTypeError,
    WatchkeeperError,
)

JSON = "application/json"
RETRY_AFTER_UNEXPECTED_S = 5

# The first class that fits decides, so the special ones stand before the general ones.
_STATUS: tuple[tuple[type[WatchkeeperError], int, str], ...] = (
    (TooLargeError, 413, "too_large"),
    (UnsupportedTypeError, 415, "unsupported_type"),
    (InputError, 400, "bad_input"),
    (ModelError, 400, "bad_model"),
    (ProfileError, 400, "bad_profile"),
    (RuleError, 400, "bad_rule"),
    (NotFoundError, 404, "not_found"),
    (ConflictError, 409, "conflict"),
    (UnavailableError, 503, "unavailable"),
    (BusyError, 429, "busy"),
    (MissingExtraError, 501, "missing_package"),
)


class RefusedError(WatchkeeperError):
    """A request that is refused for who asks or from where, not for what it holds.

    Attributes
    ----------
    status
        401 (nobody is known) or 403 (not for this, or a foreign host, origin or page).
    code
        A word for programs.
    who, how
        Who was refused, where that is known, and how they proved it.
    """

    def __init__(self, message: str, *, status: int, code: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.who: str | None = None
        self.how = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """What a request that failed is answered with.

    Attributes
    ----------
    status
        The HTTP status code.
    code
        A word for programs.
    message
        A sentence for people.
    headers
        Further headers, such as `Retry-After`.
    """

    status: int
    code: str
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> bytes:
        r"""The JSON body.

        >>> Failure(404, "not_found", "there is no model 'm'").body()
        b'{"error":{"code":"not_found","message":"there is no model \'m\'"}}'
        """
        return msgspec.json.encode({"error": {"code": self.code, "message": self.message}})


def failure_of(error: WatchkeeperError) -> Failure:
    """The answer to an error that was raised on purpose.

    >>> failure_of(BusyError("too many", retry_after=0.2)).headers
    {'Retry-After': '1'}
    >>> failure_of(TooLargeError("a body of 9 bytes; 8 are allowed")).status
    413
    """
    message = str(error)
    if isinstance(error, RefusedError):
        headers = {"WWW-Authenticate": 'Bearer realm="watchkeeper"'} if error.status == 401 else {}
        return Failure(error.status, error.code, message, headers)
    wait = retry_after(error.retry_after) if isinstance(error, BusyError) else {}
    for kind, status, code in _STATUS:
        if isinstance(error, kind):
            return Failure(status, code, message, wait)
    return Failure(400, "bad_request", message)


def unexpected(reference: str) -> Failure:
    """The answer to an error that nobody foresaw; `reference` finds it in the log."""
    message = (
        f"the server failed in a way that nobody foresaw; it is logged under {reference}: quote "
        "that when you report it, and send the request again later"
    )
    return Failure(503, "unexpected", message, retry_after(RETRY_AFTER_UNEXPECTED_S))


def retry_after(seconds: float) -> dict[str, str]:
    """The header that says when to come again, in whole seconds from 1 on.

    >>> retry_after(2.1)
    {'Retry-After': '3'}
    """
    return {"Retry-After": str(max(1, math.ceil(seconds)))}
