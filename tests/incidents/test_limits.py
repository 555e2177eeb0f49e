"""What keeps actions from doing harm: each guard rail, and all of them under any interleaving."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.core.errors import ConflictError, InputError
from watchkeeper.incidents.incident import SYSTEM, Sev
from watchkeeper.incidents.runbooks.aftermath import (
    Freeze,
    LeaveToPeople,
    Page,
    Undo,
    consequences,
)
from watchkeeper.incidents.runbooks.freezes import Closed
from watchkeeper.incidents.runbooks.limits import (
    Allowed,
    Evidence,
    History,
    Mode,
    NeedsApproval,
    Policy,
    Refused,
    Switch,
    left_to_people_until,
    may_run,
    why_frozen,
)
from watchkeeper.incidents.runbooks.run import (
    Reading,
    Result,
    Run,
    RunState,
    approve,
    begin,
    finish,
    lose,
    next_deadline,
    settle,
    tick,
    verify,
)
from watchkeeper.incidents.runbooks.step import Action, Step

T0 = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
WINDOW = 5 * MINUTE
GOOD, BAD = Reading(True, 100, 30), Reading(False, 100, 30)
OK, FAILED = Result("ok"), Result("failed", "no")
APPROVE, AUTO = Policy(Mode.APPROVE), Policy(Mode.AUTO)


def step(name="restart", **more):
    """A step that can be taken back."""
    facts = {"reversible": True, "undo": "built-in", **more}
    return Step(name, name.capitalize(), action=Action("fallback", {"url": "https://a"}), **facts)


def request(number=1, target="fares", at=T0, by="ana", name="restart", **more):
    """A run that waits."""
    facts = {
        "runbook": "errors", "step": step(name), "settings": {}, "action": f"fallback {name}",
        "severity": Sev.SEV2, "alert": "f", **more,
    }  # fmt: skip
    return Run(number=number, target=target, requested_by=by, requested_at=at, **facts)


def evidence(now, firing=True, age=timedelta()):
    """What is known of the alert."""
    return Evidence(firing, now - age, WINDOW)


def ran(number, at, reading=BAD, *, approved=True, **more):
    """A run that was started, finished and looked at."""
    run = request(number, at=at, **more)
    run = approve(run, "bo", at) if approved else run
    run = finish(begin(run, at, window=WINDOW, dry=False), OK, at + MINUTE)
    return verify(run, reading, at + MINUTE + WINDOW)


def ask(run, *runs, policy=APPROVE, now=None, switches=(), **of_evidence):
    """Whether a run may be started, the alert firing."""
    now = now or run.requested_at
    return may_run(run, History(runs, switches), policy, now, evidence(now, **of_evidence))


def test_nothing_runs_by_default():
    """Not even a dry run."""
    for run in (request(), request(dry=True), approve(request(), "bo", T0)):
        assert ask(run, policy=Policy()) == Refused(
            "actions are off; nothing runs until the mode is dry_run, approve or auto"
        )


def test_the_ladder():
    """Dry run, then with approval, then by itself once it has helped three times."""
    assert ask(request(), policy=Policy(Mode.DRY_RUN)) == Allowed(dry=True)
    assert ask(request()) == NeedsApproval("a person must agree")
    assert ask(approve(request(), "ana", T0)) == Allowed()
    day = timedelta(days=1)
    helped = [ran(n, T0 - n * day, GOOD) for n in (2, 3, 4)]
    assert ask(request(), *helped, policy=AUTO) == Allowed(by_itself=True)
    for fewer in (helped[:2], [*helped[:2], ran(9, T0 - 9 * day, GOOD, approved=False)]):
        assert "helped 2 times" in ask(request(), *fewer, policy=AUTO).reason
    policy = Policy(Mode.OFF, {"errors/restart": Mode.APPROVE})
    assert ask(approve(request(), "ana", T0), policy=policy) == Allowed()
    assert isinstance(ask(request(name="other"), policy=policy), Refused)


@pytest.mark.parametrize(
    ("run", "why"),
    [
        (request(step=step(undo="")), "has an undo"),
        (request(step=step(reversible=False)), "cannot be taken back"),
        (request(step=step(approval="second")), "asks for a second person"),
        (request(severity=Sev.SEV0), "in a SEV-0"),
        (request(severity=Sev.SEV1), "in a SEV-1"),
    ],
    ids=["no undo", "irreversible", "marked", "SEV-0", "SEV-1"],
)
def test_what_never_runs_by_itself(run, why):
    """However often it has helped."""
    helped = [ran(n, T0 - n * 24 * HOUR, GOOD) for n in (2, 3, 4)]
    found = ask(run, *helped, policy=AUTO)
    assert isinstance(found, NeedsApproval)
    assert why in found.reason


@pytest.mark.parametrize(
    "run",
    [
        request(severity=Sev.SEV0), request(severity=Sev.SEV1),
        request(step=step(reversible=False)), request(step=step(approval="second")),
    ],
    ids=["SEV-0", "SEV-1", "irreversible", "marked"],
)  # fmt: skip
def test_a_second_person(run):
    """Who asks cannot approve, however often."""
    assert ask(run).other_than == "ana"
    own = approve(approve(run, "ana", T0), "ana", T0)
    assert ask(own).other_than == "ana"
    assert ask(approve(own, "bo", T0)) == Allowed()


@pytest.mark.parametrize(("minutes", "counts"), [(29, True), (30, False)])
def test_an_approval_lasts_half_an_hour(minutes, counts):
    """After that it must be given again; a request that nobody approves expires as well."""
    run = approve(request(), "bo", T0)
    now = T0 + minutes * MINUTE
    assert ask(run, now=now) == (Allowed() if counts else NeedsApproval("a person must agree"))
    assert (tick(run, now).state is RunState.WAITING) == counts
    assert (tick(request(), now).state is RunState.WAITING) == counts
    late = approve(request(), "bo", T0 + 20 * MINUTE)
    assert tick(late, T0 + 31 * MINUTE).state is RunState.WAITING


def test_evidence_must_be_there_and_fresh():
    """The alert still fires, and was evaluated no longer than two windows ago."""
    run = approve(request(), "bo", T0)
    assert ask(run, age=2 * WINDOW) == Allowed()
    assert "more than 2 windows" in ask(run, age=2 * WINDOW + MINUTE).reason
    assert "no longer fires" in ask(run, firing=False).reason
    assert "not known whether" in may_run(run, History(), APPROVE, T0).reason
    by_hand = request(alert="")
    assert may_run(by_hand, History(), APPROVE, T0).other_than == "ana"
    assert may_run(approve(by_hand, "bo", T0), History(), APPROVE, T0) == Allowed()


def test_once_in_a_quarter_of_an_hour():
    """One per 15 minutes for an action and target; others are not held up."""
    first = ran(1, T0, GOOD)
    for minutes, allowed in ((14, False), (15, True)):
        run = approve(request(2, at=T0 + minutes * MINUTE), "bo", T0 + minutes * MINUTE)
        assert (ask(run, first) == Allowed()) is allowed
    now = T0 + 8 * MINUTE
    assert ask(approve(request(2, "tips", now), "bo", now), first) == Allowed()
    assert ask(approve(request(2, at=now, name="other"), "bo", now), first) == Allowed()


def test_three_times_a_day():
    """The fourth within 24 hours is refused, and a person is told."""
    three = [ran(n, T0 + n * HOUR, GOOD) for n in range(3)]
    now = T0 + 23 * HOUR
    found = ask(approve(request(9, at=now), "bo", now), *three)
    assert (found.page, "3 times in 24 hours" in found.reason) == (True, True)
    now = T0 + 24 * HOUR
    assert ask(approve(request(9, at=now), "bo", now), *three) == Allowed()


def test_ten_an_hour_in_all():
    """Over all actions and targets."""
    ten = [ran(n, T0 + n * MINUTE, GOOD, target=f"m{n}") for n in range(10)]
    for minutes, allowed in ((59, False), (60, True)):
        now = T0 + minutes * MINUTE
        assert (ask(approve(request(99, at=now), "bo", now), *ten) == Allowed()) is allowed


def test_one_at_a_time_on_a_target():
    """By any action; the lease of one that died ends with the longest that a run may take."""
    busy = begin(approve(request(1), "bo", T0), T0, window=WINDOW, dry=False)
    for minutes, free in ((1, False), (29, False), (30, True)):
        now = T0 + minutes * MINUTE
        run = approve(request(2, at=now, name="other"), "bo", now)
        assert (ask(run, busy) == Allowed()) is free
    now = T0 + MINUTE
    other = approve(request(2, "tips", now), "bo", now)
    assert ask(other, busy) == Allowed()


@pytest.mark.parametrize("missing", ["action", "target", "requested_by"])
def test_a_limiter_without_its_key_refuses(missing):
    """What cannot be counted cannot be limited."""
    run = msgspec.structs.replace(approve(request(), "bo", T0), **{missing: ""})
    assert "no limit can hold" in ask(run).reason


def test_the_kill_switch():
    """Frozen by a person: nothing, not even an undo, until set free."""
    frozen = Switch(True, T0, "ana", "a test")
    run = approve(request(), "bo", T0)
    assert ask(run, switches=(frozen,)) == Refused("actions are frozen: a test")
    undo = request(5, undo_of=1)
    assert isinstance(ask(undo, ran(1, T0), switches=(frozen,)), Refused)
    assert ask(run, switches=(frozen, Switch(False, T0, "ana"))) == Allowed()


def test_three_that_did_not_help_freeze_everything():
    """On any targets, within an hour; a restart does not forget it, a person ends it."""
    bad = [ran(n, T0 + n * 20 * MINUTE, target=f"m{n}") for n in range(3)]
    history = msgspec.json.decode(msgspec.json.encode(History(tuple(bad))), type=History)
    found = consequences(history.runs[-1], history, APPROVE)
    assert [type(c) for c in found] == [Freeze, Page]
    now = T0 + HOUR
    run = approve(request(9, "other", now), "bo", now)
    refused = may_run(run, history, APPROVE, now, evidence(now))
    assert (refused.page, "3 runs within 60 minutes did not help" in refused.reason) == (True, True)
    free = History(history.runs, (found[0].switch, Switch(False, now, "ana")))
    assert may_run(run, free, APPROVE, now, evidence(now)) == Allowed()
    slow = [ran(n, T0 + n * 31 * MINUTE, target=f"m{n}") for n in range(3)]
    assert why_frozen(History(tuple(slow)), APPROVE) is None


def test_three_ineffective_runs_and_a_restart():
    """The fourth is refused and a page is sent: on one target the limits of a day say so too."""
    runs = [ran(n, T0 + n * 16 * MINUTE) for n in range(3)]
    pages = []
    for n in range(3):
        history = History(tuple(runs[: n + 1]))
        pages.append([c for c in consequences(runs[n], history, APPROVE) if isinstance(c, Page)])
    assert [bool(p) for p in pages] == [False, True, True]
    after_restart = msgspec.json.decode(msgspec.json.encode(History(tuple(runs))), type=History)
    now = T0 + 10 * HOUR
    run = approve(request(9, at=now), "bo", now)
    for switches in ((), (Switch(False, now - MINUTE, "ana"),)):
        history = msgspec.structs.replace(after_restart, switches=switches)
        found = may_run(run, history, APPROVE, now, evidence(now))
        assert isinstance(found, Refused)
        assert found.page


def test_two_in_a_row_leave_the_target_to_people():
    """The last is taken back, nothing runs by itself there for a day, a person is told."""
    helped = [ran(n, T0 - n * 48 * HOUR, GOOD) for n in (2, 3, 4)]
    first, second = ran(11, T0), ran(12, T0 + HOUR)
    assert consequences(first, History((*helped, first)), AUTO) == ()
    history = History((*helped, first, second))
    undo, left, page = consequences(second, history, AUTO)
    assert undo == Undo(12, "built-in")
    assert left == LeaveToPeople("fares", second.decided_at + 24 * HOUR)
    assert "twice in a row" in page.reason
    for after, by_itself in ((23 * HOUR, False), (24 * HOUR, True)):
        now = second.decided_at + after
        found = may_run(request(20, at=now), history, AUTO, now, evidence(now))
        assert (found == Allowed(by_itself=True)) is by_itself
    now = second.decided_at + HOUR
    other = may_run(request(20, "tips", now), history, AUTO, now, evidence(now))
    assert other == Allowed(by_itself=True)
    between = ran(13, T0 + 30 * MINUTE, GOOD)
    assert left_to_people_until(History((first, between, second)), "fares", AUTO) is None


def test_an_undo_is_not_held_up_by_what_calls_for_it():
    """Neither by rates nor by the freeze that throws itself; once, and of what was run."""
    bad = [ran(n, T0 + n * 16 * MINUTE) for n in range(3)]
    now = bad[-1].decided_at
    undo = request(9, at=now, by=SYSTEM, undo_of=2)
    assert why_frozen(History(tuple(bad)), APPROVE) is not None
    assert ask(undo, *bad) == Allowed(by_itself=True)
    begun = begin(undo, now, window=WINDOW, dry=False)
    done = finish(begun, OK, now + MINUTE)
    assert done.state is RunState.DONE
    again = request(10, at=now, by=SYSTEM, undo_of=2)
    assert isinstance(ask(again, *bad, done), Refused)
    assert isinstance(ask(request(10, undo_of=77)), Refused)
    dry = request(3, dry=True)
    assert isinstance(ask(request(10, undo_of=3), dry), Refused)


@pytest.mark.parametrize(
    ("reading", "state"),
    [
        (GOOD, RunState.EFFECTIVE), (BAD, RunState.INEFFECTIVE),
        (Reading(None, 0, 30), RunState.INEFFECTIVE), (Reading(None, 99, 30), RunState.INEFFECTIVE),
        (Reading(True, 29, 30), RunState.INEFFECTIVE), (Reading(True, 0, 0), RunState.INEFFECTIVE),
    ],
)  # fmt: skip
def test_the_verdict(reading, state):
    """After one whole window; no data and too few rows are not proof."""
    run = finish(begin(request(), T0, window=WINDOW, dry=False), OK, T0 + MINUTE)
    early = T0 + MINUTE + WINDOW - timedelta(seconds=1)
    assert verify(run, reading, early) == run
    assert verify(run, reading, T0 + MINUTE + WINDOW).state is state


def test_a_verdict_that_nobody_finds_is_a_bad_one():
    """Where the process died before it could look."""
    run = finish(begin(request(), T0, window=WINDOW, dry=False), OK, T0)
    assert tick(run, T0 + 2 * WINDOW - MINUTE).state is RunState.VERIFYING
    assert tick(run, T0 + 2 * WINDOW).state is RunState.INEFFECTIVE


def test_only_what_is_idempotent_is_tried_again():
    """After 10 and 30 seconds, then it has failed; all within one run and its limits."""
    run = begin(request(), T0, window=WINDOW, dry=False)
    assert finish(run, FAILED, T0).state is RunState.INEFFECTIVE
    run = begin(request(step=step(idempotent=True)), T0, window=WINDOW, dry=False)
    now = T0
    for seconds in (10, 30):
        run = finish(run, FAILED, now)
        assert run.state is RunState.RETRYING
        assert next_deadline(run) == now + timedelta(seconds=seconds)
        with pytest.raises(ConflictError, match="cannot be started"):
            begin(run, now, window=WINDOW, dry=False)
        now += timedelta(seconds=seconds)
        assert ask(run, run, now=now) == Allowed()
        assert isinstance(ask(run, run, now=now, firing=False), Refused)
        run = begin(run, now, window=WINDOW, dry=False)
    assert (finish(run, FAILED, now).state, run.attempt) == (RunState.INEFFECTIVE, 3)


def test_a_process_that_died_is_found():
    """Its deadline is in its record: 5 minutes for a step, 30 for a run."""
    run = begin(request(), T0, window=WINDOW, dry=False)
    assert next_deadline(run) == T0 + 5 * MINUTE
    assert tick(run, T0 + 5 * MINUTE - MINUTE) == run
    found = tick(run, T0 + 5 * MINUTE)
    assert (found.state, found.result.status) == (RunState.UNKNOWN, "unknown")
    long = begin(
        request(step=step(idempotent=True, timeout=29 * MINUTE)), T0, window=WINDOW, dry=False
    )
    assert tick(long, T0 + 29 * MINUTE).state is RunState.UNKNOWN  # However idempotent it is.
    again = finish(long, FAILED, T0 + 29 * MINUTE)
    assert again.state is RunState.RETRYING
    again = begin(again, T0 + 29 * MINUTE + 10 * MINUTE / 60, window=WINDOW, dry=False)
    assert again.step_by == T0 + 30 * MINUTE
    assert tick(finish(again, FAILED, T0 + 29.9 * MINUTE), T0 + HOUR).state is RunState.INEFFECTIVE


def test_what_nobody_knows_holds_its_target_until_it_is_settled():
    """Nothing else is done there, for however long; a person is told, and says what was done."""
    lost = lose(begin(request(1), T0, window=WINDOW, dry=False), T0 + MINUTE)
    (told,) = consequences(lost, History((lost,)), APPROVE)
    assert isinstance(told, Page)
    assert "settle 1 --done" in told.reason
    later = T0 + 30 * 24 * HOUR
    refused = ask(request(2, at=later), lost, now=later)
    assert "nobody knows whether run 1 on fares was done" in refused.reason
    assert isinstance(ask(request(2, target="other", at=later), lost, now=later), NeedsApproval)
    done = settle(lost, later, done=True, by="bo")
    assert (done.state, done.verify_at) == (RunState.VERIFYING, later + WINDOW)
    assert settle(lost, later, done=False, by="bo").state is RunState.FAILED
    late = finish(lost, OK, T0 + 2 * MINUTE)  # Who did it was slow, and knows.
    assert late.state is RunState.VERIFYING
    for known in (done, begin(request(1), T0, window=WINDOW, dry=False), request(1)):
        with pytest.raises(ConflictError, match="nothing to settle"):
            settle(known, later, done=True, by="bo")
    dry = lose(begin(request(1), T0, window=WINDOW, dry=True), T0 + MINUTE)
    assert dry.state is RunState.FAILED
    with pytest.raises(ConflictError, match="nobody is at work"):
        lose(lost, later)


def test_times_at_which_nothing_is_begun():
    """Neither with approval nor by itself nor again; a dry run and an undo may."""
    new_year = datetime.fromisoformat("2027-01-01")
    closed = Policy(Mode.APPROVE, closed=(Closed("the year ends", end=new_year),))
    run = approve(request(), "bo", T0)
    assert ask(run, policy=closed) == Refused(
        "nothing is begun now: the year ends until 2027-01-01 00:00 (UTC)"
    )
    again = finish(begin(run, T0, window=WINDOW, dry=False), FAILED, T0)
    again = msgspec.structs.replace(again, state=RunState.RETRYING, retry_at=T0)
    assert isinstance(ask(again, policy=closed), Refused)
    assert ask(request(dry=True), policy=closed) == Allowed(dry=True)
    done = ran(1, T0 - HOUR)
    assert ask(request(2, undo_of=1), done, policy=closed) == Allowed()


def test_dry_runs_do_not_count():
    """Neither for the limits, nor for verdicts, nor as proof."""
    dry = begin(request(1), T0, window=WINDOW, dry=True)
    done = finish(dry, FAILED, T0 + MINUTE)
    assert (done.state, done.counts) == (RunState.FAILED, False)
    assert consequences(done, History((done,)), APPROVE) == ()
    run = approve(request(2, at=T0 + MINUTE), "bo", T0 + MINUTE)
    assert ask(run, done, dry) == Allowed()


def test_who_may_approve():
    """A person, while it waits."""
    with pytest.raises(InputError, match="name of a person"):
        approve(request(), SYSTEM, T0)
    with pytest.raises(ConflictError, match="waits for no approval"):
        approve(ran(1, T0), "bo", T0)


LOOK = st.one_of(
    st.tuples(
        st.just("ask"), st.sampled_from(["restart", "scale"]), st.sampled_from(["a", "b", "c"]),
        st.booleans(),
    ),
    st.tuples(st.just("finish"), st.integers(0, 9), st.sampled_from(["ok", "failed", "timed_out"])),
    st.tuples(st.just("verify"), st.integers(0, 9), st.sampled_from([GOOD, BAD, Reading(None, 0)])),
    st.tuples(st.just("crash")),
    st.tuples(st.just("settle"), st.booleans()),
    st.tuples(st.just("thaw")),
)  # fmt: skip


def allowed(run, history, policy, now):
    """Whether it may be started, whoever must agree having agreed."""
    ruling = may_run(run, history, policy, now, evidence(now))
    if isinstance(ruling, NeedsApproval):
        run = approve(run, "bo", now)
        ruling = may_run(run, history, policy, now, evidence(now))
    return run, ruling


def settled(runs, now, *, done):
    """Runs, with a person's word on those that nobody knew anything of."""
    unknown = RunState.UNKNOWN
    return [settle(r, now, done=done, by="bo") if r.state is unknown else r for r in runs]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), LOOK), max_size=80), st.sampled_from([APPROVE, AUTO]))
def test_no_interleaving_exceeds_the_caps(looks, policy):  # noqa: C901  # a small machine
    """Asks, ends, verdicts, crashes and restarts in any order: the limits hold, counted apart."""
    now, history, starts = T0, History(), []
    for minutes, (what, *rest) in looks:
        now += minutes * MINUTE
        runs = [tick(run, now) for run in history.runs]
        runs = settled(runs, now, done=rest[0]) if what == "settle" else runs
        if what == "ask":
            name, target, idempotent = rest
            run = request(len(runs), target, now, name=name, step=step(name, idempotent=idempotent))
            before = History(tuple(runs), history.switches)
            run, ruling = allowed(run, before, policy, now)
            if isinstance(ruling, Allowed):
                assert why_frozen(before, policy) is None
                held = {RunState.RUNNING, RunState.RETRYING, RunState.UNKNOWN}
                assert not any(r.target == target and r.state in held for r in runs)
                run = begin(run, now, window=WINDOW, dry=ruling.dry, by_itself=ruling.by_itself)
                starts.append((now, name, target))
            runs.append(run)
        elif what == "finish":
            states = {RunState.RUNNING, RunState.UNKNOWN}
            going = [n for n, run in enumerate(runs) if run.state in states]
            for n in going[rest[0] : rest[0] + 1]:
                runs[n] = finish(runs[n], Result(rest[1]), now)
        elif what == "verify":
            due = [n for n, run in enumerate(runs) if run.state is RunState.VERIFYING]
            for n in due[rest[0] : rest[0] + 1]:
                runs[n] = verify(runs[n], rest[1], now)
        switches = history.switches
        if what == "thaw":
            switches = (*switches, Switch(False, now, "ana"))
        history = History(tuple(runs), switches)
        if what == "crash":
            history = msgspec.json.decode(msgspec.json.encode(history), type=History)
    for at, name, target in starts:
        pair = [t for t, n, g in starts if (n, g) == (name, target)]
        assert sum(at - 15 * MINUTE < t <= at for t in pair) <= 1
        assert sum(at - 24 * HOUR < t <= at for t in pair) <= 3
        assert sum(at - HOUR < t <= at for t, _, _ in starts) <= 10
