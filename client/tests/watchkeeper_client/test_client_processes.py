"""Forks, exits and kills: nothing is sent twice, and what can be kept is kept."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

START = """
import json, os, sys, time
from watchkeeper_client import Client, Settings
QUICK = Settings(batch_s=0.01, backoff_s=0.01, backoff_max_s=0.05, exit_s=5.0, attempts=2)
url, spool = sys.argv[1], sys.argv[2] or None
client = Client(url, model="m", settings=QUICK._replace(spool=spool))
def log(name, number):
    for i in range(number):
        client.log({"a": i}, i, id=f"{name}-{i}")
"""

unix = pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")


def start(code, url, spool=""):
    """Run code in a process of its own that has a client."""
    script = START + textwrap.dedent(code)
    return subprocess.Popen(
        [sys.executable, "-c", script, url, str(spool)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(code, url, spool=""):
    """What such a process printed last, as JSON; it must end well and silently."""
    process = start(code, url, spool)
    try:
        out, error = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0, error
    return json.loads(out.splitlines()[-1]) if out else None


def named(name, number):
    """The ids that `log` gives."""
    return {f"{name}-{i}" for i in range(number)}


def test_importing_brings_nothing_heavy():
    """Neither HTTP, TLS, MessagePack nor numbers are imported before the first record."""
    code = "import sys, watchkeeper_client; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {
        "urllib3",
        "ssl",
        "http",
        "numpy",
        "pyarrow",
        "pandas",
        "msgspec",
        "logging",
        "asyncio",
    }
    assert "watchkeeper_client.client" in done.stdout.split()
    assert not heavy & set(done.stdout.split())


def test_the_end_of_the_process_sends_what_waits(server):
    """Without a word from the service."""
    finish("log('p', 3_000)", server.url)
    assert set(server.ids()) == named("p", 3_000)


def test_an_exception_that_ends_the_process_loses_nothing(server):
    """The exit's handlers run then too."""
    process = start("log('p', 10)\nraise SystemExit(3)", server.url)
    process.communicate(timeout=60)
    assert process.returncode == 3
    assert set(server.ids()) == named("p", 10)


def test_the_end_without_a_server_spools_and_the_next_process_sends(away, tmp_path):
    """Nothing is lost between two processes and two addresses of the server's life."""
    finish("log('one', 1_500)", away.url, tmp_path)
    finish("log('two', 5)", away.url, tmp_path)
    away.start()
    counts = finish(
        """
        log('three', 5)
        while client.counts.replayed < 1_505:
            time.sleep(0.01)
        print(json.dumps(client.flush()._asdict()))
        """,
        away.url,
        tmp_path,
    )
    assert (counts["replayed"], counts["sent"], counts["logged"]) == (1_505, 5, 5)
    ids = away.ids()
    assert len(ids) == len(set(ids))
    assert set(ids) == named("one", 1_500) | named("two", 5) | named("three", 5)


@unix
def test_a_killed_process_loses_no_batch_on_disk(away, tmp_path):
    """`kill -9` at any moment of an outage: what was counted as spooled arrives, once."""
    for round_ in range(3):
        process = start(
            f"""
            for n in range(100_000):
                log(f'r{round_}-{{n}}', 20)
                counts = client.flush(5)
                print(n if counts.spooled == (n + 1) * 20 else -1, flush=True)
            """,
            away.url,
            tmp_path,
        )
        last = -1
        for line in process.stdout:
            last = int(line)
            assert last >= 0
            if last >= 5 + round_:
                break
        time.sleep(0.003 * round_)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        (tmp_path / f"last{round_}").write_text(str(last))
    (next(tmp_path.glob("*/")) / "9-dead-5.batch").write_bytes(b"WKSPOOL1torn")
    away.start()
    counts = finish(
        """
        log('after', 1)
        client.flush()
        while any(name.endswith(".batch") for _, _, names in os.walk(spool) for name in names):
            time.sleep(0.01)
        print(json.dumps(client.flush()._asdict()))
        """,
        away.url,
        tmp_path,
    )
    ids = away.ids()
    assert len(ids) == len(set(ids))
    for round_ in range(3):
        for n in range(int((tmp_path / f"last{round_}").read_text()) + 1):
            assert named(f"r{round_}-{n}", 20) <= set(ids)
    assert (counts["torn"], counts["sent"]) == (1, 1)
    assert counts["replayed"] == len(ids) - 1


@unix
def test_processes_share_a_spool(away, tmp_path):
    """Several write during an outage and wait for the server: each batch arrives once."""
    code = """
        log(f'p{os.getpid()}', 200)
        client.flush()
        print('ready', flush=True)
        while any(name.endswith(".batch") for _, _, names in os.walk(spool) for name in names):
            time.sleep(0.02)
            client.change('keeps the thread looking')
        client.close()
        """
    processes = [start(code, away.url, tmp_path) for _ in range(3)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    away.start()
    for process in processes:
        _, error = process.communicate(timeout=60)
        assert process.returncode == 0, error
    ids = [record["id"] for record in away.records("predictions")]
    assert sorted(ids) == sorted(set().union(*(named(f"p{p.pid}", 200) for p in processes)))


@unix
def test_a_forked_child_begins_anew(server):
    """The parent's waiting records are sent by the parent alone; the child's by the child."""
    counts = finish(
        """
        client.log({"a": 1}, 1, id="warm")
        client.flush()
        slow = Client(url, model="m", settings=QUICK._replace(batch_s=30.0))
        slow.log({"a": 1}, 1, id="parents")
        children = []
        for number in range(3):
            child = os.fork()
            if child == 0:
                ok = client.counts.logged == 0 and slow.counts == type(slow.counts)()
                log(f"child{number}", 50)
                slow.log({"a": 1}, 1, id=f"slow{number}")
                counts = client.flush()
                ok = ok and (counts.logged, counts.sent) == (50, 50)
                sys.exit(0 if ok else 7)
            children.append(child)
        assert all(os.waitpid(child, 0)[1] == 0 for child in children)
        log("parent", 50)
        print(json.dumps([client.flush()._asdict(), slow.counts.buffered]))
        """,
        server.url,
    )
    assert (counts[0]["logged"], counts[0]["sent"], counts[1]) == (51, 51, 1)
    expected = {"warm", "parents", "slow0", "slow1", "slow2"} | named("parent", 50)
    ids = server.ids()
    assert sorted(ids) == sorted(expected.union(*(named(f"child{n}", 50) for n in range(3))))
    # Each process spoke through connections of its own.
    ports: dict[str, set[int]] = {}
    for asked in server.asked:
        for record in asked.records():
            who = record["id"].partition("-")[0].replace("warm", "parent")
            ports.setdefault(who, set()).add(asked.port)
    spoken = [ports[who] for who in ("parent", "child0", "child1", "child2")]
    assert len(set.union(*spoken)) == sum(map(len, spoken))


@unix
@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="the system does not show files")  # noqa: PTH112  # one call
def test_a_child_does_not_hold_the_right_to_send(server, told, tmp_path):
    """Forked while its parent replays, it lives on without the lock, so that others may send."""
    server.stop()
    finish(
        """
        for n in range(40):
            log(f"p{n}", 1)
            client.flush()
        """,
        server.url,
        tmp_path,
    )

    def plan(_):
        time.sleep(0.05)
        return told()

    server.plan = plan
    server.start()
    done = finish(
        """
        def holds():
            names = []
            for number in os.listdir("/proc/self/fd"):
                try:
                    names.append(os.readlink(f"/proc/self/fd/{number}"))
                except OSError:
                    pass
            return any("sender.lock" in name for name in names)
        opened = os.open
        def slowly(path, *rest):
            file = opened(path, *rest)
            if "sender.lock" in str(path):
                time.sleep(0.1)  # The fork falls between the file and its being known.
            return file
        os.open = slowly
        client.change("begins")
        while not holds():
            time.sleep(0.001)
        child = os.fork()
        if child == 0:
            os._exit(7 if holds() else 0)
        status = os.waitpid(child, 0)[1]
        print(json.dumps([holds(), status]))
        """,
        server.url,
        tmp_path,
    )
    assert done == [True, 0]


def test_a_busy_connection_is_forgotten_and_not_closed_in_a_child():
    """Closing it could wait for the thread that reads from it, which is only in the parent."""
    from watchkeeper_client.link import Link

    class Connection:
        closed = 0

        def close(self):
            self.closed += 1

    link = Link("http://127.0.0.1:1", None, timeout_s=1.0)
    for busy, closed in ((True, 0), (False, 1)):
        connection = link._kept = Connection()
        link._busy = busy
        link.forked()
        assert (connection.closed, link._kept, link._busy) == (closed, None, False)


@unix
def test_forks_in_the_middle_of_everything_do_not_hang(server):
    """Forked while the thread starts, imports, packs and sends, over and over."""
    finish(
        """
        for number in range(25):
            fresh = Client(url, model="m", settings=QUICK)
            fresh.log({"a": 1}, 1, id=f"fresh{number}")
            time.sleep(0.002 * (number % 5))
            child = os.fork()
            if child == 0:
                fresh.log({"a": 1}, 1, id=f"child{number}")
                done = fresh.flush(20).sent == 1
                os._exit(0 if done else 7)
            assert os.waitpid(child, 0)[1] == 0
        """,
        server.url,
    )
    expected = {f"{who}{n}" for who in ("fresh", "child") for n in range(25)}
    assert sorted(server.ids()) == sorted(expected)


@unix
def test_a_child_leaves_the_right_to_send_with_its_parent(tmp_path):
    """It neither takes the parent's lock away at its beginning nor keeps it held by living on."""
    done = finish(
        """
        from watchkeeper_client.packing import Batch
        from watchkeeper_client.spool import Spool
        ours, others = Spool(spool, url, 1 << 20), Spool(spool, url, 1 << 20)
        ours.write(Batch("k", "labels", "", "application/msgpack", "", 1, b""))
        assert ours.oldest() is not None
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            ours.release()
            os.write(write, b"x")
            time.sleep(60)
            os._exit(0)
        os.read(read, 1)
        held = others.oldest() is None
        ours.release()
        free = others.oldest() is not None
        os.kill(child, 9)
        os.waitpid(child, 0)
        print(json.dumps([held, free]))
        """,
        "http://127.0.0.1:1",
        tmp_path,
    )
    assert done == [True, True]


@unix
def test_a_fork_during_a_replay_sends_each_batch_once(server, told, tmp_path):
    """The parent goes on with what is on disk; the child, alive, neither hinders nor doubles it."""
    server.stop()
    finish("log('p', 60)\nclient.flush()", server.url, tmp_path)

    def plan(_):
        time.sleep(0.02)
        return told()

    server.plan = plan
    server.start()
    finish(
        """
        client = Client(url, model="m", settings=QUICK._replace(spool=spool, batch_records=5))
        log("one", 10)
        children = []
        for number in range(5):
            child = os.fork()
            if child == 0:
                log(f"c{number}", 10)
                client.flush(20)
                time.sleep(0.2)
                os._exit(0)
            children.append(child)
            time.sleep(0.01)
        client.flush(20)
        while any(name.endswith(".batch") for _, _, names in os.walk(spool) for name in names):
            time.sleep(0.01)
        assert all(os.waitpid(child, 0)[1] == 0 for child in children)
        """,
        server.url,
        tmp_path,
    )
    expected = named("p", 60) | named("one", 10)
    assert sorted(server.ids()) == sorted(expected.union(*(named(f"c{n}", 10) for n in range(5))))


@unix
def test_children_of_multiprocessing_send_at_their_end(server):
    """They end without the exit's handlers, and lose nothing all the same."""
    finish(
        """
        import multiprocessing
        context = multiprocessing.get_context("fork")
        work = [context.Process(target=log, args=(f"w{n}", 30)) for n in range(2)]
        for process in work:
            process.start()
        for process in work:
            process.join()
            assert process.exitcode == 0
        """,
        server.url,
    )
    assert sorted(server.ids()) == sorted(named("w0", 30) | named("w1", 30))
