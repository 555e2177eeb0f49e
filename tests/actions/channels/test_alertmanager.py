"""A real Alertmanager takes what we push and shows it as ours."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.actions.channels.kit import alert, channel, content, notification
from watchkeeper.actions.channels.content import content_of
from watchkeeper.actions.channels.receivers import channels_of
from watchkeeper.actions.results import Failed, Sent
from watchkeeper.core.alert import Alert, Notification

PROGRAM = shutil.which("prometheus-alertmanager")
needed = pytest.mark.skipif(PROGRAM is None, reason="prometheus-alertmanager is not installed")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Alertmanager with one receiver that is told nothing."""
    folder = tmp_path_factory.mktemp("alertmanager")
    with alertmanager(folder, "route: {receiver: none}\nreceivers: [{name: none}]\n") as url:
        yield url


@contextmanager
def alertmanager(folder: Path, config: str) -> Iterator[str]:
    """Alertmanager on a free port."""
    (folder / "a.yml").write_text(config)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{free.getsockname()[1]}"
    options = [f"--config.file={folder / 'a.yml'}", f"--storage.path={folder}",
               f"--web.listen-address={place}", "--cluster.listen-address="]  # fmt: skip
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([str(PROGRAM), *options], stdout=log, stderr=log)
    url = f"http://{place}"
    try:
        for _ in range(200):
            try:
                if httpx.get(f"{url}/-/ready", trust_env=False).status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def shown(url: str) -> dict[str, Any]:
    """The alerts that Alertmanager has, by name."""
    alerts = httpx.get(f"{url}/api/v2/alerts", trust_env=False).json()
    return {one["labels"]["alertname"]: one for one in alerts}


def sender(url: str) -> Any:
    """The channel."""
    return channels_of({"name": "am", "alertmanager_configs": [{"url": url}]})[0]


@needed
def test_what_fires_is_there_and_what_is_over_goes(server):
    """Labels, start, end and fingerprint as we know them; a resolve takes it away."""
    now = datetime.fromtimestamp(int(time.time()), UTC)  # noqa: TID251  # a server of today
    labels = {"alertname": "Pushed", "model": "flüge", "empty": ""}
    fires = Alert(labels, {"summary": "x"}, now - timedelta(hours=1), None, "https://wk/r")
    told = Notification("wk-1", "am", "g", {}, (fires,), "first", now)
    result = sender(server).send(told, content_of(told, now))
    assert isinstance(result, Sent), result
    found = shown(server)["Pushed"]
    assert found["labels"] == {"alertname": "Pushed", "model": "flüge"}
    assert found["fingerprint"] == Alert(found["labels"], {}, now).fingerprint
    assert datetime.fromisoformat(found["startsAt"]) == fires.starts_at
    assert datetime.fromisoformat(found["endsAt"]) == now + timedelta(minutes=4)
    over = Alert(labels, {}, fires.starts_at, now - timedelta(seconds=1))
    told = Notification("wk-1", "am", "g", {}, (over,), "all_resolved", now)
    assert isinstance(sender(server).send(told, content_of(told, now)), Sent)
    assert "Pushed" not in shown(server)


@needed
def test_what_it_refuses_is_a_refusal_with_its_words(server):
    """An alert without any label is malformed, and the reason is Alertmanager's own."""
    now = datetime.fromtimestamp(time.time(), UTC)  # noqa: TID251  # a server of today
    told = Notification("wk-1", "am", "g", {}, (Alert({}, {}, now),), "first", now)
    result = sender(server).send(told, content_of(told, now))
    assert isinstance(result, Failed)
    assert "label" in result.why


@needed
def test_our_webhook_says_what_alertmanagers_own_says(tmp_path, recorder):
    """The same alert through a real Alertmanager and through us: each of its fields is in ours."""
    config = f"""
route: {{receiver: hook, group_by: [alertname], group_wait: 0s}}
receivers: [{{name: hook, webhook_configs: [{{url: "{recorder.url}/theirs"}}]}}]
"""
    now = datetime.fromtimestamp(int(time.time()), UTC)  # noqa: TID251  # a server of today
    labels = {"alertname": "Pushed", "model": "flights"}
    fires = Alert(labels, {"summary": "x"}, now, None, "https://wk/r")
    told = Notification("wk-1", "hook", '{}:{alertname="Pushed"}', {"alertname": "Pushed"},
                        (fires,), "first", now)  # fmt: skip
    with alertmanager(tmp_path, config) as url:
        sender(url).send(told, content_of(told, now))
        for _ in range(400):
            if recorder.got:
                break
            time.sleep(0.05)
    theirs = recorder.got[0].json
    channel("webhook", recorder.url).send(told, content_of(told, now))
    ours = recorder.last.json
    own_places = {"externalURL"}
    for name in set(theirs) - own_places - {"alerts"}:
        assert ours[name] == theirs[name], name
    (their_alert,), (our_alert,) = theirs["alerts"], ours["alerts"]
    assert set(our_alert) == set(their_alert)
    for name in set(their_alert) - {"startsAt"}:
        assert our_alert[name] == their_alert[name], name
    assert datetime.fromisoformat(their_alert["startsAt"]) == now


def test_the_end_lies_four_resends_ahead(recorder):
    """Three losses in a row end nothing; the channel says how often it must be asked."""
    told = notification(alert(), alert(over=True, labels={"alertname": "Old"}))
    pusher = channel("alertmanager", recorder.url, resend_interval="30s")
    words = content(told)
    pusher.send(told, words)
    firing, over = recorder.last.json
    assert pusher.resend_every == timedelta(seconds=30)
    assert firing["endsAt"] == (words.at + timedelta(minutes=2)).isoformat()
    assert over["endsAt"] == told.alerts[1].ends_at.isoformat()
    assert recorder.last.path.startswith("/prefix/api/v2/alerts?token=")


def test_no_other_channel_asks_to_be_sent_again(recorder):
    """Resending is Alertmanager's alone."""
    assert channel("webhook", recorder.url).resend_every is None
