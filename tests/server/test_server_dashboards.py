"""`/v1/dashboards` over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx

Ask = Callable[..., httpx.Response]

MINE = {
    "title": "Mine",
    "panels": [{"kind": "lines", "title": "Traffic", "metrics": ["throughput"], "size": "full"}],
}


def put(client: httpx.Client, name: str, body: object, **headers: str) -> httpx.Response:
    """Keep a dashboard, as the page does."""
    return client.put(f"/v1/dashboards/{name}", json=body, headers=headers)


def test_those_that_ship_are_listed_and_shown(served: httpx.Client) -> None:
    """Nobody has to make one first."""
    found = served.get("/v1/dashboards").json()["dashboards"]
    assert [one["name"] for one in found] == ["operations", "model-performance", "data-quality"]
    assert all(one["shipped"] for one in found)
    whole = served.get("/v1/dashboards/operations").json()
    assert whole["panels"][0]["kind"] == "alerts"
    assert whole["window"] == "24h"


def test_one_is_kept_changed_and_removed(served: httpx.Client) -> None:
    """What is kept is YAML that can be applied again, also after it was removed."""
    made = put(served, "mine", MINE)
    assert made.status_code == 200, made.text
    assert "kind: lines" in made.json()["text"]
    changed = put(served, "mine", MINE | {"title": "Ours"}, **{"If-Match": made.json()["version"]})
    assert changed.json()["title"] == "Ours"
    assert served.get("/v1/dashboards").json()["dashboards"][-1]["title"] == "Ours"
    gone = served.delete("/v1/dashboards/mine")
    assert gone.json()["text"] == changed.json()["text"]
    assert served.get("/v1/dashboards/mine").status_code == 404
    back = served.put("/v1/dashboards/mine", content=gone.json()["text"])
    assert back.json()["panels"] == changed.json()["panels"]


def test_nobody_overwrites_what_they_have_not_seen(served: httpx.Client) -> None:
    """Two people who change the same one: the second is told."""
    seen = put(served, "shared", MINE, **{"If-None-Match": "*"}).json()["version"]
    assert put(served, "shared", MINE, **{"If-None-Match": "*"}).status_code == 409
    assert put(served, "shared", MINE | {"title": "B"}, **{"If-Match": seen}).status_code == 200
    late = put(served, "shared", MINE | {"title": "C"}, **{"If-Match": seen})
    assert late.status_code == 409
    assert "meanwhile" in late.json()["error"]["message"]
    assert served.get("/v1/dashboards/shared").json()["title"] == "B"


def test_what_ships_stays(served: httpx.Client) -> None:
    """It is copied under another name."""
    for told in (put(served, "operations", MINE), served.delete("/v1/dashboards/operations")):
        assert told.status_code == 409
        assert "another" in told.json()["error"]["message"]


def test_what_is_wrong_is_named(served: httpx.Client) -> None:
    """As everywhere: where, and the nearest name."""
    wrong = json.loads(json.dumps(MINE))
    wrong["panels"][0]["metrics"] = ["troughput"]
    told = put(served, "wrong", wrong)
    assert told.status_code == 400
    assert "throughput" in told.json()["error"]["message"]
    assert served.get("/v1/dashboards/wrong").status_code == 404
