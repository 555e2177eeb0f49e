"""What the person who starts a server decides, and where its data lie."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

AUTOMATION = "WATCHKEEPER_AUTOMATION"
"""The environment variable that names the file of what runbooks may do."""


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
    trusted_proxies
        Addresses of proxies whose `X-Forwarded-For` is believed, with commas; empty: none.
    oidc
        The file that says where else people sign in (OpenID Connect); None for nowhere.
    catalogue_url
        The database of the catalogue, `postgresql://…`; None for a file in the folder. It may hold
        a password, so it is shown nowhere.
    automation
        What runbooks may do here, where that does not stand in the folder.
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
    trusted_proxies: str = ""
    oidc: Path | None = None
    catalogue_url: str | None = field(default=None, repr=False)
    automation: Path | None = None

    @property
    def catalogue(self) -> Path | str:
        """Models, versions, references, keys, and what alarms remember: a file or a URL."""
        return self.catalogue_url or self.catalogue_file

    @property
    def catalogue_file(self) -> Path:
        """Where the catalogue lies unless it is in a database."""
        return self.folder / "catalogue.db"

    @property
    def catalogue_note(self) -> Path:
        """Says that the catalogue of the folder lies in a database, and in which."""
        return self.folder / "catalogue.json"

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
    def automation_file(self) -> Path:
        """What runbooks may do here; only who has this machine can write it."""
        return self.automation or self.folder / "automation.yaml"

    @property
    def worker_lock(self) -> Path:
        """Held by the one worker of the folder."""
        return self.folder / "worker.lock"
