"""Opening brings an older catalogue to this release, and leaves a newer one alone."""

from __future__ import annotations

import multiprocessing
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from tests.engines.conftest import server
from tests.store.test_catalogue import postgres_url
from watchkeeper.core.errors import ConflictError
from watchkeeper.store.catalogue.alarms import AlarmStore
from watchkeeper.store.catalogue.catalogue import Catalogue
from watchkeeper.store.catalogue.opening import HEAD, WRITE, open_engine, upgrade
from watchkeeper.store.catalogue.people import PeopleStore, SessionRow
from watchkeeper.store.catalogue.rows import Feature
from watchkeeper.store.catalogue.tables import metadata

__all__ = ["server"]

FIRST = (
    """INSERT INTO models (id, name, content, task, prediction, used, created, changed) VALUES
    (7, 'late', '{"name": "late"}', 'binary', 'string', TRUE, '2013-01-01 00:00:00.000000',
     '2013-01-02 00:00:00.000000')""",
    """INSERT INTO features (model_id, name, type, source, since) VALUES
    (7, 'temp', 'double', 'reference', '2013-01-01 00:00:00.000000')""",
    """INSERT INTO versions (model_id, version, first_seen, last_seen, by_hand, details) VALUES
    (7, '1', NULL, NULL, TRUE, '{}')""",
    """INSERT INTO api_keys (id, name, digest, scopes, created) VALUES
    ('ab', 'ci', 'd', '["read"]', '2013-01-01 00:00:00.000000')""",
    "UPDATE state SET generation = 41",
)
"""What a catalogue of the first release may hold, as that release wrote it."""

SECOND = (
    """INSERT INTO alarm_files (kind, name, text, set_at, who) VALUES
    ('rules', 'base', 'groups: []', '2013-02-01 00:00:00.000000', 'ci')""",
    """INSERT INTO alarm_states (kind, key, due, body, changed) VALUES
    ('rule', 'late/drift', '2013-02-01 00:05:00.000000', '{"firing": true}',
     '2013-02-01 00:00:00.000000')""",
    """INSERT INTO alarm_messages
    (id, key, receiver, channel, state, due, attempts, body, said, made) VALUES
    (3, 'g', 'ops', 'webhook', 'waiting', '2013-02-01 00:00:00.000000', 2, '{}', '',
     '2013-02-01 00:00:00.000000')""",
    """INSERT INTO alarm_history (id, at, kind, model, subject, body) VALUES
    (9, '2013-02-01 00:00:00.000000', 'alert', 'late', 'drift', '{}')""",
    """INSERT INTO leases (name, holder, until) VALUES
    ('keeper', 'box/1', '2013-02-01 00:01:00.000000')""",
)
"""What a catalogue with alarms may hold besides."""


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str | Path:
    """An empty database of each kind in turn."""
    if request.param == "sqlite":
        return tmp_path / "catalogue.db"
    return postgres_url(request.getfixturevalue("server"), "migrated")


def at_revision(place: str | Path, revision: str, *statements: str) -> None:
    """Make a catalogue as a revision had it, and run statements on it."""
    engine = open_engine(place)
    with engine.connect().execution_options(**{WRITE: True}) as connection, connection.begin():
        upgrade(connection, "test", to=revision)
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def test_from_the_first_revision_with_data(place: str | Path) -> None:
    """What the first release wrote is there after all later migrations."""
    at_revision(place, "r0001", *FIRST)
    catalogue = Catalogue(place)
    found = catalogue.model("late")
    versions, keys, generation = catalogue.versions(7), catalogue.api_keys(), catalogue.generation()
    catalogue.close()
    assert found is not None
    assert (found.content, found.task, found.used) == ({"name": "late"}, "binary", True)
    assert found.features == {"temp": Feature("double", "reference")}
    assert [row.version for row in versions] == ["1"]
    assert [row.scopes for row in keys] == [("read",)]
    assert generation >= 41


def rows_of(place: str | Path, names: list[str]) -> dict[str, list[tuple[object, ...]]]:
    """All rows of tables, as the database gives them."""
    engine = open_engine(place)
    with engine.connect() as connection:
        found = {
            name: sorted(tuple(row) for row in connection.exec_driver_sql(f"SELECT * FROM {name}"))
            for name in names
        }
    engine.dispose()
    return found


def test_from_a_catalogue_without_users(place: str | Path) -> None:
    """Users come to a catalogue with alarms in it: not one row of it changes."""
    at_revision(place, "r0002", *FIRST, *SECOND)
    names = ["models", "features", "versions", "api_keys", "alarm_files", "alarm_states",
             "alarm_messages", "alarm_history", "leases"]  # fmt: skip
    before = rows_of(place, names)
    store = PeopleStore(place)
    assert store.users() == []
    now = datetime(2026, 3, 1, tzinfo=UTC)
    with store.work() as work:
        work.add_user(name="ada", display_name="Ada", role="admin", created=now)
    assert [(user.name, user.created) for user in store.users()] == [("ada", now)]
    store.close()
    assert rows_of(place, names) == before
    assert all(before.values())
    alarms = AlarmStore(place)
    assert [(one.name, one.text) for one in alarms.files("rules")] == [("base", "groups: []")]
    alarms.close()


def test_a_name_that_is_free_again_is_somebody_else(place: str | Path) -> None:
    """The number of a user who was removed is not given out again, nor their sessions kept."""
    store = PeopleStore(place)
    now = datetime(2026, 3, 1, tzinfo=UTC)
    numbers = []
    for _ in range(2):
        with store.work() as work:
            work.add_user(name="ada", display_name="Ada", role="admin", created=now)
            user = work.user("ada")
            assert user is not None
            numbers.append(user.id)
            work.add_session(SessionRow("s", "d", user.id, "password", now, now, now, "", ""))
        assert store.session("d") is not None
        with store.work() as work:
            work.remove_user(user.id)
        assert store.session("d") is None
    store.close()
    assert len(set(numbers)) == 2


def test_a_newer_catalogue_is_refused(place: str | Path) -> None:
    """It is told who wrote it and what to do, and is not touched."""
    at_revision(place, "head", "UPDATE alembic_version SET version_num = 'r9999'")
    with pytest.raises(ConflictError, match=r"newer Watchkeeper \(revision r9999.*upgrade"):
        Catalogue(place)
    engine = open_engine(place)
    with engine.connect() as connection:
        held = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    engine.dispose()
    assert held == "r9999"


def test_the_tables_are_those_of_the_migrations(place: str | Path) -> None:
    """Alembic finds nothing that the migrations have and the code has not, nor the reverse."""
    Catalogue(place).close()
    engine = open_engine(place)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = compare_metadata(context, metadata)
    engine.dispose()
    assert found == []


def fail_after_upgrading(engine: sa.Engine) -> None:
    """Run the migrations in a transaction that an error ends."""
    with engine.connect().execution_options(**{WRITE: True}) as connection, connection.begin():
        upgrade(connection, "test")
        _ = 1 / 0


def test_a_failed_migration_leaves_nothing(place: str | Path) -> None:
    """Migrations are one transaction: after a fault the next opening begins where it stood."""
    engine = open_engine(place)
    with pytest.raises(ZeroDivisionError):
        fail_after_upgrading(engine)
    with engine.connect() as connection:
        assert sa.inspect(connection).get_table_names() == []
    engine.dispose()
    catalogue = Catalogue(place)
    assert catalogue.generation() == 0
    catalogue.close()


def open_and_count(place: str | Path) -> None:
    """Open the catalogue; an error is the exit status of the process."""
    catalogue = Catalogue(place)
    assert catalogue.generation() == 0
    catalogue.close()


def test_processes_that_open_an_empty_one_at_once(place: str | Path) -> None:
    """One makes the tables, the others wait for it."""
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=open_and_count, args=(place,)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0]


def test_the_migrations_are_in_the_package() -> None:
    """They are a line without branches, end where the code says, and are installed with it."""
    folder = resources.files("watchkeeper.store.catalogue").joinpath("migrations")
    script = ScriptDirectory(str(folder))
    assert script.get_heads() == [HEAD]
    assert [step.revision for step in script.walk_revisions()][-1] == "r0001"
