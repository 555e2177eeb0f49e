"""Values, ids, sampling, rules for private values, and the buffer: piece by piece."""

from __future__ import annotations

import datetime as dt
import enum
import math
import re
import threading
import uuid
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePosixPath

import msgspec
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper_client import Settings
from watchkeeper_client.buffer import Bell, Buffer
from watchkeeper_client.identity import Ids
from watchkeeper_client.packing import Packer
from watchkeeper_client.privacy import Privacy
from watchkeeper_client.sampling import Sample
from watchkeeper_client.values import wire


class Colour(enum.Enum):
    """An enumeration of texts."""

    RED = "red"


BERLIN = dt.timezone(dt.timedelta(hours=1))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float32(0.5), 0.5),
        (np.float64(0.5), 0.5),
        (np.int8(-3), -3),
        (np.uint64(2**63 + 1), float(2**63)),
        (np.bool_(True), True),
        (np.str_("x"), "x"),
        (np.array([1.5]), [1.5]),
        (np.array(2), 2),
        (np.datetime64("2026-01-02T03:04:05.000000006", "ns"), "2026-01-02T03:04:05.000000006Z"),
        (np.datetime64("2026-01-02", "D"), "2026-01-02"),
        (np.datetime64("NaT"), None),
        (np.timedelta64(1500, "ms"), 1.5),
        (pd.Timestamp("2026-01-02T03:04:05Z"), "2026-01-02T03:04:05+00:00"),
        (pd.NaT, None),
        (pd.NA, None),
        (Decimal("2.50"), 2.5),
        (Fraction(1, 4), 0.25),
        (dt.datetime(2026, 1, 2, 3, 4), "2026-01-02T03:04:00Z"),  # noqa: DTZ001  # what it is about
        (dt.datetime(2026, 1, 2, 3, 4, tzinfo=BERLIN), "2026-01-02T03:04:00+01:00"),
        (dt.date(2026, 1, 2), "2026-01-02"),
        (dt.timedelta(minutes=2), 120.0),
        (uuid.UUID(int=5), "00000000-0000-0000-0000-000000000005"),
        (Colour.RED, "red"),
        (b"JFK", "JFK"),
        (b"\xff\x00", "ff00"),
        (2**70, float(2**70)),
        (10**400, hex(10**400)),
        (-(2**63), -(2**63)),
        ("half \ud800", "half ?"),
        (PurePosixPath("a/b"), "a/b"),
        ((1, {2: b"x"}), [1, {"2": "x"}]),
        (None, None),
    ],
)
def test_values_become_those_of_the_wire(value, expected):
    """Each as documented, of exactly Python's type, and MessagePack can hold it."""
    found = wire(value)
    assert found == expected
    assert type(found) is type(expected)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(found)) == expected


@pytest.mark.parametrize("value", [float("nan"), np.float32("nan"), Decimal("nan")])
def test_nan_stays(value):
    """It is a value of its own, and MessagePack holds it."""
    assert math.isnan(msgspec.msgpack.decode(msgspec.msgpack.encode(wire(value))))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
        | st.datetimes() | st.decimals() | st.uuids() | st.complex_numbers(),
        lambda inner: st.lists(inner, max_size=3)
        | st.dictionaries(st.text() | st.integers(), inner, max_size=3),
        max_leaves=8,
    )
)  # fmt: skip
def test_every_value_can_be_sent(value):
    """No value raises, whatever it is."""
    packer = Packer(1 << 20, 1 << 20)
    data = packer.encode({"features": {"f": value, "g": wire(value)}})
    assert set(msgspec.msgpack.decode(data)["features"]) == {"f", "g"}


def test_ids_are_uuids_of_version_7_in_the_order_of_time():
    """They sort by time, are distinct, and say the millisecond they were made in."""
    ids = Ids()
    start = 1_700_000_000_000_000_000
    made = [ids.make(start + step * 1_000) for step in range(5_000)]
    assert made == sorted(made)
    assert len(set(made)) == 5_000
    one = uuid.UUID(made[0])
    assert (one.version, one.variant) == (7, uuid.RFC_4122)
    assert one.int >> 80 == start // 1_000_000


def test_ids_of_one_instant_and_of_two_processes_differ():
    """The running number and the random bits keep them apart."""
    ids, others = Ids(), Ids()
    made = [source.make(5) for source in (ids, others) for _ in range(100)]
    assert len(set(made)) == 200


@given(rate=st.floats(0.01, 0.99), seed=st.integers(0, 2**32))
def test_sums_of_weights_are_unbiased(rate, seed):
    """They estimate the numbers without sampling, of errors and others, within 6 deviations."""
    sample = Sample(rate)
    number = 2_000
    fine = [sample.weight(f"{seed}-{i}", failed=False) for i in range(number)]
    failed = [sample.weight(f"{seed}-e{i}", failed=True) for i in range(50)]
    assert failed == [1.0] * 50
    deviation = math.sqrt(number * (1 - rate) / rate)
    assert abs(sum(weight for weight in fine if weight) - number) < 6 * deviation
    assert {weight for weight in fine if weight} <= {1.0 / rate}


@given(low=st.floats(0.01, 1.0), high=st.floats(0.01, 1.0), identity=st.text(min_size=1))
def test_services_agree_on_a_prediction(low, high, identity):
    """The same id has the same fate everywhere, and a higher rate keeps what a lower one keeps."""
    low, high = sorted((low, high))
    kept = Sample(low).weight(identity, failed=False)
    assert kept == Sample(low).weight(identity, failed=False)
    if kept is not None:
        assert Sample(high).weight(identity, failed=False) is not None


def test_a_sample_leaves_weights_on_the_wire(server):
    """What is left out is counted as `sampled`; weights times their number give all back."""
    from watchkeeper_client import Client

    settings = Settings(sample_rate=0.25, batch_s=0.02, buffer_records=10_000)
    with Client(server.url, model="m", settings=settings) as client:
        for i in range(2_000):
            assert client.log({"a": i}, i, id=f"p-{i}", error="boom" if i % 100 == 0 else None)
        client.log({"a": 1}, 1, id="e-1", weight=3.0, error="boom")
        client.label("p-1", 1)
        counts = client.flush()
    records = server.records("predictions")
    assert counts.sent == len(records) + 1
    assert counts.dropped == {"sampled": 2_001 - len(records)}
    assert counts.logged == 2_002
    weights = [record["weight"] for record in records if "error" not in record]
    assert set(weights) == {4.0}
    assert abs(sum(weights) - 1_980) < 6 * math.sqrt(1_980 * 3)
    assert [r["weight"] for r in records if "error" in r] == [1.0] * 20 + [3.0]
    assert len(server.records("labels")) == 1


RULES = Settings(drop=("ssn", "secret_*"), hash=("user", "entity"), salt="pepper")


def test_names_are_dropped_and_hashed_everywhere():
    """Features, tags and the named fields; globs count; other names stay."""
    record = {
        "id": "p", "entity": "e-1", "group": "g", "prediction": 1,
        "features": {"ssn": 1, "secret_x": 2, "user": 7, "secretive": 3, "none": None},
        "tags": {"ssn": "x", "user": "7"},
    }  # fmt: skip
    found = Privacy(RULES).apply("predictions", record)
    assert set(found["features"]) == {"user", "secretive", "none"}
    assert set(found["tags"]) == {"user"}
    assert re.fullmatch("[0-9a-f]{32}", found["entity"])
    assert (found["group"], found["features"]["secretive"]) == ("g", 3)
    assert found["features"]["user"] == found["tags"]["user"]


def test_hashes_are_keyed():
    """Equal values stay equal under one salt and are of no use under another; None stays None."""
    one, two = Privacy(RULES), Privacy(RULES._replace(salt="salt"))

    def hashed(rules, value):
        return rules.apply("predictions", {"features": {"user": value}})["features"]["user"]

    assert hashed(one, 7) == hashed(one, 7) != hashed(one, 8)
    assert hashed(one, 7) != hashed(two, 7)
    assert hashed(one, None) is None


@pytest.mark.parametrize(
    ("name", "private"),
    [
        ("email", ["jo@example.org", "j.o+x@mail.example.co.uk"]),
        ("phone", ["+49 30 1234567", "+1 (212) 555-0100", "212-555-0100", "(212) 555-0100",
                   "030 1234567"]),
        ("card", ["4111 1111 1111 1111", "4111111111111111", "3782-822463-10005"]),
        ("ip", ["192.168.0.17", "2001:db8:0:0:0:0:2:1", "2001:db8:85a3::8a2e:370:7334",
                "::1", "fe80::"]),
        ("iban", ["DE89 3704 0044 0532 0130 00", "GB29NWBK60161331926819"]),
    ],
)  # fmt: skip
def test_patterns_are_replaced_in_texts(name, private):
    """Wherever they stand, with what stands around left as it was."""
    rules = Privacy(Settings(redact=(name,)))
    for text in private:
        record = {"prediction": f"see {text}, please", "tags": {"t": [text]}, "id": text}
        found = rules.apply("predictions", record)
        assert found["prediction"] == f"see [{name}], please"
        assert found["tags"] == {"t": [f"[{name}]"]}
        assert found["id"] == text


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-02T03:04:05Z", "2026-01-02 03:04:05", "3.14159265358979", "1795264344", "JFK-LAX",
        "version 1.2.3", "0.0001234567", "4111 1111 1111 1112", "12:30:45", "a@b", "100-200",
        "std::vector", "::",
        "018bcfe5-6800-7000-8abc-123456000001", "1234567890.123456789",
    ],
)  # fmt: skip
def test_other_texts_stay(text):
    """Times, numbers, versions, ids, and a card number with a wrong digit."""
    rules = Privacy(Settings(redact=("email", "phone", "card", "ip", "iban")))
    assert rules.apply("predictions", {"prediction": text}) == {"prediction": text}


def test_long_texts_do_not_stall():
    """Patterns take time in proportion to a text: quadratic ones would not end here."""
    text = "a1" * 500_000
    rules = Privacy(Settings(redact=("email", "phone", "card", "ip", "iban")))
    assert rules.apply("predictions", {"prediction": text}) == {"prediction": text}


def test_own_patterns_and_the_hook_come_last():
    """A regular expression is replaced; the hook sees the rest, may change and drop it."""
    seen = []

    def hook(signal, record):
        seen.append((signal, dict(record)))
        return None if record["prediction"] == "[redacted]" else {**record, "extra": Decimal(2)}

    rules = Privacy(Settings(redact=(r"\bsecret\w*",), before_send=hook))
    assert rules.apply("labels", {"prediction": "secrets"}) is None
    assert rules.apply("labels", {"prediction": "x"}) == {"prediction": "x", "extra": 2.0}
    assert seen[0] == ("labels", {"prediction": "[redacted]"})


def test_a_hook_that_raises_lets_nothing_through(server):
    """The record is dropped: what could not be checked does not leave."""
    from watchkeeper_client import Client

    def hook(_, record):
        return record if record["prediction"] else {}["x"]

    settings = Settings(before_send=hook, batch_s=0.02)
    with Client(server.url, model="m", settings=settings) as client:
        client.log({"a": 1}, 0)
        client.log({"a": 1}, 1)
        counts = client.flush()
    assert (counts.sent, dict(counts.dropped)) == (1, {"before_send": 1})


def test_nothing_private_reaches_the_disk(away, tmp_path):
    """Rules are applied before the spool."""
    from watchkeeper_client import Client

    settings = Settings(
        redact=("email",), hash=("user",), salt="s", drop=("ssn",), spool=tmp_path,
        gzip_bytes=1 << 20, batch_s=0.01,
    )  # fmt: skip
    client = Client(away.url, model="m", settings=settings)
    client.log({"ssn": "078-05-1120", "user": "jo-the-user", "note": "jo@example.org"}, "ok")
    assert client.close(1.0).spooled == 1
    (path,) = tmp_path.glob("*/*.batch")
    data = path.read_bytes()
    assert b"[email]" in data
    assert not any(text in data for text in (b"078-05", b"jo-the-user", b"jo@example", b"ssn"))


def test_a_bell_rung_before_the_sleep_is_heard():
    """And many rings are one; none is lost between threads."""
    bell = Bell()
    bell.ring()
    bell.ring()
    bell.wait(30.0)
    woken = threading.Event()

    def sleep():
        bell.wait(30.0)
        woken.set()

    thread = threading.Thread(target=sleep)
    thread.start()
    bell.ring()
    assert woken.wait(10.0)
    thread.join()


def test_the_buffer_is_bounded_and_answers_for_everything():
    """What is taken, waits, or was refused adds up."""
    buffer = Buffer(10)
    added = [buffer.add(("labels", 0, {})) for _ in range(12)]
    assert added == [True] * 10 + [False] * 2
    for _ in range(3_000):
        buffer.refuse("buffer_full", "no room")
    assert len(buffer.take(4)) == 4
    buffer.settle_refused(wait=True)
    counts = buffer.ledger.read()
    assert (counts.logged, counts.buffered) == (3_010, 10)
    assert counts.dropped == {"buffer_full": 3_000}
