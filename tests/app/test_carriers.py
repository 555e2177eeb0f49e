"""Which segment carries a change: the parts add up, and luck is not named."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from watchkeeper.app.carriers import _parts, carrier, where

Side = tuple[int, float]
COUNTS = st.tuples(st.integers(1, 5000), st.floats(0, 1))


def measured(segments: dict[str, tuple[Side, Side]]) -> dict[str, Any]:
    """`performance` with the accuracy of segments, given rows and accuracy of both sides."""

    def entry(before: tuple[int, float], after: tuple[int, float]) -> dict[str, Any]:
        return {
            "value": after[1],
            "n_current": after[0],
            "reference": {"value": before[1], "n": before[0]},
            "change": {"value": after[1] - before[1]},
        }

    total = []
    for side in (0, 1):
        rows = sum(pair[side][0] for pair in segments.values())
        total.append((rows, sum(n * a for n, a in (p[side] for p in segments.values())) / rows))
    return {
        "metrics": {"accuracy": entry(total[0], total[1])},
        "segments": {
            "origin": {v: {"metrics": {"accuracy": entry(*pair)}} for v, pair in segments.items()}
        },
    }


@given(st.dictionaries(st.text(min_size=1), st.tuples(COUNTS, COUNTS), min_size=2, max_size=6))
def test_parts_add_up_to_the_change(segments: dict[str, Any]) -> None:
    """For a mean over rows the parts of all segments are exactly the whole change."""
    performance = measured(segments)
    whole = performance["metrics"]["accuracy"]
    assume(abs(whole["change"]["value"]) > 1e-6)
    parts = _parts("origin", performance["segments"]["origin"], "accuracy", whole, 0)
    assert sum(part.part for part in parts) == pytest.approx(1, abs=1e-6)


def test_segment_that_fell_is_named() -> None:
    """One of three equal segments fell and the others did not: it carries all of the change."""
    found = carrier(
        measured(
            {
                "EWR": ((1000, 0.8), (1000, 0.5)),
                "JFK": ((1000, 0.8), (1000, 0.8)),
                "LGA": ((1000, 0.8), (1000, 0.8)),
            }
        ),
        "accuracy",
    )
    assert found is not None
    assert (found.value, found.phrase) == ("EWR", "at EWR")
    assert found.part == pytest.approx(1)
    assert found.weight == pytest.approx(1 / 3)


def test_no_segment_is_named_where_all_fell_alike() -> None:
    """A change that all segments share has no carrier, also where one holds most of the rows."""
    segments = {"EWR": ((9000, 0.8), (9000, 0.7)), "JFK": ((1000, 0.8), (1000, 0.7))}
    assert carrier(measured(segments), "accuracy") is None


def test_segment_of_few_rows_is_not_named() -> None:
    """Ten rows are luck, however far they fell."""
    segments = {"EWR": ((10, 1.0), (10, 0.0)), "JFK": ((1000, 0.8), (1000, 0.8))}
    assert carrier(measured(segments), "accuracy") is None


def test_mix_shift_is_carried_by_the_segment_that_grew() -> None:
    """Nothing changed inside; the bad segment tripled, so the change is rows that moved to it."""
    segments = {"EWR": ((500, 0.5), (1500, 0.5)), "JFK": ((1500, 0.9), (500, 0.9))}
    parts = {
        part.value: part.part
        for part in _parts(
            "origin",
            measured(segments)["segments"]["origin"],
            "accuracy",
            measured(segments)["metrics"]["accuracy"],
            0,
        )
    }
    assert parts["EWR"] == pytest.approx(0.5)
    assert parts["JFK"] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("column", "value", "phrase"),
    [
        ("origin", "EWR", "at EWR"),
        ("country", "Norway", "in Norway"),
        ("device", "ios", "on ios"),
        ("sex", "F", "for sex F"),
        ("store", "12", "for store 12"),
        ("origin", "(missing)", "where origin is missing"),
        ("origin", "(other)", "for other values of origin"),
    ],
)
def test_where_reads_as_a_phrase(column: str, value: str, phrase: str) -> None:
    """Places have their preposition, anything else its column's name."""
    assert where(column, value) == phrase
