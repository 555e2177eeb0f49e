"""Alertmanager's API over our state: held against Alertmanager's own answers and its client."""

from __future__ import annotations

import json
import subprocess
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.alerts.alertmanager import AMTOOL, alertmanager, needs_alertmanager, needs_amtool
from tests.alerts.world import START, World
from watchkeeper.alerts.api import (
    Wanted,
    alerts_body,
    groups_body,
    receivers_body,
    silence_body,
    silences_body,
    status_body,
)
from watchkeeper.alerts.matchers import parse_matcher, parse_matchers
from watchkeeper.alerts.posted import parse_alerts, parse_silence
from watchkeeper.alerts.reading import read_config
from watchkeeper.alerts.silences import Silence, check_silence
from watchkeeper.alerts.webhook import rfc3339, webhook_body
from watchkeeper.core.alert import Alert, Notification
from watchkeeper.core.errors import InputError

CONFIG = """
route:
  receiver: root
  group_by: [model]
  group_wait: 0s
  routes:
  - matchers: [team=ml]
    receiver: ml
    continue: true
  - matchers: [team=~"ml|data"]
    receiver: data
receivers: [{name: root}, {name: ml}, {name: data}]
inhibit_rules:
- {source_matchers: [alertname=NoData], target_matchers: [alertname=Late], equal: [model]}
"""
ALERTS = [
    {"alertname": "Late", "model": "flights", "team": "ml"},
    {"alertname": "Late", "model": "taxis", "team": "ml", "größe": 'a "quote", a \\'},
    {"alertname": "NoData", "model": "taxis"},
    {"alertname": "Slow", "model": "taxis", "team": "data", "empty": "x"},
]


def silence(matchers="alertname=Slow", *, number="1", start=START, hours=1.0, by="ann"):
    """A silence."""
    return Silence(
        id=number,
        matchers=(parse_matchers(matchers),),
        starts_at=start,
        ends_at=start + timedelta(hours=hours),
        created_by=by,
        comment="moving",
        updated_at=start,
    )


@pytest.fixture
def world():
    """A server that knows four alerts and a silence."""
    made = World(read_config(CONFIG))
    made.silences["1"] = silence()
    for labels in ALERTS:
        made.post(labels)
    made.advance(timedelta(seconds=1))
    return made


def summary(alerts):
    """What must be the same of alerts at two servers: all but times and ids of silences."""
    return [
        (
            sorted(one["labels"].items()),
            one["fingerprint"],
            sorted(receiver["name"] for receiver in one["receivers"]),
            one["status"]["state"],
            one["status"]["inhibitedBy"],
            len(one["status"]["silencedBy"]),
        )
        for one in alerts
    ]


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    """The answers of Alertmanager that was told the same."""
    ascii_only = [{k: v for k, v in labels.items() if k.isascii()} for labels in ALERTS]
    with alertmanager(CONFIG, tmp_path_factory.mktemp("alertmanager")) as server:
        now = datetime.now(UTC)  # noqa: TID251 (the program lives in real time)
        body = silence_body(silence(start=now), now)
        server.call("POST", "/silences", {k: v for k, v in body.items() if k != "id"})
        server.call("POST", "/alerts", [{"labels": labels} for labels in ascii_only])
        for _ in range(100):
            groups = server.call("GET", "/alerts/groups")
            alerts = server.call("GET", "/alerts")
            if len(groups) == 5 and not any(a["status"]["state"] == "unprocessed" for a in alerts):
                break
            threading.Event().wait(0.1)
        return {
            "alerts": alerts,
            "groups": groups,
            "silences": server.call("GET", "/silences"),
            "receivers": server.call("GET", "/receivers"),
            "status": server.call("GET", "/status"),
        }


@pytest.fixture
def same():
    """A server of ours that knows what Alertmanager was told."""
    made = World(read_config(CONFIG))
    made.silences["1"] = silence()
    for labels in ALERTS:
        made.post({name: value for name, value in labels.items() if name.isascii()})
    made.advance(timedelta(seconds=1))
    return made


@needs_alertmanager
def test_alerts_are_those_of_alertmanager(theirs, same):
    """The same alerts, fingerprints, receivers and states, in the same order and shape."""
    ours = alerts_body(same.all_groups(), same.context(), same.now, Wanted())
    assert summary(ours) == summary(theirs["alerts"])
    assert all(set(one) <= set(ours[0]) for one in theirs["alerts"])


@needs_alertmanager
def test_groups_are_those_of_alertmanager(theirs, same):
    """The same groups with the same alerts."""
    ours = groups_body(same.all_groups(), same.context(), same.now, Wanted())

    def plain(groups):
        return sorted(
            (str(one["labels"]), one["receiver"]["name"], sorted(map(str, summary(one["alerts"]))))
            for one in groups
        )

    assert plain(ours) == plain(theirs["groups"])


@needs_alertmanager
def test_the_rest_has_the_shape_of_alertmanager(theirs, same):
    """Silences, receivers and status have the same keys."""
    silences = silences_body(same.silences.values(), same.now)
    assert [set(one) for one in theirs["silences"]] == [set(one) for one in silences]
    assert theirs["silences"][0]["matchers"] == silences[0]["matchers"]
    assert theirs["receivers"] == receivers_body(same.config)
    status = status_body(same.config, version="0.1.0", started_at=START)
    assert set(theirs["status"]) == set(status)
    assert set(theirs["status"]["versionInfo"]) == set(status["versionInfo"])


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (Wanted(), ["Late", "Late", "NoData", "Slow"]),
        (Wanted(active=False), ["Late", "Slow"]),
        (Wanted(silenced=False), ["Late", "Late", "NoData"]),
        (Wanted(inhibited=False), ["Late", "NoData", "Slow"]),
        (Wanted(matchers=(parse_matcher('model="flights"'),)), ["Late"]),
        (Wanted(receiver="ro.*"), ["NoData"]),
        (Wanted(receiver="m|l"), []),
    ],
    ids=["all", "active", "silenced", "inhibited", "filter", "receiver", "whole receiver"],
)
def test_a_request_filters(wanted, names, world):
    """States, matchers and receivers narrow what is shown."""
    found = alerts_body(world.all_groups(), world.context(), world.now, wanted)
    assert sorted(one["labels"]["alertname"] for one in found) == names


def test_muted_groups_are_told_apart():
    """A group within a mute hour says by which, and can be left out."""
    text = CONFIG.replace(
        "    receiver: ml\n", "    receiver: ml\n    mute_time_intervals: [noon]\n"
    )
    noon = "time_intervals: [{name: noon, time_intervals: [{months: ['3']}]}]"
    world = World(read_config(text + noon))
    world.post(ALERTS[0])
    groups = list(world.all_groups())
    shown = groups_body(groups, world.context(), world.now, Wanted())
    muted = {one["receiver"]["name"]: one["alerts"][0]["status"] for one in shown}
    assert muted["ml"]["mutedBy"] == ["noon"]
    assert (muted["ml"]["state"], muted["data"]["state"]) == ("suppressed", "active")
    assert len(groups_body(groups, world.context(), world.now, Wanted(muted=False))) == 1


def test_silences_are_ordered_and_filtered():
    """In force first, then those to come, then those over; by label and by author."""
    silences = [
        silence("n=over", number="1", start=START - timedelta(hours=5)),
        silence("n=later", number="2", start=START + timedelta(hours=1), by="bob"),
        silence("n=now", number="3"),
    ]
    order = [one["id"] for one in silences_body(silences, START)]
    assert order == ["3", "2", "1"]
    assert [one["id"] for one in silences_body(silences, START, creators=["bob"])] == ["2"]
    by_label = silences_body(silences, START, matchers=parse_matchers('n="now"'))
    assert [one["id"] for one in by_label] == ["3"]


def test_posted_alerts_have_times():
    """A missing start is now or the end; a missing end is a while from now; no zero times."""
    body = [
        {"labels": {"a": "1"}},
        {"labels": {"a": "2"}, "endsAt": "2026-03-02T11:00:00Z"},
        {"labels": {"a": "3", "b": ""}, "startsAt": "0001-01-01T00:00:00.000Z"},
        {"labels": {"a": "4"}, "startsAt": "2026-03-02T13:00:00+02:00", "generatorURL": "http://x"},
    ]
    found = parse_alerts(json.dumps(body).encode(), START, resolve_timeout=timedelta(minutes=5))
    over = START.replace(hour=11)
    until = START + timedelta(minutes=5)
    assert [(one.starts_at, one.ends_at) for one in found.alerts] == [
        (START, until),
        (over, over),
        (START, until),
        (over, until),
    ]
    assert found.alerts[2].labels == {"a": "3"}
    assert found.alerts[3].generator_url == "http://x"


@pytest.mark.parametrize(
    ("item", "told"),
    [
        ({"labels": {"a": ""}}, "has no labels"),
        ({"labels": {"": "x"}}, "without a name"),
        ({"labels": {"a": 1}}, "cannot be read: Expected `str`, got `int`"),
        ({}, "missing required field `labels`"),
        ({"labels": {"a": "1"}, "startsAt": "2026-03-02T12:00:01Z",
          "endsAt": "2026-03-02T12:00:00Z"}, "ends before it starts"),
    ],
    ids=["no labels", "no name", "a number", "no field", "ends first"],
)  # fmt: skip
def test_a_bad_alert_does_not_stop_the_others(item, told):
    """Each problem names the alert; the others are taken."""
    body = json.dumps([{"labels": {"a": "1"}}, item]).encode()
    found = parse_alerts(body, START, resolve_timeout=timedelta(minutes=5))
    assert len(found.alerts) == 1
    assert found.problems[0].startswith("alert 2 ")
    assert told in found.problems[0]


@pytest.mark.parametrize("body", [b"{", b"{}", b"\xff"], ids=["cut", "mapping", "bytes"])
def test_no_list_of_alerts_at_all(body):
    """What is no list is one error."""
    with pytest.raises(InputError, match="the body is no list of alerts"):
        parse_alerts(body, START, resolve_timeout=timedelta(minutes=5))


def test_a_posted_silence():
    """All four kinds of matcher; a start in the past is now."""
    matchers = [
        {"name": "a", "value": "1", "isRegex": False},
        {"name": "b", "value": "2", "isRegex": False, "isEqual": False},
        {"name": "c", "value": "3.*", "isRegex": True, "isEqual": True},
        {"name": "d", "value": "4", "isRegex": True, "isEqual": False},
    ]
    body = {
        "matchers": matchers,
        "startsAt": "2026-03-02T10:00:00Z",
        "endsAt": "2026-03-02T14:00:00Z",
        "createdBy": "ann",
        "comment": "moving",
    }
    found = parse_silence(json.dumps(body).encode(), START, new_id="7")
    check_silence(found, START)
    assert [str(one) for one in found.matchers[0]] == ['a="1"', 'b!="2"', 'c=~"3.*"', 'd!~"4"']
    assert (found.id, found.starts_at) == ("7", START)
    shown = silence_body(found, START)
    assert [one["isEqual"] for one in shown["matchers"]] == [True, False, True, False]
    body["matchers"][2]["value"] = "("
    with pytest.raises(InputError, match="no regular expression"):
        parse_silence(json.dumps(body).encode(), START, new_id="7")


def test_webhook_body_has_what_alertmanager_posts():
    """Counts, common labels, and the zero time for what still fires."""
    over = START + timedelta(hours=1)
    fires = Alert({"alertname": "Late", "n": "1"}, {"summary": "s"}, START)
    ended = Alert({"alertname": "Late", "n": "2"}, {"summary": "s"}, START, START)
    message = Notification("wk-1", "ml", "k", {"a": "b"}, (fires, ended), "new_alerts", over)
    body = webhook_body(message, external_url="http://wk")
    assert body["status"] == "firing"
    assert body["commonLabels"] == {"alertname": "Late"}
    assert body["commonAnnotations"] == {"summary": "s"}
    assert body["notification_reason"] == "new alerts added"
    assert [(one["status"], one["endsAt"]) for one in body["alerts"]] == [
        ("firing", "0001-01-01T00:00:00Z"),
        ("resolved", rfc3339(START)),
    ]


@contextmanager
def served(world):
    """Our answers over HTTP, for a client that cannot tell them from Alertmanager's."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            parts = urlsplit(self.path)
            asked = parse_qs(parts.query)
            matchers = tuple(m for text in asked.get("filter", ()) for m in parse_matchers(text))
            wanted = Wanted(matchers=matchers)
            groups, context = list(world.all_groups()), world.context()
            self.answer(
                {
                    "/api/v2/status": lambda: status_body(
                        world.config, version="0.1.0", started_at=START
                    ),
                    "/api/v2/receivers": lambda: receivers_body(world.config),
                    "/api/v2/alerts": lambda: alerts_body(groups, context, world.now, wanted),
                    "/api/v2/alerts/groups": lambda: groups_body(
                        groups, context, world.now, wanted
                    ),
                    "/api/v2/silences": lambda: silences_body(
                        world.silences.values(), world.now, matchers=matchers
                    ),
                }[parts.path]()
            )

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/api/v2/silences":
                made = parse_silence(body, world.now, new_id="00000000-0000-0000-0000-000000000002")
                world.silences[made.id] = made
                self.answer({"silenceID": made.id})
            else:
                found = parse_alerts(body, world.now, resolve_timeout=timedelta(minutes=5))
                for alert in found.alerts:
                    world.post(alert.labels, ends_at=alert.ends_at)
                self.answer({})

        def answer(self, body):
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def amtool(*words):
    """What Alertmanager's client prints."""
    done = subprocess.run(
        [str(AMTOOL), *words], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@needs_amtool
def test_amtool_works_against_us(world):
    """Its client queries alerts, adds a silence and shows the configuration and the silence."""
    world.now = START
    with served(world) as url:
        ask = f"--alertmanager.url={url}"
        assert "flights" in amtool(ask, "alert", "query", "-o", "json", 'model="flights"')
        names = amtool(ask, "alert", "query", "-o", "simple")
        assert "Late" in names
        assert "NoData" in names
        assert "receiver: root" in amtool(ask, "config", "show")
        made = amtool(
            ask, "silence", "add", "-a", "bob", "-c", "nap", "-d", "2h", "model=~fl.*", "team!=x"
        )
        assert made.strip().endswith("2")
        shown = json.loads(amtool(ask, "silence", "query", "-o", "json", "model=~fl.*"))
        assert shown[0]["createdBy"] == "bob"
        amtool(ask, "alert", "add", "alertname=New", "model=new", "--annotation=summary=x")
        assert any(one.labels.get("alertname") == "New" for one in world.alerts.values())
