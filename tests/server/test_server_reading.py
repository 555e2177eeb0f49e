"""Bodies that are files of text, whatever route takes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.server.fake_platform import FakePlatform

Ask = Callable[..., httpx.Response]


@pytest.fixture
def own(own: FakePlatform) -> Iterator[FakePlatform]:
    """A platform whose store is closed at the end."""
    yield own
    own.let_go()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("models/late", "the model file is not UTF-8 text; send YAML or JSON as UTF-8"),
        ("rules/late", "the rule file is not UTF-8 text; send YAML as UTF-8"),
        ("slos/late", "the file of SLOs is not UTF-8 text; send YAML as UTF-8"),
        ("routes", "the configuration is not UTF-8 text; send YAML as UTF-8"),
        ("oncall", "the on-call file is not UTF-8 text; send YAML as UTF-8"),
        ("dashboards/late", "the dashboard is not UTF-8 text; send YAML or JSON as UTF-8"),
        ("runbooks/late", "the runbook is not UTF-8 text; send Markdown as UTF-8"),
    ],
)
def test_what_is_not_utf8_is_said_of_the_file(ask: Ask, path: str, said: str) -> None:
    """Each route names what it wanted, and how to send it."""
    answer = ask("PUT", f"/v1/{path}", content="größer".encode("latin-1"))
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, said)


def test_a_mark_of_the_byte_order_is_no_text(ask: Ask) -> None:
    """Editors on Windows write one."""
    text = "# Answers are late\n"
    assert ask("PUT", "/v1/runbooks/late", content=text.encode("utf-8-sig")).status_code == 200
    assert ask("GET", "/v1/runbooks/late").json()["text"] == text
