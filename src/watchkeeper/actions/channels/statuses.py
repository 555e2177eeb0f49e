"""What an HTTP status means for something that was sent: the one table for all channels."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal

from watchkeeper.actions.results import Failed, Result, Retry, Sent

Outcome = Literal["sent", "retry", "failed"]

AGAIN = frozenset({408, 421, 425, 429})
"""Statuses below 500 after which the same request may do: too slow, misdirected, early, many."""

_ADVICE = {
    400: "it takes the message for malformed",
    401: "it does not take the credentials; look at the token or password",
    403: "it forbids this; look at the token and what it may do",
    404: "there is nothing at this address; look at the URL",
    405: "it takes no POST at this address; look at the URL",
    407: "the proxy asks for credentials; write them into proxy_url",
    410: "the address is gone for good; make a new one",
    413: "the message is too large for it",
}


def outcome_of(status: int) -> Outcome:
    """Whether a status means that the message arrived, may arrive later, or never will.

    All of 200 to 299 is sent. 408, 421, 425, 429 and all from 500 on are tried again. The rest
    failed; so did redirects, which are not followed: a message is for whom it was addressed to.

    Examples
    --------
    >>> [outcome_of(status) for status in (202, 301, 400, 429, 503)]
    ['sent', 'failed', 'failed', 'retry', 'retry']
    """
    if 200 <= status < 300:
        return "sent"
    return "retry" if status in AGAIN or status >= 500 else "failed"


def result_of(status: int, who: str, said: str = "", after_s: float | None = None) -> Result:
    """The result of a status, in words.

    Parameters
    ----------
    status
        The HTTP status.
    who
        Who answered, such as `Slack`.
    said
        What else the answer says.
    after_s
        The seconds of its `Retry-After`.

    Examples
    --------
    >>> result_of(404, "PagerDuty")
    Failed(why='PagerDuty answered 404: there is nothing at this address; look at the URL')
    """
    outcome = outcome_of(status)
    if outcome == "sent":
        return Sent(f"{who} answered {status}")
    advice = _ADVICE.get(status, "")
    if 300 <= status < 400:
        advice = "it points to another address, which is not followed; write that one"
    why = ": ".join(part for part in (f"{who} answered {status}", advice, said) if part)
    return Retry(after_s, why) if outcome == "retry" else Failed(why)


def retry_after(value: str | None, date: str | None = None) -> float | None:
    """The seconds of a `Retry-After` header, which holds a number or a time.

    Parameters
    ----------
    value
        The header.
    date
        The `Date` header of the same answer, from which a time is counted.

    Returns
    -------
    float | None
        None where there is none, or none that can be read.

    Examples
    --------
    >>> retry_after("30"), retry_after("soon")
    (30.0, None)
    >>> retry_after("Wed, 21 Oct 2015 07:28:30 GMT", "Wed, 21 Oct 2015 07:28:00 GMT")
    30.0
    """
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        then, now = _time(value), _time(date or "")
        seconds = (then - now).total_seconds() if then and now else math.nan
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _time(text: str) -> datetime | None:
    try:
        time = parsedate_to_datetime(text)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
