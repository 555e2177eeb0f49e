"""Runs by the program as people start it: killed in the middle, timed out, and by two at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

pytest.importorskip("fastapi", reason="the server needs the extra 'server'")

from tests.live.processes import Serving, serving, wait_until
from watchkeeper.app.live.clock import now
from watchkeeper.app.live.keys import Keys
from watchkeeper.store.catalogue.catalogue import Catalogue

SLOW = """#!/bin/sh
echo "$$ $*" >> {folder}/begun
sleep 600 &
echo $! >> {folder}/begun.child
while [ ! -e {folder}/go ]; do sleep 0.05; done
kill $!
echo "$*" >> {folder}/ended
"""
KUBECTL = """#!/bin/sh
echo "$*" >> {folder}/kubectl
case "$*" in *" get "*) printf 3;; *) echo scaled with token=hunter2-in-the-output;; esac
"""
RUNBOOK = """# Slow

```wk-step
id: slow
title: Do it slowly
action:
  command: {argv: [slowly, "${alert.labels.model}"]}
idempotent: true
```
"""
ALLOWED = """
mode: approve
programs: [slowly]
namespaces: [models]
limits: {per_pair: 10, per_pair_daily: 10, longest: 20m}
"""


class People:
    """A server with an operator's file, and two people who may ask it."""

    def __init__(self, held: Serving, folder: Path) -> None:
        self.held, self.folder = held, folder
        catalogue = Catalogue(held.data / "catalogue.db")
        keys = Keys(catalogue, clock=now)
        self._secrets = {
            name: keys.create(name, ["edit", "read", *more])[1]
            for name, more in (("ann", ["admin"]), ("bo", []))
        }
        catalogue.close()

    def ask(self, who: str, method: str, path: str, **body: Any) -> httpx.Response:
        """Ask the server as one of them."""
        headers = {"Authorization": f"Bearer {self._secrets[who]}"}
        url = self.held.url + path
        if "content" in body:
            headers["Content-Type"] = "text/markdown"
            return httpx.request(method, url, headers=headers, timeout=60, **body)
        return httpx.request(method, url, headers=headers, timeout=60, json=body or None)

    def begin(self, runbook: str = "slow", step: str = "slow", **more: Any) -> int:
        """Ask for a step as one, and approve it as the other."""
        body = {"runbook": runbook, "step": step, **TARGET, **more}
        made = self.ask("ann", "POST", "/v1/runs", **body)
        assert made.status_code == 200, made.text
        number: int = made.json()["number"]
        if not more.get("dry_run"):
            assert self.ask("bo", "POST", f"/v1/runs/{number}/approve").status_code == 200
        return number

    def shown(self, number: int) -> dict[str, Any]:
        """A run as it stands."""
        found: dict[str, Any] = self.ask("ann", "GET", f"/v1/runs/{number}").json()
        return found

    def wait_for(self, number: int, *names: str) -> dict[str, Any]:
        """A run once it is in one of some states."""
        wait_until(lambda: self.shown(number)["state"] in names, f"run {number} is {names}")
        return self.shown(number)

    def watchers(self) -> list[str]:
        """The names of the processes that keep watch."""
        replicas = self.ask("ann", "GET", "/v1/status").json()["alarms"]["replicas"]
        return [one["name"] for one in replicas]

    def lines(self, name: str) -> list[str]:
        """What the programs have noted."""
        file = self.folder / name
        return file.read_text().splitlines() if file.exists() else []


TARGET = {"target": "fares"}


@contextmanager
def people(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str = RUNBOOK) -> Iterator[People]:
    """A server that may run the programs of a folder."""
    programs = folder / "bin"
    programs.mkdir()
    for name, script in (("slowly", SLOW), ("kubectl", KUBECTL)):
        (programs / name).write_text(script.format(folder=folder))
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    (folder / "automation.yaml").write_text(ALLOWED)
    options = ("--automation", str(folder / "automation.yaml"))
    with serving(folder / "server", *options) as held:
        made = People(held, folder)
        runbooks = f"{held.url}/v1/runbooks"
        wait_until(lambda: httpx.get(runbooks, timeout=60).status_code == 401, "keys are known")
        assert made.ask("ann", "PUT", "/v1/runbooks/slow", content=text).status_code == 200
        wait_until(lambda: bool(made.watchers()), "somebody keeps watch")
        yield made
        (folder / "go").touch()  # What a killed process has left ends too.


def number_of(watcher: str) -> int:
    """The number of the process that keeps watch under a name."""
    return int(watcher.split(":")[1])


def test_a_watch_that_is_killed_in_the_middle_leaves_what_nobody_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is begun once, though it is idempotent; a person is told, looks, and says how it is."""
    with people(tmp_path, monkeypatch) as made:
        number = made.begin()
        wait_until(lambda: bool(made.lines("begun")), "it has begun")
        (watcher,) = made.watchers()
        os.kill(number_of(watcher), signal.SIGKILL)
        found = made.wait_for(number, "unknown")
        assert "may have been done or still go on" in found["result"]["text"]
        assert [one["what"] for one in found["audit"]] == [
            "asked for", "approved", "started", "unknown", "page",
        ]  # fmt: skip
        (incident,) = made.ask("ann", "GET", "/v1/incidents").json()["incidents"]
        assert f"nobody knows whether run {number}" in incident["title"]
        again = made.ask("ann", "POST", "/v1/runs", runbook="slow", step="slow", **TARGET)
        assert again.status_code == 409
        assert f"nobody knows whether run {number} on fares was done" in again.text
        settled = made.ask("bo", "POST", f"/v1/runs/{number}/settle", done=False).json()
        assert (settled["state"], settled["reason"]) == ("failed", "bo looked: it was not done")
        assert len(made.lines("begun")) == 1
        second = made.begin()
        wait_until(lambda: len(made.lines("begun")) == 2, "it begins anew")
        (tmp_path / "go").touch()
        made.wait_for(second, "done")


def test_a_whole_server_that_is_killed_in_the_middle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same after it is started again; and if it was done after all, one can say so."""
    with people(tmp_path, monkeypatch) as made:
        number = made.begin()
        wait_until(lambda: bool(made.lines("begun")), "it has begun")
        (watcher,) = made.watchers()
        os.kill(number_of(watcher), signal.SIGSTOP)  # It must not see its server end first.
        made.held.kill()
        os.kill(number_of(watcher), signal.SIGKILL)
        made.held.start()
        made.wait_for(number, "unknown")
        (tmp_path / "go").touch()
        wait_until(lambda: bool(made.lines("ended")), "the program goes on by itself")
        done = made.ask("bo", "POST", f"/v1/runs/{number}/settle", done=True).json()
        assert (done["state"], done["result"]["status"]) == ("done", "ok")
        assert len(made.lines("begun")) == 1


def test_two_replicas_begin_a_run_once_and_find_what_the_other_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many keep watch; one that dies is found by the other without any restart."""
    with people(tmp_path, monkeypatch) as made:
        other = subprocess.Popen(
            [sys.executable, "-m", "watchkeeper", "watch", "--data", str(made.held.data),
             "--automation", str(tmp_path / "automation.yaml")],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            wait_until(lambda: len(made.watchers()) == 2, "two keep watch")
            numbers = [made.begin(target=f"model-{n}") for n in range(4)]
            wait_until(lambda: len(made.lines("begun")) == 4, "all have begun")
            os.kill(other.pid, signal.SIGKILL)
            other.wait()
            (tmp_path / "go").touch()
            ends = [made.wait_for(n, "done", "unknown")["state"] for n in numbers]
            assert set(ends) <= {"done", "unknown"}
            assert sorted(line.split()[1] for line in made.lines("begun")) == [
                f"model-{n}" for n in range(4)
            ]
        finally:
            other.kill()
            other.wait()


def test_a_time_limit_ends_all_that_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The operator's, although the step allows itself more: the program and what it has begun."""
    with people(tmp_path, monkeypatch) as made:
        (tmp_path / "automation.yaml").write_text(ALLOWED.replace("20m", "1s"))
        number = made.begin(dry_run=True)
        assert made.wait_for(number, "done")["result"]["text"] == "would run: slowly fares"
        text = RUNBOOK.replace("idempotent: true", "idempotent: false")
        made.ask("ann", "PUT", "/v1/runbooks/slow", content=text)
        number = made.begin()
        found = made.wait_for(number, "ineffective")
        assert found["result"]["status"] == "timed_out"
        for pid in (made.lines("begun")[0].split()[0], made.lines("begun.child")[0]):
            wait_until(lambda pid=pid: is_over(int(pid)), "it is over")
        assert made.lines("ended") == []


def is_over(pid: int) -> bool:
    """Whether a process has ended, though nobody may have asked what came of it."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def test_the_starter_steps_and_what_takes_them_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dry, then really, then back to how many there were; by the `kubectl` that is there."""
    with people(tmp_path, monkeypatch) as made:
        dry = made.begin("latency", "scale-up", dry_run=True)
        assert "would: kubectl" in made.wait_for(dry, "done")["result"]["text"]
        assert made.lines("kubectl")[-1].endswith("--current-replicas=3 --dry-run=server")
        number = made.begin("latency", "scale-up")
        found = made.wait_for(number, "done")
        assert "token=<secret>" in found["result"]["text"]
        back = made.ask("ann", "POST", f"/v1/runs/{number}/undo").json()["number"]
        made.wait_for(back, "done")
        assert [line.split(" ", 2)[2] for line in made.lines("kubectl")[-2:]] == [
            "scale deployment/fares --replicas=6 --current-replicas=3",
            "scale deployment/fares --replicas=3 --current-replicas=6",
        ]
        shown = made.ask("ann", "GET", "/v1/automation").json()
        assert (shown["mode"], shown["namespaces"]) == ("approve", ["models"])
        kept = [*made.held.data.glob("catalogue.db*"), made.held.log]
        assert [file.name for file in kept if b"hunter2" in file.read_bytes()] == []
