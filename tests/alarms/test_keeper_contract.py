"""Who was told that it fires is told that it is over, by real keepers that crash at any point."""

from __future__ import annotations

import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from tests.alarms.crashes import CrashError, Shared, Stoppable, crash_at
from tests.alarms.watches import NOW, make_template
from tests.alerts.world import without_twins
from tests.live.stations import START, Station, station
from watchkeeper.alerts.matchers import parse_matchers
from watchkeeper.alerts.silences import Silence
from watchkeeper.app.alarms.desk import AlarmDesk, new_id
from watchkeeper.app.alarms.dispatching import ROUTES
from watchkeeper.app.alarms.rule_book import RULES
from watchkeeper.core.alert import Alert, Notification
from watchkeeper.store.catalogue.alarms import AlarmStore, FileRow
from watchkeeper.store.catalogue.leases import LENGTH

RULE = """
groups:
  - name: {name}
    model: late
    interval: 1m
    rules:
      - {{alert: {name}, expr: accuracy < {limit}, window: 14d, for: {pending}, severity: P2}}
      - {{alert: {name}Twice, expr: accuracy < {limit}, window: 14d, severity: P3}}
"""
NAMES = ("Low", "Lower", "Other")
COMMON = """
receivers:
- {name: ml, webhook_configs: [{url: 'http://localhost/'}]}
- {name: data, webhook_configs: [{url: 'http://localhost/'}, {url: 'http://localhost/2'}]}
time_intervals:
- {name: hour, time_intervals: [{times: [{start_time: '00:30', end_time: '02:00'}]}]}
inhibit_rules:
- {source_matchers: [alertname=Low], target_matchers: [alertname=Other], equal: [model]}
"""
CONFIGS = {
    "plain": "{receiver: ml, group_by: [model], group_wait: 30s, group_interval: 1m, "
    "repeat_interval: 100h}",
    "moved": "{receiver: data, group_by: [model], group_wait: 0s, repeat_interval: 100h}",
    "regrouped": "{receiver: ml, group_by: [alertname], repeat_interval: 100h}",
    "muted": "{receiver: ml, group_by: [model], repeat_interval: 100h, routes: ["
    "{matchers: [severity=P2], mute_time_intervals: [hour]}]}",
}
LENGTHS = st.sampled_from([5, 20, 45, 90, 600, 3600]).map(lambda s: timedelta(seconds=s))
REPLICA, POINT = st.integers(0, 1), st.integers(1, 9)
BAD, GOOD = 0.99, 0.01
FAST = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""Thousands of small transactions need no disk."""


class Contract(RuleBasedStateMachine):
    """Two replicas over one store; anything may happen in any order."""

    station: Station
    empty: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="watchkeeper-contract-", dir=FAST))
        place = Path(shutil.copy(self.empty, self.folder / "catalogue.db"))
        self.shared = Shared(place, self.station.platform._measured)
        self.store = AlarmStore(place)
        self.desk = AlarmDesk(
            self.store,
            models=lambda: ["late"],
            around=None,
            clock=self.shared.clock,  # type: ignore[arg-type]  # nothing is evaluated by it
        )
        self.born = 0
        self.replicas = [self._born(), self._born()]
        self.limits: dict[str, float] = {}
        self.reload("plain")
        for name in NAMES:
            self.change_rule(name, BAD, "0s")

    def _born(self) -> Stoppable:
        self.born += 1
        return Stoppable(self.shared, f"replica{self.born}")

    # ---- what happens ------------------------------------------------------------------------

    @rule(which=REPLICA, length=LENGTHS)
    def step(self, which, length):
        """Time passes, and one of the replicas works."""
        self.shared.now += length
        self.replicas[which].step()

    @rule(length=LENGTHS)
    def go_on(self, length):
        """Both work for a while."""
        self._go(length)

    @rule(which=REPLICA, count=POINT, after=st.booleans(), length=LENGTHS)
    def crash(self, which, count, after, length):
        """One ends at one of its transactions, and another process takes its place."""

        def gone() -> None:
            raise CrashError

        self.shared.now += length
        one = self.replicas[which]
        try:
            one.stopped(count, gone, after=after)
        except CrashError:
            one.store.close()
            self.replicas[which] = self._born()

    @rule(which=REPLICA, count=POINT, after=st.booleans(), length=LENGTHS, asleep=LENGTHS,
          name=st.sampled_from(NAMES), limit=st.sampled_from([BAD, GOOD]))  # fmt: skip
    def sleep(self, which, count, after, length, asleep, name, limit):  # noqa: PLR0917
        """One sleeps at one of its transactions, while the other works and a rule is changed."""

        def others_work() -> None:
            self.shared.now += asleep
            self.replicas[1 - which].step()
            self.change_rule(name, limit, "0s")
            self.shared.now += timedelta(minutes=1)
            self.replicas[1 - which].step()

        self.shared.now += length
        self.replicas[which].stopped(count, others_work, after=after)

    @rule(length=LENGTHS)
    def set_clock_back(self, length):
        """The clock is set back."""
        self.shared.now -= length

    @rule(name=st.sampled_from(NAMES), limit=st.sampled_from([BAD, GOOD]),
          pending=st.sampled_from(["0s", "3m"]))  # fmt: skip
    def change_rule(self, name, limit, pending):
        """A rule file is applied: the alert fires from now on, or it is over."""
        self.limits[name] = limit
        text = RULE.format(name=name, limit=limit, pending=pending)
        self._put(RULES, name, text)

    @rule(name=st.sampled_from(NAMES))
    def remove_rule(self, name):
        """A rule file is removed."""
        if self.limits.pop(name, None) is not None:
            self.desk.remove_rules(name)

    @rule(name=st.sampled_from(sorted(CONFIGS)))
    def reload(self, name):
        """Other routes are applied."""
        self._put(ROUTES, ROUTES, f"route: {CONFIGS[name]}\n{COMMON}")

    @rule(matcher=st.sampled_from(["severity=P2", "model=late", "alertname=Other"]), length=LENGTHS)
    def silence(self, matcher, length):
        """Somebody silences alerts."""
        self.desk.add_silence(
            Silence(
                id=new_id(), matchers=(parse_matchers(matcher),), starts_at=self.shared.now,
                ends_at=self.shared.now + length, created_by="ann", comment="moving",
                updated_at=self.shared.now,
            )
        )  # fmt: skip

    @rule()
    def receiver_goes(self):
        """The receiver answers no longer, or again."""
        self.shared.receiver.is_down = not self.shared.receiver.is_down

    @rule()
    def data_go(self):
        """Nothing measured can be read any longer, or again."""
        self.shared.is_away = not self.shared.is_away

    # ---- what must hold ----------------------------------------------------------------------

    def teardown(self):
        """Let all that fires be told, then end it, and hold what was told to the contract."""
        try:
            self._calm()
            self._check_told()
            for name in list(self.limits):
                self.remove_rule(name)
            self._go(timedelta(minutes=30))
            assert not self.store.states("group")
            assert not self.store.states("instance")
            _check(self.shared.receiver.told)
        finally:
            for one in (*self.replicas, self):
                one.store.close()
            shutil.rmtree(self.folder)

    def _calm(self):
        """All is well from now on, and long enough for every silence to end."""
        self.shared.receiver.is_down = self.shared.is_away = False
        self.shared.now += timedelta(hours=2)
        self.reload("plain")
        self._go(timedelta(hours=1))
        assert not self.store.count_messages().get("waiting")

    def _check_told(self):
        """Whoever should know of an alert that fires does."""
        believed = _believed(self.shared.receiver.told)
        names = {alert.labels["alertname"] for one in believed.values() for alert in one.values()}
        for name, limit in self.limits.items():
            if name == "Other" and self.limits.get("Low") == BAD:
                assert limit != BAD or "OtherTwice" in names  # The other is inhibited.
                continue
            assert (name in names, f"{name}Twice" in names) == (limit == BAD,) * 2

    def _go(self, length):
        end = self.shared.now + length
        while self.shared.now < end:
            self.shared.now += max(LENGTH / 3, length / 12)
            for one in self.replicas:
                one.step()

    def _put(self, kind, name, text):
        with self.store.work() as work:
            work.put_file(FileRow(kind, name, text, START, None))


def _believed(told: list[Notification]) -> dict[str, dict[str, Alert]]:
    """What fires as far as each receiver knows of each group."""
    believed: dict[str, dict[str, Alert]] = defaultdict(dict)
    for message in told:
        for alert in message.resolved:
            believed[message.key].pop(alert.fingerprint, None)
        believed[message.key] |= {alert.fingerprint: alert for alert in message.firing}
    return believed


def _check(told: list[Notification]) -> None:
    """Each end once, after its beginning; nothing is said twice in other words."""
    believed: dict[str, set[str]] = defaultdict(set)
    for message in without_twins(told):
        over = {alert.fingerprint for alert in message.resolved}
        firing = {alert.fingerprint for alert in message.firing}
        known = believed[message.key]
        assert over <= known, "told the end of what was never told"
        if message.reason not in {"repeat", "unmuted"}:
            assert over or firing - known, f"told twice: {message}"
        believed[message.key] = (known - over) | firing
    assert not any(believed.values()), "never told that it is over"


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """Two days of labelled predictions, which only are read."""
    folder = make_template(tmp_path_factory.mktemp("contract") / "data")
    with station(folder, NOW) as opened:
        yield opened


def test_who_was_told_of_a_beginning_is_told_of_its_end(held: Station, tmp_path: Path) -> None:
    """Whatever two replicas, people, clocks and crashes do."""
    empty = tmp_path / "empty.db"
    AlarmStore(empty).close()

    class Machine(Contract):
        """On this station."""

        station = held

    Machine.empty = empty
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Machine,
        settings=settings(
            max_examples=10, stateful_step_count=25, deadline=None, derandomize=True,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )  # fmt: skip


def test_a_crash_before_any_transaction_changes_nothing_that_is_told(
    held: Station, tmp_path: Path
) -> None:
    """Each in turn: the beginning and the end are told, each once."""
    empty = tmp_path / "empty.db"
    AlarmStore(empty).close()
    told, count = _told_with_a_crash(held, empty, tmp_path / "none.db", 0)
    assert told == [("firing", "first"), ("resolved", "all_resolved")]
    assert count > 20
    for at in range(1, count + 1):
        place = tmp_path / f"{at}.db"
        assert _told_with_a_crash(held, empty, place, at)[0] == told, f"transaction {at}"


def _told_with_a_crash(
    held: Station, empty: Path, place: Path, at: int
) -> tuple[list[tuple[str, str]], int]:
    """A rule fires and is over, with a crash before a transaction; and how many there were."""
    shutil.copy(empty, place)
    shared = Shared(place, held.platform._measured)
    _put(place, ROUTES, ROUTES, f"route: {CONFIGS['plain']}\n{COMMON}")
    one = Stoppable(shared, "first")
    counted = crash_at(one.store, at)
    for limit in (BAD, GOOD):
        _put(place, RULES, "Low", RULE.format(name="Low", limit=limit, pending="0s"))
        for _ in range(7):
            shared.now += timedelta(seconds=20)
            try:
                one.step()
            except CrashError:
                one.store.close()
                one = Stoppable(shared, "second")
    one.store.close()
    return [(m.status, m.reason) for m in without_twins(shared.receiver.told)], counted()


def _put(place: Path, kind: str, name: str, text: str) -> None:
    store = AlarmStore(place)
    with store.work() as work:
        work.put_file(FileRow(kind, name, text, START, None))
    store.close()
