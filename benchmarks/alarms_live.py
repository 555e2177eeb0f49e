"""What live evaluation costs over many models, with all that it keeps.

``python -m benchmarks.alarms_live`` prints a Markdown table.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.alarms import rules_text
from benchmarks.alarms_data import many_models, model_name, year
from benchmarks.series import END
from watchkeeper.app.alarms.evaluating import Surroundings
from watchkeeper.app.alarms.keeper import Keeper, measured_around
from watchkeeper.app.alarms.rule_book import RULES
from watchkeeper.app.alarms.sending import Sender
from watchkeeper.app.alarms.source import MeasuredSource
from watchkeeper.app.live.measured import Measured
from watchkeeper.store.buckets import Buckets
from watchkeeper.store.catalogue.alarms import AlarmStore, FileRow

MODELS = 100
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Minute:
    """One minute of the background work.

    Attributes
    ----------
    cpu, took
        Seconds.
    done
        Groups that were evaluated.
    """

    cpu: float
    took: float
    done: int


class Watch:
    """Rules that are kept watch over, on models whose hours are there.

    Parameters
    ----------
    folder
        Where the store of alarms is made.
    measured
        Of each model.
    files
        Rule files, as groups.
    """

    def __init__(
        self, folder: Path, measured: dict[str, Measured], files: Sequence[dict[str, Any]]
    ) -> None:
        folder.mkdir()
        self._now = END - 3 * MINUTE
        self._store = AlarmStore(folder / "catalogue.db")
        with self._store.work() as work:
            for number, held in enumerate(files):
                row = FileRow(RULES, f"file_{number}", json.dumps(held), END, None)
                work.put_file(row)
        self._sender = Sender(self._store, clock=self._clock, random=lambda: 0.5)
        self._keeper = Keeper(
            self._store,
            models=lambda: sorted(measured),
            around=self._around(measured),
            sender=self._sender,
            clock=self._clock,
            holder="bench",
        )
        self._keeper.step()

    def minute(self, length: timedelta = MINUTE) -> Minute:
        """Let time pass, and do what is due then."""
        self._now += length
        begun, cpu = time.perf_counter(), time.process_time()
        done = self._keeper.step()
        return Minute(time.process_time() - cpu, time.perf_counter() - begun, done)

    def close(self) -> None:
        """Close the store."""
        self._keeper.close()
        self._store.close()

    def _clock(self) -> datetime:
        return self._now

    def _around(self, measured: dict[str, Measured]) -> Callable[[str], Surroundings]:
        return measured_around(measured.__getitem__, lambda *_: (), lambda: (), self._clock, "")


def fleet(one: Measured, source: Path, path: Path) -> dict[str, Measured]:
    """A hundred models, each with the last days of the one."""
    buckets = many_models(source, path, MODELS)
    names = map(model_name, range(MODELS))
    return {name: Measured(name, buckets, one.reference) for name in names}


def grouped(rules: Sequence[dict[str, Any]], groups: int) -> dict[str, Any]:
    """A file with the rules in so many groups, each for every model."""
    size = -(-len(rules) // groups)
    return {
        "groups": [
            {"name": f"group_{at}", "interval": "1m", "rules": list(rules[at : at + size])}
            for at in range(0, len(rules), size)
        ]
    }


SEASONAL = (
    "anomaly(volume)", "anomaly(latency_p95)", "anomaly(error_rate)", "anomaly(accuracy)",
    "anomaly(f1)", "anomaly(label_coverage)", 'anomaly(psi("{0}"))', 'anomaly(psi("{1}"))',
    'anomaly(missing_share("{0}"))', 'anomaly(volume, "critical")',
)  # fmt: skip
"""Rules that learn ten weeks of hours, for the first features of a model."""


def main() -> None:
    """Keep watch over many models for a while, and print what it costs."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--rules", type=int, default=100, help="of each model")
    parser.add_argument("--models", type=int, default=MODELS)
    parser.add_argument("--minutes", type=int, default=8, help="the first of them reads all")
    parser.add_argument("--file", type=Path, help="the year of one model, as for benchmarks.alarms")
    parser.add_argument("--many", type=Path, help="the hours of all models; made where absent")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source = options.file or Path(folder) / "year.db"
        one = year(source, 365)
        held = _held(one, source, options.many or Path(folder) / "many.db")
        held = dict(list(held.items())[: options.models])
        watch = Watch(Path(folder) / "watch", held, [_rules(one, options.rules)])
        try:
            spent = [watch.minute() for _ in range(options.minutes)]
        finally:
            watch.close()
    _print(spent, options.models, options.rules)


def _held(one: Measured, source: Path, path: Path) -> dict[str, Measured]:
    """The models, built unless the file holds them already."""
    if not path.exists():
        return fleet(one, source, path)
    buckets = Buckets(path)
    names = map(model_name, range(MODELS))
    return {name: Measured(name, buckets, one.reference) for name in names}


def _rules(one: Measured, count: int) -> dict[str, Any]:
    """So many rules in one group, a tenth of them seasonal."""
    plain = json.loads(rules_text(one, count - len(SEASONAL)))["groups"][0]["rules"]
    features = MeasuredSource(one).features()
    learnt = [
        {"alert": f"unusual_{n}", "expr": expr.format(*features), "window": "1h", "for": "2h"}
        for n, expr in enumerate(SEASONAL)
    ]
    return grouped([*plain, *learnt], 1)


def _print(spent: Sequence[Minute], models: int, rules: int) -> None:
    """The first minute, those after it, and the one in which an hour begins."""
    after = [one.cpu for one in spent[1:]]
    usual, worst = median(after), max(after)
    print(
        f"{models} models with {rules} rules each, {len(SEASONAL)} of them seasonal: "
        f"{models * rules:,} monitors, evaluated every minute by a running watch, which keeps what "
        "it finds.\n\n| minute | CPU s | for 10,000 monitors |\n|---|---:|---:|"
    )
    for what, cpu in (
        ("the first, which reads eleven weeks", spent[0].cpu),
        ("most: the median", usual),
        ("the one in which an hour begins", worst),
        ("the mean of an hour: 59 and 1 of these", (59 * usual + worst) / 60),
    ):
        print(f"| {what} | {cpu:.1f} | {cpu * 10_000 / (models * rules):.1f} |")
    print(f"\n{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB at most.")


if __name__ == "__main__":
    main()
