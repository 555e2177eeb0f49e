"""Sessions begin, are found, and end; passwords are set; and who signed in elsewhere comes in."""

from __future__ import annotations

import re
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from tests.app.people.homes import OTHER, PASSWORD, Home, home_at
from watchkeeper.app.people.oidc.provider import Identity, OidcError
from watchkeeper.app.people.passwords import Passwords
from watchkeeper.app.people.people import People, WrongPasswordError
from watchkeeper.app.people.sessions import ABSOLUTE, IDLE, Origin
from watchkeeper.app.people.users import UserChange
from watchkeeper.core.errors import BusyError, ConflictError, InputError, NotFoundError

ADA = Identity("https://id", "u-1", "Ada", "Ada Lovelace", "editor")


def test_a_session_says_who_it_is(place: str | Path) -> None:
    """The same in each process, until it is ended."""
    with home_at(place) as home:
        begun = home.sign_in(" Ada ")
        other = home.second()
        found = other.sessions.find(begun.token)
        assert found == begun.session
        assert (found.user.name, found.user.role, found.way) == ("ada", "admin", "password")
        assert found.user.last_sign_in == home.clock.at
        other.sessions.end(found.id)
        other.close()
        assert home.people.sessions.find(begun.token) is None


def test_each_sign_in_has_a_token_of_its_own(home: Home) -> None:
    """256 random bits; nothing else opens the session, such as its id or digest."""
    begun = [home.sign_in() for _ in range(3)]
    assert len({one.token for one in begun}) == 3
    for one in begun:
        assert re.fullmatch(r"[\w-]{43}", one.token)
        for wrong in ("", one.session.id, one.token[:-1], one.token + "A", one.token.swapcase(),
                      "\0", "é" * 43, "A" * 10_000):  # fmt: skip
            assert home.people.sessions.find(wrong) is None


def test_the_database_holds_no_token_and_no_password(home: Home, tmp_path: Path) -> None:
    """Whoever reads it cannot sign in with what is there."""
    begun = home.sign_in()
    with pytest.raises(WrongPasswordError):
        home.sign_in("a password typed as a name", "x")
    home.people.close()
    with sqlite3.connect(tmp_path / "people.db") as database:
        text = "\n".join(database.iterdump())
    database.close()
    assert begun.session.id in text
    for secret in (begun.token, PASSWORD, "a password typed as a name"):
        assert secret not in text


def test_a_session_that_is_not_used_ends(home: Home) -> None:
    """Use keeps it, but not for ever."""
    begun = home.sign_in()
    home.clock.go(seconds=IDLE.total_seconds() - 1)
    assert home.people.sessions.find(begun.token) is not None
    home.clock.go(seconds=IDLE.total_seconds() - 1)
    assert home.people.sessions.find(begun.token) is not None
    home.clock.go(seconds=IDLE.total_seconds())
    assert home.people.sessions.find(begun.token) is None
    assert home.people.sessions.list() == []


def test_any_session_ends_after_a_week(home: Home) -> None:
    """However much it is used."""
    begun = home.sign_in()
    started = home.clock.at
    while home.clock.at + timedelta(hours=11) < started + ABSOLUTE:
        home.clock.go(hours=11)
        assert home.people.sessions.find(begun.token) is not None
    home.clock.at = started + ABSOLUTE
    assert home.people.sessions.find(begun.token) is None


def test_ended_sessions_are_forgotten(home: Home) -> None:
    """The next sign-in sweeps them out."""
    home.sign_in()
    home.clock.go(seconds=IDLE.total_seconds())
    home.sign_in()
    with sqlite3.connect(home.place) as database:
        (count,) = database.execute("SELECT count(*) FROM user_sessions").fetchone()
    database.close()
    assert count == 1


def test_sessions_are_listed_and_ended(home: Home) -> None:
    """One's own or all; nobody ends another's by naming whose they are."""
    ada, vic = home.sign_in(), home.sign_in("vic")
    home.clock.go(minutes=5)
    home.people.sessions.find(vic.token)
    listed = home.people.sessions.list()
    assert [(one["user"], one["id"]) for one in listed] == [
        ("vic", vic.session.id), ("ada", ada.session.id),
    ]  # fmt: skip
    assert listed[1]["expires"] == listed[1]["last_seen"] + IDLE
    assert (listed[0]["address"], listed[0]["agent"]) == ("192.0.2.1", "a browser")
    assert [one["id"] for one in home.people.sessions.list("vic")] == [vic.session.id]
    for whose in ("vic", "nobody", ""):
        with pytest.raises(NotFoundError):
            home.people.sessions.end(ada.session.id, user=whose)
    home.people.sessions.end(ada.session.id, user="ada")
    with pytest.raises(NotFoundError, match="GET /v1/sessions"):
        home.people.sessions.end(ada.session.id)


def test_what_a_browser_calls_itself_cannot_change_a_list(home: Home) -> None:
    """Without the signs that a terminal takes for orders, and cut."""
    home.people.sign_in("ada", PASSWORD, Origin("192.0.2.1", "\x1b[2J\r\n" + "x" * 9000))
    (one,) = home.people.sessions.list()
    assert one["agent"] == " [2J  " + "x" * 294


@pytest.mark.parametrize(
    ("name", "password"),
    [("ada", PASSWORD + " "), ("ada", PASSWORD.upper()), ("ada", ""), ("", PASSWORD),
     ("nobody", PASSWORD), ("ada\0", PASSWORD), ("%", PASSWORD), ("ada' OR 1=1 --", PASSWORD)],
)  # fmt: skip
def test_a_wrong_pair_says_the_same(home: Home, name: str, password: str) -> None:
    """It tells neither which is wrong nor who there is."""
    with pytest.raises(WrongPasswordError, match="there is no user of that name and password"):
        home.sign_in(name, password)
    assert home.people.sessions.list() == []


def test_a_user_who_is_disabled_is_out_at_once(home: Home) -> None:
    """Sessions end, and the right password opens nothing; enabled, they sign in anew."""
    begun = home.sign_in("vic")
    home.people.users.change("vic", UserChange(disabled=True))
    assert home.people.sessions.find(begun.token) is None
    with pytest.raises(WrongPasswordError):
        home.sign_in("vic")
    home.people.users.change("vic", UserChange(disabled=False))
    assert home.people.sessions.find(begun.token) is None
    home.sign_in("vic")


def test_a_role_holds_at_once(home: Home) -> None:
    """For sessions that have begun as well."""
    begun = home.sign_in("vic")
    home.people.users.change("vic", UserChange(role="editor"))
    found = home.people.sessions.find(begun.token)
    assert found is not None
    assert found.user.scopes == {"read", "edit"}


def test_a_password_is_changed_by_its_owner(home: Home) -> None:
    """All their sessions end, a new one begins, and others' go on."""
    first, here, vic = home.sign_in(), home.sign_in(), home.sign_in("vic")
    origin = Origin("192.0.2.1")
    begun = home.people.change_password(here.session, PASSWORD, OTHER, origin)
    assert home.people.sessions.find(first.token) is None
    assert home.people.sessions.find(here.token) is None
    assert home.people.sessions.find(begun.token) is not None
    assert home.people.sessions.find(vic.token) is not None
    with pytest.raises(WrongPasswordError):
        home.sign_in()
    home.sign_in(password=OTHER)


def test_a_password_is_not_changed_without_the_old_one(home: Home) -> None:
    """Who finds an open browser guesses no better than elsewhere; weak ones are refused."""
    here = home.sign_in()
    origin = Origin("192.0.2.1")
    with pytest.raises(InputError, match="characters"):
        home.people.change_password(here.session, PASSWORD, "short", origin)
    for _ in range(5):
        with pytest.raises(WrongPasswordError):
            home.people.change_password(here.session, "another", OTHER, origin)
    with pytest.raises(BusyError):
        home.people.change_password(here.session, PASSWORD, OTHER, origin)
    assert home.people.sessions.find(here.token) is not None


def test_a_hash_is_made_anew_with_the_parameters_of_now(home: Home) -> None:
    """When its owner signs in, as only then the password is there."""
    stronger = Passwords(PasswordHasher(time_cost=1, memory_cost=16, parallelism=1))
    people = People(home.place, clock=home.clock, passwords=stronger)
    for _ in range(2):
        people.sign_in("ada", PASSWORD, Origin())
    with sqlite3.connect(home.place) as database:
        query = "SELECT password FROM users WHERE name IN ('ada', 'vic') ORDER BY name"
        found = [held for (held,) in database.execute(query)]
    database.close()
    assert ["m=16" in held for held in found] == [True, False]
    people.close()


def test_who_signed_in_elsewhere_is_made_a_user(place: str | Path) -> None:
    """Once; afterwards the role and the name shown are what the provider says then."""
    with home_at(place) as home:
        begun = home.people.sign_in_as(ADA, Origin("192.0.2.1"))
        user = begun.session.user
        assert (user.name, user.display_name, user.role, user.way) == (
            "ada-2", "Ada Lovelace", "editor", "oidc",
        )  # fmt: skip
        later = Identity("https://id", "u-1", "Ada King", "Ada\x1b King", "viewer")
        user = home.people.sign_in_as(later, Origin()).session.user
        assert (user.name, user.display_name, user.role) == ("ada-2", "Ada  King", "viewer")
        assert home.people.users.get("ada").role == "admin"
        same = Identity("https://other", "u-1", "Ada", "Ada", "viewer")
        assert home.people.sign_in_as(same, Origin()).session.user.name == "ada-3"


def test_nobody_comes_in_without_a_role(home: Home) -> None:
    """Who has lost it is out at once; who is disabled stays out."""
    nobody = Identity("https://id", "u-9", "Eve", "Eve", None)
    with pytest.raises(OidcError, match="Eve may not sign in here; ask an admin"):
        home.people.sign_in_as(nobody, Origin())
    assert [user.name for user in home.people.users.list()] == ["ada", "eve", "vic"]
    begun = home.people.sign_in_as(ADA, Origin())
    with pytest.raises(OidcError):
        home.people.sign_in_as(Identity("https://id", "u-1", "Ada", "Ada", None), Origin())
    assert home.people.sessions.find(begun.token) is None
    home.people.users.change("ada-2", UserChange(disabled=True))
    with pytest.raises(OidcError):
        home.people.sign_in_as(ADA, Origin())


def test_who_signs_in_elsewhere_has_no_password_here(home: Home) -> None:
    """Neither to sign in with, nor to be set by themselves or by an admin."""
    begun = home.people.sign_in_as(ADA, Origin())
    for password in ("", PASSWORD, "None"):
        with pytest.raises(WrongPasswordError):
            home.sign_in("ada-2", password)
    with pytest.raises(ConflictError, match="change it there"):
        home.people.change_password(begun.session, "", OTHER, Origin())
    for change in (UserChange(password=OTHER), UserChange(role="admin")):
        with pytest.raises(ConflictError, match="https://id, which says the"):
            home.people.users.change("ada-2", change)
