"""What goes into the journal and what comes out of it."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Entry(msgspec.Struct, frozen=True):
    """The accepted records of one model in a submission.

    Parameters
    ----------
    signal
        The text of a `Signal`.
    model
        The model's name; empty for changes that concern all models.
    records
        How many records the body holds.
    form
        How the body is written; the journal does not read it.
    body
        The records.
    """

    signal: str
    model: str
    records: int
    form: str
    body: bytes


class Refused(msgspec.Struct, frozen=True):
    """Records of a submission that were rejected; they are counted, not kept."""

    signal: str
    model: str
    records: int


class Submission(msgspec.Struct, frozen=True):
    """What is written at once or not at all.

    Parameters
    ----------
    key
        Names the batch across retries, with all that scopes it, such as the signal; None where the
        client gave no name: then nothing is remembered.
    received
        When it came, with a time zone.
    entries
        One for each model and signal; may be empty.
    answer
        What a retry of the key gets back.
    rejected
        Counts of rejected records by model and signal.
    """

    key: str | None
    received: datetime
    entries: tuple[Entry, ...]
    answer: bytes
    rejected: tuple[Refused, ...] = ()


class Receipt(msgspec.Struct, frozen=True):
    """Proof that a submission is on disk.

    Parameters
    ----------
    position
        The position of its last entry.
    answer
        The answer of the first submission with this key.
    duplicate
        The key was known, so nothing was written but the count.
    """

    position: int
    answer: bytes
    duplicate: bool


class Stored(msgspec.Struct, frozen=True):
    """An entry in the journal; positions ascend and are never used twice."""

    position: int
    received: datetime
    signal: str
    model: str
    records: int
    form: str
    body: bytes


class Backlog(msgspec.Struct, frozen=True):
    """What waits for the writer: entries and their bytes, and when the first of them came."""

    entries: int
    bytes: int
    oldest: datetime | None
    last_position: int


class Total(msgspec.Struct, frozen=True):
    """Records of one model and signal since the journal began.

    `accepted = written + aside + waiting`, and sent = accepted + rejected + duplicates, in every
    state that can be read.

    Parameters
    ----------
    model
        The model's name.
    signal
        The text of a `Signal`.
    accepted
        Records acknowledged.
    rejected
        Records refused at the door.
    duplicates
        Records of batches that had been acknowledged before.
    written
        Records that are in the table.
    aside
        Records that no table could take; they are kept with the error.
    """

    model: str
    signal: str
    accepted: int
    rejected: int
    duplicates: int
    written: int
    aside: int

    @property
    def waiting(self) -> int:
        """Records acknowledged that the writer has still to place."""
        return self.accepted - self.written - self.aside


class Aside(msgspec.Struct, frozen=True):
    """An entry that no table could take, with the error."""

    entry: Stored
    error: str


class Limits(msgspec.Struct, frozen=True):
    """How much a journal takes and keeps.

    Parameters
    ----------
    max_backlog
        Bytes of entries that may wait for the writer, those in memory included.
    min_free
        Bytes that must stay free on the disk: the writer needs room to empty the journal.
    max_waiting
        Submissions that may wait in memory for the disk.
    key_days
        How long a key is remembered.
    max_keys
        How many keys are remembered; beyond it the oldest go first.
    """

    max_backlog: int = 1 << 30
    min_free: int = 256 << 20
    max_waiting: int = 10_000
    key_days: float = 14.0
    max_keys: int = 5_000_000
