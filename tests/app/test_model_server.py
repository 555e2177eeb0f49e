"""The part of a model file that only the server reads, and that nobody else minds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import jsonschema
import pytest

from watchkeeper.app.infer import with_roles
from watchkeeper.app.model_file import (
    file_of,
    json_schema,
    model_of,
    parse_model,
    parse_models,
)
from watchkeeper.app.model_server import days_of, length_of, weeks_of
from watchkeeper.core.errors import ModelError
from watchkeeper.core.windows import parse_window

SERVER = """
description: Which flights are late
owner: Ann
tags: [flights, 2013]
policy: {unknown: reject, missing: null}
retention: {predictions: 90d, hours: 5w}
reference: {window: 2013-01-01..2013-04-01T00:00+02:00}
"""
COMMON = "name: late\nlabel: late\ncolumns: {late: categorical, temp: numeric}\n"


def test_the_model_is_the_same_without_it() -> None:
    """Existing commands see the same model, whatever is said to the server."""
    assert model_of(parse_model(COMMON + SERVER)) == model_of(parse_model(COMMON))
    assert file_of(model_of(parse_model(COMMON + SERVER))) == file_of(model_of(parse_model(COMMON)))


def test_it_is_no_option_of_a_comparison() -> None:
    """What only the server reads cannot be given where nobody reads it."""
    with pytest.raises(ModelError, match="unknown option 'policy'"):
        with_roles(parse_model(COMMON), {"policy": {"unknown": "reject"}})
    assert with_roles(parse_model(COMMON + SERVER), {"score": "p"}).owner == "Ann"


def test_the_published_schema_takes_it() -> None:
    """An editor accepts what the program accepts, and the other way round."""
    import json

    import yaml

    schema = json.loads(json_schema())
    content = yaml.safe_load(COMMON + SERVER)
    content["tags"] = ["flights"]
    jsonschema.validate(content, schema)
    for wrong in ({"policy": {"unknown": "adapt"}}, {"retention": {"prediction": "1d"}}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema)


def test_values() -> None:
    """Lengths and times as they are meant."""
    file = parse_model(COMMON + SERVER)
    assert (file.tags, file.policy.missing) == (["flights", "2013"], "null")
    assert [file.retention.days(name) for name in ("predictions", "hours", "labels")] == [
        90,
        35,
        None,
    ]
    assert file.reference is not None
    assert file.reference.kind == "window"
    window = parse_window(str(file.reference.window))
    assert (window.start, window.end) == (
        datetime(2013, 1, 1, tzinfo=UTC), datetime(2013, 3, 31, 22, tzinfo=UTC),
    )  # fmt: skip
    assert parse_model("reference: {path: a.parquet}").reference.kind == "data"  # type: ignore[union-attr]


@pytest.mark.parametrize("text", ["0d", "3h", "1mo", "-1d", "d", "", "1.5d"])
def test_lengths_that_are_none(text: str) -> None:
    """Days are whole, more than none, and of a fixed length."""
    for read in (days_of, weeks_of):
        with pytest.raises(ValueError, match="write one such as"):
            read(text)
    if text != "3h":
        with pytest.raises(ValueError, match="write one such as"):
            length_of(text)


def test_lengths() -> None:
    """The units that there are."""
    assert (days_of("2w"), weeks_of("14d"), length_of("36h")) == (14, 2, timedelta(hours=36))


def test_files_of_several_models() -> None:
    """Documents are parted by `---`; empty ones are none, and lines count through the file."""
    files = parse_models("---\nname: a\n---\n# nothing\n---\nname: b\ncolumns: {x: numeric}\n")
    assert [file.name for file in files] == ["a", "b"]
    with pytest.raises(ModelError, match=r"many.yaml, line 5: the key 'name' stands twice"):
        parse_models("name: a\n---\nlabel: x\nname: b\nname: c\n", name="many.yaml")
    with pytest.raises(ModelError, match=r"line 4.*this is no YAML"):
        parse_models("name: a\n---\nname: [\n")
