"""The start page: self-contained, escaped, and true in each mode."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

import watchkeeper
from tests.server.fake_platform import FakePlatform
from watchkeeper.app.live.settings import Settings
from watchkeeper.server.start_page import template

Ask = Callable[..., httpx.Response]


def test_it_is_one_file_that_asks_nobody_else(ask: Ask) -> None:
    """No address of another host, nothing unfilled, and a policy that fits its own script."""
    answer = ask("GET", "/")
    assert (answer.status_code, answer.headers["content-type"]) == (
        200, "text/html; charset=utf-8",
    )  # fmt: skip
    page = answer.text
    assert "[[" not in page
    assert watchkeeper.__version__ in page
    assert set(re.findall(r"https?://[^\s\"'<]+", page)) == {"http://127.0.0.1:8470"}
    assert not re.search(r"<[^>]+\s(on\w+|style)=", page)
    policy = answer.headers["content-security-policy"]
    for tag in ("script", "style"):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy


def test_it_knows_who_may_ask(ask: Ask, own: FakePlatform) -> None:
    """Local without a key; with one it says so, and does not tell where the data lie."""
    local = ask("GET", "/").text
    assert 'data-access="local"' in local
    assert str(own.settings.folder) in local
    assert ask("POST", "/v1/keys", json={"name": "a", "scopes": ["read"]}).status_code == 201
    locked = ask("GET", "/").text
    assert 'data-access="keys"' in locked
    assert str(own.settings.folder) not in locked


def test_it_escapes_what_it_is_given(ask: Ask, own: FakePlatform, tmp_path: Path) -> None:
    """A folder may have any name."""
    own.settings = Settings(tmp_path / '"><script>alert(1)</script>')
    page = ask("GET", "/").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize("id_", ["local", "open", "locked", "problems", "failed", "empty"])
def test_its_states_are_there_and_hidden_at_first(id_: str) -> None:
    """Every state has its part of the page, and shows only when the script says so."""
    assert re.search(rf'<\w+ id="{id_}"[^>]* hidden>', template())


def test_what_its_script_takes_hold_of_is_there() -> None:
    """Each id that the script names is an id of the page."""
    page = template()
    ids = set(re.findall(r'\sid="([\w-]+)"', page))
    assert set(re.findall(r'(?:get|show)\("([\w-]+)"', page)) <= ids
    assert set(re.findall(r'data-copy="([\w-]+)"', page)) <= ids
