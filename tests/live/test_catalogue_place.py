"""A folder whose catalogue is in PostgreSQL: it remembers which, and gives no password away."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engines.conftest import Server, server
from tests.live.stations import MODEL_FILE
from tests.store.test_catalogue import postgres_url
from watchkeeper.app.live.backups import back_up_folder, restore_folder
from watchkeeper.app.live.catalogue_place import (
    check_catalogue,
    has_password,
    note_catalogue,
    noted,
    redacted,
)
from watchkeeper.app.live.folder import open_folder
from watchkeeper.app.live.platform import Platform
from watchkeeper.app.live.settings import Settings
from watchkeeper.core.errors import ConflictError, InputError, UnavailableError
from watchkeeper.store.catalogue.alarms import AlarmStore, FileRow

__all__ = ["server"]

URL = "postgresql://ann:secret-word@db.example:5432/watch"


@given(
    st.text("secret:/?#@%&= 1", min_size=6).map("word{}word".format),
    st.sampled_from(["postgresql", "postgres", "mysql", ""]),
    st.sampled_from(["", "?sslmode=require", "?password=wordXword", "?host=h&user=x"]),
)
def test_no_part_of_a_password_is_shown(password: str, scheme: str, query: str) -> None:
    """Whether it was encoded as it must be or not."""
    url = f"{scheme}://ann:{password}@db/watch{query}"
    assert "word" not in redacted(url)
    assert has_password(url)


def test_settings_do_not_show_the_url() -> None:
    """As they would in a log."""
    assert "secret-word" not in repr(Settings(Path("d"), catalogue_url=URL))


def test_a_folder_refuses_another_database_and_none(tmp_path: Path) -> None:
    """Who asks, and with which password, may change."""
    note_catalogue(Settings(tmp_path, catalogue_url=URL))
    assert "secret-word" not in (tmp_path / "catalogue.json").read_text()
    assert noted(tmp_path) == "postgresql://ann@db.example:5432/watch"
    for same in (URL, URL.replace("ann:secret-word", "bob:other"), f"{URL}?sslmode=require"):
        check_catalogue(Settings(tmp_path, catalogue_url=same))
    for other in (URL.replace("watch", "two"), URL.replace("5432", "5433"), f"{URL}?host=there"):
        with pytest.raises(ConflictError, match=r"catalogue\.json where it has moved"):
            check_catalogue(Settings(tmp_path, catalogue_url=other))
    with pytest.raises(InputError, match="WATCHKEEPER_CATALOGUE"):
        check_catalogue(Settings(tmp_path))


def test_a_catalogue_of_its_own_is_not_hidden(tmp_path: Path) -> None:
    """Its models would seem to be gone."""
    with open_folder(tmp_path, make=True) as opened:
        opened.registry.apply(MODEL_FILE)
    with pytest.raises(ConflictError, match="would hide"):
        check_catalogue(Settings(tmp_path, catalogue_url=URL))


@pytest.mark.parametrize(
    "url", ["watch.db", "mysql://ann@db/watch", "postgresql://ann:a@b@db/watch", "sqlite:///x.db"]
)
def test_what_is_no_database_is_refused(tmp_path: Path, url: str) -> None:
    """Before anything is made."""
    with pytest.raises(InputError, match="postgresql://user:password@host:5432/database"):
        check_catalogue(Settings(tmp_path / "new", catalogue_url=url))
    assert not (tmp_path / "new").exists()


def test_a_database_that_was_never_reached_is_not_remembered(tmp_path: Path) -> None:
    """A typing error need not be undone."""
    wrong = "postgresql://ann:secret-word@127.0.0.1:9/watch?connect_timeout=2"
    with pytest.raises(UnavailableError) as caught:
        Platform(Settings(tmp_path, min_free=0, catalogue_url=wrong))
    assert "secret-word" not in str(caught.value)
    assert noted(tmp_path) is None


def test_a_backup_moves_between_a_file_and_a_database(server: Server, tmp_path: Path) -> None:
    """All that the catalogue holds, there and back; a database in use is left alone."""
    first, url = tmp_path / "first", postgres_url(server, "moved")
    platform = Platform(Settings(first, min_free=0))
    platform.registry.apply(MODEL_FILE)
    platform.close()
    store = AlarmStore(first / "catalogue.db")
    with store.work() as work:
        now = work.now()
        work.put_file(FileRow("rules", "a", "groups: []", now, "ann"))
        work.add_message(key="k", receiver="r", channel="c", body="{}", at=now)
    rows = store.messages()
    store.close()
    back_up_folder(first, tmp_path / "copy")
    second = tmp_path / "second"
    restore_folder(tmp_path / "copy", second, catalogue=url)
    assert not (second / "catalogue.db").exists()
    there = AlarmStore(url)
    assert there.messages() == rows
    with there.work() as work:  # Its next id is a new one.
        work.add_message(key="k", receiver="r", channel="c", body="{}", at=now)
    assert len(there.messages()) == 2
    there.close()
    with pytest.raises(ConflictError, match="in use"):
        restore_folder(tmp_path / "copy", tmp_path / "third", catalogue=url)
    assert not (tmp_path / "third").exists()
    back_up_folder(second, tmp_path / "again", catalogue=url)
    restore_folder(tmp_path / "again", tmp_path / "third")
    with open_folder(tmp_path / "third", make=False) as opened:
        assert [one["name"] for one in opened.models()] == ["late"]
    with open_folder(second, make=False, catalogue=url) as opened:
        assert [one["name"] for one in opened.models()] == ["late"]
