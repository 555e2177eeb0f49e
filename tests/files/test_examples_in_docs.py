"""Every file that the docs show is one that can be used as it stands, or is shown to be wrong."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
import yaml

from tests.files.kinds import DOCS, KINDS, blocks, seen_by_an_editor
from watchkeeper.app.alarms.vocabulary import vocabulary_of
from watchkeeper.core.errors import InputError
from watchkeeper.incidents.runbooks.parse import Block, read_runbook
from watchkeeper.incidents.runbooks.parse import blocks as fenced
from watchkeeper.monitors.rule_file import read_rules
from watchkeeper.monitors.rule_tests_file import read_rule_tests

PAGES = sorted([*DOCS.rglob("*.md"), DOCS.parent / "README.md"])
EXAMPLES = [
    pytest.param(page, block, id=f"{page.relative_to(DOCS.parent)}-{number}")
    for page in PAGES
    for number, block in enumerate(blocks(page), 1)
]
FIRST = {
    "groups": "rules", "alert": "rules", "slos": "slos", "tests": "rule-tests",
    "rule_files": "rule-tests", "users": "oncall", "schedules": "oncall", "escalations": "oncall",
    "mode": "automation", "limits": "automation", "freezes": "automation",
    "route": "alertmanager", "receivers": "alertmanager", "panels": "dashboard",
    "issuer": "oidc", "spec": "openslo",
    "columns": "model", "label": "model", "thresholds": "model", "checks": "model",
    "rules": "model", "policy": "model", "retention": "model", "reference": "model",
}  # fmt: skip
"""The kind of a file by one of its keys."""

FOREIGN = {
    "scrape_configs", "jobs", "services", "InferenceService", "Deployment", "Kustomization",
    "repos",
}  # fmt: skip
"""Keys and kinds of files that other programs read."""


def kind_of(tree: dict[str, object] | list[dict[str, object]]) -> str | None:
    """Which file it is; None for one of another program."""
    held = tree if isinstance(tree, dict) else tree[0]
    if FOREIGN & {*held, held.get("kind")}:
        return None
    return next(FIRST[key] for key in held if key in FIRST)


def test_there_are_examples() -> None:
    """The pages are found, and so are files of most kinds."""
    found = {kind_of(yaml.safe_load(one.values[1].text)) for one in EXAMPLES}
    assert {"rules", "rule-tests", "slos", "alertmanager", "automation", "model"} <= found


@pytest.mark.parametrize(("page", "block"), EXAMPLES)
def test_what_is_shown_can_be_used(page: Path, block: Block) -> None:
    """Its reader takes it with the real names of metrics, and so does its schema.

    What is called `wrong` is there for what is said of it.
    """
    kind = kind_of(yaml.safe_load(block.text))
    title = page.read_text(encoding="utf-8").splitlines()[block.line - 1]
    if kind is None:
        return
    if "wrong" in title:
        with pytest.raises(InputError, match=r"line \d+, column \d+: .*did you mean"):
            read_rules(block.text, vocabulary=vocabulary_of())
        return
    if kind == "rules":
        read_rules(block.text, vocabulary=vocabulary_of())
    elif kind == "rule-tests":
        read_rule_tests(block.text, vocabulary_of())
    else:
        assert KINDS[kind].refused(block.text) == "", f"{page.name}, line {block.line}"
    schema = jsonschema.Draft202012Validator(KINDS[kind].schema)
    for tree in seen_by_an_editor(block.text):
        schema.validate(tree)


@pytest.mark.parametrize(
    "page", [page for page in PAGES if "wk-step" in page.read_text(encoding="utf-8")], ids=str
)
def test_steps_that_are_shown_can_be_run(page: Path) -> None:
    """Runbooks within a page, and steps that stand in it by themselves."""
    text = page.read_text(encoding="utf-8")
    whole = [block.text for block in fenced(text) if block.info in {"markdown", "md"}]
    for runbook in [*whole, text]:
        read_runbook(runbook, name=page.name)
