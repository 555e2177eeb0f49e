"""The access log: what is in it, how it is read, and that it neither grows nor loses for ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.people.homes import Home, home_at
from watchkeeper.app.people import access_log
from watchkeeper.app.people.access_log import Entry

ROW = Entry("ada", "session", "PUT", "/v1/rules/{name}", "/v1/rules/base", 200, "192.0.2.1")


def test_rows_are_read_in_pages(place: str | Path) -> None:
    """The newest first, each row once, also those of one alone."""
    with home_at(place) as home:
        log = home.people.log
        for number in range(25):
            home.clock.go(seconds=1)
            who = "ada" if number % 5 else None
            log.add(Entry(who, "session", "PUT", "/v1/x", f"/v1/{number}", 200, "192.0.2.1"))
        pages, before = [], None
        while rows := log.read(limit=10, before=before):
            pages.append([row["path"] for row in rows])
            before = rows[-1]["id"]
        assert [len(page) for page in pages] == [10, 10, 5]
        wanted = [f"/v1/{number}" for number in reversed(range(25))]
        assert [path for page in pages for path in page] == wanted
        assert len(log.read(limit=100, who="ada")) == 20
        assert log.read(who="nobody") == []
        assert log.read(limit=1)[0]["at"] == home.clock.at


def test_odd_texts_are_kept_as_one_line(home: Home) -> None:
    """A path may hold anything; a row is a row, and short."""
    path = "/v1/\x1b[2J\r\nGET /v1/keys 200 " + "x" * 9000
    home.people.log.add(Entry("a\nb", "key", "P" * 99, "r" * 999, path, 404, "z" * 999))
    (row,) = home.people.log.read()
    assert row["who"] == "a b"
    assert row["path"].isprintable()
    assert [len(row[part]) for part in ("method", "route", "path", "address")] == [
        20, 200, 500, 100,
    ]  # fmt: skip


def test_old_rows_are_dropped(home: Home) -> None:
    """After more than a year, and not a day before."""
    home.people.log.add(ROW)
    home.clock.go(days=access_log.KEPT.days - 1)
    home.people.log.add(ROW)
    assert len(home.people.log.read()) == 2
    home.clock.go(days=2)
    home.people.log.add(ROW)
    assert len(home.people.log.read()) == 2


def test_the_newest_rows_are_kept(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many, looked at once an hour."""
    monkeypatch.setattr(access_log, "MOST", 3)
    for number in range(8):
        home.clock.go(minutes=61)
        home.people.log.add(Entry("ada", "key", "PUT", "/", f"/{number}", 200, ""))
    assert [row["path"] for row in home.people.log.read()] == ["/7", "/6", "/5"]
