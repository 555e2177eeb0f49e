"""The background work of alarms: evaluate what is due, look at groups, send messages.

A process of its own, so that neither a slow receiver nor a long history makes anything else wait.
Replicas share a catalogue and the work: each evaluates a share of the models, one of them looks at
groups and sends messages, and the others take over what one leaves that stops. All that must
survive is in the store; this may be killed at any time.
"""

from __future__ import annotations

import logging
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

import msgspec

from watchkeeper.alerts.config import Config, default_config
from watchkeeper.alerts.reading import read_config
from watchkeeper.app.alarms import states
from watchkeeper.app.alarms.amending import Judged, amend_past
from watchkeeper.app.alarms.budgets import Lessons
from watchkeeper.app.alarms.dispatching import ROUTES, look_at_due, take_effect, take_in
from watchkeeper.app.alarms.evaluating import Result, Surroundings, evaluate_group
from watchkeeper.app.alarms.incident_records import TIMELINE
from watchkeeper.app.alarms.incidents import IncidentKeeper
from watchkeeper.app.alarms.outages import failed_group, interrupted
from watchkeeper.app.alarms.remembered import Remembered
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
from watchkeeper.store.catalogue.leases import LeaseLostError, Leases

KEPT = timedelta(days=400)
"""How long history and messages that are done are kept."""

TELLING = "telling"
"""The lease of looking at groups and incidents, and of sending."""

SHARES = tuple(f"rules/{n:02d}" for n in range(16))
"""The leases of evaluating rules, each for some of the models."""

STUCK_S = 600.0
"""A process that came no further for so long leaves its work to others."""

WATCHED_EVERY = timedelta(seconds=10)
"""How often it is noted that somebody keeps watch."""

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
    leases
        This process's share of the work; by default one that goes by `clock`.
    interrupted_after
        How long the watch may stand still without an alert about it; None for ever.
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
        leases: Leases | None = None,
        interrupted_after: timedelta | None = None,
    ) -> None:
        self._store = store
        self._models = models
        self._around = around
        self._sender = sender
        self._slos = SloShelf(store)
        self._clock = clock
        self._leases = leases or Leases(store, holder, clock=clock)
        self._telling = self._leases.fenced(TELLING)
        self._incidents = incidents or IncidentKeeper(self._telling, clock=clock)
        self._evaluating = {share: self._leases.fenced(share) for share in SHARES}
        self._book = RuleBook(vocabulary_of)
        self._config = default_config()
        self._routes: str | None = ""
        self._in_force: str | None = None
        self._tidied: datetime | None = None
        self._interrupted_after = interrupted_after
        self._watched: datetime | None = None
        self._trouble = ""
        self._moved = time.monotonic()

    def step(self) -> int:
        """Do what is due and ours; the pieces of work done."""
        self._moved = time.monotonic()
        now = self._clock()
        ours = self._leases.share(SHARES, (TELLING,))
        done = 0
        try:
            self._take_up(now)
            done += self._evaluate(now, ours)
            if self._leases.holds(TELLING):
                done += self._tell(now)
        except LeaseLostError as error:
            log.info("%s", error)
        self._trouble = ""
        return done

    def renew(self) -> None:
        """Keep our share of the work during a long step, from another thread."""
        if time.monotonic() - self._moved < STUCK_S:
            self._leases.renew()

    def note_trouble(self, text: str) -> None:
        """Remember why a step has failed, for the alert about it."""
        self._trouble = text

    def close(self) -> None:
        """Finish what is on its way, and let another replica take over."""
        self._sender.close()
        try:
            self._leases.let_go()
        except UnavailableError as error:
            log.warning("the leases are left to run out: %s", error)

    def _tell(self, now: datetime) -> int:
        """Look at groups and incidents, and send: what only one of the replicas does."""
        self._note_watch(now)
        done = look_at_due(self._telling, self._config, self._clock())
        done += self._incidents.step()
        self._tidy(now)
        return done + self._sender.step(self._config)

    def _take_up(self, now: datetime) -> None:
        """The routes as they are now, read again where their file has changed."""
        text = routes_text(self._store)
        if text != self._routes:
            self._config = read_routes(text)
            self._routes, self._in_force = text, None
        if not self._leases.holds(TELLING):
            self._in_force = None  # Another one sees to it, and may have put other routes in force.
            self._incidents.take_up(self._config, wakes=False)
        elif self._in_force is None:
            take_effect(self._telling, self._config, now)
            self._incidents.take_up(self._config, wakes=True)
            self._in_force = text or ""
        else:
            self._incidents.take_up(self._config, wakes=False)

    def _note_watch(self, now: datetime) -> None:
        """Note that somebody keeps watch; where nobody did for long, alert about it."""
        if self._interrupted_after is None:
            return
        if self._watched is not None and timedelta() <= now - self._watched < WATCHED_EVERY:
            return
        with self._telling.work() as work:
            rows = work.states(states.WATCHED, keys=[states.WATCHED])
            last = states.decode(rows[0], datetime) if rows else now
            if now - last > self._interrupted_after:
                alert = interrupted(last, now, self._trouble)
                take_in(work, [alert], self._config, now)
                self._incidents.take(work, [alert], now)
            row = StateRow(states.WATCHED, states.WATCHED, states.encode(now))
            work.put_state(row, at=now)
        self._watched = now

    def _tidy(self, now: datetime) -> None:
        """Forget what is long over, but for the timelines of incidents."""
        if self._tidied is None or now - self._tidied >= timedelta(hours=1):
            self._tidied = now
            self._telling.forget(now - KEPT, spare=(TIMELINE, states.AUDIT))

    # ---- rules -------------------------------------------------------------------------------

    def _evaluate(self, now: datetime, ours: frozenset[str]) -> int:
        """Evaluate every group whose time has come, on every model that is ours."""
        watched = self._watched_by(ours)
        clocks = {row.key: states.decode(row, states.Clock) for row in
                  self._store.states(states.CLOCK)}  # fmt: skip
        done = 0
        for key in clocks.keys() - watched.keys():
            if share_of(model_of(key)) in ours:
                self._give_up(key, now)
        for key, one in watched.items():
            clock = clocks.get(key)
            if clock is None:
                self._start(one, now)
            elif times := one.times(min(clock.at, now), now):
                self._moved = time.monotonic()
                self._evaluate_one(one, clock, times, now)
                done += 1
        return done

    def _watched_by(self, ours: frozenset[str]) -> dict[str, Watched]:
        """Every group and SLO on each model that it watches, by key; of our share of models."""
        files = [(row.name, row.text) for row in self._store.files(RULES)]
        models = self._models()
        found = {one.key(): one for one in self._book.watched(files, models)}
        for slo in self._slos.all():
            for model in models if slo.model is None else (slo.model,):
                one = Watched(SLOS, slo_group(slo, model), model)
                found[one.key()] = one
        return {key: one for key, one in found.items() if share_of(one.model) in ours}

    def _start(self, watched: Watched, now: datetime) -> None:
        """A group that is new on a model: its first evaluation is the next one on its grid."""
        with self._working(watched.model) as work:
            row = StateRow(states.CLOCK, watched.key(), states.encode(states.Clock(now)))
            work.put_state(row, at=now)

    def _evaluate_one(
        self, watched: Watched, clock: states.Clock, times: Sequence[datetime], now: datetime
    ) -> None:
        began = time.perf_counter()
        rows = self._instances(self._store, watched.key())
        held = {key_of(key): one for key, one in states.instances(rows).items()}
        error, missed, judged = "", None, None
        try:
            around = self._around(watched.model)
            if clock.missed is not None:  # It could not be read for a while.
                times = watched.times(min(clock.missed, now), now)
            results = evaluate_group(watched, around, times, held)
            if (judged := self._judged(watched, clock, times[-1])) is not None:
                results, judged = amend_past(watched, around, results, judged)
        except NotFoundError as failure:  # The model is not there, or no longer.
            error = str(failure)
            results = [_given_up(key, held[key], times[-1], error) for key in held]
        except Exception as failure:  # noqa: BLE001  # one group of rules must not stop the others
            error, missed = _told(failure, watched), clock.missed or clock.at
            results = failed_group(watched, times, held, error)
        took = round((time.perf_counter() - began) * 1000, 1)
        with self._working(watched.model) as work:
            self._keep(work, rows, results, times[-1])
            kept = states.Clock(times[-1], took, error, missed)
            work.put_state(StateRow(states.CLOCK, watched.key(), states.encode(kept)), at=times[-1])
            if judged is not None and judged.tracks:
                row = StateRow(states.JUDGED, watched.key(), states.encode(judged))
                work.put_state(row, at=times[-1])

    def _judged(self, watched: Watched, clock: states.Clock, now: datetime) -> Judged | None:
        """What was found before, at the first evaluation of an hour; None at others."""
        if now.replace(minute=0, second=0, microsecond=0) <= clock.at:
            return None
        rows = self._store.states(states.JUDGED, keys=[watched.key()])
        return states.decode(rows[0], Judged) if rows else Judged()

    @contextmanager
    def _working(self, model: str) -> Iterator[Work]:
        """A transaction about a model, while its rules are ours and the routes are in force."""
        with self._evaluating[share_of(model)].work() as work:
            rows = work.states(states.IN_FORCE, keys=[ROUTES])
            if not rows or rows[0].body != states.encode(self._config.text):
                raise LeaseLostError("the routes are just being put in force")
            yield work

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
            for late in result.amendments:
                work.add_history(
                    at=at, kind="amended", model=result.key.model, subject=key,
                    body=states.encode(late),
                )  # fmt: skip
        alerts = [alert for result in results for alert in result.alerts]
        take_in(work, alerts, self._config, at)
        self._incidents.take(work, alerts, at)

    def _give_up(self, key: str, now: datetime) -> None:
        """A group of rules that is no longer there: whoever was told of it is told of the end."""
        rows = self._instances(self._store, key)
        held = states.instances(rows)
        results = [_given_up(key_of(name), one, now, "") for name, one in held.items()]
        with self._working(model_of(key)) as work:
            self._keep(work, rows, results, now)
            work.drop_state(states.CLOCK, key)
            work.drop_state(states.JUDGED, key)

    @staticmethod
    def _instances(store: AlarmStore, watched: str) -> list[StateRow]:
        """What is remembered of a group on a model: their keys begin alike."""
        begins = watched.removesuffix("]") + ","
        return store.states_from(states.INSTANCE, begins)


def _given_up(key: Key, instance: Instance, at: datetime, note: str) -> Result:
    done = end(instance, at, note or "the rule is gone")
    return Result(key, None, done.alerts, (done.transition,) if done.transition else ())


def _told(failure: Exception, watched: Watched) -> str:
    """What a person is told of an evaluation that failed; what nobody foresaw is logged."""
    if isinstance(failure, WatchkeeperError | OSError):
        return str(failure)
    log.error("the rules %s of model %s", watched.group.name, watched.model, exc_info=failure)
    return f"{type(failure).__name__}: {failure}"


def share_of(model: str) -> str:
    """The lease that the rules of a model belong to.

    >>> share_of("flights") in SHARES
    True
    """
    return SHARES[zlib.crc32(model.encode()) % len(SHARES)]


def model_of(key: str) -> str:
    """The model in `Watched.key`.

    >>> model_of('["a.yaml","g","flights"]')
    'flights'
    """
    model: str = msgspec.json.decode(key)[-1]
    return model


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
    lessons, memory = Lessons(), Remembered(clock)

    def around(model: str) -> Surroundings:
        at, held = clock(), measured(model)
        mine = of_model(slos(), model)
        events = None
        if mine:
            events = SloEvents(mine, minutes_since(at), conditions_of(mine, vocabulary_of(held)))
        return Surroundings(
            held, versions(model, at), events, url, minutes_since(at), lessons.learnt, memory
        )

    return around
