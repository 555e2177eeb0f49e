"""Kubernetes, by the `kubectl` that is installed and whatever it may do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from watchkeeper.actions.remedies.base import UNDO_UNKNOWN, Outcome, outcome
from watchkeeper.actions.remedies.process import Runner, shown
from watchkeeper.core.errors import InputError

_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
_KINDS = ("deployment", "statefulset", "replicaset", "daemonset")
KUBE_ENVIRONMENT = ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT")


def _runner() -> Runner:
    return Runner(pass_on=KUBE_ENVIRONMENT)


@dataclass(frozen=True, slots=True)
class Cluster:
    """Which objects are meant, and where.

    Attributes
    ----------
    resource
        Such as `deployment/fares`.
    namespace, context
        Those of `kubectl` where empty.
    """

    resource: str
    namespace: str = ""
    context: str = ""

    def __post_init__(self) -> None:
        kind, _, name = self.resource.partition("/")
        if kind not in _KINDS or not _NAME.fullmatch(name):
            raise InputError(
                f"{self.resource!r} is no resource; write a kind and a name of lower-case letters, "
                "digits and hyphens, such as deployment/fares"
            )
        if self.namespace and not _NAME.fullmatch(self.namespace):
            raise InputError(f"{self.namespace!r} is no name of a namespace")
        if self.context.startswith("-"):
            raise InputError(f"{self.context!r} would be an option of kubectl")

    def argv(self, *arguments: str) -> list[str]:
        """A command line of `kubectl`."""
        where = [f"--context={self.context}"] if self.context else []
        where += [f"--namespace={self.namespace}"] if self.namespace else []
        return ["kubectl", *where, "--request-timeout=30s", *arguments]


@dataclass(frozen=True, slots=True)
class Scale:
    """Sets the number of replicas; fewer than there are only where `down` says so.

    Attributes
    ----------
    cluster
        What is scaled.
    replicas
        To how many.
    down
        Whether that may be fewer than there are.
    """

    cluster: Cluster
    replicas: int
    runner: Runner = field(default_factory=_runner)
    down: bool = False

    def describe(self) -> str:
        """The command line."""
        return shown(self._argv(self.replicas))

    def dry_run(self, variables: Mapping[str, str]) -> Outcome:
        """Let the server check it and change nothing."""
        del variables
        return self._scale(self.replicas, "--dry-run=server")

    def run(self, variables: Mapping[str, str]) -> Outcome:
        """Scale, remembering how many there were."""
        del variables
        return self._scale(self.replicas)

    def undo(self, memory: Mapping[str, str]) -> Outcome:
        """Scale back to how many there were, if nobody has changed it since."""
        before, after = memory.get("replicas", ""), memory.get("replicas_set", "")
        if not before.isdigit() or not after.isdigit():
            return outcome("failed", UNDO_UNKNOWN)
        argv = self._argv(int(before))
        return self.runner.run([*argv, f"--current-replicas={after}"])

    def _scale(self, replicas: int, *options: str) -> Outcome:
        asked = self.runner.run(
            self.cluster.argv("get", self.cluster.resource, "--output=jsonpath={.spec.replicas}")
        )
        found = asked.text.strip()
        if asked.status != "ok" or not found.isdigit():
            return asked if asked.status != "ok" else replace(asked, status="failed")
        if replicas < int(found) and not self.down:
            said = f"there are {found} replicas, which is more than {replicas}; fewer is refused"
            return outcome("failed", said)
        argv = self._argv(replicas)
        done = self.runner.run([*argv, f"--current-replicas={found}", *options])
        memory = {"replicas": found, "replicas_set": str(replicas)} if not options else {}
        return replace(done, memory=memory)

    def _argv(self, replicas: int) -> list[str]:
        return self.cluster.argv("scale", self.cluster.resource, f"--replicas={replicas}")


@dataclass(frozen=True, slots=True)
class RolloutUndo:
    """Goes back to the revision before, or to one that is named.

    Attributes
    ----------
    cluster
        What is rolled back: a deployment, a stateful set or a daemon set.
    to_revision
        The revision; the one before where 0. Doing that twice brings the bad one back.
    """

    cluster: Cluster
    runner: Runner = field(default_factory=_runner)
    to_revision: int = 0

    def describe(self) -> str:
        """The command line."""
        return shown(self._argv())

    def dry_run(self, variables: Mapping[str, str]) -> Outcome:
        """Let the server check it and change nothing."""
        del variables
        return self.runner.run([*self._argv(), "--dry-run=server"])

    def run(self, variables: Mapping[str, str]) -> Outcome:
        """Roll back."""
        del variables
        return self.runner.run(self._argv())

    def undo(self, memory: Mapping[str, str]) -> Outcome:
        """Not by itself: which revision is right then is for people to say."""
        del memory
        return outcome("failed", UNDO_UNKNOWN)

    def _argv(self) -> list[str]:
        options = [f"--to-revision={self.to_revision}"] if self.to_revision else []
        return self.cluster.argv("rollout", "undo", self.cluster.resource, *options)
