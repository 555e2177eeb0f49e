"""The kernel: whole and segments, unions, absent and retyped columns, windows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from watchkeeper.core.errors import ProfileError
from watchkeeper.core.model import Column, Kind, Model
from watchkeeper.profiles import codec
from watchkeeper.profiles.fit import fit_layout, with_bounds
from watchkeeper.profiles.kernel import empty_profile, profile_batch, profile_groups
from watchkeeper.profiles.layout import MISSING, OTHER, Layout
from watchkeeper.profiles.profile import Profile, Statistics

COLUMNS = (
    Column("amount", Kind.NUMERIC),
    Column("country", Kind.CATEGORICAL),
    Column("when", Kind.DATETIME),
    Column("comment", Kind.TEXT),
)


def rows(count: int, seed: int = 0) -> pa.RecordBatch:
    """Random rows with nulls, a rare country, and times."""
    rng = np.random.default_rng(seed)
    amount = rng.lognormal(size=count)
    return pa.record_batch(
        {
            "amount": pa.array(amount, mask=rng.random(count) < 0.1),
            "country": pa.array(rng.choice(["DE", "FR", "IT", None, "XX"], count)),
            "when": pa.array(
                rng.integers(0, 10**9, count).astype("datetime64[s]").astype("datetime64[us]")
            ),
            "comment": pa.array(["x" * int(n) for n in rng.integers(0, 50, count)]),
        }
    )


def layout(**model: object) -> Layout:
    """A layout fitted on a thousand rows."""
    chosen = Model("test", COLUMNS, **model)  # type: ignore[arg-type]
    return fit_layout(chosen, pa.Table.from_batches([rows(1000)]))


def same(a: Statistics, b: Statistics) -> bool:
    """Whether two statistics count the same."""
    return a.rows == b.rows and all(
        np.array_equal(a.columns[name].counts, b.columns[name].counts) for name in a.columns
    )


def test_parts_merge_to_the_whole() -> None:
    """Any cut of the rows into parts gives the profile of all rows, segments included."""
    fitted = layout(segments=("country",))
    batch = rows(5000, seed=1)
    whole = profile_batch(batch, fitted)
    merged = empty_profile(fitted)
    for start in range(0, 5000, 777):
        merged = profile_batch(batch.slice(start, 777), fitted) | merged
    assert same(whole.whole, merged.whole)
    assert whole.whole.rows == 5000
    assert whole.segments["country"].keys() == merged.segments["country"].keys()
    for value, part in whole.segments["country"].items():
        assert same(part, merged.segments["country"][value])
    assert whole.whole.sketch.duplicate_share() == merged.whole.sketch.duplicate_share() == 0.0


def test_segments_add_up_to_the_whole() -> None:
    """Each segment counts its own rows; missing and rare values have one each."""
    fitted = layout(segments=("country",), segment_limit=2)
    batch = rows(2000, seed=2)
    profile = profile_batch(batch, fitted)
    parts = profile.segments["country"]
    assert {MISSING, OTHER} < parts.keys()
    assert len(parts) == 4
    assert sum(part.rows for part in parts.values()) == 2000
    assert parts[MISSING].rows == batch["country"].null_count
    assert same(profile.whole, profile_batch(batch, layout()).whole)


def test_absent_column_counts_as_null() -> None:
    """A column that the data lack is all null, and is not among the observed ones."""
    batch = rows(100).drop_columns(["amount"])
    profile = profile_batch(batch, layout())
    assert profile.whole.columns["amount"].nulls == 100  # type: ignore[union-attr]
    assert "amount" not in profile.observed


def test_retyped_column_is_measured_as_far_as_it_goes() -> None:
    """Numbers that became text are read; words among them count as null."""
    batch = rows(3).set_column(0, "amount", pa.array(["1.5", "oops", "2"]))
    profile = profile_batch(batch, layout())
    assert profile.whole.columns["amount"].nulls == 1  # type: ignore[union-attr]
    assert profile.observed["amount"] == "string"


def test_windows_hold_their_rows() -> None:
    """Rows of a group are profiled together; a negative group is left out."""
    batches = [rows(500, seed) for seed in range(3)]
    fitted = layout()
    groups = profile_groups(batches, fitted, lambda batch: np.arange(batch.num_rows) % 4 - 1)
    assert sorted(groups) == [0, 1, 2]
    assert [profile.whole.rows for profile in groups.values()] == [375, 375, 375]


def test_profiles_of_other_layouts_do_not_merge() -> None:
    """The error says how to make profiles that do."""
    other = fit_layout(Model("test", COLUMNS), pa.Table.from_batches([rows(1000, seed=9)]))
    with pytest.raises(ProfileError, match="--like"):
        empty_profile(layout()) | empty_profile(other)


def saved() -> tuple[Profile, bytes]:
    """A profile and its file."""
    profile = with_bounds(profile_batch(rows(3000), layout(segments=("country",))))
    return profile, codec.encode(profile)


def test_file_gives_the_same_profile_back() -> None:
    """Encoding loses nothing, and profiles read from files merge."""
    profile, data = saved()
    again = codec.decode(data)
    assert again.layout.id == profile.layout.id
    assert again.layout.model == profile.layout.model
    assert same(again.whole, profile.whole)
    assert codec.encode(again) == data
    assert (again | profile).whole.rows == 6000


def test_file_is_compact() -> None:
    """A column takes a few kilobytes, however many rows there are."""
    _, data = saved()
    assert len(data) < 60_000


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: b"PAR1" + data, "is not a Watchkeeper profile"),
        (lambda data: data[:200], "cut off|damaged"),
        (lambda data: data.replace(b"profile 1", b"profile 9", 1), "profile format 9"),
        (lambda data: data[:60] + b"\xff\xff\xff" + data[63:], "damaged|cut off"),
        (lambda data: b"", "is not a Watchkeeper profile"),
    ],
)
def test_broken_files_are_refused(change: object, message: str) -> None:
    """Each with one sentence that says what is wrong."""
    _, data = saved()
    with pytest.raises(ProfileError, match=message):
        codec.decode(change(data))  # type: ignore[operator]


def test_file_from_a_stranger_cannot_lie_about_its_counts() -> None:
    """Counts that do not fit the layout are refused rather than reported."""
    profile, _ = saved()
    columns = dict(profile.whole.columns)
    columns["amount"] = columns["country"]
    forged = Profile(profile.layout, Statistics(profile.whole.rows, columns), {}, profile.observed)
    with pytest.raises(ProfileError, match="do not fit"):
        codec.decode(codec.encode(forged))


def test_value_spelt_like_the_rest_joins_it() -> None:
    """A category called `(other)` loses no row."""
    values = pa.array(["(other)"] * 50 + ["(missing)"] * 30 + ["a"] * 15 + [None] * 5)
    batch = pa.record_batch({"by": values, "amount": np.arange(100.0)})
    columns = (Column("by", Kind.CATEGORICAL), Column("amount", Kind.NUMERIC))
    model = Model("test", columns, segments=("by",), segment_limit=2)
    fitted = fit_layout(model, pa.Table.from_batches([batch]))
    profile = profile_batch(batch, fitted)
    assert {k: v.rows for k, v in profile.segments["by"].items()} == {
        "(other)": 65,
        "(missing)": 35,
    }
    assert profile.whole.rows == 100
