"""What people and programs ask of alarms: rules, routes, alerts, silences, messages, history."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from watchkeeper.alerts import api
from watchkeeper.alerts.config import Config
from watchkeeper.alerts.matchers import Matcher
from watchkeeper.alerts.posted import parse_alerts, parse_silence
from watchkeeper.alerts.reading import read_config
from watchkeeper.alerts.redacting import check_whole, redact
from watchkeeper.alerts.routing import route_test
from watchkeeper.alerts.silences import Silence, change, check_silence, expire, silenced_by
from watchkeeper.app.alarms import states
from watchkeeper.app.alarms.backtesting import HOUR, Sources, backtest_group, times_of
from watchkeeper.app.alarms.dispatching import (
    ROUTES,
    context_of,
    take_in,
    wake_groups,
)
from watchkeeper.app.alarms.evaluating import Surroundings
from watchkeeper.app.alarms.incident_alerts import tell_incidents
from watchkeeper.app.alarms.incidents import OnCallShelf, wake
from watchkeeper.app.alarms.keeper import read_routes, routes_text
from watchkeeper.app.alarms.noise import noise_of
from watchkeeper.app.alarms.paging import Reach
from watchkeeper.app.alarms.rule_book import RULES, key_of
from watchkeeper.app.alarms.sending import make_channels
from watchkeeper.app.alarms.shown import check_name, group_shown, groups_of, message_shown, urgency
from watchkeeper.app.alarms.silencing import note_end, note_silence
from watchkeeper.app.alarms.slo_desk import SloDesk
from watchkeeper.app.alarms.taking import labels_meant, take_alerts, taken_now
from watchkeeper.app.alarms.trying import try_receiver
from watchkeeper.app.alarms.vocabulary import vocabulary_of
from watchkeeper.core.alert import Labels, fingerprint
from watchkeeper.core.durations import format_duration
from watchkeeper.core.errors import InputError, NotFoundError
from watchkeeper.core.windows import Window
from watchkeeper.incidents.opening import OpeningPolicy
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

MOST_WITH_INTERVALS = 800
"""Up to so many evaluations, a month of hours, a back-test shows intervals for charts."""

RULE_SOURCES = "rule_sources"
"""The kind of rows that say where a rule file is kept."""


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
    url
        Where the server is reached, for links.

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
        url: str = "",
    ) -> None:
        self._store = store
        self._url = url
        self._shelf = OnCallShelf(store)
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
        sources = {row.name: row.text for row in self._store.files(RULE_SOURCES)}
        found = []
        for row in self._store.files(RULES):
            groups = groups_of(row.text)
            found.append(
                {
                    "name": row.name, "set_at": row.set_at, "who": row.who, "text": row.text,
                    "source": sources.get(row.name) or None,
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
            "read": [group_shown(group) for group in groups],
        }

    def put_rules(
        self, name: str, text: str, *, who: str | None = None, source: str = ""
    ) -> Answer:
        """Put a rule file in force, in the place of an earlier one of its name.

        Parameters
        ----------
        name, text
            The file.
        who
            Who does it.
        source
            Where it is kept, so that pages show it and do not change it; empty: it is kept here.

        Raises
        ------
        InputError
            It cannot be used, or a rule would have fired again and again on the past.
        """
        check_name(name)
        told = self.check_rules(text, name=source or name)
        held = {row.name: row.text for row in self._store.files(RULES)}
        outcome = (
            "unchanged" if held.get(name) == text else "changed" if name in held else "created"
        )
        if outcome != "unchanged":
            told["warnings"] += self._noise(text, held.get(name, ""))
        sources = {row.name: row.text for row in self._store.files(RULE_SOURCES)}
        if outcome != "unchanged" or sources.get(name, "") != source:
            with self._store.work() as work:
                work.put_file(FileRow(RULE_SOURCES, name, source, self._clock(), who))
                if outcome != "unchanged":
                    work.put_file(FileRow(RULES, name, text, self._clock(), who))
                    self._note(work, "rules", name, {"outcome": outcome, "who": who})
        del told["read"]
        return {"name": name, "outcome": outcome, **told}

    def _noise(self, text: str, before: str) -> list[str]:
        """Refuse rules that the past speaks against; what else it says of them."""
        found = noise_of(
            groups_of(text), groups_of(before), lambda group: self._backtested(group, None),
            self._around, self._clock(),
        )  # fmt: skip
        found.check()
        return list(found.told)

    def remove_rules(self, name: str, *, who: str | None = None) -> Answer:
        """Take a rule file out of force; what fires because of it is over."""
        with self._store.work() as work:
            if not work.drop_file(RULES, name):
                raise NotFoundError(f"there is no rule file {name!r}")
            work.drop_file(RULE_SOURCES, name)
            self._note(work, "rules", name, {"outcome": "removed", "who": who})
        return {"name": name, "outcome": "removed"}

    def backtest(
        self, text: str, *, start: datetime, end: datetime, model: str | None = None,
        step: timedelta = HOUR, points: bool = False,
    ) -> Answer:  # fmt: skip
        """When the rules of a file would have fired between two times.

        With `points`, also what was compared with what at each of them.
        """
        groups = read_rules(text, vocabulary=vocabulary_of())
        times = times_of(Window(start, end), step)
        found: list[Answer] = []
        read: dict[str, Sources] = {}
        for group in groups:
            for name in self._backtested(group, model):
                sources = read.setdefault(name, {})
                tried = backtest_group(
                    group, self._around(name), times, sources=sources,
                    intervals=points and len(times) <= MOST_WITH_INTERVALS,
                )  # fmt: skip
                found += [
                    one.to_dict() | ({"points": one.points(times)} if points else {})
                    for one in tried
                ]
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
        taken = taken_now(self._store, now)
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
                    "number": where.number, "version": where.version or None,
                    "segment": where.segment or None, "fingerprint": fingerprint(one.labels),
                    "acknowledged": taken.get(fingerprint(one.labels)),
                    "model": where.model, "state": str(one.state), "since": one.since,
                    "labels": one.labels, "annotations": one.annotations,
                    "value": one.value, "low": one.low, "high": one.high, "rows": one.rows,
                    "fired_at": one.fired_at, "flapping": one.flapping, "note": one.note or None,
                    "amended_at": one.amended_at,
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
        return labels_meant(self._store, target, self._clock())

    def acknowledge(
        self, labels: Labels, *, by: str, until: datetime | None = None, comment: str = ""
    ) -> Answer:
        """Take on every group of alerts that carries the labels, and the incidents of the alerts.

        Repeats wait until then, by default for `ACK_LASTS`; chains stop, by default for good.

        Raises
        ------
        NotFoundError
            Nothing that fires, and no incident that waits, carries them.
        """
        now = self._clock()
        if until is not None and until <= now:
            raise InputError("the end of the acknowledgement is in the past; choose a later one")
        with self._store.work() as work:
            done = take_alerts(work, labels, self._reach(), by=by, until=until, now=now)
            work.add_history(
                at=now, kind="acknowledged", subject=fingerprint(labels),
                model=labels.get("model", ""),
                body=states.encode({"by": by, "until": done["until"], "comment": comment.strip()}),
            )  # fmt: skip
            return done

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
            note_silence(work, kept[-1], now)
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
            now = self._clock()
            self._put_silence(work, expire(found, now))
            note_end(work, found, now)
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
        wake(self._store, self._clock())

    def _reach(self) -> Reach:
        return Reach(self.config(), self._shelf.get(), self._url)

    # ---- routes ------------------------------------------------------------------------------

    def config(self) -> Config:
        """The routes in force."""
        return read_routes(routes_text(self._store))

    def routes(self) -> Answer:
        """The routing file in force without its secrets, and what is read of it but not done."""
        config = self.config()
        return {
            "text": redact(config.text),
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

    def try_receiver(self, name: str, *, who: str) -> list[Answer]:
        """Send a message to each channel of a receiver; what they said."""
        return try_receiver(self.config(), name, by=who, clock=self._clock, key=f"test-{new_id()}")

    def put_routes(self, text: str, *, who: str | None = None) -> Answer:
        """Put a routing file in force; what it does not touch keeps its deadlines."""
        check_whole(text)
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
        self, *, model: str | None = None, start: datetime | None = None, limit: int = 200,
        kinds: Sequence[str] = (),
    ) -> list[Answer]:  # fmt: skip
        """What happened, the newest first."""
        return [
            {
                "at": row.at, "kind": row.kind, "model": row.model or None,
                "subject": row.subject, "what": msgspec.json.decode(row.body),
            }
            for row in self._store.history(
                kinds=kinds, model=model, start=start, limit=limit
            )
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
        now, reach = self._clock(), self._reach()
        posted = parse_alerts(body, now, resolve_timeout=reach.config.resolve_timeout)
        with self._store.work() as work:
            take_in(work, posted.alerts, reach.config, now)
            tell_incidents(work, posted.alerts, reach, OpeningPolicy(), now)
        return posted.problems

    def _note(self, work: Work, kind: str, subject: str, body: object) -> None:
        work.add_history(at=self._clock(), kind=kind, subject=subject, body=states.encode(body))


def new_id() -> str:
    """An id that nobody else has."""
    return str(uuid.uuid4())
