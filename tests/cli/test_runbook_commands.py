"""The commands of runbooks, against a server over a real store, where somebody does the runs."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the server needs the extra 'server'")

from tests.alarms.runbooks.texts import LOOK, TARGET, command, late, restart, stop
from tests.cli.conftest import Call
from tests.server.conftest import serving
from tests.server.fake_platform import MODEL, MORNING, FakePlatform
from watchkeeper.alerts.config import default_config
from watchkeeper.app.alarms.paging import Reach
from watchkeeper.app.alarms.runbooks.allowed import AutomationFile
from watchkeeper.app.alarms.runbooks.runner import Runner
from watchkeeper.store.catalogue.leases import Leases

RUNBOOK = late(
    restart(f"[restart, {TARGET}], dry_run_argv: [restart, --dry-run]"),
    stop("[restart, --stop]"),
    command("fails", "This fails", "[fails]"),
    LOOK,
)
ALLOWED = "mode: approve\nprograms: [restart, fails]\n"
As = Callable[..., Any]


@pytest.fixture
def own(tmp_path: Path) -> Iterator[FakePlatform]:
    """A platform with two people and an admin, and what an operator allows."""
    (tmp_path / "data").mkdir()
    platform = FakePlatform(tmp_path / "data")
    platform.settings.automation_file.write_text(ALLOWED)
    for name, scopes in (("ann", ["edit", "read"]), ("bo", ["edit", "read"]), ("root", ["admin"])):
        platform.keys.create(name, scopes)
    yield platform
    platform.let_go()


@pytest.fixture
def ask(
    call: Call, own: FakePlatform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[As]:
    """Run a command as somebody, on a server beside which runs are done."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, script in (("restart", "echo restarted $*"), ("fails", "echo no; exit 3")):
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    leases = Leases(own.alarm_store, "one", clock=lambda: MORNING)
    leases.share([])
    runner = Runner(
        own.alarm_store, around=own._around, clock=lambda: MORNING,
        automation=AutomationFile(own.settings.automation_file),
        reach=lambda: Reach(default_config()), leases=leases,
    )  # fmt: skip
    runner.start()

    def asked(who: str, *arguments: object) -> Any:
        keys = {"ann": "wk_k1", "bo": "wk_k2", "root": "wk_k3"}
        monkeypatch.setenv("WATCHKEEPER_KEY", keys[who])
        return call("runbooks", *arguments)

    with serving(own) as (address, _):
        monkeypatch.setenv("WATCHKEEPER_URL", address)
        yield asked
    runner.close()


def test_a_runbook_is_linted_applied_shown_and_removed(ask: As, tmp_path: Path) -> None:
    """What is wrong is told with line and column, by both."""
    file = tmp_path / "late.md"
    file.write_text(RUNBOOK.replace("undo: stop", "undo: halt"))
    wrong = ask("ann", "lint", file)
    assert (wrong.code, "late.md, line 3" in wrong.err) == (2, True)
    file.write_text(RUNBOOK)
    assert "4 steps can be run" in ask("ann", "lint", file).err
    assert ask("ann", "apply", file).code == 2  # That needs an admin.
    assert ask("root", "apply", file).out == "late: created (4 steps)\n"
    assert "restart, stop, fails, look" in ask("ann", "list").out.replace("\n", " ")
    assert ask("ann", "show", "late").out == RUNBOOK
    assert ask("root", "remove", "late").out == "late: removed\n"
    assert ask("ann", "show", "late").code == 2


def test_a_run_from_its_dry_run_to_its_undo(ask: As, tmp_path: Path) -> None:
    """Each command says what came of it, and its exit code says whether that was well."""
    file = tmp_path / "late.md"
    file.write_text(RUNBOOK)
    ask("root", "apply", file)
    assert ask("ann", "run", "late", "restart").code == 2  # On which model?
    target = ("--target", MODEL)
    dry = ask("ann", "run", "late", "restart", *target, "--dry-run")
    assert dry.code == 0
    assert dry.out == (
        f"run 1 (Restart it on {MODEL}) is done (dry run)\n"
        f"  would: restart {MODEL}\n  restarted --dry-run\n"
    )
    made = ask("ann", "run", "late", "restart", *target)
    assert (made.code, "it waits for the approval of somebody other than ann" in made.out) == (
        0, True,
    )  # fmt: skip
    assert "2" in ask("ann", "runs", "list", "--state", "waiting").out
    own_word = ask("ann", "approve", "2")
    assert (own_word.code, "ann cannot approve run 2" in own_word.err) == (2, True)
    done = ask("bo", "approve", "2")
    assert (done.code, done.out) == (
        0, f"run 2 (Restart it on {MODEL}) is done\n  restarted {MODEL}\n",
    )  # fmt: skip
    back = ask("ann", "undo", "2")
    assert "is done (takes back run 2)\n  restarted --stop" in back.out
    trail = ask("ann", "runs", "show", "2").out
    assert all(word in trail for word in ("asked for", "approved", "started", "bo"))
    found = json.loads(ask("ann", "runs", "list", "--json").out)
    assert [one["number"] for one in found] == [3, 2, 1]
    assert ask("ann", "settle", "2", "--done").code == 2
    assert ask("ann", "settle", "2").code == 2


def test_what_fails_is_said_with_the_exit_code(ask: As, tmp_path: Path) -> None:
    """A program that fails, a check that does not hold, a request that is refused."""
    file = tmp_path / "late.md"
    file.write_text(RUNBOOK)
    ask("root", "apply", file)
    looked = ask("ann", "run", "late", "look", "--target", MODEL)
    assert (looked.code, "not fine, or cannot be told" in looked.out) == (1, True)
    ask("ann", "run", "late", "fails", "--target", MODEL)
    failed = ask("bo", "approve", "2")
    assert (failed.code, "is ineffective\n  no\n" in failed.out) == (1, True)
    ask("ann", "run", "late", "restart", "--target", MODEL)
    refused = ask("bo", "refuse", "3", "--reason", "not now")
    assert (refused.code, "refused by bo: not now" in refused.out) == (0, True)


def test_freezing_and_what_is_allowed(ask: As, own: FakePlatform, tmp_path: Path) -> None:
    """Everybody freezes, an admin sets free; the operator's file is checked without a server."""
    assert ask("ann", "automation").out == "the mode is approve\n"
    frozen = ask("ann", "freeze", "--reason", "the cluster moves")
    assert "frozen by ann" in frozen.out
    assert ask("ann", "unfreeze").code == 2
    assert ask("root", "unfreeze").out == "the mode is approve\n"
    own.settings.automation_file.write_text("mode: aprove")
    assert "did you mean 'approve'" in ask("ann", "automation").out
    file = tmp_path / "automation.yaml"
    file.write_text("mode: auto\nlimits: {longest: 5m}\n")
    assert "the mode is auto" in ask("ann", "check-automation", file).err
    file.write_text("mode: auto\nlimit: {longest: 5m}\n")
    wrong = ask("ann", "check-automation", file)
    assert (wrong.code, "line 2, column 1" in wrong.err) == (2, True)
