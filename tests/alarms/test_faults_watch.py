"""Processes that keep watch are killed under load: all is told, and nothing twice."""

from __future__ import annotations

import random  # noqa: TID251  # a seed that a failure prints
import shutil
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the server needs the extra 'server'")

from tests.alarms.receivers import recorder
from tests.alarms.watchers import MODELS, Rules, make_models, move_catalogue, watcher
from tests.engines.conftest import Server, server
from tests.live.processes import serving, wait_until
from tests.store.test_catalogue import postgres_url
from watchkeeper.store.catalogue.alarms import AlarmStore
from watchkeeper.store.catalogue.leases import replicas

__all__ = ["server"]

KILLS = 5


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a few models, to be copied."""
    return make_models(tmp_path_factory.mktemp("models") / "data")


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, models: Path, tmp_path: Path) -> tuple[Path, str | None]:
    """A copy of the folder, with its catalogue in each database in turn."""
    folder = Path(shutil.copytree(models, tmp_path / "data"))
    url = None
    if request.param == "postgres":
        url = postgres_url(request.getfixturevalue("server"), "watch")
        move_catalogue(folder, url)
    return folder, url


def test_killed_at_random_they_tell_everything_once(
    place: tuple[Path, str | None], tmp_path: Path
) -> None:
    """Two share the work; each firing is told and its end too, whenever one of them is killed."""
    folder, url = place
    seed = random.SystemRandom().randrange(10**6)
    chance = random.Random(seed)
    done = threading.Event()
    with ExitStack() as opened:
        hook = opened.enter_context(recorder())
        store = AlarmStore(url or folder / "catalogue.db")
        opened.callback(store.close)
        rules = Rules(store, hook)
        rules.route()
        two = [opened.enter_context(watcher(folder, tmp_path / f"{n}.log", url)) for n in range(2)]
        pool = opened.enter_context(ThreadPoolExecutor(len(MODELS)))
        running = [pool.submit(_fire_and_finish, rules, model, done) for model in MODELS]
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.3, 3.0))
            victim = chance.choice(two)
            victim.end()
            victim.start()
        done.set()
        for one in running:
            one.result()
        assert two[0].end(signal.SIGTERM) == 0
        wait_for_nothing(store)
    told = rules.told()
    expected = {model: ["firing", "resolved"] * n for model, n in rules.cycles.items()}
    assert told == expected, f"seed {seed}"


def test_a_server_and_a_second_process_stand_in_for_each_other(
    server: Server, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is killed in turn; all is told once, and nowhere is the password."""
    folder = Path(shutil.copytree(models, tmp_path / "data"))
    url = postgres_url(server, "both").replace("postgres@", "postgres:secret-word@")
    move_catalogue(folder, url)
    monkeypatch.setenv("WATCHKEEPER_CATALOGUE", url)
    log = tmp_path / "watch.log"
    with ExitStack() as opened:
        hook = opened.enter_context(recorder())
        store = AlarmStore(url)
        opened.callback(store.close)
        rules = Rules(store, hook)
        rules.route()
        held = opened.enter_context(serving(tmp_path / "server", data=folder))
        beside = opened.enter_context(watcher(folder, log, url))
        rules.fire("late")
        beside.end()
        rules.fire("noon")
        beside.start()
        wait_until(lambda: len(replicas(store)) == 2, "both are there")
        held.kill()
        rules.finish("late")
        rules.fire("sea")
        held.start()
        assert beside.end(signal.SIGTERM) == 0
        for model in ("noon", "sea"):
            rules.finish(model)
        assert "secret-word" not in str(held.ask("/v1/status"))
    assert rules.told() == {name: ["firing", "resolved"] for name in ("late", "noon", "sea")}
    assert "secret-word" not in log.read_text() + held.log.read_text()


def wait_for_nothing(store: AlarmStore) -> None:
    """Until no message is on its way."""
    while store.count_messages().get("waiting"):
        time.sleep(0.05)


def _fire_and_finish(rules: Rules, model: str, done: threading.Event) -> None:
    while not done.is_set():
        rules.fire(model)
        rules.finish(model)
