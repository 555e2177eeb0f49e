"""The index of ids against a dictionary, with crashes, a second process's view, and damage."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.core.errors import InputError, ProfileError
from watchkeeper.store.id_files import pieces_of
from watchkeeper.store.ids import IdIndex, hashed

DAY = 19_846
NOON = DAY * 24 + 12


def names(*numbers):
    """Ids by number."""
    return pa.array([f"id-{number}" for number in numbers], pa.string())


def at(*hours):
    """Hours as the index takes them."""
    return np.array(hours, dtype=np.int64)


def test_found_is_what_was_added(tmp_path):
    """Ids have the hour that they were added with; unknown ones, nulls and other models none."""
    index = IdIndex(tmp_path)
    index.add("m", names(1, 2, 3), at(NOON, NOON - 100, NOON + 7))
    asked = pa.array(["id-3", None, "no", "id-1", "id-2", "id-3"])
    found = [NOON + 7, -1, -1, NOON, NOON - 100, NOON + 7]
    assert index.find("m", asked).tolist() == found
    assert index.find("other", asked).tolist() == [-1] * 6
    assert IdIndex(tmp_path).find("m", asked).tolist() == found
    assert index.find("m", asked[:0]).tolist() == []


def test_ids_come_in_every_form_of_text():
    """Large, chunked, sliced and dictionary-encoded texts are the same ids; the hash is fixed."""
    plain = pa.array(["a", None, "ü" * 50, ""])
    hashes, valid = hashed(plain)
    for form in (
        plain.cast(pa.large_string()),
        plain.dictionary_encode(),
        pa.chunked_array([plain[:2], plain[2:]]),
        pa.concat_arrays([plain, plain])[4:],
    ):
        again, there = hashed(form)
        np.testing.assert_array_equal(again[valid], hashes[valid])
        np.testing.assert_array_equal(there, valid)
    # Files outlive versions, so the hash must not change.
    assert hashed(pa.array(["id-1", ""]))[0].tolist() == FIXED


FIXED = [1318188145937815207, 0]


def test_ids_of_many_forms_do_not_meet():
    """Ids that differ little all have hashes of their own."""
    numbered = [f"request-{n:09d}" for n in range(120_000)]
    dated = [f"2024-05-{n % 28:02d}/{n}/{n % 7}" for n in range(120_000)]
    hexadecimal = [f"{n * 0x9E3779B97F4A7C15 % 2**128:032x}" for n in range(60_000)]
    hashes, _ = hashed(pa.array([*numbered, *dated, *hexadecimal]))
    assert np.unique(hashes).size == 300_000


@pytest.mark.parametrize("hour", [-1, -25, 0, 23, 24, -17_259_888, 70_389_527])
def test_any_hour_has_a_file(tmp_path, hour):
    """Clocks that are far off do no harm; -1 is then what is not known."""
    index = IdIndex(tmp_path)
    index.add("m", names(1, 2), at(hour, NOON))
    assert index.find("m", names(1, 2)).tolist() == [hour, NOON]


def test_the_latest_hour_of_an_id_counts(tmp_path):
    """An id that came twice is found at its latest hour, in whatever order it was added."""
    for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0)):
        index = IdIndex(tmp_path / str(order))
        hours = [NOON - 50, NOON + 3, NOON + 1]
        for which in order:
            index.add("m", names(1), at(hours[which]))
        assert index.find("m", names(1)).tolist() == [NOON + 3]


def test_a_day_has_few_files(tmp_path):
    """However many additions there were, their files are few, and nothing is kept twice."""
    index = IdIndex(tmp_path)
    for turn in range(200):
        index.add("m", names(*range(turn * 3, turn * 3 + 5)), at(*[NOON] * 5))
    pieces = pieces_of(tmp_path / "m" / "known")[DAY]
    assert len(list((tmp_path / "m" / "known").iterdir())) == len(pieces) <= 9
    assert (index.find("m", names(*range(602))) == NOON).all()
    index.add("m", names(*range(602)), np.full(602, NOON))
    (only,) = pieces_of(tmp_path / "m" / "known")[DAY]
    assert only.path.stat().st_size == 16 + 9 * 602


IDS = st.lists(st.integers(0, 15), max_size=6)
OPERATIONS = st.one_of(
    st.tuples(st.just("add"), IDS, st.integers(-30, 60)),
    st.tuples(st.just("wait"), IDS, st.integers(-30, 60)),
    st.tuples(st.just("settle"), IDS, st.just(0)),
    st.tuples(st.just("drop"), st.just([]), st.integers(-2, 2)),
    st.tuples(st.just("open"), st.just([]), st.just(0)),
)


@settings(max_examples=40)
@given(operations=st.lists(OPERATIONS, max_size=12))
def test_any_history(tmp_path_factory, operations):
    """Whatever was done, in any order: the index says what a dictionary says."""
    folder = tmp_path_factory.mktemp("ids")
    index, reader = IdIndex(folder), IdIndex(folder)
    known: dict[int, int] = {}
    waiting: dict[int, int] = {}
    for kind, numbers, value in operations:
        if kind == "add":
            index.add("m", names(*numbers), np.full(len(numbers), NOON + value))
            known |= {n: max(known.get(n, 0), NOON + value) for n in numbers}
        elif kind == "wait":
            index.wait("m", names(*numbers), NOON + value)
            waiting = dict.fromkeys(numbers, NOON + value) | waiting
        elif kind == "settle":
            index.settle("m", names(*numbers))
            waiting = {n: hour for n, hour in waiting.items() if n not in numbers}
        elif kind == "drop":
            index.drop_before("m", DAY + value)
            known = {n: hour for n, hour in known.items() if hour // 24 >= DAY + value}
            waiting = {n: hour for n, hour in waiting.items() if hour // 24 >= DAY + value}
        else:
            index = IdIndex(folder)
        for one in (index, reader):
            everything = names(*range(16))
            found = one.find("m", everything)
            assert {n: hour for n, hour in enumerate(found.tolist()) if hour >= 0} == known
            assert np.flatnonzero(one.arrived("m", everything)).tolist() == sorted(waiting)
            assert one.waiting("m") == len(waiting)
    shutil.rmtree(folder)


def test_labels_that_wait(tmp_path):
    """A label that came first is met by its prediction, once, also after a crash between."""
    index = IdIndex(tmp_path)
    assert not index.arrived("m", names(1)).any()
    index.wait("m", names(1, 2), NOON)
    for _ in range(2):
        index.add("m", names(2, 3), at(NOON, NOON))
        assert index.arrived("m", names(2, 3)).tolist() == [True, False]
    index.settle("m", names(2, 3))
    assert not index.arrived("m", names(2, 3)).any()
    assert index.waiting("m") == 1


def test_models_lie_apart_and_are_removed(tmp_path):
    """Any name is a folder of its own inside the index, and goes as a whole."""
    index = IdIndex(tmp_path / "ids")
    odd = ["a/b", "..", ".", "%2E", ".a", "%2Ea", "ä b", "con:x"]
    for place, name in enumerate(odd):
        index.add(name, names(1), at(NOON + place))
    assert [index.find(name, names(1))[0] - NOON for name in odd] == list(range(len(odd)))
    assert len(list((tmp_path / "ids").iterdir())) == len(odd)
    assert [held.name for held in tmp_path.iterdir()] == ["ids"]
    index.remove("..")
    assert index.find("..", names(1)).tolist() == [-1]
    assert index.find(".", names(1)).tolist() == [NOON + 2]
    index.remove("never there")
    with pytest.raises(InputError, match="name of the model is empty"):
        index.find("", names(1))


def test_a_crash_while_files_are_joined(tmp_path):
    """Where a crash leaves files beside the one that swallowed them, they are passed over."""
    index, folder = IdIndex(tmp_path), tmp_path / "m" / "known"
    left = {}
    for turn in range(7):
        index.add("m", names(turn), at(NOON + turn))
        left |= {held.name: held.read_bytes() for held in folder.iterdir()}
    for name, content in left.items():
        (folder / name).write_bytes(content)
    (folder / "2024-05-03.9-9.00000000.part").write_bytes(b"half")
    assert len(list(folder.iterdir())) > len(pieces_of(folder)[DAY])
    index = IdIndex(tmp_path)
    assert index.find("m", names(*range(7))).tolist() == [NOON + turn for turn in range(7)]
    index.add("m", names(9), at(NOON))
    assert len(list(folder.iterdir())) == len(pieces_of(folder)[DAY])
    assert (index.find("m", names(*range(7), 9)) >= NOON).all()


def test_dropped_days_do_not_come_back(tmp_path):
    """What a crash has left of a day goes with the day."""
    index, folder = IdIndex(tmp_path), tmp_path / "m" / "known"
    index.add("m", names(1), at(NOON))
    (first,) = folder.iterdir()
    content = first.read_bytes()
    index.add("m", names(2), at(NOON))
    first.write_bytes(content)
    index = IdIndex(tmp_path)
    index.drop_before("m", DAY + 1)
    assert index.find("m", names(1, 2)).tolist() == [-1, -1]


def test_a_damaged_file_is_an_error(tmp_path):
    """A file that is cut off, empty or another's is called damaged, with what to do."""
    IdIndex(tmp_path).add("m", names(1, 2), at(NOON, NOON))
    (path,) = (tmp_path / "m" / "known").iterdir()
    whole = path.read_bytes()
    for wrong in (whole[:-1], b"", b"x" * len(whole), whole[:10]):
        path.write_bytes(wrong)
        with pytest.raises(
            ProfileError, match=r"is damaged; .* delete the folder .*m: it is built"
        ):
            IdIndex(tmp_path).find("m", names(1))


def test_others_read_while_files_are_joined(tmp_path):
    """A reader with a view of its own never misses what was there before it asked."""
    index = IdIndex(tmp_path)
    written = [0]
    missed: list[int] = []
    done = threading.Event()

    def read():
        reader = IdIndex(tmp_path)
        while not done.is_set():
            count = written[0]
            found = reader.find("m", names(*range(count)))
            missed.extend(np.flatnonzero(found < 0).tolist())

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for turn in range(150):
        index.add("m", names(turn * 2, turn * 2 + 1), at(NOON, NOON + 24 * (turn % 3)))
        written[0] = turn * 2 + 2
    done.set()
    for thread in threads:
        thread.join()
    assert missed == []


PROGRAM = """
import sys
from pathlib import Path
import numpy as np
import pyarrow as pa
from watchkeeper.store.ids import IdIndex

index = IdIndex(Path(sys.argv[1]))
turn = int(sys.argv[2])
while True:
    ids = pa.array([f"id-{turn * 10 + n}" for n in range(10)])
    index.add("m", ids, np.full(10, 476316 + turn % 40))
    index.wait("m", ids, 476316)
    if turn % 3 == 0:
        index.settle("m", ids)
    print(turn, flush=True)
    turn += 1
"""


def test_sudden_death_loses_nothing_that_was_said(tmp_path):
    """What a call had returned from is there after the process was killed at any moment."""
    chance, turn = np.random.default_rng(2), 0
    for _ in range(4):
        writer = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(tmp_path), str(turn)],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(chance.uniform(0.05, 0.4))
        writer.kill()
        said, _ = writer.communicate()
        turn = max([turn, *(int(line) for line in said.split()[:-1])])
        index = IdIndex(tmp_path)
        hours = index.find("m", names(*range(turn * 10 + 10)))
        expected = np.repeat(NOON + np.arange(turn + 1) % 40, 10)
        np.testing.assert_array_equal(hours, expected)
        waits = index.arrived("m", names(*range(turn * 10 + 10))).reshape(-1, 10)
        assert (waits == (np.arange(turn + 1) % 3 != 0)[:, None]).all()
        turn += 1
    assert turn > 4
