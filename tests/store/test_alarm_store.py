"""States, messages and history of alarms, in SQLite and in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.engines.conftest import server
from tests.store.test_catalogue import postgres_url
from watchkeeper.store.catalogue.alarms import AGAIN, AlarmStore, FileRow, Mark, StateRow
from watchkeeper.store.catalogue.catalogue import Catalogue

__all__ = ["server"]

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str | Path:
    """Where a new catalogue lies, in each database in turn."""
    if request.param == "sqlite":
        return tmp_path / "catalogue.db"
    return postgres_url(request.getfixturevalue("server"), "alarms")


@pytest.fixture
def store(place: str | Path) -> Iterator[AlarmStore]:
    """A new store."""
    made = AlarmStore(place)
    yield made
    made.close()


def add(store: AlarmStore, key: str, channel: str = "mail", at: datetime = AT) -> None:
    """Put a message into the line."""
    with store.work() as work:
        work.add_message(key=key, receiver="team", channel=channel, body=f"{key}", at=at)


def test_a_state_is_found_by_key_and_when_it_is_due(store: AlarmStore) -> None:
    """The latest body counts; what has no deadline is never due."""
    with store.work() as work:
        work.put_state(StateRow("group", "b", '{"n":1}', AT), at=AT)
        work.put_state(StateRow("group", "a", "{}", AT + MINUTE), at=AT)
        work.put_state(StateRow("group", "never", "{}"), at=AT)
        work.put_state(StateRow("silence", "a", "{}", AT), at=AT)
    with store.work() as work:
        work.put_state(StateRow("group", "b", '{"n":2}', AT - MINUTE), at=AT)
        assert [row.key for row in work.states("group", keys=["b", "zz"])] == ["b"]
    assert [row.body for row in store.states("group", keys=["b"])] == ['{"n":2}']
    assert [row.key for row in store.states("group")] == ["a", "b", "never"]
    assert [row.key for row in store.due("group", AT)] == ["b"]
    assert [row.key for row in store.due("group", AT + MINUTE)] == ["b", "a"]
    assert [row.key for row in store.due("group", AT + MINUTE, limit=1)] == ["b"]
    assert store.next_due("group") == AT - MINUTE
    assert store.next_due("nothing") is None
    with store.work() as work:
        work.drop_state("group", "b")
    assert store.next_due("group") == AT + MINUTE


def test_a_transaction_that_fails_leaves_nothing(store: AlarmStore) -> None:
    """A state and its message come together or not at all."""

    def fail() -> None:
        with store.work() as work:
            work.put_state(StateRow("group", "a", "{}", AT), at=AT)
            work.add_message(key="k", receiver="r", channel="c", body="{}", at=AT)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert store.states("group") == []
    assert store.messages() == []


def test_messages_of_one_affair_and_channel_go_in_their_order(store: AlarmStore) -> None:
    """The second one waits for the first, also while that one is not due again."""
    add(store, "a")
    add(store, "a", at=AT + MINUTE)
    add(store, "a", channel="chat")
    add(store, "b")
    first = store.messages_due(AT + 5 * MINUTE)
    assert [(row.key, row.channel) for row in first] == [
        ("a", "mail"),
        ("a", "chat"),
        ("b", "mail"),
    ]
    store.mark_message(first[0].id, Mark("waiting", "busy", AT, AT + 10 * MINUTE))
    assert [(row.key, row.channel) for row in store.messages_due(AT + 5 * MINUTE)] == [
        ("a", "chat"), ("b", "mail"),
    ]  # fmt: skip
    store.mark_message(first[0].id, Mark("sent", "ok", AT + 10 * MINUTE))
    second = store.messages_due(AT + 10 * MINUTE)[-1]
    assert (second.key, second.channel, second.made) == ("a", "mail", AT + MINUTE)
    sent = next(row for row in store.messages() if row.id == first[0].id)
    assert (sent.state, sent.attempts, sent.said, sent.done) == ("sent", 2, "ok", AT + 10 * MINUTE)
    store.mark_message(second.id, Mark("dead", "gone", AT))
    assert store.count_messages() == {"sent": 1, "dead": 1, "waiting": 2}
    assert [row.id for row in store.messages(state="dead")] == [second.id]


def test_history_is_found_and_forgotten(store: AlarmStore) -> None:
    """By kind, subject, model and time, the newest first."""
    for minutes, kind in enumerate(("fired", "told", "fired")):
        with store.work() as work:
            work.add_history(
                at=AT + minutes * MINUTE, kind=kind, subject=f"s{minutes}", body="{}",
                model="m" if minutes else "",
            )  # fmt: skip
    assert [row.subject for row in store.history()] == ["s2", "s1", "s0"]
    assert [row.subject for row in store.history(kinds=["fired"])] == ["s2", "s0"]
    assert [row.subject for row in store.history(model="m", end=AT + 2 * MINUTE)] == ["s1"]
    assert [row.subject for row in store.history(start=AT + MINUTE, limit=1)] == ["s2"]
    assert [row.at for row in store.history(subject="s1")] == [AT + MINUTE]
    add(store, "old")
    store.mark_message(store.messages()[0].id, Mark("sent", "", AT))
    add(store, "waits", at=AT)
    assert store.forget(AT + MINUTE, spare=("fired", "told")) == 1
    assert store.forget(AT + MINUTE) == 1
    assert [row.subject for row in store.history()] == ["s2", "s1"]
    assert [row.key for row in store.messages()] == ["waits"]


def test_files_are_kept_by_kind_and_name(store: AlarmStore) -> None:
    """The last one applied counts."""
    for text in ("one", "two"):
        with store.work() as work:
            work.put_file(FileRow("rules", "flights", text, AT, "key 1"))
    assert store.files("rules") == [FileRow("rules", "flights", "two", AT, "key 1")]
    assert store.files("routes") == []
    with store.work() as work:
        assert work.drop_file("rules", "flights")
        assert not work.drop_file("rules", "flights")


def test_alarms_lie_beside_models(store: AlarmStore, place: str | Path) -> None:
    """One database, and what is written to alarms moves no generation of the catalogue."""
    catalogue = Catalogue(place)
    before = catalogue.generation()
    add(store, "a")
    assert catalogue.generation() == before
    catalogue.close()


def test_what_is_said_again_gives_way_to_what_is_new(store: AlarmStore) -> None:
    """A repeat waits for its time; a new message of its channel takes its place."""
    with store.work() as work:
        work.add_message(
            key="a", receiver="team", channel="mail", body="1", at=AT, again_at=AT + MINUTE
        )
    assert store.messages_due(AT) == []
    (row,) = store.messages_due(AT + MINUTE)
    assert (row.said, row.body) == (AGAIN, "1")
    add(store, "a", channel="chat")
    assert len(store.messages()) == 2
    add(store, "a")
    assert [(row.channel, row.said) for row in store.messages_due(AT)] == [
        ("chat", ""), ("mail", ""),
    ]  # fmt: skip


def test_a_clock_that_was_set_back_keeps_no_state_waiting(store: AlarmStore) -> None:
    """What was written in the future is due now, unless it has no deadline at all."""
    later = AT + 60 * MINUTE
    with store.work() as work:
        work.put_state(StateRow("group", "a", "{}", later + MINUTE), at=later)
        work.put_state(StateRow("group", "b", "{}"), at=later)
        work.put_state(StateRow("group", "c", "{}", AT + MINUTE), at=AT)
    assert [row.key for row in store.due("group", AT)] == ["a"]
