"""Signing in elsewhere: against a real provider, with everything that may not be believed."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from tests.app.people.issuer import CLIENT, SECRET, Issuer, issuing
from watchkeeper.app.people.oidc.config import OidcConfig
from watchkeeper.app.people.oidc.provider import Identity, OidcError, Pending, Provider
from watchkeeper.core.errors import UnavailableError

BACK = "http://127.0.0.1:8470/v1/session/oidc"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROLES = {"editor": ("ml",), "admin": ("ops",)}


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """A provider on the loopback."""
    with issuing(lambda: int(NOW.timestamp())) as found:
        yield found


def provider_of(issuer: Issuer, **more: Any) -> Provider:
    """A client of it."""
    given: dict[str, Any] = {"client_secret": SECRET, "roles": ROLES, **more}
    return Provider(OidcConfig(issuer.url, CLIENT, **given), clock=lambda: NOW)


def away_and_back(provider: Provider, next_: str = "/") -> tuple[Pending, dict[str, str]]:
    """What the browser keeps, and what it brings back."""
    url, pending = provider.begin(BACK, next_)
    answer = httpx.get(url, follow_redirects=False)
    assert answer.status_code == 302
    assert answer.headers["location"].startswith(BACK)
    return pending, dict(parse_qsl(urlsplit(answer.headers["location"]).query))


def signed_in(provider: Provider) -> Identity:
    """Who comes back."""
    pending, answer = away_and_back(provider)
    return provider.finish(BACK, pending, answer)


def test_who_signs_in_there_is_known_here(issuer: Issuer) -> None:
    """The subject, the name and the highest role; nothing secret is in the address."""
    provider = provider_of(issuer)
    url, pending = provider.begin(BACK)
    assert pending.verifier not in url
    assert SECRET not in url
    assert signed_in(provider) == Identity(
        issuer.url, "u-1", "Ada.Lovelace", "Ada Lovelace", "admin"
    )


@pytest.mark.parametrize("ways", [["client_secret_basic"], ["client_secret_post"]])
def test_it_proves_itself_as_the_provider_wants(issuer: Issuer, ways: list[str]) -> None:
    """In the header where that is taken, else in the body; a wrong secret is refused."""
    issuer.ways = ways
    assert signed_in(provider_of(issuer)).subject == "u-1"
    with pytest.raises(OidcError, match="refused: invalid_client"):
        signed_in(provider_of(issuer, client_secret="another"))


def test_without_a_secret_pkce_proves_who_asks(issuer: Issuer) -> None:
    """As for clients that cannot keep one."""
    issuer.secret = None
    assert signed_in(provider_of(issuer, client_secret=None)).subject == "u-1"


def test_keys_are_asked_for_again_when_they_change(issuer: Issuer) -> None:
    """A key that nobody has seen is looked up once more, and only then."""
    provider = provider_of(issuer)
    signed_in(provider)
    signed_in(provider)
    assert issuer.asked.count("/keys") == 1
    assert issuer.asked.count("/.well-known/openid-configuration") == 1
    issuer.change_key()
    assert signed_in(provider).role == "admin"
    assert issuer.asked.count("/keys") == 2


def other_key(issuer: Issuer, claims: dict[str, Any]) -> str:
    """Signed by somebody else under the provider's key id."""
    key = RSAKey.generate_key(2048)
    return jwt.encode({"alg": "RS256", "kid": "one"}, claims, key, algorithms=["RS256"])


def unknown_key(issuer: Issuer, claims: dict[str, Any]) -> str:
    """Signed by a key that the provider does not publish."""
    key = RSAKey.generate_key(2048, {"kid": "nine"})
    return jwt.encode({"alg": "RS256", "kid": "nine"}, claims, key, algorithms=["RS256"])


def by_secret(issuer: Issuer, claims: dict[str, Any]) -> str:
    """Signed with the client's secret: who knows it could say anything."""
    key = OctKey.import_key(SECRET.ljust(32).encode())
    return jwt.encode({"alg": "HS256", "kid": "one"}, claims, key, algorithms=["HS256"])


def by_public_key(issuer: Issuer, claims: dict[str, Any]) -> str:
    """Signed with the public key as if it were a secret."""
    key = OctKey.import_key(json.dumps(issuer.keys()))
    return jwt.encode({"alg": "HS256", "kid": "one"}, claims, key, algorithms=["HS256"])


def unsigned(issuer: Issuer, claims: dict[str, Any]) -> str:
    """Not signed at all."""
    parts = (json.dumps(part).encode() for part in ({"alg": "none"}, claims))
    return ".".join(urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + "."


def changed_after(issuer: Issuer, claims: dict[str, Any]) -> str:
    """Signed, and then made to speak of somebody else."""
    head, _, signature = issuer.signed(claims).split(".")
    body = urlsafe_b64encode(json.dumps({**claims, "sub": "u-2"}).encode()).decode().rstrip("=")
    return f"{head}.{body}.{signature}"


@pytest.mark.parametrize(
    "sign",
    [other_key, unknown_key, by_secret, by_public_key, unsigned, changed_after,
     lambda issuer, claims: "no token"],
)  # fmt: skip
def test_signatures_are_checked(issuer: Issuer, sign: Callable[..., str]) -> None:
    """Only the provider's own key will do."""
    issuer.sign = sign
    with pytest.raises(OidcError, match="not to be believed"):
        signed_in(provider_of(issuer))


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "https://evil.example"}, {"iss": None}, {"aud": "another"}, {"aud": None},
        {"aud": ["another"]}, {"aud": [CLIENT, "another"]},
        {"aud": [CLIENT, "another"], "azp": "another"}, {"azp": "another"},
        {"nonce": "another"}, {"nonce": None}, {"sub": None}, {"iat": None},
        {"exp": int(NOW.timestamp()) - 61}, {"exp": None}, {"exp": "late"},
        {"iat": int(NOW.timestamp()) + 3600}, {"nbf": int(NOW.timestamp()) + 3600},
        {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
    ],
    ids=str,
)  # fmt: skip
def test_claims_are_checked(issuer: Issuer, change: dict[str, Any]) -> None:
    """From whom, for whom, for this sign-in, and now; None: the claim is missing."""

    def spoil(claims: dict[str, Any]) -> dict[str, Any]:
        """Change the claims."""
        return {name: value for name, value in {**claims, **change}.items() if value is not None}

    issuer.spoil_claims = spoil
    with pytest.raises(OidcError, match="not to be believed"):
        signed_in(provider_of(issuer))


def test_clocks_may_differ_a_little(issuer: Issuer) -> None:
    """A token that ended half a minute ago here has not ended there."""
    issuer.spoil_claims = lambda claims: {**claims, "exp": int(NOW.timestamp()) - 30}
    assert signed_in(provider_of(issuer)).subject == "u-1"


def test_only_the_browser_that_left_comes_back(issuer: Issuer) -> None:
    """The answer to another's question, a code of another sign-in, or one used before."""
    provider = provider_of(issuer)
    (pending, answer), (other, others) = away_and_back(provider), away_and_back(provider)
    for state in ({"state": others["state"]}, {"state": ""}):
        with pytest.raises(OidcError, match="not to this browser's question"):
            provider.finish(BACK, pending, {**answer, **state})
    with pytest.raises(OidcError, match="not to this browser's question"):
        provider.finish(BACK, pending, {"code": answer["code"]})
    with pytest.raises(OidcError, match="refused: invalid_grant"):  # PKCE
        provider.finish(BACK, pending, {**answer, "code": others["code"]})
    stolen = replace(other, verifier=pending.verifier)
    _, others = away_and_back(provider)
    with pytest.raises(OidcError, match="refused"):
        provider.finish(BACK, replace(stolen, state=others["state"]), others)
    assert provider.finish(BACK, pending, answer).subject == "u-1"
    with pytest.raises(OidcError, match="refused: invalid_grant"):
        provider.finish(BACK, pending, answer)


def test_answers_of_another_provider_are_refused(issuer: Issuer) -> None:
    """RFC 9207: who answers says so."""
    provider = provider_of(issuer)
    pending, answer = away_and_back(provider)
    with pytest.raises(OidcError, match=r"comes from 'https://evil.example'"):
        provider.finish(BACK, pending, {**answer, "iss": "https://evil.example"})


def test_a_refusal_there_is_told(issuer: Issuer) -> None:
    """In the words of the provider, cut."""
    provider = provider_of(issuer)
    pending, answer = away_and_back(provider)
    said = {"state": answer["state"], "error": "access_denied", "error_description": "no " * 200}
    with pytest.raises(OidcError, match="did not let you in: no no") as caught:
        provider.finish(BACK, pending, said)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"issuer": "https://evil.example"}, "says that the issuer is 'https://evil.example'"),
        ({"authorization_endpoint": None}, "names no authorization_endpoint"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "names no authorization_endpoint"),
    ],
)
def test_a_description_that_is_wrong(issuer: Issuer, change: dict[str, Any], said: str) -> None:
    """The provider must be the one that the file names."""
    issuer.spoil_metadata = lambda held: {**held, **change}
    with pytest.raises(OidcError, match=said):
        provider_of(issuer).begin(BACK)


def test_a_provider_that_is_away(issuer: Issuer) -> None:
    """It is told as something that passes, and the next try works."""
    provider = provider_of(issuer)
    issuer.away = True
    with pytest.raises(UnavailableError, match="does not answer"):
        provider.begin(BACK)
    issuer.away = False
    assert signed_in(provider).subject == "u-1"


def test_roles_may_stand_elsewhere(issuer: Issuer) -> None:
    """In the userinfo where the token has none; of another subject they count for nothing."""
    del issuer.user["groups"]
    provider = provider_of(issuer)
    assert signed_in(provider).role is None
    issuer.elsewhere = {"groups": ["ml"]}
    assert signed_in(provider).role == "editor"
    issuer.elsewhere = {"groups": ["ops"], "sub": "u-2"}
    assert signed_in(provider).role is None
    issuer.user["groups"] = ["hr"]
    issuer.elsewhere = {"groups": ["ops"]}
    assert signed_in(provider).role is None


def test_names_come_from_claims(issuer: Issuer) -> None:
    """The one that is asked for, else the mail address, else the subject."""
    provider = provider_of(issuer)
    del issuer.user["preferred_username"], issuer.user["name"]
    issuer.user["email"] = "ada@example.org"
    assert (signed_in(provider).name, signed_in(provider).display_name) == ("ada@example.org",) * 2
    del issuer.user["email"]
    assert signed_in(provider).name == "u-1"
