"""The routes of runbooks, runs and what is allowed, and Slack's commands for them."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from tests.alarms.runbooks.texts import LOOK, late, restart, stop
from tests.server.fake_platform import MODEL, MORNING, FakePlatform
from tests.server.test_server_api import answer_schema, check, described
from watchkeeper.actions.remedies.base import Outcome
from watchkeeper.alerts.config import default_config
from watchkeeper.app.alarms.paging import Reach
from watchkeeper.app.alarms.runbooks import chat
from watchkeeper.app.alarms.runbooks.allowed import AutomationFile
from watchkeeper.app.alarms.runbooks.runner import Runner
from watchkeeper.app.live.clock import now
from watchkeeper.store.catalogue.leases import Leases

__all__ = ["described"]

LATE = late(restart(), stop(), LOOK)
STEPS = ["restart", "stop", "look"]
ALLOWED = """
mode: approve
programs: [restart, stop]
rollback: late/restart
slack: {U111: ann, U222: bo}
"""
Ask = Callable[..., httpx.Response]


@pytest.fixture
def own(own: FakePlatform) -> Iterator[FakePlatform]:
    """A platform with an operator's file, two people and an admin; its store is closed."""
    own.settings.folder.mkdir(exist_ok=True)
    own.settings.automation_file.write_text(ALLOWED)
    for name, scopes in (("ann", ["edit", "read"]), ("bo", ["edit", "read"]), ("root", ["admin"])):
        own.keys.create(name, scopes)
    yield own
    own.let_go()


@pytest.fixture
def people(ask: Ask) -> Callable[..., Any]:
    """Ask as somebody: the answer's JSON, which has the status that is expected."""

    def asked(who: str, method: str, path: str, status: int = 200, **more: Any) -> Any:
        secret = {"ann": "wk_k1", "bo": "wk_k2", "root": "wk_k3"}[who]
        answer = ask(method, path, headers={"Authorization": f"Bearer {secret}"}, **more)
        assert answer.status_code == status, answer.text
        return answer.json()

    return asked


def work(own: FakePlatform) -> list[str]:
    """Let what may run be run; what was done."""
    done: list[str] = []

    def deed(run: Any, *_: object) -> Outcome:
        done.append(" ".join(run.settings["argv"]))
        return Outcome("ok", "restarted")

    leases = Leases(own.alarm_store, "one", clock=lambda: MORNING)
    leases.share([])
    runner = Runner(
        own.alarm_store, around=own._around, clock=lambda: MORNING,
        automation=AutomationFile(own.settings.automation_file),
        reach=lambda: Reach(default_config()), leases=leases, deed=deed,
    )  # fmt: skip
    runner.step()
    runner.settle(30)
    runner.close()
    return done


def test_a_runbook_is_checked_kept_shown_and_removed(
    people: Any, described: dict[str, Any]
) -> None:
    """A starter one of its name comes back; only an admin keeps one."""
    found = people("ann", "GET", "/v1/runbooks")
    check(described, answer_schema(described, "/v1/runbooks"), found)
    assert "latency" in [one["name"] for one in found["runbooks"]]
    assert people("ann", "POST", "/v1/runbooks/check", content=LATE)["steps"] == STEPS
    wrong = people("ann", "POST", "/v1/runbooks/check", 400, content=LATE.replace("argv", "arg"))
    assert "line 7, column 13: command has no 'arg'" in wrong["error"]["message"]
    people("ann", "PUT", "/v1/runbooks/late", 403, content=LATE)
    assert people("root", "PUT", "/v1/runbooks/late", content=LATE)["outcome"] == "created"
    shown = people("ann", "GET", "/v1/runbooks/late")
    check(described, answer_schema(described, "/v1/runbooks/{name}"), shown)
    assert (shown["text"], shown["who"], shown["starter"]) == (LATE, "root", False)
    assert people("root", "DELETE", "/v1/runbooks/late")["outcome"] == "removed"
    assert people("ann", "GET", "/v1/runbooks/late", 404)
    assert "did you mean 'latency'" in str(people("ann", "GET", "/v1/runbooks/latenc", 404))


def test_a_run_from_the_request_to_the_undo(
    people: Any, own: FakePlatform, described: dict[str, Any]
) -> None:
    """Who asks and who approves is whoever has the key, whatever the body says."""
    people("root", "PUT", "/v1/runbooks/late", content=LATE)
    asked = {"runbook": "late", "step": "restart", "target": MODEL, "requested_by": "bo"}
    dry = people("ann", "POST", "/v1/runs", json={**asked, "dry_run": True})
    assert (dry["state"], dry["waits_for_approval"]) == ("waiting", False)
    made = people("ann", "POST", "/v1/runs", json=asked)
    assert (made["requested_by"], made["waits_for_approval"]) == ("ann", True)
    own_word = people("ann", "POST", "/v1/runs/2/approve", 409, json={"by": "bo"})
    assert "ann cannot approve run 2" in own_word["error"]["message"]
    assert work(own) == [f"restart {MODEL}"]  # The dry one.
    assert people("bo", "POST", "/v1/runs/2/approve")["waits_for_approval"] is False
    assert work(own) == [f"restart {MODEL}"]
    shown = people("bo", "GET", "/v1/runs/2")
    check(described, answer_schema(described, "/v1/runs/{number}"), shown)
    assert (shown["state"], shown["approvals"][0]["by"]) == ("done", "bo")
    again = people("ann", "POST", "/v1/runs", 409, json=asked)
    assert "ran in the last 15 minutes" in again["error"]["message"]
    assert people("bo", "POST", "/v1/runs/2/undo")["undo_of"] == 2
    assert work(own) == [f"stop {MODEL}"]
    found = people("ann", "GET", "/v1/runs?state=done")
    check(described, answer_schema(described, "/v1/runs"), found)
    assert [one["number"] for one in found["runs"]] == [3, 2, 1]
    assert "nothing to settle" in str(people("bo", "POST", "/v1/runs/2/settle", 409, json=DONE))
    people("ann", "GET", "/v1/runs/99", 404)
    looked = people("ann", "POST", "/v1/runs", json={**asked, "step": "look"})
    assert (looked["kind"], looked["status"]) == ("check", "failed")


DONE = {"done": True}


def test_what_is_allowed_is_shown_and_cannot_be_set(
    people: Any, own: FakePlatform, described: dict[str, Any]
) -> None:
    """Everybody may freeze; only an admin sets free; nobody writes the file over HTTP."""
    found = people("ann", "GET", "/v1/automation")
    check(described, answer_schema(described, "/v1/automation"), found)
    assert (found["mode"], found["programs"], found["slack"]["U111"]) == (
        "approve", ["restart", "stop"], "ann",
    )  # fmt: skip
    for method in ("PUT", "POST", "PATCH", "DELETE"):
        people("root", method, "/v1/automation", 405, json={"mode": "auto"})
    people("ann", "POST", "/v1/automation/freeze", 400, json={"reason": " "})
    frozen = people("ann", "POST", "/v1/automation/freeze", json={"reason": "we move"})
    assert frozen["frozen"]["by"] == "ann"
    asked = {"runbook": "late", "step": "restart", "target": MODEL, "dry_run": True}
    people("root", "PUT", "/v1/runbooks/late", content=LATE)
    assert "frozen: we move" in str(people("bo", "POST", "/v1/runs", 409, json=asked))
    people("bo", "POST", "/v1/automation/unfreeze", 403)
    assert people("root", "POST", "/v1/automation/unfreeze")["frozen"] is None
    assert own.settings.automation_file.read_text() == ALLOWED


def slack(ask: Ask, user: str, text: str = "", *, pressed: dict[str, Any] | None = None) -> Any:
    """A command, or a pressed button, as Slack sends it; the answer."""
    form = {"command": "/watchkeeper", "text": text, "user_id": user}
    if pressed is not None:
        told = {"type": "block_actions", "user": {"id": user}, "actions": [pressed]}
        form = {"payload": json.dumps(told)}
    body = urlencode(form).encode()
    stamp = str(int(now().timestamp()))
    signed = hmac.new(b"s3", b"v0:" + stamp.encode() + b":" + body, hashlib.sha256)
    answer = ask(
        "POST", "/v1/chat/slack", content=body,
        headers={"X-Slack-Request-Timestamp": stamp,
                 "X-Slack-Signature": f"v0={signed.hexdigest()}"},
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    return answer.json()


def buttons(answer: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The buttons of an answer, by what is on them."""
    held = answer["blocks"][1]["elements"]
    return {one["text"]["text"]: one for one in held}


def test_slack_asks_approves_and_rolls_back(
    ask: Ask, people: Any, own: FakePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the person whom the operator has named; a second one must agree, there as here."""
    monkeypatch.setenv("WATCHKEEPER_SLACK_SIGNING_SECRET", "s3")
    monkeypatch.setattr(chat, "WAIT_S", 0.0)
    people("root", "PUT", "/v1/runbooks/late", content=LATE)
    assert "adds `U999: NAME` under `slack`" in slack(ask, "U999", f"rollback {MODEL}")["text"]
    assert "write RUNBOOK/STEP" in slack(ask, "U111", "run late")["text"]
    assert "is no number of a run" in slack(ask, "U111", "approve it")["text"]
    assert slack(ask, "U111", "runs")["text"] == "Nothing was run."
    dry = slack(ask, "U111", f"run late/restart {MODEL}")
    assert "dry run), asked for by ann: waiting" in dry["text"]
    assert len(work(own)) == 1
    asked = slack(ask, "U111", f"rollback {MODEL}")
    assert people("ann", "GET", "/v1/runs")["runs"][0]["number"] == 1  # It only asks back.
    made = slack(ask, "U111", pressed=buttons(asked)["Do it"])
    assert "it waits for the approval of somebody other than ann" in made["text"]
    refused = slack(ask, "U111", pressed=buttons(made)["Approve"])
    assert "ann cannot approve run 2" in refused["text"]
    own_key = people("ann", "POST", "/v1/runs/2/approve", 409)  # One person, one name.
    assert "ann cannot approve" in own_key["error"]["message"]
    assert slack(ask, "U222", pressed=buttons(made)["Approve"])["response_type"] == "in_channel"
    assert work(own) == [f"restart {MODEL}"]
    assert "run 2 (Restart it on" in slack(ask, "U222", "runs")["text"]
    refusable = slack(
        ask, "U111", pressed={"action_id": "watchkeeper:do", "value": "late/restart x"}
    )
    said = slack(ask, "U222", pressed=buttons(refusable)["Refuse"])["text"]
    assert "refused by bo" in said
    trail = people("ann", "GET", "/v1/runs/2")["audit"]
    assert [(one["who"], one["where"]) for one in trail[:2]] == [
        ("ann", "slack:U111"), ("bo", "slack:U222"),
    ]  # fmt: skip
