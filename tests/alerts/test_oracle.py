"""The same configuration and alerts through Alertmanager and through ours: who is told what."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from tests.alerts.alertmanager import alertmanager, needs_alertmanager, webhook
from tests.alerts.world import World
from watchkeeper.alerts.matchers import parse_matchers
from watchkeeper.alerts.reading import read_config
from watchkeeper.alerts.silences import Silence
from watchkeeper.alerts.webhook import webhook_body

pytestmark = needs_alertmanager

LATE = 0.2
"""Seconds that a step may be late and still stand on its side of every look at a group."""

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
    "hours in which nobody is told, and others": (
        f"""{{receiver: root, group_by: [alertname], {TIMES}, routes: [
            {{matchers: [team=a], mute_time_intervals: [always], receiver: ml}},
            {{matchers: [team=b], mute_time_intervals: [never], receiver: data}},
            {{matchers: [team=c], active_time_intervals: [never], receiver: quiet}},
            {{matchers: [team=d], active_time_intervals: [never, always], receiver: all}}]}}""",
        """mute_time_intervals: [{name: always, time_intervals: [{years: ['2000:2999']}]}]
time_intervals: [{name: never, time_intervals: [{years: ['1990']}]}]
""",
        [(0.0, "fire", late(n="1", team=team)) for team in "abcd"],
        3.0,
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

DIFFERENT = {
    "an end under a silence": (
        f"{{receiver: root, group_by: [alertname], {TIMES}}}",
        "",
        [
            (0.0, "fire", late(n="1")),
            (2.0, "silence", ("n=1", 60.0)),
            (4.0, "end", late(n="1")),
        ],
        7.0,
    ),
    "what still fires after a silence": (
        f"{{receiver: root, group_by: [alertname], {TIMES}}}",
        "",
        [
            (0.0, "fire", late(n="1")),
            (2.0, "silence", ("n=1", 2.0)),
        ],
        7.0,
    ),
    "begun and over between two looks": (
        f"{{receiver: root, group_by: [alertname], {TIMES}}}",
        "",
        [
            (0.0, "fire", late(n="1")),
            (1.6, "fire", late(n="2")),
            (2.0, "end", late(n="2")),
        ],
        5.0,
    ),
}
"""Where ours says more, or less, and means to."""

ALL = SCENARIOS | DIFFERENT


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
    """What Alertmanager tells, and when each step was done."""
    with webhook() as hook, alertmanager(config.format(port=hook.port), folder) as server:
        begun = time.monotonic()
        done = []
        for at, what, argument in steps:
            threading.Event().wait(max(0.0, begun + at - time.monotonic()))
            done.append(time.monotonic() - begun)
            if what == "silence":
                server.call("POST", "/silences", silence_json(*argument))
            else:
                ends = {"endsAt": iso(clock())} if what == "end" else {}
                server.call("POST", "/alerts", [{"labels": argument, **ends}])
        threading.Event().wait(max(0.0, begun + seconds - time.monotonic()))
        return list(hook.got), done


def silence_json(matcher, seconds):
    """A silence from now on, as it is posted."""
    name, _, value = matcher.partition("=")
    now = clock()
    return {
        "matchers": [{"name": name, "value": value, "isRegex": False, "isEqual": True}],
        "startsAt": iso(now),
        "endsAt": iso(now + timedelta(seconds=seconds)),
        "createdBy": "ann",
        "comment": "moving",
    }


def clock():
    """The time by which Alertmanager goes."""
    return datetime.now(UTC)  # noqa: TID251 (the program lives in real time)


def iso(moment):
    """A time as Go reads it."""
    return moment.isoformat().replace("+00:00", "Z")


def by_us(config, steps, done, seconds):
    """What ours tells, on a clock of its own, with the steps at the same times."""
    world = World(read_config(config.format(port=1)))
    begun = world.now
    for at, (_, what, argument) in zip(done, steps, strict=True):
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


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """Both sides of every scenario; those of Alertmanager run at the same time."""
    with ThreadPoolExecutor(len(ALL)) as pool:
        folders = {name: tmp_path_factory.mktemp("alertmanager") for name in ALL}
        waiting = {name: pool.submit(both, name, folders[name]) for name in ALL}
        return {name: one.result() for name, one in waiting.items()}


def both(name, folder):
    """What both tell in one scenario; begun anew while a busy machine keeps its steps too late."""
    route, rest, steps, seconds = ALL[name]
    config = f"route: {route}\n{rest}".replace("{", "{{").replace("}", "}}") + COMMON
    for attempt in range(5):
        inner = folder / str(attempt)
        inner.mkdir()
        got, done = by_alertmanager(config, steps, seconds, inner)
        if all(real - at < LATE for real, (at, _, _) in zip(done, steps, strict=True)):
            break
    return told(by_us(config, steps, done, seconds)), told(got)


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_same_is_told(name, outcomes):
    """Every receiver gets the same messages about the same groups in the same order."""
    ours, theirs = outcomes[name]
    assert ours == theirs
    assert bool(theirs) is (name != "over before it was told")


@pytest.mark.parametrize(
    ("name", "theirs", "ours"),
    [
        ("an end under a silence", [], [("resolved", "", "1")]),
        ("what still fires after a silence", [], [("firing", "1", "")]),
        ("begun and over between two looks", [("firing", "1", "2")], []),
    ],
)
def test_what_is_meant_to_differ(name, theirs, ours, outcomes):
    """Ends are told under a silence, what still fires after it; never ends of what was not told."""
    first = [("firing", frozenset("1"), frozenset())]
    found = [next(iter(side.values())) for side in outcomes[name]]
    wanted = [
        first + [(status, frozenset(fire), frozenset(over)) for status, fire, over in side]
        for side in (ours, theirs)
    ]
    assert found == wanted
