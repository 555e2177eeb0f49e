"""A message to a receiver that somebody wants to see arrive."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.alarms.receivers import recorder
from watchkeeper.alerts.reading import read_config
from watchkeeper.app.alarms.trying import RULE, try_receiver
from watchkeeper.core.errors import InputError, NotFoundError

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
ROUTES = """
route: {{receiver: team}}
receivers:
- name: team
  webhook_configs:
  - url: {url}
  - url: http://127.0.0.1:9/nobody
- name: nobody
"""


def test_each_channel_says_what_became_of_it() -> None:
    """One that answers has it, and knows that it is over; one that does not says why."""
    with recorder() as receiver:
        config = read_config(ROUTES.format(url=receiver.url))
        told = try_receiver(config, "team", by="Ada", clock=lambda: NOON, key="k1")
    assert [(one["channel"], one["arrived"]) for one in told] == [
        ("webhook[0]", True), ("webhook[1]", False),
    ]  # fmt: skip
    assert told[1]["detail"]
    assert [body["status"] for body in receiver.bodies] == ["firing", "resolved"]
    (alert,) = receiver.bodies[0]["alerts"]
    assert alert["labels"]["alertname"] == RULE
    assert "Ada tries" in alert["annotations"]["summary"]
    assert len({body["groupKey"] for body in receiver.bodies}) == 1


def test_who_refuses_is_named() -> None:
    """An answer of 403 is not taken for an arrival."""
    with recorder() as receiver:
        receiver.status = 403
        config = read_config(ROUTES.format(url=receiver.url))
        told = try_receiver(config, "team", by="Ada", clock=lambda: NOON, key="k1")
    assert not told[0]["arrived"]
    assert "403" in told[0]["detail"]


def test_a_receiver_that_tells_nobody_is_an_error() -> None:
    """And so is one that there is not, with the nearest name."""
    config = read_config(ROUTES.format(url="http://127.0.0.1:9/"))
    with pytest.raises(InputError, match="has no channels"):
        try_receiver(config, "nobody", by="Ada", clock=lambda: NOON, key="k1")
    with pytest.raises(NotFoundError, match="did you mean 'team'"):
        try_receiver(config, "teem", by="Ada", clock=lambda: NOON, key="k1")
