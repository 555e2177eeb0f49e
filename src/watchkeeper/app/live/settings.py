"""What the person who starts a server decides, and where its data lie."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from watchkeeper.core.errors import ConflictError

AUTOMATION = "WATCHKEEPER_AUTOMATION"
"""The environment variable that names the file of what runbooks may do."""

CLICKHOUSE = "WATCHKEEPER_CLICKHOUSE"
"""The environment variable that holds the URL of the ClickHouse that gets all rows as well."""


class TablesNote(msgspec.Struct, frozen=True):
    """What a folder notes of tables that lie elsewhere.

    Parameters
    ----------
    tables
        Their URL.
    owner
        What tells the folder from any other; empty in a backup.
    claimed
        Whether the storage knows the owner.
    """

    tables: str
    owner: str = ""
    claimed: bool = False


def noted_tables(folder: Path) -> TablesNote | None:
    """Where the tables of a folder lie; None where that is in it.

    Raises
    ------
    ConflictError
        The note cannot be read; the tables must not be taken for others.
    """
    note = folder / "tables.json"
    try:
        return msgspec.json.decode(note.read_bytes(), type=TablesNote)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise ConflictError(
            f"{note}, which says where the tables lie, cannot be read ({error}); restore it from a "
            'backup, or write {"tables": "s3://bucket/prefix"} into it'
        ) from error


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
    tables_url
        Where the event tables lie, `s3://bucket/prefix`; None for where the folder notes, which is
        in the folder unless a URL was named once.
    clickhouse_url
        The database of ClickHouse that gets all rows of the tables as well, `clickhouse://…`; None
        for none. It may hold a password, so it is shown nowhere.
    automation
        What runbooks may do here, where that does not stand in the folder.
    replica
        Whether other servers work on the folder too, each of them started so.
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
    tables_url: str | None = None
    clickhouse_url: str | None = field(default=None, repr=False)
    automation: Path | None = None
    replica: bool = False

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
    def tables(self) -> Path | str:
        """The event tables, one for each model and signal: a folder, or a URL that it notes."""
        held = noted_tables(self.folder)
        return self.folder / "tables" if held is None else held.tables

    @property
    def tables_note(self) -> Path:
        """Says that the tables of the folder lie elsewhere, and where."""
        return self.folder / "tables.json"

    @property
    def clickhouse_note(self) -> Path:
        """Says whose rows ClickHouse holds; in no backup, so that a copy does not mix with it."""
        return self.folder / "clickhouse.json"

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
