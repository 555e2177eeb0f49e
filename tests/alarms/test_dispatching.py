"""Groups are looked at many to a transaction: a crash in the midst loses and doubles nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.alerts.config import Config
from watchkeeper.alerts.pipeline import flush
from watchkeeper.alerts.reading import read_config
from watchkeeper.app.alarms import dispatching, states
from watchkeeper.app.alarms.dispatching import BATCH, look_at_due, take_in
from watchkeeper.core.alert import Alert
from watchkeeper.store.catalogue.alarms import AlarmStore, Work

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ROUTES = """
route:
  receiver: hook
  group_by: [n]
  group_wait: 0s
  group_interval: 1m
  repeat_interval: 4h
receivers:
  - name: hook
    webhook_configs:
      - url: http://127.0.0.1:9/
"""
CONFIG: Config = read_config(ROUTES)


class BrokenError(Exception):
    """The process ends here."""


def alerts(count: int, *, over: bool = False) -> list[Alert]:
    """So many alerts, each in a group of its own."""
    end = NOON + timedelta(minutes=5) if over else None
    return [Alert({"alertname": "A", "n": str(n)}, {}, NOON, end) for n in range(count)]


def arrive(store: AlarmStore, found: list[Alert], now: datetime) -> None:
    """Alerts come in."""
    with store.work() as work:
        take_in(work, found, CONFIG, now)


def told(store: AlarmStore) -> Counter[tuple[str, str]]:
    """How often each group was told to fire, and to be over."""
    rows = store.messages(limit=10_000)
    found = [states.message_of(row.body) for row in rows]
    return Counter((one.group_labels["n"], one.status) for one in found)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AlarmStore]:
    """An empty store."""
    made = AlarmStore(tmp_path / "catalogue.db")
    yield made
    made.close()


def test_more_groups_than_a_transaction_holds(store: AlarmStore) -> None:
    """Each is told once; at the next look nothing is due."""
    count = 2 * BATCH + 7
    arrive(store, alerts(count), NOON)
    assert look_at_due(store, CONFIG, NOON) == count
    assert told(store) == {(str(n), "firing"): 1 for n in range(count)}
    assert look_at_due(store, CONFIG, NOON) == 0
    over = NOON + timedelta(minutes=5)
    arrive(store, alerts(count, over=True), over)
    later = over + timedelta(minutes=1)
    assert look_at_due(store, CONFIG, later) == count
    assert set(told(store).values()) == {1}
    assert len(told(store)) == 2 * count


@settings(max_examples=25, deadline=None)
@given(
    count=st.integers(1, 30),
    batch=st.integers(1, 12),
    breaks=st.lists(st.integers(0, 40), max_size=4),
    at_end=st.booleans(),
)
def test_a_crash_in_the_midst_loses_nothing_and_doubles_nothing(
    tmp_path_factory: pytest.TempPathFactory,
    count: int,
    batch: int,
    breaks: list[int],
    at_end: bool,
) -> None:
    """Wherever it ends, between two groups or as the last word of a transaction."""
    path = tmp_path_factory.mktemp("crash") / "catalogue.db"
    for over in (False, True):
        now = NOON + timedelta(minutes=6 if over else 0)
        store = AlarmStore(path)
        arrive(store, alerts(count, over=over), now)
        store.close()
        for left in [*breaks, 10_000]:
            store = AlarmStore(path)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(dispatching, "BATCH", batch)
                _break_after(patch, left, at_end=at_end)
                with suppress(BrokenError):
                    look_at_due(store, CONFIG, now)
            store.close()
    store = AlarmStore(path)
    found = told(store)
    assert found == {(str(n), s): 1 for n in range(count) for s in ("firing", "resolved")}
    kinds = Counter(row.kind for row in store.history(limit=10_000))
    assert kinds["told"] == 2 * count
    assert store.states(states.GROUP) == []
    store.close()


def _break_after(patch: pytest.MonkeyPatch, left: int, *, at_end: bool) -> None:
    """The process ends after so many looks, or after so many messages were put into the line."""
    real_flush, real_add, count = flush, Work.add_message, [left]

    def counted() -> None:
        count[0] -= 1
        if count[0] < 0:
            raise BrokenError

    def flushed(*arguments: object, **named: object) -> object:
        counted()
        return real_flush(*arguments, **named)  # type: ignore[arg-type]

    def added(self: Work, **named: object) -> None:
        real_add(self, **named)  # type: ignore[arg-type]
        counted()

    if at_end:
        patch.setattr(Work, "add_message", added)
    else:
        patch.setattr(dispatching, "flush", flushed)
