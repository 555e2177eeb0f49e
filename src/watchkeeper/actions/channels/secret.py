"""Secrets: known by where they come from, read when they are used, and shown nowhere."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote, unquote

from watchkeeper.core.errors import InputError

HIDDEN = "<secret>"
"""What stands in a text where a secret stood."""

_SHORT = 6  # A shorter piece of a URL, such as `/v1`, is no secret and stands in many words.
_ADDRESS = re.compile(r"://(?P<host>[^/?#]*)(?P<rest>.*)", re.DOTALL)
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class Secret:
    """A password, a token or a URL that holds one.

    Parameters
    ----------
    text
        The secret itself, or `${NAME}` for the environment variable of that name.
    file
        Where it stands instead. It is read each time, so a rotated secret counts at once.

    Examples
    --------
    >>> Secret("xoxb-1234"), Secret("${SLACK_TOKEN}"), Secret(file="/run/secrets/slack")
    (Secret(<secret>), Secret(${SLACK_TOKEN}), Secret(file '/run/secrets/slack'))
    >>> Secret("xoxb-1234").reveal()
    'xoxb-1234'
    """

    __slots__ = ("_file", "_text")

    def __init__(self, text: str = "", *, file: str | None = None) -> None:
        self._text, self._file = text, file

    def __repr__(self) -> str:
        return f"Secret({self.place})"

    __str__ = __repr__

    def __reduce__(self) -> str:
        raise TypeError("a secret is not written anywhere; write where it comes from")

    @property
    def is_literal(self) -> bool:
        """Whether it is known without a look at files or the environment."""
        return bool(self._text) and self._file is None and not _VARIABLE.fullmatch(self._text)

    @property
    def place(self) -> str:
        """Where it comes from, in words that may be shown."""
        if self._file is not None:
            return f"file {self._file!r}"
        return self._text if _VARIABLE.fullmatch(self._text) else HIDDEN

    def reveal(self) -> str:
        """The secret itself, read now.

        Raises
        ------
        InputError
            Its file or its variable is not there or is empty.
        """
        text = self._text
        if self._file is not None:
            text = _read(self._file)
        elif match := _VARIABLE.fullmatch(self._text):
            text = os.environ.get(match[1], "")
        if not text:
            raise InputError(f"the secret of {self.place} is empty or not there; set it")
        return text


def _read(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise InputError(f"the secret of file {file!r} cannot be read: {why}") from None


def hide(text: str, secrets: Iterable[Secret]) -> str:
    """A text for people, with `<secret>` wherever it repeats a secret or a piece of a secret URL.

    Examples
    --------
    >>> url = Secret("https://hooks.example.com/services/T024BE7LD/xyz12345")
    >>> hide("no route /services/T024BE7LD/xyz12345", [url])
    'no route <secret>'
    """
    pieces = {piece for secret in secrets for piece in _pieces(secret)}
    for piece in sorted(pieces, key=len, reverse=True):
        text = text.replace(piece, HIDDEN)
    return text


def _pieces(secret: Secret) -> set[str]:
    """The secret, and what of it stands alone in other texts: the parts of a URL, quoted or not."""
    try:
        text = secret.reveal()
    except InputError:
        return set()
    found = {text}
    if match := _ADDRESS.search(text):  # A pattern reads malformed addresses too.
        login, _, _ = match["host"].rpartition("@")
        parts = [match["rest"], *re.split("[/?&=#]", match["rest"]), *login.split(":")]
        found |= {part for part in parts if len(part) >= _SHORT}
    return found | {quote(part, safe="") for part in found} | {unquote(part) for part in found}
