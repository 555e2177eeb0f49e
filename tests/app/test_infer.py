"""Kinds, tasks and constraints inferred from data; what does not fit is told with its remedy."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from watchkeeper.app.infer import infer, resolve, unmeasurable
from watchkeeper.app.model_file import parse_model
from watchkeeper.app.model_text import write_model
from watchkeeper.app.suggest import pattern_of
from watchkeeper.core.errors import ModelError, RuleError
from watchkeeper.core.model import Column, Constraint, Kind, Model, Role, Task

ROWS = 1200
RNG = np.random.default_rng(7)
DATA = pa.table(
    {
        "bool": [True, False] * 600,
        "flag": [0, 1] * 600,
        "int": list(range(ROWS)),
        "float": RNG.normal(50, 10, ROWS),
        "decimal": pa.array([i % 90 for i in range(ROWS)]).cast(pa.decimal128(30, 2)),
        "word": ["a", "b", "c"] * 400,
        "encoded": pa.array(["a", "b", "c"] * 400).dictionary_encode(),
        "unique": [f"u{i}" for i in range(ROWS)],
        "prose": ["many words " * 8] * ROWS,
        "day": [dt.date(2024, 1, 1)] * ROWS,
        "moment": pa.array(range(ROWS), pa.timestamp("s")),
        "nested": [[1]] * ROWS,
        "raw": [b"x"] * ROWS,
        "null": pa.nulls(ROWS),
        "probability": RNG.random(ROWS),
        "grade": [1, 2, 3, 4, 5, 1] * 200,
        "holes": pa.array([0.0, 1.0, None] * 400),
    }
)


def resolved(data: pa.Table = DATA, model: object = None, **roles: Any) -> Model:
    """The model that some roles give."""
    return resolve(model, roles, data.schema, data)


def test_kinds() -> None:
    """Each type and shape of values has its kind; what cannot be measured is ignored."""
    model = resolved()
    kinds = {column.name: str(column.kind) for column in model.measured}
    assert kinds == {
        "bool": "categorical", "flag": "categorical", "int": "numeric", "float": "numeric",
        "decimal": "numeric", "word": "categorical", "encoded": "categorical", "unique": "text",
        "prose": "text", "day": "datetime", "moment": "datetime", "null": "categorical",
        "probability": "numeric", "grade": "numeric", "holes": "numeric",
    }  # fmt: skip
    assert unmeasurable(DATA.schema) == ("nested", "raw")
    assert model.task is None


def test_options_win_over_the_file(tmp_path: Path) -> None:
    """Options win over the file, the file over what is inferred, whatever form it has."""
    text = "label: flag\nscore: float\nignore: [grade]\ncolumns:\n  int: categorical\n"
    (tmp_path / "model.yaml").write_text(text)
    forms = (tmp_path / "model.yaml", str(tmp_path / "model.yaml"), parse_model(text),
             {"label": "flag", "score": "float", "ignore": ["grade"],
              "columns": {"int": "categorical"}})  # fmt: skip
    for form in forms:
        model = resolved(model=form, score="probability", kinds={})
        assert (model.label, model.score) == ("flag", "probability")
        assert model.column("int").kind is Kind.CATEGORICAL
        assert model.column("grade").role is Role.IGNORED
    used = resolved(model=forms[0], segments="grade", kinds={"int": Kind.NUMERIC})
    assert used.segments == ("grade",)
    assert used.column("int").kind is Kind.NUMERIC
    # A resolved model stays as it is.
    assert resolved(model=used) == used


@pytest.mark.parametrize(
    ("roles", "task", "classes"),
    [
        ({"label": "bool"}, Task.BINARY, ("false", "true")),
        ({"label": "flag", "score": "probability"}, Task.BINARY, ("0", "1")),
        ({"label": "holes", "prediction": "flag"}, Task.BINARY, ("0", "1")),
        ({"score": "probability"}, Task.BINARY, ("0", "1")),
        ({"label": "word"}, Task.MULTICLASS, ("a", "b", "c")),
        ({"label": "word", "prediction": "encoded"}, Task.MULTICLASS, ("a", "b", "c")),
        ({"label": "grade"}, Task.MULTICLASS, ("1", "2", "3", "4", "5")),
        ({"label": "grade", "task": "regression"}, Task.REGRESSION, ()),
        ({"label": "grade", "prediction": "float"}, Task.REGRESSION, ()),
        ({"label": "float", "prediction": "int"}, Task.REGRESSION, ()),
        ({"label": "grade", "score": "probability", "group": "word"}, Task.RANKING, ()),
        ({"label": "word", "task": "multiclass", "classes": ["c", "b", "a"]}, Task.MULTICLASS,
         ("c", "b", "a")),
        ({"scores": {"a": "float", "b": "probability"}, "label": "word"}, Task.MULTICLASS,
         ("a", "b")),
    ],
)  # fmt: skip
def test_tasks(roles: dict[str, Any], task: Task, classes: tuple[str, ...]) -> None:
    """The task follows from label, prediction, score and group."""
    model = resolved(**roles)
    assert (model.task, model.classes) == (task, classes)
    if roles.get("label") and task is Task.BINARY:
        assert model.column(roles["label"]).kind is Kind.CATEGORICAL


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        (["yes", "no"], ("no", "yes")),
        (["Y", "N"], ("N", "Y")),
        (["positive", "negative"], ("negative", "positive")),
        (["true", "other"], ("other", "true")),
        ([10, 9], ("9", "10")),
        (["good", "bad"], ("bad", "good")),
        ([1, -1], ("-1", "1")),
        ([1, 1], ("0", "1")),
    ],
)
def test_which_class_is_positive(values: list[Any], classes: tuple[str, ...]) -> None:
    """Conventions first, then order."""
    data = pa.table({"y": values, "x": [1.0, 2.0]})
    assert resolved(data, label="y", task="binary").classes == classes


@pytest.mark.parametrize(
    ("roles", "message"),
    [
        ({"label": "wrod"}, "label: the reference has no column 'wrod'; did you mean 'word'?"),
        ({"segments": ["x y z"]}, "its columns are bool, flag, int"),
        ({"lable": "word"}, "unknown option 'lable'; did you mean 'label'?"),
        ({"label": "word", "prediction": "word"}, "a column plays one role"),
        ({"label": "word", "prediction": "float"}, "holds numbers of many values"),
        ({"label": "float", "prediction": "word"}, "holds numbers of many values"),
        ({"label": "bool", "prediction": "flag"}, "they share no class; write both alike"),
        ({"label": "flag", "prediction": "probability"}, "name the column as score instead"),
        ({"label": "word", "score": "probability"}, "scores: {class: column}"),
        ({"label": "word", "task": "regression"}, "task regression needs numbers"),
        ({"label": "word", "task": "binary"}, "state classes: [negative, positive]"),
        ({"label": "word", "classes": ["x", "y"]}, "none of classes 'x', 'y'"),
        ({"timestamp": "word"}, "not times; store it as a timestamp"),
        ({"kinds": {"word": "datetime"}}, "store it as a timestamp"),
        ({"kinds": {"int": "text"}}, "only strings can be text"),
        ({"kinds": {"word": "numbers"}}, "use numeric, categorical, datetime, text"),
        ({"kinds": {"wrod": "text"}}, "columns: the reference has no column 'wrod'"),
        ({"threshold": "high"}, "threshold: it should be a number"),
    ],
)
def test_mistakes(roles: dict[str, Any], message: str) -> None:
    """What does not fit the data is told with its remedy."""
    with pytest.raises(ModelError) as error:
        resolved(**roles)
    assert message in str(error.value)


def test_rules_and_optional_columns() -> None:
    """A rule must name columns of the reference; an optional column may be absent."""
    with pytest.raises(RuleError, match="rule 'r': the reference has no column 'flaot'"):
        resolved(model={"rules": [{"name": "r", "expr": "flaot > 0"}]})
    model = resolved(model={"columns": {"gone": {"kind": "text", "required": False}}})
    assert "gone" not in [column.name for column in model.columns]
    with pytest.raises(ModelError, match="not int"):
        resolved(model=3)


def test_suggestions() -> None:
    """Constraints hold on the data that they come from, and no role is set unasked."""
    model, comments = infer(DATA.rename_columns(
        ["target" if name == "bool" else name for name in DATA.column_names]
    ), roles={"id": "unique"})  # fmt: skip
    held = {column.name: column.constraint for column in model.columns}
    assert model.label is None
    assert "label: target" in comments[()]
    assert held["unique"].unique
    assert held["word"].values == ("a", "b", "c")
    assert held["target"].values == ("false", "true")
    assert held["day"].minimum == "2024-01-01"
    assert (held["probability"].minimum, held["probability"].maximum) == (0.0, 1.0)
    assert held["holes"].max_missing is not None
    assert 1 / 3 < held["holes"].max_missing < 0.4
    assert held["float"].max_missing == 0.05
    assert held["null"] == Constraint(max_missing=1.0)
    assert held["nested"] == Constraint()
    low, high = held["float"].limits()
    values = DATA["float"].to_numpy()
    assert low is not None
    assert high is not None
    assert values.min() - 20 < low < values.min() < values.max() < high < values.max() + 20
    assert held["float"].allow_constant is False
    written = write_model(model, comments)
    assert "# 33.3 % are missing in the reference" in written
    assert resolve(parse_model(written), {}, model_schema(), renamed()).columns == model.columns


def renamed() -> pa.Table:
    """The data with a column called as labels are."""
    names = ["target" if name == "bool" else name for name in DATA.column_names]
    return DATA.rename_columns(names)


def model_schema() -> pa.Schema:
    """Its schema."""
    return renamed().schema


def test_what_is_stated_is_kept() -> None:
    """A constraint that somebody has written is not overwritten."""
    said = Constraint(minimum=-1000.0, max_missing=0.5)
    stated = {"columns": {"float": {"minimum": -1000.0, "max_missing": 0.5}}}
    model, _ = infer(DATA, model=stated)
    kept = model.column("float").constraint
    assert (kept.minimum, kept.max_missing) == (said.minimum, said.max_missing)
    assert kept.maximum is not None


@pytest.mark.parametrize("rows", [20, 100, 1000])
def test_suggested_ranges_hold_on_fresh_rows(rows: int) -> None:
    """Of fresh rows of the same distribution few leave the range that a sample suggests."""
    rng = np.random.default_rng(rows)
    outside = 0.0
    for _ in range(50):
        model, _ = infer(pa.table({"x": rng.normal(0, 1, rows)}))
        low, high = model.column("x").constraint.limits()
        fresh = rng.normal(0, 1, 1000)
        outside += float(np.mean((fresh < low) | (fresh > high))) / 50
    assert outside < 0.01 if rows >= 100 else outside < 0.04


def test_ranges_near_zero() -> None:
    """What ends or crowds at zero stays on its side; what merely stays above it may cross."""
    rng = np.random.default_rng(5)
    data = pa.table({"price": rng.lognormal(1, 1, 500), "temp": rng.normal(40, 12, 500) + 5})
    model, _ = infer(data)
    assert model.column("price").constraint.minimum == 0.0
    assert resolved(data).column("temp").kind is Kind.NUMERIC
    low = model.column("temp").constraint.minimum
    assert isinstance(low, float)
    assert low < data["temp"].to_numpy().min()


@pytest.mark.parametrize(
    ("texts", "pattern"),
    [
        (["a@b.de", "c.d@e.org"], "email"),
        (["2024-01-01", "1999-12-31"], "date"),
        (["https://a.org", "http://b.c/d?e"], "url"),
        (["AB-12", "XY-345"], "[A-Z]{2}-[0-9]{2,3}"),
        (["a.b", "c.d"], r"[a-z]\.[a-z]"),
        (["word", "other"], None),
        (["EWR", "JFK"], "[A-Z]{3}"),
        (["N1A", "N11"], None),
        (["", "a"], None),
    ],
)
def test_patterns(texts: list[str], pattern: str | None) -> None:
    """A named pattern where all match, else one shape, else none."""
    assert pattern_of(texts) == pattern


def test_model_objects_are_models() -> None:
    """A model made in Python goes through the same checks."""
    made = Model("m", (Column("float", Kind.NUMERIC),), label="wrod")
    with pytest.raises(ModelError, match="did you mean 'word'"):
        resolved(model=made)
