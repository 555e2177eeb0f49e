"""One receiver, two alerts, and what was told of them, for tests of groups and messages."""

from __future__ import annotations

from datetime import timedelta

from tests.alerts.world import World
from watchkeeper.alerts.config import Config, Integration, Receiver, Route
from watchkeeper.alerts.matchers import parse_matchers
from watchkeeper.alerts.silences import Silence

MINUTE = timedelta(minutes=1)
ONE = {"alertname": "Late", "n": "1"}
TWO = {"alertname": "Late", "n": "2"}
KEY = '{}:{alertname="Late"}'


def config(**changes) -> Config:
    """One receiver, groups by name, looks every five minutes, repeats every hour."""
    settings = {"send_resolved": changes.pop("send_resolved", True)}
    route = Route("{}", "ml", group_by=("alertname",), repeat_interval=timedelta(hours=1))
    return Config(
        changes.pop("route", route),
        {"ml": Receiver("ml", (Integration("webhook", settings),)), "data": Receiver("data")},
        **changes,
    )


def silence(world: World, matchers: str, length: timedelta) -> None:
    """Silence alerts from now on."""
    world.silences["1"] = Silence(
        id="1",
        matchers=(parse_matchers(matchers),),
        starts_at=world.now,
        ends_at=world.now + length,
        created_by="ann",
        comment="moving",
        updated_at=world.now,
    )


def said(world: World, since: int = 0):
    """Reason, names that fire and that are over, of each message."""
    return [(reason, set(fire), set(over)) for _, reason, _, fire, over in world.plain()[since:]]
