"""Labels and outcomes as traffic, against counting by hand."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from tests.profiles.event_rows import START, batch_of
from watchkeeper.profiles import codec
from watchkeeper.profiles.label_traffic import LabelTraffic, measure_labels
from watchkeeper.profiles.outcome_traffic import NAMES_KEPT, OutcomeTraffic, measure_outcomes
from watchkeeper.profiles.weighted import Weighted
from watchkeeper.testing.statistics import check_statistic, same

DAY = 86_400_000_000


def labels_of(rows: list[dict[str, Any]]) -> LabelTraffic:
    """The labels of some predictions."""
    return measure_labels(batch_of(rows))


def outcomes_of(rows: list[dict[str, Any]]) -> OutcomeTraffic:
    """The outcomes of some rows."""
    return measure_outcomes(batch_of(rows))


def label_rows(rng: np.random.Generator, n: int) -> list[dict[str, Any]]:
    """Predictions, some failed, some labelled, some corrected."""
    rows = []
    for _ in range(n):
        every = {
            "_time": START,
            "_prediction": "1",
            "_label": "0",
            "_label_time": START + int(rng.integers(-20 * DAY, 90 * DAY)),
            "_label_received": START + int(rng.integers(0, 90 * DAY)),
            "_label_versions": int(rng.integers(1, 4)),
            "_weight": float(rng.choice([1.0, 10.0])),
        }
        rows.append({name: value for name, value in every.items() if rng.random() < 0.8})
    return rows


def test_labels_merge_as_a_statistic_must() -> None:
    """The laws, on labelled, late, corrected and failed rows."""
    check_statistic(labels_of, label_rows(np.random.default_rng(1), 60))


def test_labels_equal_counting_by_hand() -> None:
    """Expected, labelled and corrected, and a delay from each label that has a time."""
    rows = label_rows(np.random.default_rng(2), 300)
    found = labels_of(rows)
    expected = [row for row in rows if "_prediction" in row]
    labelled = [row for row in expected if "_label" in row]
    corrected = [row for row in labelled if row.get("_label_versions", 0) > 1]
    for held, by_hand in (
        (found.rows, rows),
        (found.expected, expected),
        (found.labelled, labelled),
        (found.corrected, corrected),
    ):
        weights = np.array([row.get("_weight", 1.0) for row in by_hand])
        assert held == Weighted(len(by_hand), weights.sum(), (weights**2).sum())
    delays = [
        max(row.get("_label_time", row.get("_label_received", 0)) - row["_time"], 0) / 1e6
        for row in labelled
        if "_time" in row and ("_label_time" in row or "_label_received" in row)
    ]
    assert found.delay.moments.rows == len(delays)
    assert math.isclose(found.delay.moments.maximum or 0, max(delays))
    assert found.delay.moments.minimum == min(delays) == 0.0


def test_every_row_is_expected_where_predictions_are_not_joined() -> None:
    """Without a column of predictions nothing says which failed."""
    found = labels_of([{"_label": "1"}, {"_label": None}])
    assert (found.expected.rows, found.labelled.rows) == (2, 1)
    same(labels_of([]), LabelTraffic(), 0.0, "no rows")


def test_a_label_without_time_counts_from_its_receipt() -> None:
    """And one that states its time counts from that, even where it came later."""
    rows = [
        {"_time": START, "_label": "1", "_label_received": START + 5_000_000},
        {"_time": START, "_label": "1", "_label_received": START + DAY, "_label_time": START},
    ]
    found = labels_of(rows).delay.moments
    assert (found.minimum, found.maximum) == (0.0, 5.0)


def outcome_rows(rng: np.random.Generator, n: int, names: int) -> list[dict[str, Any]]:
    """Outcomes of several names and units, some without value or name."""
    rows = []
    for _ in range(n):
        every = {
            "_name": f"n{rng.integers(names):04d}",
            "_value": float(rng.choice([rng.normal(), np.nan, np.inf])),
            "_unit": str(rng.choice(["EUR", "USD"])),
            "_weight": float(rng.choice([1.0, 4.0])),
        }
        rows.append({name: value for name, value in every.items() if rng.random() < 0.9})
    return rows


def test_outcomes_merge_as_a_statistic_must() -> None:
    """The laws, also where there are more names than are kept."""
    rng = np.random.default_rng(3)
    check_statistic(outcomes_of, outcome_rows(rng, 80, 3))
    check_statistic(outcomes_of, outcome_rows(rng, 600, 3 * NAMES_KEPT))


def test_outcomes_equal_counting_by_hand() -> None:
    """Each name apart; what has no number is counted as such."""
    rows = outcome_rows(np.random.default_rng(4), 400, 3)
    found = outcomes_of(rows)
    assert found.other_rows == sum("_name" not in row for row in rows)
    assert list(found.names) == ["n0000", "n0001", "n0002"]
    for name, held in found.names.items():
        mine = [row for row in rows if row.get("_name") == name]
        pairs = [
            (row.get("_weight", 1.0), row["_value"])
            for row in mine
            if math.isfinite(row.get("_value", math.nan))
        ]
        assert held.moments.rows + held.invalid == len(mine)
        assert held.moments.rows == len(pairs)
        assert math.isclose(held.moments.total, sum(w * x for w, x in pairs), rel_tol=1e-12)
        assert held.heaviest == max(w for w, _ in pairs)
        assert held.units == ("EUR", "USD")


def test_names_stay_bounded_and_every_row_is_somewhere() -> None:
    """The first names by alphabet are kept exactly, all others only as rows."""
    rows = [{"_name": f"{n:05d}", "_value": 1.0} for n in range(1000)] * 2
    found = outcomes_of(rows)
    assert len(found.names) == NAMES_KEPT
    assert found.names["00000"].moments.total == 2.0
    assert found.other_rows == 2000 - 2 * NAMES_KEPT


def test_units_stay_bounded() -> None:
    """However many units are stated for a name."""
    rows = [{"_name": "a", "_value": 1.0, "_unit": f"u{n}"} for n in range(9)]
    assert outcomes_of(rows).names["a"].units == ("u0", "u1", "u2", "u3")


def test_nothing_named_is_nothing_measured() -> None:
    """A batch without names, or without values, is counted and no more."""
    assert measure_outcomes(pa.record_batch({"_value": [1.0]})) == OutcomeTraffic({}, 1)
    held = measure_outcomes(pa.record_batch({"_name": ["a"]})).names["a"]
    assert (held.moments.rows, held.invalid, held.heaviest) == (0, 1, None)
    assert outcomes_of([]) == OutcomeTraffic()


def test_both_survive_the_codec() -> None:
    """As MessagePack and back they are the same."""
    rng = np.random.default_rng(5)
    for held in (labels_of(label_rows(rng, 40)), outcomes_of(outcome_rows(rng, 40, 3))):
        packed = msgspec.msgpack.encode(held, enc_hook=codec._pack)
        back = msgspec.msgpack.decode(packed, type=type(held), dec_hook=codec._unpack)
        same(back, held, 0.0, "codec")
