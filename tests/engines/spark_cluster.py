"""A real standalone Spark cluster on the loopback interface: one master, two workers."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pytest

_WAIT = 120.0
_SETTINGS = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.memory": "512m",
    "spark.executor.memory": "512m",
    "spark.executor.cores": "1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.sql.shuffle.partitions": "2",
}
"""Small, and nothing listens beyond this machine."""


@dataclass
class Cluster:
    """A running cluster; sessions take as few of its cores as they ask for."""

    url: str
    folder: Path
    environment: dict[str, str]
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def executors(self, application: str) -> list[int]:
        """The processes that run tasks for an application."""
        children = (
            child
            for worker in self.workers
            for child in psutil.Process(worker.pid).children(recursive=True)
        )
        return [child.pid for child in children if application in " ".join(_command(child))]

    def options(self, cores: int = 1, **further: str) -> dict[str, str]:
        """The settings of a session."""
        return {**_SETTINGS, "spark.cores.max": str(cores), **further}

    def address(self, end: str, cores: int = 1) -> str:
        """A URL of rows, with the settings of a session."""
        settings = "&".join(f"{key}={value}" for key, value in self.options(cores).items())
        return f"{self.url}?{end}&{settings}"


def _command(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """A new cluster on free ports; skips the test where Spark or Java is not there."""
    pyspark = pytest.importorskip("pyspark", reason="Spark is not installed")
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        pytest.skip("there is no Java, which Spark runs on")
    folder = Path(tempfile.mkdtemp(prefix="watchkeeper-spark-"))
    home = Path(pyspark.__file__).parent
    environment = {
        **os.environ,
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_DAEMON_JAVA_OPTS": "-Dspark.master.rest.enabled=false",
        "SPARK_WORKER_DIR": str(folder / "work"),
        "SPARK_LOCAL_DIRS": str(folder / "local"),
        "PYSPARK_PYTHON": sys.executable,
    }
    started: list[subprocess.Popen[bytes]] = []

    def start(kind: str, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        command = [home / "bin" / "spark-class", f"org.apache.spark.deploy.{kind}"]
        with (folder / f"{name}.log").open("wb") as log:
            started.append(
                subprocess.Popen(
                    [*command, "--host", "127.0.0.1", "--webui-port", "0", *arguments],
                    stdout=log, stderr=log, cwd=folder, env=environment,
                )
            )  # fmt: skip
        return started[-1]

    try:
        start("master.Master", "master", "--port", "0")
        (url,) = _logged(folder / "master.log", r"Starting Spark master at (\S+)", 1)
        cluster = Cluster(url, folder, environment)
        cluster.workers += [
            start("worker.Worker", name, "--cores", "2", "--memory", "2g", url)
            for name in ("worker-1", "worker-2")
        ]
        _logged(folder / "master.log", r"Registering worker (\S+)", 2)
        yield cluster
    finally:
        for process in reversed(started):
            process.terminate()
        for process in started:
            process.wait(_WAIT)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running_connect(cluster: Cluster) -> Iterator[str]:
    """A Spark Connect server on the cluster; its URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    binding = {"port": str(port), "address": "127.0.0.1"}
    options = cluster.options(**{f"spark.connect.grpc.binding.{k}": v for k, v in binding.items()})
    command = [Path(cluster.environment["SPARK_HOME"]) / "bin" / "spark-submit"]
    command += ["--master", cluster.url]
    for key, value in options.items():
        command += ["--conf", f"{key}={value}"]
    command += ["--class", "org.apache.spark.sql.connect.service.SparkConnectServer"]
    log = cluster.folder / "connect.log"
    with log.open("wb") as stream:
        server = subprocess.Popen(
            [*command, "spark-internal"], stdout=stream, stderr=stream, cwd=cluster.folder,
            env={**cluster.environment, "SPARK_DAEMON_MEMORY": "512m"},
        )  # fmt: skip
    try:
        _listening(port, server, log)
        yield f"sc://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(_WAIT)


def _listening(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until something listens."""
    end = time.monotonic() + _WAIT
    while time.monotonic() < end and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1.0).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError(f"nothing listens: {log.read_text()[-3000:]}")


def _logged(log: Path, pattern: str, times: int) -> list[str]:
    """What a log says, once it says it so many times."""
    end = time.monotonic() + _WAIT
    while time.monotonic() < end:
        found = re.findall(pattern, log.read_text(errors="replace"))
        if len(found) >= times:
            return found
        time.sleep(0.1)
    raise AssertionError(f"{log.name} does not say {pattern!r}: {log.read_text()[-500:]}")


@contextmanager
def running_session(cluster: Cluster) -> Iterator[Any]:
    """A session of this process, with two executors."""
    from pyspark.sql import SparkSession

    before = {key: os.environ.get(key) for key in ("PYSPARK_PYTHON", "SPARK_LOCAL_IP")}
    os.environ |= {key: cluster.environment[key] for key in before}
    builder = SparkSession.builder.master(cluster.url).appName("tests")
    for key, value in cluster.options(cores=2).items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    try:
        yield session
    finally:
        session.stop()
        _end_driver()
        for key, value in before.items():
            if value is None:
                del os.environ[key]
            else:
                os.environ[key] = value


def _end_driver() -> None:
    """End the Java process that PySpark keeps for the next session of this process."""
    from pyspark import SparkContext

    gateway = SparkContext._gateway
    if gateway is not None:
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait(_WAIT)
        SparkContext._gateway = SparkContext._jvm = None


def to_spark(session: Any, rows: pa.Table) -> Any:
    """A DataFrame of an Arrow table, in the nearest types that hold every value."""
    from pyspark.sql.pandas.types import from_arrow_schema

    held = rows.cast(pa.schema([(f.name, _nearest(f.type)) for f in rows.schema]))
    return session.createDataFrame(held, from_arrow_schema(held.schema, prefer_timestamp_ntz=True))


def _nearest(type_: pa.DataType) -> pa.DataType:
    return {
        pa.uint8(): pa.int16(),
        pa.uint16(): pa.int32(),
        pa.uint32(): pa.int64(),
        pa.uint64(): pa.decimal128(20, 0),
    }.get(type_, type_)
