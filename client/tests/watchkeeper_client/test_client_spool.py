"""The folder where batches wait: whole or not at all, shared, bounded, private."""

from __future__ import annotations

import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper_client.errors import SpoolError
from watchkeeper_client.packing import MSGPACK, Batch
from watchkeeper_client.spool import Spool

URL = "http://127.0.0.1:1"


def batch(key="k", body=b"body", records=3):
    """Some batch."""
    return Batch(key, "predictions", "model=m", MSGPACK, "gzip", records, body)


def drain(spool):
    """All batches, oldest first, each read and removed."""
    found = []
    while (oldest := spool.oldest()) is not None:
        found.append(spool.read(oldest))
        spool.remove(oldest)
    return found


@given(body=st.binary(max_size=200), key=st.text(max_size=20), records=st.integers(1, 10**6))
def test_a_batch_comes_back_as_it_was(tmp_path_factory, body, key, records):
    """Every field and every byte."""
    spool = Spool(tmp_path_factory.mktemp("spool"), URL, 1 << 20)
    spool.write(batch(key, body, records))
    assert drain(spool) == [batch(key, body, records)]
    spool.release()


def test_batches_come_back_in_their_order(tmp_path):
    """Also those of one instant."""
    spool = Spool(tmp_path, URL, 1 << 20)
    for number in range(50):
        spool.write(batch(str(number)))
    assert [found.key for found in drain(spool)] == [str(number) for number in range(50)]
    spool.release()


def test_a_file_that_is_torn_anywhere_is_known(tmp_path):
    """Cut at any place, or with any byte changed, it is nothing; never something wrong."""
    spool = Spool(tmp_path, URL, 1 << 20)
    spool.write(batch(body=bytes(range(64))))
    found = spool.oldest()
    whole = found.path.read_bytes()
    for cut in range(len(whole)):
        found.path.write_bytes(whole[:cut])
        assert spool.read(found) is None
        found.path.write_bytes(whole[:cut] + bytes([whole[cut] ^ 1]) + whole[cut + 1 :])
        assert spool.read(found) is None
    found.path.write_bytes(whole)
    assert spool.read(found) == batch(body=bytes(range(64)))
    spool.release()


def test_strange_files_are_nothing(tmp_path):
    """A file that no client wrote cannot be read, and does not break anything."""
    spool = Spool(tmp_path, URL, 1 << 20)
    (spool.folder / "0-notes.batch").write_bytes(b"hello")
    (spool.folder / "readme.txt").write_text("hello")
    assert drain(spool) == [None]
    spool.release()


def test_half_written_files_are_swept_when_they_are_old(tmp_path):
    """A file under its writer's hands stays; one that nobody finishes goes."""
    spool = Spool(tmp_path, URL, 1 << 20)
    half = spool.folder / "1-x-3.batch.half"
    half.write_bytes(b"WK")
    written = half.stat().st_mtime
    assert spool.sweep(written + 60) == 0
    assert spool.oldest() is None
    assert spool.sweep(written + 3_600) == 1
    assert not half.exists()


def test_the_spool_is_bounded(tmp_path):
    """A batch that does not fit is refused, and leaves nothing behind."""
    spool = Spool(tmp_path, URL, 500)
    spool.write(batch(body=b"x" * 300))
    with pytest.raises(SpoolError, match="full"):
        spool.write(batch(body=b"x" * 300))
    assert len(list(spool.folder.glob("*batch*"))) == 1


def test_only_the_user_may_read_it(tmp_path):
    """Predictions may be personal."""
    spool = Spool(tmp_path / "deep" / "spool", URL, 1 << 20)
    spool.write(batch())
    (path,) = spool.folder.glob("*.batch")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(spool.folder.stat().st_mode) == 0o700


def test_one_process_sends_at_a_time(tmp_path):
    """Who found a batch has the right to send until it gives it back; the other writes on."""
    one, two = Spool(tmp_path, URL, 1 << 20), Spool(tmp_path, URL, 1 << 20)
    one.write(batch("a"))
    found = one.oldest()
    assert found.own
    assert two.oldest() is None
    two.write(batch("b"))
    one.remove(found)
    one.release()
    left = two.oldest()
    assert (left.own, two.read(left).key) == (True, "b")
    two.release()


def test_each_server_has_its_own_batches(tmp_path):
    """A batch never goes to another server than it was made for."""
    Spool(tmp_path, URL, 1 << 20).write(batch())
    other = Spool(tmp_path, "http://127.0.0.1:2", 1 << 20)
    assert other.oldest() is None


def test_a_folder_that_cannot_be_made_says_so(tmp_path):
    """The error names the folder."""
    (tmp_path / "file").write_text("")
    with pytest.raises(SpoolError, match="cannot be written"):
        Spool(tmp_path / "file" / "spool", URL, 1)


def test_a_folder_that_goes_away_says_so(tmp_path):
    """Neither writing nor looking raises anything else."""
    spool = Spool(tmp_path, URL, 1 << 20)
    for path in spool.folder.iterdir():
        path.unlink()
    spool.folder.rmdir()
    with pytest.raises(SpoolError):
        spool.write(batch())
    with pytest.raises(SpoolError):
        spool.oldest()


def test_a_batch_that_cannot_be_removed_is_not_sent_again(tmp_path, monkeypatch):
    """A disk that turned read-only does not make the client send one batch for ever."""
    spool = Spool(tmp_path, URL, 1 << 20)
    spool.write(batch())
    found = spool.oldest()

    def refuse(self, **_):
        raise PermissionError(self)

    monkeypatch.setattr(type(found.path), "unlink", refuse)
    spool.remove(found)
    assert os.path.exists(found.path)  # noqa: PTH110  # not through the class that is patched
    assert spool.oldest() is None
    spool.release()
