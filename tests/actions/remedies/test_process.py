"""Programs: real ones, with their output, their time, their children and their environment."""

from __future__ import annotations

import hashlib
import os
import sys
import textwrap

import psutil
import pytest

from watchkeeper.actions.channels.secret import Secret
from watchkeeper.actions.remedies.base import MOST_TEXT, redact
from watchkeeper.actions.remedies.command import Command
from watchkeeper.actions.remedies.process import Runner

RUNNER = Runner(timeout_s=60)


def python(code):
    """The arguments that run Python code."""
    return [sys.executable, "-c", textwrap.dedent(code)]


def test_what_a_program_says():
    """Both of its streams, its exit status, and the hash of all of it."""
    code = "import sys; print('out', flush=True); print('err', file=sys.stderr); sys.exit(3)"
    found = RUNNER.run(python(code))
    assert (found.status, found.exit, found.text) == ("failed", 3, "out\nerr\n")
    assert found.output_hash == hashlib.sha256(b"out\nerr\n").hexdigest()
    assert RUNNER.run(python("pass")).output_hash == ""


@pytest.mark.parametrize(
    "argument", ["; touch pwned", "$(touch pwned)", "`touch pwned`", "a b", "*", "'", '"', "|", ""]
)
def test_no_shell_reads_arguments(argument, tmp_path):
    """What an argument holds arrives as it is, and does nothing on the way."""
    runner = Runner(timeout_s=60, cwd=str(tmp_path))
    found = runner.run([*python("import sys; print(repr(sys.argv[1]))"), argument])
    assert found.text == f"{argument!r}\n"
    assert list(tmp_path.iterdir()) == []


def test_the_environment_is_an_allow_list(monkeypatch):
    """Our keys are not passed on; what is given and what is named are."""
    monkeypatch.setenv("WATCHKEEPER_KEY", "wk_secret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "aws")
    monkeypatch.setenv("KUBECONFIG", "/etc/kube")
    code = "import os; print('\\n'.join(sorted(os.environ)))"
    found = Runner(pass_on=("KUBECONFIG",)).run(python(code), {"GIVEN": "1"})
    names = set(found.text.split())
    assert {"PATH", "GIVEN", "KUBECONFIG"} <= names
    assert not names & {"WATCHKEEPER_KEY", "AWS_SECRET_ACCESS_KEY"}


def test_variables_are_in_the_environment():
    """By name, with any text."""
    command = Command(
        tuple(python("import os; print(os.environ['WATCHKEEPER_ALERT_NAME'])")), RUNNER
    )
    assert command.run({"alert.name": "$(id); 'x'"}).text == "$(id); 'x'\n"


def test_a_program_that_takes_too_long(tmp_path):
    """It is stopped with all of its children, and what it said until then is kept."""
    pids = tmp_path / "pids"
    code = f"""
        import os, signal, subprocess, sys, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        open({str(pids)!r}, "w").write(f"{{os.getpid()}} {{child.pid}}")
        print("begun", flush=True)
        time.sleep(600)
    """
    found = Runner(timeout_s=3, grace_s=0.5).run(python(code))
    assert (found.status, found.text) == ("timed_out", "begun\n")
    for pid in map(int, pids.read_text().split()):
        assert is_gone(pid)


def is_gone(pid):
    """Whether a process has ended, or does within ten seconds; nobody may have reaped it yet."""
    try:
        psutil.Process(pid).wait(10)
    except psutil.NoSuchProcess:
        return True
    except psutil.TimeoutExpired:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    return True


def test_a_child_that_holds_the_pipe():
    """A program that ends and leaves a child behind does not hold us up."""
    code = """
        import subprocess, sys
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        print("done", flush=True)
    """
    found = RUNNER.run(python(code))
    assert (found.status, found.text) == ("ok", "done\n")


def test_a_flood_is_bounded():
    """Megabytes are hashed and read, and a few thousand characters of both ends are kept."""
    code = "import sys; sys.stdout.write('a' + 'x' * 5_000_000 + 'z')"
    found = RUNNER.run(python(code))
    assert len(found.text) < MOST_TEXT + 100
    assert (found.text[0], found.text[-1]) == ("a", "z")
    assert "left out" in found.text
    whole = b"a" + b"x" * 5_000_000 + b"z"
    assert found.output_hash == hashlib.sha256(whole).hexdigest()


def test_bytes_that_are_no_text():
    """They are shown as what they are not, and control characters are left out."""
    found = RUNNER.run(python("import sys; sys.stdout.buffer.write(b'a\\xff\\x1b[31mb\\x00')"))
    assert found.text == "a\ufffd[31mb"


def test_a_program_that_is_not_there(tmp_path):
    """Neither missing programs nor files that are none raise."""
    assert "there is no program 'no-such'" in RUNNER.run(["no-such"]).text
    assert RUNNER.run([]).status == "failed"
    broken = tmp_path / "broken"
    broken.write_bytes(b"\x7fELFnot")
    broken.chmod(0o755)
    assert RUNNER.run([str(broken)]).status == "failed"
    assert RUNNER.run([sys.executable, "a\x00b"]).status == "failed"


def test_secrets_are_removed(monkeypatch):
    """Those that are known and those that look like one; the hash is that of what was said."""
    monkeypatch.setenv("TOKEN", "s3cret-of-ours")
    runner = Runner(secrets=(Secret("${TOKEN}"),))
    said = "s3cret-of-ours\\nAuthorization: Bearer eyJhbGc\\npassword=hunter2\\nfine"
    found = runner.run(python(f"print('{said}')"))
    assert found.text == "<secret>\nAuthorization: <secret>\npassword=<secret>\nfine\n"


@pytest.mark.parametrize(
    "text",
    [
        "api_key: abc123", '"client_secret": "abc 123"', "MLFLOW_TRACKING_TOKEN=abc123",
        "https://me:abc123@host/", "authorization=Basic abc123", "x-api-key='abc123'",
        "db-password = abc123, next",
    ],
)  # fmt: skip
def test_what_looks_like_a_secret(text):
    """Keys, tokens and passwords in the ways in which programs print them."""
    assert "abc" not in redact(text)
    assert "secret>" in redact(text)


def test_plain_text_is_left_alone():
    """Words about secrets are none."""
    text = "the token was refreshed; 3 passwords rotated, see https://a.example/b:c"
    assert redact(text) == text


def test_a_dry_run_of_a_command(tmp_path):
    """It only says what would be run, or runs what shows it."""
    touched = tmp_path / "touched"
    argv = (*python("import sys; open(sys.argv[1], 'w')"), str(touched))
    found = Command(argv, RUNNER).dry_run({})
    assert (found.status, touched.exists()) == ("ok", False)
    assert str(touched) in found.text
    shows = Command(argv, RUNNER, dry_run_argv=tuple(python("print('would')")))
    assert (shows.dry_run({}).text, touched.exists()) == ("would\n", False)
    assert Command(argv, RUNNER).run({}).status == "ok"
    assert touched.exists()
    assert Command(argv, RUNNER).undo({}).status == "failed"


def test_no_process_is_left():
    """The tests above have ended all that they started."""
    mine = psutil.Process(os.getpid()).children(recursive=True)
    assert [p for p in mine if "time.sleep(600)" in " ".join(p.cmdline())] == []
