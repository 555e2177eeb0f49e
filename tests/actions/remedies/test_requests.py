"""Webhooks, fallbacks and MLflow, against servers on this machine."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.actions.remedies.loopback import serving
from watchkeeper.actions.channels.http import Http
from watchkeeper.actions.channels.secret import Secret
from watchkeeper.actions.channels.webhook import verify_webhook
from watchkeeper.actions.remedies.fallback import Fallback
from watchkeeper.actions.remedies.making import Tools, remedy_of
from watchkeeper.actions.remedies.mlflow import MlflowAlias
from watchkeeper.actions.remedies.process import Runner
from watchkeeper.actions.remedies.webhook import Webhook
from watchkeeper.core.errors import InputError

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
TEXT = {"model": "fares", "text": "größer"}


def clock():
    """The time of the tests."""
    return NOW


def test_a_signed_webhook():
    """The receiver can check who sent it, when, and that it is the same one again."""
    with serving(lambda _: (202, {"taken": True})) as server:
        remedy = Webhook(f"{server.url}/x", clock, TEXT, secret=Secret("shared"), key="run-7")
        done = remedy.run({})
        remedy.run({})
    one, two = server.asked
    assert (done.status, done.exit, json.loads(done.text)) == ("ok", 202, {"taken": True})
    assert (one.method, one.path, one.json) == ("POST", "/x", TEXT)
    assert verify_webhook("shared", one.headers, one.body, NOW)
    assert not verify_webhook("other", one.headers, one.body, NOW)
    assert one.headers["Idempotency-Key"] == two.headers["Idempotency-Key"] == "run-7"


def test_a_bearer_token_is_sent_and_never_shown(monkeypatch):
    """It is the value of a variable that the operator allows; what repeats it has it hidden."""
    monkeypatch.setenv("HOOK_TOKEN", "tok-1234567890")
    settings = {"url": "", "bearer": "HOOK_TOKEN"}
    with serving(lambda asked: (200, {"you sent": asked.headers["Authorization"]})) as server:
        settings["url"] = f"{server.url}/x"
        tools = Tools(clock, secrets=frozenset({"HOOK_TOKEN"}))
        done = remedy_of("webhook", settings, tools).run({})
    assert server.asked[0].headers["Authorization"] == "Bearer tok-1234567890"
    assert (done.status, "tok-1234567890" in repr(done)) == ("ok", False)
    with pytest.raises(InputError, match="'HOOK_TOKEN' is not one that runbooks may use"):
        remedy_of("webhook", settings, Tools(clock))
    with pytest.raises(InputError, match="bearer is the name of an environment variable"):
        remedy_of("webhook", {**settings, "bearer": "tok-123"}, tools)


def test_the_variables_are_the_body_where_there_is_none():
    """So a receiver can be told without writing a body."""
    with serving(lambda _: (200, b"")) as server:
        Webhook(server.url, clock).run({"alert.name": "Late"})
    assert server.asked[0].json == {"alert.name": "Late"}


@pytest.mark.parametrize(
    ("status", "said"),
    [(200, "ok"), (204, "ok"), (302, "failed"), (404, "failed"), (500, "failed")],
)
def test_the_status_decides(status, said):
    """Only 2xx is done; a redirect is not followed."""
    with serving(lambda _: (status, b"" if status == 204 else b"why, token=abc123")) as server:
        found = Webhook(server.url, clock, TEXT).run({})
    assert (found.status, found.exit, len(server.asked)) == (said, status, 1)
    assert "abc123" not in found.text


def test_a_dry_run_sends_nothing():
    """It says what would be sent."""
    with serving(lambda _: (200, b"")) as server:
        found = Webhook(server.url, clock, {"password": "abc123"}, "PUT").dry_run({})
        Fallback(Webhook(server.url, clock), "fares").dry_run({})
    assert server.asked == []
    assert found.text == f'would send PUT {server.url} {{"password":<secret>}}'


def test_nobody_listens():
    """An outcome, not an exception."""
    with serving(lambda _: (200, b"")) as server:
        pass
    assert Webhook(server.url, clock).run({}).status == "failed"
    with pytest.raises(InputError, match="method is 'SEND'"):
        Webhook(server.url, clock, method="SEND")


def test_nobody_answers():
    """A receiver that is silent is given up, and nobody knows whether it was done."""
    silent = threading.Event()
    with serving(lambda _: (200, b"x" * silent.wait(20))) as server:
        found = Webhook(server.url, clock, http=Http(timeout_s=0.2)).run({})
        silent.set()
    assert found.status == "timed_out"


def test_the_fallback_and_back():
    """On, and off at its own address where it has one."""
    with serving(lambda _: (200, b"")) as server:
        remedy = Fallback(Webhook(f"{server.url}/f", clock), "fares", "rules-1")
        done = remedy.run({})
        remedy.undo(done.memory)
        Fallback(Webhook(f"{server.url}/f", clock), off_url=f"{server.url}/off").undo({})
    assert [(a.path, a.json) for a in server.asked] == [
        ("/f", {"fallback": True, "model": "fares", "version": "rules-1"}),
        ("/f", {"fallback": False, "model": "fares", "version": "rules-1"}),
        ("/off", {"fallback": False}),
    ]


class Registry:
    """The part of MLflow's REST API that is used, as its documentation has it."""

    def __init__(self, *versions, alias="5"):
        self.alias, self.versions = alias, dict(versions)

    def __call__(self, asked):
        """Answer a request."""
        url = urlsplit(asked.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        call = (asked.method, url.path.removeprefix("/api/2.0/mlflow/"))
        if call == ("GET", "registered-models/alias"):
            if not self.alias or query["alias"] != "champion":
                return 404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no such alias"}
            return 200, {"model_version": {"name": query["name"], "version": self.alias}}
        if call == ("GET", "model-versions/get"):
            known = query["version"] in self.versions
            return (200, {"model_version": {}}) if known else (404, {"message": "no such version"})
        if call == ("GET", "model-versions/search"):
            assert query["filter"] == "name='fares'"
            names = list(self.versions)
            start = int(query.get("page_token", 0))
            page = {"model_versions": [
                {"version": n, "status": self.versions[n]} for n in names[start : start + 2]
            ]}  # fmt: skip
            more = {"next_page_token": str(start + 2)} if start + 2 < len(names) else {}
            return 200, page | more
        assert call == ("POST", "registered-models/alias")
        assert asked.json["name"] == "fares"
        self.alias = asked.json["version"]
        return 200, {}


VERSIONS = [
    ("1", "READY"),
    ("6", "READY"),
    ("5", "READY"),
    ("4", "FAILED_REGISTRATION"),
    ("3", "READY"),
]


def test_back_to_the_version_before():
    """The highest below that is ready, over all pages; and back again."""
    registry = Registry(*VERSIONS)
    with serving(registry) as server:
        remedy = MlflowAlias(server.url, "fares", "champion")
        assert "from 5 to 3" in remedy.dry_run({}).text
        assert registry.alias == "5"
        done = remedy.run({})
        assert (done.status, registry.alias) == ("ok", "3")
        assert done.memory == {"version": "5", "version_set": "3"}
        assert remedy.undo(done.memory).status == "ok"
        assert registry.alias == "5"
        assert "already" in remedy.undo(done.memory).text


def test_an_undo_does_not_undo_others():
    """Where somebody moved the alias meanwhile it stays there."""
    registry = Registry(*VERSIONS)
    with serving(registry) as server:
        remedy = MlflowAlias(server.url, "fares", "champion", "1")
        done = remedy.run({})
        registry.alias = "6"
        found = remedy.undo(done.memory)
    assert (found.status, registry.alias) == ("failed", "6")
    assert "somebody moved it" in found.text
    assert remedy.undo({}).status == "failed"


@pytest.mark.parametrize(
    ("alias", "version", "current", "said"),
    [
        ("champion", "previous", "1", "no version before 1 that is ready"),
        ("champion", "9", "5", "no such version"),
        ("champion", "5", "5", "points to 5 already"),
        ("other", "previous", "5", "no such alias"),
    ],
)
def test_what_mlflow_does_not_do(alias, version, current, said):
    """It fails with the reason, and nothing is moved."""
    registry = Registry(*VERSIONS, alias=current)
    with serving(registry) as server:
        found = MlflowAlias(server.url, "fares", alias, version).run({})
    assert (found.status, registry.alias) == ("failed", current)
    assert said in found.text


def test_what_is_no_mlflow():
    """A wrong address is told as such."""
    with serving(lambda _: (200, b"<html>")) as server:
        assert "no JSON" in MlflowAlias(server.url, "fares", "champion").run({}).text
    with pytest.raises(InputError, match="write its number"):
        MlflowAlias(server.url, "fares", "champion", "latest")
    with pytest.raises(InputError, match="quotes"):
        MlflowAlias(server.url, "x' OR name='y", "champion")


def test_a_token_is_sent_and_never_shown(monkeypatch):
    """It comes from the environment, by its name."""
    monkeypatch.setenv("MLFLOW_TOKEN", "very-secret-token")
    answers = (403, {"message": "very-secret-token is not allowed"})
    with serving(lambda _: answers) as server:
        tools = Tools(clock, secrets=frozenset({"MLFLOW_TOKEN"}), mlflow_url=server.url)
        settings = {
            "model": "fares",
            "alias": "champion",
            "version": "previous",
            "secret": "MLFLOW_TOKEN",
        }
        found = remedy_of("mlflow", settings, tools).run({})
    assert server.asked[0].headers["Authorization"] == "Bearer very-secret-token"
    assert (found.status, "very-secret" in found.text) == ("failed", False)
    with pytest.raises(InputError, match="not the secret itself"):
        remedy_of("mlflow", {**settings, "secret": "very-secret-token!"}, tools)


@pytest.mark.parametrize(
    ("kind", "settings", "said"),
    [
        ("command", {"argv": ["/bin/rm"]}, "not one that runbooks may run"),
        ("command", {"argv": ["/bin/ok"], "dry_run_argv": ["/bin/rm"]}, "'/bin/rm' is not one"),
        ("command", {"argv": []}, "not one that runbooks may run"),
        ("ansible", {"playbook": "/etc/p.yml"}, "in no folder"),
        ("ansible", {"playbook": "/play/../etc/p.yml"}, "in no folder"),
        ("mlflow", {"model": "a", "alias": "b", "version": "1"}, "where MLflow is"),
        ("webhook", {"url": "https://a.example", "secret": "DB_PASSWORD"}, "not one that runbooks"),
        (
            "mlflow",
            {"model": "a", "alias": "b", "version": "1", "secret": "TOKEN", "url": "https://evil"},
            "only to the MLflow",
        ),
        ("reboot", {}, "no action 'reboot'"),
    ],
)
def test_the_operator_decides_what_runs(kind, settings, said):
    """Programs and playbooks that are not listed are refused, whoever wrote the runbook."""
    tools = Tools(clock, frozenset({"/bin/ok"}), ("/play",), frozenset({"TOKEN"}))
    with pytest.raises(InputError, match=said):
        remedy_of(kind, settings, tools)


def test_every_kind_can_be_made():
    """The settings of the starter pack's kinds fit, and each says what it would do."""
    tools = Tools(
        clock,
        frozenset({"/bin/ok"}),
        ("/play",),
        frozenset(),
        "https://m.example",
        Http(),
        Runner(),
    )
    kinds = {
        "webhook": {"url": "https://a.example", "body": {"a": 1}, "method": "put"},
        "command": {"argv": ["/bin/ok", "x"]},
        "ansible": {"playbook": "/play/p.yml", "extra_vars": {"a": 1}},
        "kubernetes_scale": {"resource": "deployment/a", "replicas": 3},
        "kubernetes_rollout_undo": {"resource": "deployment/a", "to_revision": "2"},
        "mlflow": {"model": "a", "alias": "b", "version": "previous"},
        "fallback": {"url": "https://a.example", "model": "a"},
    }
    for kind, settings in kinds.items():
        assert remedy_of(kind, settings, tools, timeout_s=9).describe()
