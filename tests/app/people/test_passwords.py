"""Which passwords are taken, and that what is kept does not tell them."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.app.people.homes import CountingHasher, quick_hasher
from watchkeeper.app.people.passwords import (
    LONGEST,
    SHORTEST,
    Passwords,
    check_password,
    strong_hasher,
)
from watchkeeper.core.errors import InputError

GOOD = "tulip ferry anvil moss"


@pytest.mark.parametrize(
    "password",
    [GOOD, "xk7-qm2-ppw-91z", "мой дядя самых честных правил", "    four  spaces    ahead",
     "correct horse battery staple", "z" + GOOD * 8],
)  # fmt: skip
def test_long_ones_are_taken_whatever_they_are_made_of(password: str) -> None:
    """No sign is asked for, and none is refused."""
    check_password(password, "ada")


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("Tr0ub4dor&3", "has 11 characters; take 15 to 200"), ("", "has 0 characters"),
        (GOOD * 20, "has 440 characters"),
        *((weak, "first that are tried") for weak in (
            "passwordpassword", "Password1234567", "123456789012345", "qwertyuiopasdfgh",
            "aaaaaaaaaaaaaaaaaaaa", "abcdefghijklmnop", "iloveyouiloveyou", "P@ssw0rdP@ssw0rd",
            "changemechangeme", "administrator123", "letmeinletmeinletmein",
            "watchkeeper2026!", "Watchkeeper-admin", "monitoring-admin",
            "lovelace@example", "ada.lovelace2026", "AdaLovelace_2026", "lovelace.lovelace",
            "Ada.Lovelace@Example.org",
            "a" * 100,
        )),
    ],
)  # fmt: skip
def test_easy_ones_are_refused(password: str, said: str) -> None:
    """Too short, common, patterns, and what follows from the name and from this server's."""
    with pytest.raises(InputError, match=said) as caught:
        check_password(password, "ada.lovelace@example.org")
    assert not password or password not in str(caught.value)


@settings(max_examples=200, deadline=None)
@given(st.text(min_size=0, max_size=300))
def test_whatever_is_typed_is_taken_or_refused(password: str) -> None:
    """Nothing falls over, and lengths outside the limits are always refused."""
    try:
        check_password(password, "ada")
    except InputError:
        return
    assert SHORTEST <= len(password) <= LONGEST


def test_hashes_are_argon2id_above_the_least() -> None:
    """OWASP: at least 19 MiB, 2 passes, 1 lane; a salt of 16 bytes of its own each time."""
    held = [Passwords(strong_hasher()).hash(GOOD) for _ in range(2)]
    found = extract_parameters(held[0])
    assert found.type is Type.ID
    assert found.memory_cost >= 19 * 1024
    assert (found.time_cost, found.parallelism) == (2, 1)
    assert (found.salt_len, found.hash_len) == (16, 32)
    assert held[0] != held[1]
    assert GOOD not in held[0]
    # The library itself is the judge of what we have made.
    assert PasswordHasher().verify(held[0], GOOD)


def test_only_the_same_password_fits() -> None:
    """However a keyboard composes its characters; anything else that is held fits nothing."""
    passwords = Passwords(quick_hasher())
    held = passwords.hash("été à la plage")
    assert passwords.fits(held, "été à la plage")
    assert not passwords.fits(held, "ete a la plage")
    for broken in ("", "no hash", "$argon2id$v=19$m=8,t=1,p=1$AAAA$", "\0"):
        assert not passwords.fits(broken, GOOD)
    assert not passwords.fits(None, GOOD)


def test_nobodys_password_takes_the_same_work() -> None:
    """One hash is made, then each attempt compares one, whether there is a user or not."""
    hasher = CountingHasher()
    passwords = Passwords(hasher)  # type: ignore[arg-type]
    held = passwords.hash(GOOD)
    for known in (None, held, None, held):
        passwords.fits(known, "another one here")
    assert len(hasher.compared) == 4
    assert hasher.compared[0] == hasher.compared[2] != held


def test_old_parameters_are_noticed() -> None:
    """So that a hash is made anew when its owner signs in."""
    old = Passwords(quick_hasher()).hash(GOOD)
    assert Passwords(strong_hasher()).is_old(old)
    assert not Passwords(quick_hasher()).is_old(old)
