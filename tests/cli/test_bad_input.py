"""Bad input: one clear sentence with the fix, exit code 2, no traceback, nothing written."""

from __future__ import annotations

import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.cli.conftest import Call, Files

NAMES = ["x", "y", "late", "said"]


def parquet(path: Path, rows: int, **columns: object) -> Path:
    """A Parquet file of some rows, whose columns can be replaced."""
    made = {"x": [float(i) for i in range(rows)], "y": [i % 7 for i in range(rows)], **columns}
    pq.write_table(pa.table(made), path)
    return path


def refused(done: object, *words: str) -> None:
    """The command failed with 2, said one sentence with these words, and no traceback."""
    code, out, err = done.code, done.out, done.err  # type: ignore[attr-defined]
    assert code == 2, err
    assert out == ""
    assert "Traceback" not in err
    assert "unexpected" not in err
    assert len(err.strip().splitlines()) == 1
    assert err.startswith("watchkeeper: ")
    for word in words:
        assert word in err, err


def test_missing_file(call: Call, files: Files) -> None:
    """A file that is not there is named, with where we looked."""
    refused(
        call("report", "nothing.parquet", files.same), "no file nothing.parquet", "check the path"
    )


def test_unreadable_file(call: Call, files: Files, tmp_path: Path) -> None:
    """A file that is not what its name says is named."""
    path = tmp_path / "broken.parquet"
    path.write_bytes(b"PAR1 nothing of the kind PAR1")
    refused(call("report", files.reference, path), "broken.parquet", "check")


def test_truncated_gzip(call: Call, tmp_path: Path) -> None:
    """A download that broke off is named."""
    path = tmp_path / "broken.csv.gz"
    path.write_bytes(gzip.compress(b"x,y\n" + b"1,2\n" * 10_000)[:40])
    refused(call("report", path, path), "broken.csv.gz")


def test_no_common_columns(call: Call, files: Files, tmp_path: Path) -> None:
    """Data of something else: both lists of columns are shown."""
    path = tmp_path / "strangers.parquet"
    pq.write_table(pa.table({"other": [1, 2, 3] * 100}), path)
    refused(
        call("report", files.reference, path), "none of the reference's columns", "other", "temp"
    )


@pytest.mark.parametrize("flag", ["--label", "--prediction", "--score", "--timestamp", "--segment"])
def test_role_that_names_no_column(call: Call, files: Files, flag: str) -> None:
    """The role, the name that was given and the names that there are."""
    done = call("report", files.reference, files.same, flag, "scroe")
    refused(done, "no column 'scroe'", "score")


def test_label_and_prediction_of_unlike_types(call: Call, tmp_path: Path) -> None:
    """0 and 1 against yes and no: both are shown."""
    path = parquet(tmp_path / "a.parquet", 300, late=[0, 1] * 150, said=["yes", "no"] * 150)
    refused(
        call("report", path, path, "--label", "late", "--prediction", "said"), "late", "said", "yes"
    )


def test_empty_data(call: Call, files: Files, tmp_path: Path) -> None:
    """No rows, on either side, and a file of no bytes."""
    rows = pq.read_table(files.reference)
    empty = tmp_path / "empty.parquet"
    pq.write_table(rows.slice(0, 0), empty)
    refused(call("report", empty, files.same), "no rows")
    refused(call("report", files.reference, empty), "no rows")
    nothing = tmp_path / "nothing.csv"
    nothing.write_bytes(b"")
    refused(call("report", nothing, nothing), "nothing.csv", "empty")


def test_reference_of_one_row(call: Call, files: Files, tmp_path: Path) -> None:
    """One row is no reference; how many are needed is said."""
    path = tmp_path / "one.parquet"
    pq.write_table(pq.read_table(files.reference).slice(0, 1), path)
    refused(call("report", path, files.same), "one row", "at least 100")


def test_mixed_types_in_a_csv_column(call: Call, tmp_path: Path) -> None:
    """Numbers with a word among them, far down: the column and how to read it as text."""
    path = tmp_path / "mixed.csv"
    lines = [f"{i},{i % 5}" for i in range(30_000)]
    lines[25_000] = "unknown,3"
    path.write_text("\n".join(["x,y", *lines]) + "\n", encoding="utf-8")
    refused(call("report", path, path), "mixed.csv", "x")


def test_duplicate_column_names(call: Call, tmp_path: Path) -> None:
    """The name that occurs twice is said."""
    path = tmp_path / "twice.csv"
    path.write_text("x,x\n" + "1,2\n" * 300, encoding="utf-8")
    refused(call("report", path, path), "more than one column called 'x'", "rename")


def test_text_that_is_not_utf8(call: Call, tmp_path: Path) -> None:
    """The place of the first wrong byte, and a command that converts it."""
    path = tmp_path / "latin.csv"
    path.write_bytes(b"x,y\n" + "1,é\n".encode("latin-1") * 300)
    refused(call("report", path, path), "not UTF-8", "iconv")


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("report.pdf", ".html, .json, .md, .xml"),
        ("report", "no suffix"),
        ("no/where.html", "mkdir -p"),
        ("folder.html", "is a directory"),
    ],
)
def test_outputs_are_checked_first(
    call: Call, files: Files, tmp_path: Path, output: str, said: str
) -> None:
    """An output that cannot be written is refused before anything is read, and writes nothing."""
    (tmp_path / "folder.html").mkdir()
    good = tmp_path / "good.json"
    done = call("report", "nothing.parquet", files.same, "-o", good, "-o", tmp_path / output)
    refused(done, said)
    assert [path.name for path in tmp_path.iterdir()] == ["folder.html"]


def test_model_file_that_is_wrong(call: Call, files: Files, tmp_path: Path) -> None:
    """An unknown key is named with its line and the nearest; a missing file, how to make it."""
    path = tmp_path / "model.yaml"
    path.write_text("labl: late\n", encoding="utf-8")
    refused(call("check", files.reference, files.same, "--model", path), "line 1", "labl", "label")
    missing = tmp_path / "none.yaml"
    refused(call("check", files.reference, files.same, "--model", missing), "watchkeeper infer")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--kind", "temp"), "COLUMN=KIND"),
        (("--kind", "temp=number"), "numeric, categorical"),
        (("--scores", "late"), "CLASS=COLUMN"),
        (("--now", "soon"), "--now soon is no time"),
        (("--task", "guess"), "guess"),
    ],
)
def test_flags_that_are_wrong(
    call: Call, files: Files, arguments: tuple[str, ...], said: str
) -> None:
    """The flag as it was written, and what it may be."""
    refused(call("report", files.reference, files.same, *arguments), said)


def test_profiles_that_do_not_fit(call: Call, files: Files, tmp_path: Path) -> None:
    """A profile on its own layout does not compare; a foreign file is no profile; names fit."""
    one, two = tmp_path / "one.profile", tmp_path / "two.profile"
    assert call("profile", files.reference, "-o", one).code == 0
    assert call("profile", files.drifted, "-o", two).code == 0
    refused(call("report", one, two), "--like")
    refused(call("merge", one, two, "-o", tmp_path / "all.profile"), "layout")
    bad = tmp_path / "bad.profile"
    bad.write_bytes(b"nonsense")
    refused(call("report", bad, one), "bad.profile")
    refused(call("profile", files.reference, "-o", tmp_path / "one.bin"), ".profile")
    assert not (tmp_path / "all.profile").exists()


def test_track_without_a_time(call: Call, files: Files) -> None:
    """Following over time needs a timestamp, and a length that has a unit."""
    refused(call("track", files.reference), "--timestamp")
    refused(call("track", files.reference, "--timestamp", "hour", "--every", "7"), "7d")
    done = call("track", files.reference, "--timestamp", "hour", "--reference", "soon..later")
    refused(done, "START..END")
