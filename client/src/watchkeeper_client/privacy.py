"""Rules for private values, applied before anything leaves the process or reaches a disk."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from fnmatch import translate
from typing import Any, Final

from watchkeeper_client.errors import ClientError
from watchkeeper_client.settings import BeforeSend, Settings, Signal
from watchkeeper_client.values import wire

__all__ = ["PATTERNS", "Privacy"]

_HEX: Final = "[0-9A-Fa-f]{1,4}"

PATTERNS: Final = {
    "email": r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+",
    "phone": r"(?<![\w.])(?:\+\d(?:[ ().-]{0,2}\d){6,13}|\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}"
    r"|0\d{2,4}[ /-]\d{5,8})(?![\w.]\d|\d)",
    "card": r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-]|\.\d)",
    "ip": r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)"
    rf"|(?<![\w:])(?:(?:{_HEX}:){{7}}{_HEX}|{_HEX}(?::{_HEX}){{0,5}}::(?:{_HEX}(?::{_HEX}){{0,5}})?"
    rf"|::{_HEX}(?::{_HEX}){{0,5}})(?![\w:])",
    "iban": r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?!\w)",
}
"""Patterns by the names that `Settings.redact` knows. A card's digits must pass Luhn's test too."""

_NAMED: Final = ("entity", "group", "variant", "request_id")
"""Fields of a record that rules by name reach, beside features and tags."""

_KEPT: Final = frozenset({
    "id", "model", "version", "time", "kind", "request_id", "trace_id", "span_id", "input_hash",
})  # fmt: skip
"""Fields that are no free text: a hexadecimal id may look like a telephone number."""


class Privacy:
    """The rules of a client: names to drop, names to hash, patterns to redact, and the hook.

    They are applied in this order, so the hook sees what would leave the process.

    Parameters
    ----------
    settings
        Of these `drop`, `hash`, `salt`, `redact` and `before_send`.

    Raises
    ------
    ClientError
        A pattern is no regular expression; there are names to hash and no salt.

    Examples
    --------
    >>> rules = Privacy(Settings(drop=("ssn",), hash=("user_*",), salt="s", redact=("email",)))
    >>> record = {"features": {"ssn": 1, "user_id": 7, "note": "ask jo@example.org"}}
    >>> rules.apply("predictions", record)
    {'features': {'user_id': 'c993746fa7de2b5c1d5f914feffe3aca', 'note': 'ask [email]'}}
    """

    def __init__(self, settings: Settings) -> None:
        if settings.hash and settings.salt is None:
            raise ClientError(
                "settings of the client: hash names values to hash, but there is no salt; set salt "
                "or WATCHKEEPER_SALT to a secret text, the same in all services"
            )
        self._key = (settings.salt or "").encode()
        self._drop = _matcher(settings.drop)
        self._hash = _matcher(settings.hash)
        self._redact = tuple(_redaction(what) for what in settings.redact)
        self._hook: BeforeSend | None = settings.before_send
        self._fates: dict[str, str] = {}
        self.active = bool(
            settings.drop or settings.hash or settings.redact or settings.before_send
        )

    def apply(self, signal: Signal, record: dict[str, Any]) -> dict[str, Any] | None:
        """The record as it may leave; None where the hook drops it. What the hook raises passes.

        Parameters
        ----------
        signal
            What the record tells.
        record
            Fields as the wire takes them; it is changed.
        """
        for part in ("features", "tags"):
            if part in record:
                record[part] = self._named(record[part])
        for name in _NAMED:
            if name in record:
                record |= self._named({name: record.pop(name)})
        if self._redact:
            for name in record.keys() - _KEPT:
                record[name] = self._redacted(record[name])
        if self._hook is None:
            return record
        changed = self._hook(signal, record)
        return None if changed is None else {str(key): wire(changed[key]) for key in changed}

    def _named(self, values: Any) -> Any:
        """What the rules by name leave of some values."""
        if not isinstance(values, dict):
            return values
        left = {}
        for name, value in values.items():
            fate = self._fates.get(name) or self._decide(name)
            if fate != "drop":
                left[name] = self._hashed(value) if fate == "hash" else value
        return left

    def _decide(self, name: str) -> str:
        """What happens to a name; remembered, as long as names are not without number."""
        fate = "drop" if self._drop(name) else "hash" if self._hash(name) else "keep"
        if len(self._fates) < 10_000:
            self._fates[name] = fate
        return fate

    def _hashed(self, value: Any) -> str | None:
        if value is None:
            return None
        from hashlib import blake2b

        text = value if isinstance(value, str) else repr(value)
        return blake2b(text.encode("utf-8", "replace"), key=self._key, digest_size=16).hexdigest()

    def _redacted(self, value: Any) -> Any:
        """A value with the patterns replaced in every text inside it."""
        if isinstance(value, str):
            for replace in self._redact:
                value = replace(value)
        elif isinstance(value, dict):
            return {name: self._redacted(item) for name, item in value.items()}
        elif isinstance(value, list):
            return [self._redacted(item) for item in value]
        return value


def _matcher(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Whether a name is one of some names or globs; case matters."""
    found = "|".join(translate(pattern) for pattern in patterns)
    if not found:
        return lambda _: False
    match = re.compile(found).match
    return lambda name: match(name) is not None


def _redaction(what: str) -> Callable[[str], str]:
    """The function that replaces one pattern in a text."""
    if what == "card":
        found = re.compile(PATTERNS["card"])
        return lambda text: found.sub(_card, text)
    try:
        pattern = re.compile(PATTERNS.get(what, what))
    except re.error as error:
        known = ", ".join(PATTERNS)
        raise ClientError(
            f"settings of the client: redact has {what!r}, which is neither one of {known} nor a "
            f"regular expression: {error}"
        ) from error
    put = f"[{what}]" if what in PATTERNS else "[redacted]"
    return lambda text: pattern.sub(lambda _: put, text)


def _card(match: re.Match[str]) -> str:
    """`[card]` where the digits pass the test that all card numbers pass, else what stood there."""
    total = 0
    for place, digit in enumerate(int(sign) for sign in reversed(match[0]) if sign.isdigit()):
        doubled = digit * (1 + place % 2)
        total += doubled - 9 if doubled > 9 else doubled
    return "[card]" if total % 10 == 0 else match[0]
