"""Take the pictures of the README and the docs: June, as the server of the demo shows it.

`make demo` leaves a folder. A copy of its server is started with the rules that a model begins
with, one that fires because the flights are over, somebody on call and somebody to tell; then
Chromium looks at the pages. Run it with `make screenshots`.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

from flights.server import running

ROOT = Path(__file__).parents[1]
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "chrome")
MODEL = "late-flights"
WIDE, NARROW = (1440, 900), (400, 800)
LARGEST, LARGEST_IN_ALL = 150_000, 1_000_000
"""Bytes of a picture, and of all of them."""
PATIENCE_S = 180.0

JUNE = "from=2013-06-01T00:00:00Z&to=2013-07-01T00:00:00Z"
SPRING = "from=2013-04-01T00:00:00Z&to=2013-07-01T00:00:00Z"
MISSED = "late%20%3D%3D%20%221%22%20%26%26%20prediction%20%3D%3D%20%220%22"

SILENT = """\
groups:
  - name: silence
    model: late-flights
    interval: 10s
    rules:
      - alert: Silent
        expr: absent(volume, "15m")
        allow_noisy: true
        severity: P1
        annotations:
          summary: "{{ $labels.model }}: no prediction for 15 minutes"
          runbook: missing-data
"""
ROUTES = """\
route:
  receiver: team
  group_by: [model, alertname]
  group_wait: 1s
receivers:
  - name: team
    webhook_configs: [{{url: "{url}/team"}}]
  - name: ana-pager
    webhook_configs: [{{url: "{url}/ana"}}]
"""
ON_CALL = """\
users:
  ana: {name: Ana, zone: Europe/Madrid, contacts: [{receiver: ana-pager}]}
  bo: {name: Bo, contacts: [{receiver: team}]}
schedules:
  primary:
    zone: Europe/Zurich
    layers:
      - {rotation: weekly, users: [ana], start: 2026-01-05, handover: 09:00}
escalations:
  default:
    steps:
      - {notify: {schedule: primary}, wait: 5m}
      - {notify: {user: bo}, wait: 10m}
"""


@dataclass(frozen=True)
class Picture:
    """A page, how it is looked at, and what it shall show at the top."""

    name: str
    path: str
    schemes: tuple[str, ...] = ("light", "dark")
    size: tuple[int, int] = WIDE
    top: str | None = None
    """The part of the page that is scrolled to."""
    filled: tuple[tuple[str, str], ...] = ()
    """Fields, and what is written into them."""


def pictures(alert: str, incident: int) -> list[Picture]:
    """All that is shown: from what is wrong to who looks after it."""
    model = f"/models/{MODEL}"
    return [
        Picture("overview", f"{model}?{JUNE}"),
        Picture("overview-phone", f"{model}?{JUNE}", ("dark",), NARROW),
        Picture("drift", f"{model}/drift?{JUNE}"),
        Picture("feature", f"{model}/features/temp?{JUNE}", ("light",)),
        Picture("rows", f"{model}/rows?{JUNE}&where={MISSED}", ("light",)),
        Picture(
            "monitor",
            f"/monitors/new?model={MODEL}&metric=roc_auc&{SPRING}",
            top="#trial",
            filled=(("measured over", "1d"), ("Threshold as a number", "0.52")),
        ),
        Picture("alert", f"/alerts?fingerprint={alert}", ("light",)),
        Picture("incident", f"/incidents/{incident}", ("light",)),
        Picture("incident-phone", f"/incidents/{incident}", ("light",), NARROW),
        Picture("dashboard", f"/dashboards/model-performance?model={MODEL}&{JUNE}", ("light",)),
        Picture("health", "/settings", ("light",)),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Take them all; 1 where one is larger than the README should carry."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--demo", type=Path, default=ROOT / "demo-output")
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--url", help="a server that runs on a copy already; it is told rules")
    options = parser.parse_args(arguments)
    data: Path = options.demo / "server" / "data"
    if options.url is None and not data.is_dir():
        raise SystemExit(f"there is no {data}: run `make demo` first")
    with tempfile.TemporaryDirectory() as folder, listener() as told:
        if options.url:
            sizes = take(options.url, told, options.demo, options.output)
        else:
            shutil.copytree(data, Path(folder) / "data")
            with running(Path(folder), 0) as url:
                sizes = take(url, told, options.demo, options.output)
    for name, size in sizes.items():
        print(f"{size / 1000:6.0f} kB  {name}")
    too_large = [name for name, size in sizes.items() if size > LARGEST]
    if too_large or sum(sizes.values()) > LARGEST_IN_ALL:
        print(f"too large: {', '.join(too_large) or 'all of them together'}", file=sys.stderr)
        return 1
    return 0


def take(url: str, told: str, demo: Path, output: Path) -> dict[str, int]:
    """Bring the server to where something is wrong, and take the pictures; their sizes."""
    output.mkdir(parents=True, exist_ok=True)
    with httpx.Client(base_url=url, timeout=120) as server, chromium() as browser:
        alert, incident = begin(server, url, told)
        sizes = {}
        for picture in pictures(alert, incident):
            if picture.name == "incident":
                take_on(server, incident)
            for scheme in picture.schemes:
                name = f"{picture.name}{'-dark' if scheme == 'dark' else ''}.webp"
                shot = look(browser, f"{url}{picture.path}", picture, scheme)
                sizes[name] = keep(shot, output / name)
        report = Picture("report", "", ("light",))
        june = (demo / "2013-06.html").resolve().as_uri()
        sizes["report.webp"] = keep(look(browser, june, report, "light"), output / "report.webp")
    return sizes


def begin(server: httpx.Client, url: str, told: str) -> tuple[str, int]:
    """Rules, routes, somebody on call; then wait for the alert and its incident."""
    yaml = {"Content-Type": "application/yaml"}
    with tempfile.TemporaryDirectory() as folder:
        for words in (("init", MODEL, "-o", "rules.yaml"), ("rules", "apply", "rules.yaml")):
            command = [sys.executable, "-m", "watchkeeper", "--quiet", *words, "--url", url]
            subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL)
    for path, text in (
        ("/v1/routes", ROUTES.format(url=told)),
        ("/v1/oncall", ON_CALL),
        ("/v1/rules/silence", SILENT),
    ):
        server.put(path, content=text, headers=yaml).raise_for_status()

    def firing() -> tuple[str, int] | None:
        alerts = server.get("/v1/alerts").raise_for_status().json()["alerts"]
        incidents = server.get("/v1/incidents").raise_for_status().json()["incidents"]
        found = [each["fingerprint"] for each in alerts if each["state"] == "firing"]
        return (found[0], incidents[0]["number"]) if found and incidents else None

    found: tuple[str, int] = wait_for(firing, "an alert that fires, and its incident")
    wait_for(lambda: server.get("/v1/messages").json()["messages"], "a message")
    return found


def take_on(server: httpx.Client, incident: int) -> None:
    """What Ana does: she takes it on, looks at the check of the runbook, and notes what she saw."""
    events = f"/v1/incidents/{incident}/events"
    server.post(events, json={"event": "acknowledge", "by": "ana"}).raise_for_status()
    check = {"runbook": "missing-data", "step": "records-arrive", "incident": incident}
    server.post("/v1/runs", json=check).raise_for_status()
    seen = {"event": "note", "by": "ana", "text": "the last flight was on 31 December 2013"}
    server.post(events, json=seen).raise_for_status()


def wait_for(look_for: Callable[[], Any], what: str) -> Any:
    """Ask again and again until there is something."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if found := look_for():
            return found
        time.sleep(1)
    raise SystemExit(f"waited {PATIENCE_S:.0f} s for {what}")


@contextmanager
def listener() -> Iterator[str]:
    """A receiver of messages that says yes to all."""

    class Yes(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Take a message."""
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *words: object) -> None:
            """Say nothing of it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Yes) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{web.server_port}"
        web.shutdown()


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser without a window: the one that `CHROMIUM` names, or that is on the path."""
    from playwright.sync_api import sync_playwright

    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        raise SystemExit("there is no Chromium; install it, or name it with CHROMIUM")
    with sync_playwright() as started:
        browser = started.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


def look(browser: Any, url: str, picture: Picture, scheme: str) -> bytes:
    """A page as PNG, once it has all that it asked for."""
    width, height = picture.size
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, timezone_id="UTC"
    )
    page = context.new_page()
    page.goto(url)
    page.wait_for_selector("main")
    settle(page)
    for label, text in picture.filled:
        page.get_by_label(label, exact=True).fill(text)
        settle(page)
    if picture.top:
        page.locator(picture.top).evaluate("part => part.scrollIntoView()")
    page.wait_for_timeout(800)  # Charts draw on.
    shot: bytes = page.screenshot()
    context.close()
    return shot


def settle(page: Any) -> None:
    """Wait until a page has what it asked for: one part may begin to load when another is there."""
    page.wait_for_timeout(1500)
    for _ in range(60):
        page.wait_for_load_state("networkidle")
        if page.locator(".skeleton, :text('Working it out')").count() == 0:
            return
        page.wait_for_timeout(500)


def keep(shot: bytes, path: Path) -> int:
    """Write a picture as WebP, and say how large it is."""
    Image.open(io.BytesIO(shot)).convert("RGB").save(path, "WEBP", quality=78, method=6)
    return path.stat().st_size


if __name__ == "__main__":
    sys.exit(main())
