"""The commands on real files: what they write, print and return."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest
import yaml

from tests.cli.conftest import ROLES, Call, Files
from watchkeeper.reports.schema import report_schema


def test_report_in_the_terminal(call: Call, files: Files) -> None:
    """Without -o the report is printed: the sentence, the tables, how to get all of it."""
    done = call("report", files.reference, files.drifted, *ROLES)
    assert (done.code, done.err) == (0, "")
    assert "1 of 3 features drifted: temp" in done.out
    assert "Drift, by effect" in done.out
    assert "\x1b" not in done.out


def test_report_in_files(call: Call, files: Files, tmp_path: Path) -> None:
    """Several -o write several formats; the headline and the paths go to standard error."""
    paths = [tmp_path / f"r.{suffix}" for suffix in ("json", "md", "xml")]
    outputs = [part for path in paths for part in ("-o", path)]
    done = call("report", files.reference, files.drifted, *ROLES, *outputs)
    assert (done.code, done.out) == (0, "")
    assert "drifted" in done.err
    assert str(paths[1]) in done.err
    document = json.loads(paths[0].read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(report_schema()).validate(document)
    assert document["summary"]["headline"] in done.err
    ET.parse(paths[2])
    assert sorted(tmp_path.iterdir()) == sorted(paths)


def test_report_says_where_the_rest_is(call: Call, files: Files, tmp_path: Path) -> None:
    """With `-` and a file, the terminal report ends with the file's path."""
    path = tmp_path / "r.json"
    done = call("report", files.reference, files.same, "-o", "-", "-o", path)
    assert done.out.rstrip().endswith(f"Full report: {path}")


def test_report_as_json(call: Call, files: Files) -> None:
    """`--json`, wherever it stands, prints the document and nothing else."""
    for arguments in (
        ("--json", "report", files.reference, files.same),
        ("report", files.reference, files.same, "--json"),
    ):
        done = call(*arguments)
        document = json.loads(done.out)
        assert (document["kind"], done.err) == ("comparison", "")


def test_quiet_is_quiet(call: Call, files: Files, tmp_path: Path) -> None:
    """`--quiet` with a file writes the file and not a word."""
    done = call("report", files.reference, files.same, "-o", tmp_path / "r.json", "--quiet")
    assert (done.out, done.err) == ("", "")
    assert (tmp_path / "r.json").is_file()


def test_roles_are_used(call: Call, files: Files) -> None:
    """Each role flag reaches the model."""
    done = call(
        "report", files.reference, files.same, *ROLES, "--sensitive", "origin", "--json",
        "--kind", "humid=categorical", "--ignore", "temp", "--threshold", "0.7",
    )  # fmt: skip
    document = json.loads(done.out)
    model = document["model"]
    assert (model["label"], model["score"], model["timestamp"]) == ("late", "score", "hour")
    assert (model["segments"], model["sensitive"]) == (["origin"], ["origin"])
    assert model["threshold"] == 0.7
    columns = document["drift"]["columns"]
    assert columns["humid"]["kind"] == "categorical"
    assert "temp" not in columns
    assert "id" not in columns


def test_roles_win_over_the_model_file(call: Call, files: Files, tmp_path: Path) -> None:
    """A flag and a file that differ: the flag holds."""
    path = tmp_path / "model.yaml"
    path.write_text("label: late\nscore: score\nthreshold: 0.5\n", encoding="utf-8")
    done = call(
        "report", files.reference, files.same, "--model", path, "--threshold", "0.9", "--json"
    )
    model = json.loads(done.out)["model"]
    assert (model["label"], model["threshold"]) == ("late", 0.9)


def test_check_passes_and_fails(call: Call, files: Files, tmp_path: Path) -> None:
    """Exit 0 where all holds, 1 where something failed, with the checks as JUnit either way."""
    for current, code in ((files.same, 0), (files.drifted, 1)):
        path = tmp_path / "checks.xml"
        done = call("check", files.reference, current, *ROLES, "-o", path)
        assert done.code == code
        assert "Checks:" in done.err
        failures = int(ET.parse(path).getroot().get("failures", "-1"))
        assert (failures > 0) == (code == 1)


def test_check_fails_on_warnings_on_demand(call: Call, files: Files, tmp_path: Path) -> None:
    """Where drift is left out of `fail_on`, it warns; --fail-on warning still exits with 1."""
    path = tmp_path / "model.yaml"
    path.write_text("thresholds:\n  fail_on: [schema]\n", encoding="utf-8")
    arguments = ("check", files.reference, files.drifted, "--model", path, "-q")
    assert call(*arguments).code == 0
    assert call(*arguments, "--fail-on", "warning").code == 1


def test_infer_then_check(call: Call, files: Files, tmp_path: Path) -> None:
    """The inferred model file is YAML with the roles, and the reference passes its own checks."""
    path = tmp_path / "model.yaml"
    done = call("infer", files.reference, *ROLES, "-o", path)
    assert done.code == 0
    assert "watchkeeper check" in done.err
    content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert (content["label"], content["score"]) == ("late", "score")
    assert call("check", files.reference, files.reference, "--model", path, "-q").code == 0


def test_infer_prints(call: Call, files: Files) -> None:
    """Without -o the model file goes to standard output, ready for a pipe."""
    done = call("infer", files.reference)
    assert "columns" in yaml.safe_load(done.out)


def test_profiles_replace_rows(call: Call, files: Files, tmp_path: Path) -> None:
    """Profile, profile like it, merge, and report on profiles alone: the numbers are the rows'."""
    reference, day = tmp_path / "ref.profile", tmp_path / "day.profile"
    both = tmp_path / "both.profile"
    assert call("profile", files.reference, *ROLES, "-o", reference).code == 0
    assert call("profile", files.drifted, "--like", reference, "-o", day).code == 0
    assert "1,800 rows" in call("merge", reference, day, "-o", both).err
    from_profiles = json.loads(call("report", reference, day, "--json").out)
    from_rows = json.loads(call("report", files.reference, files.drifted, *ROLES, "--json").out)
    for column, part in from_rows["drift"]["columns"].items():
        metrics = from_profiles["drift"]["columns"][column]["metrics"]
        assert metrics["psi"]["value"] == pytest.approx(part["metrics"]["psi"]["value"], abs=1e-9)
    rows = json.loads(call("report", reference, both, "--json").out)["current"]["rows"]
    assert rows == 1800


def test_track_in_a_folder(call: Call, files: Files, tmp_path: Path) -> None:
    """A folder gets an overview and a page a window, each of which it links."""
    pytest.importorskip("watchkeeper.reports.html")
    folder = tmp_path / "out"
    done = call("track", files.reference, *ROLES, "--every", "10d", "-o", folder)
    if "page was not built" in done.err or "has not been built" in done.err:
        pytest.skip("the page of the report has not been built from ui/")
    assert done.code == 0, done.err
    overview = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    pages = {window["report"] for window in overview["windows"]}
    assert len(pages) >= 2
    assert {path.name for path in folder.iterdir()} == pages | {"index.html", "index.json"}


def test_track_against_a_range(call: Call, files: Files) -> None:
    """START..END names the reference; the windows begin where it ends."""
    done = call(
        "track", files.reference, *ROLES, "--every", "7d", "--reference",
        "2013-01-01..2013-01-15", "--end", "2013-02-01", "--json",
    )  # fmt: skip
    document = json.loads(done.out)
    jsonschema.Draft202012Validator(report_schema()).validate(document)
    assert document["windows"][0]["start"].startswith("2013-01-15")
    assert document["reference"]["rows"] == 14 * 24


def test_schemas_are_schemas(call: Call) -> None:
    """`schema report` and `schema model` print JSON Schema."""
    for subject in ("report", "model"):
        schema = json.loads(call("schema", subject).out)
        jsonschema.Draft202012Validator.check_schema(schema)


def test_metrics_are_the_registry(call: Call) -> None:
    """`metrics` lists every metric, a name shows its card, a wrong one the nearest."""
    from watchkeeper.metrics import ALL

    listed = json.loads(call("metrics", "--json").out)
    assert [card["name"] for card in listed] == [metric.name for metric in ALL]
    assert "reference deciles" in call("metrics", "psi").out
    wrong = call("metrics", "pis")
    assert wrong.code == 2
    assert "did you mean 'psi'" in wrong.err
    assert all(metric.name in call("metrics").out for metric in ALL[:5])


def test_version(call: Call) -> None:
    """`--version` prints the version."""
    import watchkeeper

    assert call("--version").out == f"watchkeeper {watchkeeper.__version__}\n"


@pytest.mark.parametrize(
    "command",
    ["report", "check", "track", "profile", "merge", "infer", "schema", "metrics"],
)
def test_each_command_has_help_with_an_example(call: Call, command: str) -> None:
    """The help of a command ends with an example that begins with the program."""
    done = call(command, "--help")
    assert done.code == 0
    assert f"Example: watchkeeper {command}" in " ".join(done.out.split())


def test_wrong_usage_is_exit_2(call: Call, files: Files) -> None:
    """An unknown command, an unknown flag and a missing argument are usage errors."""
    assert call("reprot").code == 2
    assert call("report", files.reference).code == 2
    assert call("report", files.reference, files.same, "--lable", "x").code == 2
