"""How far it is: a bar on standard error, where somebody watches and it takes over a second."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
    started = time.monotonic()
    bar: Bar | None = None

    def told(done: float, text: str) -> None:
        nonlocal bar
        if bar is None:
            if time.monotonic() - started < _PATIENCE_S:
                return
            bar = _bar()
            bar.start()
            bar.add_task(text, total=1.0)
        bar.update(bar.task_ids[0], completed=min(max(done, 0.0), 1.0), description=text)

    try:
        yield told
    finally:
        if bar is not None:
            bar.stop()


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
