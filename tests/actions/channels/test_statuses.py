"""The table of HTTP statuses, and the header that asks to wait."""

from __future__ import annotations

import pytest

from watchkeeper.actions.channels.statuses import outcome_of, result_of, retry_after
from watchkeeper.actions.results import Failed, Retry, Sent


def test_the_table_says_one_thing_for_each_status():
    """Every status has an outcome, and the result of a status is of that outcome."""
    kinds = {"sent": Sent, "retry": Retry, "failed": Failed}
    for status in range(100, 600):
        assert isinstance(result_of(status, "it"), kinds[outcome_of(status)])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_says_what_to_do(status):
    """It is refused with advice, since it is not followed."""
    assert "write that one" in result_of(status, "it").why


@pytest.mark.parametrize(
    ("value", "date", "seconds"),
    [
        ("0", None, 0.0),
        ("1.5", None, 1.5),
        ("-3", None, 0.0),
        ("inf", None, None),
        ("nan", None, None),
        ("", None, None),
        ("Wed, 21 Oct 2015 07:28:30 GMT", "Wed, 21 Oct 2015 07:28:00 GMT", 30.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 21 Oct 2015 07:28:30 GMT", 0.0),
        ("Wed, 21 Oct 2015 07:28:30 GMT", None, None),
        ("Wed, 99 Oct 2015 07:28:30 GMT", "Wed, 21 Oct 2015 07:28:00 GMT", None),
        (None, None, None),
    ],
)
def test_retry_after_is_seconds_or_a_time(value, date, seconds):
    """As RFC 9110 10.2.3 writes it; what cannot be read counts as not said."""
    assert retry_after(value, date) == seconds
