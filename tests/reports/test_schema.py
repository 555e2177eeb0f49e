"""The JSON Schema: documents obey it, what is not in it is refused, and the docs show it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.reports import documents
from watchkeeper.reports.json import render_json
from watchkeeper.reports.schema import VERSION, report_schema

VALIDATOR = jsonschema.Draft202012Validator(report_schema())
DOCS = Path(__file__).parents[2] / "docs" / "reference"


def complaints(document: Any) -> list[str]:
    """What the schema says against a document."""
    return [error.message[:300] for error in VALIDATOR.iter_errors(document)]


def test_schema_is_a_schema() -> None:
    """It is valid JSON Schema 2020-12 itself."""
    jsonschema.Draft202012Validator.check_schema(report_schema())


@pytest.mark.parametrize("make", documents.ALL.values(), ids=documents.ALL)
def test_documents_are_valid(make: Any) -> None:
    """Every document is valid after a trip through JSON."""
    assert complaints(json.loads(render_json(make()))) == []


def test_document_of_real_data_is_valid(compared: dict[str, Any]) -> None:
    """What `compare` makes of files is valid."""
    assert complaints(json.loads(render_json(compared))) == []


@pytest.mark.parametrize(
    "path",
    [
        ("summary",),
        ("drift",),
        ("drift", "columns", "temp"),
        ("quality",),
        ("performance",),
        ("drift", "columns", "temp", "metrics", "ks"),
        ("performance", "metrics", "precision"),
        ("checks", 0),
        ("reference",),
        (),
    ],
)
def test_unknown_and_missing_keys_are_refused(path: tuple[str | int, ...]) -> None:
    """An extra key anywhere is an error, and so is one that is gone."""
    for spoil in ("extra", "missing"):
        document: Any = documents.comparison()
        part = document
        for step in path:
            part = part[step]
        if spoil == "extra":
            part["surprise"] = 1
        else:
            del part[next(iter(part))]
        assert complaints(document)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("summary", "verdict"), "maybe"),
        (("reference", "rows"), -1),
        (("schema_version",), "2.0"),
        (("performance", "coverage", "current"), 1.5),
        (("drift", "columns", "temp", "kind"), "blob"),
        (("performance", "metrics", "precision", "value"), "0.5"),
    ],
)
def test_wrong_values_are_refused(path: tuple[str, ...], value: object) -> None:
    """A value outside its list, range or type is an error."""
    document: Any = documents.comparison()
    part = document
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    assert complaints(document)


def test_docs_show_the_schema() -> None:
    """docs/reference/report.schema.json is what `watchkeeper schema report` prints."""
    shown = (DOCS / "report.schema.json").read_text(encoding="utf-8")
    assert json.loads(shown) == report_schema()


def test_version_is_that_of_the_documents(compared: dict[str, Any]) -> None:
    """The schema describes the version that `compare` writes."""
    assert compared["schema_version"] == VERSION
