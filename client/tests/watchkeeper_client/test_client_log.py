"""What a service hands over arrives, as the wire has it, counted, and without ever hurting."""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from watchkeeper_client import Client, ClientError, Settings

QUICK = Settings(batch_s=0.02, backoff_s=0.02, backoff_max_s=0.05, exit_s=2.0)


def holds(counts):
    """The law: every record has exactly one fate."""
    fates = counts.sent + counts.rejected + sum(counts.dropped.values())
    return counts.logged == fates + counts.spooled + counts.buffered


def test_a_prediction_arrives_whole(server):
    """Features, prediction and every other field arrive under their names."""
    with Client(server.url, model="arrivals", version="7", key="wk_x", settings=QUICK) as client:
        before = time.time_ns() / 1e9
        made = client.log(
            {"distance": 2475, "carrier": "UA", "delay": float("nan"), "none": None},
            "late",
            score=0.81,
            scores={"late": 0.81, "on time": 0.19},
            group="JFK",
            stages={"inference": 1.5},
            tags={"region": "east"},
            cache_hit=False,
            batch_size=1,
        )
        counts = client.flush()
    (record,) = server.records("predictions")
    assert before - 1 < record.pop("time") < time.time_ns() / 1e9 + 1
    assert np.isnan(record["features"].pop("delay"))
    assert record == {
        "id": made,
        "model": "arrivals",
        "version": "7",
        "features": {"distance": 2475, "carrier": "UA", "none": None},
        "prediction": "late",
        "score": 0.81,
        "scores": {"late": 0.81, "on time": 0.19},
        "group": "JFK",
        "stages": {"inference": 1.5},
        "tags": {"region": "east"},
        "cache_hit": False,
        "batch_size": 1,
    }
    (asked,) = server.asked
    assert asked.headers["authorization"] == "Bearer wk_x"
    assert asked.path == "/v1/predictions"
    assert (counts.logged, counts.sent, counts.buffered, dict(counts.dropped)) == (1, 1, 0, {})


def test_the_other_signals_have_their_own_addresses(server):
    """Labels, outcomes and changes arrive where they belong; a change needs no model."""
    with Client(server.url, model="arrivals", settings=QUICK) as client:
        client.label("p-1", True, time=datetime(2026, 1, 2, tzinfo=UTC), source="desk")
        client.outcome("p-1", "revenue", 12.5, unit="EUR", time=5)
        client.change("new weights", version="8", time=6.5, details={"commit": "ab12"})
        client.flush()
    (label,), (outcome,), (change,) = map(server.records, ("labels", "outcomes", "changes"))
    moment = datetime(2026, 1, 2, tzinfo=UTC).timestamp()
    assert label == {
        "id": "p-1", "model": "arrivals", "label": True, "time": moment, "source": "desk"
    }  # fmt: skip
    assert outcome == {
        "id": "p-1", "model": "arrivals", "name": "revenue", "value": 12.5, "unit": "EUR", "time": 5
    }  # fmt: skip
    assert change == {
        "title": "new weights", "kind": "deployment", "version": "8", "time": 6.5,
        "model": "arrivals", "details": {"commit": "ab12"},
    }  # fmt: skip


def test_what_the_caller_changes_afterwards_does_not_arrive(server):
    """Mappings are copied before `log` returns."""
    features, tags = {"a": 1}, {"t": "x"}
    with Client(server.url, model="m", settings=QUICK) as client:
        client.log(features, 1, tags=tags)
        features["a"] = tags["t"] = 2
        client.flush()
    (record,) = server.records()
    assert record["features"] == {"a": 1}
    assert record["tags"] == {"t": "x"}


def test_large_bodies_are_compressed_and_small_are_not(server):
    """Gzip above the limit that the settings give."""
    settings = QUICK._replace(gzip_bytes=500)
    with Client(server.url, model="m", settings=settings) as client:
        client.log({"a": 1}, 1)
        client.flush()
        client.log({f"feature_{i}": "same text" for i in range(100)}, 1)
        client.flush()
    small, large = server.asked
    assert "content-encoding" not in small.headers
    assert large.headers["content-encoding"] == "gzip"
    assert len(large.records()[0]["features"]) == 100


def test_batches_hold_to_their_limits(server):
    """No batch has more records, or bytes, than the settings say; none is lost to the cutting."""
    settings = QUICK._replace(batch_records=30, batch_bytes=1_000, gzip_bytes=1 << 20, batch_s=1.0)
    with Client(server.url, model="m", settings=settings) as client:
        made = [client.log({"text": "x" * (i % 400)}, i) for i in range(200)]
        client.flush()
    assert max(len(asked.records()) for asked in server.asked) <= 30
    assert all(len(a.body) <= 1_005 or len(a.records()) == 1 for a in server.asked)
    assert server.ids() == made


def test_partial_rejections_are_counted(server, told, caplog):
    """A 200 that names bad records counts them as rejected, and says the first reason once."""
    answer = {"accepted": 2, "rejected": 1, "errors": [{"reason": "time", "message": "too late"}]}
    server.plan = lambda _: told(answer=answer)
    caplog.set_level(logging.WARNING, "watchkeeper.client")
    with Client(server.url, model="m", settings=QUICK) as client:
        for i in range(3):
            client.log({"a": i}, i)
        counts = client.flush()
    assert (counts.sent, counts.rejected) == (2, 1)
    assert sum("time: too late" in line for line in caplog.messages) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 415, 422, 500, 301])
def test_a_last_word_is_not_argued_with(server, told, status):
    """Other statuses refuse the batch for good: it is counted, and not tried again."""
    server.plan = lambda _: told(status=status, answer={"error": {"code": "no", "message": "no"}})
    with Client(server.url, model="m", settings=QUICK) as client:
        client.log({"a": 1}, 1)
        counts = client.flush()
    assert (counts.rejected, counts.sent, counts.retried, len(server.asked)) == (1, 0, 0, 1)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_server_is_tried_again_with_the_same_key(server, told, status):
    """Each attempt carries the key and the body of the first."""
    server.plan = lambda _: told(status=status if len(server.asked) < 3 else 200)
    with Client(server.url, model="m", settings=QUICK) as client:
        client.log({"a": 1}, 1)
        counts = client.flush()
    assert (counts.sent, counts.retried, len(server.asked)) == (1, 2, 3)
    assert len({(asked.key, asked.body) for asked in server.asked}) == 1


@pytest.mark.parametrize("takes", [True, False])
def test_a_lost_answer_does_not_count_twice(server, told, takes):
    """The connection breaks before or after the server took the batch: it has it once."""
    server.plan = lambda _: told(
        hang_up=len(server.asked) < 3, takes=takes or len(server.asked) > 2
    )
    with Client(server.url, model="m", settings=QUICK) as client:
        made = client.log({"a": 1}, 1)
        counts = client.flush()
    assert server.ids() == [made]
    assert (counts.sent, counts.retried) == (1, 2)


def test_records_wait_in_memory_while_the_server_is_away(away):
    """Without a spool they are buffered, and sent when it comes."""
    client = Client(away.url, model="m", settings=QUICK)
    made = [client.log({"a": i}, i) for i in range(5)]
    waiting = client.flush(0.3)
    assert (waiting.buffered, waiting.sent) == (5, 0)
    assert waiting.retried >= 1
    away.start()
    counts = client.flush()
    client.close()
    assert (counts.buffered, counts.sent) == (0, 5)
    assert away.ids() == made


def test_an_end_without_server_and_spool_is_counted(away):
    """What cannot be sent in the time that the end allows is dropped by the reason `exit`."""
    client = Client(away.url, model="m", settings=QUICK)
    for i in range(2_500):
        client.log({"a": i}, i)
    counts = client.close(0.2)
    assert dict(counts.dropped) == {"exit": 2_500}
    client.log({"a": 1}, 1)
    after = client.counts
    assert dict(after.dropped) == {"exit": 2_500, "closed": 1}
    assert holds(counts)
    assert holds(after)


def test_a_full_buffer_drops_the_newest(away):
    """What was there first stays; the rest is counted as `buffer_full`, at once."""
    settings = QUICK._replace(buffer_records=100, batch_records=1_000, batch_s=60.0)
    client = Client(away.url, model="m", settings=settings)
    made = [client.log({"a": i}, i) for i in range(150)]
    counts = client.counts
    assert dict(counts.dropped) == {"buffer_full": 50}
    assert counts.buffered == 100
    away.start()
    client.close(5)
    assert away.ids() == made[:100]


def test_a_job_may_wait_for_room(server):
    """With `wait_s` a loop that is faster than the sender loses nothing."""
    settings = QUICK._replace(buffer_records=50, batch_records=50, wait_s=30.0)
    with Client(server.url, model="m", settings=settings) as client:
        made = [client.log({"a": i}, i) for i in range(1_000)]
        counts = client.flush()
    assert counts.sent == 1_000
    assert server.ids() == made


def test_memory_is_bounded_where_records_are_large(away):
    """The buffer takes fewer records where they are large, so bytes are bounded too."""
    settings = QUICK._replace(buffer_bytes=1 << 20, buffer_records=100_000, batch_records=10)
    client = Client(away.url, model="m", settings=settings)
    for i in range(2_000):
        client.log({"text": "x" * 10_000}, i)
        if i == 10:
            client.flush(0.1)
    counts = client.close(0.1)
    assert counts.dropped["buffer_full"] > 1_000
    assert holds(counts)


class _Hostile:
    """Raises whatever is asked of it."""

    def __getattr__(self, name):
        raise RuntimeError("secret value")

    def __str__(self):
        raise RuntimeError("secret value")


@pytest.mark.parametrize(
    ("features", "fields"),
    [
        (7, {}),
        ("text", {}),
        ({"a": 1}, {"score": "high"}),
        ({"a": 1}, {"tags": ["x"]}),
        ({"a": 1}, {"weight": -1.0}),
        ({"a": 1}, {"time": [1]}),
        ({"a": 1}, {"batch_size": float("nan")}),
        ({"a": 1}, {"cache_hit": "perhaps"}),
        ({"a": 1}, {"group": {"no": "text"}}),
    ],
)
def test_arguments_that_cannot_be_used_are_counted(server, caplog, features, fields):
    """They drop their own record and no other, never raise, and are said once without values."""
    caplog.set_level(logging.WARNING, "watchkeeper.client")
    with Client(server.url, model="m", settings=QUICK) as client:
        client.log(features, 1, **fields)
        client.log(features, 1, **fields)
        good = client.log({"a": 1}, 1)
        counts = client.flush()
        client.close()
    assert dict(counts.dropped) == {"argument": 2}
    assert holds(counts)
    assert server.ids() == [good]
    assert len([line for line in caplog.messages if "argument" in line]) == 1
    assert "high" not in caplog.text


def test_values_that_raise_do_not_hurt(server):
    """An object that raises at every touch becomes the name of its type."""
    with Client(server.url, model="m", settings=QUICK) as client:
        client.log({"bad": _Hostile(), "good": 1}, 1, entity=3)
        client.flush()
    (record,) = server.records()
    assert record["features"] == {"bad": "(_Hostile)", "good": 1}
    assert record["entity"] == "3"


def test_an_unknown_field_is_left_out(server, caplog):
    """The record is sent without it, with one warning that names it."""
    caplog.set_level(logging.WARNING, "watchkeeper.client")
    with Client(server.url, model="m", settings=QUICK) as client:
        client.log({"a": 1}, 1, colour="red")
        client.log({"a": 1}, 1, colour="red")
        counts = client.flush()
    assert counts.sent == 2
    assert not any("colour" in record for record in server.records())
    assert sum("'colour'" in line for line in caplog.messages) == 1


def test_a_record_without_a_model_is_dropped(server):
    """The server could not place it; the warning says what to give."""
    with Client(server.url, settings=QUICK) as client:
        client.log({"a": 1}, 1)
        client.label("p", 1)
        client.change("of all models")
        counts = client.flush()
    assert dict(counts.dropped) == {"argument": 2}
    assert "model" not in server.records("changes")[0]


def test_many_threads_lose_nothing(server):
    """Ids are distinct, every record arrives once, and the counts agree at any time."""
    client = Client(server.url, model="m", settings=QUICK._replace(batch_records=100))
    made: list[list[str]] = [[] for _ in range(8)]

    def work(mine):
        for i in range(500):
            mine.append(client.log({"a": i}, i))

    threads = [threading.Thread(target=work, args=(mine,)) for mine in made]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert holds(client.counts)
    counts = client.flush(20)
    client.close()
    ids = [identity for mine in made for identity in mine]
    assert len(set(ids)) == 4_000
    assert sorted(server.ids()) == sorted(ids)
    assert counts.sent == 4_000


def test_frames_and_rows_arrive(server):
    """A table goes through the same buffer; with rules it goes row by row and they hold."""
    frame = pd.DataFrame({"distance": [1.5, 2.5], "mail": ["a@b.de", "x"], "out": ["late", "no"]})
    with Client(server.url, model="m", version="3", settings=QUICK) as client:
        assert client.log_batch(frame.to_dict("records"), prediction="out") == 2
        assert client.log_batch(frame, prediction="out", id=["p1", "p2"]) == 2
        assert client.log_batch(object()) == 0
        counts = client.flush()
    assert (counts.logged, dict(counts.dropped)) == (5, {"argument": 1})
    assert [record["prediction"] for record in server.records()] == ["late", "no"]
    assert all(asked.path == "/v1/predictions?model=m&version=3" for asked in server.asked)
    arrow = server.asked[-1]
    assert arrow.headers["content-type"] == "application/vnd.apache.arrow.stream"


def test_rules_hold_for_tables_and_bodies(server):
    """Where there are rules, no table and no ready body passes without them."""
    frame = pd.DataFrame({"n": [1], "mail": ["me@example.org"], "out": ["late"]})
    settings = QUICK._replace(redact=("email",), drop=("n",))
    with Client(server.url, model="m", settings=settings) as client:
        client.log_batch(frame, prediction="out")
        client.send_body("labels", "application/json", b'[{"id": "p", "label": "a@b.de"}]', 1)
        client.send_body("predictions", "application/vnd.apache.arrow.stream", b"secret", 4)
        counts = client.flush()
    assert server.records("predictions")[0]["features"] == {"mail": "[email]"}
    assert server.records("labels")[0]["label"] == "[email]"
    assert dict(counts.dropped) == {"argument": 4}
    assert all("example" not in str(asked.records()) for asked in server.asked)


def test_ready_bodies_are_bounded(away):
    """A body for which there is no room is refused with all its records."""
    settings = QUICK._replace(buffer_bytes=1_000)
    client = Client(away.url, model="m", settings=settings)
    for _ in range(3):
        client.send_body("predictions", "application/json", b"[" + b" " * 700 + b"]", 10)
    counts = client.counts
    assert (counts.logged, dict(counts.dropped), counts.buffered) == (30, {"buffer_full": 20}, 10)
    assert holds(client.close(0.1))


def test_questions_are_answered_or_raise(server, told):
    """`request` gives the body; a no raises with the server's own words, status and code."""
    client = Client(server.url, key="wk_x", settings=QUICK)
    server.plan = lambda _: told(answer={"models": []})
    assert client.request("GET", "/v1/models", query={"a": [1, 2], "b": None}) == b'{"models": []}'
    assert server.asked[-1].path == "/v1/models?a=1&a=2"
    error = {"error": {"code": "not_found", "message": "there is no model 'x'"}}
    server.plan = lambda _: told(status=404, answer=error)
    with pytest.raises(ClientError, match="there is no model 'x'") as caught:
        client.request("GET", "/v1/models/x")
    assert (caught.value.status, caught.value.code) == (404, "not_found")
    server.stop()
    with pytest.raises(ClientError, match="no answer from"):
        client.request("GET", "/v1/models", timeout_s=1.0)


def test_a_client_that_is_off_only_counts():
    """`off` starts no thread, asks no one, and counts what would have been sent."""
    before = set(threading.enumerate())
    with Client("off") as client:
        assert client.log({"a": 1}, 1)
        assert client.flush() == client.counts
        begun = set(threading.enumerate()) - before
        assert "watchkeeper-client" not in {thread.name for thread in begun}
        with pytest.raises(ClientError, match="off"):
            client.request("GET", "/v1/models")
    assert dict(client.counts.dropped) == {"off": 1}


@pytest.mark.parametrize("url", ["", "127.0.0.1:8470", "ftp://host", "http://", "http://a b"])
def test_an_address_that_is_none_fails_at_the_start(url):
    """The message says what to write."""
    with pytest.raises(ClientError, match="http://"):
        Client(url)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"sample_rate": 0.0}, "sample_rate is 0.0"),
        ({"sample_rate": float("nan")}, "sample_rate is nan"),
        ({"batch_records": 0}, "batch_records is 0"),
        ({"drop": "name"}, "write a tuple"),
        ({"hash": ("user",)}, "WATCHKEEPER_SALT"),
        ({"redact": ("(",)}, "nor a regular expression"),
        ({"salt": "x" * 65}, "1 to 64 bytes"),
    ],
)
def test_settings_that_cannot_be_used_fail_at_the_start(given, says):
    """The message names the setting."""
    with pytest.raises(ClientError, match=says.replace("(", r"\(")):
        Client("off", settings=Settings(**given))


def test_the_environment_gives_what_is_not_given(server, monkeypatch, tmp_path):
    """Address, key, salt and spool come from the environment where the code names none."""
    monkeypatch.setenv("WATCHKEEPER_URL", server.url)
    monkeypatch.setenv("WATCHKEEPER_KEY", "wk_env")
    monkeypatch.setenv("WATCHKEEPER_SALT", "s")
    monkeypatch.setenv("WATCHKEEPER_SPOOL", str(tmp_path))
    with Client(model="m", settings=QUICK._replace(hash=("user",))) as client:
        client.log({"user": 7}, 1)
        client.flush()
    assert server.asked[0].headers["authorization"] == "Bearer wk_env"
    assert len(server.records()[0]["features"]["user"]) == 32
    assert client.settings.spool == str(tmp_path)
    assert "'s'" not in repr(client.settings)
