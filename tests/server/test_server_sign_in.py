"""Signing in and out over HTTP: the cookie, the token, what is noted, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest

from tests.app.people.homes import OTHER, PASSWORD
from tests.server.signing import Place, signing
from tests.server.test_server_access import bearer


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A server with an admin, an editor and a viewer."""
    with signing(tmp_path) as found:
        for name, role in (("ada", "admin"), ("eve", "editor"), ("vic", "viewer")):
            found.add(name, role)
        yield found


def noted(place: Place) -> list[tuple[Any, ...]]:
    """The access log, the oldest first."""
    rows = reversed(place.people.log.read())
    return [(row["who"], row["how"], row["method"], row["path"], row["status"]) for row in rows]


def cookie_in(header: str) -> Any:
    """The one cookie that a header sets."""
    ((name, morsel),) = SimpleCookie(header).items()
    return name, morsel


def test_sign_in_who_am_i_and_sign_out(place: Place) -> None:
    """Name and password become a session; it ends with the sign-out, and its cookie goes."""
    browser = place.browser()
    assert browser.ask("GET", "/v1/session").json()["error"]["code"] == "not_signed_in"
    answer = browser.sign_in("Eve ")
    assert answer.json() == {
        "how": "session", "name": "eve", "display_name": "eve", "role": "editor",
        "may": ["read", "edit"], "csrf": browser.csrf, "expires": "2026-03-08T12:00:00Z",
        "can_set_password": True,
    }  # fmt: skip
    token = browser.cookies["watchkeeper"]
    assert token not in answer.text
    assert browser.ask("GET", "/v1/session").json() == answer.json()
    assert browser.ask("GET", "/v1/models").status_code == 200
    out = browser.change("DELETE", "/v1/session")
    assert out.status_code == 204
    assert cookie_in(out.headers["set-cookie"])[1]["max-age"] == "0"
    kept = place.browser()
    kept.cookies.set("watchkeeper", token)
    assert kept.ask("GET", "/v1/models").status_code == 401
    again = kept.ask("DELETE", "/v1/session")
    assert (again.status_code, cookie_in(again.headers["set-cookie"])[1].value) == (204, "")
    assert noted(place) == [
        ("eve", "password", "POST", "/v1/session", 200),
        ("eve", "session", "DELETE", "/v1/session", 204),
    ]


@pytest.mark.parametrize(
    ("base_url", "name"),
    [(None, "watchkeeper"), ("https://watch.example", "__Host-watchkeeper")],
)
def test_the_cookie_is_kept_from_scripts_and_other_sites(
    tmp_path: Path, base_url: str | None, name: str
) -> None:
    """HttpOnly and SameSite always; Secure, and bound to the host, over HTTPS."""
    with signing(tmp_path, base_url=base_url) as place:
        place.add("ada", "admin")
        browser = place.browser(base_url=base_url or "http://127.0.0.1:8470")
        answer = browser.sign_in("ada")
        found, morsel = cookie_in(answer.headers["set-cookie"])
        assert found == name
        assert (morsel["httponly"], morsel["samesite"], morsel["path"]) == (True, "Lax", "/")
        assert (bool(morsel["secure"]), morsel["domain"]) == (base_url is not None, "")
        assert browser.ask("GET", "/v1/models").status_code == 200
        assert answer.headers["cache-control"] == "no-store"


def test_a_cookie_that_another_host_could_set_is_none_over_https(tmp_path: Path) -> None:
    """Nor is one of two, of which nobody knows whose each is."""
    with signing(tmp_path, base_url="https://watch.example") as place:
        place.add("ada", "admin")
        browser = place.browser(base_url="https://watch.example")
        browser.sign_in("ada")
        token = browser.cookies["__Host-watchkeeper"]
        for cookie, status in (
            (f"__Host-watchkeeper={token}", 200), (f"watchkeeper={token}", 401),
            (f"__Host-watchkeeper={token}; __Host-watchkeeper={'a' * 43}", 401),
        ):  # fmt: skip
            answer = place.browser(base_url="https://watch.example").ask(
                "GET", "/v1/models", headers={"Cookie": cookie}
            )
            assert answer.status_code == status, cookie


def test_wrong_pairs_are_told_apart_by_nothing(place: Place) -> None:
    """The same status, words, headers and work for who is there and who is not."""
    answers = [
        place.browser().sign_in(name, "not the password", address=f"192.0.2.{number}")
        for number, name in enumerate(["nobody", "ada", "nobody", "vic"])
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1
    assert len({tuple(sorted(set(answer.headers) - {"x-request-id"})) for answer in answers}) == 1
    assert all("set-cookie" not in answer.headers for answer in answers)
    assert len(place.hasher.compared) == 4
    # What was typed where the name belongs may be a password: only names of users are noted.
    assert [row[0] for row in noted(place)] == [None, "ada", None, "vic"]


def test_guesses_end_in_a_wait(place: Place) -> None:
    """429 with the time; failures are noted, waits are not."""
    browser = place.browser()
    statuses = [browser.sign_in("ada", "not the password").status_code for _ in range(8)]
    assert statuses == [401] * 5 + [429] * 3
    answer = browser.sign_in("ada")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")
    assert [row[4] for row in noted(place)] == [401] * 5
    assert place.browser().sign_in("vic", address="198.51.100.9").status_code == 200
    place.clock.go(seconds=61)
    assert browser.sign_in("ada").status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403), ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403), ({"Origin": "http://127.0.0.1:8470"}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200), ({}, 200),
    ],
)  # fmt: skip
def test_no_other_site_signs_anybody_in(place: Place, headers: dict[str, str], status: int) -> None:
    """Nor with a form, which cannot send JSON."""
    given = {"name": "ada", "password": PASSWORD}
    answer = place.browser().ask("POST", "/v1/session", json=given, headers=headers)
    assert answer.status_code == status
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        more = {**headers, "Content-Type": kind}
        form = place.browser().ask("POST", "/v1/session", content=b"{}", headers=more)
        assert form.status_code in {403, 415}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400), (b"{", 400), (b"[]", 400), (b'{"name": "ada"}', 400),
        (b'{"name": "ada", "password": 7}', 400), (b'{"name": "ada", "password": null}', 400),
        (b'{"name": "ada", "password": "%s"}' % (b"x" * 1001), 400),
        (b'{"name": "ada", "password": "secret of mine", "x": 1}', 400), (b"x" * 20_000, 413),
        (b'{"name": "ada\\u0000", "password": "secret of mine"}', 401),
        (b'{"name": "ada", "password": "\\ud800"}', 400),
    ],
)  # fmt: skip
def test_bodies_that_are_none(place: Place, body: bytes, status: int) -> None:
    """What is wrong is said without what was sent."""
    answer = place.browser().ask(
        "POST", "/v1/session", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == status, answer.text
    assert "secret of mine" not in answer.text


def test_signing_in_again_ends_the_session_before(place: Place) -> None:
    """A token that somebody planted in a browser is worth nothing afterwards."""
    browser = place.browser()
    browser.sign_in("vic")
    before = browser.cookies["watchkeeper"]
    browser.sign_in("ada")
    assert browser.cookies["watchkeeper"] != before
    assert place.people.sessions.find(before) is None
    assert [one["user"] for one in place.people.sessions.list()] == ["ada"]


def test_a_password_is_changed_over_http(place: Place) -> None:
    """The browser goes on with a new cookie and token; others have to sign in again."""
    here, there = place.browser(), place.browser()
    here.sign_in("vic")
    there.sign_in("vic")
    given = {"old": PASSWORD, "new": OTHER}
    wrong = here.change("PUT", "/v1/session/password", json={**given, "old": "another"})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (403, "wrong_password")
    weak = here.change("PUT", "/v1/session/password", json={**given, "new": "vic vic vic vic"})
    assert weak.status_code == 400
    answer = here.change("PUT", "/v1/session/password", json=given)
    assert answer.status_code == 200
    assert answer.json()["csrf"] != here.csrf
    here.csrf = answer.json()["csrf"]
    assert here.ask("GET", "/v1/models").status_code == 200
    assert there.ask("GET", "/v1/models").status_code == 401
    assert place.browser().sign_in("vic").status_code == 401
    assert place.browser().sign_in("vic", OTHER).status_code == 200
    assert OTHER not in str(noted(place))


def test_keys_work_beside_users(place: Place) -> None:
    """A key has no session; sent together, the key counts, and needs no token."""
    key, secret = place.platform.keys.create("ci", ["edit"])
    browser = place.browser()
    browser.sign_in("vic")
    found = browser.ask("GET", "/v1/session", headers=bearer(secret)).json()
    shown = ("how", "name", "may", "csrf", "can_set_password")
    assert [found[part] for part in shown] == ["key", "ci", ["edit"], None, False]
    answer = browser.ask("DELETE", "/v1/rules/none", headers=bearer(secret))
    assert answer.status_code == 404
    assert noted(place)[-1] == ("ci", "key", "DELETE", "/v1/rules/none", 404)
    assert secret not in str(noted(place)) + key.id


def test_without_users_nobody_is_asked(tmp_path: Path) -> None:
    """The machine's own server says so, and who asks may do everything; then the first user."""
    with signing(tmp_path) as place:
        browser = place.browser()
        assert browser.ask("GET", "/v1/session/ways").json() == {
            "needed": False, "password": False, "oidc": None,
        }  # fmt: skip
        found = browser.ask("GET", "/v1/session").json()
        assert (found["how"], found["name"], found["may"]) == (
            "open", None, ["ingest", "read", "edit", "admin"],
        )  # fmt: skip
        assert browser.sign_in("ada").status_code == 401
        assert browser.ask("DELETE", "/v1/session").status_code == 204
        first = {"name": "ada", "role": "admin", "password": PASSWORD}
        evil = {"Host": "evil.example"}
        for path, given in (("/v1/users", first), ("/v1/session", {"name": "a", "password": "b"})):
            assert browser.ask("POST", path, json=given, headers=evil).status_code == 403
        assert browser.ask("POST", "/v1/users", json=first).status_code == 201
        assert browser.ask("GET", "/v1/models").status_code == 401
        assert browser.ask("GET", "/v1/session/ways").json() == {
            "needed": True, "password": True, "oidc": None,
        }  # fmt: skip
        assert browser.sign_in("ada").status_code == 200
        assert noted(place)[1:] == [
            (None, "open", "POST", "/v1/users", 201),
            ("ada", "password", "POST", "/v1/session", 200),
        ]  # fmt: skip


def test_the_page_is_for_anyone(place: Place) -> None:
    """It holds nothing, and loads nothing from elsewhere; what it asks for is not."""
    page = place.browser().ask("GET", "/models/secret-model")
    assert page.status_code == 200
    assert "secret-model" not in page.text
    policy = dict(
        part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert (policy["frame-ancestors"], policy["base-uri"]) == ("'none'", "'none'")
    assert page.headers["x-frame-options"] == "DENY"
    lost = place.browser().ask("GET", "/no/where", headers={"Accept": "text/html"})
    assert (lost.status_code, lost.text) == (404, page.text)
    assert lost.headers["content-security-policy"] == page.headers["content-security-policy"]


def test_a_log_that_cannot_be_written_stops_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is done is done: an error would have it done once more."""
    from watchkeeper.core.errors import UnavailableError

    def fail(_: object) -> None:
        raise UnavailableError("the disk is full")

    monkeypatch.setattr(place.people.log, "add", fail)
    browser = place.browser()
    assert browser.sign_in("ada").status_code == 200
