"""Questions to the server that wait for an answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from watchkeeper_client.errors import ClientError
from watchkeeper_client.link import Link, server_error

__all__ = ["Asking", "Question"]


class Question(NamedTuple):
    """One request.

    Parameters
    ----------
    method, path
        What to ask, and where: from the server's address on.
    query
        Parameters by name; a list gives several of one name, None is left out.
    body, content_type
        What to send, and its media type.
    """

    method: str
    path: str
    query: Mapping[str, object] | None = None
    body: bytes | None = None
    content_type: str | None = None

    @property
    def address(self) -> str:
        """The path with the query.

        Examples
        --------
        >>> Question("GET", "/v1/models", {"metric": ["f1", "psi"], "step": None}).address
        '/v1/models?metric=f1&metric=psi'
        """
        from urllib.parse import urlencode

        given = {name: value for name, value in (self.query or {}).items() if value is not None}
        return f"{self.path}?{urlencode(given, doseq=True)}" if given else self.path


class Asking:
    """Asks through connections of its own, from any thread.

    Parameters
    ----------
    link
        The way to the server; None where the client is off.
    """

    def __init__(self, link: Link | None) -> None:
        self._link = link

    def answer(self, question: Question, timeout_s: float) -> bytes:
        """The body of the answer.

        Parameters
        ----------
        question
            What to ask.
        timeout_s
            Seconds until it has to have answered.

        Raises
        ------
        ClientError
            There was no answer, or one that says no; with its `status` and `code`.
        """
        kind = question.content_type
        status, answer, _ = self._there().ask(
            question.method,
            question.address,
            headers={} if kind is None else {"Content-Type": kind},
            body=question.body,
            timeout_s=timeout_s,
        )
        if 200 <= status < 300:
            return answer
        raise _refused(question, status, answer)

    def pieces(self, question: Question, timeout_s: float) -> Iterator[bytes]:
        """The body of the answer piece by piece; otherwise as `answer`.

        Parameters
        ----------
        question
            What to ask; nothing is sent with it.
        timeout_s
            Seconds that the server may take for the next piece.
        """
        (status, answer, _), pieces = self._there().stream(
            question.method, question.address, timeout_s=timeout_s
        )
        if status != 200:
            raise _refused(question, status, answer)
        return pieces

    def _there(self) -> Link:
        if self._link is None:
            raise ClientError("the client's address is 'off', so there is no server to ask")
        return self._link


def _refused(question: Question, status: int, answer: bytes) -> ClientError:
    """What a server says that says no."""
    code, message = server_error(answer)
    told = f"{question.method} {question.path}: HTTP {status}: {message or 'no message'}"
    return ClientError(told, status=status, code=code)
