"""All use cases of a running server: its records and measures, and its alarms."""

from __future__ import annotations

from typing import Any

from watchkeeper.app.alarms.desk import AlarmDesk
from watchkeeper.app.alarms.incident_desk import IncidentDesk
from watchkeeper.app.alarms.keeper import SloShelf, live_versions, measured_around
from watchkeeper.app.live.clock import Clock, now
from watchkeeper.app.live.heartbeat import read_heartbeat
from watchkeeper.app.live.platform import Platform
from watchkeeper.app.live.settings import Settings
from watchkeeper.store.catalogue.alarms import AlarmStore


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
    """

    def __init__(self, settings: Settings, *, clock: Clock = now) -> None:
        super().__init__(settings, clock=clock)
        self._alarm_store = AlarmStore(settings.catalogue)
        versions = live_versions(self.registry)
        self.alarms = AlarmDesk(
            self._alarm_store,
            models=self.registry.names,
            around=measured_around(
                self._measured,
                versions,
                SloShelf(self._alarm_store).all,
                clock,
                settings.base_url or "",
            ),
            clock=clock,
        )
        self.incidents = IncidentDesk(
            self._alarm_store, config=self.alarms.config, clock=clock, url=settings.base_url or ""
        )

    def status(self) -> dict[str, Any]:
        """Accounts, backlog, disk, worker and alarms."""
        beat = read_heartbeat(self.settings.alarm_heartbeat)
        told: dict[str, Any] = {
            "last_step": beat.at if beat else None,
            "failing": beat.failing if beat else {},
            **self.alarms.status(),
        }
        held = super().status()
        problems = list(held["problems"])
        if dead := told["messages"].get("dead"):
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
        super().close()
