"""Signing in elsewhere over HTTP: there and back, through a real provider, and what goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import structlog

from tests.app.people.homes import START
from tests.app.people.issuer import CLIENT, SECRET, Issuer, issuing
from tests.server.signing import Browser, Place, signing
from watchkeeper.app.people.oidc.config import OidcConfig
from watchkeeper.app.people.oidc.provider import Provider
from watchkeeper.server.sign_in_oidc import local_path

PAGE = {"Accept": "text/html"}


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """A provider on the loopback."""
    with issuing(lambda: int(START.timestamp())) as found:
        yield found


@pytest.fixture
def place(tmp_path: Path, issuer: Issuer) -> Iterator[Place]:
    """A server where people sign in at the provider, without a user of its own."""
    config = OidcConfig(
        issuer.url, CLIENT, SECRET, label="Sign in with Example", roles={"editor": ("ml",)}
    )
    with signing(tmp_path, oidc=Provider(config, clock=lambda: START)) as found:
        yield found


def there(browser: Browser, next_: str = "/") -> str:
    """Go to the provider and sign in; where it sends the browser."""
    answer = browser.ask("GET", "/v1/session/oidc/start", params={"next": next_})
    assert answer.status_code == 303
    back = httpx.get(answer.headers["location"], follow_redirects=False).headers["location"]
    parts = urlsplit(back)
    assert back.startswith("http://127.0.0.1:8470/v1/session/oidc?")
    return f"{parts.path}?{parts.query}"


def test_there_and_back(place: Place) -> None:
    """A session begins, with the role of the claim; the cookie of the way is gone."""
    browser = place.browser()
    ways = browser.ask("GET", "/v1/session/ways").json()
    assert ways == {
        "needed": True, "password": True,
        "oidc": {"label": "Sign in with Example", "url": "/v1/session/oidc/start"},
    }  # fmt: skip
    assert browser.ask("GET", "/v1/models").status_code == 401
    answer = browser.ask("GET", there(browser, "/models/a?window=7d"), headers=PAGE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/models/a?window=7d")
    assert list(browser.cookies) == ["watchkeeper"]
    found = browser.ask("GET", "/v1/session").json()
    assert (found["name"], found["display_name"], found["role"], found["can_set_password"]) == (
        "ada.lovelace", "Ada Lovelace", "editor", False,
    )  # fmt: skip
    browser.csrf = found["csrf"]
    assert browser.change("DELETE", "/v1/rules/none").status_code == 404
    assert browser.change("GET", "/v1/users").status_code == 403
    rows = [(row["who"], row["how"], row["status"]) for row in place.people.log.read()]
    assert rows[-1] == ("ada.lovelace", "oidc", 200)


def test_the_address_holds_no_secret(place: Place) -> None:
    """State, nonce and the digest of the verifier: what the browser keeps is in its cookie."""
    browser = place.browser()
    answer = browser.ask("GET", "/v1/session/oidc/start")
    asked = parse_qs(urlsplit(answer.headers["location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert {"state", "nonce", "code_challenge"} <= set(asked)
    assert SECRET not in answer.headers["location"]
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Max-Age=600" in cookie


def test_another_browser_cannot_come_back(place: Place) -> None:
    """Nobody is signed in as somebody else by a link that they were sent."""
    way = there(place.browser())
    for browser in (place.browser(), place.browser()):
        answer = browser.ask("GET", way)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "oidc_failed")
        assert "watchkeeper" not in browser.cookies
        page = browser.ask("GET", way, headers=PAGE)
        assert (page.status_code, page.headers["location"]) == (303, "/?sign_in=failed")
    # Anybody can send such addresses: they are no rows of the log.
    assert place.people.log.read() == []


@pytest.mark.parametrize("cookie", ["", "!!", "AAAA", "bnVsbA", "e30", "x" * 5000])
def test_odd_cookies_bring_nobody_back(place: Place, cookie: str) -> None:
    """Whatever stands in it."""
    headers = {"Cookie": f"watchkeeper-oidc={cookie}"}
    for query in ("", "?code=x&state=%00", "?code=x&state=", "?error=x"):
        answer = place.browser().ask("GET", f"/v1/session/oidc{query}", headers=headers)
        assert answer.status_code == 401, answer.text


def test_an_answer_works_once(place: Place) -> None:
    """The cookie is gone with it, and the code is used."""
    browser = place.browser()
    answer = browser.ask("GET", "/v1/session/oidc/start")
    kept = dict(browser.cookies)
    back = urlsplit(httpx.get(answer.headers["location"]).headers["location"])
    way = f"{back.path}?{back.query}"
    assert browser.ask("GET", way).status_code == 303
    again = place.browser()
    again.cookies.update(kept)
    assert again.ask("GET", way).status_code == 401


def test_who_has_no_role_stays_out(place: Place, issuer: Issuer) -> None:
    """And is noted with the name that the provider tells."""
    issuer.user["groups"] = ["hr"]
    browser = place.browser()
    with structlog.testing.capture_logs() as said:
        answer = browser.ask("GET", there(browser))
    # A page does not tell the reason; the log does.
    assert [line["who"] for line in said if "may not sign in" in line.get("reason", "")] == [
        "Ada.Lovelace"
    ]
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "oidc_failed")
    assert "may not sign in here" in answer.json()["error"]["message"]
    (row,) = place.people.log.read()
    assert (row["who"], row["how"], row["status"]) == ("Ada.Lovelace", "oidc", 401)


def test_a_provider_that_is_away_is_told(place: Place, issuer: Issuer) -> None:
    """503 to programs, a page to people; and the next try works."""
    issuer.away = True
    start = place.browser().ask("GET", "/v1/session/oidc/start")
    assert (start.status_code, start.json()["error"]["code"]) == (503, "unavailable")
    issuer.away = False
    browser = place.browser()
    for headers, status in (({}, 503), (PAGE, 303)):
        way = there(browser)
        issuer.away = True
        assert browser.ask("GET", way, headers=headers).status_code == status
        issuer.away = False
    assert browser.ask("GET", "/v1/session").status_code == 401
    assert browser.ask("GET", there(browser)).status_code == 303
    assert browser.ask("GET", "/v1/session").status_code == 200


@pytest.mark.parametrize(
    "path",
    ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "",
     "evil", "/a\r\nSet-Cookie: x=y", "/\t/evil.example", "\\\\evil", "/a\\b"],
)  # fmt: skip
def test_no_link_leads_elsewhere(place: Place, path: str) -> None:
    """Only paths of this server are gone to afterwards."""
    assert local_path(path) == "/"
    browser = place.browser()
    answer = browser.ask("GET", there(browser, path))
    assert answer.headers["location"] == "/"
    assert "x=y" not in str(answer.headers)


def test_without_a_provider_there_is_no_way(tmp_path: Path) -> None:
    """404 with what to do."""
    with signing(tmp_path) as place:
        for path in ("/v1/session/oidc/start", "/v1/session/oidc"):
            answer = place.browser().ask("GET", path)
            assert answer.status_code == 404
            assert "--oidc FILE" in answer.json()["error"]["message"]
