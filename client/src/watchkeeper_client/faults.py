"""What goes wrong: the class of an error, and our own errors, which never reach the service.

An error of the *service* (an exception, a status) is described for the record of its prediction.
An error of the *instrumentation* is swallowed, counted by the place where it happened, and told
once a place through the logger `watchkeeper`.
"""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Mapping
from threading import Lock
from types import TracebackType
from typing import Final

__all__ = ["Guard", "classify", "describe", "guarded", "not_finite", "own_errors", "status_error"]

CLASSES: Final = ("4xx", "5xx", "load", "invalid", "upstream", "cache", "timeout", "application")
"""The classes of error that the server knows."""

MESSAGE_LIMIT: Final = 300
"""Characters of an exception's message that are kept."""

_logger = logging.getLogger("watchkeeper")
_counts: Counter[str] = Counter()
_lock = Lock()


def classify(error: BaseException) -> str:
    """The class of an exception.

    An exception says it itself in an attribute `error_class`; an HTTP exception by its
    `status_code`; time limits and lost connections are known by their types, also those of HTTPX,
    Requests and urllib3, by name. A cancelled request is `4xx`: its caller went away.

    Parameters
    ----------
    error
        What was raised.

    Returns
    -------
    str
        One of `4xx`, `5xx`, `load`, `invalid`, `upstream`, `cache`, `timeout`, `application`.

    Examples
    --------
    >>> classify(TimeoutError()), classify(ConnectionResetError()), classify(KeyError("age"))
    ('timeout', 'upstream', 'application')
    """
    said = getattr(error, "error_class", None)
    if said in CLASSES:
        return str(said)
    status = getattr(error, "status_code", None)
    if isinstance(status, int) and 400 <= status < 600:
        return f"{status // 100}xx"
    names = {kind.__name__ for kind in type(error).__mro__}
    if "CancelledError" in names:  # asyncio is not imported for its name.
        return "4xx"
    if isinstance(error, TimeoutError) or any("Timeout" in name for name in names):
        return "timeout"
    if isinstance(error, ConnectionError) or names & {"TransportError", "ConnectionError"}:
        return "upstream"
    return "application"


def describe(error: BaseException) -> dict[str, str]:
    """An exception as the `error` of a record: its class, type, and the start of its message.

    Examples
    --------
    >>> describe(ValueError("no such airport"))
    {'class': 'application', 'type': 'ValueError', 'message': 'no such airport'}
    """
    try:
        message = str(error)[:MESSAGE_LIMIT]
    except Exception as broken:  # noqa: BLE001  # an exception's own text may raise anything
        message = f"(its text raised {type(broken).__name__})"
    return {"class": classify(error), "type": type(error).__name__, "message": message}


def status_error(status: int) -> dict[str, str] | None:
    """The `error` of a response by its status; None below 400.

    Examples
    --------
    >>> status_error(503)
    {'class': '5xx', 'type': 'HTTP 503'}
    >>> status_error(200) is None
    True
    """
    return {"class": f"{status // 100}xx", "type": f"HTTP {status}"} if status >= 400 else None


def not_finite(value: object) -> dict[str, str] | None:
    """The `error` of a prediction that is NaN or infinite; None for any other value.

    Examples
    --------
    >>> not_finite(float("nan"))
    {'class': 'invalid', 'type': 'prediction', 'message': 'the prediction is nan'}
    >>> not_finite(0.5) is None, not_finite("inf") is None
    (True, True)
    """
    if isinstance(value, float) and not math.isfinite(value):
        text = f"the prediction is {value!r}"
        return {"class": "invalid", "type": "prediction", "message": text}
    return None


class Guard:
    """Swallows and counts what our own code raises; made by `guarded`."""

    __slots__ = ("_where",)

    def __init__(self, where: str) -> None:
        self._where = where

    def __enter__(self) -> None:
        """Nothing to open."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        with _lock:
            _counts[self._where] += 1
            first = _counts[self._where] == 1
        if first:
            text = "watchkeeper: %s failed; counted from now on"
            _logger.warning(text, self._where, exc_info=error)
        return True


def guarded(where: str) -> Guard:
    """Swallow and count what our own code raises, so that it never reaches the service.

    Parameters
    ----------
    where
        The place, as `own_errors` shows it.

    Examples
    --------
    >>> with guarded("example"):
    ...     raise KeyError("ours")
    >>> own_errors()["example"]
    1
    """
    return Guard(where)


def own_errors() -> Mapping[str, int]:
    """How often our own code failed in this process, by place; empty where it never did."""
    with _lock:
        return dict(_counts)
