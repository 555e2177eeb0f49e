"""Passwords: which are taken, and their hashes (argon2id).

NIST SP 800-63B-4, section 3.1.1.2: at least 15 characters where nothing else proves who somebody
is, all characters allowed and none asked for, no changing by the calendar, and none that is common
or made of names that belong here. What is common zxcvbn's lists and patterns say.
"""

from __future__ import annotations

import re
import secrets
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from watchkeeper.core.errors import InputError

SHORTEST = 15
"""The fewest characters of a password; that is what makes it hard to guess, not its signs."""

LONGEST = 200

FEWEST_GUESSES = 10**10
"""A password that is guessed sooner is refused; zxcvbn calls more than that very unguessable."""

_OURS = ("watchkeeper", "monitoring", "observability", "viewer", "editor", "admin")
_WEIGHED = 72
"""Only so many characters are weighed: it takes longer than linear time in them."""


def strong_hasher() -> PasswordHasher:
    """Argon2id with 46 MiB, 2 passes, 1 lane: above OWASP's least, 19 MiB and 2 passes.

    >>> strong_hasher().memory_cost
    47104
    """
    return PasswordHasher(time_cost=2, memory_cost=46 * 1024, parallelism=1)


class Passwords:
    """Makes and compares hashes.

    Parameters
    ----------
    hasher
        With which parameters; hashes of other parameters are still understood.
    """

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or strong_hasher()
        self._nobody: str | None = None

    def hash(self, password: str) -> str:
        """The hash of a password with its salt and parameters."""
        return self._hasher.hash(_bytes(password))

    def fits(self, held: str | None, password: str) -> bool:
        """Whether a password is that of a hash.

        Where there is none a hash that nobody knows is compared: it takes as long, so that time
        does not tell which users there are.
        """
        if self._nobody is None:
            # Before it is known whether it is needed: the first time must not tell either.
            self._nobody = self._hasher.hash(secrets.token_bytes(32))
        fits = self._compare(held or self._nobody, password)
        return fits and held is not None

    def is_old(self, held: str) -> bool:
        """Whether a hash was made with other parameters than are used now."""
        return self._hasher.check_needs_rehash(held)

    def _compare(self, held: str, password: str) -> bool:
        try:
            return self._hasher.verify(held, _bytes(password))
        except (VerificationError, InvalidHashError):
            return False


def check_password(password: str, name: str) -> None:
    """Refuse a password that is too easy to guess.

    Raises
    ------
    InputError
        It is too short or too long, common, or made of the name.

    Examples
    --------
    >>> check_password("tulip ferry anvil moss", "ada")
    >>> check_password("passwordpassword", "ada")
    Traceback (most recent call last):
        ...
    watchkeeper.core.errors.InputError: the password is one of the first that are tried...
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise InputError(
            f"the password has {len(password)} characters; take {SHORTEST} to {LONGEST}, such as "
            "four words that have nothing to do with each other"
        )
    if guesses(password, name) < FEWEST_GUESSES:
        raise InputError(
            "the password is one of the first that are tried: it is common, repeats itself, or is "
            "made of the name; take four words that have nothing to do with each other"
        )


def guesses(password: str, name: str) -> float:
    """How many guesses find a password, for somebody who knows the name and what is common.

    >>> guesses("letmeinletmeinletmein", "ada") < 1000
    True
    """
    from zxcvbn import zxcvbn  # type: ignore[import-untyped]

    # Parts too: nobody who knows ada.lovelace@example.org tries only the whole of it.
    local, parts = name.partition("@")[0], re.findall(r"[a-z0-9]+", name.lower())
    known = [name, local, "".join(re.findall(r"[a-z0-9]+", local.lower())), *parts, *_OURS]
    weighed = _composed(password)[:_WEIGHED]
    return float(zxcvbn(weighed, user_inputs=known)["guesses"])


def _composed(password: str) -> str:
    """The same text however a keyboard composes the characters."""
    return unicodedata.normalize("NFKC", password)


def _bytes(password: str) -> bytes:
    return _composed(password).encode("utf-8", "surrogatepass")
