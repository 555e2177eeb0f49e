"""How numbers and names read: figures, minus signs, shares and hostile names."""

from __future__ import annotations

import math
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.app import words

FINITE = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15)


def read_back(text: str) -> float:
    """The value of a number as printed."""
    text = text.replace("−", "-").replace(",", "")
    power = re.fullmatch(r"(-?[\d.]+) × 10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", text)
    if power:
        digits = power[2].translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
        return float(power[1]) * 10.0 ** int(digits)
    return float(text)


@given(FINITE)
def test_number_is_within_its_figures(value: float) -> None:
    """Three significant figures are never more than half a unit of the third away."""
    shown = read_back(words.number(value))
    assert math.isclose(shown, value, rel_tol=0.00501, abs_tol=1e-320)


@given(FINITE)
def test_minus_is_a_true_minus(value: float) -> None:
    """No number shows a hyphen for a minus, in any form."""
    shown = [words.number(value), words.signed(value), words.count(value), words.percent(value)]
    assert not any("-" in text for text in shown)
    assert all(text.startswith("−") for text in shown[:2]) == (value < 0)


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
def test_undefined_is_a_dash(value: float | None) -> None:
    """An undefined number is a dash, never 0 or nan."""
    for write in (
        words.number,
        words.signed,
        words.percent,
        words.count,
        words.p_value,
        words.setting,
    ):
        assert write(value) == words.UNDEFINED


@given(st.floats(min_value=0, max_value=1))
def test_percent_rounds_to_nothing_or_all_only_exactly(share: float) -> None:
    """0 % means none at all and 100 % means all: one row in a million still shows."""
    shown = words.percent(share)
    assert (shown == "0 %") == (share == 0)
    # Between the last double below one and a millionth below it, six decimals round up.
    if share <= 1 - 1e-8:
        assert shown != "100 %"


@given(FINITE, FINITE)
def test_pair_keeps_different_numbers_apart(before: float, after: float) -> None:
    """Two numbers that differ by more than a part in ten thousand never read the same."""
    shown = words.pair(before, after)
    if abs(before - after) > 1e-4 * max(abs(before), abs(after)):
        assert shown[0] != shown[1]


@given(st.text())
def test_name_is_one_harmless_line(text: str) -> None:
    """A name cannot break the line, move the cursor, hide text or turn it around."""
    shown = words.name(text)
    assert shown
    assert len(shown) <= 62
    inner = shown.strip("\u2068\u2069")
    assert all(unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} for c in inner)
    shown.encode("utf-8")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.9996, "1.00"),
        (9.996, "10.0"),
        (99.96, "100"),
        (999.6, "1,000"),
        (0.05, "0.0500"),
        (1234567.0, "1.23 × 10⁶"),
        (1e-7, "1.00 × 10⁻⁷"),
        (42.0, "42"),
        (-0.0, "0"),
    ],
)
def test_number_examples(value: float, shown: str) -> None:
    """Rounding up to the next power of ten adds no figure; integers keep theirs."""
    assert words.number(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(9999, "9,999"), (10_000, "10.0 k"), (99_950, "100 k"), (999_499, "999 k"), (2.5e9, "2.50 G")],
)
def test_count_has_si_prefixes(value: float, shown: str) -> None:
    """Counts are exact below ten thousand and have a prefix and three figures from there."""
    assert words.count(value) == shown
