"""The way to the server: what it answered, as a type that says what to do next."""

from __future__ import annotations

import re
import time
from typing import Any, NamedTuple

from watchkeeper_client.errors import ClientError
from watchkeeper_client.lifecycle import enrol, importing
from watchkeeper_client.packing import Batch

__all__ = ["Failed", "Link", "Outcome", "Retry", "Sent", "retry_after", "server_error"]

TRANSIENT = frozenset({429, 502, 503, 504})
"""Statuses that say: not now. All others are the server's last word."""


_ADDRESS = re.compile(r"https?://[^\s/?#@]+(?:/[^\s?#]*)?", re.IGNORECASE)


class Sent(NamedTuple):
    """The server has the batch on its disk.

    Parameters
    ----------
    accepted, rejected
        Records by its answer.
    why
        The first reason it gave for a rejected one.
    """

    accepted: int
    rejected: int = 0
    why: str = ""


class Retry(NamedTuple):
    """Not now: the server is away or busy.

    Parameters
    ----------
    why
        What happened.
    after_s
        How long the server asks to wait, in seconds.
    """

    why: str
    after_s: float = 0.0


class Failed(NamedTuple):
    """Never: the server refused the batch as a whole.

    Parameters
    ----------
    why
        What it said.
    """

    why: str


Outcome = Sent | Retry | Failed


class Link:
    """Connections to one server, kept open and used again, from any thread; a fork opens new ones.

    Parameters
    ----------
    url
        The server's address: `http://…` or `https://…`, perhaps with a path.
    key
        The API key, or None.
    timeout_s
        Seconds until the server has to have answered.
    ca_file
        Certificates to trust instead of the system's.

    Raises
    ------
    ClientError
        The address is none of HTTP.
    """

    def __init__(
        self, url: str, key: str | None, *, timeout_s: float, ca_file: str | None = None
    ) -> None:
        if not _ADDRESS.fullmatch(url):
            raise ClientError(
                f"the server's address is {url!r}; write one such as 'http://127.0.0.1:8470'"
            )
        self.url = url.rstrip("/")
        self._timeout_s = timeout_s
        self._ca_file = ca_file
        self._pool: Any = None
        self._headers = {"User-Agent": "watchkeeper-client"}
        if key:
            self._headers["Authorization"] = f"Bearer {key}"
        enrol(self)

    def open(self) -> None:
        """Import what sending takes, so that no fork falls into the middle of it."""
        with importing:
            if self._pool is not None:
                return
            import urllib3

            # The first name that is looked up imports this codec.
            "localhost".encode("idna")
            self._pool = urllib3.PoolManager(
                num_pools=1, maxsize=4, retries=False, ca_certs=self._ca_file
            )

    def post(self, batch: Batch, timeout_s: float | None = None) -> Outcome:
        """Send a batch once; it does not raise for what the network or the server do.

        Parameters
        ----------
        batch
            What to send.
        timeout_s
            Seconds for this attempt, where they are less than the link's.
        """
        headers = {"Content-Type": batch.content_type, "Idempotency-Key": batch.key}
        if batch.encoding:
            headers["Content-Encoding"] = batch.encoding
        path = f"/v1/{batch.signal}?{batch.query}" if batch.query else f"/v1/{batch.signal}"
        try:
            status, answer, said = self.ask(
                "POST", path, headers=headers, body=batch.body, timeout_s=timeout_s
            )
        except ClientError as error:
            return Retry(str(error))
        if status in TRANSIENT:
            return Retry(f"HTTP {status}: {_message(answer)}", retry_after(said, time.time_ns()))
        if 200 <= status < 300:
            return _sent(answer, batch.records)
        return Failed(f"HTTP {status}: {_message(answer)}")

    def ask(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, str],
        body: bytes | None = None,
        timeout_s: float | None = None,
    ) -> tuple[int, bytes, str | None]:
        """One request and its answer: status, body, and the header `Retry-After`.

        Raises
        ------
        ClientError
            There was no answer.
        """
        if self._pool is None:
            self.open()
        import urllib3

        limit = self._timeout_s if timeout_s is None else min(timeout_s, self._timeout_s)
        try:
            answer = self._pool.request(
                method,
                f"{self.url}{path}",
                body=body,
                headers=self._headers | headers,
                timeout=urllib3.Timeout(total=max(limit, 0.05)),
                redirect=False,
            )
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise ClientError(
                f"no answer from {self.url}: {type(error).__name__}: {error}"
            ) from error
        return answer.status, answer.data, answer.headers.get("Retry-After")

    def close(self) -> None:
        """Close the connections; the next request opens new ones."""
        if self._pool is not None:
            self._pool.clear()

    def forked(self) -> None:
        """Leave the connections to the parent of this process."""
        self._pool = None

    def exit(self) -> None:
        """Nothing to do: whoever uses the link closes it."""


def retry_after(said: str | None, now_ns: int) -> float:
    """The seconds that a `Retry-After` asks for.

    Parameters
    ----------
    said
        Seconds, or a date of HTTP; None where it was absent.
    now_ns
        Nanoseconds since 1970.

    Returns
    -------
    float
        Between 0 and an hour; 0 where it is absent or cannot be read.

    Examples
    --------
    >>> retry_after("2.5", 0), retry_after("Thu, 01 Jan 1970 00:00:07 GMT", 0), retry_after("?", 0)
    (2.5, 7.0, 0.0)
    """
    if not said:
        return 0.0
    try:
        seconds = float(said)
    except ValueError:
        from email.utils import parsedate_to_datetime

        try:
            seconds = parsedate_to_datetime(said).timestamp() - now_ns / 1e9
        except (TypeError, ValueError):
            return 0.0
    return min(max(seconds, 0.0), 3600.0) if seconds == seconds else 0.0  # noqa: PLR0124  # NaN


def _sent(answer: bytes, records: int) -> Sent:
    """What a good answer says of the records; one without numbers says that all were taken."""
    found = decoded(answer)
    if not isinstance(found, dict):
        return Sent(records)
    rejected = found.get("rejected")
    if not isinstance(rejected, int) or rejected <= 0:
        return Sent(records)
    rejected = min(rejected, records)
    errors = found.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    why = f"{first.get('reason')}: {first.get('message')}" if isinstance(first, dict) else ""
    return Sent(records - rejected, rejected, why)


def decoded(answer: bytes) -> Any:
    """JSON as Python values; None where it is none."""
    import msgspec

    try:
        return msgspec.json.decode(answer)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def server_error(answer: bytes) -> tuple[str | None, str]:
    """The code and the message of an error that the server answered with."""
    found = decoded(answer)
    error = found.get("error") if isinstance(found, dict) else None
    if isinstance(error, dict):
        code = error.get("code")
        return (str(code) if code else None), str(error.get("message", ""))
    return None, answer[:200].decode("utf-8", "replace").strip()


def _message(answer: bytes) -> str:
    code, message = server_error(answer)
    return f"{code}: {message}" if code else message
