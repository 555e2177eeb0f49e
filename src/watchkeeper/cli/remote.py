"""A server, asked over HTTP by the commands about models."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from watchkeeper.core.errors import (
    ConflictError,
    InputError,
    MissingExtraError,
    ModelError,
    NotFoundError,
    UnavailableError,
    WatchkeeperError,
)

if TYPE_CHECKING:
    from watchkeeper.app.live.references import Made

KEY = "WATCHKEEPER_KEY"
"""The environment variable that holds the API key; a flag would stand in the list of processes."""

_ERRORS: Mapping[int, type[WatchkeeperError]] = {
    404: NotFoundError, 409: ConflictError, 422: ModelError, 429: UnavailableError,
}  # fmt: skip
_TIMEOUT_S = 120.0


class Remote:
    """A server, asked over HTTP.

    Parameters
    ----------
    url
        Its address, such as `http://127.0.0.1:8470`.
    key
        An API key; None for a server that asks for none.
    """

    def __init__(self, url: str, key: str | None) -> None:
        try:
            import urllib3
        except ImportError as error:
            raise MissingExtraError("urllib3", "asking a server", "server") from error
        if not url.startswith(("http://", "https://")):
            raise InputError(f"--url is {url!r}; write it as http://127.0.0.1:8470")
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._pool = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=10.0, read=_TIMEOUT_S),
            # A server that is not there is told at once; one that is busy is asked again.
            retries=urllib3.Retry(
                3, connect=0, backoff_factor=0.5, status_forcelist=(429, 503), raise_on_status=False
            ),
        )

    def models(self) -> list[dict[str, Any]]:
        """Every model in a line."""
        answer = self._ask("GET", "/v1/models")
        found: list[dict[str, Any]] = answer["models"] if isinstance(answer, dict) else answer
        return found

    def model(self, name: str) -> dict[str, Any]:
        """All about one model."""
        return self._mapping("GET", model_path(name))

    def remove(self, name: str) -> None:
        """Forget a model and all that was sent of it."""
        self._ask("DELETE", model_path(name))

    def apply(self, content: Mapping[str, Any], *, force: bool) -> dict[str, Any]:
        """Register a model, or change it to what its file says."""
        query = {"force": "true"} if force else {}
        body = json.dumps(content).encode()
        return self._mapping("PUT", model_path(content["name"]), body=body, query=query)

    def reference(self, name: str) -> dict[str, Any] | None:
        """What a model is compared with; None where nothing is set."""
        try:
            return self._mapping("GET", model_path(name, "reference"))
        except NotFoundError:
            return None

    def set_reference(self, name: str, made: Made) -> dict[str, Any]:
        """Send a reference as its profile: numbers, never rows."""
        from watchkeeper.profiles.codec import encode

        return self._mapping(
            "PUT",
            model_path(name, "reference"),
            body=encode(made.profile),
            content_type="application/vnd.watchkeeper.profile",
            query={"kind": made.kind, **made.origin},
        )

    def get(self, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        """What stands at a path."""
        return self._mapping("GET", path, query=query)

    def list(self, path: str) -> list[Any]:
        """The list that stands at a path."""
        answer = self._ask("GET", path)
        if not isinstance(answer, list):
            raise UnavailableError(f"{self._url} answers something else; is it a Watchkeeper?")
        return answer

    def send(
        self,
        method: str,
        path: str,
        body: bytes,
        *,
        content_type: str = "application/json",
        query: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """What the server makes of a body."""
        return self._mapping(method, path, body=body, content_type=content_type, query=query)

    def text(self, path: str) -> str:
        """The text that stands at a path."""
        return self._answer("GET", path).decode()

    def delete(self, path: str) -> None:
        """Remove what stands at a path."""
        self._ask("DELETE", path)

    def _mapping(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        answer = self._ask(method, path, **request)
        if not isinstance(answer, dict):
            raise UnavailableError(f"{self._url} answers something else; is it a Watchkeeper?")
        return answer

    def _ask(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        content_type: str = "application/json",
        query: Mapping[str, str] | None = None,
    ) -> Any:
        """What the server answers, from JSON; an error where it refuses or cannot be reached."""
        data = self._answer(method, path, body=body, content_type=content_type, query=query)
        try:
            return json.loads(data) if data else None
        except ValueError as error:
            raise UnavailableError(
                f"{self._url} does not answer in JSON; is it a Watchkeeper?"
            ) from error

    def _answer(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        content_type: str = "application/json",
        query: Mapping[str, str] | None = None,
    ) -> bytes:
        """The body of the server's answer."""
        import urllib3

        url = f"{self._url}{path}{'?' + urlencode(query) if query else ''}"
        headers = self._headers | ({"Content-Type": content_type} if body is not None else {})
        try:
            answer = self._pool.request(method, url, body=body, headers=headers)
        except urllib3.exceptions.HTTPError as error:
            raise UnavailableError(
                f"the server {self._url} cannot be reached ({_reason(error)}); start one with "
                "`watchkeeper serve`, or check --url"
            ) from error
        if answer.status >= 400:
            raise _refusal(answer.status, answer.data, self._url)
        return bytes(answer.data)


def model_path(name: str, *parts: str) -> str:
    """The address of a model on a server.

    >>> model_path("late/arrivals", "reference")
    '/v1/models/late%2Farrivals/reference'
    """
    return "/".join(["/v1/models", quote(name, safe=""), *parts])


def _refusal(status: int, data: bytes, url: str) -> WatchkeeperError:
    try:
        said = str(json.loads(data)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        said = data.decode("utf-8", "replace").strip()[:200] or "no reason given"
    if status in {401, 403}:
        return InputError(f"{url} refuses the key ({said}); set {KEY} to one with that scope")
    if status >= 500:
        return UnavailableError(f"{url} answers {status}: {said}")
    return _ERRORS.get(status, InputError)(said)


def _reason(error: Exception) -> str:
    cause = getattr(error, "reason", None) or error
    return str(cause).split(": ", 1)[-1]
