"""When what did not arrive is sent again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.actions.channels.delivery import (
    GIVE_UP_AFTER,
    LONGEST_ASKED_S,
    Again,
    Attempt,
    Done,
    GiveUp,
    next_try,
)
from watchkeeper.actions.results import Failed, Retry, Sent

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
SHARES = st.floats(0, 1, exclude_max=True)


def test_what_arrived_is_done_and_what_is_refused_is_dead():
    """Neither is sent again; a refusal keeps its reason."""
    assert next_try(Attempt(1, NOON), Sent(), NOON, 0.5) == Done()
    assert next_try(Attempt(1, NOON), Failed("wrong key"), NOON, 0.5) == GiveUp("wrong key")


@pytest.mark.parametrize(
    ("number", "whole"), [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (8, 60), (10_000, 60)]
)
def test_pauses_double_from_a_second_to_a_minute(number, whole):
    """Half the pause is sure, the other half is chance."""
    for share, seconds in ((0.0, whole / 2), (0.5, whole * 0.75)):
        again = next_try(Attempt(number, NOON), Retry(), NOON, share)
        assert again == Again(NOON + timedelta(seconds=seconds))


@given(number=st.integers(1, 3000), asked=st.floats(0, 1e9), age=st.floats(0, 86_399), share=SHARES)
def test_no_attempt_is_early_past_the_end_or_too_far(number, asked, age, share):
    """At least what the receiver asks for, at most an hour, and never after the 24 hours."""
    now, end = NOON + timedelta(seconds=age), NOON + GIVE_UP_AFTER
    again = next_try(Attempt(number, NOON), Retry(asked, ""), now, share)
    assert isinstance(again, Again)
    assert now <= again.at <= end
    pause = (again.at - now).total_seconds()
    assert pause <= LONGEST_ASKED_S
    assert again.at == end or pause >= min(asked, LONGEST_ASKED_S) - 1e-5


@given(share=SHARES)
def test_a_receiver_that_never_comes_back_is_given_up_after_24_hours(share):
    """The attempts of a whole day, one after another: not too many, the last at the end."""
    now, number = NOON, 1
    while isinstance(
        found := next_try(Attempt(number, NOON), Retry(None, "503"), now, share), Again
    ):
        now, number = found.at, number + 1
    assert isinstance(found, GiveUp)
    assert now == NOON + GIVE_UP_AFTER
    assert 1440 <= number <= 2 * 1440 + 10
    assert "503" in found.why


def test_a_clock_that_was_set_back_breaks_nothing():
    """An attempt that seems to lie ahead is tried again, and not before now."""
    again = next_try(Attempt(2, NOON), Retry(), NOON - timedelta(hours=3), 0.5)
    assert isinstance(again, Again)
    assert again.at > NOON - timedelta(hours=3)
