"""Windows and steps as people write them."""

from datetime import UTC, datetime, timedelta

import pytest

from watchkeeper.app.live.spans import MAX_POINTS, hour_after, hour_before, steps, window_of
from watchkeeper.core.errors import InputError
from watchkeeper.core.windows import Window

NOW = datetime(2013, 4, 2, 10, 30, tzinfo=UTC)
HELD = Window(datetime(2013, 1, 1, 5, tzinfo=UTC), datetime(2013, 3, 31, 20, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("24h", datetime(2013, 4, 1, 11, tzinfo=UTC), datetime(2013, 4, 2, 11, tzinfo=UTC)),
        ("7d", datetime(2013, 3, 26, 11, tzinfo=UTC), datetime(2013, 4, 2, 11, tzinfo=UTC)),
        ("latest:1d", datetime(2013, 3, 30, 20, tzinfo=UTC), HELD.end),
        ("all", HELD.start, HELD.end),
        (
            "2013-01-01..2013-02-01",
            datetime(2013, 1, 1, tzinfo=UTC),
            datetime(2013, 2, 1, tzinfo=UTC),
        ),
        (
            "2013-01-01T02:00+02:00..2013-01-01T03:30+02:00",
            datetime(2013, 1, 1, tzinfo=UTC),
            datetime(2013, 1, 1, 2, tzinfo=UTC),
        ),
    ],
)
def test_a_window_is_what_its_text_says(text: str, start: datetime, end: datetime) -> None:
    """Whole hours, in UTC, half-open."""
    assert window_of(text, now=NOW, held=HELD) == Window(start, end)


def test_without_data_all_is_the_last_day() -> None:
    """There is nothing to show, but a window to show it in."""
    window = window_of("all", now=NOW, held=None)
    assert window.end - window.start == timedelta(days=1)


@pytest.mark.parametrize("text", ["", "soon", "5", "..", "2013-02-01..2013-01-01", "x..y"])
def test_a_bad_window_says_what_to_write(text: str) -> None:
    """The message names the text and the forms that are allowed."""
    with pytest.raises(InputError, match="write"):
        window_of(text, now=NOW, held=HELD)


def test_the_chosen_step_gives_few_enough_points() -> None:
    """From an hour to ten years."""
    start = datetime(2013, 1, 1, tzinfo=UTC)
    for hours in (1, 24, 24 * 7, 24 * 31, 24 * 365, 24 * 3650):
        window = Window(start, start + timedelta(hours=hours))
        delta = steps(window, None).delta
        assert delta is not None
        assert (window.end - window.start) / delta <= 401
        assert delta % timedelta(hours=1) == timedelta()


def test_a_step_that_cannot_be_is_refused() -> None:
    """Finer than an hour, or far too many points."""
    window = Window(NOW, NOW + timedelta(days=365))
    with pytest.raises(InputError, match="by the hour"):
        steps(window, "15m")
    with pytest.raises(InputError, match=f"at most {MAX_POINTS}"):
        steps(window, "1h")


def test_hours_are_rounded_by_the_clock_of_utc() -> None:
    """Before 1970 too."""
    early = datetime(1969, 12, 31, 22, 59, tzinfo=UTC)
    assert hour_before(early) == early.replace(minute=0)
    assert hour_after(early) == early.replace(hour=23, minute=0)
