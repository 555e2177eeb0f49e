"""No request without the rights gets in: each route, by each who might ask."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.server.signing import Browser, Place, signing
from tests.server.test_server_access import ENTRANCES, KNOWN, NEEDS, OPEN, SIGNED, bearer

ROLES = {
    "viewer": {"read"}, "editor": {"read", "edit"}, "admin": {"ingest", "read", "edit", "admin"},
}  # fmt: skip
KEYS = {"ingest": {"ingest"}, "read": {"read"}, "edit": {"edit"}, "admin": ROLES["admin"]}
SAFE = {"GET", "HEAD"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A server with a user of each role and a key of each scope."""
    with signing(tmp_path_factory.mktemp("rights")) as found:
        for role in reversed(ROLES):
            found.add(role, role)
        yield found


@pytest.fixture
def secrets(place: Place) -> dict[str, str]:
    """The secret of a key for each scope."""
    place.platform.keys.held.clear()
    place.app.state.services.access.forget()
    return {scope: place.platform.keys.create(scope, [scope])[1] for scope in KEYS}


def signed_in(place: Place, role: str) -> Browser:
    """A browser of a user."""
    browser = place.browser()
    assert browser.sign_in(role).status_code == 200
    return browser


def refusal(answer: object) -> str | None:
    """The code of a refusal; None where the request was let in."""
    status, body = answer.status_code, answer.content  # type: ignore[attr-defined]
    if status not in {401, 403}:
        assert status < 500 or status == 503, body
        return None
    return str(answer.json()["error"]["code"])  # type: ignore[attr-defined]


@pytest.mark.parametrize(("method", "path"), NEEDS)
def test_nobody_gets_in(place: Place, secrets: dict[str, str], method: str, path: str) -> None:
    """Without a cookie and a key, with a wrong one, or with the cookie under the name of HTTPS."""
    for headers, code in (
        ({}, "not_signed_in"), ({"Authorization": ""}, "not_signed_in"),
        (bearer("wk_none"), "bad_key"),
        ({"Cookie": "watchkeeper=" + "a" * 43}, "not_signed_in"),
        ({"Cookie": "__Host-watchkeeper=" + "a" * 43}, "not_signed_in"),
    ):  # fmt: skip
        answer = place.browser().ask(method, path, headers=headers)
        assert (answer.status_code, refusal(answer)) == (401, code)


@pytest.mark.parametrize(("method", "path"), NEEDS)
def test_keys_open_what_their_scope_names(
    place: Place, secrets: dict[str, str], method: str, path: str
) -> None:
    """A key needs no token of a page; and no scope but admin implies another."""
    for scope, granted in KEYS.items():
        answer = place.browser().ask(method, path, headers=bearer(secrets[scope]))
        wanted = None if NEEDS[method, path] in granted else "missing_scope"
        assert refusal(answer) == wanted, scope


@pytest.mark.parametrize(("method", "path"), NEEDS)
def test_roles_open_what_they_should(place: Place, method: str, path: str) -> None:
    """A viewer asks, an editor works with what is watched, an admin does everything."""
    for role, granted in ROLES.items():
        browser = signed_in(place, role)
        answer = browser.change(method, path)
        wanted = None if NEEDS[method, path] in granted else "missing_scope"
        assert refusal(answer) == wanted, role


@pytest.mark.parametrize(("method", "path"), [*NEEDS, *sorted(KNOWN)])
def test_a_cookie_alone_changes_nothing(place: Place, method: str, path: str) -> None:
    """Without the token, with another's, or from another site: no role gets in."""
    other = signed_in(place, "admin")
    for role in ROLES:
        browser = signed_in(place, role)
        token = {"X-CSRF-Token": browser.csrf}
        for headers, code in (
            ({}, "bad_csrf"), ({"X-CSRF-Token": ""}, "bad_csrf"),
            ({"X-CSRF-Token": other.csrf}, "bad_csrf"), ({"X-CSRF-Token": "é"}, "bad_csrf"),
            ({**token, "Origin": "https://evil.example"}, "foreign_page"),
            ({**token, "Origin": "null"}, "foreign_page"),
            ({**token, "Origin": "http://127.0.0.1:8471"}, "foreign_page"),
            ({**token, "Sec-Fetch-Site": "cross-site"}, "foreign_page"),
            ({**token, "Sec-Fetch-Site": "same-site"}, "foreign_page"),
        ):  # fmt: skip
            sent = {name: value.encode("latin-1") for name, value in headers.items()}
            answer = browser.ask(method, path, headers=sent)
            if method in SAFE:
                assert refusal(answer) in {None, "missing_scope"}
            else:
                assert (refusal(answer), answer.status_code) == (code, 403), (role, headers)


@pytest.mark.parametrize(("method", "path"), sorted(KNOWN))
def test_who_is_known_may_look_at_themselves(
    place: Place, secrets: dict[str, str], method: str, path: str
) -> None:
    """Whatever their scopes; a key has no password."""
    # Whose session has ended is signed out already.
    wanted = None if (method, path) == ("DELETE", "/v1/session") else "not_signed_in"
    assert refusal(place.browser().ask(method, path)) == wanted
    for scope in KEYS:
        code = refusal(place.browser().ask(method, path, headers=bearer(secrets[scope])))
        assert code == ("no_session" if path.endswith("password") else None)
    for role in ROLES:
        assert refusal(signed_in(place, role).change(method, path)) is None


@pytest.mark.parametrize(("method", "path"), sorted(OPEN | ENTRANCES | SIGNED))
def test_entrances_ask_nobody_who_they_are(place: Place, method: str, path: str) -> None:
    """And a cookie makes no difference to them."""
    code = refusal(place.browser().ask(method, path))
    assert code in {None, "bad_signature", "not_signed"}
    assert refusal(signed_in(place, "viewer").ask(method, path)) == code


def test_the_matrix_is_that_of_all_routes() -> None:
    """Each group stands apart, so that no route is asked for twice under other rules."""
    groups = [set(NEEDS), OPEN, ENTRANCES, KNOWN, SIGNED]
    assert sum(len(group) for group in groups) == len(set().union(*groups))
    assert {*NEEDS.values()} == {"ingest", "read", "edit", "admin"}
