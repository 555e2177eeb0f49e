"""Kubernetes and Ansible: what `kubectl` and `ansible-playbook` are asked."""

from __future__ import annotations

import json
import os
import stat
import sys

import pytest

from watchkeeper.actions.remedies.ansible import Ansible
from watchkeeper.actions.remedies.kubernetes import Cluster, RolloutUndo, Scale
from watchkeeper.actions.remedies.process import Runner
from watchkeeper.core.errors import InputError

FAKE = """#!{python}
import json, os, sys
with open({log!r}, "a") as log:
    log.write(json.dumps(sys.argv) + "\\n")
answers = json.load(open({answers!r}))
for words, (code, text) in answers:
    if all(word in sys.argv for word in words):
        print(text)
        sys.exit(code)
"""


class Fake:
    """A program that writes down its arguments and answers as it is told."""

    def __init__(self, folder, name):
        self.log, self.answers = folder / "log", folder / "answers"
        self.answer()
        program = folder / name
        program.write_text(
            FAKE.format(python=sys.executable, log=str(self.log), answers=str(self.answers))
        )
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        self.runner = Runner(timeout_s=60, path=f"{folder}{os.pathsep}{os.environ['PATH']}")

    def answer(self, *answers):
        """Answer `(words, (exit, text))`: where all words are among the arguments."""
        self.answers.write_text(json.dumps(answers))

    @property
    def asked(self):
        """The arguments of each call."""
        return [json.loads(line)[1:] for line in self.log.read_text().splitlines()]


@pytest.fixture
def kubectl(tmp_path):
    """A `kubectl` that knows a deployment of two replicas."""
    fake = Fake(tmp_path, "kubectl")
    fake.answer((["get"], (0, "2")), (["scale"], (0, "scaled")), (["rollout"], (0, "rolled back")))
    return fake


FARES = Cluster("deployment/fares", "models", "prod")
WHERE = ["--context=prod", "--namespace=models", "--request-timeout=30s"]


def test_scaling(kubectl):
    """It asks how many there are, and scales on the condition that they are still so many."""
    remedy = Scale(FARES, 6, kubectl.runner)
    done = remedy.run({})
    assert (done.status, done.text) == ("ok", "scaled\n")
    assert kubectl.asked == [
        [*WHERE, "get", "deployment/fares", "--output=jsonpath={.spec.replicas}"],
        [*WHERE, "scale", "deployment/fares", "--replicas=6", "--current-replicas=2"],
    ]
    assert remedy.undo(done.memory).status == "ok"
    assert kubectl.asked[-1][-2:] == ["--replicas=2", "--current-replicas=6"]
    assert "--replicas=6" in remedy.describe()
    assert remedy.undo({}).status == "failed"


def test_a_dry_run_is_the_servers(kubectl):
    """Every call that could change something says so."""
    assert Scale(FARES, 6, kubectl.runner).dry_run({}).memory == {}
    RolloutUndo(FARES, kubectl.runner).dry_run({})
    changing = [argv for argv in kubectl.asked if "get" not in argv]
    assert all(argv[-1] == "--dry-run=server" for argv in changing)
    assert len(changing) == 2


def test_fewer_are_refused(kubectl):
    """A number in a runbook that is older than the service does not take replicas away."""
    assert "fewer is refused" in Scale(FARES, 1, kubectl.runner).run({}).text
    assert all("scale" not in argv for argv in kubectl.asked)
    assert Scale(FARES, 1, kubectl.runner, down=True).run({}).status == "ok"


def test_what_cannot_be_asked_is_not_scaled(kubectl):
    """Without knowing what was before there is no way back."""
    kubectl.answer((["get"], (1, 'deployments.apps "fares" not found')))
    found = Scale(FARES, 6, kubectl.runner).run({})
    assert (found.status, found.exit) == ("failed", 1)
    assert "not found" in found.text
    kubectl.answer((["get"], (0, "")))
    assert Scale(FARES, 6, kubectl.runner).run({}).status == "failed"
    assert all("scale" not in argv for argv in kubectl.asked)


def test_rollouts(kubectl):
    """To the revision before, or to one that is named."""
    assert RolloutUndo(FARES, kubectl.runner).run({}).status == "ok"
    RolloutUndo(Cluster("daemonset/x"), kubectl.runner, 4).run({})
    assert kubectl.asked == [
        [*WHERE, "rollout", "undo", "deployment/fares"],
        ["--request-timeout=30s", "rollout", "undo", "daemonset/x", "--to-revision=4"],
    ]


@pytest.mark.parametrize(
    "cluster",
    [("pod/x",), ("deployment/",), ("deployment/X",), ("fares",), ("deployment/a b",), ("--all",),
     ("deployment/--all",), ("deployment/a", "--kubeconfig=x"), ("deployment/a", "", "-x")],
    ids=str,
)  # fmt: skip
def test_names_that_are_none(cluster):
    """No name becomes an option."""
    with pytest.raises(InputError):
        Cluster(*cluster)


@pytest.fixture
def ansible(tmp_path):
    """An `ansible-playbook` that tells."""
    return Fake(tmp_path, "ansible-playbook")


def test_playbooks(ansible):
    """Variables go as JSON, so nothing in them is an argument; a dry run is check mode."""
    extra = {"model": "fares --check", "count": 3}
    remedy = Ansible("/p/labels.yml", ansible.runner, "/p/hosts", "db", "restart", extra)
    assert remedy.run({"alert.name": "x"}).status == "ok"
    assert remedy.dry_run({}).status == "ok"
    arguments = [
        "--inventory", "/p/hosts", "--limit", "db", "--tags", "restart", "--extra-vars",
        '{"count": 3, "model": "fares --check"}', "/p/labels.yml",
    ]  # fmt: skip
    assert ansible.asked == [arguments, [*arguments, "--check"]]
    assert remedy.undo({}).status == "failed"


@pytest.mark.parametrize(
    "settings",
    [
        {"playbook": "--help"}, {"playbook": "p", "limit": "-i"}, {"playbook": "p", "tags": "--x"},
        {"playbook": "p", "extra_vars": {"a": ["{{ lookup('pipe', 'id') }}"]}},
        {"playbook": "p", "extra_vars": {"{% x %}": 1}},
    ],
)  # fmt: skip
def test_what_ansible_would_run(settings):
    """Neither options nor templates get through."""
    with pytest.raises(InputError):
        Ansible(**settings)


def test_a_program_that_is_not_installed(tmp_path):
    """It says so."""
    nowhere = Runner(path=str(tmp_path))
    assert "install it" in RolloutUndo(FARES, nowhere).run({}).text
    assert "ansible-playbook" in Ansible("p", nowhere).run({}).text
