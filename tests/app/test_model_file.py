"""Every way in which a model file can be wrong has its file and its exact message."""

from __future__ import annotations

from pathlib import Path

import pytest

from watchkeeper.app.model_file import model_of, parse_model, read_model_file, validate_model
from watchkeeper.core.errors import ModelError
from watchkeeper.core.model import Kind, Role

CONFIGS = Path(__file__).parents[1] / "configs"

BAD = sorted(path.name.removesuffix(".bad.yaml") for path in CONFIGS.glob("*.bad.yaml"))


def test_every_bad_file_has_its_message() -> None:
    """No bad file is without a message, no message without a file."""
    assert sorted(path.name.removesuffix(".bad.txt") for path in CONFIGS.glob("*.bad.txt")) == BAD
    assert len(BAD) >= 38


@pytest.mark.parametrize("name", BAD)
def test_bad_file(name: str) -> None:
    """The message says where, what was given, and what is allowed, to the letter."""
    path = CONFIGS / f"{name}.bad.yaml"
    with pytest.raises(ModelError) as error:
        read_model_file(path)
    said = str(error.value).replace(str(path), path.name)
    assert said == path.with_name(f"{name}.bad.txt").read_text().rstrip("\n")


def test_absent_and_unreadable_files(tmp_path: Path) -> None:
    """A file that is absent, a folder, or no UTF-8 is told with what to do."""
    with pytest.raises(ModelError, match=r"gone.yaml cannot be read: .*watchkeeper infer DATA"):
        read_model_file(tmp_path / "gone.yaml")
    with pytest.raises(ModelError, match="cannot be read"):
        read_model_file(tmp_path)
    (tmp_path / "latin.yaml").write_bytes("name: Zürich".encode("latin-1"))
    with pytest.raises(ModelError, match="is not UTF-8 text; save it as UTF-8"):
        read_model_file(tmp_path / "latin.yaml")


def test_truth_values_are_those_of_yaml_1_2() -> None:
    """Classes `no` and `yes` stay text, numbers and truth values become text as counted."""
    file = parse_model(
        "classes: [no, yes]\ncolumns:\n  a: {values: [1, 2.0, true, 010]}\n  2013: text"
    )
    assert file.classes == ["no", "yes"]
    assert file.columns["a"].values == ["1", "2", "true", "10"]
    assert file.columns["2013"].kind == "text"


def test_empty_files_say_nothing() -> None:
    """An empty file, a comment alone and an empty mapping are the model without roles."""
    for text in ("", "# nothing\n", "{}", "columns:\n  temp:\n"):
        assert parse_model(text).label is None


def test_model_of_needs_kinds() -> None:
    """Without data every listed column needs a kind."""
    with pytest.raises(ModelError, match=r"columns.temp has no kind; add"):
        model_of(parse_model("columns:\n  temp:\n"))


def test_roles_of_columns() -> None:
    """Each column gets the role that the file gives it."""
    file = validate_model(
        {"label": "y", "scores": {"a": "p", "b": "q"}, "ignore": ["x"], "group": "g", "id": "i"}
    )
    names = ("y", "p", "q", "x", "g", "i", "z")
    columns = model_of(file, [(name, Kind.NUMERIC) for name in names]).columns
    assert [column.role for column in columns] == [
        Role.LABEL, Role.SCORE, Role.SCORE, Role.IGNORED, Role.GROUP, Role.ID, Role.FEATURE,
    ]  # fmt: skip


def test_a_bomb_of_aliases_is_refused() -> None:
    """Aliases that unfold without end stop early instead of filling the memory."""
    text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in range(1, 9):
        text += f"a{level}: &a{level} [" + ", ".join([f"*a{level - 1}"] * 10) + "]\n"
    with pytest.raises(ModelError, match="too many entries"):
        parse_model(text)
