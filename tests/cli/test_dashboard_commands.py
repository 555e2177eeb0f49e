"""`watchkeeper dashboards`, against a server over a real store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the server needs the extra 'server'")

from tests.cli.conftest import Call
from tests.server.conftest import serving
from tests.server.fake_platform import FakePlatform


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A server."""
    platform = FakePlatform(tmp_path / "data")
    with serving(platform) as (address, _):
        yield address
    platform.let_go()


def test_one_that_ships_becomes_ones_own(call: Call, url: str, tmp_path: Path) -> None:
    """Shown, written to a file, changed, applied, listed, removed."""
    shown = call("dashboards", "show", "operations", "--url", url)
    file = tmp_path / "mine.yaml"
    file.write_text(shown.out.replace("title: Operations", "title: Mine"), encoding="utf-8")
    assert call("dashboards", "apply", file, "--url", url).code == 0
    listed = json.loads(call("--json", "dashboards", "list", "--url", url).out)
    assert [one["title"] for one in listed if not one["shipped"]] == ["Mine"]
    assert "Mine" in call("dashboards", "list", "--url", url).out
    assert call("dashboards", "remove", "mine", "--url", url).out == "mine: removed\n"
    assert call("dashboards", "show", "mine", "--url", url).code == 2


def test_what_is_wrong_in_a_file_is_named(call: Call, url: str, tmp_path: Path) -> None:
    """With its line, its column and the nearest name; nothing is kept."""
    file = tmp_path / "mine.yaml"
    file.write_text("title: Mine\npanels:\n- {kind: lines, title: T, metrics: [acuracy]}\n")
    told = call("dashboards", "apply", file, "--url", url)
    assert told.code == 2
    assert "line 3, column 37" in told.err
    assert "accuracy" in told.err
