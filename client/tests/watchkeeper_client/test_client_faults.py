"""Random failures of every kind: each record has one fate, and the server has what was sent."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from watchkeeper_client import Client, Settings

QUICK = Settings(
    batch_s=0.005, batch_records=20, backoff_s=0.005, backoff_max_s=0.02, attempts=3, exit_s=3.0
)


def holds(counts):
    """The law: every record has exactly one fate."""
    fates = counts.sent + counts.rejected + sum(counts.dropped.values())
    return counts.logged == fates + counts.spooled + counts.buffered


@pytest.mark.parametrize("seed", range(6))
def test_counts_add_up_whatever_the_server_does(server, told, tmp_path, seed):
    """Busy, broken, hanging up before and after taking, refusing: nothing is lost or doubled."""
    dice = np.random.default_rng(seed)
    statuses = [200, 200, 200, 429, 502, 503, 504, 400, 500]

    def plan(_):
        status = int(dice.choice(statuses))
        hang_up = dice.random() < 0.2
        takes = dice.random() < 0.7
        # A batch that it takes and then refuses would be a server that lies.
        return told(status=status, hang_up=hang_up, takes=takes or not hang_up)

    server.plan = plan
    settings = QUICK._replace(spool=str(tmp_path) if seed % 2 else None)
    client = Client(server.url, model="m", settings=settings)
    made: list[str] = []

    def work():
        for i in range(150):
            made.append(client.log({"a": i}, i))
            if i % 20 == 0:
                time.sleep(0.002)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert holds(client.counts)
        time.sleep(0.001)
    server.plan = lambda _: told()
    counts = client.flush(20)
    while counts.spooled:
        time.sleep(0.01)
        assert holds(counts)
        counts = client.counts
    client.close()
    assert holds(counts)
    assert (counts.logged, counts.buffered, dict(counts.dropped)) == (450, 0, {})
    ids = server.ids()
    assert len(ids) == len(set(ids))
    assert set(ids) <= set(made)
    # A batch may be taken, its answer lost, and the next attempt refused: rejected, yet there.
    assert counts.sent <= len(ids) <= counts.sent + counts.rejected
    assert counts.sent + counts.rejected == 450


def test_an_outage_goes_through_the_spool_in_order(away, tmp_path):
    """While the server is away batches go to disk; when it is back all arrive, oldest first."""
    client = Client(away.url, model="m", settings=QUICK._replace(spool=tmp_path))
    made = []
    for _ in range(10):
        made += [client.log({"a": i}, i) for i in range(20)]
        counts = client.flush(5)
        assert (counts.buffered, holds(counts)) == (0, True)
    assert counts.spooled == 200
    away.start()
    made.append(client.log({"a": 0}, 0))
    while client.counts.sent < 201:
        time.sleep(0.01)
    counts = client.close()
    assert (counts.sent, counts.spooled) == (201, 0)
    assert away.ids() == made
    assert not list(tmp_path.glob("*/*.batch"))


def test_a_buffer_that_fills_up_goes_to_disk(away, tmp_path):
    """With a spool an outage costs no record, though memory is small and attempts are many."""
    settings = QUICK._replace(
        buffer_records=100, buffer_bytes=20_000, spool=tmp_path, attempts=1_000, wait_s=10.0
    )
    client = Client(away.url, model="m", settings=settings)
    made = [client.log({"a": i}, i) for i in range(1_000)]
    assert client.counts.spooled > 500
    counts = client.close()
    assert (counts.spooled, dict(counts.dropped)) == (1_000, {})
    away.start()
    with Client(away.url, settings=settings) as after:
        after.change("begins the thread")
        while after.counts.replayed < 1_000:
            time.sleep(0.01)
    assert [record["id"] for record in away.records("predictions")] == made


def test_the_end_does_not_wait_for_an_answer_that_does_not_come(server, told, tmp_path):
    """A batch that hangs in the network goes to disk with its key, and still counts once."""
    release = threading.Event()

    def plan(_):
        if not release.is_set():
            server.lock.release()
            release.wait(20)
            server.lock.acquire()
        return told()

    server.plan = plan
    settings = QUICK._replace(spool=tmp_path, timeout_s=30.0)
    client = Client(server.url, model="m", settings=settings)
    made = [client.log({"a": i}, i) for i in range(50)]
    while not server.asked:
        time.sleep(0.005)
    counts = client.close(0.2)
    assert (counts.spooled, counts.buffered, counts.sent) == (50, 0, 0)
    release.set()
    with Client(server.url, model="m", settings=settings) as after:
        after.change("begins the thread")
        while after.counts.replayed < 50:
            time.sleep(0.01)
    assert sorted(record["id"] for record in server.records("predictions")) == sorted(made)
    assert client.counts == counts


def test_a_spool_that_cannot_be_used_is_said_and_does_not_hurt(server, tmp_path, caplog):
    """Records go on through memory."""
    (tmp_path / "file").write_text("")
    settings = QUICK._replace(spool=tmp_path / "file" / "spool")
    with Client(server.url, model="m", settings=settings) as client:
        client.log({"a": 1}, 1)
        counts = client.flush()
    assert counts.sent == 1
    assert sum("cannot be written" in line for line in caplog.messages) == 1


def test_a_log_that_raises_does_not_stop_the_sender(server, told, monkeypatch):
    """A handler of the service's log that raises costs no record."""
    import logging

    class Broken(logging.Handler):
        def emit(self, record):
            raise RuntimeError(record.getMessage())

    handler = Broken()
    logging.getLogger("watchkeeper.client").addHandler(handler)
    try:
        server.plan = lambda _: told(status=503 if len(server.asked) < 2 else 200)
        with Client(server.url, model="m", settings=QUICK) as client:
            client.log({"a": 1}, 1, colour="red")
            client.log(7, 1)
            counts = client.flush()
    finally:
        logging.getLogger("watchkeeper.client").removeHandler(handler)
    assert (counts.sent, dict(counts.dropped)) == (1, {"argument": 1})


def test_a_hook_that_calls_the_client_does_not_deadlock(server):
    """`before_send` may log, flush and read counts."""
    client = None

    def hook(signal, record):
        if signal == "predictions":
            client.label(record["id"], 1)
            client.flush(5.0)
            assert holds(client.counts)
        return record

    client = Client(server.url, model="m", settings=QUICK._replace(before_send=hook))
    client.log({"a": 1}, 1)
    client.flush()
    counts = client.close()
    assert counts.sent == 2
