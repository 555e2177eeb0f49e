"""What a model is compared with: how it is set, what it makes of the schema, what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.live.registering import FILE, START, flights, registry_at
from watchkeeper.app.live.references import Made, data_reference
from watchkeeper.app.live.registered import Reference
from watchkeeper.app.live.registry import Registry
from watchkeeper.app.model_file import parse_model
from watchkeeper.core.errors import ConflictError, InputError, ModelError
from watchkeeper.testing.engines import assert_same_profile


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    """A registry with the flight model."""
    with registry_at(tmp_path) as made:
        made.apply(FILE)
        yield made


@pytest.fixture(scope="module")
def made() -> Made:
    """The reference of the flight model."""
    return data_reference(parse_model(FILE), flights(), name="flights")


def put(registry: Registry, made: Made, **options: bool) -> dict[str, object]:
    """Set a reference."""
    return registry.set_reference(
        "late", kind=made.kind, origin=made.origin, profile=made.profile, who="ann", **options
    )


def of_columns(**columns: object) -> Made:
    """A reference of the flight model with other columns beside, or instead."""
    table = flights()
    for name, values in columns.items():
        if name in table.column_names:
            table = table.drop_columns([name])
        if values is not None:
            table = table.append_column(name, pa.array(values))
    return data_reference(parse_model(FILE), table, name="other")


def test_the_schema_comes_from_the_reference(registry: Registry, made: Made) -> None:
    """Features by their types without roles and ignored columns; unknown ones now overflow."""
    assert put(registry, made)["outcome"] == "set"
    model = registry.get("late")
    assert model.features == {
        "temp": "double", "seats": "int64", "wind": "double", "origin": "string",
        "holiday": "bool", "scheduled": "timestamp",
    }  # fmt: skip
    assert (model.task, model.prediction) == ("binary", "string")
    assert (model.policy.unknown, model.optional) == ("overflow", frozenset())
    registry.apply(FILE + "policy: {unknown: adopt}")
    assert registry.get("late").policy.unknown == "adopt"


def test_the_reference_comes_back_as_it_was(registry: Registry, made: Made) -> None:
    """Its profile, origin, time and owner; the same again changes nothing."""
    put(registry, made)
    found = registry.reference("late")
    assert found is not None
    assert_same_profile(found.profile, made.profile)
    assert found.layout_id == made.profile.layout.id == found.profile.layout.id
    assert (found.kind, found.origin, found.who, found.fits) == (
        "data",
        {"name": "flights"},
        "ann",
        True,
    )
    assert found.set_at == START
    assert found.as_dict()["rows"] == 400
    assert registry.get("late").reference == found.as_dict()
    before = registry.generation
    assert put(registry, made)["outcome"] == "unchanged"
    assert registry.generation == before
    again = registry.reference("late")
    assert again is not None
    assert again.profile is found.profile


def test_limits_follow_the_file(registry: Registry, made: Made) -> None:
    """New thresholds and checks hold at once; the layout and its numbers stay."""
    put(registry, made)
    done = registry.apply(
        FILE + "thresholds: {alpha: 0.01}\nchecks: [{metric: f1, fail_below: 0.5}]"
    )
    assert done["notes"] == []
    found = registry.reference("late")
    assert found is not None
    model = found.profile.layout.model
    assert (model.thresholds.alpha, [check.metric for check in model.checks]) == (0.01, ["f1"])
    assert (found.layout_id, found.fits) == (found.profile.layout.id, True)


def test_columns_do_not_follow_the_file(registry: Registry, made: Made) -> None:
    """Other roles need the data again, which is said; the reference goes on as it was."""
    put(registry, made)
    done = registry.apply(FILE.replace("[origin]", "[origin, holiday]"))
    assert done["changes"] == ["segments: [origin] → [origin, holiday]"]
    assert "set it again" in done["notes"][0]
    found = registry.reference("late")
    assert found is not None
    assert (found.fits, set(found.profile.segments)) == (False, {"origin"})
    registry.apply(FILE)
    again = registry.reference("late")
    assert again is not None
    assert again.fits


def test_history_stays(registry: Registry, made: Made) -> None:
    """A new reference is the one that holds; those before it are listed, the newest first."""
    put(registry, made)
    other = data_reference(parse_model(FILE), flights(seed=2), name="second")
    put(registry, other)
    put(registry, made)
    history = registry.references("late")
    assert [row["origin"]["name"] for row in history] == ["flights", "second", "flights"]
    assert [row["state"] for row in history] == ["active", "past", "past"]
    assert history[0]["layout"] == history[2]["layout"] != history[1]["layout"]


def test_before_any_record_the_newest_reference_decides(registry: Registry, made: Made) -> None:
    """Features of an earlier one are gone, types are those of the newest."""
    put(registry, made)
    put(registry, of_columns(wind=None, temp=["warm"] * 400))
    assert registry.get("late").features == {
        "temp": "string", "seats": "int64", "origin": "string", "holiday": "bool",
        "scheduled": "timestamp",
    }  # fmt: skip


def test_types_of_records_stay(registry: Registry) -> None:
    """Once records have come no reference changes a type: rows could not be read together."""
    registry.adopt("late", {"temp": "string", "gate": "string", "seats": "double"})
    answer = put(registry, of_columns(wind=None))
    kept = "the feature {!r} stays stored as {}, as its records are, though the reference has {}"
    assert sorted(map(str, answer["notes"])) == [
        kept.format("seats", "double", "int64"),
        kept.format("temp", "string", "double"),
    ]
    model = registry.get("late")
    assert (model.features["temp"], model.features["gate"]) == ("string", "string")
    assert model.optional == {"gate"}
    put(registry, of_columns(temp=None))
    assert "temp" not in registry.get("late").features
    registry.adopt("late", {"temp": "int64"})
    assert registry.get("late").features["temp"] == "string"


def test_optional_columns(registry: Registry, made: Made) -> None:
    """A column that may be absent is a feature of its stated type, and none to complain of."""
    registry.apply(FILE + "columns: {delay: {kind: numeric, required: false}}")
    put(registry, data_reference(registry.get("late").file, flights()))
    model = registry.get("late")
    assert (model.features["delay"], model.optional) == ("double", {"delay"})


def test_another_task_is_refused(registry: Registry, made: Made) -> None:
    """Where the file or records say the task; else the newest reference decides."""
    numbers = np.random.default_rng(0).normal(size=400)
    regression = data_reference(
        parse_model("name: late\nlabel: delay\nprediction: guess"),
        pa.table({"x": numbers, "delay": numbers, "guess": numbers * 2}),
    )
    put(registry, made)
    put(registry, regression)
    assert (registry.get("late").task, registry.get("late").prediction) == ("regression", "double")
    registry.apply(FILE + "task: regression")
    with pytest.raises(ConflictError, match=r"of a binary model, but 'late' is regression by its"):
        put(registry, made)
    registry.apply(FILE)
    registry.seen_versions("late", {"1": START})
    with pytest.raises(ConflictError, match="by its records so far"):
        put(registry, made)
    answer = put(registry, made, force=True)
    assert "predictions stay stored as double" in str(answer["notes"])
    assert (registry.get("late").task, registry.get("late").prediction) == ("binary", "double")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array([1, None] * 200), "double"),
        (pa.array([2**53 + 2, None] * 200), "int64"),
        (pa.array([1, 2] * 200), "int64"),
        (pa.array([2**63, 1] * 200, pa.uint64()), "double"),
        (pa.array([1, None] * 200, pa.uint8()), "double"),
        (pa.array(["a", None] * 200).dictionary_encode(), "string"),
        (pa.array([1.5, None] * 200, pa.float32()), "double"),
        (pa.array([True, None] * 200), "bool"),
        (pa.array([datetime(2013, 1, 1, tzinfo=UTC)] * 400).cast(pa.date32()), "timestamp"),
        (pa.array([timedelta(seconds=1)] * 400), "double"),
        (pa.nulls(400), "string"),
    ],
)
def test_types_of_a_reference(registry: Registry, values: pa.Array, expected: str) -> None:
    """Whole numbers of which some are missing come as fractions, where that loses nothing."""
    put(registry, data_reference(parse_model("name: late"), pa.table({"x": values, "_y": values})))
    assert registry.get("late").features == {"x": expected}


def test_references_of_production_are_wanted(registry: Registry, made: Made) -> None:
    """They wait until somebody makes them, while the one before goes on."""
    put(registry, made)
    done = registry.apply(FILE + "reference: {rolling: 28d}")
    assert "made from the rows of production" in done["notes"][0]
    assert registry.apply(FILE + "reference: {rolling: 28d}")["outcome"] == "unchanged"
    (wanted,) = registry.wanted()
    assert (wanted.model, wanted.kind, wanted.origin) == ("late", "rolling", {"rolling": "28d"})
    held = registry.reference("late")
    assert held is not None
    assert held.kind == "data"
    registry.set_reference("late", kind="rolling", origin=wanted.origin, profile=made.profile)
    assert registry.wanted() == []
    assert registry.apply(FILE + "reference: {rolling: 28d}")["outcome"] == "unchanged"
    registry.apply(FILE.replace("[origin]", "[holiday]") + "reference: {rolling: 28d}")
    assert [each.kind for each in registry.wanted()] == ["rolling"]
    assert [row["state"] for row in registry.references("late")] == ["wanted", "active", "past"]


def test_asking_for_a_reference_of_production(registry: Registry) -> None:
    """Through the API: the last wish counts, the same one again is none."""
    ask = registry.set_reference
    first = ask("late", kind="seasonal", origin={"seasonal": "4w"}, profile=None)
    assert (first["outcome"], first["layout"]) == ("wanted", None)
    assert (
        ask("late", kind="seasonal", origin={"seasonal": "4w"}, profile=None)["outcome"]
        == "unchanged"
    )
    ask("late", kind="window", origin={"window": "2013-01-01..2013-04-01"}, profile=None)
    assert [each.kind for each in registry.wanted()] == ["window"]
    assert registry.reference("late") is None
    with pytest.raises(InputError, match=r"one of window, rolling, seasonal"):
        ask("late", kind="data", origin={"path": "/etc/passwd"}, profile=None)
    with pytest.raises(ModelError, match="no length of whole hours"):
        ask("late", kind="rolling", origin={"rolling": "soon"}, profile=None)
    with pytest.raises(InputError, match="is called window, but its origin is of rolling"):
        ask("late", kind="window", origin={"rolling": "7d"}, profile=None)


def test_ranges(made: Made) -> None:
    """Which times of production stand for the reference of a window."""

    def ranges(kind: str, hours: int, **origin: str) -> list[tuple[int, int]]:
        reference = Reference(1, kind, origin, "l", made.profile, START)  # type: ignore[arg-type]
        found = reference.ranges(START, START + timedelta(hours=hours))
        hour = timedelta(hours=1)
        return [((w.start - START) // hour, (w.end - START) // hour) for w in found]

    week = 7 * 24
    assert ranges("rolling", 1, rolling="2d") == [(-48, 0)]
    assert ranges("seasonal", 1, seasonal="2w") == [(-2 * week, -2 * week + 1), (-week, -week + 1)]
    assert ranges("seasonal", week, seasonal="2w") == [(-2 * week, -week), (-week, 0)]
    assert ranges("seasonal", week + 1, seasonal="4w") == [
        (-4 * week, -3 * week + 1), (-2 * week, -week + 1),
    ]  # fmt: skip
    assert ranges("seasonal", 5 * week, seasonal="2w") == [(-5 * week, 0)]
    assert ranges("data", 1) == ranges("window", 1, window="a..b") == []


def test_a_profile_of_another_process(tmp_path: Path, made: Made) -> None:
    """What one process sets, another compares with; a removed one is not found under a new id."""
    with registry_at(tmp_path) as one, registry_at(tmp_path) as other:
        one.apply(FILE)
        put(one, made)
        found = other.reference("late")
        assert found is not None
        assert_same_profile(found.profile, made.profile)
        one.remove("late")
        one.apply(FILE)
        assert one.reference("late") is None
        second = data_reference(parse_model(FILE), flights(seed=2), name="second")
        put(one, second)
        fresh = one.reference("late")
        assert fresh is not None
        assert fresh.layout_id == second.profile.layout.id
        assert fresh.origin == {"name": "second"}
