"""The same configuration and alerts through Alertmanager and through ours: who is told what."""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pytest

from tests.alerts.alertmanager import alertmanager, needs_alertmanager, webhook
from tests.alerts.world import World
from watchkeeper.alerts.matchers import parse_matchers
from watchkeeper.alerts.reading import read_config
from watchkeeper.alerts.silences import Silence
from watchkeeper.alerts.webhook import webhook_body
from watchkeeper.core.alert import fingerprint

pytestmark = needs_alertmanager

RECEIVERS = ("root", "ml", "data", "all", "quiet")
COMMON = """
receivers:
- {{name: root, webhook_configs: [{{url: 'http://127.0.0.1:{port}/root'}}]}}
- {{name: ml, webhook_configs: [{{url: 'http://127.0.0.1:{port}/ml'}}]}}
- {{name: data, webhook_configs: [{{url: 'http://127.0.0.1:{port}/data'}}]}}
- {{name: all, webhook_configs: [{{url: 'http://127.0.0.1:{port}/all'}}]}}
- {{name: quiet, webhook_configs: [{{url: 'http://127.0.0.1:{port}/quiet', send_resolved: false}}]}}
"""
TIMES = "group_wait: 1s, group_interval: 2s, repeat_interval: 1h"


def late(**labels: str) -> dict[str, str]:
    """Labels of an alert."""
    return {"alertname": "Late", **labels}


# Each step is (seconds after the start, what, argument). Steps stand half a second from every
# time at which a group is looked at, 1 s after its first alert and every 2 s from there.
SCENARIOS = {
    "grouping, new alerts, one end, all over": (
        f"{{receiver: root, group_by: [team], {TIMES}}}",
        "",
        [
            (0.0, "fire", late(n="1", team="a")),
            (0.2, "fire", late(n="2", team="a")),
            (0.3, "fire", late(n="3", team="b")),
            (1.8, "fire", late(n="4", team="a")),
            (4.0, "end", late(n="1", team="a")),
            (6.0, "end", late(n="2", team="a")),
            (6.0, "end", late(n="4", team="a")),
            (6.1, "end", late(n="3", team="b")),
        ],
        9.0,
    ),
    "continue, children and the root": (
        f"""{{receiver: root, group_by: [alertname], {TIMES}, routes: [
            {{matchers: ['severity=~"P0|P1"'], receiver: all, continue: true}},
            {{matchers: [team=ml], receiver: ml, routes: [
                {{match: {{kind: data}}, receiver: data}}]}},
            {{match_re: {{team: 'd.*'}}, receiver: data}},
            {{matchers: [team!=""], receiver: quiet}}]}}""",
        "",
        [
            (0.0, "fire", late(n="1", team="ml", severity="P1")),
            (0.0, "fire", late(n="2", team="ml", kind="data")),
            (0.1, "fire", late(n="3", team="data")),
            (0.1, "fire", late(n="4", severity="P0")),
            (0.2, "fire", late(n="5", team="web")),
            (2.0, "end", late(n="1", team="ml", severity="P1")),
            (2.0, "end", late(n="5", team="web")),
        ],
        5.0,
    ),
    "every alert a group of its own": (
        f"{{receiver: root, group_by: ['...'], {TIMES}}}",
        "",
        [
            (0.0, "fire", late(n="1")),
            (0.1, "fire", late(n="2")),
            (2.0, "end", late(n="1")),
        ],
        5.0,
    ),
    "inhibition, and after it": (
        f"{{receiver: root, group_by: [alertname], {TIMES}}}",
        """inhibit_rules:
- {source_matchers: [alertname=NoData], target_matchers: [alertname!=NoData], equal: [model]}
""",
        [
            (0.0, "fire", {"alertname": "NoData", "n": "0", "model": "a"}),
            (0.1, "fire", late(n="1", model="a")),
            (0.1, "fire", late(n="2", model="b")),
            (4.0, "end", {"alertname": "NoData", "n": "0", "model": "a"}),
        ],
        9.0,
    ),
    "a silence, and after it": (
        f"{{receiver: root, group_by: [alertname], {TIMES}}}",
        "",
        [
            (0.0, "silence", ("n=1", 4.0)),
            (0.1, "fire", late(n="1")),
            (0.1, "fire", late(n="2")),
        ],
        9.0,
    ),
    "over before it was told": (
        f"{{receiver: root, group_by: [alertname], {TIMES}}}",
        "",
        [
            (0.0, "fire", late(n="1")),
            (0.4, "end", late(n="1")),
        ],
        4.0,
    ),
    "no ends for who wants none": (
        f"{{receiver: quiet, group_by: [alertname], {TIMES}}}",
        "",
        [
            (0.0, "fire", late(n="1")),
            (0.1, "fire", late(n="2")),
            (2.0, "end", late(n="1")),
            (4.0, "fire", late(n="3")),
            (6.0, "end", late(n="2")),
            (6.0, "end", late(n="3")),
        ],
        9.0,
    ),
}


def told(bodies):
    """Per group and receiver, in order: the status, what fires, what is over."""
    found = defaultdict(list)
    for receiver, body in bodies:
        sets = {
            status: frozenset(
                alert["labels"]["n"] for alert in body["alerts"] if alert["status"] == status
            )
            for status in ("firing", "resolved")
        }
        found[body["groupKey"], receiver].append((body["status"], sets["firing"], sets["resolved"]))
    return dict(found)


def by_alertmanager(config, steps, seconds, folder):
    """What Alertmanager tells."""
    with webhook() as hook, alertmanager(config.format(port=hook.port), folder) as server:
        begun = time.monotonic()
        for at, what, argument in steps:
            threading.Event().wait(max(0.0, begun + at - time.monotonic()))
            if what == "silence":
                server.call("POST", "/silences", silence_json(*argument))
            else:
                ends = {"endsAt": iso(datetime.now(UTC))} if what == "end" else {}
                server.call("POST", "/alerts", [{"labels": argument, **ends}])
        threading.Event().wait(max(0.0, begun + seconds - time.monotonic()))
        return [(receiver, body) for _, receiver, body in hook.got]


def silence_json(matcher, seconds):
    """A silence from now on, as it is posted."""
    name, _, value = matcher.partition("=")
    now = datetime.now(UTC)
    return {
        "matchers": [{"name": name, "value": value, "isRegex": False, "isEqual": True}],
        "startsAt": iso(now),
        "endsAt": iso(now + timedelta(seconds=seconds)),
        "createdBy": "ann",
        "comment": "moving",
    }


def iso(moment):
    """A time as Go reads it."""
    return moment.isoformat().replace("+00:00", "Z")


def by_us(config, steps, seconds):
    """What ours tells, on a clock of its own."""
    world = World(read_config(config.format(port=1)))
    begun = world.now
    for at, what, argument in steps:
        world.run(begun + timedelta(seconds=at))
        if what == "silence":
            matcher, length = argument
            world.silences["1"] = Silence(
                id="1",
                matchers=(parse_matchers(matcher),),
                starts_at=world.now,
                ends_at=world.now + timedelta(seconds=length),
                created_by="ann",
                comment="moving",
                updated_at=world.now,
            )
        elif what == "fire":
            world.post(argument)
        else:
            world.end(argument)
    world.run(begun + timedelta(seconds=seconds))
    return [(one.receiver, webhook_body(one)) for one in world.decided]


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_same_is_told(name, tmp_path):
    """Every receiver gets the same messages about the same groups in the same order."""
    route, rest, steps, seconds = SCENARIOS[name]
    config = f"route: {route}\n{rest.replace('{', '{{').replace('}', '}}')}{COMMON}"
    config = config.replace(route, route.replace("{", "{{").replace("}", "}}"))
    theirs = told(by_alertmanager(config, steps, seconds, tmp_path))
    ours = told(by_us(config, steps, seconds))
    assert ours == theirs
    assert name.startswith("over") or theirs, "the scenario tells nobody anything"
