"""Models as files and records register them: what changes, what is refused, what is remembered."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.live.registering import START, Clock, registry_at
from watchkeeper.app.live import registry as module
from watchkeeper.app.live.registry import Registry
from watchkeeper.app.live.watching import EVERY_S
from watchkeeper.collect.wire.rules import Policy
from watchkeeper.core.errors import (
    ConflictError,
    InputError,
    ModelError,
    NotFoundError,
    UnavailableError,
)


@pytest.fixture
def clock() -> Clock:
    """The clock of the registry."""
    return Clock()


@pytest.fixture
def registry(tmp_path: Path, clock: Clock) -> Iterator[Registry]:
    """An empty registry."""
    with registry_at(tmp_path, clock) as made:
        yield made


def until(true: Callable[[], bool]) -> bool:
    """Wait until something is true, at most some seconds."""
    for _ in range(200):
        if true():
            return True
        time.sleep(0.02)
    return False


def test_a_file_is_applied_once(registry: Registry) -> None:
    """Created, then unchanged, then changed by exactly what differs."""
    text = "name: late\nlabel: late\nthresholds: {alpha: 0.01}\ntags: [flights]"
    assert registry.apply(text)["outcome"] == "created"
    again = registry.apply({"name": "late", "label": "late", "thresholds": {"alpha": 0.01},
                            "tags": ["flights"]})  # fmt: skip
    assert again == {"name": "late", "outcome": "unchanged", "changes": [], "notes": []}
    done = registry.apply("name: late\nlabel: delayed\ntags: [flights]\nowner: Ann")
    assert done["outcome"] == "changed"
    assert done["changes"] == [
        "label: late → delayed", "thresholds.alpha: removed 0.01", "owner: added Ann",
    ]  # fmt: skip
    assert registry.get("late").content == {
        "name": "late", "label": "delayed", "tags": ["flights"], "owner": "Ann",
    }  # fmt: skip


def test_an_unchanged_file_moves_nothing(registry: Registry, clock: Clock) -> None:
    """Applying what stands there already leaves the generation and the times."""
    registry.apply("name: late")
    before = registry.generation
    clock.now += timedelta(days=1)
    registry.apply("name: late")
    assert registry.generation == before
    assert registry.get("late").changed == START


def test_the_name_of_the_address(registry: Registry) -> None:
    """It stands for a missing name, and must not contradict one."""
    registry.apply("label: late", name="late/arrivals")
    assert registry.get("late/arrivals").file.label == "late"
    with pytest.raises(ModelError, match=r"is of 'a', the address of 'b'; make both alike"):
        registry.apply("name: a", name="b")
    with pytest.raises(ModelError, match="has no name"):
        registry.apply("label: late")


@pytest.mark.parametrize("name", ["", ".", "..", " a", "a\n", "a\x00", "é" * 34 + "x" * 30])
def test_names_that_no_folder_can_have(registry: Registry, name: str) -> None:
    """Such a name is refused, from a file and from a record."""
    with pytest.raises(ModelError):
        registry.apply({"name": name})
    with pytest.raises(ModelError):
        registry.rules(name, create=True)
    assert registry.names() == []


def test_bad_files_are_refused_with_the_field(registry: Registry) -> None:
    """The errors are those of model files, and nothing is kept."""
    with pytest.raises(ModelError, match=r"line 2: policy.unknown: 'adpt' is not allowed"):
        registry.apply("name: late\npolicy: {unknown: adpt}")
    assert registry.names() == []


def test_unknown_models(registry: Registry) -> None:
    """Each question about a model that is not there says so."""
    for question in (
        registry.get, registry.versions, registry.reference, registry.references, registry.remove,
    ):  # fmt: skip
        with pytest.raises(NotFoundError, match="no model 'absent'"):
            question("absent")
    with pytest.raises(NotFoundError):
        registry.rules("absent", create=False)
    with pytest.raises(NotFoundError):
        registry.adopt("absent", {"a": "double"})
    with pytest.raises(NotFoundError):
        registry.register_version("absent", "1", {})
    with pytest.raises(NotFoundError):
        registry.set_reference("absent", kind="rolling", origin={"rolling": "7d"}, profile=None)
    registry.seen_versions("absent", {"1": START})
    assert registry.names() == []


def test_records_register_a_model(registry: Registry) -> None:
    """The first record makes the model, which adopts what comes; a file then describes it."""
    rules = registry.rules("late", create=True)
    assert (rules.features, rules.prediction, rules.policy) == ({}, None, Policy())
    registry.adopt("late", {"temp": "double", "_prediction": "string"})
    registry.adopt("late", {"temp": "string", "origin": "string", "_prediction": "double"})
    rules = registry.rules("late", create=True)
    assert rules.features == {"temp": "double", "origin": "string"}
    assert rules.prediction == "string"
    assert registry.apply("name: late\nowner: Ann")["outcome"] == "changed"
    assert registry.rules("late", create=False).features == rules.features


def test_records_cannot_register_without_end(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that sends ids for names comes to an end; files go on."""
    monkeypatch.setattr(module, "MAX_MODELS", 3)
    for name in "abc":
        registry.rules(name, create=True)
    with pytest.raises(NotFoundError, match=r"registered 3 models already.*watchkeeper apply"):
        registry.rules("d", create=True)
    registry.apply("name: d")
    assert registry.rules("d", create=True).features == {}


def test_features_cannot_be_adopted_without_end(registry: Registry) -> None:
    """From 5,000 features on new ones are kept as overflow."""
    registry.rules("wide", create=True)
    registry.adopt("wide", {f"f{n}": "double" for n in range(4_999)})
    assert registry.rules("wide", create=False).policy.unknown == "adopt"
    registry.adopt("wide", {"last": "double"})
    assert registry.rules("wide", create=False).policy.unknown == "overflow"


def test_what_cannot_be_adopted(registry: Registry) -> None:
    """A type or a name that no table can hold is refused."""
    registry.rules("late", create=True)
    with pytest.raises(InputError, match=r"'a' is of type 'float'; it can be one of double"):
        registry.adopt("late", {"a": "float"})
    with pytest.raises(InputError, match="null character"):
        registry.adopt("late", {"a\0": "double"})


def test_the_policy_of_a_file(registry: Registry) -> None:
    """What the file says of records arrives in the rules; `null` is a word there."""
    registry.apply(
        "name: late\npolicy: {unknown: reject, wrong_type: overflow, missing: null, max_future: 2h}"
    )
    assert registry.rules("late", create=False).policy == Policy("reject", "overflow", "null", 7200)
    registry.apply("name: late\npolicy: {missing: reject}")
    assert registry.rules("late", create=False).policy == Policy(missing="reject")
    registry.apply("name: late\nretention: {labels: 2w}")
    retention = registry.get("late").retention
    assert (retention.days("labels"), retention.days("predictions")) == (14, None)


def test_columns_of_a_file_are_features(registry: Registry) -> None:
    """Kinds and types of a file make the schema before any record; roles are no features."""
    registry.apply(
        "name: late\nlabel: late\ntask: binary\nignore: [note]\ncolumns:\n"
        "  late: categorical\n  note: text\n  temp: numeric\n  origin: categorical\n"
        "  seats: {dtype: int32}\n  hour: datetime\n  wind: {kind: numeric, required: false}\n"
    )
    model = registry.get("late")
    assert model.features == {
        "temp": "double", "seats": "int64", "hour": "timestamp", "wind": "double",
    }  # fmt: skip
    assert (model.optional, model.prediction) == ({"wind"}, "string")
    registry.apply("name: late\ncolumns: {temp: text}")
    assert registry.get("late").features == {"temp": "string"}


def test_types_of_records_stay(registry: Registry) -> None:
    """Once records have come, a file changes no type, and a feature that left is remembered."""
    registry.apply("name: late\ncolumns: {temp: numeric, wind: numeric}")
    registry.adopt("late", {"origin": "string"})
    registry.apply("name: late\ncolumns: {temp: text}")
    assert registry.get("late").features == {"temp": "double", "origin": "string"}
    registry.adopt("late", {"wind": "string"})
    assert registry.get("late").features["wind"] == "double"


def test_another_task_is_refused_where_data_are(registry: Registry) -> None:
    """Before any record it may change; afterwards only by force, and predictions stay as stored."""
    registry.apply("name: late\ntask: binary")
    registry.apply("name: late\ntask: regression")
    assert registry.get("late").prediction == "double"
    registry.seen_versions("late", {"1": START})
    with pytest.raises(ConflictError, match=r"'late' is regression.*as binary it could not"):
        registry.apply("name: late\ntask: binary")
    assert registry.get("late").task == "regression"
    done = registry.apply("name: late\ntask: binary", force=True)
    assert done["notes"] == [
        "predictions stay stored as double, as their records are, though those of binary are string"
    ]
    assert (registry.get("late").task, registry.get("late").prediction) == ("binary", "double")


def test_versions(registry: Registry, clock: Clock) -> None:
    """First and last times to the minute, whatever the order; by hand with details."""
    registry.apply("name: late")
    registry.seen_versions("late", {"2": START + timedelta(hours=1), "": START})
    registry.seen_versions("late", {"2": START})
    registry.seen_versions("late", {"2": START + timedelta(hours=3)})
    before = registry.generation
    registry.seen_versions("late", {"2": START + timedelta(hours=3, seconds=20)})
    assert registry.generation == before
    registry.register_version("late", "3", {"commit": "abc"})
    registry.register_version("late", "2", {"commit": "def"})
    found = {row["version"]: row for row in registry.versions("late")}
    assert list(found) == ["", "2", "3"]
    assert found["2"] == {
        "version": "2", "first_seen": START, "last_seen": START + timedelta(hours=3),
        "by_hand": True, "details": {"commit": "def"},
    }  # fmt: skip
    assert (found["3"]["first_seen"], found[""]["by_hand"]) == (None, False)
    assert registry.get("late").used
    with pytest.raises(InputError, match="cannot be a version"):
        registry.register_version("late", "", {})


def test_versions_of_a_new_process(tmp_path: Path) -> None:
    """A restart goes on with the times that were kept."""
    with registry_at(tmp_path) as registry:
        registry.apply("name: late")
        registry.seen_versions("late", {"1": START})
    with registry_at(tmp_path) as registry:
        registry.seen_versions("late", {"1": START + timedelta(days=1)})
        (row,) = registry.versions("late")
    assert (row["first_seen"], row["last_seen"]) == (START, START + timedelta(days=1))


def test_removing_a_model(registry: Registry) -> None:
    """It is gone at once, and a new one of its name begins from nothing."""
    registry.rules("late", create=True)
    registry.adopt("late", {"temp": "string"})
    registry.seen_versions("late", {"1": START})
    registry.remove("late")
    assert registry.names() == []
    assert registry.rules("late", create=True).features == {}
    registry.seen_versions("late", {"1": START + timedelta(hours=2)})
    assert [row["first_seen"] for row in registry.versions("late")] == [START + timedelta(hours=2)]


def test_another_process_is_noticed(tmp_path: Path) -> None:
    """What one registry changes the other sees within its time, and its generation moves."""
    with registry_at(tmp_path) as one, registry_at(tmp_path) as other:
        one.apply("name: late\npolicy: {missing: reject}")
        assert other.rules("late", create=False).policy.missing == "reject"
        before = other.generation
        one.apply("name: late")
        assert one.rules("late", create=False).policy.missing == "null"
        assert until(lambda: other.rules("late", create=False).policy.missing == "null")
        assert until(lambda: other.generation > before)
        one.remove("late")
        assert until(lambda: other.names() == [])


def test_rules_come_from_memory(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two looks at the catalogue a known model asks it nothing."""
    registry.apply("name: late")
    registry.seen_versions("late", {"1": START})
    registry.adopt("late", {"temp": "double"})
    registry.rules("late", create=True)
    asked = []
    real = registry._catalogue._ask
    monkeypatch.setattr(registry._catalogue, "_ask", lambda *a: asked.append(a) or real(*a))
    registry._watch._next = time.monotonic() + 60 * EVERY_S
    for _ in range(100):
        registry.rules("late", create=True)
        registry.adopt("late", {"temp": "string"})
        registry.seen_versions("late", {"1": START})
    assert asked == []


def test_a_catalogue_that_does_not_answer(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Models that are known go on; what must be written is refused until later."""
    registry.apply("name: late")
    registry.seen_versions("late", {"1": START})
    registry.rules("late", create=True)

    def away(*_arguments: object) -> None:
        raise UnavailableError("away")

    monkeypatch.setattr(registry._catalogue, "_ask", away)
    monkeypatch.setattr(registry._catalogue, "change", away)
    monkeypatch.setattr(registry._catalogue, "_touch", away)
    registry._watch.hurry()
    assert registry.rules("late", create=True).features == {}
    registry.seen_versions("late", {"1": START + timedelta(days=1)})
    with pytest.raises(UnavailableError):
        registry.adopt("late", {"temp": "double"})
    with pytest.raises(UnavailableError):
        registry.rules("other", create=True)


def adopt_features(folder: Path, mine: str, times: int) -> None:
    """Adopt features of one's own and features that all adopt, in one's own type."""
    with registry_at(folder) as registry:
        for n in range(times):
            registry.rules(f"model {n % 3}", create=True)
            registry.adopt(f"model {n % 3}", {f"{mine}{n}": "double", f"all{n}": mine})
            registry.seen_versions(f"model {n % 3}", {f"{mine}{n}": START})


def test_processes_that_adopt_at_once(tmp_path: Path) -> None:
    """Every feature is there once, and all agree on the type that came first."""
    spawn = multiprocessing.get_context("spawn")
    workers = [
        spawn.Process(target=adopt_features, args=(tmp_path, mine, 30))
        for mine in ("string", "bool")
    ]
    for worker in workers:
        worker.start()
    adopt_features(tmp_path, "int64", 30)
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0]
    with registry_at(tmp_path) as registry:
        assert registry.names() == ["model 0", "model 1", "model 2"]
        found = {
            name: type_ for model in registry.names()
            for name, type_ in registry.get(model).features.items()
        }  # fmt: skip
        versions = sum(len(registry.versions(model)) for model in registry.names())
    assert len(found) == 4 * 30
    assert versions == 3 * 30
    assert all(found[f"{mine}{n}"] == "double" for n in range(30) for mine in ("string", "bool"))
    assert {found[f"all{n}"] for n in range(30)} <= {"string", "bool", "int64"}
