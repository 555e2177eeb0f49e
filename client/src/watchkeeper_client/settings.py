"""What a service may choose: sizes, times, the spool, sampling, and rules for private values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from watchkeeper_client.errors import ClientError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Settings", "Signal"]

Signal = Literal["predictions", "labels", "outcomes", "changes"]
"""What a record tells; each has an address of its own on the server."""

BeforeSend = Callable[[Signal, dict[str, Any]], Mapping[str, Any] | None]


class Settings(NamedTuple):
    """How a client buffers, sends, spools, samples and redacts; give each by its name.

    Parameters
    ----------
    buffer_records
        Records that may wait in memory, before they are made into batches. More are dropped, the
        newest first, and counted as `buffer_full`.
    buffer_bytes
        About how much memory waiting records and batches may take.
    wait_s
        Seconds that `log` may wait for room in a full buffer. 0, the default, never waits and is
        right for a service; a job that logs in a loop as fast as it can takes 60.
    batch_records
        Records of a batch.
    batch_bytes
        Bytes of a batch before compression. One record that is larger goes alone.
    batch_s
        Seconds that a record waits for others of its batch.
    gzip_bytes
        Bodies of this many bytes are compressed.
    timeout_s
        Seconds until the server has to have answered.
    attempts
        How often a batch is tried before it goes to the spool; without a spool it is tried until
        the process ends.
    backoff_s
        Longest wait in seconds before the second attempt. It doubles with each, up to
        `backoff_max_s`; the wait itself is drawn between 0 and this, so that many clients do not
        come back at once. A server that asks for a longer wait gets it.
    backoff_max_s
        See `backoff_s`.
    exit_s
        Seconds that the end of the process may be held up to send what waits.
    spool
        Folder where batches wait while the server is away; several processes may share it. None:
        the environment's `WATCHKEEPER_SPOOL`, else no spool, since nobody chose a disk for data
        that may be personal.
    spool_bytes
        Bytes that the spool may take on disk.
    sample_rate
        Share of predictions that are sent, above 0 and up to 1. The id decides, so all services
        agree on a prediction. Errors are always sent. What is sent carries its `weight`. Labels
        and outcomes are not sampled.
    drop
        Names that are left out: features, tags, and the fields `entity`, `group`, `variant` and
        `request_id`. `*` stands for anything.
    hash
        Names, as in `drop`, whose values are replaced by a keyed hash (BLAKE2b, 128 bits), so that
        equal values stay equal.
    salt
        The key of the hash, up to 64 bytes in UTF-8. None: the environment's `WATCHKEEPER_SALT`.
    redact
        What is replaced in all texts: `email`, `phone`, `card`, `ip`, `iban`, or a regular
        expression.
    before_send
        Called with the signal and the record as it would leave the process; returns what leaves,
        or None to drop it. Where it raises, the record is dropped.
    ca_file
        Certificates to trust instead of the system's, as a PEM file.
    """

    # No dataclass: importing those takes as long as importing all of this package.
    buffer_records: int = 50_000
    buffer_bytes: int = 64 << 20
    wait_s: float = 0.0
    batch_records: int = 1_000
    batch_bytes: int = 1 << 20
    batch_s: float = 0.5
    gzip_bytes: int = 1_024
    timeout_s: float = 10.0
    attempts: int = 4
    backoff_s: float = 0.5
    backoff_max_s: float = 30.0
    exit_s: float = 5.0
    spool: Path | str | None = None
    spool_bytes: int = 256 << 20
    sample_rate: float = 1.0
    drop: tuple[str, ...] = ()
    hash: tuple[str, ...] = ()
    salt: str | None = None
    redact: tuple[str, ...] = ()
    before_send: BeforeSend | None = None
    ca_file: str | None = None

    def __repr__(self) -> str:
        given = {
            name: value
            for name, value in self._asdict().items()
            if value != self._field_defaults[name]
        }
        if self.salt is not None:
            given["salt"] = "…"
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in given.items())})"

    def checked(self) -> Settings:
        """The same settings; the client asks for this when it is made.

        Raises
        ------
        ClientError
            A value is out of range; the message says which, and what is allowed.

        Examples
        --------
        >>> Settings(spool="/var/lib/app/spool", salt="secret").checked()
        Settings(spool='/var/lib/app/spool', salt='…')
        """
        wrong = [
            f"{name} is {getattr(self, name)!r}; it must be {allowed}"
            for name, allowed, holds in self._limits()
            if not holds
        ]
        wrong += [
            f"{name} is the text {getattr(self, name)!r}; write a tuple of texts"
            for name in ("drop", "hash", "redact")
            if isinstance(getattr(self, name), str)
        ]
        if self.salt is not None and not 1 <= len(self.salt.encode()) <= 64:
            wrong.append("salt must have 1 to 64 bytes")
        if wrong:
            raise ClientError(f"settings of the client: {'; '.join(wrong)}")
        return self

    def _limits(self) -> list[tuple[str, str, bool]]:
        """Each number with what is allowed, and whether that holds; NaN never does."""
        least_1 = ("buffer_records", "buffer_bytes", "batch_records", "batch_bytes", "attempts")
        least_0 = ("wait_s", "batch_s", "gzip_bytes", "backoff_s", "exit_s", "spool_bytes")
        return [
            *((name, "1 or more", getattr(self, name) >= 1) for name in least_1),
            *((name, "0 or more", getattr(self, name) >= 0) for name in least_0),
            ("timeout_s", "above 0", self.timeout_s > 0),
            ("backoff_max_s", "backoff_s or more", self.backoff_max_s >= self.backoff_s),
            ("sample_rate", "above 0 and at most 1", 0.0 < self.sample_rate <= 1.0),
        ]
