"""Users: their names and roles, and that somebody is always left who can add others."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.app.people.homes import OTHER, PASSWORD, Home, home_at
from watchkeeper.app.people.roles import ROLES, granted
from watchkeeper.app.people.users import UserChange, check_name, name_from
from watchkeeper.core.errors import ConflictError, InputError, NotFoundError, WatchkeeperError


def test_users_are_added_listed_and_removed(place: str | Path) -> None:
    """Names without regard to capitals; an answer has no hash in it."""
    with home_at(place, vic="viewer") as home:
        users = home.people.users
        users.add(" Bob@Example.org ", "editor", OTHER, display_name=" Bob ")
        assert [(one.name, one.display_name, one.role) for one in users.list()] == [
            ("ada", "ada", "admin"), ("bob@example.org", "Bob", "editor"), ("vic", "vic", "viewer"),
        ]  # fmt: skip
        assert "argon2" not in str(users.get("BOB@example.org").as_dict())
        with pytest.raises(ConflictError, match="already"):
            users.add("BOB@example.org", "viewer", OTHER)
        assert users.remove("bob@example.org").name == "bob@example.org"
        with pytest.raises(NotFoundError, match=r"there is no user 'bob@example\.org'"):
            users.get("bob@example.org")
        assert users.any()


@pytest.mark.parametrize(
    ("name", "role", "password", "said"),
    [
        ("", "viewer", OTHER, "is no name"), ("_x", "viewer", OTHER, "is no name"),
        ("a b", "viewer", OTHER, "is no name"), ("a" * 101, "viewer", OTHER, "is no name"),
        ("Watchkeeper", "viewer", OTHER, "calls itself"), ("local", "viewer", OTHER, "calls it"),
        ("é", "viewer", OTHER, "is no name"), ("a/b", "viewer", OTHER, "is no name"),
        ("bob", "boss", OTHER, "'boss' is no role"), ("bob", "viewer", "short", "5 characters"),
    ],
)  # fmt: skip
def test_wrong_users_are_not_added(
    home: Home, name: str, role: str, password: str, said: str
) -> None:
    """With what is wrong."""
    before = home.people.users.list()
    with pytest.raises(InputError, match=said):
        home.people.users.add(name, role, password)
    assert home.people.users.list() == before


def test_the_first_user_is_an_admin(tmp_path: Path) -> None:
    """Or nobody could add the second."""
    with home_at(tmp_path / "a.db") as home:
        home.people.users.remove("ada", last=True)
        assert not home.people.any()
        for role in ("viewer", "editor"):
            with pytest.raises(InputError, match="first user must be an admin"):
                home.people.users.check_new("bob", role)
            with pytest.raises(InputError, match="first user must be an admin"):
                home.people.users.add("bob", role, PASSWORD)
        home.people.users.add("bob", "admin", PASSWORD)


@pytest.mark.parametrize(
    "change",
    [
        lambda users: users.change("ada", UserChange(role="viewer")),
        lambda users: users.change("ada", UserChange(disabled=True)),
        lambda users: users.remove("ada"),
        lambda users: users.remove("ada", last=True),  # There are others, who are none.
    ],
)
def test_the_last_admin_stays(home: Home, change: Callable[..., object]) -> None:
    """Unless there is another one who can sign in."""
    with pytest.raises(ConflictError, match="ada is the last admin"):
        change(home.people.users)
    home.people.users.change("eve", UserChange(role="admin", disabled=True))
    with pytest.raises(ConflictError, match="ada is the last admin"):
        change(home.people.users)
    home.people.users.change("eve", UserChange(disabled=False))
    change(home.people.users)


def test_two_admins_who_remove_each_other(place: str | Path) -> None:
    """At the same time: one of them stays."""
    with home_at(place, bob="admin") as home, ThreadPoolExecutor(2) as pool:

        def remove(name: str) -> str:
            """Remove one."""
            try:
                return home.people.users.remove(name).name
            except WatchkeeperError as error:
                return type(error).__name__

        found = sorted(pool.map(remove, ("ada", "bob")))
        left = home.people.users.list()
    assert found[0] == "ConflictError"
    assert len(left) == 1


def test_what_an_admin_changes(home: Home) -> None:
    """A new password ends the sessions; a new name shown does not; nothing leaves all as it is."""
    begun = home.sign_in("vic")
    for change in (UserChange(), UserChange(display_name="Vic V."), UserChange(role="editor")):
        home.people.users.change(" VIC ", change)
        assert home.people.sessions.find(begun.token) is not None
    home.people.users.change("vic", UserChange(password=OTHER))
    assert home.people.sessions.find(begun.token) is None
    home.sign_in("vic", OTHER)
    for change in (UserChange(role="boss"), UserChange(password="x"), UserChange(display_name=" ")):
        with pytest.raises(InputError):
            home.people.users.change("vic", change)
    with pytest.raises(NotFoundError):
        home.people.users.change("nobody", UserChange(role="viewer"))


@given(st.text(max_size=300))
def test_any_name_elsewhere_becomes_one_here(text: str) -> None:
    """Whatever a provider calls people."""
    assert check_name(name_from(text)) == name_from(text)


def test_roles_grow() -> None:
    """Each role may do what the one before may, and only admins everything."""
    held = [set(granted(scopes)) for scopes in ROLES.values()]
    assert held == [{"read"}, {"read", "edit"}, {"ingest", "read", "edit", "admin"}]
    assert list(ROLES) == ["viewer", "editor", "admin"]
