"""Remedies from the settings of a step."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from watchkeeper.actions.channels.http import Http
from watchkeeper.actions.channels.secret import Secret
from watchkeeper.actions.remedies.ansible import Ansible
from watchkeeper.actions.remedies.base import Remedy
from watchkeeper.actions.remedies.command import Command
from watchkeeper.actions.remedies.fallback import Fallback
from watchkeeper.actions.remedies.kubernetes import KUBE_ENVIRONMENT, Cluster, RolloutUndo, Scale
from watchkeeper.actions.remedies.mlflow import MlflowAlias
from watchkeeper.actions.remedies.process import Runner
from watchkeeper.actions.remedies.webhook import Webhook
from watchkeeper.core.errors import InputError

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Tools:
    """What the operator of the server gives to remedies.

    Attributes
    ----------
    clock
        The time.
    programs
        Programs that commands may run, as they are written in runbooks; none by default.
    playbooks
        Folders whose playbooks may be run; none by default.
    secrets
        Environment variables that a step's `secret` may name; none by default.
    mlflow_url
        The tracking server of steps that name none, and the only one that is sent a token.
    http, runner
        How services are reached and programs run.
    """

    clock: Callable[[], datetime]
    programs: frozenset[str] = frozenset()
    playbooks: tuple[str, ...] = ()
    secrets: frozenset[str] = frozenset()
    mlflow_url: str = ""
    http: Http = field(default_factory=Http)
    runner: Runner = field(default_factory=Runner)


def remedy_of(  # noqa: PLR0911  # one line for each kind
    kind: str,
    settings: Mapping[str, Any],
    tools: Tools,
    *,
    timeout_s: float = 300.0,
    key: str = "",
) -> Remedy:
    """The remedy that a step describes.

    Parameters
    ----------
    kind, settings
        Of the step's action, with values in place of variables.
    tools
        What the operator allows.
    timeout_s
        Seconds that a program may take.
    key
        Names the run, for receivers that drop what they have had.

    Raises
    ------
    InputError
        The settings do not fit, or the operator does not allow it.
    """
    runner = replace(tools.runner, timeout_s=timeout_s)
    match kind:
        case "webhook":
            return _webhook(settings, tools, key)
        case "command":
            return _command(settings, tools, runner)
        case "ansible":
            return _ansible(settings, tools, runner)
        case "kubernetes_scale":
            return Scale(_cluster(settings), int(settings["replicas"]), _kubectl(runner))
        case "kubernetes_rollout_undo":
            revision = int(settings.get("to_revision") or 0)
            return RolloutUndo(_cluster(settings), _kubectl(runner), revision)
        case "mlflow":
            return _mlflow(settings, tools)
        case "fallback":
            webhook = _webhook(settings, tools, key)
            told = {name: str(settings.get(name) or "") for name in ("model", "version", "off_url")}
            return Fallback(webhook, **told)
    raise InputError(f"there is no action {kind!r}")


def _webhook(settings: Mapping[str, Any], tools: Tools, key: str) -> Webhook:
    bearer = _secret(settings, tools, "bearer")
    http = replace(tools.http, authorization=("Bearer", bearer)) if bearer else tools.http
    return Webhook(
        url=str(settings["url"]),
        clock=tools.clock,
        body=settings.get("body"),
        method=str(settings.get("method") or "POST").upper(),
        headers=dict(settings.get("headers") or {}),
        secret=_secret(settings, tools),
        http=http,
        key=key,
    )


def _command(settings: Mapping[str, Any], tools: Tools, runner: Runner) -> Command:
    argv, dry = tuple(settings["argv"]), tuple(settings.get("dry_run_argv") or ())
    for program in (argv[:1] or ("",)) + dry[:1]:
        if program not in tools.programs:
            raise InputError(
                f"the program {program!r} is not one that runbooks may run; the operator of the "
                "server adds it to the list of programs"
            )
    return Command(argv, runner, dict(settings.get("env") or {}), dry)


def _ansible(settings: Mapping[str, Any], tools: Tools, runner: Runner) -> Ansible:
    playbook = PurePosixPath(str(settings["playbook"]))
    folders = [PurePosixPath(folder) for folder in tools.playbooks]
    if ".." in playbook.parts or not any(playbook.is_relative_to(folder) for folder in folders):
        raise InputError(
            f"the playbook {str(playbook)!r} is in no folder whose playbooks may be run; the "
            "operator of the server adds the folder"
        )
    texts = {name: str(settings.get(name) or "") for name in ("inventory", "limit", "tags")}
    return Ansible(
        str(playbook), runner, extra_vars=dict(settings.get("extra_vars") or {}), **texts
    )


def _mlflow(settings: Mapping[str, Any], tools: Tools) -> MlflowAlias:
    url = str(settings.get("url") or tools.mlflow_url)
    if not url:
        raise InputError(
            "it is not known where MLflow is; set its address in the step or the server"
        )
    secret = _secret(settings, tools)
    if secret and url != tools.mlflow_url:
        raise InputError("a token is sent only to the MLflow that the server's operator has named")
    http = replace(tools.http, authorization=("Bearer", secret)) if secret else tools.http
    texts = {name: str(settings[name]) for name in ("model", "alias", "version")}
    return MlflowAlias(url, http=http, **texts)


def _cluster(settings: Mapping[str, Any]) -> Cluster:
    texts = {name: str(settings.get(name) or "") for name in ("namespace", "context")}
    return Cluster(str(settings["resource"]), **texts)


def _kubectl(runner: Runner) -> Runner:
    return replace(runner, pass_on=(*runner.pass_on, *KUBE_ENVIRONMENT))


def _secret(settings: Mapping[str, Any], tools: Tools, key: str = "secret") -> Secret | None:
    """The secret that a step names: an environment variable, never the secret itself."""
    name = str(settings.get(key) or "")
    if not name:
        return None
    if not _VARIABLE.fullmatch(name):
        raise InputError(f"{key} is the name of an environment variable, not the secret itself")
    if name not in tools.secrets:
        raise InputError(
            f"the secret {name!r} is not one that runbooks may use; the server's operator adds it "
            "to the list of secrets"
        )
    return Secret(f"${{{name}}}")
