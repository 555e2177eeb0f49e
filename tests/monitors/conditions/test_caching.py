"""A caching source asks once, and answers as the source does."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from watchkeeper.core.errors import InputError
from watchkeeper.monitors.conditions.caching import CachingSource
from watchkeeper.monitors.conditions.given import GivenSource
from watchkeeper.monitors.source import Asked

HOUR = timedelta(hours=1)


class Counting(GivenSource):
    """Counts questions."""

    asked = 0

    def points(self, asked, times):
        """As given, counted."""
        self.asked += 1
        return super().points(asked, times)

    def events(self, name, window, times):
        """As given, counted."""
        self.asked += 1
        return super().events(name, window, times)

    def age(self, times):
        """As given, counted."""
        self.asked += 1
        return super().age(times)


def make():
    """A source and its cache."""
    source = Counting({"f1": [0.1, 0.2]}, events={"up": ([1, 2], [3, 4])})
    return source, CachingSource(source)


def test_each_question_is_asked_once():
    """Equal times are the same question, whichever array holds them."""
    source, cache = make()
    for _ in range(3):
        times = source.times.copy()
        assert cache.points(Asked("f1"), times).value.tolist() == [0.1, 0.2]
        assert cache.events("up", HOUR, times)[0].tolist() == [1, 3]
        assert cache.age(times).tolist() == [0, 0]
        assert cache.features() == source.features()
        assert cache.constants() == {}
    assert source.asked == 3


def test_other_questions_are_asked():
    """Another time, window, offset or SLO is another question."""
    source, cache = make()
    cache.points(Asked("f1"), source.times)
    cache.points(Asked("f1", window=HOUR), source.times)
    cache.points(Asked("f1", offset=HOUR), source.times)
    assert cache.points(Asked("f1"), source.times[1:]).value.tolist() == [0.2]
    cache.events("up", HOUR, source.times)
    cache.events("up", 2 * HOUR, source.times)
    assert source.asked == 6


def test_an_error_is_an_answer():
    """What is not there is asked for once as well."""
    source, cache = make()
    for _ in range(2):
        with pytest.raises(InputError, match="no series of f2"):
            cache.points(Asked("f2"), source.times)
    assert source.asked == 1


def test_given_series_stand_until_the_next():
    """Times between values have the one before; before the first and after the last is none."""
    source = GivenSource({"f1": [1.0, 2.0]}, start="2026-01-01", step=HOUR)
    times = np.array(
        ["2025-12-31T23", "2026-01-01T00:59", "2026-01-01T01", "2026-01-01T02"], "datetime64[s]"
    )
    value = source.points(Asked("f1"), times).value
    assert value.tolist() == pytest.approx([np.nan, 1, 2, np.nan], nan_ok=True)
