"""The schemas for editors against the readers: both refuse what has the wrong shape."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.files.kinds import KINDS, seen_by_an_editor
from watchkeeper.alerts.reading import KINDS as SERVICES

NAMES = sorted(KINDS)
VALUES: list[Any] = [
    None, True, False, 0, 1, 3, -1, 0.5, 5000, "", " ", "no", "5m", "0s", "1m1h", "x", "P1", "99%",
    "09:00", "ana", "1e3", [], ["x"], [[]], {}, {"x": 1}, [{}], {"kind": "latency"}, "latency",
]  # fmt: skip
SHAPE = re.compile(
    r"unknown key|has no '\w+'[;,]|must hold keys|holds keys and values; here|must be a list"
    r"|is a list, each|must be a text|is a text; here|it may be|is not allowed; use"
    r"|no length of time|there is no setting|is passed over|has no key|write true or false"
    r"|is true or false"
)
"""What readers say of a value that has the wrong shape."""


def valid(kind: str, text: str) -> bool:
    """Whether an editor has nothing to say of a text."""
    schema = jsonschema.Draft202012Validator(KINDS[kind].schema)
    return all(schema.is_valid(tree) for tree in seen_by_an_editor(text))


@pytest.mark.parametrize("name", NAMES)
def test_examples_are_taken_by_both(name: str) -> None:
    """A file with every key that there is, and an empty one."""
    kind = KINDS[name]
    jsonschema.Draft202012Validator.check_schema(kind.schema)
    assert (kind.refused(kind.example), valid(name, kind.example)) == ("", True)
    empty = "# nothing\n"
    assert (
        (kind.refused(empty) == "")
        is valid(name, empty)
        is (name not in {"alertmanager", "oidc", "dashboard"})
    )


def named(schema: Any) -> set[str]:
    """Every key that a schema knows, without the settings of services that it lists."""
    if isinstance(schema, list):
        return {key for part in schema for key in named(part)}
    if not isinstance(schema, dict):
        return set()
    below = {key for part in schema.values() for key in named(part)}
    return below | {key for key, part in schema.get("properties", {}).items() if part != {}}


def test_examples_have_every_key() -> None:
    """So that what follows tries each of them; those of the model are Pydantic's on both sides."""
    for name, kind in KINDS.items():
        tried = set(re.findall(r"[\w-]+(?=\W*:)", kind.example))
        services = {f"{service}_configs" for service in SERVICES}
        if name not in {"model", "openslo", "openslo of a metric"}:
            assert named(kind.schema) - services - tried == set(), name


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of everything in a tree."""
    items = value if isinstance(value, list) else ()
    pairs = value.items() if isinstance(value, dict) else enumerate(items)
    return [path, *(found for key, held in pairs for found in places(held, (*path, key)))]


def changed(tree: Any, path: tuple[Any, ...], action: str, value: Any) -> Any:
    """A tree in which one thing is another, is not there, or has a neighbour."""
    tree = copy.deepcopy(tree)
    if not path:
        return value
    parent = tree
    for key in path[:-1]:
        parent = parent[key]
    if action == "replace":
        parent[path[-1]] = value
    elif action == "remove":
        del parent[path[-1]]
    elif isinstance(parent, dict):
        parent[f"{path[-1]}s"] = value
    else:
        parent.append(value)
    return tree


@settings(max_examples=700, deadline=None)
@given(st.data())
def test_what_one_refuses_for_its_shape_the_other_does(data: st.DataObject) -> None:
    """An editor never marks what is right, and marks what has the wrong shape.

    Values beyond limits, and names that are not there, are the reader's own.
    """
    name = data.draw(st.sampled_from(NAMES))
    [tree] = seen_by_an_editor(KINDS[name].example)
    for _ in range(data.draw(st.integers(1, 2))):
        path = data.draw(st.sampled_from(places(tree)))
        action = data.draw(st.sampled_from(["replace", "remove", "add"]))
        tree = changed(tree, path, action, data.draw(st.sampled_from(VALUES)))
    text = json.dumps(tree)
    said = KINDS[name].refused(text)
    if not valid(name, text):
        assert said, f"the schema of {name} refuses what is read: {text}"
    elif SHAPE.search(said):
        raise AssertionError(f"the schema of {name} takes what is refused: {said}\n{text}")
