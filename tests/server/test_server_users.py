"""Users, sessions and the access log over HTTP: who may see and change what."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.people.homes import OTHER, PASSWORD
from tests.server.signing import Browser, Place, signing
from tests.server.test_server_access import bearer


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A server with an admin, an editor and a viewer."""
    with signing(tmp_path) as found:
        for name, role in (("ada", "admin"), ("eve", "editor"), ("vic", "viewer")):
            found.add(name, role)
        yield found


def signed_in(place: Place, name: str, password: str = PASSWORD) -> Browser:
    """A browser of a user."""
    browser = place.browser()
    assert browser.sign_in(name, password).status_code == 200
    return browser


def code_of(answer: object) -> str:
    """The word of an error."""
    return str(answer.json()["error"]["code"])  # type: ignore[attr-defined]


def test_an_admin_adds_changes_and_removes_users(place: Place) -> None:
    """Each answer is the user without anything secret."""
    ada = signed_in(place, "ada")
    new = {"name": "Bob", "role": "viewer", "password": OTHER, "display_name": "Bob B."}
    made = ada.change("POST", "/v1/users", json=new)
    assert made.status_code == 201
    assert made.json() == {
        "name": "bob", "display_name": "Bob B.", "role": "viewer", "way": "password",
        "disabled": None, "created": "2026-03-01T12:00:00Z", "last_sign_in": None,
    }  # fmt: skip
    assert code_of(ada.change("POST", "/v1/users", json=new)) == "conflict"
    bob = signed_in(place, "bob", OTHER)
    assert bob.change("DELETE", "/v1/rules/none").status_code == 403
    assert ada.change("PATCH", "/v1/users/bob", json={"role": "editor"}).json()["role"] == "editor"
    assert bob.change("DELETE", "/v1/rules/none").status_code == 404
    listed = ada.ask("GET", "/v1/users")
    assert [user["name"] for user in listed.json()["users"]] == ["ada", "bob", "eve", "vic"]
    assert "argon2" not in listed.text
    assert ada.change("DELETE", "/v1/users/bob").json()["name"] == "bob"
    assert bob.ask("GET", "/v1/models").status_code == 401
    assert ada.change("DELETE", "/v1/users/bob").status_code == 404


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"name": "bob", "role": "boss", "password": OTHER}, "role"),
        ({"name": "bob", "role": "viewer"}, "password"),
        ({"name": "bob", "role": "viewer", "password": "short-secret"}, "12 characters"),
        ({"name": "b b", "role": "viewer", "password": OTHER}, "is no name"),
        ({"name": "bob", "role": "viewer", "password": OTHER, "admin": True}, "admin"),
    ],
)  # fmt: skip
def test_wrong_users_are_told_without_the_password(
    place: Place, body: dict[str, object], said: str
) -> None:
    """What is wrong, and nothing that was sent in secret."""
    answer = signed_in(place, "ada").change("POST", "/v1/users", json=body)
    assert answer.status_code == 400
    assert said in answer.json()["error"]["message"]
    assert OTHER not in answer.text
    assert "short-secret" not in answer.text


def test_the_last_admin_cannot_go(place: Place) -> None:
    """Not even by their own hand."""
    ada = signed_in(place, "ada")
    for method, given in (("PATCH", {"role": "viewer"}), ("PATCH", {"disabled": True}),
                          ("DELETE", None)):  # fmt: skip
        answer = ada.change(method, "/v1/users/ada", json=given)
        assert (answer.status_code, code_of(answer)) == (409, "conflict")


def test_sessions_are_ones_own(place: Place) -> None:
    """Who is no admin sees and ends no other's; an admin does."""
    ada, vic = signed_in(place, "ada"), signed_in(place, "vic")
    (own,) = vic.ask("GET", "/v1/sessions").json()["sessions"]
    assert (own["user"], own["current"], own["address"]) == ("vic", True, "192.0.2.1")
    for query in ("?all=true", "?user=ada"):
        assert code_of(vic.ask("GET", f"/v1/sessions{query}")) == "missing_scope"
    assert len(ada.ask("GET", "/v1/sessions?all=true").json()["sessions"]) == 2
    (seen,) = ada.ask("GET", "/v1/sessions?user=vic").json()["sessions"]
    assert (seen["id"], seen["current"]) == (own["id"], False)
    (adas,) = ada.ask("GET", "/v1/sessions").json()["sessions"]
    assert vic.change("DELETE", f"/v1/sessions/{adas['id']}").status_code == 404
    assert ada.ask("GET", "/v1/models").status_code == 200
    assert ada.change("DELETE", f"/v1/sessions/{own['id']}").status_code == 204
    assert vic.ask("GET", "/v1/models").status_code == 401


def test_keys_have_no_sessions(place: Place) -> None:
    """One that may read sees none; one of an admin sees and ends all."""
    vic = signed_in(place, "vic")
    read = bearer(place.platform.keys.create("r", ["read"])[1])
    admin = bearer(place.platform.keys.create("a", ["admin"])[1])
    (own,) = vic.ask("GET", "/v1/sessions").json()["sessions"]
    browser = place.browser()
    assert browser.ask("GET", "/v1/sessions", headers=read).json() == {"sessions": []}
    path = f"/v1/sessions/{own['id']}"
    assert browser.ask("DELETE", path, headers=read).status_code == 404
    assert len(browser.ask("GET", "/v1/sessions?all=1", headers=admin).json()["sessions"]) == 1
    assert browser.ask("DELETE", path, headers=admin).status_code == 204


def test_the_log_says_who_did_what(place: Place) -> None:
    """Changes and refusals, in pages; questions are not in it, nor who reads it."""
    ada, vic = signed_in(place, "ada"), signed_in(place, "vic")
    place.clock.go(seconds=5)
    vic.ask("GET", "/v1/models")
    vic.change("PUT", "/v1/rules/base", content=b"groups: []")
    ada.change("PUT", "/v1/rules/base", content=b"groups: []")
    vic.ask("PUT", "/v1/rules/base", content=b"groups: []")
    shown = ada.ask("GET", "/v1/access-log").json()
    assert shown["next"] is None
    assert [(row["who"], row["how"], row["route"], row["status"]) for row in shown["rows"]] == [
        ("vic", "session", "/v1/rules/{name}", 403),
        ("ada", "session", "/v1/rules/{name}", 200),
        ("vic", "session", "/v1/rules/{name}", 403),
        ("vic", "password", "/v1/session", 200),
        ("ada", "password", "/v1/session", 200),
    ]
    assert shown["rows"][0]["at"] == "2026-03-01T12:00:05Z"
    assert shown["rows"][0]["address"] == "192.0.2.1"
    first = ada.ask("GET", "/v1/access-log?limit=3").json()
    rest = ada.ask("GET", f"/v1/access-log?limit=3&before={first['next']}").json()
    assert first["rows"] + rest["rows"] == shown["rows"]
    only = ada.ask("GET", "/v1/access-log?who=vic").json()["rows"]
    assert {row["who"] for row in only} == {"vic"}
    assert vic.ask("GET", "/v1/access-log").status_code == 403


@pytest.mark.parametrize("query", ["?limit=0", "?limit=1001", "?before=x", "?before=-1"])
def test_wrong_pages_of_the_log(place: Place, query: str) -> None:
    """400 with the parameter's name."""
    answer = signed_in(place, "ada").ask("GET", f"/v1/access-log{query}")
    assert (answer.status_code, code_of(answer)) == (400, "bad_input")
