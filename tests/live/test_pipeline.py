"""From a request to a metric: the same numbers as from the same rows in a file."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest

import watchkeeper as wk
from tests.live.stations import START, Station, differences, flights, labels, predictions, station
from watchkeeper.app.live.questions import RowsQuery, SeriesQuery
from watchkeeper.core.envelope import Signal

REFERENCE = flights(3_000, seed=1, start=START - timedelta(days=60))
ROWS = flights(900)
WINDOW = "2026-03-02..2026-03-04"


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Station]:
    """A station with a reference."""
    with station(tmp_path / "data") as made:
        made.refer(REFERENCE)
        yield made


def value(held: Station, metric: str, **query: object) -> object:
    """One metric of the whole window."""
    asked = SeriesQuery((metric,), window=WINDOW, step="window", **query)  # type: ignore[arg-type]
    points = held.platform.series("late", asked)["series"][0]["points"]
    return points[0]["value"] if points else None


def documents(held: Station, rows: pa.Table) -> tuple[dict, dict]:
    """The report of the window by the server, and by `compare` of the same rows."""
    by_server = held.platform.report("late", window=WINDOW)
    model = held.platform.registry.get("late").file
    return by_server, wk.compare(REFERENCE, rows, model=model).to_dict()


def test_the_report_of_a_window_is_that_of_its_rows(held: Station) -> None:
    """Through journal, tables, hour profiles and merges nothing changes, to the last digit."""
    answer = held.send(Signal.PREDICTIONS, predictions(ROWS))
    assert (answer["accepted"], answer["rejected"]) == (900, 0)
    held.work()
    held.send(Signal.LABELS, labels(ROWS))
    held.work()
    ours, theirs = documents(held, ROWS)
    for part in ("drift", "performance"):
        assert differences(ours[part], theirs[part]) == []
    assert ours["quality"]["scores"].pop("timeliness")["current"] is not None
    del theirs["quality"]["scores"]["timeliness"]
    for part in ("scores", "rules", "columns", "duplicates"):
        assert differences(ours["quality"][part], theirs["quality"][part]) == []
    assert ours["current"]["rows"] == 900
    assert ours["current"]["labelled"] == 900


def test_records_in_many_pieces_and_out_of_order_make_the_same_profile(held: Station) -> None:
    """Hours are merged from commits, in whatever order they come."""
    records, told = predictions(ROWS), labels(ROWS)
    for start in (600, 0, 300):
        held.send(Signal.PREDICTIONS, records[start : start + 300][::-1])
        held.work()
        held.send(Signal.LABELS, told[start : start + 300])
    held.work()
    ours, theirs = documents(held, ROWS)
    assert differences(ours["performance"], theirs["performance"]) == []
    assert differences(ours["drift"]["columns"]["temp"], theirs["drift"]["columns"]["temp"]) == []


def test_labels_that_come_before_their_predictions_count(held: Station) -> None:
    """A label waits for its prediction."""
    held.send(Signal.LABELS, labels(ROWS, delay=-timedelta(days=3)))
    held.work()
    assert value(held, "label_coverage") is None
    held.send(Signal.PREDICTIONS, predictions(ROWS))
    held.work()
    assert value(held, "label_coverage") == 1.0
    ours, theirs = documents(held, ROWS)
    assert differences(ours["performance"], theirs["performance"]) == []


def test_a_corrected_label_replaces_the_first(held: Station) -> None:
    """And the metric says how many were corrected."""
    held.send(Signal.PREDICTIONS, predictions(ROWS))
    wrong = [{**record, "label": "0"} for record in labels(ROWS)]
    held.send(Signal.LABELS, wrong)
    held.work()
    assert value(held, "recall") is None
    held.send(Signal.LABELS, labels(ROWS, delay=timedelta(days=2, hours=1)))
    held.work()
    ours, theirs = documents(held, ROWS)
    assert differences(ours["performance"], theirs["performance"]) == []
    assert value(held, "labels_corrected") == 900


def test_a_batch_sent_again_counts_once(held: Station) -> None:
    """By its key, also after the worker has stored it."""
    records = predictions(ROWS)
    first = held.send(Signal.PREDICTIONS, records, key="one")
    held.work()
    second = held.send(Signal.PREDICTIONS, records, key="one")
    held.work()
    assert (first["duplicate"], second["duplicate"]) == (False, True)
    assert second["accepted"] == 900
    assert value(held, "prediction_count") == 900
    account = held.platform.status()["accounting"][0]
    assert (account["accepted"], account["written"], account["duplicates"]) == (900, 900, 900)


def test_a_new_reference_measures_every_hour_again(held: Station) -> None:
    """On its own layout, from the rows."""
    held.send(Signal.PREDICTIONS, predictions(ROWS))
    held.send(Signal.LABELS, labels(ROWS))
    held.work()
    other = flights(2_000, seed=9, start=START - timedelta(days=30))
    held.refer(other)
    held.work()
    ours = held.platform.report("late", window=WINDOW)
    model = held.platform.registry.get("late").file
    theirs = wk.compare(other, ROWS, model=model).to_dict()
    assert differences(ours["performance"], theirs["performance"]) == []
    assert differences(ours["drift"], theirs["drift"]) == []


def test_a_window_of_production_can_be_the_reference(tmp_path: Path) -> None:
    """It is fitted once its rows are there, and then compared with what follows."""
    with station(tmp_path / "data") as held:
        held.want("window", {"window": WINDOW})
        held.send(Signal.PREDICTIONS, predictions(ROWS))
        held.send(Signal.LABELS, labels(ROWS))
        held.work()
        reference = held.platform.reference("late")
        assert reference is not None
        assert reference["kind"] == "window"
        report = held.platform.report("late", window=WINDOW)
        assert report["reference"]["rows"] == report["current"]["rows"] == 900
        assert {c["verdict"] for c in report["drift"]["columns"].values()} == {"stable"}


def test_hours_that_do_not_fit_memory_are_measured_in_pieces(
    held: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Labels, outcomes and a new reference change the same numbers, piece by piece."""
    monkeypatch.setattr("watchkeeper.app.live.measuring.ROWS_AT_ONCE", 100)
    for start in range(0, 900, 150):
        held.send(Signal.PREDICTIONS, predictions(ROWS.slice(start, 150)))
        held.work()
    held.send(Signal.LABELS, labels(ROWS))
    keys = ROWS.column("key").to_pylist()
    held.send(
        Signal.OUTCOMES,
        [{"id": key, "model": "late", "name": "paid", "value": 2.0} for key in keys],
    )
    held.work()
    ours, theirs = documents(held, ROWS)
    assert differences(ours["performance"], theirs["performance"]) == []
    assert value(held, "outcome_sum@paid") == pytest.approx(1800.0)
    other = flights(2_000, seed=9, start=START - timedelta(days=30))
    held.refer(other)
    held.work()
    ours = held.platform.report("late", window=WINDOW)
    model = held.platform.registry.get("late").file
    theirs = wk.compare(other, ROWS, model=model).to_dict()
    assert differences(ours["performance"], theirs["performance"]) == []
    assert differences(ours["drift"], theirs["drift"]) == []


@pytest.mark.parametrize(
    ("kind", "text", "days"), [("rolling", "3d", (1, 2, 3)), ("seasonal", "2w", (7, 14))]
)
def test_a_reference_that_moves_with_the_window(
    tmp_path: Path, kind: str, text: str, days: tuple[int, ...]
) -> None:
    """Each day is compared with the days before it, or with the same weekday before it."""
    rows = flights(16 * 200, seed=3, start=START - timedelta(days=15), hours=16 * 24)
    with station(tmp_path / "data", START + timedelta(days=1)) as held:
        held.want(kind, {kind: text})
        held.send(Signal.PREDICTIONS, predictions(rows))
        held.work()
        day = "2026-03-02..2026-03-03"
        report = held.platform.report("late", window=day)

        def of(back: int) -> pa.Table:
            start = START - timedelta(days=back)
            times = rows.column("at").to_pylist()
            return rows.filter([start <= at < start + timedelta(days=1) for at in times])

        before = pa.concat_tables([of(back) for back in days])
        assert report["reference"]["rows"] == before.num_rows
        assert report["current"]["rows"] == of(0).num_rows
        query = SeriesQuery(("mean_shift",), ("temp",), window=day, step="window")
        point = held.platform.series("late", query)["series"][0]["points"][0]
        old, new = before.column("temp").to_numpy(), of(0).column("temp").to_numpy()
        assert point["value"] == pytest.approx((new.mean() - old.mean()) / old.std(ddof=1))
        assert point["n_reference"] == before.num_rows


def test_segments_and_versions_have_their_own_series(held: Station) -> None:
    """They add up to the whole."""
    held.send(Signal.PREDICTIONS, predictions(ROWS.slice(0, 450), version="1"))
    held.send(Signal.PREDICTIONS, predictions(ROWS.slice(450), version="2"))
    held.send(Signal.LABELS, labels(ROWS))
    held.work()
    assert value(held, "prediction_count", version="1") == 450
    query = SeriesQuery(("accuracy",), window=WINDOW, step="window", segment="airport:*")
    series = held.platform.series("late", query)["series"]
    rows = {one["segment"]: one["points"][0]["n_current"] for one in series}
    assert set(rows) == {"airport:JFK", "airport:LGA", "airport:EWR"}
    assert sum(rows.values()) == 900
    difference = held.platform.compare_versions("late", "1", "2", window=WINDOW)
    assert difference["rows"] == {"a": 450, "b": 450}
    assert difference["performance"]["accuracy"]["p_adjusted"] is not None
    assert difference["inputs"]["drifted"] == []


def test_outcomes_are_counted_where_their_prediction_is(held: Station) -> None:
    """The last value of a name counts; an unknown prediction waits."""
    held.send(Signal.PREDICTIONS, predictions(ROWS))
    keys = ROWS.column("key").to_pylist()
    paid = [{"id": key, "model": "late", "name": "paid", "value": 2.0} for key in keys]
    held.send(
        Signal.OUTCOMES, [*paid, {"id": "stranger", "model": "late", "name": "paid", "value": 1}]
    )
    held.work()
    held.send(Signal.OUTCOMES, [{**paid[0], "value": 5.0}])
    held.work()
    assert value(held, "outcome_sum@paid") == pytest.approx(2.0 * 899 + 5.0)


def test_rows_come_page_by_page_with_their_labels(held: Station) -> None:
    """Newest first; a condition in CEL picks some."""
    held.send(Signal.PREDICTIONS, predictions(ROWS))
    held.send(Signal.LABELS, labels(ROWS.slice(0, 10)))
    held.work()
    seen: list[str] = []
    cursor: str | None = None
    while True:
        query = RowsQuery(window=WINDOW, limit=200, cursor=cursor)
        page = held.platform.rows("late", query)
        seen += [row["id"] for row in page["rows"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert sorted(seen) == sorted(ROWS.column("key").to_pylist())
    times = {row["key"]: row["at"] for row in ROWS.to_pylist()}
    assert [times[key] for key in seen] == sorted(times.values(), reverse=True)
    some = held.platform.rows(
        "late", RowsQuery(window=WINDOW, where='late == "1" && temp > 50.0', limit=1000)
    )
    expected = [
        row["key"]
        for row in ROWS.slice(0, 10).to_pylist()
        if row["late"] == "1" and row["temp"] > 50
    ]
    assert sorted(row["id"] for row in some["rows"]) == sorted(expected)


@pytest.mark.parametrize("form", ["parquet", "csv", "json"])
def test_rows_and_series_as_files(held: Station, tmp_path: Path, form: str) -> None:
    """Every row, and every point."""
    held.send(Signal.PREDICTIONS, predictions(ROWS))
    held.work()
    path = tmp_path / f"rows.{form}"
    path.write_bytes(b"".join(held.platform.export("late", "rows", RowsQuery(window=WINDOW), form)))  # type: ignore[arg-type]
    assert read(path, form).num_rows == 900
    query = SeriesQuery(("prediction_count", "psi"), window=WINDOW, step="1h")
    path.write_bytes(b"".join(held.platform.export("late", "series", query, form)))  # type: ignore[arg-type]
    assert read(path, form).num_rows > 48


def read(path: Path, form: str) -> pa.Table:
    """A file, by the reader of its format."""
    import pyarrow.csv
    import pyarrow.json
    import pyarrow.parquet

    readers = {
        "parquet": pyarrow.parquet.read_table, "csv": pyarrow.csv.read_csv,
        "json": pyarrow.json.read_json,
    }  # fmt: skip
    table: pa.Table = readers[form](path)
    return table


def test_the_models_metrics_for_prometheus(held: Station) -> None:
    """Real parser, real names and base units."""
    from prometheus_client.parser import text_string_to_metric_families

    held.send(Signal.PREDICTIONS, predictions(ROWS))
    held.send(Signal.LABELS, labels(ROWS))
    held.work()
    families = list(text_string_to_metric_families(held.platform.model_metrics()))
    samples = {(s.name, s.labels.get("quantile")): s.value for f in families for s in f.samples}
    assert samples["watchkeeper_latency_seconds", "0.95"] == pytest.approx(0.0025, rel=0.05)
    assert samples["watchkeeper_latency_seconds_mean", None] == pytest.approx(0.0025)
    assert samples["watchkeeper_label_coverage", None] == 1.0
    assert 0 < samples["watchkeeper_f1", None] < 1


def test_a_restart_changes_nothing(held: Station) -> None:
    """Everything is on disk."""
    held.send(Signal.PREDICTIONS, predictions(ROWS))
    held.send(Signal.LABELS, labels(ROWS))
    held.close()
    held.open()
    held.work()
    ours, theirs = documents(held, ROWS)
    assert differences(ours["performance"], theirs["performance"]) == []


def test_a_feature_that_nobody_sends_leaves_its_rules_open(held: Station) -> None:
    """A rule over it is known of no row; all else is measured, and again once it comes."""
    rows = predictions(ROWS)
    for row in rows:
        del row["features"]["temp"]
    held.send(Signal.PREDICTIONS, rows)
    held.work()
    assert value(held, "prediction_count") == 900
    (rule,) = held.platform.report("late", window=WINDOW)["quality"]["rules"]
    assert (rule["failed"], rule["unknown"]) == (0, 900)
