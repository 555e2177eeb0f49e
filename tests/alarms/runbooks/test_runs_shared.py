"""Runs that several processes could do: begun by one, never twice, and asked about when it dies."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.alarms.receivers import recorder
from tests.alarms.runbooks.bench import ANN, APPROVE, BO, DAY, MINUTE, RUNBOOK, T0, Bench, bench
from watchkeeper.actions.remedies.base import Outcome
from watchkeeper.app.alarms.runbooks.doing import attempt
from watchkeeper.app.alarms.runbooks.runner import Runner
from watchkeeper.core.errors import ConflictError
from watchkeeper.incidents.runbooks.run import Run
from watchkeeper.store.catalogue.alarms import AlarmStore
from watchkeeper.store.catalogue.leases import LENGTH


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Bench]:
    """A bench whose operator allows runs that are approved."""
    with bench(tmp_path) as made:
        yield made


def approved(held: Bench, step: str = "restart", target: str = "fares") -> int:
    """A run that both have agreed to."""
    number: int = held.ask(step, target=target)["number"]
    held.desk.approve(number, BO)
    return number


class Stuck:
    """A deed that goes on until it is let go."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.go = threading.Event()

    def __call__(self, *_: object) -> Outcome:
        """Do it, slowly."""
        self.begun.set()
        self.go.wait(60)
        return Outcome("ok", "done at last")


def stuck(runner: Runner) -> Stuck:
    """Let a runner do its next run slowly."""
    deed = Stuck()
    runner._deed = deed  # type: ignore[assignment]
    runner.step()
    assert deed.begun.wait(60)
    return deed


def test_many_runners_begin_each_run_once(held: Bench) -> None:
    """All looking at the same time, over connections of their own."""
    numbers = [approved(held, target=f"model-{n}") for n in range(8)]
    stores = [AlarmStore(held.place) for _ in range(4)]
    runners = [held.new_runner(store, f"replica {n}") for n, store in enumerate(stores)]

    def work(runner: Runner) -> None:
        """Look and do, a few times."""
        for _ in range(6):
            runner.step()
            runner.settle(10)

    threads = [threading.Thread(target=work, args=(one,)) for one in runners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one[0] for one in held.deeds) == numbers
    assert {held.state(n) for n in numbers} == {"done"}
    for runner, store in zip(runners, stores, strict=True):
        runner.close()
        store.close()


def test_a_run_whose_process_is_gone_is_unknown_and_held(held: Bench) -> None:
    """Found by another once its lease has run out; not before, for it may be slow only."""
    number = approved(held, "again")
    deed = stuck(held.runner)
    other = held.new_runner(held.store, "two")
    held.go(LENGTH / 2, runner=other)
    assert held.state(number) == "running"
    held.go(LENGTH, runner=other)
    shown = held.desk.run(number)
    assert (shown["state"], shown["status"]) == ("unknown", "unknown")
    with pytest.raises(ConflictError, match=f"nobody knows whether run {number} on fares was done"):
        held.ask()
    (incident,) = held.incidents.list()
    assert f"nobody knows whether run {number}" in incident["title"]
    timeline = held.incidents.show(1)["timeline"]
    assert any(f"settle {number} --done" in one["text"] for one in timeline)
    held.go(10 * MINUTE, runner=other)
    assert held.deeds == []  # Though it is idempotent.
    deed.go.set()


def test_whoever_was_slow_only_may_still_say_what_came_of_it(held: Bench) -> None:
    """What was given up as unknown is known then."""
    number = approved(held)
    deed = stuck(held.runner)
    other = held.new_runner(held.store, "two")
    held.go(2 * LENGTH, runner=other)
    assert held.state(number) == "unknown"
    deed.go.set()
    held.runner.settle(60)
    assert held.state(number) == "done"
    assert held.desk.run(number)["result"]["text"] == "done at last"


def test_what_a_person_has_settled_stays_so(held: Bench) -> None:
    """A word that comes later is noted, and changes nothing."""
    held.incidents.open("Late answers", severity="SEV-2", by="ann", models=["fares"])
    number = held.ask(incident=1)["number"]
    held.desk.approve(number, BO)
    deed = stuck(held.runner)
    held.go(2 * LENGTH, runner=held.new_runner(held.store, "two"))
    assert held.desk.settle(number, ANN, done=False)["state"] == "failed"
    lines = [one["text"] for one in held.incidents.show(1)["timeline"]]
    assert any("ann looked: it was not done" in line for line in lines)
    deed.go.set()
    held.runner.settle(60)
    shown = held.desk.run(number)
    assert (shown["state"], shown["audit"][-1]["what"]) == ("failed", "came too late")
    with pytest.raises(ConflictError, match="there is nothing to settle"):
        held.desk.settle(number, ANN, done=True)


def test_who_is_not_seen_by_the_others_begins_nothing(held: Bench) -> None:
    """A process that slept longer than its lease first says that it is there."""
    number = approved(held)
    held.now += 2 * LENGTH
    held.runner.step()
    held.runner.settle(10)
    assert (held.state(number), held.deeds) == ("waiting", [])
    held.go()
    assert (held.state(number), len(held.deeds)) == ("done", 1)


def test_what_was_given_up_before_it_was_begun_is_not_begun(held: Bench) -> None:
    """A machine may sleep between the row that says so and the deed."""
    number = approved(held)
    other = held.new_runner(held.store, "two")
    looks = held.runner._is_ours

    def sleeps(run: Run) -> bool:
        """Let another give the run up in this very moment."""
        held.now += 2 * LENGTH
        other._leases.share([])
        other.step()
        return looks(run)

    held.runner._is_ours = sleeps  # type: ignore[method-assign]
    held.runner.step()
    held.runner.settle(60)
    assert (held.state(number), held.deeds) == ("unknown", [])


def test_times_at_which_nothing_is_begun_hold_for_what_waits(held: Bench) -> None:
    """A run that was approved before is refused when it would begin."""
    number = approved(held)
    held.allow(APPROVE + f"freezes: [{{start: {T0:%Y-%m-%d}, reason: the cluster moves}}]\n")
    assert held.desk.automation()["freezes"] == ["the cluster moves"]
    held.go()
    assert (held.state(number), held.deeds) == ("refused", [])
    with pytest.raises(ConflictError, match="nothing is begun now: the cluster moves"):
        held.ask()
    assert held.ask(dry=True)["state"] == "waiting"


def test_no_secret_is_in_a_row(held: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither one that a step names, nor one that a service repeats."""
    secret = "s3cr3t-of-the-hook"
    monkeypatch.setenv("HOOK_SECRET", secret)
    with recorder() as receiver:
        held.allow(APPROVE + f"addresses: ['{receiver.url}']\nsecrets: [HOOK_SECRET]\n")
        hook = (
            "\n```wk-step\nid: hook\ntitle: Tell\naction:\n"
            f'  webhook: {{url: "{receiver.url}", secret: HOOK_SECRET, body: {{a: 1}}}}\n```\n'
        )
        held.desk.put("late", RUNBOOK + hook, ANN)
        held.runner._deed = attempt
        number = approved(held, "hook")
        held.go()
        receiver.wait_for(1)
    assert held.state(number) == "done"
    held.store.close()
    for file in held.place.parent.glob("catalogue.db*"):
        assert secret.encode() not in file.read_bytes()


def test_what_only_looked_is_forgotten_after_a_month(held: Bench) -> None:
    """What was done stays, and so does the last number, which is not given again."""
    numbers = [held.ask("fine")["number"], held.ask(dry=True)["number"], approved(held)]
    held.go()
    last = held.ask("fine")["number"]
    held.runner._forgot = float("-inf")
    held.go(29 * DAY)
    assert [one["number"] for one in held.desk.runs()] == [last, *reversed(numbers)]
    held.runner._forgot = float("-inf")
    held.go(2 * DAY)
    assert [one["number"] for one in held.desk.runs()] == [last, numbers[-1]]
    assert held.ask("fine")["number"] == last + 1
