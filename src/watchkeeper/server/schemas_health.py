"""What the routes of health, status and storage answer."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field


class Worker(BaseModel):
    """The background process that writes tables and measures."""

    alive: bool
    pid: int | None = None
    restarts: int = 0


class Server(BaseModel):
    """The process that answers."""

    version: str
    access: Literal["local", "keys", "users", "open"] = Field(
        description="`local`: this machine alone, nobody is asked; `keys`: with a key; `users`: "
        "who signs in, or with a key; `open`: anybody."
    )
    url: str
    uptime_s: float
    worker: Worker | None = None


class Account(BaseModel):
    """What came in of one signal of one model since the beginning."""

    model: str
    signal: str
    accepted: int
    rejected: int
    duplicates: int
    written: int = Field(default=0, description="Records that are in the tables.")
    aside: int = Field(default=0, description="Records that no table could take; kept apart.")


class JournalState(BaseModel):
    """What is acknowledged and not yet in the tables."""

    entries: int
    bytes: int
    oldest: datetime | None
    oldest_age_s: float | None


class Disk(BaseModel):
    """The disk where the data lie."""

    free_bytes: int
    total_bytes: int


class WorkerState(BaseModel):
    """What the background worker last told."""

    last_step: datetime | None
    last_step_age_s: float | None
    failing: dict[str, Any] = Field(
        default_factory=dict, description="What goes wrong in the background, and why."
    )


class SinkState(BaseModel):
    """How the database does that gets the rows of the tables as well."""

    where: str = Field(examples=["clickhouse://clickhouse.example/watchkeeper"])
    caught_up: datetime | None = Field(description="When all that the tables had was there.")
    behind_s: float | None = Field(description="Seconds since then.")
    behind: int = Field(description="Commits of tables that are not there yet.")
    rows: int = Field(description="Rows that were sent since the worker started.")
    failing: dict[str, str] = Field(description="Tables that do not get there, and why.")


class Replica(BaseModel):
    """A process that shares the work of watching over rules."""

    name: str
    until: datetime = Field(description="Until then the work is its own, unless it says so again.")
    work: list[str]


class AlarmsState(BaseModel):
    """How the watch over rules does; counts are absent while its store does not answer."""

    last_step: datetime | None
    failing: dict[str, Any]
    replicas: list[Replica]
    messages: dict[str, int] | None = Field(
        default=None, description="Messages by state: waiting, sent, dead."
    )
    firing: int | None = None


class Status(BaseModel):
    """How the server does."""

    server: Server
    accounting: list[Account]
    journal: JournalState
    disk: Disk
    worker: WorkerState
    sink: SinkState | None = Field(default=None, description="Absent where there is none.")
    alarms: AlarmsState | None = None
    stale_hours: int = Field(default=0, description="Hours whose profiles are to be made again.")
    problems: list[str]


class StoredPart(BaseModel):
    """A part of the server's folder."""

    name: str
    holds: str = Field(description="What is in it, in words.")
    bytes: int


class StoredTable(BaseModel):
    """What was sent about a model."""

    model: str
    signal: str = Field(examples=["predictions"])
    bytes: int
    first_day: date | None
    last_day: date | None
    days: int | None = Field(description="How long it is kept; null: for ever.")


class Storage(BaseModel):
    """What is kept, and how much room it takes."""

    parts: list[StoredPart]
    tables: list[StoredTable]


class Health(BaseModel):
    """The process is up."""

    status: Literal["up"]
    version: str


class Readiness(BaseModel):
    """Whether requests will be served."""

    status: Literal["ready", "not ready"]
    problems: list[str]
