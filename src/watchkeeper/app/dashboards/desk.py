"""What people ask of dashboards: which there are, and that one is kept, changed or gone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from watchkeeper.app.alarms.shown import check_name
from watchkeeper.app.dashboards.dashboard import Dashboard
from watchkeeper.app.dashboards.file import read_dashboard, write_dashboard
from watchkeeper.core.errors import ConflictError, InputError, NotFoundError
from watchkeeper.store.catalogue.alarms import AlarmStore, FileRow

DASHBOARDS = "dashboards"
"""The kind of files that dashboards are kept as."""

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Held:
    """A dashboard as it is kept."""

    name: str
    dashboard: Dashboard
    text: str
    set_at: datetime | None = None
    who: str | None = None

    @property
    def version(self) -> str:
        """Changes with every change; who changes a dashboard says which one they saw."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]

    def to_dict(self, *, whole: bool) -> Answer:
        """As JSON, with its panels and its text where it is asked for wholly."""
        line: Answer = {
            "name": self.name, "title": self.dashboard.title,
            "description": self.dashboard.description, "panels": len(self.dashboard.panels),
            "of_one_model": self.dashboard.is_of_one_model(),
            "shipped": self.name in shipped(), "set_at": self.set_at, "who": self.who,
            "version": self.version,
        }  # fmt: skip
        if not whole:
            return line
        panels = [_panel(one) for one in self.dashboard.panels]
        return line | {"panels": panels, "window": self.dashboard.window, "text": self.text}


class DashboardDesk:
    """The use cases of dashboards.

    Parameters
    ----------
    store
        Where they are kept, as files.
    clock
        Gives the time.
    """

    def __init__(self, store: AlarmStore, *, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def all(self) -> list[Answer]:
        """A line of each: those that ship, then those that people made, by title."""
        own = sorted(self._own().values(), key=lambda held: held.dashboard.title.casefold())
        return [held.to_dict(whole=False) for held in (*shipped().values(), *own)]

    def get(self, name: str) -> Answer:
        """One dashboard with its panels.

        Raises
        ------
        NotFoundError
            There is none of this name.
        """
        return self._get(name).to_dict(whole=True)

    def put(
        self, name: str, text: str, *, seen: str | None = None, who: str | None = None
    ) -> Answer:
        """Keep a dashboard, in the place of an earlier one of its name.

        Parameters
        ----------
        name
            What it is called in addresses.
        text
            YAML or JSON; it is kept as YAML, with its comments where it was YAML.
        seen
            The version that was changed; '' where it must be new, None whichever there is.
        who
            Who changes it.

        Raises
        ------
        InputError
            The text is no dashboard, or the name none.
        ConflictError
            Somebody has changed it meanwhile, or it is one that ships.
        """
        check_name(name)
        _check_own(name)
        dashboard = read_dashboard(text, f"dashboard {name}")
        if text.lstrip().startswith("{"):
            text = write_dashboard(dashboard)
        with self._store.work() as work:
            _check_seen(self._own().get(name), seen)
            work.put_file(FileRow(DASHBOARDS, name, text, self._clock(), who))
        return self.get(name)

    def remove(self, name: str) -> Answer:
        """Remove a dashboard; the answer holds its text, so that it can be put back.

        Raises
        ------
        NotFoundError
            There is none of this name.
        ConflictError
            It is one that ships.
        """
        _check_own(name)
        held = self._get(name).to_dict(whole=True)
        with self._store.work() as work:
            work.drop_file(DASHBOARDS, name)
        return held

    def _get(self, name: str) -> Held:
        held = shipped().get(name) or self._own().get(name)
        if held is None:
            raise NotFoundError(f"there is no dashboard {name!r}; GET /v1/dashboards lists them")
        return held

    def _own(self) -> dict[str, Held]:
        return {
            row.name: Held(row.name, _dashboard_of(row), row.text, row.set_at, row.who)
            for row in self._store.files(DASHBOARDS)
        }


@cache
def shipped() -> dict[str, Held]:
    """The dashboards that come with Watchkeeper, by name.

    >>> list(shipped())
    ['operations', 'model-performance', 'data-quality']
    """
    folder = files("watchkeeper.app.dashboards") / "shipped"
    found: dict[str, Held] = {}
    for name in ("operations", "model-performance", "data-quality"):
        text = (folder / f"{name}.yaml").read_text(encoding="utf-8")
        found[name] = Held(name, read_dashboard(text, name), text)
    return found


def _dashboard_of(row: FileRow) -> Dashboard:
    """The dashboard of a file; an older release may have taken what this one does not."""
    try:
        return read_dashboard(row.text, f"dashboard {row.name}")
    except InputError as error:
        return Dashboard(row.name, (), f"This cannot be shown any more: {error}")


def _panel(panel: object) -> Answer:
    """A panel with all its fields, those that were left out among them."""
    plain: Answer = msgspec.to_builtins(msgspec.structs.asdict(panel))  # type: ignore[arg-type]
    return plain


def _check_own(name: str) -> None:
    if name in shipped():
        raise ConflictError(
            f"dashboard {name!r} comes with Watchkeeper and cannot be changed; copy it under "
            "another name"
        )


def _check_seen(held: Held | None, seen: str | None) -> None:
    if seen is None or seen == (held.version if held else ""):
        return
    what = "somebody has changed it meanwhile" if held else "it is not there any more"
    if held and not seen:
        what = "there is one of this name already"
    raise ConflictError(f"the dashboard was not kept: {what}; look at it again")
