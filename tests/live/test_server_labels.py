"""The truth comes late, early, twice, corrected or never: over HTTP, by the real client."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import watchkeeper as wk
from tests.live.processes import Serving, ids_once, register, serving
from tests.live.stations import MODEL_FILE, differences, flights, predictions
from watchkeeper.app.model_file import parse_model
from watchkeeper_client import Client, Settings

BEGIN = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=40)
REFERENCE = flights(2_000, seed=1, start=BEGIN - timedelta(days=60))
ROWS = flights(1_000, start=BEGIN)
WINDOW = f"{BEGIN:%Y-%m-%d}..{BEGIN + timedelta(days=2):%Y-%m-%d}"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
QUICK = Settings(batch_s=0.02, batch_records=100, backoff_s=0.05, backoff_max_s=0.2)

Row = dict[str, Any]


def part(number: int) -> list[Row]:
    """A tenth of the rows, spread over all hours."""
    rows: list[Row] = ROWS.take(pa.array(range(number, ROWS.num_rows, 10))).to_pylist()
    return rows


def tell(client: Client, rows: Iterable[Row], delay: timedelta, *, wrong: bool = False) -> None:
    """Labels by the client, known so long after their predictions."""
    for row in rows:
        label = row["late"]
        if wrong:
            label = "1" if label == "0" else "0"
        client.label(row["key"], label, time=row["at"] + delay)


def predict(client: Client) -> None:
    """All predictions by the client."""
    for record in predictions(ROWS):
        fields = {name: record[name] for name in ("id", "time", "score", "latency_ms")}
        client.log(record["features"], record["prediction"], **fields)


def sent(client: Client, held: Serving) -> None:
    """Everything has arrived, and is measured."""
    counts = client.flush(60)
    assert (counts.rejected, counts.dropped, counts.buffered) == (0, {}, 0)
    assert counts.sent == counts.logged
    held.settle()


def test_labels_count_whenever_they_come(tmp_path: Path) -> None:
    """The last one by its own time; the metrics are those of the rows with their final labels."""
    with serving(tmp_path) as held, Client(held.url, model="late", settings=QUICK) as client:
        register(held, MODEL_FILE, REFERENCE)
        tell(client, part(0), -3 * DAY)  # Known before, and sent before.
        tell(client, part(1), HOUR)
        sent(client, held)
        assert held.account("late", "labels")["accepted"] == 200
        predict(client)
        sent(client, held)
        assert held.value("late", "label_coverage") == pytest.approx(0.2)

        tell(client, part(2), 2 * DAY)
        tell(client, part(3), 30 * DAY)
        tell(client, [*part(4), *part(4)], 2 * DAY)
        tell(client, part(5), HOUR, wrong=True)
        tell(client, part(6), 3 * DAY)
        sent(client, held)
        assert held.value("late", "label_coverage") == pytest.approx(0.7)
        tell(client, part(5), 31 * DAY)
        tell(client, part(6), 2 * DAY, wrong=True)  # Comes later, and was known before.
        sent(client, held)

        assert held.value("late", "prediction_count") == 1_000
        assert held.value("late", "label_coverage") == pytest.approx(0.7)
        assert held.value("late", "labels_corrected") == 300
        check_delays(held)
        check_report(held, labelled=7)
        assert held.account("late", "labels")["accepted"] == 1_000
        assert held.rows("late", "labels", "_id").num_rows == 1_000, "each version is kept"
        assert len(ids_once(held.rows("late", "predictions", "_id"))) == 1_000


def check_delays(held: Serving) -> None:
    """Seven parts: 0, 1 h, then 48 h twice, 72 h, 30 days and 31 days."""
    for share, days in (("p50", 2.0), ("p80", 30.0), ("p99", 31.0)):
        value = held.value("late", f"label_delay_s@{share}")
        assert value == pytest.approx(days * 86_400, rel=0.05), share


def check_report(held: Serving, *, labelled: int) -> None:
    """Performance and drift are those of the rows, where the first parts have their labels."""
    labels = [
        label if number % 10 < labelled else None
        for number, label in enumerate(ROWS["late"].to_pylist())
    ]
    place = ROWS.column_names.index("late")
    rows = ROWS.set_column(place, "late", pa.array(labels, pa.string()))
    ours = held.ask("/v1/models/late/report", window=WINDOW)
    theirs = wk.compare(REFERENCE, rows, model=parse_model(MODEL_FILE)).to_dict()
    assert ours["current"]["labelled"] == 100 * labelled
    for name in ("performance", "drift"):
        assert differences(ours[name], theirs[name]) == []


def test_a_label_from_a_month_ago_survives_what_the_worker_does_meanwhile(tmp_path: Path) -> None:
    """The worker is killed with labels on their way; the hours they touch are measured again."""
    with serving(tmp_path) as held, Client(held.url, model="late", settings=QUICK) as client:
        register(held, MODEL_FILE, REFERENCE)
        predict(client)
        sent(client, held)
        for number in range(7):
            tell(client, part(number), 30 * DAY)
            client.flush(60)
            if number in {1, 4}:
                held.kill_worker()
        sent(client, held)
        assert held.value("late", "label_coverage") == pytest.approx(0.7)
        check_report(held, labelled=7)
