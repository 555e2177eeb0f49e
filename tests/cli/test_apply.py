"""`apply`, `models` and `keys`, on a folder and through a server."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest

from tests.cli.conftest import Call, Files
from watchkeeper.app.live.folder import Folder, open_folder
from watchkeeper.app.live.questions import ReferenceRequest
from watchkeeper.app.live.references import receive_reference
from watchkeeper.core.errors import ConflictError, NotFoundError, WatchkeeperError

MODEL = """
name: late
label: late
score: score
id: id
timestamp: hour
segments: [origin]
"""


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the machine's own settings reaches the tests."""
    for name in ("WATCHKEEPER_URL", "WATCHKEEPER_DATA", "WATCHKEEPER_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def model(tmp_path: Path, files: Files) -> Path:
    """A model file with a reference beside it."""
    (tmp_path / "reference.parquet").write_bytes(files.reference.read_bytes())
    path = tmp_path / "model.yaml"
    path.write_text(MODEL + "reference: {path: reference.parquet}\n")
    return path


class Handler(BaseHTTPRequestHandler):
    """Answers like the server, from a folder."""

    folder: ClassVar[Folder]
    asked: ClassVar[list[tuple[str, str]]]
    scratch: ClassVar[Path]

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Models and references."""
        self._answer()

    def do_PUT(self) -> None:
        """Changes of them."""
        self._answer()

    def do_DELETE(self) -> None:
        """Removals."""
        self._answer()

    def _answer(self) -> None:
        address = urlsplit(self.path)
        parts = [unquote(part) for part in address.path.split("/")[3:]]
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.asked.append((self.command, address.path))
        if self.headers.get("Authorization") != "Bearer wk_secret":
            return self._send(401, {"error": {"code": "unauthorized", "message": "no key"}})
        status = {ConflictError: 409, NotFoundError: 404}
        try:
            found = self._found(parts, body, dict(parse_qsl(address.query)))
        except WatchkeeperError as error:
            return self._send(status.get(type(error), 400), {"error": {"message": str(error)}})
        return self._send(200, found)

    def _found(self, parts: list[str], body: bytes, query: dict[str, str]) -> Any:
        registry = self.folder.registry
        if not parts:
            return {"models": self.folder.models()}
        if parts[1:] == ["reference"] and self.command == "GET":
            reference = registry.reference(parts[0])
            if reference is None:
                raise NotFoundError("no reference")
            return reference.as_dict()
        if parts[1:] == ["reference"]:
            upload = self.scratch / "upload"
            upload.write_bytes(body)
            kind: Any = query.pop("kind")
            return receive_reference(registry, parts[0], ReferenceRequest(kind, query, upload))
        if self.command == "PUT":
            return registry.apply(json.loads(body), name=parts[0], force="force" in query)
        if self.command == "DELETE":
            return self.folder.remove(parts[0])
        return self.folder.model(parts[0])

    def _send(self, status: int, answer: Any) -> None:
        data = json.dumps(answer, default=str).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@contextmanager
def serving(folder: Path) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """A server on a folder; its address, and what it was asked."""
    asked: list[tuple[str, str]] = []
    with open_folder(folder, make=True) as opened:
        kind = type("One", (Handler,), {"folder": opened, "asked": asked, "scratch": folder})
        server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/", asked
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def test_apply_to_a_folder(call: Call, model: Path, tmp_path: Path) -> None:
    """Created with its reference, then unchanged, then changed in what differs."""
    folder = tmp_path / "data"
    done = call("apply", "-f", model, "--data", folder)
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        "late: created", f"  reference: {model.parent / 'reference.parquet'}, 900 rows",
    ]  # fmt: skip
    assert call("apply", "-f", model, "--data", folder).out == "late: unchanged\n"
    model.write_text(model.read_text() + "owner: Ann\n")
    assert call("apply", "-f", model, "--data", folder).out == "late: changed\n  owner: added Ann\n"
    assert json.loads(call("apply", "-f", model, "--data", folder, "--json").out) == [
        {"name": "late", "outcome": "unchanged", "changes": [], "notes": []}
    ]


def test_a_reference_is_sent_again_where_it_must(
    call: Call, model: Path, tmp_path: Path, files: Files
) -> None:
    """Other data or other columns need a new profile; other thresholds do not."""
    folder = tmp_path / "data"
    call("apply", "-f", model, "--data", folder)
    model.write_text(model.read_text() + "thresholds: {alpha: 0.01}\n")
    assert "reference" not in call("apply", "-f", model, "--data", folder).out
    model.write_text(model.read_text() + "ignore: [humid]\n")
    done = call("apply", "-f", model, "--data", folder).out
    assert "  ignore: added [humid]" in done
    assert "  reference: " in done
    assert "note" not in done
    (tmp_path / "reference.parquet").write_bytes(files.same.read_bytes())
    assert call("apply", "-f", model, "--data", folder).out.startswith(
        "late: changed\n  reference:"
    )
    with open_folder(folder, make=False) as opened:
        assert [row["state"] for row in opened.registry.references("late")] == [
            "active", "past", "past",
        ]  # fmt: skip


def test_apply_through_a_server(
    call: Call, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same over HTTP: the rows stay here, and what is there already is not sent again."""
    monkeypatch.setenv("WATCHKEEPER_KEY", "wk_secret")
    model.write_text(model.read_text().replace("name: late", "name: late/arrivals é"))
    with serving(tmp_path / "data") as (url, asked):
        monkeypatch.setenv("WATCHKEEPER_URL", url)
        done = call("apply", "-f", model)
        assert (done.code, done.err) == (0, "")
        assert done.out.splitlines()[0] == "late/arrivals é: created"
        path = "/v1/models/late%2Farrivals%20%C3%A9"
        assert asked == [("PUT", path), ("GET", f"{path}/reference"), ("PUT", f"{path}/reference")]
        asked.clear()
        assert call("apply", "-f", model).out == "late/arrivals é: unchanged\n"
        assert asked == [("PUT", path), ("GET", f"{path}/reference")]
        found = json.loads(call("models", "show", "late/arrivals é", "--json").out)
        assert (found["reference"]["kind"], found["reference"]["rows"]) == ("data", 900)
        assert found["reference"]["origin"]["name"] == "reference.parquet"
        assert "late/arrivals é" in call("models").out
        assert call("models", "remove", "late/arrivals é", "--yes").code == 0
        assert call("models", "list", "--json").out.strip() == "[]"


def test_refusals_of_a_server(
    call: Call, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is one sentence and the exit code 2."""
    with serving(tmp_path / "data") as (url, _asked):
        done = call("apply", "-f", model, "--url", url)
        assert (done.code, done.out) == (2, "")
        assert "refuses the key (no key); set WATCHKEEPER_KEY" in done.err
        monkeypatch.setenv("WATCHKEEPER_KEY", "wk_secret")
        model.write_text(model.read_text() + "task: binary\n")
        assert call("apply", "-f", model, "--url", url).code == 0
        model.write_text(MODEL + "task: regression\n")
        done = call("apply", "-f", model, "--url", url)
        assert (done.code, "force the change" in done.err) == (2, True)
        done = call("apply", "-f", model, "--url", url, "--force")
        assert (done.code, "  task: binary → regression" in done.out) == (0, True)
        assert "no model 'absent'" in call("models", "show", "absent", "--url", url).err
    done = call("models", "--url", url)
    assert (done.code, "cannot be reached" in done.err) == (2, True)
    assert "write it as http" in call("models", "--url", "localhost:8470").err


def test_several_models(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one file and of several; where one is wrong none is sent."""
    one, two = tmp_path / "one.yaml", tmp_path / "two.yaml"
    one.write_text("name: a\n---\nname: b\nreference: {rolling: 28d}\n")
    two.write_text("name: c\n")
    folder = tmp_path / "data"
    monkeypatch.setenv("WATCHKEEPER_DATA", str(folder))
    done = call("apply", "-f", one, "-f", two)
    assert done.out.splitlines() == [
        "a: created",
        "b: created",
        "  note: the reference will be made from the rows of production",
        "c: created",
    ]
    for text, said in (
        ("name: d\n---\nname: d\n", "two models are called 'd'"),
        ("name: d\n---\nlabel: y\n", "holds a model without a name"),
        ("name: d\n---\nname: e\nlable: y\n", "line 4: unknown key 'lable'"),
        ("name: d\nreference: {path: absent.parquet}\n", "absent.parquet, which is not there"),
    ):
        one.write_text(text)
        done = call("apply", "-f", one)
        assert (done.code, said in done.err) == (2, True), done.err
    assert [m["name"] for m in json.loads(call("models", "--json").out)] == ["a", "b", "c"]


def test_standard_input(tmp_path: Path) -> None:
    """`-f -` reads it."""
    code = "from watchkeeper.cli.main import run; run()"
    done = subprocess.run(
        [sys.executable, "-c", code, "apply", "-f", "-", "--data", str(tmp_path / "data")],
        input="name: late\n", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "late: created\n", "")


def test_models_of_a_folder(call: Call, model: Path, tmp_path: Path) -> None:
    """A line each, all of one as YAML, and gone."""
    folder = tmp_path / "data"
    call("apply", "-f", model, "--data", folder)
    for verb in (("models",), ("models", "list")):
        done = call(*verb, "--data", folder)
        assert done.code == 0
        assert done.out.splitlines()[2].split() == ["late", "binary", "data", "0"]
    shown = call("models", "show", "late", "--data", folder).out
    assert "features:\n  humid: double\n  origin: string\n  temp: double\n" in shown
    done = call("models", "remove", "late", "--data", folder)
    assert (done.code, "say --yes" in done.err) == (2, True)
    assert call("models", "remove", "late", "--yes", "--data", folder).out == "late: removed\n"
    assert "no models yet" in call("models", "--data", folder).err


def test_which_server(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It must be said once; a folder that is none is not made by a question."""
    assert "say which server is meant" in call("models").err
    done = call("models", "--url", "http://x", "--data", tmp_path)
    assert "not both" in done.err
    done = call("models", "--data", tmp_path / "absent")
    assert (done.code, "is no folder of a server" in done.err) == (2, True)
    assert not (tmp_path / "absent").exists()
    monkeypatch.setenv("WATCHKEEPER_URL", "http://127.0.0.1:1")
    call("keys", "create", "--name", "x", "--scope", "read", "--data", tmp_path)
    assert "no models yet" in call("models", "--data", tmp_path).err


def test_keys(call: Call, tmp_path: Path) -> None:
    """The secret is printed once and alone; the list never has it."""
    made = call("keys", "create", "--scope", "ingest", "--scope", "read", "--name", "flights",
                "--expires", "90d", "--data", tmp_path)  # fmt: skip
    secret = made.out.strip()
    assert made.code == 0
    with open_folder(tmp_path, make=False) as folder:
        key = folder.keys.verify(secret)
        assert key is not None
    assert f"Key {key.id} of flights may ingest, read until" in made.err
    assert secret not in made.err
    listed = call("keys", "list", "--data", tmp_path)
    assert "works" in listed.out
    shown = json.loads(call("keys", "list", "--data", tmp_path, "--json").out)
    assert [each["scopes"] for each in shown] == [["ingest", "read"]]
    assert secret.split("_", 2)[2] not in listed.out + json.dumps(shown)
    assert (
        call("keys", "revoke", key.id, "--data", tmp_path).out == f"{key.id} (flights): revoked\n"
    )
    assert "revoked" in call("keys", "list", "--data", tmp_path).out
    with open_folder(tmp_path, make=False) as folder:
        assert folder.keys.verify(secret) is None


def test_keys_that_cannot_be(call: Call, tmp_path: Path) -> None:
    """Each wish that cannot be is told, and makes nothing."""
    create = ("keys", "create", "--name", "x", "--data", tmp_path, "--scope")
    assert "'write' is no scope" in call(*create, "write").err
    assert "--expires: 'soon' is no length" in call(*create, "read", "--expires", "soon").err
    assert "no key 'absent'" in call("keys", "revoke", "absent", "--data", tmp_path).err
    assert "There are no keys" in call("keys", "list", "--data", tmp_path).err
    made = json.loads(call(*create, "admin", "--json").out)
    assert made["key"]["scopes"] == ["admin"]
    assert made["secret"].startswith(f"wk_{made['key']['id']}_")


def test_a_server_that_is_not_installed(tmp_path: Path) -> None:
    """Without the packages of the server the sentence says how to get them."""
    code = (
        "import sys; sys.modules['sqlalchemy'] = None; sys.modules['urllib3'] = None\n"
        "from watchkeeper.cli.main import run; run()"
    )
    for place in (("--data", str(tmp_path)), ("--url", "http://x")):
        done = subprocess.run(
            [sys.executable, "-c", code, "models", *place],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 2
        assert "pip install 'watchkeeper[server]'" in done.stderr
