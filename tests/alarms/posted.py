"""Alarms without models: alerts are posted, and time stands still until it is moved."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

from watchkeeper.alerts.matchers import parse_matchers
from watchkeeper.alerts.silences import Silence
from watchkeeper.app.alarms.desk import AlarmDesk, new_id
from watchkeeper.app.alarms.dispatching import look_at_due
from watchkeeper.app.alarms.incident_desk import IncidentDesk
from watchkeeper.app.alarms.incident_records import all_incidents, timeline
from watchkeeper.app.alarms.incidents import IncidentKeeper
from watchkeeper.incidents.incident import Incident
from watchkeeper.store.catalogue.alarms import AlarmStore

BEGIN = datetime(2026, 3, 4, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
URL = "http://here:8470"

ROUTES = """
route:
  receiver: team
  group_by: [alertname, model]
  group_wait: 30s
  routes:
    - {matchers: [team="night"], receiver: team, mute_time_intervals: [noon]}
    - {matchers: [team="both"], receiver: team, mute_time_intervals: [noon], continue: true}
    - {matchers: [team="both"], receiver: pager}
inhibit_rules:
  - {source_matchers: [alertname="Down"], target_matchers: [alertname!="Down"], equal: [model]}
time_intervals:
  - name: noon
    time_intervals: [{times: [{start_time: "11:00", end_time: "12:20"}]}]
receivers:
  - {name: team, webhook_configs: [{url: "http://127.0.0.1:9/"}]}
  - {name: pager, webhook_configs: [{url: "http://127.0.0.1:9/"}]}
"""
CHAIN = """
users: {ana: {name: Ana, contacts: [{receiver: pager}]}}
schedules:
  primary: {layers: [{rotation: weekly, users: [ana], start: 2026-01-05, handover: 09:00}]}
escalations:
  default:
    repeat: 3
    steps: [{notify: {schedule: primary}, wait: 5m}]
"""


class World:
    """A server's alarms over a folder."""

    def __init__(self, folder: Path) -> None:
        self.now = BEGIN
        self.store = AlarmStore(folder / "alarms.db")
        self.alarms = AlarmDesk(
            self.store, models=list, around=_no_model, clock=self.clock, url=URL
        )
        self.alarms.put_routes(ROUTES)
        self.incidents = IncidentDesk(
            self.store, config=self.alarms.config, clock=self.clock, url=URL
        )
        self.restart()

    def clock(self) -> datetime:
        """The time."""
        return self.now

    def restart(self) -> None:
        """Begin anew with what is in the store."""
        self.keeper = IncidentKeeper(self.store, clock=self.clock, url=URL)

    def step(self) -> None:
        """Do what is due now."""
        config = self.alarms.config()
        self.keeper.take_up(config)
        look_at_due(self.store, config, self.now)
        self.keeper.step()

    def go(self, length: timedelta, step: timedelta = MINUTE / 2) -> None:
        """Let time pass, with what is due done at each step."""
        end = self.now + length
        while self.now < end:
            self.now += step
            self.step()

    def post(
        self,
        *,
        ends: timedelta = timedelta(hours=9),
        notes: dict[str, str] | None = None,
        **labels: str,
    ) -> None:
        """An alert is raised elsewhere, which is over after a while or, being negative, was."""
        body: dict[str, Any] = {
            "labels": {"alertname": "Late", "model": "fares", "severity": "critical"} | labels,
            "annotations": {"summary": "Fares are late."} | (notes or {}),
            "startsAt": (self.now - MINUTE).isoformat(), "endsAt": (self.now + ends).isoformat(),
        }  # fmt: skip
        assert self.alarms.take_alerts(json.dumps([body]).encode()) == ()

    def silence(self, length: timedelta, matchers: str = "model=fares") -> str:
        """A silence from now on; its id."""
        return self.alarms.add_silence(
            Silence(
                id=new_id(), matchers=(parse_matchers(matchers),), starts_at=self.now,
                ends_at=self.now + length, created_by="ana", comment="move", updated_at=self.now,
            )
        )  # fmt: skip

    def held(self) -> list[Incident]:
        """All incidents."""
        return all_incidents(self.store)

    def texts(self, number: int = 1) -> list[str]:
        """The timeline of an incident."""
        return [entry.text for entry in timeline(self.store, number)]

    def told(self) -> list[tuple[str, str, str]]:
        """Receiver, what it is about and why, of each message, in order."""
        found = sorted(self.alarms.messages(limit=1000), key=lambda one: int(one["id"]))
        return [(one["receiver"], one["group"]["alertname"], one["reason"]) for one in found]

    def pages(self) -> list[str]:
        """The reasons of the messages about incidents."""
        return [reason for _, name, reason in self.told() if name == "Incident"]

    def close(self) -> None:
        """Let go of the store."""
        self.store.close()


def _no_model(name: str) -> NoReturn:
    raise AssertionError(name)
