"""`serve` as a command: its settings, their other names, and what it says when they are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.main import get_command

pytest.importorskip("fastapi", reason="the server needs the extra 'server'")

from tests.cli.conftest import Call
from watchkeeper.app.live.settings import Settings
from watchkeeper.cli.main import app
from watchkeeper.server import running as server
from watchkeeper.server.running import Running


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Settings, Running]]:
    """What servers are started with; none is."""
    calls: list[tuple[Settings, Running]] = []

    def serve(settings: Settings, running: Running) -> int:
        calls.append((settings, running))
        return 0

    monkeypatch.setattr(server, "serve", serve)
    return calls


def test_without_options_it_is_local_and_here(
    call: Call, started: list[tuple[Settings, Running]]
) -> None:
    """The defaults are those of the settings."""
    assert call("serve").code == 0
    ((settings, running),) = started
    assert settings == Settings(Path("watchkeeper-data"))
    assert running == Running()


def test_options_become_settings(call: Call, started: list[tuple[Settings, Running]]) -> None:
    """All of them."""
    options = (
        "--data d --host ::1 --port 0 --base-url https://w.example --insecure --max-body 1M "
        "--max-backlog 2G --min-free 3k --known-models --access-log --log-level debug "
        "--ready-file r.json --json"
    )
    assert call("serve", *options.split()).code == 0
    assert started == [
        (
            Settings(
                Path("d"), "::1", 0, max_body=1 << 20, max_backlog=2 << 30, min_free=3 << 10,
                open_models=False, insecure=True, base_url="https://w.example",
            ),
            Running(ready_file=Path("r.json"), access_log=True, log_level="debug", as_json=True),
        )
    ]  # fmt: skip


def test_the_environment_says_the_same(
    call: Call, started: list[tuple[Settings, Running]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As containers are configured; the command line wins."""
    for name, value in {"PORT": "9", "HOST": "0.0.0.0", "INSECURE": "1", "MAX_BODY": "5M",
                        "OPEN_MODELS": "false", "DATA": "env"}.items():  # fmt: skip
        monkeypatch.setenv(f"WATCHKEEPER_{name}", value)
    assert call("serve", "--data", "line").code == 0
    ((settings, _),) = started
    assert settings == Settings(
        Path("line"), "0.0.0.0", 9, max_body=5 << 20, open_models=False, insecure=True
    )


def test_every_option_has_a_variable() -> None:
    """Named after it, so that nobody has to look it up."""
    command = get_command(app).commands["serve"]
    for option in command.params:
        if option.name in {"help", "context"}:
            continue
        assert option.envvar == f"WATCHKEEPER_{option.name.upper()}", option.name


@pytest.mark.parametrize(
    "options",
    [("--max-body", "big"), ("--max-body", "-1"), ("--max-body", "1.5M"), ("--min-free", "1T"),
     ("--port", "70000"), ("--log-level", "loud"), ("extra",)],
)  # fmt: skip
def test_wrong_settings_start_nothing(
    call: Call, started: list[tuple[Settings, Running]], options: tuple[str, ...]
) -> None:
    """Exit code 2 and the option's name."""
    done = call("serve", *options)
    assert done.code == 2
    assert options[0] in done.err
    assert started == []


PASSWORD = "postgresql://ann:secret-word@db/watch"


@pytest.mark.parametrize("command", ["serve", "watch"])
def test_a_password_on_the_command_line_is_refused(
    call: Call, started: list[tuple[Settings, Running]], command: str
) -> None:
    """Everybody on the machine would see it; the error does not repeat it."""
    done = call(command, "--catalogue", PASSWORD)
    assert done.code == 2
    assert "WATCHKEEPER_CATALOGUE" in done.err
    assert "secret-word" not in done.out + done.err
    assert started == []


def test_the_catalogue_is_named_by_the_environment(
    call: Call, started: list[tuple[Settings, Running]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or without a password by the option; an empty variable is none."""
    assert call("serve", "--catalogue", "postgresql://ann@db/watch").code == 0
    for value in (PASSWORD, ""):
        monkeypatch.setenv("WATCHKEEPER_CATALOGUE", value)
        assert call("serve").code == 0
    urls = [settings.catalogue_url for settings, _ in started]
    assert urls == ["postgresql://ann@db/watch", PASSWORD, None]
    assert "secret-word" not in call("serve", "--help").out


SINK = "clickhouse://ann@clickhouse.example/watch"


def test_clickhouse_is_an_option(
    call: Call, started: list[tuple[Settings, Running]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or a variable, which may hold a password; the settings do not show it."""
    pytest.importorskip("clickhouse_connect")
    assert call("serve", "--clickhouse", SINK).code == 0
    secret = SINK.replace("@", ":secret-word@")
    for value in (secret, ""):
        monkeypatch.setenv("WATCHKEEPER_CLICKHOUSE", value)
        assert call("serve").code == 0
    assert [settings.clickhouse_url for settings, _ in started] == [SINK, secret, None]
    assert "secret-word" not in repr(started)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("clickhouse://ann:secret-word@h/d", "written out"),
        ("postgres://h/d", "no URL of ClickHouse"),
        ("clickhouse://h/", "names no host and database"),
        ("clickhouse://ann:${NOT_SET_AT_ALL}@h/d", "NOT_SET_AT_ALL"),
        ("clickhouse://ann@h/d?password_file=/no/such/file", "/no/such/file"),
    ],
)
def test_a_clickhouse_that_cannot_be_used(
    call: Call, started: list[tuple[Settings, Running]], url: str, said: str
) -> None:
    """It is refused before anything begins, in one sentence without secrets."""
    done = call("serve", "--clickhouse", url)
    assert done.code == 2
    assert said in done.err
    assert "secret-word" not in done.err
    assert started == []
