"""Durations and windows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.core.errors import InputError
from watchkeeper.core.windows import cut, parse_every

START = datetime(1990, 1, 1, tzinfo=UTC)
TIMES = st.integers(0, 50 * 365 * 86400).map(lambda s: START + timedelta(seconds=s))


@given(TIMES, st.integers(0, 400), st.sampled_from(["6h", "1d", "7d", "2w", "1mo", "3mo"]))
def test_windows_cover_the_range_without_gap_or_overlap(
    start: datetime, days: int, every: str
) -> None:
    """Each window begins where the last ended, and both ends of the range are inside."""
    end = start + timedelta(days=days)
    windows = cut(start, end, parse_every(every))
    assert windows[0].start <= start
    assert windows[-1].start <= end < windows[-1].end
    assert all(a.end == b.start for a, b in pairwise(windows))


@pytest.mark.parametrize("text", ["", "7", "d", "0d", "-1d", "7 days", "1y"])
def test_bad_lengths_say_what_is_allowed(text: str) -> None:
    """The error quotes the text and shows good ones."""
    with pytest.raises(InputError, match="write a number and a unit"):
        parse_every(text)


def test_too_many_windows_are_refused() -> None:
    """A second a window over forty years would never end."""
    with pytest.raises(InputError, match="choose a longer one"):
        cut(datetime(1990, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC), parse_every("1s"))
