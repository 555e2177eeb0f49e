"""Payload loggers of KServe: halves that come apart, twice, in any order, and over kills."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import msgspec
import pytest

from tests.live.loads import AGAIN
from tests.live.processes import Serving, ids_once, serving, wait_until

YESTERDAY = datetime.now(UTC) - timedelta(days=1)
PAIRS = 40


def send_half(held: Serving, number: int, side: str) -> int:
    """Send half of a prediction once; the status, 0 where nobody answered."""
    content = {
        "request": {"instances": [{"temp": 20.0 + number, "airport": "JFK"}]},
        "response": {"predictions": [number % 2]},
    }[side]
    at = YESTERDAY + timedelta(milliseconds=1_000 * number + (25 if side == "response" else 0))
    headers = {
        "ce-specversion": "1.0", "ce-id": f"e{number}", "ce-source": "http://localhost:9081/",
        "ce-type": f"org.kubeflow.serving.inference.{side}", "ce-time": at.isoformat(),
        "ce-inferenceservicename": "late", "content-type": "application/json",
    }  # fmt: skip
    body = msgspec.json.encode(content)
    path = random.choice(["/", "/v1/cloudevents"])
    try:
        return httpx.post(
            f"{held.url}{path}", content=body, headers=headers, timeout=60
        ).status_code
    except httpx.TransportError:
        return 0


def deliver(held: Serving, number: int, side: str) -> None:
    """Send half of a prediction until it is acknowledged."""

    def taken() -> bool:
        status = send_half(held, number, side)
        assert status in {0, 200, *AGAIN}
        return status == 200

    wait_until(taken, f"{side} {number} is acknowledged")


def test_each_pair_is_one_prediction_over_kills(tmp_path: Path) -> None:
    """Killed between the halves, and right after both were acknowledged."""
    chance = random.Random(7)
    kills = {number: chance.choice(["between", "after"]) for number in (8, 16, 28)}
    with serving(tmp_path) as held:
        for number in range(PAIRS):
            sides = ["request", "response"]
            chance.shuffle(sides)
            deliver(held, number, sides[0])
            if kills.get(number) == "between":
                kill(held, chance)
            if chance.random() < 0.2:
                deliver(held, number, sides[0])
            deliver(held, number, sides[1])
            if kills.get(number) == "after":
                kill(held, chance)
        kill(held, chance)
        wait_until(
            lambda: held.account("late", "predictions")["written"] == PAIRS, "each pair is stored"
        )
        held.settle()
        check_pairs(held)


def kill(held: Serving, chance: random.Random) -> None:
    """With its worker or without."""
    held.kill(worker=chance.random() < 0.5)
    held.start()


def check_pairs(held: Serving) -> None:
    """One prediction of each pair, with what each half told."""
    table = held.rows(
        "late", "predictions", "_id", "temp", "airport", "_prediction", "_latency_ms", "_error"
    )
    assert ids_once(table) == {f"e{number}" for number in range(PAIRS)}
    for row in table.to_pylist():
        number = int(row["_id"][1:])
        assert row["temp"] == 20.0 + number
        assert row["airport"] == "JFK"
        assert float(row["_prediction"]) == number % 2
        assert row["_latency_ms"] == pytest.approx(25.0)
        assert row["_error"] is None
    account = held.account("late", "predictions")
    assert account["accepted"] == account["written"] == PAIRS
    assert held.value("late", "prediction_count") == PAIRS
    assert held.ask("/v1/status")["payload_loggers"]["waiting"] == 0
