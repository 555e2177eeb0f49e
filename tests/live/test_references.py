"""Every form in which a reference may come gives the profile of its rows."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.feather as pf
import pyarrow.parquet as pq
import pytest

from tests.live.registering import FILE, flights, registry_at
from watchkeeper.app.live.questions import ReferenceRequest
from watchkeeper.app.live.references import (
    data_reference,
    digest_of,
    read_upload,
    receive_reference,
)
from watchkeeper.app.model_file import parse_model
from watchkeeper.app.sources import write_profile
from watchkeeper.core.errors import (
    InputError,
    ModelError,
    NotFoundError,
    ProfileError,
    UnsupportedTypeError,
)
from watchkeeper.testing.engines import assert_same_profile

MODEL = parse_model(FILE)


def write_stream(table: pa.Table, path: Path) -> None:
    """A table as an Arrow stream."""
    with pa.ipc.new_stream(str(path), table.schema) as writer:
        writer.write_table(table, max_chunksize=100)


def write_lines(table: pa.Table, path: Path) -> None:
    """A table as JSON lines."""
    import json

    rows = (json.dumps(row, default=str) for row in table.to_pylist())
    path.write_text("\n".join(rows), encoding="utf-8")


def write_packed(table: pa.Table, path: Path) -> None:
    """A table as CSV in gzip."""
    sink = pa.BufferOutputStream()
    pc.write_csv(table, sink)
    path.write_bytes(gzip.compress(sink.getvalue().to_pybytes()))


FORMS: dict[str, tuple[Callable[[pa.Table, Path], object], str, str]] = {
    "parquet": (pq.write_table, "", "application/octet-stream"),
    "arrow file": (pf.write_feather, "", ""),
    "arrow stream": (write_stream, "", "application/vnd.apache.arrow.stream"),
    "csv by its type": (pc.write_csv, "", "text/csv; charset=utf-8"),
    "csv by its look": (pc.write_csv, "", ""),
    "json lines by its name": (write_lines, "a.ndjson", ""),
    "json lines by its look": (write_lines, "", "application/octet-stream"),
    "csv in gzip": (write_packed, "rows.csv.gz", "application/gzip"),
}


@pytest.mark.parametrize("form", FORMS)
def test_uploads(form: str, tmp_path: Path) -> None:
    """Each is told by its content, its name or its type, and all give the same profile."""
    write, name, content_type = FORMS[form]
    upload = tmp_path / "upload-123"
    write(flights(), upload)
    made = read_upload(MODEL, upload, name=name, content_type=content_type)
    expected = data_reference(MODEL, flights()).profile
    assert made.kind == "data"
    assert made.origin == {
        "name": name or "the upload", "sha256": hashlib.sha256(upload.read_bytes()).hexdigest(),
    }  # fmt: skip
    for column in ("temp", "score", "origin", "seats"):
        held, wanted = made.profile.whole.columns[column], expected.whole.columns[column]
        assert (held.counts.tolist(), held.nulls) == (wanted.counts.tolist(), wanted.nulls)
    assert made.profile.layout.model.task == "binary"
    assert [path.name for path in tmp_path.iterdir()] == ["upload-123"]


def test_a_profile_as_an_upload(tmp_path: Path) -> None:
    """It is taken as it is."""
    profile = data_reference(MODEL, flights()).profile
    write_profile(profile, tmp_path / "upload")
    made = read_upload(MODEL, tmp_path / "upload", name="march.profile")
    assert made.kind == "profile"
    assert_same_profile(made.profile, profile)


def test_uploads_that_cannot_be_read(tmp_path: Path) -> None:
    """Each is told in a sentence that names what was sent, not where it lies here."""
    upload = tmp_path / "upload"

    def refused(content: bytes, name: str = "") -> str:
        upload.write_bytes(content)
        with pytest.raises((InputError, ProfileError)) as error:
            read_upload(MODEL, upload, name=name)
        assert str(tmp_path) not in str(error.value)
        return str(error.value)

    assert "march.bin cannot be told; send Parquet" in refused(b"\x00\x01\x02", "march.bin")
    assert "march.parquet" in refused(b"PAR1 broken", "march.parquet")
    assert "Arrow stream cannot be read" in refused(b"\xff\xff\xff\xff\x10\x00")
    assert "is damaged" in refused(b"watchkeeper-profile 1\nbroken")
    refused(b"")
    upload.write_bytes(gzip.compress(b"\x00"))
    with pytest.raises(UnsupportedTypeError):
        read_upload(MODEL, upload)


def test_paths(tmp_path: Path) -> None:
    """A file, a folder and a glob; the digest is that of the content, whatever the place."""
    (tmp_path / "days").mkdir()
    table = flights()
    pq.write_table(table.slice(0, 200), tmp_path / "days" / "1.parquet")
    pq.write_table(table.slice(200), tmp_path / "days" / "2.parquet")
    folder = data_reference(MODEL, str(tmp_path / "days"))
    pattern = data_reference(MODEL, tmp_path / "days" / "*.parquet")
    assert folder.origin["sha256"] == pattern.origin["sha256"]
    assert folder.origin["name"] == "days"
    assert folder.profile.whole.rows == 400
    single = tmp_path / "days" / "1.parquet"
    assert digest_of(single) == hashlib.sha256(single.read_bytes()).hexdigest()
    assert digest_of(tmp_path / "days") != digest_of(single)


def test_data_that_do_not_fit_the_file() -> None:
    """The file's columns must be there."""
    with pytest.raises(ModelError, match=r"label: the reference has no column 'late'"):
        data_reference(MODEL, flights().drop_columns(["late"]))
    with pytest.raises(InputError, match="no rows"):
        data_reference(MODEL, flights(0))


def test_requests(tmp_path: Path) -> None:
    """Rows, a profile that stands for rows, and windows of production arrive as what they are."""
    upload = tmp_path / "upload"
    with registry_at(tmp_path / "server") as registry:
        registry.apply(FILE)
        pq.write_table(flights(), upload)
        sent = receive_reference(
            registry, "late", ReferenceRequest("data", {"name": "march"}, upload), who="ann"
        )
        assert (sent["outcome"], sent["kind"], sent["rows"]) == ("set", "data", 400)
        assert sent["origin"]["name"] == "march"
        write_profile(data_reference(MODEL, flights(seed=3)).profile, upload)
        of_data = {"name": "april.parquet", "sha256": "ab" * 32}
        sent = receive_reference(registry, "late", ReferenceRequest("data", of_data, upload))
        assert (sent["kind"], sent["origin"]) == ("data", of_data)
        sent = receive_reference(registry, "late", ReferenceRequest("data", {}, upload))
        assert (sent["kind"], sent["origin"]["name"]) == ("profile", "the upload")
        asked = ReferenceRequest("rolling", {"rolling": "7d", "note": "x"})
        assert receive_reference(registry, "late", asked, who="bob")["outcome"] == "wanted"
        assert [wish.who for wish in registry.wanted()] == ["bob"]
        with pytest.raises(InputError, match="one of window, rolling, seasonal"):
            receive_reference(registry, "late", ReferenceRequest("data", {"path": "/x"}))
        with pytest.raises(NotFoundError):
            receive_reference(registry, "absent", asked)
