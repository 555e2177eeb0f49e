"""How fast the web pages are, in headless Chromium on a year of one model with 100 features.

Run it with `python -m benchmarks.ui`, with the package playwright and a Chromium on the path or
named by CHROMIUM; the pages must be built (`make ui`). It builds the year as `benchmarks.series`
does, or takes it from `--file`, and prints a table for UI.md. Every page is opened in a fresh
browser context, so with an empty cache. Beside each figure stands its floor, measured in the same
run: a page with nothing in it, the answer of the API alone, a canvas with nothing around it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx

from benchmarks.ingest import server
from benchmarks.series import MODEL
from benchmarks.ui_data import COLUMNS, make_folder, panel
from benchmarks.ui_pages import CANVAS, WATCH

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
PAGE = f"/models/{MODEL}"
MONTH, QUARTER = "latest:30d", "latest:90d"
YEAR = "latest:365d"
PARTS = (("Performance", "performance"), ("Drift", "drift"), ("Service", "service"))
FRAME_MS = 1000 / 60

Values = list[float]


def main() -> None:
    """Make the year, open the pages, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7, help="of each measurement")
    parser.add_argument("--file", type=Path, help="keep the year here, and use it again")
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    with tempfile.TemporaryDirectory() as name:
        columns = make_folder(Path(name) / "data", options.file)
        with server(Path(name)) as (host, port, _), sync_playwright() as started:
            browser = started.chromium.launch(executable_path=path, args=FLAGS)
            bench = Bench(browser, f"http://{host}:{port}", options.runs)
            bench.client.put("/v1/dashboards/many", json=panel(columns)).raise_for_status()
            print("| what | median | worst | target | floor: median | ratio |")
            print("|---|---:|---:|---:|---:|---:|", flush=True)
            _paint(bench)
            _range(bench)
            _parts(bench)
            _many(bench, columns)
            _bytes(bench)
            browser.close()


class Bench:
    """A browser, a server, and how often each thing is measured."""

    def __init__(self, browser: Any, url: str, runs: int) -> None:
        self.browser, self.url, self.runs = browser, url, runs
        self.client = httpx.Client(base_url=url, timeout=600)

    @contextmanager
    def page(self, path: str | None = None) -> Iterator[Any]:
        """A page in a context of its own: nothing is cached."""
        context = self.browser.new_context(viewport={"width": 1440, "height": 900})
        page = context.new_page()
        page.add_init_script(WATCH)
        if path is not None:
            page.goto(f"{self.url}{path}")
            settle(page)
        yield page
        context.close()

    def times(self, measure: Callable[[], float]) -> Values:
        """The measure of each run."""
        return [measure() for _ in range(self.runs)]


def settle(page: Any) -> None:
    """Wait until nothing is asked for and nothing is a place that loads."""
    page.wait_for_selector("main")
    page.wait_for_load_state("networkidle", timeout=120_000)
    page.locator(".skeleton").first.wait_for(state="detached", timeout=600_000)


def seen(page: Any, name: str) -> float:
    """When something was seen, by the clock of the page."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        at = page.evaluate(f"window.bench?.seen?.{name} ?? null")
        if at is not None:
            return float(at)
        time.sleep(0.02)
    raise SystemExit(f"{name} was never seen on {page.url}")


def line(what: str, values: Values, floor: Values | None, *, target: str = "",
         unit: str = "ms") -> None:  # fmt: skip
    """Print a line of the table."""
    middle = statistics.median(values)
    least = None if floor is None else statistics.median(floor)
    shown = "" if least is None else f"{least:,.0f} {unit}"
    ratio = "" if not least else f"{middle / least:.1f}"
    print(f"| {what} | {middle:,.0f} {unit} | {max(values):,.0f} {unit} | {target} | {shown} | "
          f"{ratio} |", flush=True)  # fmt: skip


def _paint(bench: Bench) -> None:
    """From the navigation to what one came for; the floor is a page of a few words."""

    def opened(path: str, selector: str, words: str = "") -> float:
        with bench.page() as page:
            page.add_init_script(
                f"bench.until('paint', () => bench.isSeen({selector!r}, {words!r}))"
            )
            page.goto(f"{bench.url}{path}")
            return seen(page, "paint")

    floor = bench.times(lambda: opened("/healthz", "body"))
    row = "main table tbody tr"
    line("fleet: the row of the model is seen", bench.times(lambda: opened("/", row, MODEL)), floor,
         target="1,500 ms")  # fmt: skip
    words = bench.times(lambda: opened(f"{PAGE}?window={MONTH}", "main .summary h1"))
    line("a model: its finding of 30 days is seen", words, floor, target="1,500 ms")
    chart = bench.times(lambda: opened(f"{PAGE}?window={MONTH}", ".chart svg path"))
    line("the same: its first chart is seen", chart, floor)


def _answer(bench: Bench, path: str, **params: Any) -> float:
    begun = time.perf_counter()
    bench.client.get(path, params=params).raise_for_status()
    return (time.perf_counter() - begun) * 1000


def _range(bench: Bench) -> None:
    """From the click to the new chart; the floor is the answer of the API that it draws."""
    metrics = ["roc_auc", "f1", "error_rate", "latency_ms@p95", "prediction_count"]

    def asked(step: str, window: str) -> float:
        return _answer(bench, f"/v1{PAGE}/metrics", metric=metrics, window=window, step=step)

    def chosen() -> float:
        with bench.page(f"{PAGE}?window={MONTH}") as page:
            page.locator(".range button").first.click()
            wanted = page.get_by_role("button", name="Last 90 days")
            wanted.wait_for()
            page.evaluate("bench.on('click'); bench.drawn('range')")
            wanted.click()
            return seen(page, "range") - page.evaluate("bench.begun")

    def brushed() -> float:
        with bench.page(f"{PAGE}?window={MONTH}") as page:
            box = page.locator(".chart svg").first.bounding_box()
            page.mouse.move(box["x"] + 300, box["y"] + 40)
            page.mouse.down()
            page.mouse.move(box["x"] + 600, box["y"] + 40, steps=5)
            page.evaluate("bench.on('pointerup'); bench.drawn('brush')")
            page.mouse.up()
            return seen(page, "brush") - page.evaluate("bench.begun")

    floor = bench.times(lambda: asked("7d", QUARTER))
    line("change of range, 30 to 90 days: click to chart", bench.times(chosen), floor,
         target="500 ms")  # fmt: skip
    line("a range drawn over a chart: release to chart", bench.times(brushed),
         bench.times(lambda: asked("1d", "latest:8d")), target="500 ms")  # fmt: skip


def _parts(bench: Bench) -> None:
    """From the click on a tab to the charts of that part, its code and its data fetched."""
    for title, part in PARTS:

        def switched(title: str = title, part: str = part) -> float:
            with bench.page(f"{PAGE}?window={MONTH}") as page:
                page.evaluate(
                    f"bench.on('click'); bench.until('part', () => location.pathname.endsWith("
                    f"'/{part}') && !document.querySelector('.skeleton') && "
                    "bench.isSeen('main h2'))"
                )
                page.locator(".tabs").get_by_role("link", name=title, exact=True).click()
                return seen(page, "part") - page.evaluate("bench.begun")

        floor = bench.times(
            lambda: _answer(bench, f"/v1{PAGE}/metrics", metric=["roc_auc"], window=MONTH)
        )
        line(f"to {title}: click to all that it shows", bench.times(switched), floor)


def gaps(frames: Values) -> Values:
    """The times between frames, but for the first, in which the pointer comes."""
    return [later - before for before, later in pairwise(frames[2:])]


def _frames(what: str, runs: list[Values], floor: list[Values]) -> None:
    """The 95th percentile of the time of a frame, and the share of those that came too late."""

    def late(frames: Values) -> float:
        lost = sum(max(round(gap / FRAME_MS) - 1, 0) for gap in gaps(frames))
        return 100 * lost / (lost + len(gaps(frames)))

    def slowest(frames: Values) -> float:
        return statistics.quantiles(gaps(frames), n=20)[18]

    line(f"{what}: P95 of a frame", [slowest(run) for run in runs], [slowest(run) for run in floor],
         target="33 ms")  # fmt: skip
    line(f"{what}: frames of 60 a second left out", [late(run) for run in runs],
         [late(run) for run in floor], unit="%")  # fmt: skip


def _many(bench: Bench, columns: list[str]) -> None:
    """A panel of 60 lines of a year by the hour: its answer, its chart, and moving in it."""
    asked = {"metric": ["missing_share"], "column": columns, "window": YEAR, "step": "1h"}
    begun = time.perf_counter()
    # A question that takes longer than the server allows is asked again, as the page does.
    while bench.client.get(f"/v1{PAGE}/lines", params=asked).status_code != 200:
        pass
    first = (time.perf_counter() - begun) * 1000
    lines = f"{COLUMNS} lines × 8,760 points"
    line(f"{lines}: the API's answer, the first time", [first], None)
    answer = bench.times(lambda: _answer(bench, f"/v1{PAGE}/lines", **asked))
    series = {**asked, "step": "7d"}
    line(f"{lines}: the API's answer, later", answer,
         bench.times(lambda: _answer(bench, f"/v1{PAGE}/metrics", **series)))  # fmt: skip
    moved, zoomed, opened = [], [], []
    for _ in range(bench.runs):
        with bench.page() as page:
            page.add_init_script("bench.until('paint', () => bench.isSeen('.chart canvas'))")
            page.goto(f"{bench.url}/dashboards/many?window={YEAR}")
            opened.append(seen(page, "paint"))
            settle(page)
            zoomed.append(_zoom(page))
            moved.append(_move(page))
    line(f"{lines}: the page opened, chart seen", opened, answer)
    with bench.page("/dashboards") as page:
        canvas = [page.evaluate(CANVAS, [COLUMNS, 1100, True]) for _ in range(bench.runs)]
        nothing = [page.evaluate(CANVAS, [1, 1, False]) for _ in range(bench.runs)]
    _frames(f"{lines}, moved", moved, canvas)
    _frames(f"{lines}, zoomed", zoomed, canvas)
    _frames("nothing drawn at all", nothing, nothing)


def _zoom(page: Any) -> Values:
    box = page.locator(".chart canvas").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 80)
    page.evaluate("bench.record()")
    page.keyboard.down("Control")
    for _ in range(12):
        page.mouse.wheel(0, -100)
        page.wait_for_timeout(40)
    page.keyboard.up("Control")
    frames: Values = page.evaluate("bench.stop()")
    return frames


def _move(page: Any) -> Values:
    box = page.locator(".chart canvas").bounding_box()
    page.keyboard.down("Shift")
    page.mouse.move(box["x"] + 900, box["y"] + 80)
    page.mouse.down()
    page.evaluate("bench.record()")
    for step in range(120):
        page.mouse.move(box["x"] + 900 - 6 * abs((step % 80) - 40), box["y"] + 80)
    frames: Values = page.evaluate("bench.stop()")
    page.mouse.up()
    page.keyboard.up("Shift")
    return frames


def _bytes(bench: Bench) -> None:
    """JavaScript as it comes over the wire: that of the first page, and of all pages."""
    with bench.page() as page:
        sizes: list[float] = []
        page.on(
            "requestfinished",
            lambda request: (
                request.resource_type == "script"
                and sizes.append(request.sizes()["responseBodySize"] / 1000)
            ),
        )
        page.goto(f"{bench.url}/")
        settle(page)
        line("JavaScript of the first page, compressed", [sum(sizes)], None, target="400 kB",
             unit="kB")  # fmt: skip
        page.goto(f"{bench.url}{PAGE}?window={MONTH}")
        settle(page)
        line("with the model's overview and its charts", [sum(sizes)], None, unit="kB")
    import gzip
    from importlib.resources import files

    scripts = (files("watchkeeper.server") / "static" / "assets").iterdir()
    packed = [len(gzip.compress(one.read_bytes(), 9)) for one in scripts if one.name.endswith("js")]
    line("of all pages together", [sum(packed) / 1000], None, unit="kB")


if __name__ == "__main__":
    main()
