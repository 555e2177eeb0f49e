"""Who guesses waits: longer each time, across restarts, and whether there is such a user or not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.app.people.homes import PASSWORD, Home, home_at
from watchkeeper.app.people.lockout import FREE, LONGEST, network_of, wait_after
from watchkeeper.app.people.people import WrongPasswordError
from watchkeeper.app.people.sessions import Origin
from watchkeeper.app.people.users import UserChange
from watchkeeper.core.errors import BusyError


def fail(home: Home, name: str, times: int, address: str = "192.0.2.1") -> None:
    """Sign in with a wrong password."""
    for _ in range(times):
        with pytest.raises(WrongPasswordError):
            home.sign_in(name, "not the password", address)


@given(st.integers(0, 10_000), st.integers(1, 50))
def test_waits_grow_to_an_hour(count: int, free: int) -> None:
    """None while failures are free; then never shorter than before, and never above the longest."""
    now, after = wait_after(count, free), wait_after(count + 1, free)
    assert (now is None) == (count < free)
    assert after is None or after >= (now or timedelta(0))
    assert now is None or timedelta(minutes=1) <= now <= LONGEST


@pytest.mark.parametrize("name", ["ada", "nobody"])
def test_a_user_is_locked_and_opened_again(home: Home, name: str) -> None:
    """From any address; with the right password too; the same where there is no such user."""
    fail(home, name, FREE["user"])
    for address in ("192.0.2.1", "198.51.100.7"):
        for password in (PASSWORD, "not the password"):
            with pytest.raises(BusyError, match="try again in 60 seconds") as caught:
                home.sign_in(name, password, address)
            assert caught.value.retry_after == 60
    home.clock.go(seconds=61)
    fail(home, name, 1)
    with pytest.raises(BusyError, match="try again in 2 minutes"):
        home.sign_in(name)
    home.clock.go(seconds=121)
    if name == "ada":
        home.sign_in()
        fail(home, name, FREE["user"])
        with pytest.raises(BusyError, match="60 seconds"):  # From the beginning.
            home.sign_in()


def test_each_way_of_writing_a_name_counts_for_it(home: Home) -> None:
    """Capitals and spaces are no way around."""
    for name in ("ada", "ADA", " Ada", "aDa ", "ada"):
        fail(home, name, 1)
    with pytest.raises(BusyError):
        home.sign_in()
    home.sign_in("vic", address="198.51.100.7")


def test_an_address_is_locked(home: Home) -> None:
    """One that tries many names; others sign in meanwhile, and it may again in time."""
    for number in range(FREE["address"]):
        fail(home, f"user{number}", 1, "203.0.113.5")
    with pytest.raises(BusyError):
        home.sign_in("ada", address="203.0.113.5")
    home.sign_in("ada", address="203.0.113.6")
    home.clock.go(seconds=61)
    home.sign_in("ada", address="203.0.113.5")


def test_who_signs_in_does_not_open_the_address(home: Home) -> None:
    """A guesser with an account of their own gains no guesses by it."""
    for number in range(FREE["address"] - 1):
        fail(home, f"user{number}", 1, "203.0.113.5")
        home.sign_in("vic", address="203.0.113.5")
    fail(home, "ada", 1, "203.0.113.5")
    with pytest.raises(BusyError):
        home.sign_in("vic", address="203.0.113.5")


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:1", True), ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.7", "192.0.2.7", True), ("192.0.2.7", "192.0.2.8", False),
        ("fe80::1%eth0", "fe80::2%eth1", True), ("", "odd", False),
    ],
)  # fmt: skip
def test_what_one_address_is(a: str, b: str, same: bool) -> None:
    """A household has a network of IPv6, and one address of IPv4."""
    assert (network_of(a) == network_of(b)) is same


def test_a_lock_holds_in_every_process(home: Home) -> None:
    """It is in the catalogue, not in memory."""
    fail(home, "ada", FREE["user"])
    other = home.second()
    with pytest.raises(BusyError):
        other.sign_in("ada", PASSWORD, Origin("192.0.2.9"))
    other.close()


def test_many_at_once_are_not_all_let_in(place: str | Path) -> None:
    """Guesses at the same time count before they are compared."""
    with home_at(place) as home, ThreadPoolExecutor(8) as pool:

        def attempt(_: int) -> str:
            """Try once."""
            try:
                home.sign_in("ada", "not the password")
            except (BusyError, WrongPasswordError) as error:
                return type(error).__name__
            return "in"

        found = list(pool.map(attempt, range(24)))
    assert found.count("WrongPasswordError") == FREE["user"]
    assert found.count("BusyError") == 24 - FREE["user"]
    assert len(home.hasher.compared) == FREE["user"]


def test_an_admin_opens_a_lock(home: Home) -> None:
    """With a new password."""
    fail(home, "vic", FREE["user"])
    home.people.users.change("vic", UserChange(password="copper quilt seven lanterns"))
    home.sign_in("vic", "copper quilt seven lanterns")


def test_failures_are_forgotten_after_a_day(home: Home) -> None:
    """And not before: slow guessing counts as well."""
    fail(home, "ada", FREE["user"] - 1)
    home.clock.go(hours=23)
    fail(home, "ada", 1)
    with pytest.raises(BusyError):
        home.sign_in()
    home.clock.go(hours=24, seconds=1)
    fail(home, "ada", FREE["user"] - 1)
    home.sign_in()
