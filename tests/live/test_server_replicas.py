"""Two servers on one folder and one PostgreSQL: each is killed under load, and nobody notices."""

from __future__ import annotations

import fcntl
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Self

import httpx
import msgspec
import pytest

from tests.alarms.receivers import recorder
from tests.alarms.watchers import Rules, make_models, move_catalogue
from tests.engines.conftest import Server, server
from tests.live.loads import Poster, Record, Shipment, as_arrow, as_lines, shipments
from tests.live.processes import Serving, ids_once, serving, wait_until
from tests.live.stations import START, flights, labels, predictions
from tests.store.test_catalogue import postgres_url
from watchkeeper.app.live.platform import Platform
from watchkeeper.app.live.questions import Ingest
from watchkeeper.app.live.settings import Settings
from watchkeeper.core.errors import ConflictError
from watchkeeper.server.lock import FolderLock
from watchkeeper.store.catalogue.alarms import AlarmStore
from watchkeeper.store.catalogue.leases import replicas

__all__ = ["server"]


@dataclass
class Roaming(Poster):
    """A client of two servers: a batch that one of them does not acknowledge goes to the other."""

    urls: tuple[str, ...] = ()
    turns: int = 0

    def _sent(self, http: httpx.Client, shipment: Shipment) -> bool:
        http.base_url = self.urls[self.turns % len(self.urls)]
        # The next one elsewhere in any case, so that both have something to do.
        self.turns += 1
        return super()._sent(http, shipment)


@dataclass
class Reader:
    """Asks one server after the other, in a thread; at any time one of them must answer."""

    urls: tuple[str, ...]
    answers: int = 0
    missed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(0.1):
            said = [self._ask(url) for url in self.urls]
            self.answers += 1
            if not any(one == "200" for one in said):
                self.missed.append(" ".join(said))

    def _ask(self, url: str) -> str:
        asked = {"metric": "prediction_count", "window": "all", "step": "window"}
        try:
            return str(
                httpx.get(f"{url}/v1/models/sea/metrics", params=asked, timeout=30).status_code
            )
        except httpx.TransportError as error:
            return type(error).__name__


def test_either_server_is_killed_under_load(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that was acknowledged is stored once, one answers at any time, alarms are told once."""
    folder = make_models(tmp_path / "data")
    url = postgres_url(server, "replicas")
    move_catalogue(folder, url)
    monkeypatch.setenv("WATCHKEEPER_CATALOGUE", url)
    parts = [flights(20_000, seed=n, start=START) for n in (21, 22)]
    with ExitStack() as opened:
        rules = _rules(opened, url)
        one, two = _both(opened, tmp_path, folder)
        urls = (one.url, two.url)
        posters = [
            _roaming(urls, shipments("lines", "predictions", predictions(parts[0]), as_lines)),
            _roaming(urls, shipments("arrow", "predictions", predictions(parts[1]), as_arrow)),
            _roaming(urls, shipments("truth", "labels", labels(parts[0]), as_lines)),
        ]
        for poster in posters:
            opened.enter_context(poster)
        reader = opened.enter_context(Reader(urls))
        wait_until(lambda: len(replicas(rules.store)) == 2, "both keep watch")
        rules.fire("noon")
        _killed(one, two)
        rules.finish("noon")
        one.start()
        rules.fire("sea")
        _killed(two, one)
        rules.finish("sea")
        two.begin()
        for poster in posters:
            poster.finish()
        two.wait_ready()
        one.settle()
        _check(one, two, posters)
    assert sum(poster.repeats for poster in posters) > 0, "no request met a kill"
    assert (reader.missed, reader.answers > 10) == ([], True)
    assert rules.told() == {name: ["firing", "resolved"] for name in ("noon", "sea")}


def _both(opened: ExitStack, place: Path, folder: Path) -> tuple[Serving, Serving]:
    """Two servers on a folder, started at the same time."""
    wanted = [serving(place / name, "--replica", data=folder) for name in ("one", "two")]
    with ThreadPoolExecutor(2) as pool:
        one, two = pool.map(opened.enter_context, wanted)
    return one, two


def _rules(opened: ExitStack, url: str) -> Rules:
    hook = opened.enter_context(recorder())
    store = AlarmStore(url)
    opened.callback(store.close)
    rules = Rules(store, hook)
    rules.route()
    return rules


def _roaming(urls: tuple[str, ...], queue: object) -> Roaming:
    return Roaming(urls[0], queue, urls=urls)  # type: ignore[arg-type]  # an iterator


def _killed(victim: Serving, other: Serving) -> None:
    """End a server with all that belongs to it, as a container ends; the other takes its work."""
    victim.kill(worker=True)
    before = other.account("late", "predictions")["written"]
    wait_until(
        lambda: other.account("late", "predictions")["written"] > before, "the other one writes"
    )


def _check(one: Serving, two: Serving, posters: list[Roaming]) -> None:
    assert [poster.refused for poster in posters] == [[], [], []]
    stored = one.rows("late", "predictions", "_id")
    assert posters[0].ids() | posters[1].ids() <= ids_once(stored)
    assert posters[2].ids() <= ids_once(one.rows("late", "labels", "_id"))
    for signal in ("predictions", "labels"):
        account = one.account("late", signal)
        assert account == two.account("late", signal)
        assert account["accepted"] == account["written"]
        assert (account["rejected"], account["aside"]) == (0, 0)
    assert one.value("late", "prediction_count") == stored.num_rows
    assert two.value("late", "prediction_count") == stored.num_rows


def test_the_folder_is_shared_by_those_who_say_so(tmp_path: Path) -> None:
    """One that does not share it is refused beside them and refuses them; one at a time opens."""
    shared = FolderLock(tmp_path, shared=True), FolderLock(tmp_path, shared=True)
    refused = pytest.raises(ConflictError, match="start each of them with --replica")
    with shared[0], shared[1], refused:
        FolderLock(tmp_path).__enter__()
    with shared[0], shared[0].in_turn():
        assert not _is_free(tmp_path / "opening.lock")
    assert _is_free(tmp_path / "opening.lock")
    with FolderLock(tmp_path), pytest.raises(ConflictError, match="--replica"):
        FolderLock(tmp_path, shared=True).__enter__()


def _is_free(path: Path) -> bool:
    with path.open() as other:
        try:
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@dataclass
class Beside:
    """A platform beside others on one folder."""

    platform: Platform

    def send(self, number: int, side: str) -> None:
        """Take half of a prediction, as payload loggers send it."""
        content: Record = {
            "request": {"instances": [{"temp": 20.0 + number}]},
            "response": {"predictions": [number % 2]},
        }[side]
        headers = {
            "ce-specversion": "1.0", "ce-id": f"e{number}", "ce-source": "http://localhost:9081/",
            "ce-type": f"org.kubeflow.serving.inference.{side}", "ce-time": START.isoformat(),
            "ce-inferenceservicename": "late", "content-type": "application/json",
        }  # fmt: skip
        body = msgspec.json.encode(content)
        asked = Ingest(None, body, content_type="application/json", headers=headers)
        self.platform.ingest(asked).result(timeout=10)

    def settle(self) -> None:
        """What a thread does every 30 seconds."""
        self.platform._door.settle()

    def taken(self) -> Record:
        """What became of the predictions."""
        found: list[Record] = self.platform.status()["accounting"]
        return found[0] if found else {"accepted": 0}

    def waiting(self) -> int:
        """Halves that wait."""
        count: int = self.platform.status()["payload_loggers"]["waiting"]
        return count


def test_halves_that_come_to_two_servers_meet(tmp_path: Path) -> None:
    """Each pair is one prediction, and so is a request that nobody answered."""
    settings = Settings(tmp_path, min_free=0, replica=True)
    now = [START]
    with ExitStack() as opened:
        one, two = (Beside(Platform(settings, clock=lambda: now[0])) for _ in range(2))
        opened.callback(one.platform.close)
        opened.callback(two.platform.close)
        for number in range(8):
            (one, two)[number % 2].send(number, "request")
            (one, two)[number // 2 % 2].send(number, "response")
            wait_until(lambda n=number: one.taken()["accepted"] == n + 1, "a pair is kept")
        one.send(8, "request")
        now[0] += timedelta(minutes=11)  # Nobody waits any longer than ten.
        two.settle()
        wait_until(lambda: one.taken()["accepted"] == 9, "the last one is kept")
        one.settle()
        assert (one.waiting(), two.waiting()) == (0, 0)
        assert one.taken() == two.taken()
        assert one.taken()["duplicates"] == 0


def test_a_pair_whose_server_died_is_joined_by_the_other(tmp_path: Path) -> None:
    """Both halves came to one that did not live to join them; the other has them on disk."""
    settings = Settings(tmp_path, min_free=0, replica=True)
    with ExitStack() as opened:
        one, two = (Beside(Platform(settings)) for _ in range(2))
        opened.callback(two.platform.close)
        one.platform._door._pairing._submit = lambda *_: None  # type: ignore[method-assign]
        one.send(1, "request")
        one.send(1, "response")
        one.platform.close()
        assert two.taken()["accepted"] == 0
        two.settle()
        wait_until(lambda: two.taken()["accepted"] == 1, "the pair is kept")
