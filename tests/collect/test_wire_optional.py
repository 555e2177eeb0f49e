"""Features that a record may lack."""

from datetime import UTC, datetime

import pytest

from watchkeeper.collect.wire.columns import to_table
from watchkeeper.collect.wire.reading import Batch, read_body
from watchkeeper.collect.wire.rules import Policy, Rules
from watchkeeper.core.envelope import Signal
from watchkeeper.store.journal import Stored

NOW = datetime(2026, 3, 2, tzinfo=UTC)
BODY = b'{"id": "a", "model": "m", "features": {"size": 1.5}}'


@pytest.mark.parametrize("missing", ["null", "reject"])
def test_an_optional_feature_may_be_absent(missing: str) -> None:
    """Neither a violation nor a rejection, while another absent one is."""
    rules = Rules(
        {"size": "double", "age": "double", "town": "string"},
        policy=Policy(missing=missing),  # type: ignore[arg-type]
        optional=frozenset({"age"}),
    )
    batch = Batch("k", NOW, lambda _: rules)
    reading = read_body(
        BODY, signal=Signal.PREDICTIONS, content_type="application/json", encoding=None,
        max_bytes=1000, batch=batch,
    )  # fmt: skip
    if missing == "reject":
        assert [(r.reason, "town" in r.message) for r in reading.rejected] == [
            ("schema_missing", True)
        ]
        return
    [part] = reading.parts
    stored = Stored(1, NOW, Signal.PREDICTIONS, "m", part.records, part.form, part.body)
    table = to_table([stored], signal=Signal.PREDICTIONS, rules=rules)
    assert table.column("_violations").to_pylist() == [["missing:town"]]
