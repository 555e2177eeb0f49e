"""A whole server in a process of its own: how it starts, what it refuses, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import watchkeeper
from watchkeeper.core.errors import ConflictError, InputError, UnavailableError
from watchkeeper.server.lock import FolderLock
from watchkeeper.server.running import listen, url_of
from watchkeeper.server.worker import Supervisor

ROOT = Path(__file__).parents[2]
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start servers over a fake platform on the test's folder; they end with the test."""
    begun: list[subprocess.Popen[str]] = []

    def started(**settings: str) -> subprocess.Popen[str]:
        pairs = [part for pair in settings.items() for part in pair]
        begun.append(
            subprocess.Popen(
                [sys.executable, "-m", "tests.server.serve_fake", str(tmp_path / "data"), *pairs],
                cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )
        )  # fmt: skip
        return begun[-1]

    yield started
    for process in begun:
        process.kill()
        process.communicate()


def ready(folder: Path) -> dict[str, Any]:
    """What a server says of itself once it answers."""
    path = folder / "data" / "ready.json"
    end = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < end, "the server did not come up"
        time.sleep(0.02)
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and is not yet reaped does not."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return text.rpartition(")")[2].split()[0] != "Z"


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait until something holds; half a minute at most."""
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end, "it does not come true"
        time.sleep(0.02)


def test_a_server_starts_answers_and_ends(start: Start, tmp_path: Path) -> None:
    """The first line says where; SIGTERM lets begun requests finish, closes, and exits with 0."""
    server = start()
    assert server.stdout is not None
    first = server.stdout.readline().strip()
    said = ready(tmp_path)
    folder = str(tmp_path / "data")
    assert first == f"Watchkeeper {watchkeeper.__version__} at {said['url']} on {folder}"
    assert "for this machine alone" in server.stdout.readline()
    assert (said["pid"], said["folder"], said["access"]) == (server.pid, folder, "local")
    worker = httpx.get(f"{said['url']}/v1/status").json()["server"]["worker"]
    assert worker["alive"]
    answers: list[httpx.Response] = []
    sending = threading.Thread(
        target=lambda: answers.append(httpx.post(f"{said['url']}/v1/labels", content=b"{}"))
    )
    sending.start()
    wait_until(lambda: "requests_in_flight 2.0" in httpx.get(f"{said['url']}/metrics").text)
    server.send_signal(signal.SIGTERM)
    out, err = server.communicate(timeout=30)
    sending.join()
    assert server.returncode == 0, err
    assert answers[0].status_code == 200
    assert out.strip() == "Stopped."
    assert (tmp_path / "data" / "closed").exists()
    assert not is_alive(worker["pid"])
    assert err == ""


def test_ctrl_c_ends_it_too(start: Start, tmp_path: Path) -> None:
    """With exit code 0, and lines for programs where they are asked for."""
    server = start(json="yes", key="read")
    said = ready(tmp_path)
    assert httpx.get(f"{said['url']}/v1/models").status_code == 401
    server.send_signal(signal.SIGINT)
    out, _ = server.communicate(timeout=30)
    assert server.returncode == 0
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["event"] for line in lines] == ["starts", "ready", "stopped"]
    assert (lines[0]["url"], lines[1]["access"]) == (said["url"], "keys")


def test_a_worker_that_dies_is_started_again(start: Start, tmp_path: Path) -> None:
    """And one whose server is killed ends by itself."""
    server = start()
    url = ready(tmp_path)["url"]

    def worker() -> dict[str, Any]:
        found: dict[str, Any] = httpx.get(f"{url}/v1/status").json()["server"]["worker"]
        return found

    first = worker()["pid"]
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: worker()["restarts"] == 1 and worker()["alive"])
    second = worker()["pid"]
    assert second != first
    server.kill()
    server.wait()
    wait_until(lambda: not is_alive(second))


def test_a_folder_has_one_server(start: Start, tmp_path: Path) -> None:
    """A second one is told which has it; after a `kill -9` the folder is free at once."""
    first = start()
    url = ready(tmp_path)["url"]
    second = start()
    _, err = second.communicate(timeout=30)
    assert second.returncode == 2
    assert err.startswith("ConflictError: ")
    assert str(first.pid) in err
    assert url in err
    first.kill()
    first.wait()
    (tmp_path / "data" / "ready.json").unlink()
    start()
    assert httpx.get(f"{ready(tmp_path)['url']}/healthz").status_code == 200


def test_a_port_has_one_server(start: Start) -> None:
    """One sentence that says what to do."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        server = start(port=str(port))
        _, err = server.communicate(timeout=30)
    assert server.returncode == 2
    assert f"port {port} on 127.0.0.1 is taken" in err
    assert "--port" in err


def test_others_are_let_in_with_a_key_alone(start: Start, tmp_path: Path) -> None:
    """Another address is refused without a key; not with one, and not by insisting."""
    for settings in ({"host": "0.0.0.0"}, {"base_url": "https://watch.example"}):
        server = start(**settings)
        _, err = server.communicate(timeout=30)
        assert server.returncode == 2
        assert "watchkeeper keys create" in err
        assert "--insecure" in err
        assert (tmp_path / "data" / "closed").exists()
    guarded = start(host="0.0.0.0", key="admin")
    said = ready(tmp_path)
    assert said["access"] == "keys"
    assert said["url"].startswith("http://localhost:")
    assert httpx.get(f"{said['url']}/v1/models").status_code == 401
    guarded.terminate()
    guarded.communicate(timeout=30)
    (tmp_path / "data" / "ready.json").unlink()
    opened = start(host="0.0.0.0", insecure="yes")
    assert ready(tmp_path)["access"] == "open"
    opened.terminate()
    out, _ = opened.communicate(timeout=30)
    assert "OPEN TO ANYBODY" in out


def test_a_lock_is_let_go(tmp_path: Path) -> None:
    """Within one process too: two servers on one folder would spoil each other's journal."""
    folder = tmp_path / "deep" / "data"
    with FolderLock(folder) as lock:
        lock.say("http://here")
        with pytest.raises(ConflictError, match=rf"\({os.getpid()}\) at http://here"):
            FolderLock(folder).__enter__()
    with FolderLock(folder):
        pass
    (tmp_path / "file").write_text("")
    with pytest.raises(UnavailableError, match="--data"):
        FolderLock(tmp_path / "file").__enter__()


@pytest.mark.parametrize(
    ("host", "port"), [("no.such.host.invalid", 0), ("192.0.2.1", 0), ("127.0.0.1", 99_999)]
)
def test_addresses_that_are_none_are_refused(host: str, port: int) -> None:
    """One sentence that names the setting."""
    with pytest.raises(InputError, match="--host" if port == 0 else "--port"):
        listen(host, port)


def test_addresses_are_shown_as_they_are_opened() -> None:
    """All addresses as localhost, IPv6 in brackets."""
    with listen("0.0.0.0", 0) as every:
        assert url_of(every) == f"http://localhost:{every.getsockname()[1]}"
    if socket.has_ipv6:
        try:
            six = listen("::1", 0)
        except InputError:
            pytest.skip("this machine has no IPv6 loopback")
        with six:
            assert url_of(six) == f"http://[::1]:{six.getsockname()[1]}"


def test_a_worker_that_does_not_stop_is_killed(tmp_path: Path) -> None:
    """After its time to finish."""
    deaf = tmp_path / "deaf"
    stubborn = (
        "import pathlib, signal, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"pathlib.Path({str(deaf)!r}).touch()\n"
        "time.sleep(60)\n"
    )
    supervisor = Supervisor([sys.executable, "-c", stubborn], grace_s=0.3)
    supervisor.start()
    wait_until(deaf.exists)
    pid = supervisor.status()["pid"]
    supervisor.stop()
    assert not is_alive(pid)
    assert supervisor.status() == {"alive": False, "pid": None, "restarts": 0}


def test_a_worker_that_always_dies_is_not_started_in_a_frenzy() -> None:
    """The pause doubles; stopping ends a pause at once."""
    supervisor = Supervisor([sys.executable, "-c", "raise SystemExit(3)"], first_pause_s=0.05)
    supervisor.start()
    wait_until(lambda: supervisor.status()["restarts"] >= 2)
    supervisor.stop()
    count = supervisor.status()["restarts"]
    assert count < 10
    assert not supervisor.status()["alive"]
