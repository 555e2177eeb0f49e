"""Fixtures of the channels' tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

for _package in ("httpx", "apprise", "PIL"):
    pytest.importorskip(_package, reason="channels need the extra 'server'")

from tests.actions.channels.recorder import Recorder, recording  # noqa: E402  # no httpx, no tests


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of the machine has nothing to do with the loopback interface."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    """A receiver that takes everything and notes it."""
    with recording() as found:
        yield found
