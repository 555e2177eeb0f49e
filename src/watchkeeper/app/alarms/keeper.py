"""The background work of alarms: evaluate what is due, look at groups, send messages.

A process of its own, so that neither a slow receiver nor a long history makes anything else wait.
Replicas share a catalogue: one of them holds the lease and works, another takes over when it stops.
All that must survive is in the store; this may be killed at any time.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from watchkeeper.alerts.config import Config, default_config
from watchkeeper.alerts.reading import read_config
from watchkeeper.app.alarms import states
from watchkeeper.app.alarms.budgets import Lessons
from watchkeeper.app.alarms.dispatching import ROUTES, look_at_due, take_effect, take_in
from watchkeeper.app.alarms.evaluating import Result, Surroundings, evaluate_group
from watchkeeper.app.alarms.incident_records import TIMELINE
from watchkeeper.app.alarms.incidents import IncidentKeeper
from watchkeeper.app.alarms.rule_book import RULES, Key, RuleBook, Watched, key_of
from watchkeeper.app.alarms.sending import Sender
from watchkeeper.app.alarms.slos import (
    SLOS,
    SloEvents,
    conditions_of,
    of_model,
    read_slos,
    slo_group,
)
from watchkeeper.app.alarms.vocabulary import vocabulary_of
from watchkeeper.app.live.measured import Measured
from watchkeeper.app.live.registry import Registry
from watchkeeper.core.errors import NotFoundError, UnavailableError, WatchkeeperError
from watchkeeper.monitors.instance import Instance
from watchkeeper.monitors.machine import end
from watchkeeper.monitors.slo.objective import Slo
from watchkeeper.store.bucket_times import minutes_since
from watchkeeper.store.catalogue.alarms import AlarmStore, StateRow, Work

KEPT = timedelta(days=400)
"""How long history and messages that are done are kept."""

LEASE = "alarms"
LEASE_S = 30.0
"""How long a replica that has died keeps the others waiting."""

log = logging.getLogger("watchkeeper.alarms")


class Keeper:
    """Evaluates rules and sees to it that people are told.

    Parameters
    ----------
    store
        What alarms remember.
    models
        The names of all models.
    around
        What the rules of a model are evaluated in.
    sender
        Sends messages.
    clock
        Gives the time.
    holder
        Names this process among replicas.
    incidents
        Sees to incidents; by default one that looks up no changes.
    """

    def __init__(  # noqa: PLR0913  # its parts, by name
        self,
        store: AlarmStore,
        *,
        models: Callable[[], Sequence[str]],
        around: Callable[[str], Surroundings],
        sender: Sender,
        clock: Callable[[], datetime],
        holder: str,
        incidents: IncidentKeeper | None = None,
    ) -> None:
        self._incidents = incidents or IncidentKeeper(store, clock=clock)
        self._store = store
        self._models = models
        self._around = around
        self._sender = sender
        self._slos = SloShelf(store)
        self._clock = clock
        self._holder = holder
        self._book = RuleBook(vocabulary_of)
        self._config = default_config()
        self._routes: str | None = ""
        self._leased_until: datetime | None = None
        self._tidied: datetime | None = None

    def step(self) -> int:
        """Do what is due; the pieces of work done, 0 where there was nothing or it is not ours."""
        now = self._clock()
        if not self._leads(now):
            return 0
        self._take_up(now)
        done = self._evaluate(now)
        done += look_at_due(self._store, self._config, self._clock())
        done += self._incidents.step()
        self._tidy(now)
        return done + self._sender.step(self._config)

    def close(self) -> None:
        """Finish what is on its way, and let another replica take over."""
        self._sender.close()
        try:
            self._store.let_go(LEASE, self._holder)
        except UnavailableError as error:
            log.warning("the lease is left to run out (%g s): %s", LEASE_S, error)

    def _leads(self, now: datetime) -> bool:
        half = timedelta(seconds=LEASE_S / 2)
        if self._leased_until is not None and now < self._leased_until - half:
            return True
        until = now + timedelta(seconds=LEASE_S)
        ours = self._store.lease(LEASE, self._holder, until=until, now=now)
        self._leased_until = until if ours else None
        return ours

    def _take_up(self, now: datetime) -> None:
        """The routes as they are now, read again where their file has changed."""
        text = routes_text(self._store)
        if text != self._routes:
            self._config = read_routes(text)
            take_effect(self._store, self._config, now)
            self._routes = text
        self._incidents.take_up(self._config)

    def _tidy(self, now: datetime) -> None:
        """Forget what is long over, but for the timelines of incidents."""
        if self._tidied is None or now - self._tidied >= timedelta(hours=1):
            self._tidied = now
            self._store.forget(now - KEPT, spare=(TIMELINE,))

    # ---- rules -------------------------------------------------------------------------------

    def _evaluate(self, now: datetime) -> int:
        """Evaluate every group whose time has come, on every model that it watches."""
        files = [(row.name, row.text) for row in self._store.files(RULES)]
        models = self._models()
        watched = {one.key(): one for one in self._book.watched(files, models)}
        for slo in self._slos.all():
            for model in models if slo.model is None else (slo.model,):
                one = Watched(SLOS, slo_group(slo, model), model)
                watched[one.key()] = one
        clocks = {row.key: states.decode(row, states.Clock) for row in
                  self._store.states(states.CLOCK)}  # fmt: skip
        for key in clocks.keys() - watched.keys():
            self._give_up(key, now)
        done = 0
        for key, one in watched.items():
            clock = clocks.get(key)
            if clock is None:
                self._start(key, now)
                continue
            times = one.times(min(clock.at, now), now)
            if times:
                self._evaluate_one(one, times)
                done += 1
        return done

    def _start(self, key: str, now: datetime) -> None:
        """A group that is new on a model: its first evaluation is the next one on its grid."""
        with self._store.work() as work:
            row = StateRow(states.CLOCK, key, states.encode(states.Clock(now)))
            work.put_state(row, at=now)

    def _evaluate_one(self, watched: Watched, times: Sequence[datetime]) -> None:
        began = time.perf_counter()
        rows = self._instances(self._store, watched.key())
        held = {key_of(key): one for key, one in states.instances(rows).items()}
        error = ""
        results: list[Result] = []
        try:
            results = evaluate_group(watched, self._around(watched.model), times, held)
        except NotFoundError as failure:  # The model is not there, or no longer.
            error = str(failure)
            results = [_given_up(key, held[key], times[-1], error) for key in held]
        except Exception as failure:  # One group of rules must not stop the others.
            log.exception("the rules %s of model %s", watched.group.name, watched.model)
            error = f"{type(failure).__name__}: {failure}"
        took = (time.perf_counter() - began) * 1000
        with self._store.work() as work:
            self._keep(work, rows, results, times[-1])
            clock = states.Clock(times[-1], round(took, 1), error)
            work.put_state(
                StateRow(states.CLOCK, watched.key(), states.encode(clock)), at=times[-1]
            )

    def _keep(
        self, work: Work, rows: Iterable[StateRow], results: Iterable[Result], at: datetime
    ) -> None:
        """Keep what changed, note it, and hand the alerts on: all of it, or nothing."""
        before = {row.key: row.body for row in rows}
        for result in results:
            key = result.key.text()
            if result.instance is None:
                if key in before:
                    work.drop_state(states.INSTANCE, key)
            elif (body := states.encode(result.instance)) != before.get(key):
                work.put_state(StateRow(states.INSTANCE, key, body), at=at)
            for change in result.transitions:
                work.add_history(
                    at=change.at, kind="state", model=result.key.model, subject=key,
                    body=states.encode(change),
                )  # fmt: skip
        alerts = [alert for result in results for alert in result.alerts]
        take_in(work, alerts, self._config, at)
        self._incidents.take(work, alerts, at)

    def _give_up(self, key: str, now: datetime) -> None:
        """A group of rules that is no longer there: whoever was told of it is told of the end."""
        rows = self._instances(self._store, key)
        held = states.instances(rows)
        results = [_given_up(key_of(name), one, now, "") for name, one in held.items()]
        with self._store.work() as work:
            self._keep(work, rows, results, now)
            work.drop_state(states.CLOCK, key)

    @staticmethod
    def _instances(store: AlarmStore, watched: str) -> list[StateRow]:
        """What is remembered of a group on a model: their keys begin alike."""
        begins = watched.removesuffix("]") + ","
        return store.states_from(states.INSTANCE, begins)


def _given_up(key: Key, instance: Instance, at: datetime, note: str) -> Result:
    done = end(instance, at, note or "the rule is gone")
    return Result(key, None, done.alerts, (done.transition,) if done.transition else ())


def routes_text(store: AlarmStore) -> str | None:
    """The routing file that was applied last; None where there is none."""
    return next((row.text for row in store.files(ROUTES) if row.name == ROUTES), None)


def read_routes(text: str | None) -> Config:
    """The routes of a file; the default where there is none, or where it cannot be read.

    A file is refused when it is applied, so one that cannot be read comes from another release.
    """
    if text is None:
        return default_config()
    try:
        return read_config(text)
    except WatchkeeperError as error:
        log.error("the routes cannot be read: %s", error)  # noqa: TRY400  # a sentence
        return default_config()


LIVE = timedelta(days=2)
"""A version that records have come of so lately has alerts of its own."""


def live_versions(registry: Registry) -> Callable[[str, datetime], Sequence[str]]:
    """The versions of a model that records have come of lately, by the model and the time."""

    def versions(model: str, at: datetime) -> Sequence[str]:
        try:
            held = registry.versions(model)
        except NotFoundError:
            return ()
        return [
            one["version"]
            for one in held
            if one["last_seen"] is not None and one["last_seen"] >= at - LIVE
        ]

    return versions


class SloShelf:
    """The SLOs that were applied, read again where a file has changed."""

    def __init__(self, store: AlarmStore) -> None:
        self._store = store
        self._texts: list[tuple[str, str]] | None = None
        self._held: list[Slo] = []

    def all(self) -> list[Slo]:
        """All of them."""
        texts = [(row.name, row.text) for row in self._store.files(SLOS)]
        if texts != self._texts:
            self._texts, self._held = texts, read_slos(texts)
        return self._held


def measured_around(
    measured: Callable[[str], Measured],
    versions: Callable[[str, datetime], Sequence[str]],
    slos: Callable[[], Sequence[Slo]],
    clock: Callable[[], datetime],
    url: str,
) -> Callable[[str], Surroundings]:
    """What the rules of a model are evaluated in, by the model's name."""
    lessons = Lessons()

    def around(model: str) -> Surroundings:
        at, held = clock(), measured(model)
        mine = of_model(slos(), model)
        events = None
        if mine:
            events = SloEvents(mine, minutes_since(at), conditions_of(mine, vocabulary_of(held)))
        return Surroundings(
            held, versions(model, at), events, url, minutes_since(at), lessons.learnt
        )

    return around
