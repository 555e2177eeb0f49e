"""A home for each test; on PostgreSQL too where a test says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy", reason="users need the extra 'server'")

from tests.app.people.homes import Home, home_at
from tests.engines.conftest import server
from tests.store.test_catalogue import postgres_url

__all__ = ["server"]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """An admin, an editor and a viewer in a file."""
    with home_at(tmp_path / "people.db", eve="editor", vic="viewer") as found:
        yield found


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str | Path:
    """An empty database of each kind in turn."""
    if request.param == "sqlite":
        return tmp_path / "people.db"
    return postgres_url(request.getfixturevalue("server"), "people")
