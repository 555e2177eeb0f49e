"""Holds the server to its word: nothing lost, nothing twice, the same numbers as from files."""

from __future__ import annotations

import math

import watchkeeper as wk
from flights.replay import MODEL
from watchkeeper_client.counts import Counts
from watchkeeper_client.reading import Reader

METRICS = ("recall", "precision", "f1", "roc_auc", "log_loss")


def check(
    reader: Reader, counts: Counts, overview: wk.Report, *, predictions: int, labels: int
) -> None:
    """Raise `SystemExit` with what is wrong, if anything is.

    Parameters
    ----------
    reader
        Asks the server.
    counts
        What the client says became of each record.
    overview
        The same months, profiled from files.
    predictions, labels
        What was sent.
    """
    sent = predictions + labels + 1
    if counts.sent != sent:
        raise SystemExit(f"the client had {sent} records and sent {counts.sent}: {counts}")
    accounts = {held.signal: held for held in reader.status().accounting if held.model == MODEL}
    for signal, wanted in (("predictions", predictions), ("labels", labels), ("changes", 1)):
        held = accounts[signal]
        if held.accepted != wanted:
            raise SystemExit(f"the server should have {wanted} {signal}, and has {held}")
    document = overview.to_dict()
    months = [window["start"] for window in document["windows"]]
    answer = reader.series(MODEL, METRICS, window="2013-04-01..2014-01-01", step="1mo")
    for line in answer.series:
        from_files = document["performance"][line.metric]["points"]
        for month, point, other in zip(months, line.points, from_files, strict=True):
            if not math.isclose(point.value or 0.0, other["value"], rel_tol=1e-9):
                raise SystemExit(
                    f"{line.metric} of {month} is {point.value} on the server and "
                    f"{other['value']} from files"
                )
