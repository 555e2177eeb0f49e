"""Runs from the request to the verdict: who must agree, what limits refuse, what follows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.alarms.runbooks.bench import (
    ANN,
    AUTO,
    BO,
    DAY,
    FINGERPRINT,
    HOUR,
    MINUTE,
    RUNBOOK,
    Bench,
    bench,
)
from watchkeeper.actions.remedies.base import Outcome
from watchkeeper.app.alarms.runbooks.records import all_runs
from watchkeeper.app.alarms.runbooks.requests import LOCAL, Asker
from watchkeeper.app.alarms.states import AUDIT
from watchkeeper.core.errors import ConflictError, InputError, NotFoundError
from watchkeeper.incidents.incident import SYSTEM
from watchkeeper.incidents.runbooks.run import APPROVAL_TTL


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Bench]:
    """A bench whose operator allows runs that are approved."""
    with bench(tmp_path) as made:
        yield made


def test_nothing_runs_unless_the_operator_says_so(held: Bench) -> None:
    """Neither without a file, nor with one that is off or wrong; the reason is a sentence."""
    held.file.unlink()
    with pytest.raises(ConflictError, match=r"nothing runs: there is no automation\.yaml"):
        held.ask(dry=True)
    held.allow("mode: off")
    with pytest.raises(ConflictError, match=r"the mode in automation\.yaml is off"):
        held.ask()
    held.allow("mode: aprove")
    with pytest.raises(ConflictError, match="line 1, column 7: mode is 'aprove'"):
        held.ask()
    assert held.desk.automation()["mode"] == "off"
    held.allow("mode: approve")
    with pytest.raises(InputError, match="the program 'restart' is not one that runbooks may run"):
        held.ask()
    assert all_runs(held.store) == []
    assert held.deeds == []


def test_a_file_that_breaks_later_stops_what_waits(held: Bench) -> None:
    """What was asked for while it was allowed is refused when it comes to it."""
    number = held.ask()["number"]
    held.desk.approve(number, BO)
    held.allow("mode: [")
    held.go()
    assert held.state(number) == "refused"
    assert held.deeds == []


def test_a_dry_run_needs_nobody_and_only_shows(held: Bench) -> None:
    """It is done, and counts for nothing."""
    first = held.ask(dry=True)
    assert first["state"] == "waiting"
    held.go()
    assert held.state(first["number"]) == "done"
    held.ask(dry=True)
    held.go()
    assert [one[0] for one in held.deeds] == [1, 2]


def test_a_second_person_must_agree(held: Bench) -> None:
    """Who asks cannot; once another has, it is done, and the audit knows all of them."""
    number = held.ask()["number"]
    held.go()
    assert held.deeds == []
    with pytest.raises(ConflictError, match="ann cannot approve run 1: no alert asks for it"):
        held.desk.approve(number, ANN)
    held.go()
    assert held.deeds == []
    held.desk.approve(number, BO)
    held.go()
    assert held.deeds == [(1, 1, "restart fares")]
    shown = held.desk.run(number)
    assert (shown["state"], shown["approvals"][0]["by"]) == ("done", "bo")
    told = [(one["who"], one["what"], one["where"]) for one in shown["audit"]]
    assert told == [
        ("ann", "asked for", "10.0.0.1"), ("bo", "approved", "10.0.0.2"),
        (SYSTEM, "started", "the watch over alarms"), (SYSTEM, "done", "the watch over alarms"),
    ]  # fmt: skip
    with pytest.raises(ConflictError, match="run 1 is done and waits for no approval"):
        held.desk.approve(number, BO)


def test_on_a_server_without_keys_there_is_no_second_person(held: Bench) -> None:
    """It says so, and what to do."""
    local = Asker(LOCAL, "127.0.0.1", shared=True)
    run = held.ask(who=local)
    assert "watchkeeper users add" in run["reason"]
    with pytest.raises(ConflictError, match="no users and no API keys, so everybody"):
        held.desk.approve(run["number"], local)


def test_nobody_is_called_as_the_system_is(held: Bench) -> None:
    """A key of that name could else pass for what nobody did."""
    del held
    with pytest.raises(InputError, match="make a key of another name"):
        Asker(SYSTEM)


def test_a_request_that_nobody_approves_expires(held: Bench) -> None:
    """After half an hour, and then nobody can approve it any more."""
    number = held.ask()["number"]
    held.go(APPROVAL_TTL - MINUTE)
    assert held.state(number) == "waiting"
    held.go(2 * MINUTE)
    assert held.state(number) == "expired"
    with pytest.raises(ConflictError, match="is expired"):
        held.desk.approve(number, BO)


def test_a_request_can_be_refused(held: Bench) -> None:
    """With a reason; it is never done."""
    number = held.ask()["number"]
    shown = held.desk.refuse(number, BO, "not now")
    assert (shown["state"], shown["reason"]) == ("refused", "refused by bo: not now")
    held.go()
    assert held.deeds == []
    with pytest.raises(ConflictError, match="can no longer be refused"):
        held.desk.refuse(number, BO)


def test_once_in_a_quarter_of_an_hour(held: Bench) -> None:
    """The second is refused when it is asked for; that is noted, too."""
    held.desk.approve(held.ask()["number"], BO)
    held.go(MINUTE)
    with pytest.raises(ConflictError, match="ran in the last 15 minutes"):
        held.ask()
    rows = held.store.history(kinds=[AUDIT], subject="runbooks")
    told = msgspec.json.decode(rows[0].body)
    assert (told["what"], told["who"], told["step"]) == ("not allowed", "ann", "restart")
    held.go(15 * MINUTE)
    assert held.ask()["state"] == "waiting"


def test_what_was_approved_is_what_is_done(held: Bench) -> None:
    """A runbook that is changed meanwhile changes nothing of a run, nor of what takes it back."""
    number = held.ask()["number"]
    held.desk.put("late", RUNBOOK.replace("[restart,", "[again,").replace("[stop,", "[again,"), BO)
    held.desk.approve(number, BO)
    held.go()
    held.desk.undo(number, ANN)
    held.go()
    assert [one[2] for one in held.deeds] == ["restart fares", "stop fares"]
    with pytest.raises(ConflictError, match="run 1 was taken back already"):
        held.desk.undo(number, ANN)


@pytest.mark.parametrize(
    ("number", "said"), [(1, "has done nothing that could be"), (2, "has no `undo`")]
)
def test_what_cannot_be_taken_back(held: Bench, number: int, said: str) -> None:
    """A dry run, and a step that names nothing that does."""
    held.ask(dry=True)
    held.desk.approve(held.ask("stop")["number"], BO)
    held.go()
    with pytest.raises(ConflictError, match=said):
        held.desk.undo(number, ANN)
    with pytest.raises(NotFoundError, match="there is no run 9"):
        held.desk.undo(9, ANN)


def test_frozen_is_frozen(held: Bench) -> None:
    """What waits is refused, what is asked for too, until somebody sets it free."""
    number = held.ask()["number"]
    with pytest.raises(InputError, match="say why"):
        held.desk.freeze("  ", ANN)
    assert held.desk.freeze("the cluster moves", ANN)["frozen"]["by"] == "ann"
    with pytest.raises(ConflictError, match="frozen: the cluster moves"):
        held.desk.approve(number, BO)
    with pytest.raises(ConflictError, match="frozen: the cluster moves"):
        held.ask(dry=True)
    assert held.desk.unfreeze(BO)["frozen"] is None
    held.desk.approve(number, BO)
    held.go()
    assert len(held.deeds) == 1


def test_a_check_says_what_it_finds(held: Bench) -> None:
    """Here that there is nothing to look at; it is kept, and needs nobody."""
    shown = held.ask("fine")
    assert (shown["state"], shown["status"]) == ("done", "failed")
    assert "there is no model 'fares'" in shown["result"]["text"]
    assert shown["audit"][0]["what"] == "looked"


def test_what_fails_is_tried_again_only_where_that_does_no_harm(held: Bench) -> None:
    """Three times where the step says that it is idempotent, else once."""
    held.outcome = Outcome("failed", "no such thing", 1)
    for step in ("restart", "again"):
        held.desk.approve(held.ask(step)["number"], BO)
        held.go()
        for _ in range(4):
            held.go(MINUTE / 2)
    assert [one[:2] for one in held.deeds] == [(1, 1), (2, 1), (2, 2), (2, 3)]
    assert held.state(1) == held.state(2) == "ineffective"
    assert held.desk.run(1)["result"]["exit"] == 1


# ---- asked for by an alert ------------------------------------------------------------------


def helped(held: Bench, number: int, *, well: bool = True) -> None:
    """Let the effect of a run be seen."""
    held.evaluate(firing=True)
    held.desk.approve(number, BO)
    held.go()
    assert held.state(number) == "verifying"
    held.now += DAY + HOUR
    held.evaluate(firing=not well)
    held.go(MINUTE)


def test_an_effect_is_measured_over_a_whole_window(held: Bench) -> None:
    """Not before; gone is effective, still there is not."""
    held.fire()
    number = held.ask(alert=FINGERPRINT)["number"]
    held.desk.approve(number, ANN)  # The alert asks for it, and it can be taken back.
    held.go()
    held.go(DAY)
    assert held.state(number) == "verifying"
    held.now += HOUR
    held.evaluate(firing=False)
    held.go()
    assert held.state(number) == "effective"


def test_without_an_evaluation_it_has_not_helped(held: Bench) -> None:
    """What nobody has seen gone is there."""
    held.fire()
    held.desk.approve(held.ask(alert=FINGERPRINT)["number"], BO)
    held.go()
    held.go(DAY + 2 * HOUR)
    assert held.state(1) == "ineffective"


def test_a_run_whose_alert_is_over_is_refused(held: Bench) -> None:
    """At the time of running, too."""
    held.fire()
    number = held.ask(alert=FINGERPRINT)["number"]
    held.desk.approve(number, BO)
    held.evaluate(firing=False)
    held.go()
    assert held.state(number) == "refused"
    assert "no longer fires" in held.desk.run(number)["reason"]
    with pytest.raises(ConflictError, match="no longer fires"):
        held.ask(alert=FINGERPRINT)


def test_an_incident_hears_of_all_of_it(held: Bench) -> None:
    """Each step of a run is a line on the timeline."""
    held.incidents.open("Late answers", severity="SEV-2", by="ann", models=["fares"])
    number = held.ask(incident=1)["number"]
    held.desk.approve(number, BO)
    held.go()
    lines = [one["text"] for one in held.incidents.show(1)["timeline"]]
    wanted = ("Asked for run 1", "Approved run 1", "was started", "is done: done")
    places = [next(n for n, line in enumerate(lines) if text in line) for text in wanted]
    assert places == sorted(places)


def test_two_that_do_not_help_are_taken_back_and_a_person_is_told(held: Bench) -> None:
    """Without an incident one is opened for that."""
    held.fire()
    for _ in range(2):
        helped(held, held.ask(alert=FINGERPRINT)["number"], well=False)
    assert held.state(1) == held.state(2) == "ineffective"
    held.go()
    undo = held.desk.run(3)
    assert (undo["undo_of"], undo["state"], undo["requested_by"]) == (2, "done", SYSTEM)
    (incident,) = held.incidents.list()
    assert "did not help, twice in a row" in incident["title"]


def test_three_within_an_hour_freeze_everything(held: Bench) -> None:
    """Over all targets, and also after a restart; the incident says so."""
    held.outcome = Outcome("failed", "no")
    held.incidents.open("Late answers", severity="SEV-2", by="ann")
    for target in ("a", "b", "c"):
        held.desk.approve(held.ask(target=target)["number"], BO)
        held.go(MINUTE)
    other = held.new_runner(held.store)
    held.go(runner=other)
    found = held.desk.automation()["frozen"]
    assert (found["by"], found["reason"]) == (SYSTEM, "3 runs within 60 minutes did not help")
    with pytest.raises(ConflictError, match="actions are frozen: 3 runs"):
        held.ask(target="d")
    held.desk.unfreeze(BO)
    assert held.ask(target="d")["state"] == "waiting"


def test_the_runbook_of_an_alert_is_proposed_once(held: Bench) -> None:
    """On the timeline of its incident, with why each step does not begin by itself."""
    held.fire()
    opened = held.incidents.open("Inputs changed", severity="SEV-2", by="ann", models=["fares"])
    link(held, opened["number"])
    for _ in range(3):
        held.go(MINUTE)
    notes = [one["text"] for one in held.incidents.show(1)["timeline"] if "proposes" in one["text"]]
    assert len(notes) == 1
    assert "restart (Restart it): a person must agree" in notes[0]
    assert "watchkeeper runbooks run late STEP --incident 1" in notes[0]
    assert held.deeds == []
    held.evaluate(firing=False)
    held.go(MINUTE)
    held.fire()
    held.go(MINUTE)
    notes = [one["text"] for one in held.incidents.show(1)["timeline"] if "proposes" in one["text"]]
    assert len(notes) == 2


def link(held: Bench, number: int) -> None:
    """Let the alert belong to an incident."""
    from watchkeeper.app.alarms.incident_records import Case, incident_of
    from watchkeeper.incidents import events
    from watchkeeper.incidents.incident import LinkedAlert

    with held.store.work() as work:
        case = Case(work, incident_of(work, number), held.now)
        alert = LinkedAlert(FINGERPRINT, "Changed", held.now, None, "fares")
        case.apply(events.AlertFires(alert))
        case.keep()


def test_what_has_helped_three_times_begins_by_itself(held: Bench) -> None:
    """And once only; one that has not is proposed."""
    for _ in range(3):
        held.fire()
        helped(held, held.ask(alert=FINGERPRINT)["number"])
        held.go(DAY)
    assert [held.state(n) for n in (1, 2, 3)] == ["effective"] * 3
    held.fire()
    held.go()
    assert len(held.deeds) == 3  # The mode is still `approve`.
    held.evaluate(firing=False)
    held.go(MINUTE)
    held.allow(AUTO)
    held.fire()
    for _ in range(3):
        held.go(MINUTE)
    assert [one[2] for one in held.deeds] == ["restart fares"] * 4
    run = held.desk.run(4)
    assert (run["by_itself"], run["requested_by"], run["state"]) == (True, SYSTEM, "verifying")


def test_the_timeline_is_told_before_the_deed(held: Bench) -> None:
    """The row that says that it runs is there before anything is done."""
    seen: list[str] = []

    def deed(run, *_):  # type: ignore[no-untyped-def]
        seen.append(held.desk.run(run.number)["state"])
        return Outcome("ok")

    held.runner._deed = deed
    held.desk.approve(held.ask()["number"], BO)
    held.go()
    assert seen == ["running"]
