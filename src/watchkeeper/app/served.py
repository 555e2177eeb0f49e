"""All use cases of a running server: its records and measures, and its alarms."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

from watchkeeper.app.alarms.desk import AlarmDesk
from watchkeeper.app.alarms.incident_desk import IncidentDesk
from watchkeeper.app.alarms.keeper import SloShelf, live_versions, measured_around
from watchkeeper.app.alarms.runbooks.allowed import AutomationFile, check_file
from watchkeeper.app.alarms.runbooks.desk import RunbookDesk
from watchkeeper.app.dashboards.desk import DashboardDesk
from watchkeeper.app.live.clock import Clock, now
from watchkeeper.app.live.heartbeat import read_heartbeat
from watchkeeper.app.live.platform import Platform
from watchkeeper.app.live.settings import Settings
from watchkeeper.app.people.oidc.config import read_oidc
from watchkeeper.app.people.oidc.provider import Provider
from watchkeeper.app.people.people import People
from watchkeeper.core.errors import UnavailableError
from watchkeeper.store.catalogue.alarms import AlarmStore
from watchkeeper.store.catalogue.leases import replicas

_SILENT = timedelta(minutes=10)
"""A step of alarms takes no longer than this, unless something is wrong."""


class ServedPlatform(Platform):
    """A platform with alarms.

    Parameters
    ----------
    settings, clock
        As of `Platform`.

    Attributes
    ----------
    alarms
        Rules, alerts, silences, messages.
    incidents
        Incidents, and who is on call.
    runbooks
        Runbooks, and what was done by them.
    dashboards
        Panels that people put side by side.
    people
        Users, their sessions, and the access log.
    """

    def __init__(self, settings: Settings, *, clock: Clock = now) -> None:
        check_file(settings.automation_file, named=settings.automation is not None)
        super().__init__(settings, clock=clock)
        self.people = People(settings.catalogue, clock=clock, oidc=_oidc(settings, clock))
        self._alarm_store = AlarmStore(settings.catalogue)
        versions = live_versions(self.registry)
        url = settings.base_url or ""
        around = measured_around(
            self._measured, versions, SloShelf(self._alarm_store).all, clock, url
        )
        self.alarms = AlarmDesk(
            self._alarm_store,
            models=self.registry.names,
            around=around,
            clock=clock,
            url=settings.base_url or "",
        )
        self.incidents = IncidentDesk(
            self._alarm_store, config=self.alarms.config, clock=clock, url=settings.base_url or ""
        )
        self.runbooks = RunbookDesk(
            self._alarm_store,
            around=around,
            clock=clock,
            automation=AutomationFile(settings.automation_file),
        )
        self.dashboards = DashboardDesk(self._alarm_store, clock=clock)

    def status(self) -> dict[str, Any]:
        """Accounts, backlog, disk, worker and alarms."""
        beat = read_heartbeat(self.settings.alarm_heartbeat)
        told: dict[str, Any] = {
            "last_step": beat.at if beat else None,
            "failing": beat.failing if beat else {},
            "replicas": [],
        }
        held = super().status()
        problems = list(held["problems"])
        problems += [f"rules are not evaluated: {why}" for why in told["failing"].values()]
        try:
            told["replicas"] = [
                {"name": one.name, "until": one.until, "work": list(one.work)}
                for one in replicas(self._alarm_store)
            ]
            told |= self.alarms.status()
        except UnavailableError as error:  # It is said, and the rest is told all the same.
            problems.append(str(error))
        if beat is not None and self._clock() - beat.at > _SILENT:
            problems.append(f"the process that watches over rules has said nothing since {beat.at}")
        if dead := told.get("messages", {}).get("dead"):
            problems.append(
                f"{dead} messages were given up, see GET /v1/messages?state=dead or "
                "`watchkeeper alerts messages --state dead`"
            )
        return {**held, "alarms": told, "problems": problems}

    def model_metrics(self) -> str:
        """The latest values of each model's metrics, and the events of SLOs, for Prometheus."""
        return super().model_metrics() + self.alarms.slo.counters()

    def close(self) -> None:
        """Finish what is being written, and let go of the files."""
        self._alarm_store.close()
        self.people.close()
        super().close()


def _oidc(settings: Settings, clock: Clock) -> Provider | None:
    if settings.oidc is None:
        return None
    return Provider(read_oidc(settings.oidc, os.environ), clock=clock)
