"""References from rows that the server holds: their roles, their windows, and too few rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.live.registering import START, registry_at
from watchkeeper.app.live.production import fit_reference
from watchkeeper.app.live.registry import Registry
from watchkeeper.core.errors import ModelError
from watchkeeper.core.windows import Window


def events(n: int = 500, *, labelled: bool = True, regression: bool = False) -> pa.Table:
    """Rows of predictions with labels, in the columns of the event tables."""
    rng = np.random.default_rng(5)
    temp = rng.normal(60, 15, n)
    label = temp * 2 if regression else rng.choice(["no", "yes"], n)
    table = {
        "_id": [f"p{i}" for i in range(n)],
        "_time": pa.array([START + timedelta(minutes=i) for i in range(n)]),
        "_received": pa.array([START] * n),
        "_position": np.arange(n),
        "_version": ["1"] * n,
        "_prediction": temp * 2 + 1 if regression else rng.choice(["no", "yes"], n),
        "_score": pa.nulls(n, pa.float64()) if regression else pa.array(rng.random(n)),
        "_group": pa.nulls(n, pa.string()),
        "_label": pa.array([str(v) for v in label]) if labelled else pa.nulls(n, pa.string()),
        "temp": temp,
        "origin": rng.choice(["EWR", "JFK"], n),
        "empty": pa.nulls(n, pa.float64()),
    }
    return pa.table(table)


def wanting(registry: Registry, file: str) -> Registry:
    """The registry with a model that wants a reference, and whose records have come."""
    registry.apply(file)
    registry.adopt("late", {"temp": "double", "origin": "string", "_prediction": "string"})
    return registry


def fit(registry: Registry, rows: pa.Table, at: datetime = START) -> list[tuple[Window, ...]]:
    """Make all that is wanted from rows; the windows that were asked for."""
    asked = []
    for wanted in registry.wanted():
        fit_reference(
            registry, wanted, lambda _model, windows: asked.append(windows) or rows, at=at
        )
    return asked


def test_roles_get_the_names_of_the_file(tmp_path: Path) -> None:
    """Columns of records come under the names of the file, or else of their fields."""
    with registry_at(tmp_path) as registry:
        wanting(
            registry, "name: late\nlabel: delayed\nsegments: [origin]\nreference: {rolling: 28d}"
        )
        windows = fit(registry, events())
        found = registry.reference("late")
        assert registry.wanted() == []
        model = registry.get("late")
    assert windows == [(Window(START - timedelta(days=28), START),)]
    assert found is not None
    held = found.profile.layout.model
    assert (held.label, held.prediction, held.score, held.timestamp) == (
        "delayed", "prediction", "score", "timestamp",
    )  # fmt: skip
    assert (held.task, held.classes, held.id, held.group) == ("binary", ("no", "yes"), None, None)
    assert set(found.profile.whole.columns) == {
        "temp", "origin", "delayed", "prediction", "score", "timestamp",
    }  # fmt: skip
    assert found.profile.whole.rows == 500
    assert found.profile.layout.performance is not None
    assert set(found.profile.segments["origin"]) >= {"EWR", "JFK"}
    assert (found.kind, found.origin, found.fits) == ("rolling", {"rolling": "28d"}, True)
    assert (model.features, model.policy.unknown) == (
        {"temp": "double", "origin": "string"}, "overflow",
    )  # fmt: skip


def test_a_feature_may_be_called_like_a_role(tmp_path: Path) -> None:
    """Then the role keeps the name of the event table's column."""
    rows = events().append_column("score", pa.array(np.arange(500.0)))
    with registry_at(tmp_path) as registry:
        wanting(registry, "name: late\nreference: {rolling: 28d}")
        registry.adopt("late", {"score": "double"})
        fit(registry, rows)
        found = registry.reference("late")
    assert found is not None
    assert found.profile.layout.model.score == "_score"
    assert "score" in found.profile.whole.columns


def test_windows_of_each_kind(tmp_path: Path) -> None:
    """A window is read as it is said, the others up to the newest rows."""
    at = datetime(2013, 5, 1, tzinfo=UTC)
    with registry_at(tmp_path) as registry:
        wanting(registry, "name: late\nreference: {window: 2013-01-01..2013-02-01T12:00+02:00}")
        asked = fit(registry, events(), at)
        registry.apply("name: late\nreference: {seasonal: 4w}")
        asked += fit(registry, events(), at)
    assert asked == [
        (Window(datetime(2013, 1, 1, tzinfo=UTC), datetime(2013, 2, 1, 10, tzinfo=UTC)),),
        (Window(at - timedelta(weeks=4), at),),
    ]


def test_few_rows_wait(tmp_path: Path) -> None:
    """Nothing is made of fewer than 100 rows; the wish stays."""
    with registry_at(tmp_path) as registry:
        wanting(registry, "name: late\nreference: {rolling: 28d}")
        fit(registry, events(99))
        assert registry.reference("late") is None
        assert len(registry.wanted()) == 1
        fit(registry, events(100))
        assert registry.reference("late") is not None


@pytest.mark.parametrize("labelled", [True, False])
def test_regression(tmp_path: Path, labelled: bool) -> None:
    """Labels, which are kept as text, are numbers; without any the model has no label yet."""
    with registry_at(tmp_path) as registry:
        registry.apply("name: late\nreference: {rolling: 28d}")
        registry.adopt("late", {"temp": "double", "_prediction": "double"})
        fit(registry, events(labelled=labelled, regression=True))
        found = registry.reference("late")
    assert found is not None
    layout = found.profile.layout
    assert (layout.model.task, layout.model.label) == ("regression", "label" if labelled else None)
    if labelled:
        assert layout.dtypes["label"] == "double"


def test_classes_without_labels(tmp_path: Path) -> None:
    """Classes are counted alike whether labels have come, if the file says that they will."""
    with registry_at(tmp_path) as registry:
        wanting(registry, "name: late\nlabel: delayed\nreference: {rolling: 28d}")
        fit(registry, events(labelled=False))
        found = registry.reference("late")
    assert found is not None
    assert found.profile.layout.performance is not None


def test_scores_of_classes(tmp_path: Path) -> None:
    """Each class's probability comes under the name of the file, or of its class."""
    rows = events().drop_columns(["_score"])
    for name in ("no", "yes", "maybe"):
        values = pa.nulls(500, pa.float64()) if name == "maybe" else pa.array(np.full(500, 0.5))
        rows = rows.append_column(f"_score_{name}", values)
    with registry_at(tmp_path) as registry:
        wanting(registry, "name: late\nreference: {rolling: 28d}")
        fit(registry, rows)
        found = registry.reference("late")
    assert found is not None
    assert found.profile.layout.model.task == "multiclass"
    assert dict(found.profile.layout.model.scores) == {"no": "score_no", "yes": "score_yes"}


def test_columns_that_never_came(tmp_path: Path) -> None:
    """A required column of the file is empty then; a segment's column must have come."""
    with registry_at(tmp_path) as registry:
        wanting(
            registry,
            "name: late\ncolumns: {gate: categorical, wind: {kind: numeric, required: false}}\n"
            "reference: {rolling: 28d}",
        )
        fit(registry, events())
        found = registry.reference("late")
        assert found is not None
        assert found.profile.whole.columns["gate"].nulls == 500
        assert "wind" not in found.profile.whole.columns
        registry.apply("name: late\nsegments: [carrier]\nreference: {rolling: 28d}")
        with pytest.raises(ModelError, match="segments: the reference has no column 'carrier'"):
            fit(registry, events())
