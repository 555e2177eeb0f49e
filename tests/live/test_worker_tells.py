"""What goes wrong in the background is told in the status, where people look."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.stations import START, Station, flights, predictions, station
from watchkeeper.app.live.heartbeat import read_heartbeat
from watchkeeper.core.envelope import Signal
from watchkeeper.core.errors import UnavailableError

ROWS = flights(20, start=START)


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Station]:
    """A station whose model has no reference."""
    with station(tmp_path / "data") as made:
        yield made


def test_records_that_were_put_aside_are_a_problem_with_its_reason(held: Station) -> None:
    """They were acknowledged, so nobody else would say that they are measured nowhere."""
    held.send(Signal.PREDICTIONS, predictions(ROWS))
    assert held.platform.status()["problems"] == []
    held.worker._journal.put_aside(1, "no such type")
    held.work()
    (problem,) = held.platform.status()["problems"]
    assert "20 records of the predictions of 'late'" in problem
    assert "no such type" in problem
    assert held.platform.problems() == []  # It takes records in as before.


def test_a_step_that_fails_is_told_with_a_fresh_heartbeat(
    held: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that fails lives: the beat goes on and says why, until a step succeeds."""

    def fail(**_: object) -> int:
        raise UnavailableError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(held.worker._buckets, "roll_up", fail)
        held.worker._beat = 0.0
        with pytest.raises(UnavailableError):
            held.worker.step()
    beat = read_heartbeat(held.platform.settings.heartbeat)
    assert beat is not None
    assert beat.failing == {"step": "UnavailableError: the disk is full"}
    held.worker._beat = 0.0
    held.worker.step()
    assert held.platform.status()["worker"]["failing"] == {}
