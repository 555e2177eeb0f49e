"""What the Containerfile says, carried out without an engine: built, installed, run as nobody."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import socket
import stat
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

pytest.importorskip("hatchling", reason="wheels are built with hatchling, of the group 'test'")

from tests.deploy.containerfile import DEPLOY, ROOT, health_check, instructions, setting

pytestmark = [pytest.mark.newest, pytest.mark.xdist_group("image")]

PASSWORD = "tulip ferry anvil moss"
PATIENCE_S = 60.0


@dataclass(frozen=True)
class Image:
    """What would be in the image, in folders of this machine.

    Attributes
    ----------
    root
        Has `environment` for /opt/watchkeeper, `bin` for /usr/local/bin, `data` and `home`.
    user
        Who it is run as: nobody, where this process may and nobody can run this Python.
    """

    root: Path
    user: dict[str, Any]

    @property
    def variables(self) -> dict[str, str]:
        """As the image sets them, but on the loopback interface, known by another address."""
        path = [self.root / "environment" / "bin", self.root / "bin"]
        return {
            "PATH": os.pathsep.join([*map(str, path), "/usr/bin", "/bin"]),
            "HOME": str(self.root / "home"),
            "PYTHONDONTWRITEBYTECODE": setting("PYTHONDONTWRITEBYTECODE"),
            "WATCHKEEPER_DATA": str(self.root / setting("WATCHKEEPER_DATA").lstrip("/")),
            "WATCHKEEPER_BASE_URL": "https://watchkeeper.example.com",
            "WATCHKEEPER_PORT": str(free_port()),
        }

    def run(self, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a command as a container would."""
        return subprocess.run(
            command, env=self.variables | more, cwd="/", capture_output=True, text=True,
            check=False, timeout=PATIENCE_S, **self.user,
        )  # fmt: skip

    def secret(self, name: str, text: str) -> str:
        """A file with a secret, as editors leave it; its path."""
        path = self.root / name
        path.write_text(f"{text}\n")
        return str(path)


def free_port() -> int:
    """A free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    """Built once: the wheels of what is copied, in a new environment."""
    root = Path(tempfile.mkdtemp(prefix="watchkeeper-image-"))
    root.chmod(0o755)
    try:
        interpreter, user = who_runs()
        copy_sources(root / "src")
        make_environment(root, interpreter)
        for name in ("bin", "data", "home"):
            (root / name).mkdir()
        for script in DEPLOY.glob("*.sh"):
            shutil.copy(script, root / "bin")
        if user:
            shutil.chown(root / "data", user["user"])
        (root / "home").chmod(stat.S_IRUSR | stat.S_IXUSR | stat.S_IXOTH)
        yield Image(root, user)
    finally:
        (root / "home").chmod(0o755)
        shutil.rmtree(root)


def who_runs() -> tuple[str, dict[str, Any]]:
    """An interpreter of this version, and nobody as its user where that can run it."""
    own = str(getattr(sys, "_base_executable", sys.executable))
    if os.geteuid() != 0:
        return own, {}
    user: dict[str, Any] = {"user": "nobody", "extra_groups": []}
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for interpreter in (own, f"/usr/bin/{name}"):
        try:
            subprocess.run([interpreter, "-c", ""], check=True, cwd="/", **user)
        except (OSError, subprocess.CalledProcessError):
            continue
        return interpreter, user
    return own, {}


def copy_sources(there: Path) -> None:
    """What the stage of the wheels copies, the pages as they are here."""
    stage = ""
    for name, words in instructions():
        if name == "FROM":
            stage = words[-1]
        if name != "COPY" or stage != "wheels":
            continue
        *sources, target = [word for word in words if not word.startswith("--")]
        for source in sources:
            place = ROOT / source.removeprefix("/src/")
            if place.is_dir():
                skipped = shutil.ignore_patterns("__pycache__", "static", "tests")
                ignore = None if place.name == "static" else skipped
                shutil.copytree(place, there / target, ignore=ignore, dirs_exist_ok=True)
            else:
                (there / target).mkdir(parents=True, exist_ok=True)
                shutil.copy(place, there / target)


def make_environment(root: Path, interpreter: str) -> None:
    """Only our wheels are new; what they need is that of this process, in the pinned versions."""
    there = root / "environment"
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    build = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", "wheels", "./client", "."]
    subprocess.run([*pip, *build], check=True, cwd=root / "src")
    wheels = sorted((root / "src" / "wheels").glob("*.whl"))
    assert len(wheels) == 2
    subprocess.run([interpreter, "-m", "venv", "--without-pip", there], check=True)
    into = ["--python", there / "bin" / "python", "install", "--no-deps", "--no-index"]
    subprocess.run([*pip, *into, *wheels], check=True)
    (packages,) = there.glob("lib/python3.*/site-packages")
    (packages / "pinned.pth").write_text(sysconfig.get_path("purelib") + "\n")


@contextmanager
def serving(image: Image, **more: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A server as the container runs it by itself, once its own health check is content."""
    variables = image.variables | more
    command = next(words for name, words in reversed(instructions()) if name == "CMD")
    server = subprocess.Popen(
        ["entrypoint.sh", *strings(command)], env=variables, cwd="/", text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **image.user,
    )  # fmt: skip
    try:
        until = time.monotonic() + PATIENCE_S
        port = variables["WATCHKEEPER_PORT"]
        while image.run(*health_check(), WATCHKEEPER_PORT=port).returncode:
            assert server.poll() is None, server.communicate()[0]
            assert time.monotonic() < until, "it is never well"
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}", server
    finally:
        server.kill()
        server.wait()


def strings(words: list[str]) -> list[str]:
    """The words of `["serve"]`, as the shell's reading left them."""
    return [word for word in re.split(r"[\[\], ]+", " ".join(words)) if word]


def test_it_does_not_start_open_to_everybody(image: Image) -> None:
    """Without any user: the entry says so and ends, and nothing is served."""
    done = image.run("entrypoint.sh", "serve")
    assert done.returncode == 2
    assert "no user and no API key" in done.stderr


def test_it_serves_with_the_first_admin(image: Image) -> None:
    """From an empty volume, on a read-only home; the pages are in it; it ends when it is told."""
    secret = {"WATCHKEEPER_PASSWORD_FILE": image.secret("admin-password", PASSWORD)}
    for _ in range(2):  # Each start of a pod does it again.
        done = image.run("first-admin.sh", "ada", **secret)
        assert done.returncode == 0, done.stderr
    with serving(image) as (url, server):
        said = httpx.post(f"{url}/v1/session", json={"name": "ada", "password": PASSWORD})
        assert (said.status_code, said.json()["role"]) == (200, "admin"), said.text
        assert httpx.get(f"{url}/readyz").status_code == 200
        page = httpx.get(f"{url}/")
        assert "<script" in page.text
        assert httpx.get(f"{url}/v1/models").status_code == 401
        server.terminate()
        out, _ = server.communicate(timeout=PATIENCE_S)
        assert server.returncode == 0
        assert PASSWORD not in out
    (image.root / "home").chmod(0o755)
    assert list((image.root / "home").iterdir()) == []


def test_a_secret_that_cannot_be_read_is_named(image: Image) -> None:
    """Not taken for empty."""
    done = image.run("entrypoint.sh", "serve", PGPASSWORD_FILE="/run/secrets/none")
    assert done.returncode == 2
    assert "PGPASSWORD_FILE is /run/secrets/none" in done.stderr


def test_secrets_come_from_files(image: Image) -> None:
    """And reach the program as the variable of their name, without the line's end."""
    url = "postgresql://watch:se#cret$@127.0.0.1:1/watch"
    file = image.secret("catalogue", url.replace("#", "%23"))
    done = image.run("entrypoint.sh", "serve", WATCHKEEPER_CATALOGUE_FILE=file)
    assert done.returncode == 2
    assert "127.0.0.1" in done.stderr
    assert "cret" not in done.stderr


def test_all_that_is_installed_has_a_pinned_version() -> None:
    """What the wheels need, and what that needs: the image is the same whenever it is built."""
    pins = {
        canonicalize_name(line.partition("==")[0])
        for line in (ROOT / "requirements" / "pins.txt").read_text().splitlines()
        if "==" in line
    }
    extras = re.search(r"\[([a-z,]+)\]\"$", (DEPLOY / "Containerfile").read_text(), re.MULTILINE)
    assert extras is not None
    needed = needs("watchkeeper", tuple(extras[1].split(","))) - {"watchkeeper-client"}
    assert len(needed) > 40
    assert needed - pins == set()


def needs(name: str, extras: tuple[str, ...]) -> set[str]:
    """The names of all that a distribution needs here, with those that they need."""
    found: set[str] = set()
    waiting = [(name, extras)]
    seen = set()
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        for text in importlib.metadata.requires(one[0]) or []:
            requirement = Requirement(text)
            marker = requirement.marker
            asked = (*one[1], "")
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in asked):
                found.add(canonicalize_name(requirement.name))
                waiting.append((requirement.name, tuple(sorted(requirement.extras))))
    return found
