"""Requests to receivers: bounded in time and size, never redirected, silent about secrets."""

from __future__ import annotations

import json
import logging
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import httpx

from watchkeeper.actions.channels.secret import Secret
from watchkeeper.actions.channels.statuses import result_of, retry_after
from watchkeeper.actions.channels.words import clean
from watchkeeper.actions.results import Failed, Result, Retry

CONNECT_S = 5.0
"""Seconds to reach a receiver."""

ANSWER_S = 10.0
"""Seconds that a receiver may be silent."""

WHOLE_S = 30.0
"""Seconds after which the rest of an answer is not waited for."""

MOST_READ = 64 * 1024
"""Bytes of an answer that are read."""

MOST_QUOTED = 200
"""Characters of an answer that are repeated to people."""


class _HostOnly(logging.Filter):
    """Keeps the host of each URL that httpx logs: the rest of a webhook's address is a secret."""

    def filter(self, record: logging.LogRecord) -> bool:
        args = record.args if isinstance(record.args, tuple) else ()
        record.args = tuple(
            f"{arg.scheme}://{arg.host}" if isinstance(arg, httpx.URL) else arg for arg in args
        )
        return True


logging.getLogger("httpx").addFilter(_HostOnly())


@dataclass(frozen=True, slots=True)
class Http:
    """How a receiver is reached: `http_config` of a receiver.

    Attributes
    ----------
    authorization
        The scheme, such as `Bearer`, and the credentials.
    user, password
        Of basic authentication; without them `authorization` counts.
    headers
        More headers, whose values may be secrets.
    proxy
        The proxy; else that of the environment, where it names one.
    direct
        Hosts and domains that are reached without the proxy.
    environment
        Whether `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` count.
    verify
        Whether the receiver's certificate is checked.
    ca_file, cert_file, key_file
        PEM files: who is trusted, and who we are.
    server_name
        The name on the certificate, where it differs from the host.
    timeout_s
        Seconds that a receiver may be silent.
    """

    authorization: tuple[str, Secret] | None = None
    user: str = ""
    password: Secret | None = None
    headers: tuple[tuple[str, Secret], ...] = ()
    proxy: Secret | None = None
    direct: tuple[str, ...] = ()
    environment: bool = True
    verify: bool = True
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    server_name: str = ""
    timeout_s: float = ANSWER_S

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """All that no text may repeat."""
        held = [self.password, self.proxy, *(value for _, value in self.headers)]
        held += [self.authorization[1]] if self.authorization else []
        return tuple(secret for secret in held if secret is not None)


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent.

    Attributes
    ----------
    url
        The address; it may hold a secret.
    body
        Bytes as they are sent.
    method
        Mostly POST.
    headers
        Of this request.
    """

    url: str
    body: bytes = field(repr=False)
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver said.

    Attributes
    ----------
    status
        The HTTP status.
    body
        The answer, or what came of it.
    whole
        Whether all of it came.
    after_s
        The seconds of `Retry-After`.
    """

    status: int
    body: bytes = b""
    whole: bool = True
    after_s: float | None = None

    @property
    def text(self) -> str:
        """The beginning of the answer as one line for people."""
        return clean(self.body[: 4 * MOST_QUOTED].decode(errors="replace"), MOST_QUOTED)

    def json(self) -> dict[str, Any] | None:
        """The answer as a JSON object; None where it is none."""
        try:
            read = json.loads(self.body)
        except ValueError:
            return None
        return read if isinstance(read, dict) else None

    def result(self, who: str) -> Result:
        """What its status means."""
        said = self.text if self.status >= 400 else ""
        return result_of(self.status, who, said, self.after_s)


def post_json(
    http: Http, who: str, url: str, body: object, headers: Mapping[str, str] | None = None
) -> Result:
    """Send JSON; the status of the answer decides.

    Parameters
    ----------
    http
        How the receiver is reached.
    who
        What it is called in messages.
    url
        Its address.
    body
        What is sent.
    headers
        Of this request.
    """
    answer = ask(http, who, json_request(url, body, headers))
    return answer.result(who) if isinstance(answer, Answer) else answer


def json_request(url: str, body: object, headers: Mapping[str, str] | None = None) -> Request:
    """A request with a JSON body."""
    kind = {"Content-Type": "application/json; charset=utf-8"}
    return Request(url, json_bytes(body), headers={**kind, **(headers or {})})


def json_bytes(body: object) -> bytes:
    """JSON in UTF-8 without spaces; NaN is refused, since no receiver can read it."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode(errors="replace")


def host_of(url: str) -> str:
    """The host of an address, the part of it that may be shown; empty where it has none.

    Examples
    --------
    >>> host_of("https://hooks.example.com/services/secret"), host_of("http://[x")
    ('hooks.example.com', '')
    """
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def ask(http: Http, who: str, request: Request) -> Answer | Retry | Failed:
    """Send a request and read the answer; what goes wrong on the way is a result.

    Raises
    ------
    InputError
        A secret cannot be read.
    """
    host = host_of(request.url)
    try:
        with _client(http, host) as client:
            return _exchange(client, http, request)
    except (httpx.UnsupportedProtocol, httpx.InvalidURL, httpx.LocalProtocolError, UnicodeError):
        return Failed(f"the URL or a header for {who} is malformed; look at its configuration")
    except httpx.HTTPError as error:
        return Retry(None, f"{who} at {host} {_trouble(error, http)}")
    except OSError as error:  # Certificates that cannot be read.
        return Retry(None, f"{who} at {host}: {clean(error, MOST_QUOTED)}; look at tls_config")


def _trouble(error: httpx.HTTPError, http: Http) -> str:
    if isinstance(error, httpx.TimeoutException):
        return f"did not answer within {http.timeout_s:g} s"
    what = "cannot be reached" if isinstance(error, httpx.ConnectError) else "broke off"
    return f"{what}: {clean(error, MOST_QUOTED)}"


def _client(http: Http, host: str) -> httpx.Client:
    """A client for one exchange: alerts are rare, and an idle connection may have died."""
    if not host:
        raise httpx.UnsupportedProtocol("there is no host in this URL")
    password = http.password.reveal() if http.password else ""
    auth = (http.user, password) if http.user or password else None
    timeout = httpx.Timeout(http.timeout_s, connect=min(CONNECT_S, http.timeout_s))
    direct = any(host == name or host.endswith(f".{name.lstrip('.')}") for name in http.direct)
    proxy = http.proxy.reveal() if http.proxy and not direct else None
    return httpx.Client(
        auth=auth,
        proxy=proxy,
        timeout=timeout,
        verify=_trust(http),
        trust_env=http.environment and not direct,
        follow_redirects=False,
    )


def _exchange(client: httpx.Client, http: Http, request: Request) -> Answer:
    headers = {"User-Agent": "watchkeeper", "Accept-Encoding": "identity", **request.headers}
    if http.authorization:
        scheme, credentials = http.authorization
        headers["Authorization"] = f"{scheme} {credentials.reveal()}"
    headers |= {name: value.reveal() for name, value in http.headers}
    extensions = {"sni_hostname": http.server_name} if http.server_name else {}
    built = client.build_request(
        request.method, request.url, content=request.body, headers=headers, extensions=extensions
    )
    response = client.send(built, stream=True)
    try:
        return _read(response)
    finally:
        response.close()


def _read(response: httpx.Response) -> Answer:
    """The answer; one that dies on the way still has its status."""
    body, whole, end = b"", True, time.monotonic() + WHOLE_S
    try:
        for chunk in response.iter_raw():
            body += chunk
            if len(body) > MOST_READ or time.monotonic() > end:
                whole = False
                break
    except httpx.TransportError:
        whole = False
    after = retry_after(response.headers.get("Retry-After"), response.headers.get("Date"))
    return Answer(response.status_code, body[:MOST_READ], whole, after)


def _trust(http: Http) -> ssl.SSLContext:
    """Whom we trust; made once where it depends on no file that may change."""
    if http.verify and not http.ca_file and not http.cert_file:
        return _usual_trust(http.environment)
    context = ssl.create_default_context(cafile=http.ca_file or None)
    if not http.verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if http.cert_file:
        context.load_cert_chain(http.cert_file, http.key_file or None)
    return context


@lru_cache(maxsize=2)
def _usual_trust(environment: bool) -> ssl.SSLContext:  # noqa: FBT001  # the cache's key
    return httpx.create_ssl_context(trust_env=environment)
