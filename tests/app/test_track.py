"""Following a model over time, window by window."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from watchkeeper.app.compare import compare
from watchkeeper.app.track import track
from watchkeeper.core.errors import InputError, ModelError

START = datetime(2024, 1, 1, tzinfo=UTC)
ROLES = {"timestamp": "time", "label": "y", "prediction": "p"}


def rows(days: int = 70, per_day: int = 200) -> pa.Table:
    """Rows over ten weeks in random order; `x` moves in the last three weeks."""
    rng = np.random.default_rng(5)
    count = days * per_day
    seconds = rng.uniform(0, days * 86400, count)
    late = seconds > (days - 21) * 86400
    times = np.datetime64(START.replace(tzinfo=None), "us") + (seconds * 1e6).astype("m8[us]")
    truth = rng.integers(0, 2, count)
    return pa.table(
        {
            "time": times,
            "x": rng.normal(size=count) + late,
            "y": truth,
            "p": np.where(rng.random(count) < np.where(late, 0.6, 0.9), truth, 1 - truth),
        }
    )


DATA = rows()


def between(start: int, end: int) -> pa.Table:
    """The rows of days `start` to `end` after the first."""
    time = DATA.column("time").to_numpy()
    first = np.datetime64(START.replace(tzinfo=None), "us")
    inside = (time >= first + np.timedelta64(start, "D")) & (
        time < first + np.timedelta64(end, "D")
    )
    return DATA.filter(pa.array(inside))


def followed(**options: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Weeks after a reference of four weeks."""
    given = {"roles": ROLES, "every": "7d", "reference": "2024-01-01..2024-01-29", **options}
    return track(DATA, **given)


def test_windows_cover_all_rows_after_the_reference() -> None:
    """Each week once, and their rows add up."""
    overview, documents = followed()
    assert [w["name"] for w in overview["windows"]] == [
        f"{START + timedelta(days=day):%Y-%m-%d}" for day in range(28, 70, 7)
    ]
    assert sum(w["rows"] for w in overview["windows"]) == between(28, 70).num_rows
    assert len(documents) == len(overview["windows"])


def test_change_is_seen_when_it_comes() -> None:
    """Stable weeks, then drift and worse accuracy from the week of the change on."""
    overview, _ = followed()
    assert overview["drift"]["x"]["verdicts"] == ["stable"] * 3 + ["drifted"] * 3
    points = overview["performance"]["accuracy"]["points"]
    assert [point["status"] for point in points] == ["pass"] * 3 + ["fail"] * 3
    assert "2024-02-19" in overview["summary"]["headline"]


def test_window_equals_its_comparison() -> None:
    """A window in the overview has the numbers of comparing its rows alone."""
    _, documents = followed()
    alone = compare(between(0, 28), between(28, 35), roles=ROLES)
    first = documents[0]
    assert first["current"]["rows"] == alone["current"]["rows"]
    for name in ("ks", "psi", "wasserstein"):
        measured = first["drift"]["columns"]["x"]["metrics"][name]["value"]
        assert measured == pytest.approx(alone["drift"]["columns"]["x"]["metrics"][name]["value"])
    accuracy = first["performance"]["metrics"]["accuracy"]["value"]
    assert accuracy == alone["performance"]["metrics"]["accuracy"]["value"]


def test_range_is_half_open() -> None:
    """`end` is left out, `start` is kept."""
    start, end = START + timedelta(days=35), START + timedelta(days=49)
    overview, _ = followed(start=start, end=end)
    assert [w["name"] for w in overview["windows"]] == ["2024-02-05", "2024-02-12"]
    assert sum(w["rows"] for w in overview["windows"]) == between(35, 49).num_rows


def test_reference_may_be_data_of_its_own_or_the_first_window() -> None:
    """Rows, or nothing said."""
    overview, _ = followed(reference=between(0, 28), start=START + timedelta(days=28))
    assert overview["drift"]["x"]["verdicts"] == ["stable"] * 3 + ["drifted"] * 3
    overview, _ = followed(reference=None)
    assert len(overview["windows"]) == 9


def test_calendar_months() -> None:
    """Windows of a month begin on the first."""
    overview, _ = followed(every="1mo", reference="2024-01-01..2024-02-01")
    assert [w["name"] for w in overview["windows"]] == ["2024-02", "2024-03"]


def test_links_are_written_where_asked_for() -> None:
    """The overview points at the reports of its windows."""
    overview, _ = followed(link=lambda window: f"{window.name}.html")
    assert overview["windows"][0]["report"] == "2024-01-29.html"


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"roles": {}}, ModelError, "--timestamp"),
        ({"roles": {"timestamp": "when"}}, ModelError, "'when' is not in"),
        ({"roles": {"timestamp": "x"}}, InputError, "cannot be read as times"),
        ({"reference": "yesterday..today"}, InputError, "START..END"),
        ({"reference": "2024-02-01..2024-01-01"}, InputError, "ends before it begins"),
        ({"reference": "2023-01-01..2023-02-01"}, InputError, "no rows in the reference"),
        ({"every": "fortnight"}, InputError, "write a number and a unit"),
        ({"start": datetime(2030, 1, 1, tzinfo=UTC), "end": datetime(2030, 2, 1, tzinfo=UTC)},
         InputError, "has no rows between"),
    ],
)  # fmt: skip
def test_bad_options_give_one_clear_sentence(
    options: dict[str, Any], error: type[Exception], message: str
) -> None:
    """What was wrong and what to write."""
    with pytest.raises(error, match=message):
        followed(**options)
