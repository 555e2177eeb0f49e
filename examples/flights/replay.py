"""Nine months as a service would have lived them: predictions now, labels days later."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import pandas as pd

from flights.data import FEATURES
from flights.train import Trained
from watchkeeper_client.client import Client

LABEL_DELAY = timedelta(days=3)
"""How long after a flight its arrival becomes known to whoever runs the model."""

MODEL = "late-flights"
VERSION = "1"

Show = Callable[[str], None]


def replay(client: Client, trained: Trained, flights: pd.DataFrame, show: Show) -> int:
    """Predict day after day and log it; three days later log what was true.

    Parameters
    ----------
    client
        Sends to the server.
    trained
        The model; it is called for each day, and its time is logged.
    flights
        In the order of departure.
    show
        Told which day it is.

    Returns
    -------
    int
        Labels that were sent; 2.8 % of the flights never get one.
    """
    days = dict(list(flights.groupby(flights["time"].dt.floor("D"), sort=True)))
    client.change("late-flights 1 goes live", kind="deployment", time=min(days).to_pydatetime())
    labels = 0
    for day in pd.date_range(min(days), max(days) + LABEL_DELAY, freq="D"):
        if day in days:
            _predict(client, trained, days[day])
        landed = days.get(day - LABEL_DELAY)
        if landed is not None:
            labels += _label(client, landed)
        show(f"{day:%Y-%m-%d}")
    return labels


def _predict(client: Client, trained: Trained, flights: pd.DataFrame) -> None:
    """Predict a day's flights in one batch, and log them with the time that it took."""
    started = time.perf_counter()
    predicted = trained.predict(flights)
    took_ms = (time.perf_counter() - started) * 1000
    client.log_batch(
        predicted[["id", "time", *FEATURES, "prediction", "score"]],
        id="id",
        time="time",
        prediction="prediction",
        score="score",
        latency_ms=[took_ms] * len(predicted),
        inference_ms=[took_ms] * len(predicted),
        batch_size=[len(predicted)] * len(predicted),
    )


def _label(client: Client, flights: pd.DataFrame) -> int:
    """Log what was true of a day's flights, as of the day when it became known."""
    known = flights[flights["late"].notna()]
    client.label_batch(
        known["id"], known["late"], time=known["time"] + LABEL_DELAY, source="arrivals"
    )
    return len(known)
