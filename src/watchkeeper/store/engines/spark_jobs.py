"""A Spark job that says how far it is, has a time limit, and ends with its caller."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, NamedTuple, Protocol, TypeVar

from watchkeeper.core.errors import InputError
from watchkeeper.core.progress import Progress, silent
from watchkeeper.store.engines.base import overtime
from watchkeeper.store.engines.spark_columns import is_connect
from watchkeeper.store.engines.spark_errors import failing

T = TypeVar("T")

_POLL = 0.2
"""Seconds between two looks at the job."""

_GRACE = 5.0
"""Seconds that a cancelled job has to end."""


class Stage(NamedTuple):
    """How far a stage is."""

    done: int
    tasks: int


class _Watch(Protocol):
    """What marks, follows and cancels the jobs of one call."""

    def mark(self) -> None:
        """Mark what this thread starts from now on."""

    def stages(self) -> Iterable[Stage]:
        """The stages that are known so far."""

    def cancel(self) -> None:
        """End what was marked, on the cluster."""

    def close(self) -> None:
        """Forget the mark."""


def finished(
    session: Any,
    action: Callable[[], T],
    name: str,
    *,
    progress: Progress = silent,
    timeout: float | None = None,
) -> T:
    """What an action on Spark gives, while its progress is told.

    The action runs in a thread of its own: Ctrl-C and the time limit then reach the caller while
    Spark works, and the job is cancelled on the cluster.

    Parameters
    ----------
    session
        The Spark session.
    action
        Starts Spark jobs and waits for them.
    name
        The rows, for progress and errors.
    progress
        Told how many tasks are done.
    timeout
        Seconds after which the job is cancelled.

    Raises
    ------
    InputError
        Spark failed, or the time was over.
    """
    watch = _watch(session)
    run = _Run(action, watch)
    thread = _thread(run)
    thread.start()
    try:
        _wait(run, watch, name, progress, timeout)
    except BaseException:
        _cancel(run, watch)
        raise
    finally:
        with suppress(Exception):
            watch.close()
    with failing(name):
        if run.error is not None:
            raise run.error
    return run.result  # type: ignore[no-any-return]  # what the action gave


class _Run:
    """The action, and what came of it."""

    def __init__(self, action: Callable[[], Any], watch: _Watch) -> None:
        self.action, self.watch = action, watch
        self.result: Any = None
        self.error: BaseException | None = None
        self.done = threading.Event()

    def __call__(self) -> None:
        try:
            self.watch.mark()
            self.result = self.action()
        except BaseException as error:  # noqa: BLE001  # raised again where it is waited for
            self.error = error
        finally:
            self.done.set()


def _wait(run: _Run, watch: _Watch, name: str, progress: Progress, timeout: float | None) -> None:
    start, told = time.monotonic(), Stage(0, 0)
    while not run.done.wait(_POLL):
        if timeout is not None and time.monotonic() - start > timeout:
            raise InputError(overtime(name, timeout))
        if progress is silent:
            continue
        stage = told
        with suppress(Exception):  # A cluster that is lost is told by the action itself.
            # The scan has the most tasks; later stages name it again, as one to be skipped.
            stage = max(watch.stages(), key=lambda s: (s.tasks, s.done), default=told)
        if stage.tasks and stage != told:
            told = stage
            progress(told.done / told.tasks, f"profiling {name}, {told.done} of {told.tasks} tasks")


def _cancel(run: _Run, watch: _Watch) -> None:
    """Cancel until it has ended: what comes before the job began is forgotten."""
    end = time.monotonic() + _GRACE
    while not run.done.is_set() and time.monotonic() < end:
        with suppress(Exception):  # The cause is told, not that cancelling failed too.
            watch.cancel()
        run.done.wait(_POLL)


def _thread(run: _Run) -> threading.Thread:
    if isinstance(run.watch, _Connect):
        return threading.Thread(target=run, daemon=True)
    from pyspark import InheritableThread

    # It takes the caller's pool and other properties along.
    return InheritableThread(target=run, daemon=True)


def _watch(session: Any) -> _Watch:
    return _Connect(session) if is_connect(session) else _Classic(session)


class _Classic:
    """Jobs of a session in this process's own driver."""

    def __init__(self, session: Any) -> None:
        self._context = session.sparkContext
        self._group = f"watchkeeper-{uuid.uuid4()}"

    def mark(self) -> None:
        """Put this thread's jobs into a group."""
        self._context.setJobGroup(self._group, "Watchkeeper profile")

    def stages(self) -> Iterable[Stage]:
        """The stages of the group's jobs."""
        tracker = self._context.statusTracker()
        for job in tracker.getJobIdsForGroup(self._group):
            found = tracker.getJobInfo(job)
            for stage in found.stageIds if found else ():
                known = tracker.getStageInfo(stage)
                if known is not None:
                    yield Stage(known.numCompletedTasks, known.numTasks)

    def cancel(self) -> None:
        """Cancel the group."""
        self._context.cancelJobGroup(self._group)

    def close(self) -> None:
        """Nothing: the group goes with its thread."""


class _Connect:
    """Operations of a session on a Spark Connect server."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._tag = f"watchkeeper-{uuid.uuid4()}"
        self._stages: list[Stage] = []
        session.registerProgressHandler(self._hear)

    def _hear(self, stages: Any, **_: Any) -> None:
        self._stages = [Stage(s.num_completed_tasks, s.num_tasks) for s in stages or ()]

    def mark(self) -> None:
        """Tag this thread's operations."""
        self._session.addTag(self._tag)

    def stages(self) -> Iterable[Stage]:
        """The stages that the server told of last."""
        return self._stages

    def cancel(self) -> None:
        """Interrupt what has the tag."""
        self._session.interruptTag(self._tag)

    def close(self) -> None:
        """Hear no more."""
        self._session.removeProgressHandler(self._hear)
