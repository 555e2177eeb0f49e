"""The authorization code flow with PKCE, state and nonce, and the checks of the ID token.

OpenID Connect Core 1.0, sections 3.1.2 and 3.1.3.7; RFC 7636 (PKCE), RFC 9207 (issuer in the
answer). Requests and claims are Authlib's work, signatures joserfc's.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from watchkeeper.app.people.oidc.config import OidcConfig, claim_of
from watchkeeper.core.errors import UnavailableError, WatchkeeperError

ALGORITHMS = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
    "Ed25519",
)  # fmt: skip
"""How an ID token may be signed: with a key of the provider. Not at all is no way, and a secret
that both know neither."""

LEEWAY_S = 60
"""By how much the clocks may differ."""

_FRESH = timedelta(hours=1)
_TIMEOUT_S = 10
_DISCOVERY = "/.well-known/openid-configuration"


class OidcError(WatchkeeperError):
    """A sign-in elsewhere that is not believed."""


@dataclass(frozen=True, slots=True)
class Pending:
    """What the browser keeps while it is away, so that only it can come back.

    Attributes
    ----------
    state, nonce, verifier
        Random; they come back in the address, in the ID token, and prove that we asked.
    next
        Where to go afterwards.
    """

    state: str
    nonce: str
    verifier: str
    next: str = "/"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the provider says it is; the subject is theirs for good, the name may change."""

    issuer: str
    subject: str
    name: str
    display_name: str
    role: str | None


class Provider:
    """A provider of OpenID Connect; for any number of threads.

    Parameters
    ----------
    config
        Where it is, and which role people get.
    clock
        The time now, with its zone.
    """

    def __init__(self, config: OidcConfig, *, clock: Callable[[], datetime]) -> None:
        self.config = config
        self._clock = clock
        self._lock = threading.Lock()
        self._metadata: tuple[datetime, dict[str, Any]] | None = None
        self._keys: dict[str, Any] | None = None

    def begin(self, redirect_uri: str, next_: str = "/") -> tuple[str, Pending]:
        """Where to send the browser, and what it must keep.

        Raises
        ------
        UnavailableError
            The provider does not answer.
        OidcError
            It is not the one that it should be.
        """
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        pending = Pending(state, nonce, verifier, next_)
        endpoint = self._endpoint("authorization_endpoint")
        url, _ = self._session(redirect_uri).create_authorization_url(
            endpoint, state=pending.state, nonce=pending.nonce, code_verifier=pending.verifier
        )
        return str(url), pending

    def finish(self, redirect_uri: str, pending: Pending, answer: Mapping[str, str]) -> Identity:
        """Who has signed in, by what the browser brings back.

        Raises
        ------
        OidcError
            The answer is not to our question, or its token is not to be believed.
        UnavailableError
            The provider does not answer.
        """
        if not hmac.compare_digest(answer.get("state", "").encode(), pending.state.encode()):
            raise OidcError("the answer is not to this browser's question; sign in again")
        if answer.get("iss", self.config.issuer) != self.config.issuer:
            raise OidcError(f"the answer comes from {answer['iss'][:100]!r}, which nobody asked")
        if "error" in answer:
            said = answer.get("error_description") or answer["error"]
            raise OidcError(f"{self.config.issuer} did not let you in: {said[:200]}")
        token = self._token(redirect_uri, pending, answer.get("code", ""))
        claims = self._claims(token, pending.nonce)
        return self._identity(claims, token)

    def _token(self, redirect_uri: str, pending: Pending, code: str) -> dict[str, Any]:
        endpoint = self._endpoint("token_endpoint")
        session = self._session(redirect_uri)
        token: dict[str, Any] = self._asked(
            lambda: session.fetch_token(
                endpoint, grant_type="authorization_code", code=code,
                code_verifier=pending.verifier,
            )
        )  # fmt: skip
        if not isinstance(token.get("id_token"), str):
            raise OidcError(f"{self.config.issuer} sent no ID token")
        return token

    def _claims(self, token: Mapping[str, Any], nonce: str) -> dict[str, Any]:
        """The claims of the ID token, once all of it is checked."""
        from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
        from joserfc.errors import JoseError

        issuer, client_id = self.config.issuer, self.config.client_id
        options = {
            "iss": {"essential": True, "value": issuer},
            "aud": {"essential": True, "value": client_id},
        }
        params = {
            "nonce": nonce, "client_id": client_id, "access_token": token.get("access_token"),
        }  # fmt: skip
        try:
            decoded = self._decoded(token["id_token"])
            claims = CodeIDToken(decoded.claims, decoded.header, options, params)
            claims.validate(now=int(self._clock().timestamp()), leeway=LEEWAY_S)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise OidcError(f"the ID token of {issuer} is not to be believed: {error}") from error
        return dict(claims)

    def _decoded(self, text: str) -> Any:
        """The token once its signature is checked; keys that are not known are asked for again."""
        from joserfc import jwt
        from joserfc.errors import InvalidKeyIdError
        from joserfc.jwk import KeySet

        for fresh in (False, True):
            keys = KeySet.import_key_set(self._key_set(fresh=fresh))  # type: ignore[arg-type]
            try:
                return jwt.decode(text, keys, algorithms=list(ALGORITHMS))
            except InvalidKeyIdError:
                if fresh:
                    raise
        raise AssertionError  # pragma: no cover

    def _identity(self, claims: dict[str, Any], token: Mapping[str, Any]) -> Identity:
        if claim_of(claims, self.config.role_claim) is None:
            claims = {**self._userinfo(claims["sub"], token), **claims}
        subject = str(claims["sub"])
        name = claim_of(claims, self.config.name_claim) or claims.get("email") or subject
        shown = claims.get("name") or name
        role = self.config.role_of(claims)
        return Identity(self.config.issuer, subject, str(name), str(shown), role)

    def _userinfo(self, subject: str, token: Mapping[str, Any]) -> dict[str, Any]:
        """What the provider says at its other place, where roles may stand; of this subject."""
        endpoint = self._discovered().get("userinfo_endpoint")
        if not isinstance(endpoint, str) or not token.get("access_token"):
            return {}
        session = self._session("")
        session.token = dict(token)
        held = self._asked(lambda: _json(session.get(endpoint)))
        # Section 5.3.2: who is described must be who has signed in.
        return held if held.get("sub") == subject else {}

    def _endpoint(self, name: str) -> str:
        found = self._discovered().get(name)
        if not isinstance(found, str) or not found.startswith(("https://", "http://")):
            raise OidcError(f"{self.config.issuer} names no {name}")
        if self.config.issuer.startswith("https:") and not found.startswith("https:"):
            raise OidcError(f"the {name} of {self.config.issuer} is not under https")
        return found

    def _discovered(self) -> dict[str, Any]:
        """The provider's description, asked for once an hour."""
        with self._lock:
            now = self._clock()
            if self._metadata is None or abs(now - self._metadata[0]) > _FRESH:
                url = self.config.issuer.rstrip("/") + _DISCOVERY
                held = self._asked(lambda: _got(url))
                if held.get("issuer") != self.config.issuer:
                    raise OidcError(
                        f"{url} says that the issuer is {str(held.get('issuer'))[:100]!r}; write "
                        "that into the file if it is right"
                    )
                self._metadata, self._keys = (now, held), None
            return self._metadata[1]

    def _key_set(self, *, fresh: bool) -> dict[str, Any]:
        endpoint = self._endpoint("jwks_uri")
        with self._lock:
            if self._keys is None or fresh:
                self._keys = self._asked(lambda: _got(endpoint))
            return self._keys

    def _session(self, redirect_uri: str) -> Any:
        methods = self._discovered().get("token_endpoint_auth_methods_supported")
        is_post = isinstance(methods, list) and "client_secret_basic" not in methods
        way = "client_secret_post" if is_post else "client_secret_basic"
        return _session_class()(
            self.config.client_id, self.config.client_secret,
            token_endpoint_auth_method=way if self.config.client_secret else "none",
            scope=" ".join(self.config.scopes), redirect_uri=redirect_uri,
            code_challenge_method="S256", default_timeout=_TIMEOUT_S,
        )  # fmt: skip

    def _asked(self, question: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The answer of the provider; what it refuses is told apart from that it is away."""
        from authlib.integrations.base_client import OAuthError  # type: ignore[import-untyped]
        from requests import RequestException

        try:
            return question()
        except OAuthError as error:
            raise OidcError(f"{self.config.issuer} refused: {str(error)[:200]}") from error
        except (RequestException, ValueError) as error:
            raise UnavailableError(
                f"{self.config.issuer} does not answer ({type(error).__name__}); try again",
                retry_after=5.0,
            ) from error


def _session_class() -> Any:
    """Authlib on requests: its form for httpx wants another package."""
    from authlib.integrations.requests_client import OAuth2Session  # type: ignore[import-untyped]

    return OAuth2Session


def _got(url: str) -> dict[str, Any]:
    """What stands at an address that anybody may read; it is told nothing of us."""
    import requests

    return _json(requests.get(url, timeout=_TIMEOUT_S))


def _json(response: Any) -> dict[str, Any]:
    response.raise_for_status()
    held = response.json()
    if not isinstance(held, dict):
        raise ValueError("no JSON object")  # noqa: TRY004  # as for JSON that cannot be read
    return held
