"""Tables on object storage: the same answers as in a folder, and what only happens there."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.batches import MODEL, START, TIMESTAMP, entry, opened, shape, submission
from tests.store.object_server import KEYS, ObjectServer, object_server, objects
from watchkeeper.core.envelope import Signal
from watchkeeper.core.errors import (
    ConflictError,
    InputError,
    NotFoundError,
    UnavailableError,
)
from watchkeeper.store import table_objects
from watchkeeper.store.backup import back_up, restore
from watchkeeper.store.object_store import object_url, trouble_of
from watchkeeper.store.table_objects import ObjectRoot
from watchkeeper.store.tables import Tables, Wanted
from watchkeeper.store.upkeep import Upkeep
from watchkeeper.store.writer import Writer

__all__ = ["object_server", "objects"]

pytestmark = pytest.mark.xdist_group("objects")

PREDICTIONS = Signal.PREDICTIONS
ODD = "ü/rn ~20%"
"""A name of a model that neither file systems nor URLs take as it is."""


def rows(names: Sequence[str], start: datetime = START, **features: Any) -> pa.Table:
    """Rows an hour apart, with features."""
    times = [start + timedelta(hours=n) for n in range(len(names))]
    columns = {"_id": pa.array(names, pa.string()), "_time": pa.array(times, TIMESTAMP)}
    return pa.table(columns | features)


def ids(tables: Tables, wanted: Wanted | None = None, model: str = MODEL) -> list[str]:
    """Ids of rows, sorted."""
    found = tables.batches(model, PREDICTIONS, wanted or Wanted())
    return sorted(row["_id"] for batch in found for row in batch.to_pylist())


def seen(tables: Tables, model: str) -> dict[str, Any]:
    """All that can be seen of a model's table from outside."""
    columns = ("_id", "_time", "age", "name")
    content = [
        row
        for batch in tables.batches(model, PREDICTIONS, Wanted(columns=columns))
        for row in batch.to_pylist()
    ]
    version = tables.version(model, PREDICTIONS)
    return {
        "rows": sorted(content, key=lambda row: row["_id"]),
        "version": version,
        "position": tables.position(model, PREDICTIONS),
        "highest": tables.highest(),
        "days": tables.days(model, PREDICTIONS),
        "names": tables.names(),
        "schema": tables.schema(model, PREDICTIONS).names,
        "added": [_added(tables, model, number) for number in range(version + 1)],
    }


def _added(tables: Tables, model: str, version: int) -> object:
    try:
        return sorted(tables.added(model, PREDICTIONS, version).column("_id").to_pylist())
    except NotFoundError:
        return None


Step = tuple[str, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["append", "append", "wider", "compact", "drop", "delete", "remove"]),
        st.integers(0, 3),
    ),
    min_size=2,
    max_size=9,
)


def act(tables: Tables, step: Step, position: int) -> object:
    """One step of a history; its outcome as far as it does not depend on the place."""
    what, number = step
    upkeep = Upkeep(tables)
    if what in {"append", "wider"}:
        names = [f"{position}-{n}" for n in range(number)]
        extra = {"name": pa.array(names)} if what == "wider" else {"age": pa.array([1.5] * number)}
        table = rows(names, START + timedelta(hours=20 * number), **extra)
        done = tables.append(ODD, PREDICTIONS, table, position=position)
        return None if done is None else (done.version, done.rows, done.days)
    if what == "compact":
        return upkeep.compact(ODD, PREDICTIONS, today=date(2026, 4, 1))
    if what == "drop":
        return upkeep.drop_days(ODD, PREDICTIONS, date(2026, 3, 1 + number))
    if what == "delete":
        return upkeep.delete_ids(ODD, [f"{position - number}-0", "it's none"])
    return tables.remove(ODD)


@settings(
    max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(STEPS)
def test_a_history_comes_out_as_in_a_folder(
    objects: ObjectServer, tmp_path_factory: pytest.TempPathFactory, steps: list[Step]
) -> None:
    """Whatever is done to a table, object storage and a folder answer alike."""
    here = Tables(tmp_path_factory.mktemp("tables"))
    there = Tables(f"{objects.bucket()}/a prefix")
    for position, step in enumerate(steps, start=1):
        assert act(there, step, position) == act(here, step, position)
    assert seen(there, ODD) == seen(here, ODD)
    assert seen(Tables(there.elsewhere or ""), ODD) == seen(here, ODD)


def test_two_writers_by_mistake(objects: ObjectServer) -> None:
    """Two processes that make a table and append the same positions leave each there once."""
    url = f"{objects.bucket()}/tables"

    def write(own: Tables) -> None:
        for position in range(1, 9):
            own.append(MODEL, PREDICTIONS, rows([f"{position}"]), position=position)

    threads = [threading.Thread(target=write, args=(Tables(url),)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ids(Tables(url)) == sorted(str(position) for position in range(1, 9))


def test_the_log_is_shortened_and_files_are_cleaned_away(objects: ObjectServer) -> None:
    """Readers still find all rows; entries and files that nobody needs are no longer there."""
    url = f"{objects.bucket()}/tables"
    tables = Tables(url, history=timedelta(0))
    other = Tables(url)
    for position in range(1, 42):
        tables.append(MODEL, PREDICTIONS, rows([f"{position}"]), position=position)
    assert other.version(MODEL, PREDICTIONS) == 41
    before = len(objects.names(url))
    (kept,) = Upkeep(tables).maintain(START + timedelta(days=2), {})
    assert kept.error is None
    assert len(kept.compacted) == 1
    assert kept.vacuumed == 41
    assert len(objects.names(url)) < before - 41 - 30
    for held in (tables, other, Tables(url)):
        assert ids(held) == sorted(str(position) for position in range(1, 42))
        assert held.position(MODEL, PREDICTIONS) == 41
    with pytest.raises(NotFoundError):
        tables.added(MODEL, PREDICTIONS, 1)


def test_a_removal_that_was_interrupted_is_finished(objects: ObjectServer) -> None:
    """Nobody finds a half of it, and a model of that name begins anew."""
    url = f"{objects.bucket()}/tables"
    root, tables = ObjectRoot(url), Tables(url)
    tables.append(MODEL, PREDICTIONS, rows(["a"]), position=7)
    root._mark(f"{MODEL}/_removed", MODEL)
    assert (tables.names(), tables.highest()) == ([], 0)
    assert objects.names(url)
    again = Tables(url)
    assert again.version(MODEL, PREDICTIONS) == -1
    assert again.append(MODEL, PREDICTIONS, rows(["b"]), position=8) is not None
    assert ids(again) == ids(Tables(url)) == ["b"]
    again.remove(MODEL)
    assert objects.names(url) == []


def test_what_the_worker_takes_for_granted(objects: ObjectServer) -> None:
    """Between two looks nothing is asked; an append looks always."""
    url = f"{objects.bucket()}/tables"
    trusting, other = Tables(url, trust_s=3600.0), Tables(url)
    trusting.append(MODEL, PREDICTIONS, rows(["a"]), position=1)
    assert trusting.names() == [(MODEL, PREDICTIONS)]
    objects.relay.leave()
    assert trusting.version(MODEL, PREDICTIONS) == 1
    assert trusting.models() == [MODEL]
    objects.relay.come_back()
    other.remove(MODEL)
    assert trusting.version(MODEL, PREDICTIONS) == 1
    assert trusting.append(MODEL, PREDICTIONS, rows(["b"]), position=2) is not None
    assert ids(trusting) == ids(other) == ["b"]


def test_rows_wait_in_the_journal_while_the_storage_is_away(
    objects: ObjectServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The writer tries again, and nothing is lost or doubled."""
    monkeypatch.setattr(table_objects, "_REST_S", 0.1)
    tables = Tables(f"{objects.bucket()}/tables")
    with opened(tmp_path / "journal.db") as journal:
        writer = Writer(journal, tables, shape, pause_s=0.0)
        journal.submit(submission("1", entry(["a", "b"]))).result()
        assert [commit.rows for commit in writer.step()] == [2]
        objects.relay.leave()
        journal.submit(submission("2", entry(["c"]))).result()
        assert writer.step() == []
        why = writer.failing()[MODEL, "predictions"]
        assert "s3://" in why
        assert KEYS["AWS_SECRET_ACCESS_KEY"] not in why
        assert journal.backlog().entries == 1
        with pytest.raises(UnavailableError, match="cannot be reached"):
            Tables(tables.elsewhere or "").models()
        objects.relay.come_back()
        while journal.backlog().entries:
            writer.step()
    assert ids(tables) == ["a", "b", "c"]


def test_answers_that_are_lost_on_the_way(
    objects: ObjectServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Connections are cut at any moment of a commit: what was written is not written again."""
    monkeypatch.setattr(table_objects, "_REST_S", 0.0)
    tables = Tables(f"{objects.bucket()}/tables")
    stop = threading.Event()
    met = number = 0

    def trouble() -> None:
        chance = np.random.default_rng(3)
        while not stop.wait(chance.uniform(0.01, 0.25)):
            objects.relay.leave()
            stop.wait(chance.uniform(0.0, 0.05))
            objects.relay.come_back()

    thread = threading.Thread(target=trouble)
    thread.start()
    try:
        with opened(tmp_path / "journal.db") as journal:
            writer = Writer(journal, tables, shape, pause_s=0.0, step_bytes=1)
            # A dozen, and more until a commit has been cut off: a quick library may slip through.
            while number < 12 or (not met and number < 200):
                journal.submit(submission(f"{number}", entry([f"{number}"]))).result()
                number += 1
                while journal.backlog().entries:
                    writer.step()
                    met += bool(writer.failing())
    finally:
        stop.set()
        thread.join()
        objects.relay.come_back()
    assert ids(Tables(tables.elsewhere or "")) == sorted(map(str, range(number)))
    assert met, "no commit was cut off"


def test_an_end_between_the_commit_and_its_release(
    objects: ObjectServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The entries come again, and the table knows them by their position."""
    tables = Tables(f"{objects.bucket()}/tables")
    with opened(tmp_path / "journal.db") as journal, monkeypatch.context() as patched:
        patched.setattr(journal, "release", lambda *_, **__: 1 / 0)
        journal.submit(submission("1", entry(["a", "b"]))).result()
        with pytest.raises(ZeroDivisionError):
            Writer(journal, tables, shape).step()
    with opened(tmp_path / "journal.db") as journal:
        writer = Writer(journal, Tables(tables.elsewhere or ""), shape)
        assert journal.backlog().entries == 1
        assert writer.step() == []
        assert journal.backlog().entries == 0
    assert ids(tables) == ["a", "b"]


def test_a_storage_that_is_away_is_left_alone(objects: ObjectServer) -> None:
    """Who asks for the next table does not wait for the same answer again."""
    tables = Tables(f"{objects.bucket()}/tables")
    assert tables.models() == []
    objects.relay.leave()
    with pytest.raises(UnavailableError, match="cannot be reached"):
        tables.models()
    objects.relay.come_back()
    for _ in range(20):  # It would answer now, and is not asked.
        with pytest.raises(UnavailableError, match="cannot be reached"):
            tables.version(MODEL, PREDICTIONS)


def test_a_server_finds_out_at_once_what_is_wrong(
    objects: ObjectServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One sentence, which gives nothing away; and no table is used that is another server's."""
    url = f"{objects.bucket()}/tables"
    Tables(url).claim("one")
    Tables(url).claim("one")
    with pytest.raises(ConflictError, match="of another server"):
        Tables(url).claim("two")
    with pytest.raises(InputError, match="there is no such bucket"):
        Tables("s3://nobody-made-this/x").claim("one")
    file = tmp_path / "credentials"
    file.write_text("[team]\naws_access_key_id = AKIATESTS\naws_secret_access_key = secret-two\n")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(InputError, match="no credentials were found; set AWS_ACCESS_KEY_ID"):
        Tables(url).claim("one")
    monkeypatch.setenv("AWS_PROFILE", "team")
    Tables(url).claim("one")
    objects.relay.leave()
    with pytest.raises(UnavailableError, match="cannot be reached") as told:
        Tables(url).claim("one")
    assert "secret-two" not in str(told.value)


def test_a_backup_says_where_the_tables_are(objects: ObjectServer, tmp_path: Path) -> None:
    """They stay there; the journal that comes back takes no position that they know."""
    tables = Tables(f"{objects.bucket()}/tables")
    with opened(tmp_path / "journal.db") as journal:
        writer = Writer(journal, tables, shape)
        for number in range(3):
            journal.submit(submission(f"{number}", entry([f"{number}"]))).result()
            writer.step()
        copied = back_up(journal, tables, tmp_path / "backup")
    assert copied.elsewhere == tables.elsewhere
    (table,) = copied.tables
    assert (table.model, table.version, table.rows, table.bytes) == (MODEL, 3, 3, 0)
    restore(tmp_path / "backup", tmp_path / "restored")
    with opened(tmp_path / "restored" / "journal.db") as journal:
        writer = Writer(journal, tables, shape)
        journal.submit(submission("new", entry(["new"]))).result()
        writer.step()
    assert ids(tables) == ["0", "1", "2", "new"]
    with pytest.raises(InputError, match="in no folder of this machine"):
        _ = tables.root


@pytest.mark.parametrize(
    "text",
    ["", "events", "gs://bucket/x", "s3://", "s3://B/x", "s3://key:word-x@bucket/x",
     "s3://bucket/x?secret=word-x", "s3://bucket/a%20b", "s3://bucket/../x", "s3://bucket/ü"],
)  # fmt: skip
def test_what_is_no_place_of_tables(text: str) -> None:
    """One sentence, without what was given: it may hold a key."""
    with pytest.raises(InputError) as told:
        object_url(text)
    assert "word-x" not in str(told.value)


@given(st.text(), st.sampled_from(["AccessDenied", "Odd", "SignatureDoesNotMatch"]))
def test_an_error_is_told_in_one_line(noise: str, code: str) -> None:
    """Without markup, and without what the storage echoed."""
    echoed = f"<Error><Code>{code}</Code><StringToSign>secret-word</StringToSign></Error>"
    why = trouble_of(f"Generic S3 error\n  ↳ {noise}\n  ↳ {echoed}").why
    assert why
    assert len(why.splitlines()) == 1
    assert "secret-word" not in why
    assert "<" not in why
