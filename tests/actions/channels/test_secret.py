"""Secrets: read when used, shown nowhere."""

from __future__ import annotations

import copy
import pickle

import pytest

from watchkeeper.actions.channels.secret import HIDDEN, Secret, hide
from watchkeeper.core.errors import InputError


def test_a_file_is_read_each_time(tmp_path):
    """A rotated secret counts at once, without its line end."""
    file = tmp_path / "token"
    secret = Secret(file=str(file))
    file.write_text("first\n")
    assert secret.reveal() == "first"
    file.write_text("second")
    assert secret.reveal() == "second"


@pytest.mark.parametrize("text", [None, "", "\n"])
def test_a_file_without_a_secret_is_named(tmp_path, text):
    """Missing or empty: the error names the file and what to do."""
    file = tmp_path / "token"
    if text is not None:
        file.write_text(text)
    with pytest.raises(InputError, match="token"):
        Secret(file=str(file)).reveal()


def test_a_file_that_is_no_text_is_named(tmp_path):
    """Bytes that are no UTF-8 are an error without the bytes."""
    (tmp_path / "token").write_bytes(b"\xff\xfesecret")
    with pytest.raises(InputError, match="it is no text") as caught:
        Secret(file=str(tmp_path / "token")).reveal()
    assert "secret\\" not in str(caught.value)


def test_a_variable_is_read_each_time(monkeypatch):
    """`${NAME}` is a variable of the environment; where it is not set the error names it."""
    secret = Secret("${WK_TEST_TOKEN}")
    monkeypatch.setenv("WK_TEST_TOKEN", "value")
    assert secret.reveal() == "value"
    monkeypatch.delenv("WK_TEST_TOKEN")
    with pytest.raises(InputError, match="WK_TEST_TOKEN"):
        secret.reveal()


def test_it_shows_itself_to_nobody():
    """Not as text, not in a format, and it cannot be copied to bytes by accident."""
    secret = Secret("hunter2-hunter2")
    assert "hunter2" not in f"{secret} {secret!r} {secret!s}"
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        copy.copy(secret)


@pytest.mark.parametrize(
    "text",
    [
        "https://hooks.example.com/services/T0AAAA/B0BBBB/abcdefgh",
        "path /services/T0AAAA/B0BBBB/abcdefgh is gone",
        "no such hook: abcdefgh",
        "token=abc%2Fdefgh%3D&x=1",
        "token abc/defgh= is wrong",
        "user hunter22",
    ],
)
def test_pieces_of_a_secret_address_are_hidden_too(text):
    """Its path, each part of it, what its query holds and who logs in, quoted or not."""
    url = "https://user:hunter22@hooks.example.com/services/T0AAAA/B0BBBB/abcdefgh"
    hidden = hide(text, [Secret(url), Secret(url + "?token=abc%2Fdefgh%3D")])
    for piece in ("T0AAAA", "abcdefgh", "defgh", "hunter22"):
        assert piece not in hidden
    assert HIDDEN in hidden


def test_what_cannot_be_read_hides_nothing():
    """A missing secret is in no text."""
    assert hide("all well", [Secret(file="/nowhere/at/all"), Secret()]) == "all well"
