"""What people and programs ask of alarms: rules, routes, alerts, silences, messages, history."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from watchkeeper.alerts import api
from watchkeeper.alerts.config import Config
from watchkeeper.alerts.delivery import acknowledge
from watchkeeper.alerts.matchers import Matcher
from watchkeeper.alerts.posted import parse_alerts, parse_silence
from watchkeeper.alerts.reading import read_config
from watchkeeper.alerts.routing import notification_key, route_test
from watchkeeper.alerts.silences import Silence, change, check_silence, expire, silenced_by
from watchkeeper.app.alarms import states
from watchkeeper.app.alarms.backtesting import HOUR, Sources, backtest_group, times_of
from watchkeeper.app.alarms.dispatching import (
    ROUTES,
    context_of,
    put_in_line,
    take_in,
    wake_groups,
)
from watchkeeper.app.alarms.evaluating import Surroundings
from watchkeeper.app.alarms.keeper import read_routes, routes_text
from watchkeeper.app.alarms.rule_book import RULES, key_of
from watchkeeper.app.alarms.sending import make_channels
from watchkeeper.app.alarms.shown import check_name, group_shown, groups_of, message_shown, urgency
from watchkeeper.app.alarms.slo_desk import SloDesk
from watchkeeper.app.alarms.vocabulary import vocabulary_of
from watchkeeper.core.alert import NAME, Labels
from watchkeeper.core.durations import format_duration
from watchkeeper.core.errors import InputError, NotFoundError
from watchkeeper.core.windows import Window
from watchkeeper.monitors.rule import Group, State
from watchkeeper.monitors.rule_file import read_rules
from watchkeeper.monitors.rule_file_lint import lint
from watchkeeper.store.catalogue.alarms import (
    AlarmStore,
    FileRow,
    MessageState,
    StateRow,
    Work,
)

Answer = dict[str, Any]

ACK_DEADLINES = {
    "P0": timedelta(minutes=5), "P1": timedelta(minutes=15), "P2": timedelta(hours=1),
    "P3": timedelta(hours=24),
}  # fmt: skip
"""How soon somebody must take an alert on, by its severity."""

ACK_LASTS = timedelta(hours=8)
"""How long an acknowledgement holds back repeats where it names no end."""


class AlarmDesk:
    """The use cases of alarms over their store.

    Parameters
    ----------
    store
        What alarms remember.
    models
        The names of all models.
    around
        What the rules of a model are evaluated in.
    clock
        Gives the time.

    Attributes
    ----------
    slo
        The use cases of SLOs.
    """

    def __init__(
        self,
        store: AlarmStore,
        *,
        models: Callable[[], Sequence[str]],
        around: Callable[[str], Surroundings],
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._models = models
        self._around = around
        self._clock = clock
        self._began = clock()
        self.slo = SloDesk(store, models=models, around=around, clock=clock)

    # ---- rules -------------------------------------------------------------------------------

    def rules(self) -> list[Answer]:
        """Every rule file, with when each of its groups was last evaluated."""
        clocks = {
            tuple(msgspec.json.decode(row.key)): states.decode(row, states.Clock)
            for row in self._store.states(states.CLOCK)
        }
        found = []
        for row in self._store.files(RULES):
            groups = groups_of(row.text)
            found.append(
                {
                    "name": row.name, "set_at": row.set_at, "who": row.who, "text": row.text,
                    "groups": [
                        group_shown(group)
                        | {
                            "evaluated": [
                                {"model": model, "at": clock.at, "took_ms": clock.took_ms,
                                 "error": clock.error or None}
                                for (file, name, model), clock in sorted(clocks.items())
                                if (file, name) == (row.name, group.name)
                            ]
                        }
                        for group in groups
                    ],
                }
            )  # fmt: skip
        return found

    def check_rules(self, text: str, *, name: str = "the rule file") -> Answer:
        """What is in a rule file, and what a person should look at.

        Raises
        ------
        InputError
            It cannot be used; the error says everything that is wrong.
        """
        vocabulary = vocabulary_of()
        groups = read_rules(text, source=name, vocabulary=vocabulary)
        return {
            "groups": len(groups),
            "rules": sum(len(group.rules) for group in groups),
            "warnings": [str(problem) for problem in lint(groups, vocabulary)],
        }

    def put_rules(self, name: str, text: str, *, who: str | None = None) -> Answer:
        """Put a rule file in force, in the place of an earlier one of its name."""
        check_name(name)
        told = self.check_rules(text, name=name)
        held = {row.name: row.text for row in self._store.files(RULES)}
        outcome = (
            "unchanged" if held.get(name) == text else "changed" if name in held else "created"
        )
        if outcome != "unchanged":
            with self._store.work() as work:
                work.put_file(FileRow(RULES, name, text, self._clock(), who))
                self._note(work, "rules", name, {"outcome": outcome, "who": who})
        return {"name": name, "outcome": outcome, **told}

    def remove_rules(self, name: str, *, who: str | None = None) -> Answer:
        """Take a rule file out of force; what fires because of it is over."""
        with self._store.work() as work:
            if not work.drop_file(RULES, name):
                raise NotFoundError(f"there is no rule file {name!r}")
            self._note(work, "rules", name, {"outcome": "removed", "who": who})
        return {"name": name, "outcome": "removed"}

    def backtest(
        self, text: str, *, start: datetime, end: datetime, model: str | None = None,
        step: timedelta = HOUR,
    ) -> Answer:  # fmt: skip
        """When the rules of a file would have fired between two times."""
        groups = read_rules(text, vocabulary=vocabulary_of())
        times = times_of(Window(start, end), step)
        found: list[Answer] = []
        read: dict[str, Sources] = {}
        for group in groups:
            for name in self._backtested(group, model):
                sources = read.setdefault(name, {})
                tried = backtest_group(group, self._around(name), times, sources=sources)
                found += [one.to_dict() for one in tried]
        return {
            "start": start, "end": end, "step": format_duration(step),
            "evaluations": len(times), "rules": found,
        }  # fmt: skip

    def _backtested(self, group: Group, model: str | None) -> Sequence[str]:
        if model is not None:
            return (model,) if group.model in (None, model) else ()
        return (group.model,) if group.model is not None else self._models()

    # ---- alerts ------------------------------------------------------------------------------

    def alerts(self, *, model: str | None = None, every: bool = False) -> list[Answer]:
        """Alerts that are not inactive, the worst and oldest first; or every one remembered."""
        now = self._clock()
        silences = states.silences(self._store)
        found = []
        for key, one in states.instances(self._store.states(states.INSTANCE)).items():
            where = key_of(key)
            if model is not None and where.model != model:
                continue
            if not every and one.state is State.INACTIVE:
                continue
            found.append(
                {
                    "file": where.file, "group": where.group, "alert": where.alert,
                    "model": where.model, "state": str(one.state), "since": one.since,
                    "labels": one.labels, "annotations": one.annotations,
                    "value": one.value, "low": one.low, "high": one.high, "rows": one.rows,
                    "fired_at": one.fired_at, "flapping": one.flapping, "note": one.note or None,
                    "silenced_by": [s.id for s in silenced_by(silences, one.labels, now)],
                }
            )  # fmt: skip
        return sorted(found, key=urgency)

    def labels_of(self, target: str) -> dict[str, str]:
        """The labels that a name means: the key of a message, or the name of a rule that fires.

        Raises
        ------
        NotFoundError
            It is neither.
        """
        now = self._clock()
        for key, group in states.groups(self._store.states(states.GROUP)).items():
            firing = group.firing(now).values()
            if any(alert.name == target for alert in firing):
                return {NAME: target}
            keys = {notification_key(key, one.receiver) for one in states.told(self._store, key)}
            if target in keys and group.labels:
                return dict(group.labels)
            if target in keys and firing:
                return dict(next(iter(firing)).labels)
        raise NotFoundError(f"nothing that fires is called {target!r}")

    def acknowledge(self, labels: Labels, *, by: str, until: datetime | None = None) -> Answer:
        """Take on every group of alerts that carries the labels: repeats wait, ends are told.

        Raises
        ------
        NotFoundError
            Nothing that fires and has been told carries them.
        """
        now = self._clock()
        end = until or now + ACK_LASTS
        if end <= now:
            raise InputError("the end of the acknowledgement is in the past; choose a later one")
        taken: list[str] = []
        config = self.config()
        with self._store.work() as work:
            for key, group in states.groups(work.states(states.GROUP)).items():
                firing = group.firing(now).values()
                if not any(labels.items() <= dict(alert.labels).items() for alert in firing):
                    continue
                told = {one.receiver: one for one in states.told(work, key)}
                done = acknowledge(group, told.values(), by=by, until=end, now=now)
                if not done.sent:
                    continue
                told |= {one.receiver: one for one in done.sent}
                states.put_told(work, key, told.values(), now)
                for notification in done.notifications:
                    put_in_line(work, notification, config, now)
                taken.append(key)
            if not taken:
                raise NotFoundError(
                    "no alert with these labels fires and has been told; `watchkeeper alerts` "
                    "lists what there is"
                )
        return {"acknowledged": taken, "by": by, "until": end}

    # ---- silences ----------------------------------------------------------------------------

    def silences(self, matchers: Sequence[Matcher] = ()) -> list[Answer]:
        """Silences in force, to come, and over; only those about such labels."""
        held = states.silences(self._store)
        return api.silences_body(held, self._clock(), matchers=matchers)

    def add_silence(self, silence: Silence) -> str:
        """Keep a silence; its id."""
        now = self._clock()
        with self._store.work() as work:
            old = {one.id: one for one in states.silences(work)}.get(silence.id)
            if old is None:
                check_silence(silence, now)
                kept: tuple[Silence, ...] = (silence,)
            else:
                kept = change(old, silence, now, new_id=new_id())
            for one in kept:
                self._put_silence(work, one)
        self._wake()
        return kept[-1].id

    def end_silence(self, id_: str) -> None:
        """End a silence now.

        Raises
        ------
        NotFoundError, ConflictError
            There is none, or it has ended.
        """
        with self._store.work() as work:
            found = {one.id: one for one in states.silences(work)}.get(id_)
            if found is None:
                raise NotFoundError(f"there is no silence {id_!r}")
            self._put_silence(work, expire(found, self._clock()))
        self._wake()

    def silence_of(self, body: bytes) -> Silence:
        """The silence that a request's body describes."""
        return parse_silence(body, self._clock(), new_id=new_id())

    def _put_silence(self, work: Work, silence: Silence) -> None:
        row = StateRow(states.SILENCE, silence.id, states.encode(silence), silence.ends_at)
        work.put_state(row, at=self._clock())
        self._note(work, "silence", silence.id, silence)

    def _wake(self) -> None:
        wake_groups(self._store, self.config(), self._clock())

    # ---- routes ------------------------------------------------------------------------------

    def config(self) -> Config:
        """The routes in force."""
        return read_routes(routes_text(self._store))

    def routes(self) -> Answer:
        """The routing file in force, and what is read of it but not done."""
        config = self.config()
        return {
            "text": config.text,
            "receivers": [
                {"name": one.name, "channels": [i.kind for i in one.integrations]}
                for one in config.receivers.values()
            ],
            "notices": [f"line {n.line}: {n.text}" for n in config.notices],
        }

    def check_routes(self, text: str) -> Config:
        """Read a routing file, and make its channels.

        Raises
        ------
        InputError
            Everything that is wrong with it.
        """
        config = read_config(text)
        problems = [
            found
            for receiver in config.receivers.values()
            if isinstance(found := make_channels(receiver, config.globals), str)
        ]
        if problems:
            raise InputError("\n".join(problems))
        return config

    def put_routes(self, text: str, *, who: str | None = None) -> Answer:
        """Put a routing file in force; what it does not touch keeps its deadlines."""
        self.check_routes(text)
        with self._store.work() as work:
            work.put_file(FileRow(ROUTES, ROUTES, text, self._clock(), who))
            self._note(work, "routes", ROUTES, {"who": who})
        return self.routes()

    def route_test(self, labels: Labels) -> list[str]:
        """Which receivers an alert with such labels goes to."""
        return list(route_test(self.config(), labels))

    # ---- messages and history ----------------------------------------------------------------

    def messages(self, *, state: MessageState | None = None, limit: int = 100) -> list[Answer]:
        """Messages and what became of them, the newest first."""
        return [message_shown(row) for row in self._store.messages(state=state, limit=limit)]

    def history(
        self, *, model: str | None = None, start: datetime | None = None, limit: int = 200
    ) -> list[Answer]:
        """What happened, the newest first."""
        return [
            {
                "at": row.at, "kind": row.kind, "model": row.model or None,
                "subject": row.subject, "what": msgspec.json.decode(row.body),
            }
            for row in self._store.history(model=model, start=start, limit=limit)
        ]  # fmt: skip

    def status(self) -> Answer:
        """Counts, for health."""
        return {
            "messages": self._store.count_messages(),
            "firing": sum(one["state"] in {"firing", "recovering"} for one in self.alerts()),
        }

    # ---- Alertmanager's API ------------------------------------------------------------------

    def api_alerts(self, wanted: api.Wanted, *, grouped: bool = False) -> list[Answer]:
        """Alerts, or groups of them, as Alertmanager's API has them."""
        now, config = self._clock(), self.config()
        context = context_of(self._store, config, now)
        groups = states.groups(self._store.states(states.GROUP)).values()
        body = api.groups_body if grouped else api.alerts_body
        return body(groups, context, now, wanted)

    def api_status(self, version: str) -> Answer:
        """The status as Alertmanager's API has it."""
        return api.status_body(self.config(), version=version, started_at=self._began)

    def take_alerts(self, body: bytes) -> tuple[str, ...]:
        """Take alerts in that another program raised; what was wrong with some of them."""
        now, config = self._clock(), self.config()
        posted = parse_alerts(body, now, resolve_timeout=config.resolve_timeout)
        with self._store.work() as work:
            take_in(work, posted.alerts, config, now)
        return posted.problems

    def _note(self, work: Work, kind: str, subject: str, body: object) -> None:
        work.add_history(at=self._clock(), kind=kind, subject=subject, body=states.encode(body))


def new_id() -> str:
    """An id that nobody else has."""
    return str(uuid.uuid4())
