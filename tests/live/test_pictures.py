"""What pictures are drawn from says what the report of the same window says."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pyarrow.compute as pc
import pytest

from tests.live.stations import START, Station, differences, flights, labels, predictions, station
from watchkeeper.app.live.overview import measure_overview
from watchkeeper.core.envelope import Signal
from watchkeeper.core.errors import InputError
from watchkeeper.core.windows import parse_window

REFERENCE = flights(3_000, seed=1, start=START - timedelta(days=60))
ROWS = flights(900)
WINDOW = "2026-03-02..2026-03-04"


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Station]:
    """A station with a reference and two days of labelled rows."""
    with station(tmp_path / "data") as made:
        made.refer(REFERENCE)
        made.send(Signal.PREDICTIONS, predictions(ROWS))
        made.send(Signal.LABELS, labels(ROWS))
        made.work()
        yield made


def test_a_track_of_one_step_is_the_report_of_its_window(held: Station) -> None:
    """Effects, verdicts, missing values and scores are the report's, to the digit."""
    report = held.platform.report("late", window=WINDOW)
    track = held.platform.track("late", window="2026-03-02..2026-03-09", step="7d")
    assert [step["rows"] for step in track["steps"]] == [900]
    for name, column in track["drift"].items():
        known = report["drift"]["columns"][name]
        assert column["verdicts"] == [known["verdict"]], name
        assert column["effect"] == [pytest.approx(known["effect"]["value"])], name
        assert column["low"] == [pytest.approx(known["effect"]["low"])], name
    assert set(track["ranking"]) == set(report["drift"]["columns"])
    for name in ("completeness", "validity", "accuracy", "consistency"):
        assert track["quality"][name]["points"] == [report["quality"]["scores"][name]["current"]]


def test_a_step_that_gets_rows_later_is_measured_again(held: Station) -> None:
    """What is kept of a step does not outlive its rows."""
    asked = {"window": WINDOW, "step": "1d"}
    first = held.platform.track("late", **asked)
    assert held.platform.track("late", **asked) == first
    held.now += timedelta(seconds=30)
    held.send(Signal.PREDICTIONS, predictions(flights(50, seed=5)))
    held.work()
    rows = [step["rows"] for step in held.platform.track("late", **asked)["steps"]]
    assert sum(rows) == 950


def test_a_track_of_a_segment_and_of_a_version(held: Station) -> None:
    """Both narrow what is followed."""
    whole = held.platform.track("late", window=WINDOW, step="1d")
    part = held.platform.track("late", window=WINDOW, step="1d", segment="airport:JFK")
    assert sum(s["rows"] for s in part["steps"]) < sum(s["rows"] for s in whole["steps"])
    assert held.platform.track("late", window=WINDOW, step="1d", version="1")["steps"]
    with pytest.raises(InputError, match="choose a longer step"):
        held.platform.track("late", window="2025-01-01..2026-03-01", step="1h")


def test_distributions_over_time_stand_on_common_bins(held: Station) -> None:
    """Shares of every step, of the reference, and what lies beside the bins add up to 1."""
    found = held.platform.distributions("late", "temp", window=WINDOW, step="1d")
    assert len(found["points"]) == 2
    for side in (found["reference"], *found["points"]):
        assert len(side["shares"]) == len(found["edges"]) - 1
        total = sum(side["shares"]) + side["missing"] + side["below"] + side["above"]
        assert total == pytest.approx(1.0, abs=0.01)
    words = held.platform.distributions("late", "airport", window=WINDOW, step="window")
    assert words["edges"] is None
    assert set(words["categories"]) == {"EWR", "JFK", "LGA"}
    assert words["points"][0]["rows"] == 900
    with pytest.raises(InputError, match="no measured column 'tmep'; did you mean 'temp'"):
        held.platform.distributions("late", "tmep", window=WINDOW)


def test_a_category_that_the_reference_lacks_is_new(held: Station) -> None:
    """It is a share of its own, not one of the rest."""
    records = predictions(flights(100, seed=9))
    for record in records:
        record["features"]["airport"] = "XXX"
    held.send(Signal.PREDICTIONS, records)
    held.work()
    [point] = held.platform.distributions("late", "airport", window=WINDOW, step="window")["points"]
    assert point["new"] == pytest.approx(0.1)
    assert sum(point["shares"]) + point["new"] == pytest.approx(1.0, abs=0.01)


def test_the_models_own_threshold_decides_as_the_model_did(held: Station) -> None:
    """At its threshold the counts are the confusion matrix; at 0 every row is positive."""
    confusion = held.platform.report("late", window=WINDOW)["performance"]["confusion"]["current"]
    found = held.platform.decisions("late", window=WINDOW)
    current, thresholds = found["current"], found["thresholds"]
    place = thresholds.index(found["threshold"])
    at = {name: current[name][place] for name in ("tn", "fp", "fn", "tp")}
    assert [[at["tn"], at["fp"]], [at["fn"], at["tp"]]] == confusion
    assert (current["fn"][0], current["tn"][0], current["flagged"][0]) == (0, 0, 900)
    assert current["recall"][0]["value"] == 1.0
    assert current["precision"][place]["low"] < current["precision"][place]["value"]
    assert sorted(thresholds) == thresholds


def test_rows_without_labels_decide_nothing(tmp_path: Path) -> None:
    """Before the first label there is no confusion, and the reference still has one."""
    with station(tmp_path / "data") as made:
        made.refer(REFERENCE)
        made.send(Signal.PREDICTIONS, predictions(ROWS))
        made.work()
        found = made.platform.decisions("late", window=WINDOW)
        assert found["current"] is None
        assert found["reference"]["labelled"] == 3_000


def test_the_page_of_a_segment_is_that_of_its_rows(held: Station) -> None:
    """What a page says of a segment is what the report of that segment's rows alone says."""
    page = held.platform.overview("late", window=WINDOW, segment="airport:JFK")
    whole = held.platform.overview("late", window=WINDOW)
    mine = ROWS.filter(pc.equal(ROWS.column("airport"), "JFK"))
    assert page["rows"] == page["report"]["current"]["rows"] == mine.num_rows < 900
    known = whole["report"]["performance"]["segments"]["airport"]["JFK"]["metrics"]["recall"]
    recall = page["report"]["performance"]["metrics"]["recall"]
    assert recall["value"] == known["value"]
    assert recall["reference"]["value"] == known["reference"]["value"]
    temp = page["report"]["drift"]["columns"]["temp"]["statistics"]["current"]
    assert temp["mean"] == pytest.approx(pc.mean(mine.column("temp")).as_py())
    assert page["report"]["quality"]["schema"] == whole["report"]["quality"]["schema"]


def test_a_page_that_is_kept_is_the_page_that_is_made(held: Station) -> None:
    """Asked for again it is the same; rows, labels and another reference make it anew."""
    ask = partial(held.platform.overview, "late", window=WINDOW)
    first = ask()
    assert ask() == first
    held.send(Signal.PREDICTIONS, predictions(flights(60, seed=9)))
    held.work()
    later = ask()
    assert later["report"]["current"]["rows"] == first["report"]["current"]["rows"] + 60
    held.now += timedelta(minutes=5)
    assert ask()["report"]["current"]["rows"] == later["report"]["current"]["rows"]
    held.refer(flights(500, seed=5, start=START - timedelta(days=30)))
    held.work()
    assert ask()["report"]["reference"]["rows"] == 500
    fresh = measure_overview(
        held.platform._measured("late"), window=parse_window(WINDOW), now=held.now
    )
    assert differences(ask()["report"], fresh["report"]) == []
