"""The Containerfile, read as far as tests need it."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


def instructions() -> list[tuple[str, list[str]]]:
    """Each instruction and its words."""
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    found = []
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        name, _, rest = line.strip().partition(" ")
        if name:
            found.append((name, shlex.split(rest)))
    return found


def setting(name: str) -> str:
    """What an ENV of the last stage says."""
    pairs = (
        word.partition("=") for kind, words in instructions() if kind == "ENV" for word in words
    )
    return next(value for key, _, value in pairs if key == name)


def health_check() -> list[str]:
    """The command of the health check."""
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    line = text.partition("HEALTHCHECK")[2].partition("CMD ")[2].splitlines()[0]
    command: list[str] = json.loads(line)
    return command
