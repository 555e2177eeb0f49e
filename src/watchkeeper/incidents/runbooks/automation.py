"""What the operator of a server allows runbooks to do: `automation.yaml`. Nothing by default."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from watchkeeper.core.durations import parse_duration
from watchkeeper.expressions.hints import listed, suggest
from watchkeeper.files.nodes import Node
from watchkeeper.incidents.oncall.hours_file import HoursReader
from watchkeeper.incidents.runbooks.addresses import ADDRESS
from watchkeeper.incidents.runbooks.freezes import Closed
from watchkeeper.incidents.runbooks.limits import Mode, Policy
from watchkeeper.incidents.runbooks.step import ACTIONS

KEYS = (
    "mode", "exceptions", "limits", "freezes", "programs", "playbooks", "addresses", "namespaces",
    "secrets", "mlflow_url", "fallback", "rollback", "slack",
)  # fmt: skip
COUNTS = {
    "per_pair": (1, 1000), "per_pair_daily": (1, 1000), "in_all": (1, 10_000), "proven": (1, 1000),
    "freeze_after": (1, 1000),
}  # fmt: skip
"""Limits that are whole numbers, with the least and the most."""

SPANS = ("per_pair_span", "in_all_span", "auto_off", "freeze_span", "longest")
"""Limits that are lengths of time."""

CLOSED = ("reason", "zone", "days", "from", "to", "start", "end")
"""What a time at which nothing is begun may say."""

ROLLBACK = "high-error-rate/previous-version"
"""The step that takes a model back, where the operator names none."""

FOLDER = re.compile(r"/\S.*")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
SLACK = re.compile(r"[UW][A-Z0-9]{2,20}")
STEP = re.compile(r"[^\s/]+/[a-z0-9][a-z0-9_-]{0,63}")


class Fallback(msgspec.Struct, frozen=True):
    """Where the serving layer takes the word to answer with its fallback, and to stop it.

    Attributes
    ----------
    url, off_url
        The addresses; the first for both where the second is empty.
    secret
        The environment variable whose value signs the request.
    """

    url: str
    off_url: str = ""
    secret: str = ""


class Automation(msgspec.Struct, frozen=True):
    """What may be done.

    Attributes
    ----------
    policy
        How far actions may go, and their limits.
    programs, playbooks
        Programs as runbooks write them, and folders whose playbooks may be run.
    addresses
        What the address of a webhook, a fallback or a probe must begin with.
    namespaces
        Namespaces of Kubernetes that may be touched.
    secrets
        Environment variables that steps may name.
    mlflow_url
        The MLflow server; no other is asked, unless `addresses` has it.
    fallback
        Where the word to fall back goes, whatever a step says.
    rollback
        The step, as RUNBOOK/STEP, that a rollback runs which is asked for in a chat.
    slack
        Who may ask for runs and approve them from Slack: ids of users there, each with the name
        that the same person has here, so that nobody is two.
    """

    policy: Policy = Policy()
    programs: tuple[str, ...] = ()
    playbooks: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    mlflow_url: str = ""
    fallback: Fallback | None = None
    rollback: str = ROLLBACK
    slack: Mapping[str, str] = {}

    @property
    def is_off(self) -> bool:
        """Whether nothing at all runs.

        >>> Automation().is_off, Automation(Policy(Mode.OFF, {"webhook": Mode.APPROVE})).is_off
        (True, False)
        """
        return all(mode is Mode.OFF for mode in (self.policy.mode, *self.policy.modes.values()))


def read_automation(text: str, *, name: str = "automation.yaml") -> Automation:
    r"""What a file allows.

    Parameters
    ----------
    text
        The file.
    name
        Its name, for errors.

    Raises
    ------
    InputError
        With line and column of all that is wrong with it.

    Examples
    --------
    >>> found = read_automation("mode: approve\nprograms: [/opt/restart]")
    >>> found.policy.mode, found.programs
    (<Mode.APPROVE: 'approve'>, ('/opt/restart',))
    >>> read_automation("mode: aprove")
    Traceback (most recent call last):
    watchkeeper.core.errors.InputError: automation.yaml, line 1, column 7: mode is 'aprove'; ...
    """
    reader = _Reader(name)
    root = reader.compose(text)
    made = Automation() if root is None else reader.automation(root)
    reader.finish()
    return made


class _Reader(HoursReader):
    """Makes what is allowed of the nodes of a file."""

    def automation(self, root: Node) -> Automation:
        """All of it."""
        found = self.mapping(root, "the file", KEYS)
        return Automation(
            policy=self._policy(found),
            programs=self._list(found, "programs", _plain, "a program as runbooks write it"),
            playbooks=self._list(found, "playbooks", _folder, "a folder such as /srv/playbooks"),
            addresses=self._list(found, "addresses", _address, "https://host/path"),
            namespaces=self._list(found, "namespaces", _namespace, "the name of a namespace"),
            secrets=self._list(found, "secrets", _variable, "the name of an environment variable"),
            mlflow_url=self._one(found, "mlflow_url", _address, "https://host/path") or "",
            fallback=self._fallback(found),
            rollback=self._one(found, "rollback", _step, "RUNBOOK/STEP") or ROLLBACK,
            slack=self._slack(found),
        )

    def _policy(self, found: Mapping[str, Node]) -> Policy:
        mode = self._mode(found["mode"], "mode") if "mode" in found else None
        limits = self._limits(found["limits"]) if "limits" in found else {}
        modes = self._modes(found["exceptions"]) if "exceptions" in found else {}
        items = self.each(found["freezes"]) if "freezes" in found else ()
        closed = tuple(one for item in items if (one := self._closed(item)) is not None)
        return Policy(mode=mode or Mode.OFF, modes=modes, closed=closed, **limits)

    def _mode(self, node: Node, what: str) -> Mode | None:
        text = self.choice(node, what, [mode.value for mode in Mode])
        return None if text is None else Mode(text)

    def _modes(self, node: Node) -> dict[str, Mode]:
        made: dict[str, Mode] = {}
        for name, value in self.mapping(node, "exceptions", None).items():
            runbook, slash, step = name.partition("/")
            if name not in ACTIONS and not (slash and runbook and step):
                known = suggest(name, ACTIONS) or f"; kinds are {listed(ACTIONS)}"
                self.wrong(value, f"{name!r} is neither RUNBOOK/STEP nor a kind of action{known}")
                continue
            mode = self._mode(value, f"the mode of {name}")
            made |= {} if mode is None else {name: mode}
        return made

    def _limits(self, node: Node) -> dict[str, Any]:
        found = self.mapping(node, "limits", [*COUNTS, *SPANS, "auto_when_major"])
        made: dict[str, Any] = {}
        for name, value in found.items():
            if name in COUNTS:
                made[name] = self.whole(value, name, *COUNTS[name])
            elif name in SPANS:
                made[name] = self._span(value, name)
            else:
                made[name] = self.flag(value, name)
        return {name: value for name, value in made.items() if value is not None}

    def _span(self, node: Node, name: str) -> timedelta | None:
        given = self.duration(node, name)
        low, high = ("1s", "30m") if name == "longest" else ("1m", "30d")
        if given is not None and not parse_duration(low) <= given <= parse_duration(high):
            self.wrong(node, f"{name} is from {low} to {high}")
            return None
        return given

    def _closed(self, node: Node) -> Closed | None:
        """A time at which nothing is begun: hours of weekdays, or from `start` to `end`."""
        found = self.mapping(node, "a freeze", CLOSED, ("reason",))
        reason = self.content(found["reason"], "the reason") if "reason" in found else None
        place = (self.time_zone(found["zone"], "zone") if "zone" in found else None) or "UTC"
        at = {key: self._moment(found, key) for key in ("start", "end") if key in found}
        weekly = any(key in found for key in ("days", "from", "to"))
        if reason is None:
            return None
        if bool(at) == weekly:
            self.wrong(node, "a freeze has either `days`, `from` and `to`, or `start` and `end`")
            return None
        if weekly:
            hours = self.hours_of(found)
            return None if hours is None else Closed(reason, place, hours)
        made = Closed(reason, place, None, at.get("start"), at.get("end"))
        if made.start and made.end and made.start >= made.end:
            self.wrong(found["end"], "the freeze ends before it begins")
        return made

    def _moment(self, found: Mapping[str, Node], key: str) -> datetime | None:
        at = self.moment(found[key], key)
        if at is not None and at.tzinfo is not None:
            self.wrong(found[key], f"{key} is on the wall of `zone`; leave the offset out")
            return None
        return at

    def _fallback(self, found: Mapping[str, Node]) -> Fallback | None:
        if "fallback" not in found:
            return None
        held = self.mapping(found["fallback"], "fallback", ("url", "off_url", "secret"), ("url",))
        url = self._one(held, "url", _address, "https://host/path")
        off = self._one(held, "off_url", _address, "https://host/path")
        secret = self._one(held, "secret", _variable, "the name of an environment variable")
        return None if url is None else Fallback(url, off or "", secret or "")

    def _slack(self, found: Mapping[str, Node]) -> dict[str, str]:
        made: dict[str, str] = {}
        for id_, node in self.mapping(found.get("slack"), "slack").items():
            name = self.content(node, f"the name of {id_}")
            if not SLACK.fullmatch(id_):
                self.wrong(node, f"{id_!r} is no id of a Slack user, such as U024BE7LH")
            elif name is not None:
                made[id_] = name
        return made

    def _one(
        self, found: Mapping[str, Node], name: str, reader: Callable[[str], str], wanted: str
    ) -> str | None:
        return self.read(found[name], name, reader, wanted) if name in found else None

    def _list(
        self, found: Mapping[str, Node], name: str, reader: Callable[[str], str], wanted: str
    ) -> tuple[str, ...]:
        if name not in found:
            return ()
        read = (self.read(item, name, reader, wanted) for item in self.each(found[name]))
        return tuple(text for text in read if text is not None)


def _matching(pattern: re.Pattern[str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError(text)
        return text

    return read


def _plain(text: str) -> str:
    return text


_folder = _matching(FOLDER)
_address = _matching(ADDRESS)
_variable = _matching(VARIABLE)
_namespace = _matching(NAMESPACE)
_step = _matching(STEP)
