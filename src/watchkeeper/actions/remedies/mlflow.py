"""The alias of a registered model, moved by MLflow's REST API (2.0, from MLflow 2.3 on)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from watchkeeper.actions.channels.http import Answer, Http, Request, ask, json_request
from watchkeeper.actions.remedies.base import UNDO_UNKNOWN, Outcome, outcome
from watchkeeper.core.errors import InputError

PREVIOUS = "previous"
_API = "/api/2.0/mlflow"
_PAGES = 50


class _RefusedError(Exception):
    """MLflow does not do it, or does not answer; the text says why, without secrets."""


@dataclass(frozen=True, slots=True)
class MlflowAlias:
    """Points an alias, such as `champion`, to another version of a registered model.

    Attributes
    ----------
    url
        The tracking server.
    model, alias
        Whose alias is moved.
    version
        The version's number, or `previous`: the highest below the one that it points to that is
        ready. MLflow does not remember where an alias pointed before.
    http
        How the server is reached.
    """

    url: str
    model: str
    alias: str
    version: str = PREVIOUS
    http: Http = field(default_factory=Http)

    def __post_init__(self) -> None:
        if self.version != PREVIOUS and not (self.version.isascii() and self.version.isdigit()):
            raise InputError(f"version is {self.version!r}; write its number, or {PREVIOUS!r}")
        if "'" in self.model or '"' in self.model:
            raise InputError(f"{self.model!r} has quotes in it, which cannot be searched for")

    def describe(self) -> str:
        """What is moved to where."""
        return f"point {self.alias} of {self.model} to version {self.version} in MLflow"

    def dry_run(self, variables: Mapping[str, str]) -> Outcome:
        """Find out from where to where it would be moved."""
        del variables
        try:
            now = self._current()
            return self._told(
                "ok", f"would point {self.alias} of {self.model} from {now} to {self._wanted(now)}"
            )
        except _RefusedError as error:
            return self._told("failed", str(error))

    def run(self, variables: Mapping[str, str]) -> Outcome:
        """Move it, remembering where it pointed."""
        del variables
        try:
            now = self._current()
            wanted = self._wanted(now)
            self._set(wanted)
        except _RefusedError as error:
            return self._told("failed", str(error))
        memory = {"version": now, "version_set": wanted}
        return self._told("ok", f"{self.alias} of {self.model}: {now} → {wanted}", memory)

    def undo(self, memory: Mapping[str, str]) -> Outcome:
        """Point it back, if nobody has moved it since."""
        before, after = memory.get("version", ""), memory.get("version_set", "")
        if not before or not after:
            return outcome("failed", UNDO_UNKNOWN)
        try:
            now = self._current()
            if now == before:
                return self._told("ok", f"{self.alias} of {self.model} points to {before} already")
            if now != after:
                said = f"{self.alias} points to {now} and no longer to {after}: somebody moved it"
                return self._told("failed", said)
            self._set(before)
        except _RefusedError as error:
            return self._told("failed", str(error))
        return self._told("ok", f"{self.alias} of {self.model}: {after} → {before}")

    def _told(self, status: Any, text: str, memory: Mapping[str, str] | None = None) -> Outcome:
        return outcome(status, text, secrets=self.http.secrets, memory=memory)

    def _current(self) -> str:
        """The version that the alias points to."""
        found = self._get("/registered-models/alias", name=self.model, alias=self.alias)
        version = found.get("model_version", {})
        if not isinstance(version, dict) or not version.get("version"):
            raise _RefusedError(f"MLflow knows no alias {self.alias} of {self.model}")
        return str(version["version"])

    def _wanted(self, now: str) -> str:
        """The version that it is to point to."""
        if self.version != PREVIOUS:
            if self.version == now:
                raise _RefusedError(f"{self.alias} of {self.model} points to {now} already")
            self._get("/model-versions/get", name=self.model, version=self.version)
            return self.version
        below = [number for number in self._ready() if number < int(now)]
        if not below:
            raise _RefusedError(f"{self.model} has no version before {now} that is ready")
        return str(max(below))

    def _ready(self) -> list[int]:
        """The numbers of all versions that are ready."""
        found: list[int] = []
        token = ""
        for _ in range(_PAGES):
            page = self._get(
                "/model-versions/search", filter=f"name='{self.model}'", max_results="20",
                **({"page_token": token} if token else {}),
            )  # fmt: skip
            versions = page.get("model_versions") or []
            found += [int(v["version"]) for v in versions if v.get("status", "READY") == "READY"]
            token = str(page.get("next_page_token") or "")
            if not token:
                return found
        raise _RefusedError(f"{self.model} has more versions than can be searched; name one")

    def _set(self, version: str) -> None:
        body = {"name": self.model, "alias": self.alias, "version": version}
        self._ask(json_request(self._at("/registered-models/alias"), body))

    def _get(self, path: str, **params: str) -> dict[str, Any]:
        url = f"{self._at(path)}?{urlencode(params)}"
        found = self._ask(Request(url, b"", method="GET")).json()
        if found is None:
            raise _RefusedError("MLflow's answer is no JSON, or too long; is the address right?")
        return found

    def _ask(self, request: Request) -> Answer:
        answer = ask(self.http, "MLflow", request)
        if not isinstance(answer, Answer):
            raise _RefusedError(answer.why)
        if answer.status != 200:
            said = (answer.json() or {}).get("message") or answer.text
            raise _RefusedError(f"MLflow answers {answer.status}: {said}")
        return answer

    def _at(self, path: str) -> str:
        return self.url.rstrip("/") + _API + path
