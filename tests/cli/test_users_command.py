"""`watchkeeper users`: the first admin without a server, and passwords that nobody sees."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

pytest.importorskip("fastapi", reason="users need the extra 'server'")

from tests.cli.conftest import Call, Done
from watchkeeper.app.live.clock import now
from watchkeeper.app.people.people import People, WrongPasswordError
from watchkeeper.app.people.sessions import Origin
from watchkeeper.cli.main import app

GOOD, OTHER = "tulip ferry anvil moss", "copper quilt seven lanterns"
Users = Callable[..., Done]


@pytest.fixture
def users(tmp_path: Path) -> Users:
    """Run `watchkeeper users` on a folder, with something on standard input."""

    def run(*arguments: str, typed: str | None = None, env: dict[str, str] | None = None) -> Done:
        words = ["users", *arguments, "--data", str(tmp_path / "data")]
        result = CliRunner().invoke(app, words, input=typed, env=env)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Done(result.exit_code, result.stdout, result.stderr)

    return run


def added(users: Users, name: str, role: str) -> Done:
    """Add a user."""
    return users("add", name, "--role", role, "--password-stdin", typed=f"{GOOD}\n")


def can_sign_in(folder: Path, name: str, password: str) -> bool:
    """Whether a server on the folder would let them in."""
    people = People(folder / "data" / "catalogue.db", clock=now)
    try:
        people.sign_in(name, password, Origin())
    except WrongPasswordError:
        return False
    finally:
        people.close()
    return True


def test_the_first_admin_is_made_in_an_empty_folder(users: Users, tmp_path: Path) -> None:
    """Before any server was there; then the others, who are listed."""
    assert added(users, "Ada", "admin").out == "ada may sign in as admin\n"
    assert can_sign_in(tmp_path, "ada", GOOD)
    more = users("add", "vic", "--role", "viewer", "--display-name", "Vic V.", "--json",
                 env={"WATCHKEEPER_PASSWORD": OTHER})  # fmt: skip
    assert json.loads(more.out)["display_name"] == "Vic V."
    assert can_sign_in(tmp_path, "vic", OTHER)
    listed = users("list")
    assert [line.split()[0] for line in listed.out.splitlines()[2:]] == ["ada", "vic"]
    found = json.loads(users("list", "--json").out)
    assert [(user["name"], user["role"], user["disabled"]) for user in found] == [
        ("ada", "admin", None), ("vic", "viewer", None),
    ]  # fmt: skip
    for done in (more, listed):
        assert OTHER not in done.out + done.err


def test_a_password_is_asked_for_twice(
    users: Users, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At a terminal, without showing it."""
    terminal = SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("watchkeeper.cli.users.sys", terminal)
    typed = f"{GOOD}\n{OTHER}\n{GOOD}\n{GOOD}\n"
    done = users("add", "ada", "--role", "admin", typed=typed)
    assert done.code == 0, done.err
    assert can_sign_in(tmp_path, "ada", GOOD)
    assert GOOD not in done.out + done.err


def test_without_a_terminal_a_password_must_come_from_somewhere(users: Users) -> None:
    """It says from where; never from the command line."""
    done = users("add", "ada", "--role", "admin")
    assert done.code == 2
    assert "--password-stdin" in done.err
    assert "WATCHKEEPER_PASSWORD" in done.err
    assert users("add", "ada", "--role", "admin", "--password", GOOD).code == 2


def test_a_user_is_changed(users: Users, tmp_path: Path) -> None:
    """Role, disabled, enabled, password, removed."""
    added(users, "ada", "admin")
    added(users, "vic", "viewer")
    assert users("role", "vic", "editor").out == "vic is editor now\n"
    assert users("disable", "vic").code == 0
    assert not can_sign_in(tmp_path, "vic", GOOD)
    assert users("enable", "vic").code == 0
    assert can_sign_in(tmp_path, "vic", GOOD)
    changed = users("password", "vic", "--password-stdin", typed=OTHER)
    assert changed.code == 0
    assert can_sign_in(tmp_path, "vic", OTHER)
    assert users("remove", "vic").out == "vic is removed\n"
    assert users("remove", "ada").code == 2
    assert users("remove", "ada", "--last").code == 0
    assert json.loads(users("list", "--json").out) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "vic", "--role", "viewer"), "first user must be an admin"),
        (("add", "vic", "--role", "boss"), "'boss' is no role"),
        (("add", "v c", "--role", "admin"), "is no name"),
        (("role", "vic", "admin"), "no user 'vic'"), (("password", "vic"), "no user 'vic'"),
        (("remove", "vic"), "no user 'vic'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_before_a_password_is_asked_for(
    users: Users, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    """Exit code 2."""
    (tmp_path / "data").mkdir()
    People(tmp_path / "data" / "catalogue.db", clock=now).close()
    done = users(*arguments)
    assert (done.code, said in done.err) == (2, True), done.err


def test_a_weak_password_adds_nobody(users: Users) -> None:
    """And the folder has no users then."""
    for weak in ("short", "passwordpassword", ""):
        done = users("add", "ada", "--role", "admin", "--password-stdin", typed=f"{weak}\n")
        assert done.code == 2
        assert not weak or weak not in done.err
    assert json.loads(users("list", "--json").out) == []


def test_a_folder_must_be_named(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the option or the variable; only `add` makes one."""
    monkeypatch.delenv("WATCHKEEPER_DATA", raising=False)
    assert "--data DIR" in call("users", "list").err
    monkeypatch.setenv("WATCHKEEPER_DATA", str(Path(sys.prefix) / "not-there"))
    assert call("users", "list").code == 2
