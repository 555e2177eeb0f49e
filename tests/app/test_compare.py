"""Comparing two sets of rows, from data to the document."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from watchkeeper.app.compare import compare
from watchkeeper.app.profile import make_profile, merge_profiles
from watchkeeper.app.sources import read_profile, write_profile
from watchkeeper.core.errors import InputError, ModelError, RuleError

ROLES = {"label": "y", "prediction": "p", "score": "s", "segments": ["shop"], "id": "id"}


def rows(count: int, seed: int, **changes: Any) -> pa.Table:
    """Rows of a binary model whose score is the true probability, and what was changed."""
    rng = np.random.default_rng(seed)
    amount = rng.lognormal(3, 1, count) + changes.get("shift", 0.0)
    score = rng.beta(1, 3, count)
    truth = rng.random(count) < score
    shop = rng.choice(["north", "south"], count, p=[0.7, 0.3])
    wrong = (shop == "south") & (rng.random(count) < changes.get("wrong_at_south", 0.0))
    called = (score >= 0.5) ^ wrong
    kind = rng.choice(changes.get("kinds", ["a", "b", "c"]), count)
    return pa.table(
        {
            "id": [f"{seed}-{i}" for i in range(count)],
            "amount": pa.array(amount, mask=rng.random(count) < changes.get("nulls", 0.02)),
            "items": rng.poisson(3, count),
            "kind": kind,
            "shop": shop,
            "y": truth.astype(int),
            "p": called.astype(int),
            "s": score,
        }
    )


REFERENCE = rows(20_000, 1)


def verdicts(document: dict[str, Any]) -> dict[str, str]:
    """The verdict of each column."""
    return {name: column["verdict"] for name, column in document["drift"]["columns"].items()}


def test_rows_of_one_source_are_stable() -> None:
    """Nothing drifts, nothing fails, and the interval of each metric holds the reference."""
    document = compare(REFERENCE, rows(5_000, 2), roles=ROLES)
    assert set(verdicts(document).values()) == {"stable"}
    assert document["summary"]["verdict"] == "stable"
    assert document["summary"]["checks"]["failed"] == 0
    accuracy = document["performance"]["metrics"]["accuracy"]
    assert accuracy["low"] < accuracy["reference"]["value"] < accuracy["high"]


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"shift": 20.0}, "amount"),
        ({"nulls": 0.5}, "amount"),
        ({"kinds": ["a", "b", "z"]}, "kind"),
    ],
)
def test_change_is_seen_in_its_column_alone(changes: dict[str, Any], column: str) -> None:
    """A shift, a column that turned null, a new category: found, and nothing else."""
    found = verdicts(compare(REFERENCE, rows(5_000, 3, **changes), roles=ROLES))
    assert {name for name, verdict in found.items() if verdict == "drifted"} == {column}


def test_new_and_vanished_categories_are_named() -> None:
    """With their rows and shares, and every number stays finite."""
    document = compare(REFERENCE, rows(5_000, 3, kinds=["a", "b", "z"]), roles=ROLES)
    kind = document["drift"]["columns"]["kind"]
    assert [new["value"] for new in kind["new_categories"]] == ["z"]
    assert [gone["value"] for gone in kind["vanished_categories"]] == ["c"]
    assert kind["metrics"]["chi_squared"]["value"] is not None
    assert sum(kind["distribution"]["current"]) + kind["distribution"]["new"][1] == pytest.approx(1)


def test_worse_segment_is_named_in_the_headline() -> None:
    """Performance that fell in one shop is said to have fallen there."""
    document = compare(REFERENCE, rows(20_000, 4, wrong_at_south=0.5), roles=ROLES)
    assert "south" in document["summary"]["headline"]
    segments = document["performance"]["segments"]["shop"]
    assert segments["south"]["metrics"]["accuracy"]["status"] == "fail"
    assert segments["north"]["metrics"]["accuracy"]["status"] == "pass"


def test_profiles_alone_give_the_report_of_the_rows(tmp_path: Path) -> None:
    """Profiled apart, saved, loaded, merged: the same document but for names."""
    reference = make_profile(REFERENCE, roles=ROLES)
    write_profile(reference, tmp_path / "reference.profile")
    current = rows(6_000, 5, shift=1.0)
    paths = []
    for index in range(3):
        part = make_profile(current.slice(index * 2000, 2000), like=tmp_path / "reference.profile")
        paths.append(tmp_path / f"{index}.profile")
        write_profile(part, paths[-1])
    merged = merge_profiles([read_profile(path) for path in paths])
    from_profiles = compare(str(tmp_path / "reference.profile"), merged)
    from_rows = compare(REFERENCE, current, roles=ROLES)
    assert from_profiles["summary"] == from_rows["summary"]
    for name, column in from_rows["drift"]["columns"].items():
        other = from_profiles["drift"]["columns"][name]["metrics"]
        for metric, estimate in column["metrics"].items():
            assert other[metric]["value"] == pytest.approx(estimate["value"], rel=1e-6), metric


def test_reference_of_rows_meets_a_profile(tmp_path: Path) -> None:
    """A profile can also be compared with rows, which are counted on its layout."""
    reference = make_profile(REFERENCE, roles=ROLES)
    current = make_profile(rows(3_000, 6), like=reference)
    assert compare(REFERENCE, current)["summary"]["verdict"] == "stable"


def test_profile_of_another_layout_is_refused() -> None:
    """With the command that makes one that fits."""
    other = make_profile(rows(500, 7), roles=ROLES)
    with pytest.raises(InputError, match="--like"):
        compare(make_profile(REFERENCE, roles=ROLES), other)


def test_row_rules_are_counted_by_the_engine() -> None:
    """A rule that half of the rows break fails; one that cannot fit is refused at once."""
    model = {**ROLES, "rules": [{"name": "few", "expr": "items <= 3 && amount > 0.0"}]}
    document = compare(REFERENCE, rows(5_000, 8), model=model)
    rule = document["quality"]["rules"][0]
    items, amount = (rows(5_000, 8).column(name).to_pylist() for name in ("items", "amount"))
    failed = sum(n > 3 for n in items)
    unknown = sum(n <= 3 and a is None for n, a in zip(items, amount, strict=True))
    assert (rule["failed"], rule["unknown"], rule["rows"]) == (failed, unknown, 5_000)
    assert rule["status"] == "fail"
    wrong = {**ROLES, "rules": [{"name": "odd", "expr": "itmes > 3"}]}
    with pytest.raises(RuleError, match="'items'"):
        compare(REFERENCE, REFERENCE, model=wrong)


def test_limits_of_the_user_decide() -> None:
    """A written limit fails the check that the defaults let pass, and unknown names are refused."""
    model = {**ROLES, "checks": [{"metric": "accuracy", "fail_below": 0.99}]}
    document = compare(REFERENCE, rows(5_000, 9), model=model)
    limit = next(c for c in document["checks"] if c["id"] == "performance.accuracy.limit.accuracy")
    assert limit["status"] == "fail"
    assert limit["threshold"] == 0.99
    assert document["summary"]["status"] == "fail"
    wrong = {"metric": "acuracy", "fail_below": 0.9}
    with pytest.raises(ModelError, match=r"acuracy.*accuracy"):
        compare(REFERENCE, REFERENCE, model={**ROLES, "checks": [wrong]})


def test_group_that_may_not_fail_only_warns() -> None:
    """`fail_on` decides which groups fail the run."""
    model = {**ROLES, "thresholds": {"fail_on": ["performance"]}}
    document = compare(REFERENCE, rows(5_000, 3, shift=20.0), model=model)
    drift = [check for check in document["checks"] if check["id"] == "drift.amount.ks"]
    assert [check["status"] for check in drift] == ["warn"]


def test_few_rows_are_not_enough_and_say_so() -> None:
    """Under a hundred rows there is no verdict."""
    document = compare(REFERENCE, rows(60, 10), roles=ROLES)
    assert set(verdicts(document).values()) == {"not_enough_data"}
    assert document["summary"]["verdict"] == "not_enough_data"
    assert "100" in document["drift"]["columns"]["amount"]["reason"]


def test_repeated_ids_are_duplicates() -> None:
    """Ids that come twice are counted by the sketch."""
    current = rows(1_500, 11)
    doubled = pa.concat_tables([current, current.slice(0, 500)])
    quality = compare(REFERENCE, doubled, roles=ROLES)["quality"]["duplicates"]
    assert quality["current"] == 0.25
    assert quality["kind"] == "ids"


def test_dtype_and_order_of_rows_change_nothing(tmp_path: Path) -> None:
    """Parquet in shuffled order with other widths gives the same drift."""
    current = rows(5_000, 12, shift=2.0)
    shuffled = current.take(np.random.default_rng(0).permutation(5_000))
    items = shuffled.column("items").cast(pa.int16())
    shuffled = shuffled.set_column(2, "items", items)
    pq.write_table(shuffled, tmp_path / "x.parquet", row_group_size=900)
    one = compare(REFERENCE, current, roles=ROLES)
    two = compare(REFERENCE, str(tmp_path / "x.parquet"), roles=ROLES)
    assert one["summary"]["headline"] == two["summary"]["headline"]
    for name, column in one["drift"]["columns"].items():
        assert two["drift"]["columns"][name]["effect"] == pytest.approx(column["effect"])


def test_nested_columns_are_left_out_with_a_warning() -> None:
    """A list cannot be measured; the report says so and measures the rest."""
    nested = REFERENCE.append_column("tags", pa.array([["a"]] * REFERENCE.num_rows))
    document = compare(nested, nested, roles=ROLES)
    assert "tags" not in document["drift"]["columns"]
    assert any("tags" in warning for warning in document["summary"]["warnings"])


@pytest.mark.parametrize("kinds", [{}, {"flag": "categorical"}])
def test_csv_of_few_values_keeps_its_types(tmp_path: Path, kinds: dict[str, str]) -> None:
    """A file is of its own types, also where whole numbers of two values are categories."""
    path = tmp_path / "x.csv"
    lines = [f"{i},{i % 2},{'ab'[i % 2]}" for i in range(300)]
    path.write_text("\n".join(["n,flag,word", *lines]) + "\n", encoding="utf-8")
    document = compare(str(path), str(path), roles={"kinds": kinds})
    schema = document["quality"]["schema"]
    assert (schema["missing"], schema["unexpected"], schema["retyped"]) == ([], [], [])
    assert document["drift"]["columns"]["flag"]["kind"] == "categorical"
    assert document["summary"]["status"] == "pass"
