"""How far it is: a bar on standard error, where somebody watches and it takes over a second."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock, Timer
from typing import TYPE_CHECKING

from watchkeeper.cli.settings import Settings

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

Progress = Callable[[float, str], None]

_PATIENCE_S = 1.0


@contextmanager
def progress_of(settings: Settings) -> Iterator[Progress]:
    """A callable that is told the share done and what is being done."""
    if settings.quiet or settings.json or not sys.stderr.isatty():
        yield lambda _done, _text: None
        return
    shown = _Shown()
    try:
        yield shown
    finally:
        shown.stop()


class _Shown:
    """The bar, which comes by itself: an engine may say nothing for minutes."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._bar: Bar | None = None
        self._done, self._text = 0.0, "starting"
        self._timer = Timer(_PATIENCE_S, self._start)
        self._timer.daemon = True
        self._timer.start()

    def __call__(self, done: float, text: str) -> None:
        """Show this from now on."""
        with self._lock:
            self._done, self._text = min(max(done, 0.0), 1.0), text
            if self._bar is not None:
                self._bar.update(self._bar.task_ids[0], completed=self._done, description=text)

    def stop(self) -> None:
        """Take the bar away."""
        self._timer.cancel()
        self._timer.join()
        if self._bar is not None:
            self._bar.stop()

    def _start(self) -> None:
        bar = _bar()
        with self._lock:
            bar.update(bar.add_task(self._text, total=1.0), completed=self._done)
            bar.start()
            self._bar = bar


def _bar() -> Bar:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
