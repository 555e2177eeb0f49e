"""The catalogue in SQLite and in PostgreSQL: what is put in comes out, changes never mix."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import sqlalchemy as sa

from tests.engines.conftest import Server, server
from watchkeeper.core.errors import ConflictError, InputError, UnavailableError
from watchkeeper.store.catalogue.catalogue import Catalogue
from watchkeeper.store.catalogue.rows import Feature, KeyRow, ReferenceRow

__all__ = ["server"]

AT = datetime(2013, 4, 1, 10, 30, 15, 123456, tzinfo=UTC)
HOUR = timedelta(hours=1)


def postgres_url(running: Server, name: str) -> str:
    """The URL of a new, empty database of the server."""
    url = running.url().replace("postgres://", "postgresql://")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}"')
    return urlsplit(url)._replace(path=f"/{name}").geturl()


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str | Path:
    """Where a new catalogue lies, in each database in turn."""
    if request.param == "sqlite":
        return tmp_path / "new" / "catalogue.db"
    return postgres_url(request.getfixturevalue("server"), "catalogue")


@pytest.fixture
def catalogue(place: str | Path) -> Iterator[Catalogue]:
    """A new catalogue."""
    made = Catalogue(place)
    yield made
    made.close()


def reference(**changes: object) -> ReferenceRow:
    """A reference, with what a test cares about."""
    values = {
        "id": 0, "model": "late", "kind": "data", "origin": {"name": "a"}, "measured": "m",
        "state": "active", "layout": "l", "rows": 5, "set_at": AT, "who": None,
    }  # fmt: skip
    return ReferenceRow(**(values | changes))  # type: ignore[arg-type]


def test_a_model_comes_out_as_it_went_in(catalogue: Catalogue, place: str | Path) -> None:
    """Another process reads what was put in, times to the microsecond and in UTC."""
    content = {"name": "späte Flüge", "columns": {"a": {"minimum": -1.5}}, "tags": []}
    berlin = AT.astimezone(timezone(timedelta(hours=2)))
    with catalogue.change() as change:
        made = change.add_model("späte Flüge", content, at=berlin)
        change.put_features(made.id, {"a": Feature("double", "file")}, at=AT)
        change.put_features(made.id, {"a": Feature("int64", "records")}, at=AT)
        change.update_model(made.id, at=AT, task="binary", used=True)
    other = Catalogue(place)
    found = other.model("späte Flüge")
    assert (other.names(), other.model("other")) == (["späte Flüge"], None)
    other.close()
    assert found is not None
    assert (found.content, found.task, found.used) == (content, "binary", True)
    assert (found.created, found.created.tzinfo, found.changed) == (AT, UTC, AT)
    assert found.features == {"a": Feature("int64", "records")}


def fail_within_a_change(catalogue: Catalogue) -> None:
    """Begin a change that an error ends."""
    with catalogue.change() as change:
        change.add_model("broken", {}, at=AT)
        _ = 1 / 0


def test_the_generation_moves_with_changes_alone(catalogue: Catalogue) -> None:
    """A change moves it; a block that does nothing or fails, and a touch, leave all as it was."""
    before = catalogue.generation()
    with catalogue.change() as change:
        made = change.add_model("late", {}, at=AT)
        change.put_version(made.id, "1", first_seen=AT, last_seen=AT)
    assert catalogue.generation() == before + 1
    with catalogue.change() as change:
        change.model("late")
    with pytest.raises(ZeroDivisionError):
        fail_within_a_change(catalogue)
    later = AT + timedelta(days=1)
    catalogue.touch_version(made.id, "1", AT, later)
    assert (catalogue.generation(), catalogue.names()) == (before + 1, ["late"])
    assert [row.last_seen for row in catalogue.versions(made.id)] == [later]


def test_what_was_seen_only_widens(catalogue: Catalogue) -> None:
    """Servers that share a catalogue each know only what came to them, in any zone."""
    zone = timezone(timedelta(hours=5))
    with catalogue.change() as change:
        made = change.add_model("late", {}, at=AT)
        change.put_version(made.id, "by hand", by_hand=True)
        for version in ("by hand", "1"):
            change.see_version(made.id, version, AT.astimezone(zone), AT + HOUR)
            change.see_version(made.id, version, AT + HOUR, AT + 2 * HOUR)
    catalogue.touch_version(made.id, "1", (AT - HOUR).astimezone(zone), AT)
    seen = {row.version: (row.first_seen, row.last_seen) for row in catalogue.versions(made.id)}
    assert seen == {"by hand": (AT, AT + 2 * HOUR), "1": (AT - HOUR, AT + 2 * HOUR)}


def test_references_and_their_profiles(catalogue: Catalogue) -> None:
    """History stays, the newest first; a wish that nobody fulfilled is forgotten."""
    with catalogue.change() as change:
        made = change.add_model("late", {}, at=AT)
        first = change.add_reference(made.id, reference(), b"\x00profile")
        change.end_references(made.id, "active")
        second = change.add_reference(made.id, reference(layout="n"), b"other")
        change.add_reference(made.id, reference(state="wanted", layout=None, rows=None), None)
    assert [row.state for row in catalogue.references("late")] == ["wanted", "active", "past"]
    assert catalogue.profile(first) == b"\x00profile"
    with catalogue.change() as change:
        change.end_references(made.id, "wanted", "active")
    rows = catalogue.references("late")
    assert [(row.id, row.state) for row in rows] == [(second, "past"), (first, "past")]
    assert catalogue.references(states=("active",)) == []
    assert rows[0] == reference(id=second, layout="n", state="past")


def test_removing_a_model_takes_all_of_it(catalogue: Catalogue) -> None:
    """Nothing of it stays, and its ids are never given again."""
    with catalogue.change() as change:
        made = change.add_model("late", {}, at=AT)
        change.put_features(made.id, {"a": Feature("double", "file")}, at=AT)
        change.put_version(made.id, "1", by_hand=True)
        held = change.add_reference(made.id, reference(), b"profile")
    with catalogue.change() as change:
        change.remove_model(made.id)
    assert catalogue.names() == []
    assert (catalogue.versions(made.id), catalogue.references()) == ([], [])
    assert catalogue.profile(held) is None
    with catalogue.change() as change:
        again = change.add_model("late", {}, at=AT)
        assert change.add_reference(again.id, reference(), None) > held
    assert again.id > made.id
    assert again.features == {}


def test_keys(catalogue: Catalogue) -> None:
    """Keys keep their digest and their end; revoking once more does nothing."""
    row = KeyRow("ab", "ci", "digest", ("ingest", "read"), AT, None, None, None)
    with catalogue.change() as change:
        change.add_key(row)
    catalogue.touch_key("ab", AT)
    with catalogue.change() as change:
        assert change.revoke_key("ab", at=AT)
        assert not change.revoke_key("ab", at=AT + timedelta(days=1))
        assert not change.revoke_key("other", at=AT)
    assert catalogue.api_keys() == [
        KeyRow("ab", "ci", "digest", ("ingest", "read"), AT, None, AT, AT)
    ]


def add_to_counter(place: str | Path, times: int) -> None:
    """Read a number and write the next one, as often as asked."""
    catalogue = Catalogue(place)
    for _ in range(times):
        with catalogue.change() as change:
            row = change.model("counter")
            assert row is not None
            change.update_model(row.id, at=AT, content={"count": row.content["count"] + 1})
    catalogue.close()


def test_changes_of_processes_never_mix(catalogue: Catalogue, place: str | Path) -> None:
    """What one process reads in a change nobody else writes before it has ended."""
    with catalogue.change() as change:
        change.add_model("counter", {"count": 0}, at=AT)
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=add_to_counter, args=(place, 20)) for _ in range(2)]
    threads = [threading.Thread(target=add_to_counter, args=(place, 20)) for _ in range(2)]
    for worker in (*processes, *threads):
        worker.start()
    for worker in (*processes, *threads):
        worker.join(60)
    row = catalogue.model("counter")
    assert row is not None
    assert row.content == {"count": 80}
    assert catalogue.generation() == 81


def test_questions_do_not_wait_for_a_change(catalogue: Catalogue, place: str | Path) -> None:
    """While a change is under way others read what was before it."""
    other = Catalogue(place)
    with catalogue.change() as change:
        change.add_model("late", {}, at=AT)
        assert (other.names(), other.generation()) == ([], 0)
    assert (other.names(), other.generation()) == (["late"], 1)
    other.close()


def test_a_copy_while_it_is_in_use(tmp_path: Path) -> None:
    """The copy holds all that was there; a copy that cannot be written is told."""
    catalogue = Catalogue(tmp_path / "catalogue.db")
    with catalogue.change() as change:
        change.add_model("late", {}, at=AT)
    catalogue.back_up(tmp_path / "copy.db")
    with catalogue.change() as change:
        change.add_model("later", {}, at=AT)
    catalogue.back_up(tmp_path / "second.db")
    with pytest.raises(InputError, match="cannot be written"):
        catalogue.back_up(tmp_path / "absent" / "copy.db")
    catalogue.close()
    for name, expected in (("copy.db", ["late"]), ("second.db", ["late", "later"])):
        copy = Catalogue(tmp_path / name)
        assert copy.names() == expected
        copy.close()


def test_a_database_makes_its_own_copies(server: Server, tmp_path: Path) -> None:
    """PostgreSQL is copied with its own tools."""
    catalogue = Catalogue(postgres_url(server, "copied"))
    with pytest.raises(ConflictError, match="pg_dump"):
        catalogue.back_up(tmp_path / "copy.db")
    catalogue.close()


def test_what_cannot_be_a_catalogue(tmp_path: Path) -> None:
    """A file of something else, a folder, and other databases are refused in a sentence."""
    (tmp_path / "text.db").write_bytes(b"this is a text and no database of any kind\n" * 100)
    with pytest.raises(InputError, match="damaged or no catalogue"):
        Catalogue(tmp_path / "text.db")
    with pytest.raises(UnavailableError, match="check that"):
        Catalogue(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be made"):
        Catalogue(tmp_path / "file" / "catalogue.db")
    with pytest.raises(InputError, match="cannot be a database of 'mysql'"):
        Catalogue("mysql://root@localhost/x")
    with pytest.raises(InputError, match="write it as postgresql://"):
        Catalogue("postgresql://host:port/x")


def test_a_database_that_is_away(server: Server) -> None:
    """A server that does not answer is told without its password, and may be asked again."""
    url = f"postgresql://someone:secret@127.0.0.1:{server.port}/absent"
    with pytest.raises(UnavailableError) as error:
        Catalogue(url)
    assert error.value.retry_after > 0
    assert "secret" not in str(error.value)


def lose_the_connection(catalogue: Catalogue, url: str) -> None:
    """Begin a change whose connection the server ends."""
    with catalogue.change() as change:
        change.add_model("later", {}, at=AT)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = 'lost' AND pid <> pg_backend_pid()"
            )


def test_a_lost_connection_is_told_and_then_mended(server: Server) -> None:
    """A connection that the server has cut gives no wrong answer, and the next one works."""
    url = postgres_url(server, "lost")
    catalogue = Catalogue(url)
    with catalogue.change() as change:
        change.add_model("late", {}, at=AT)
    with pytest.raises(UnavailableError):
        lose_the_connection(catalogue, url)
    assert catalogue.names() == ["late"]
    catalogue.close()


def test_sqlite_is_set_to_keep_what_it_was_given(tmp_path: Path) -> None:
    """Every connection syncs in full, waits for its turn and keeps foreign keys."""
    catalogue = Catalogue(tmp_path / "catalogue.db")
    with catalogue._engine.connect() as connection:
        pragmas = ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        found = [connection.execute(sa.text(f"PRAGMA {name}")).scalar() for name in pragmas]
    catalogue.close()
    assert found == ["wal", 2, 10_000, 1]
