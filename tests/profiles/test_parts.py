"""Parts of a profile: what is packed comes back, and merging many is merging each."""

from __future__ import annotations

import zlib
from functools import reduce
from operator import or_

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from tests.profiles.nasty import NASTY
from tests.profiles.test_performance import MODELS, measured, rows
from watchkeeper.core.errors import ProfileError
from watchkeeper.core.model import Column, Kind, Model, Role, Task
from watchkeeper.profiles import categorical, numeric
from watchkeeper.profiles.categorical import OTHERS, Vocabulary
from watchkeeper.profiles.fit import fit_layout
from watchkeeper.profiles.grid import fit_grid
from watchkeeper.profiles.kernel import profile_batch
from watchkeeper.profiles.label_traffic import measure_labels
from watchkeeper.profiles.outcome_traffic import measure_outcomes
from watchkeeper.profiles.packing import MAX_ITEMS, pack_array, unpack_array
from watchkeeper.profiles.part_codec import KINDS, PartCodec
from watchkeeper.profiles.parts import (
    PERFORMANCE,
    ROWS,
    SKETCH,
    WHOLE,
    Rows,
    Tallies,
    column_part,
    join_profile,
    merge_all,
    split_profile,
)
from watchkeeper.profiles.profile import Tally
from watchkeeper.profiles.rows import KEPT, sketch
from watchkeeper.profiles.traffic import measure_traffic
from watchkeeper.testing.statistics import difference

CODEC = PartCodec()

DTYPES = {"f": np.float64, "i": np.int64, "u": np.uint64, "b": np.bool_}
ELEMENTS = {
    "f": st.one_of(st.just(0.0), st.floats(allow_nan=True)),
    "i": st.one_of(st.just(0), st.integers(0, 9), st.integers(-(2**63), 2**63 - 1)),
    "u": st.one_of(st.just(0), st.integers(0, 300), st.integers(0, 2**64 - 1)),
    "b": st.booleans(),
}


@st.composite
def arrays(draw):
    """Arrays of every type and several shapes, many of them mostly zero."""
    kind = draw(st.sampled_from("fiub"))
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=40))
    fill = st.just(DTYPES[kind](0))
    return draw(hnp.arrays(DTYPES[kind], shape, elements=ELEMENTS[kind], fill=fill))


@given(arrays())
def test_arrays_come_back_bit_by_bit(array):
    """Every array comes back with its type, its shape and every bit, minus zero and NaN too."""
    again = unpack_array(pack_array(array), array.dtype.type)
    assert (again.dtype, again.shape) == (array.dtype, array.shape)
    assert again.tobytes() == np.ascontiguousarray(array).tobytes()


@pytest.mark.parametrize("highest", [1, 3, 15, 255, 65_535, 2**32 - 1, 2**63 - 1])
@pytest.mark.parametrize("share", [0.001, 0.1, 0.6, 1.0])
@pytest.mark.parametrize("items", [1, 613, 66_000])
def test_counts_of_every_width(items, share, highest):
    """Counts of every width and density come back, and never take more than eight bytes each."""
    rng = np.random.default_rng(items)
    counts = rng.integers(1, highest, items, endpoint=True) * (rng.random(items) < share)
    packed = pack_array(counts)
    np.testing.assert_array_equal(unpack_array(packed, np.int64), counts)
    assert len(packed) <= 8 * items + 9
    if share < 0.2 and items > 100:
        assert len(packed) < 2 * items * min(1, 20 * share) + 8 * np.count_nonzero(counts)


def test_an_array_written_in_columns_keeps_its_order():
    """What counts is the order of the items, not that of the memory."""
    array = np.asfortranarray(np.arange(12).reshape(3, 4))
    np.testing.assert_array_equal(unpack_array(pack_array(array), np.int64), array)


def test_minus_zero_stays():
    """Minus zero is no zero, in an array that is otherwise empty too."""
    array = np.zeros(100)
    array[7] = -0.0
    assert np.signbit(unpack_array(pack_array(array), np.float64)).nonzero()[0].tolist() == [7]


def test_other_types_are_refused():
    """An array that could not come back as it was is an error."""
    with pytest.raises(TypeError, match="float32"):
        pack_array(np.zeros(3, np.float32))


@given(arrays(), st.data())
def test_damaged_arrays_are_an_error_or_an_array(array, data):
    """Bytes that were cut, changed or made up never do worse than `ValueError`."""
    whole = bytearray(pack_array(array))
    cut = data.draw(st.integers(0, len(whole)))
    for place in data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=4)):
        whole[place] = data.draw(st.integers(0, 255))
    try:
        again = unpack_array(bytes(whole[:cut]), array.dtype.type)
    except ValueError:
        return
    assert again.size <= MAX_ITEMS


def test_an_array_of_damaged_length_takes_no_memory():
    """A few bytes cannot ask for more items than any statistic has."""
    huge = bytes((8 | 32 | 7,)) + (2**32 - 1).to_bytes(4, "little") + bytes(4)
    with pytest.raises(ValueError, match="larger than any"):
        unpack_array(huge, np.int64)
    beyond = pack_array(np.array([0] * 99 + [5]))[:1] + (4).to_bytes(2, "little")
    with pytest.raises(ValueError, match="beyond its end"):
        unpack_array(beyond + pack_array(np.array([0] * 99 + [5]))[3:], np.int64)


def same(a, b):
    """Whether two statistics are equal in everything."""
    assert difference(a, b, 0.0) is None, difference(a, b, 0.0)


def again(statistic):
    """The statistic after it was packed and unpacked."""
    return CODEC.unpack(CODEC.kind(statistic), CODEC.pack(statistic))


@pytest.mark.parametrize("name", NASTY)
def test_numbers_come_back(name):
    """Every nasty column comes back, on a grid of its own and on another's."""
    for other in (name, "normal"):
        grid = fit_grid(NASTY[other])
        held = numeric.measure(NASTY[name], 3, grid)
        same(again(held), held)
    same(again(numeric.empty(grid)), numeric.empty(grid))


@given(st.dictionaries(st.text(max_size=30), st.integers(1, 2**40), max_size=30))
def test_categories_come_back(counted):
    """Any text is a category, known or not."""
    vocabulary = Vocabulary(tuple(sorted(counted)[::2]))
    held = categorical.measure(counted, 2, vocabulary)
    same(again(held), held)


@pytest.mark.parametrize("task", MODELS)
@pytest.mark.parametrize("n", [0, 1, 60, 3000])
def test_performance_comes_back(task, n):
    """The statistic of every task comes back with the shapes of its arrays."""
    held = measured(task, rows(4, n))[1]
    assert CODEC.kind(held) == task
    same(again(held), held)


def test_the_rest_comes_back():
    """Tallies, sketches, rows and the three statistics of traffic come back."""
    times = pa.array([1_700_000_000_000_000, 1_700_000_000_500_000], pa.timestamp("us", "UTC"))
    batch = pa.record_batch(
        {
            "_time": times, "_received": times, "_latency_ms": [3.0, 1e9], "_error": [None, "no"],
            "_queue_ms": [None, 2.0], "_violations": [["type:a"], None], "_weight": [1.0, 4.0],
            "_label": ["1", None], "_label_time": times, "_name": ["income", "income"],
            "_value": [2.5, -1.0], "_unit": ["EUR", "USD"],
        }
    )  # fmt: skip
    held = [
        Tallies({"rule:a": Tally(5, 1, 2), "rules": Tally(1, 0, 0)}), Tallies(),
        Rows(7, {"a": "int64|double", "ü": "string"}), Rows(),
        sketch(np.arange(5000, dtype=np.uint64) ** np.uint64(5)), sketch(np.empty(0, np.uint64)),
        measure_traffic(batch), measure_labels(batch), measure_outcomes(batch),
    ]  # fmt: skip
    for statistic in held:
        same(again(statistic), statistic)
    assert {CODEC.kind(statistic) for statistic in held} < set(KINDS)


def test_an_hour_is_small():
    """A quiet hour of a column takes a fraction of its counts' memory."""
    rng = np.random.default_rng(5)
    grid = fit_grid(rng.normal(size=50_000))
    assert grid.bins > 600
    assert len(CODEC.pack(numeric.measure(rng.normal(size=50), 0, grid))) < 150
    assert len(CODEC.pack(numeric.measure(rng.normal(size=1_000), 0, grid))) < 420


class Point(msgspec.Struct, frozen=True):
    """A struct inside a statistic."""

    x: int
    y: float = 0.5


class Own(msgspec.Struct, frozen=True, tag="own"):
    """A statistic that someone else brings: structs in every container that is allowed."""

    one: Point
    maybe: Point | None
    named: dict[str, Point]
    row: tuple[Point, ...]
    line: list[Point]
    grid: NDArray[np.float64]
    flags: NDArray[np.bool_]
    plain: dict[str, list[int]]
    arrays: dict[str, NDArray[np.uint64]] = {}


def test_own_kinds():
    """A struct of one's own is stored once it is registered, and refused before."""
    held = Own(
        Point(1), None, {"a": Point(2, 3.0)}, (Point(4), Point(5)), [], np.diag([1.5, 2.0]),
        np.array([True, False]), {"p": [1, 2]}, {"q": np.array([2**63], np.uint64)},
    )  # fmt: skip
    with pytest.raises(ProfileError, match="Own cannot be stored; the kinds are binary"):
        CODEC.pack(held)
    codec = PartCodec({**KINDS, "own": Own})
    for value in (held, msgspec.structs.replace(held, maybe=Point(7), line=[Point(1)])):
        same(codec.unpack("own", codec.pack(value)), value)
    with pytest.raises(ProfileError, match="kind 'own' is not known"):
        CODEC.unpack("own", codec.pack(held))


def test_kinds_that_cannot_come_back_are_refused():
    """A struct whose union cannot be told apart is refused when it is registered."""
    either = msgspec.defstruct("Either", [("value", Point | Tally)])
    with pytest.raises(TypeError, match="cannot hold structs as"):
        PartCodec({"either": either})


def test_a_new_field_at_the_end_reads_old_parts():
    """Parts written before a field was added are read with its default."""
    before = msgspec.defstruct("Before", [("rows", int)], frozen=True)
    after = msgspec.defstruct(
        "After", [("rows", int), ("more", dict[str, int], msgspec.field(default_factory=dict))]
    )
    old = PartCodec({"it": before}).pack(before(3))
    assert PartCodec({"it": after}).unpack("it", old) == after(3, {})


@given(st.binary(max_size=60), st.sampled_from(sorted(KINDS)))
def test_foreign_bytes_are_refused(data, kind):
    """Bytes that are no part are an error of ours, whatever they are."""
    for body in (data, b"\0" + data, b"\1" + zlib.compress(data)):
        try:
            CODEC.unpack(kind, body)
        except ProfileError as error:
            assert kind in str(error)  # noqa: PT017  # some bytes are a part after all


def test_a_part_of_another_kind_is_refused():
    """A part read as another kind, or cut off, or deflated beyond measure, is damaged."""
    body = CODEC.pack(Rows(3, {"a": "int64"}))
    for kind in set(KINDS) - {"rows"}:
        with pytest.raises(ProfileError, match="damaged"):
            CODEC.unpack(kind, body)
    bomb = b"\1" + zlib.compress(bytes(65 << 20), 9)
    for data in (body[:-1], b"", bomb):
        with pytest.raises(ProfileError, match="damaged"):
            CODEC.unpack("rows", data)


COLUMNS = (
    Column("age", Kind.NUMERIC), Column("city", Kind.CATEGORICAL),
    Column("performance", Kind.NUMERIC), Column("y", Kind.CATEGORICAL, Role.LABEL),
    Column("s", Kind.NUMERIC, Role.SCORE),
)  # fmt: skip
MODEL = Model("m", COLUMNS, task=Task.BINARY, label="y", score="s", segments=("city",))


def table(seed, n):
    """Rows of a model with a segment, and a column called like a part."""
    rng = np.random.default_rng(seed)
    return pa.record_batch(
        {
            "age": rng.normal(40, 9, n), "city": rng.choice(["a", "b", "new"][: 2 + seed % 2], n),
            "performance": rng.integers(0, 5, n), "y": rng.integers(0, 2, n), "s": rng.random(n),
        }
    )  # fmt: skip


LAYOUT = fit_layout(MODEL, pa.Table.from_batches([table(0, 500)]))


def test_a_profile_is_its_parts():
    """Splitting and joining gives the profile back, segments and all."""
    profile = profile_batch(table(1, 80), LAYOUT)
    parts = split_profile(profile)
    assert set(parts) == {WHOLE, *(("city", value) for value in profile.segments["city"])}
    assert {ROWS, SKETCH, PERFORMANCE, column_part(PERFORMANCE)} < set(parts[WHOLE])
    assert SKETCH not in parts["city", "a"]
    assert parts[WHOLE][ROWS].rows == 80
    same(join_profile(LAYOUT, parts), profile)


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 30)), min_size=1, max_size=5))
def test_merging_parts_is_merging_profiles(batches):
    """Merged part by part, after packing, profiles are what they are merged as a whole."""
    profiles = [profile_batch(table(seed, n), LAYOUT) for seed, n in batches]
    gathered: dict = {}
    for profile in profiles:
        for segment, parts in split_profile(profile).items():
            for name, part in parts.items():
                gathered.setdefault(segment, {}).setdefault(name, []).append(again(part))
    merged = {
        segment: {name: merge_all(held) for name, held in parts.items()}
        for segment, parts in gathered.items()
    }
    whole = reduce(or_, profiles)
    found = join_profile(LAYOUT, merged)
    assert difference(found.whole, whole.whole, 1e-9) is None
    assert difference(found.segments, whole.segments, 1e-9) is None
    assert found.observed == whole.observed


def test_some_parts_make_a_profile_of_some_columns():
    """Where a question needs one column, the others need not be there."""
    parts = split_profile(profile_batch(table(1, 80), LAYOUT))
    name = column_part("age")
    profile = join_profile(LAYOUT, {WHOLE: {name: parts[WHOLE][name]}})
    assert (list(profile.whole.columns), profile.whole.rows) == (["age"], 80)
    assert profile.whole.performance is None


def test_parts_of_another_layout_are_refused():
    """A part that was counted along other axes does not join."""
    parts = split_profile(profile_batch(table(1, 80), LAYOUT))[WHOLE]
    age, city = column_part("age"), column_part("city")
    for wrong in ({age: parts[city]}, {city: parts[age]}, {column_part("no"): parts[age]}):
        with pytest.raises(ProfileError, match="counted on another layout"):
            join_profile(LAYOUT, {WHOLE: wrong})
    foreign = measured("regression", rows(1, 9))[1]
    with pytest.raises(ProfileError, match="another layout"):
        join_profile(LAYOUT, {WHOLE: {PERFORMANCE: foreign}})
    with pytest.raises(ProfileError, match="of all rows"):
        join_profile(LAYOUT, {("city", "a"): parts})


GRID = fit_grid(NASTY["tiny and huge"])
KNOWN = Vocabulary(("a", "b"))


def statistics(kind, seeds):
    """Statistics of one kind on one layout, some of them of no rows or full to the brim."""
    for seed in seeds:
        rng = np.random.default_rng(seed)
        n = (0, 1, 50, 3000)[seed % 4]
        if kind == "numeric":
            column = NASTY[sorted(NASTY)[seed % len(NASTY)]]
            yield numeric.measure(rng.choice(column, n) if column.size else column, seed, GRID)
        elif kind == "categorical":
            words = rng.choice(["a", "c", *map(str, range(4 * OTHERS))], n)
            values, counts = np.unique(words, return_counts=True)
            counted = dict(zip(values.tolist(), counts.tolist(), strict=True))
            yield categorical.measure(counted, seed, KNOWN)
        elif kind == "sketch":
            yield sketch(rng.integers(0, (9, 2**64 - 1)[seed % 2], 3 * n, np.uint64, endpoint=True))
        elif kind == "rows":
            yield Rows(n, {"a": "int64", str(seed % 3): ("null", "string")[seed % 2]})
        elif kind == "tallies":
            yield Tallies({str(seed % 3): Tally(n, seed, 0)})
        else:
            yield measured(kind, rows(seed, min(n, 90), queries=100 * seed))[1]


@pytest.mark.parametrize(
    "kind", ["numeric", "categorical", "sketch", "rows", "tallies", *sorted(MODELS)]
)
@settings(max_examples=30)
@given(seeds=st.lists(st.integers(0, 40), min_size=1, max_size=6))
def test_merging_many_is_merging_each(kind, seeds):
    """The quick merge of many is the merge of one after the other."""
    held = list(statistics(kind, seeds))
    assert difference(merge_all(held), reduce(or_, held), 1e-12) is None


def test_merging_full_sketches_keeps_the_smallest():
    """Of sketches that are full, the union is again full, and true to each."""
    held = list(statistics("sketch", [3, 7, 11]))
    assert all(len(part.hashes) == KEPT for part in held)
    same(merge_all(held), reduce(or_, held))


def test_merging_what_does_not_belong_together():
    """Nothing cannot be merged, nor can different grids or vocabularies."""
    with pytest.raises(ValueError, match="no statistic"):
        merge_all([])
    grids = [numeric.empty(fit_grid(np.arange(n))) for n in (3.0, 9.0)]
    words = [categorical.empty(Vocabulary(("a", "b")[:n])) for n in (1, 2)]
    for held in (grids, words):
        with pytest.raises(ProfileError, match="different"):
            merge_all(held)
