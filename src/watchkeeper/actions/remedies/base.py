"""What every remedy is, and what every run of one comes to."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

from watchkeeper.actions.channels.secret import HIDDEN, Secret, hide

MOST_TEXT = 8_000
"""Characters of an output that are kept; its hash is that of all of it."""

Status: TypeAlias = Literal["ok", "failed", "timed_out"]

UNDO_UNKNOWN = "it is not known what was before, so nothing can be taken back"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to.

    Attributes
    ----------
    status
        Done, failed, or stopped since it took too long.
    text
        What it said, without secrets, cut in the middle where it is long.
    exit
        The exit status of a process or the status of an answer; None where there is neither.
    output_hash
        SHA-256 of all that it said, in hexadecimal; empty where it said nothing.
    memory
        What `undo` needs to know, to be stored with the run.
    """

    status: Status
    text: str = ""
    exit: int | None = None
    output_hash: str = ""
    memory: Mapping[str, str] = field(default_factory=dict)


class Remedy(Protocol):
    """Something that can be done, its settings being final."""

    def describe(self) -> str:
        """What `run` would do, in one sentence or command line; without secrets."""
        ...

    def dry_run(self, variables: Mapping[str, str]) -> Outcome:
        """Find out as much as can be without changing anything."""
        ...

    def run(self, variables: Mapping[str, str]) -> Outcome:
        """Do it.

        Parameters
        ----------
        variables
            What is known of the alert and the incident; passed as data, never as a program.
        """
        ...

    def undo(self, memory: Mapping[str, str]) -> Outcome:
        """Take it back, knowing what `run` remembered."""
        ...


# Without repetitions in front of a keyword: what a program prints must not cost us minutes.
_TELLING = re.compile(
    r"(?i)((?:authorization|proxy-authorization)\s{0,9}[:=]\s{0,9})\S{1,4000}(?:\s[^\s,;]{1,4000})?"
    r"|((?:passw(?:or)?d|secret|token|api[_-]?key|access[_-]?key|credential)[\w-]{0,40}"
    r"[\"']?\s{0,9}[:=]\s{0,9})(?:\"[^\"]{0,4000}\"|'[^']{0,4000}'|[^\s,;&}]{1,4000})"
    r"|(://[^\s/:@]{0,200}:)[^\s/@]{1,500}(?=@)"
)


def redact(text: str, secrets: Iterable[Secret] = ()) -> str:
    r"""A text without secrets: those that are known, and what looks like one.

    Examples
    --------
    >>> redact("POST https://me:pw@host Authorization: Bearer abc.def\ndb_password=hunter2 ok")
    'POST https://me:<secret>@host Authorization: <secret>\ndb_password=<secret> ok'
    """
    plain = hide(text, secrets)
    return _TELLING.sub(lambda m: f"{m[1] or m[2] or m[3]}{HIDDEN}", plain)


def outcome(
    status: Status,
    said: bytes | str,
    *,
    exit_: int | None = None,
    secrets: Iterable[Secret] = (),
    memory: Mapping[str, str] | None = None,
) -> Outcome:
    """An outcome whose text is short and has no secrets, and whose hash is that of all."""
    raw = said if isinstance(said, bytes) else said.encode()
    digest = hashlib.sha256(raw).hexdigest() if raw else ""
    # Cut well beyond what is kept, so that no half of a secret is at an end; then hide; then cut.
    text = bounded(redact(bounded(raw.decode(errors="replace"), 4 * MOST_TEXT), secrets))
    return Outcome(status, text, exit_, digest, memory or {})


def bounded(text: str, most: int = MOST_TEXT) -> str:
    r"""A text cut in the middle: how it began and how it ended say most.

    >>> bounded("abcdefgh", 4)
    'ab\n… 4 characters left out …\ngh'
    """
    text = "".join(c for c in text if c.isprintable() or c in "\n\t")
    if len(text) <= most:
        return text
    half = most // 2
    return f"{text[:half]}\n… {len(text) - 2 * half} characters left out …\n{text[-half:]}"
