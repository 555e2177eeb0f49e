"""A secret of a URL reaches the database and nothing else: not an error, a log or a report."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import watchkeeper
from tests.engines.conftest import Loaded, Server
from watchkeeper.app.compare import describe
from watchkeeper.app.live.folder import open_folder
from watchkeeper.app.sources import open_source, reading
from watchkeeper.cli.main import app
from watchkeeper.core.errors import InputError, WatchkeeperError
from watchkeeper.store.engines.opening import open_url
from watchkeeper.store.engines.secrets import refuse_literal, resolve
from watchkeeper.store.engines.urls import parse_url

pytestmark = pytest.mark.xdist_group("postgres")

CANARY = "k@n/ry ü+%?&"
"""A password of characters that need care in a URL."""
SPELLINGS = (CANARY, quote(CANARY, safe=""), "k@n", "k%40n")


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The secrets are in the environment."""
    monkeypatch.setenv("WK_CANARY", CANARY)
    monkeypatch.delenv("WK_ABSENT", raising=False)


def hidden(text: str) -> str:
    """The text, in which there is no secret."""
    for spelling in SPELLINGS:
        assert spelling not in text
    return text


def said(work: Callable[[], object]) -> str:
    """What goes wrong, whose message, parts and traceback hold no secret."""
    with pytest.raises(WatchkeeperError) as caught:
        work()
    hidden("".join(traceback.format_exception(caught.value)))
    hidden(repr(caught.value))
    assert "\n" not in str(caught.value)
    return str(caught.value)


@given(value=st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_text_can_be_a_secret(value: str) -> None:
    """Whatever a variable holds is taken as it is, wherever it stands."""
    url = "postgres://${U}:${P}@${H}:5/db?table=t&sslmode=${O}&application_name=a${O}b"
    address = resolve(url, {"U": value, "P": value, "H": value, "O": value})
    assert (address.user, address.password, address.host) == (value, value, value)
    assert address.options == {
        "table": "t", "sslmode": value, "application_name": f"a{value}b",
    }  # fmt: skip
    assert (address.port, address.path) == (5, "/db")
    assert address.shown == "postgres://${H}:5/db"
    assert address.label == "postgres://${H}:5/db?table=t"
    assert value in address.secrets


def test_a_reference_that_is_encoded_is_text() -> None:
    """`${X}` with its characters encoded is a password of just these characters."""
    assert resolve("postgres://a:%24%7BX%7D@h/d", {}).password == "${X}"


@pytest.mark.parametrize(
    "url",
    [
        "postgres://ann:${WK_ABSENT}@h/d?table=t",
        "postgres://${WK_ABSENT}@h/d?table=t",
        "postgres://h/d?table=${WK_ABSENT}",
        "duckdb://file.db?query=${WK_ABSENT}",
    ],
)
def test_a_variable_that_is_not_set_is_named(url: str) -> None:
    """Nothing is tried with half of a secret."""
    assert "environment variable WK_ABSENT, which is not set" in said(lambda: open_url(url))


def test_a_password_from_a_file(tmp_path: Path) -> None:
    """One newline at the end is the editor's; all else is the password."""
    path = tmp_path / "secret"
    for text, password in ((" a b \n", " a b "), ("x\n\n", "x\n"), ("x\r\n", "x"), ("x", "x")):
        path.write_bytes(text.encode())
        address = resolve(f"postgres://ann@h/d?table=t&password_file={path}")
        assert address.password == password
        assert password in address.secrets
        assert dict(address.options) == {"table": "t"}
        assert password not in repr(address) or password == "x"


def test_a_password_file_that_cannot_be_read(tmp_path: Path) -> None:
    """It is named, with the reason."""
    empty, foreign = tmp_path / "empty", tmp_path / "foreign"
    empty.write_text("\n")
    foreign.write_bytes(b"\xff\xfe\x00")
    for path, reason in (
        (tmp_path / "missing", "No such file"), (tmp_path, "directory"),
        (empty, "is empty"), (foreign, "no UTF-8"),
    ):  # fmt: skip
        told = said(lambda path=path: resolve(f"postgres://ann@h/d?password_file={path}"))
        assert str(path) in told
        assert reason in told
    told = said(lambda: resolve(f"postgres://ann:x@h/d?password_file={empty}"))
    assert "keep one" in told


@pytest.mark.parametrize(
    "url",
    [
        f"postgres://ann:{quote(CANARY, safe='')}@h/d?table=t",
        f"Postgres://ann:{quote(CANARY, safe='')}@h/d?table=t",
        f"postgres://ann:{quote(CANARY, safe='')}${{WK_CANARY}}@h/d?table=t",
        f"postgres://h/d?table=t&password={quote(CANARY)}",
        f"snowflake://h/d?private_key={quote(CANARY)}",
        f"trino://h/d?access_token={quote(CANARY)}",
        f"delta+s3://b/t?AWS_SECRET_ACCESS_KEY={quote(CANARY)}",
        f"delta+s3://b/t?aws_session_token={quote(CANARY)}",
    ],
)
def test_a_secret_that_is_written_out(url: str) -> None:
    """A command line refuses it, before it is used, and says what to write instead."""
    for arguments in (["profile", url, "-o", "x.profile"], ["track", "x", f"--reference={url}"],
                      ["check", "x", url], ["report", "x", "y", url], ["infer", url],
                      ["merge", url, "-o", "x.profile"]):  # fmt: skip
        done = CliRunner().invoke(app, ["--debug", *arguments])
        assert done.exit_code == 2
        assert "${NAME}" in hidden(done.output)
        assert "?password_file=PATH" in done.output


@pytest.mark.parametrize(
    "url",
    [
        "postgres://ann@h/d?table=t",
        "postgres://ann:${WK_CANARY}@h/d?table=t",
        "postgres://ann:${A}${B}@h/d?table=t&password_file=/run/secrets/x",
        "snowflake://h/d?private_key_file=/run/key&token_file=x&table=passwords",
        "reports/password=x://y",
        "http://ann:pass@127.0.0.1/",
    ],
)
def test_what_is_no_secret(url: str) -> None:
    """Names of variables and files, and what is not ours to open, may be said."""
    refuse_literal(url)


def test_a_url_of_another_kind_is_not_repeated() -> None:
    """A database that is not known is refused without the URL."""
    url = f"mysql://ann:{CANARY}@h/d"
    assert "no database URL that is known" in said(lambda: open_source(url))
    assert describe(url, "current") == "current"
    said(lambda: watchkeeper.compare(url, url))
    said(lambda: watchkeeper.profile(pa.table({"x": [1]}), like=url))
    said(lambda: watchkeeper.load_profile(url))


@pytest.mark.parametrize(
    "url",
    [
        f"postgres://ann:12?{CANARY}@h/d?table=t",
        f"postgres://ann:12/{CANARY}@h/d?table=t",
        f"postgres://ann:{CANARY}@h/d?table=t",
    ],
)
def test_a_secret_that_is_not_encoded(url: str) -> None:
    """A URL that falls apart at a special character shows no part of it."""
    assert "cannot be read" in said(lambda: parse_url(url))


@pytest.fixture(scope="module")
def address(server: Server, postgres_loaded: Loaded) -> str:
    """A URL of a user with the canary for a password, without a table."""
    rng = np.random.default_rng(1)
    score = rng.random(400)
    time = np.datetime64("2024-01-01T00:00:00") + np.arange(400) * np.timedelta64(3600, "s")
    rows = pa.table(
        {
            "score": score,
            "late": (score > rng.random(400)).astype(int),
            "at": time.astype("datetime64[us]"),
        }
    )
    postgres_loaded.load(rows, "guarded")
    con = postgres_loaded.engine.backend.con
    con.execute("DROP ROLE IF EXISTS canary")
    literal = psycopg.sql.Literal(CANARY)
    con.execute(psycopg.sql.SQL("CREATE ROLE canary LOGIN PASSWORD {}").format(literal))
    con.execute("CREATE TABLE IF NOT EXISTS forbidden (x int)")
    con.execute("GRANT SELECT ON guarded TO canary")
    place = f"127.0.0.1:{server.port}/postgres?application_name=${{WK_CANARY}}"
    return f"postgres://canary:${{WK_CANARY}}@{place}"


def test_every_error_of_a_database(address: str, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever goes wrong, when opening and later, is said without the secret."""
    caplog.set_level(logging.DEBUG)
    wrong = {
        "&table=missing": "no table 'missing'",
        "&table=forbidden": "permission denied",
        "&query=SELECT%20${WK_CANARY}": "",
        "&query=SELECT%20'${WK_CANARY}'::int%20AS%20x": "***",
        "&query=SELECT%20pg_sleep(9)::text%20AS%20x&timeout=1s": "took longer than 1 s",
        "&query=SELECT%201/0%20AS%20x": "division by zero",
        "&table=guarded&sslmode=${WK_CANARY}": "***",
        "&table=guarded&nonsense=1": "option 'nonsense'",
        "": "?table=name",
    }
    for end, expected in wrong.items():

        def work(end: str = end) -> None:
            with reading(address + end) as rows:
                rows.sample(10)  # type: ignore[union-attr]  # on an engine

        assert expected in said(work), end
    nowhere = "postgres://canary:${WK_CANARY}@127.0.0.1:1/x?table=t"
    assert "cannot be reached" in said(lambda: open_url(nowhere))
    hidden(caplog.text)


def test_a_connection_that_is_lost(address: str, postgres_loaded: Loaded) -> None:
    """The error of a server that goes away holds no secret either, nor do objects' texts."""
    rows = open_url(f"{address}&table=guarded")
    hidden(repr(rows) + repr(rows.engine) + repr(vars(rows)))  # type: ignore[union-attr]
    pid = rows.engine.backend.con.info.backend_pid  # type: ignore[union-attr]
    postgres_loaded.engine.backend.con.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])  # type: ignore[attr-defined]
    said(lambda: rows.sample(10))  # type: ignore[union-attr]
    rows.close()


def test_every_command(address: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Reports, profiles and what is printed name the rows without a secret."""
    caplog.set_level(logging.DEBUG)
    url = f"{address}&table=guarded"
    out = {end: tmp_path / f"out.{end}" for end in ("html", "json", "md", "xml", "profile")}
    files = [text for end in ("html", "json", "md", "xml") for text in ("-o", str(out[end]))]
    roles = ["--label", "late", "--score", "score", "--timestamp", "at"]
    for arguments in (
        ["report", url, url, *files, *roles],
        ["--json", "report", url, url, *roles],
        ["check", url, url, "-o", "-", *roles],
        ["profile", url, "-o", str(out["profile"]), *roles],
        ["--json", "profile", url, "--like", str(out["profile"]), "-o", str(out["profile"])],
        ["track", url, "--every", "4d", "-o", str(tmp_path / "track"), *roles],
        ["--json", "track", url, "--reference", url, "--every", "4d", *roles],
        ["infer", url, "-o", str(tmp_path / "model.yaml"), *roles],
    ):
        done = CliRunner().invoke(app, ["--debug", *arguments])
        assert done.exit_code in (0, 1), done.output
        hidden(done.output)
    made = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(made) > 8
    for path in made:
        hidden(path.read_bytes().decode(errors="replace"))
    assert "guarded" in out["json"].read_text()
    hidden(caplog.text)


MODEL = "name: late\nlabel: late\nscore: score\ntimestamp: at\nreference: {path: '%s'}\n"


def test_a_reference_from_a_url(address: str, tmp_path: Path) -> None:
    """`apply` profiles it here, once; a server keeps the name, and no secret."""
    url = f"{address}&table=guarded"
    (tmp_path / "model.yaml").write_text(MODEL % url)
    arguments = ["apply", "-f", str(tmp_path / "model.yaml"), "--data", str(tmp_path / "wk")]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert "?table=guarded, 400 rows" in hidden(done.output)
    with open_folder(tmp_path / "wk", make=False) as folder:
        held = folder.reference("late")
        hidden(json.dumps(folder.model("late"), default=str))
    assert held is not None
    hidden(json.dumps(held, default=str))
    assert held["origin"]["name"].endswith("/postgres?table=guarded")
    assert "late: unchanged" in CliRunner().invoke(app, arguments).output
    (tmp_path / "model.yaml").write_text(MODEL % f"{url}&timeout=1h")
    assert "reference:" not in CliRunner().invoke(app, arguments).output
    (tmp_path / "model.yaml").write_text(MODEL % f"{address}&query=SELECT * FROM guarded")
    assert "(query), 400 rows" in hidden(CliRunner().invoke(app, arguments).output)
    for path in (tmp_path / "wk").rglob("*"):
        if path.is_file():
            hidden(path.read_bytes().decode(errors="replace"))


def test_a_password_in_a_model_file(tmp_path: Path) -> None:
    """It is refused where many can read it, before anything is sent."""
    url = f"postgres://ann:{quote(CANARY, safe='')}@127.0.0.1:1/d?table=t"
    (tmp_path / "model.yaml").write_text(MODEL % url)
    arguments = ["apply", "-f", str(tmp_path / "model.yaml"), "--data", str(tmp_path / "wk")]
    done = CliRunner().invoke(app, ["--debug", *arguments])
    assert done.exit_code == 2
    assert "everybody can read who reads the file" in hidden(done.output)
    (tmp_path / "model.yaml").write_text((MODEL % url).replace("path:", "profile:"))
    done = CliRunner().invoke(app, ["--debug", *arguments])
    assert "a profile is a file, not a URL" in hidden(done.output)


def test_python_may_write_a_password_out(server: Server, address: str, tmp_path: Path) -> None:
    """In a program it is the caller's choice; reports do not show it all the same."""
    pq.write_table(pa.table({"score": [0.5] * 200}), tmp_path / "x.parquet")
    literal = f"canary:{quote(CANARY, safe='')}@127.0.0.1:{server.port}/postgres"
    report = watchkeeper.compare(tmp_path / "x.parquet", f"postgres://{literal}?table=guarded")
    hidden(report.to_json() + repr(report))
    with pytest.raises(InputError) as caught:
        watchkeeper.infer(f"postgres://{literal}?table=forbidden")
    hidden("".join(traceback.format_exception(caught.value)))
