"""A small provider of OpenID Connect on the loopback: real keys, real HTTP, and faults on demand.

It keeps to the standards where no fault is asked for: codes work once and for their redirect alone,
PKCE is checked (RFC 7636), clients prove who they are, and tokens are signed with joserfc.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

CLIENT, SECRET = "watchkeeper", "s3cret of the client"


def as_is(value: Any) -> Any:
    """The same."""
    return value


@dataclass
class Issuer:
    """What the provider knows, and what it does wrong if a test wants that.

    Attributes
    ----------
    user
        The claims of who sits at the browser.
    elsewhere
        Claims that only the userinfo endpoint tells.
    spoil_claims, spoil_metadata, sign
        Change claims before they are signed, what discovery says, and how is signed.
    asked
        The paths that were asked for.
    """

    url: str = ""
    user: dict[str, Any] = field(default_factory=lambda: {
        "sub": "u-1", "preferred_username": "Ada.Lovelace", "name": "Ada Lovelace",
        "groups": ["ml", "ops"],
    })  # fmt: skip
    elsewhere: dict[str, Any] = field(default_factory=dict)
    spoil_claims: Callable[[dict[str, Any]], dict[str, Any]] = as_is
    spoil_metadata: Callable[[dict[str, Any]], dict[str, Any]] = as_is
    sign: Callable[[Issuer, dict[str, Any]], str] | None = None
    ways: list[str] = field(default_factory=lambda: ["client_secret_basic"])
    secret: str | None = SECRET
    now: Callable[[], int] = lambda: 0
    away: bool = False
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make a key."""
        self.key: RSAKey | ECKey = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
        self.algorithm = "RS256"

    def change_key(self) -> None:
        """Sign with another key of another kind from now on, as providers do now and then."""
        self.key, self.algorithm = ECKey.generate_key("P-256", {"kid": "two"}), "ES256"

    def metadata(self) -> dict[str, Any]:
        """What discovery says."""
        return self.spoil_metadata({
            "issuer": self.url, "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token", "jwks_uri": f"{self.url}/keys",
            "userinfo_endpoint": f"{self.url}/userinfo", "response_types_supported": ["code"],
            "token_endpoint_auth_methods_supported": self.ways,
            "code_challenge_methods_supported": ["S256"],
        })  # fmt: skip

    def keys(self) -> dict[str, Any]:
        """The public keys."""
        return KeySet([self.key]).as_dict(private=False)  # type: ignore[return-value]

    def authorize(self, asked: dict[str, str]) -> str:
        """Where the browser is sent once the user has signed in."""
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        back = urlencode({"code": code, "state": asked["state"], "iss": self.url})
        return f"{asked['redirect_uri']}?{back}"

    def token(self, sent: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """A code turned into tokens; an error in the words of RFC 6749."""
        if not self._is_client(sent, authorization):
            return 401, {"error": "invalid_client"}
        asked = self.codes.pop(sent.get("code", ""), None)
        if asked is None or sent.get("redirect_uri") != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        digest = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") != asked["code_challenge"]:
            return 400, {"error": "invalid_grant", "error_description": "PKCE"}
        access, now = secrets.token_urlsafe(16), self.now()
        half = hashlib.sha256(access.encode()).digest()[:16]
        claims = self.spoil_claims({
            "iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"],
            "at_hash": base64.urlsafe_b64encode(half).decode().rstrip("="), **self.user,
        })  # fmt: skip
        token = self.sign(self, claims) if self.sign else self.signed(claims)
        return 200, {"access_token": access, "token_type": "Bearer", "id_token": token}

    def signed(self, claims: dict[str, Any]) -> str:
        """An ID token with the provider's key."""
        header = {"alg": self.algorithm, "kid": self.key.kid}
        return jwt.encode(header, claims, self.key, algorithms=[self.algorithm])

    def _is_client(self, sent: dict[str, str], authorization: str) -> bool:
        if self.secret is None:
            return sent.get("client_id") == CLIENT and not authorization
        if "client_secret_basic" in self.ways:
            wanted = base64.b64encode(f"{CLIENT}:{self.secret}".encode()).decode()
            return authorization == f"Basic {wanted}"
        return (sent.get("client_id"), sent.get("client_secret")) == (CLIENT, self.secret)


class _Handler(BaseHTTPRequestHandler):
    issuer: Issuer

    def do_GET(self) -> None:
        """Answer what browsers and clients ask."""
        parts = urlsplit(self.path)
        self.issuer.asked.append(parts.path)
        if self.issuer.away:
            self._answer(503, {})
        elif parts.path == "/authorize":
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            self.send_response(302)
            self.send_header("Location", self.issuer.authorize(asked))
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            held: dict[str, Callable[[], dict[str, Any]]] = {
                "/.well-known/openid-configuration": self.issuer.metadata,
                "/keys": self.issuer.keys,
                "/userinfo": lambda: {"sub": self.issuer.user["sub"], **self.issuer.elsewhere},
            }
            self._answer(200 if parts.path in held else 404, held.get(parts.path, dict)())

    def do_POST(self) -> None:
        """Turn a code into tokens."""
        self.issuer.asked.append(self.path)
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        sent = {name: values[0] for name, values in parse_qs(body).items()}
        if self.issuer.away:
            self._answer(503, {})
        else:
            self._answer(*self.issuer.token(sent, self.headers.get("Authorization", "")))

    def _answer(self, status: int, held: dict[str, Any]) -> None:
        body = json.dumps(held).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002  # as its base has it
        """Say nothing."""


@contextmanager
def issuing(now: Callable[[], int]) -> Iterator[Issuer]:
    """A provider that runs until the block ends."""
    issuer = Issuer(now=now)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"issuer": issuer}))
    issuer.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
