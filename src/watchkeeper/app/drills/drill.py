"""Run fire drills on a server's folder: nothing in it is written, and nobody is told."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper.app.alarms.evaluating import Surroundings
from watchkeeper.app.alarms.keeper import live_versions
from watchkeeper.app.alarms.rule_book import RULES, RuleBook
from watchkeeper.app.alarms.slos import (
    SLOS,
    SloEvents,
    conditions_of,
    of_model,
    read_slos,
    slo_group,
)
from watchkeeper.app.alarms.vocabulary import vocabulary_of
from watchkeeper.app.drills.injections import Facts, inject
from watchkeeper.app.drills.report import Drilled, Plan, Report
from watchkeeper.app.drills.scratch import (
    Anew,
    Copied,
    copy_rows,
    copy_store,
    fresh_copy,
    hours_between,
    measure_anew,
)
from watchkeeper.app.drills.spelling import Injection
from watchkeeper.app.drills.trying import Span, try_rules
from watchkeeper.app.drills.verdicts import Alerting, judge
from watchkeeper.app.live.catalogue_place import check_catalogue
from watchkeeper.app.live.clock import Clock, now
from watchkeeper.app.live.event_rows import role_columns
from watchkeeper.app.live.measured import Measured
from watchkeeper.app.live.registered import Reference
from watchkeeper.app.live.registry import Registry
from watchkeeper.app.live.settings import Settings
from watchkeeper.app.live.spans import hour_before, window_of
from watchkeeper.core import envelope
from watchkeeper.core.errors import InputError
from watchkeeper.core.model import Task
from watchkeeper.core.windows import Window
from watchkeeper.expressions.hints import suggest
from watchkeeper.monitors.rule import Group
from watchkeeper.monitors.rule_file import read_rules
from watchkeeper.monitors.slo.objective import Slo
from watchkeeper.profiles.grid import Grid
from watchkeeper.profiles.numeric import Numeric
from watchkeeper.store.buckets import Buckets
from watchkeeper.store.catalogue.alarms import AlarmStore
from watchkeeper.store.catalogue.catalogue import Catalogue
from watchkeeper.store.catalogue.copying import copy_catalogue

Progress = Callable[[float, str], None]


def run_drill(
    folder: Path,
    plan: Plan,
    *,
    clock: Clock = now,
    told: Progress = lambda _share, _text: None,
    catalogue: str | None = None,
) -> Report:
    """Do harm to a copy of recent traffic, and see which alerts would have fired.

    Every injection is tried alone, on a copy of its own, from a time on. The rules are evaluated at
    the end of each hour of the window, with the harm and without it; those over the last hours of
    traffic every five minutes while the harm is young.

    Parameters
    ----------
    folder
        Of a server, which may be running; it is only read.
    plan
        What is drilled.
    clock
        Gives the time, for windows up to now.
    told
        Is told how far it is.
    catalogue
        The database of the folder's catalogue; None where that is a file.

    Raises
    ------
    InputError
        The window has no rows, there are no rules, or an injection does not fit the model.
    NotFoundError
        There is no such model.
    """
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="watchkeeper-drill-") as scratch:
        told(0.0, "copying the profiles")
        settings = Settings(folder, catalogue_url=catalogue)
        check_catalogue(settings)
        ground = _Ground(settings, Path(scratch), plan, clock, told)
        with ground.opened():
            drills = tuple(ground.drills())
        return ground.report(drills, time.monotonic() - began)


class _Ground:
    """Where the drills of one plan take place."""

    def __init__(
        self, settings: Settings, scratch: Path, plan: Plan, clock: Clock, told: Progress
    ) -> None:
        self._settings = settings
        self._scratch = scratch
        self._plan = plan
        self._clock = clock
        self._told = told
        self._base = scratch / "base.db"
        self._control: list[Alerting] = []

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Copy what is needed, and find out what the drill is about."""
        catalogue = self._scratch / "catalogue.db"
        if self._settings.catalogue_url:
            copy_catalogue(self._settings.catalogue_url, catalogue)
        else:
            copy_store(self._settings.catalogue_file, catalogue)
        with contextlib.closing(Catalogue(catalogue)) as held:
            self._registry = Registry(held, clock=self._clock)
            self._file = self._registry.get(self._plan.model).file
            self._reference = self._registry.reference(self._plan.model)
            with contextlib.closing(AlarmStore(catalogue)) as store:
                self._groups, self._slos = _rules(store, self._plan)
            _check_expected(self._plan.expected, self._groups)
            copy_store(self._settings.buckets, self._base)
            with Buckets(self._base) as buckets:
                self._survey(buckets)
            self._versions = live_versions(self._registry)(self._plan.model, self._window.end)
            yield

    def _survey(self, buckets: Buckets) -> None:
        """The window, and its rows in files."""
        plan = self._plan
        self._window, self._at, self._cut = _window(buckets, plan, self._clock())
        self._span = Span(self._window, self._at)
        late = Window(self._span.minutes, self._window.end)
        hours = sorted(hours_between(buckets, plan.model, late))
        layout = None if self._reference is None else self._reference.profile.layout
        whole = layout is not None and layout.model.task is Task.RANKING
        self._rows = copy_rows(
            self._settings, plan.model, late, buckets, self._scratch, whole=whole,
            told=lambda share: self._told(0.3 * share, "copying the rows"),
        )  # fmt: skip
        gone = sorted(set(hours) - self._rows.hours())
        if gone:
            raise InputError(
                f"rows of {plan.model!r} of {gone[0]:%Y-%m-%d %H:%M} are not kept any more, only "
                "what was measured of them; choose a later window"
            )
        self._anew = Anew(plan.model, layout, hours, self._span.minutes)
        self._facts = _facts(self._rows, self._reference)
        for injection in plan.injections:
            _check(injection, self._rows, self._facts)

    def drills(self) -> Iterator[Drilled]:
        """Try every injection."""
        runs = 1 + len(self._plan.injections)
        self._told(0.3, "measuring the untouched copy")
        self._control = self._run(lambda rows, _place: rows)
        for number, injection in enumerate(self._plan.injections):
            self._told(0.3 + 0.7 * (number + 1) / runs, injection.text)
            yield self._drill(injection)

    def _drill(self, injection: Injection) -> Drilled:
        reached: list[int] = []

        def harm(rows: pa.Table, place: int) -> pa.Table:
            rng = np.random.default_rng([self._plan.seed, place])
            rows, count = inject(rows, injection, self._at, self._facts, rng)
            reached.append(count)
            return rows

        verdicts = judge(self._control, self._run(harm), self._at, self._window.end)
        return Drilled(injection, sum(reached), tuple(verdicts))

    def _run(self, harm: Callable[[pa.Table, int], pa.Table]) -> list[Alerting]:
        """Measure the rows after some harm, and evaluate the rules."""
        pieces = (
            (harm(rows, place), outcomes)
            for place, (rows, outcomes) in enumerate(self._rows.pieces())
        )
        with fresh_copy(self._base, self._scratch / "run.db") as buckets:
            measure_anew(buckets, self._anew, pieces, self._clock())
            measured = Measured(self._plan.model, buckets, self._reference)
            around = Surroundings(measured, self._versions, self._events(measured))
            return list(try_rules(self._groups, around, self._span))

    def _events(self, measured: Measured) -> SloEvents | None:
        if not self._slos:
            return None
        conditions = conditions_of(self._slos, vocabulary_of(measured))
        return SloEvents(self._slos, None, conditions)

    def report(self, drills: tuple[Drilled, ...], seconds: float) -> Report:
        """What came of it."""
        return Report(
            self._plan.model, self._window.start, self._at, self._window.end, self._cut,
            self._rows.rows, sum(len(group.rules) for group in self._groups),
            _label_delay(self._rows), drills, seconds, tuple(self._plan.expected),
        )  # fmt: skip


def _rules(store: AlarmStore, plan: Plan) -> tuple[list[Group], dict[str, Slo]]:
    """The groups of rules on the model, and its SLOs; those of a file where one is given."""
    if plan.rules is not None:
        name, text = plan.rules
        groups = [
            group
            for group in read_rules(text, source=name, vocabulary=vocabulary_of())
            if group.model in (None, plan.model)
        ]
        if not groups:
            raise InputError(f"{name} has no rules for the model {plan.model!r}")
        return groups, {}
    files = [(row.name, row.text) for row in store.files(RULES)]
    watched = RuleBook(vocabulary_of).watched(files, [plan.model])
    groups = [one.group for one in watched if one.model == plan.model]
    slos = of_model(read_slos((row.name, row.text) for row in store.files(SLOS)), plan.model)
    groups += [slo_group(slo, plan.model) for slo in slos.values()]
    if not groups:
        raise InputError(
            f"no rules are in force for {plan.model!r}, so nothing could notice; try a file with "
            "--rules rules.yaml (`watchkeeper init` writes one)"
        )
    return groups, slos


def _check_expected(expected: Sequence[str], groups: Iterable[Group]) -> None:
    """Refuse to expect a rule that is not tried.

    Raises
    ------
    InputError
        There is none of that name.
    """
    known = {name for group in groups for rule in group.rules
             for name in (rule.alert, group.name, group.name.removeprefix("slo: "))}  # fmt: skip
    for name in expected:
        if name not in known:
            raise InputError(
                f"no rule, group or SLO that is tried is called {name!r}"
                f"{suggest(name, sorted(known))}"
            )


def _window(buckets: Buckets, plan: Plan, at: datetime) -> tuple[Window, datetime, bool]:
    """The hours with data, when the harm begins, and whether the end was cut off."""
    span = buckets.span(plan.model)
    if span is None:
        raise InputError(f"nothing has been measured of {plan.model!r} yet")
    asked = window_of(plan.window, now=at, held=Window(*span))
    start, end = max(asked.start, span[0]), min(asked.end, span[1])
    if start >= end:
        raise InputError(
            f"{plan.model!r} has no rows in {plan.window!r}; it has some from "
            f"{span[0]:%Y-%m-%d %H:%M} to {span[1]:%Y-%m-%d %H:%M}"
        )
    begin = plan.at or hour_before(start + (end - start) / 2)
    if begin.tzinfo is None:
        begin = begin.replace(tzinfo=UTC)
    if not start <= begin < end:
        raise InputError(
            f"the harm is to begin at {begin.isoformat()}, outside of the window from "
            f"{start.isoformat()} to {end.isoformat()}"
        )
    last = _cut(hours_between(buckets, plan.model, Window(hour_before(begin), end)), plan, end)
    return Window(start, last), begin, last < end


def _cut(hours: dict[datetime, int], plan: Plan, end: datetime) -> datetime:
    """Where the window ends, so that it does not hold too many rows; one hour always stays."""
    rows = 0
    for hour in sorted(hours):
        rows += hours[hour]
        if rows > plan.max_rows and rows > hours[hour]:
            return hour
    return end


def _facts(rows: Copied, reference: Reference | None) -> Facts:
    """What the injections have to know of the traffic as a whole."""
    if reference is None:
        return Facts(classes=_classes(rows))
    layout = reference.profile.layout
    sources = role_columns(layout.model)
    deviations = {}
    for name, held in reference.profile.whole.columns.items():
        axis = layout.axes.get(name)
        if isinstance(held, Numeric) and isinstance(axis, Grid):
            spread = held.std(axis)
            if spread is not None:
                deviations[sources.get(name, name)] = spread
    numbers = layout.model.task is Task.REGRESSION
    return Facts(sources, deviations, () if numbers else _classes(rows))


def _classes(rows: Copied) -> tuple[str, ...]:
    found: set[str] = set()
    for piece, _ in rows.pieces():
        if envelope.LABEL in piece.column_names:
            found |= set(pc.unique(piece.column(envelope.LABEL)).to_pylist()) - {None}
    return tuple(sorted(found))


def _check(injection: Injection, rows: Copied, facts: Facts) -> None:
    """See that an injection has something to harm, before the work begins.

    Raises
    ------
    InputError
        It has not.
    """
    name = injection.column
    needed = {"latency": envelope.LATENCY, "labels": envelope.LABEL,
              "missing-labels": envelope.LABEL}.get(injection.kind)  # fmt: skip
    source = needed or (None if name is None else facts.sources.get(name, name))
    if source is None:
        return
    columns: set[str] = set()
    for piece, _ in rows.pieces():
        held = piece.column(source) if source in piece.column_names else None
        if held is not None and held.null_count < len(held):
            return
        columns |= set(piece.column_names)
    if needed is not None:
        what = {envelope.LATENCY: "latency", envelope.LABEL: "label"}[needed]
        raise InputError(f"no row of the window has a {what}, so {injection.text!r} harms nothing")
    known = sorted(column for column in columns if not column.startswith("_"))
    raise InputError(
        f"no row of the window has the column {name!r} of {injection.text!r}"
        f"{suggest(name or '', known)}"
    )


def _label_delay(rows: Copied) -> timedelta | None:
    """How long a label takes, the median over the rows that have one."""
    waits = []
    for piece, _ in rows.pieces():
        if "_label_time" in piece.column_names:
            held = pc.subtract(piece.column("_label_time"), piece.column(envelope.TIME))
            waits.append(pc.drop_null(held).cast(pa.int64()).to_numpy())
    known = np.concatenate(waits) if waits else np.zeros(0)
    return timedelta(microseconds=float(np.median(known))) if known.size else None
