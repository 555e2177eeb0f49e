"""A model written as YAML and read back is the same model, whatever its names and values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.app.model_file import file_of, json_schema, model_of, parse_model
from watchkeeper.app.model_schema import CheckFile, ColumnFile, ModelFile, RuleFile, ThresholdsFile
from watchkeeper.app.model_text import write_model
from watchkeeper.core.model import (
    Check,
    Column,
    Constraint,
    Kind,
    Model,
    Role,
    Rule,
    Task,
    Thresholds,
)

SCHEMA = Path(__file__).parents[2] / "docs/reference/model.schema.json"
text = st.text(min_size=1, max_size=12).filter(
    lambda s: not any(0xD800 <= ord(c) < 0xE000 for c in s)
)
word = (
    st.sampled_from(["a", "no", "yes", "null", "1", "1e5", "é", "a: b", "#x", "- y", "'", '"', "~"])
    | text
)
number = st.floats(allow_nan=False, allow_infinity=False)
share = st.floats(0, 1)
CONSTRAINTS = st.builds(
    Constraint,
    required=st.booleans(),
    dtype=st.none() | st.just("double"),
    max_missing=st.none() | share,
    minimum=st.none() | st.floats(-1e300, 0) | st.just("1969-01-01"),
    maximum=st.none() | st.floats(1, 1e300) | st.just("2024-01-01T00:00:00+01:00"),
    max_out_of_range=st.none() | share,
    values=st.none() | st.lists(word, min_size=1, max_size=4).map(tuple),
    pattern=st.none() | st.sampled_from(["email", "[A-Z]{2}", r"\d+\\ 'x' \"y\" # z"]),
    min_length=st.none() | st.integers(0, 3),
    max_length=st.none() | st.integers(3, 10),
    allow_constant=st.none() | st.booleans(),
)
THRESHOLDS = st.builds(
    Thresholds, alpha=st.floats(1e-9, 0.5), max_missing=share, min_rows=st.integers(2, 10**6),
    fail_on=st.lists(st.sampled_from(["drift", "rules"]), unique=True).map(tuple),
)  # fmt: skip
CHECKS = st.builds(Check, metric=word, column=st.none() | word, fail_below=number, warn_drop=share)


@st.composite
def models(draw: Any) -> Model:
    """Any model that is consistent."""
    names = draw(st.lists(word, min_size=1, max_size=6, unique=True))
    roles = [Role.LABEL, Role.PREDICTION, Role.ID, Role.IGNORED, Role.FEATURE, Role.FEATURE]
    columns = tuple(
        Column(name, draw(st.sampled_from(Kind)), role, draw(CONSTRAINTS))
        for name, role in zip(names, roles, strict=False)
    )
    held = {column.role: column.name for column in columns}
    titles = draw(st.lists(word, max_size=3, unique=True))
    return Model(
        draw(word), columns, draw(st.none() | st.just(Task.REGRESSION)),
        label=held.get(Role.LABEL), prediction=held.get(Role.PREDICTION), id=held.get(Role.ID),
        classes=tuple(draw(st.lists(word, max_size=3, unique=True))), threshold=draw(number),
        segments=tuple(names[:2]), ranks=(1, 3), segment_limit=draw(st.integers(1, 100)),
        rules=tuple(Rule(title, 'row["x y"] > 0 // "#"', draw(share)) for title in titles),
        checks=tuple(draw(st.lists(CHECKS, max_size=2))), thresholds=draw(THRESHOLDS),
    )  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(model=models())
def test_round_trip(model: Model) -> None:
    """Model to YAML to model is the identity, with comments or without."""
    remarks = {(): "first\n\nsecond", ("name",): "x" * 90, ("columns",): "here"}
    for written in (write_model(model), write_model(model, remarks)):
        assert model_of(parse_model(written)) == model


@settings(max_examples=60, deadline=None)
@given(model=models())
def test_schema_accepts_what_is_written(model: Model) -> None:
    """What Watchkeeper writes satisfies the JSON schema that editors use."""
    data = parse_model(write_model(model)).model_dump(exclude_defaults=True)
    jsonschema.validate(data, json.loads(json_schema()))


def test_other_readers_see_the_same() -> None:
    """A YAML 1.1 reader takes the written text for the same values."""
    values = ("no", "1e5", "2024-01-01", "0x10", "1_000", "1:30", "null", "=")
    columns = (
        Column("a", Kind.CATEGORICAL, constraint=Constraint(values=values, max_missing=1e-7)),
    )
    held = yaml.safe_load(write_model(Model("m", columns)))["columns"]["a"]
    assert held == {"kind": "categorical", "values": list(values), "max_missing": 1e-7}


@pytest.mark.newest
def test_schema_in_the_docs_is_current() -> None:
    """The schema in the docs is the one that is in force."""
    assert SCHEMA.read_text() == json_schema(), "run `python tools/write_model_schema.py`"
    jsonschema.Draft202012Validator.check_schema(json.loads(SCHEMA.read_text()))


def test_defaults_are_the_cores() -> None:
    """A file that says nothing means what a model that says nothing means."""
    assert ThresholdsFile().thresholds() == Thresholds()
    assert model_of(ModelFile.model_validate({})) == Model("model", ())
    assert file_of(Model("model", ())) == ModelFile.model_validate({})
    assert list(ThresholdsFile.model_fields) == list(Thresholds.__dataclass_fields__)
    held = set(Constraint.__dataclass_fields__)
    assert set(file_of(Model("m", (Column("a", Kind.TEXT),))).columns["a"].model_dump()) == held | {
        "kind"
    }


def test_every_key_is_in_the_docs() -> None:
    """The reference page has each key with its meaning."""
    page = SCHEMA.with_name("model-file.md").read_text()
    for part in (ModelFile, ColumnFile, RuleFile, CheckFile, ThresholdsFile):
        for name, field in part.model_fields.items():
            row = f"| `{name}` | {field.description} |"
            assert row in page, f"{row}: run `python tools/write_model_schema.py`"


def test_the_example_in_the_docs_is_read() -> None:
    """The model file in the docs is one."""
    page = SCHEMA.with_name("model-file.md").read_text()
    example = page.split("```yaml\n")[1].split("```")[0]
    assert parse_model(example).rules[0].target == 0.99
