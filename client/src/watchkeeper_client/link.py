"""The way to the server: what it answered, as a type that says what to do next."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from watchkeeper_client.errors import ClientError
from watchkeeper_client.lifecycle import enrol
from watchkeeper_client.packing import Batch

if TYPE_CHECKING:
    from urllib3.connection import HTTPConnection

__all__ = ["Answer", "Failed", "Link", "Outcome", "Retry", "Sent", "retry_after", "server_error"]

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


class Answer(NamedTuple):
    """What a server answered, whatever it says.

    Parameters
    ----------
    status, body
        As HTTP has them.
    retry_after
        The header of this name, or None.
    """

    status: int
    body: bytes
    retry_after: str | None


class Link:
    """The way to one server: a connection for batches, kept open, and one for each question.

    Batches are posted by one thread at a time; questions may be asked from any. No connection is
    shared between threads, so there is no lock that a fork could leave locked in the child.

    Parameters
    ----------
    url
        The server's address: `http://…` or `https://…`, perhaps with a path.
    key
        The API key, or None.
    timeout_s
        Seconds until the server has to have answered a batch.
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
        self._kept: HTTPConnection | None = None
        self._busy = False
        self._headers = {"User-Agent": "watchkeeper-client"}
        if key:
            self._headers["Authorization"] = f"Bearer {key}"
        enrol(self)

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
        limit = self._timeout_s if timeout_s is None else min(timeout_s, self._timeout_s)
        if self._kept is not None and not self._kept.is_connected:
            self.close()
        if self._kept is None:
            self._kept = self._connection()
        self._busy = True
        try:
            answer = self._exchange(
                self._kept, limit, "POST", path, headers=headers, body=batch.body
            )
        except ClientError as error:
            self.close()
            return Retry(str(error))
        finally:
            self._busy = False
        return _outcome(answer, batch.records)

    def ask(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, str],
        body: bytes | None,
        timeout_s: float,
    ) -> Answer:
        """One question and its answer.

        Raises
        ------
        ClientError
            There was no answer.
        """
        connection = self._connection()
        try:
            return self._exchange(connection, timeout_s, method, path, headers=headers, body=body)
        finally:
            connection.close()

    def stream(self, method: str, path: str, *, timeout_s: float) -> tuple[Answer, Iterator[bytes]]:
        """One question whose answer comes piece by piece.

        Returns
        -------
        answer
            Status and, unless it is 200, the body.
        pieces
            The body of an answer with status 200; they raise `ClientError` where it breaks off.

        Raises
        ------
        ClientError
            There was no answer.
        """
        connection = self._connection()
        connection.timeout = max(timeout_s, 0.05)
        with ExitStack() as held:
            held.callback(connection.close)
            with self._heard():
                connection.request(
                    method, self._address(path), headers=self._headers, preload_content=False
                )
                found = held.enter_context(connection.getresponse())
                if found.status != 200:
                    return Answer(found.status, found.read(), None), iter(())
            rest = held.pop_all()

        def pieces() -> Iterator[bytes]:
            with rest, self._heard():
                yield from found.stream(1 << 16)

        return Answer(found.status, b"", None), pieces()

    def close(self) -> None:
        """Close the connection; the next batch makes a new one."""
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()

    def forked(self) -> None:
        """Leave the connection to the parent of this process.

        Where the parent's thread was in the middle of an answer, even closing our copy could wait
        for that thread, which is not here: then it is only forgotten.
        """
        if self._busy:
            self._kept = None
        self._busy = False
        self.close()

    def exit(self) -> None:
        """Nothing to do: whoever uses the link closes it."""

    def _connection(self) -> HTTPConnection:
        """A connection of its own; it connects with its first request."""
        from urllib3.connection import HTTPConnection, HTTPSConnection
        from urllib3.util import parse_url

        parts = parse_url(self.url)
        host = parts.host or ""
        if parts.scheme == "https":
            return HTTPSConnection(host, parts.port, ca_certs=self._ca_file)
        return HTTPConnection(host, parts.port)

    def _exchange(
        self,
        connection: HTTPConnection,
        timeout_s: float,
        method: str,
        path: str,
        *,
        headers: dict[str, str],
        body: bytes | None,
    ) -> Answer:
        """Send a request and read its answer."""
        connection.timeout = max(timeout_s, 0.05)
        with self._heard():
            # A server that refuses may answer and hang up before it has read all.
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.request(
                    method, self._address(path), body=body, headers=self._headers | headers
                )
            answer = connection.getresponse()
            said = answer.headers.get("Retry-After")
            return Answer(answer.status, answer.data, said)

    def _address(self, path: str) -> str:
        from urllib3.util import parse_url

        return f"{parse_url(self.url).path or ''}{path}"

    @contextmanager
    def _heard(self) -> Iterator[None]:
        """What goes wrong on the way is a `ClientError`."""
        from http.client import HTTPException

        from urllib3.exceptions import HTTPError

        try:
            yield
        except (HTTPError, HTTPException, OSError) as error:
            why = f"{type(error).__name__}: {error}"
            raise ClientError(f"no answer from {self.url}: {why}") from error


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


def _outcome(answer: Answer, records: int) -> Outcome:
    """What an answer to a batch says."""
    if answer.status in TRANSIENT:
        why = f"HTTP {answer.status}: {_message(answer.body)}"
        return Retry(why, retry_after(answer.retry_after, time.time_ns()))
    if 200 <= answer.status < 300:
        return _sent(answer.body, records)
    return Failed(f"HTTP {answer.status}: {_message(answer.body)}")


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
