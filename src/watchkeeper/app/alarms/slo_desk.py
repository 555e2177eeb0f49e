"""What people and programs ask of SLOs: which there are, and what is left of their budgets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from watchkeeper.app.alarms import states
from watchkeeper.app.alarms.evaluating import Surroundings, to_times
from watchkeeper.app.alarms.shown import check_name
from watchkeeper.app.alarms.slos import SLOS, read_slos
from watchkeeper.app.alarms.source import MeasuredSource
from watchkeeper.core.durations import format_duration
from watchkeeper.core.errors import InputError, NotFoundError
from watchkeeper.monitors.slo.check import check_slo
from watchkeeper.monitors.slo.formats import slos_in
from watchkeeper.monitors.slo.objective import Slo
from watchkeeper.monitors.slo.prometheus import BAD, TOTAL
from watchkeeper.store.catalogue.alarms import AlarmStore, FileRow, Work

Answer = dict[str, Any]


class SloDesk:
    """The use cases of SLOs; the parameters are those of `AlarmDesk`."""

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

    def all(self) -> list[Answer]:
        """Every SLO on each model that it holds for, with what is left of its budget."""
        now = self._clock()
        held = [
            (row.name, slo)
            for row in self._store.files(SLOS)
            for slo in read_slos([(row.name, row.text)])
        ]
        return [
            self._slo(file, slo, model, now)
            for file, slo in held
            for model in (self._models() if slo.model is None else (slo.model,))
        ]

    def _slo(self, file: str, slo: Slo, model: str, now: datetime) -> Answer:
        answer: Answer = {
            "file": file, "name": slo.name, "model": model, "objective": slo.objective,
            "period": format_duration(slo.period), "budgeting": slo.budgeting,
            "kind": str(slo.indicator.kind), "description": slo.description,
            "bad": None, "total": None, "remaining": None, "error": None,
        }  # fmt: skip
        try:
            around = self._around(model)
            if around.slos is None:
                return answer
            source = MeasuredSource(around.measured, around.slos, around.minutes)
            bad, total = source.events(slo.name, slo.period, to_times([now]))
        except (InputError, NotFoundError) as error:
            return answer | {"error": str(error)}
        allowed = slo.budget * float(total[0])
        left = 1 - float(bad[0]) / allowed if allowed else None
        return answer | {"bad": int(bad[0]), "total": int(total[0]), "remaining": left}

    def counters(self) -> str:
        """All events of each SLO so far, as Prometheus text: what exported rules read."""
        lines: list[str] = []
        for name, place in ((TOTAL, 1), (BAD, 0)):
            lines += [f"# HELP {name} Events of an SLO.", f"# TYPE {name} counter"]
            lines += [
                f'{name}{{model="{escaped(model)}",slo="{escaped(slo)}"}} {counts[place]}'
                for (model, slo), counts in self._slo_events().items()
            ]
        return "\n".join([*lines, ""]) if len(lines) > 4 else ""

    def _slo_events(self) -> dict[tuple[str, str], tuple[int, int]]:
        now = self._clock()
        found: dict[tuple[str, str], tuple[int, int]] = {}
        for slo in read_slos([(row.name, row.text) for row in self._store.files(SLOS)]):
            for model in self._models() if slo.model is None else (slo.model,):
                try:
                    found[model, slo.name] = self._all_events(slo, model, now)
                except (InputError, NotFoundError):
                    found[model, slo.name] = (0, 0)
        return found

    def _all_events(self, slo: Slo, model: str, now: datetime) -> tuple[int, int]:
        around = self._around(model)
        span = around.measured.buckets.span(model)
        if span is None or around.slos is None:
            return 0, 0
        source = MeasuredSource(around.measured, around.slos)
        bad, total = source.events(slo.name, now - span[0], to_times([now]))
        return int(bad[0]), int(total[0])

    def put(self, name: str, text: str, *, who: str | None = None) -> Answer:
        """Put a file of SLOs in force; their budgets are watched from then on."""
        check_name(name)
        slos = slos_in(text, name=name)
        with self._store.work() as work:
            work.put_file(FileRow(SLOS, name, text, self._clock(), who))
            _note(work, self._clock(), name, {"who": who})
        warnings = [finding.text for slo in slos for finding in check_slo(slo)]
        return {"name": name, "slos": [slo.name for slo in slos], "warnings": warnings}

    def remove(self, name: str, *, who: str | None = None) -> Answer:
        """Take a file of SLOs out of force."""
        with self._store.work() as work:
            if not work.drop_file(SLOS, name):
                raise NotFoundError(f"there is no file of SLOs {name!r}")
            _note(work, self._clock(), name, {"outcome": "removed", "who": who})
        return {"name": name, "outcome": "removed"}


def _note(work: Work, at: datetime, name: str, what: object) -> None:
    work.add_history(at=at, kind=SLOS, subject=name, body=states.encode(what))


def escaped(text: str) -> str:
    r"""A label's value as Prometheus' text format has it.

    >>> print(escaped('a "b"'))
    a \"b\"
    """
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
