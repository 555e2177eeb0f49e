"""What the server asks of the platform: protocols that `app.live` fulfils, and the tests' fake."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol

from watchkeeper.app.alarms.desk import AlarmDesk
from watchkeeper.app.alarms.incident_desk import IncidentDesk
from watchkeeper.app.alarms.runbooks.desk import RunbookDesk
from watchkeeper.app.dashboards.desk import DashboardDesk
from watchkeeper.app.live.questions import Ingest, ReferenceRequest, RowsQuery, SeriesQuery
from watchkeeper.app.people.access_log import AccessLog
from watchkeeper.app.people.oidc.provider import Identity, Provider
from watchkeeper.app.people.people import Begun
from watchkeeper.app.people.sessions import Origin, Session, Sessions
from watchkeeper.app.people.users import Users

Answer = dict[str, Any]


class SettingsLike(Protocol):
    """What the server reads of the settings."""

    @property
    def folder(self) -> Path:
        """Where everything is kept."""

    @property
    def host(self) -> str:
        """The address to listen on."""

    @property
    def port(self) -> int:
        """The port to listen on; 0 takes a free one."""

    @property
    def max_body(self) -> int:
        """The most bytes of a body, also after it is decompressed."""

    @property
    def min_free(self) -> int:
        """Bytes of free disk below which nothing is taken in."""

    @property
    def insecure(self) -> bool:
        """Whether another address than the loopback may be served without any key."""

    @property
    def base_url(self) -> str | None:
        """The address under which others know the server, such as that of a proxy."""


class KeyLike(Protocol):
    """An API key without its secret."""

    @property
    def id(self) -> str:
        """Names it for good; no secret."""

    @property
    def name(self) -> str:
        """What its maker called it."""

    @property
    def revoked(self) -> datetime | None:
        """Since when it is useless; None while it is not."""

    def as_dict(self) -> Answer:
        """All of it, as the API shows it."""

    @property
    def scopes(self) -> frozenset[str]:
        """What it may do: `ingest`, `read`, `edit`, `admin`."""


class KeysLike(Protocol):
    """The API keys of the catalogue; safe to call from any thread."""

    def create(
        self, name: str, scopes: Collection[str], *, expires: datetime | None = None
    ) -> tuple[KeyLike, str]:
        """A new key, and its secret, which is shown this once."""

    def verify(self, secret: str) -> KeyLike | None:
        """The key of a secret; None where it is unknown, expired or revoked."""

    def list(self) -> Sequence[KeyLike]:
        """All keys, also revoked ones."""

    def revoke(self, id: str, /) -> KeyLike:  # noqa: A002  # positional alone
        """Make a key useless; raises `NotFoundError` for an unknown one."""


class PeopleLike(Protocol):
    """Users, their sessions, and what they changed; safe to call from any thread."""

    @property
    def users(self) -> Users:
        """Who there is."""

    @property
    def sessions(self) -> Sessions:
        """Who is signed in."""

    @property
    def log(self) -> AccessLog:
        """Who changed what."""

    def any(self) -> bool:
        """Whether people sign in here."""

    def sign_in(self, name: str, password: str, origin: Origin) -> Begun:
        """Begin a session."""

    def sign_in_as(self, identity: Identity, origin: Origin) -> Begun:
        """Begin a session for who has signed in elsewhere."""

    @property
    def oidc(self) -> Provider | None:
        """Where else people sign in."""

    def change_password(self, session: Session, old: str, new: str, origin: Origin) -> Begun:
        """Set the password of who is signed in."""


class RegistryLike(Protocol):
    """The models of the catalogue; safe to call from any thread."""

    def apply(
        self,
        content: Mapping[str, object] | str,
        *,
        name: str | None = None,
        force: bool = False,
        who: str | None = None,
    ) -> Answer:
        """Create or change a model by its file."""

    def versions(self, name: str) -> list[Answer]:
        """The versions of a model that have been seen."""


class PlatformLike(Protocol):
    """All that the server can do; each method may be called from any thread."""

    @property
    def settings(self) -> SettingsLike:
        """What it was started with."""

    @property
    def registry(self) -> RegistryLike:
        """Its models."""

    @property
    def keys(self) -> KeysLike:
        """Its API keys."""

    @property
    def people(self) -> PeopleLike:
        """Its users."""

    def ingest(self, request: Ingest) -> Future[Answer]:
        """Take records in; the future is done when they are on disk."""

    def models(self) -> list[Answer]:
        """Every model in a line."""

    def model(self, name: str) -> Answer:
        """All about one model."""

    def reference(self, model: str, /) -> Answer | None:
        """What a model is compared with; None where nothing is set."""

    def set_reference(
        self, model: str, request: ReferenceRequest, /, *, who: str | None = None
    ) -> Answer:
        """Set what a model is compared with."""

    def remove_model(self, name: str) -> Answer:
        """Forget a model and all that it holds."""

    def lines(self, model: str, query: SeriesQuery) -> Answer:
        """Metrics over time as bare numbers."""
        ...

    def series(self, model: str, query: SeriesQuery) -> Answer:
        """Metrics over time."""

    def overview(
        self, model: str, *, window: str, version: str | None, segment: str | None
    ) -> Answer:
        """All that a model's page shows."""

    def glance(self, model: str, *, window: str) -> Answer:
        """What a list of models shows of one."""

    def track(
        self,
        model: str,
        *,
        window: str,
        step: str | None,
        version: str | None,
        segment: str | None,
    ) -> Answer:
        """Drift of every column, and quality, over time."""

    def distributions(
        self,
        model: str,
        column: str,
        *,
        window: str,
        step: str | None,
        version: str | None,
        segment: str | None,
    ) -> Answer:
        """One column's distribution over time."""

    def decisions(
        self, model: str, *, window: str, version: str | None, segment: str | None
    ) -> Answer:
        """What each threshold of a binary model would have decided."""

    def compare_versions(
        self, model: str, a: str, b: str, *, window: str, segment: str | None
    ) -> Answer:
        """Two versions, with a test on each difference."""

    def rows(self, model: str, query: RowsQuery) -> Answer:
        """The rows behind a window."""

    def export(
        self,
        model: str,
        what: Literal["rows", "series"],
        query: RowsQuery | SeriesQuery,
        form: Literal["parquet", "csv", "json"],
    ) -> Iterator[bytes]:
        """Rows or series as a file, piece by piece."""

    def report(self, model: str, *, window: str, version: str | None) -> Answer:
        """The report document."""

    def changes(self, model: str | None, *, window: str) -> list[Answer]:
        """Deployments and other changes, of one model or of all."""

    @property
    def alarms(self) -> AlarmDesk:
        """Rules, alerts, silences, messages."""

    @property
    def incidents(self) -> IncidentDesk:
        """Incidents, and who is on call."""

    @property
    def runbooks(self) -> RunbookDesk:
        """Runbooks, and what was done by them."""

    @property
    def dashboards(self) -> DashboardDesk:
        """Panels that people put side by side."""

    def storage(self) -> Answer:
        """What is kept, how much room it takes, and until when."""

    def status(self) -> Answer:
        """Accounting, backlog, disk, worker."""

    def problems(self) -> list[str]:
        """What keeps it from working; empty: ready."""

    def model_metrics(self) -> str:
        """The latest values of the models' metrics in Prometheus' text format."""

    def close(self) -> None:
        """Finish what is begun and let the stores go."""


class WorkerLike(Protocol):
    """The background process, as health reports it."""

    def status(self) -> Answer:
        """`alive`, `pid` and `restarts`."""
