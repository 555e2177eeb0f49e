"""What the person who starts a server decides, and where its data lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one server.

    Attributes
    ----------
    folder
        Everything that the server keeps lies here; it may be empty or absent.
    host, port
        Where it listens; port 0 takes a free one.
    max_body
        The largest request body in bytes, after decompression.
    max_backlog
        Bytes that the journal holds before requests are told to come back later (429).
    min_free
        Bytes of free disk below which records are refused (503) while questions are answered.
    open_models
        Whether the first record of an unknown model registers it; else such records are rejected.
    insecure
        Whether to listen on other addresses than the loopback without any key.
    base_url
        The address that users reach the server at, where a proxy stands before it.
    """

    folder: Path
    host: str = "127.0.0.1"
    port: int = 8470
    max_body: int = 64 << 20
    max_backlog: int = 1 << 30
    min_free: int = 256 << 20
    open_models: bool = True
    insecure: bool = False
    base_url: str | None = None

    @property
    def catalogue(self) -> Path:
        """Models, versions, references and keys."""
        return self.folder / "catalogue.db"

    @property
    def journal(self) -> Path:
        """What has been acknowledged and is not yet in the tables."""
        return self.folder / "journal.db"

    @property
    def buckets(self) -> Path:
        """Profiles of every hour; derived from the tables."""
        return self.folder / "buckets.db"

    @property
    def tables(self) -> Path:
        """The event tables, one for each model and signal."""
        return self.folder / "tables"

    @property
    def ids(self) -> Path:
        """Which hours hold which predictions; derived from the tables."""
        return self.folder / "ids"

    @property
    def halves(self) -> Path:
        """Requests and responses of payload loggers that wait for each other."""
        return self.folder / "halves.db"

    @property
    def heartbeat(self) -> Path:
        """What the worker says of itself."""
        return self.folder / "worker.json"

    @property
    def alarm_heartbeat(self) -> Path:
        """What the process that watches over rules says of itself."""
        return self.folder / "alarms.json"

    @property
    def worker_lock(self) -> Path:
        """Held by the one worker of the folder."""
        return self.folder / "worker.lock"
