"""Sign-in with the program as people start it: refused without users, and with two of them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.app.people.issuer import SECRET, issuing
from watchkeeper.app.live.clock import now

PROGRAM = "from watchkeeper.cli.main import run; run()"
ADA, VIC = "tulip ferry anvil moss", "copper quilt seven lanterns"


def run(
    folder: Path, *words: str, typed: str = "", **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *words, "--data", "data"], cwd=folder, input=typed,
        env={**os.environ, **variables}, text=True, capture_output=True, check=False, timeout=120,
    )  # fmt: skip


def add(folder: Path, name: str, role: str, password: str) -> None:
    """Add a user by the command."""
    done = run(folder, "users", "add", name, "--role", role, "--password-stdin", typed=password)
    assert done.returncode == 0, done.stderr


@contextmanager
def serving(folder: Path, *options: str, **variables: str) -> Iterator[str]:
    """A server on a free port; its address."""
    ready = folder / "ready.json"
    ready.unlink(missing_ok=True)
    environment = {**os.environ, "WATCHKEEPER_READY_FILE": str(ready), **variables}
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "serve", "--data", "data", "--port", "0", *options],
        cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        end = time.monotonic() + 120
        while not ready.exists():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < end, "the server did not come up"
            time.sleep(0.05)
        yield str(json.loads(ready.read_text())["url"])
        process.send_signal(signal.SIGTERM)
        out, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
        for secret in (ADA, VIC, SECRET):
            assert secret not in out + errors
    finally:
        process.kill()
        process.communicate()


@contextmanager
def signed_in(url: str, name: str, password: str) -> Iterator[httpx.Client]:
    """A client with the cookie and the token of a session."""
    with httpx.Client(base_url=url, timeout=60) as client:
        answer = client.post("/v1/session", json={"name": name, "password": password})
        assert answer.status_code == 200, answer.text
        client.headers["X-CSRF-Token"] = answer.json()["csrf"]
        yield client


@pytest.mark.parametrize(
    "options", [("--host", "0.0.0.0"), ("--host", "::"), ("--base-url", "https://watch.example")]
)
def test_other_addresses_want_users(tmp_path: Path, options: tuple[str, ...]) -> None:
    """It does not start, and says the command that makes the first admin."""
    if "::" in options and not Path("/proc/net/if_inet6").exists():
        pytest.skip("this machine has no IPv6")
    done = run(tmp_path, "serve", "--port", "0", *options)
    assert done.returncode == 2
    assert "watchkeeper users add NAME --role admin --data" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Ready" not in done.stdout


def test_two_people_on_one_server(tmp_path: Path) -> None:
    """An admin and a viewer, on all addresses; sessions live through a restart."""
    add(tmp_path, "ada", "admin", ADA)
    add(tmp_path, "vic", "viewer", VIC)
    incident = {"title": "Labels are late", "severity": "SEV-3"}
    with serving(tmp_path, "--host", "0.0.0.0") as everywhere:
        url = f"http://127.0.0.1:{urlsplit(everywhere).port}"
        assert httpx.get(f"{url}/v1/models").status_code == 401
        assert httpx.get(f"{url}/").status_code == 200
        with signed_in(url, "ada", ADA) as ada, signed_in(url, "vic", VIC) as vic:
            assert vic.post("/v1/incidents", json=incident).status_code == 403
            opened = ada.post("/v1/incidents", json=incident)
            assert opened.status_code == 200, opened.text
            assert vic.get("/v1/incidents").json()["incidents"][0]["title"] == "Labels are late"
            # The command finds a server that runs: what it changes holds with the next request.
            assert run(tmp_path, "users", "role", "vic", "editor").returncode == 0
            assert vic.post("/v1/incidents", json=incident).status_code == 200
            kept, vics = dict(ada.cookies), dict(vic.cookies)
    with serving(tmp_path) as url, httpx.Client(base_url=url, cookies=kept, timeout=60) as again:
        assert again.get("/v1/session").json()["name"] == "ada"
        rows: list[dict[str, Any]] = again.get("/v1/access-log").json()["rows"]
        assert [(row["who"], row["method"], row["path"], row["status"]) for row in rows] == [
            ("vic", "POST", "/v1/incidents", 200), ("ada", "POST", "/v1/incidents", 200),
            ("vic", "POST", "/v1/incidents", 403), ("vic", "POST", "/v1/session", 200),
            ("ada", "POST", "/v1/session", 200),
        ]  # fmt: skip
        assert {row["address"] for row in rows} == {"127.0.0.1"}
        assert httpx.get(f"{url}/v1/models", cookies=vics).status_code == 200
        assert run(tmp_path, "users", "disable", "vic").returncode == 0
        assert httpx.get(f"{url}/v1/models", cookies=vics).status_code == 401


def test_a_proxy_says_who_asks(tmp_path: Path) -> None:
    """Only one that is trusted is believed; a proxy that nobody named changes nothing."""
    add(tmp_path, "ada", "admin", ADA)
    claims = {"X-Forwarded-For": "203.0.113.9"}
    given = {"name": "ada", "password": ADA}
    seen = []
    for options in (("--trusted-proxies", "127.0.0.0/8"), ()):
        with serving(tmp_path, *options, FORWARDED_ALLOW_IPS="*") as url:
            answer = httpx.post(f"{url}/v1/session", json=given, headers=claims)
            cookies = dict(answer.cookies)
            rows = httpx.get(f"{url}/v1/access-log", cookies=cookies).json()["rows"]
            seen.append(rows[0]["address"])
    assert seen == ["203.0.113.9", "127.0.0.1"]
    done = run(tmp_path, "serve", "--port", "0", "--trusted-proxies", "0.0.0.0/0")
    assert done.returncode == 2
    assert "trusts everybody" in done.stderr


OIDC = """
issuer: {url}
client_id: watchkeeper
label: Sign in with Example
roles:
  editor: [ml]
"""


def test_signing_in_elsewhere(tmp_path: Path) -> None:
    """With the program, a file, and a provider that runs: there, back, and signed in."""
    with issuing(lambda: int(now().timestamp())) as issuer:
        (tmp_path / "oidc.yaml").write_text(OIDC.format(url=issuer.url), encoding="utf-8")
        without = run(tmp_path, "serve", "--port", "0", "--oidc", "oidc.yaml")
        assert without.returncode == 2
        assert "WATCHKEEPER_OIDC_SECRET is not set" in without.stderr
        options = ("--oidc", "oidc.yaml", "--host", "0.0.0.0")
        with (
            serving(tmp_path, *options, WATCHKEEPER_OIDC_SECRET=SECRET) as url,
            httpx.Client(base_url=url, follow_redirects=True, timeout=60) as browser,
        ):
            assert browser.get("/v1/models").status_code == 401
            page = browser.get("/v1/session/oidc/start", params={"next": "/alerts"})
            assert (page.status_code, page.url.path) == (200, "/alerts")
            found = browser.get("/v1/session").json()
            assert (found["name"], found["role"], found["may"]) == (
                "ada.lovelace", "editor", ["read", "edit"],
            )  # fmt: skip
            assert browser.get("/v1/models").json() == {"models": []}
            out = browser.delete("/v1/session", headers={"X-CSRF-Token": found["csrf"]})
            assert out.status_code == 204
            assert browser.get("/v1/models").status_code == 401
