"""A server that is killed again and again under load: nothing acknowledged is lost or doubled."""

from __future__ import annotations

import random
import threading
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import pyarrow as pa

import watchkeeper as wk
from tests.live.loads import Poster, Record, as_arrow, as_lines, as_messages, shipments
from tests.live.processes import Serving, ids_once, register, serving, wait_until
from tests.live.stations import MODEL_FILE, differences, flights, labels, predictions
from watchkeeper.app.model_file import parse_model
from watchkeeper_client import Client, Counts, Settings

DAYS_AGO = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=5)
REFERENCE = flights(2_000, seed=1, start=DAYS_AGO - timedelta(days=60))
WINDOW = f"{DAYS_AGO:%Y-%m-%d}..{DAYS_AGO + timedelta(days=2):%Y-%m-%d}"

PATIENT = Settings(
    batch_records=50, batch_s=0.05, attempts=2, backoff_s=0.05, backoff_max_s=0.3, timeout_s=20.0
)
"""A client that sends small batches, and soon puts on disk what does not get through."""


class Service:
    """A service that logs through the real client what it predicts, and learns some labels."""

    def __init__(self, url: str, spool: Path, rows: pa.Table) -> None:
        self.client = Client(url, model="late", version="1", settings=PATIENT._replace(spool=spool))
        self.rows = rows
        self.logged: list[Record] = []
        self.labelled: list[Record] = []
        self.outcomes = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.finish()
        self.client.close()

    def finish(self) -> None:
        """Predict no more."""
        self._stop.set()
        self._thread.join()

    def arrived(self) -> Counts:
        """The counts, once all has arrived, also what was put on disk meanwhile."""

        def done() -> bool:
            counts = self.client.flush()
            return counts.spooled == counts.buffered == 0

        wait_until(done, "all that was logged arrives")
        return self.client.counts

    def _serve(self) -> None:
        said = zip(predictions(self.rows), labels(self.rows), strict=True)
        for number, (record, label) in enumerate(said):
            if self._stop.wait(0.004):
                return
            fields = {name: record[name] for name in ("id", "time", "score", "latency_ms")}
            self.client.log(record["features"], record["prediction"], **fields)
            self.logged.append(record)
            if number % 3 == 0:
                self.client.label(label["id"], label["label"], time=label["time"])
                self.labelled.append(label)
            if number % 5 == 0:
                self.client.outcome(label["id"], "paid", 2.0)
                self.outcomes += 1


def spoilt(records: list[Record], every: int) -> list[Record]:
    """Records with one among so many that the server has to refuse."""
    held: list[Record] = []
    for number, record in enumerate(records):
        if number % (every - 1) == 0:
            held.append({**record, "id": f"bad-{number}", "time": "yesterday"})
        held.append(record)
    return held


def test_nothing_is_lost_or_doubled_over_kills(tmp_path: Path) -> None:
    """Of the server, of its worker, of both, and of a server that is just starting."""
    parts = [flights(24_000, seed=n, start=DAYS_AGO) for n in range(10, 14)]
    told = predictions(parts[0])
    with serving(tmp_path) as held, ExitStack() as running:
        register(held, MODEL_FILE, REFERENCE)
        service = running.enter_context(Service(held.url, tmp_path / "spool", parts[3]))
        lines = Poster(held.url, shipments("lines", "predictions", spoilt(told, 40), as_lines))
        arrow = Poster(held.url, shipments("arrow", "predictions", predictions(parts[1]), as_arrow))
        once = Poster(
            held.url, shipments("once", "predictions", predictions(parts[2]), as_messages),
            again=False,
        )  # fmt: skip
        truth = Poster(held.url, shipments("truth", "labels", labels(parts[0]), as_lines))
        posters = [lines, arrow, once, truth]
        for poster in posters:
            running.enter_context(poster)
        kill_often(held, random.Random(7))
        for poster in posters:
            poster.finish()
            assert poster.refused == []
        service.finish()
        counts = service.arrived()
        held.settle()

        assert all(poster.acknowledged for poster in posters)
        assert sum(poster.repeats for poster in posters) > 0, "no request met a kill"
        check_predictions(held, [lines, arrow], once, service)
        check_labels(held, truth, service)
        assert counts.logged == len(service.logged) + len(service.labelled) + service.outcomes
        assert (counts.sent, counts.rejected, counts.dropped) == (counts.logged, 0, {})
        assert held.account("late", "outcomes")["accepted"] == service.outcomes
        assert held.account("late", "predictions")["rejected"] == len(lines.acknowledged)
        check_measures(held, pa.concat_tables(parts))


def kill_often(held: Serving, chance: random.Random) -> None:
    """Eight kills; nobody knows what the server does at these moments."""
    kinds = ["both", "worker", "server", "worker", "starting", "both", "both"]
    for kind in kinds:
        wait_busy(held)
        # Long enough to reach its next step: it writes for a moment, and measures for longer.
        time.sleep(chance.uniform(0.0, 1.5))
        if kind == "worker":
            held.kill_worker()
            continue
        held.kill(worker=kind == "both")
        if kind == "starting":
            held.begin()
            time.sleep(chance.uniform(0.3, 2.0))
            held.kill()
        held.start()
    wait_busy(held)


def wait_busy(held: Serving) -> None:
    """Wait until the worker writes, so that it is killed at work and not while it starts."""

    def written() -> int:
        return held.account("late", "predictions")["written"]

    before = written()
    wait_until(lambda: written() > before, "the worker writes")


def check_predictions(held: Serving, posters: list[Poster], once: Poster, service: Service) -> None:
    """Each acknowledged prediction is in the table, once; the account says how many."""
    table = held.rows("late", "predictions", "_id")
    ids = ids_once(table)
    sure = {record["id"] for record in service.logged}
    sure = sure.union(once.ids(), *(poster.ids() for poster in posters))
    unsure = {one for shipment in once.unsure for one in shipment.ids}
    assert sure - ids == set(), "acknowledged and lost"
    assert ids - sure - unsure == set(), "never sent"
    account = held.account("late", "predictions")
    assert account["accepted"] == account["written"] == table.num_rows
    assert account["aside"] == 0
    assert held.value("late", "prediction_count") == table.num_rows


def check_labels(held: Serving, truth: Poster, service: Service) -> None:
    """As for predictions."""
    table = held.rows("late", "labels", "_id")
    sure = truth.ids() | {label["id"] for label in service.labelled}
    assert ids_once(table) == sure
    assert held.account("late", "labels")["accepted"] == table.num_rows


def check_measures(held: Serving, rows: pa.Table) -> None:
    """The report of the server is that of the rows in its tables, to the last digit."""
    there = held.rows("late", "predictions", "_id").column("_id")
    labelled = set(held.rows("late", "labels", "_id").column("_id").to_pylist())
    rows = rows.filter(pa.compute.is_in(rows.column("key"), there.combine_chunks()))
    late = [
        label if key in labelled else None
        for key, label in zip(rows["key"].to_pylist(), rows["late"].to_pylist(), strict=True)
    ]
    rows = rows.set_column(rows.column_names.index("late"), "late", pa.array(late, pa.string()))
    model = parse_model(MODEL_FILE)
    ours = held.ask("/v1/models/late/report", window=WINDOW)
    theirs = wk.compare(REFERENCE, rows, model=model).to_dict()
    assert ours["current"]["rows"] == rows.num_rows
    assert 0 < ours["current"]["labelled"] == rows.num_rows - rows["late"].null_count
    for part in ("performance", "drift"):
        assert differences(ours[part], theirs[part]) == []
